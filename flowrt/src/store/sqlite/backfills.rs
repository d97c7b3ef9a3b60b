//! Backfills.

use rusqlite::{Connection, params};

use super::super::backfills::Backfills;
use super::super::{Answer, Durability};
use super::Sqlite;
use super::deployments::{json, parsed};
use super::fault::Outcome;
use crate::model::backfill::{BackfillRecord, BackfillState};

impl Backfills for Sqlite {
    fn add_backfill(&self, record: BackfillRecord) -> Answer<'_, bool> {
        self.change(move |connection| {
            let added = connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO backfill (id, about, state, begun) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![
                    record.backfill.id,
                    json(&record.backfill)?,
                    json(&record.state)?,
                    record.begun
                ])?;
            Ok(added > 0)
        })
    }

    fn backfills(&self, states: Vec<BackfillState>) -> Answer<'_, Vec<BackfillRecord>> {
        self.ask_at_length(move |connection| match states.as_slice() {
            // As an index knows it, because it is asked often.
            [BackfillState::Running] => read(connection, "WHERE state = '\"running\"'"),
            [] => read(connection, ""),
            states => {
                let mut all = read(connection, "")?;
                all.retain(|record| states.contains(&record.state));
                Ok(all)
            }
        })
    }

    fn backfill_begun(&self, id: String, begun: u32) -> Answer<'_, ()> {
        self.write(Durability::Soon, Ok(()), 0, move |session| {
            session
                .connection
                .prepare_cached("UPDATE backfill SET begun = max(begun, ?2) WHERE id = ?1")?
                .execute(params![id, begun])?;
            Ok(())
        })
    }

    fn set_backfill(
        &self,
        id: String,
        from: Vec<BackfillState>,
        to: BackfillState,
    ) -> Answer<'_, bool> {
        self.change(move |connection| {
            for state in &from {
                let changed = connection
                    .prepare_cached("UPDATE backfill SET state = ?3 WHERE id = ?1 AND state = ?2")?
                    .execute(params![id, json(state)?, json(&to)?])?;
                if changed > 0 {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }
}

fn read(connection: &Connection, wanted: &str) -> Outcome<Vec<BackfillRecord>> {
    let select = format!("SELECT about, state, begun FROM backfill {wanted} ORDER BY number DESC");
    let mut statement = connection.prepare_cached(&select)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(BackfillRecord {
            backfill: parsed(row, 0)?,
            state: parsed(row, 1)?,
            begun: row.get(2)?,
        });
    }
    Ok(found)
}
