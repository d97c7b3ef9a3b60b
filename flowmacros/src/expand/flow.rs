//! `#[flow]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Block, Path};

use super::callable::{self, Attrs};
use super::hooks::hook;
use super::literal::{delay, duration, option, text, variant};
use super::task::strip;
use super::{inline, meta, stub};
use crate::args::flow::FlowArgs;
use crate::ctxt::Ctxt;
use crate::fingerprint::fingerprint;
use crate::input::FnInput;
use crate::model::Function;
use crate::program::{self, Program};
use crate::{check, dag};

/// Expands `#[flow(args)] item`.
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
    let args = FlowArgs::parse(args, &mut cx);
    let code = match input.block() {
        Err(error) => {
            cx.push(error);
            stub::stub(&args.both.rt, &input, &Function::read(&input, &mut cx))
        }
        Ok(block) if args.inline => inline::expand(&args, &input, block, &mut cx),
        Ok(block) => flow(&args, &input, block, fingerprint, &mut cx),
    };
    let errors = cx.into_errors();
    quote!(#errors #code)
}

fn flow(
    args: &FlowArgs,
    input: &FnInput,
    block: Block,
    fingerprint: u64,
    cx: &mut Ctxt,
) -> TokenStream {
    let rt = &args.both.rt;
    let function = Function::read(input, cx);
    let usable = check::signature(input, "flow", cx);
    check::flow(args, &function, cx);
    check::secrets(&block, cx);
    let Some(made) = make(args, input, &function, block, cx) else {
        return stub::stub(rt, input, &function);
    };
    if !usable {
        return stub::stub(rt, input, &function);
    }
    let facts = meta::Facts {
        kind: made.kind,
        task: quote!(#rt::__private::TaskOptions::NONE),
        flow: options(args),
        graph: made.graph,
        sites: made.sites,
        fingerprint,
        name: args.both.name.clone(),
        schemas: true,
    };
    let meta = meta::meta(rt, &function, &facts);
    let (graph_items, body, run) = (made.graph_items, made.body, run(rt, &function));
    let items = quote! {
        #graph_items #body #run
    };
    // Flows are started by name, so that no code calls one is no sign that it is forgotten.
    let call = callable::function(rt, input, &function, &quote!(#[allow(dead_code)]));
    let registration = callable::registration(rt, &function, &items, &quote!(&#meta));
    quote!(#call #registration)
}

/// What the two kinds of flow differ in.
struct Made {
    kind: TokenStream,
    /// `async fn __body(…) -> Ret` or, for a DAG, `-> Result<Output>`.
    body: TokenStream,
    graph: TokenStream,
    /// `const __GRAPH`, which the body and the description name.
    graph_items: TokenStream,
    sites: TokenStream,
}

fn make(
    args: &FlowArgs,
    input: &FnInput,
    function: &Function,
    block: Block,
    cx: &mut Ctxt,
) -> Option<Made> {
    let rt = &args.both.rt;
    let Attrs { body: attrs, .. } = Attrs::sort(&input.attrs);
    let params: Vec<_> = input.sig.inputs.iter().map(strip).collect();
    let ty = &function.ret.ty;
    let allow = quote! {
        #(#attrs)*
        #[allow(unused_braces, clippy::needless_pass_by_value, clippy::unused_async, clippy::unnecessary_wraps, clippy::used_underscore_binding)]
        #[deny(unused_must_use)]
    };
    if function.is_async {
        let Program { body, sites } = program::rewrite(block, rt, cx);
        let sites = program::sites(&sites, rt);
        let (fn_token, asyncness) = (&input.sig.fn_token, &input.sig.asyncness);
        let output = &input.sig.output;
        return Some(Made {
            kind: quote!(Program),
            body: quote!(#allow #asyncness #fn_token __body(#(#params),*) #output #body),
            graph: quote!(::core::option::Option::None),
            graph_items: TokenStream::new(),
            sites,
        });
    }
    let names: Vec<_> = function
        .params
        .iter()
        .map(|param| param.ident.clone())
        .collect();
    let lowered = dag::lower(&block, &names, ty, args.fail_fast, cx, rt)?;
    let (body, graph) = (lowered.body, lowered.graph);
    let output = function.ret.output(rt);
    let fn_token = &input.sig.fn_token;
    let asyncness = quote_spanned!(fn_token.span=> async);
    Some(Made {
        kind: quote!(Dag),
        body: quote!(#allow #asyncness #fn_token __body(#(#params),*) -> #rt::__private::Result<#output> { #body.await }),
        graph: quote!(::core::option::Option::Some(__GRAPH)),
        // The span of the name, so that flows that call each other in a circle are named where they stand.
        graph_items: quote_spanned!(function.ident.span()=> const __GRAPH: &#rt::__private::StaticGraph = #graph;),
        sites: quote!(&[]),
    })
}

/// From the record of the parameters to the record of the result.
fn run(rt: &Path, function: &Function) -> TokenStream {
    let names: Vec<_> = function.recorded().map(|(param, _)| &param.ident).collect();
    let outcome = if function.ret.is_result || !function.is_async {
        quote!(#rt::__private::outcome_of_result!(__body(#(#names),*).await))
    } else {
        quote!(#rt::__private::encode(&__body(#(#names),*).await))
    };
    callable::run(rt, function, &TokenStream::new(), &outcome)
}

fn options(args: &FlowArgs) -> TokenStream {
    let rt = &args.both.rt;
    let (retries, tags, later, fail_fast) = (
        &args.both.retries,
        &args.both.tags,
        &args.both.later,
        args.fail_fast,
    );
    let delay = delay(rt, &args.both.delay);
    let timeout = option(args.both.timeout.map(duration));
    let concurrency = args.concurrency.clone().unwrap_or_else(|| quote!(64));
    let max_runs = option(args.max_runs.clone());
    let when_full = variant(args.when_full.as_deref().unwrap_or("queue"));
    let version = text(args.both.version.as_ref());
    let (schedule, timezone) = (text(args.schedule.as_ref()), text(args.timezone.as_ref()));
    let retry_budget = option(args.retry_budget.clone());
    let (on_failure, on_success, on_cancel, on_crash) = (
        hook(rt, args.on_failure.as_ref()),
        hook(rt, args.on_success.as_ref()),
        hook(rt, args.on_cancel.as_ref()),
        hook(rt, args.on_crash.as_ref()),
    );
    quote! {
        #rt::__private::FlowOptions {
            retries: #retries,
            delay: #delay,
            timeout: #timeout,
            concurrency: #concurrency,
            max_runs: #max_runs,
            when_full: #rt::__private::WhenFull::#when_full,
            fail_fast: #fail_fast,
            version: #version,
            tags: &[#(#tags),*],
            schedule: #schedule,
            timezone: #timezone,
            retry_budget: #retry_budget,
            on_failure: #on_failure,
            on_success: #on_success,
            on_cancel: #on_cancel,
            on_crash: #on_crash,
            later: &[#(#later),*],
        }
    }
}
