//! The parameters of a flow as the outside gives them: one check for the command line, the API and forms, by the JSON
//! Schema of each parameter's type and by the type itself. Nothing here starts anything.

pub mod check;
pub mod schema;
pub mod secret;
#[cfg(test)]
mod tests;
pub mod text;

use serde_json::{Map, Value, json};

use crate::author::meta::{Meta, Param};
use crate::error::{Error, ErrorKind, Result};
use crate::mask;
use schema::Place;

/// One thing that is wrong with the parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where: the parameter, and the place in its value, such as `window.days[2]`.
    pub path: String,
    /// What is wrong there, with the value.
    pub message: String,
}

/// The JSON Schema of all parameters of a flow, as one object with their defaults.
pub fn schema_of(meta: &Meta) -> Value {
    let mut generator = schemars::generate::SchemaSettings::draft2020_12().into_generator();
    let mut properties = Map::new();
    let mut required = Vec::new();
    for param in meta.params {
        let mut schema = param.schema.map_or(Value::Bool(true), |schema| {
            schema(&mut generator).to_value()
        });
        if let Value::Object(schema) = &mut schema {
            if !param.help.is_empty() {
                schema.insert("description".to_owned(), param.help.into());
            }
            if let Some(default) = default(param) {
                schema.insert("default".to_owned(), default);
            }
        }
        if param.default.is_none() {
            required.push(param.name);
        }
        properties.insert(param.name.to_owned(), schema);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": meta.name,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
        "$defs": generator.take_definitions(true),
    })
}

/// The default of a parameter as JSON; none if it has none, or if it cannot be made.
pub fn default(param: &Param) -> Option<Value> {
    let default = param.default?;
    Some(default().ok()?.to_value())
}

/// Everything that is wrong with `params`; empty if the flow can start with them. A parameter with a default may be absent.
pub fn faults(meta: &Meta, params: &Map<String, Value>) -> Vec<Fault> {
    let schema = schema_of(meta);
    let root = Place::root(&schema);
    let mut faults = Vec::new();
    for param in meta.params {
        match (params.get(param.name), param.default) {
            (Some(value), _) => faults.extend(value_faults(param, root, value)),
            (None, Some(default)) => {
                if let Err(error) = default() {
                    faults.push(Fault {
                        path: param.name.to_owned(),
                        message: format!("has a default that cannot be made: {error}"),
                    });
                }
            }
            (None, None) => faults.push(Fault {
                path: param.name.to_owned(),
                message: format!(
                    "is missing: it expects {}",
                    root.child(param.name)
                        .map_or_else(|| param.ty.to_owned(), Place::expects)
                ),
            }),
        }
    }
    let names = || meta.params.iter().map(|param| param.name);
    for unknown in params.keys().filter(|key| names().all(|name| name != *key)) {
        faults.push(Fault {
            path: unknown.clone(),
            message: not_there("parameter", unknown, names()),
        });
    }
    // What was found about one value may have been said with another.
    for fault in &mut faults {
        mask::in_place(&mut fault.message);
    }
    faults
}

/// The type has the last word on what it takes; the schema finds all faults at once and knows bounds that it does not.
fn value_faults(param: &Param, root: Place<'_>, value: &Value) -> Vec<Fault> {
    let mut found = check::Findings::default();
    if let Some(place) = root.child(param.name) {
        secret::hide(place, value);
        check::check(place, value, &mut param.name.to_owned(), &mut found);
    }
    match (param.check)(value) {
        Ok(_) => found.bounds,
        Err((path, message)) if found.shapes.is_empty() => {
            let path = match path.as_str() {
                "." | "" => param.name.to_owned(),
                path if path.starts_with('[') => format!("{}{path}", param.name),
                path => format!("{}.{path}", param.name),
            };
            // What is out of the bounds of the schema is mostly out of those of the type.
            if found.bounds.iter().all(|fault| fault.path != path) {
                let message = format!("{message}, got {}", check::shown(value));
                found.bounds.push(Fault { path, message });
            }
            found.bounds
        }
        Err(_) => {
            found.shapes.append(&mut found.bounds);
            found.shapes
        }
    }
}

/// The parameters with every default filled in, as a run records them: a default that changes later does not change a run
/// that was accepted before.
///
/// # Errors
/// If anything is wrong: all of it, a line each, as [`ErrorKind::Input`].
pub fn accept(meta: &Meta, params: &Value) -> Result<Value> {
    let Value::Object(params) = params else {
        return Err(Error::new(
            ErrorKind::Input,
            format!(
                "the parameters of `{}` are a JSON object, not {}",
                meta.name,
                check::shown(params)
            ),
        ));
    };
    let faults = faults(meta, params);
    if !faults.is_empty() {
        let lines: Vec<_> = faults
            .iter()
            .map(|fault| format!("  {} {}", fault.path, fault.message))
            .collect();
        let message = format!(
            "`{}` cannot start with these parameters:\n{}",
            meta.name,
            lines.join("\n")
        );
        return Err(Error::new(ErrorKind::Input, message).hint("correct them; nothing was started"));
    }
    let schema = schema_of(meta);
    let root = Place::root(&schema);
    let mut complete = Map::new();
    for param in meta.params {
        let value = match (params.get(param.name), param.default) {
            // As its type writes it, a secret is encrypted.
            (Some(value), _) if secret::may_hold(root, param.name) => {
                let written = (param.check)(value);
                written.map_err(|(_, message)| Error::new(ErrorKind::Store, message))?
            }
            (Some(value), _) => value.clone(),
            (None, Some(default)) => default()?.to_value(),
            (None, None) => continue,
        };
        complete.insert(param.name.to_owned(), value);
    }
    Ok(Value::Object(complete))
}

/// What is said about a name that is not among `known`.
pub(crate) fn not_there<'a>(
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> String {
    if let Some(near) = flowrt_grammar::closest(name, known.clone()) {
        return format!("is no {what}; did you mean `{near}`?");
    }
    let known: Vec<_> = known.collect();
    if known.is_empty() {
        format!("is no {what}: there are none")
    } else {
        format!("is no {what}; there are {}", known.join(", "))
    }
}
