//! The attribute macros of flowrt. Use them through the `flowrt` crate, which documents them.

use proc_macro::TokenStream;

mod args;
mod check;
mod ctxt;
mod dag;
mod expand;
mod fingerprint;
mod input;
mod model;
mod names;
mod program;

/// Makes a function a task: called by flows, retried, recorded.
#[proc_macro_attribute]
pub fn task(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::task::expand(args.into(), item.into()).into()
}

/// Makes a function a flow: a DAG if it is not `async`, a program if it is.
#[proc_macro_attribute]
pub fn flow(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::flow::expand(args.into(), item.into()).into()
}

/// Makes what a function returns available to tasks, once per process.
#[proc_macro_attribute]
pub fn resource(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::resource::expand(args.into(), item.into()).into()
}

/// Defines a limit: how many at a time, or how many in a while.
#[proc_macro]
pub fn limit(tokens: TokenStream) -> TokenStream {
    expand::limit::expand(tokens.into()).into()
}

/// Takes the deployments of a file into the program, and checks them against its flows.
#[cfg(feature = "deployments")]
#[proc_macro]
pub fn deployments(tokens: TokenStream) -> TokenStream {
    expand::deployments::expand(tokens.into()).into()
}

/// The JSON Schema of a parameter's type.
#[proc_macro_derive(JsonSchema, attributes(schemars, serde, flowrt))]
pub fn json_schema(item: TokenStream) -> TokenStream {
    expand::schema::expand(item.into()).into()
}
