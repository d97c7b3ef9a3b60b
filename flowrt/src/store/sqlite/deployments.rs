//! Deployments and their schedules.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::deployments::{Change, Changed, Deployed, Deployments};
use super::super::{Answer, Durability};
use super::fault::{Fault, Outcome};
use super::session::Session;
use super::{Sqlite, changed, hold, write_runs};
use crate::model::deployment::{DeploymentRecord, ScheduleRecord};
use crate::model::record::{Micros, NewRun, RunRecord};

const DEPLOYMENT: &str = "SELECT about, active, switched, created, changed FROM deployment";
const SCHEDULE: &str = "SELECT deployment, slug, rule, parameters, catchup, active, switched, since, cursor FROM schedule";

impl Deployments for Sqlite {
    fn deployed(&self) -> Answer<'_, Deployed> {
        self.ask_at_length(|connection| {
            Ok(Deployed {
                revision: revision(connection)?,
                deployments: all(
                    connection,
                    &format!("{DEPLOYMENT} ORDER BY name"),
                    [],
                    deployment,
                )?,
                schedules: all(
                    connection,
                    &format!("{SCHEDULE} ORDER BY deployment, slug"),
                    [],
                    schedule,
                )?,
            })
        })
    }

    fn deployment(
        &self,
        name: String,
    ) -> Answer<'_, Option<(DeploymentRecord, Vec<ScheduleRecord>)>> {
        self.question(move |connection| {
            let Some(found) = alone(connection, &name)? else {
                return Ok(None);
            };
            Ok(Some((found, schedules_of(connection, &name)?)))
        })
    }

    fn deployed_since(&self, seen: u64) -> Answer<'_, Option<(u64, Vec<Changed>)>> {
        self.ask_at_length(move |connection| changed::since(connection, seen))
    }

    fn schedule(&self, deployment: String, slug: String) -> Answer<'_, Option<ScheduleRecord>> {
        self.question(move |connection| schedule_of(connection, &deployment, &slug))
    }

    fn deployment_alone(&self, name: String) -> Answer<'_, Option<DeploymentRecord>> {
        self.question(move |connection| alone(connection, &name))
    }

    fn deployments_revision(&self) -> Answer<'_, u64> {
        self.question(revision)
    }

    fn deploy(&self, seen: u64, changes: Vec<Change>) -> Answer<'_, bool> {
        self.change(move |connection| {
            if revision(connection)? != seen {
                return Ok(false);
            }
            for change in &changes {
                match change {
                    Change::Set(record, schedules) => set(connection, record, schedules)?,
                    Change::Remove(name) => remove(connection, name)?,
                }
            }
            if !changes.is_empty() {
                let named = changes.iter().map(|change| match change {
                    Change::Set(record, _) => (&*record.deployment.name, None),
                    Change::Remove(name) => (name.as_str(), None),
                });
                changed::raise(connection, named)?;
            }
            Ok(true)
        })
    }

    fn switch(
        &self,
        deployment: String,
        slug: Option<String>,
        on: Option<bool>,
        now: Micros,
    ) -> Answer<'_, bool> {
        self.change(move |connection| {
            let changed = match &slug {
                None => connection
                    .prepare_cached(
                        "UPDATE deployment SET switched = ?2, changed = ?3 WHERE name = ?1",
                    )?
                    .execute(params![deployment, on, now])?,
                Some(slug) => connection
                    .prepare_cached(
                        "UPDATE schedule SET switched = ?3 WHERE deployment = ?1 AND slug = ?2",
                    )?
                    .execute(params![deployment, slug, on])?,
            };
            if changed > 0 {
                changed::raise(connection, [(deployment.as_str(), slug.as_deref())])?;
            }
            Ok(changed > 0)
        })
    }

    fn pass_slot(
        &self,
        seen: Option<u64>,
        deployment: String,
        slug: String,
        since: Micros,
        slot: Micros,
    ) -> Answer<'_, bool> {
        self.change(move |connection| {
            if seen.is_some() && seen != Some(revision(connection)?) {
                return Ok(false);
            }
            pass_slot(connection, &deployment, &slug, since, slot)
        })
    }

    fn fill_slot(
        &self,
        seen: u64,
        since: Micros,
        mut run: NewRun,
    ) -> Answer<'_, Option<RunRecord>> {
        let checked = self.0.limit.check_run(&run);
        let bytes = run.input.len();
        let held = self.apart(|apart| apart.take_run(&mut run));
        let work = {
            let held = held.clone();
            move |session: &mut Session| {
                let Some((deployment, slot)) = run.dispatch.filled() else {
                    return Ok(None);
                };
                let (slug, at) = (&slot.schedule, slot.at);
                let connection = &session.connection;
                if revision(connection)? != seen
                    || !fires(connection, deployment, slug)?
                    || !pass_slot(connection, deployment, slug, since, at)?
                {
                    return Ok(None);
                }
                let record = write_runs::create(session, &run)?;
                hold(&held, &session.connection, record.id)?;
                Ok(Some(record))
            }
        };
        self.filled_some(self.write_apart(Durability::Synced, checked, bytes, held, work))
    }
}

