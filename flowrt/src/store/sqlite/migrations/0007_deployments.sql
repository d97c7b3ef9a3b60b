-- Deployments and their schedules. What nobody looks for is in the JSON of `about`.
CREATE TABLE deployment (
    name     TEXT PRIMARY KEY,
    about    TEXT NOT NULL,
    active   INTEGER NOT NULL,
    switched INTEGER,
    created  INTEGER NOT NULL,
    changed  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE schedule (
    deployment TEXT NOT NULL,
    slug       TEXT NOT NULL,
    rule       TEXT NOT NULL,
    parameters TEXT NOT NULL,
    catchup    TEXT NOT NULL,
    active     INTEGER NOT NULL,
    switched   INTEGER,
    since      INTEGER NOT NULL,
    cursor     INTEGER,
    PRIMARY KEY (deployment, slug)
) STRICT, WITHOUT ROWID;

-- One row: how often deployments or schedules have changed.
CREATE TABLE deployments (revision INTEGER NOT NULL) STRICT;
INSERT INTO deployments (revision) VALUES (0);
