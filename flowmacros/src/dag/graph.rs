//! The graph as a constant.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::model::{Body, Dest, Node, What};

/// An expression of type `&'static StaticGraph`.
pub(super) fn tokens(body: &Body, p: &TokenStream) -> TokenStream {
    let items = &body.items;
    let callees = body
        .nodes
        .iter()
        .enumerate()
        .filter_map(|(index, node)| callee(index, node, p));
    let nodes = body
        .nodes
        .iter()
        .enumerate()
        .map(|(index, node)| one(body, index, node, p));
    quote! {{
        #(#[allow(unused_imports, dead_code)] #items)*
        #(#callees)*
        &#p::StaticGraph { nodes: &[#(#nodes),*] }
    }}
}

/// What a node calls, as a constant of its own: flows that call each other in a circle are then reported at the calls.
fn callee(index: usize, node: &Node, p: &TokenStream) -> Option<TokenStream> {
    let (What::Call { callee, .. } | What::Map { callee, .. }) = &node.what else {
        return None;
    };
    let name = constant(index);
    Some(quote_spanned! {node.span=> const #name: &#p::Meta = #p::meta_of(&#callee); })
}

fn constant(index: usize) -> Ident {
    format_ident!("__CALL_{}", index, span = Span::mixed_site())
}

fn one(body: &Body, index: usize, node: &Node, p: &TokenStream) -> TokenStream {
    let what = what(index, node, p);
    let binding = match &node.dest {
        Dest::Let { binds, .. } if !binds.is_empty() => body.label(index),
        _ => String::new(),
    };
    let named = match &node.named {
        Some(name) => quote!(::core::option::Option::Some(#name)),
        None => quote!(::core::option::Option::None),
    };
    let (needs, after) = (body.needs(index), body.waits(index));
    let rule = match &node.rule {
        Some(rule) => {
            let path = &rule.path;
            quote!(#path)
        }
        None => quote!(#p::Trigger::AllSuccess),
    };
    let over = match &node.what {
        What::Map { over, .. } => over.as_str(),
        _ => "",
    };
    let arm = match node.arm {
        Some((branch, number)) => {
            let text = arm_text(body, branch, number);
            quote!(::core::option::Option::Some((#branch, #text)))
        }
        None => quote!(::core::option::Option::None),
    };
    let tolerated = node.attempt;
    let line = u32::try_from(node.span.start().line).unwrap_or(0);
    quote! {
        #p::StaticNode {
            what: #what, binding: #binding, named: #named, needs: &[#(#needs),*], after: &[#(#after),*],
            rule: #rule, tolerated: #tolerated, over: #over, arm: #arm, line: #line,
        }
    }
}

fn what(index: usize, node: &Node, p: &TokenStream) -> TokenStream {
    let meta = constant(index);
    match &node.what {
        What::Call { .. } => quote!(#p::What::Call(#meta)),
        What::Map { .. } => quote!(#p::What::Map(#meta)),
        What::Wait { kind, .. } => quote!(#p::What::Wait(#kind)),
        What::Branch { .. } => quote!(#p::What::Branch),
        What::Glue { .. } | What::Unit => quote!(#p::What::Glue),
    }
}

fn arm_text(body: &Body, branch: usize, number: usize) -> &str {
    match &body.nodes[branch].what {
        What::Branch { arms, .. } => arms.get(number).map_or("", |arm| &arm.text),
        _ => "",
    }
}
