//! Splits the tokens of an attribute into options, whatever is wrong with some of them.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Token};

use crate::ctxt::Ctxt;
use crate::names::{listed, plain};

/// One `key` or `key = value`.
#[derive(Clone)]
pub(crate) struct Opt {
    /// Its key.
    pub(crate) key: Ident,
    /// What follows the `=`.
    pub(crate) value: Option<Expr>,
}

impl Opt {
    /// The key as text.
    pub(crate) fn name(&self) -> String {
        plain(&self.key)
    }

    /// An error about the value.
    pub(crate) fn error(&self, cx: &mut Ctxt, msg: impl std::fmt::Display) {
        match &self.value {
            Some(value) => cx.error(value, msg),
            None => cx.error(&self.key, msg),
        }
    }
}

/// The options of an attribute, in order, each once.
#[derive(Default)]
pub(crate) struct Options(Vec<Opt>);

impl Options {
    /// Reads `tokens`, the inside of an attribute's parentheses.
    pub(crate) fn parse(tokens: TokenStream, cx: &mut Ctxt) -> Self {
        let mut found = Vec::new();
        let read = |input: ParseStream| {
            while !input.is_empty() {
                match option(input) {
                    Ok(opt) => found.push(opt),
                    Err(error) => {
                        cx.push(error);
                        skip_to_comma(input)?;
                    }
                }
                if input.is_empty() {
                    break;
                }
                if input.parse::<Token![,]>().is_err() {
                    cx.push(input.error("expected `,` between options"));
                    skip_to_comma(input)?;
                    if !input.is_empty() {
                        input.parse::<Token![,]>()?;
                    }
                }
            }
            Ok(())
        };
        if let Err(error) = Parser::parse2(read, tokens) {
            cx.push(error);
        }
        Self(found)
    }

    /// Reports what is not in `known` and what is there twice, and drops it. `elsewhere` are the options of the other
    /// attribute, for people who mix them up.
    pub(crate) fn checked(
        self,
        attribute: &str,
        known: &[&str],
        elsewhere: (&str, &[&str]),
        cx: &mut Ctxt,
    ) -> Self {
        let mut kept: Vec<Opt> = Vec::new();
        for opt in self.0 {
            let name = opt.name();
            if !known.contains(&name.as_str()) {
                cx.error(&opt.key, unknown(&name, attribute, known, elsewhere));
            } else if kept.iter().any(|other| other.name() == name) {
                cx.error(
                    &opt.key,
                    format!("`{name}` is given twice\n\nremove one of the two"),
                );
            } else {
                kept.push(opt);
            }
        }
        Self(kept)
    }

    /// The option of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Opt> {
        self.0.iter().find(|opt| opt.name() == name)
    }

    /// Reports an option that says more about another one which is not there.
    pub(crate) fn needs(&self, option: &str, other: &str, example: &str, cx: &mut Ctxt) {
        if let Some(opt) = self.get(option)
            && self.get(other).is_none()
        {
            cx.error(
                &opt.key,
                format!("`{option}` means nothing without `{other}`\n\nadd `{example}`, or remove `{option}`"),
            );
        }
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Opt> {
        self.0.iter()
    }
}

fn unknown(name: &str, attribute: &str, known: &[&str], elsewhere: (&str, &[&str])) -> String {
    let (other, others) = elsewhere;
    if others.contains(&name) {
        return format!(
            "`{name}` is an option of {other}, not of {attribute}\n\noptions of {attribute}: {}",
            listed(known)
        );
    }
    let guess = flowrt_grammar::closest(name, known.iter().copied())
        .map(|guess| format!("; did you mean `{guess}`?"))
        .unwrap_or_default();
    format!(
        "unknown option `{name}`{guess}\n\noptions of {attribute}: {}",
        listed(known)
    )
}

fn option(input: ParseStream) -> syn::Result<Opt> {
    if !input.peek(Ident::peek_any) {
        return Err(input.error("expected an option, such as `retries = 3`"));
    }
    let key = input.call(Ident::parse_any)?;
    if input.peek(syn::token::Paren) {
        return Err(input.error(format!("write `{key} = …`")));
    }
    if !input.peek(Token![=]) {
        return Ok(Opt { key, value: None });
    }
    input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(syn::Error::new(
            key.span(),
            format!("`{key} =` needs a value"),
        ));
    }
    let value = Some(input.parse()?);
    Ok(Opt { key, value })
}

fn skip_to_comma(input: ParseStream) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
