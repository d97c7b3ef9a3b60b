//! States as the page shows them: a sign, a tone and a word, so that colour is never the only one.

use crate::draw::label::words;
use crate::model::backfill::BackfillState;
use crate::model::state::{RunState, TaskState};

/// The sign, tone and word of a run's state in HTML.
pub(super) fn of_run(state: RunState) -> String {
    html(run_tone(state), run_sign(state), &words(state.as_str()))
}

/// The sign, tone and word of a task's state in HTML.
pub(super) fn of_task(state: TaskState) -> String {
    html(task_tone(state), task_sign(state), &words(state.as_str()))
}

/// The sign, tone and word of a backfill's state in HTML.
pub(super) fn of_backfill(state: BackfillState) -> String {
    match state {
        BackfillState::Running => html("busy", "running", "running"),
        BackfillState::Paused => html("held", "parked", "paused"),
        BackfillState::Cancelling => html("busy", "running", "cancelling"),
        BackfillState::Cancelled => html("idle", "skipped", "cancelled"),
        BackfillState::Done => html("good", "done", "done"),
        BackfillState::Failed => html("bad", run_sign(RunState::Failed), "failed"),
    }
}

fn html(tone: &str, sign: &str, word: &str) -> String {
    format!(
        "<span class=\"state {tone}\"><svg class=\"sign\" aria-hidden=\"true\"><use href=\"#sign-{sign}\"/></svg>{word}</span>"
    )
}

/// What a state means to somebody who has no time: it is good, bad, live, waits, needs a person, or is nothing.
pub(super) const fn run_tone(state: RunState) -> &'static str {
    match state {
        RunState::Completed => "good",
        RunState::Failed | RunState::TimedOut | RunState::Crashed => "bad",
        RunState::Running | RunState::Cancelling => "busy",
        RunState::Waiting | RunState::Retrying => "wait",
        RunState::Parked | RunState::Interrupted => "held",
        _ => "idle",
    }
}

/// As [`run_tone`], of a task.
pub(super) const fn task_tone(state: TaskState) -> &'static str {
    match state {
        TaskState::Completed | TaskState::Cached => "good",
        TaskState::Failed | TaskState::TimedOut | TaskState::Crashed => "bad",
        TaskState::Running => "busy",
        TaskState::Waiting | TaskState::Retrying => "wait",
        _ => "idle",
    }
}

const fn run_sign(state: RunState) -> &'static str {
    match state {
        RunState::Completed => "done",
        RunState::Failed | RunState::TimedOut | RunState::Crashed => "failed",
        RunState::Running | RunState::Cancelling => "running",
        RunState::Waiting => "waiting",
        RunState::Retrying => "retrying",
        RunState::Parked | RunState::Interrupted => "parked",
        RunState::Cancelled | RunState::Skipped => "skipped",
        _ => "pending",
    }
}

const fn task_sign(state: TaskState) -> &'static str {
    match state {
        TaskState::Completed | TaskState::Cached => "done",
        TaskState::Failed | TaskState::TimedOut | TaskState::Crashed => "failed",
        TaskState::Running => "running",
        TaskState::Waiting => "waiting",
        TaskState::Retrying => "retrying",
        TaskState::Cancelled | TaskState::Skipped | TaskState::UpstreamFailed => "skipped",
        _ => "pending",
    }
}
