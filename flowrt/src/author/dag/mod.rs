//! Runs the body of a DAG flow: each node starts when its trigger rule says so, inside the flow's own future.

mod cell;
mod inside;
mod link;
mod names;
mod progress;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};

pub use cell::{Cell, Reuse, Same, matched_before};
pub use inside::Inside;
pub(crate) use names::step_names;
pub use progress::Arm;

pub(crate) use self::inside::{ends_run, state_of};
use self::link::Link;
use self::progress::Progress;
use crate::author::meta::StaticGraph;
use crate::error::{Error, ErrorKind, Result};
use crate::model::state::TaskState;

/// What a node does once it may.
enum Work {
    Call(BoxFuture<'static, Result<()>>),
    Glue(Box<dyn FnOnce() -> Result<()> + Send>),
    Branch(Box<dyn FnOnce() -> Result<usize> + Send>),
}

/// The nodes of one DAG while it runs.
pub struct Dag {
    graph: &'static StaticGraph,
    fail_fast: bool,
    inside: Inside,
    works: Vec<Option<Work>>,
    arms: Vec<&'static [Arm]>,
}

impl fmt::Debug for Dag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dag")
            .field("nodes", &self.graph.nodes.len())
            .finish_non_exhaustive()
    }
}

impl Dag {
    /// A DAG of the current run, to be given its nodes.
    pub fn open(graph: &'static StaticGraph, fail_fast: bool) -> Self {
        let count = graph.nodes.len();
        Self {
            graph,
            fail_fast,
            inside: Inside::new(Link::current(), names::step_names(graph)),
            works: std::iter::repeat_with(|| None).take(count).collect(),
            arms: vec![&[]; count],
        }
    }

    /// What the code of a node needs of the DAG.
    pub fn inside(&self) -> Inside {
        self.inside.clone()
    }

    /// A node that awaits a call.
    pub fn call(&mut self, node: usize, work: BoxFuture<'static, Result<()>>) {
        self.works[node] = Some(Work::Call(work));
    }

    /// A node of plain code.
    pub fn glue(&mut self, node: usize, work: Box<dyn FnOnce() -> Result<()> + Send>) {
        self.works[node] = Some(Work::Glue(work));
    }

    /// A node that gives the number of the arm to take.
    pub fn branch(
        &mut self,
        node: usize,
        arms: &'static [Arm],
        work: Box<dyn FnOnce() -> Result<usize> + Send>,
    ) {
        self.arms[node] = arms;
        self.works[node] = Some(Work::Branch(work));
    }

    /// Runs all nodes; the value is what the node `tail` put into `value`.
    pub fn finish<T: Send + 'static>(
        self,
        tail: usize,
        value: Cell<T>,
    ) -> impl Future<Output = Result<T>> + Send {
        let run = Running::new(self).all(Some(tail)).boxed();
        async move {
            run.await?;
            value.taken()
        }
    }

    /// Runs all nodes of a body that ends with a statement.
    pub fn finish_unit(self) -> BoxFuture<'static, Result<()>> {
        Running::new(self).all(None).boxed()
    }
}

type Ended = std::result::Result<Result<()>, Box<dyn Any + Send>>;

struct Running {
    dag: Dag,
    progress: Progress,
    calls: FuturesUnordered<BoxFuture<'static, (usize, Ended)>>,
    /// The first failure that is not tolerated.
    failure: Option<Error>,
}

impl Running {
    fn new(mut dag: Dag) -> Self {
        let progress = Progress::new(dag.graph, std::mem::take(&mut dag.arms));
        Self {
            dag,
            progress,
            calls: FuturesUnordered::new(),
            failure: None,
        }
    }

    async fn all(mut self, tail: Option<usize>) -> Result<()> {
        loop {
            self.start_ready()?;
            if self.failure.is_some() && self.dag.fail_fast {
                self.calls.clear();
                self.progress.cancel();
                self.note_unrun();
                break;
            }
            let Some((node, ended)) = self.calls.next().await else {
                break;
            };
            self.call_ended(node, flat(ended))?;
        }
        self.outcome(tail)
    }

    /// Starts what may start. Plain code ends at once, which may let more start.
    fn start_ready(&mut self) -> Result<()> {
        self.note_unrun();
        while let Some(node) = self.progress.next_ready() {
            match self.dag.works[node].take() {
                None => self.progress.settle(node, TaskState::Completed),
                Some(Work::Call(work)) => self.calls.push(
                    AssertUnwindSafe(work)
                        .catch_unwind()
                        .map(move |ended| (node, ended))
                        .boxed(),
                ),
                Some(Work::Glue(work)) => {
                    let ended = flat(catch_unwind(AssertUnwindSafe(work)));
                    self.call_ended(node, ended)?;
                }
                Some(Work::Branch(work)) => match flat(catch_unwind(AssertUnwindSafe(work))) {
                    Ok(arm) => self.progress.choose(node, arm),
                    Err(error) => self.call_ended(node, Err(error))?,
                },
            }
            self.note_unrun();
        }
        Ok(())
    }

    fn call_ended(&mut self, node: usize, ended: Result<()>) -> Result<()> {
        let state = match ended {
            Ok(()) => match self.dag.inside.take_handed(node) {
                Some(state) => state,
                None => TaskState::Completed,
            },
            Err(error) if ends_run(&error) => return Err(error),
            Err(error) => {
                let state = state_of(&error);
                if state != TaskState::Skipped && self.failure.is_none() {
                    self.failure = Some(error);
                }
                state
            }
        };
        self.progress.settle(node, state);
        Ok(())
    }

    /// Writes down what will not run, and lets go of the values that it would have used.
    fn note_unrun(&mut self) {
        for node in self.progress.take_unrun() {
            self.dag.works[node] = None;
            let shared = &self.dag.inside.0;
            let callee = names::callee(&self.dag.graph.nodes[node]);
            if let (Some(state), Some(task), Some(step)) =
                (self.progress.state(node), callee, &shared.names[node])
            {
                shared.link.note(node, step, task, state);
            }
        }
    }

    /// The worst state of all nodes that are not tolerated decides, then whether the tail has a value.
    fn outcome(self, tail: Option<usize>) -> Result<()> {
        if let Some(error) = self.failure {
            return Err(error);
        }
        let bad = self
            .dag
            .graph
            .nodes
            .iter()
            .enumerate()
            .find(|(index, node)| {
                !node.tolerated
                    && self
                        .progress
                        .state(*index)
                        .is_none_or(TaskState::is_failure)
            });
        if let Some((_, node)) = bad {
            let message = format!(
                "{} did not run, since what it depends on failed",
                title(node)
            );
            return Err(Error::new(ErrorKind::UpstreamFailed, message));
        }
        match tail.and_then(|tail| self.progress.state(tail)) {
            Some(TaskState::Skipped) => Err(Error::new(
                ErrorKind::Skipped,
                "the flow's value depends on a node that was skipped",
            )),
            _ => Ok(()),
        }
    }
}

fn title(node: &crate::author::meta::StaticNode) -> String {
    match (node.binding, names::callee(node)) {
        ("", Some(callee)) => format!("`{callee}`"),
        ("", None) => "a node".to_owned(),
        (binding, _) => format!("`{binding}`"),
    }
}

fn flat<T>(ended: std::result::Result<Result<T>, Box<dyn Any + Send>>) -> Result<T> {
    ended.unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic that carried no text".to_owned());
        Err(Error::new(ErrorKind::Panicked, text))
    })
}
