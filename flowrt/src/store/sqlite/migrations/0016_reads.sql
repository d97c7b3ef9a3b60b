-- Lists of runs, newest first, of whatever flow, deployment, parent and states: each is found by its index alone, whatever
-- else there is. Where several states are wanted, what is found of each is merged.
ALTER TABLE run ADD COLUMN root INTEGER GENERATED ALWAYS AS (parent IS NULL) VIRTUAL;
DROP INDEX run_state;
CREATE INDEX run_state ON run (root, state, id);
DROP INDEX run_flow;
CREATE INDEX run_flow ON run (flow, root, state, id);
DROP INDEX run_parent;
CREATE INDEX run_parent ON run (parent, state, id) WHERE parent IS NOT NULL;
DROP INDEX run_deployment;
CREATE INDEX run_deployment ON run (deployment, state, id) WHERE deployment IS NOT NULL;

-- When runs were accepted, by blocks of 1024 numbers: where none is of the time that is asked for, nobody looks.
CREATE TABLE run_block (
    block INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL
) STRICT;
INSERT INTO run_block (block, first, last) SELECT id / 1024, min(created), max(created) FROM run GROUP BY 1;

-- Whose tickets count in a bucket, and which of them are to go.
CREATE INDEX ticket_open ON ticket (bucket, process) WHERE done = 0;
CREATE INDEX ticket_unwanted ON ticket (bucket, process) WHERE unwanted = 1 AND done = 0;

-- Which signals of a run were taken.
CREATE INDEX step_signal ON step (run, signal) WHERE signal IS NOT NULL;

-- Failed attempts of a run in the order in which they were written.
CREATE INDEX attempt_run ON attempt (run, id);

-- Which deployments and schedules have changed at which revision, the last of them: who has read all reads only these.
CREATE TABLE deployed_change (
    id         INTEGER PRIMARY KEY,
    revision   INTEGER NOT NULL,
    deployment TEXT NOT NULL,
    -- None: all of the deployment.
    slug       TEXT
) STRICT;
CREATE INDEX deployed_change_revision ON deployed_change (revision);

-- The slots of a time that have their run.
CREATE INDEX run_slots ON run (deployment, slot) WHERE slot IS NOT NULL;
