//! The report as a flow: the months run beside each other, and a killed report goes on with the months it has.

use flowrt::prelude::*;

use super::analysis::MonthSummary;
use super::combine::RepoSummary;
use super::history::{History, MonthCommits, Repo};

/// Deals the history out to its months.
#[task]
fn read_history(path: String, revision: String) -> Result<History> {
    Ok(super::read_history(path, revision)?)
}

/// Adds up the changes of one month. A month is done once and for all, until a commit is added to it: the next report, and one of
/// another clone, takes it as it is kept.
#[task(retries = 1, cache = "90d", cache_key = commits_of)]
fn summarise_month(path: String, month: MonthCommits) -> Result<MonthSummary> {
    Ok(super::summarise_month(path, month)?)
}

/// The ids of commits say what is in them, wherever the repository is.
fn commits_of(_path: &String, month: &MonthCommits) -> String {
    month.commits.join(" ")
}

/// Puts the months together.
#[task]
fn combine_months(months: Vec<MonthSummary>) -> RepoSummary {
    super::combine(months)
}

/// Writes the page, and publishes it with its table of hot files: `artifacts show hot-files`.
#[task]
fn write_report(
    ctx: &TaskContext,
    repo: Repo,
    summary: RepoSummary,
    out: String,
) -> Result<String> {
    let hot = Artifact::table(["path", "commits", "added", "removed"], &summary.files);
    ctx.artifact("hot-files", hot.describe("the files in most commits"))?;
    let page = super::html::page(&repo, &summary);
    let path = super::save::save(&out, &page)?;
    ctx.artifact("repo-report", Artifact::file("repo_report.html", page))?;
    Ok(path)
}

/// A report on a git repository: churn, authors, hot files, what changes together.
#[flow]
async fn repo_report(
    #[arg(default = ".", help = "the repository")] path: String,
    #[arg(default = "HEAD", help = "the branch or commit")] revision: String,
    #[arg(default = "repo_report.html", help = "where the page goes")] out: String,
) -> Result<String> {
    let history = read_history(path.clone(), revision).await?;
    let months = map(history.months, |month| summarise_month(path.clone(), month))
        .label(|month| month.month)
        .await?;
    let summary = combine_months(months).await?;
    write_report(history.repo, summary, out).await
}
