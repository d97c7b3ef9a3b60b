//! Values that are used and never shown.

mod look;
mod reference;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

pub(crate) use look::check_name;
pub use look::secret;
pub(crate) use reference::{FIELD, Reference, take_over};

use super::vault::{self, Vault};
use crate::error::{Error, ErrorKind, Result};
use crate::mask::{self, MASK};

/// A value that is never printed, logged, digested or recorded in clear.
///
/// As a parameter, an input or a result it is recorded as a reference (`@NAME` in the store, `env:NAME`, `file:PATH`) where
/// it is one, else encrypted under the store's key: a run that is resumed has it again. [`reveal`](Self::reveal) gives the
/// value to the body of a task; from then on it is taken out of log lines, errors, events and output, also in its usual
/// encodings, if it has 6 bytes or more.
///
/// ```
/// use flowrt::Secret;
///
/// let token = Secret::new("s3cr3t-value".to_owned());
/// assert_eq!(format!("{token} {token:?}"), "••• Secret(•••)");
/// assert_eq!(token.reveal()?, "s3cr3t-value");
/// # Ok::<(), flowrt::Error>(())
/// ```
pub struct Secret<T>(Arc<Inside<T>>);

struct Inside<T> {
    /// `None` if it was made here, and its value is all there is.
    reference: Option<Reference>,
    vault: Option<Arc<dyn Vault>>,
    value: OnceLock<T>,
}

impl<T> Secret<T> {
    fn made(reference: Option<Reference>, value: Option<T>) -> Self {
        let cell = OnceLock::new();
        if let Some(value) = value {
            let _ = cell.set(value);
        }
        Self(Arc::new(Inside {
            reference,
            vault: vault::here(),
            value: cell,
        }))
    }

    /// The secret of that name in the store, read when it is revealed.
    pub fn stored(name: impl Into<String>) -> Self {
        Self::made(Some(Reference::Stored(name.into())), None)
    }

    /// What that variable of the environment holds when it is revealed.
    pub fn env(name: impl Into<String>) -> Self {
        Self::made(Some(Reference::Env(name.into())), None)
    }

    /// What that file holds when it is revealed, without the line break at its end.
    pub fn file(path: impl Into<String>) -> Self {
        Self::made(Some(Reference::File(path.into())), None)
    }
}

impl<T: Serialize> Secret<T> {
    /// Hides a value. From now on it is taken out of whatever is written.
    pub fn new(value: T) -> Self {
        if let Ok(json) = serde_json::to_value(&value) {
            mask::add_json(&json);
        }
        Self::made(None, Some(value))
    }
}

impl<T: DeserializeOwned> Secret<T> {
    /// The value. Do not put it into anything that is recorded: a task whose result holds it fails.
    ///
    /// # Errors
    /// In the body of a flow; if it is not where it should be, or cannot be opened; if it is of another type.
    pub fn reveal(&self) -> Result<&T> {
        vault::may_read()?;
        if let Some(value) = self.0.value.get() {
            return Ok(value);
        }
        let value = self.read()?;
        Ok(self.0.value.get_or_init(|| value))
    }

    fn read(&self) -> Result<T> {
        let reference = self
            .0
            .reference
            .as_ref()
            .expect("what is no reference has its value from the beginning");
        let here = vault::here();
        let text = reference.read(self.0.vault.as_ref().or(here.as_ref()))?;
        // What is sealed is JSON, and its quotes are no part of the value.
        if !matches!(reference, Reference::Sealed(_)) {
            mask::add(&text);
        }
        if let Ok(json) = serde_json::from_str::<Value>(&text) {
            mask::add_json(&json);
        }
        let as_text = || serde_json::from_value(Value::String(text.clone())).ok();
        let as_json = || serde_json::from_str(&text).ok();
        let value = if matches!(reference, Reference::Sealed(_)) {
            as_json()
        } else {
            as_text().or_else(as_json)
        };
        value.ok_or_else(|| {
            let message = format!(
                "the secret {reference} is no `{}`",
                std::any::type_name::<T>()
            );
            Error::new(ErrorKind::Input, message).hint("write it as text or as JSON of that type")
        })
    }
}

impl<T> Clone for Secret<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.reference {
            Some(reference) => write!(f, "Secret({reference})"),
            None => write!(f, "Secret({MASK})"),
        }
    }
}

impl<T: Serialize> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let reference = match (&self.0.reference, self.0.value.get()) {
            (Some(reference), _) => Cow::Borrowed(reference),
            (None, Some(value)) => {
                let text = serde_json::to_string(value).map_err(serde::ser::Error::custom)?;
                Cow::Owned(Reference::seal(&text).map_err(serde::ser::Error::custom)?)
            }
            (None, None) => unreachable!("a secret without a reference has a value"),
        };
        reference.to_json().serialize(serializer)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if let Some(reference) = Reference::of_json(&value).map_err(D::Error::custom)? {
            return Ok(Self::made(Some(reference), None));
        }
        mask::add_json(&value);
        // Why it does not fit would be said with the value.
        let fitting = T::deserialize(&value).map_err(|_| {
            D::Error::custom(format!(
                "a secret that is no `{}`",
                std::any::type_name::<T>()
            ))
        })?;
        Ok(Self::made(None, Some(fitting)))
    }
}

impl<T: schemars::JsonSchema> schemars::JsonSchema for Secret<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Secret_of_{}", T::schema_name()).into()
    }

    fn schema_id() -> Cow<'static, str> {
        format!("flowrt::Secret<{}>", T::schema_id()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let value = generator.subschema_for::<T>();
        schemars::json_schema!({
            "format": "password",
            "writeOnly": true,
            "anyOf": [value, {
                "type": "object",
                "properties": { FIELD: { "type": "string" } },
                "required": [FIELD],
                "additionalProperties": false,
            }],
        })
    }
}

#[cfg(test)]
mod tests;
