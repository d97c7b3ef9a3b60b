//! The options of `#[arg]` on a flow's parameter.

use proc_macro2::TokenStream;
use syn::{Attribute, Expr, LitStr, Meta};

use super::list::Options;
use super::value;
use crate::ctxt::Ctxt;

/// All options of `#[arg]`.
const KNOWN: &[&str] = &["default", "env", "flag", "help"];

/// What `#[arg(…)]` says.
#[derive(Default)]
pub(crate) struct ArgArgs {
    /// The value of a parameter that is not given.
    pub(crate) default: Option<Expr>,
    pub(crate) help: Option<LitStr>,
    pub(crate) env: Option<LitStr>,
    pub(crate) flag: Option<LitStr>,
}

impl ArgArgs {
    /// Reads one `#[arg(…)]`.
    pub(crate) fn parse(attr: &Attribute, cx: &mut Ctxt) -> Self {
        let tokens = match &attr.meta {
            Meta::List(list) => list.tokens.clone(),
            _ => TokenStream::new(),
        };
        if tokens.is_empty() {
            cx.error(attr, "`#[arg]` says nothing\n\nwrite for example `#[arg(default = 10, help = \"how many pages\")]`");
            return Self::default();
        }
        let options = Options::parse(tokens, cx).checked("#[arg]", KNOWN, ("", &[]), cx);
        let flag = options.get("flag").and_then(|opt| {
            let text = value::filled(opt, "flag = \"max-pages\"", cx)?;
            let shown = text.value();
            let fine = shown.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            if !fine || shown.starts_with('-') {
                let msg = "a flag is lower-case letters, digits and `-`, without the leading dashes\n\nwrite for example `flag = \"max-pages\"`";
                opt.error(cx, msg);
                return None;
            }
            Some(text)
        });
        let default = options.get("default").and_then(|opt| {
            if opt.value.is_none() {
                value::wrong(
                    opt,
                    "an expression of the parameter's type",
                    "default = 10",
                    cx,
                );
            }
            opt.value.clone()
        });
        Self {
            default,
            help: options
                .get("help")
                .and_then(|opt| value::string(opt, "help = \"how many pages\"", cx)),
            env: options
                .get("env")
                .and_then(|opt| value::filled(opt, "env = \"REGION\"", cx)),
            flag,
        }
    }
}
