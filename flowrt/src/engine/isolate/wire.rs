//! What parent and child say to each other: JSON, each message behind its length in four bytes.

use std::borrow::Cow;
use std::io::{self, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::author::record::PAYLOAD_BYTES_MAX;
use crate::model::artifact::ArtifactKind;
use crate::model::ids::RunId;
use crate::model::record::Micros;
use crate::seal::Handed;

/// A message may hold the largest value, and an error that quotes it.
const MESSAGE_BYTES_MAX: usize = 4 * PAYLOAD_BYTES_MAX;

/// What the parent says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// The first message: the body to run.
    Run(Box<Request>),
    /// The work is not wanted any more.
    Cancel,
    /// What the child has asked for last.
    Answer(Answer),
    /// The bytes that the child has asked for last are the next message, as they are.
    Bytes,
}

/// A body and what it may ask about its attempt.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) task: String,
    pub(super) input: Box<RawValue>,
    pub(super) run: Option<RunId>,
    pub(super) step: String,
    pub(super) attempt: u32,
    /// How often the step was done and undone before.
    pub(super) undone: u32,
    pub(super) logical_time: Micros,
    /// What opens the sealed values among its inputs; none outside of any run.
    pub(super) keys: Option<Handed>,
}

/// What the child says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Report<'a> {
    /// A line of its log that has passed the filter.
    #[serde(borrow)]
    Log(Line<'a>),
    /// A question, answered before the next one is asked.
    Ask(Ask),
    /// How far the body is, for those who watch.
    Progress { done: u64, total: u64 },
    /// What the body publishes. If it has bytes, they are the next message, as they are.
    Published(Published),
    /// The next message is bytes that the result names.
    Attached,
    /// The body has returned. Nothing follows.
    Done(Done),
}

/// A line of a log.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line<'a> {
    pub(super) time: Micros,
    #[serde(borrow)]
    pub(super) level: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) target: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) message: Cow<'a, str>,
}

/// An artifact but for its bytes; what belongs to the attempt, the parent knows.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Published {
    pub(super) key: String,
    pub(super) at: Micros,
    pub(super) kind: ArtifactKind,
    pub(super) description: Option<String>,
    pub(super) data: String,
    pub(super) has_bytes: bool,
}

/// What only the parent can do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Ask {
    /// Give the secret of that name in the store.
    Stored(String),
    /// Take this value out of what the child prints and returns. It is answered once that holds.
    Hide(String),
    /// Read the bytes of that blob.
    Load { blob: String, whose: String },
}

/// An answer, or the record of an error.
pub(super) type Answer = Result<Option<String>, String>;

/// How the body ended.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Done {
    /// The value of a success, or the record of an error.
    pub(super) result: Result<Box<RawValue>, String>,
    /// What it cost under a limit of points.
    pub(super) points: Option<u32>,
    /// A resource could not be made, so the body has not begun.
    pub(super) lacked: bool,
}

/// A message as bytes.
///
/// # Errors
/// If it is longer than a message may be.
pub(super) fn frame(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, message)?;
    let length = length_of(bytes.len() - 4)?;
    bytes[..4].copy_from_slice(&length);
    Ok(bytes)
}

/// What goes before a message of that many bytes.
///
/// # Errors
/// If it is longer than a message may be.
pub(super) fn length_of(bytes: usize) -> io::Result<[u8; 4]> {
    if bytes > MESSAGE_BYTES_MAX {
        return Err(io::Error::other(format!(
            "{bytes} bytes are too many for a message"
        )));
    }
    let length = u32::try_from(bytes).map_err(io::Error::other)?;
    Ok(length.to_le_bytes())
}

/// Sends a message, waiting until all of it is on its way.
///
/// # Errors
/// If the other side is gone.
pub(super) fn send(mut link: impl Write, message: &impl Serialize) -> io::Result<()> {
    link.write_all(&frame(message)?)
}

/// Sends bytes as they are, as one message.
///
/// # Errors
/// If they are more than a message may have, or the other side is gone.
pub(super) fn send_raw(mut link: impl Write, bytes: &[u8]) -> io::Result<()> {
    link.write_all(&length_of(bytes.len())?)?;
    link.write_all(bytes)
}

/// Waits for a message.
///
/// # Errors
/// If the other side is gone, or says what is no message.
pub(super) fn receive<T: DeserializeOwned>(link: impl Read) -> io::Result<T> {
    Ok(serde_json::from_slice(&receive_raw(link)?)?)
}

/// Waits for the bytes of a message on a thread of one's own.
///
/// # Errors
/// As [`receive`].
pub(super) fn receive_raw(mut link: impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    link.read_exact(&mut length)?;
    let mut bytes = vec![0; checked(length)?];
    link.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Waits for the bytes of a message.
///
/// # Errors
/// As [`receive`].
pub(super) async fn receive_bytes(link: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    link.read_exact(&mut length).await?;
    let mut bytes = vec![0; checked(length)?];
    link.read_exact(&mut bytes).await?;
    Ok(bytes)
}

fn checked(length: [u8; 4]) -> io::Result<usize> {
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > MESSAGE_BYTES_MAX {
        return Err(io::Error::other("this is no message"));
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_back_and_a_torn_one_is_an_error() {
        let request = Request {
            task: "convert".to_owned(),
            input: RawValue::from_string("[1, {\"a\": 1.50}]".to_owned()).unwrap(),
            run: None,
            step: "convert".to_owned(),
            attempt: 2,
            undone: 0,
            logical_time: 7,
            keys: None,
        };
        let bytes = frame(&Order::Run(Box::new(request))).unwrap();
        let Order::Run(back) = receive(&bytes[..]).unwrap() else {
            panic!("another message");
        };
        assert_eq!(back.input.get(), "[1, {\"a\": 1.50}]");
        assert_eq!((back.task.as_str(), back.attempt), ("convert", 2));
        for end in [0, 3, 4, bytes.len() - 1] {
            assert!(receive::<Order>(&bytes[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn what_is_no_message_is_not_waited_for() {
        assert!(receive::<Order>(&b"GET / HTTP/1.1\r\n"[..]).is_err());
    }
}
