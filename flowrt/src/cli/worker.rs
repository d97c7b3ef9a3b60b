//! `worker`: takes runs from queues and drives them until Ctrl-C or SIGTERM. `workers`: who does.

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::json;

use super::command::wants_json;
use super::interrupt::Shutdown;
use super::{door, print, store_place, table, time_text};
use crate::error::Result;
use crate::model::record::Micros;
use crate::ops::view::{WorkerView, read_time};
use crate::ops::{CONCURRENCY, Work};

/// Its command line.
pub(super) fn command() -> Command {
    options(Command::new("worker").about("Take runs from the queue and drive them until Ctrl-C"))
}

/// What `serve` understands, too.
pub(super) fn options(command: Command) -> Command {
    let usual = Work::default();
    command
        .arg(
            Arg::new("queue")
                .long("queue")
                .value_name("QUEUE")
                .action(ArgAction::Append)
                .help(format!(
                    "Listen on this queue (may be repeated) [default: {}]",
                    usual.queues.join(", ")
                )),
        )
        .arg(
            Arg::new("concurrency")
                .long("concurrency")
                .value_name("N")
                .value_parser(value_parser!(u32).range(1..=100_000))
                .help(format!(
                    "Drive at most so many runs at once [default: {CONCURRENCY}]"
                )),
        )
        .arg(
            Arg::new("launcher")
                .long("launcher")
                .value_name("KIND")
                .help(format!(
                    "Where runs live: inline, or process for one each [default: {}]",
                    usual.launcher
                )),
        )
}

/// What the options say.
pub(super) fn work(matches: &ArgMatches) -> Work {
    let usual = Work::default();
    let queues = matches.get_many::<String>("queue");
    let concurrency = matches.get_one::<u32>("concurrency");
    Work {
        queues: queues.map_or(usual.queues, |queues| queues.cloned().collect()),
        concurrency: concurrency
            .and_then(|count| usize::try_from(*count).ok())
            .unwrap_or(usual.concurrency),
        launcher: matches
            .get_one::<String>("launcher")
            .cloned()
            .unwrap_or(usual.launcher),
    }
}

/// Works until it is told to end.
///
/// # Errors
/// If the store cannot be used, or there is no such launcher.
pub(super) async fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let shutdown = Shutdown::listen();
    let work = work(matches);
    work.check()?;
    let engine = store_place::open(matches).await?;
    engine.remember_flows().await?;
    if !wants_json(matches) {
        print::note(&format!(
            "working on {} in {}  ·  Ctrl-C ends it",
            work.queues.join(", "),
            engine.url()
        ));
    }
    let worked = engine.work(work, shutdown.of(&engine)).await;
    engine.close().await?;
    worked.map(|()| ExitCode::SUCCESS)
}

/// The command line of `workers`.
pub(super) fn list_command() -> Command {
    Command::new("workers")
        .about("The workers that live")
        .subcommand(Command::new("ls").about("The workers that live"))
}

/// Lists them.
///
/// # Errors
/// If the store fails.
pub(super) async fn list(matches: &ArgMatches) -> Result<ExitCode> {
    let door = door::open(matches).await?;
    let workers = door.workers().await?;
    if wants_json(matches) {
        print::json(&json!(workers))?;
    } else if workers.is_empty() {
        print::note("no worker lives  ·  try:  serve, or worker");
    } else {
        let rows: Result<Vec<_>> = workers
            .iter()
            .map(|worker| row(worker, door.now()))
            .collect();
        let heading = [
            "NAME",
            "PID",
            "QUEUES",
            "DRIVES",
            "LAUNCHER",
            "FOR",
            "LAST HEARD OF",
            "FLOWS",
        ];
        print::data(&table::lines(&heading, rows?))?;
    }
    door.close().await?;
    Ok(ExitCode::SUCCESS)
}

fn row(worker: &WorkerView, now: Micros) -> Result<Vec<String>> {
    let lives = time_text::between(read_time(&worker.started)?, now);
    let beat = time_text::between(read_time(&worker.beat)?, now);
    Ok(vec![
        worker.name.clone(),
        worker.pid.to_string(),
        worker.queues.join(", "),
        format!("{} of {}", worker.driving, worker.concurrency),
        worker.launcher.clone(),
        match worker.draining {
            true => format!("{lives}, about to stop"),
            false => lives,
        },
        format!("{beat} ago"),
        worker.flows.len().to_string(),
    ])
}
