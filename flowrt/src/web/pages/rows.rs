//! Runs as rows of a table.

use askama::Template;

use super::links;
use crate::error::{Error, Result};
use crate::model::record::{RunRecord, TaskCounts};
use crate::ops::{Engine, RunFilter};
use crate::web::answer::rendered;
use crate::web::moment::{Moment, between};
use crate::web::signs;

/// A run as a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub name: String,
    pub href: String,
    pub flow: String,
    pub flow_href: String,
    /// The deployment that it is a run of, where that is not what its flow is called.
    pub deployment: Option<String>,
    /// HTML.
    pub state: String,
    pub tone: &'static str,
    pub tasks: u64,
    pub failed: u64,
    /// HTML.
    pub started: String,
    /// HTML.
    pub took: String,
    /// What more there is to say: what it failed of, that its process is gone.
    pub note: String,
}

#[derive(Template)]
#[template(path = "run_rows.html")]
struct Rows<'a> {
    rows: &'a [Row],
    with_flow: bool,
}

/// The table of these rows in HTML.
pub(super) fn table(rows: &[Row], with_flow: bool) -> String {
    rendered(&Rows { rows, with_flow })
}

/// Reads runs as rows, newest first.
///
/// # Errors
/// If the store fails.
pub(super) async fn read(engine: &Engine, filter: RunFilter) -> Result<Vec<Row>> {
    let records = engine.runs(filter).await?;
    of(engine, &records).await
}

/// These runs as rows.
///
/// # Errors
/// If the store fails.
pub(super) async fn of(engine: &Engine, records: &[RunRecord]) -> Result<Vec<Row>> {
    let ids = records.iter().map(|record| record.id).collect();
    let counts = engine.task_counts(ids).await?;
    let moment = Moment::now(engine);
    let both = records.iter().zip(counts);
    Ok(both
        .map(|(record, counts)| row(record, counts, engine.is_orphaned(record), &moment))
        .collect())
}

fn row(record: &RunRecord, counts: TaskCounts, is_orphaned: bool, moment: &Moment) -> Row {
    let error = record.error.as_ref().map(|error| Error::from_json(error));
    let note = match error {
        _ if is_orphaned => "its process is gone".to_owned(),
        Some(error) => root_cause(&error)
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned(),
        None => String::new(),
    };
    Row {
        name: record.name.clone(),
        href: links::run(&record.name),
        flow: record.flow_shown().to_owned(),
        deployment: record
            .dispatch
            .deployment
            .clone()
            .filter(|deployment| deployment != record.flow_shown()),
        flow_href: links::flow(&record.flow),
        state: signs::of_run(record.state),
        tone: signs::run_tone(record.state),
        tasks: counts.total,
        failed: counts.failed,
        started: moment.ago(record.started.unwrap_or(record.created)),
        took: took(record, moment),
        note,
    }
}

/// How long a run took, or has taken so far, in HTML; nothing if it has not begun.
pub(super) fn took(record: &RunRecord, moment: &Moment) -> String {
    match (record.started, record.finished) {
        (Some(started), Some(finished)) => between(started, finished),
        (Some(started), None) if !record.state.needs_person() => moment.since(started),
        _ => String::new(),
    }
}

/// What it all began with: the last of the causes.
pub(super) fn root_cause(error: &Error) -> &str {
    error.chain().last().unwrap_or_else(|| error.message())
}
