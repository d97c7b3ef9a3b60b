//! The attempts of one task: body, timeout, panic, retry.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, select};
use tokio::sync::OwnedSemaphorePermit;

use super::around::Beginning;
use super::host::RunHost;
use super::isolate;
use super::lack;
use super::limits::{Begun, begin, ousted};
use super::park;
use super::published::settled;
use super::tries::{Tries, may_come};
use crate::author::cancel::Cancel;
use crate::author::context::{Attempt, TaskContext};
use crate::author::core::Core;
use crate::author::frame::{Frame, Framed, enter};
use crate::author::meta::Meta;
use crate::author::publish::Desk;
use crate::author::punctual::{self, Punctual};
use crate::author::slot::{Busy, CallOptions, Finished, Key, Recorded};
use crate::clock::{Clock, Stopwatch};
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint::failpoint;
use crate::mask;
use crate::model::payload::Payload;
use crate::model::record::{AttemptRecord, Entry, Micros, WaitRecord};
use crate::model::retry;
use crate::model::state::TaskState;
use crate::store::Durability;

/// A body that takes this long is worth a sync: its result must not be lost to a power cut.
const WORTH_A_SYNC: Duration = Duration::from_millis(10);

/// How long it may take at most from a signal until the runs are let go of.
const LET_GO_WITHIN: Duration = Duration::from_secs(5);

/// How long a body may take to end by itself once another call takes its place.
const GRACE: Duration = Duration::from_secs(5);

/// A call of a task.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) meta: &'static Meta,
    pub(super) input: Payload,
    pub(super) options: CallOptions,
}

/// Runs a task until it succeeds or its attempts are used up. The first attempt takes the permit that it is given, if any.
///
/// Each call is one such future, so what few of them do is boxed: it stays below a kilobyte, where allocators are fast.
pub(super) async fn run_task(
    host: Arc<RunHost>,
    core: Arc<Core>,
    key: Key,
    task: Task,
    mut given: Option<OwnedSemaphorePermit>,
) -> Finished {
    let Task {
        meta,
        input,
        options,
    } = task;
    let step = core.step_id(key);
    let cancel = Arc::new(Cancel::default());
    let (mut failed, due) = host.earlier_attempts(&step);
    let mut tries = Tries::of(meta, failed, host.earlier_errors(&step));
    if let Some(due) = due {
        // A wait holds no place.
        given = None;
        Box::pin(core.clock.sleep_until(due)).await;
    }
    let mut first = None;
    let mut lacking = 0;
    let mut late = None;
    loop {
        let context = context_of(&host, &core, &step, failed + 1, &cancel);
        let begun = match given.take() {
            Some(permit) => Ok(Begun::at_once(permit)),
            None => Box::pin(begin(&host, key, meta, &input, &context.0, late.take())).await,
        };
        body_begins(&host, &core, key, (meta, failed + 1), &step, &cancel).await;
        let started = core.clock.now();
        let watch = Stopwatch::start();
        failpoint("engine::before_body");
        let (result, begun) = match begun {
            Ok(mut begun) => {
                let limit = options.timeout_of(meta);
                let body = run_body(&host, &core, meta, input.clone(), context.clone(), limit);
                (held(&core, body, &context.0, &mut begun).await, Some(begun))
            }
            Err(error) => (Err(error), None),
        };
        if context.0.punctual.is_late() {
            late = begun.and_then(|begun| begun.place);
            core.body_waits(key);
            host.did_not_begin(&step, meta).await;
            continue;
        }
        let result = settled(&host, &context.0, result).await;
        hear_signals(&host, &core, result.is_err()).await;
        if let Err(error) = &result
            && context.0.lacked.load(Ordering::Relaxed)
            && may_come(error)
            && !core.stops.any()
        {
            first.get_or_insert(started);
            drop(begun);
            core.body_waits(key);
            lacking += 1;
            Box::pin(lack::wait(&host, &core, &step, error, lacking)).await;
            continue;
        }
        let (ended, took) = core.clock.after(started, watch);
        let retried = next_delay(&host, &core, &mut tries, (meta, &options), &result);
        let recorded = outcome(result, meta, &step, failed + 1);
        failed += 1;
        let Some(delay) = retried else {
            let started = first.unwrap_or(started);
            let synced = meta.task.durable || took >= WORTH_A_SYNC;
            return finished(key, meta, recorded, failed, (started, ended), synced);
        };
        first.get_or_insert(started);
        drop(begun);
        core.body_waits(key);
        let record = AttemptRecord {
            step: step.to_string(),
            attempt: failed,
            started,
            finished: ended,
            error: recorded.output,
            next: None,
        };
        Box::pin(until_next(&host, &core, meta, delay, record)).await;
    }
}

