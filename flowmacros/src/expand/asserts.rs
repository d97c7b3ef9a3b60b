//! Bounds that stand at the user's own types, so that what a type lacks is said there.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Path;
use syn::spanned::Spanned;

use crate::model::Function;

/// Inputs and the output can be recorded.
pub(super) fn recordable(rt: &Path, function: &Function) -> TokenStream {
    let inputs = function.recorded().map(|(param, _)| {
        let ty = &param.ty;
        quote_spanned!(ty.span()=> #rt::__private::assert_recordable::<#ty>();)
    });
    let output = function.ret.output(rt);
    let output =
        quote_spanned!(function.ret.value_span()=> #rt::__private::assert_recordable::<#output>(););
    quote!(const _: fn() = || { #(#inputs)* #output };)
}

/// The parameters of a flow have a schema.
pub(super) fn schemas(rt: &Path, function: &Function) -> TokenStream {
    let inputs = function.recorded().map(|(param, _)| {
        let ty = &param.ty;
        quote_spanned!(ty.span()=> #rt::__private::assert_schema::<#ty>();)
    });
    quote!(const _: fn() = || { #(#inputs)* };)
}
