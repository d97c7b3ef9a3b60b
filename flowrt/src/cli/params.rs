//! The parameters of a flow from the command line.

use clap::ArgMatches;

use crate::author::meta::Meta;
use crate::error::{Error, ErrorKind, Result};

/// The parameters as a JSON object: each value as JSON if its type takes it so, else as text. Lists every error.
pub(super) fn parameters(meta: &Meta, matches: &ArgMatches) -> Result<serde_json::Value> {
    let mut object = serde_json::Map::new();
    let mut faults = Vec::new();
    for param in meta.params {
        let Some(text) = matches.get_one::<String>(param.name) else {
            continue;
        };
        let as_text = serde_json::Value::String(text.clone());
        let as_json = serde_json::from_str::<serde_json::Value>(text).ok();
        let mut candidates = as_json.into_iter().chain([as_text]);
        match candidates
            .clone()
            .find(|value| (param.check)(value).is_ok())
        {
            Some(value) => {
                object.insert(param.name.to_owned(), value);
            }
            None => {
                let fault = candidates
                    .next()
                    .and_then(|value| (param.check)(&value).err())
                    .map_or_else(String::new, |(_, fault)| fault);
                faults.push(format!("--{} {text}: {fault}", param.flag));
            }
        }
    }
    if faults.is_empty() {
        return Ok(serde_json::Value::Object(object));
    }
    let hint = format!("see its parameters: run {} --help", meta.name);
    Err(Error::new(ErrorKind::Input, faults.join("\n")).hint(hint))
}
