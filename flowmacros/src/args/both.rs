//! The options that `#[task]` and `#[flow]` share, read alike.

use std::time::Duration;

use flowrt_grammar::parse_duration;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{ExprPath, LitStr, Path};

use super::list::{Opt, Options};
use super::retry::{self, Delay};
use super::value;
use crate::ctxt::Ctxt;

/// What both attributes may say.
pub(crate) struct Both {
    /// Where the run time is.
    pub(crate) rt: Path,
    pub(crate) name: Option<LitStr>,
    pub(crate) retries: TokenStream,
    pub(crate) delay: Delay,
    pub(crate) timeout: Option<Duration>,
    pub(crate) tags: Vec<LitStr>,
    pub(crate) version: Option<LitStr>,
    /// The names of options that are not carried out yet.
    pub(crate) later: Vec<String>,
}

impl Both {
    /// Reads them; `later` are the options that the run time does not carry out yet.
    pub(crate) fn read(options: &Options, later: &[&str], cx: &mut Ctxt) -> Self {
        let duration = ("a duration", "timeout = \"20s\"");
        Self {
            rt: runtime_path(options, cx),
            name: name(options, cx),
            retries: options
                .get("retries")
                .and_then(|opt| value::count(opt, "retries = 3", cx))
                .unwrap_or_else(|| quote!(0)),
            delay: retry::delay(options, cx),
            timeout: options
                .get("timeout")
                .and_then(|opt| value::parsed(opt, duration, cx, parse_duration)),
            tags: options
                .get("tags")
                .map_or_else(Vec::new, |opt| value::strings(opt, "tags = [\"etl\"]", cx)),
            version: options
                .get("version")
                .and_then(|opt| value::filled(opt, "version = \"2\"", cx)),
            later: options
                .iter()
                .map(Opt::name)
                .filter(|name| later.contains(&name.as_str()))
                .collect(),
        }
    }
}

/// `crate = path`, else `::flowrt`.
pub(crate) fn runtime_path(options: &Options, cx: &mut Ctxt) -> Path {
    options
        .get("crate")
        .and_then(|opt| value::path(opt, "crate = my_crate::flowrt", cx))
        .map_or_else(|| syn::parse_quote!(::flowrt), |path| path.path)
}

/// `name = "…"`.
fn name(options: &Options, cx: &mut Ctxt) -> Option<LitStr> {
    let opt = options.get("name")?;
    let text = value::filled(opt, "name = \"fetch-page\"", cx)?;
    let name = text.value();
    if let Some(bad) = name
        .chars()
        .find(|c| !(c.is_alphanumeric() || "-_.: ".contains(*c)))
    {
        let words = "letters, digits, spaces, and `-`, `_`, `.`, `:`";
        opt.error(cx, format!("a name cannot hold {bad:?}\n\nnames are typed in terminals and stand in step paths: use {words}"));
        return None;
    }
    Some(text)
}

/// What to do when a limit has no room.
pub(super) fn when_full(options: &Options, cx: &mut Ctxt) -> Option<String> {
    let policies = ["queue", "fail", "skip", "cancel_previous"];
    value::word(options.get("when_full")?, &policies, false, cx)
}

/// The task or flow that an option names.
pub(super) fn named(options: &Options, name: &str, cx: &mut Ctxt) -> Option<ExprPath> {
    let opt = options.get(name)?;
    value::path(opt, &format!("{name} = my_task"), cx)
}
