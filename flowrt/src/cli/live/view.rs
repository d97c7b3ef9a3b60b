//! What is known of runs that go on: events in, standings out. The same for runs of this process and of others.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::model::event::{Event, What};
use crate::model::graph::{Graph, NodeKind};
use crate::model::ids::RunId;
use crate::model::record::{Micros, StepKind};
use crate::model::state::{RunState, TaskState};

/// The graph of a flow by its name, if it is a DAG of this program.
pub(crate) type Graphs = Box<dyn Fn(&str) -> Option<Graph> + Send>;

/// All runs that are watched.
pub(crate) struct View {
    graphs: Graphs,
    runs: HashMap<RunId, RunView>,
    /// The run that the person asked for, once it has begun.
    root: Option<RunId>,
    /// Nobody tells when a body begins.
    inferred: bool,
}

/// One run.
#[derive(Debug)]
pub(crate) struct RunView {
    pub(crate) name: String,
    pub(crate) flow: String,
    pub(crate) began: Micros,
    pub(crate) ended: Option<(RunState, Micros)>,
    /// The flow itself has failed and will be tried again.
    pub(crate) retrying: Option<Standing>,
    pub(crate) rows: Vec<Row>,
    by_name: HashMap<String, usize>,
    is_dag: bool,
    parent: Option<(RunId, String)>,
    /// Child runs by the step that called them.
    pub(crate) children: HashMap<String, RunId>,
}

/// One line of the tree: a step, or all steps of one name.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// Rows it waits for.
    pub(crate) needs: Vec<usize>,
    /// It is a fan-out, or has been called more than once.
    pub(crate) many: bool,
    /// Fan-outs of that name, and how many items each has.
    fans: Vec<(Arc<str>, u64)>,
    pub(crate) counts: Counts,
    /// From the first start to the last end.
    pub(crate) first: Option<Micros>,
    pub(crate) last: Option<Micros>,
    /// The time of its only step, as recorded.
    pub(crate) took: Duration,
    /// Attempts of the step that ended last.
    pub(crate) attempts: u32,
    /// What it failed of last, as recorded.
    pub(crate) error: Option<String>,
    /// How far its only step says that it is.
    pub(crate) progress: Option<(u64, u64)>,
    steps: HashMap<Arc<str>, Standing>,
    /// What people know the steps by that are under way.
    labels: HashMap<Arc<str>, Arc<str>>,
}

/// How many steps of a row stand how.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) running: u64,
    pub(crate) waiting: u64,
    pub(crate) completed: u64,
    pub(crate) kept: u64,
    pub(crate) failed: u64,
    pub(crate) unrun: u64,
}

/// Where a step stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Standing {
    Running {
        since: Micros,
        attempt: u32,
    },
    Retrying {
        attempt: u32,
        due: Option<Micros>,
        error: String,
    },
    Waiting {
        kind: String,
        name: Option<String>,
        until: Option<Micros>,
    },
    Ended {
        state: TaskState,
        kept: bool,
    },
}

impl Counts {
    pub(crate) fn active(self) -> u64 {
        self.running + self.waiting
    }

    pub(crate) fn ended(self) -> u64 {
        self.completed + self.failed + self.unrun
    }

    fn of(&mut self, standing: &Standing) -> &mut u64 {
        match standing {
            Standing::Running { .. } => &mut self.running,
            Standing::Retrying { .. } | Standing::Waiting { .. } => &mut self.waiting,
            Standing::Ended { state, .. } if state.is_success() => &mut self.completed,
            Standing::Ended {
                state: TaskState::UpstreamFailed,
                ..
            } => &mut self.unrun,
            Standing::Ended { state, .. } if state.is_failure() => &mut self.failed,
            Standing::Ended { .. } => &mut self.unrun,
        }
    }
}

impl Row {
    /// Steps that are under way, in no order.
    pub(crate) fn active(&self) -> impl Iterator<Item = (&Arc<str>, &Standing)> {
        self.steps
            .iter()
            .filter(|(_, standing)| !matches!(standing, Standing::Ended { .. }))
    }

