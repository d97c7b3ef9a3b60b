//! Lets bodies begin when their limits have room. Whoever waits holds nothing else.

mod gate;
pub(super) mod let_in;
pub(super) mod runs;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::Shared;
use super::host::RunHost;
use crate::author::context::Attempt;
use crate::author::meta::{LimitUse, Meta};
use crate::author::slot::Key;
use crate::error::{Error, ErrorKind, Result};
use crate::model::limit::Rule;
use crate::model::payload::Payload;
use crate::model::record::Micros;
use crate::store::tickets::{Ask, Bucket, GiveBack};
use gate::{Comer, Gate};

/// The way to the gate, which is opened by the first task that has a limit.
#[derive(Debug, Clone)]
pub(crate) struct Limiter(Arc<Line>);

#[derive(Debug)]
struct Line {
    requests: UnboundedSender<Request>,
    tokens: AtomicU64,
}

/// What the gate is told.
#[derive(Debug)]
enum Request {
    /// Somebody wants to start.
    Enter(Comer),
    /// It was late: it waits again, at its old place.
    Again { token: u64, reply: Reply },
    /// It does not wait, or does not hold anything, any more.
    Leave { token: u64, how: GiveBack },
}

type Reply = oneshot::Sender<Result<Started>>;

/// A start that was granted.
#[derive(Debug)]
struct Started {
    at: i64,
    rule: Rule,
    ousted: oneshot::Receiver<()>,
}

/// A place under a limit, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    line: Arc<Line>,
    token: u64,
    started: Option<Started>,
    used: Option<u32>,
    /// How often its body could not begin in time.
    late: u32,
}

impl Drop for Place {
    fn drop(&mut self) {
        let how = match &self.started {
            Some(_) => GiveBack::Done(self.used),
            None => GiveBack::Withdrawn,
        };
        let _ = self.line.requests.send(Request::Leave {
            token: self.token,
            how,
        });
    }
}

impl Place {
    /// Returns when another call takes the place.
    pub(super) async fn ousted(&mut self) {
        let lost = match &mut self.started {
            Some(started) => (&mut started.ousted).await.is_ok(),
            None => false,
        };
        // The gate closes with the engine, and then nobody else wants the place.
        if !lost {
            std::future::pending::<()>().await;
        }
    }

    /// What the call cost, where that is known only now.
    pub(super) fn costs(&mut self, used: Option<u32>) {
        self.used = used;
    }

    /// By when the body has to begin. Half of the slack is left for what happens between the look at the clock and the
    /// body's first line.
    fn begin_by(&self) -> Micros {
        self.started.as_ref().map_or(Micros::MAX, |started| {
            started.at.saturating_add(started.rule.slack() / 2)
        })
    }

    /// Waits for another turn, at its old place in the queue.
    async fn again(&mut self) -> Result<()> {
        let token = self.token;
        self.wait(|reply| Request::Again { token, reply }).await
    }

    async fn wait(&mut self, request: impl FnOnce(Reply) -> Request) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.started = None;
        if self.line.requests.send(request(reply)).is_err() {
            return Err(closed());
        }
        self.started = Some(answer.await.unwrap_or_else(|_| Err(closed()))?);
        Ok(())
    }
}

/// What a body needs to begin.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) place: Option<Box<Place>>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Begun {
    /// For a task of no limit that has its place among the bodies.
    pub(super) fn at_once(permit: OwnedSemaphorePermit) -> Self {
        Self {
            place: None,
            _permit: Some(permit),
        }
    }
}

/// Waits for the limit of a task, then for a place among the run's bodies. One that was `late` has its place in the limit's
/// queue already.
///
/// # Errors
/// If the limit is full and the task does not queue, or the call weighs more than the limit holds.
pub(super) async fn begin(
    host: &RunHost,
    key: Key,
    meta: &'static Meta,
    input: &Payload,
    attempt: &Attempt,
    late: Option<Box<Place>>,
) -> Result<Begun> {
    let Some(used) = &meta.task.limit else {
        return Ok(Begun {
            place: None,
            _permit: host.permit(meta).await,
        });
    };
    let mut place = match late {
        Some(mut place) => {
            place.late += 1;
            attempt.punctual.was_late(place.late);
            place.again().await?;
            place
        }
        None => enter(host, key, meta, ask(host, meta, used, input, attempt)?).await?,
    };
    loop {
        let permit = host.permit(meta).await;
        let (clock, by) = (&host.shared.clock, place.begin_by());
        if clock.now() <= by {
            if by < Micros::MAX {
                attempt.punctual.begin_by(clock.clone(), by);
            }
            return Ok(Begun {
                place: Some(place),
                _permit: permit,
            });
        }
        drop(permit);
        place.again().await?;
    }
}

async fn enter(
    host: &RunHost,
    key: Key,
    meta: &Meta,
    (ask, rule): (Ask, Rule),
) -> Result<Box<Place>> {
    let mut place = Box::new(host.shared.limiter().place());
    let (token, when_full) = (place.token, meta.task.when_full);
    let comer = |reply| Comer {
        token,
        key,
        ask,
        rule,
        when_full,
        reply,
    };
    place.wait(|reply| Request::Enter(comer(reply))).await?;
    Ok(place)
}

fn ask(
    host: &RunHost,
    meta: &'static Meta,
    used: &LimitUse,
    input: &Payload,
    attempt: &Attempt,
) -> Result<(Ask, Rule)> {
    let rule = used.limit.rule();
    if used.weight > rule.weight_max() {
        let message = format!(
            "`{}` takes {} of the limit {}, which holds {}",
            meta.name,
            used.weight,
            used.limit.name,
            rule.weight_max()
        );
        return Err(
            Error::new(ErrorKind::Limit, message).hint("lower the weight, or raise the limit")
        );
    }
    let bucket = Bucket {
        name: used.limit.name.to_owned(),
        key: key(meta, used, input),
    };
    let ask = Ask {
        bucket,
        weight: used.weight,
        priority: meta.task.priority,
        run: host.run,
        step: attempt.step.to_string(),
        asked: host.shared.clock.now(),
        if_full: gate::if_full(meta.task.when_full),
    };
    Ok((ask, rule))
}

/// The value of the parameter that separates, as text.
fn key(meta: &Meta, used: &LimitUse, input: &Payload) -> String {
    let Some(name) = used.key else {
        return String::new();
    };
    let index = meta.params.iter().position(|param| param.name == name);
    let value = index.and_then(|index| input.to_value().get(index).cloned());
    match value {
        Some(serde_json::Value::String(text)) => text,
        Some(value) => value.to_string(),
        None => String::new(),
    }
}

impl Limiter {
    /// Opens the gate; it closes when the engine is gone.
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        let (requests, incoming) = unbounded_channel();
        let gate = Gate::new(shared.store.clone(), shared.clock.clone(), incoming);
        tokio::spawn(gate.run());
        Self(Arc::new(Line {
            requests,
            tokens: AtomicU64::new(0),
        }))
    }

    fn place(&self) -> Place {
        let token = self.0.tokens.fetch_add(1, Ordering::Relaxed);
        Place {
            line: self.0.clone(),
            token,
            started: None,
            used: None,
            late: 0,
        }
    }
}

/// What is said to a call whose place another one takes.
pub(super) fn ousted() -> Error {
    Error::new(
        ErrorKind::Cancelled,
        "a later call took its place under the limit (when_full = cancel_previous)",
    )
}

fn closed() -> Error {
    Error::new(
        ErrorKind::Stopped,
        "the engine was closed while a task waited for its limit",
    )
}
