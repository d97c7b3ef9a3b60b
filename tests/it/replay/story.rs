//! What must hold after a crash at any moment: with the same code, and with other code.

use std::collections::HashMap;

use flowrt::model::record::RunRecord;
use flowrt::model::state::RunState;

use super::lab::{Lab, error};

/// Crashes the flow before and after each of its effects and goes on with the same code: the outcome is that of a run
/// without a crash, and what was recorded happened once. Gives the number of crashes.
pub(crate) fn survives(flow: &str) -> usize {
    let calm = Lab::new(None);
    let expected = calm.live(flow).expect("nothing kills it");
    for crash_at in 1.. {
        let lab = Lab::new(Some(crash_at));
        if lab.live(flow).is_some() {
            return crash_at - 1;
        }
        let case = format!("{flow} crashed at {crash_at}");
        let (recorded, before) = (lab.recorded(), lab.effects());
        lab.revive();
        let record = lab.live(flow).expect("nothing kills it any more");
        assert_eq!(record.state, expected.state, "{case}: {:?}", record.error);
        assert_eq!(
            (&record.output, &record.error),
            (&expected.output, &expected.error),
            "{case}"
        );
        let after = lab.effects().split_off(before.len());
        for name in &recorded {
            assert!(
                !after.contains(name),
                "{case}: {name} was recorded and ran again"
            );
        }
        for (name, count) in counted(&before) {
            assert_eq!(count, 1, "{case}: {name} ran {count} times in one life");
        }
        for (name, count) in counted(&after) {
            assert_eq!(count, 1, "{case}: {name} ran {count} times after the crash");
        }
        let all = lab.effects();
        for name in calm.effects() {
            assert!(all.contains(&name), "{case}: {name} never ran");
        }
    }
    unreachable!("a flow has an end")
}

/// Crashes the flow at each effect and goes on with code of that version. Where the record and the new code differ
/// (`differs` is given the recorded effects), the run parks with an error that has all `words`, and nothing is executed;
/// with the first code it then completes. Elsewhere it completes with the new code.
pub(crate) fn parks(flow: &str, version: u32, differs: impl Fn(&[&str]) -> bool, words: &[&str]) {
    let mut parked = 0;
    for crash_at in 1.. {
        let lab = Lab::new(Some(crash_at));
        if lab.live(flow).is_some() {
            assert!(parked > 0, "{flow} {version} never parked");
            return;
        }
        let case = format!("{flow} crashed at {crash_at}, version {version}");
        let (recorded, before) = (lab.recorded(), lab.effects());
        let recorded: Vec<&str> = recorded.iter().map(String::as_str).collect();
        lab.revive();
        lab.set_version(version);
        let record = lab.live(flow).expect("nothing kills it any more");
        if !differs(&recorded) {
            assert_eq!(
                record.state,
                RunState::Completed,
                "{case}, recorded {recorded:?}: {:?}",
                record.error
            );
            continue;
        }
        parked += 1;
        check_parked(&record, &lab, &before, words, &case);
        lab.set_version(1);
        let record = lab.live(flow).expect("nothing kills it any more");
        assert_eq!(
            record.state,
            RunState::Completed,
            "{case}: {:?}",
            record.error
        );
        let after = lab.effects().split_off(before.len());
        for name in recorded {
            assert!(
                !after.iter().any(|ran| ran == name),
                "{case}: {name} ran again"
            );
        }
    }
}

fn check_parked(record: &RunRecord, lab: &Lab, before: &[String], words: &[&str], case: &str) {
    assert_eq!(
        record.state,
        RunState::Parked,
        "{case}, effects {:?}: {:?}",
        lab.effects(),
        record.error
    );
    assert_eq!(
        lab.effects(),
        before,
        "{case}: something ran after the difference"
    );
    let error = error(record);
    assert_eq!(error["kind"], "Diverged", "{case}: {error}");
    let message = error["message"].as_str().expect("a message");
    for word in words {
        assert!(
            message.contains(word),
            "{case}: `{word}` is not in: {message}"
        );
    }
    let location = error["location"].as_str().unwrap_or("nowhere");
    assert!(
        location.contains("replay/") && location.contains(".rs:"),
        "{case}: the line is missing: {error}"
    );
}

fn counted(effects: &[String]) -> HashMap<&str, usize> {
    let mut counts = HashMap::new();
    for name in effects {
        *counts.entry(name.as_str()).or_default() += 1;
    }
    counts
}
