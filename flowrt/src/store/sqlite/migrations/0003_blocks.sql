-- Steps are found by the blocks of rows that hold some of their run: one small row for many steps, where an index of all
-- steps costs a second page in each commit. Rows are never moved, and their order is that of writing.
CREATE TABLE step_block (
    run   INTEGER NOT NULL,
    -- The number of the step's row, divided by 64.
    block INTEGER NOT NULL,
    PRIMARY KEY (run, block)
) STRICT, WITHOUT ROWID;
INSERT INTO step_block (run, block) SELECT DISTINCT run, id / 64 FROM step;
DROP INDEX step_seq;
-- What was set aside is taken one by one.
CREATE UNIQUE INDEX step_aside ON step (run, seq) WHERE seq >= 1099511627776;
