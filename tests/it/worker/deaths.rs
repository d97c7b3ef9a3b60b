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
    let second = start(&place);
    place.await_worker(&second);
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
        assert!(place.pids_of(name).contains(&second.pid()), "{name}");
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
    assert_eq!(place.count("a ends"), 1);
    second.kill();
    frozen.signal("CONT");
    // The body that it was in goes on and ends, so its driver comes to write that down.
    crate::until::until(|| place.count("a ends") == 2);
    store.leave(&place, "short", "after").await;
    place.await_line("after");
    frozen.signal("TERM");
    assert_eq!(frozen.end(), Some(0), "{}", place.said());
    assert_eq!(store.run(&run).await, taken, "it changed the record");
    assert_eq!(place.count("a last"), 1);
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

/// The process dies before it has the run from its worker: nothing of the run has begun, and still it ends.
#[tokio::test]
async fn a_run_whose_processes_die_before_they_have_it_ends_as_crashed() {
    let place = Place::new();
    let store = place.store();
    let dies = [("FLOWRT_FAILPOINT", "launch::before_claim:1")];
    let _worker = place.spawn(&["worker", "--launcher", "process"], &dies);
    let run = store.leave(&place, "short", "a").await;
    store.await_all(&place, RunState::Crashed).await;
    let ended = store.run(&run).await;
    assert_eq!((ended.crashes, ended.owner), (4, None));
    let error = ended.error.expect("has one");
    assert!(error.contains("before it had taken the run"), "{error:?}");
    assert!(error.contains("crashes_max = 3"), "{error:?}");
    let deaths = place.said().matches("ended before the run").count();
    assert_eq!(deaths, 4, "{}", place.said());
    assert_eq!(place.ledger(), [] as [&str; 0]);
}

/// No process comes to what follows from its end, so the worker does it.
#[tokio::test]
async fn a_run_whose_processes_die_before_they_have_it_has_its_hook() {
    let place = Place::new();
    let store = place.store();
    let dies = [
        ("FLOWRT_FAILPOINT", "launch::before_claim:1"),
        ("FLOWRT_CRASHES_MAX", "1"),
    ];
    let _worker = place.spawn(&["worker", "--launcher", "process"], &dies);
    let run = store.leave(&place, "watched", "a").await;
    store.await_all(&place, RunState::Crashed).await;
    let error = store.run(&run).await.error.expect("has one");
    assert!(error.contains("before it had taken the run"), "{error:?}");
    assert_eq!(place.ledger(), ["Crashed told"]);
}

/// It dies just before the rest is on the disk, or just after: either way the signal brings the run back, and what is
/// recorded is not done again.
#[tokio::test]
async fn one_that_dies_as_its_run_comes_to_rest_loses_nothing() {
    for at in ["engine::before_rest:1", "engine::after_rest:1"] {
        let place = Place::new();
        let store = place.store();
        let run = store.leave(&place, "patient", "a").await;
        let dies = [("FLOWRT_FAILPOINT", at), ("FLOWRT_WORKER_REST_AFTER", "1s")];
        let mut worker = place.spawn(&["worker"], &dies);
        assert_ne!(worker.end(), Some(0), "{at}: it was to die");
        let left = store.run(&run).await;
        assert_eq!(left.state, RunState::Waiting, "{at}");
        assert_eq!(
            left.owner.is_none(),
            at.starts_with("engine::after"),
            "{at}"
        );
        let _next = place.worker();
        let sent = place.call(&["runs", "signal", "a", "answer", "7"]);
        assert!(sent.status.success(), "{at}: {}", super::text(&sent.stderr));
        store.await_all(&place, RunState::Completed).await;
        assert_eq!(place.ledger(), ["a first", "a heard 7"], "{at}");
        assert_eq!(store.run(&run).await.crashes, 0, "{at}: it only waited");
    }
}

/// A body that blocks every thread of the runtime does not make its worker seem frozen: it says that it lives from
/// elsewhere. The second worker has surely looked for longer than the lease once its own frozen neighbour has lost a run.
#[tokio::test]
async fn a_body_that_blocks_all_threads_keeps_its_run() {
    let place = Place::new();
    let store = place.store();
    let settings = [("FLOWRT_WORKER_LEASE", "5s"), ("TOKIO_WORKER_THREADS", "1")];
    let blocking = store.leave(&place, "blocks", "b").await;
    // It has no room for the other run.
    let _blocked = place.spawn(&["worker", "--concurrency", "1"], &settings);
    place.await_line("b begins");
    let frozen_run = store.leave(&place, "long", "f").await;
    let frozen = place.spawn(&["worker"], &settings);
    place.await_line("f begins");
    frozen.signal("STOP");
    let _other = place.spawn(&["worker"], &settings);
    crate::until::until(|| place.count("f begins") == 2);
    assert_eq!(store.run(&blocking).await.epoch, 1, "{}", place.said());
    assert_eq!(store.run(&frozen_run).await.epoch, 2);
    place.touch("go");
    store.await_all(&place, RunState::Completed).await;
    assert_eq!(place.count("b begins"), 1);
}
