INSERT INTO run (id, uid, name, flow, state, epoch, crashes, attempt, created, logical_time, seed, build, parent, parent_step,
                 origin, idempotency_key, cache, queue, due, deployment, schedule, slot, tags, backfill, shown)
-- A number whose rows are not all deleted yet must not be given again.
VALUES (1 + max(ifnull((SELECT max(id) FROM run), 0), ifnull((SELECT max(run) FROM trash), 0)),
        ?1, ?2, ?3, ?4, 0, 0, 1, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
