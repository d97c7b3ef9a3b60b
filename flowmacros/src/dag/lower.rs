//! The tokens of a body: one block per node, over cells that hold the values.

use std::collections::{HashMap, HashSet};

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::model::{Arm, Body, Dest, Head, Node, Source, What};
use super::uses;

/// What the expansion of all nodes needs.
pub(super) struct Lowering<'a> {
    pub(super) body: &'a Body,
    pub(super) p: &'a TokenStream,
    /// The type of the flow's value.
    pub(super) value: TokenStream,
    pub(super) value_span: Span,
    pub(super) fail_fast: bool,
    pub(super) uses: HashMap<usize, usize>,
    /// Bindings that stand in an `.after`, which is a use for the lint.
    waited: HashSet<usize>,
}

pub(super) fn hidden(name: &str, span: Span) -> Ident {
    Ident::new(name, Span::mixed_site().located_at(span))
}

pub(super) fn cell(binding: usize) -> Ident {
    format_ident!("__c{}", binding, span = Span::mixed_site())
}

impl<'a> Lowering<'a> {
    pub(super) fn new(
        body: &'a Body,
        p: &'a TokenStream,
        value: TokenStream,
        value_span: Span,
        fail_fast: bool,
    ) -> Self {
        Self {
            body,
            p,
            value,
            value_span,
            fail_fast,
            uses: uses::count(body),
            waited: body
                .nodes
                .iter()
                .flat_map(|node| &node.after)
                .map(|(binding, _)| *binding)
                .collect(),
        }
    }

    pub(super) fn used(&self, binding: usize) -> bool {
        self.uses.contains_key(&binding)
    }

