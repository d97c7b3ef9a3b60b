//! The tree as golden text.

use super::super::tree::draw;
use super::super::view::View;
use super::*;
use crate::model::graph::{Edge, EdgeKind, Graph, Node, NodeKind, Trigger};
use crate::model::state::RunState;

fn node(id: &str, kind: NodeKind) -> Node {
    Node {
        id: id.to_owned(),
        label: id.to_owned(),
        kind,
        rule: Trigger::AllSuccess,
        tolerated: false,
        over: None,
        items: None,
        arm: None,
        state: None,
        location: None,
    }
}

fn report(flow: &str) -> Option<Graph> {
    let edge = |from, to| Edge {
        from,
        to,
        kind: EdgeKind::Data,
    };
    (flow == "offers_report").then(|| Graph {
        flow: flow.to_owned(),
        is_dag: true,
        nodes: vec![
            node("fetch_rates", NodeKind::Task),
            node("fetch_page", NodeKind::Map),
            node("summarise", NodeKind::Task),
            node("notify", NodeKind::Task),
            node("cleanup", NodeKind::Task),
        ],
        edges: vec![edge(0, 2), edge(1, 2), edge(2, 3), edge(3, 4)],
    })
}

fn shown(events: &[Event], at: i64, width: usize, height: usize) -> String {
    let mut view = View::new(Box::new(report));
    for event in events {
        view.apply(event);
    }
    let lines = draw(&view, "eu, 10 pages", &moment(at), width, height);
    let mut lines: Vec<String> = lines.iter().map(|line| line.render(false)).collect();
    if let Some(head) = lines.first_mut()
        && let Some((title, clock)) = head.split_once("  ")
    {
        *head = format!("{title} … {}", clock.trim());
    }
    lines.iter().map(|line| line.clone() + "\n").collect()
}

fn in_the_middle() -> Vec<Event> {
    let mut events = vec![
        begins(1, 0, "offers_report", None),
        starts(1, 0, "fetch_rates", 1),
        ends(1, 1, "fetch_rates", TaskState::Completed, 1),
        fanned(1, 0, "fetch_page", 10),
    ];
    for item in 0..10 {
        events.push(starts(1, 1, &format!("fetch_page[{item}]"), 1));
    }
    for item in 0..7 {
        events.push(ends(
            1,
            5,
            &format!("fetch_page[{item}]"),
            TaskState::Completed,
            1,
        ));
    }
    events.push(fails_once(1, 6, "fetch_page[7]", 9));
    events
}

#[test]
fn a_dag_in_the_middle() {
    assert_eq!(
        shown(&in_the_middle(), 7, 90, 24),
        "\
offers_report · calm-otter-1 · eu, 10 pages … 00:07
  ✓ fetch_rates  400 ms
  ● fetch_page   7 of 10 ▰▰▰▰▰▰▰▱▱▱   2 running · 1 waits until 12:00:09
  ○ summarise    after fetch_rates, fetch_page
  ○ notify, cleanup
"
    );
}

#[test]
fn a_body_that_says_how_far_it_is_has_a_bar_until_its_attempt_ends() {
    let far = |done, total| {
        event(
            1,
            2,
            What::Progress {
                step: "fetch_rates".into(),
                done,
                total,
            },
        )
    };
    let mut events = vec![
        begins(1, 0, "offers_report", None),
        starts(1, 0, "fetch_rates", 1),
        far(1, 4),
        far(1_500, 2_000),
    ];
    let shown_line = |events: &[Event]| {
        let tree = shown(events, 7, 90, 24);
        let line = tree.lines().find(|line| line.contains("fetch_rates"));
        line.map(str::to_owned).unwrap_or(tree)
    };
    let line = shown_line(&events);
    assert!(line.contains("1,500 of 2,000 ▰▰▰▰▰▰▰▱▱▱"), "{line}");
    events.push(fails_once(1, 3, "fetch_rates", 9));
    let line = shown_line(&events);
    assert!(!line.contains("of 2,000"), "{line}");
}

#[test]
fn the_same_events_again_change_nothing() {
    let once = in_the_middle();
    let twice = [once.clone(), once.clone()].concat();
    assert_eq!(shown(&once, 7, 90, 24), shown(&twice, 7, 90, 24));
}

