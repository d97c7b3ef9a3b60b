INSERT INTO run (uid, name, flow, state, epoch, crashes, attempt, created, logical_time, seed, build, parent, parent_step,
                 origin, idempotency_key, cache)
VALUES (?1, ?2, ?3, ?4, 0, 0, 1, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
