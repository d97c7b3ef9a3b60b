-- What limits count. A bucket is a limit, or one key of it.
CREATE TABLE bucket (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL,
    key     TEXT NOT NULL,
    full_at INTEGER NOT NULL DEFAULT 0,
    UNIQUE (name, key)
) STRICT;

-- Rules that a person set in place of the program's.
CREATE TABLE limit_rule (
    name TEXT PRIMARY KEY,
    rule TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The id is the order of asking, so it must not be used twice.
CREATE TABLE ticket (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket   INTEGER NOT NULL,
    weight   INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    run      BLOB NOT NULL,
    step     TEXT NOT NULL,
    process  BLOB NOT NULL,
    asked    INTEGER NOT NULL,
    due      INTEGER,
    start    INTEGER,
    done     INTEGER NOT NULL DEFAULT 0,
    unwanted INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX ticket_queue ON ticket (bucket, priority DESC, id) WHERE start IS NULL;
CREATE INDEX ticket_started ON ticket (bucket, start) WHERE start IS NOT NULL;
CREATE INDEX ticket_due ON ticket (bucket, due) WHERE start IS NULL AND due IS NOT NULL;
CREATE INDEX ticket_step ON ticket (run, step);
