//! `cache …`: results of tasks that are kept for later calls.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::json;

use super::command::wants_json;
use super::door::Door;
use super::{door, print, table, time_text};
use crate::error::Result;
use crate::ops::CacheReport;

/// Its command line.
pub(super) fn command() -> Command {
    let task = || {
        Arg::new("task")
            .long("task")
            .value_name("TASK")
            .help("Only results of this task")
    };
    Command::new("cache")
        .about("Show and clear results of tasks that are kept for later calls")
        .subcommand_value_name("VERB")
        .disable_help_subcommand(true)
        .subcommand(
            Command::new("ls")
                .about("Kept results, the newest first")
                .arg(task())
                .arg(
                    Arg::new("limit")
                        .long("limit")
                        .value_name("N")
                        .default_value("50")
                        .value_parser(value_parser!(usize))
                        .help("At most so many; 0 for all"),
                ),
        )
        .subcommand(
            Command::new("clear")
                .about("Forget kept results: the tasks run again")
                .arg(task())
                .arg(
                    Arg::new("older-than")
                        .long("older-than")
                        .value_name("D")
                        .value_parser(|text: &str| {
                            flowrt_grammar::parse_duration(text).map_err(|fault| fault.to_string())
                        })
                        .help("Only those computed longer ago than that, such as 12h or 7d"),
                ),
        )
}

/// Carries out the verb; without one, lists.
///
/// # Errors
/// If the store cannot be used.
pub(super) async fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let door = door::open(matches).await?;
    match matches.subcommand() {
        Some(("clear", matches)) => clear(&door, matches).await?,
        Some((_, matches)) => {
            let limit = matches.get_one::<usize>("limit").copied().unwrap_or(0);
            list(&door, matches, task(matches), limit).await?;
        }
        None => list(&door, matches, None, 50).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn task(matches: &ArgMatches) -> Option<&str> {
    matches.get_one::<String>("task").map(String::as_str)
}

async fn list(door: &Door, matches: &ArgMatches, task: Option<&str>, limit: usize) -> Result<()> {
    let kept = door.cached(task, limit).await?;
    if wants_json(matches) {
        return print::json(&json!(kept));
    }
    if kept.is_empty() {
        print::note("nothing is cached");
        return Ok(());
    }
    let row = |kept: &CacheReport| {
        vec![
            kept.task.clone(),
            format!("{}/{}", kept.name, kept.step),
            format!("{} bytes", kept.bytes),
            time_text::local(kept.computed),
            format!("in {}", time_text::between(door.now(), kept.expires)),
        ]
    };
    print::data(&table::lines(
        &["TASK", "COMPUTED BY", "SIZE", "COMPUTED", "EXPIRES"],
        kept.iter().map(row).collect(),
    ))
}

async fn clear(door: &Door, matches: &ArgMatches) -> Result<()> {
    let age = matches.get_one::<Duration>("older-than").copied();
    let cleared = door.clear_cache(task(matches), age).await?;
    if wants_json(matches) {
        return print::json(&json!({ "cleared": cleared }));
    }
    print::note(&match cleared {
        1 => "1 result was forgotten".to_owned(),
        many => format!("{many} results were forgotten"),
    });
    Ok(())
}
