//! The bodies of flows that are not `async`: analysis, checks and expansion.

use proc_macro2::TokenStream;
use quote::quote;

use crate::ctxt::Ctxt;

/// A lowered DAG body.
#[derive(Debug)]
pub(crate) struct Lowered {
    /// An expression: an async block that gives the flow's result.
    pub(crate) body: TokenStream,
    /// A constant expression of type `&'static StaticGraph`.
    pub(crate) graph: TokenStream,
    /// Inner `use` and `const` items, to be repeated in the constant's block.
    pub(crate) items: TokenStream,
}

/// Compiles the body of a DAG flow; none if it has mistakes, which are then in `cx`.
pub(crate) fn lower(
    _body: &syn::Block,
    _params: &[syn::Ident],
    _ret: &syn::Type,
    _fail_fast: bool,
    _cx: &mut Ctxt,
    rt: &syn::Path,
) -> Option<Lowered> {
    Some(Lowered {
        body: quote!(async move { ::core::unimplemented!() }),
        graph: quote!(&#rt::__private::StaticGraph { nodes: &[] }),
        items: TokenStream::new(),
    })
}
