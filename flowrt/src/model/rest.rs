//! Whether a run that only waits may leave memory, and what brings it back.

use std::collections::HashSet;
use std::sync::Arc;

use super::record::{Journal, Micros};

/// What brings a resting run back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Until {
    /// This moment, if there is one.
    pub due: Option<Micros>,
    /// One more signal than these.
    pub signals: u64,
}

/// What a run waits for, if all of it is recorded and none of it ends before `earliest`. `tasks` are those of its calls
/// that have begun and run no body now: each must wait for its next attempt.
pub fn until(journal: &Journal, tasks: &[Arc<str>], earliest: Micros) -> Option<Until> {
    let retries: HashSet<&str> = journal
        .waits
        .iter()
        .filter(|wait| wait.kind == "retry")
        .map(|wait| wait.step.as_str())
        .collect();
    if !tasks.iter().all(|task| retries.contains(&**task)) {
        return None;
    }
    let taken: HashSet<u64> = journal
        .steps
        .iter()
        .filter_map(|step| step.signal)
        .collect();
    let has_come = |name: &str| {
        let mut open = journal.signals.iter().filter(|it| !taken.contains(&it.seq));
        open.any(|signal| signal.name == name)
    };
    let mut due: Option<Micros> = None;
    for wait in &journal.waits {
        let is_known = match wait.kind.as_str() {
            "signal" => !wait.detail["name"].as_str().is_none_or(has_come),
            "sleep" | "poll" | "retry" => wait.due.is_some(),
            "timeout" | "entered" => true,
            _ => false,
        };
        if !is_known || wait.due.is_some_and(|due| due < earliest) {
            return None;
        }
        due = due.into_iter().chain(wait.due).min();
    }
    let is_wait = |kind: &str| !matches!(kind, "timeout" | "entered");
    let waits_for_itself = journal.waits.iter().any(|wait| is_wait(&wait.kind));
    waits_for_itself.then(|| Until {
        due,
        signals: journal.signals.last().map_or(0, |signal| signal.seq + 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::Payload;
    use crate::model::record::{SignalRecord, WaitRecord};

    fn wait(step: &str, kind: &str, due: Option<Micros>) -> WaitRecord {
        WaitRecord {
            step: step.to_owned(),
            kind: kind.to_owned(),
            due,
            detail: serde_json::json!({ "name": step }),
        }
    }

    fn journal(waits: Vec<WaitRecord>) -> Journal {
        Journal {
            waits,
            ..Journal::default()
        }
    }

    #[test]
    fn the_first_of_its_waits_brings_it_back() {
        let waits = vec![
            wait("a", "sleep", Some(90)),
            wait("b", "signal", None),
            wait("(timeout)", "timeout", Some(80)),
        ];
        let found = until(&journal(waits), &[], 50);
        assert_eq!(
            found,
            Some(Until {
                due: Some(80),
                signals: 0
            })
        );
    }

    #[test]
    fn what_ends_soon_or_is_not_recorded_keeps_it() {
        for waits in [
            vec![],
            vec![wait("a", "sleep", Some(49))],
            vec![wait("a", "child", None)],
            vec![wait("(timeout)", "timeout", Some(80))],
            vec![wait("(entered flow)", "entered", None)],
        ] {
            assert_eq!(until(&journal(waits.clone()), &[], 50), None, "{waits:?}");
        }
        let sleeping = journal(vec![wait("a", "sleep", Some(90))]);
        assert_eq!(
            until(&sleeping, &["b".into()], 50),
            None,
            "b waits for a limit"
        );
        let retrying = journal(vec![wait("b", "retry", Some(90))]);
        assert!(until(&retrying, &["b".into()], 50).is_some());
    }

    #[test]
    fn a_signal_that_has_come_keeps_it() {
        let mut waiting = journal(vec![wait("go", "signal", None)]);
        let signal = |seq, name: &str| SignalRecord {
            seq,
            name: name.to_owned(),
            payload: Payload::from_json("1"),
            sent: 1,
        };
        waiting.signals = vec![signal(0, "other")];
        assert_eq!(until(&waiting, &[], 50).map(|until| until.signals), Some(1));
        waiting.signals.push(signal(1, "go"));
        assert_eq!(until(&waiting, &[], 50), None);
    }
}
