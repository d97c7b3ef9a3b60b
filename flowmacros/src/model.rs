//! A task or flow as the rest of the macro sees it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, FnArg, Lit, Meta, Pat, PatIdent, PatType, ReturnType, Type};

use crate::args::param::ArgArgs;
use crate::ctxt::Ctxt;
use crate::input::FnInput;
use crate::names::path_at;

/// What the function's signature says.
pub(crate) struct Function {
    /// Its name.
    pub(crate) ident: Ident,
    /// The doc comment, trimmed.
    pub(crate) doc: String,
    /// In order, injected ones included.
    pub(crate) params: Vec<Param>,
    /// What it returns.
    pub(crate) ret: Ret,
    /// `async fn`.
    pub(crate) is_async: bool,
}

/// A parameter.
pub(crate) struct Param {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) kind: ParamKind,
}

/// Where the value of a parameter comes from.
pub(crate) enum ParamKind {
    /// The caller, and later the record.
    Recorded(ArgArgs),
    /// `ctx: &TaskContext`.
    Context,
    /// `#[resource] db: &T`; the type is `T`.
    Resource(Type),
}

/// What a function returns.
pub(crate) struct Ret {
    /// As written; `()` if nothing is.
    pub(crate) ty: Type,
    /// The last segment of its path is `Result`.
    pub(crate) is_result: bool,
}

impl Function {
    /// Reads the signature. What cannot be used is left out; the checks name it.
    pub(crate) fn read(input: &FnInput, cx: &mut Ctxt) -> Self {
        let params = input
            .sig
            .inputs
            .iter()
            .filter_map(|arg| match arg {
                FnArg::Typed(typed) => param(typed, cx),
                FnArg::Receiver(_) => None,
            })
            .collect();
        Self {
            ident: input.sig.ident.clone(),
            doc: doc(&input.attrs),
            params,
            ret: Ret::read(&input.sig.output),
            is_async: input.sig.asyncness.is_some(),
        }
    }

    /// The parameters that are recorded.
    pub(crate) fn recorded(&self) -> impl Iterator<Item = (&Param, &ArgArgs)> {
        self.params.iter().filter_map(|param| match &param.kind {
            ParamKind::Recorded(arg) => Some((param, arg)),
            _ => None,
        })
    }

    /// The line of the function's name.
    pub(crate) fn line(&self) -> u32 {
        line(self.ident.span())
    }
}

impl Ret {
    fn read(output: &ReturnType) -> Self {
        match output {
            ReturnType::Default => Self {
                ty: syn::parse_quote!(()),
                is_result: false,
            },
            ReturnType::Type(_, ty) => Self {
                is_result: last_segment(ty).is_some_and(|last| last == "Result"),
                ty: (**ty).clone(),
            },
        }
    }

    /// Where the type of the value stands: `T` of `Result<T>`.
    pub(crate) fn value_span(&self) -> Span {
        if let (true, Type::Path(path)) = (self.is_result, &self.ty)
            && let Some(last) = path.path.segments.last()
            && let syn::PathArguments::AngleBracketed(list) = &last.arguments
            && let Some(first) = list.args.first()
        {
            return first.span();
        }
        self.ty.span()
    }

    /// The type of the value that is recorded.
    pub(crate) fn output(&self, rt: &syn::Path) -> TokenStream {
        let ty = &self.ty;
        if self.is_result {
            // What the value's type lacks is said at that type.
            let at = self.value_span();
            let rt = path_at(rt, at);
            quote_spanned!(at=> <#ty as #rt::__private::ResultParts>::Ok)
        } else {
            ty.to_token_stream()
        }
    }
}

/// The line of a place in the source.
pub(crate) fn line(span: Span) -> u32 {
    u32::try_from(span.start().line).unwrap_or(0)
}

/// The last segment of a path type: `Result` for `flowrt::Result<T>`.
pub(crate) fn last_segment(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|last| &last.ident),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}

/// A default as an expression of the parameter's type: a string literal also serves a `String`.
pub(crate) fn default_value(ty: &Type, value: &Expr) -> TokenStream {
    let is_text = matches!(value, Expr::Lit(lit) if matches!(lit.lit, Lit::Str(_)));
    if is_text && last_segment(ty).is_some_and(|last| last == "String") {
        let span = value.span();
        return quote::quote_spanned!(span=> ::std::string::String::from(#value));
    }
    value.to_token_stream()
}

fn param(typed: &PatType, cx: &mut Ctxt) -> Option<Param> {
    let Pat::Ident(PatIdent {
        ident,
        by_ref: None,
        subpat: None,
        ..
    }) = &*typed.pat
    else {
        return None;
    };
    let is_resource = typed
        .attrs
        .iter()
        .any(|attr| attr.path().is_ident("resource"));
    let mut arg = ArgArgs::default();
    for attr in typed
        .attrs
        .iter()
        .filter(|attr| attr.path().is_ident("arg"))
    {
        arg = ArgArgs::parse(attr, cx);
    }
    let kind = match &*typed.ty {
        Type::Reference(reference) if is_resource => ParamKind::Resource((*reference.elem).clone()),
        Type::Reference(reference)
            if last_segment(&reference.elem).is_some_and(|last| last == "TaskContext") =>
        {
            ParamKind::Context
        }
        _ => ParamKind::Recorded(arg),
    };
    Some(Param {
        ident: ident.clone(),
        ty: (*typed.ty).clone(),
        kind,
    })
}

fn doc(attrs: &[Attribute]) -> String {
    let lines: Vec<String> = attrs
        .iter()
        .filter(|attr| attr.path().is_ident("doc"))
        .filter_map(|attr| match &attr.meta {
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(lit) => match &lit.lit {
                    Lit::Str(text) => Some(text.value().trim().to_owned()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        })
        .collect();
    lines.join("\n").trim().to_owned()
}
