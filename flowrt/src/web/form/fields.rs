//! A field for each parameter.

use serde_json::{Map, Value};

use super::input_name;
use crate::author::meta::Meta;
use crate::ops::params::schema::{Kind, Place};
use crate::ops::params::{Fault, default, schema_of, secret};

/// What a field looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Look {
    /// A line of text.
    Line,
    /// A line that holds a number.
    Number,
    /// A box to tick.
    Tick,
    /// Words to choose from.
    Choice,
    /// A line for each item.
    Lines,
    /// JSON.
    Json,
    /// The name of a secret.
    Secret,
}

/// A field of a form.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::web) struct Field {
    /// The parameter.
    pub name: String,
    /// Its name in the form.
    pub input: String,
    /// What it is for.
    pub help: String,
    pub look: Look,
    /// What it takes, in words, with its bounds.
    pub expects: String,
    /// What stands in it.
    pub text: String,
    /// For choices: the words, and whether nothing may be chosen.
    pub choices: Vec<String>,
    pub may_be_empty: bool,
    /// The flow does not start without it.
    pub is_required: bool,
    /// What is wrong with what was typed.
    pub faults: Vec<String>,
}

impl Field {
    pub fn is_ticked(&self) -> bool {
        self.text == "true"
    }

    /// How many lines a box of text has.
    pub fn height(&self) -> usize {
        self.text.lines().count().clamp(2, 12)
    }
}

/// What stands in the fields.
#[derive(Debug, Clone, Copy)]
pub(in crate::web) enum Typed<'a> {
    /// The defaults, with these values over them.
    Values(&'a Map<String, Value>),
    /// What a person typed.
    Form(&'a [(String, String)]),
}

/// The fields for the parameters of a flow. Faults go to the fields that they are about.
pub(in crate::web) fn fields(meta: &Meta, typed: Typed<'_>, faults: &[Fault]) -> Vec<Field> {
    let schema = schema_of(meta);
    let root = Place::root(&schema);
    let params = meta.params.iter();
    params
        .map(|param| {
            let place = root.child(param.name).unwrap_or(root);
            let look = look(place);
            let input = input_name(param.name);
            let text = match typed {
                Typed::Values(values) => {
                    let default = default(param);
                    let value = values.get(param.name).or(default.as_ref());
                    value.map_or_else(String::new, |value| shown(place, look, value))
                }
                // A secret that somebody typed by mistake is not sent back.
                Typed::Form(_)
                    if look == Look::Secret && !own_faults(faults, param.name).is_empty() =>
                {
                    String::new()
                }
                Typed::Form(pairs) => {
                    let found = pairs.iter().rev().find(|(name, _)| *name == input);
                    found.map_or_else(String::new, |(_, text)| text.clone())
                }
            };
            Field {
                name: param.name.to_owned(),
                input,
                help: if param.help.is_empty() {
                    place.description().unwrap_or_default().to_owned()
                } else {
                    param.help.to_owned()
                },
                look,
                expects: expects(place),
                choices: words(place),
                may_be_empty: place.takes_null() || (text.is_empty() && look == Look::Choice),
                is_required: param.default.is_none(),
                faults: own_faults(faults, param.name),
                text,
            }
        })
        .collect()
}

/// What a field for that place looks like.
pub(super) fn look(place: Place<'_>) -> Look {
    let inner = place.inner();
    match inner.kind() {
        Kind::Text if inner.get("contentMediaType").is_some() => Look::Lines,
        Kind::Text | Kind::Duration => Look::Line,
        Kind::Integer | Kind::Number => Look::Number,
        // Whether nothing was said is no matter of a box.
        Kind::Bool if place.takes_null() => Look::Choice,
        Kind::Bool => Look::Tick,
        Kind::Choice => Look::Choice,
        Kind::Secret => Look::Secret,
        Kind::List => match inner.child("0").map(Place::kind) {
            Some(Kind::Text | Kind::Choice | Kind::Integer | Kind::Number | Kind::Duration) => {
                Look::Lines
            }
            _ => Look::Json,
        },
        Kind::Object | Kind::Any => Look::Json,
    }
}

fn words(place: Place<'_>) -> Vec<String> {
    let words = match place.inner().kind() {
        Kind::Bool => vec!["true", "false"],
        _ => place.inner().choices().unwrap_or_default(),
    };
    words.into_iter().map(str::to_owned).collect()
}

/// A value as it stands in its field.
fn shown(place: Place<'_>, look: Look, value: &Value) -> String {
    match (look, value) {
        (_, Value::Null) => String::new(),
        (Look::Secret, value) => match value.get(crate::author::secret::FIELD) {
            Some(_) => secret::shown(value),
            None => String::new(),
        },
        (Look::Json, value) => serde_json::to_string_pretty(value).expect("a value is JSON"),
        (Look::Lines, Value::Array(items)) => {
            let item = place.inner().child("0").unwrap_or(place);
            let lines: Vec<_> = items
                .iter()
                .map(|value| shown(item, Look::Line, value))
                .collect();
            lines.join("\n")
        }
        (_, Value::String(text)) => text.clone(),
        (_, Value::Object(object)) if place.inner().kind() == Kind::Duration => {
            let part = |name: &str| object.get(name).and_then(Value::as_u64).unwrap_or(0);
            let nanos = u32::try_from(part("nanos")).unwrap_or(0);
            flowrt_grammar::format_duration(std::time::Duration::new(part("secs"), nanos))
        }
        (_, value) => value.to_string(),
    }
}

fn expects(place: Place<'_>) -> String {
    let inner = place.inner();
    let bound = |keyword: &str| inner.get(keyword).filter(|value| value.is_number());
    let mut text = match look(place) {
        Look::Choice | Look::Tick => return String::new(),
        Look::Lines => "one a line".to_owned(),
        Look::Json => format!("{} as JSON", inner.expects()),
        Look::Secret => "the name of a secret: @NAME, env:NAME or file:PATH".to_owned(),
        _ => inner.expects(),
    };
    let (least, most) = match inner.get("format").and_then(Value::as_str) {
        // The bounds of the type itself would only be in the way.
        Some("uint64" | "int64" | "uint" | "int" | "uint128" | "int128") => {
            (None, bound("maximum"))
        }
        _ => (bound("minimum"), bound("maximum")),
    };
    match (least, most) {
        (Some(least), Some(most)) => text.push_str(&format!(", {least} to {most}")),
        (Some(least), None) if *least != 0 => text.push_str(&format!(", at least {least}")),
        (None, Some(most)) => text.push_str(&format!(", at most {most}")),
        _ => {}
    }
    if place.takes_null() {
        text.push_str(", or nothing");
    }
    // Who sees a line to write on need not be told.
    if text == "text" {
        text.clear();
    }
    text
}

fn own_faults(faults: &[Fault], param: &str) -> Vec<String> {
    let own = faults.iter().filter(|fault| is_about(fault, param));
    own.map(|fault| said(fault, param)).collect()
}

fn is_about(fault: &Fault, param: &str) -> bool {
    let rest = fault.path.strip_prefix(param);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// A fault beside its field, which says already which parameter it is about.
fn said(fault: &Fault, param: &str) -> String {
    match fault.path.strip_prefix(param) {
        Some("") | None => fault.message.clone(),
        Some(rest) => format!("{} {}", rest.trim_start_matches('.'), fault.message),
    }
}
