//! `#[resource]` on a function: what tasks are given, made once per process.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Path;

use crate::args::both::runtime_path;
use crate::args::list::Options;
use crate::ctxt::Ctxt;
use crate::input::FnInput;
use crate::model::Function;
use crate::names::{here, plain};

/// Expands `#[resource] item`. The function stays as it is.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut cx = Ctxt::new();
    let input: FnInput = match syn::parse2(item.clone()) {
        Ok(input) => input,
        Err(error) => {
            let error = error.to_compile_error();
            return quote!(#error #item);
        }
    };
    let options =
        Options::parse(args, &mut cx).checked("#[resource]", &["crate"], ("", &[]), &mut cx);
    let rt = runtime_path(&options, &mut cx);
    let function = Function::read(&input, &mut cx);
    let usable = makes_one_value(&input, &mut cx);
    let registration = usable.then(|| registration(&rt, &function));
    let errors = cx.into_errors();
    quote!(#errors #[allow(clippy::unused_async)] #item #registration)
}

/// Nobody is there to choose types or give arguments.
fn makes_one_value(input: &FnInput, cx: &mut Ctxt) -> bool {
    let before = cx.len();
    if !input.sig.generics.params.is_empty() {
        cx.error(&input.sig.generics.params, "a resource is matched by its type, so it makes one type and cannot be generic\n\nname the type");
    }
    for arg in &input.sig.inputs {
        cx.error(
            arg,
            "a resource is made once for the whole process, so there is nobody to give it arguments\n\nread what it needs from the environment, in its body",
        );
    }
    cx.len() == before
}

fn registration(rt: &Path, function: &Function) -> TokenStream {
    let (ident, name, line) = (&function.ident, plain(&function.ident), function.line());
    let output = function.ret.output(rt);
    let called = if function.is_async {
        quote!(#ident().await)
    } else {
        quote!(#ident())
    };
    let value = if function.ret.is_result {
        quote!(#called?)
    } else {
        called
    };
    let boxed = quote_spanned! {here(ident.span())=>
        ::std::boxed::Box::pin(async move {
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
                    make: __make,
                }
            }
        };
    }
}
