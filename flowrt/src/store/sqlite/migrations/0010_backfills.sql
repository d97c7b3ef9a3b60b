-- Backfills. What was asked for is in the JSON of `about`; how far one is, and where it stands, changes.
CREATE TABLE backfill (
    number INTEGER PRIMARY KEY,
    id     TEXT NOT NULL UNIQUE,
    about  TEXT NOT NULL,
    state  TEXT NOT NULL,
    begun  INTEGER NOT NULL
) STRICT;

-- Few go on at a time, and they are looked for often.
CREATE INDEX backfill_running ON backfill (number) WHERE state = '"running"';
