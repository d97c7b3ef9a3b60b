//! Small pieces that only expansions use.

use serde::Serialize;

use crate::author::call::{Callable, TaskCall};
use crate::author::context::TaskContext;
use crate::author::frame::{Frame, enter};
use crate::author::meta::Meta;
use crate::author::punctual::begins;
use crate::author::record::{Recordable, decode};
use crate::error::{Error, ErrorKind, Result};
use crate::model::payload::Payload;

/// The parts of a result type, so that aliases need not be looked through.
pub trait ResultParts {
    /// The value of a success.
    type Ok;
    /// The error.
    type Err;
}

impl<T, E> ResultParts for std::result::Result<T, E> {
    type Ok = T;
    type Err = E;
}

/// A type that a flow can take as a parameter.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no JSON Schema",
    label = "a flow's parameters are checked, listed and asked for by their schema",
    note = "derive it: `#[derive(JsonSchema)]`, from `flowrt::prelude`"
)]
pub trait HasSchema: schemars::JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: schemars::JsonSchema> HasSchema for T {}

/// The arguments of a task or flow from their record. Its bound is that of the call, so that a type is reproached once.
///
/// # Errors
/// If the record does not fit their types.
pub fn decode_args<M: Callable>(payload: &Payload) -> Result<M::Args> {
    decode(payload)
}

/// The JSON Schema of a parameter.
pub fn schema_of<T: HasSchema>(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    generator.subschema_for::<T>()
}

/// A value as its parameter's type writes it, in which secrets are encrypted; else the path to the fault, and the fault.
///
/// # Errors
/// If it does not fit.
pub fn check_param<T: Recordable>(
    value: &serde_json::Value,
) -> std::result::Result<serde_json::Value, (String, String)> {
    match serde_path_to_error::deserialize::<_, T>(value) {
        Ok(fits) => serde_json::to_value(&fits).map_err(|error| (String::new(), error.to_string())),
        Err(error) => Err((error.path().to_string(), error.inner().to_string())),
    }
}

/// Runs the body of a task that is not `async` on the blocking pool.
///
/// # Errors
/// If the runtime shuts down before the body has begun, or the body would begin too late for its limit.
pub async fn blocking<R: Send + 'static>(
    context: TaskContext,
    body: impl FnOnce(&TaskContext) -> R + Send + 'static,
) -> Result<R> {
    let work = move || {
        // The pool may have had no thread for a while.
        begins(&context)?;
        Ok(enter(Frame::Task(context.0.clone()), || body(&context)))
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(Error::new(
            ErrorKind::Cancelled,
            "the program ended before the task's body began",
        )),
    }
}

/// A function that stands for a task or flow.
#[diagnostic::on_unimplemented(
    message = "this is not a task or flow",
    label = "a node of a DAG calls a function with `#[task]` or `#[flow]`",
    note = "put `#[task]` on it, or wrap plain code in a block: `{{ … }}`"
)]
pub trait Callee<A> {
    /// The hidden type that stands for it.
    type Marker: Callable;
    /// What the macro knows of it.
    const META: &'static Meta;
}

/// What the macro knows of a function that stands for a task or flow.
pub const fn meta_of<F: Callee<A>, A>(_: &F) -> &'static Meta {
    F::META
}

macro_rules! callee {
    ($($arg:ident)*) => {
        impl<Function, Marker: Callable, $($arg),*> Callee<($($arg,)*)> for Function
        where
            Function: Fn($($arg),*) -> TaskCall<Marker>,
        {
            type Marker = Marker;
            const META: &'static Meta = Marker::META;
        }
    };
}
callee!();
callee!(A);
callee!(A B);
callee!(A B C);
callee!(A B C D);
callee!(A B C D E);
callee!(A B C D E G);
callee!(A B C D E G H);
callee!(A B C D E G H I);
callee!(A B C D E G H I J);
callee!(A B C D E G H I J K);
callee!(A B C D E G H I J K L);
callee!(A B C D E G H I J K L N);

/// An error of a body on its way into a record: by autoref, ours stays, a serde one keeps its value, others keep their text.
pub struct Caught<E>(std::cell::Cell<Option<E>>);

impl<E> std::fmt::Debug for Caught<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Caught")
    }
}

impl<E> Caught<E> {
    /// Holds the error.
    pub fn new(error: E) -> Self {
        Self(std::cell::Cell::new(Some(error)))
    }

    fn take(&self) -> E {
        self.0.take().expect("an error is converted once")
    }
}

/// Our own error.
pub trait CaughtOurs {
    /// The error to record.
    fn caught(&self) -> Error;
}

impl CaughtOurs for &&Caught<Error> {
    fn caught(&self) -> Error {
        self.take()
    }
}

/// An error that is serde.
pub trait CaughtSerde {
    /// The error to record.
    fn caught(&self) -> Error;
}

impl<E: Serialize + Into<Error>> CaughtSerde for &Caught<E> {
    fn caught(&self) -> Error {
        let error = self.take();
        let value = serde_json::to_value(&error).ok();
        let error: Error = error.into();
        match value {
            Some(value) => error.with_value(value),
            None => error,
        }
    }
}

/// Any other error.
pub trait CaughtPlain {
    /// The error to record.
    fn caught(&self) -> Error;
}

impl<E: Into<Error>> CaughtPlain for Caught<E> {
    fn caught(&self) -> Error {
        self.take().into()
    }
}
