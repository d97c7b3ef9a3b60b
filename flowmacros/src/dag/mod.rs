//! The bodies of flows that are not `async`: analysis, checks and expansion.

mod branches;
mod chain;
mod check;
mod formats;
mod graph;
mod lower;
mod model;
mod names;
mod parse;
#[cfg(test)]
mod tests;
mod text;
mod uses;
mod values;

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;

use crate::ctxt::Ctxt;

/// A lowered DAG body.
#[derive(Debug)]
pub(crate) struct Lowered {
    /// An expression: an async block that gives the flow's result. It expects the graph under the name `__GRAPH`.
    pub(crate) body: TokenStream,
    /// A constant expression of type `&'static StaticGraph`, with the body's inner `use` and `const` items in it.
    pub(crate) graph: TokenStream,
}

/// Compiles the body of a DAG flow; none if it has mistakes, which are then in `cx`.
pub(crate) fn lower(
    body: &syn::Block,
    params: &[syn::Ident],
    ret: &syn::Type,
    fail_fast: bool,
    cx: &mut Ctxt,
    rt: &syn::Path,
) -> Option<Lowered> {
    let mut own = Ctxt::new();
    let p = quote!(#rt::__private);
    let (value, result) = lower::value_type(ret, &p);
    let body = parse::parse(body, params, result, &mut own);
    check::graph::all(&body, &mut own);
    let clean = own.is_clean();
    cx.append(own);
    if !clean {
        return None;
    }
    Some(Lowered {
        body: lower::Lowering::new(&body, &p, value, ret.span(), fail_fast).tokens(),
        graph: graph::tokens(&body, &p),
    })
}
