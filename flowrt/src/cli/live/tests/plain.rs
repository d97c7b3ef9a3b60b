//! Plain lines as golden text.

use super::super::plain::Plain;
use super::*;
use crate::model::record::LogLine;
use crate::model::state::RunState;

fn lines(events: &[Event]) -> Vec<String> {
    let mut plain = Plain::default();
    events
        .iter()
        .filter_map(|event| plain.line(event, &moment((event.at - NOON) / SECOND)))
        .collect()
}

#[test]
fn one_line_an_event() {
    let line = LogLine {
        run: run(1),
        step: "fetch".to_owned(),
        attempt: 2,
        time: NOON + 6 * SECOND,
        level: "WARN".to_owned(),
        target: "flows".to_owned(),
        message: "slow".to_owned(),
    };
    let events = [
        begins(1, 0, "nightly", None),
        starts(1, 0, "fetch", 1),
        fails_once(1, 1, "fetch", 5),
        starts(1, 5, "fetch", 2),
        event(1, 6, What::Log(line)),
        ends(1, 6, "fetch", TaskState::Failed, 2),
        ends(1, 6, "total", TaskState::UpstreamFailed, 0),
        waits(1, 7, "receive", "signal", Some("approve"), Some(60)),
        begins(2, 8, "sub", Some((1, "sub"))),
        starts(2, 8, "inner", 1),
        event(
            2,
            9,
            What::RunEnded {
                state: RunState::TimedOut,
                error: None,
            },
        ),
        event(
            1,
            9,
            What::RunEnded {
                state: RunState::Failed,
                error: None,
            },
        ),
    ];
    assert_eq!(
        lines(&events),
        [
            "nightly · calm-otter-1",
            "12:00:00  running    fetch",
            "12:00:01  retrying   fetch (attempt 1 failed, next at 12:00:05): the service answered 503",
            "12:00:05  running    fetch (attempt 2)",
            "12:00:06  warn       fetch (attempt 2): slow",
            "12:00:06  failed     fetch 400 ms: the service answered 503",
            "12:00:06  not run    total: the service answered 503",
            "12:00:07  waiting    receive waits for the signal `approve` until 12:01:00",
            "12:00:08  running    calm-otter-2 sub",
            "12:00:08  running    calm-otter-2 inner",
            "12:00:09  timed out  calm-otter-2 ended",
        ]
    );
}

#[test]
fn a_fan_out_of_thousands_does_not_flood() {
    let mut events = vec![begins(1, 0, "wide", None)];
    for item in 0..5_000 {
        let step = format!("fetch[{item}]");
        events.push(starts(1, 1, &step, 1));
        let state = if item == 4_321 {
            TaskState::Failed
        } else {
            TaskState::Completed
        };
        events.push(ends(1, 2, &step, state, 1));
    }
    let told = lines(&events);
    assert!(told.len() < 40, "{} lines", told.len());
    assert!(
        told.contains(&"12:00:02  completed  fetch × 2,000".to_owned()),
        "{told:#?}"
    );
    assert!(
        told.iter()
            .any(|line| line.contains("failed     fetch[4321]")),
        "{told:#?}"
    );
}

#[test]
fn labels_are_told_with_their_items() {
    let mut plain = Plain::default();
    let lines: Vec<_> = [
        begins(1, 0, "f", None),
        starts(1, 1, "labelled[2]", 1),
        ends(1, 2, "labelled[2]", TaskState::Completed, 1),
    ]
    .iter()
    .filter_map(|event| plain.line(event, &moment(3)))
    .collect();
    assert!(lines[1].contains("labelled[2] (no. 2)"), "{lines:?}");
    assert!(lines[2].contains("labelled[2] (no. 2) 400 ms"), "{lines:?}");
}

#[test]
fn a_run_that_goes_on_is_the_one_that_is_watched() {
    let mut plain = Plain::default();
    let mut goes_on = begins(2, 3, "f", None);
    if let What::RunStarted { continues, .. } = &mut goes_on.what {
        *continues = Some(run(1));
    }
    let events = [begins(1, 0, "f", None), goes_on, starts(2, 4, "one", 1)];
    let lines = events
        .iter()
        .filter_map(|event| plain.line(event, &moment(5)));
    let last = lines.last().expect("a line");
    assert!(last.ends_with("running    one"), "{last}");
}
