//! Files over the whole history, under the name that they have today.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::analysis::MonthSummary;
use super::groups::Groups;

/// The files that a summary names.
const MOST_FILES: usize = 50;
/// The pairs that a summary names.
const MOST_PAIRS: usize = 50;
/// Below this many commits in common, two files may have met by chance.
const LEAST_SUPPORT: u64 = 3;
/// Below this share, two files met because one of them is in so many commits.
const LEAST_CONFIDENCE: f64 = 0.2;

/// The changes of one file over the whole history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HotFile {
    /// The path after all renames.
    pub path: String,
    /// Commits that touched it, under any name.
    pub commits: u64,
    /// Lines added.
    pub added: u64,
    /// Lines removed.
    pub removed: u64,
}

/// Two files that change together: when `changed` does, so does `with`, in a `confidence` share of its commits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The file of which the larger share of commits is in common.
    pub changed: String,
    /// The other file.
    pub with: String,
    /// Commits that touched both.
    pub support: u64,
    /// `support` divided by the commits of `changed`, 0 to 1.
    pub confidence: f64,
}

/// Follows each file through its renames; the months are in order.
pub fn follow(months: &[MonthSummary]) -> (Vec<HotFile>, Vec<Pair>) {
    let mut tracks = Tracks::default();
    for month in months {
        for file in &month.files {
            let track = tracks.at(&file.path);
            let sum = &mut tracks.sums[track];
            sum.commits += file.commits;
            sum.added += file.added;
            sum.removed += file.removed;
        }
        for pair in &month.pairs {
            let (first, second) = (tracks.at(&pair.first), tracks.at(&pair.second));
            *tracks.together.entry((first, second)).or_default() += pair.commits;
        }
        // Last, because the month has counted a renamed file under both names.
        for rename in &month.renames {
            tracks.rename(&rename.from, &rename.to);
        }
    }
    let files = tracks.files();
    let pairs = tracks.pairs(&files);
    let mut ranked: Vec<HotFile> = files.into_values().collect();
    ranked.sort_by(|a, b| {
        (b.commits, b.added + b.removed)
            .cmp(&(a.commits, a.added + a.removed))
            .then_with(|| a.path.cmp(&b.path))
    });
    ranked.truncate(MOST_FILES);
    (ranked, pairs)
}

/// Every path that was ever seen has a track; the tracks of one renamed file form a group.
#[derive(Debug, Default)]
struct Tracks {
    by_path: HashMap<String, usize>,
    groups: Groups,
    sums: Vec<HotFile>,
    together: HashMap<(usize, usize), u64>,
}

impl Tracks {
    fn at(&mut self, path: &str) -> usize {
        if let Some(track) = self.by_path.get(path) {
            return *track;
        }
        let track = self.groups.add();
        self.by_path.insert(path.to_owned(), track);
        self.sums.push(HotFile {
            path: path.to_owned(),
            commits: 0,
            added: 0,
            removed: 0,
        });
        track
    }

    /// Whatever is later found at `from` is another file.
    fn rename(&mut self, from: &str, to: &str) {
        let (old, new) = (self.at(from), self.at(to));
        self.groups.join(old, new);
        self.by_path.remove(from);
        let known_by = self.groups.find(new);
        self.sums[known_by].path = to.to_owned();
    }

    fn files(&self) -> HashMap<usize, HotFile> {
        let mut files: HashMap<usize, HotFile> = HashMap::new();
        for (track, sum) in self.sums.iter().enumerate() {
            let known_by = self.groups.find(track);
            let path = &self.sums[known_by].path;
            let file = files.entry(known_by).or_insert_with(|| HotFile {
                path: path.clone(),
                commits: 0,
                added: 0,
                removed: 0,
            });
            file.commits += sum.commits;
            file.added += sum.added;
            file.removed += sum.removed;
        }
        files.retain(|_, file| file.commits > 0);
        files
    }

