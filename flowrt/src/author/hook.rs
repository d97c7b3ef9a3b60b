//! What a hook, and what undoes a task, must look like: checked where the macro names them.

use crate::author::expand::Callee;
use crate::author::meta::Meta;
use crate::author::outcome::Outcome;

/// A task or flow that can be a hook.
#[diagnostic::on_unimplemented(
    message = "this cannot be a hook",
    label = "a hook is a task or flow that takes nothing, or one `flowrt::Outcome`",
    note = "write for example `#[task] async fn alert(outcome: flowrt::Outcome) -> Result<()>`"
)]
pub trait Hook<A> {
    /// What the macro knows of it.
    const META: &'static Meta;
}

impl<F: Callee<()>> Hook<()> for F {
    const META: &'static Meta = <F as Callee<()>>::META;
}

impl<F: Callee<(Outcome,)>> Hook<(Outcome,)> for F {
    const META: &'static Meta = <F as Callee<(Outcome,)>>::META;
}

/// What the macro knows of a hook.
pub const fn hook_of<F: Hook<A>, A>(_: &F) -> &'static Meta {
    F::META
}

/// A task or flow that takes what is in `A`.
#[diagnostic::on_unimplemented(
    message = "this cannot undo a task",
    label = "what undoes a task is a task or flow itself",
    note = "write for example `#[task] async fn give_back(item: String, ticket: Ticket) -> Result<()>`"
)]
pub trait Rollback<A> {
    /// What the macro knows of it.
    const META: &'static Meta;
}

#[diagnostic::do_not_recommend]
impl<F: Callee<A>, A> Rollback<A> for F {
    const META: &'static Meta = <F as Callee<A>>::META;
}

/// What a rollback takes, next to what it is to take: a mismatch is said of both, and not of functions.
#[diagnostic::on_unimplemented(
    message = "this cannot undo the task, because it takes something else",
    label = "it takes `{Self}`, and is called with `{Wanted}`: the inputs of the task that it undoes, and then its output"
)]
pub trait TakesWhatIsUndone<Wanted> {}

#[diagnostic::do_not_recommend]
impl<T> TakesWhatIsUndone<T> for T {}

/// What the macro knows of what undoes a task; `Wanted` are the inputs of that task and its output.
pub const fn rollback_of<Wanted, F: Rollback<A>, A: TakesWhatIsUndone<Wanted>>(
    _: &F,
) -> &'static Meta {
    F::META
}