    /// What the first of the bodies that run are known by, in the order of the words.
    pub(crate) fn labels(&self, most: usize) -> Vec<&str> {
        let is_running = |step| matches!(self.steps.get(step), Some(Standing::Running { .. }));
        let running = self.labels.iter().filter(|(step, _)| is_running(*step));
        let mut labels: Vec<&str> = running.map(|(_, label)| &**label).collect();
        labels.sort_unstable();
        labels.truncate(most);
        labels
    }

    /// How many steps there will be, where that is known.
    pub(crate) fn total(&self) -> Option<u64> {
        let items = self.fans.iter().map(|(_, items)| *items);
        (!self.fans.is_empty()).then(|| items.sum())
    }

    /// The standing of the only step.
    pub(crate) fn only(&self) -> Option<&Standing> {
        self.steps.values().next()
    }

    /// Everything of it that is known has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.counts.active() == 0 && self.counts.ended() > 0
    }

    pub(crate) fn is_untouched(&self) -> bool {
        self.steps.is_empty()
    }

    fn put(&mut self, step: &Arc<str>, standing: Standing, at: Micros) {
        self.first.get_or_insert(at);
        self.last = Some(at);
        *self.counts.of(&standing) += 1;
        self.counts.kept += u64::from(matches!(standing, Standing::Ended { kept: true, .. }));
        if let Some(old) = self.steps.insert(step.clone(), standing) {
            *self.counts.of(&old) -= 1;
            self.counts.kept -= u64::from(matches!(old, Standing::Ended { kept: true, .. }));
        }
        self.many |= self.steps.len() > 1;
    }
}

impl View {
    pub(crate) fn new(graphs: Graphs) -> Self {
        Self {
            graphs,
            runs: HashMap::new(),
            root: None,
            inferred: false,
        }
    }

    /// Events come from a record, which does not know when a body began: a node that may begin counts as begun.
    pub(crate) fn infer(&mut self) {
        self.inferred = true;
    }

    pub(crate) fn is_inferred(&self) -> bool {
        self.inferred
    }

    pub(crate) fn root(&self) -> Option<RunId> {
        self.root
    }

    pub(crate) fn run(&self, run: RunId) -> Option<&RunView> {
        self.runs.get(&run)
    }

    /// Takes an event in. The same event again changes nothing.
    pub(crate) fn apply(&mut self, event: &Event) {
        if let What::RunStarted {
            name,
            flow,
            parent,
            continues,
        } = &event.what
        {
            if let Some(ended) = continues
                && self.root == Some(*ended)
            {
                self.runs.remove(ended);
                self.root = None;
            }
            self.begin(event, name, flow, parent.as_ref());
            return;
        }
        let Some(run) = self.runs.get_mut(&event.run) else {
            return;
        };
        if let What::RunEnded { state, .. } = &event.what {
            run.ended = Some((*state, event.at));
            self.fold(event.run);
            return;
        }
        if let What::FannedOut { step, items } = &event.what {
            let row = run.row_of(step);
            row.many = true;
            row.fans.retain(|(known, _)| known != step);
            row.fans.push((step.clone(), *items));
            return;
        }
        if let What::Progress { step, done, total } = &event.what {
            run.row_of(step).progress = Some((*done, *total));
            return;
        }
        let Some((step, standing)) = standing_of(event) else {
            return;
        };
        if step.is_empty() {
            run.retrying = Some(standing);
            return;
        }
        let row = run.row_of(step);
        if let What::Started {
            label: Some(label), ..
        } = &event.what
        {
            row.labels.insert(step.clone(), label.clone());
        }
        if let What::Ended {
            took,
            attempts,
            error,
            ..
        } = &event.what
        {
            row.labels.remove(step);
            row.took = *took;
            row.attempts = *attempts;
            if error.is_some() {
                row.error = error.as_ref().map(|error| first_line(error));
            }
        }
        // What an attempt said holds for that attempt.
        row.progress = None;
        row.put(step, standing, event.at);
    }

    /// A child run that has ended is one line of its caller: however many there were, only those under way are held.
    fn fold(&mut self, run: RunId) {
        let above = self.runs.get(&run).and_then(|run| run.parent.clone());
        if let Some((above, step)) = above {
            self.runs.remove(&run);
            if let Some(above) = self.runs.get_mut(&above) {
                above.children.remove(&step);
            }
        }
    }

