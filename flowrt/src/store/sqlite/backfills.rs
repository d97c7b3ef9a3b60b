//! Backfills.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::backfills::Backfills;
use super::super::{Answer, Durability};
use super::deployments::{json, parsed};
use super::fault::Outcome;
use super::session::Session;
use super::{Sqlite, hold, rows, write_runs};
use crate::model::backfill::{BackfillRecord, BackfillState, Begun, Standing};
use crate::model::dispatch::Slot;
use crate::model::record::{Micros, NewRun, RunRecord};
use crate::model::state::RunState;

impl Backfills for Sqlite {
    fn add_backfill(&self, record: BackfillRecord) -> Answer<'_, bool> {
        self.change(move |connection| {
            let added = connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO backfill (id, about, state, begun, reason) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![
                    record.backfill.id,
                    json(&record.backfill)?,
                    json(&record.state)?,
                    record.begun,
                    record.reason
                ])?;
            Ok(added > 0)
        })
    }

    fn backfill(&self, id: String) -> Answer<'_, Option<BackfillRecord>> {
        self.ask_at_length(move |connection| {
            let found = read(connection, "WHERE id = ?1", [&id])?;
            Ok(found.into_iter().next())
        })
    }

    fn backfills(&self, states: Vec<BackfillState>) -> Answer<'_, Vec<BackfillRecord>> {
        self.ask_at_length(move |connection| {
            let mut all = read(connection, "", [])?;
            all.retain(|record| states.is_empty() || states.contains(&record.state));
            Ok(all)
        })
    }

    fn standing_backfills(&self) -> Answer<'_, Vec<Standing>> {
        self.question(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, state, begun FROM backfill
                 WHERE state IN ('\"running\"', '\"cancelling\"') ORDER BY number",
            )?;
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let id: String = row.get(0)?;
                found.push(Standing {
                    state: parsed(row, 1)?,
                    begun: row.get(2)?,
                    going_on: going_on(connection, &id)?,
                    id,
                });
            }
            Ok(found)
        })
    }

    fn begun_runs(&self, ids: Vec<String>) -> Answer<'_, Vec<Begun>> {
        self.ask_at_length(move |connection| {
            ids.iter().map(|id| begun_by(connection, id)).collect()
        })
    }

    fn filled_slots(
        &self,
        deployment: String,
        from: Micros,
        to: Micros,
    ) -> Answer<'_, Vec<(Slot, RunState)>> {
        self.ask_at_length(move |connection| filled_slots(connection, &deployment, from, to))
    }

    fn begin_backfilled(&self, begun: u32, mut run: NewRun) -> Answer<'_, Option<RunRecord>> {
        let checked = self.0.limit.check_run(&run);
        let bytes = run.input.len();
        let held = self.apart(|apart| apart.take_run(&mut run));
        let work = {
            let held = held.clone();
            move |session: &mut Session| {
                let counted = session
                    .connection
                    .prepare_cached(
                        "UPDATE backfill SET begun = begun + 1, reason = NULL
                         WHERE id = ?1 AND begun = ?2 AND state = '\"running\"'",
                    )?
                    .execute(params![run.dispatch.backfill, begun])?;
                if counted == 0 {
                    return Ok(None);
                }
                let record = write_runs::create(session, &run)?;
                hold(&held, &session.connection, record.id)?;
                Ok(Some(record))
            }
        };
        self.filled_some(self.write_apart(Durability::Synced, checked, bytes, held, work))
    }

    fn set_backfill(
        &self,
        id: String,
        from: Vec<BackfillState>,
        to: BackfillState,
        reason: Option<String>,
    ) -> Answer<'_, bool> {
        self.change(move |connection| {
            let there = connection
                .prepare_cached("SELECT state FROM backfill WHERE id = ?1")?
                .query_row([&id], |row| Ok(parsed(row, 0)))
                .optional()?;
            let Some(there) = there.transpose()? else {
                return Ok(false);
            };
            if !from.contains(&there) {
                return Ok(false);
            }
            connection
                .prepare_cached("UPDATE backfill SET state = ?2, reason = ?3 WHERE id = ?1")?
                .execute(params![id, json(&to)?, reason])?;
            Ok(true)
        })
    }
}

fn read(
    connection: &Connection,
    wanted: &str,
    given: impl rusqlite::Params,
) -> Outcome<Vec<BackfillRecord>> {
    let select =
        format!("SELECT about, state, begun, reason FROM backfill {wanted} ORDER BY number DESC");
    let mut statement = connection.prepare_cached(&select)?;
    let mut rows = statement.query(given)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(BackfillRecord {
            backfill: parsed(row, 0)?,
            state: parsed(row, 1)?,
            begun: row.get(2)?,
            reason: row.get(3)?,
        });
    }
    Ok(found)
}

/// Costs as much as there are of them, however many have ended.
fn going_on(connection: &Connection, id: &str) -> Outcome<usize> {
    let open = RunState::ALL.iter().filter(|state| !state.is_final());
    let open: Vec<String> = open.map(|state| format!("'{}'", state.as_str())).collect();
    let count = format!(
        "SELECT count(*) FROM run WHERE backfill = ?1 AND state IN ({})",
        open.join(", ")
    );
    let count: i64 = connection
        .prepare_cached(&count)?
        .query_row([id], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// From the index alone.
fn begun_by(connection: &Connection, id: &str) -> Outcome<Begun> {
    let mut statement = connection
        .prepare_cached("SELECT state, count(*) FROM run WHERE backfill = ?1 GROUP BY state")?;
    let mut found = statement.query([id])?;
    let mut begun = Begun::default();
    while let Some(row) = found.next()? {
        let count: i64 = row.get(1)?;
        let count = usize::try_from(count).unwrap_or_default();
        begun.add(rows::run_state(row, 0)?, count);
    }
    Ok(begun)
}

fn filled_slots(
    connection: &Connection,
    deployment: &str,
    from: Micros,
    to: Micros,
) -> Outcome<Vec<(Slot, RunState)>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, schedule, slot, state FROM run INDEXED BY run_slots
          WHERE deployment = ?1 AND slot BETWEEN ?2 AND ?3",
    )?;
    let mut found = statement.query(params![deployment, from, to])?;
    let mut filled = Vec::new();
    while let Some(row) = found.next()? {
        let slot = Slot {
            schedule: row.get(1)?,
            at: row.get(2)?,
        };
        filled.push((row.get::<_, i64>(0)?, slot, rows::run_state(row, 3)?));
    }
    filled.sort_unstable_by_key(|(id, ..)| std::cmp::Reverse(*id));
    Ok(filled
        .into_iter()
        .map(|(_, slot, state)| (slot, state))
        .collect())
}
