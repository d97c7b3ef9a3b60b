//! A call and its builder methods.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Expr, ExprCall, ExprMethodCall, Ident, Lit, LitStr, Path};

use super::model::{Rule, last};
use super::text::text;
use crate::ctxt::Ctxt;

/// The methods that may follow a call.
const BUILDERS: [&str; 16] = [
    "after",
    "attempt",
    "body",
    "boxed",
    "concurrency",
    "key",
    "label",
    "named",
    "on",
    "queue",
    "retries",
    "retry_delay",
    "submit",
    "timeout",
    "tolerate",
    "until",
];

/// The trigger rules.
pub(super) const RULES: [&str; 12] = [
    "AllSuccess",
    "AllFailed",
    "AllDone",
    "AllDoneMinOneSuccess",
    "AllSkipped",
    "OneFailed",
    "OneSuccess",
    "OneDone",
    "NoneFailed",
    "NoneFailedMinOneSuccess",
    "NoneSkipped",
    "Always",
];

/// Plain functions that look like calls of tasks.
const PLAIN: [&str; 3] = ["now", "random", "uuid"];

/// What a chain says about its node.
pub(super) struct Chain {
    /// Without the methods that live in the graph.
    pub(super) expr: Expr,
    pub(super) callee: Path,
    pub(super) args: Vec<Expr>,
    pub(super) after: Vec<Ident>,
    pub(super) rule: Option<Rule>,
    pub(super) attempt: bool,
    pub(super) named: Option<LitStr>,
    pub(super) span: Span,
    /// The arguments with their parentheses: where messages about the value point.
    pub(super) value_span: Span,
}

/// What the right side of a `let`, a statement or a tail is.
pub(super) enum Class {
    Call(Box<Chain>),
    If(syn::ExprIf),
    Match(syn::ExprMatch),
    Glue,
}

/// Parentheses say nothing.
pub(super) fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(inner) => bare(&inner.expr),
        Expr::Group(inner) => bare(&inner.expr),
        other => other,
    }
}

/// Sorts an expression.
pub(super) fn classify(expr: &Expr, cx: &mut Ctxt) -> Class {
    match bare(expr) {
        Expr::If(branch) => Class::If(branch.clone()),
        Expr::Match(branch) => Class::Match(branch.clone()),
        other => match root(other) {
            Some((call, path)) if is_node(&path) => {
                Class::Call(Box::new(chain(other, &call, path, cx)))
            }
            Some((call, path)) if is_associated(&path) && !matches!(other, Expr::MethodCall(_)) => {
                let call = text(&call);
                cx.error(
                    &path,
                    format_args!("`{}` is not a task or flow\nplain code of a DAG flow stands in braces: `{{ {call} }}`", text(&path)),
                );
                Class::Glue
            }
            _ => Class::Glue,
        },
    }
}

/// The path call that a chain of builder methods starts with.
pub(super) fn root(expr: &Expr) -> Option<(ExprCall, Path)> {
    match bare(expr) {
        Expr::Call(call) => match bare(&call.func) {
            Expr::Path(path) if path.qself.is_none() => Some((call.clone(), path.path.clone())),
            _ => None,
        },
        Expr::MethodCall(call) if BUILDERS.contains(&call.method.to_string().as_str()) => {
            root(&call.receiver)
        }
        _ => None,
    }
}

fn capital(text: &str) -> bool {
    text.trim_start_matches('_').starts_with(char::is_uppercase)
}

/// A call that may be one of a task or flow.
pub(super) fn is_node(path: &Path) -> bool {
    let plain = path
        .get_ident()
        .is_some_and(|name| PLAIN.iter().any(|plain| name == plain));
    !plain && !capital(&last(path)) && !is_associated(path)
}

/// `Type::f`.
fn is_associated(path: &Path) -> bool {
    const TYPES: [&str; 17] = [
        "bool", "char", "str", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8",
        "u16", "u32", "u64", "u128", "usize",
    ];
    let mut segments = path
        .segments
        .iter()
        .rev()
        .map(|segment| segment.ident.to_string());
    let (name, owner) = (segments.next(), segments.next());
    let (Some(name), Some(owner)) = (name, owner) else {
        return false;
    };
    let is_type = capital(&owner) || (path.segments.len() == 2 && TYPES.contains(&owner.as_str()));
    !capital(&name) && is_type
}

fn chain(expr: &Expr, call: &ExprCall, callee: Path, cx: &mut Ctxt) -> Chain {
    let mut chain = Chain {
        expr: Expr::Call(call.clone()),
        span: callee.span(),
        value_span: call.paren_token.span.join(),
        callee,
        args: call.args.iter().cloned().collect(),
        after: Vec::new(),
        rule: None,
        attempt: false,
        named: None,
    };
    let mut links = Vec::new();
    let mut at = bare(expr);
    while let Expr::MethodCall(link) = at {
        links.push(link);
        at = bare(&link.receiver);
    }
    for link in links.into_iter().rev() {
        take_link(link, &mut chain, cx);
    }
    chain
}

fn take_link(link: &ExprMethodCall, chain: &mut Chain, cx: &mut Ctxt) {
    match link.method.to_string().as_str() {
        "after" => link.args.iter().for_each(|arg| after(arg, chain, cx)),
        "on" => {
            if chain.rule.is_some() {
                cx.error(&link.method, "a node has one trigger rule");
            }
            chain.rule = link.args.first().and_then(|arg| rule(arg, cx));
        }
        "attempt" => chain.attempt = true,
        "submit" => cx.error(&link.method, "a node of a DAG flow starts by itself, as soon as what it uses is ready\nremove `.submit()`"),
        "body" => cx.error(&link.method, "a node of a DAG flow is recorded, and `.body()` is not\ncall it in an `async fn` flow, or inside a task"),
        method => {
            if method == "named" {
                chain.named = named(link, cx);
            }
            let receiver = Box::new(chain.expr.clone());
            chain.expr = Expr::MethodCall(ExprMethodCall { receiver, ..link.clone() });
        }
    }
}

fn named(link: &ExprMethodCall, cx: &mut Ctxt) -> Option<LitStr> {
    match link.args.first().map(bare) {
        Some(Expr::Lit(syn::ExprLit {
            lit: Lit::Str(name),
            ..
        })) => Some(name.clone()),
        Some(other) => {
            cx.error(other, "the name of a node is part of the graph, which is known before anything runs: write a string literal");
            None
        }
        None => None,
    }
}

fn after(arg: &Expr, chain: &mut Chain, cx: &mut Ctxt) {
    match bare(arg) {
        Expr::Path(path) if path.path.get_ident().is_some() => {
            chain.after.extend(path.path.get_ident().cloned());
        }
        Expr::Tuple(tuple) => tuple.elems.iter().for_each(|arg| after(arg, chain, cx)),
        Expr::Array(array) => array.elems.iter().for_each(|arg| after(arg, chain, cx)),
        other => cx.error(
            other,
            "`.after` takes names that are bound above: `.after(sent)` or `.after((sent, saved))`\nbind it first: `let sent = …;`",
        ),
    }
}

fn rule(arg: &Expr, cx: &mut Ctxt) -> Option<Rule> {
    if let Expr::Path(path) = bare(arg) {
        let name = last(&path.path);
        if RULES.contains(&name.as_str()) {
            return Some(Rule {
                path: path.path.clone(),
                name,
            });
        }
    }
    cx.error(
        arg,
        format_args!(
            "this is no trigger rule\n`.on` takes one of `Trigger::{}`",
            RULES.join("`, `Trigger::")
        ),
    );
    None
}
