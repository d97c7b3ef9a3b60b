//! Recorded values: JSON text, shared without copying.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::blob::{Blob, BlobId};

/// A recorded value as JSON text.
#[derive(Clone)]
pub struct Payload {
    text: Arc<str>,
    /// Bytes that the text names and that are in no store yet.
    attached: Option<Arc<[Blob]>>,
}

/// How the text of a value begins that a store keeps in a blob: no JSON does.
const APART: char = '@';

/// How a handle to a blob is written inside a value; its size follows.
const HANDLE: &str = "\"$blob\":\"";

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Payload {}

/// The digest of a step's inputs, over their canonical JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Digest(pub [u8; 16]);

impl Payload {
    /// Takes text that is known to be JSON.
    pub fn from_json(text: impl Into<Arc<str>>) -> Self {
        Self {
            text: text.into(),
            attached: None,
        }
    }

    /// The same with bytes that it names and that are in no store yet.
    pub fn with_attached(mut self, blobs: &[Blob]) -> Self {
        if !blobs.is_empty() {
            self.attached = Some(Arc::from(blobs));
        }
        self
    }

    /// Bytes that it names and that are in no store yet.
    pub fn attached(&self) -> &[Blob] {
        self.attached.as_deref().unwrap_or_default()
    }

    /// The text alone: its bytes are in a store.
    pub fn without_attached(self) -> Self {
        Self {
            attached: None,
            ..self
        }
    }

    /// The stand-in for a value whose text a store keeps as a blob.
    pub fn apart(blob: BlobId) -> Self {
        Self::from_json(format!("{APART}{blob}"))
    }

    /// The blob that holds the text, for a stand-in.
    pub fn blob_apart(&self) -> Option<BlobId> {
        self.text.strip_prefix(APART)?.parse().ok()
    }

    /// The blobs to which the value holds handles.
    pub fn handles(&self) -> impl Iterator<Item = BlobId> {
        self.text.split(HANDLE).skip(1).filter_map(|rest| {
            let (digest, rest) = rest.split_once('"')?;
            let rest = rest.strip_prefix(",\"size\":")?;
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            BlobId::parse(digest, rest[..end].parse().ok()?)
        })
    }

    /// `null`: the value of `()` and of nothing.
    pub fn null() -> Self {
        Self::from_json("null")
    }

    /// The value as a tree, for showing. Text that is not JSON becomes a string: showing must not fail.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|_| serde_json::Value::String(self.text.to_string()))
    }

    /// The digest over the canonical form: object keys sorted, so that a `HashMap` gives the same digest each time.
    pub fn digest(&self) -> Digest {
        // Only objects have an order that may differ; all other text is canonical as serde writes it.
        let hash = if self.text.contains('{') {
            let mut canonical = String::with_capacity(self.text.len());
            match serde_json::from_str::<&RawValue>(&self.text) {
                Ok(json) => write_canonical(json, &mut canonical),
                Err(_) => canonical.push_str(&self.text),
            }
            blake3::hash(canonical.as_bytes())
        } else {
            blake3::hash(self.text.as_bytes())
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
        &self.text
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
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
    fn handles_are_found_and_text_that_looks_so_is_not() {
        let id = BlobId::of(b"x");
        let handle = format!(r#"{{"$blob":"{}","size":1}}"#, id.digest());
        let quoted = serde_json::to_string(&handle).unwrap();
        let value = Payload::from_json(format!("[{handle},{quoted},{{\"a\":{handle}}}]"));
        assert_eq!(value.handles().collect::<Vec<_>>(), [id, id]);
        assert_eq!(Payload::apart(id).blob_apart(), Some(id));
        assert_eq!(value.blob_apart(), None);
    }

    #[test]
    fn every_digit_counts() {
        let of = |number: u128| Payload::from_json(format!(r#"[{{"n":{number}}}]"#)).digest();
        assert_ne!(of(u128::MAX), of(u128::MAX - 1));
    }
}
