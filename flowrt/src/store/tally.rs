//! How steps count in a run's summary.

use crate::model::record::{StepKind, TaskCounts};
use crate::model::state::TaskState;

/// Adds recorded steps that are alike. Waits, races and fan-outs as a whole do not count. Every counted step is one of
/// completed, failed and skipped; the cached and the reused ones are among the completed.
pub(super) fn add_steps(
    counts: &mut TaskCounts,
    kind: StepKind,
    state: TaskState,
    is_reused: bool,
    number: u64,
) {
    if !matches!(kind, StepKind::Task | StepKind::Flow | StepKind::Node) {
        return;
    }
    let if_so = |so: bool| if so { number } else { 0 };
    counts.total += number;
    counts.completed += if_so(state.is_success());
    counts.cached += if_so(state == TaskState::Cached);
    counts.reused += if_so(is_reused && state != TaskState::Cached);
    counts.failed += if_so(state.is_failure());
    counts.skipped += if_so(matches!(state, TaskState::Skipped | TaskState::Cancelled));
}
