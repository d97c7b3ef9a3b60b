//! Ctrl-C once lets go of the run in order, twice stops at once. SIGTERM the same.

use std::io;
use std::pin::pin;
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{mpsc, oneshot};

use super::command::program_name;
use super::{live, print};
use crate::clock::Clock;
use crate::error::Result;
use crate::model::record::RunRecord;
use crate::ops::{Engine, Question, RunHandle};

/// What the shell is told of a program that a signal ended.
const INTERRUPTED: i32 = 130;

/// A signal that comes so soon after the first is the same one.
const ECHO: Duration = Duration::from_millis(200);

/// How long a signal may take from the one process of a group to the other.
const HEARD_WITHIN: Duration = Duration::from_millis(10);

/// Signals are listened to, for one run that starts soon.
pub(super) struct Interrupt {
    attach: oneshot::Sender<(String, LetGo)>,
}

type LetGo = Box<dyn Fn() + Send>;

impl Interrupt {
    /// From here on no signal is missed: call it before the run is started.
    pub(super) fn listen(engine: &Engine) -> Self {
        let (attach, attached) = oneshot::channel::<(String, LetGo)>();
        let (named, is_named) = std::sync::mpsc::channel();
        let first = async move {
            if let Ok((name, let_go)) = attached.await {
                let_go();
                live::say(&format!(
                    "letting go of {name}: what ends soon is recorded · again to stop now"
                ));
                let _ = named.send(name);
            }
        };
        let second = move || {
            let resume = is_named.try_iter().last().map_or_else(String::new, |name| {
                format!(" · try:  {} runs resume {name}", program_name())
            });
            print::note(&format!("stopped now{resume}"));
        };
        engine.listens_to_signals(spawn(first, second));
        Self { attach }
    }

    /// Waits for the end of that run; a signal lets go of it, a second one stops the process.
    ///
    /// # Errors
    /// Those of [`RunHandle::wait`].
    pub(super) async fn wait(self, run: RunHandle) -> Result<RunRecord> {
        let let_go = Box::new(run.interrupter());
        let _ = self.attach.send((run.name.clone(), let_go));
        run.wait().await
    }
}

/// Signals are listened to, for whatever runs here.
pub(super) struct Shutdown {
    listener: mpsc::UnboundedSender<Question>,
    told: oneshot::Receiver<()>,
}

impl Shutdown {
    /// From here on no signal is missed.
    pub(super) fn listen() -> Self {
        let (tell, told) = oneshot::channel();
        let first = async move {
            live::say(
                "letting go of what runs here: what ends soon is recorded · again to stop now",
            );
            let _ = tell.send(());
        };
        let listener = spawn(first, || {
            print::note("stopped now: whoever comes next goes on with what ran here");
        });
        Self { listener, told }
    }

    /// Ready at the first signal; the second one stops the process at once.
    pub(super) fn of(self, engine: &Engine) -> impl Future<Output = ()> + Send + use<> {
        engine.listens_to_signals(self.listener);
        async move {
            if self.told.await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// A thread of its own: the second signal must work even if bodies block every thread of the runtime. Returns once it listens.
fn spawn(
    first: impl Future<Output = ()> + Send + 'static,
    second: impl FnOnce() + Send + 'static,
) -> mpsc::UnboundedSender<Question> {
    let (listener, questions) = mpsc::unbounded_channel();
    let (opened, is_open) = std::sync::mpsc::channel::<()>();
    let thread = thread::Builder::new().name("signals".to_owned());
    let listening = thread.spawn(move || match two_signals(opened, questions, first) {
        Ok(()) => {
            second();
            std::process::exit(INTERRUPTED)
        }
        Err(error) => unheard(&error),
    });
    match listening {
        // Nothing comes if signals cannot be opened, which the thread has said.
        Ok(_) => drop(is_open.recv()),
        Err(error) => unheard(&error),
    }
    listener
}

fn unheard(error: &io::Error) {
    tracing::warn!(%error, "signals are not handled: they stop this process at once");
}

/// Returns at the second signal.
fn two_signals(
    opened: std::sync::mpsc::Sender<()>,
    mut questions: UnboundedReceiver<Question>,
    first: impl Future<Output = ()>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut signals = Signals::open()?;
        let _ = opened.send(());
        until_one(&mut signals, &mut questions).await;
        let goes_on = async {
            first.await;
            while let Some(question) = questions.recv().await {
                let _ = question.send(true);
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = second(&mut signals) => {}
            () = goes_on => {}
        }
        Ok(())
    })
}

/// Returns at the first signal, and tells whoever asks meanwhile that there was none.
async fn until_one(signals: &mut Signals, questions: &mut UnboundedReceiver<Question>) {
    loop {
        let question = tokio::select! {
            biased;
            () = signals.next() => return,
            Some(question) = questions.recv() => question,
        };
        let clock = Clock::real();
        let comes = tokio::select! {
            biased;
            () = signals.next() => true,
            () = clock.sleep(HEARD_WITHIN) => false,
        };
        let _ = question.send(comes);
        if comes {
            return;
        }
    }
}

/// What sends a signal to a process and to its group, as `timeout` does, means it once.
async fn second(signals: &mut Signals) {
    let clock = Clock::real();
    let mut echo = pin!(clock.sleep(ECHO));
    loop {
        tokio::select! {
            () = &mut echo => break,
            () = signals.next() => {}
        }
    }
    signals.next().await;
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn open() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn open() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