fn finished(
    key: Key,
    meta: &Meta,
    recorded: Recorded,
    attempts: u32,
    (started, ended): (Micros, Micros),
    synced: bool,
) -> Finished {
    Finished {
        key,
        recorded,
        attempts,
        started,
        ended,
        fingerprint: meta.fingerprint,
        signal: None,
        reused_from: None,
        synced,
    }
}

/// The wait before the next attempt, if there is one: by the task, and by what is left to its run.
fn next_delay(
    host: &RunHost,
    core: &Core,
    tries: &mut Tries,
    (meta, options): (&Meta, &CallOptions),
    result: &Result<Payload>,
) -> Option<Duration> {
    let error = result.as_ref().err().filter(|_| !core.stops.any())?;
    let delay = tries.failed(meta, options, error)?;
    host.spends_a_retry().then_some(delay)
}

fn outcome(result: Result<Payload>, meta: &Meta, step: &str, attempts: u32) -> Recorded {
    match result {
        Ok(output) => Recorded {
            state: TaskState::Completed,
            output,
        },
        Err(error) => Recorded {
            state: state_of(&error),
            output: Payload::from_json(located(&error, meta, step, attempts).to_json()),
        },
    }
}

/// What the body of an attempt may ask about it.
fn context_of(
    host: &Arc<RunHost>,
    core: &Core,
    step: &Arc<str>,
    attempt: u32,
    cancel: &Arc<Cancel>,
) -> TaskContext {
    TaskContext(Arc::new(Attempt {
        run: Some(core.facts.run),
        step: step.clone(),
        attempt,
        undone: host.undone(step),
        logical_time: core.facts.logical_time,
        cancel: cancel.clone(),
        keeper: Some(host.clone()),
        desk: Desk::default(),
        used: OnceLock::new(),
        logged: AtomicU32::new(0),
        vault: core.facts.vault.clone(),
        lacked: AtomicBool::new(false),
        punctual: Punctual::default(),
    }))
}

/// Writes a failed attempt down and waits until the next one is due.
async fn until_next(
    host: &RunHost,
    core: &Core,
    meta: &Meta,
    delay: Duration,
    mut record: AttemptRecord,
) {
    // What a server said is kept to the moment.
    let told = Error::from_json(&record.error).comes_again();
    let delay = told.unwrap_or_else(|| {
        let random = crate::clock::random_u64();
        retry::jitter(delay, meta.task.jitter, random)
    });
    let next = record.finished.saturating_add(crate::clock::micros(delay));
    record.next = Some(next);
    let step = record.step.clone();
    let mut entries = failed_attempt(record, delay);
    if meta.task.park && delay.is_zero() {
        entries.push(Entry::WaitOver(step));
    }
    // A count that could not be written down costs at most one more attempt after a crash.
    if host.record(entries, Durability::Soon).await.is_ok() {
        core.clock.sleep_until(next).await;
    } else {
        std::future::pending::<()>().await;
    }
}

/// Says that a body begins. Once the run stops, nothing begins any more: the wait ends with the call.
async fn body_begins(
    host: &RunHost,
    core: &Core,
    key: Key,
    (meta, attempt): (&Meta, u32),
    step: &Arc<str>,
    cancel: &Arc<Cancel>,
) {
    if core.stops.any() {
        std::future::pending::<()>().await;
    }
    core.body_starts(key, Busy::Body, cancel.clone());
    host.note_start(step, (meta.name, attempt), || core.label_of(key))
        .await;
    if meta.task.park {
        let note = park::begins(step, attempt, core.clock.now());
        Box::pin(host.note_synced(note)).await;
    }
}

/// A signal that stops this process may have stopped what the body had started, and be heard here a little later. The
/// driver keeps no failure of a run that is interrupted.
async fn hear_signals(host: &RunHost, core: &Core, failed: bool) {
    if failed && host.shared.ear.has_heard().await {
        let clock = Clock::real();
        tokio::select! {
            () = core.stops.interrupt.wait() => {}
            () = clock.sleep(LET_GO_WITHIN) => {}
        }
    }
}

