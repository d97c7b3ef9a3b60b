//! What tasks and flows share: the function, its marker, and the registration.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Attribute, Path, Visibility};

use crate::input::FnInput;
use crate::model::Function;
use crate::names::{here, marker};

/// The attributes of a function, by where they belong.
pub(super) struct Attrs<'a> {
    /// On the function that is called: documentation, deprecation, lints.
    pub(super) outer: Vec<&'a Attribute>,
    /// On the function that holds the body: all but documentation and deprecation.
    pub(super) body: Vec<&'a Attribute>,
}

impl<'a> Attrs<'a> {
    /// Sorts them.
    pub(super) fn sort(attrs: &'a [Attribute]) -> Self {
        let is =
            |attr: &Attribute, names: &[&str]| names.iter().any(|name| attr.path().is_ident(name));
        let about_name = ["doc", "deprecated", "must_use"];
        let lints = ["allow", "warn", "deny", "forbid"];
        Self {
            outer: attrs
                .iter()
                .filter(|attr| is(attr, &about_name) || is(attr, &lints))
                .collect(),
            body: attrs
                .iter()
                .filter(|attr| !is(attr, &about_name) && !is(attr, &["track_caller"]))
                .collect(),
        }
    }
}

/// The function that is called, and its hidden type.
pub(super) fn function(
    rt: &Path,
    input: &FnInput,
    function: &Function,
    extra: &TokenStream,
) -> TokenStream {
    let Attrs { outer, .. } = Attrs::sort(&input.attrs);
    let FnInput { vis, sig, .. } = input;
    let (ident, fn_token) = (&function.ident, &sig.fn_token);
    let marker = marker(ident);
    let params = function.recorded().map(|(param, _)| {
        let (ident, ty) = (&param.ident, &param.ty);
        quote!(#ident: #ty)
    });
    let names = function.recorded().map(|(param, _)| &param.ident);
    let call = quote_spanned!(here(input.body.span_close())=> #rt::__private::call::<#marker>);
    let hidden = hidden(vis, &marker);
    quote! {
        #(#outer)*
        #[track_caller]
        #[allow(clippy::too_many_arguments, clippy::many_single_char_names, clippy::used_underscore_binding)]
        #extra
        #vis #fn_token #ident(#(#params),*) -> #rt::TaskCall<#marker> {
            #call((#(#names,)*))
        }
        #hidden
    }
}

/// The hidden type. It is as visible as the function, and never made.
pub(super) fn hidden(vis: &Visibility, marker: &proc_macro2::Ident) -> TokenStream {
    quote! {
        #[doc(hidden)]
        #[allow(non_camel_case_types, missing_debug_implementations, dead_code)]
        #vis struct #marker {}
    }
}

/// The rest, which takes no name: `items` hold `__run` and what it needs, `meta` is an expression.
pub(super) fn registration(
    rt: &Path,
    function: &Function,
    items: &TokenStream,
    meta: &TokenStream,
) -> TokenStream {
    let marker = marker(&function.ident);
    let args = function.recorded().map(|(param, _)| &param.ty);
    let output = function.ret.output(rt);
    // The span of the name, so that flows that call each other in a circle are named where they stand.
    let implementation = quote_spanned! {function.ident.span()=>
        impl #rt::__private::Callable for #marker {
            type Args = (#(#args,)*);
            type Output = #output;
            const META: &'static #rt::__private::Meta = #meta;
        }
    };
    quote! {
        const _: () = {
            #items
            #implementation
            #rt::__private::inventory::submit! {
                #rt::__private::Registered(<#marker as #rt::__private::Callable>::META)
            }
        };
    }
}

/// `fn __run`: from the record of the inputs to `outcome`, the record of the result, with `before` between them.
pub(super) fn run(
    rt: &Path,
    function: &Function,
    before: &TokenStream,
    outcome: &TokenStream,
) -> TokenStream {
    let marker = marker(&function.ident);
    let names = function.recorded().map(|(param, _)| &param.ident);
    // The span of the name: a body that is not `Send` is said there.
    let boxed = quote_spanned! {here(function.ident.span())=>
        ::std::boxed::Box::pin(async move {
            let (#(#names,)*) = #rt::__private::decode_args::<#marker>(&__input)?;
            #before
            #outcome
        })
    };
    quote! {
        #[allow(unused_variables, clippy::let_unit_value, clippy::unit_arg, clippy::used_underscore_binding, clippy::used_underscore_items)]
        fn __run(
            __input: #rt::__private::Payload,
            __context: #rt::TaskContext,
        ) -> #rt::__private::BoxFuture<'static, #rt::__private::Result<#rt::__private::Payload>> {
            #boxed
        }
    }
}
