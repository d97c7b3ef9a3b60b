//! Rules about the signature of a task or flow.

use syn::{Attribute, FnArg, Pat, PatType};

use super::{injected, owned};
use crate::ctxt::Ctxt;
use crate::input::FnInput;
use crate::names::spelled;

/// Whether something can be made of the signature at all; `what` is `task` or `flow`.
pub(crate) fn signature(input: &FnInput, what: &str, cx: &mut Ctxt) -> bool {
    let before = cx.len();
    no_qualifiers(input, what, cx);
    no_generics(input, what, cx);
    no_second_role(&input.attrs, cx);
    for arg in &input.sig.inputs {
        match arg {
            FnArg::Receiver(receiver) => cx.error(
                receiver,
                format!("a {what} is a function of its own and has no `self`\n\ntake what it needs as parameters, or hold it in a `#[resource]`"),
            ),
            FnArg::Typed(typed) => param(typed, what, cx),
        }
    }
    owned::result(&input.sig.output, what, cx);
    cx.len() == before
}

fn param(typed: &PatType, what: &str, cx: &mut Ctxt) {
    if !matches!(&*typed.pat, Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none()) {
        cx.error(
            &typed.pat,
            format!("a parameter of a {what} needs a name, under which it is recorded and shown\n\ntake it by name, and take it apart in the body: `let … = name;`"),
        );
    }
    for attr in &typed.attrs {
        if attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr") {
            cx.error(
                attr,
                format!("`#[cfg]` on a parameter is decided after the macro has run\n\nput `#[cfg]` on two versions of the {what}"),
            );
        }
    }
    injected::arg_is_for_flows(typed, what, cx);
    if !injected::injected(typed, what, cx) {
        owned::parameter(&typed.ty, what, cx);
    }
}

fn no_qualifiers(input: &FnInput, what: &str, cx: &mut Ctxt) {
    let sig = &input.sig;
    let because = "flowrt calls it, with inputs from a record";
    if let Some(token) = &sig.constness {
        cx.error(
            token,
            format!("a {what} cannot be `const`: {because}\n\nremove `const`"),
        );
    }
    if !matches!(sig.safety, syn::Safety::Default) {
        cx.error(
            &sig.safety,
            format!("a {what} cannot be `unsafe`: {because}, and cannot keep a contract that only words state\n\nmake it safe, with an `unsafe` block inside if there must be one"),
        );
    }
    if let Some(abi) = &sig.abi {
        cx.error(
            abi,
            format!(
                "a {what} cannot be `extern`: {because}\n\nremove `{}`",
                spelled(abi)
            ),
        );
    }
    if let Some(variadic) = &sig.variadic {
        cx.error(
            variadic,
            format!("a {what} has a fixed number of parameters\n\ntake a `Vec`"),
        );
    }
}

fn no_generics(input: &FnInput, what: &str, cx: &mut Ctxt) {
    let generics = &input.sig.generics;
    if !generics.params.is_empty() {
        cx.error(
            &generics.params,
            format!("a {what} cannot be generic: it is registered by name, and its inputs come back from their record as one type\n\nname the type, or write one small {what} for each type around a generic function"),
        );
    } else if let Some(clause) = &generics.where_clause {
        cx.error(clause, format!("a {what} cannot be generic, so there is nothing to constrain\n\nremove the `where` clause"));
    }
}

/// A function is a task or a flow.
fn no_second_role(attrs: &[Attribute], cx: &mut Ctxt) {
    for attr in attrs {
        let last = attr
            .path()
            .segments
            .last()
            .map(|last| last.ident.to_string());
        if matches!(last.as_deref(), Some("task" | "flow")) {
            cx.error(
                attr,
                "a function is a task or a flow, once\n\nremove one of the two attributes",
            );
        }
    }
}
