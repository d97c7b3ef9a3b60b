//! `#[flow(inline)]`: a helper that is part of its caller's run.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Block, FnArg, Pat, Signature, Type};

use super::literal::{delay, duration, option};
use super::task::strip;
use crate::args::flow::FlowArgs;
use crate::check;
use crate::ctxt::Ctxt;
use crate::input::FnInput;
use crate::model::Function;
use crate::names::{path_at, plain};
use crate::program;

/// Expands `#[flow(inline)] async fn`. It keeps its signature: borrowed and generic parameters and `self` are fine here.
pub(super) fn expand(args: &FlowArgs, input: &FnInput, block: Block, cx: &mut Ctxt) -> TokenStream {
    let rt = &args.both.rt;
    let FnInput {
        attrs, vis, sig, ..
    } = input;
    let name = plain(&sig.ident);
    let ret = Function::read(input, cx).ret;
    let usable = check::inline(args, sig, &ret, cx);
    let ty = ret.ty;
    check::secrets(&block, cx);
    let body = program::rewrite(block, rt, cx).body;
    let (ident, fn_token, clause) = (&sig.ident, &sig.fn_token, &sig.generics.where_clause);
    let generics = &sig.generics;
    let tried = usable && args.options.get("retries").is_some();
    let params = sig.inputs.iter().map(|input| {
        let mut param = strip(input);
        // The values of each attempt may change; those that they begin with do not.
        if let FnArg::Typed(typed) = &mut param
            && let Pat::Ident(pat) = &mut *typed.pat
            && tried
        {
            pat.mutability = None;
        }
        param
    });
    // This span makes `impl` capture all lifetimes, as an `async fn` does in every edition.
    let output = quote_spanned!(Span::mixed_site()=> impl #rt::__private::Step<Output = #ty> + ::core::marker::Send);
    let stmts = body.stmts;
    let block = quote! {
        async move {
            #[allow(unreachable_code, clippy::diverging_sub_expression, clippy::empty_loop, clippy::let_unit_value)]
            if false {
                // Says what the block returns, so that `?` and coercions work as in a function.
                let __output: #ty = loop {};
                return __output;
            }
            #(#stmts)*
        }
    };
    let made = if usable {
        bounded(args, sig, &name, &ty, block)
    } else {
        // What else there is to say about the body is said as well.
        quote!(#rt::__private::inline(#name, #block))
    };
    quote! {
        #(#attrs)*
        #vis #fn_token #ident #generics(#(#params),*) -> #output #clause { #made }
    }
}

/// The body as a part of its caller's run, under what bounds its steps together.
fn bounded(
    args: &FlowArgs,
    sig: &Signature,
    name: &str,
    ty: &Type,
    block: TokenStream,
) -> TokenStream {
    let rt = &args.both.rt;
    // What the type of the result lacks is said at that type.
    let at = path_at(rt, ty.span());
    let timeout = args.both.timeout.map(duration);
    if args.options.get("retries").is_none() {
        return match timeout {
            None => quote!(#rt::__private::inline(#name, #block)),
            Some(limit) => {
                let group = quote_spanned!(ty.span()=> #at::__private::group_within::<#ty>);
                quote!(#group(#name, #limit, #block))
            }
        };
    }
    let (retries, delay) = (&args.both.retries, delay(rt, &args.both.delay));
    let timeout = option(timeout);
    let names = sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(pat) => Some((&pat.ident, &pat.mutability)),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    });
    let again = names.map(|(name, mutability)| {
        quote_spanned!(name.span()=> let #mutability #name = ::core::clone::Clone::clone(&#name);)
    });
    let group = quote_spanned!(ty.span()=> #at::__private::group::<#ty, _>);
    quote! {
        #group(
            #name,
            const { #rt::__private::GroupOptions { retries: #retries, delay: #delay, timeout: #timeout } },
            move || {
                #(#again)*
                #block
            },
        )
    }
}
