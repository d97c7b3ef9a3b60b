//! Drivers that panic: the run is let go of, that is on record, and it does not happen for ever.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use super::{double, engine, moment};
use crate::__private as p;
use crate::Result;
use crate::failpoint::meanwhile;
use crate::model::dispatch::Dispatch;
use crate::model::record::RunRecord;
use crate::model::state::RunState;
use crate::ops::{Engine, Start, Work};

callable!(Program falls / Falls () -> u32 { p::step(double(4)).await });
callable!(Program calls_falls / CallsFalls () -> u32 { p::step(falls()).await });

/// They are started by their names.
const _: fn() -> crate::TaskCall<CallsFalls> = calls_falls;

/// Panics the first so many times that a driver comes to the place; counts them all.
fn falls_at(place: &'static str, times: u32) -> Rc<Cell<u32>> {
    let count = Rc::new(Cell::new(0));
    let counted = count.clone();
    meanwhile::at(place, move || {
        counted.set(counted.get() + 1);
        assert!(counted.get() > times, "on purpose");
    });
    count
}

/// Leaves a run to a worker of this process, and waits for its end.
async fn worked_off(engine: &Engine, flow: &str) -> RunRecord {
    worked_off_by(engine, flow, Work::default()).await
}

async fn worked_off_by(engine: &Engine, flow: &str, work: Work) -> RunRecord {
    let worker = engine.clone();
    tokio::spawn(async move {
        let _ = worker.work(work, std::future::pending()).await;
    });
    let start = Start {
        dispatch: Dispatch::to_queue("default"),
        ..Start::default()
    };
    let run = engine.enqueue(flow, &json!({}), start).await;
    let id = run.expect("is accepted").id;
    let watch = crate::clock::Stopwatch::start();
    loop {
        let record = engine.record(id).await.expect("reads");
        if record.state.is_final() || record.state == RunState::Parked {
            return record;
        }
        assert!(watch.elapsed() < Duration::from_secs(60), "{record:?}");
        moment(1).await;
    }
}

#[tokio::test]
async fn a_run_whose_driver_panics_once_goes_on() {
    for flow in ["falls", "calls_falls"] {
        let engine = engine().await;
        let count = falls_at("engine::before_finish", 1);
        let record = worked_off(&engine, flow).await;
        assert_eq!(record.state, RunState::Completed, "{flow}: {record:?}");
        assert_eq!(record.output.as_deref(), Some("8"));
        assert!(count.get() > 1, "{flow}: it did not fall");
    }
}

#[tokio::test]
async fn one_whose_driver_always_panics_ends_as_crashed() {
    for flow in ["falls", "calls_falls"] {
        let engine = engine().await;
        let count = falls_at("engine::before_finish", u32::MAX);
        let record = worked_off(&engine, flow).await;
        assert_eq!(record.state, RunState::Crashed, "{flow}: {record:?}");
        let error = crate::Error::from_json(&record.error.expect("has one"));
        assert!(error.message().contains("panicked"), "{flow}: {error}");
        assert!(count.get() <= 20, "{flow}: {} times", count.get());
    }
}

#[tokio::test]
async fn whoever_drives_it_himself_finds_it_interrupted_with_the_cause() {
    let engine = engine().await;
    falls_at("engine::before_finish", 1);
    let run = engine.start(falls()).await.expect("starts");
    let id = run.id;
    let record = run.wait().await.expect("is let go of");
    assert_eq!((record.state, record.owner), (RunState::Interrupted, None));
    assert_eq!(record.crashes, 1);
    let error = crate::Error::from_json(&record.error.expect("has one"));
    assert!(error.message().contains("on purpose"), "{error}");
    let again = engine.resume(id).await.expect("resumes").wait().await;
    assert_eq!(again.expect("ends").state, RunState::Completed);
}

/// A test is no program that could be started again.
#[cfg(all(feature = "isolate", unix))]
#[tokio::test]
async fn one_for_which_no_process_can_be_started_is_left_to_a_person() {
    let engine = engine().await;
    let work = Work {
        launcher: "process".to_owned(),
        ..Work::default()
    };
    let record = worked_off_by(&engine, "falls", work).await;
    assert_eq!((record.state, record.owner), (RunState::Parked, None));
    let error = crate::Error::from_json(&record.error.expect("has one"));
    assert!(error.message().contains("the 4. time"), "{error}");
    assert!(error.message().contains("flowrt::main!"), "{error}");
    let why = engine.why(record.id).await.expect("reads");
    let told = serde_json::to_string(&why).expect("is JSON");
    assert!(told.contains("the 4. time"), "{told}");
}
