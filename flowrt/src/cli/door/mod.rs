//! Where runs are: in a store that this program opens, or behind a server (`--server`). The verbs do not know which, so none
//! is written twice.

mod deployed;
#[cfg(feature = "serve")]
mod far;
#[cfg(feature = "serve")]
mod http;
mod kept;
#[cfg(feature = "serve")]
mod stream;

use std::ops::Deref;

use clap::ArgMatches;

use super::store_place;
use crate::author::meta::Meta;
use crate::error::Result;
use crate::model::artifact::ArtifactRecord;
use crate::model::digest::ErrorDigest;
use crate::model::ids::RunId;
use crate::model::plan::How;
use crate::model::record::{LogLine, Micros, RunRecord, TaskCounts};
use crate::ops::inspect::Step;
use crate::ops::outline::Outlined;
use crate::ops::signals::Awaited;
use crate::ops::view::{PlanView, RunView};
use crate::ops::{Engine, Imported, LogFilter, Reason, Recap, Resume, RunFilter};
#[cfg(feature = "serve")]
pub(super) use far::{Far, only_here};
#[cfg(feature = "serve")]
pub(super) use stream::Stream;

/// The way to the runs.
#[derive(Debug, Clone)]
pub(super) enum Door {
    /// A store of this process.
    Here(Engine),
    /// A server.
    #[cfg(feature = "serve")]
    There(Far),
}

/// A run and what is known of it besides its record.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// The run.
    pub(super) record: RunRecord,
    /// How many of its tasks have which outcome.
    pub(super) tasks: TaskCounts,
    /// Its process is gone, and nobody has taken it since.
    pub(super) is_orphaned: bool,
}

impl Deref for Seen {
    type Target = RunRecord;
    fn deref(&self) -> &RunRecord {
        &self.record
    }
}

impl Seen {
    /// As programs read it.
    pub(super) fn view(&self) -> RunView {
        RunView::of(&self.record, &self.tasks, self.is_orphaned)
    }
}

/// What a far door does otherwise than a near one.
#[cfg(feature = "serve")]
macro_rules! at {
    ($door:expr, $engine:ident => $here:expr, $far:ident => $there:expr) => {
        match $door {
            Door::Here($engine) => $here,
            Door::There($far) => $there,
        }
    };
}
#[cfg(not(feature = "serve"))]
macro_rules! at {
    ($door:expr, $engine:ident => $here:expr, $far:ident => $there:expr) => {
        match $door {
            Door::Here($engine) => $here,
        }
    };
}

use at;

/// The door to write through: a store, which is made if it is not there, or the server that somebody names.
///
/// # Errors
/// If the store cannot be used, or the server's address is none.
pub(super) async fn open(matches: &ArgMatches) -> Result<Door> {
    #[cfg(feature = "serve")]
    if let Some(far) = far::named(matches)? {
        return Ok(Door::There(far));
    }
    store_place::open(matches).await.map(Door::Here)
}

/// The door to read through: a store that is there, or the server that somebody names.
///
/// # Errors
/// If the store cannot be used, or the server's address is none.
pub(super) async fn open_existing(matches: &ArgMatches) -> Result<Door> {
    #[cfg(feature = "serve")]
    if let Some(far) = far::named(matches)? {
        return Ok(Door::There(far));
    }
    store_place::open_existing(matches).await.map(Door::Here)
}

/// The server that somebody names; none if runs are in a store.
///
/// # Errors
/// If its address is none.
#[cfg(feature = "serve")]
pub(super) fn server(matches: &ArgMatches) -> Result<Option<Far>> {
    far::named(matches)
}

/// `--server`, understood by every command.
#[cfg(feature = "serve")]
pub(super) fn arg() -> clap::Arg {
    far::arg()
}

impl Door {
    /// The store that this program opened.
    ///
    /// # Errors
    /// If runs are behind a server, where the verb is not known yet.
    pub(super) fn here(&self) -> Result<&Engine> {
        at!(self, engine => Ok(engine), _far => Err(far::only_here()))
    }

    async fn seen(engine: &Engine, record: RunRecord) -> Result<Seen> {
        let tasks = engine.task_counts(vec![record.id]).await?;
        Ok(Seen {
            tasks: tasks.first().copied().unwrap_or_default(),
            is_orphaned: engine.is_orphaned(&record),
            record,
        })
    }

    /// Runs, newest first.
    pub(super) async fn runs(&self, filter: RunFilter) -> Result<Vec<Seen>> {
        at!(self, engine => {
            let records = engine.runs(filter).await?;
            let ids = records.iter().map(|record| record.id).collect();
            let counts = engine.task_counts(ids).await?;
            let seen = records.into_iter().zip(counts).map(|(record, tasks)| Seen {
                is_orphaned: engine.is_orphaned(&record),
                record,
                tasks,
            });
            Ok(seen.collect())
        }, far => far.runs(filter).await)
    }

