//! The loosest reading of an annotated function: its body stays raw tokens, so that one that does not parse keeps its item.

use proc_macro2::{Group, TokenStream};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Block, Signature, Visibility};

/// A function as the user wrote it.
pub(crate) struct FnInput {
    /// Everything above the function, without the attribute that is being expanded.
    pub(crate) attrs: Vec<Attribute>,
    /// Its visibility.
    pub(crate) vis: Visibility,
    /// From `async` or `fn` to the return type.
    pub(crate) sig: Signature,
    /// The body with its braces.
    pub(crate) body: Group,
}

impl FnInput {
    /// The body as statements.
    pub(crate) fn block(&self) -> syn::Result<Block> {
        syn::parse2(TokenStream::from(proc_macro2::TokenTree::Group(
            self.body.clone(),
        )))
    }
}

impl Parse for FnInput {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig = input.parse()?;
        if input.peek(syn::Token![;]) {
            return Err(input.error("this function has no body, so there is nothing to run"));
        }
        let body = input.parse()?;
        Ok(Self {
            attrs,
            vis,
            sig,
            body,
        })
    }
}
