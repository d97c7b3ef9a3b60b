SELECT step.seq, step.step, step.scope, step.position, name.text, step.kind, step.digest, step.fingerprint, step.input,
       step.state, step.output, step.attempts, step.started, step.finished, step.signal, step.reused_from, step.tolerated,
       step.label
  FROM step
  CROSS JOIN name ON name.id = step.task
