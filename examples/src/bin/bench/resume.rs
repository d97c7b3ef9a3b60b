//! A process is killed in the middle of a chain; what it recorded is replayed and the chain goes on.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use flowrt::clock::{Clock, Stopwatch};
use flowrt::ops::RunFilter;
use flowrt::{Engine, Error, Result};

use crate::arguments::Arguments;
use crate::raw::Database;
use crate::report::{Report, each};
use crate::{flows, open};

/// Measures it: `seconds` is from the call that resumes to the first body, when all that is recorded is handed out.
pub async fn measure(arguments: &Arguments) -> Result<Report> {
    let store = arguments
        .database()
        .ok_or_else(|| Error::from("a resume needs a file"))?;
    let ledger = ledger_beside(&store);
    let _ = std::fs::remove_file(&ledger);
    kill_in_the_middle(arguments, &ledger).await?;
    let engine = open(arguments).await?;
    let run = engine
        .runs(RunFilter {
            flow: Some("noted_chain".to_owned()),
            limit: 1,
            ..RunFilter::default()
        })
        .await?
        .pop()
        .ok_or_else(|| Error::from("the killed process left no run"))?;
    let recorded = recorded_steps(&engine, run.id).await?;

    flows::RESUMED.get_or_init(Stopwatch::start);
    let end = engine.resume(run.id).await?.wait().await?;
    let replay = flows::FIRST_BODY.get().copied().unwrap_or_default();

    let lines = std::fs::read_to_string(&ledger)?;
    let again = ran_again(&lines, recorded);
    let _ = std::fs::remove_file(&ledger);
    let limit = Database::beside(&store, "NORMAL")?.reads(recorded)?;
    let mut report = Report::new(
        arguments,
        replay,
        each(limit, recorded),
        "reading as many rows by rusqlite",
    )
    .of(recorded)
    .with("recorded", recorded)
    .with("recorded_run_again", again)
    .with("outcome", end.state.to_string());
    report.holds = again == 0;
    Ok(report)
}

/// Starts a process whose chain is twice as long, and kills it once it has done the tasks asked for.
async fn kill_in_the_middle(arguments: &Arguments, ledger: &Path) -> Result<()> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["run", "noted_chain", "--store", &arguments.store])
        .args(["--tasks", &(u64::from(arguments.tasks) * 2).to_string()])
        .arg("--ledger")
        .arg(ledger)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let waited = wait_for_lines(&mut child, ledger, arguments.tasks).await;
    child.kill()?;
    child.wait()?;
    waited
}

async fn wait_for_lines(child: &mut Child, ledger: &Path, tasks: u32) -> Result<()> {
    // A size tells the number of lines, as each number is written in turn.
    let size: usize = (0..tasks).map(|n| n.to_string().len() + 1).sum();
    loop {
        let written = std::fs::metadata(ledger).map_or(0, |metadata| metadata.len());
        if usize::try_from(written).is_ok_and(|written| written >= size) {
            return Ok(());
        }
        if child.try_wait()?.is_some() {
            return Err(Error::from("the process ended before it could be killed"));
        }
        Clock::real().sleep(Duration::from_micros(500)).await;
    }
}

async fn recorded_steps(engine: &Engine, run: flowrt::model::ids::RunId) -> Result<u32> {
    Ok(u32::try_from(engine.journal(run).await?.steps.len())?)
}

/// How many of the recorded tasks, the first so many, ran more than once.
fn ran_again(lines: &str, recorded: u32) -> u32 {
    let mut times = vec![0_u32; usize::try_from(recorded).unwrap_or(0)];
    for line in lines.lines() {
        if let Some(times) = line.parse().ok().and_then(|n: usize| times.get_mut(n)) {
            *times += 1;
        }
    }
    let again = times.iter().filter(|times| **times > 1).count();
    u32::try_from(again).unwrap_or(u32::MAX)
}

fn ledger_beside(store: &Path) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push(".ledger");
    PathBuf::from(path)
}
