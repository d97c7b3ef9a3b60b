INSERT INTO step (run, seq, step, scope, position, task, kind, state, attempts, started, finished, tolerated, signal,
                  reused_from, fingerprint, digest, input, output, label)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
    ON CONFLICT DO NOTHING
