//! `secrets …`: what tasks need and nobody may see. Nothing here prints a value.

use std::io::{IsTerminal, Read};
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, ValueHint};
use serde_json::json;

use super::command::{text, wants_json};
use super::door::Door;
use super::{door, print, store_place, table, time_text};
use crate::error::{Error, ErrorKind, Result};

/// Its command line.
pub(super) fn command() -> Command {
    let name = || {
        Arg::new("name")
            .value_name("NAME")
            .required(true)
            .help("The secret, as in `secret!(\"NAME\")` or `--token @NAME`")
    };
    Command::new("secrets")
        .about("Keep secrets in the store, encrypted")
        .subcommand_value_name("VERB")
        .disable_help_subcommand(true)
        .subcommand(Command::new("ls").about("The names of all secrets; never their values"))
        .subcommand(
            Command::new("set")
                .about("Set a secret: from stdin, a variable or a file")
                .arg(name())
                .arg(
                    Arg::new("from-env")
                        .long("from-env")
                        .value_name("VARIABLE")
                        .conflicts_with("from-file")
                        .help("Take the value from this variable of the environment"),
                )
                .arg(
                    Arg::new("from-file")
                        .long("from-file")
                        .value_name("FILE")
                        .value_hint(ValueHint::FilePath)
                        .help("Take the value from this file, without the line break at its end"),
                ),
        )
        .subcommand(Command::new("rm").about("Remove a secret").arg(name()))
        .subcommand(Command::new("rotate-key").about(
            "Seal all secrets under a new key; the old one stays for what runs have recorded",
        ))
}

/// Carries out the verb; without one, lists.
///
/// # Errors
/// If the store cannot be used, a name is unknown or cannot be one, or a value cannot be read.
pub(super) async fn run(matches: &ArgMatches) -> Result<ExitCode> {
    match matches.subcommand() {
        Some(("set", matches)) => set(matches).await?,
        Some(("rm", matches)) => {
            let name = text(matches, "name");
            let door = door::open_existing(matches).await?;
            door.remove_secret(name).await?;
            said(
                matches,
                json!({ "removed": name }),
                &format!("removed {name}"),
            )?;
        }
        Some(("rotate-key", matches)) => {
            let count = store_place::open(matches).await?.rotate_key().await?;
            let line = format!("sealed {count} secrets under a new key");
            said(matches, json!({ "sealed": count }), &line)?;
        }
        other => {
            let matches = other.map_or(matches, |(_, matches)| matches);
            list(&door::open_existing(matches).await?, matches).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn said(matches: &ArgMatches, value: serde_json::Value, line: &str) -> Result<()> {
    if wants_json(matches) {
        return print::json(&value);
    }
    print::note(line);
    Ok(())
}

async fn set(matches: &ArgMatches) -> Result<()> {
    let name = text(matches, "name");
    let value = value_for(matches, name)?;
    door::open(matches).await?.set_secret(name, &value).await?;
    let line =
        format!("set {name}; tasks read it by secret!(\"{name}\"), flows take it by @{name}");
    said(matches, json!({ "set": name }), &line)
}

fn value_for(matches: &ArgMatches, name: &str) -> Result<String> {
    let unread = |from: &str, error: &dyn std::fmt::Display| {
        Error::new(
            ErrorKind::Input,
            format!("the value cannot be read from {from}: {error}"),
        )
        .hint("it comes from stdin, --from-env VARIABLE or --from-file FILE")
    };
    if let Some(variable) = matches.get_one::<String>("from-env") {
        return std::env::var(variable).map_err(|error| unread(variable, &error));
    }
    let mut value = String::new();
    if let Some(file) = matches.get_one::<String>("from-file") {
        value = std::fs::read_to_string(file).map_err(|error| unread(file, &error))?;
    } else {
        let stdin = std::io::stdin();
        if stdin.is_terminal() {
            print::note(&format!(
                "the value of {name}, then Ctrl-D (what you type is shown here; better: --from-env, --from-file or a pipe):"
            ));
        }
        stdin
            .lock()
            .read_to_string(&mut value)
            .map_err(|error| unread("stdin", &error))?;
    }
    let end = value.trim_end_matches('\n').trim_end_matches('\r').len();
    value.truncate(end);
    Ok(value)
}

async fn list(door: &Door, matches: &ArgMatches) -> Result<()> {
    let secrets = door.secrets().await?;
    if wants_json(matches) {
        return print::json(&json!(secrets));
    }
    if secrets.is_empty() {
        print::note("the store has no secrets");
    }
    let rows = secrets.iter().map(|secret| {
        vec![
            secret.name.clone(),
            time_text::local(secret.changed),
            secret.trouble.clone().unwrap_or_else(|| "ok".to_owned()),
        ]
    });
    print::data(&table::lines(&["NAME", "SET", "STATE"], rows.collect()))
}
