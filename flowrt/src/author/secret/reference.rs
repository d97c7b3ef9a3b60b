//! How a secret is recorded: never by its value.

use std::fmt;
use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};

use crate::author::vault::{self, Vault};
use crate::error::{Error, ErrorKind, Result};
use crate::seal::Keys;

/// The only field of a recorded secret.
pub(crate) const FIELD: &str = "$secret";

const SEALED: &str = "sealed:";

/// What seals where no store is open: nothing that it sealed outlives the process.
static OF_PROCESS: LazyLock<Keys> = LazyLock::new(|| Keys::of(None));

/// Where the value of a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    /// In the store, by name.
    Stored(String),
    /// In a variable of the environment.
    Env(String),
    /// In a file.
    File(String),
    /// Here, encrypted: the JSON of the value.
    Sealed(String),
}

impl Reference {
    /// A reference as a person types it: `@NAME`, `env:NAME`, `file:PATH`; `None` for any other text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let of = |start: &str| {
            let rest = text.strip_prefix(start)?;
            (!rest.is_empty()).then(|| rest.to_owned())
        };
        of("@")
            .map(Self::Stored)
            .or_else(|| of("env:").map(Self::Env))
            .or_else(|| of("file:").map(Self::File))
    }

    /// A value, encrypted for the record of the run that is at work here.
    pub(super) fn seal(text: &str) -> Result<Self> {
        let word = match vault::here() {
            Some(vault) => vault.keys().seal_recorded(text)?,
            None => OF_PROCESS.seal_recorded(text)?,
        };
        Ok(Self::Sealed(word))
    }

    pub(crate) fn to_json(&self) -> Value {
        let text = match self {
            Self::Sealed(word) => format!("{SEALED}{word}"),
            other => other.to_string(),
        };
        json!({ FIELD: text })
    }

    /// The reference that a recorded value is; `None` for other values.
    pub(super) fn of_json(value: &Value) -> Result<Option<Self>, String> {
        let Some(object) = value
            .as_object()
            .filter(|object| object.contains_key(FIELD))
        else {
            return Ok(None);
        };
        let text = object[FIELD].as_str().filter(|_| object.len() == 1);
        let text = text.ok_or_else(|| format!("{FIELD} stands alone, with a text"))?;
        match text.strip_prefix(SEALED) {
            Some(word) => Ok(Some(Self::Sealed(word.to_owned()))),
            None => Self::parse(text).map(Some).ok_or_else(|| {
                format!("{text:?} is no reference to a secret: write @NAME, env:NAME or file:PATH")
            }),
        }
    }

    /// The value as text.
    pub(super) fn read(&self, vault: Option<&Arc<dyn Vault>>) -> Result<String> {
        match self {
            Self::Stored(name) => {
                let vault = vault.ok_or_else(|| {
                    missing(self, "no store is open here")
                        .hint("reveal it in a task of a run, or call `flowrt::secret` with a variable set")
                })?;
                vault.stored(name)?.ok_or_else(|| {
                    missing(self, "the store has none of that name")
                        .hint(format!("secrets set {name}"))
                })
            }
            Self::Env(name) => std::env::var(name).map_err(|error| {
                missing(self, &error.to_string()).hint(format!(
                    "set {name} in the environment of the process that runs this"
                ))
            }),
            Self::File(path) => from_file(path).map_err(|error| {
                missing(self, &error.to_string())
                    .hint("the path is read by the process that runs this")
            }),
            // A value that was sealed before a store was there has not been recorded.
            Self::Sealed(word) => match vault.map(|vault| vault.keys().open_recorded(word)) {
                Some(Ok(text)) => Ok(text),
                Some(Err(error)) => OF_PROCESS.open_recorded(word).map_err(|_| error),
                None => OF_PROCESS.open_recorded(word),
            },
        }
    }
}

fn missing(reference: &Reference, why: &str) -> Error {
    Error::new(
        ErrorKind::Input,
        format!("the secret {reference} is not there: {why}"),
    )
}

/// The text of a file without the line break at its end.
pub(super) fn from_file(path: impl AsRef<std::path::Path>) -> std::io::Result<String> {
    let mut text = std::fs::read_to_string(path)?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

/// Seals again, under the keys of a store, what was sealed where no store was open.
pub(crate) fn take_over(value: &mut Value, keys: &Keys) -> Result<()> {
    match value {
        Value::Array(items) => items.iter_mut().try_for_each(|item| take_over(item, keys)),
        Value::Object(fields) => {
            let word = fields.get(FIELD).and_then(Value::as_str);
            let word = word.and_then(|text| text.strip_prefix(SEALED));
            if let Some(text) = word.and_then(|word| OF_PROCESS.open_recorded(word).ok()) {
                *value = Reference::Sealed(keys.seal_recorded(&text)?).to_json();
                return Ok(());
            }
            fields
                .values_mut()
                .try_for_each(|field| take_over(field, keys))
        }
        _ => Ok(()),
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stored(name) => write!(f, "@{name}"),
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{path}"),
            Self::Sealed(_) => f.write_str(crate::mask::MASK),
        }
    }
}
