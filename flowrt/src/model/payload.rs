//! Recorded values: JSON text, shared without copying.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A recorded value as JSON text.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload(Arc<str>);

/// The digest of a step's inputs, over their canonical JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Digest(pub [u8; 16]);

impl Payload {
    /// Takes text that is known to be JSON.
    pub fn from_json(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// `null`: the value of `()` and of nothing.
    pub fn null() -> Self {
        Self(Arc::from("null"))
    }

    /// The value as a tree, for showing. Text that is not JSON becomes a string: showing must not fail.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::from_str(&self.0)
            .unwrap_or_else(|_| serde_json::Value::String(self.0.to_string()))
    }

    /// The digest over the canonical form: object keys sorted, so that a `HashMap` gives the same digest each time.
    pub fn digest(&self) -> Digest {
        // Only objects have an order that may differ; all other text is canonical as serde writes it.
        let hash = if self.0.contains('{') {
            let mut canonical = String::with_capacity(self.0.len());
            match serde_json::from_str::<&RawValue>(&self.0) {
                Ok(json) => write_canonical(json, &mut canonical),
                Err(_) => canonical.push_str(&self.0),
            }
            blake3::hash(canonical.as_bytes())
        } else {
            blake3::hash(self.0.as_bytes())
        };
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash.as_bytes()[..16]);
        Digest(digest)
    }
}

/// Sorts the keys of objects. All else stays the text that it is: numbers would lose digits in a tree.
fn write_canonical(json: &RawValue, out: &mut String) {
    let text = json.get();
    if text.starts_with('{')
        && let Ok(map) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text)
    {
        out.push('{');
        for (index, (key, value)) in map.into_iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            out.push_str(&serde_json::Value::from(key).to_string());
            out.push(':');
            write_canonical(value, out);
        }
        out.push('}');
    } else if text.starts_with('[')
        && text.contains('{')
        && let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(text)
    {
        out.push('[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            write_canonical(item, out);
        }
        out.push(']');
    } else {
        out.push_str(text);
    }
}

impl Deref for Payload {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_order_does_not_change_the_digest() {
        let one = Payload::from_json(r#"[{"a":1,"b":{"x":[1,2],"y":null}}]"#);
        let two = Payload::from_json(r#"[{"b":{"y":null,"x":[1,2]},"a":1}]"#);
        assert_eq!(one.digest(), two.digest());
        assert_ne!(
            one.digest(),
            Payload::from_json(r#"[{"a":1,"b":{"x":[2,1],"y":null}}]"#).digest()
        );
    }

    #[test]
    fn every_digit_counts() {
        let of = |number: u128| Payload::from_json(format!(r#"[{{"n":{number}}}]"#)).digest();
        assert_ne!(of(u128::MAX), of(u128::MAX - 1));
    }
}
