-- Since when there are notices of a name: what happened before is nobody's news.
CREATE TABLE notice_name (
    name  TEXT PRIMARY KEY,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is to be sent, or was. A name and key are sent once.
CREATE TABLE notice (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL,
    key     TEXT NOT NULL,
    run     BLOB NOT NULL,
    body    TEXT NOT NULL,
    created INTEGER NOT NULL,
    due     INTEGER,
    tries   INTEGER NOT NULL,
    sent    INTEGER,
    error   TEXT,
    UNIQUE (name, key)
) STRICT;
CREATE INDEX notice_due ON notice (due) WHERE due IS NOT NULL;
CREATE INDEX notice_run ON notice (run);
