//! Rules about `#[resource]` and `&TaskContext` parameters, and about who may have an `#[arg]`.

use syn::{PatType, Type};

use crate::ctxt::Ctxt;
use crate::model::last_segment;

/// Whether the parameter is injected, so that rules about recorded ones do not apply.
pub(super) fn injected(typed: &PatType, what: &str, cx: &mut Ctxt) -> bool {
    let is_resource = typed
        .attrs
        .iter()
        .any(|attr| attr.path().is_ident("resource"));
    let is_context = matches!(&*typed.ty, Type::Reference(inner)
        if last_segment(&inner.elem).is_some_and(|last| last == "TaskContext"));
    if !is_resource && !is_context {
        return false;
    }
    match &*typed.ty {
        _ if what == "flow" => cx.error(
            typed,
            "a flow sees only what is recorded, so nothing can be injected into it\n\ntake this parameter in the task that needs it",
        ),
        Type::Reference(inner) if inner.mutability.is_some() => cx.error(
            &typed.ty,
            "what is injected is shared by all tasks of the process, so it cannot be `&mut`\n\ntake `&T`, with a lock inside `T` where one is needed",
        ),
        Type::Reference(_) => {}
        ty => cx.error(
            ty,
            "a resource is shared by all tasks of the process, so it is borrowed\n\nwrite `#[resource] name: &T`",
        ),
    }
    true
}

/// `#[arg]` is for flows.
pub(super) fn arg_is_for_flows(typed: &PatType, what: &str, cx: &mut Ctxt) {
    if what != "task" {
        return;
    }
    for attr in typed
        .attrs
        .iter()
        .filter(|attr| attr.path().is_ident("arg"))
    {
        cx.error(
            attr,
            "`#[arg]` describes the command line of a flow, and the arguments of a task are written where it is called\n\nremove it, or put it on the parameter of the flow",
        );
    }
}
