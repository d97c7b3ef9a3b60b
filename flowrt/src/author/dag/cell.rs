//! The place where the value of a name waits for the nodes that use it.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, ErrorKind, Result};

/// One per bound name: filled when its node ends, emptied by the nodes that use it.
pub struct Cell<T>(Arc<Mutex<Option<T>>>);

/// Stands for the one type of the values that the arms of a branch give.
pub struct Same<T>(PhantomData<fn(T) -> T>);

impl<T> Clone for Same<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Same<T> {}

impl<T> Default for Same<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Same<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Same")
    }
}

impl<T> Same<T> {
    /// The type is that of the first arm.
    pub const fn new() -> Self {
        Self(PhantomData)
    }

    /// No value, of that type: the other arm of a `match` whose arms must agree.
    pub const fn none(self) -> Option<T> {
        None
    }
}

/// A value that more than one node uses.
#[diagnostic::on_unimplemented(
    message = "more than one node uses this value, so its type `{Self}` must be `Clone`",
    label = "each of these nodes needs a copy of its own",
    note = "derive `Clone` for it, or give the nodes what they need of it: `let part = value.part;`"
)]
pub trait Reuse: Clone {}

#[diagnostic::do_not_recommend]
impl<T: Clone> Reuse for T {}

impl<T> fmt::Debug for Cell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cell")
    }
}

impl<T> Cell<T> {
    /// A cell whose value is known from the start.
    pub fn full(value: T) -> Self {
        Self(Arc::new(Mutex::new(Some(value))))
    }

    /// A cell that a node will fill.
    pub fn empty() -> Self {
        Self(Arc::new(Mutex::new(None)))
    }

    /// The same cell, for a node.
    #[must_use]
    pub fn handle(&self) -> Self {
        Self(self.0.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Option<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the value in.
    pub fn fill(&self, value: T)
    where
        T: Send + 'static,
    {
        *self.lock() = Some(value);
    }

    /// The value itself, for the only node that uses it.
    pub fn taken(self) -> Result<T> {
        self.lock().take().ok_or_else(missing)
    }

    /// A copy for one of several nodes; the last one gets the value itself.
    pub fn cloned(self) -> Result<T>
    where
        T: Reuse,
    {
        let value = match Arc::try_unwrap(self.0) {
            Ok(last) => last.into_inner().unwrap_or_else(PoisonError::into_inner),
            Err(shared) => Self(shared).lock().clone(),
        };
        value.ok_or_else(missing)
    }
}

/// A pattern that matched when its arm was chosen, and does not when a node of the arm matches again.
pub fn matched_before() -> Error {
    Error::new(
        ErrorKind::Failed,
        "the pattern of a `match` arm no longer matches a copy of the value that it matched",
    )
}

/// A node that runs although what it uses gave no value. The macro refuses every such rule that it can see.
fn missing() -> Error {
    Error::new(
        ErrorKind::UpstreamFailed,
        "a value that this node uses was never made",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_user_gets_the_value_itself() {
        let value = vec![1, 2, 3];
        let address = value.as_ptr();
        let cell = Cell::full(value);
        let (first, second) = (cell.handle(), cell.handle());
        drop(cell);
        let (first, second) = (
            first.cloned().expect("full"),
            second.cloned().expect("full"),
        );
        assert_ne!(first.as_ptr(), address);
        assert_eq!(second.as_ptr(), address);
    }

    #[test]
    fn an_empty_cell_is_an_error_and_no_panic() {
        let error = Cell::<u32>::empty().taken().expect_err("empty");
        assert_eq!(error.kind(), ErrorKind::UpstreamFailed);
    }
}
