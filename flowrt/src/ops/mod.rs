//! The only way in from outside: start, wait, cancel, resume, list. Knows no HTTP and no terminal.

pub mod bundle;
mod cache;
mod care;
#[cfg(feature = "deployments")]
mod deployments;
mod digest;
pub mod doctor;
mod hand;
pub mod inspect;
pub(crate) mod isolate;
#[cfg(feature = "serve")]
#[cfg(test)]
mod large_runs;
mod late;
#[cfg(feature = "cli")]
mod launched;
mod limits;
mod names;
mod notices;
mod once;
pub mod outline;
pub mod params;
pub(crate) mod picture;
mod process;
mod published;
mod recap;
mod rerun;
mod resume;
pub mod schedules;
mod secrets;
pub mod signals;
mod start;
mod stop;
pub mod view;
mod watch;
mod why;
mod work;

use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::author::call::{Callable, TaskCall};
use crate::author::cancel::Stops;
use crate::author::frame::OpenEngine;
use crate::author::meta::{Kind, Meta};
use crate::author::plain::Standalone;
use crate::author::record::{decode_output, named};
use crate::author::stored::reading_from;
use crate::clock::{self, Clock};
use crate::config::Config;
pub use crate::engine::Events;
#[cfg(feature = "cli")]
pub(crate) use crate::engine::Question;
pub use crate::engine::retention::Old;
use crate::engine::{self, Shared, again, trouble};
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint::failpoint;
use crate::model::ids::RunId;
use crate::model::payload::Payload;
use crate::model::record::{Journal, NewRun, RunRecord};
use crate::model::state::RunState;
use crate::registry;
use crate::store::memory::Memory;
pub use crate::store::{Copied, Imported, RunUsage, Usage};
pub use crate::store::{LogFilter, RunFilter};
use crate::store::{Options, Reopening, Store};
pub use bundle::{Arrival, Bundle};
pub use cache::CacheReport;
pub use care::Pruned;
#[cfg(feature = "deployments")]
pub use deployments::{
    Checked, DeployAsk, DeployFile, DeployPlan, DeployView, DeploymentReport, Difference, Fate,
    Planned,
};
pub use inspect::not_ended;
#[cfg(feature = "cli")]
pub(crate) use launched::ARGUMENT as LAUNCHED;
pub use limits::{BucketReport, LimitReport, TicketReport};
pub use once::Once;
pub(crate) use process::this_process;
pub use recap::{Few, Recap};
pub use rerun::{Rerun, rerun_warning};
pub use resume::Resume;
pub use secrets::SecretReport;
pub use start::Start;
#[cfg(feature = "cli")]
pub(crate) use stop::tear_down_resources;
pub use watch::Retold;
pub use why::words::{Part, Words};
pub use why::{Driver, Holder, Reason, Why, reasons_of};
pub use work::{CONCURRENCY, Work, WorkerRecord};

/// An open store and the flows of this program: starts runs and drives them.
///
/// Cheap to clone. Needs a tokio runtime of several threads or one.
#[derive(Debug, Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    outlines: Arc<outline::Outlines>,
    _open: Option<Arc<OpenEngine>>,
}

/// A run that goes on by itself, whether or not this is kept: dropping it stops nothing.
#[derive(Debug)]
pub struct RunHandle {
    /// Its id.
    pub id: RunId,
    /// Its name.
    pub name: String,
    stops: Stops,
    /// Not the engine itself: whoever keeps a handle does not keep the store open.
    shared: std::sync::Weak<Shared>,
    task: tokio::task::JoinHandle<Result<RunRecord>>,
}

impl RunHandle {
    /// Waits for the end of the run.
    ///
    /// # Errors
    /// If the store fails or another process has taken the run. A run that failed is no error here: see its record.
    pub async fn wait(self) -> Result<RunRecord> {
        self.task
            .await
            .unwrap_or_else(|error| Err(Error::new(ErrorKind::Panicked, error.to_string())))
    }
}

impl Engine {
    /// Opens the store at that address: `sqlite:PATH` is a file, `memory:` keeps nothing. Its settings are those of
    /// [`config`](crate::config).
    ///
    /// # Errors
    /// If the address is of no kind that this build knows, the store cannot be used, or a setting is wrong.
    pub async fn open(url: &str) -> Result<Self> {
        if url == "memory:" {
            let config = Config::of_store(None)?;
            return Ok(Self::on(Memory::open(options(&config)))?.with(&config));
        }
        #[cfg(feature = "sqlite")]
        if let Some(path) = url.strip_prefix("sqlite:") {
            let config = Config::of_store(Some(path.as_ref()))?;
            let store = crate::store::sqlite::open(path.as_ref(), options(&config));
            return Ok(Self::on(store.map_err(trouble)?)?.with(&config));
        }
        Err(Error::new(
            ErrorKind::Store,
            format!("`{url}` is no store that this build of flowrt can open"),
        )
        .hint("write `memory:` or `sqlite:PATH`"))
    }

