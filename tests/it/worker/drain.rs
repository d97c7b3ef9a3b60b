use flowrt::model::state::RunState;

use super::Place;
use crate::until::until;

/// What a body gives within the grace is recorded, nothing new starts, and the next worker goes on.
async fn drained(arguments: &[&str]) {
    let place = Place::new();
    let store = place.store();
    let run = store.leave(&place, "long", "a").await;
    let mut worker = place.spawn(arguments, &[("FLOWRT_GRACE", "60s")]);
    place.await_line("a begins");
    worker.signal("TERM");
    until(|| place.said().contains("letting go"));
    store.leave(&place, "short", "late").await;
    place.touch("go");
    assert_eq!(worker.end(), Some(0), "{}", place.said());
    assert_eq!(place.ledger(), ["a first", "a begins", "a ends"]);
    let left = store.run(&run).await;
    assert_eq!((left.state, left.owner), (RunState::Interrupted, None));
    assert!(left.due.is_some(), "it is in the queue");
    let _next = place.worker();
    store.await_all(&place, RunState::Completed).await;
    assert_eq!(place.count("a begins"), 1);
    assert_eq!(place.count("a last"), 1);
    assert_eq!(place.count("late"), 1);
}

#[tokio::test]
async fn a_worker_that_is_told_to_end_lets_go() {
    drained(&["worker"]).await;
}

#[tokio::test]
async fn so_does_one_whose_runs_have_processes() {
    drained(&["worker", "--launcher", "process"]).await;
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let place = Place::new();
    let store = place.store();
    store.leave(&place, "long", "a").await;
    let mut worker = place.spawn(&["serve", "--port", "0"], &[("FLOWRT_GRACE", "1h")]);
    place.await_line("a begins");
    worker.signal("INT");
    until(|| place.said().contains("letting go"));
    // Signals of a kind are one while they are not taken; so the second is sent until it is.
    until(|| {
        worker.signal("INT");
        worker.0.try_wait().expect("it is our child").is_some()
    });
    assert_eq!(worker.end(), Some(130), "{}", place.said());
    place.touch("go");
    let _next = place.worker();
    store.await_all(&place, RunState::Completed).await;
    assert_eq!(place.count("a first"), 1);
    assert_eq!(place.count("a last"), 1);
}
