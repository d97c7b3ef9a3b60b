//! What was typed, as values.

use serde_json::{Map, Value};

use super::fields::{Look, look};
use super::input_name;
use crate::author::meta::Meta;
use crate::ops::params::schema::{Kind, Place};
use crate::ops::params::{Fault, faults, schema_of, text};

/// The parameters that a person typed. An empty field stands for the default, unless it holds text.
///
/// # Errors
/// Everything that is wrong with them.
pub(in crate::web) fn read(
    meta: &Meta,
    pairs: &[(String, String)],
) -> Result<Map<String, Value>, Vec<Fault>> {
    let schema = schema_of(meta);
    let root = Place::root(&schema);
    let mut values = Map::new();
    let mut wrong = Vec::new();
    for param in meta.params {
        let Some(place) = root.child(param.name) else {
            continue;
        };
        let input = input_name(param.name);
        // A box that is not ticked is not sent; what stands before it says that it was there.
        let typed = pairs.iter().rev().find(|(name, _)| *name == input);
        let Some((_, typed)) = typed else { continue };
        let has_default = param.default.is_some();
        match value(place, typed, has_default) {
            Ok(None) => {}
            Ok(Some(value)) => {
                values.insert(param.name.to_owned(), value);
            }
            Err(message) => wrong.push(Fault {
                path: param.name.to_owned(),
                message,
            }),
        }
    }
    let unreadable: Vec<String> = wrong.iter().map(|fault| fault.path.clone()).collect();
    let found = faults(meta, &values).into_iter();
    // What could not be read is not missing.
    wrong.extend(found.filter(|fault| !unreadable.contains(&fault.path)));
    if wrong.is_empty() {
        Ok(values)
    } else {
        Err(wrong)
    }
}

/// The value of a field; nothing where its default is to hold.
fn value(place: Place<'_>, typed: &str, has_default: bool) -> Result<Option<Value>, String> {
    let look = look(place);
    let is_text = place.inner().kind() == Kind::Text;
    if typed.trim().is_empty() && !(is_text && has_default && !place.takes_null()) {
        // Nothing is a value of its own where it may be one: a default other than nothing was taken away.
        return Ok((place.takes_null() && has_default).then_some(Value::Null));
    }
    let typed = match look {
        Look::Lines if !is_text => {
            let lines = typed.lines().map(str::trim).filter(|line| !line.is_empty());
            let lines: Vec<&str> = lines.collect();
            if let [only] = lines[..]
                && !only.starts_with('[')
            {
                let item = place.inner().child("0").unwrap_or(place);
                return Ok(Some(Value::Array(vec![text::read(item, &[only])?])));
            }
            return text::read(place, &lines).map(Some);
        }
        // A browser writes lines as the network does.
        _ if is_text => typed.replace("\r\n", "\n"),
        _ => typed.trim().to_owned(),
    };
    text::read(place, &[&typed]).map(Some)
}
