//! Recorded values as people read them.

use serde_json::Value;

use crate::author::secret::FIELD;
use crate::mask;
use crate::model::payload::Payload;
use crate::ops::params::secret;

/// How much of a value is shown.
const CHARS: usize = 20_000;

/// A value as indented JSON, with its secrets named and not shown; a long one is cut.
pub(super) fn pretty(value: &Payload) -> String {
    let mut value = value.to_value();
    hide(&mut value);
    // Before it is cut: a part of a secret would not be known.
    mask::json(&mut value);
    let text = match &value {
        Value::String(text) => text.clone(),
        value => serde_json::to_string_pretty(value).expect("a value is JSON"),
    };
    cut(text)
}

/// The parameters of a run, each with its value on as few lines as it needs.
pub(super) fn params(input: &Payload) -> Vec<(String, String)> {
    let Value::Object(params) = input.to_value() else {
        return Vec::new();
    };
    let params = params.into_iter();
    params
        .map(|(name, mut value)| {
            hide(&mut value);
            mask::json(&mut value);
            let line = match &value {
                Value::String(text) => text.clone(),
                value => value.to_string(),
            };
            let text = if line.chars().count() > 80 && !value.is_string() {
                serde_json::to_string_pretty(&value).expect("a value is JSON")
            } else {
                line
            };
            (name, cut(text))
        })
        .collect()
}

/// What stands for a secret is said in words.
fn hide(value: &mut Value) {
    match value {
        Value::Object(fields) if fields.len() == 1 && fields.contains_key(FIELD) => {
            *value = Value::String(secret::shown(value));
        }
        Value::Object(fields) => fields.values_mut().for_each(hide),
        Value::Array(items) => items.iter_mut().for_each(hide),
        _ => {}
    }
}

fn cut(text: String) -> String {
    match text.char_indices().nth(CHARS) {
        None => text,
        Some((end, _)) => format!("{}…\n(cut here: it has {} bytes)", &text[..end], text.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_cut() {
        let long = Payload::from_json(format!("\"{}\"", "é".repeat(CHARS + 5)));
        let shown = pretty(&long);
        assert!(shown.contains("(cut here"), "{}", shown.len());
        assert!(shown.chars().count() < CHARS + 100);
    }

    #[test]
    fn parameters_are_lines() {
        let input = Payload::from_json(r#"{"region":"eu","pages":10,"odd":"<b>"}"#);
        let params = params(&input);
        let pairs: Vec<_> = params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert!(
            pairs.contains(&("region", "eu")) && pairs.contains(&("pages", "10")),
            "{pairs:?}"
        );
    }
}
