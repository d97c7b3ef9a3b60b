//! Reading what was sent: into the type that a handler takes, with everything that is wrong said at once.

use axum::extract::Query;
use axum::http::Uri;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::problem::Problem;
use crate::ops::params::Fault;
use crate::ops::params::check::{Findings, check};
use crate::ops::params::schema::Place;

/// The JSON Schema of a type.
pub(super) fn schema<T: JsonSchema>() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12();
    let root = settings.into_generator().into_root_schema_for::<T>();
    root.to_value()
}

/// Whether there is nothing to read.
pub(super) fn is_empty<T: JsonSchema>() -> bool {
    schema::<T>().get("properties").is_none()
}

/// What comes after `?`, piece by piece.
pub(super) fn pairs(query: &str) -> Vec<(String, String)> {
    let uri = format!("/?{query}").parse::<Uri>();
    let pairs = uri.ok().and_then(|uri| Query::try_from_uri(&uri).ok());
    pairs.map_or_else(Vec::new, |Query(pairs)| pairs)
}

/// The pieces as an object, each of the kind that the schema says; what is not of it stays text, and is a fault later.
pub(super) fn query(schema: &Value, pairs: Vec<(String, String)>) -> Value {
    let mut object = Map::new();
    for (name, text) in pairs {
        let place = schema.get("properties").and_then(|all| all.get(&name));
        let is = |kind: &str| place.is_some_and(|place| has_type(place, kind));
        let value = match text.as_str() {
            _ if is("integer") => text
                .parse::<i64>()
                .map_or_else(|_| Value::String(text.clone()), Value::from),
            "true" | "" if is("boolean") => Value::Bool(true),
            "false" if is("boolean") => Value::Bool(false),
            _ => Value::String(text.clone()),
        };
        match (object.get_mut(&name), is("array")) {
            (Some(Value::Array(items)), _) => items.push(value),
            (None, true) => {
                object.insert(name, Value::Array(vec![value]));
            }
            (Some(there), false) => {
                // Twice, where one is taken: neither of them is meant for sure.
                *there = Value::Array(vec![there.take(), value]);
            }
            _ => {
                object.insert(name, value);
            }
        }
    }
    Value::Object(object)
}

fn has_type(place: &Value, kind: &str) -> bool {
    match place.get("type") {
        Some(Value::String(one)) => one == kind,
        Some(Value::Array(some)) => some.iter().any(|one| one == kind),
        _ => false,
    }
}

/// The value as the type that is taken.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn typed<T: DeserializeOwned>(
    schema: &Value,
    value: Value,
    what: &str,
) -> Result<T, Problem> {
    let mut found = Findings::default();
    let root = Place::root(schema);
    check(root, &value, &mut String::new(), &mut found);
    found.shapes.append(&mut found.bounds);
    let mut faults = found.shapes;
    for fault in &mut faults {
        fault.path = fault.path.trim_start_matches('.').to_owned();
        if fault.path.is_empty() {
            fault.path = what.to_owned();
        }
    }
    if faults.is_empty() {
        match serde_path_to_error::deserialize(value) {
            Ok(typed) => return Ok(typed),
            Err(error) => faults.push(Fault {
                path: error.path().to_string(),
                message: error.into_inner().to_string(),
            }),
        }
    }
    Err(Problem::of_faults(what, faults))
}
