//! Parameters that are secrets: a person refers to them, and their values are never shown.

use serde_json::Value;

use super::schema::Place;
use crate::author::secret::{FIELD, Reference};
use crate::mask;

/// The reference that a person typed. A value that is typed itself is refused: it would stay in the history of the shell
/// and in the list of processes.
///
/// # Errors
/// What to type instead, without what was typed.
pub fn typed(texts: &[&str]) -> Result<Value, String> {
    let [text] = texts else {
        return Err(format!("is given {} times, and takes one", texts.len()));
    };
    match Reference::parse(text) {
        // The run may go on in another folder.
        Some(Reference::File(path)) => {
            let path = std::path::absolute(&path).map_or(path, |path| path.display().to_string());
            Ok(Reference::File(path).to_json())
        }
        Some(reference) => Ok(reference.to_json()),
        None => Err(format!(
            "is a secret, and a value typed here stays in the shell's history; write @NAME (after `secrets set NAME`), env:NAME or file:PATH{}",
            if text.starts_with('{') {
                ", or give a value by --params"
            } else {
                ""
            }
        )),
    }
}

/// The reference to a variable of the environment.
pub fn in_environment(variable: &str) -> Value {
    Reference::Env(variable.to_owned()).to_json()
}

/// A recorded secret as a person may see it.
pub fn shown(value: &Value) -> String {
    let text = value.get(FIELD).and_then(Value::as_str);
    let reference = text.and_then(Reference::parse);
    reference.map_or_else(|| mask::MASK.to_owned(), |reference| reference.to_string())
}

/// Whether a parameter is a secret or may hold one.
pub(super) fn may_hold(root: Place<'_>, name: &str) -> bool {
    let written = |value: Option<&Value>| {
        value.is_some_and(|value| value.to_string().contains("\"writeOnly\":true"))
    };
    // A type that is referred to may hold one too, wherever it is used.
    written(root.get("properties").and_then(|fields| fields.get(name)))
        || written(root.get("$defs"))
}

/// Learns the values of secrets that stand in clear in a parameter, so that no fault shows them.
pub(super) fn hide(place: Place<'_>, value: &Value) {
    let place = place.inner();
    if place.is_secret() {
        if value.get(FIELD).is_none() {
            mask::add_json(value);
        }
        return;
    }
    let below: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| (index.to_string(), item))
            .collect(),
        _ => Vec::new(),
    };
    for (key, value) in below {
        if let Some(place) = place.child(&key) {
            hide(place, value);
        }
    }
}
