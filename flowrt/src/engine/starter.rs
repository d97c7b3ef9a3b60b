//! Begins the tasks of a fan-out: a few starters take them from a queue as places become free, so that a run of many
//! tasks has few of them in memory, and one that ends at its first poll costs no task of the runtime.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use futures_util::future::BoxFuture;

use super::attempt::{self, Task};
use super::host::{Handle, Message, RunHost};
use crate::author::core::{Core, Host};
use crate::author::slot::{Finished, Key};

/// After so many bodies in a row a starter lets others have the thread.
const IN_A_ROW: u32 = 64;

/// Tasks that wait for a place: of the run's concurrency, or of the machine's cores for blocking ones.
#[derive(Debug, Default)]
pub(super) struct Queue(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<(Key, Task)>,
    /// Starters at work.
    starters: usize,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next task; `None` ends the starter that asked.
    fn next(&self) -> Option<(Key, Task)> {
        let mut state = self.state();
        let next = state.waiting.pop_front();
        if next.is_none() {
            state.starters -= 1;
        }
        next
    }
}

/// Lets these tasks begin. More starters than cores would not help: what a starter itself does is what a body does
/// before it first waits.
pub(super) fn start(
    host: &Arc<RunHost>,
    core: &Arc<Core>,
    blocking: bool,
    tasks: Vec<(Key, Task)>,
) {
    if tasks.is_empty() {
        return;
    }
    let queue = host.queue(blocking);
    let more = {
        let mut state = queue.state();
        state.waiting.extend(tasks);
        let wanted = host.cores.min(state.waiting.len());
        let more = wanted.saturating_sub(state.starters);
        state.starters += more;
        more
    };
    for _ in 0..more {
        tokio::spawn(work_off(host.clone(), core.clone(), blocking));
    }
}

async fn work_off(host: Arc<RunHost>, core: Arc<Core>, blocking: bool) {
    let queue = host.queue(blocking);
    let mut in_a_row = 0;
    loop {
        let permit = host.permit_of(blocking).await;
        let Some((key, task)) = queue.next() else {
            return;
        };
        // A call that was dropped before its turn, and all of a run that stops, never begin.
        if core.stops.any() || !core.has_call(key) {
            continue;
        }
        let work = attempt::run_task(host.clone(), core.clone(), key, task, permit);
        begin(&host, &core, key, Box::pin(work)).await;
        in_a_row += 1;
        if in_a_row % IN_A_ROW == 0 {
            tokio::task::yield_now().await;
        }
    }
}

/// What ends at its first poll is told at once; what waits goes on by itself.
async fn begin(
    host: &Arc<RunHost>,
    core: &Arc<Core>,
    key: Key,
    mut work: BoxFuture<'static, Finished>,
) {
    let polled = std::future::poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await;
    match polled {
        Poll::Ready(finished) => {
            // Nobody listens any more once the run has stopped.
            let _ = host.messages.send(Message::Finished(finished));
        }
        Poll::Pending => Handle(host.clone()).spawn(core, key, work),
    }
}
