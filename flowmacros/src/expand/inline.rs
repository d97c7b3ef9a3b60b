//! `#[flow(inline)]`: a helper that is part of its caller's run.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Block;

use super::task::strip;
use crate::args::flow::FlowArgs;
use crate::check;
use crate::ctxt::Ctxt;
use crate::input::FnInput;
use crate::model::Function;
use crate::names::plain;
use crate::program;

/// Expands `#[flow(inline)] async fn`. It keeps its signature: borrowed and generic parameters and `self` are fine here.
pub(super) fn expand(args: &FlowArgs, input: &FnInput, block: Block, cx: &mut Ctxt) -> TokenStream {
    let rt = &args.both.rt;
    let FnInput {
        attrs, vis, sig, ..
    } = input;
    let name = plain(&sig.ident);
    let ty = Function::read(input, cx).ret.ty;
    check::inline(args, sig.asyncness.is_some(), &sig.ident, cx);
    check::secrets(&block, cx);
    let body = program::rewrite(block, rt, cx).body;
    let (ident, fn_token, clause) = (&sig.ident, &sig.fn_token, &sig.generics.where_clause);
    let generics = &sig.generics;
    let params = sig.inputs.iter().map(strip);
    // This span makes `impl` capture all lifetimes, as an `async fn` does in every edition.
    let output = quote_spanned!(Span::mixed_site()=> impl #rt::__private::Step<Output = #ty> + ::core::marker::Send);
    let stmts = body.stmts;
    quote! {
        #(#attrs)*
        #vis #fn_token #ident #generics(#(#params),*) -> #output #clause {
            #rt::__private::inline(#name, async move {
                #[allow(unreachable_code, clippy::diverging_sub_expression, clippy::empty_loop, clippy::let_unit_value)]
                if false {
                    // Says what the block returns, so that `?` and coercions work as in a function.
                    let __output: #ty = loop {};
                    return __output;
                }
                #(#stmts)*
            })
        }
    }
}
