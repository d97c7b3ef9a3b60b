use flowrt::clock::Stopwatch;
use flowrt::model::state::RunState;

use super::{Place, Running};
use crate::until::until_some;

/// Four runs in the middle of their second step, and their worker is killed.
async fn killed_in_the_middle(start: impl Fn(&Place) -> Running) {
    let place = Place::new();
    let store = place.store();
    for name in ["a", "b", "c", "d"] {
        store.leave(&place, "long", name).await;
    }
    let first = start(&place);
    for name in ["a", "b", "c", "d"] {
        place.await_line(&format!("{name} begins"));
    }
    // The next one is there already, and takes over what it sees dead.
    let _second = start(&place);
    let queued = store.leave(&place, "short", "beside").await;
    // Whoever drives it, it is recorded before the death: else it would rightly be done again.
    let beside = until_some(async || {
        let run = store.run(&queued).await;
        run.state.is_final().then_some(run)
    });
    assert_eq!(beside.await.crashes, 0);
    first.kill();
    let watch = Stopwatch::start();
    for name in ["a", "b", "c", "d"] {
        crate::until::until(|| place.count(&format!("{name} begins")) == 2);
    }
    eprintln!("went on {} ms after the death", watch.elapsed().as_millis());
    place.touch("go");
    store.await_all(&place, RunState::Completed).await;
    for name in ["a", "b", "c", "d"] {
        assert_eq!(place.count(&format!("{name} first")), 1, "recorded");
        assert_eq!(place.count(&format!("{name} ends")), 1);
        assert_eq!(place.count(&format!("{name} last")), 1);
    }
    assert_eq!(place.count("beside"), 1);
}

#[tokio::test]
async fn what_a_killed_worker_drove_goes_on_in_another() {
    killed_in_the_middle(Place::worker).await;
}

#[tokio::test]
async fn what_a_killed_server_drove_goes_on_in_another() {
    killed_in_the_middle(|place| place.spawn(&["serve", "--port", "0"], &[])).await;
}

#[tokio::test]
async fn a_worker_that_starts_goes_on_with_what_a_dead_one_left() {
    let place = Place::new();
    let store = place.store();
    store.leave(&place, "long", "a").await;
    let first = place.worker();
    place.await_line("a begins");
    first.kill();
    place.touch("go");
    let _second = place.worker();
    store.await_all(&place, RunState::Completed).await;
    assert_eq!(place.count("a first"), 1);
    assert_eq!(place.count("a last"), 1);
}

/// Its lock is held, and it says nothing: after the lease its runs are taken. When it wakes up, it changes nothing of
/// them, and works on.
#[tokio::test]
async fn a_frozen_worker_loses_its_runs_after_the_lease() {
    let place = Place::new();
    let store = place.store();
    let lease = [("FLOWRT_WORKER_LEASE", "1s")];
    let run = store.leave(&place, "long", "a").await;
    let mut frozen = place.spawn(&["worker"], &lease);
    place.await_line("a begins");
    frozen.signal("STOP");
    let second = place.spawn(&["worker"], &lease);
    crate::until::until(|| place.count("a begins") == 2);
    place.touch("go");
    store.await_all(&place, RunState::Completed).await;
    let taken = store.run(&run).await;
    assert_eq!(place.count("a last"), 1);
    second.kill();
    frozen.signal("CONT");
    store.leave(&place, "short", "after").await;
    place.await_line("after");
    assert_eq!(store.run(&run).await, taken, "it changed the record");
    assert_eq!(place.count("a last"), 1);
    frozen.signal("TERM");
    assert_eq!(frozen.end(), Some(0), "{}", place.said());
}

#[tokio::test]
async fn a_process_that_a_run_kills_is_its_own() {
    let place = Place::new();
    let store = place.store();
    let worker = place.spawn(&["worker", "--launcher", "process"], &[]);
    let poisonous = store.leave(&place, "poisonous", "p").await;
    let long = store.leave(&place, "long", "a").await;
    place.await_line("a begins");
    let watch = Stopwatch::start();
    let state = async || store.run(&poisonous).await.state;
    while state().await != RunState::Crashed {
        assert!(watch.elapsed().as_secs() < 60, "{}", place.said());
        flowrt::clock::Clock::real()
            .sleep(std::time::Duration::from_millis(5))
            .await;
    }
    assert_eq!(place.count("poison"), 4, "once, and crashes_max times more");
    place.touch("go");
    let watch = Stopwatch::start();
    while store.run(&long).await.state != RunState::Completed {
        assert!(watch.elapsed().as_secs() < 60, "{}", place.said());
        flowrt::clock::Clock::real()
            .sleep(std::time::Duration::from_millis(5))
            .await;
    }
    assert_eq!(store.run(&long).await.crashes, 0);
    assert_eq!(place.count("a begins"), 1);
    worker.signal("TERM");
}
