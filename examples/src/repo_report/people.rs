//! Who is who among the authors.

use std::collections::{BTreeMap, HashMap};

use super::analysis::{MonthAuthor, MonthSummary};
use super::combine::Author;
use super::groups::Groups;

/// The people behind the authors of all months: entries with the same e-mail address or the same name are one person.
///
/// People write from several machines with several addresses, and spell their names in several ways; the `.mailmap` of
/// the repository, which could say so, is heeded before but is often missing.
#[derive(Debug, Default)]
pub struct People {
    groups: Groups,
    by_name: HashMap<String, usize>,
    by_email: HashMap<String, usize>,
}

impl People {
    /// Finds out who is who.
    pub fn of(months: &[MonthSummary]) -> Self {
        let mut people = People::default();
        for author in months.iter().flat_map(|month| &month.authors) {
            let (name, email) = keys(author);
            let named =
                (!name.is_empty()).then(|| people.entry(name, |people| &mut people.by_name));
            // Where both are missing, the empty address stands for "nobody".
            if !email.is_empty() || named.is_none() {
                let addressed = people.entry(email, |people| &mut people.by_email);
                if let Some(named) = named {
                    people.groups.join(addressed, named);
                }
            }
        }
        people
    }

    /// The number of the person behind an author.
    pub fn find(&self, author: &MonthAuthor) -> Option<usize> {
        let (name, email) = keys(author);
        let member = self
            .by_name
            .get(&name)
            .or_else(|| self.by_email.get(&email))?;
        Some(self.groups.find(*member))
    }

    /// Everyone, the one with the most commits first.
    pub fn ranking(&self, months: &[MonthSummary]) -> Vec<Author> {
        let mut people: BTreeMap<usize, (Author, BTreeMap<&str, u64>)> = BTreeMap::new();
        for month in months {
            for author in &month.authors {
                let Some(person) = self.find(author) else {
                    continue;
                };
                let (sum, names) = people.entry(person).or_insert_with(|| {
                    let (first, last) = (month.month, month.month);
                    (
                        Author {
                            name: String::new(),
                            commits: 0,
                            added: 0,
                            removed: 0,
                            first,
                            last,
                        },
                        BTreeMap::new(),
                    )
                });
                sum.commits += author.commits;
                sum.added += author.added;
                sum.removed += author.removed;
                sum.first = sum.first.min(month.month);
                sum.last = sum.last.max(month.month);
                // A name is shown rather than an address, which its owner may not want on a page that is passed on.
                *names.entry(author.name.trim()).or_default() += author.commits;
            }
        }
        let mut ranking: Vec<Author> = people
            .into_values()
            .map(|(author, names)| named(author, &names))
            .collect();
        ranking.sort_by(|a, b| b.commits.cmp(&a.commits).then_with(|| a.name.cmp(&b.name)));
        ranking
    }

    fn entry(&mut self, key: String, table: fn(&mut Self) -> &mut HashMap<String, usize>) -> usize {
        if let Some(member) = table(self).get(&key) {
            return *member;
        }
        let member = self.groups.add();
        table(self).insert(key, member);
        member
    }
}

fn named(author: Author, names: &BTreeMap<&str, u64>) -> Author {
    let best = names
        .iter()
        .filter(|(name, _)| !name.is_empty())
        .max_by_key(|(_, commits)| **commits);
    Author {
        name: best.map_or("(no name)", |(name, _)| *name).to_owned(),
        ..author
    }
}

fn keys(author: &MonthAuthor) -> (String, String) {
    (
        author.name.trim().to_lowercase(),
        author.email.trim().to_lowercase(),
    )
}
