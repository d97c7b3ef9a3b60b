//! What one month's commits add up to.
//!
//! A summary is kept small, because it is the recorded result of a task: the counts are exact, and the lists of files
//! and pairs hold what matters of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::changes::Commit;
use super::month::Month;

/// The files that a month keeps, those in most commits first.
const MOST_FILES: usize = 200;
/// The pairs that a month keeps.
const MOST_PAIRS: usize = 200;
/// The renames that a month keeps.
const MOST_RENAMES: usize = 1_000;
/// A commit that touches more files than this says nothing about which of them belong together.
const WIDE_COMMIT: usize = 50;

/// What happened in one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthSummary {
    /// The month.
    pub month: Month,
    /// Commits, without merges.
    pub commits: u64,
    /// Lines added.
    pub added: u64,
    /// Lines removed.
    pub removed: u64,
    /// Everyone who wrote one of the commits.
    pub authors: Vec<MonthAuthor>,
    /// The files in most commits, and all those in `pairs`.
    pub files: Vec<MonthFile>,
    /// Files that got another path, in the order in which it happened.
    pub renames: Vec<Rename>,
    /// The files that changed together most often.
    pub pairs: Vec<MonthPair>,
}

/// The work of one author in one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthAuthor {
    /// The name that the author gave.
    pub name: String,
    /// The e-mail address that the author gave.
    pub email: String,
    /// Commits.
    pub commits: u64,
    /// Lines added.
    pub added: u64,
    /// Lines removed.
    pub removed: u64,
}

/// The changes of one file in one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthFile {
    /// The path that it had then.
    pub path: String,
    /// Commits that touched it.
    pub commits: u64,
    /// Lines added; a binary file has no lines.
    pub added: u64,
    /// Lines removed.
    pub removed: u64,
}

/// A file that got another path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rename {
    /// The path before.
    pub from: String,
    /// The path after.
    pub to: String,
}

/// Two files that changed in the same commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthPair {
    /// The path that sorts first.
    pub first: String,
    /// The other path.
    pub second: String,
    /// Commits that touched both.
    pub commits: u64,
}

/// Adds up the commits of a month.
pub fn summarise(month: Month, commits: &[Commit]) -> MonthSummary {
    let authors = count_authors(commits);
    let files = count_files(commits);
    let pairs = top_pairs(commits, &files);
    MonthSummary {
        month,
        commits: commits.len() as u64,
        added: authors.iter().map(|author| author.added).sum(),
        removed: authors.iter().map(|author| author.removed).sum(),
        files: top_files(files, &pairs),
        renames: renames(commits),
        authors,
        pairs,
    }
}

fn count_authors(commits: &[Commit]) -> Vec<MonthAuthor> {
    let mut authors: BTreeMap<(&str, &str), MonthAuthor> = BTreeMap::new();
    for commit in commits {
        let author = authors
            .entry((&commit.name, &commit.email))
            .or_insert_with(|| MonthAuthor {
                name: commit.name.clone(),
                email: commit.email.clone(),
                commits: 0,
                added: 0,
                removed: 0,
            });
        author.commits += 1;
        for (added, removed) in commit.files.iter().filter_map(|file| file.lines) {
            author.added += added;
            author.removed += removed;
        }
    }
    let mut authors: Vec<MonthAuthor> = authors.into_values().collect();
    authors.sort_by_key(|author| Reverse(author.commits));
    authors
}

fn count_files(commits: &[Commit]) -> HashMap<&str, MonthFile> {
    let mut files: HashMap<&str, MonthFile> = HashMap::new();
    for change in commits.iter().flat_map(|commit| &commit.files) {
        let file = files.entry(&change.path).or_insert_with(|| MonthFile {
            path: change.path.clone(),
            commits: 0,
            added: 0,
            removed: 0,
        });
        let (added, removed) = change.lines.unwrap_or_default();
        file.commits += 1;
        file.added += added;
        file.removed += removed;
    }
    files
}