    fn pairs(&self, files: &HashMap<usize, HotFile>) -> Vec<Pair> {
        let mut sums: HashMap<(usize, usize), u64> = HashMap::new();
        for ((first, second), commits) in &self.together {
            let (first, second) = (self.groups.find(*first), self.groups.find(*second));
            if first != second {
                *sums
                    .entry((first.min(second), first.max(second)))
                    .or_default() += commits;
            }
        }
        let mut pairs: Vec<Pair> = sums
            .into_iter()
            .filter(|(_, support)| *support >= LEAST_SUPPORT)
            .filter_map(|((first, second), support)| {
                Some(pair(files.get(&first)?, files.get(&second)?, support))
            })
            .collect();
        pairs.retain(|pair| pair.confidence >= LEAST_CONFIDENCE);
        let strength = |pair: &Pair| pair.support as f64 * pair.confidence;
        pairs.sort_by(|a, b| {
            strength(b)
                .total_cmp(&strength(a))
                .then_with(|| (&a.changed, &a.with).cmp(&(&b.changed, &b.with)))
        });
        pairs.truncate(MOST_PAIRS);
        pairs
    }
}

fn pair(a: &HotFile, b: &HotFile, support: u64) -> Pair {
    let (changed, with) = if (a.commits, &a.path) <= (b.commits, &b.path) {
        (a, b)
    } else {
        (b, a)
    };
    Pair {
        changed: changed.path.clone(),
        with: with.path.clone(),
        support,
        confidence: support as f64 / changed.commits.max(support) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo_report::analysis::{MonthFile, MonthPair, Rename};

    fn month(
        month: &str,
        files: &[(&str, u64)],
        pairs: &[(&str, &str, u64)],
        renames: &[(&str, &str)],
    ) -> MonthSummary {
        let (commits, added, removed) = (0, 0, 0);
        let file = |(path, commits): &(&str, u64)| MonthFile {
            path: (*path).to_owned(),
            commits: *commits,
            added,
            removed,
        };
        let pair = |(first, second, commits): &(&str, &str, u64)| MonthPair {
            first: (*first).to_owned(),
            second: (*second).to_owned(),
            commits: *commits,
        };
        let rename = |(from, to): &(&str, &str)| Rename {
            from: (*from).to_owned(),
            to: (*to).to_owned(),
        };
        MonthSummary {
            month: month.parse().unwrap(),
            commits,
            added,
            removed,
            authors: Vec::new(),
            files: files.iter().map(file).collect(),
            pairs: pairs.iter().map(pair).collect(),
            renames: renames.iter().map(rename).collect(),
        }
    }

    #[test]
    fn a_renamed_file_keeps_its_past() {
        let (files, pairs) = follow(&[
            month("2026-01", &[("a", 4), ("z", 2)], &[("a", "z", 2)], &[]),
            month("2026-02", &[("a", 1), ("b", 1)], &[], &[("a", "b")]),
            month(
                "2026-03",
                &[("b", 2), ("z", 2), ("a", 5)],
                &[("b", "z", 1)],
                &[("b", "c")],
            ),
        ]);
        let files: Vec<_> = files
            .iter()
            .map(|file| (file.path.as_str(), file.commits))
            .collect();
        assert_eq!(files, [("c", 8), ("a", 5), ("z", 4)]);
        assert_eq!(pairs.len(), 1);
        assert_eq!(
            (
                pairs[0].changed.as_str(),
                pairs[0].with.as_str(),
                pairs[0].support
            ),
            ("z", "c", 3)
        );
        assert_eq!(pairs[0].confidence, 0.75);
    }

    #[test]
    fn a_rename_there_and_back_ends_where_it_began() {
        let (files, _) = follow(&[
            month("2026-01", &[("a", 1)], &[], &[("a", "b")]),
            month("2026-02", &[("b", 1)], &[], &[("b", "a")]),
            month("2026-03", &[("a", 1)], &[], &[]),
        ]);
        let files: Vec<_> = files
            .iter()
            .map(|file| (file.path.as_str(), file.commits))
            .collect();
        assert_eq!(files, [("a", 3)]);
    }

    #[test]
    fn files_that_met_by_chance_are_no_pair() {
        for (commits, together) in [(2, 2), (30, 5)] {
            let files = [("a", commits), ("b", commits)];
            let (_, pairs) = follow(&[month("2026-01", &files, &[("a", "b", together)], &[])]);
            assert!(pairs.is_empty());
        }
    }
}
