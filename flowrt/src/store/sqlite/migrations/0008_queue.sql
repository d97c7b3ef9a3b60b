-- How runs come to workers. A run has a time while it is in the queue.
ALTER TABLE run ADD COLUMN queue TEXT;
ALTER TABLE run ADD COLUMN due INTEGER;
ALTER TABLE run ADD COLUMN deployment TEXT;
ALTER TABLE run ADD COLUMN schedule TEXT;
ALTER TABLE run ADD COLUMN slot INTEGER;
ALTER TABLE run ADD COLUMN tags TEXT;
CREATE INDEX run_due ON run (due, id) WHERE due IS NOT NULL;
CREATE INDEX run_deployment ON run (deployment, id) WHERE deployment IS NOT NULL;
CREATE UNIQUE INDEX run_slot ON run (ifnull(deployment, ''), schedule, slot) WHERE slot IS NOT NULL;

-- Processes that take runs from the queue.
CREATE TABLE worker (
    process BLOB PRIMARY KEY,
    beat    INTEGER NOT NULL,
    about   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
