//! `#[resource]` on a function: what tasks are given, made once per process.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use std::time::Duration;

use syn::spanned::Spanned;
use syn::{ExprPath, FnArg, Path, Type};

use super::literal::{duration, option};
use super::task::strip;
use crate::args::both::runtime_path;
use crate::args::list::Options;
use crate::args::value;
use crate::ctxt::Ctxt;
use crate::input::FnInput;
use crate::model::{Function, ParamKind};
use crate::names::{here, path_at, plain};

/// All options.
const KNOWN: &[&str] = &["crate", "drop", "health", "health_every"];

/// Expands `#[resource] item`. The function stays what it is.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut cx = Ctxt::new();
    let input: FnInput = match syn::parse2(item.clone()) {
        Ok(input) => input,
        Err(error) => {
            let error = error.to_compile_error();
            return quote!(#error #item);
        }
    };
    let options = Options::parse(args, &mut cx).checked("#[resource]", KNOWN, ("", &[]), &mut cx);
    options.needs("health_every", "health", "health = is_alive", &mut cx);
    let rt = runtime_path(&options, &mut cx);
    let life = Life::read(&options, &mut cx);
    let function = Function::read(&input, &mut cx);
    let usable = makes_one_value(&input, &mut cx);
    let registration = usable.then(|| registration(&rt, &function, &life));
    let errors = cx.into_errors();
    let item = stripped(&input);
    quote!(#errors #[allow(clippy::unused_async)] #item #registration)
}

/// What happens to a resource after it was made.
struct Life {
    health: Option<ExprPath>,
    every: Duration,
    drop: Option<ExprPath>,
}

impl Life {
    fn read(options: &Options, cx: &mut Ctxt) -> Self {
        let mut path = |name: &str, example: &str| {
            options
                .get(name)
                .and_then(|opt| value::path(opt, example, cx))
        };
        let (health, drop) = (
            path("health", "health = is_alive"),
            path("drop", "drop = close"),
        );
        let every = options.get("health_every").and_then(|opt| {
            let what = ("a duration", "health_every = \"30s\"");
            value::parsed(opt, what, cx, flowrt_grammar::parse_duration)
        });
        Self {
            health,
            every: every.unwrap_or(Duration::from_secs(30)),
            drop,
        }
    }
}

/// The function without the marks at its parameters.
fn stripped(input: &FnInput) -> TokenStream {
    let FnInput {
        attrs,
        vis,
        sig,
        body,
    } = input;
    let mut sig = sig.clone();
    sig.inputs = sig.inputs.iter().map(strip).collect();
    quote!(#(#attrs)* #vis #sig #body)
}

/// Nobody is there to choose types or give arguments.
fn makes_one_value(input: &FnInput, cx: &mut Ctxt) -> bool {
    let before = cx.len();
    if !input.sig.generics.params.is_empty() {
        cx.error(&input.sig.generics.params, "a resource is matched by its type, so it makes one type and cannot be generic\n\nname the type");
    }
    for arg in &input.sig.inputs {
        if is_resource(arg) {
            continue;
        }
        cx.error(
            arg,
            "a resource is made once for the whole process, so there is nobody to give it arguments\n\nread what it needs in its body, by `secret!(\"NAME\")` or from the environment; another resource it takes as `#[resource] name: &T`",
        );
    }
    cx.len() == before
}

fn is_resource(arg: &FnArg) -> bool {
    matches!(arg, FnArg::Typed(typed)
        if typed.attrs.iter().any(|attr| attr.path().is_ident("resource"))
            && matches!(&*typed.ty, Type::Reference(inner) if inner.mutability.is_none()))
}

/// A function of the user's that is given the value, as the registry holds it.
fn given(rt: &Path, output: &TokenStream, path: Option<&ExprPath>) -> TokenStream {
    option(path.map(|path| {
        let at = path.span();
        let rt = path_at(rt, at);
        quote_spanned! {at=>
            |value| ::std::boxed::Box::pin(async move {
                let value: ::std::sync::Arc<#output> = value.downcast().expect("a resource is of its own type");
                #rt::__private::checked(#path(&*value).await)
            })
        }
    }))
}

fn registration(rt: &Path, function: &Function, life: &Life) -> TokenStream {
    let (ident, name, line) = (&function.ident, plain(&function.ident), function.line());
    let output = function.ret.output(rt);
    let taken = || {
        function
            .params
            .iter()
            .filter_map(|param| match &param.kind {
                ParamKind::Resource(ty) => Some((&param.ident, ty)),
                _ => None,
            })
    };
    let (names, types): (Vec<_>, Vec<_>) = taken().unzip();
    let called = quote!(#ident(#(&*#names),*));
    let called = if function.is_async {
        quote!(#called.await)
    } else {
        called
    };
    let health = given(rt, &output, life.health.as_ref());
    let drop = given(rt, &output, life.drop.as_ref());
    let every = duration(life.every);
    let value = if function.ret.is_result {
        quote!(#called?)
    } else {
        called
    };
    let boxed = quote_spanned! {here(ident.span())=>
        ::std::boxed::Box::pin(async move {
            #(let #names = #rt::__private::resource::<#types>().await?;)*
            let value: #output = #value;
            let value: ::std::sync::Arc<dyn ::core::any::Any + ::core::marker::Send + ::core::marker::Sync> =
                ::std::sync::Arc::new(value);
            ::core::result::Result::Ok(value)
        })
    };
    quote! {
        const _: () = {
            fn __make() -> #rt::__private::BoxFuture<
                'static,
                #rt::__private::Result<::std::sync::Arc<dyn ::core::any::Any + ::core::marker::Send + ::core::marker::Sync>>,
            > {
                #boxed
            }
            #rt::__private::inventory::submit! {
                #rt::__private::RegisteredResource {
                    type_id: || ::core::any::TypeId::of::<#output>(),
                    type_name: || ::core::any::type_name::<#output>(),
                    name: #name,
                    file: ::core::file!(),
                    line: #line,
                    needs: &[#(|| ::core::any::TypeId::of::<#types>()),*],
                    make: __make,
                    health: #health,
                    health_every: #every,
                    drop: #drop,
                }
            }
        };
    }
}
