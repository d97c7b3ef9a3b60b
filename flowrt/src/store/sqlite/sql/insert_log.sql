INSERT INTO log (run, attempt, time, step, level, target, message)
SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM run WHERE uid = ?1
