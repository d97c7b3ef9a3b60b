-- What the deployment of a run calls its flow.
ALTER TABLE run ADD COLUMN shown TEXT;