    /// The whole body, as an async block.
    pub(super) fn tokens(&self) -> TokenStream {
        let (p, value, fail_fast) = (self.p, &self.value, self.fail_fast);
        let dag = hidden("__dag", Span::mixed_site());
        let out = hidden("__out", Span::mixed_site());
        let items = &self.body.items;
        let cells = self.cells();
        let nodes = (0..self.body.nodes.len()).map(|node| self.node(node));
        let (make_out, finish) = match self.body.tail {
            Some(tail) => (
                quote!(let #out = #p::Cell::<#value>::empty();),
                quote!(#p::Dag::finish(#dag, #tail, #out).await),
            ),
            None => {
                let unit = quote_spanned!(self.value_span=> ());
                (
                    TokenStream::new(),
                    quote! {
                        #p::Dag::finish_unit(#dag).await?;
                        ::core::result::Result::Ok::<#value, #p::Error>(#unit)
                    },
                )
            }
        };
        quote! {
            async move {
                #(#items)*
                let mut #dag = #p::Dag::open(__GRAPH, #fail_fast);
                #make_out
                #[deny(unused_must_use)]
                #[allow(unused_braces, unused_parens, clippy::let_unit_value, clippy::unit_arg, clippy::redundant_closure)]
                {
                    #(#cells)*
                    #(#nodes)*
                }
                #finish
            }
        }
    }

    fn cells(&self) -> Vec<TokenStream> {
        let p = self.p;
        let mut cells = Vec::new();
        for (index, binding) in self.body.bindings.iter().enumerate() {
            if !self.used(index) {
                continue;
            }
            let (cell, name) = (cell(index), &binding.name);
            cells.push(match binding.source {
                Source::Param => quote!(let #cell = #p::Cell::full(#name);),
                Source::Node(_) | Source::Arm(_) => quote!(let #cell = #p::Cell::empty();),
            });
        }
        for (index, node) in self.body.nodes.iter().enumerate() {
            let whole = matches!(node.what, What::Branch { .. }) && node.agrees.is_none();
            if whole && !matches!(node.dest, Dest::Discard) {
                let same = format_ident!("__t{}", index, span = Span::mixed_site());
                cells.push(quote!(let #same = #p::Same::new();));
            }
        }
        cells
    }

    fn node(&self, index: usize) -> TokenStream {
        let node = &self.body.nodes[index];
        let (dag, d) = (
            hidden("__dag", Span::mixed_site()),
            hidden("__d", Span::mixed_site()),
        );
        let handles = self.handles(node);
        let work = match &node.what {
            What::Call { expr, .. } | What::Map { expr, .. } => self.call(index, node, expr, false),
            What::Wait { expr, plain, .. } => self.call(index, node, expr, *plain),
            What::Branch { head, arms } => self.branch(index, node, head, arms),
            What::Glue { expr, statement } => self.glue(index, node, expr, *statement),
            What::Unit => self.glue(
                index,
                node,
                &syn::parse_quote_spanned!(node.span=> ()),
                false,
            ),
        };
        quote! {
            {
                let #d = #dag.inside();
                #handles
                #work
            }
        }
    }

    fn call(&self, index: usize, node: &Node, expr: &syn::Expr, plain: bool) -> TokenStream {
        let p = self.p;
        let (dag, d) = (
            hidden("__dag", Span::mixed_site()),
            hidden("__d", Span::mixed_site()),
        );
        let v = hidden("__v", node.value_span);
        let values = self.values(node);
        let await_ = quote_spanned!(node.span=> .await);
        let race = matches!(node.what, What::Wait { kind: "race", .. });
        let build = hidden(if race { "race" } else { "build" }, node.span);
        let value = match (plain, node.attempt) {
            (false, false) => quote!(#d.#build(#index, || #expr)?#await_?),
            (true, false) => quote!(#d.#build(#index, || #expr)?#await_),
            (false, true) => quote!(#d.attempt(#index, #d.#build(#index, || #expr)?#await_)?),
            (true, true) => {
                quote!(#d.attempt(#index, ::core::result::Result::Ok(#d.#build(#index, || #expr)?#await_))?)
            }
        };
        let same = self.same(node, quote!(#v));
        let store = self.store(node, same);
        quote! {
            #dag.call(#index, ::std::boxed::Box::pin(async move {
                #values
                let #v = #value;
                #store
                ::core::result::Result::Ok::<(), #p::Error>(())
            }));
        }
    }

    fn glue(&self, index: usize, node: &Node, expr: &syn::Expr, statement: bool) -> TokenStream {
        let p = self.p;
        let (dag, d) = (
            hidden("__dag", Span::mixed_site()),
            hidden("__d", Span::mixed_site()),
        );
        let v = hidden("__v", node.value_span);
        let values = self.values(node);
        let code = if statement {
            quote!(#d.glue(#index, || { #expr; })?;)
        } else {
            let ty = match &node.dest {
                Dest::Let { ty: Some(ty), .. } => quote!(-> #ty),
                Dest::Return => {
                    let value = &self.value;
                    quote!(-> #value)
                }
                _ => TokenStream::new(),
            };
            let expr = self.same(node, quote!(#expr));
            let store = self.store(node, quote!(#v));
            let code = if ty.is_empty() {
                expr
            } else {
                quote!({ #expr })
            };
            quote! {
                let #v = #d.glue(#index, || #ty #code)?;
                #store
            }
        };
        quote! {
            #dag.glue(#index, ::std::boxed::Box::new(move || {
                #values
                #code
                ::core::result::Result::Ok::<(), #p::Error>(())
            }));
        }
    }

    fn branch(&self, index: usize, node: &Node, head: &Head, arms: &[Arm]) -> TokenStream {
        let p = self.p;
        let (dag, d) = (
            hidden("__dag", Span::mixed_site()),
            hidden("__d", Span::mixed_site()),
        );
        let values = self.values(node);
        let fills: Vec<TokenStream> = arms.iter().map(|arm| self.fills(&arm.binds)).collect();
        let choice = match head {
            Head::If(condition) => {
                let then = &fills[0];
                quote!(if #condition { #then 0usize } else { 1usize })
            }
            Head::Match(scrutinee) => {
                let arms = arms
                    .iter()
                    .zip(&fills)
                    .enumerate()
                    .map(|(number, (arm, fills))| {
                        let pat = &arm.pat;
                        let guard = arm.guard.as_ref().map(|guard| quote!(if #guard));
                        quote!(#pat #guard => { #fills #number })
                    });
                quote!(match #scrutinee { #(#arms)* })
            }
        };
        let arms = arms.iter().map(|arm| {
            let nodes = &arm.nodes;
            let tail = match arm.tail {
                Some(tail) => quote!(::core::option::Option::Some(#tail)),
                None => quote!(::core::option::Option::None),
            };
            quote!(#p::Arm { nodes: &[#(#nodes),*], tail: #tail })
        });
        quote! {
            #dag.branch(#index, &[#(#arms),*], ::std::boxed::Box::new(move || {
                #values
                #d.glue(#index, || #choice)
            }));
        }
    }

    fn fills(&self, binds: &[usize]) -> TokenStream {
        let fill = |binding: &usize| {
            let name = &self.body.bindings[*binding].name;
            if self.lent(*binding).is_some() {
                quote!(let _ = &#name;)
            } else if self.used(*binding) {
                let mut cell = cell(*binding);
                cell.set_span(cell.span().located_at(name.span()));
                let fill = hidden("fill", name.span());
                quote!(#cell.#fill(#name);)
            } else if self.waited.contains(binding) {
                quote!(let _ = &#name;)
            } else {
                TokenStream::new()
            }
        };
        binds.iter().map(fill).collect()
    }

    /// Where arms must agree on a type, says so at this arm's value.
    fn same(&self, node: &Node, value: TokenStream) -> TokenStream {
        let Some(branch) = node.agrees else {
            return value;
        };
        let same = hidden(&format!("__t{branch}"), self.first_value(branch));
        let v = hidden("__same", self.first_value(branch));
        quote! {
            match #same.none() {
                ::core::option::Option::Some(#v) => #v,
                ::core::option::Option::None => #value,
            }
        }
    }

    /// The place of the first value among the arms of a branch.
    fn first_value(&self, branch: usize) -> Span {
        let first =
            self.body.nodes.iter().find(|node| {
                node.agrees == Some(branch) && !matches!(node.what, What::Branch { .. })
            });
        first.map_or_else(Span::mixed_site, |node| node.value_span)
    }

    /// Puts a value where it belongs.
    fn store(&self, node: &Node, value: TokenStream) -> TokenStream {
        match &node.dest {
            Dest::Discard => quote!(let _ = #value;),
            Dest::Let { pat, ty, binds } => {
                let attrs = &node.attrs;
                let ty = ty.as_ref().map(|ty| quote!(: #ty));
                let fills = self.fills(binds);
                quote!(#(#attrs)* let #pat #ty = #value; #fills)
            }
            Dest::Return => {
                let (out, v, ty) = (
                    hidden("__out", Span::mixed_site()),
                    hidden("__v", node.value_span),
                    &self.value,
                );
                quote!(let #v: #ty = #value; #out.fill(#v);)
            }
        }
    }
}

/// The type inside the `Result` that the flow returns.
pub(super) fn value_type(ret: &syn::Type, p: &TokenStream) -> (TokenStream, bool) {
    if let syn::Type::Path(path) = ret
        && let Some(segment) = path.path.segments.last()
        && segment.ident == "Result"
    {
        let first = match &segment.arguments {
            syn::PathArguments::AngleBracketed(args) => args.args.first(),
            _ => None,
        };
        return match first {
            Some(syn::GenericArgument::Type(ty)) => (ty.to_token_stream(), true),
            _ => (
                quote_spanned!(ret.span()=> <#ret as #p::ResultParts>::Ok),
                true,
            ),
        };
    }
    (ret.to_token_stream(), false)
}
