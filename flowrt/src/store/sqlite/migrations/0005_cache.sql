-- Results of tasks that later calls may take, by the digest of what they depend on.
CREATE TABLE cache (
    key      BLOB PRIMARY KEY,
    task     TEXT NOT NULL,
    run      BLOB NOT NULL,
    step     TEXT NOT NULL,
    computed INTEGER NOT NULL,
    expires  INTEGER NOT NULL,
    output   TEXT NOT NULL
) STRICT;
CREATE INDEX cache_expires ON cache (expires);
CREATE INDEX cache_task ON cache (task, computed);

ALTER TABLE run ADD COLUMN cache TEXT NOT NULL DEFAULT 'use';

-- What people see of an item of a fan-out besides its id.
ALTER TABLE step ADD COLUMN label TEXT;