    /// An engine on a store that somebody opened.
    ///
    /// # Errors
    /// If two flows or tasks of this program have one name.
    pub fn on(store: Arc<dyn Store>) -> Result<Self> {
        engine::warn_of_aborts();
        Self::with_clock(store, Clock::real(), true)
    }

    fn with(self, config: &Config) -> Self {
        self.shared.settings.apply(config);
        engine::retention::keep(&self.shared, &config.retention);
        notices::keep(&self.shared, &config.notices);
        self
    }

    pub(crate) fn with_clock(store: Arc<dyn Store>, clock: Clock, counted: bool) -> Result<Self> {
        let shared = Shared::new(store, clock, registry::flows()?, None);
        Ok(Self {
            shared,
            outlines: Arc::default(),
            _open: counted.then(|| Arc::new(OpenEngine::new())),
        })
    }

    /// An engine of a test: something stands around its bodies, and it does not count as open.
    pub(crate) fn in_test(
        store: Arc<dyn Store>,
        clock: Clock,
        around: Arc<dyn engine::Around>,
    ) -> Result<Self> {
        let shared = Shared::new(store, clock, registry::flows()?, Some(around));
        Ok(Self {
            shared,
            outlines: Arc::default(),
            _open: None,
        })
    }

    /// Runs a flow and gives its value.
    ///
    /// # Errors
    /// What made the run fail. The run and its record stay in the store.
    pub async fn run<M: Callable>(&self, call: TaskCall<M>) -> Result<M::Output> {
        let (meta, input) = call.into_parts()?;
        let record = self
            .start_meta(meta, named(meta, &input))
            .await?
            .wait()
            .await?;
        self.decoded(meta.name, &outcome(record)?)
    }

    /// Starts a flow. When this returns, the run is on the disk and will not be lost.
    ///
    /// # Errors
    /// If the call is not that of a flow, or the store does not accept it.
    pub async fn start<M: Callable>(&self, call: TaskCall<M>) -> Result<RunHandle> {
        let (meta, input) = call.into_parts()?;
        self.start_meta(meta, named(meta, &input)).await
    }

    /// Starts a flow by name with its parameters as a JSON object.
    ///
    /// # Errors
    /// If this program has no such flow, or a parameter is missing or does not fit.
    pub async fn start_named(&self, flow: &str, params: &serde_json::Value) -> Result<RunHandle> {
        self.start_with(flow, params, Start::default()).await
    }

    pub(crate) async fn start_meta(
        &self,
        meta: &'static Meta,
        input: Payload,
    ) -> Result<RunHandle> {
        let record = self.accept(meta, input, Start::default()).await?;
        self.take(&record, meta, None).await
    }

    /// Writes the start down, and does not drive the run yet.
    async fn accept(&self, meta: &'static Meta, input: Payload, start: Start) -> Result<RunRecord> {
        let accepted = self.accept_once(meta, input, start).await?;
        Ok(accepted.record)
    }

    /// The same, and whether that start was there already.
    async fn accept_once(&self, meta: &'static Meta, input: Payload, start: Start) -> Result<Once> {
        if meta.kind == Kind::Task {
            let message = format!("`{}` is a task; an engine runs flows", meta.name);
            return Err(Error::new(ErrorKind::Input, message).hint("call it from a #[flow]"));
        }
        start::refuse_later(meta)?;
        self.refuse_isolated(meta)?;
        let input = self.with_own_seals(input)?;
        let run = self.new_run(meta, input, start);
        let drawn = run.id;
        failpoint("ops::before_start");
        let record = self.shared.store.create_run(run).await.map_err(trouble)?;
        failpoint("ops::after_start");
        // Nobody else has drawn that id, whatever clocks say.
        let is_new = record.id == drawn;
        Ok(Once { record, is_new })
    }

    fn new_run(&self, meta: &Meta, input: Payload, start: Start) -> NewRun {
        let now = self.shared.clock.now();
        let (id, seed) = self.shared.clock.draw_run();
        let id = RunId(id);
        NewRun {
            id,
            name: start.name.unwrap_or_else(|| names::of(clock::random_u64())),
            flow: meta.name.to_owned(),
            input,
            parent: None,
            origin: None,
            idempotency_key: start.idempotency_key,
            seed,
            created: now,
            logical_time: start.logical_time.unwrap_or(now),
            build: engine::build::build().to_owned(),
            cache: start.cache,
            dispatch: start.dispatch,
            due: start.due,
            steps: Vec::new(),
        }
    }

