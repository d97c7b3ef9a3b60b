//! Runs that are driven in this process, and where their lines go.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, RwLock};

use super::Sink;
use crate::model::ids::RunId;
use crate::model::record::LogLine;
use crate::store::{LogFilter, Store};

#[cfg(feature = "logs")]
use super::{LOG_LINE_BYTES_MAX, LOG_LINES_MAX};
#[cfg(feature = "logs")]
use crate::author::context::Attempt;

/// The engine of each run: what logs knows the run at most.
static DRIVEN: LazyLock<RwLock<HashMap<RunId, Arc<Driven>>>> = LazyLock::new(RwLock::default);

struct Driven {
    sink: Arc<Sink>,
    flow: Mutex<FlowLines>,
}

/// What the flow's own body has logged. A replay runs it again and must not double its lines.
#[derive(Default)]
struct FlowLines {
    count: u32,
    /// Lines that an earlier drive has stored, and how often: the same line is left out so often.
    stored: HashMap<u64, u32>,
}

/// Lines of a run are kept while this lives.
#[derive(Debug)]
pub(crate) struct Kept {
    run: RunId,
}

impl Kept {
    /// From now on, lines of this run go to that sink. A run that was driven before leaves out what it has logged then.
    pub(crate) async fn open(
        run: RunId,
        sink: &Arc<Sink>,
        store: &dyn Store,
        before: bool,
    ) -> Self {
        let mut flow = FlowLines::default();
        if before {
            let filter = LogFilter {
                step: Some(String::new()),
                ..LogFilter::default()
            };
            for (_, line) in store.logs(run, filter).await.unwrap_or_default() {
                flow.count += 1;
                *flow.stored.entry(digest(&line)).or_default() += 1;
            }
        }
        sink.written_here();
        let driven = Driven {
            sink: sink.clone(),
            flow: Mutex::new(flow),
        };
        let mut all = DRIVEN.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(run, Arc::new(driven));
        Self { run }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let mut all = DRIVEN.write().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.run);
    }
}

fn digest(line: &LogLine) -> u64 {
    let mut hash = DefaultHasher::new();
    (&line.level, &line.target, &line.message).hash(&mut hash);
    hash.finish()
}

#[cfg(feature = "logs")]
fn driven(run: RunId) -> Option<Arc<Driven>> {
    let all = DRIVEN.read().unwrap_or_else(PoisonError::into_inner);
    all.get(&run).cloned()
}

/// Takes the lines of all bodies of this process.
#[cfg(feature = "logs")]
static ELSEWHERE: std::sync::OnceLock<fn(Line)> = std::sync::OnceLock::new();

/// From now on the lines of task bodies go there: this process drives no runs, and runs a body for one that does.
#[cfg(feature = "isolate")]
pub(crate) fn send_elsewhere(send: fn(Line)) {
    let _ = ELSEWHERE.set(send);
}

/// A line of a task's body.
#[cfg(feature = "logs")]
pub(crate) fn of_attempt(attempt: &Attempt, line: Line) {
    if let Some(send) = ELSEWHERE.get() {
        return send(line);
    }
    let Some(run) = attempt.run else { return };
    let Some(driven) = driven(run) else { return };
    let before = attempt
        .logged
        .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    if let Some(line) = line.counted(before) {
        let line = line.at(run, &attempt.step, attempt.attempt);
        driven.sink.push(line);
    }
}

/// A line of a flow's own body.
#[cfg(feature = "logs")]
pub(crate) fn of_flow(run: RunId, line: Line) {
    let Some(driven) = driven(run) else { return };
    let line = {
        let mut flow = driven.flow.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = line.clone().cut().at(run, "", 0);
        if let Some(left) = flow
            .stored
            .get_mut(&digest(&whole))
            .filter(|left| **left > 0)
        {
            *left -= 1;
            return;
        }
        flow.count = flow.count.saturating_add(1);
        line.counted(flow.count - 1)
    };
    if let Some(line) = line {
        driven.sink.push(line.at(run, "", 0));
    }
}

/// A line before it is known whose it is.
#[cfg(feature = "logs")]
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) time: crate::model::record::Micros,
    pub(crate) level: &'static str,
    pub(crate) target: String,
    pub(crate) message: String,
}

#[cfg(feature = "logs")]
impl Line {
    /// The line, or a note in place of the first one over the limit, or nothing.
    fn counted(self, before: u32) -> Option<Self> {
        if before < LOG_LINES_MAX {
            return Some(self.cut());
        }
        (before == LOG_LINES_MAX).then(|| Self {
            level: "WARN",
            target: "flowrt".to_owned(),
            message: format!("{LOG_LINES_MAX} lines were logged here, the most that are kept of one attempt (log_lines_max); what follows is left out"),
            ..self
        })
    }

    /// At most so long as a line may be.
    fn cut(mut self) -> Self {
        if self.message.len() > LOG_LINE_BYTES_MAX {
            let end = self.message.floor_char_boundary(LOG_LINE_BYTES_MAX);
            let left = self.message.len() - end;
            self.message.truncate(end);
            self.message
                .push_str(&format!("… ({left} bytes more, over log_line_bytes_max)"));
        }
        self
    }

    fn at(self, run: RunId, step: &str, attempt: u32) -> LogLine {
        LogLine {
            run,
            step: step.to_owned(),
            attempt,
            time: self.time,
            level: self.level.to_owned(),
            target: self.target,
            message: self.message,
        }
    }
}
