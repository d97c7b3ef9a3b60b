//! The run lives in a process of its own, made of this very executable: what it does to its process harms no other run.
//! Its death is known at once. It opens the store by itself and claims the run from the worker, so that it goes on if the
//! worker dies, and nobody else takes the run meanwhile.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use futures_util::future::BoxFuture;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::{ARGUMENT, Claimed, Kind, own};
use crate::clock::Clock;
use crate::engine::{again, fallen, isolate, unlaunched};
use crate::error::{Error, ErrorKind, Result};
use crate::model::record::RunRecord;
use crate::model::state::RunState;

/// How much longer than its bodies' grace a process has to let go of its run.
const TO_LET_GO: Duration = Duration::from_secs(5);

/// How long a run whose process ended at once is kept, the first time; each time twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// How long a run for which no process could be started is kept, the first time; each time twice as long.
const FIRST_PAUSE_OF_STARTS: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 2000 });

/// At most so long.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

inventory::submit! {
    Kind { name: "process", drive: |claimed| drive(claimed) }
}

fn drive(claimed: Claimed) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let mut child = match start(&claimed) {
            Ok(child) => child,
            Err(error) if error.kind() == ErrorKind::Misuse && claimed.surroundings.is_some() => {
                return own::refuse(&claimed, &error).await;
            }
            Err(error) => return note_failed_start(&claimed, error).await,
        };
        let stops = &claimed.stops;
        let was_told = || stops.interrupt.is_set();
        let ended = tokio::select! {
            ended = child.wait() => ended,
            () = stops.interrupt.wait() => {
                terminate(&child);
                let longest = claimed.shared.settings.grace() + TO_LET_GO;
                let clock = Clock::real();
                tokio::select! {
                    ended = child.wait() => ended,
                    () = clock.sleep(longest) => {
                        child.start_kill()?;
                        child.wait().await
                    }
                }
            }
        };
        let name = &claimed.record.name;
        match ended? {
            status if status.success() => {}
            status => {
                tracing::warn!(run = %name, %status, "the process of a run ended before the run");
                if !was_told() {
                    note_death(&claimed, status).await?;
                }
            }
        }
        Ok(())
    })
}

/// A process that ended before it had the run from this worker counts as one that the run has killed: else the worker
/// would start one after the other. The next one has to wait.
async fn note_death(claimed: &Claimed, status: ExitStatus) -> Result<()> {
    let (shared, record) = (&claimed.shared, &claimed.record);
    let found = again::found(shared, record).await?;
    if found.epoch != record.epoch || found.owner != record.owner {
        return Ok(());
    }
    let message = format!(
        "the process that was started for the run ended ({status}) before it had taken the run"
    );
    let error = Error::new(ErrorKind::Crashed, message)
        .hint("what it said is in the log of the worker; mend that, then resume the run");
    let counted = fallen::count(shared, record).await?;
    if counted.crashes > shared.settings.crashes_max() {
        let last = fallen::too_often(shared, &counted, &error);
        let end = (RunState::Crashed, &last);
        return unlaunched::end_here(shared, counted, claimed.meta, end, &claimed.stops).await;
    }
    let_go_later(claimed, &counted, &error, FIRST_PAUSE).await
}

/// What hinders one start mostly hinders the next: it is tried a few times, and then a person has to see to it. The run has
/// done nothing wrong, so it does not end.
async fn note_failed_start(claimed: &Claimed, error: Error) -> Result<()> {
    let (shared, record) = (&claimed.shared, &claimed.record);
    tracing::error!(run = %record.name, %error, "a run could not be driven");
    let counted = fallen::count(shared, record).await?;
    if counted.crashes <= shared.settings.crashes_max() {
        return let_go_later(claimed, &counted, &error, FIRST_PAUSE_OF_STARTS).await;
    }
    let message = format!(
        "{error:#}; that was the {}. time in a row, more than allowed (crashes_max = {})",
        counted.crashes,
        shared.settings.crashes_max()
    );
    let mend = error
        .try_this()
        .unwrap_or("mend that where the worker runs");
    let hint = format!("{mend}, then runs resume {}", record.name);
    let error = Error::new(error.kind(), message).hint(hint);
    unlaunched::park(shared, &counted, &error).await.map(drop)
}

async fn let_go_later(
    claimed: &Claimed,
    counted: &RunRecord,
    error: &Error,
    first: Duration,
) -> Result<()> {
    let clock = Clock::real();
    tokio::select! {
        () = clock.sleep(pause(first, counted.crashes)) => {}
        () = claimed.stops.interrupt.wait() => {}
    }
    fallen::let_go(&claimed.shared, counted, error)
        .await
        .map(drop)
}

/// How long a worker waits after so many deaths before it lets the run go to the next process.
fn pause(first: Duration, deaths: u32) -> Duration {
    let doublings = deaths.saturating_sub(1).min(8);
    (first * (1 << doublings)).min(LONGEST_PAUSE)
}

fn start(claimed: &Claimed) -> Result<Child> {
    let failed = |error: Error| error.within("no process could be started for the run");
    let record = &claimed.record;
    if !isolate::main_knows() {
        if claimed.surroundings.is_some() {
            return Err(own::no_process(record));
        }
        let message = "the launcher `process` starts this executable again, and it was not made by `flowrt::main!()`";
        return Err(Error::new(ErrorKind::Misuse, message).hint("use the launcher `inline`"));
    }
    let (program, name) = isolate::executable().map_err(Error::from).map_err(failed)?;
    let surroundings = claimed.surroundings.clone().unwrap_or_default();
    let mut command = Command::new(program);
    for (name, value) in &surroundings.variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if let Some(folder) = &surroundings.folder {
        command.current_dir(folder);
    }
    command
        .arg0(name)
        .arg(ARGUMENT)
        .arg(from_anywhere(claimed.shared.store.url()))
        .arg(record.id.to_string())
        .arg(record.epoch.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        // Ctrl-C in a terminal goes to the worker, which tells its processes in order.
        .process_group(0)
        .spawn()
        .map_err(|error| match &surroundings.folder {
            Some(folder) if is_of_a_folder(&error) => cannot_stand_in(folder, record, &error),
            _ => failed(Error::from(error)),
        })
}

/// The address of a store as one finds it who stands in another folder.
fn from_anywhere(url: String) -> String {
    let path = url.strip_prefix("sqlite:").map(std::path::absolute);
    match path {
        Some(Ok(path)) => format!("sqlite:{}", path.display()),
        _ => url,
    }
}

/// The executable is there, since it runs: what is missing, or may not be entered, is the folder.
fn is_of_a_folder(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    matches!(error.kind(), NotADirectory | NotFound | PermissionDenied)
}

fn cannot_stand_in(folder: &str, record: &RunRecord, error: &io::Error) -> Error {
    let deployment = record.dispatch.deployment.as_deref().unwrap_or_default();
    let message = format!(
        "the process of the run cannot stand in the folder {folder}, the `working_dir` of the deployment `{deployment}`: {error}"
    );
    Error::new(ErrorKind::Misuse, message)
        .hint("make the folder, or deploy with another `working_dir`; then resume the run")
}

fn terminate(child: &Child) {
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(pid) = id.and_then(Pid::from_raw) {
        // One that is gone needs no signal.
        let _ = kill_process(pid, Signal::TERM);
    }
}
