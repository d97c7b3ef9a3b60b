DELETE FROM step WHERE id IN (SELECT id FROM step WHERE run = ?1 LIMIT ?2);
DELETE FROM attempt WHERE id IN (SELECT id FROM attempt WHERE run = ?1 LIMIT ?2);
DELETE FROM wait WHERE (run, step) IN (SELECT run, step FROM wait WHERE run = ?1 LIMIT ?2);
DELETE FROM scope_end WHERE (run, scope) IN (SELECT run, scope FROM scope_end WHERE run = ?1 LIMIT ?2);
DELETE FROM signal WHERE id IN (SELECT id FROM signal WHERE run = ?1 LIMIT ?2);
DELETE FROM log WHERE id IN (SELECT id FROM log WHERE run = ?1 LIMIT ?2)