pub(super) fn alone(connection: &Connection, name: &str) -> Outcome<Option<DeploymentRecord>> {
    let of = format!("{DEPLOYMENT} WHERE name = ?1");
    let found = all(connection, &of, [name], deployment)?;
    Ok(found.into_iter().next())
}

pub(super) fn schedules_of(connection: &Connection, name: &str) -> Outcome<Vec<ScheduleRecord>> {
    let of = format!("{SCHEDULE} WHERE deployment = ?1 ORDER BY slug");
    all(connection, &of, [name], schedule)
}

pub(super) fn schedule_of(
    connection: &Connection,
    deployment: &str,
    slug: &str,
) -> Outcome<Option<ScheduleRecord>> {
    let of = format!("{SCHEDULE} WHERE deployment = ?1 AND slug = ?2");
    let found = all(connection, &of, [deployment, slug], schedule)?;
    Ok(found.into_iter().next())
}

fn pass_slot(
    connection: &Connection,
    deployment: &str,
    slug: &str,
    since: Micros,
    slot: Micros,
) -> Outcome<bool> {
    let moved = connection
        .prepare_cached(
            "UPDATE schedule SET cursor = ?4
             WHERE deployment = ?1 AND slug = ?2 AND since = ?3 AND ifnull(cursor < ?4, TRUE)",
        )?
        .execute(params![deployment, slug, since, slot])?;
    Ok(moved > 0)
}

fn fires(connection: &Connection, deployment: &str, slug: &str) -> Outcome<bool> {
    let found = connection
        .prepare_cached(
            "SELECT ifnull(schedule.switched, schedule.active) AND ifnull(deployment.switched, deployment.active)
             FROM schedule JOIN deployment ON deployment.name = schedule.deployment
             WHERE schedule.deployment = ?1 AND schedule.slug = ?2",
        )?
        .query_row([deployment, slug], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or(false))
}

pub(super) fn revision(connection: &Connection) -> Outcome<u64> {
    let revision: i64 = connection
        .prepare_cached("SELECT revision FROM deployments")?
        .query_row([], |row| row.get(0))?;
    Ok(revision.cast_unsigned())
}

fn set(
    connection: &Connection,
    record: &DeploymentRecord,
    schedules: &[ScheduleRecord],
) -> Outcome<()> {
    let name = &record.deployment.name;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO deployment (name, about, active, switched, created, changed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            name,
            json(&record.deployment)?,
            record.active,
            record.switched,
            record.created,
            record.changed
        ])?;
    let there: Vec<(String, Micros, Option<Micros>)> = connection
        .prepare_cached("SELECT slug, since, cursor FROM schedule WHERE deployment = ?1")?
        .query_map([name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    connection
        .prepare_cached("DELETE FROM schedule WHERE deployment = ?1")?
        .execute([name])?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO schedule (deployment, slug, rule, parameters, catchup, active, switched, since, cursor)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for schedule in schedules {
        let cursor = there
            .iter()
            .find(|(slug, since, _)| *slug == schedule.slug && *since == schedule.since)
            .and_then(|(_, _, cursor)| *cursor);
        insert.execute(params![
            name,
            schedule.slug,
            json(&schedule.schedule)?,
            json(&schedule.parameters)?,
            json(&schedule.catchup)?,
            schedule.active,
            schedule.switched,
            schedule.since,
            cursor
        ])?;
    }
    Ok(())
}

fn remove(connection: &Connection, name: &str) -> Outcome<()> {
    for delete in [
        "DELETE FROM schedule WHERE deployment = ?1",
        "DELETE FROM deployment WHERE name = ?1",
    ] {
        connection.prepare_cached(delete)?.execute([name])?;
    }
    Ok(())
}

fn all<T>(
    connection: &Connection,
    select: &str,
    given: impl rusqlite::Params,
    read: fn(&Row<'_>) -> Outcome<T>,
) -> Outcome<Vec<T>> {
    let mut statement = connection.prepare_cached(select)?;
    let mut rows = statement.query(given)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The columns of `DEPLOYMENT`.
fn deployment(row: &Row<'_>) -> Outcome<DeploymentRecord> {
    Ok(DeploymentRecord {
        deployment: parsed(row, 0)?,
        active: row.get(1)?,
        switched: row.get(2)?,
        created: row.get(3)?,
        changed: row.get(4)?,
    })
}

/// The columns of `SCHEDULE`.
fn schedule(row: &Row<'_>) -> Outcome<ScheduleRecord> {
    Ok(ScheduleRecord {
        deployment: row.get(0)?,
        slug: row.get(1)?,
        schedule: parsed(row, 2)?,
        parameters: parsed(row, 3)?,
        catchup: parsed(row, 4)?,
        active: row.get(5)?,
        switched: row.get(6)?,
        since: row.get(7)?,
        cursor: row.get(8)?,
    })
}

pub(super) fn json(value: &impl Serialize) -> Outcome<String> {
    serde_json::to_string(value).map_err(|error| Fault::damaged(&error.to_string()))
}

pub(super) fn parsed<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Outcome<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| Fault::damaged(&error.to_string()))
}
