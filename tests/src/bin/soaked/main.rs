//! The soak: many runs on one store, driven by a few processes that are killed at random, and a ledger at the end.
//! `cargo xtask soak --minutes N` builds and runs it.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "this program talks to the person who runs it, and kills processes in real time"
)]

mod count;
mod dice;
mod flows;
mod kill;
mod work;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use count::Count;
use dice::Dice;
use kill::Kills;

const HELP: &str = "\
usage: cargo xtask soak [--minutes N | --seconds N] [--seed N] [--processes N] [--folder PATH] [--json]

  --minutes N    how long processes are killed (1)
  --seconds N    the same in seconds
  --seed N       repeats the choices of an earlier soak (the clock decides)
  --processes N  how many processes work at once (3)
  --folder PATH  where store and ledgers are kept (a folder that is deleted afterwards)
  --json         the ledger as one JSON object";

/// What a person asks for.
struct Wish {
    time: Duration,
    seed: u64,
    processes: usize,
    folder: Option<PathBuf>,
    json: bool,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = if arguments.first().is_some_and(|word| word == "work") {
        let seed = arguments.last().and_then(|seed| seed.parse().ok());
        runtime(work::work("sqlite:store.db", seed.unwrap_or_default())).map(|()| ExitCode::SUCCESS)
    } else if arguments.iter().any(|word| word == "--help") {
        println!("{HELP}");
        Ok(ExitCode::SUCCESS)
    } else {
        match wish(&arguments) {
            Ok(wish) => soak(&wish),
            Err(fault) => {
                eprintln!("soak: {fault}\n\n{HELP}");
                return ExitCode::from(2);
            }
        }
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

fn wish(arguments: &[String]) -> Result<Wish, String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let mut wish = Wish {
        time: Duration::from_secs(60),
        seed: now.map_or(0, |now| now.as_micros() as u64),
        processes: 3,
        folder: None,
        json: false,
    };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == "--json" {
            wish.json = true;
            continue;
        }
        let value = words.next().ok_or(format!("`{word}` lacks a value"))?;
        let number = || {
            value
                .parse::<u64>()
                .map_err(|_| format!("`{value}` is no number"))
        };
        match word.as_str() {
            "--minutes" => wish.time = Duration::from_secs(number()? * 60),
            "--seconds" => wish.time = Duration::from_secs(number()?),
            "--seed" => wish.seed = number()?,
            "--processes" => wish.processes = number()?.clamp(1, 64) as usize,
            "--folder" => wish.folder = Some(value.into()),
            _ => return Err(format!("there is no `{word}`")),
        }
    }
    Ok(wish)
}

fn soak(wish: &Wish) -> flowrt::Result<ExitCode> {
    eprintln!("soak: seed {}, {} s", wish.seed, wish.time.as_secs());
    let own = tempfile::tempdir()?;
    let folder = wish.folder.as_deref().unwrap_or(own.path());
    std::fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    let mut dice = Dice::new(wish.seed);
    let kills = kill::torment(&folder, wish.processes, wish.time, &mut dice)?;
    let store = format!("sqlite:{}", folder.join("store.db").display());
    let count = runtime(count::count(&folder, &store))?;
    show(wish, &kills, &count, &folder);
    let good = count.lost + count.doubled + count.wrong + kills.broke == 0 && !kills.hung;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn show(wish: &Wish, kills: &Kills, count: &Count, folder: &Path) {
    let rows = [
        ("seed", wish.seed),
        ("seconds", wish.time.as_secs()),
        ("processes", wish.processes as u64),
        ("accepted", count.accepted),
        ("runs", count.runs),
        ("effects", count.effects),
        ("recorded", count.recorded),
        ("kills", kills.kills),
        ("stops", kills.stops),
        ("resumes", count.resumes),
        ("lost", count.lost),
        ("doubled", count.doubled),
        ("wrong", count.wrong),
        ("broke", kills.broke),
        ("hung", u64::from(kills.hung)),
    ];
    if wish.json {
        let object: serde_json::Map<String, serde_json::Value> = rows
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).into()))
            .collect();
        println!("{}", serde_json::Value::Object(object));
    } else {
        for (name, value) in rows {
            println!("{name:<10} {value:>10}");
        }
    }
    for finding in &count.findings {
        eprintln!("found: {finding}");
    }
    let words = std::fs::read_to_string(folder.join("words")).unwrap_or_default();
    for line in words.lines().take(20) {
        eprintln!("a process said: {line}");
    }
}

fn runtime<T>(future: impl Future<Output = flowrt::Result<T>>) -> flowrt::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(future)
}
