DELETE FROM step WHERE id IN (
    SELECT step.id
      FROM step_block AS block
      CROSS JOIN step ON step.id BETWEEN block.block * 64 AND block.block * 64 + 63 AND step.run = block.run
     WHERE block.run = ?1);
DELETE FROM step_block WHERE run = ?1;
DELETE FROM attempt WHERE run = ?1;
DELETE FROM wait WHERE run = ?1;
DELETE FROM scope_end WHERE run = ?1;
DELETE FROM signal WHERE run = ?1;
DELETE FROM log WHERE run = ?1;
DELETE FROM run_payload WHERE run = ?1;
DELETE FROM run WHERE id = ?1
