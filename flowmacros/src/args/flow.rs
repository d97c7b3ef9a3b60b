//! The options of `#[flow]`.

use std::time::Duration;

use flowrt_grammar::{Cron, parse_duration, parse_zone};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, ExprLit, ExprPath, Lit, LitStr, Path};

use super::list::Options;
use super::retry::{self, Delay};
use super::{task, value};
use crate::ctxt::Ctxt;

/// All options of `#[flow]`, in the order in which messages list them.
pub(crate) const KNOWN: &[&str] = &[
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
    "retry_delay",
    "schedule",
    "tags",
    "timeout",
    "timezone",
    "version",
    "when_full",
];

/// Options that are checked and that the run time does not carry out yet.
const LATER: &[&str] = &[
    "max_runs",
    "when_full",
    "on_failure",
    "on_success",
    "on_cancel",
    "on_crash",
];

/// What `#[flow(…)]` says.
pub(crate) struct FlowArgs {
    /// Where the run time is.
    pub(crate) rt: Path,
    pub(crate) name: Option<LitStr>,
    pub(crate) retries: TokenStream,
    pub(crate) delay: Delay,
    pub(crate) timeout: Option<Duration>,
    pub(crate) concurrency: Option<TokenStream>,
    pub(crate) fail_fast: bool,
    pub(crate) inline: bool,
    pub(crate) version: Option<LitStr>,
    pub(crate) tags: Vec<LitStr>,
    pub(crate) schedule: Option<LitStr>,
    pub(crate) timezone: Option<LitStr>,
    /// `on_failure`, `on_success`, `on_cancel`, `on_crash`.
    pub(crate) hooks: Vec<ExprPath>,
    /// The names of options that are not carried out yet.
    pub(crate) later: Vec<String>,
    /// The options as given, for rules that need their places.
    pub(crate) options: Options,
}

impl FlowArgs {
    /// Reads the inside of `#[flow(…)]`.
    pub(crate) fn parse(tokens: TokenStream, cx: &mut Ctxt) -> Self {
        let elsewhere = ("#[task]", task::KNOWN);
        let options = Options::parse(tokens, cx).checked("#[flow]", KNOWN, elsewhere, cx);
        let duration = ("a duration", "timeout = \"2h\"");
        let cron = ("a cron expression", "schedule = \"0 10 * * *\"");
        let zone = ("a time zone", "timezone = \"Europe/Vienna\"");
        Self {
            rt: task::runtime_path(&options, cx),
            name: task::name(&options, cx),
            retries: options
                .get("retries")
                .and_then(|opt| value::count(opt, "retries = 1", cx))
                .unwrap_or_else(|| quote!(0)),
            delay: retry::delay(&options, cx),
            timeout: options
                .get("timeout")
                .and_then(|opt| value::parsed(opt, duration, cx, parse_duration)),
            concurrency: positive(&options, "concurrency", cx),
            fail_fast: options
                .get("fail_fast")
                .is_some_and(|opt| value::flag(opt, cx)),
            inline: options
                .get("inline")
                .is_some_and(|opt| value::flag(opt, cx)),
            version: options
                .get("version")
                .and_then(|opt| value::filled(opt, "version = \"2\"", cx)),
            tags: options
                .get("tags")
                .map_or_else(Vec::new, |opt| value::strings(opt, "tags = [\"etl\"]", cx)),
            schedule: options.get("schedule").and_then(|opt| {
                value::parsed(opt, cron, cx, Cron::parse)?;
                value::string(opt, cron.1, cx)
            }),
            timezone: options.get("timezone").and_then(|opt| {
                value::parsed(opt, zone, cx, parse_zone)?;
                value::string(opt, zone.1, cx)
            }),
            hooks: hooks(&options, cx),
            later: task::later(&options, LATER),
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

fn hooks(options: &Options, cx: &mut Ctxt) -> Vec<ExprPath> {
    positive(options, "max_runs", cx);
    if let Some(opt) = options.get("when_full") {
        value::word(
            opt,
            &["queue", "fail", "skip", "cancel_previous"],
            false,
            cx,
        );
    }
    ["on_failure", "on_success", "on_cancel", "on_crash"]
        .iter()
        .filter_map(|name| options.get(name))
        .filter_map(|opt| value::path(opt, &format!("{} = my_task", opt.name()), cx))
        .collect()
}
