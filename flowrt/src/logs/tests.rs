//! The sink and the layer on the memory store.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::run::{Line, of_flow};
use super::{Kept, LOG_BUFFER_LINES_MAX, LOG_LINE_BYTES_MAX, LOG_LINES_MAX, Sink};
use crate::model::ids::{ProcessId, RunId};
use crate::model::payload::Payload;
use crate::model::record::{LogLine, NewRun};
use crate::store::memory::Memory;
use crate::store::{LogFilter, Options, Process, Store};

fn line(message: impl Into<String>) -> Line {
    Line {
        time: 1,
        level: "INFO",
        target: "t".to_owned(),
        message: message.into(),
    }
}

async fn run() -> (Arc<dyn Store>, RunId) {
    let store = Memory::open(Options::new(Process {
        id: ProcessId(crate::clock::new_uuid()),
        pid: 1,
        host: String::new(),
        started: 0,
        build: String::new(),
    }));
    let id = RunId(crate::clock::new_uuid());
    let run = NewRun {
        id,
        name: "calm-otter".to_owned(),
        flow: "flow".to_owned(),
        input: Payload::null(),
        parent: None,
        origin: None,
        idempotency_key: None,
        seed: 0,
        created: 0,
        logical_time: 0,
        build: String::new(),
        cache: crate::model::record::CacheUse::default(),
        dispatch: crate::model::dispatch::Dispatch::default(),
        due: None,
        steps: Vec::new(),
    };
    store.create_run(run).await.expect("is accepted");
    (store, id)
}

async fn stored(store: &dyn Store, run: RunId) -> Vec<LogLine> {
    let lines = store.logs(run, LogFilter::default()).await.expect("reads");
    lines.into_iter().map(|(_, line)| line).collect()
}

#[tokio::test]
async fn what_does_not_fit_is_counted_and_said() {
    let (store, run) = run().await;
    let heard = Arc::new(AtomicUsize::new(0));
    let count = heard.clone();
    let sink = Sink::new(
        store.clone(),
        Box::new(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
        }),
    );
    let _kept = Kept::open(run, &sink, &*store, false).await;
    // No other task runs on this thread meanwhile, so that nothing is written before the flush.
    let pushed = LOG_BUFFER_LINES_MAX + 7;
    for number in 0..pushed {
        of_flow(run, line(number.to_string()));
    }
    sink.flush().await;
    let lines = stored(&*store, run).await;
    assert_eq!(heard.load(Ordering::Relaxed), pushed);
    assert_eq!(lines.len(), LOG_BUFFER_LINES_MAX + 1);
    assert!(
        lines[..LOG_BUFFER_LINES_MAX]
            .iter()
            .enumerate()
            .all(|(number, line)| line.message == number.to_string())
    );
    let note = &lines[LOG_BUFFER_LINES_MAX];
    assert!(
        note.message.starts_with("7 lines were lost here"),
        "{note:?}"
    );
    assert_eq!((note.level.as_str(), note.time), ("WARN", 1));
}

#[tokio::test]
async fn an_attempt_may_log_so_much_and_a_line_be_so_long() {
    let (store, run) = run().await;
    let sink = Sink::new(store.clone(), Box::new(|_| {}));
    let _kept = Kept::open(run, &sink, &*store, false).await;
    of_flow(run, line("ü".repeat(LOG_LINE_BYTES_MAX)));
    for _ in 1..LOG_LINES_MAX + 3 {
        of_flow(run, line("again"));
        if sink.is_half_full() {
            sink.flush().await;
        }
    }
    sink.flush().await;
    let lines = stored(&*store, run).await;
    assert!(lines[0].message.len() < LOG_LINE_BYTES_MAX + 100);
    assert!(
        lines[0].message.contains("log_line_bytes_max"),
        "the cut is said"
    );
    let last = lines.last().expect("there are lines");
    assert_eq!(lines.len(), usize::try_from(LOG_LINES_MAX).unwrap() + 1);
    assert!(last.message.contains("log_lines_max"), "{last:?}");
}

#[tokio::test]
async fn a_flow_that_runs_again_does_not_double_its_lines() {
    let (store, run) = run().await;
    let sink = Sink::new(store.clone(), Box::new(|_| {}));
    {
        let _kept = Kept::open(run, &sink, &*store, false).await;
        for text in ["begins", "asks", "asks"] {
            of_flow(run, line(text));
        }
        sink.flush().await;
    }
    of_flow(run, line("nobody drives it"));
    let _kept = Kept::open(run, &sink, &*store, true).await;
    for text in ["begins", "asks", "asks", "asks", "ends"] {
        of_flow(run, line(text));
    }
    sink.flush().await;
    let lines = stored(&*store, run).await;
    let told: Vec<_> = lines.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(told, ["begins", "asks", "asks", "asks", "ends"]);
}

#[tokio::test]
async fn lines_are_written_without_anybody_asking() {
    let (store, run) = run().await;
    let sink = Sink::new(store.clone(), Box::new(|_| {}));
    let _kept = Kept::open(run, &sink, &*store, false).await;
    of_flow(run, line("soon"));
    while stored(&*store, run).await.is_empty() {
        tokio::task::yield_now().await;
    }
    of_flow(run, line("and again"));
    while stored(&*store, run).await.len() < 2 {
        tokio::task::yield_now().await;
    }
}
