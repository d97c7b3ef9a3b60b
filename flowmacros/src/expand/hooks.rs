//! Hooks and what undoes a task: tasks or flows that an option names, of the signature that their use asks for.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{ExprPath, Path};

use super::literal::option;
use crate::model::Function;
use crate::names::path_at;

/// The value of an option that names a hook.
pub(super) fn hook(rt: &Path, hook: Option<&ExprPath>) -> TokenStream {
    option(hook.map(|hook| {
        let at = hook.span();
        let rt = path_at(rt, at);
        quote_spanned!(at=> || #rt::__private::hook_of(&#hook))
    }))
}

/// The value of the option that names what undoes a task.
pub(super) fn rollback(rt: &Path, undo: Option<&ExprPath>, function: &Function) -> TokenStream {
    option(undo.map(|undo| {
        let at = undo.span();
        let output = function.ret.output(rt);
        let inputs = function.recorded().map(|(param, _)| &param.ty);
        let rt = path_at(rt, at);
        quote_spanned!(at=> || #rt::__private::rollback_of::<(#(#inputs,)* #output,), _, _>(&#undo))
    }))
}