fn top_pairs(commits: &[Commit], files: &HashMap<&str, MonthFile>) -> Vec<MonthPair> {
    let mut together: HashMap<(&str, &str), u64> = HashMap::new();
    for commit in commits
        .iter()
        .filter(|commit| commit.files.len() <= WIDE_COMMIT)
    {
        let paths: BTreeSet<&str> = commit.files.iter().map(|file| file.path.as_str()).collect();
        let paths: Vec<&str> = paths.into_iter().collect();
        for (index, first) in paths.iter().enumerate() {
            for second in &paths[index + 1..] {
                *together.entry((first, second)).or_default() += 1;
            }
        }
    }
    // Most pairs of a month changed together once; among these, files that change often are the ones to follow.
    let heat = |path: &str| files.get(path).map_or(0, |file| file.commits);
    let mut ranked: Vec<_> = together
        .into_iter()
        .map(|((first, second), commits)| (commits, heat(first) + heat(second), first, second))
        .collect();
    ranked.sort_by(|a, b| {
        (b.0, b.1)
            .cmp(&(a.0, a.1))
            .then_with(|| (a.2, a.3).cmp(&(b.2, b.3)))
    });
    ranked.truncate(MOST_PAIRS);
    ranked
        .into_iter()
        .map(|(commits, _, first, second)| MonthPair {
            first: first.to_owned(),
            second: second.to_owned(),
            commits,
        })
        .collect()
}

/// Keeps the files of every kept pair as well: a pair whose files were not counted would look stronger than it is.
fn top_files(files: HashMap<&str, MonthFile>, pairs: &[MonthPair]) -> Vec<MonthFile> {
    let paired: BTreeSet<&str> = pairs
        .iter()
        .flat_map(|pair| [pair.first.as_str(), pair.second.as_str()])
        .collect();
    let mut files: Vec<MonthFile> = files.into_values().collect();
    files.sort_by(|a, b| {
        (b.commits, b.added + b.removed)
            .cmp(&(a.commits, a.added + a.removed))
            .then_with(|| a.path.cmp(&b.path))
    });
    let mut rank = 0;
    files.retain(|file| {
        rank += 1;
        rank <= MOST_FILES || paired.contains(file.path.as_str())
    });
    files
}

fn renames(commits: &[Commit]) -> Vec<Rename> {
    let changes = commits.iter().flat_map(|commit| &commit.files);
    changes
        .filter_map(|change| {
            Some(Rename {
                from: change.from.clone()?,
                to: change.path.clone(),
            })
        })
        .take(MOST_RENAMES)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo_report::changes::FileChange;

    fn commit(name: &str, files: &[(&str, u64, u64)]) -> Commit {
        let files = files.iter().map(|(path, added, removed)| FileChange {
            path: (*path).to_owned(),
            from: None,
            lines: Some((*added, *removed)),
        });
        Commit {
            name: name.to_owned(),
            email: format!("{name}@example.org"),
            files: files.collect(),
        }
    }

    #[test]
    fn a_month_adds_up() {
        let commits = [
            commit("ann", &[("b", 5, 1), ("a", 2, 0)]),
            commit("bob", &[("a", 1, 1)]),
            commit("ann", &[("a", 1, 0), ("b", 0, 2), ("c", 9, 9)]),
        ];
        let summary = summarise("2026-03".parse().unwrap(), &commits);
        assert_eq!(
            (summary.commits, summary.added, summary.removed),
            (3, 18, 13)
        );
        let authors: Vec<_> = summary
            .authors
            .iter()
            .map(|author| (author.name.as_str(), author.commits))
            .collect();
        assert_eq!(authors, [("ann", 2), ("bob", 1)]);
        let files: Vec<_> = summary
            .files
            .iter()
            .map(|file| (file.path.as_str(), file.commits))
            .collect();
        assert_eq!(files, [("a", 3), ("b", 2), ("c", 1)]);
        let pair = &summary.pairs[0];
        assert_eq!(
            (pair.first.as_str(), pair.second.as_str(), pair.commits),
            ("a", "b", 2)
        );
        assert_eq!(summary.pairs.len(), 3);
    }

    #[test]
    fn wide_commits_pair_nothing_and_lists_stay_short() {
        let paths: Vec<String> = (0..5_000)
            .map(|number| format!("file-{number:04}"))
            .collect();
        let wide: Vec<(&str, u64, u64)> = paths.iter().map(|path| (path.as_str(), 1, 0)).collect();
        let narrow = [("file-4998", 1, 0), ("file-4999", 1, 0)];
        let summary = summarise(
            Month::EPOCH,
            &[commit("ann", &wide), commit("ann", &narrow)],
        );
        assert_eq!(summary.added, 5_002);
        assert_eq!(summary.files.len(), MOST_FILES);
        assert_eq!(summary.pairs.len(), 1);
        assert!(summary.files.iter().any(|file| file.path == "file-4999"));
    }
}
