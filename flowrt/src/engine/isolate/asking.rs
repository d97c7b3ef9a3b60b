//! What an isolated body asks of its parent: secrets and bytes of the store, which only the parent has open.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::child::report;
use super::wire::{Answer, Ask, Report};
use crate::author::vault::Vault;
use crate::error::{Error, ErrorKind, Result};
use crate::model::blob::BlobId;
use crate::seal::{Handed, Keys};

/// What the parent answers. Whoever holds it has the only question that is open.
static ANSWERS: OnceLock<Mutex<Receiver<Heard>>> = OnceLock::new();

/// What the parent has answered.
#[derive(Debug)]
pub(super) enum Heard {
    Answer(Answer),
    Bytes(Arc<[u8]>),
}

/// Where the answers of the parent go.
pub(super) fn begin() -> Sender<Heard> {
    let (sender, receiver) = channel();
    let _ = ANSWERS.set(Mutex::new(receiver));
    sender
}

/// Returns once the parent takes this value out of what this process prints: the pipes are faster than the link.
pub(super) fn hide(value: &str) {
    // Without a parent nobody reads what is printed, and this process is about to end.
    let _ = ask(Ask::Hide(value.to_owned()));
}

/// Reads bytes of the store. Blocks.
pub(super) fn load(blob: BlobId, whose: String) -> Result<Arc<[u8]>> {
    let blob = blob.to_string();
    match ask(Ask::Load { blob, whose })? {
        Heard::Bytes(bytes) => Ok(bytes),
        Heard::Answer(Err(error)) => Err(Error::from_json(&error)),
        Heard::Answer(Ok(_)) => Err(Error::from("the parent process gave no bytes")),
    }
}

fn ask(what: Ask) -> Result<Heard> {
    let gone = || Error::new(ErrorKind::Stopped, "the parent process is gone");
    let answers = ANSWERS.get().ok_or_else(gone)?;
    let answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
    report(&Report::Ask(what));
    answers.recv().map_err(|_| gone())
}

/// The secrets of the parent's engine.
#[derive(Debug)]
pub(super) struct ParentVault(Keys);

impl ParentVault {
    pub(super) fn of(keys: Handed) -> Self {
        Self(Keys::taken(keys))
    }
}

impl Vault for ParentVault {
    fn keys(&self) -> &Keys {
        &self.0
    }

    fn stored(&self, name: &str) -> Result<Option<String>> {
        match ask(Ask::Stored(name.to_owned()))? {
            Heard::Answer(answer) => answer.map_err(|error| Error::from_json(&error)),
            Heard::Bytes(_) => Err(Error::from("the parent process gave no secret")),
        }
    }
}
