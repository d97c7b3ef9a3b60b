//! `limit!`.

use proc_macro2::TokenStream;
use quote::quote;

use super::literal::{duration, option, variant};
use crate::args::limit::{LimitArgs, LimitInput};
use crate::ctxt::Ctxt;

/// Expands `limit!(pub NAME, "100 per minute")`.
pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    let input: LimitInput = match syn::parse2(tokens) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut cx = Ctxt::new();
    let args = LimitArgs::parse(&input, &mut cx);
    let errors = cx.into_errors();
    let LimitInput {
        attrs, vis, name, ..
    } = &input;
    let text = name.to_string();
    let LimitArgs { rt, count, .. } = &args;
    let (per, burst) = (option(args.per.map(duration)), option(args.burst.clone()));
    let kind = variant(&args.kind);
    quote! {
        #errors
        #(#attrs)*
        #vis static #name: #rt::__private::Limit = #rt::__private::Limit {
            name: #text,
            count: #count,
            per: #per,
            burst: #burst,
            kind: #rt::__private::LimitKind::#kind,
        };
        #rt::__private::inventory::submit! { #rt::__private::RegisteredLimit(&#name) }
    }
}
