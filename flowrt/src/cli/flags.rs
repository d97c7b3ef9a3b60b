//! The flags of a flow's parameters, from their JSON Schemas.

use std::collections::HashSet;

use clap::{Arg, ArgAction, ValueHint};
use serde_json::Value;

use crate::author::meta::{Meta, Param};
use crate::ops::params::default;
use crate::ops::params::schema::{Kind, Place, words_in_short};
use crate::ops::params::secret;

/// How deep fields get flags of their own; deeper ones can be typed all the same.
const FIELDS_DEPTH: usize = 2;
/// The most flags that one parameter gets in the help.
const FIELDS_MAX: usize = 30;

/// A flag and the place that it sets.
#[derive(Debug, Clone)]
pub(super) struct Flag<'a> {
    /// Without the leading dashes: `window.from`.
    pub(super) name: String,
    /// The parameter.
    pub(super) param: &'static Param,
    /// The steps from the parameter to the place, as the value has them.
    pub(super) path: Vec<String>,
    /// What the place takes.
    pub(super) place: Place<'a>,
    placeholder: String,
    is_shown: bool,
}

/// Every flag of a flow: its parameters, the fields of those that are objects, and other places that the arguments name.
pub(super) fn flags<'a>(meta: &Meta, schema: &'a Value, arguments: &[String]) -> Vec<Flag<'a>> {
    let root = Place::root(schema);
    let mut flags = Vec::new();
    for param in meta.params {
        let Some(place) = root.child(param.name) else {
            continue;
        };
        let top = Flag {
            name: param.flag.to_owned(),
            param,
            path: Vec::new(),
            placeholder: place.placeholder(),
            place,
            is_shown: true,
        };
        let from = flags.len();
        add_fields(&top, FIELDS_DEPTH, from, &mut flags);
        flags.insert(from, top);
    }
    let mut known: HashSet<String> = flags.iter().map(|flag| flag.name.clone()).collect();
    for argument in arguments {
        let Some(name) = argument.strip_prefix("--") else {
            continue;
        };
        let name = name.split_once('=').map_or(name, |(name, _)| name);
        if !known.contains(name)
            && let Some(flag) = typed(meta, root, name)
        {
            known.insert(name.to_owned());
            flags.push(flag);
        }
    }
    flags
}

fn add_fields<'a>(above: &Flag<'a>, depth: usize, from: usize, flags: &mut Vec<Flag<'a>>) {
    let place = above.place.inner();
    if depth == 0 || matches!(place.kind(), Kind::Duration | Kind::Secret) {
        return;
    }
    for (field, place) in place.fields() {
        if flags.len() - from >= FIELDS_MAX {
            return;
        }
        let mut path = above.path.clone();
        path.push(field.to_owned());
        let name = format!("{}.{}", above.name, kebab(field));
        if flags[from..].iter().any(|flag| flag.name == name) {
            continue;
        }
        let flag = Flag {
            name,
            param: above.param,
            path,
            placeholder: match above.place.inner().words_at(field) {
                words if words.is_empty() => place.placeholder(),
                words => words_in_short(&words),
            },
            place,
            is_shown: true,
        };
        flags.push(flag.clone());
        add_fields(&flag, depth - 1, from, flags);
    }
}

/// The place that a dotted flag names: a field by its own name or in kebab-case, an item by its number, a key of a map.
fn typed<'a>(meta: &Meta, root: Place<'a>, name: &str) -> Option<Flag<'a>> {
    let (param, place, rest) = meta.params.iter().find_map(|param| {
        let rest = name.strip_prefix(param.flag)?.strip_prefix('.')?;
        Some((param, root.child(param.name)?, rest))
    })?;
    let mut place = place;
    let mut path = Vec::new();
    for step in rest.split('.') {
        let inner = place.inner();
        let field = inner
            .fields()
            .into_iter()
            .find(|(field, _)| kebab(field) == step);
        let (step, below) = match (inner.child(step), field) {
            (Some(below), None) => (step, below),
            (_, Some((field, below))) => (field, below),
            (None, None) => return None,
        };
        path.push(step.to_owned());
        place = below;
    }
    Some(Flag {
        name: name.to_owned(),
        param,
        path,
        placeholder: place.placeholder(),
        place,
        is_shown: false,
    })
}

fn kebab(name: &str) -> String {
    name.replace('_', "-")
}

impl Flag<'_> {
    /// As [`arg`](Self::arg), with the words that a shell can complete.
    pub(super) fn arg_to_complete(&self) -> Arg {
        match self.place.inner().choices() {
            Some(words) => {
                let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
                self.arg().value_parser(words)
            }
            None => self.arg(),
        }
    }

    /// The flag for clap. Values are judged later, so that all faults are found at once.
    pub(super) fn arg(&self) -> Arg {
        let arg = Arg::new(self.name.clone())
            .long(self.name.clone())
            .value_name(self.placeholder.clone())
            .action(ArgAction::Append)
            .allow_negative_numbers(true)
            .value_hint(ValueHint::Unknown)
            .hide(!self.is_shown)
            .help(self.help());
        let arg = if self.place.kind() == Kind::Bool {
            arg.num_args(0..=1).default_missing_value("true")
        } else {
            arg
        };
        match self.param.env.filter(|_| self.path.is_empty()) {
            Some(env) => arg.env(env).hide_env_values(true),
            None => arg,
        }
    }

    fn help(&self) -> String {
        let said = if self.path.is_empty() && !self.param.help.is_empty() {
            self.param.help
        } else {
            let place = self.place;
            place
                .description()
                .or(place.inner().description())
                .unwrap_or_default()
        };
        let mut parts = vec![said.lines().next().unwrap_or_default().to_owned()];
        if self.placeholder.ends_with('…') {
            parts.push(format!("({})", self.place.expects()));
        }
        if self.place.kind() == Kind::List {
            parts.push("(may be repeated)".to_owned());
        }
        if self.path.is_empty() {
            parts.push(match default_text(self.param, self.place) {
                Some(text) => format!("[default: {text}]"),
                None if self.param.default.is_some() => String::new(),
                None => "[required]".to_owned(),
            });
        }
        parts.retain(|part| !part.is_empty());
        parts.join(" ")
    }
}

/// The default as a person would type it; none for `null`, `false` and what is empty, which are what one expects.
pub(super) fn default_text(param: &Param, place: Place<'_>) -> Option<String> {
    match default(param)? {
        Value::Null | Value::Bool(false) => None,
        Value::Array(items) if items.is_empty() => None,
        Value::Object(fields) if fields.is_empty() => None,
        Value::String(text) if text.is_empty() => Some("\"\"".to_owned()),
        Value::String(text) => Some(text),
        other if place.kind() == Kind::Duration => Some(duration_text(&other)),
        other if place.kind() == Kind::Secret => Some(secret::shown(&other)),
        other => Some(other.to_string()),
    }
}

fn duration_text(value: &Value) -> String {
    match serde_json::from_value(value.clone()) {
        Ok(duration) => flowrt_grammar::format_duration(duration),
        Err(_) => value.to_string(),
    }
}
