//! The constant that describes a task or flow.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{LitStr, Path, Type};

use super::literal::{option, text};
use crate::args::param::ArgArgs;
use crate::check::flag_of;
use crate::model::{Function, Param, default_value, last_segment};
use crate::names::{here, path_at, plain, spelled};

/// What differs between tasks and flows.
pub(super) struct Facts {
    /// `Task`, `Dag` or `Program`.
    pub(super) kind: TokenStream,
    /// A `TaskOptions`.
    pub(super) task: TokenStream,
    /// A `FlowOptions`.
    pub(super) flow: TokenStream,
    /// An `Option<&'static StaticGraph>`.
    pub(super) graph: TokenStream,
    /// A `&'static [Site]`.
    pub(super) sites: TokenStream,
    /// Its text's hash.
    pub(super) fingerprint: u64,
    /// The option `name`.
    pub(super) name: Option<LitStr>,
    /// Whether parameters have a schema.
    pub(super) schemas: bool,
}

/// An expression of type `Meta`; `__run` must be in scope.
pub(super) fn meta(rt: &Path, function: &Function, facts: &Facts) -> TokenStream {
    let name = facts
        .name
        .as_ref()
        .map_or_else(|| plain(&function.ident), LitStr::value);
    let function_name = plain(&function.ident);
    let (doc, line) = (&function.doc, function.line());
    let params = function
        .recorded()
        .map(|(param, arg)| self::param(rt, param, arg, facts.schemas));
    let Facts {
        kind,
        task,
        flow,
        graph,
        sites,
        fingerprint,
        ..
    } = facts;
    quote! {
        #rt::__private::Meta {
            name: #name,
            function: #function_name,
            module: ::core::module_path!(),
            file: ::core::file!(),
            line: #line,
            doc: #doc,
            kind: #rt::__private::Kind::#kind,
            params: &[#(#params),*],
            fingerprint: #fingerprint,
            body: __run,
            task: #task,
            flow: #flow,
            graph: #graph,
            sites: #sites,
        }
    }
}

fn param(rt: &Path, param: &Param, arg: &ArgArgs, schemas: bool) -> TokenStream {
    let (name, ty) = (plain(&param.ident), &param.ty);
    let shown = spelled(ty);
    let flag = flag_of(param, arg);
    let help = arg.help.as_ref().map(LitStr::value).unwrap_or_default();
    let env = text(arg.env.as_ref());
    let default = option(default(rt, ty, arg));
    let at = path_at(rt, ty.span());
    let schema =
        option(schemas.then(|| quote_spanned!(ty.span()=> #at::__private::schema_of::<#ty>)));
    // What a type lacks is said at the type.
    let check = quote_spanned!(ty.span()=> #at::__private::check_param::<#ty>);
    quote! {
        #rt::__private::Param {
            name: #name,
            ty: #shown,
            flag: #flag,
            help: #help,
            env: #env,
            default: #default,
            schema: #schema,
            check: #check,
        }
    }
}

/// What stands for a value that is not given: the one written, `false`, or none.
fn default(rt: &Path, ty: &Type, arg: &ArgArgs) -> Option<TokenStream> {
    if let Some(value) = &arg.default {
        let at = here(value.span());
        let value = default_value(ty, value);
        return Some(
            quote_spanned!(at=> || { let value: #ty = #value; #rt::__private::encode(&value) }),
        );
    }
    let has_one = last_segment(ty).is_some_and(|last| last == "bool" || last == "Option");
    has_one
        .then(|| quote!(|| #rt::__private::encode(&<#ty as ::core::default::Default>::default())))
}
