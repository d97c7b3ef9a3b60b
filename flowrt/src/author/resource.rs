//! What tasks are given besides their recorded inputs: made once per process, matched by type.

mod cells;
mod registered;

use std::any::{Any, TypeId};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::author::frame::{self, Frame};
use crate::error::Result;

pub(crate) use cells::tear_down;

/// A `#[resource]` function.
#[derive(Debug)]
pub struct RegisteredResource {
    /// The type that it makes.
    pub type_id: fn() -> TypeId,
    /// The type's name, for messages.
    pub type_name: fn() -> &'static str,
    /// The function's name.
    pub name: &'static str,
    /// `file!()` of the function.
    pub file: &'static str,
    /// Its line.
    pub line: u32,
    /// The types of the resources that it takes.
    pub needs: &'static [fn() -> TypeId],
    /// Makes the value.
    pub make: fn() -> BoxFuture<'static, Result<Shared>>,
    /// Whether the value can still be used.
    pub health: Option<Given>,
    /// How long a value counts as healthy after it was made or looked at.
    pub health_every: Duration,
    /// Tears the value down.
    pub drop: Option<Given>,
}

inventory::collect!(RegisteredResource);

/// A function of the user's that is given the value.
pub type Given = fn(Shared) -> BoxFuture<'static, Result<()>>;

/// A resource without its type.
pub type Shared = Arc<dyn Any + Send + Sync>;

/// The resource of that type, made now if this is the first that asks, and made again if it is not healthy any more.
///
/// # Errors
/// If no function or more than one makes it, it takes itself in a circle, or the one that makes it fails; the next that asks
/// tries again. In a run that is the task itself, after a wait, and no attempt is spent on it.
pub async fn resource<T: Any + Send + Sync>() -> Result<Arc<T>> {
    let maker = registered::maker(TypeId::of::<T>(), std::any::type_name::<T>())?;
    let attempt = match frame::current() {
        Some(Frame::Task(attempt)) => Some(attempt),
        _ => None,
    };
    let hurries = attempt.as_ref().is_some_and(|at| at.punctual.hurries());
    let made = cells::value(maker, hurries).await;
    if made.is_err()
        && let Some(attempt) = attempt
    {
        attempt.lacked.store(true, Ordering::Relaxed);
    }
    Ok(made?
        .downcast::<T>()
        .expect("the cell of a type holds a value of that type"))
}

/// A result of health or tear-down as the run time has it, whatever its error.
///
/// # Errors
/// That of the result.
pub fn checked<E: Into<crate::error::Error>>(result: std::result::Result<(), E>) -> Result<()> {
    result.map_err(Into::into)
}
