//! What holds a run that is left to workers.

use super::{Reason, Why};
use crate::model::record::{Micros, RunRecord};
use crate::model::state::RunState;
use crate::store::queue::WorkerRecord;

/// Puts what is true of the queue in place of what would be true of a run that nobody takes by himself.
pub(super) fn tell(
    reasons: &mut Vec<Reason>,
    record: &RunRecord,
    workers: &[WorkerRecord],
    now: Micros,
) {
    let Some(queue) = &record.dispatch.queue else {
        return;
    };
    let is_stopped = record.state.is_final() || record.state == RunState::Parked;
    if is_stopped || record.owner.is_some() {
        return;
    }
    reasons.retain(|reason| !matches!(reason.why, Why::NotTaken | Why::Interrupted));
    if let Some(why) = of(record, queue, workers, now) {
        let reason = Reason {
            run: record.id,
            name: record.name.clone(),
            step: None,
            why,
        };
        reasons.insert(0, reason);
    }
}

fn of(record: &RunRecord, queue: &str, workers: &[WorkerRecord], now: Micros) -> Option<Why> {
    // Without a time it waits for a signal, which its waits tell.
    let due = record.due?;
    if due > now {
        let has_begun = record.state == RunState::Waiting;
        return (!has_begun).then_some(Why::Scheduled { due });
    }
    let queue = queue.to_owned();
    let listening = || {
        let all = workers.iter();
        all.filter(|worker| worker.queues.contains(&queue) && !worker.draining)
    };
    let knowing = || listening().filter(|worker| worker.flows.contains(&record.flow));
    if listening().next().is_none() {
        return Some(Why::NoWorker { queue });
    }
    if knowing().next().is_none() {
        return Some(Why::UnknownFlow {
            flow: record.flow.clone(),
            queue,
        });
    }
    let of_build = knowing().any(|worker| worker.build == record.build);
    let of_others = knowing().any(|worker| worker.build != record.build);
    if record.started.is_some() && of_build && of_others {
        return Some(Why::OtherBuild {
            build: record.build.clone(),
        });
    }
    let workers = knowing().count();
    Some(Why::Queued { queue, workers })
}
