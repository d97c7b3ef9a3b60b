//! Starting a flow by name, with parameters from outside.

use super::{Engine, Once, RunHandle, names, params};
use crate::author::meta::Meta;
use crate::error::{Error, ErrorKind, Result};
use crate::model::dispatch::{DEFAULT_QUEUE, Dispatch};
use crate::model::payload::Payload;
use crate::model::record::{CacheUse, Micros, RunRecord};
use crate::registry;

/// What a start may say besides the flow and its parameters.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// The run's name. If it is taken, a number is added; none: two words that people can say.
    pub name: Option<String>,
    /// What the run, and every run below it, does with kept results of tasks.
    pub cache: CacheUse,
    /// Where the run comes from, and whether it is left to workers.
    pub dispatch: Dispatch,
    /// Left to workers, it is not begun before that.
    pub due: Option<Micros>,
    /// The moment the run is about; none: now.
    pub logical_time: Option<Micros>,
    /// A second start of the flow with the same key gives the first run.
    pub idempotency_key: Option<String>,
}

impl Start {
    /// Whether the flow can be started so, as far as that can be told without a store.
    ///
    /// # Errors
    /// If the name cannot be one, or the flow asks for what this version does not carry out.
    pub fn check(&self, meta: &Meta) -> Result<()> {
        refuse_later(meta)?;
        self.name.as_deref().map_or(Ok(()), names::check)
    }
}

impl Engine {
    /// Starts a flow by name and drives it. When this returns, the run is on the disk and will not be lost.
    ///
    /// # Errors
    /// If this program has no such flow, a parameter is missing or does not fit, or the name cannot be one: nothing was
    /// started then.
    pub async fn start_with(
        &self,
        flow: &str,
        params: &serde_json::Value,
        start: Start,
    ) -> Result<RunHandle> {
        let (meta, input) = self.checked(flow, params, &start)?;
        let record = self.accept(meta, input, start).await?;
        self.take(&record, meta, None).await
    }

    /// Writes down that a flow is to run, and leaves it to whoever resumes it. When this returns, it will not be lost.
    ///
    /// # Errors
    /// As [`start_with`](Self::start_with).
    pub async fn record_start(
        &self,
        flow: &str,
        params: &serde_json::Value,
        start: Start,
    ) -> Result<RunRecord> {
        let (meta, input) = self.checked(flow, params, &start)?;
        self.accept(meta, input, start).await
    }

    /// Writes down that a flow is to run, and leaves it to the workers of a queue (`default`, if the start names none). When
    /// this returns, it will not be lost. A start with the same idempotency key, or for the same slot of a schedule of the
    /// same deployment, gives the run that was accepted first.
    ///
    /// # Errors
    /// As [`start_with`](Self::start_with).
    pub async fn enqueue(
        &self,
        flow: &str,
        params: &serde_json::Value,
        start: Start,
    ) -> Result<RunRecord> {
        let (meta, input) = self.checked(flow, params, &start)?;
        Ok(self.enqueue_checked(meta, input, start).await?.record)
    }

    pub(super) async fn enqueue_checked(
        &self,
        meta: &'static Meta,
        input: Payload,
        mut start: Start,
    ) -> Result<Once> {
        let queue = &mut start.dispatch.queue;
        queue.get_or_insert_with(|| DEFAULT_QUEUE.to_owned());
        let once = self.accept_once(meta, input, start).await?;
        self.shared.changed.notify_waiters();
        Ok(once)
    }

    pub(super) fn checked(
        &self,
        flow: &str,
        params: &serde_json::Value,
        start: &Start,
    ) -> Result<(&'static Meta, Payload)> {
        let Some(meta) = self.shared.flows.get(flow) else {
            return Err(registry::unknown(flow, &self.shared.flows));
        };
        start.check(meta)?;
        let params = params::accept(meta, params)?;
        Ok((meta, Payload::from_json(params.to_string())))
    }
}

/// A flow that asks for what this version does not carry out is not started: it would run without it.
pub(super) fn refuse_later(meta: &Meta) -> Result<()> {
    let own = meta.flow.later.iter().map(|option| (*option, meta.name));
    let theirs = registry::callees(meta).flat_map(|callee| {
        callee
            .task
            .later
            .iter()
            .map(|option| (*option, callee.name))
    });
    match own.chain(theirs).next() {
        None => Ok(()),
        Some((option, name)) => Err(Error::new(
            ErrorKind::Unsupported,
            format!("`{name}` has the option `{option}`, which this version of flowrt does not carry out yet"),
        )
        .hint(format!("leave `{option}` out to run the flow without it"))),
    }
}
