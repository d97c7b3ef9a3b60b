-- Ends of runs in the order in which they came: who tells of them goes on where it stopped.
CREATE INDEX run_finished ON run (finished, uid) WHERE finished IS NOT NULL AND parent IS NULL;
