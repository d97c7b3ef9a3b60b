//! The command line of a program of flows: data on stdout, the rest on stderr.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this module is the terminal's side"
)]

mod listing;
mod live;
mod outcome;
mod picture;

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::author::meta::{Kind, Meta};
use crate::error::{Error, ErrorKind, Result};
use crate::ops::Engine;

/// What `flowrt::main!()` calls.
pub fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return outcome::complain(&Error::from(error)),
    };
    let code = runtime.block_on(async {
        let flows = match Engine::open("memory:").await {
            Ok(engine) => engine.flows(),
            Err(error) => return outcome::complain(&error),
        };
        let matches = match command(&flows).try_get_matches() {
            Ok(matches) => matches,
            Err(error) => {
                let _ = error.print();
                return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
            }
        };
        dispatch(&flows, &matches)
            .await
            .unwrap_or_else(|error| outcome::complain(&error))
    });
    runtime.shutdown_background();
    code
}

fn command(flows: &[&'static Meta]) -> Command {
    let store = Arg::new("store")
        .long("store")
        .env("FLOWRT_STORE")
        .global(true)
        .default_value("sqlite:.flowrt/flowrt.db")
        .help("memory: or sqlite:PATH");
    let json = Arg::new("json")
        .long("json")
        .global(true)
        .action(ArgAction::SetTrue)
        .help("Print one JSON value");
    let run = flows.iter().fold(
        Command::new("run")
            .about("Run a flow here and now")
            .subcommand_required(true),
        |run, meta| run.subcommand(flow_command(meta)),
    );
    let graph = Command::new("graph")
        .about("Draw a flow without running it")
        .arg(Arg::new("flow").required(true))
        .arg(
            Arg::new("format")
                .long("format")
                .default_value("text")
                .value_parser(["text", "svg", "mermaid", "dot", "json"]),
        );
    let id = || {
        Arg::new("run")
            .required(true)
            .help("Its name, or the beginning of its id")
    };
    let runs = Command::new("runs")
        .about("List, show and resume runs")
        .subcommand(Command::new("ls").about("Runs, newest first"))
        .subcommand(
            Command::new("show")
                .about("One run and its steps")
                .arg(id()),
        )
        .subcommand(
            Command::new("resume")
                .about("Go on where it stopped")
                .arg(id()),
        )
        .subcommand(Command::new("cancel").about("Ask it to stop").arg(id()))
        .subcommand(
            Command::new("signal")
                .about("Send it a value that it waits for")
                .arg(id())
                .arg(Arg::new("name").required(true))
                .arg(Arg::new("value").required(true).help("JSON")),
        );
    Command::new("flows")
        .arg(store)
        .arg(json)
        .subcommand(run)
        .subcommand(graph)
        .subcommand(runs)
}

fn flow_command(meta: &'static Meta) -> Command {
    let command = Command::new(meta.name).about(meta.doc.lines().next().unwrap_or_default());
    meta.params.iter().fold(command, |command, param| {
        let arg = Arg::new(param.name)
            .long(param.flag)
            .value_name(param.ty)
            .required(param.default.is_none())
            .help(param.help);
        let arg = if param.ty == "bool" {
            arg.num_args(0..=1).default_missing_value("true")
        } else {
            arg
        };
        command.arg(match param.env {
            Some(env) => arg.env(env),
            None => arg,
        })
    })
}

async fn dispatch(flows: &[&'static Meta], matches: &ArgMatches) -> Result<ExitCode> {
    let json = matches.get_flag("json");
    match matches.subcommand() {
        Some(("graph", matches)) => {
            let name = matches.get_one::<String>("flow").map_or("", String::as_str);
            let meta = flows
                .iter()
                .find(|meta| meta.name == name)
                .ok_or_else(|| unknown(flows, name))?;
            let format = matches
                .get_one::<String>("format")
                .and_then(|format| crate::draw::Format::parse(format));
            print!(
                "{}",
                crate::draw::draw(
                    &picture::graph(meta),
                    format.unwrap_or(crate::draw::Format::Text)
                )
            );
            Ok(ExitCode::SUCCESS)
        }
        Some(("run", run)) => {
            let Some((name, matches)) = run.subcommand() else {
                return Ok(ExitCode::from(2));
            };
            let meta = flows
                .iter()
                .find(|meta| meta.name == name)
                .ok_or_else(|| unknown(flows, name))?;
            let params = parameters(meta, matches)?;
            let engine = open(matches).await?;
            let run = engine.start_named(name, &params).await?;
            eprintln!("{name} · {}", run.name);
            outcome::report(&engine, run.wait().await?, json).await
        }
        Some(("runs", runs)) => self::runs(runs, json).await,
        _ => {
            listing::flows(flows, json);
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn runs(matches: &ArgMatches, json: bool) -> Result<ExitCode> {
    let engine = open(matches).await?;
    let Some((verb, matches)) = matches.subcommand() else {
        return outcome::list(&engine, json).await;
    };
    if verb == "ls" {
        return outcome::list(&engine, json).await;
    }
    let text = |name: &str| matches.get_one::<String>(name).map_or("", String::as_str);
    let record = engine.find(text("run")).await?;
    match verb {
        "resume" => {
            let run = engine.resume(record.id).await?;
            outcome::report(&engine, run.wait().await?, json).await
        }
        "cancel" => engine.cancel(record.id).await.map(|()| ExitCode::SUCCESS),
        "signal" => {
            let value = serde_json::from_str(text("value")).map_err(|error| {
                Error::new(ErrorKind::Input, format!("the value is not JSON: {error}"))
            })?;
            engine
                .signal(record.id, text("name"), &value)
                .await
                .map(|()| ExitCode::SUCCESS)
        }
        _ => outcome::show(&engine, record, json).await,
    }
}

async fn open(matches: &ArgMatches) -> Result<Engine> {
    Engine::open(
        matches
            .get_one::<String>("store")
            .map_or("memory:", String::as_str),
    )
    .await
}

fn unknown(flows: &[&'static Meta], name: &str) -> Error {
    crate::registry::unknown(name, &flows.iter().map(|meta| (meta.name, *meta)).collect())
}

/// The parameters as a JSON object: each value as JSON if its type takes it so, else as text. Lists every error.
fn parameters(meta: &Meta, matches: &ArgMatches) -> Result<serde_json::Value> {
    let mut object = serde_json::Map::new();
    let mut faults = Vec::new();
    for param in meta.params {
        let Some(text) = matches.get_one::<String>(param.name) else {
            continue;
        };
        let as_text = serde_json::Value::String(text.clone());
        let as_json = serde_json::from_str::<serde_json::Value>(text).ok();
        let mut candidates = as_json.into_iter().chain([as_text]);
        match candidates
            .clone()
            .find(|value| (param.check)(value).is_ok())
        {
            Some(value) => {
                object.insert(param.name.to_owned(), value);
            }
            None => {
                let fault = candidates
                    .next()
                    .and_then(|value| (param.check)(&value).err())
                    .map_or_else(String::new, |(_, fault)| fault);
                faults.push(format!("--{} {text}: {fault}", param.flag));
            }
        }
    }
    if faults.is_empty() {
        return Ok(serde_json::Value::Object(object));
    }
    let hint = format!("see its parameters: run {} --help", meta.name);
    Err(Error::new(ErrorKind::Input, faults.join("\n")).hint(hint))
}

/// What a listing calls the kind of a flow.
fn kind(meta: &Meta) -> String {
    match meta.graph {
        Some(_) => format!("dag · {} nodes", picture::graph(meta).nodes.len()),
        None if meta.kind == Kind::Program => "program".to_owned(),
        None => "dag".to_owned(),
    }
}
