//! Macros in a flow's body: their arguments are seen only where it is known what they are.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::visit_mut::VisitMut;
use syn::{Expr, Macro, Pat, Token};

use super::rewrite::Rewriter;

/// Macros that poll their arguments.
const POLLING: &[&str] = &["join", "try_join"];

/// Macros that take which arm won from chance.
const RACING: &[&str] = &["select", "select_biased"];

/// Macros whose arguments are expressions.
const PLAIN: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "format",
    "format_args",
    "panic",
    "print",
    "println",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Rewrites the arguments, or says why the macro cannot stand here.
pub(super) fn rewrite(rewriter: &mut Rewriter<'_>, mac: &mut Macro) {
    let Some(name) = mac.path.segments.last().map(|last| last.ident.to_string()) else {
        return;
    };
    let name = name.as_str();
    if RACING.contains(&name) {
        rewriter.cx.error(
            &mac.path,
            format!("`{name}!` takes the first that happens to be ready, which is not recorded, so a resumed run could go another way\n\nuse `race((a, b)).await`, whose winner is recorded"),
        );
        return;
    }
    let rewritten = if POLLING.contains(&name) {
        arguments(mac.tokens.clone(), |list| polled(rewriter, list))
    } else if name == "matches" {
        matched(rewriter, mac.tokens.clone())
    } else if PLAIN.contains(&name) {
        repeated(rewriter, mac.tokens.clone()).or_else(|| {
            arguments(mac.tokens.clone(), |list| {
                list.iter_mut().for_each(|one| rewriter.visit_expr_mut(one))
            })
        })
    } else {
        None
    };
    match rewritten {
        Some(tokens) => mac.tokens = tokens,
        None if holds_await(mac.tokens.clone()) => rewriter.cx.error(
            &mac.path,
            format!("`{name}!` awaits something that flowrt cannot see, so it would not be recorded\n\nawait it before, with `let value = ….await?;`, and give the value to `{name}!`"),
        ),
        None => {}
    }
}

/// `join!(a(), b())` polls what it is given, so each goes through `Step`.
fn polled(rewriter: &mut Rewriter<'_>, list: &mut Punctuated<Expr, Token![,]>) {
    for future in list {
        let at = syn::spanned::Spanned::span(&*future);
        rewriter.visit_expr_mut(future);
        *future = rewriter.step(future, at);
    }
}

fn arguments(
    tokens: TokenStream,
    change: impl FnOnce(&mut Punctuated<Expr, Token![,]>),
) -> Option<TokenStream> {
    let mut list = Parser::parse2(Punctuated::<Expr, Token![,]>::parse_terminated, tokens).ok()?;
    change(&mut list);
    Some(list.into_token_stream())
}

/// `vec![value; count]`.
fn repeated(rewriter: &mut Rewriter<'_>, tokens: TokenStream) -> Option<TokenStream> {
    let read = |input: ParseStream| {
        Ok((
            input.parse::<Expr>()?,
            input.parse::<Token![;]>()?,
            input.parse::<Expr>()?,
        ))
    };
    let (mut value, semi, mut count) = Parser::parse2(read, tokens).ok()?;
    rewriter.visit_expr_mut(&mut value);
    rewriter.visit_expr_mut(&mut count);
    Some(quote!(#value #semi #count))
}

/// `matches!(value, pattern if guard)`.
fn matched(rewriter: &mut Rewriter<'_>, tokens: TokenStream) -> Option<TokenStream> {
    let read = |input: ParseStream| {
        let value: Expr = input.parse()?;
        let comma: Token![,] = input.parse()?;
        let pattern = Pat::parse_multi_with_leading_vert(input)?;
        let guard: Option<(Token![if], Expr)> = match input.parse::<Option<Token![if]>>()? {
            Some(token) => Some((token, input.parse()?)),
            None => None,
        };
        let end: Option<Token![,]> = input.parse()?;
        Ok((value, comma, pattern, guard, end))
    };
    let (mut value, comma, pattern, guard, end) = Parser::parse2(read, tokens).ok()?;
    rewriter.visit_expr_mut(&mut value);
    let guard = guard.map(|(token, mut guard)| {
        rewriter.visit_expr_mut(&mut guard);
        quote!(#token #guard)
    });
    Some(quote!(#value #comma #pattern #guard #end))
}

fn holds_await(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == "await",
        TokenTree::Group(group) => holds_await(group.stream()),
        _ => false,
    })
}
