//! What stands in `limit!(…)`.

use std::time::Duration;

use flowrt_grammar::Rate;
use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, ExprLit, Lit, Path, Token, Visibility};

use super::list::{Opt, Options};
use super::{both, value};
use crate::ctxt::Ctxt;

const KNOWN: &[&str] = &["burst", "crate", "kind"];
const KINDS: &[&str] = &["sliding", "fixed", "bucket", "leaky", "points"];

/// A limit as written.
pub(crate) struct LimitInput {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) name: Ident,
    how_many: Expr,
    rest: TokenStream,
}

impl Parse for LimitInput {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let shape = "a limit is a name and how many: `limit!(pub OFFERS_API, \"100 per minute\")` or `limit!(DB, 4)`";
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let name = input
            .parse()
            .map_err(|error| syn::Error::new(error.span(), shape))?;
        input
            .parse::<Token![,]>()
            .map_err(|error| syn::Error::new(error.span(), shape))?;
        let how_many = input
            .parse()
            .map_err(|error: syn::Error| syn::Error::new(error.span(), shape))?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        let rest = input.parse()?;
        Ok(Self {
            attrs,
            vis,
            name,
            how_many,
            rest,
        })
    }
}

/// What a limit allows.
pub(crate) struct LimitArgs {
    pub(crate) rt: Path,
    pub(crate) count: TokenStream,
    pub(crate) per: Option<Duration>,
    pub(crate) burst: Option<TokenStream>,
    /// One of [`KINDS`], or `slots`.
    pub(crate) kind: String,
}

impl LimitArgs {
    /// Reads the amount and the options.
    pub(crate) fn parse(input: &LimitInput, cx: &mut Ctxt) -> Self {
        let options =
            Options::parse(input.rest.clone(), cx).checked("limit!", KNOWN, ("", &[]), cx);
        let (count, per) = amount(&input.how_many, cx);
        let kind = options
            .get("kind")
            .and_then(|opt| value::word(opt, KINDS, false, cx));
        if per.is_none() {
            for name in ["burst", "kind"] {
                if let Some(opt) = options.get(name) {
                    rate_only(opt, cx);
                }
            }
        }
        Self {
            rt: both::runtime_path(&options, cx),
            burst: options
                .get("burst")
                .and_then(|opt| value::count(opt, "burst = 20", cx)),
            kind: match (&per, kind) {
                (None, _) => "slots".to_owned(),
                (Some(_), kind) => kind.unwrap_or_else(|| "sliding".to_owned()),
            },
            count,
            per,
        }
    }
}

fn rate_only(opt: &Opt, cx: &mut Ctxt) {
    let name = opt.name();
    cx.error(
        &opt.key,
        format!("`{name}` is an option of rates, and this limit is a number of slots\n\nwrite a rate, such as \"100 per minute\", or leave `{name}` out"),
    );
}

fn amount(how_many: &Expr, cx: &mut Ctxt) -> (TokenStream, Option<Duration>) {
    let one = || quote::quote!(1);
    match how_many {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => match Rate::parse(&text.value()) {
            Ok(rate) => {
                let count = rate.count;
                (quote::quote!(#count), Some(rate.per))
            }
            Err(error) => {
                cx.error(text, value::marked("a rate", &text.value(), &error));
                (one(), Some(Duration::from_secs(1)))
            }
        },
        Expr::Lit(ExprLit {
            lit: Lit::Int(slots),
            ..
        }) => {
            match slots.base10_parse::<u32>() {
                Ok(0) => {
                    cx.error(slots, "a limit of 0 lets nothing run\n\nwrite how many may run at a time, such as 4");
                    (one(), None)
                }
                Ok(_) => (slots.to_token_stream(), None),
                Err(error) => {
                    cx.error(slots, format!("a number of slots must fit a u32: {error}"));
                    (one(), None)
                }
            }
        }
        Expr::Path(path) => (path.to_token_stream(), None),
        other => {
            cx.error(
                other,
                "a limit is a rate such as \"100 per minute\", or a number of slots such as 4",
            );
            (one(), None)
        }
    }
}
