UPDATE run
   SET build = CASE WHEN started IS NULL
           THEN coalesce(nullif((SELECT process.build FROM process WHERE process.id = ?2), ''), build) ELSE build END,
       epoch = epoch + 1, owner = ?2, state = ?5, started = coalesce(started, ?3), crashes = ?4, finished = NULL,
       tally = NULL, due = NULL
 WHERE id = ?1
