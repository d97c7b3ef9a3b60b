INSERT INTO attempt (run, step, attempt, started, finished, next, error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (run, step, attempt) DO UPDATE
   SET started = excluded.started, finished = excluded.finished, next = excluded.next, error = excluded.error
