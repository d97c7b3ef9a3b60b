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

/// A task or flow that can undo a task with those inputs and that output.
#[diagnostic::on_unimplemented(
    message = "this cannot undo the task",
    label = "a rollback is a task or flow that takes the inputs of the task it undoes and then its output: `{A}`"
)]
pub trait Rollback<A> {
    /// What the macro knows of it.
    const META: &'static Meta;
}

#[diagnostic::do_not_recommend]
impl<F: Callee<A>, A> Rollback<A> for F {
    const META: &'static Meta = <F as Callee<A>>::META;
}

/// What the macro knows of what undoes a task; `A` are the inputs of that task and its output.
pub const fn rollback_of<A, F: Rollback<A>>(_: &F) -> &'static Meta {
    F::META
}
