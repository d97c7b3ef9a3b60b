//! Lists runs, newest first. What a page costs depends on the page alone: it is found by one index, in which all that is
//! wanted of one state lies together, and what there is of several states is merged.

use std::collections::HashSet;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::super::RunFilter;
use super::fault::Outcome;
use super::read_runs::{by_number, number};
use super::session::find_name;
use crate::model::record::{Micros, RunRecord};
use crate::model::state::RunState;

/// How many runs the table `run_block` tells the times of at once.
const BLOCK: i64 = 1024;

pub(super) fn list(connection: &Connection, filter: &RunFilter) -> Outcome<Vec<RunRecord>> {
    let Some(question) = Question::of(connection, filter)? else {
        return Ok(Vec::new());
    };
    let mut statement = connection.prepare_cached(&question.sql(filter))?;
    let mut found = statement.query(params_from_iter(&question.values))?;
    let mut numbers = Vec::new();
    while let Some(row) = found.next()? {
        numbers.push(row.get(0)?);
    }
    by_number(connection, &numbers)
}

/// What is asked of the table of runs.
#[derive(Debug, Default)]
struct Question {
    /// By what the index is entered before the state.
    entry: Vec<String>,
    /// What holds of each run besides.
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Question {
    /// `None` if there can be no such run.
    fn of(connection: &Connection, filter: &RunFilter) -> Outcome<Option<Self>> {
        let mut question = Self::default();
        if let Some(before) = filter.before {
            let before = number(connection, before)?;
            question.holds("id < ?", before);
        }
        let mut flow = None;
        if let Some(name) = &filter.flow {
            let Some(known) = find_name(connection, name)? else {
                return Ok(None);
            };
            flow = Some(known);
        }
        if filter.since.is_some() || filter.until.is_some() {
            let since = filter.since.unwrap_or(Micros::MIN);
            let until = filter.until.unwrap_or(Micros::MAX);
            let Some((first, last)) = accepted_between(connection, since, until)? else {
                return Ok(None);
            };
            question.holds("id >= ?", first);
            question.holds("id <= ?", last);
        }
        for (condition, time) in [
            ("created >= ?", filter.since),
            ("created < ?", filter.until),
        ] {
            if let Some(time) = time {
                question.holds(condition, time);
            }
        }
        question.enter(filter, flow);
        if let Some(text) = &filter.text {
            let mark = question.mark(text.to_ascii_lowercase());
            question.conditions.push(format!(
                "(instr(lower(name), {mark}) > 0 OR instr(lower(shown), {mark}) > 0
                  OR flow IN (SELECT id FROM name WHERE instr(lower(text), {mark}) > 0))"
            ));
        }
        Ok(Some(question))
    }

    /// Chooses the index: the one whose first columns leave the fewest runs.
    fn enter(&mut self, filter: &RunFilter, flow: Option<i64>) {
        let parent = filter.parent.map(|run| run.0.as_bytes().to_vec());
        let mut entries = [
            ("parent = ?", parent.map(Value::from)),
            ("backfill = ?", filter.backfill.clone().map(Value::from)),
            ("deployment = ?", filter.deployment.clone().map(Value::from)),
            ("flow = ?", flow.map(Value::from)),
        ]
        .into_iter()
        .filter_map(|(condition, value)| Some((condition, value?)))
        .collect::<Vec<_>>()
        .into_iter();
        let roots = |roots: &[u8]| roots.iter().map(|root| format!("root = {root}")).collect();
        let first = entries.next();
        // A unary plus keeps the condition from the choice of the index.
        for (condition, value) in entries {
            self.holds(&format!("+{condition}"), value);
        }
        let both: &[u8] = if filter.roots_only { &[1] } else { &[0, 1] };
        match first {
            Some((condition, value)) => {
                let mark = self.mark(value);
                let entry = condition.replace('?', &mark);
                if condition.starts_with("flow") {
                    let roots: Vec<String> = roots(both);
                    self.entry = roots
                        .iter()
                        .map(|root| format!("{entry} AND {root}"))
                        .collect();
                } else {
                    self.entry = vec![entry];
                    if filter.roots_only {
                        self.conditions.push("+root = 1".to_owned());
                    }
                }
            }
            // Of all runs the last are found by their number. Who seeks a text looks at each row, and best where they lie.
            None if filter.states.is_empty() && filter.text.is_some() && filter.roots_only => {
                self.conditions.push("+root = 1".to_owned());
            }
            None if !filter.roots_only && filter.states.is_empty() => {}
            None => self.entry = roots(both),
        }
    }

    fn holds(&mut self, condition: &str, value: impl Into<Value>) {
        let mark = self.mark(value);
        self.conditions.push(condition.replace('?', &mark));
    }

    fn mark(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    fn sql(&self, filter: &RunFilter) -> String {
        let holds = self.conditions.iter().map(|one| format!(" AND {one}"));
        let holds: String = holds.collect();
        let mut parts = Vec::new();
        for entry in &self.entry {
            for state in wanted(filter) {
                parts.push(format!(
                    "SELECT id FROM run WHERE {entry} AND state = '{}'{holds}",
                    state.as_str()
                ));
            }
        }
        if parts.is_empty() {
            parts.push(format!("SELECT id FROM run WHERE TRUE{holds}"));
        }
        let mut sql = parts.join("\nUNION ALL ");
        sql.push_str("\nORDER BY id DESC");
        if filter.limit > 0 {
            sql.push_str(&format!(" LIMIT {}", filter.limit));
        }
        sql
    }
}

/// Each state once.
fn wanted(filter: &RunFilter) -> Vec<RunState> {
    if filter.states.is_empty() {
        return RunState::ALL.to_vec();
    }
    let mut seen = HashSet::new();
    let states = filter.states.iter().copied();
    states.filter(|state| seen.insert(*state)).collect()
}

/// The lowest and the highest number that runs accepted in that time may have. Clocks go back and runs come from other
/// stores, so others lie between them.
fn accepted_between(
    connection: &Connection,
    since: Micros,
    until: Micros,
) -> Outcome<Option<(i64, i64)>> {
    let blocks = connection
        .prepare_cached(
            "SELECT min(block), max(block) FROM run_block WHERE last >= ?1 AND first < ?2",
        )?
        .query_row([since, until], |row| {
            Ok(row.get::<_, Option<i64>>(0)?.zip(row.get(1)?))
        })?;
    Ok(blocks.map(|(first, last): (i64, i64)| (first * BLOCK, last * BLOCK + BLOCK - 1)))
}

/// Notes when a run was accepted, for [`accepted_between`].
pub(super) fn note_time(connection: &Connection, run: i64, created: Micros) -> Outcome<()> {
    connection
        .prepare_cached(
            "INSERT INTO run_block (block, first, last) VALUES (?1, ?2, ?2)
             ON CONFLICT (block) DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)",
        )?
        .execute([run / BLOCK, created])?;
    Ok(())
}
