//! Values as a person types them, read by what their place expects.

use serde_json::{Map, Value, json};

use super::check::{Findings, check, shown};
use super::schema::{Kind, Place};
use super::secret;

/// The value that `texts` stand for: one text, or the items of a list, a text each.
///
/// # Errors
/// Why a text does not stand for such a value. A value of another form is left to the check that finds all faults.
pub fn read(place: Place<'_>, texts: &[&str]) -> Result<Value, String> {
    let place = place.inner();
    match (place.kind(), texts) {
        (Kind::Secret, texts) => secret::typed(texts),
        (Kind::List, [text]) => match serde_json::from_str::<Value>(text) {
            Ok(whole @ Value::Array(_)) if fits(place, &whole) || !takes_lists(place) => Ok(whole),
            _ => Ok(Value::Array(vec![item(place, 0, text)?])),
        },
        (Kind::List, texts) => {
            let items = texts
                .iter()
                .enumerate()
                .map(|(index, text)| item(place, index, text));
            Ok(Value::Array(items.collect::<Result<_, _>>()?))
        }
        (_, [text]) => one(place, text),
        (_, [first, .., last]) => Err(format!(
            "is given {} times ({first}, …, {last}), and takes one value",
            texts.len()
        )),
        (_, []) => Ok(Value::Null),
    }
}

fn item(list: Place<'_>, index: usize, text: &str) -> Result<Value, String> {
    match list.child(&index.to_string()) {
        Some(place) => one(place, text),
        None => Ok(any(text)),
    }
}

fn takes_lists(list: Place<'_>) -> bool {
    list.child("0")
        .is_some_and(|item| matches!(item.kind(), Kind::List | Kind::Any))
}

fn fits(place: Place<'_>, value: &Value) -> bool {
    let mut found = Findings::default();
    check(place, value, &mut String::new(), &mut found);
    found.shapes.is_empty()
}

fn one(place: Place<'_>, text: &str) -> Result<Value, String> {
    if place.takes_null() && text == "null" && place.kind() != Kind::Text {
        return Ok(Value::Null);
    }
    let place = place.inner();
    match place.kind() {
        Kind::Secret => secret::typed(&[text]),
        Kind::Text | Kind::Choice => Ok(Value::String(text.to_owned())),
        Kind::Bool => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Ok(Value::String(text.to_owned())),
        },
        Kind::Integer | Kind::Number => Ok(match serde_json::from_str(text) {
            Ok(number @ Value::Number(_)) => number,
            _ => Value::String(text.to_owned()),
        }),
        Kind::Duration => match (
            serde_json::from_str(text),
            flowrt_grammar::parse_duration(text),
        ) {
            (Ok(object @ Value::Object(_)), _) => Ok(object),
            (_, Ok(duration)) => {
                Ok(json!({ "secs": duration.as_secs(), "nanos": duration.subsec_nanos() }))
            }
            (_, Err(error)) => Err(error.to_string()),
        },
        Kind::List | Kind::Object => json_or_fault(place, text),
        Kind::Any => {
            let json = json_or_fault(place, text);
            let word = Value::String(text.to_owned());
            match json {
                Ok(json) if fits(place, &json) => Ok(json),
                _ if fits(place, &word) => Ok(word),
                Ok(json) => Ok(json),
                // Who begins so means JSON.
                Err(fault) if text.starts_with(['{', '[']) => Err(fault),
                Err(_) => Ok(word),
            }
        }
    }
}

fn json_or_fault(place: Place<'_>, text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| {
        let got = shown(&Value::from(text));
        format!("expects {} as JSON, got {got}: {error}", place.expects())
    })
}

fn any(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// Puts a value to a place below another one, such as `from` or `days.0`; what is on the way is made.
///
/// # Errors
/// If something on the way is there and has no places below it, or a list has no such item.
pub fn set(target: &mut Value, path: &[&str], value: Value) -> Result<(), String> {
    let Some((step, rest)) = path.split_first() else {
        *target = value;
        return Ok(());
    };
    if target.is_null() {
        *target = match step.parse::<usize>() {
            Ok(_) => Value::Array(Vec::new()),
            Err(_) => Value::Object(Map::new()),
        };
    }
    match target {
        Value::Object(object) => set(object.entry(*step).or_insert(Value::Null), rest, value),
        Value::Array(items) => match step.parse::<usize>() {
            Ok(index) if index < items.len() => set(&mut items[index], rest, value),
            Ok(index) if index == items.len() => {
                items.push(Value::Null);
                set(&mut items[index], rest, value)
            }
            _ => Err(format!(
                "the list has {} items, and no item `{step}`",
                items.len()
            )),
        },
        other => Err(format!("{} has no field `{step}`", shown(other))),
    }
}
