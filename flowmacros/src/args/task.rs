//! The options of `#[task]`.

use std::time::Duration;

use flowrt_grammar::{parse_duration, parse_size};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, ExprLit, ExprPath, Lit, LitStr};

use super::both::{self, Both};
use super::list::Options;
use super::retry;
use super::rules::{self, Rule};
use super::value;
use crate::ctxt::Ctxt;

/// All options of `#[task]`, in the order in which messages list them.
pub(crate) const KNOWN: &[&str] = &[
    "backoff",
    "cache",
    "cache_key",
    "cpu",
    "crate",
    "durable",
    "isolate",
    "jitter",
    "limit",
    "limit_key",
    "memory",
    "name",
    "on_crash",
    "on_failure",
    "on_success",
    "priority",
    "queue",
    "retries",
    "retry_delay",
    "retry_if",
    "retry_rules",
    "rollback",
    "tags",
    "timeout",
    "version",
    "when_full",
];

/// Options that are checked and that the run time does not carry out yet.
const LATER: &[&str] = &["queue"];

/// What `#[task(…)]` says.
pub(crate) struct TaskArgs {
    pub(crate) both: Both,
    pub(crate) jitter: u32,
    pub(crate) retry_if: Option<ExprPath>,
    pub(crate) retry_rules: Vec<Rule>,
    pub(crate) limit: Option<LimitArg>,
    pub(crate) cache: Option<Duration>,
    pub(crate) cache_key: Option<ExprPath>,
    pub(crate) queue: Option<LitStr>,
    pub(crate) priority: Option<TokenStream>,
    pub(crate) when_full: Option<String>,
    pub(crate) isolate: bool,
    /// Bytes.
    pub(crate) memory: Option<u64>,
    pub(crate) cpu: Option<Duration>,
    pub(crate) durable: bool,
    pub(crate) on_failure: Option<ExprPath>,
    pub(crate) on_success: Option<ExprPath>,
    pub(crate) rollback: Option<ExprPath>,
    /// `on_crash = "park"`.
    pub(crate) park: bool,
    /// The options as given, for rules that need their places.
    pub(crate) options: Options,
}

/// `limit = NAME * weight, limit_key = parameter`.
#[derive(Clone)]
pub(crate) struct LimitArg {
    pub(crate) limit: ExprPath,
    pub(crate) weight: TokenStream,
    pub(crate) key: Option<Ident>,
}

impl TaskArgs {
    /// Reads the inside of `#[task(…)]`.
    pub(crate) fn parse(tokens: TokenStream, cx: &mut Ctxt) -> Self {
        let elsewhere = ("#[flow]", super::flow::KNOWN);
        let options = Options::parse(tokens, cx).checked("#[task]", KNOWN, elsewhere, cx);
        Self {
            both: Both::read(&options, LATER, cx),
            jitter: options
                .get("jitter")
                .map_or(0, |opt| retry::jitter(opt, cx)),
            retry_if: options
                .get("retry_if")
                .and_then(|opt| value::path(opt, "retry_if = is_transient", cx)),
            retry_rules: options
                .get("retry_rules")
                .map_or_else(Vec::new, |opt| rules::rules(opt, cx)),
            limit: limit(&options, cx),
            cache: options.get("cache").and_then(|opt| {
                value::parsed(opt, ("a duration", "cache = \"24h\""), cx, parse_duration)
            }),
            cache_key: options
                .get("cache_key")
                .and_then(|opt| value::path(opt, "cache_key = key_of", cx)),
            queue: options
                .get("queue")
                .and_then(|opt| value::filled(opt, "queue = \"gpu\"", cx)),
            priority: options
                .get("priority")
                .and_then(|opt| value::signed(opt, "priority = 10", cx)),
            when_full: both::when_full(&options, cx),
            isolate: options
                .get("isolate")
                .is_some_and(|opt| value::flag(opt, cx)),
            memory: options.get("memory").and_then(|opt| {
                value::parsed(opt, ("a size", "memory = \"512MiB\""), cx, parse_size)
            }),
            cpu: options.get("cpu").and_then(|opt| {
                value::parsed(opt, ("a duration", "cpu = \"60s\""), cx, parse_duration)
            }),
            durable: durable(&options, cx),
            on_failure: both::named(&options, "on_failure", cx),
            on_success: both::named(&options, "on_success", cx),
            rollback: both::named(&options, "rollback", cx),
            park: options
                .get("on_crash")
                .and_then(|opt| value::word(opt, &["retry", "park"], true, cx))
                .is_some_and(|word| word == "park"),
            options,
        }
    }
}

fn limit(options: &Options, cx: &mut Ctxt) -> Option<LimitArg> {
    let example = "limit = OFFERS_API` or `limit = DB * 2";
    let key = options.get("limit_key").and_then(|opt| {
        let path = value::path(opt, "limit_key = region", cx)?;
        let ident = path.path.get_ident().cloned();
        if ident.is_none() {
            value::wrong(opt, "the name of a parameter", "limit_key = region", cx);
        }
        ident
    });
    let opt = options.get("limit")?;
    let (limit, weight) = match &opt.value {
        Some(Expr::Path(path)) => (path.clone(), quote!(1)),
        Some(Expr::Binary(product)) if matches!(product.op, syn::BinOp::Mul(_)) => {
            match (&*product.left, &*product.right) {
                (
                    Expr::Path(path),
                    Expr::Lit(ExprLit {
                        lit: Lit::Int(weight),
                        ..
                    }),
                ) if weight.base10_parse::<u32>().is_ok_and(|weight| weight > 0) => {
                    (path.clone(), weight.to_token_stream())
                }
                _ => {
                    value::wrong(
                        opt,
                        "a limit, or a limit times a whole number of 1 or more",
                        example,
                        cx,
                    );
                    return None;
                }
            }
        }
        _ => {
            value::wrong(opt, "a limit made by `limit!`", example, cx);
            return None;
        }
    };
    Some(LimitArg { limit, weight, key })
}

fn durable(options: &Options, cx: &mut Ctxt) -> bool {
    options
        .get("durable")
        .is_some_and(|opt| value::word(opt, &["power"], true, cx).is_some())
}
