//! The child's side: runs one body for its parent, and dies with it.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use futures_util::FutureExt;
use rustix::process::{
    Resource, Rlimit, Signal, getpgrp, getpid, kill_current_process_group, setrlimit,
};

use super::asking::{self, Heard, ParentVault};
use super::publishing::{self, ParentKeeper};
use super::wire::{Done, Line, Order, Report, Request, receive, receive_raw, send};
use crate::author::cancel::Cancel;
use crate::author::context::{Attempt, TaskContext};
use crate::author::frame::{Frame, Framed, enter};
use crate::author::meta::Meta;
use crate::author::vault::Vault;
use crate::clock::Clock;
use crate::engine::attempt::panicked;
use crate::error::{Error, ErrorKind, Result};
use crate::model::payload::Payload;
use crate::{logs, mask, registry};

/// The first argument of a child. Nobody types it.
pub(crate) const ARGUMENT: &str = "__task";

/// How many threads serve what a body spawns; the body itself and its blocking work have threads of their own.
const THREADS_MAX: usize = 4;

/// The way to the parent.
static LINK: OnceLock<Mutex<UnixStream>> = OnceLock::new();

/// Runs the body that the parent asks for, and never returns once that has begun. `prepare` makes the process ready to
/// log.
pub(crate) fn serve(prepare: impl FnOnce() -> Result<()>) -> ExitCode {
    let (orders, request) = match begin() {
        Ok(begun) => begun,
        Err(error) => return complain(&error),
    };
    let context = context_of(&request);
    let cancel = context.0.cancel.clone();
    let answers = asking::begin();
    let listener = std::thread::Builder::new()
        .name("flowrt-link".to_owned())
        .spawn(move || listen(&orders, &cancel, &answers));
    mask::tell(asking::hide);
    logs::send_elsewhere(|line| report_line(line.level, &line.target, &line.message, line.time));
    logs::stray(|level, target, message| {
        report_line(level, target, message, Clock::real().now());
    });
    let attempt = context.0.clone();
    let result = match listener {
        Ok(_) => prepare().and_then(|()| run(*request, context)),
        Err(error) => Err(error.into()),
    };
    finish(result, &attempt);
}

/// Takes the link to the parent away from where the body would find it, and hears what is to be done.
fn begin() -> io::Result<(UnixStream, Box<Request>)> {
    let link = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    link.peer_addr()?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    let Order::Run(request) = receive(&link)? else {
        return Err(io::Error::other("the first word was not what to run"));
    };
    let _ = LINK.set(Mutex::new(link.try_clone()?));
    Ok((link, request))
}

fn context_of(request: &Request) -> TaskContext {
    let plain = TaskContext::plain(&request.task, request.logical_time);
    let mut attempt = Arc::into_inner(plain.0).expect("nobody else has a new context yet");
    attempt.run = request.run;
    attempt.step = Arc::from(request.step.as_str());
    attempt.attempt = request.attempt;
    attempt.undone = request.undone;
    attempt.vault = request
        .keys
        .as_ref()
        .map(|keys| Arc::new(ParentVault::of(keys.clone())) as Arc<dyn Vault>);
    attempt.keeper = Some(Arc::new(ParentKeeper));
    TaskContext(Arc::new(attempt))
}

/// Hears the parent as long as it lives.
fn listen(orders: &UnixStream, cancel: &Cancel, answers: &Sender<Heard>) {
    while let Ok(order) = receive::<Order>(orders) {
        match order {
            Order::Cancel => cancel.set(),
            Order::Answer(answer) => drop(answers.send(Heard::Answer(answer))),
            Order::Bytes => match receive_raw(orders) {
                Ok(bytes) => drop(answers.send(Heard::Bytes(bytes.into()))),
                Err(_) => break,
            },
            Order::Run(_) => {}
        }
    }
    die();
}

/// Ends this process and all that it has started, at once.
fn die() -> ! {
    if getpgrp() == getpid() {
        let _ = kill_current_process_group(Signal::KILL);
    }
    std::process::abort();
}

fn run(request: Request, context: TaskContext) -> Result<Payload> {
    let tasks = registry::tasks()?;
    let Some(meta) = tasks.get(request.task.as_str()) else {
        let message = format!("the child process has no task `{}`", request.task);
        return Err(Error::new(ErrorKind::NotFound, message));
    };
    confine(meta)?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.min(THREADS_MAX))
        .enable_all()
        .build()?;
    let input: Box<str> = request.input.into();
    let input = Payload::from_json(input);
    let frame = Frame::Task(context.0.clone());
    let body = AssertUnwindSafe(async {
        let body = enter(frame.clone(), || (meta.body)(input, context));
        Framed {
            frame,
            future: body,
        }
        .await
    });
    let result = runtime.block_on(body.catch_unwind());
    runtime.shutdown_background();
    result.unwrap_or_else(|panic| Err(panicked(&*panic)))
}

/// Takes from this process, and from all that it starts, what the options of its task do not allow.
fn confine(meta: &Meta) -> Result<()> {
    let refused = |error: rustix::io::Errno| {
        Error::from(error).within("the system does not set the limits of the task's process")
    };
    if let Some(bytes) = meta.task.memory {
        // Of what it writes to: reserved addresses, which allocators and threads take generously, cost nothing.
        let limit = Rlimit {
            current: Some(bytes),
            maximum: Some(bytes),
        };
        setrlimit(Resource::Data, limit).map_err(refused)?;
    }
    if let Some(time) = meta.task.cpu {
        let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
        // At the lower limit the system says why it ends the process.
        let limit = Rlimit {
            current: Some(seconds),
            maximum: Some(seconds + 1),
        };
        setrlimit(Resource::Cpu, limit).map_err(refused)?;
    }
    Ok(())
}

/// Says how the body ended. What it has left running ends with this process.
fn finish(result: Result<Payload>, attempt: &Attempt) -> ! {
    let _ = io::stdout().flush();
    let result = match publishing::end(attempt).and(result) {
        Ok(value) => {
            publishing::attach(value.attached());
            serde_json::value::RawValue::from_string(value.to_string())
                .map_err(|error| Error::new(ErrorKind::Record, error.to_string()).to_json())
        }
        Err(error) => Err(error.to_json()),
    };
    report(&Report::Done(Done {
        result,
        points: attempt.used.get().copied(),
        lacked: attempt.lacked.load(std::sync::atomic::Ordering::Relaxed),
    }));
    std::process::exit(0)
}

fn report_line(level: &str, target: &str, message: &str, time: i64) {
    report(&Report::Log(Line {
        time,
        level: Cow::Borrowed(level),
        target: Cow::Borrowed(target),
        message: Cow::Borrowed(message),
    }));
}

pub(super) fn report(report: &Report<'_>) {
    talk(|link| send(link, report));
}

/// Says several things to the parent with nothing of others in between.
pub(super) fn talk(say: impl FnOnce(&UnixStream) -> io::Result<()>) {
    let Some(link) = LINK.get() else { return };
    let link = link.lock().unwrap_or_else(PoisonError::into_inner);
    if say(&link).is_err() {
        die();
    }
}

fn complain(error: &io::Error) -> ExitCode {
    let _ = writeln!(
        io::stderr(),
        "error: `{ARGUMENT}` is how this program calls itself for an isolated task, and nothing that a person can use: {error}"
    );
    ExitCode::from(2)
}
