//! The options that say how long to wait before the next attempt.

use std::time::Duration;

use flowrt_grammar::{Backoff, DelayList, parse_duration};
use syn::{Expr, ExprLit, Lit};

use super::list::{Opt, Options};
use super::value;
use crate::ctxt::Ctxt;

/// How long to wait between attempts.
#[derive(Debug, Clone)]
pub(crate) enum Delay {
    /// One after the other; the last one repeats.
    List(Vec<Duration>),
    /// Doubles from the first to the cap.
    Backoff(Duration, Duration),
}

/// `retry_delay` or `backoff`.
pub(crate) fn delay(options: &Options, cx: &mut Ctxt) -> Delay {
    let list = options.get("retry_delay").map(|opt| list(opt, cx));
    let Some(opt) = options.get("backoff") else {
        return Delay::List(list.unwrap_or_default());
    };
    if list.is_some() {
        cx.error(
            &opt.key,
            "`backoff` and `retry_delay` exclude each other\n\nkeep `backoff` for waits that double up to a cap, `retry_delay` for waits you list",
        );
    }
    let kind = ("a backoff", "backoff = \"1s..5m\"");
    match value::parsed(opt, kind, cx, Backoff::parse) {
        Some(backoff) => Delay::Backoff(backoff.first, backoff.cap),
        None => Delay::List(Vec::new()),
    }
}

fn list(opt: &Opt, cx: &mut Ctxt) -> Vec<Duration> {
    let example = "retry_delay = \"2s\"` or `retry_delay = [\"1s\", \"10s\"]";
    if !matches!(opt.value, Some(Expr::Array(_))) {
        let kind = ("a delay, or a list of them", example);
        return value::parsed(opt, kind, cx, DelayList::parse).map_or_else(Vec::new, |list| list.0);
    }
    let mut delays = Vec::new();
    for text in value::strings(opt, example, cx) {
        match parse_duration(&text.value()) {
            Ok(delay) => delays.push(delay),
            Err(error) => cx.error(&text, value::marked("a duration", &text.value(), &error)),
        }
    }
    delays
}

/// `jitter`, in percent.
pub(crate) fn jitter(opt: &Opt, cx: &mut Ctxt) -> u32 {
    let percent = match &opt.value {
        Some(Expr::Lit(ExprLit {
            lit: Lit::Float(share),
            ..
        })) => share.base10_parse::<f64>().ok().map(|share| share * 100.0),
        Some(Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        })) => text
            .value()
            .strip_suffix('%')
            .and_then(|number| number.trim().parse().ok()),
        _ => None,
    };
    match percent {
        Some(percent) if (0.0..=100.0).contains(&percent) => whole(percent),
        _ => {
            value::wrong(
                opt,
                "a share of the delay, from none to all of it",
                "jitter = 0.2` or `jitter = \"20%\"",
                cx,
            );
            0
        }
    }
}

/// A number from 0 to 100 without its fraction.
fn whole(percent: f64) -> u32 {
    (0..=100)
        .rfind(|whole| f64::from(*whole) <= percent + 1e-9)
        .unwrap_or(0)
}
