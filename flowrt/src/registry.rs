//! The flows and tasks of this program, collected at link time.

mod sites;

use std::collections::{BTreeMap, HashMap};

#[cfg(feature = "deployments")]
use crate::author::meta::RegisteredDeployments;
use crate::author::meta::{Kind, Limit, Meta, Registered, RegisteredLimit};
use crate::error::{Error, ErrorKind, Result};

pub(crate) use sites::{callees, named};

/// All flows by name; two flows or tasks of one name are an error that names both places.
pub(crate) fn flows() -> Result<HashMap<&'static str, &'static Meta>> {
    unique(everything(), false)
}

/// All tasks by name, for what explains a record: the engine reaches tasks through their calls.
pub(crate) fn tasks() -> Result<HashMap<&'static str, &'static Meta>> {
    unique(everything(), true)
}

fn everything() -> impl Iterator<Item = &'static Meta> {
    inventory::iter::<Registered>
        .into_iter()
        .map(|registered| registered.0)
}

fn unique(
    all: impl Iterator<Item = &'static Meta>,
    want_tasks: bool,
) -> Result<HashMap<&'static str, &'static Meta>> {
    let mut names: BTreeMap<(bool, &'static str), &'static Meta> = BTreeMap::new();
    for meta in all {
        let is_task = meta.kind == Kind::Task;
        if let Some(other) = names.insert((is_task, meta.name), meta) {
            let what = if is_task { "tasks" } else { "flows" };
            let message = format!(
                "two {what} have the name `{}`: {}:{} and {}:{}",
                meta.name, other.file, other.line, meta.file, meta.line
            );
            return Err(Error::new(ErrorKind::Input, message)
                .hint("give one of them another name: name = \"…\""));
        }
    }
    Ok(names
        .into_iter()
        .filter(|((is_task, _), _)| *is_task == want_tasks)
        .map(|((_, name), meta)| (name, meta))
        .collect())
}

/// The files of deployments that this program has in it, by name.
#[cfg(feature = "deployments")]
pub(crate) fn deployments() -> Vec<&'static RegisteredDeployments> {
    let mut files: Vec<_> = inventory::iter::<RegisteredDeployments>
        .into_iter()
        .collect();
    files.sort_by_key(|registered| registered.file);
    files
}

/// The limits of this program, by name.
pub(crate) fn limits() -> BTreeMap<&'static str, &'static Limit> {
    inventory::iter::<RegisteredLimit>
        .into_iter()
        .map(|registered| (registered.0.name, registered.0))
        .collect()
}

/// Why a flow may be missing that somebody has written. A linker leaves out a crate that nothing names.
pub(crate) const NOT_NAMED: &str =
    "a crate of flows must be named where the program starts: flowrt::main!(flows = [my_flows])";

/// What is said by a program without flows.
pub(crate) fn none() -> Error {
    Error::new(ErrorKind::NotFound, "this program has no flows").hint(NOT_NAMED)
}

/// What is said about a flow that this program does not have.
pub(crate) fn unknown(name: &str, known: &HashMap<&'static str, &'static Meta>) -> Error {
    if known.is_empty() {
        return none();
    }
    let error = Error::new(
        ErrorKind::NotFound,
        format!("there is no flow `{name}` in this program"),
    );
    match flowrt_grammar::closest(name, known.keys().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => {
            let mut names: Vec<_> = known.keys().copied().collect();
            names.sort_unstable();
            error.hint(format!("its flows: {}; {NOT_NAMED}", names.join(", ")))
        }
    }
}
