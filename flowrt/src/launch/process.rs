//! The run lives in a process of its own, made of this very executable: what it does to its process harms no other run.
//! Its death is known at once. It opens the store by itself and claims the run from the worker, so that it goes on if the
//! worker dies, and nobody else takes the run meanwhile.

use std::process::Stdio;
use std::time::Duration;

use futures_util::future::BoxFuture;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::{ARGUMENT, Claimed, Kind};
use crate::clock::Clock;
use crate::engine::isolate;
use crate::error::{Error, ErrorKind, Result};

/// How much longer than its bodies' grace a process has to let go of its run.
const TO_LET_GO: Duration = Duration::from_secs(5);

inventory::submit! {
    Kind { name: "process", drive: |claimed| drive(claimed) }
}

fn drive(claimed: Claimed) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let mut child = start(&claimed)?;
        let stops = &claimed.stops;
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
                tracing::warn!(run = %name, %status, "the process of a run ended before the run")
            }
        }
        Ok(())
    })
}

fn start(claimed: &Claimed) -> Result<Child> {
    let failed = |error: Error| error.within("no process could be started for the run");
    if !isolate::main_knows() {
        let message = "the launcher `process` starts this executable again, and it was not made by `flowrt::main!()`";
        return Err(Error::new(ErrorKind::Misuse, message).hint("use the launcher `inline`"));
    }
    let (program, name) = isolate::executable().map_err(Error::from).map_err(failed)?;
    let record = &claimed.record;
    Command::new(program)
        .arg0(name)
        .arg(ARGUMENT)
        .arg(claimed.shared.store.url())
        .arg(record.id.to_string())
        .arg(record.epoch.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        // Ctrl-C in a terminal goes to the worker, which tells its processes in order.
        .process_group(0)
        .spawn()
        .map_err(Error::from)
        .map_err(failed)
}

fn terminate(child: &Child) {
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(pid) = id.and_then(Pid::from_raw) {
        // One that is gone needs no signal.
        let _ = kill_process(pid, Signal::TERM);
    }
}
