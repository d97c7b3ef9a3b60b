//! What the deployment of a run says in place of its flow.

use super::{Shared, patiently, trouble};
use crate::author::meta::Meta;
use crate::error::Result;
use crate::model::deployment::RunLimit;
use crate::model::record::{Micros, RunRecord};

/// What holds for one drive of a run. A deployment that changes meanwhile holds from the next drive on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// How many runs of the deployment may go on at once.
    pub(super) limit: Option<RunLimit>,
    /// Attempts after the first.
    pub(super) retries: u32,
    /// Of the whole run.
    pub(super) timeout: Option<Micros>,
}

/// The terms of a run. One whose deployment is gone has those of its flow.
pub(super) async fn of(shared: &Shared, record: &RunRecord, meta: &Meta) -> Result<Terms> {
    let mut terms = Terms {
        limit: None,
        retries: meta.flow.retries,
        timeout: meta.flow.timeout.map(crate::clock::micros),
    };
    let Some(name) = &record.dispatch.deployment else {
        return Ok(terms);
    };
    let found = patiently(|| shared.store.deployment_alone(name.clone())).await;
    if let Some(there) = found.map_err(trouble)? {
        let deployment = there.deployment;
        // A backfill has a concurrency of its own, and must not keep the runs of today waiting.
        terms.limit = deployment
            .limit
            .filter(|_| record.dispatch.backfill.is_none());
        terms.retries = deployment.retries.unwrap_or(terms.retries);
        terms.timeout = deployment.timeout.or(terms.timeout);
    }
    Ok(terms)
}
