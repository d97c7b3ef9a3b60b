//! `#[task]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ExprPath, Path};

use super::callable::{self, Attrs};
use super::hooks::{hook, rollback};
use super::literal::{delay, duration, option, text, variant};
use super::{meta, stub};
use crate::args::rules::Rule;
use crate::args::task::TaskArgs;
use crate::check;
use crate::ctxt::Ctxt;
use crate::fingerprint::fingerprint;
use crate::input::FnInput;
use crate::model::{Function, ParamKind};

/// Expands `#[task(args)] item`.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut cx = Ctxt::new();
    let input: FnInput = match syn::parse2(item.clone()) {
        Ok(input) => input,
        Err(error) => {
            let error = error.to_compile_error();
            return quote!(#error #item);
        }
    };
    let fingerprint = fingerprint(&args, &input);
    let args = TaskArgs::parse(args, &mut cx);
    let function = Function::read(&input, &mut cx);
    let usable = check::signature(&input, "task", &mut cx);
    check::task(&args, &function, &mut cx);
    let code = if usable {
        task(&args, &input, &function, fingerprint)
    } else {
        stub::stub(&args.both.rt, &input, &function)
    };
    let errors = cx.into_errors();
    quote!(#errors #code)
}

fn task(args: &TaskArgs, input: &FnInput, function: &Function, fingerprint: u64) -> TokenStream {
    let rt = &args.both.rt;
    let facts = meta::Facts {
        kind: quote!(Task),
        task: options(args, function),
        flow: quote!(#rt::__private::FlowOptions::NONE),
        graph: quote!(::core::option::Option::None),
        sites: quote!(&[]),
        fingerprint,
        name: args.both.name.clone(),
        schemas: false,
    };
    let meta = meta::meta(rt, function, &facts);
    let (body, run) = (body(input), run(args, function));
    let items = quote!(#body #run);
    let call = callable::function(rt, input, function, &TokenStream::new());
    let registration = callable::registration(rt, function, &items, &quote!(&#meta));
    quote!(#call #registration)
}

/// The user's function under a name that nobody types.
fn body(input: &FnInput) -> TokenStream {
    let Attrs { body: attrs, .. } = Attrs::sort(&input.attrs);
    let sig = &input.sig;
    let (asyncness, fn_token, output, body) =
        (&sig.asyncness, &sig.fn_token, &sig.output, &input.body);
    let params = sig.inputs.iter().map(strip);
    // Inputs come from a record, so they are owned whether the body needs them so or not.
    quote! {
        #(#attrs)*
        #[allow(clippy::needless_pass_by_value, clippy::unused_async, clippy::unnecessary_wraps)]
        #asyncness #fn_token __body(#(#params),*) #output #body
    }
}

/// A parameter without the attributes that only the macro reads.
pub(super) fn strip(arg: &syn::FnArg) -> syn::FnArg {
    let mut arg = arg.clone();
    if let syn::FnArg::Typed(typed) = &mut arg {
        typed.attrs.retain(|attr| {
            !["doc", "arg", "resource"]
                .iter()
                .any(|name| attr.path().is_ident(name))
        });
    }
    arg
}

/// From the record of the inputs to the record of the result.
fn run(args: &TaskArgs, function: &Function) -> TokenStream {
    let rt = &args.both.rt;
    let resources = function
        .params
        .iter()
        .filter_map(|param| match &param.kind {
            ParamKind::Resource(ty) => {
                let ident = &param.ident;
                Some(quote!(let #ident = #rt::__private::resource::<#ty>().await?;))
            }
            _ => None,
        });
    let values = function.params.iter().map(|param| {
        let ident = &param.ident;
        match param.kind {
            ParamKind::Recorded(_) => quote!(#ident),
            ParamKind::Context if function.is_async => quote!(&__context),
            ParamKind::Context => quote!(__context),
            ParamKind::Resource(_) => quote!(&*#ident),
        }
    });
    let value = if function.is_async {
        quote!(__body(#(#values),*).await)
    } else {
        quote!(#rt::__private::blocking(__context, move |__context| __body(#(#values),*)).await?)
    };
    let outcome = if function.ret.is_result {
        quote!(#rt::__private::outcome_of_result!(#value))
    } else {
        quote!(#rt::__private::encode(&#value))
    };
    // A body that is not `async` is asked on the thread where it begins.
    let begins = (args.limit.is_some() && function.is_async)
        .then(|| quote!(#rt::__private::begins(&__context)?;));
    callable::run(rt, function, &quote!(#(#resources)* #begins), &outcome)
}

fn options(args: &TaskArgs, function: &Function) -> TokenStream {
    let rt = &args.both.rt;
    let (retries, jitter, tags, later) = (
        &args.both.retries,
        args.jitter,
        &args.both.tags,
        &args.both.later,
    );
    let delay = delay(rt, &args.both.delay);
    let retry_if = option(args.retry_if.as_ref().map(|path| predicate(rt, path)));
    let rules = args.retry_rules.iter().map(|rule| retry_rule(rt, rule));
    let (timeout, cache) = (
        option(args.both.timeout.map(duration)),
        cache(args, function),
    );
    let memory = option(args.memory.map(|bytes| quote!(#bytes)));
    let cpu = option(args.cpu.map(duration));
    let (version, queue) = (text(args.both.version.as_ref()), text(args.queue.as_ref()));
    let (blocking, durable, isolate) = (!function.is_async, args.durable, args.isolate);
    let when_full = variant(args.when_full.as_deref().unwrap_or("queue"));
    let (on_failure, on_success) = (
        hook(rt, args.on_failure.as_ref()),
        hook(rt, args.on_success.as_ref()),
    );
    let rollback = rollback(rt, args.rollback.as_ref(), function);
    let park = args.park;
    let priority = args.priority.clone().unwrap_or_else(|| quote!(0));
    let limit = option(args.limit.as_ref().map(|limit| {
        let (path, weight) = (&limit.limit, &limit.weight);
        let key = option(limit.key.as_ref().map(|key| {
            let key = crate::names::plain(key);
            quote!(#key)
        }));
        quote!(#rt::__private::LimitUse { limit: &#path, weight: #weight, key: #key })
    }));
    quote! {
        #rt::__private::TaskOptions {
            retries: #retries,
            delay: #delay,
            jitter: #jitter,
            retry_if: #retry_if,
            retry_rules: &[#(#rules),*],
            timeout: #timeout,
            tags: &[#(#tags),*],
            blocking: #blocking,
            durable: #durable,
            isolate: #isolate,
            memory: #memory,
            cpu: #cpu,
            version: #version,
            limit: #limit,
            cache: #cache,
            queue: #queue,
            priority: #priority,
            when_full: #rt::__private::WhenFull::#when_full,
            on_failure: #on_failure,
            on_success: #on_success,
            rollback: #rollback,
            park: #park,
            later: &[#(#later),*],
        }
    }
}

/// A function that is asked about an error.
fn predicate(rt: &Path, path: &ExprPath) -> TokenStream {
    let rt = crate::names::path_at(rt, path.span());
    quote_spanned!(path.span()=> |error| #rt::__private::RetryIf::asked_about(#path, error))
}

fn retry_rule(rt: &Path, rule: &Rule) -> TokenStream {
    let (applies, times) = (predicate(rt, &rule.applies), &rule.times);
    let delay = option(rule.delay.as_ref().map(|given| delay(rt, given)));
    quote!(#rt::__private::RetryRule { applies: #applies, times: #times, delay: #delay })
}

/// How long results are kept, and what tells them apart.
fn cache(args: &TaskArgs, function: &Function) -> TokenStream {
    let rt = &args.both.rt;
    let marker = crate::names::marker(&function.ident);
    option(args.cache.map(|keep| {
        let keep = duration(keep);
        let key = option(args.cache_key.as_ref().map(|path| {
            let tys = function.recorded().map(|(param, _)| &param.ty);
            let at = crate::names::path_at(rt, path.span());
            quote_spanned! {path.span()=>
                |inputs| #at::__private::cache_key_of::<(#(#tys,)*), _>(&#path, inputs)
            }
        }));
        quote! {
            #rt::__private::CacheOptions {
                keep: #keep,
                key: #key,
                fits: |output| #rt::__private::decode::<<#marker as #rt::__private::Callable>::Output>(output).is_ok(),
            }
        }
    }))
}
