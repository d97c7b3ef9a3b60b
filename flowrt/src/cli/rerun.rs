//! `runs rerun RUN`: a new run that reuses what it can of an old one.

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Map, Value};

use super::command::{run_arg, text, wants_json};
use super::door::Door;
use super::interrupt::Interrupt;
#[cfg(feature = "serve")]
use super::watch;
use super::{live, outcome, plan, print};
use crate::author::meta::Meta;
use crate::error::{Error, ErrorKind, Result};
use crate::ops::params::schema::Place;
use crate::ops::params::{schema_of, text::read};
use crate::ops::{Rerun, rerun_warning};

/// Its command line.
pub(super) fn command() -> Command {
    let command = Command::new("rerun")
        .about("Start a new run that reuses what it can of this one")
        .long_about(LONG)
        .arg(run_arg())
        .arg(
            Arg::new("from")
                .long("from")
                .value_name("STEP")
                .help("Do this step and what comes after it again"),
        )
        .arg(
            Arg::new("set")
                .long("set")
                .value_name("NAME=JSON")
                .action(ArgAction::Append)
                .help("Another value for a parameter, for one whose flag is an option here"),
        )
        .arg(
            Arg::new("overrides")
                .value_name("--PARAM VALUE")
                .num_args(0..)
                .allow_hyphen_values(true)
                .help("Other values for parameters of the flow"),
        );
    plan::args(command)
}

const LONG: &str = "\
Start a new run of the same flow, with the same parameters unless others are given. It reuses every result whose task and \
inputs are the same, and says so in its plan. On a terminal it asks before it goes on.

  runs rerun calm-otter --from summarise
  runs rerun calm-otter --region us --plan";

/// Shows the plan, and drives the new run to its end.
///
/// # Errors
/// If the run or a step is not there, or a parameter does not fit.
pub(super) async fn run(door: &Door, matches: &ArgMatches) -> Result<ExitCode> {
    let record = door.find(text(matches, "run")).await?;
    let meta = door
        .flows()
        .into_iter()
        .find(|meta| meta.name == record.flow);
    let rerun = Rerun {
        from: matches.get_one::<String>("from").cloned(),
        trust_changed: matches.get_flag("trust-changed"),
        retry_handled: matches.get_flag("retry-handled"),
        params: match meta {
            Some(meta) => overrides(meta, matches)?,
            // The engine says what is to be said about a flow that is gone.
            None => Map::new(),
        },
        idempotency_key: None,
    };
    let plan = door.plan_rerun(&record, &rerun).await?;
    if let Some(warning) = rerun_warning(&record) {
        print::note(&format!("warning: {warning}"));
    }
    let verb = "Rerunning it as a new run will";
    if plan::is_all(matches) {
        return plan::show_only(&record, &plan, verb, wants_json(matches));
    }
    plan::show(&record, &plan, verb);
    if plan.runs() == 0 && !plan.and_what_follows {
        print::note("try:  --from STEP does a step and what comes after it again");
    }
    if !plan::confirmed(matches)? {
        return Ok(plan::declined(&record));
    }
    let as_json = wants_json(matches);
    #[cfg(feature = "serve")]
    if let Door::There(far) = door {
        let run = far.rerun(record.id, &rerun).await?;
        return watch::until_end(door, &run, as_json).await;
    }
    let engine = door.here()?;
    let live = live::begin(door, engine, as_json);
    let interrupt = Interrupt::listen(engine);
    let run = engine.rerun(record.id, &rerun).await?;
    let (flow, name, origin) = (&record.flow, &run.name, &record.name);
    live::say(&format!("{flow} · {name} · rerun of {origin}"));
    let ended = interrupt.wait(run).await;
    live::end(live).await;
    outcome::report(door, ended?, as_json).await
}

/// The parameters that differ: `--flag value`, `--flag=value`, a flag alone for a `bool`, and `--set name=json`.
fn overrides(meta: &'static Meta, matches: &ArgMatches) -> Result<Map<String, Value>> {
    let schema = schema_of(meta);
    let mut given: Vec<(String, Vec<String>)> = Vec::new();
    for word in matches
        .get_many::<String>("overrides")
        .into_iter()
        .flatten()
    {
        match (word.strip_prefix("--"), given.last_mut()) {
            (Some(flag), _) => match flag.split_once('=') {
                Some((flag, value)) => given.push((flag.to_owned(), vec![value.to_owned()])),
                None => given.push((flag.to_owned(), Vec::new())),
            },
            (None, Some((_, values))) if values.is_empty() => values.push(word.clone()),
            _ => {
                return Err(usage(format!("`{word}` is not expected here"))
                    .hint("a parameter is written --name value"));
            }
        }
    }
    let mut params = Map::new();
    for (flag, values) in &given {
        let param = meta.params.iter().find(|param| param.flag == flag);
        let param = param.ok_or_else(|| unknown(meta, flag))?;
        let place = Place::root(&schema).child(param.name);
        let texts: Vec<&str> = match values.first() {
            Some(value) => vec![value.as_str()],
            None if param.ty == "bool" => vec!["true"],
            None => {
                return Err(usage(format!("`--{flag}` needs a value")).hint(help(meta)));
            }
        };
        let value = match place {
            Some(place) => read(place, &texts)
                .map_err(|fault| usage(format!("--{flag}: {fault}")).hint(help(meta)))?,
            None => Value::from(texts[0]),
        };
        params.insert(param.name.to_owned(), value);
    }
    for pair in matches.get_many::<String>("set").into_iter().flatten() {
        let (name, value) = set(pair)?;
        params.insert(name, value);
    }
    Ok(params)
}

fn set(pair: &str) -> Result<(String, Value)> {
    let (name, json) = pair.split_once('=').ok_or_else(|| {
        usage(format!("`{pair}` is not of the form NAME=JSON")).hint("for example: --set pages=3")
    })?;
    let value = serde_json::from_str(json).map_err(|error| {
        usage(format!("the value of `{name}` is not JSON: {error}"))
            .hint(format!("a text is written --set '{name}=\"…\"'"))
    })?;
    Ok((name.to_owned(), value))
}

fn unknown(meta: &Meta, flag: &str) -> Error {
    let error = usage(format!("`{}` has no parameter `--{flag}`", meta.name));
    let flags = meta.params.iter().map(|param| param.flag);
    let options = [
        "from",
        "plan",
        "set",
        "trust-changed",
        "retry-handled",
        "yes",
    ];
    match flowrt_grammar::closest(flag, flags.chain(options)) {
        Some(near) => error.hint(format!("did you mean `--{near}`?")),
        None => error.hint(help(meta)),
    }
}

fn usage(message: String) -> Error {
    Error::new(ErrorKind::Input, message)
}

fn help(meta: &Meta) -> String {
    format!("see its parameters: run {} --help", meta.name)
}
