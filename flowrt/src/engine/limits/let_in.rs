//! What is on record of the bounds that have let a run in: one that comes back after a death or an interrupt is no new
//! arrival, whatever became of its place meanwhile.

use crate::author::meta::Meta;
use crate::engine::{Shared, patiently, trouble};
use crate::error::Result;
use crate::model::record::{Entry, RunRecord, WaitRecord};
use crate::store::Durability;

/// The kind of the note. It stays as long as the run's waits do: until the run ends.
const KIND: &str = "entered";

/// The bounds of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Flow,
    Deployment,
}

impl By {
    const ALL: [Self; 2] = [Self::Deployment, Self::Flow];

    const fn step(self) -> &'static str {
        match self {
            Self::Flow => "(entered flow)",
            Self::Deployment => "(entered deployment)",
        }
    }
}

/// Which bounds have let the run in.
pub(super) async fn by(shared: &Shared, record: &RunRecord) -> Result<Vec<By>> {
    // Nothing is recorded of a run before it was claimed for the first time.
    if record.epoch <= 1 {
        return Ok(Vec::new());
    }
    let journal = patiently(|| shared.store.journal(record.id))
        .await
        .map_err(trouble)?;
    let noted = |by: &By| journal.waits.iter().any(|wait| wait.step == by.step());
    Ok(By::ALL.into_iter().filter(noted).collect())
}

/// Notes that a bound has let the run in.
pub(super) async fn note(shared: &Shared, record: &RunRecord, by: By) -> Result<()> {
    write(shared, record, &[by]).await
}

/// Notes it of a run that somebody takes up again after its end: who asks for it does not want it to be turned away.
pub(in crate::engine) async fn note_again(shared: &Shared, record: &RunRecord) -> Result<()> {
    let meta: Option<&Meta> = shared.flows.get(record.flow.as_str()).copied();
    let is_bounded = |by: &By| match by {
        By::Flow => meta.is_some_and(|meta| meta.flow.max_runs.is_some()),
        By::Deployment => record.dispatch.deployment.is_some(),
    };
    let bounds: Vec<By> = By::ALL.into_iter().filter(is_bounded).collect();
    if bounds.is_empty() {
        return Ok(());
    }
    write(shared, record, &bounds).await
}

async fn write(shared: &Shared, record: &RunRecord, bounds: &[By]) -> Result<()> {
    let wait = |by: &By| {
        Entry::Wait(WaitRecord {
            step: by.step().to_owned(),
            kind: KIND.to_owned(),
            due: None,
            detail: serde_json::Value::Null,
        })
    };
    let entries: Vec<Entry> = bounds.iter().map(wait).collect();
    let (store, run, epoch) = (&shared.store, record.id, record.epoch);
    patiently(|| store.record(run, epoch, entries.clone(), Durability::Soon))
        .await
        .map_err(trouble)
}
