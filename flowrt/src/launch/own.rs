//! Runs that live in a process of their own, wherever others of their worker live: their deployment wants variables or a
//! folder, and a process has one set of them for all runs in it.

use std::collections::HashMap;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Claimed, Kind, USUAL, kind};
use crate::engine::unlaunched;
use crate::error::{Error, ErrorKind, Result};
use crate::model::deployment::Surroundings;
use crate::model::record::RunRecord;
use crate::model::state::RunState;
use crate::store::{self, Store};

/// The kind that gives a run a process of its own.
const PROCESS: &str = "process";

/// What deployments want for the processes of their runs, as far as somebody has asked.
#[derive(Debug, Default)]
pub(crate) struct Own {
    /// Of what is known: a deploy raises it.
    revision: u64,
    known: HashMap<String, Option<Surroundings>>,
}

impl Own {
    /// What the deployment of that run wants now; nothing if it is gone.
    ///
    /// # Errors
    /// If the store fails.
    pub(crate) async fn of(
        &mut self,
        store: &dyn Store,
        record: &RunRecord,
    ) -> Result<Option<Surroundings>, store::Error> {
        let Some(name) = &record.dispatch.deployment else {
            return Ok(None);
        };
        let revision = store.deployments_revision().await?;
        if revision != self.revision {
            self.known.clear();
            self.revision = revision;
        }
        if let Some(known) = self.known.get(name) {
            return Ok(known.clone());
        }
        let found = store.deployment_alone(name.clone()).await?;
        let wants = found.and_then(|found| found.deployment.surroundings());
        self.known.insert(name.clone(), wants.clone());
        Ok(wants)
    }
}

/// Drives the run where its worker has its runs, or in a process of its own if its deployment wants something for that.
pub(crate) fn drive(usual: &Kind, claimed: Claimed) -> BoxFuture<'static, Result<()>> {
    if claimed.surroundings.is_none() || usual.name != USUAL {
        return (usual.drive)(claimed);
    }
    match kind(PROCESS) {
        Ok(kind) => (kind.drive)(claimed),
        Err(_) => async move { refuse(&claimed, &no_process(&claimed.record)).await }.boxed(),
    }
}

/// Ends a run whose process cannot be as its deployment wants it: to try again would be no use.
pub(super) async fn refuse(claimed: &Claimed, error: &Error) -> Result<()> {
    let (shared, record) = (&claimed.shared, &claimed.record);
    tracing::warn!(run = %record.name, %error, "a run has failed before it could begin");
    let end = (RunState::Failed, error);
    unlaunched::end_here(shared, record.clone(), claimed.meta, end, &claimed.stops).await
}

pub(super) fn no_process(record: &RunRecord) -> Error {
    let deployment = record.dispatch.deployment.as_deref().unwrap_or_default();
    let message = format!(
        "the deployment `{deployment}` has `job_variables` for the process of a run, and this program cannot start one"
    );
    Error::new(ErrorKind::Misuse, message)
        .hint("a program made by `flowrt::main!()` on Unix, with the feature `isolate`, can")
}
