//! Rules about the options of a task.

use crate::args::task::TaskArgs;
use crate::ctxt::Ctxt;
use crate::model::{Function, ParamKind};
use crate::names::plain;

/// All of them.
pub(crate) fn task(args: &TaskArgs, function: &Function, cx: &mut Ctxt) {
    timeout_can_end_it(args, function, cx);
    cache_knows_its_key(args, function, cx);
    what_is_cached_stays_done(args, cx);
    args.options
        .needs("cache_key", "cache", "cache = \"24h\"", cx);
    args.options
        .needs("limit_key", "limit", "limit = OFFERS_API", cx);
    args.options
        .needs("when_full", "limit", "limit = OFFERS_API", cx);
    for option in ["memory", "cpu"] {
        args.options.needs(option, "isolate", "isolate", cx);
    }
    limit_key_is_a_parameter(args, function, cx);
}

/// A thread cannot be stopped from outside; a process can.
fn timeout_can_end_it(args: &TaskArgs, function: &Function, cx: &mut Ctxt) {
    if let Some(opt) = args.options.get("timeout")
        && !function.is_async
        && !args.isolate
    {
        cx.error(
            &opt.key,
            "a task that is not `async` runs on a thread, and nothing can stop a thread from outside\n\nmake it an `async fn`, or add `isolate`, which runs it in a child process",
        );
    }
}

/// What a task asks its context is not in the key, so two runs would share what they must not.
fn cache_knows_its_key(args: &TaskArgs, function: &Function, cx: &mut Ctxt) {
    let takes_context = function
        .params
        .iter()
        .any(|param| matches!(param.kind, ParamKind::Context));
    if let Some(opt) = args.options.get("cache")
        && takes_context
        && args.options.get("cache_key").is_none()
    {
        cx.error(
            &opt.key,
            "a cached task that takes `ctx` needs to say what its result depends on\n\nadd `cache_key = path`, or take what it uses of `ctx` as a parameter",
        );
    }
}

/// A kept result would be taken although what it stands for has been undone.
fn what_is_cached_stays_done(args: &TaskArgs, cx: &mut Ctxt) {
    if let Some(opt) = args.options.get("rollback")
        && args.options.get("cache").is_some()
    {
        cx.error(
            &opt.key,
            "a cached task is not done again, so what it did must not be undone\n\nremove `rollback`, or `cache`",
        );
    }
}

fn limit_key_is_a_parameter(args: &TaskArgs, function: &Function, cx: &mut Ctxt) {
    let Some(key) = args.limit.as_ref().and_then(|limit| limit.key.as_ref()) else {
        return;
    };
    let names: Vec<String> = function
        .recorded()
        .map(|(param, _)| plain(&param.ident))
        .collect();
    if names.contains(&plain(key)) {
        return;
    }
    let guess = flowrt_grammar::closest(&plain(key), names.iter().map(String::as_str))
        .map(|guess| format!("; did you mean `{guess}`?"))
        .unwrap_or_default();
    cx.error(
        key,
        format!(
            "`{}` has no parameter `{key}`{guess}\n\n`limit_key` names the parameter whose values are limited apart",
            function.ident
        ),
    );
}
