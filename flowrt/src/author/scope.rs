//! Scopes and the identities of steps within them.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::Arc;

use crate::author::core::Core;
use crate::author::frame::{self, Frame};
use crate::error::{Error, ErrorKind, Result};
use crate::model::state::TaskState;

/// A place where steps are numbered: the flow, a branch, an inline helper, a fan-out.
#[derive(Clone)]
pub(crate) struct Scope {
    pub(crate) core: Arc<Core>,
    pub(crate) index: usize,
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({})", self.index)
    }
}

/// An identity that does not depend on the order of calls: that of a DAG's node or of a fan-out's item.
#[derive(Debug, Clone)]
pub(crate) struct FixedId {
    /// The place in the scope.
    pub(crate) position: u32,
    /// The name with its occurrence, without the scope's path.
    pub(crate) name: Arc<str>,
    /// What people see of it besides that.
    pub(crate) label: Option<Arc<str>>,
    /// It is a part of the step at that place, which is not recorded by itself.
    pub(crate) part: bool,
}

thread_local! {
    static FIXED: RefCell<Option<FixedId>> = const { RefCell::new(None) };
    static BUILT: Cell<u32> = const { Cell::new(0) };
}

impl Scope {
    /// The scope that is active while a flow's future is polled.
    pub(crate) fn current() -> Option<Self> {
        match frame::current() {
            Some(Frame::Flow(scope)) => Some(scope),
            _ => None,
        }
    }

    /// Runs `build` so that the one call it builds takes that identity. The number tells how many calls were built.
    pub(crate) fn fixed<T>(&self, id: FixedId, build: impl FnOnce() -> T) -> (T, u32) {
        let before = BUILT.get();
        FIXED.set(Some(id));
        let value = frame::enter(Frame::Flow(self.clone()), build);
        FIXED.set(None);
        (value, BUILT.get().wrapping_sub(before))
    }

    /// Runs the plain code of a DAG's node, in which no call may be built.
    pub(crate) fn no_calls<T>(&self, node: usize, code: impl FnOnce() -> T) -> Result<T> {
        let before = BUILT.get();
        let value = frame::enter(Frame::Glue(self.clone(), node), code);
        if BUILT.get() == before {
            Ok(value)
        } else {
            Err(glue_call())
        }
    }

    /// Writes down that a node was not run.
    pub(crate) fn note_node(&self, position: u32, step: &str, task: &str, state: TaskState) {
        self.core.note_node(self.index, position, step, task, state);
    }

    /// A scope inside this one, with its own numbering.
    pub(crate) fn open(&self, name: &str) -> Self {
        Self {
            core: self.core.clone(),
            index: self.core.open_scope(self.index, name, FIXED.take()),
        }
    }

    /// The scope of what belongs to a step of this one, such as the times that its arguments hold.
    pub(crate) fn of_step(&self, name: &str) -> Self {
        Self {
            core: self.core.clone(),
            index: self.core.scope_of_step(self.index, name),
        }
    }

    /// The scope of a fan-out over that task.
    pub(crate) fn open_items(&self, name: &'static str, fixed: Option<FixedId>) -> Self {
        Self {
            core: self.core.clone(),
            index: self.core.open_items(self.index, name, fixed),
        }
    }

    /// Gives this scope of a fan-out another name.
    pub(crate) fn rename_items(&self, around: &Self, name: &str) {
        self.core.rename_items(around.index, self.index, name);
    }

    /// The scope of the next branch of this one.
    pub(crate) fn open_branch(&self) -> Self {
        Self {
            core: self.core.clone(),
            index: self.core.open_branch(self.index, FIXED.take()),
        }
    }

    /// Writes the scope's length down: it will build no more calls.
    pub(crate) fn close(&self) {
        self.core.close_scope(self.index);
    }
}

/// Takes the identity that [`Scope::fixed`] set, and counts the call.
pub(crate) fn take_fixed() -> Option<FixedId> {
    BUILT.set(BUILT.get().wrapping_add(1));
    FIXED.take()
}

/// The name that [`Scope::fixed`] gives to the call that is being built, until it is.
pub(crate) fn fixed_name() -> Option<Arc<str>> {
    FIXED.with_borrow(|fixed| Some(fixed.as_ref()?.name.clone()))
}

/// What a call inside `untracked` says.
pub(crate) fn untracked_call() -> Error {
    Error::new(
        ErrorKind::Misuse,
        "a task was called inside untracked(…), where it cannot be recorded",
    )
    .hint("await the task itself, outside of untracked(…)")
}

/// What a call in glue says.
pub(crate) fn glue_call() -> Error {
    Error::new(
        ErrorKind::Misuse,
        "a task was called inside plain code of a DAG flow, where it is no node of the graph",
    )
    .hint("give the call a line of its own: `let x = task(…);`, and use `x` here")
}
