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