    /// The run of that name, or whose id starts so.
    pub(super) async fn find(&self, reference: &str) -> Result<Seen> {
        at!(self, engine => Self::seen(engine, engine.find(reference).await?).await,
            far => far.run(reference).await)
    }

    /// The run of that id.
    pub(super) async fn run(&self, run: RunId) -> Result<Seen> {
        at!(self, engine => Self::seen(engine, engine.record(run).await?).await,
            far => far.run(&run.to_string()).await)
    }

    /// The run in which that one goes on by now.
    pub(super) async fn last_of(&self, run: RunId) -> Result<Seen> {
        at!(self, engine => Self::seen(engine, engine.last_of(run).await?).await,
            far => far.last_of(run).await)
    }

    /// Its steps.
    pub(super) async fn steps(&self, run: RunId) -> Result<Vec<Step>> {
        at!(self, engine => engine.steps(run).await, far => far.steps(run).await)
    }

    /// What a person reads of its steps.
    pub(super) async fn outline(&self, run: &Seen) -> Result<Outlined> {
        at!(self, engine => engine.outline(run).await, far => far.outline(run).await)
    }

    /// What its last lines say of its steps.
    pub(super) async fn recap(&self, run: &RunRecord) -> Result<Recap> {
        at!(self, engine => engine.recap(run).await, far => far.recap(run.id).await)
    }

    /// The flows of this program.
    pub(super) fn flows(&self) -> Vec<&'static Meta> {
        at!(self, engine => engine.flows(), far => far.flows())
    }

    /// The clock.
    pub(super) fn now(&self) -> Micros {
        at!(self, engine => engine.now(), _far => crate::clock::Clock::real().now())
    }

    /// A page of log lines, and the cursor after it.
    pub(super) async fn logs(
        &self,
        run: RunId,
        filter: LogFilter,
    ) -> Result<(Vec<LogLine>, Option<i64>)> {
        at!(self, engine => {
            let lines = engine.logs(run, filter).await?;
            let next = lines.last().map(|(cursor, _)| *cursor);
            Ok((lines.into_iter().map(|(_, line)| line).collect(), next))
        }, far => far.logs(run, filter).await)
    }

    /// A process drives the run, and it has not ended.
    pub(super) async fn goes_on(&self, run: RunId) -> Result<bool> {
        at!(self, engine => crate::ops::Retold::new(run).goes_on(engine).await, far => {
            let seen = far.run(&run.to_string()).await?;
            Ok(!seen.state.is_final() && !seen.state.needs_person() && !seen.is_orphaned)
        })
    }

    /// Why it does not go on.
    pub(super) async fn why(&self, run: RunId) -> Result<Vec<Reason>> {
        at!(self, engine => engine.why(run).await, far => far.why(run).await)
    }

    /// The few lines that explain why it did not complete.
    pub(super) async fn digest(&self, record: &RunRecord) -> Result<Option<ErrorDigest>> {
        at!(self, engine => engine.digest(record).await, far => far.digest(record.id).await)
    }

    /// What it has published.
    pub(super) async fn artifacts(&self, run: RunId) -> Result<Vec<ArtifactRecord>> {
        at!(self, engine => engine.artifacts(run).await, far => far.artifacts(run).await)
    }

    /// Where it came from, if it was imported.
    pub(super) async fn imported(&self, run: RunId) -> Result<Option<Imported>> {
        at!(self, engine => engine.imported(run).await, _far => {
            let _ = run;
            Ok(None)
        })
    }

    /// Asks it to stop.
    pub(super) async fn cancel(&self, run: RunId) -> Result<()> {
        at!(self, engine => engine.cancel(run).await, far => far.cancel(run).await)
    }

    /// The signals that it waits for.
    pub(super) async fn awaited(&self, run: RunId) -> Result<Awaited> {
        at!(self, engine => engine.awaited(run).await, far => {
            Ok(Awaited::of(run, &far.why(run).await?))
        })
    }

    /// Sends a signal.
    pub(super) async fn signal(
        &self,
        run: RunId,
        name: &str,
        value: &serde_json::Value,
    ) -> Result<()> {
        at!(self, engine => engine.signal(run, name, value).await,
            far => far.signal(run, name, value).await)
    }

    /// What a resume would do.
    pub(super) async fn plan_resume(&self, run: RunId, resume: Resume) -> Result<(How, PlanView)> {
        at!(self, engine => {
            let record = engine.record(run).await?;
            let (how, plan) = engine.plan_resume(run, resume).await?;
            Ok((how, PlanView::of(&record, how, &plan)))
        }, far => far.plan_resume(run, resume).await)
    }
}
