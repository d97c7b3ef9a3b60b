//! Files of deployments, as `deploy` and the macro `deployments!` both read them.
//!
//! The keys are those of `prefect.yaml`. What is known there and means nothing here is taken with a note; what nobody
//! knows is a fault. All faults of a file are found at once, each with its place.

mod entry;
mod fields;
mod job;
mod node;
mod place;
mod rule;
mod scalar;
mod schedules;
#[cfg(test)]
mod tests;
mod tree;

pub use entry::{CatchupWord, Entry, Limit, Located, WhenFullWord};
pub use node::{Key, Node, Value, map_to_json};
pub use place::{Place, Remark};
pub use rule::{Moment, Rule};
pub use schedules::ScheduleEntry;

use fields::Fields;
use place::Remarks;

/// What a file says.
#[derive(Debug, Default)]
pub struct File {
    /// Its deployments, in their order; of those with faults, what could be read.
    pub deployments: Vec<Entry>,
    /// What is wrong. Nothing may be deployed as long as anything is.
    pub faults: Vec<Remark>,
    /// What a person should know.
    pub notes: Vec<Remark>,
}

/// Reads a file.
pub fn parse(text: &str) -> File {
    let mut remarks = Remarks::default();
    let root = tree::read(text, &mut remarks);
    let mut deployments = Vec::new();
    if let Some(root) = root {
        deployments = read_root(root, &mut remarks);
    } else if remarks.faults.is_empty() {
        let start = Place { line: 1, column: 1 };
        remarks.fault(
            (start, 1),
            "the file is empty; it has a list `deployments:`",
        );
    }
    for found in [&mut remarks.faults, &mut remarks.notes] {
        found.sort_by_key(|remark| remark.place);
        found.dedup();
    }
    File {
        deployments,
        faults: remarks.faults,
        notes: remarks.notes,
    }
}

const ROOT: &[&str] = &[
    "deployments",
    "name",
    "prefect-version",
    "definitions",
    "build",
    "push",
    "pull",
];

fn read_root(root: Node, remarks: &mut Remarks) -> Vec<Entry> {
    let at = root.at();
    let Some(mut fields) = Fields::of(root, "the file", remarks) else {
        return Vec::new();
    };
    let list = fields.take("deployments");
    for quiet in ["name", "prefect-version", "definitions"] {
        fields.take(quiet);
    }
    entry::steps_mean_nothing(&mut fields, remarks);
    fields.finish("key of the file", ROOT, remarks);
    let Some(list) = list else {
        remarks.fault(at, "the file has no list `deployments:`");
        return Vec::new();
    };
    let items = match list.value {
        Value::Null => Vec::new(),
        Value::List(items) => items,
        _ => {
            let message = format!("`deployments` is a list, not {}", list.kind());
            remarks.fault_hint(list.at(), message, "begin each deployment with `- name: …`");
            return Vec::new();
        }
    };
    let entries: Vec<Entry> = items
        .into_iter()
        .filter_map(|item| entry::read(item, remarks))
        .collect();
    for (index, entry) in entries.iter().enumerate() {
        let first = entries[..index]
            .iter()
            .find(|first| first.name.value == entry.name.value);
        if let Some(first) = first {
            let message = format!(
                "two deployments are called `{}`: the first in line {}",
                entry.name.value, first.name.place.line
            );
            let hint = format!(
                "give each its own name, such as `{}-{}`",
                entry.flow_name(),
                entry.name.value
            );
            remarks.fault_hint(entry.name.at(), message, hint);
        }
    }
    entries
}
