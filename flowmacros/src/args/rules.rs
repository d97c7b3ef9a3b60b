//! `retry_rules`: which errors are worth how many attempts, each rule with a count of its own.

use flowrt_grammar::{Backoff, DelayList};
use proc_macro2::TokenStream;
use syn::{Expr, ExprLit, ExprPath, ExprTuple, Lit, LitStr};

use super::list::Opt;
use super::retry::Delay;
use super::value;
use crate::ctxt::Ctxt;

const EXAMPLE: &str = "retry_rules = [(is_throttled, 20, \"1s..5m\"), (is_offline, 5)]";

/// One rule: the first whose predicate holds for an error decides.
#[derive(Clone)]
pub(crate) struct Rule {
    /// The function that knows the error.
    pub(crate) applies: ExprPath,
    /// Attempts after failures of this rule.
    pub(crate) times: TokenStream,
    /// Waits of its own; else those of the task.
    pub(crate) delay: Option<Delay>,
}

/// The list of rules. What cannot be read is left out.
pub(crate) fn rules(opt: &Opt, cx: &mut Ctxt) -> Vec<Rule> {
    let rules = match &opt.value {
        Some(Expr::Array(list)) if !list.elems.is_empty() => &list.elems,
        _ => {
            value::wrong(opt, "a list of rules", EXAMPLE, cx);
            return Vec::new();
        }
    };
    rules.iter().filter_map(|rule| one(opt, rule, cx)).collect()
}

fn one(opt: &Opt, rule: &Expr, cx: &mut Ctxt) -> Option<Rule> {
    let Expr::Tuple(ExprTuple { elems, .. }) = rule else {
        return no_rule(rule, cx);
    };
    let parts: Vec<&Expr> = elems.iter().collect();
    let (applies, times, delay) = match parts[..] {
        [Expr::Path(applies), times] => (applies, times, None),
        [Expr::Path(applies), times, delay] => (applies, times, Some(delay)),
        _ => return no_rule(rule, cx),
    };
    let times = Opt {
        key: opt.key.clone(),
        value: Some(times.clone()),
    };
    let times = value::count(&times, EXAMPLE, cx);
    let delay = match delay {
        None => None,
        Some(Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        })) => delay_of(text, cx),
        Some(_) => return no_rule(rule, cx),
    };
    Some(Rule {
        applies: applies.clone(),
        times: times?,
        delay,
    })
}

fn no_rule(rule: &Expr, cx: &mut Ctxt) -> Option<Rule> {
    cx.error(
        rule,
        format!(
            "a rule is `(predicate, times)`, or `(predicate, times, \"delay\")`\n\nwrite for example `{EXAMPLE}`"
        ),
    );
    None
}

/// A backoff if it has two ends, else a list of delays.
fn delay_of(text: &LitStr, cx: &mut Ctxt) -> Option<Delay> {
    let value = text.value();
    let read = if value.contains("..") {
        Backoff::parse(&value).map(|backoff| Delay::Backoff(backoff.first, backoff.cap))
    } else {
        DelayList::parse(&value).map(|list| Delay::List(list.0))
    };
    match read {
        Ok(delay) => Some(delay),
        Err(error) => {
            cx.error(text, value::marked("a delay", &value, &error));
            None
        }
    }
}
