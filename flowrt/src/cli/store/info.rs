//! `store info`: what the store takes on the disk.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::json;

use super::super::command::wants_json;
use super::super::{print, table};
use super::size::spoken;
use crate::error::Result;
use crate::ops::{Engine, Usage};

/// Its command line.
pub(super) fn command() -> Command {
    Command::new("info")
        .about("What the store takes on the disk: files, rows by table, the largest runs")
        .arg(
            Arg::new("largest")
                .long("largest")
                .value_name("N")
                .default_value("5")
                .value_parser(value_parser!(usize))
                .help("How many of the largest runs"),
        )
}

/// Reads all of the store and tells it.
///
/// # Errors
/// If the store fails.
pub(super) async fn run(engine: &Engine, matches: &ArgMatches) -> Result<ExitCode> {
    let largest = matches.get_one::<usize>("largest").copied().unwrap_or(5);
    let usage = engine.usage(largest).await?;
    if wants_json(matches) {
        print::json(&as_json(engine, &usage))?;
    } else {
        print::data(&as_text(engine, &usage))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(engine: &Engine, usage: &Usage) -> serde_json::Value {
    let tables: serde_json::Map<_, _> = usage
        .tables
        .iter()
        .map(|(name, rows)| (name.clone(), (*rows).into()))
        .collect();
    let largest = usage.largest.iter().map(|run| {
        json!({
            "run_id": run.id,
            "name": run.name,
            "flow": run.flow,
            "steps": run.steps,
            "bytes": run.bytes,
        })
    });
    json!({
        "store": engine.url(),
        "file_bytes": usage.file_bytes,
        "log_bytes": usage.log_bytes,
        "beside_bytes": usage.beside_bytes,
        "free_bytes": usage.free_bytes,
        "shrinks": usage.shrinks,
        "rows": tables,
        "largest": largest.collect::<Vec<_>>(),
    })
}

fn as_text(engine: &Engine, usage: &Usage) -> String {
    let mut text = format!("{}\n", engine.url());
    let mut line = |name: &str, value: String| text.push_str(&format!("  {name:10}{value}\n"));
    let free = match usage.free_bytes {
        0 => String::new(),
        bytes => format!(", {} of it free for later runs", spoken(bytes)),
    };
    line("database", format!("{}{free}", spoken(usage.file_bytes)));
    line("log", spoken(usage.log_bytes));
    line("beside", spoken(usage.beside_bytes));
    let rows: Vec<_> = usage
        .tables
        .iter()
        .filter(|(_, rows)| *rows > 0)
        .map(|(name, rows)| format!("{name} {rows}"))
        .collect();
    line("rows", rows.join(" · "));
    if !usage.largest.is_empty() {
        let rows = usage.largest.iter().map(|run| {
            let steps = format!("{} steps", run.steps);
            vec![
                format!("  {}", run.name),
                run.flow.clone(),
                steps,
                spoken(run.bytes),
            ]
        });
        text.push('\n');
        let heading = ["  LARGEST RUN", "FLOW", "STEPS", "VALUES"];
        text.push_str(&table::lines(&heading, rows.collect()));
    }
    if usage.free_bytes > 0 && !usage.shrinks {
        text.push_str("\nthis store was made by an older program and keeps its free space; a copy has none: store backup FILE\n");
    }
    text
}
