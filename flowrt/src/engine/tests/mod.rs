//! Program flows on the memory store, expanded by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::{join, join_all};

use crate::__private as p;
use crate::clock::Clock;
use crate::model::ids::ProcessId;
use crate::model::record::StepKind;
use crate::model::state::{RunState, TaskState};
use crate::ops::Engine;
use crate::store::memory::Memory;
use crate::store::{Options, Process, Store};
use crate::{ErrorKind, Result};

/// Defines a task or flow the way the macros do.
macro_rules! callable {
    ($kind:ident $(($option:ident = $value:expr))* $([$of_flow:ident = $given:expr])* $name:ident / $marker:ident ($($arg:ident : $ty:ty),*) -> $out:ty $body:block) => {
        fn $name($($arg: $ty),*) -> crate::TaskCall<$marker> {
            p::call::<$marker>(($($arg,)*))
        }
        struct $marker;
        impl p::Callable for $marker {
            type Args = ($($ty,)*);
            type Output = $out;
            const META: &'static p::Meta = &p::Meta {
                function: stringify!($marker),
                name: stringify!($name),
                module: module_path!(),
                file: file!(),
                line: line!(),
                doc: "",
                kind: p::Kind::$kind,
                params: &[$(p::Param {
                    name: stringify!($arg),
                    ty: stringify!($ty),
                    flag: stringify!($arg),
                    help: "",
                    env: None,
                    default: None,
                    schema: None,
                    check: p::check_param::<$ty>,
                }),*],
                fingerprint: 1,
                body: |input, _context| Box::pin(async move {
                    #[allow(unused_variables)]
                    let ($($arg,)*) = p::decode::<($($ty,)*)>(&input)?;
                    let result: Result<$out> = async move { $body }.await;
                    p::outcome_of_result!(result)
                }),
                task: p::TaskOptions { $($option: $value,)* ..p::TaskOptions::NONE },
                flow: p::FlowOptions { $($of_flow: $given,)* ..p::FlowOptions::NONE },
                graph: None,
                sites: &[],
            };
        }
        p::inventory::submit! { p::Registered(<$marker as p::Callable>::META) }
    };
}

mod comes_back;
mod fallen;
mod meanwhile;
mod retention;
mod retries;
mod states;
mod stops;
mod waits;
#[cfg(feature = "logs")]
mod watched;

static DOUBLED: AtomicU32 = AtomicU32::new(0);
static FLAKY: AtomicU32 = AtomicU32::new(0);
static GATE: AtomicU32 = AtomicU32::new(0);

callable!(Task double / Double (n: u32) -> u32 {
    DOUBLED.fetch_add(1, Ordering::SeqCst);
    Ok(n * 2)
});
callable!(Task (retries = 2) flaky / Flaky () -> String {
    match FLAKY.fetch_add(1, Ordering::SeqCst) {
        0 | 1 => Err("not yet".into()),
        _ => Ok("at last".to_owned()),
    }
});
callable!(Task gate / Gate () -> u32 {
    if GATE.load(Ordering::SeqCst) == 0 { Err("closed".into()) } else { Ok(1) }
});
callable!(Task explode / Explode () -> u32 { panic!("boom") });
callable!(Program sum / Sum (upto: u32) -> u32 {
    let mut total = 0;
    for n in 0..upto {
        total += p::step(double(n)).await?;
    }
    Ok(total)
});
callable!(Program wide / Wide () -> Vec<u32> {
    p::step(join_all((0..50).map(double))).await.into_iter().collect()
});
callable!(Program retried / Retried () -> String { p::step(flaky()).await });
callable!(Program gated / Gated () -> u32 {
    let kept = p::step(double(21)).await?;
    Ok(kept + p::step(gate()).await?)
});
callable!(Program panicking / Panicking () -> u32 { p::step(explode()).await });
callable!(Program parent / Parent () -> u32 {
    let (a, b) = p::step(join(p::branch(async { p::step(sum(3)).await }), p::branch(async { p::step(sum(4)).await }))).await;
    Ok(a? + b?)
});
callable!(Program stuck / Stuck () -> u32 {
    std::future::pending::<()>().await;
    Ok(1)
});
callable!(Program waits / Waits () -> String {
    p::step(crate::sleep(Duration::from_millis(5))).await;
    let first = crate::now();
    assert_eq!(first, crate::now().min(first));
    p::step(crate::receive::<String>("answer")).await
});

fn on_a_fake_clock() -> (Engine, Clock) {
    let clock = Clock::fake(1_000_000);
    let process = Process {
        id: ProcessId(crate::clock::new_uuid()),
        pid: 1,
        host: String::new(),
        started: 0,
        build: String::new(),
    };
    let store: Arc<dyn Store> = Memory::open(Options::new(process));
    let engine = Engine::with_clock(store, clock.clone(), false).expect("opens");
    (engine, clock)
}

/// Lets others go on for a little while.
async fn moment(millis: u64) {
    Clock::real().sleep(Duration::from_millis(millis)).await;
}

async fn engine() -> Engine {
    Engine::open("memory:")
        .await
        .expect("the memory store opens")
}

