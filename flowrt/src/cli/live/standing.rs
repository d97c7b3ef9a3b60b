//! Where a step stands, as a sign and in words.

use super::moment::{Moment, between};
use super::text::Tone;
use super::view::{Row, Standing};
use crate::model::record::Micros;
use crate::model::state::TaskState;

/// The sign of a row and its tone.
pub(super) fn sign(row: &Row) -> (&'static str, Tone) {
    let counts = row.counts;
    if counts.running > 0 {
        ("●", Tone::Active)
    } else if counts.waiting > 0 {
        ("◷", Tone::Waits)
    } else if counts.failed > 0 {
        ("✗", Tone::Bad)
    } else if counts.completed == 0 && counts.unrun > 0 {
        ("⊘", Tone::Faint)
    } else {
        ("✓", Tone::Good)
    }
}

/// What is said of the only step of a row.
pub(super) fn words(row: &Row, standing: &Standing, moment: &Moment) -> String {
    match standing {
        Standing::Running { since, attempt } => {
            let took = flowrt_grammar::format_duration(between(*since, moment.now));
            let attempt = if *attempt > 1 {
                format!(" · attempt {attempt}")
            } else {
                String::new()
            };
            format!("{took}{attempt}")
        }
        Standing::Retrying {
            attempt,
            due,
            error,
        } => {
            let due = due.filter(|due| *due > moment.now);
            let at = due.map_or_else(String::new, |due| format!(" at {}", moment.clock(due)));
            format!("attempt {attempt}{at}, since: {error}")
        }
        Standing::Waiting { kind, name, until } => waiting(kind, name.as_deref(), *until, moment),
        Standing::Ended { kept: true, state } if state.is_success() => "kept".to_owned(),
        Standing::Ended { state, .. } => ended(row, *state),
    }
}

/// What a step waits for.
pub(super) fn waiting(
    kind: &str,
    name: Option<&str>,
    until: Option<Micros>,
    moment: &Moment,
) -> String {
    let until = until.map_or_else(String::new, |until| {
        format!(" until {}", moment.clock(until))
    });
    match (kind, name) {
        ("signal", Some(name)) => format!("waits for the signal `{name}`{until}"),
        ("poll", _) => format!("asks again{}", until.replace(" until", " at")),
        ("sleep", _) => format!("sleeps{until}"),
        ("cache", _) => "waits for the result of an equal call".to_owned(),
        (kind, _) => format!("waits for {kind}{until}"),
    }
}

fn ended(row: &Row, state: TaskState) -> String {
    let took = flowrt_grammar::format_duration(row.took);
    let attempts = if row.attempts > 1 {
        format!(" · {} attempts", row.attempts)
    } else {
        String::new()
    };
    let why = row
        .error
        .as_ref()
        .map_or_else(String::new, |error| format!(": {error}"));
    match state {
        TaskState::Completed => format!("{took}{attempts}"),
        TaskState::Cached => "cached".to_owned(),
        TaskState::Skipped => "skipped".to_owned(),
        TaskState::Cancelled => "cancelled".to_owned(),
        TaskState::UpstreamFailed => "not run: what it depends on failed".to_owned(),
        TaskState::TimedOut => format!("timed out after {took}{attempts}{why}"),
        TaskState::Crashed => format!("crashed after {took}{attempts}{why}"),
        _ => format!("failed after {took}{attempts}{why}"),
    }
}
