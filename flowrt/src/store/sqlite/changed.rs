//! What has changed of deployments since somebody read them.

use std::collections::HashSet;

use rusqlite::{Connection, params};

use super::super::deployments::{CHANGES_MAX, Changed, REVISIONS_KEPT};
use super::deployments::{alone, revision, schedule_of, schedules_of};
use super::fault::Outcome;

/// A deployment, or one schedule of it by its slug.
type Noted = (String, Option<String>);

/// Raises the revision, and notes what has changed with it.
pub(super) fn raise<'a>(
    connection: &Connection,
    changed: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
) -> Outcome<()> {
    connection.execute("UPDATE deployments SET revision = revision + 1", [])?;
    let revision = revision(connection)?.cast_signed();
    let mut note = connection.prepare_cached(
        "INSERT INTO deployed_change (revision, deployment, slug) VALUES (?1, ?2, ?3)",
    )?;
    for (deployment, slug) in changed {
        note.execute(params![revision, deployment, slug])?;
    }
    connection
        .prepare_cached("DELETE FROM deployed_change WHERE revision <= ?1")?
        .execute([revision.saturating_sub(REVISIONS_KEPT.cast_signed())])?;
    Ok(())
}

pub(super) fn since(connection: &Connection, seen: u64) -> Outcome<Option<(u64, Vec<Changed>)>> {
    let now = revision(connection)?;
    let Some(noted) = noted(connection, seen, now)? else {
        return Ok(None);
    };
    let mut changes = Vec::with_capacity(noted.len());
    for (name, slug) in noted {
        let deployment = alone(connection, &name)?;
        changes.push(match slug {
            None => {
                let there = match deployment {
                    Some(record) => Some((record, schedules_of(connection, &name)?)),
                    None => None,
                };
                Changed::Whole(name, there)
            }
            Some(slug) => {
                let schedule = schedule_of(connection, &name, &slug)?;
                Changed::One(name, slug, deployment.zip(schedule))
            }
        });
    }
    Ok(Some((now, changes)))
}

/// What has changed since then, each once; `None` if that is not known any more, or is more than is worth it.
fn noted(connection: &Connection, seen: u64, now: u64) -> Outcome<Option<HashSet<Noted>>> {
    let mut statement = connection.prepare_cached(
        "SELECT revision, deployment, slug FROM deployed_change WHERE revision > ?1 ORDER BY revision LIMIT ?2",
    )?;
    let most = i64::try_from(CHANGES_MAX + 1).unwrap_or(i64::MAX);
    let mut found = statement.query(params![seen.cast_signed(), most])?;
    let mut revisions = HashSet::new();
    let mut noted = HashSet::new();
    let mut count = 0;
    while let Some(row) = found.next()? {
        revisions.insert(row.get::<_, i64>(0)?);
        noted.insert((row.get(1)?, row.get(2)?));
        count += 1;
    }
    // Each revision notes something, so one that is missing was forgotten.
    let is_known = now.checked_sub(seen) == Some(revisions.len() as u64);
    Ok((is_known && count <= CHANGES_MAX).then_some(noted))
}
