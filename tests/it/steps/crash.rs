//! A process that dies, as far as a test can have it inside its own: all that it was doing is dropped at once, and only
//! the store is left.

use std::sync::Arc;
use std::time::Duration;

use flowrt::clock::Clock;
use flowrt::model::ids::{ProcessId, RunId};
use flowrt::model::record::{Journal, RunRecord};
use flowrt::store::memory::Memory;
use flowrt::store::{Options, Process, Store};
use flowrt::{Engine, TaskCall};

/// A store that outlives the engines on it.
pub(super) fn store() -> Arc<dyn Store> {
    Memory::open(Options::new(Process {
        id: ProcessId(flowrt::uuid()),
        pid: 0,
        host: String::new(),
        started: 0,
        build: String::new(),
    }))
}

/// Starts a flow on an engine of its own, and drops it all in the middle, as soon as the record and the program's own
/// state say so.
pub(super) async fn crashed<M>(
    store: &Arc<dyn Store>,
    call: TaskCall<M>,
    when: impl Fn(&Journal) -> bool + Send + 'static,
) -> RunId
where
    TaskCall<M>: Send,
    M: flowrt::__private::Callable,
{
    let store = store.clone();
    let process = move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
        let id = runtime.block_on(async {
            let engine = Engine::on(store).expect("the flows are fine");
            let clock = Clock::real();
            let id = engine.start(call).await.expect("starts").id;
            while !when(&engine.journal(id).await.expect("reads")) {
                clock.sleep(Duration::from_millis(1)).await;
            }
            id
        });
        runtime.shutdown_timeout(Duration::from_secs(60));
        id
    };
    tokio::task::spawn_blocking(process)
        .await
        .expect("the first process crashes in order")
}

/// Another process goes on with the run, to its end.
pub(super) async fn resumed(store: &Arc<dyn Store>, run: RunId) -> RunRecord {
    let engine = Engine::on(store.clone()).expect("the flows are fine");
    let handle = engine.resume(run).await.expect("resumes");
    handle.wait().await.expect("the store works")
}

pub(super) async fn journal(store: &Arc<dyn Store>, run: RunId) -> Journal {
    store.journal(run).await.expect("reads")
}
