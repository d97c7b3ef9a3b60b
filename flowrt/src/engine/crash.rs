//! Runs that kill their process again and again, and runs that nobody drives any more.

use super::{Shared, patiently};
use crate::error::{Error, ErrorKind, Result};
use crate::model::ids::RunId;
use crate::model::payload::Payload;
use crate::model::record::{Journal, RunRecord};
use crate::model::state::RunState;
use crate::store::{self, Ending, RunFilter};

/// The kind of the note that a body begins. Written only once a process has died, so that a loop knows its cause.
pub(super) const UNDER_WAY: &str = "attempt";

/// Whether the deaths are a run's own. One that only waited for its children is not: what they record is progress that
/// its own record does not show, and one of them that kills its process is ended for it.
pub(super) fn is_to_blame(journal: &Journal) -> bool {
    let of_kind = |kind| journal.waits.iter().any(|wait| wait.kind == kind);
    of_kind(UNDER_WAY) || !of_kind("child")
}

/// Says once that a panic of a body is no failed attempt in this program.
pub(crate) fn warn_of_aborts() {
    static SAID: std::sync::Once = std::sync::Once::new();
    if cfg!(panic = "abort") {
        SAID.call_once(|| {
            tracing::warn!("this program is built with `panic = \"abort\"`: a panic kills the process and every run in it, instead of failing one attempt");
        });
    }
}

/// Whether a run that is claimed now may be what killed its process. One that only waited is not to blame: else the
/// deaths that one run causes would end all that wait beside it.
pub(crate) fn may_have_crashed(record: &RunRecord) -> bool {
    record.owner.is_some() && record.state.is_at_work()
}

/// What a run ends with whose process has died too often.
pub(super) fn error(shared: &Shared, record: &RunRecord, journal: &Journal) -> Error {
    died_too_often(
        &record.name,
        record.crashes,
        &under_way(journal),
        shared.settings.crashes_max(),
        cfg!(panic = "abort"),
    )
}

/// Ends what nobody drives of a run and of all below it: its process died after a cancel, or before it could cancel
/// them. What another process drives ends by itself. With `here`, also what this process owns and does not drive, which
/// somebody who has just claimed it may be about to.
pub(crate) async fn end_orphan(
    shared: &Shared,
    root: RunId,
    here: bool,
) -> Result<(), store::Error> {
    let mut left = vec![root];
    while let Some(id) = left.pop() {
        if let Some(record) = patiently(|| shared.store.run(id)).await? {
            end_if_orphan(shared, &record, here).await?;
        }
        left.extend(unfinished_below(shared, id).await?);
    }
    Ok(())
}

/// The child runs of a run that have not ended.
pub(super) async fn unfinished_below(
    shared: &Shared,
    parent: RunId,
) -> Result<Vec<RunId>, store::Error> {
    let states = RunState::ALL.iter().copied();
    let filter = RunFilter {
        parent: Some(parent),
        states: states.filter(|state| !state.is_final()).collect(),
        ..RunFilter::default()
    };
    let runs = patiently(|| shared.store.list_runs(filter.clone())).await?;
    Ok(runs.into_iter().map(|run| run.id).collect())
}

async fn end_if_orphan(
    shared: &Shared,
    record: &RunRecord,
    here: bool,
) -> Result<(), store::Error> {
    if record.state.is_final() {
        return Ok(());
    }
    let store = &shared.store;
    let now = shared.clock.now();
    let Some(owner) = record.owner else {
        patiently(|| store.request_cancel(record.id, now)).await?;
        return Ok(());
    };
    let is_driven = if owner == store.process() {
        !here || shared.active.holds(record.id)
    } else {
        store.is_alive(owner)
    };
    if is_driven {
        return Ok(());
    }
    let claimed = patiently(|| store.claim(record.id, record.epoch, false, now)).await;
    let Some(claimed) = unless_somebody_was_faster(claimed, None)? else {
        return Ok(());
    };
    let error = Error::new(
        ErrorKind::Cancelled,
        "the run was cancelled after its process had died",
    );
    let ended = finish(shared, &claimed, RunState::Cancelled, &error).await;
    unless_somebody_was_faster(ended, ())
}

/// Whoever took or ended an orphan meanwhile has done what was to be done.
fn unless_somebody_was_faster<T>(
    answer: Result<T, store::Error>,
    done: T,
) -> Result<T, store::Error> {
    match answer {
        Err(store::Error::LeaseLost | store::Error::Ended(..)) => Ok(done),
        answer => answer,
    }
}

async fn finish(
    shared: &Shared,
    record: &RunRecord,
    state: RunState,
    error: &Error,
) -> Result<(), store::Error> {
    let ending = Ending {
        state,
        output: None,
        error: Some(Payload::from_json(error.to_json())),
        at: shared.clock.now(),
    };
    patiently(|| {
        shared
            .store
            .finish(record.id, record.epoch, Vec::new(), ending.clone())
    })
    .await?;
    shared.events.ends(record.id, &ending);
    Ok(())
}

/// The steps that had begun when the process died.
fn under_way(journal: &Journal) -> Vec<&str> {
    journal
        .waits
        .iter()
        .filter(|wait| matches!(wait.kind.as_str(), UNDER_WAY | "child"))
        .map(|wait| wait.step.as_str())
        .collect()
}

fn died_too_often(name: &str, crashes: u32, steps: &[&str], max: u32, aborts: bool) -> Error {
    let steps: Vec<_> = steps.iter().map(|step| format!("`{step}`")).collect();
    let cause = if steps.is_empty() {
        "no step was under way, so the flow's own code may be the cause".to_owned()
    } else {
        format!("under way when it died: {}", steps.join(", "))
    };
    let error = Error::new(
        ErrorKind::Crashed,
        format!(
            "its process died {crashes} times in a row without recording a step, more than allowed (crashes_max = {max}); {cause}"
        ),
    );
    let resume = format!("runs resume {name}");
    error.hint(if aborts {
        format!("this program is built with `panic = \"abort\"`, so a panic kills the process: take that out of its profile, then {resume}")
    } else {
        format!("mend what kills the process (abort, stack overflow, out of memory, kill -9), then {resume}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_names_the_steps_and_what_aborts_do() {
        let error = died_too_often("nightly", 4, &["load", "b1/sum"], 3, false);
        assert_eq!(error.kind(), ErrorKind::Crashed);
        assert!(error.message().contains("died 4 times"), "{error}");
        assert!(error.message().contains("`load`, `b1/sum`"), "{error}");
        let hint = died_too_often("nightly", 4, &[], 3, true);
        assert!(
            hint.try_this()
                .is_some_and(|hint| hint.contains("panic = \"abort\""))
        );
    }
}
