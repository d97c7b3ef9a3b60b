UPDATE run SET state = ?2, owner = NULL, finished = ?3, tally = ?4, due = ?5 WHERE id = ?1
