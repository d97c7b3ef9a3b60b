//! Rules about `#[flow(inline)]`.

use syn::{FnArg, Pat, ReceiverKind, Signature, Type};

use crate::args::flow::FlowArgs;
use crate::ctxt::Ctxt;
use crate::model::Ret;

/// What a helper may say besides: how its steps are bounded and tried again together.
const OPTIONS: &[&str] = &[
    "backoff",
    "crate",
    "inline",
    "retries",
    "retry_delay",
    "timeout",
];

/// All of them; false if its steps cannot be bounded together as it says. A helper is part of its caller's run, so most options are those of its caller.
pub(crate) fn inline(args: &FlowArgs, sig: &Signature, ret: &Ret, cx: &mut Ctxt) -> bool {
    for opt in args.options.iter() {
        let name = opt.name();
        if !OPTIONS.contains(&name.as_str()) {
            cx.error(
                &opt.key,
                format!("`inline` and `{name}` exclude each other: an inline helper is part of its caller's run\n\nremove `inline` to make it a flow of its own, or remove `{name}`"),
            );
        }
    }
    if sig.asyncness.is_none() {
        cx.error(
            &sig.ident,
            "an inline helper awaits steps, so it is an `async fn`\n\nwrite `#[flow(inline)] async fn`, or a plain function without `#[flow]`",
        );
    }
    for option in ["retry_delay", "backoff"] {
        args.options.needs(option, "retries", "retries = 3", cx);
    }
    let bounds = |name| args.options.get(name).is_some();
    let mut usable = true;
    if (bounds("retries") || bounds("timeout")) && !ret.is_result {
        cx.error(
            &ret.ty,
            "a helper with `timeout` or `retries` may fail by them\n\nwrite `-> Result<T>`",
        );
        usable = false;
    }
    if bounds("retries") {
        for input in &sig.inputs {
            usable &= begins_anew(input, cx);
        }
    }
    usable
}

/// Each attempt has the parameters as they came.
fn begins_anew(input: &FnArg, cx: &mut Ctxt) -> bool {
    let again = "each attempt of a helper with `retries` begins with its parameters as they came";
    match input {
        FnArg::Receiver(receiver)
            if !matches!(receiver.kind, ReceiverKind::Reference(_, _, None)) =>
        {
            cx.error(receiver, format!("{again}\n\ntake `&self`"));
        }
        FnArg::Typed(typed) if matches!(&*typed.ty, Type::Reference(ty) if ty.mutability.is_some()) =>
        {
            cx.error(
                &typed.ty,
                format!("{again}\n\ntake the value, and give the changed one back"),
            );
        }
        FnArg::Typed(typed) if !matches!(&*typed.pat, Pat::Ident(_)) => {
            cx.error(
                &typed.pat,
                format!("{again}, so each has a name\n\ntake it apart in the body: `let … = …;`"),
            );
        }
        _ => return true,
    }
    false
}
