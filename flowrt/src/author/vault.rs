//! Where secrets come from, as code of users reaches it.

use std::fmt;
use std::sync::Arc;

use super::frame::{self, Frame};
use crate::error::{Error, ErrorKind, Result};
use crate::seal::Keys;

/// An engine's secrets.
pub(crate) trait Vault: Send + Sync + fmt::Debug {
    /// What its store seals with.
    fn keys(&self) -> &Keys;

    /// The secret of that name in the store. It may wait for the disk, not for other people.
    fn stored(&self, name: &str) -> Result<Option<String>>;
}

/// The vault of the run whose code runs on this thread.
pub(crate) fn here() -> Option<Arc<dyn Vault>> {
    match frame::current()? {
        Frame::Flow(scope) | Frame::Glue(scope, _) => scope.core.facts.vault.clone(),
        Frame::Task(attempt) => attempt.vault.clone(),
        Frame::Untracked(_) => None,
    }
}

/// Whether a secret may be read here.
///
/// # Errors
/// In the body of a flow.
pub(crate) fn may_read() -> Result<()> {
    match frame::current() {
        Some(Frame::Flow(_) | Frame::Glue(..)) => Err(Error::new(
            ErrorKind::Misuse,
            "a secret is read in the body of a flow: what it holds would decide how the flow goes on, and is not recorded",
        )
        .hint("read it in a task; a flow passes a `Secret` on as it is")),
        _ => Ok(()),
    }
}
