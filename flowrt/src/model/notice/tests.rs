//! What is told, and what counts as the same.

use super::*;
use crate::error::Error;
use crate::model::digest;
use crate::model::payload::Payload;
use crate::model::record::Journal;
use crate::model::sample;

fn run(number: u128, state: RunState, error: Option<&str>) -> RunRecord {
    RunRecord {
        id: RunId(uuid::Uuid::from_u128(number)),
        name: format!("run-{number}"),
        finished: Some(1),
        error: error.map(|error| Payload::from_json(Error::from(error).to_json())),
        ..sample::run(state)
    }
}

fn failure(number: u128, error: &str, since: Option<u128>) -> News {
    let run = run(number, RunState::Failed, Some(error));
    News {
        occasion: Occasion::Failure,
        digest: digest::digest(&run, &Journal::default()),
        run,
        since: since.map(|number| RunId(uuid::Uuid::from_u128(number))),
        at: 0,
    }
}

#[test]
fn one_cause_is_told_once_until_the_flow_completes() {
    let first = failure(1, "offer 7 has no price", None);
    assert_eq!(first.key(), failure(2, "offer 9 has no price", None).key());
    assert_ne!(first.key(), failure(2, "the disk is full", None).key());
    assert_ne!(
        first.key(),
        failure(2, "offer 7 has no price", Some(9)).key()
    );
}

#[test]
fn the_text_is_that_of_the_template_and_errors_are_no_templates() {
    let news = failure(1, "no {flow} today", None);
    let text = |template: Option<&str>| news.body("team", template)["text"].clone();
    assert_eq!(
        text(None),
        "offers failure: run-1 is failed\nno {flow} today"
    );
    assert_eq!(
        text(Some("{run}: {cause} {other} {")),
        "run-1: no {flow} today {other} {"
    );
}

#[test]
fn tries_come_ever_later_and_end() {
    let mut before = Duration::ZERO;
    for tries in 1..20 {
        let delay = again_after(tries).expect("goes on");
        assert!(delay >= before && delay <= Duration::from_secs(10_800));
        before = delay;
    }
    assert_eq!(again_after(20), None);
}
