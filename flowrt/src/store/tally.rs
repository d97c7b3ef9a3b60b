//! How a step counts in a run's summary.

use crate::model::record::{StepKind, TaskCounts};
use crate::model::state::TaskState;

/// Adds one recorded step. Waits, races and fan-outs as a whole do not count.
pub(super) fn add_step(counts: &mut TaskCounts, kind: StepKind, state: TaskState, reused: bool) {
    if !matches!(kind, StepKind::Task | StepKind::Flow | StepKind::Node) {
        return;
    }
    counts.total += 1;
    counts.completed += u64::from(state.is_success());
    counts.cached += u64::from(state == TaskState::Cached);
    counts.reused += u64::from(reused);
    counts.failed += u64::from(state.is_failure());
    counts.skipped += u64::from(matches!(state, TaskState::Skipped | TaskState::Cancelled));
}
