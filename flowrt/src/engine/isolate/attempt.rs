//! The parent's side of one attempt: start, talk, stop.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::Bounds;
use super::output::Output;
use super::process::{Process, Started};
use super::talk::{Reply, Talk};
use super::verdict::died;
use super::wire::{Done, Order, Request, frame, length_of};
use crate::author::cancel::Cancel;
use crate::author::context::Attempt;
use crate::author::meta::Meta;
use crate::clock::Clock;
use crate::engine::attempt::timed_out;
use crate::error::{Error, ErrorKind, Result};
use crate::model::blob::Blob;
use crate::model::payload::Payload;

/// How long a process that is asked to end by SIGTERM may take until it is killed.
const TERM_GRACE: Duration = Duration::from_millis(300);

/// How long the pipes of a dead process are read: one that it left behind in another group may hold them open.
const DRAIN: Duration = Duration::from_millis(300);

/// Why nobody waits for the body any more.
#[derive(Debug, Clone, Copy)]
enum Stop {
    TimedOut(Duration),
    Unwanted,
}

/// Runs a body in a process of its own. Dropped, it kills the process.
pub(super) async fn run(
    meta: &'static Meta,
    input: &Payload,
    attempt: &Arc<Attempt>,
    bounds: Bounds,
) -> Result<Payload> {
    let clock = Clock::real();
    let request = frame(&order(meta, input, attempt)?)?;
    let Started {
        process,
        link,
        stdout,
        stderr,
    } = Process::start()?;
    let (reader, writer) = link.into_split();
    let (answer, answers) = unbounded_channel();
    let mut output = Output::new(stdout, stderr);
    let (done, stop) = {
        let talk = Talk {
            attempt,
            input,
            answers: answer,
            attached: Vec::new(),
        };
        let mut heard = pin!(talk.hear(reader));
        let mut sides = pin!(sides(
            (writer, request),
            &attempt.cancel,
            answers,
            &mut output
        ));
        let ended = tokio::select! {
            done = &mut heard => Ok(done),
            stop = stopped(&bounds, &attempt.cancel) => Err(stop),
            never = &mut sides => match never {},
        };
        match ended {
            Ok(done) => (done, None),
            Err(stop) => {
                attempt.cancel.set();
                process.terminate();
                // What the body still returns counts, if nothing but a cancel stands against it.
                let done = tokio::select! {
                    done = &mut heard => done,
                    () = clock.sleep(TERM_GRACE) => None,
                    never = &mut sides => match never {},
                };
                (done, Some(stop))
            }
        }
    };
    let status = process.end().await?;
    tokio::select! {
        () = output.pump() => {}
        () = clock.sleep(DRAIN) => {}
    }
    match (done, stop) {
        (_, Some(Stop::TimedOut(limit))) => Err(timed_out(limit)),
        (Some((done, attached)), _) => outcome(done, &attached, attempt),
        (None, Some(Stop::Unwanted)) => Err(Error::new(
            ErrorKind::Cancelled,
            "the body went on after it was cancelled, so its process was killed",
        )),
        (None, None) => Err(died(status, &output.last_words())),
    }
}

fn order(meta: &Meta, input: &Payload, attempt: &Attempt) -> Result<Order> {
    let input = RawValue::from_string(input.to_string())
        .map_err(|error| Error::new(ErrorKind::Record, error.to_string()))?;
    Ok(Order::Run(Box::new(Request {
        task: meta.name.to_owned(),
        input,
        run: attempt.run,
        step: attempt.step.to_string(),
        attempt: attempt.attempt,
        undone: attempt.undone,
        logical_time: attempt.logical_time,
        keys: attempt
            .vault
            .as_ref()
            .map(|vault| vault.keys().hand_over())
            .transpose()?,
    })))
}

/// What goes on beside: the body is told what it needs to know, and what it prints is kept.
async fn sides(
    begin: (impl AsyncWrite + Unpin, Vec<u8>),
    cancel: &Cancel,
    answers: UnboundedReceiver<Reply>,
    output: &mut Output,
) -> Infallible {
    let told = tell(begin, cancel, answers);
    let (told, ()) = tokio::join!(told, output.pump());
    match told {}
}

/// Gives the body its request and answers, and tells it once it is not wanted any more.
async fn tell(
    (mut writer, request): (impl AsyncWrite + Unpin, Vec<u8>),
    cancel: &Cancel,
    mut answers: UnboundedReceiver<Reply>,
) -> Infallible {
    let mut told = false;
    let said: io::Result<()> = async {
        writer.write_all(&request).await?;
        drop(request);
        loop {
            let order = tokio::select! {
                () = cancel.wait(), if !told => {
                    told = true;
                    Order::Cancel
                }
                Some(reply) = answers.recv() => match reply {
                    Reply::Answer(answer) => Order::Answer(answer),
                    Reply::Bytes(bytes) => {
                        writer.write_all(&frame(&Order::Bytes)?).await?;
                        writer.write_all(&length_of(bytes.len())?).await?;
                        writer.write_all(&bytes).await?;
                        continue;
                    }
                },
                else => return Ok(()),
            };
            writer.write_all(&frame(&order)?).await?;
        }
    }
    .await;
    // A child that does not listen is dead, and whoever waits for its answer sees that.
    drop(said);
    // The child takes the end of what it hears for the death of its parent, so the writer stays.
    let _writer = writer;
    std::future::pending().await
}

/// Returns when the body has to end: by its timeout, or a while after it was told.
async fn stopped(bounds: &Bounds, cancel: &Cancel) -> Stop {
    let timeout = async {
        match bounds.timeout {
            Some(limit) => {
                bounds.clock.sleep(limit).await;
                Stop::TimedOut(limit)
            }
            None => std::future::pending().await,
        }
    };
    let unwanted = async {
        cancel.wait().await;
        // The other half is for what SIGTERM sets going.
        Clock::real().sleep(bounds.grace / 2).await;
        Stop::Unwanted
    };
    tokio::select! {
        stop = timeout => stop,
        stop = unwanted => stop,
    }
}

fn outcome(done: Done, attached: &[Blob], attempt: &Attempt) -> Result<Payload> {
    if let Some(points) = done.points {
        let _ = attempt.used.set(points);
    }
    if done.lacked {
        attempt
            .lacked
            .store(true, std::sync::atomic::Ordering::Relaxed);
    }
    match done.result {
        Ok(value) => {
            let text: Box<str> = value.into();
            Ok(Payload::from_json(text).with_attached(attached))
        }
        Err(error) => Err(Error::from_json(&error)),
    }
}
