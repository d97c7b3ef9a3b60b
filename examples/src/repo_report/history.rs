//! The outline of a repository: which commits belong to which month.
//!
//! `git log --since --until` is not used: it stops at the first commit that looks too old, so one wrong clock in the
//! history hides everything behind it. Instead, one pass over all commits, which reads no contents and is therefore
//! cheap, deals them out to months; each month then is an independent piece of work with its own list of commits.
//! Because that list says exactly what the work is, a cached result of a month stays good until a commit is added to it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::Result;
use super::git::Git;
use super::month::Month;

/// The outline of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// What the report says about the repository itself.
    pub repo: Repo,
    /// The months that have commits, oldest first.
    pub months: Vec<MonthCommits>,
}

/// Which repository, and where in its history the report stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repo {
    /// The name of its folder.
    pub name: String,
    /// The revision that was asked for, such as `HEAD`.
    pub revision: String,
    /// The id of its commit.
    pub head: String,
    /// The day of that commit, such as `2026-03-14`.
    pub date: String,
    /// The clone holds only the newest part of the history.
    pub shallow: bool,
}

/// The commits of one month, by the author's own calendar, without merges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthCommits {
    /// The month.
    pub month: Month,
    /// The full ids, each after its parents.
    pub commits: Vec<String>,
}

/// Reads the outline of the history of `revision` in the repository at `path`.
///
/// Merges are left out: what they bring has its own commits, which are counted where they were written.
pub fn outline(path: &str, revision: &str) -> Result<History> {
    let git = Git::at(path);
    let head = git.commit(revision)?;
    let listing = git.bytes(
        &[
            "rev-list",
            "--no-merges",
            "--topo-order",
            "--reverse",
            "--date=short",
            "--format=%ad",
            &head,
        ],
        "",
    )?;
    let repo = Repo {
        name: name(git, path)?,
        revision: revision.to_owned(),
        date: last_line(&git.text(&[
            "rev-list",
            "--max-count=1",
            "--date=short",
            "--format=%cd",
            &head,
        ])?),
        shallow: git.text(&["rev-parse", "--is-shallow-repository"])? == "true",
        head,
    };
    Ok(History {
        repo,
        months: by_month(&String::from_utf8_lossy(&listing)),
    })
}

/// Deals out commits to months; `listing` has a line `commit ID` and a line `YYYY-MM-DD` for each.
fn by_month(listing: &str) -> Vec<MonthCommits> {
    let mut months: BTreeMap<Month, Vec<String>> = BTreeMap::new();
    let mut lines = listing.lines();
    while let Some(line) = lines.next() {
        let Some(id) = line.strip_prefix("commit ") else {
            continue;
        };
        let date = lines.next().unwrap_or_default();
        let month = date
            .rsplit_once('-')
            .and_then(|(month, _)| month.parse().ok());
        months
            .entry(month.unwrap_or(Month::EPOCH))
            .or_default()
            .push(id.to_owned());
    }
    months
        .into_iter()
        .map(|(month, commits)| MonthCommits { month, commits })
        .collect()
}

/// The name of the folder of the repository; for a bare one that of the repository itself.
fn name(git: Git<'_>, path: &str) -> Result<String> {
    let bare = git.text(&["rev-parse", "--is-bare-repository"])? == "true";
    let folder = git.text(&[
        "rev-parse",
        if bare {
            "--absolute-git-dir"
        } else {
            "--show-toplevel"
        },
    ])?;
    let name = Path::new(&folder)
        .file_name()
        .map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into());
    Ok(name
        .strip_suffix(".git")
        .filter(|rest| !rest.is_empty())
        .map(str::to_owned)
        .unwrap_or(name))
}

fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_go_to_their_month_in_any_order() {
        let listing = "commit a\n2026-02-01\ncommit b\n2025-12-31\ncommit c\n2026-02-28\ncommit d\nnonsense\n";
        let months = by_month(listing);
        let flat: Vec<(String, String)> = months
            .iter()
            .map(|month| (month.month.to_string(), month.commits.join(" ")))
            .collect();
        let expected = [("1970-01", "d"), ("2025-12", "b"), ("2026-02", "a c")];
        assert_eq!(
            flat,
            expected.map(|(month, ids)| (month.to_owned(), ids.to_owned()))
        );
    }
}
