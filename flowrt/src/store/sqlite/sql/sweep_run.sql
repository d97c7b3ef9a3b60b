DELETE FROM step WHERE id IN (
    SELECT step.id
      FROM (SELECT block FROM step_block WHERE run = ?1 ORDER BY block LIMIT 8) AS first
      CROSS JOIN step ON step.id BETWEEN first.block * 64 AND first.block * 64 + 63 AND step.run = ?1
     LIMIT ?2);
DELETE FROM step_block WHERE run = ?1 AND block IN (
    SELECT first.block
      FROM (SELECT block FROM step_block WHERE run = ?1 ORDER BY block LIMIT 8) AS first
     WHERE NOT EXISTS (
        SELECT 1 FROM step WHERE id BETWEEN first.block * 64 AND first.block * 64 + 63 AND run = ?1)
     LIMIT ?2);
DELETE FROM attempt WHERE id IN (SELECT id FROM attempt WHERE run = ?1 LIMIT ?2);
DELETE FROM blob_use WHERE (blob, run) IN (SELECT blob, run FROM blob_use WHERE run = ?1 LIMIT ?2);
DELETE FROM wait WHERE (run, step) IN (SELECT run, step FROM wait WHERE run = ?1 LIMIT ?2);
DELETE FROM scope_end WHERE (run, scope) IN (SELECT run, scope FROM scope_end WHERE run = ?1 LIMIT ?2);
DELETE FROM signal WHERE id IN (SELECT id FROM signal WHERE run = ?1 LIMIT ?2);
DELETE FROM log WHERE id IN (SELECT id FROM log WHERE run = ?1 LIMIT ?2)
