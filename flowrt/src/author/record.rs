//! Values to and from their record. The record is JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::author::meta::Meta;
use crate::author::stored;
use crate::error::{Error, ErrorKind, Result};
use crate::model::payload::Payload;

/// The most bytes that one recorded value may have.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 64 << 20;

/// A value that a run records: what a task takes or gives.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be recorded",
    label = "a task's or flow's inputs and result are recorded, so this type needs `Serialize`, `DeserializeOwned`, `Send` and `'static`",
    note = "derive it: `#[derive(serde::Serialize, serde::Deserialize)]`; or take it as a `#[resource]` if it is a connection or client"
)]
pub trait Recordable: Serialize + DeserializeOwned + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> Recordable for T {}

/// The JSON of a value.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Payload> {
    let (payload, blobs) = stored::collecting(|| encode_text(value));
    Ok(payload?.with_attached(&blobs))
}

fn encode_text<T: Serialize + ?Sized>(value: &T) -> Result<Payload> {
    // Most values are small, and are copied once more to their final place in any case.
    let mut text = BUFFER.take();
    text.clear();
    let written = serde_json::to_writer(&mut text, value);
    let payload = written
        .map_err(|error| {
            Error::new(
                ErrorKind::Record,
                format!("the value cannot be encoded as JSON: {error}"),
            )
        })
        .and_then(|()| as_payload(&text));
    if text.capacity() <= BUFFER_KEPT {
        BUFFER.set(text);
    }
    payload
}

thread_local! {
    /// Where values are encoded, kept so that each needs one allocation only.
    static BUFFER: std::cell::Cell<Vec<u8>> = const { std::cell::Cell::new(Vec::new()) };
}

/// A buffer that a large value has made larger is not kept.
const BUFFER_KEPT: usize = 64 << 10;

fn as_payload(text: &[u8]) -> Result<Payload> {
    if text.len() > PAYLOAD_BYTES_MAX {
        let message = format!(
            "the value is {} bytes as JSON, over the limit of {PAYLOAD_BYTES_MAX} (payload_bytes_max)",
            text.len()
        );
        return Err(Error::new(ErrorKind::Limit, message)
            .hint("record a path or key instead, and keep the bytes elsewhere"));
    }
    let text = std::str::from_utf8(text).map_err(|error| {
        Error::new(ErrorKind::Record, format!("the JSON is not UTF-8: {error}"))
    })?;
    Ok(Payload::from_json(text))
}

/// A value from its JSON.
pub fn decode<T: DeserializeOwned>(payload: &Payload) -> Result<T> {
    stored::attaching(payload, || serde_json::from_str(payload)).map_err(|error| {
        Error::new(
            ErrorKind::Record,
            format!("the recorded value does not fit its type: {error}"),
        )
    })
}

/// The result of a step from its record; the error says that the effect has happened.
pub(crate) fn decode_output<T: DeserializeOwned>(step: &str, payload: &Payload) -> Result<T> {
    stored::attaching(payload, || serde_json::from_str(payload)).map_err(|error| {
        Error::new(
            ErrorKind::Record,
            format!("the result of `{step}` does not come back from its record: {error}; its effect has happened"),
        )
        .hint("a value such as NaN, or a type whose Serialize and Deserialize differ, cannot be recorded")
    })
}

/// The named parameters of a run as the array of arguments that a body takes.
pub(crate) fn arguments(meta: &Meta, object: &Payload) -> Result<Payload> {
    let blobs = object.attached();
    let serde_json::Value::Object(mut object) = object.to_value() else {
        return Err(Error::new(
            ErrorKind::Input,
            "the parameters of a run are a JSON object",
        ));
    };
    if meta.params.is_empty() {
        return Ok(Payload::null());
    }
    let mut values = Vec::with_capacity(meta.params.len());
    for param in meta.params {
        values.push(match (object.remove(param.name), param.default) {
            (Some(value), _) => value,
            (None, Some(default)) => default()?.to_value(),
            (None, None) => {
                return Err(Error::new(
                    ErrorKind::Input,
                    format!("the parameter `{}` is missing", param.name),
                ));
            }
        });
    }
    Ok(Payload::from_json(serde_json::Value::Array(values).to_string()).with_attached(blobs))
}

/// The array of arguments as an object by name.
pub(crate) fn named(meta: &Meta, array: &Payload) -> Payload {
    // No arguments are `()`, whose JSON is `null`.
    let values = match array.to_value() {
        serde_json::Value::Array(values) => values,
        _ => Vec::new(),
    };
    let object: serde_json::Map<_, _> = meta
        .params
        .iter()
        .map(|param| param.name.to_owned())
        .zip(values)
        .collect();
    Payload::from_json(serde_json::Value::Object(object).to_string())
        .with_attached(array.attached())
}
