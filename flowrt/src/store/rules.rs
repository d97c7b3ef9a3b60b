//! What every store refuses: the checks that must not differ between them.

use super::queue::Rest;
use super::{Ending, Error, Reopening};
use crate::model::ids::RunId;
use crate::model::record::{ASIDE, Micros, NewRun, RunRecord, StepRecord};
use crate::model::state::RunState;

/// How many runs `find_runs` returns at most.
pub(super) const FOUND_AT_MOST: usize = 10;

/// Whether a write under `epoch` still counts.
pub(super) fn check_owned(
    run: RunId,
    epoch: u64,
    current: u64,
    state: RunState,
    has_owner: bool,
) -> Result<(), Error> {
    if epoch != current {
        return Err(Error::LeaseLost);
    }
    if state.is_final() || state.needs_person() {
        return Err(Error::Ended(run, state));
    }
    // A run that nobody claimed has an epoch too, but no writer.
    if has_owner {
        Ok(())
    } else {
        Err(Error::LeaseLost)
    }
}

/// Whether a run in this state can be taken up again.
pub(super) fn check_reopenable(
    run: RunId,
    state: RunState,
    changes: &Reopening,
) -> Result<(), Error> {
    // A flow that waits for its own next attempt takes its records up again as a run that ended does.
    if !state.is_final() && !state.needs_person() && state != RunState::Retrying {
        return Err(Error::Conflict(format!(
            "run {run} has not ended, it is {state}"
        )));
    }
    let is_done = matches!(state, RunState::Completed | RunState::Skipped);
    if state.may_become(RunState::Running) && (!is_done || changes.completed) {
        Ok(())
    } else {
        Err(Error::Ended(run, state))
    }
}

/// The table of transitions holds for whoever writes.
pub(super) fn check_transition(run: RunId, from: RunState, to: RunState) -> Result<(), Error> {
    if from == to || from.may_become(to) {
        Ok(())
    } else {
        Err(Error::Conflict(format!(
            "run {run} is {from} and cannot become {to}"
        )))
    }
}

/// The state of a run in this state once a process has taken it: a cancel that was acknowledged stays so.
pub(super) fn taken(state: RunState) -> RunState {
    if state == RunState::Cancelling {
        state
    } else {
        RunState::Running
    }
}

/// `set_state` must not end a run: that would leave its owner and its waits behind.
pub(super) fn check_going_on(state: RunState) -> Result<RunState, Error> {
    if state.is_final() || state.needs_person() {
        return Err(Error::Failed(format!(
            "set_state cannot make a run {state}: finish does"
        )));
    }
    Ok(state)
}

/// `finish` must end or stop a run.
pub(super) fn check_ending(state: RunState) -> Result<(), Error> {
    if state.is_final() || state.needs_person() {
        Ok(())
    } else {
        Err(Error::Failed(format!("finish cannot leave a run {state}")))
    }
}

/// When a worker may take a run that ends or stops so.
pub(super) fn due_after(ending: &Ending, is_left_to_workers: bool) -> Option<Micros> {
    (is_left_to_workers && ending.state == RunState::Interrupted).then_some(ending.at)
}

/// When a run that rests is due: at once if something came that nobody has seen.
pub(super) fn due_at_rest(rest: &Rest, signals: u64, is_cancelled: bool) -> Option<Micros> {
    if signals > rest.signals || is_cancelled {
        Some(rest.at)
    } else {
        rest.due
    }
}

/// How a run ends that goes on in another.
pub(super) fn continued(at: Micros) -> Ending {
    Ending {
        state: RunState::Completed,
        output: None,
        error: None,
        at,
    }
}

/// Writing a step again is no error if it says the same. Only whether it is tolerated may change: that is known later.
pub(super) fn check_same_step(there: &StepRecord, new: &StepRecord) -> Result<(), Error> {
    let same = if there.tolerated == new.tolerated {
        there == new
    } else {
        let there = StepRecord {
            tolerated: new.tolerated,
            ..there.clone()
        };
        there == *new
    };
    if same {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "completion {} is {} ({}), not {} ({})",
        new.seq, there.step, there.state, new.step, new.state
    )))
}

/// The error for a record that is to be reused and is not there.
pub(super) fn nothing_to_reuse(from: u64, step: &StepRecord) -> Error {
    Error::Conflict(format!(
        "{} reuses completion {from}, which is not there",
        step.step
    ))
}

/// What is added to the numbers of a drive when its records are set aside, above what older drives left there.
pub(super) fn aside_offset(highest_aside: Option<u64>) -> u64 {
    highest_aside.map_or(ASIDE, |highest| highest + 1)
}

impl NewRun {
    /// When a worker may take it first.
    fn first_due(&self) -> Option<Micros> {
        let is_left = self.dispatch.queue.is_some();
        is_left.then(|| self.due.unwrap_or(self.created))
    }

    /// The record of this run at the moment of its acceptance.
    pub(super) fn accept(&self, name: String) -> RunRecord {
        let due = self.first_due();
        let is_later = due.is_some_and(|due| due > self.created);
        RunRecord {
            id: self.id,
            name,
            flow: self.flow.clone(),
            input: self.input.clone(),
            parent: self.parent.clone(),
            origin: self.origin,
            idempotency_key: self.idempotency_key.clone(),
            seed: self.seed,
            created: self.created,
            logical_time: self.logical_time,
            build: self.build.clone(),
            cache: self.cache,
            dispatch: self.dispatch.clone(),
            due,
            state: if is_later {
                RunState::Scheduled
            } else {
                RunState::Pending
            },
            epoch: 0,
            owner: None,
            crashes: 0,
            attempt: 1,
            started: None,
            finished: None,
            output: None,
            error: None,
            cancel_requested: None,
        }
    }
}
