//! A report on any git repository: how much happened when, by whom, in which files, and which files change together.
//!
//! The history is dealt out to its months, each month is summarised for itself, and the summaries are put together:
//!
//! ```text
//! read_history ─▶ summarise_month ×months ─▶ combine ─▶ write_report
//! ```

pub mod analysis;
pub mod changes;
pub mod charts;
pub mod combine;
pub mod error;
pub mod files;
mod flow;
pub mod git;
pub mod groups;
pub mod history;
pub mod html;
pub mod lying_bars;
pub mod month;
pub mod people;
pub mod save;
pub mod scale;
pub mod text;

#[cfg(test)]
mod made_repository;
#[cfg(test)]
mod tests;

use analysis::MonthSummary;
use combine::RepoSummary;
use error::Result;
#[cfg(test)]
use history::Repo;
use history::{History, MonthCommits};

/// Reads which commits belong to which month; the contents are left to the months.
pub fn read_history(path: String, revision: String) -> Result<History> {
    history::outline(&path, &revision)
}

/// Reads and adds up the changes of one month.
pub fn summarise_month(path: String, month: MonthCommits) -> Result<MonthSummary> {
    let changes = changes::read_changes(&path, &month.commits)?;
    Ok(analysis::summarise(month.month, &changes))
}

/// Puts the months together.
pub fn combine(months: Vec<MonthSummary>) -> RepoSummary {
    combine::combine(months)
}

/// Writes the page and gives its full path.
#[cfg(test)]
pub fn write_report(repo: Repo, summary: RepoSummary, out: String) -> Result<String> {
    save::save(&out, &html::page(&repo, &summary))
}

/// Makes the whole report, one step after the other.
#[cfg(test)]
pub fn report(path: String, revision: String, out: String) -> Result<String> {
    let history = read_history(path.clone(), revision)?;
    let months: Result<Vec<MonthSummary>> = history
        .months
        .into_iter()
        .map(|month| summarise_month(path.clone(), month))
        .collect();
    write_report(history.repo, combine(months?), out)
}