/// What is written down of a failed attempt: its count, and the wait before the next.
fn failed_attempt(record: AttemptRecord, delay: Duration) -> Vec<Entry> {
    let wait = WaitRecord {
        step: record.step.clone(),
        kind: "retry".to_owned(),
        due: record.next,
        detail: serde_json::Value::Null,
    };
    let waits = !delay.is_zero();
    std::iter::once(Entry::Attempt(record))
        .chain(waits.then_some(Entry::Wait(wait)))
        .collect()
}

/// Runs a body under its limit, until it ends or another call takes its place.
async fn held(
    core: &Core,
    body: impl Future<Output = Result<Payload>>,
    attempt: &Attempt,
    begun: &mut Begun,
) -> Result<Payload> {
    let Some(place) = &mut begun.place else {
        return body.await;
    };
    let result = match select(std::pin::pin!(body), std::pin::pin!(place.ousted())).await {
        Either::Left((result, _)) => result,
        Either::Right(((), body)) => {
            attempt.cancel.set();
            // What ends by itself in time is worth its result.
            match select(body, std::pin::pin!(core.clock.sleep(GRACE))).await {
                Either::Left((result, _)) => result,
                Either::Right(_) => Err(ousted()),
            }
        }
    };
    place.costs(attempt.used.get().copied());
    result
}

async fn run_body(
    host: &RunHost,
    core: &Core,
    meta: &'static Meta,
    input: Payload,
    context: TaskContext,
    timeout: Option<Duration>,
) -> Result<Payload> {
    let cancel = context.0.cancel.clone();
    let frame = Frame::Task(context.0.clone());
    if meta.task.isolate && host.shared.around.is_none() {
        let bounds = isolate::Bounds {
            timeout,
            grace: host.shared.settings.grace(),
            clock: core.clock.clone(),
        };
        punctual::begins(&context)?;
        let future = isolate::run(meta, input, context, bounds);
        return Box::pin(Framed { frame, future })
            .await
            .and_then(in_no_clear);
    }
    let begin = || match &host.shared.around {
        None => (meta.body)(input, context),
        Some(around) => around.task(Beginning {
            meta,
            step: context.0.step.clone(),
            input,
            context,
        }),
    };
    let made = std::panic::catch_unwind(AssertUnwindSafe(|| enter(frame.clone(), begin)));
    let body = match made {
        Ok(body) => AssertUnwindSafe(Framed {
            frame,
            future: body,
        })
        .catch_unwind(),
        Err(panic) => return Err(panicked(&*panic)),
    };
    let result = match timeout {
        None => body.await,
        Some(limit) => match select(body, Box::pin(core.clock.sleep(limit))).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => {
                cancel.set();
                return Err(timed_out(limit));
            }
        },
    };
    result
        .unwrap_or_else(|panic| Err(panicked(&*panic)))
        .and_then(in_no_clear)
}

/// A record is read by many: a result that holds the value of a secret must not become one.
fn in_no_clear(value: Payload) -> Result<Payload> {
    let mut attached = value.attached().iter();
    if !mask::is_in(&value) && !attached.any(|blob| mask::is_in_bytes(blob.bytes())) {
        return Ok(value);
    }
    Err(Error::new(
        ErrorKind::Record,
        "the result holds the value of a secret in clear, so it is not recorded; its effect has happened",
    )
    .hint("return a `Secret`, which is recorded encrypted, or leave the value out"))
}

/// The error of an attempt that took longer than its task allows.
pub(super) fn timed_out(limit: Duration) -> Error {
    let limit = flowrt_grammar::format_duration(limit);
    Error::new(
        ErrorKind::TimedOut,
        format!("the attempt did not end within its timeout of {limit}"),
    )
}

/// The error of an attempt whose body panicked.
pub(super) fn panicked(panic: &(dyn std::any::Any + Send)) -> Error {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::new(
        ErrorKind::Panicked,
        format!("panicked: {}", text.unwrap_or("a value that is no text")),
    )
}

pub(super) fn located(error: &Error, meta: &Meta, step: &str, attempts: u32) -> Error {
    error
        .clone()
        .at(step, Some(format!("{}:{}", meta.file, meta.line)), attempts)
}

fn state_of(error: &Error) -> TaskState {
    match error.kind() {
        ErrorKind::TimedOut => TaskState::TimedOut,
        ErrorKind::Cancelled => TaskState::Cancelled,
        ErrorKind::Skipped => TaskState::Skipped,
        _ => TaskState::Failed,
    }
}
