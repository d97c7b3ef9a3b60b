SELECT run.uid, run.name, name.text, payload.input, run.parent, run.parent_step, run.origin, run.idempotency_key, run.seed,
       run.created, run.logical_time, run.build, run.state, run.epoch, run.owner, run.crashes, run.attempt, run.started,
       run.finished, payload.output, payload.error, run.cancel_requested, run.cache,
       run.queue, run.due, run.deployment, run.schedule, run.slot, run.tags, run.backfill, run.shown
  FROM run
  JOIN name ON name.id = run.flow
  JOIN run_payload AS payload ON payload.run = run.id