#[tokio::test]
async fn a_chain_of_tasks_is_recorded_in_order() {
    let engine = engine().await;
    let run = engine.start(sum(5)).await.expect("starts");
    let id = run.id;
    let record = run.wait().await.expect("ends");
    assert_eq!(
        (record.state, record.output.as_deref()),
        (RunState::Completed, Some("20"))
    );
    let steps = engine.journal(id).await.expect("reads").steps;
    let ids: Vec<_> = steps
        .iter()
        .map(|step| (step.seq, step.step.as_str()))
        .collect();
    assert_eq!(
        ids,
        [
            (0, "double"),
            (1, "double#2"),
            (2, "double#3"),
            (3, "double#4"),
            (4, "double#5")
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn joined_calls_run_beside_each_other_and_all_are_recorded() {
    let engine = engine().await;
    let values = engine.run(wide()).await.expect("completes");
    assert_eq!(values, (0..50).map(|n| n * 2).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_failed_attempt_is_tried_again_and_counted() {
    let engine = engine().await;
    let run = engine.start(retried()).await.expect("starts");
    let id = run.id;
    assert_eq!(run.wait().await.expect("ends").state, RunState::Completed);
    let journal = engine.journal(id).await.expect("reads");
    assert_eq!(journal.steps[0].attempts, 3);
    assert_eq!(journal.attempts.len(), 2);
}

#[tokio::test]
async fn resume_redoes_the_failure_and_nothing_else() {
    let engine = engine().await;
    let run = engine.start(gated()).await.expect("starts");
    let id = run.id;
    let record = run.wait().await.expect("ends");
    assert_eq!(record.state, RunState::Failed);
    let before = DOUBLED.load(Ordering::SeqCst);
    GATE.store(1, Ordering::SeqCst);
    let record = engine
        .resume(id)
        .await
        .expect("resumes")
        .wait()
        .await
        .expect("ends");
    assert_eq!(
        (record.state, record.output.as_deref()),
        (RunState::Completed, Some("43"))
    );
    let steps = engine.journal(id).await.expect("reads").steps;
    assert_eq!(steps.iter().filter(|step| step.task == "double").count(), 1);
    // Other tests double numbers too, but none doubles 21: the record shows that it was reused, not computed again.
    assert!(DOUBLED.load(Ordering::SeqCst) >= before);
    assert!(steps.iter().all(|step| step.state == TaskState::Completed));
}

#[tokio::test]
async fn a_panic_is_a_failed_attempt() {
    let error = engine().await.run(panicking()).await.expect_err("fails");
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Panicked, "panicked: boom")
    );
    assert_eq!(error.task(), Some("explode"));
}

#[tokio::test]
async fn a_flow_called_in_a_flow_is_a_run_of_its_own() {
    let engine = engine().await;
    let run = engine.start(parent()).await.expect("starts");
    let id = run.id;
    assert_eq!(
        run.wait().await.expect("ends").output.as_deref(),
        Some("18")
    );
    let steps = engine.journal(id).await.expect("reads").steps;
    let mut ids: Vec<_> = steps
        .iter()
        .map(|step| (step.step.as_str(), step.kind))
        .collect();
    ids.sort_unstable_by_key(|(step, _)| *step);
    assert_eq!(
        ids,
        [("b1/sum", StepKind::Flow), ("b2/sum", StepKind::Flow)]
    );
    let filter = crate::store::RunFilter {
        parent: Some(id),
        ..Default::default()
    };
    assert_eq!(engine.runs(filter).await.expect("lists").len(), 2);
}

#[tokio::test]
async fn waiting_for_what_is_not_recorded_fails_instead_of_hanging() {
    let error = engine().await.run(stuck()).await.expect_err("fails");
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(error.message().contains("not recorded"), "{error}");
}

#[tokio::test]
async fn a_signal_reaches_the_step_that_waits_for_it() {
    let engine = engine().await;
    let run = engine.start(waits()).await.expect("starts");
    engine
        .signal(run.id, "answer", &serde_json::json!("yes"))
        .await
        .expect("is accepted");
    assert_eq!(
        run.wait().await.expect("ends").output.as_deref(),
        Some("\"yes\"")
    );
}

#[tokio::test]
async fn cancel_ends_a_run_that_waits() {
    let engine = engine().await;
    let run = engine.start(waits()).await.expect("starts");
    engine.cancel(run.id).await.expect("is accepted");
    assert_eq!(run.wait().await.expect("ends").state, RunState::Cancelled);
}

#[tokio::test]
async fn a_crashed_run_goes_on_without_repeating_what_is_recorded() {
    let engine = engine().await;
    let run = engine.start(waits()).await.expect("starts");
    let id = run.id;
    let store: &Arc<dyn crate::store::Store> = engine.store();
    // The sleep is recorded, then another owner takes the run: what the first one does later changes nothing.
    while engine.journal(id).await.expect("reads").steps.is_empty() {
        tokio::task::yield_now().await;
    }
    let record = engine.record(id).await.expect("reads");
    store
        .claim(id, record.epoch, true, 0)
        .await
        .expect("answers")
        .expect("claims");
    engine
        .signal(id, "answer", &serde_json::json!("late"))
        .await
        .expect("is accepted");
    assert_eq!(
        run.wait().await.expect_err("lost it").kind(),
        ErrorKind::LeaseLost
    );
    let record = engine
        .resume(id)
        .await
        .expect("resumes")
        .wait()
        .await
        .expect("ends");
    assert_eq!(
        (record.state, record.output.as_deref()),
        (RunState::Completed, Some("\"late\""))
    );
    let steps = engine.journal(id).await.expect("reads").steps;
    assert_eq!(
        steps
            .iter()
            .filter(|step| step.kind == StepKind::Sleep)
            .count(),
        1
    );
}
