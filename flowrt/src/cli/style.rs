//! Colour on a terminal that wants it, and the sign of every state, so that colour is never the only one.

use std::io::IsTerminal;

use crate::model::state::{RunState, TaskState};

/// The sign of a run's state.
pub(super) const fn run_sign(state: RunState) -> &'static str {
    match state {
        RunState::Scheduled | RunState::Pending => "○",
        RunState::Running | RunState::Cancelling => "●",
        RunState::Retrying => "↻",
        RunState::Waiting => "◷",
        RunState::Completed => "✓",
        RunState::Failed | RunState::TimedOut | RunState::Crashed => "✗",
        RunState::Cancelled | RunState::Skipped => "⊘",
        RunState::Parked | RunState::Interrupted => "⏸",
    }
}

/// Whether stdout is a terminal whose owner wants colour.
pub(super) fn has_colour() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    !refused && !is_dumb && std::io::stdout().is_terminal()
}

/// The text with the colour of its sign's state.
pub(super) fn coloured(sign: &str) -> String {
    let code = match sign {
        "✓" => "32",
        "✗" => "31",
        "●" | "↻" => "34",
        "◷" | "⏸" => "33",
        _ => "2",
    };
    if has_colour() {
        format!("\x1b[{code}m{sign}\x1b[0m")
    } else {
        sign.to_owned()
    }
}

/// The sign of a task's state, in its colour.
pub(super) fn task_sign(state: TaskState) -> String {
    coloured(crate::draw::label::sign(state))
}