#[test]
fn a_narrow_screen_cuts_lines_and_a_low_one_folds_them() {
    let narrow = shown(&in_the_middle(), 7, 40, 24);
    assert!(
        narrow.lines().all(|line| line.chars().count() <= 40),
        "{narrow}"
    );
    assert!(
        narrow.starts_with("offers_report · calm-otter-1 · eu… 00:07\n"),
        "{narrow}"
    );
    assert_eq!(
        shown(&in_the_middle(), 7, 90, 4),
        "\
offers_report · calm-otter-1 · eu, 10 pages … 00:07
  ✓ fetch_rates  400 ms
  ● fetch_page   7 of 10 ▰▰▰▰▰▰▰▱▱▱   2 running · 1 waits until 12:00:09
  ○ summarise, notify, cleanup
"
    );
    assert_eq!(shown(&in_the_middle(), 7, 90, 2).lines().count(), 2);
}

#[test]
fn a_program_shows_its_calls_as_they_come_and_its_children_below() {
    let mut events = vec![
        begins(1, 0, "nightly", None),
        starts(1, 0, "b1/enqueue", 1),
        ends(1, 1, "b1/enqueue", TaskState::Completed, 3),
        starts(1, 1, "double", 1),
        ends(1, 1, "double", TaskState::Completed, 1),
        starts(1, 1, "double#2", 1),
        begins(2, 2, "sub", Some((1, "sub"))),
        starts(2, 2, "inner", 2),
        waits(2, 3, "receive", "signal", Some("approve"), None),
        waits(1, 3, "sleep", "sleep", None, Some(86_400)),
    ];
    assert_eq!(
        shown(&events, 5, 100, 24),
        "\
nightly · calm-otter-1 · eu, 10 pages … 00:05
  ✓ enqueue  400 ms · 3 attempts
  ● double   1 ended   1 running
  ● sub      3 s
    ● inner    3 s · attempt 2
    ◷ receive  waits for the signal `approve`
  ◷ sleep    sleeps until 2025-11-26 12:00:00
"
    );
    events.push(event(
        2,
        9,
        What::RunEnded {
            state: RunState::Completed,
            error: None,
        },
    ));
    events.push(ends(1, 9, "sub", TaskState::Completed, 1));
    assert!(!shown(&events, 9, 100, 24).contains("inner"));
}

#[test]
fn the_end_of_a_failed_dag() {
    let events = vec![
        begins(1, 0, "offers_report", None),
        starts(1, 0, "fetch_rates", 1),
        ends(1, 1, "fetch_rates", TaskState::Failed, 4),
        ends(1, 1, "fetch_page[0]", TaskState::Completed, 1),
        ends(1, 2, "fetch_page[1]", TaskState::TimedOut, 1),
        ends(1, 2, "summarise", TaskState::UpstreamFailed, 0),
        ends(1, 2, "notify", TaskState::Skipped, 0),
        event(
            1,
            3,
            What::RunEnded {
                state: RunState::Failed,
                error: None,
            },
        ),
    ];
    assert_eq!(
        shown(&events, 100, 90, 24),
        "\
offers_report · calm-otter-1 · eu, 10 pages … 00:03
  ✗ fetch_rates  failed after 400 ms · 4 attempts: the service answered 503
  ✗ fetch_page   × 2   1 failed · 1 s
  ⊘ summarise    not run: what it depends on failed
  ⊘ notify       skipped
  ○ cleanup
"
    );
}

#[test]
fn the_items_that_run_are_named_by_their_labels() {
    let mut events = vec![begins(1, 0, "f", None), fanned(1, 0, "labelled", 9)];
    for item in 0..5 {
        events.push(starts(1, 1, &format!("labelled[{item}]"), 1));
    }
    let drawn = shown(&events, 2, 120, 24);
    assert!(
        drawn.contains("5 running: no. 0, no. 1, no. 2, …"),
        "{drawn}"
    );
    for item in 1..5 {
        events.push(ends(
            1,
            2,
            &format!("labelled[{item}]"),
            TaskState::Completed,
            1,
        ));
    }
    let drawn = shown(&events, 3, 120, 24);
    assert!(drawn.contains("1 running: no. 0\n"), "{drawn}");
}
