//! All months together: totals, the course of time, and who and what stands out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::analysis::MonthSummary;
use super::files::{self, HotFile, Pair};
use super::month::{Month, Span};
use super::people::People;

/// The authors that a summary names.
const MOST_AUTHORS: usize = 50;

/// What the whole history adds up to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepoSummary {
    /// The sums.
    pub totals: Totals,
    /// How much time each of `periods` stands for.
    pub span: Span,
    /// The course of time without gaps, oldest first.
    pub periods: Vec<Period>,
    /// Those with the most commits, first.
    pub authors: Vec<Author>,
    /// The files in most commits, first.
    pub files: Vec<HotFile>,
    /// The files that change together, the strongest first.
    pub pairs: Vec<Pair>,
}

/// Sums over the whole history.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Commits, without merges.
    pub commits: u64,
    /// Lines added.
    pub added: u64,
    /// Lines removed.
    pub removed: u64,
    /// Everyone who wrote a commit.
    pub authors: u64,
    /// The smallest number of authors who wrote half of the commits.
    pub bus_factor: u64,
    /// The first and the last month with a commit.
    pub range: Option<(Month, Month)>,
}

/// One bar of the charts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Its first month.
    pub start: Month,
    /// Commits.
    pub commits: u64,
    /// Lines added.
    pub added: u64,
    /// Lines removed.
    pub removed: u64,
    /// Everyone who wrote a commit in it.
    pub authors: u64,
    /// Those among them whose first commit this was.
    pub new_authors: u64,
}

/// The work of one author over the whole history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The name used most.
    pub name: String,
    /// Commits.
    pub commits: u64,
    /// Lines added.
    pub added: u64,
    /// Lines removed.
    pub removed: u64,
    /// The month of the first commit.
    pub first: Month,
    /// The month of the last commit.
    pub last: Month,
}

/// Puts the months together, in whatever order they come.
pub fn combine(mut months: Vec<MonthSummary>) -> RepoSummary {
    months.sort_by_key(|month| month.month);
    let range = months
        .first()
        .zip(months.last())
        .map(|(first, last)| (first.month, last.month));
    let span = range.map_or(Span::Month, |(first, last)| Span::fitting(first, last));
    let people = People::of(&months);
    let mut authors = people.ranking(&months);
    let commits = months.iter().map(|month| month.commits).sum();
    let totals = Totals {
        commits,
        added: months.iter().map(|month| month.added).sum(),
        removed: months.iter().map(|month| month.removed).sum(),
        authors: authors.len() as u64,
        bus_factor: bus_factor(&authors, commits),
        range,
    };
    authors.truncate(MOST_AUTHORS);
    let periods = periods(&months, &people, span, range);
    let (files, pairs) = files::follow(&months);
    RepoSummary {
        totals,
        span,
        periods,
        authors,
        files,
        pairs,
    }
}

/// `ranking` has the author with the most commits first.
fn bus_factor(ranking: &[Author], commits: u64) -> u64 {
    let mut sum = 0;
    let enough = ranking.iter().position(|author| {
        sum += author.commits;
        sum * 2 >= commits
    });
    enough.map_or(0, |index| index as u64 + 1)
}

fn periods(
    months: &[MonthSummary],
    people: &People,
    span: Span,
    range: Option<(Month, Month)>,
) -> Vec<Period> {
    let Some((first, last)) = range else {
        return Vec::new();
    };
    let empty = |start| Period {
        start,
        commits: 0,
        added: 0,
        removed: 0,
        authors: 0,
        new_authors: 0,
    };
    let mut periods: BTreeMap<Month, Period> = span
        .through(first, last)
        .map(|start| (start, empty(start)))
        .collect();
    let mut active: HashMap<Month, BTreeSet<usize>> = HashMap::new();
    let mut known = BTreeSet::new();
    for month in months {
        let start = span.start(month.month);
        let period = periods.entry(start).or_insert_with(|| empty(start));
        period.commits += month.commits;
        period.added += month.added;
        period.removed += month.removed;
        for author in &month.authors {
            let Some(person) = people.find(author) else {
                continue;
            };
            period.authors += u64::from(active.entry(start).or_default().insert(person));
            period.new_authors += u64::from(known.insert(person));
        }
    }
    periods.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo_report::analysis::MonthAuthor;

    fn month(month: &str, authors: &[(&str, &str, u64)]) -> MonthSummary {
        let authors = authors.iter().map(|(name, email, commits)| MonthAuthor {
            name: (*name).to_owned(),
            email: (*email).to_owned(),
            commits: *commits,
            added: 10,
            removed: 1,
        });
        let authors: Vec<MonthAuthor> = authors.collect();
        MonthSummary {
            month: month.parse().unwrap(),
            commits: authors.iter().map(|author| author.commits).sum(),
            added: authors.iter().map(|author| author.added).sum(),
            removed: authors.iter().map(|author| author.removed).sum(),
            authors,
            files: Vec::new(),
            renames: Vec::new(),
            pairs: Vec::new(),
        }
    }

    #[test]
    fn months_in_any_order_make_one_course_of_time() {
        let summary = combine(vec![
            month("2026-03", &[("Ann", "ann@work", 1), ("Cy", "cy@x", 2)]),
            month("2026-01", &[("ann", "ann@home", 3), ("Bob", "bob@x", 1)]),
            month("2026-04", &[("A. Nn", "ANN@home", 4)]),
        ]);
        let course: Vec<_> = summary
            .periods
            .iter()
            .map(|period| {
                (
                    period.start.to_string(),
                    period.commits,
                    period.authors,
                    period.new_authors,
                )
            })
            .collect();
        let expected = [
            ("2026-01", 4, 2, 2),
            ("2026-02", 0, 0, 0),
            ("2026-03", 3, 2, 1),
            ("2026-04", 4, 1, 0),
        ];
        assert_eq!(
            course,
            expected.map(|(start, commits, all, new)| (start.to_owned(), commits, all, new))
        );
        assert_eq!(
            (
                summary.totals.commits,
                summary.totals.authors,
                summary.totals.added
            ),
            (11, 3, 50)
        );
        let ann = &summary.authors[0];
        assert_eq!(
            (ann.name.as_str(), ann.commits, ann.added),
            ("A. Nn", 8, 30)
        );
        assert_eq!(
            (ann.first.to_string(), ann.last.to_string()),
            ("2026-01".to_owned(), "2026-04".to_owned())
        );
        assert_eq!(summary.totals.bus_factor, 1);
    }

    #[test]
    fn half_of_the_commits_need_so_many_authors() {
        let even = month(
            "2026-01",
            &[
                ("a", "a@x", 1),
                ("b", "b@x", 1),
                ("c", "c@x", 1),
                ("d", "d@x", 1),
            ],
        );
        assert_eq!(combine(vec![even]).totals.bus_factor, 2);
        let three = month(
            "2026-01",
            &[("a", "a@x", 1), ("b", "b@x", 1), ("c", "c@x", 1)],
        );
        assert_eq!(combine(vec![three]).totals.bus_factor, 2);
        let nothing = combine(Vec::new());
        assert_eq!(
            (
                nothing.totals.bus_factor,
                nothing.periods.len(),
                nothing.totals.range
            ),
            (0, 0, None)
        );
    }

    #[test]
    fn authors_without_a_name_or_an_address_stay_apart() {
        let summary = combine(vec![month(
            "2026-01",
            &[("", "a@x", 1), ("", "b@x", 1), ("c", "", 1), ("d", "", 1)],
        )]);
        assert_eq!(summary.totals.authors, 4);
    }
}
