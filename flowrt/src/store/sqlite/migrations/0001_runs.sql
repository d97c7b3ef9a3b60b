-- Texts that repeat in every row: names of flows and tasks.
CREATE TABLE name (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

-- Narrow, because each change of state rewrites the row. Payloads are apart.
CREATE TABLE run (
    id               INTEGER PRIMARY KEY,
    uid              BLOB NOT NULL UNIQUE,
    name             TEXT NOT NULL UNIQUE,
    flow             INTEGER NOT NULL,
    state            TEXT NOT NULL,
    epoch            INTEGER NOT NULL,
    crashes          INTEGER NOT NULL,
    attempt          INTEGER NOT NULL,
    owner            BLOB,
    created          INTEGER NOT NULL,
    started          INTEGER,
    finished         INTEGER,
    cancel_requested INTEGER,
    logical_time     INTEGER NOT NULL,
    seed             INTEGER NOT NULL,
    build            TEXT NOT NULL,
    parent           BLOB,
    parent_step      TEXT,
    origin           BLOB,
    idempotency_key  TEXT,
    -- The counts of tasks by outcome, once the run has ended.
    tally            TEXT
) STRICT;
CREATE INDEX run_flow ON run (flow, id);
CREATE INDEX run_state ON run (state, id);
CREATE INDEX run_parent ON run (parent, id) WHERE parent IS NOT NULL;
CREATE INDEX run_owner ON run (owner) WHERE owner IS NOT NULL;
CREATE UNIQUE INDEX run_key ON run (flow, idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE TABLE run_payload (
    run    INTEGER PRIMARY KEY,
    input  TEXT NOT NULL,
    output TEXT,
    error  TEXT
) STRICT;

-- Appended in the order of writing with one narrow index: clustering by run costs four times as much.
CREATE TABLE step (
    id          INTEGER PRIMARY KEY,
    run         INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    step        TEXT NOT NULL,
    scope       TEXT NOT NULL,
    position    INTEGER NOT NULL,
    task        INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    state       TEXT NOT NULL,
    attempts    INTEGER NOT NULL,
    started     INTEGER NOT NULL,
    finished    INTEGER NOT NULL,
    tolerated   INTEGER NOT NULL,
    signal      INTEGER,
    reused_from BLOB,
    fingerprint INTEGER NOT NULL,
    digest      BLOB NOT NULL,
    input       TEXT,
    output      TEXT
) STRICT;
CREATE UNIQUE INDEX step_seq ON step (run, seq);

CREATE TABLE attempt (
    id       INTEGER PRIMARY KEY,
    run      INTEGER NOT NULL,
    step     TEXT NOT NULL,
    attempt  INTEGER NOT NULL,
    started  INTEGER NOT NULL,
    finished INTEGER NOT NULL,
    next     INTEGER,
    error    TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX attempt_step ON attempt (run, step, attempt);

CREATE TABLE wait (
    run    INTEGER NOT NULL,
    step   TEXT NOT NULL,
    kind   TEXT NOT NULL,
    due    INTEGER,
    detail TEXT NOT NULL,
    PRIMARY KEY (run, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE scope_end (
    run    INTEGER NOT NULL,
    scope  TEXT NOT NULL,
    length INTEGER NOT NULL,
    PRIMARY KEY (run, scope)
) STRICT, WITHOUT ROWID;

CREATE TABLE signal (
    id              INTEGER PRIMARY KEY,
    run             INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    name            TEXT NOT NULL,
    sent            INTEGER NOT NULL,
    idempotency_key TEXT,
    payload         TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX signal_seq ON signal (run, seq);
CREATE UNIQUE INDEX signal_key ON signal (run, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- The id is the reader's cursor, so it must not be used twice.
CREATE TABLE log (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    run     INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    time    INTEGER NOT NULL,
    step    TEXT NOT NULL,
    level   TEXT NOT NULL,
    target  TEXT NOT NULL,
    message TEXT NOT NULL
) STRICT;
CREATE INDEX log_run ON log (run, id);

CREATE TABLE process (
    id      BLOB PRIMARY KEY,
    pid     INTEGER NOT NULL,
    host    TEXT NOT NULL,
    started INTEGER NOT NULL,
    build   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE flow (
    name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
