-- Runs out of another store, with their flow as the program there knew it.
CREATE TABLE import (
    run        INTEGER PRIMARY KEY,
    imported   INTEGER NOT NULL,
    exported   INTEGER NOT NULL,
    definition TEXT NOT NULL
) STRICT;

-- Runs that were deleted, while rows of their inside are left.
CREATE TABLE trash (
    run INTEGER PRIMARY KEY,
    uid BLOB NOT NULL
) STRICT;
