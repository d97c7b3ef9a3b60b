//! Where the steps of a run are, and what the writer knows of the end of its record: a step that is certainly new costs
//! no look at those that are there.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use rusqlite::{Connection, OptionalExtension, params};

use super::fault::Outcome;
use super::write_entries::Head;
use crate::model::ids::RunId;
use crate::model::record::ASIDE;

/// How many rows a block has.
const BLOCK: i64 = 64;

/// How many runs are remembered.
const RUNS_MAX: usize = 1024;

/// The end of the record of each run that this process writes.
#[derive(Debug, Default)]
pub(super) struct Tails(HashMap<RunId, Tail>);

/// The end of a run's record. Only the owner of an epoch writes, so this stays true as long as the epoch does.
#[derive(Debug, Default)]
pub(super) struct Tail {
    epoch: u64,
    /// The highest number of a completion.
    last: Option<u64>,
    /// The block that is known to be noted.
    block: Option<i64>,
    /// There may be waits.
    pub may_wait: bool,
    /// Rows by number, once an old one was asked for.
    rows: Option<HashMap<u64, i64>>,
}

impl Tails {
    /// That of an owned run.
    pub fn of(&mut self, connection: &Connection, head: &Head) -> Outcome<&mut Tail> {
        let known = self.0.get(&head.uid).map(|tail| tail.epoch);
        if known != Some(head.epoch) {
            if self.0.len() >= RUNS_MAX {
                self.0.clear();
            }
            self.0.insert(head.uid, Tail::read(connection, head)?);
        }
        Ok(self.0.entry(head.uid).or_default())
    }

    /// What a transaction that is rolled back may have changed is not true any more.
    pub fn forget(&mut self) {
        self.0.clear();
    }
}

impl Tail {
    fn read(connection: &Connection, head: &Head) -> Outcome<Self> {
        let mut statement = connection.prepare_cached(
            "SELECT max(seq) FROM step WHERE id BETWEEN ?2 AND ?3 AND run = ?1 AND seq < ?4",
        )?;
        let mut last: Option<i64> = None;
        for rows in ranges(connection, head.id)? {
            let range = params![head.id, rows.start(), rows.end(), ASIDE.cast_signed()];
            last = last.max(statement.query_row(range, |row| row.get(0))?);
        }
        let may_wait = connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM wait WHERE run = ?1)")?
            .query_row([head.id], |row| row.get(0))?;
        Ok(Self {
            epoch: head.epoch,
            last: last.map(i64::cast_unsigned),
            block: None,
            may_wait,
            rows: None,
        })
    }

    /// Whether no step of that number can be there. The index of what is aside answers for itself.
    pub fn is_new(&self, seq: u64) -> bool {
        seq >= ASIDE || self.last.is_none_or(|last| seq > last)
    }

    /// The row of the step of that number, if there is one.
    pub fn row_of(&mut self, connection: &Connection, run: i64, seq: u64) -> Outcome<Option<i64>> {
        if seq >= ASIDE {
            let mut statement = connection.prepare_cached(
                "SELECT id FROM step WHERE run = ?1 AND seq = ?2 AND seq >= 1099511627776",
            )?;
            let found = statement.query_row(params![run, seq.cast_signed()], |row| row.get(0));
            return Ok(found.optional()?);
        }
        if self.is_new(seq) {
            return Ok(None);
        }
        if self.rows.is_none() {
            self.rows = Some(rows_by_number(connection, run)?);
        }
        Ok(self.rows.as_ref().and_then(|rows| rows.get(&seq).copied()))
    }

    /// A step was inserted as that row.
    pub fn inserted(
        &mut self,
        connection: &Connection,
        run: i64,
        seq: u64,
        row: i64,
    ) -> Outcome<()> {
        let block = row.div_euclid(BLOCK);
        if self.block != Some(block) {
            connection
                .prepare_cached("INSERT OR IGNORE INTO step_block (run, block) VALUES (?1, ?2)")?
                .execute([run, block])?;
            self.block = Some(block);
        }
        if seq < ASIDE {
            self.last = self.last.max(Some(seq));
            if let Some(rows) = &mut self.rows {
                rows.insert(seq, row);
            }
        }
        Ok(())
    }

    /// The step of that number was deleted.
    pub fn deleted(&mut self, seq: u64) {
        if let Some(rows) = &mut self.rows {
            rows.remove(&seq);
        }
    }
}

/// The ranges of rows among which the steps of a run are, those of other runs between them.
pub(super) fn ranges(connection: &Connection, run: i64) -> Outcome<Vec<RangeInclusive<i64>>> {
    ranges_after(connection, run, None)
}

/// Those of rows after that one.
pub(super) fn ranges_after(
    connection: &Connection,
    run: i64,
    row: Option<i64>,
) -> Outcome<Vec<RangeInclusive<i64>>> {
    let after = row.unwrap_or(-1);
    let mut statement = connection.prepare_cached(
        "SELECT block FROM step_block WHERE run = ?1 AND block >= ?2 ORDER BY block",
    )?;
    let mut blocks = statement.query([run, (after + 1).div_euclid(BLOCK)])?;
    let mut ranges: Vec<RangeInclusive<i64>> = Vec::new();
    while let Some(row) = blocks.next()? {
        let first = row.get::<_, i64>(0)? * BLOCK;
        let (start, end) = (first.max(after + 1), first + BLOCK - 1);
        match ranges.last_mut() {
            Some(last) if *last.end() + 1 == start => *last = *last.start()..=end,
            _ => ranges.push(start..=end),
        }
    }
    Ok(ranges)
}

fn rows_by_number(connection: &Connection, run: i64) -> Outcome<HashMap<u64, i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, id FROM step WHERE id BETWEEN ?2 AND ?3 AND run = ?1 AND seq < ?4",
    )?;
    let mut by_number = HashMap::new();
    for rows in ranges(connection, run)? {
        let mut found =
            statement.query(params![run, rows.start(), rows.end(), ASIDE.cast_signed()])?;
        while let Some(row) = found.next()? {
            by_number.insert(row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?);
        }
    }
    Ok(by_number)
}
