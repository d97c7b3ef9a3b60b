UPDATE run SET state = ?2, owner = NULL, finished = ?3, tally = ?4 WHERE id = ?1
