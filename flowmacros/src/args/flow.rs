//! The options of `#[flow]`.

use flowrt_grammar::{Cron, parse_zone};
use proc_macro2::TokenStream;
use syn::{Expr, ExprLit, ExprPath, Lit, LitStr};

use super::both::{self, Both};
use super::list::Options;
use super::{task, value};
use crate::ctxt::Ctxt;

/// All options of `#[flow]`, in the order in which messages list them.
pub(crate) const KNOWN: &[&str] = &[
    "backoff",
    "concurrency",
    "crate",
    "fail_fast",
    "inline",
    "max_runs",
    "name",
    "on_cancel",
    "on_crash",
    "on_failure",
    "on_success",
    "retries",
    "retry_budget",
    "retry_delay",
    "schedule",
    "tags",
    "timeout",
    "timezone",
    "version",
    "when_full",
];

/// Options that are checked and that the run time does not carry out yet.
const LATER: &[&str] = &[];

/// What `#[flow(…)]` says.
pub(crate) struct FlowArgs {
    pub(crate) both: Both,
    pub(crate) concurrency: Option<TokenStream>,
    pub(crate) max_runs: Option<TokenStream>,
    pub(crate) when_full: Option<String>,
    pub(crate) fail_fast: bool,
    pub(crate) inline: bool,
    pub(crate) schedule: Option<LitStr>,
    pub(crate) timezone: Option<LitStr>,
    pub(crate) retry_budget: Option<TokenStream>,
    pub(crate) on_failure: Option<ExprPath>,
    pub(crate) on_success: Option<ExprPath>,
    pub(crate) on_cancel: Option<ExprPath>,
    pub(crate) on_crash: Option<ExprPath>,
    /// The options as given, for rules that need their places.
    pub(crate) options: Options,
}

impl FlowArgs {
    /// Reads the inside of `#[flow(…)]`.
    pub(crate) fn parse(tokens: TokenStream, cx: &mut Ctxt) -> Self {
        let elsewhere = ("#[task]", task::KNOWN);
        let options = Options::parse(tokens, cx).checked("#[flow]", KNOWN, elsewhere, cx);
        let cron = ("a cron expression", "schedule = \"0 10 * * *\"");
        let zone = ("a time zone", "timezone = \"Europe/Vienna\"");
        Self {
            both: Both::read(&options, LATER, cx),
            concurrency: positive(&options, "concurrency", cx),
            max_runs: positive(&options, "max_runs", cx),
            when_full: both::when_full(&options, cx),
            fail_fast: options
                .get("fail_fast")
                .is_some_and(|opt| value::flag(opt, cx)),
            inline: options
                .get("inline")
                .is_some_and(|opt| value::flag(opt, cx)),
            schedule: options.get("schedule").and_then(|opt| {
                value::parsed(opt, cron, cx, Cron::parse)?;
                value::string(opt, cron.1, cx)
            }),
            timezone: options.get("timezone").and_then(|opt| {
                value::parsed(opt, zone, cx, parse_zone)?;
                value::string(opt, zone.1, cx)
            }),
            retry_budget: options
                .get("retry_budget")
                .and_then(|opt| value::count(opt, "retry_budget = 20", cx)),
            on_failure: both::named(&options, "on_failure", cx),
            on_success: both::named(&options, "on_success", cx),
            on_cancel: both::named(&options, "on_cancel", cx),
            on_crash: both::named(&options, "on_crash", cx),
            options,
        }
    }
}

/// A number of which none makes no sense.
fn positive(options: &Options, name: &str, cx: &mut Ctxt) -> Option<TokenStream> {
    let opt = options.get(name)?;
    let example = format!("{name} = 8");
    if let Some(Expr::Lit(ExprLit {
        lit: Lit::Int(number),
        ..
    })) = &opt.value
        && number.base10_parse::<u32>().is_ok_and(|number| number == 0)
    {
        opt.error(
            cx,
            format!(
                "`{name} = 0` lets nothing run\n\nwrite for example `{example}`, or leave it out"
            ),
        );
        return None;
    }
    value::count(opt, &example, cx)
}
