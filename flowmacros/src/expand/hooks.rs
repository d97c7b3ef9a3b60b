//! Hooks are tasks or flows: checked now, though the run time calls them later.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{ExprPath, Path};

use crate::names::path_at;

/// One constant for each, that exists only if it is one.
pub(super) fn hooks(rt: &Path, hooks: &[ExprPath]) -> TokenStream {
    let checks = hooks.iter().map(|hook| {
        let at = hook.span();
        let rt = path_at(rt, at);
        quote_spanned!(at=> const _: &#rt::__private::Meta = #rt::__private::hook_of(&#hook);)
    });
    checks.collect()
}
