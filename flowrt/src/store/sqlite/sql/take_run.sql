UPDATE run
   SET epoch = epoch + 1, owner = ?2, state = ?5, started = coalesce(started, ?3), crashes = ?4, finished = NULL,
       tally = NULL, due = NULL
 WHERE id = ?1
