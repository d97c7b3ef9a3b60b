UPDATE run SET cancel_requested = coalesce(cancel_requested, (SELECT ended.cancel_requested FROM run AS ended WHERE ended.id = ?1))
 WHERE id = ?2;
INSERT INTO signal (run, seq, name, sent, idempotency_key, payload)
SELECT ?2, (SELECT coalesce(max(there.seq) + 1, 0) FROM signal AS there WHERE there.run = ?2) + row_number() OVER (ORDER BY seq) - 1,
       name, sent, idempotency_key, payload
  FROM signal
 WHERE run = ?1 AND seq NOT IN (SELECT step.signal FROM step WHERE step.run = ?1 AND step.signal IS NOT NULL)
