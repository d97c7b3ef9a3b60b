WITH part (run, steps, bytes) AS (
    SELECT run, 1, ifnull(octet_length(input), 0) + ifnull(octet_length(output), 0) FROM step
    UNION ALL
    SELECT run, 0, octet_length(input) + ifnull(octet_length(output), 0) + ifnull(octet_length(error), 0) FROM run_payload
    UNION ALL
    SELECT run, 0, octet_length(message) FROM log
)
SELECT run.uid, run.name, name.text, sum(part.steps), sum(part.bytes) AS bytes
  FROM part
  JOIN run ON run.id = part.run
  JOIN name ON name.id = run.flow
 GROUP BY run.id
 ORDER BY bytes DESC
 LIMIT ?1
