//! `limit!`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::literal::{duration, option};
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
    let kind = Ident::new(&capitalised(&args.kind), Span::call_site());
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
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
