DELETE FROM step WHERE run = ?1;
DELETE FROM attempt WHERE run = ?1;
DELETE FROM wait WHERE run = ?1;
DELETE FROM scope_end WHERE run = ?1;
DELETE FROM signal WHERE run = ?1;
DELETE FROM log WHERE run = ?1;
DELETE FROM run_payload WHERE run = ?1;
DELETE FROM run WHERE id = ?1
