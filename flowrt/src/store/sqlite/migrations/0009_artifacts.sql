-- Which run needs which file beside the store: the digest and size of a blob, as in `digest:size`.
CREATE TABLE blob_use (
    blob TEXT NOT NULL,
    run  INTEGER NOT NULL,
    PRIMARY KEY (blob, run)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_use_run ON blob_use (run);

-- What tasks published. Progress is kept in place and has the version 0.
CREATE TABLE artifact (
    id          INTEGER PRIMARY KEY,
    run         INTEGER NOT NULL,
    key         TEXT NOT NULL,
    version     INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    step        TEXT NOT NULL,
    attempt     INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    failed      INTEGER NOT NULL DEFAULT 0,
    description TEXT,
    data        TEXT NOT NULL,
    blob        TEXT
) STRICT;
CREATE UNIQUE INDEX artifact_key ON artifact (key, version) WHERE version > 0;
CREATE INDEX artifact_run ON artifact (run, step, attempt);
