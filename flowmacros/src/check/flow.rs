//! Rules about the options and parameters of a flow.

use crate::args::flow::FlowArgs;
use crate::args::param::ArgArgs;
use crate::ctxt::Ctxt;
use crate::model::{Function, Param, last_segment};
use crate::names::{kebab, plain};

/// What `run` itself understands, now and later.
const RESERVED: &[&str] = &[
    "help", "version", "store", "server", "json", "params", "name", "no-wait", "yes", "no-cache",
    "refresh", "color",
];

/// All of them.
pub(crate) fn flow(args: &FlowArgs, function: &Function, cx: &mut Ctxt) {
    fail_fast_is_for_dags(args, function, cx);
    args.options
        .needs("timezone", "schedule", "schedule = \"0 10 * * *\"", cx);
    args.options
        .needs("when_full", "max_runs", "max_runs = 1", cx);
    schedule_knows_all_parameters(args, function, cx);
    flags_are_free(function, cx);
}

/// How a parameter is called on the command line.
pub(crate) fn flag_of(param: &Param, arg: &ArgArgs) -> String {
    arg.flag
        .as_ref()
        .map_or_else(|| kebab(&param.ident), syn::LitStr::value)
}

fn fail_fast_is_for_dags(args: &FlowArgs, function: &Function, cx: &mut Ctxt) {
    if let Some(opt) = args.options.get("fail_fast")
        && function.is_async
    {
        cx.error(
            &opt.key,
            "`fail_fast` is for flows that are not `async`: in an `async` flow, `?` ends the run at the first failure\n\nremove `fail_fast`",
        );
    }
}

/// Nobody is there to give a value when the time comes.
fn schedule_knows_all_parameters(args: &FlowArgs, function: &Function, cx: &mut Ctxt) {
    if args.options.get("schedule").is_none() {
        return;
    }
    for (param, arg) in function.recorded() {
        let optional =
            last_segment(&param.ty).is_some_and(|last| last == "Option" || last == "bool");
        if arg.default.is_none() && !optional {
            let name = plain(&param.ident);
            cx.error(
                &param.ident,
                format!(
                    "`{0}` has a schedule, and nobody gives `{name}` a value when the time comes\n\ngive it a default, `#[arg(default = …)] {name}: …`, or put the schedule with its parameters into flowrt.yaml",
                    function.ident
                ),
            );
        }
    }
}

fn flags_are_free(function: &Function, cx: &mut Ctxt) {
    let mut seen: Vec<String> = Vec::new();
    for (param, arg) in function.recorded() {
        let flag = flag_of(param, arg);
        let problem = if flag.is_empty() {
            "a parameter needs a name that can be a flag\n\nwrite for example `pages`".to_owned()
        } else if RESERVED.contains(&flag.as_str()) {
            format!(
                "the flag `--{flag}` is taken: `run` uses it itself\n\nrename the parameter, or give it another flag: `#[arg(flag = \"the-{flag}\")]`"
            )
        } else if seen.contains(&flag) {
            format!(
                "two parameters share the flag `--{flag}`\n\nrename one, or give it another flag: `#[arg(flag = \"other-{flag}\")]`"
            )
        } else {
            seen.push(flag);
            continue;
        };
        match &arg.flag {
            Some(text) => cx.error(text, problem),
            None => cx.error(&param.ident, problem),
        }
    }
}
