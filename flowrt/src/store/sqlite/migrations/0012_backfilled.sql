-- Which backfill has begun a run, and why one does not go on.
ALTER TABLE run ADD COLUMN backfill TEXT;
ALTER TABLE backfill ADD COLUMN reason TEXT;
UPDATE run SET backfill = (SELECT id FROM backfill WHERE instr(run.tags, '"backfill:' || backfill.id || '"') > 0)
 WHERE slot IS NOT NULL AND tags LIKE '%"backfill:%';

-- It is asked often how many of its runs are in which state.
CREATE INDEX run_backfill ON run (backfill, state) WHERE backfill IS NOT NULL;

-- Those that a scheduler has something to do for.
DROP INDEX backfill_running;
CREATE INDEX backfill_going_on ON backfill (number) WHERE state IN ('"running"', '"cancelling"');
