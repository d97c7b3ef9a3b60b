use flowrt::clock::{Clock, Stopwatch};
use flowrt::model::record::RunRecord;
use flowrt::model::state::RunState;

use super::{Place, TheStore, text};

const SOON: [(&str, &str); 1] = [("FLOWRT_WORKER_REST_AFTER", "1s")];

async fn await_rest(place: &Place, store: &TheStore, run: &RunRecord) -> RunRecord {
    let watch = Stopwatch::start();
    loop {
        let found = store.run(run).await;
        if found.state == RunState::Waiting && found.owner.is_none() {
            return found;
        }
        assert!(
            watch.elapsed().as_secs() < 60,
            "it did not rest: {found:?}\n{}",
            place.said()
        );
        Clock::real()
            .sleep(std::time::Duration::from_millis(5))
            .await;
    }
}

#[tokio::test]
async fn a_signal_brings_a_resting_run_back() {
    for launcher in ["inline", "process"] {
        let place = Place::new();
        let store = place.store();
        let run = store.leave(&place, "patient", "a").await;
        let _worker = place.spawn(&["worker", "--launcher", launcher], &SOON);
        let rests = await_rest(&place, &store, &run).await;
        assert_eq!((rests.due, rests.crashes), (None, 0));
        let why = text(&place.call(&["runs", "why", "a"]).stdout);
        assert!(why.contains("waits for the signal `answer`"), "{why}");
        assert!(!why.contains("no process"), "{why}");
        let sent = place.call(&["runs", "signal", "a", "answer", "7"]);
        assert!(sent.status.success(), "{}", text(&sent.stderr));
        store.await_all(&place, RunState::Completed).await;
        assert_eq!(place.ledger(), ["a first", "a heard 7"], "{launcher}");
    }
}

#[tokio::test]
async fn time_brings_a_resting_run_back_in_another_worker_too() {
    let place = Place::new();
    let store = place.store();
    let run = store.leave(&place, "sleepy", "a").await;
    let worker = place.spawn(&["worker"], &SOON);
    let rests = await_rest(&place, &store, &run).await;
    assert!(rests.due.is_some());
    worker.kill();
    let _next = place.worker();
    store.await_all(&place, RunState::Completed).await;
    assert_eq!(place.ledger(), ["a first", "a last"]);
    assert!(store.run(&run).await.finished >= rests.due);
}

#[tokio::test]
async fn a_resting_run_can_be_cancelled() {
    let place = Place::new();
    let store = place.store();
    let run = store.leave(&place, "patient", "a").await;
    let _worker = place.spawn(&["worker"], &SOON);
    await_rest(&place, &store, &run).await;
    let cancelled = place.call(&["runs", "cancel", "a"]);
    assert!(cancelled.status.success(), "{}", text(&cancelled.stderr));
    store.await_all(&place, RunState::Cancelled).await;
}
