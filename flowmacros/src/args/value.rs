//! Reads the value of an option as what it must be. A value that is not gives an error that shows a right one.

use flowrt_grammar::GrammarError;
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Expr, ExprLit, ExprPath, Lit, LitStr};

use super::list::Opt;
use crate::ctxt::Ctxt;

/// A string literal.
pub(crate) fn string(opt: &Opt, example: &str, cx: &mut Ctxt) -> Option<LitStr> {
    match &opt.value {
        Some(Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        })) => Some(text.clone()),
        _ => {
            wrong(opt, "a string", example, cx);
            None
        }
    }
}

/// A string literal with something in it.
pub(crate) fn filled(opt: &Opt, example: &str, cx: &mut Ctxt) -> Option<LitStr> {
    let text = string(opt, example, cx)?;
    if text.value().trim().is_empty() {
        opt.error(
            cx,
            format!("`{}` is empty\n\nwrite for example `{example}`", opt.name()),
        );
        return None;
    }
    Some(text)
}

/// A string that `read` understands.
pub(crate) fn parsed<T>(
    opt: &Opt,
    (kind, example): (&str, &str),
    cx: &mut Ctxt,
    read: impl FnOnce(&str) -> Result<T, GrammarError>,
) -> Option<T> {
    let text = string(opt, example, cx)?;
    match read(&text.value()) {
        Ok(value) => Some(value),
        Err(error) => {
            cx.error(&text, marked(kind, &text.value(), &error));
            None
        }
    }
}

/// What is wrong with `text`, with a mark under the fault: stable Rust has no spans inside a literal.
pub(crate) fn marked(kind: &str, text: &str, error: &GrammarError) -> String {
    format!("{}\n\n{}", error.sentence(kind, text), error.marked(text))
}

/// A whole number of 0 or more, or a constant.
pub(crate) fn count(opt: &Opt, example: &str, cx: &mut Ctxt) -> Option<TokenStream> {
    match &opt.value {
        Some(Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        })) => match number.base10_parse::<u32>() {
            Ok(_) => Some(number.to_token_stream()),
            Err(error) => {
                opt.error(cx, format!("`{}` must fit a u32: {error}", opt.name()));
                None
            }
        },
        Some(value @ (Expr::Path(_) | Expr::Block(_))) => Some(value.to_token_stream()),
        _ => {
            wrong(opt, "a whole number", example, cx);
            None
        }
    }
}

/// A whole number, or a constant, that may be negative.
pub(crate) fn signed(opt: &Opt, example: &str, cx: &mut Ctxt) -> Option<TokenStream> {
    if let Some(value @ Expr::Unary(unary)) = &opt.value
        && matches!(unary.op, syn::UnOp::Neg(_))
        && matches!(
            &*unary.expr,
            Expr::Lit(ExprLit {
                lit: Lit::Int(_),
                ..
            })
        )
    {
        return Some(value.to_token_stream());
    }
    count(opt, example, cx)
}

/// `key` alone, `key = true` or `key = false`.
pub(crate) fn flag(opt: &Opt, cx: &mut Ctxt) -> bool {
    match &opt.value {
        None => true,
        Some(Expr::Lit(ExprLit {
            lit: Lit::Bool(value),
            ..
        })) => value.value,
        Some(_) => {
            opt.error(cx, format!("`{0}` stands alone: write `{0}`", opt.name()));
            false
        }
    }
}

/// A path to a function or constant.
pub(crate) fn path(opt: &Opt, example: &str, cx: &mut Ctxt) -> Option<ExprPath> {
    match &opt.value {
        Some(Expr::Path(path)) => Some(path.clone()),
        _ => {
            wrong(opt, "a path", example, cx);
            None
        }
    }
}

/// One of the words of `choices`, quoted or not as `quoted` says.
pub(crate) fn word(opt: &Opt, choices: &[&str], quoted: bool, cx: &mut Ctxt) -> Option<String> {
    let shown = |word: &&str| {
        if quoted {
            format!("\"{word}\"")
        } else {
            (*word).to_owned()
        }
    };
    let given = match &opt.value {
        Some(Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        })) if quoted => Some(text.value()),
        Some(Expr::Path(path)) if !quoted => path.path.get_ident().map(crate::names::plain),
        _ => None,
    };
    match given {
        Some(given) if choices.contains(&given.as_str()) => Some(given),
        _ => {
            let all: Vec<String> = choices.iter().map(shown).collect();
            let list = all.join(" | ");
            opt.error(
                cx,
                format!(
                    "`{}` takes {list}\n\nwrite for example `{0} = {}`",
                    opt.name(),
                    all[0]
                ),
            );
            None
        }
    }
}

/// `["a", "b"]`, or one string.
pub(crate) fn strings(opt: &Opt, example: &str, cx: &mut Ctxt) -> Vec<LitStr> {
    let items = match &opt.value {
        Some(Expr::Array(array)) => array.elems.iter().collect(),
        Some(value) => vec![value],
        None => Vec::new(),
    };
    let mut texts = Vec::new();
    for item in &items {
        match item {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => texts.push(text.clone()),
            other => cx.error(other, kind_error(opt, "a list of strings", example)),
        }
    }
    if items.is_empty() && opt.value.is_none() {
        wrong(opt, "a list of strings", example, cx);
    }
    texts
}

/// Says that the value is of the wrong kind.
pub(crate) fn wrong(opt: &Opt, kind: &str, example: &str, cx: &mut Ctxt) {
    opt.error(cx, kind_error(opt, kind, example));
}

fn kind_error(opt: &Opt, kind: &str, example: &str) -> String {
    format!(
        "`{}` takes {kind}\n\nwrite for example `{example}`",
        opt.name()
    )
}
