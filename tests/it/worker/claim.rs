use flowrt::clock::Clock;
use flowrt::model::state::RunState;
use serde_json::json;

use super::{Place, text};
use crate::until::{until, until_some};

#[tokio::test]
async fn two_workers_take_each_run_once() {
    let place = Place::new();
    let store = place.store();
    for number in 0..60 {
        store.leave(&place, "short", &format!("r{number}")).await;
    }
    let mut workers = [place.worker(), place.worker()];
    store.await_all(&place, RunState::Completed).await;
    for number in 60..120 {
        store.leave(&place, "short", &format!("r{number}")).await;
    }
    store.await_all(&place, RunState::Completed).await;
    let mut ledger = place.ledger();
    ledger.sort();
    let mut expected: Vec<_> = (0..120).map(|number| format!("r{number}")).collect();
    expected.sort();
    assert_eq!(ledger, expected);
    for worker in &mut workers {
        worker.signal("TERM");
        assert_eq!(worker.end(), Some(0), "{}", place.said());
    }
    assert!(place.said().contains("letting go"), "{}", place.said());
}

/// Neither has room for two of them, so each has taken one.
#[tokio::test]
async fn two_workers_work_beside_each_other() {
    let place = Place::new();
    let store = place.store();
    let single = ["worker", "--concurrency", "1"];
    let workers = [place.spawn(&single, &[]), place.spawn(&single, &[])];
    for name in ["a", "b"] {
        store.leave(&place, "long", name).await;
        place.await_line(&format!("{name} begins"));
    }
    let mut pids = [place.pids_of("a"), place.pids_of("b")].concat();
    pids.sort_unstable();
    let mut both = workers.each_ref().map(super::Running::pid);
    both.sort_unstable();
    assert_eq!(pids, both);
    place.touch("go");
    store.await_all(&place, RunState::Completed).await;
}

#[tokio::test]
async fn a_run_waits_for_its_time() {
    let place = Place::new();
    let store = place.store();
    let folder = place.path().display().to_string();
    let far = Clock::real().now() + 3_600_000_000;
    let input = json!({ "folder": folder, "who": "far" });
    let far = store.leave_with("short", "far", &input, Some(far)).await;
    assert_eq!(far.state, RunState::Scheduled);
    let near = Clock::real().now() + 300_000;
    let input = json!({ "folder": folder, "who": "near" });
    let near = store.leave_with("short", "near", &input, Some(near)).await;
    let _worker = place.worker();
    place.await_line("near");
    let near_began = store.run(&near).await.started;
    assert!(near_began >= near.due, "{near_began:?}");
    assert_eq!(store.run(&far).await.state, RunState::Scheduled);
    let why = text(&place.call(&["runs", "why", "far"]).stdout);
    assert!(why.contains("is scheduled"), "{why}");
    let cancelled = place.call(&["runs", "cancel", "far"]);
    assert!(cancelled.status.success(), "{}", text(&cancelled.stderr));
    assert_eq!(store.run(&far).await.state, RunState::Cancelled);
}

#[tokio::test]
async fn a_run_of_an_unknown_flow_waits_for_a_worker_that_has_it() {
    let place = Place::new();
    let store = place.store();
    let strange = store.leave(&place, "nowhere", "strange").await;
    let why = text(&place.call(&["runs", "why", "strange"]).stdout);
    assert!(why.contains("no worker listens on the queue"), "{why}");
    let _worker = place.worker();
    store.leave(&place, "short", "known").await;
    place.await_line("known");
    until(|| {
        let why = text(&place.call(&["runs", "why", "strange"]).stdout);
        why.contains("has the flow `nowhere`")
    });
    let left = store.run(&strange).await;
    assert_eq!((left.state, left.epoch), (RunState::Pending, 0));
}

#[tokio::test]
async fn a_start_that_nobody_waits_for_is_left_to_a_worker() {
    let place = Place::new();
    let store = place.store();
    let _worker = place.worker();
    until(|| text(&place.call(&["workers", "--json"]).stdout).contains("\"pid\""));
    let folder = place.path().display().to_string();
    let start = [
        "run",
        "short",
        "--folder",
        &folder,
        "--who",
        "left",
        "--no-wait",
    ];
    let started = place.call(&start);
    assert!(started.status.success(), "{}", text(&started.stderr));
    place.await_line("left");
    store.await_all(&place, RunState::Completed).await;
    let shown = text(&place.call(&["runs", "ls", "--json"]).stdout);
    assert!(shown.contains("\"queue\":\"default\""), "{shown}");
}

/// A run that has its place among the runs of its flow, and waits in a worker whose only seat is taken for long: it lets go of
/// both, and the worker that has room drives it and the others.
#[tokio::test]
async fn a_run_without_a_seat_keeps_its_place_from_nobody() {
    let place = Place::new();
    let store = place.store();
    let _roomy = place.spawn(&["worker", "--concurrency", "1"], &[]);
    store.leave(&place, "alone", "x").await;
    place.await_line("x begins");
    let full = place.spawn(&["worker", "--concurrency", "1"], &[]);
    place.await_worker(&full);
    let waits = store.leave(&place, "alone", "a").await;
    until_some(async || {
        let run = store.run(&waits).await;
        (run.state == RunState::Waiting && run.owner.is_some()).then_some(())
    })
    .await;
    // It has left its seat to this one.
    let long = store.leave(&place, "long", "l").await;
    place.await_line("l begins");
    for name in ["a", "b"] {
        place.touch(&format!("{name}-go"));
    }
    place.touch("x-go");
    let other = store.leave(&place, "alone", "b").await;
    for run in [waits, other] {
        until_some(async || store.run(&run).await.state.is_final().then_some(())).await;
    }
    assert!(!store.run(&long).await.state.is_final());
    assert_eq!((place.count("a ends"), place.count("b ends")), (1, 1));
    place.touch("go");
    store.await_all(&place, RunState::Completed).await;
}