    fn begin(&mut self, event: &Event, name: &str, flow: &str, parent: Option<&(RunId, String)>) {
        if let Some((parent, step)) = parent
            && let Some(above) = self.runs.get_mut(parent)
        {
            above.children.insert(step.clone(), event.run);
            let step: Arc<str> = Arc::from(step.as_str());
            let row = above.row_of(&step);
            row.put(
                &step,
                Standing::Running {
                    since: event.at,
                    attempt: 1,
                },
                event.at,
            );
        } else if self.root.is_none() {
            self.root = Some(event.run);
        }
        if let Some(run) = self.runs.get_mut(&event.run) {
            run.ended = None;
            run.retrying = None;
            return;
        }
        let graph = (self.graphs)(flow).filter(|graph| graph.is_dag);
        let graph = graph.map(|graph| graph.without_branches());
        let mut run = RunView::new(name, flow, event.at, graph.as_ref());
        run.parent = parent.cloned();
        self.runs.insert(event.run, run);
    }
}

impl RunView {
    fn new(name: &str, flow: &str, began: Micros, graph: Option<&Graph>) -> Self {
        let mut run = Self {
            name: name.to_owned(),
            flow: flow.to_owned(),
            began,
            ended: None,
            retrying: None,
            rows: Vec::new(),
            by_name: HashMap::new(),
            is_dag: graph.is_some(),
            parent: None,
            children: HashMap::new(),
        };
        for node in graph.map_or(&[][..], |graph| &graph.nodes) {
            run.by_name.insert(node.id.clone(), run.rows.len());
            run.rows.push(Row {
                name: node.id.clone(),
                many: node.kind == NodeKind::Map,
                ..Row::default()
            });
        }
        for edge in graph.map_or(&[][..], |graph| &graph.edges) {
            if !run.rows[edge.to].needs.contains(&edge.from) {
                run.rows[edge.to].needs.push(edge.from);
            }
        }
        run
    }

    fn row_of(&mut self, step: &str) -> &mut Row {
        let name = self.row_name(step).to_owned();
        let next = self.rows.len();
        let place = *self.by_name.entry(name.clone()).or_insert(next);
        if place == next {
            self.rows.push(Row {
                name,
                ..Row::default()
            });
        }
        &mut self.rows[place]
    }

    /// A node of a DAG has a row; in a program, all calls of one name share one, whatever their branch and number.
    fn row_name<'a>(&self, step: &'a str) -> &'a str {
        if self.is_dag {
            let mut name = step;
            loop {
                if self.by_name.contains_key(name) {
                    return name;
                }
                let Some(shorter) = name.rfind(['[', '/']) else {
                    break;
                };
                name = &name[..shorter];
            }
        }
        let name = step.rsplit('/').next().unwrap_or(step);
        let name = name.split('[').next().unwrap_or(name);
        name.split('#').next().unwrap_or(name)
    }
}

fn standing_of(event: &Event) -> Option<(&Arc<str>, Standing)> {
    match &event.what {
        What::Started { step, attempt, .. } => Some((
            step,
            Standing::Running {
                since: event.at,
                attempt: *attempt,
            },
        )),
        What::Retrying {
            step,
            attempt,
            due,
            error,
        } => Some((
            step,
            Standing::Retrying {
                attempt: attempt + 1,
                due: *due,
                error: first_line(error),
            },
        )),
        What::Waiting {
            step,
            kind,
            name,
            until,
        } => Some((
            step,
            Standing::Waiting {
                kind: kind.clone(),
                name: name.clone(),
                until: *until,
            },
        )),
        // What is only noted has no place of its own in the tree.
        What::Ended {
            kind: StepKind::Now | StepKind::Map | StepKind::Race,
            ..
        } => None,
        What::Ended {
            step, state, kept, ..
        } => Some((
            step,
            Standing::Ended {
                state: *state,
                kept: *kept,
            },
        )),
        _ => None,
    }
}

/// The first line of a recorded error.
pub(crate) fn first_line(error: &str) -> String {
    let error = crate::error::Error::from_json(error);
    error
        .message()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}
