//! What an isolated body asks of its parent: secrets of the store, which only the parent has open.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::child::report;
use super::wire::{Answer, Ask, Report};
use crate::author::vault::Vault;
use crate::error::{Error, ErrorKind, Result};
use crate::seal::{Handed, Keys};

/// What the parent answers. Whoever holds it has the only question that is open.
static ANSWERS: OnceLock<Mutex<Receiver<Answer>>> = OnceLock::new();

/// Where the answers of the parent go.
pub(super) fn begin() -> Sender<Answer> {
    let (sender, receiver) = channel();
    let _ = ANSWERS.set(Mutex::new(receiver));
    sender
}

/// Returns once the parent takes this value out of what this process prints: the pipes are faster than the link.
pub(super) fn hide(value: &str) {
    // Without a parent nobody reads what is printed, and this process is about to end.
    let _ = ask(Ask::Hide(value.to_owned()));
}

fn ask(what: Ask) -> Answer {
    let gone = || Err(Error::new(ErrorKind::Stopped, "the parent process is gone").to_json());
    let Some(answers) = ANSWERS.get() else {
        return gone();
    };
    let answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
    report(&Report::Ask(what));
    answers.recv().unwrap_or_else(|_| gone())
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
        ask(Ask::Stored(name.to_owned())).map_err(|error| Error::from_json(&error))
    }
}