    /// The flow of a run, which this program must have to drive it.
    fn flow_of(&self, record: &RunRecord) -> Result<&'static Meta> {
        let flow = self.shared.flows.get(record.flow.as_str());
        flow.copied()
            .ok_or_else(|| registry::unknown(&record.flow, &self.shared.flows))
    }

    async fn take(
        &self,
        record: &RunRecord,
        meta: &'static Meta,
        reopening: Option<Reopening>,
    ) -> Result<RunHandle> {
        failpoint("ops::before_claim");
        let claimed = match reopening {
            Some(changes) => again::reopen(&self.shared, record, changes).await?,
            None => again::claim(&self.shared, record).await?,
        };
        failpoint("ops::after_claim");
        let (id, name) = (claimed.id, claimed.name.clone());
        let stops = Stops::default();
        let shared = self.shared.clone();
        let task = tokio::spawn(engine::drive(shared, claimed, meta, 0, stops.clone()));
        Ok(RunHandle {
            id,
            name,
            stops,
            shared: Arc::downgrade(&self.shared),
            task,
        })
    }

    /// Sends a value to a run that waits, or will wait, for it by `receive`; if it went on in another, to that one.
    ///
    /// # Errors
    /// If the run is unknown or has ended.
    pub async fn signal(&self, run: RunId, name: &str, value: &serde_json::Value) -> Result<()> {
        let payload = Payload::from_json(value.to_string());
        let now = self.shared.clock.now();
        let store = &self.shared.store;
        loop {
            let run = self.last_of(run).await?.id;
            let sent = store.send_signal(run, name.to_owned(), payload.clone(), None, now);
            match sent.await {
                // It went on in another just now.
                Err(crate::store::Error::Ended(..)) => {
                    let last = self.last_of(run).await?;
                    if last.id == run {
                        return Err(signals::refused(&last));
                    }
                }
                sent => {
                    sent.map_err(trouble)?;
                    self.shared.changed.notify_waiters();
                    return Ok(());
                }
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    #[cfg(test)]
    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.shared.store
    }

    /// A value that a run gave; its handles read from this engine's store.
    pub(crate) fn decoded<T: DeserializeOwned>(&self, name: &str, value: &Payload) -> Result<T> {
        let source = Arc::new(engine::StoreSource(self.shared.store.clone()));
        reading_from(source, || decode_output(name, value))
    }

    /// One run.
    ///
    /// # Errors
    /// If the store does not know it.
    pub async fn record(&self, run: RunId) -> Result<RunRecord> {
        let record = self.shared.store.run(run).await.map_err(trouble)?;
        record.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("the store has no run {run}"))
                .hint("list them: runs ls")
        })
    }

    /// The run in which that one goes on by now (`continue_with`): itself, if it has not gone on in another.
    ///
    /// # Errors
    /// If the store does not know it.
    pub async fn last_of(&self, run: RunId) -> Result<RunRecord> {
        engine::last_of_chain(&self.shared, self.record(run).await?).await
    }

    /// The run of that name, or whose id starts so.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub async fn find(&self, reference: &str) -> Result<RunRecord> {
        let mut found = self
            .shared
            .store
            .find_runs(reference.to_owned())
            .await
            .map_err(trouble)?;
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(Error::new(
                ErrorKind::NotFound,
                format!("the store has no run `{reference}`"),
            )
            .hint("list them: runs ls")),
            n => Err(Error::new(
                ErrorKind::Input,
                format!("{n} runs begin with `{reference}`"),
            )
            .hint("write more of the id")),
        }
    }

    /// The flow of that name, if this program has it.
    pub fn flow(&self, name: &str) -> Option<&'static Meta> {
        self.shared.flows.get(name).copied()
    }

    /// The flows of this program, by name.
    pub fn flows(&self) -> Vec<&'static Meta> {
        let mut flows: Vec<_> = self.shared.flows.values().copied().collect();
        flows.sort_by_key(|meta| meta.name);
        flows
    }

    /// Runs, newest first.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn runs(&self, filter: RunFilter) -> Result<Vec<RunRecord>> {
        self.shared.store.list_runs(filter).await.map_err(trouble)
    }

    /// What is recorded of a run's inside.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn journal(&self, run: RunId) -> Result<Journal> {
        self.shared.store.journal(run).await.map_err(trouble)
    }
}

fn options(config: &Config) -> Options {
    Options {
        payload_bytes_max: config.payload_bytes_max,
        payload_inline_max: config.payload_inline_max,
        artifacts_max: config.artifacts_max,
        artifact_bytes_max: config.artifact_bytes_max,
        ..Options::new(this_process())
    }
}

fn open_memory() -> Arc<dyn Store> {
    Memory::open(Options::new(this_process()))
}

/// The value of a run that ended, or why there is none.
pub(crate) fn outcome(record: RunRecord) -> Result<Payload> {
    match (record.output, record.error) {
        (Some(output), _) => Ok(output),
        (None, Some(error)) => Err(Error::from_json(&error)),
        (None, None) if record.state == RunState::Completed => Err(Error::new(
            ErrorKind::NotFound,
            format!("the run in which {} went on was deleted", record.name),
        )),
        (None, None) => Err(Error::new(
            ErrorKind::Stopped,
            format!("the run {} ended as {}", record.name, record.state),
        )),
    }
}

fn standalone(
    meta: &'static Meta,
    input: Payload,
) -> futures_util::future::BoxFuture<'static, Result<Payload>> {
    Box::pin(async move {
        let engine = Engine::with_clock(open_memory(), Clock::real(), false)?;
        outcome(
            engine
                .start_meta(meta, named(meta, &input))
                .await?
                .wait()
                .await?,
        )
    })
}

inventory::submit! { Standalone(standalone) }
