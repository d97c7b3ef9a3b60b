//! What tasks are given besides their recorded inputs: made once per process, matched by type.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use crate::author::frame::{self, Frame};
use crate::error::{Error, ErrorKind, Result};

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
    /// Makes the value.
    pub make: fn() -> BoxFuture<'static, Result<Shared>>,
}

inventory::collect!(RegisteredResource);

/// A resource without its type.
pub type Shared = Arc<dyn Any + Send + Sync>;

type Cells = Mutex<HashMap<TypeId, Arc<OnceCell<Shared>>>>;

/// The resource of that type, made now if this is the first that asks.
///
/// # Errors
/// If no function or more than one makes it, or the one that does fails; the next that asks tries again. In a run that is
/// the task itself, after a wait, and no attempt is spent on it.
pub async fn resource<T: Any + Send + Sync>() -> Result<Arc<T>> {
    static CELLS: OnceLock<Cells> = OnceLock::new();
    let maker = maker(TypeId::of::<T>(), std::any::type_name::<T>())?;
    let cell = {
        let mut cells = CELLS
            .get_or_init(Cells::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        cells.entry(TypeId::of::<T>()).or_default().clone()
    };
    let made = cell.get_or_try_init(|| (maker.make)()).await;
    if made.is_err()
        && let Some(Frame::Task(attempt)) = frame::current()
    {
        attempt.lacked.store(true, Ordering::Relaxed);
    }
    let value = made?;
    Ok(value
        .clone()
        .downcast::<T>()
        .expect("the cell of a type holds a value of that type"))
}

fn maker(id: TypeId, name: &str) -> Result<&'static RegisteredResource> {
    let mut makers = inventory::iter::<RegisteredResource>
        .into_iter()
        .filter(|one| (one.type_id)() == id);
    let Some(maker) = makers.next() else {
        return Err(
            Error::new(ErrorKind::Misuse, format!("no resource makes a `{name}`")).hint(
                "write `#[resource] async fn …() -> Result<T>`, and link the crate that holds it",
            ),
        );
    };
    match makers.next() {
        None => Ok(maker),
        Some(other) => {
            let message = format!(
                "two resources make a `{name}`: {}:{} and {}:{}",
                maker.file, maker.line, other.file, other.line
            );
            Err(Error::new(ErrorKind::Misuse, message)
                .hint("keep one of them, or give each a type of its own"))
        }
    }
}
