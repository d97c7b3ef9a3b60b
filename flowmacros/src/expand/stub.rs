//! What stays of an item whose signature cannot be used: its name and shape, so that callers give no further errors.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{FnArg, Pat, Path, ReturnType};

use super::callable::hidden;
use crate::input::FnInput;
use crate::model::Function;
use crate::names::marker;

/// The function with its parameters and a body that is never run.
pub(super) fn stub(rt: &Path, input: &FnInput, function: &Function) -> TokenStream {
    let FnInput { vis, sig, .. } = input;
    let (ident, generics) = (&function.ident, &sig.generics);
    let (_, _, clause) = generics.split_for_impl();
    let marker = marker(ident);
    let params = sig
        .inputs
        .iter()
        .enumerate()
        .filter_map(|(index, arg)| match arg {
            FnArg::Receiver(receiver) => {
                let mut receiver = receiver.clone();
                receiver.attrs.clear();
                Some(quote!(#receiver))
            }
            FnArg::Typed(typed) if injected(typed) => None,
            FnArg::Typed(typed) => {
                let ty = &typed.ty;
                let name = match &*typed.pat {
                    Pat::Ident(name) => name.ident.clone(),
                    _ => quote::format_ident!("arg{index}"),
                };
                Some(quote!(#name: #ty))
            }
        });
    let output = if nameable(input) {
        function.ret.output(rt)
    } else {
        quote!(())
    };
    let hidden = hidden(vis, &marker);
    quote! {
        #[allow(unused_variables, dead_code, clippy::all, clippy::pedantic)]
        #vis fn #ident #generics(#(#params),*) -> #rt::TaskCall<#marker> #clause {
            ::core::unimplemented!()
        }
        #hidden
        const _: () = {
            impl #rt::__private::Callable for #marker {
                type Args = ();
                type Output = #output;
                const META: &'static #rt::__private::Meta = #rt::__private::STUB;
            }
        };
    }
}

fn injected(typed: &syn::PatType) -> bool {
    let is_context = matches!(&*typed.ty, syn::Type::Reference(inner)
        if crate::model::last_segment(&inner.elem).is_some_and(|last| last == "TaskContext"));
    is_context
        || typed
            .attrs
            .iter()
            .any(|attr| attr.path().is_ident("resource"))
}

/// Whether the result's type means something outside of the signature.
fn nameable(input: &FnInput) -> bool {
    let text = match &input.sig.output {
        ReturnType::Default => return true,
        ReturnType::Type(_, ty) => quote!(#ty),
    };
    let generic: Vec<String> = input
        .sig
        .generics
        .params
        .iter()
        .map(|param| match param {
            syn::GenericParam::Type(ty) => ty.ident.to_string(),
            syn::GenericParam::Const(value) => value.ident.to_string(),
            syn::GenericParam::Lifetime(lifetime) => lifetime.lifetime.ident.to_string(),
        })
        .collect();
    words(text).iter().all(|word| {
        !generic.contains(word) && !["impl", "&", "!", "'", "dyn"].contains(&word.as_str())
    })
}

fn words(tokens: TokenStream) -> Vec<String> {
    tokens
        .into_iter()
        .flat_map(|token| match token {
            proc_macro2::TokenTree::Group(group) => words(group.stream()),
            other => vec![other.to_string()],
        })
        .collect()
}
