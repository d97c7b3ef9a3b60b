//! Ctrl-C once lets go of the run in order, twice stops at once. SIGTERM the same.

use std::io;
use std::thread;
use std::time::Duration;

use super::command::program_name;
use super::{live, print};
use crate::clock::Clock;
use crate::error::Result;
use crate::model::record::RunRecord;
use crate::ops::RunHandle;

/// What the shell is told of a program that a signal ended.
const INTERRUPTED: i32 = 130;

/// A signal that comes so soon after the first is the same one.
const ECHO: Duration = Duration::from_millis(200);

/// Waits for the end of a run that is driven here; a signal lets go of it, a second one stops the process.
///
/// # Errors
/// Those of [`RunHandle::wait`].
pub(super) async fn wait(run: RunHandle) -> Result<RunRecord> {
    let (name, interrupt) = (run.name.clone(), run.on_signal());
    // A thread of its own: the second signal must work even if bodies block every thread of the run's runtime.
    let listener = thread::Builder::new().name("signals".to_owned());
    let listening = listener.spawn(move || listen(&name, &interrupt));
    if let Err(error) = listening {
        tracing::warn!(%error, "signals are not handled: they stop this process at once");
    }
    run.wait().await
}

/// Ready at the first signal; the second one stops the process at once.
///
/// # Errors
/// If signals cannot be heard.
pub(super) fn shutdown() -> Result<impl Future<Output = ()> + Send> {
    let (opened, is_open) = std::sync::mpsc::channel();
    let (tell, told) = tokio::sync::oneshot::channel();
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            let opened = move || {
                let _ = opened.send(());
            };
            let first = move || {
                live::say(
                    "letting go of what runs here: what ends soon is recorded · again to stop now",
                );
                let _ = tell.send(());
            };
            if let Err(error) = two_signals(opened, first) {
                tracing::warn!(%error, "signals are not handled: they stop this process at once");
                return;
            }
            print::note("stopped now: whoever comes next goes on with what ran here");
            std::process::exit(INTERRUPTED)
        })?;
    // From here on no signal is missed.
    let _ = is_open.recv();
    Ok(async move {
        if told.await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

/// Returns at the second signal.
fn two_signals(opened: impl FnOnce(), first: impl FnOnce()) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut signals = Signals::open()?;
        opened();
        signals.next().await;
        first();
        // What sends a signal to a process and to its group, as `timeout` does, means it once.
        let clock = Clock::real();
        let echo = clock.sleep(ECHO);
        tokio::pin!(echo);
        loop {
            tokio::select! {
                () = &mut echo => break,
                () = signals.next() => {}
            }
        }
        signals.next().await;
        Ok(())
    })
}

fn listen(name: &str, interrupt: &dyn Fn()) {
    let heard = two_signals(
        || {},
        || {
            interrupt();
            live::say(&format!(
                "letting go of {name}: what ends soon is recorded · again to stop now"
            ));
        },
    );
    match heard {
        Ok(()) => {
            print::note(&format!(
                "stopped now · try:  {} runs resume {name}",
                program_name()
            ));
            std::process::exit(INTERRUPTED)
        }
        Err(error) => {
            tracing::warn!(%error, "signals are not handled: they stop this process at once");
        }
    }
}

#[cfg(unix)]
pub(super) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(super) fn open() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self)
    }

    pub(super) async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
