//! Values of secrets that this process has seen, and taking them out of whatever is written.
//!
//! A value is known from the moment at which it is read. Its usual encodings are taken out too, and each line of one that
//! has several.

mod forms;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, OnceLock, PoisonError, RwLock};

/// What stands in the place of a value.
pub(crate) const MASK: &str = "•••";

/// Shorter values are not looked for: they would take pieces out of ordinary words.
pub(crate) const MASK_BYTES_MIN: usize = 6;

/// Most programs know no secret: for them a look costs one load.
static ANY: AtomicBool = AtomicBool::new(false);

static KNOWN: LazyLock<RwLock<Known>> = LazyLock::new(RwLock::default);

/// Who else has to know.
static TOLD: OnceLock<fn(&str)> = OnceLock::new();

#[derive(Debug, Default)]
struct Known {
    values: HashSet<blake3::Hash>,
    /// Longest first, so that a part is not taken out before the whole.
    forms: Vec<String>,
}

impl Known {
    fn add(&mut self, value: &str) -> bool {
        if value.len() < MASK_BYTES_MIN || !self.values.insert(blake3::hash(value.as_bytes())) {
            return false;
        }
        for form in forms::of(value) {
            if form.len() >= MASK_BYTES_MIN && !self.forms.contains(&form) {
                self.forms.push(form);
            }
        }
        self.forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        true
    }

    fn masked<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for form in &self.forms {
            if text.contains(form) {
                text = Cow::Owned(text.replace(form, MASK));
            }
        }
        text
    }
}

/// From now on, this value is taken out of what is written.
pub(crate) fn add(value: &str) {
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    let mut added = known.add(value);
    if value.contains('\n') {
        for line in value.lines() {
            added |= known.add(line.trim());
        }
    }
    drop(known);
    if added {
        ANY.store(true, Ordering::Release);
        if let Some(told) = TOLD.get() {
            told(value);
        }
    }
}

/// From now on, each new value is told to that function before [`add`] returns: what this process prints goes through the
/// hands of another.
#[cfg_attr(
    not(all(feature = "isolate", unix)),
    allow(dead_code, reason = "only a child process is read by another")
)]
pub(crate) fn tell(told: fn(&str)) {
    let _ = TOLD.set(told);
}

/// Every text in a JSON value, and every number.
pub(crate) fn add_json(value: &serde_json::Value) {
    match value {
        serde_json::Value::String(text) => add(text),
        serde_json::Value::Number(number) => add(&number.to_string()),
        serde_json::Value::Array(items) => items.iter().for_each(add_json),
        serde_json::Value::Object(fields) => fields.values().for_each(add_json),
        serde_json::Value::Null | serde_json::Value::Bool(_) => {}
    }
}

/// The text without the values of secrets.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    if !ANY.load(Ordering::Acquire) {
        return Cow::Borrowed(text);
    }
    KNOWN
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .masked(text)
}

/// Takes the values of secrets out of a text.
pub(crate) fn in_place(own: &mut String) {
    if let Cow::Owned(masked) = text(own) {
        *own = masked;
    }
}

/// Takes the values of secrets out of every text in a JSON value, names of fields too.
pub(crate) fn json(value: &mut serde_json::Value) {
    if !ANY.load(Ordering::Acquire) {
        return;
    }
    match value {
        serde_json::Value::String(own) => in_place(own),
        serde_json::Value::Number(number) => {
            let shown = number.to_string();
            if let Cow::Owned(masked) = text(&shown) {
                *value = masked.into();
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(json),
        serde_json::Value::Object(fields) => {
            for (mut name, mut value) in std::mem::take(fields) {
                in_place(&mut name);
                json(&mut value);
                fields.insert(name, value);
            }
        }
        serde_json::Value::Null | serde_json::Value::Bool(_) => {}
    }
}

/// Whether a text holds the value of a secret.
pub(crate) fn is_in(own: &str) -> bool {
    matches!(text(own), Cow::Owned(_))
}

/// The same of bytes; what is no text between them does not matter.
pub(crate) fn is_in_bytes(own: &[u8]) -> bool {
    ANY.load(Ordering::Acquire) && is_in(&String::from_utf8_lossy(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(value: &str, text: &str) -> String {
        let mut known = Known::default();
        known.add(value);
        known.masked(text).into_owned()
    }

    #[test]
    fn a_value_is_taken_out_in_each_of_its_forms() {
        let value = "p\"ss/wörd+1";
        for text in [
            value.to_owned(),
            format!("{value:?}"),
            serde_json::to_string(value).unwrap(),
            serde_json::to_string(&serde_json::to_string(value).unwrap()).unwrap(),
            "p%22ss%2Fw%C3%B6rd%2B1".to_owned(),
            "p%22ss%2fw%c3%b6rd%2b1".to_owned(),
            "cCJzcy93w7ZyZCsx".to_owned(),
            "70227373 2f77c3b67264 2b31".replace(' ', ""),
        ] {
            let out = masked(value, &format!("before {text} after"));
            assert!(out.starts_with("before "), "{out}");
            assert!(out.contains(MASK), "{text} stays: {out}");
            assert!(!out.contains("rd") && !out.contains("ZC"), "{out}");
        }
    }

    #[test]
    fn a_value_inside_of_base64_is_found_at_every_offset() {
        // `user:s3cr3t-value`, `ab:s3cr3t-value`, `abc:s3cr3t-value` as in the header of basic authentication.
        for text in [
            "dXNlcjpzM2NyM3QtdmFsdWU=",
            "YWI6czNjcjN0LXZhbHVl",
            "YWJjOnMzY3IzdC12YWx1ZQ==",
        ] {
            let out = masked("s3cr3t-value", text);
            assert!(out.contains(MASK), "{text}: {out}");
        }
    }

    #[test]
    fn short_values_and_other_text_stay() {
        assert_eq!(masked("admin", "an admin came"), "an admin came");
        assert_eq!(masked("s3cr3t-value", "nothing here"), "nothing here");
    }

    #[test]
    fn json_is_masked_inside_and_stays_json() {
        add("mask-json-test-value");
        add_json(&serde_json::json!({"pin": 908_172_635}));
        let mut value = serde_json::json!({
            "mask-json-test-value": ["x mask-json-test-value", 908_172_635, 5, null]
        });
        json(&mut value);
        assert_eq!(value, serde_json::json!({"•••": ["x •••", "•••", 5, null]}));
    }
}
