//! What the macros know about a task or flow, as constants.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::author::context::TaskContext;
use crate::error::{Error, Result};
use crate::model::graph::Trigger;
pub use crate::model::limit::LimitKind;
use crate::model::limit::Rule;
use crate::model::payload::Payload;
use crate::model::retry;

/// A task or flow, as the compiler saw it.
#[derive(Debug)]
pub struct Meta {
    /// The registered name: the option `name`, else the function's.
    pub name: &'static str,
    /// The function's own name.
    pub function: &'static str,
    /// `module_path!()`.
    pub module: &'static str,
    /// `file!()` of the function.
    pub file: &'static str,
    /// Its line.
    pub line: u32,
    /// The doc comment, lines joined and trimmed.
    pub doc: &'static str,
    /// Task, or which kind of flow.
    pub kind: Kind,
    /// The recorded parameters in order (injected ones are not here).
    pub params: &'static [Param],
    /// Hash of the function's tokens without comments and docs, and of its options.
    pub fingerprint: u64,
    /// Runs the body: takes the JSON array of the arguments, gives the JSON of the result.
    pub body: fn(Payload, TaskContext) -> BoxFuture<'static, Result<Payload>>,
    /// The options of a task; for a flow the defaults.
    pub task: TaskOptions,
    /// The options of a flow; for a task the defaults.
    pub flow: FlowOptions,
    /// The graph of a DAG flow.
    pub graph: Option<&'static StaticGraph>,
    /// The call sites of a program flow, in source order.
    pub sites: &'static [Site],
}

/// What a [`Meta`] describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `#[task]`.
    Task,
    /// `#[flow] fn`.
    Dag,
    /// `#[flow] async fn`.
    Program,
}

/// A recorded parameter.
pub struct Param {
    /// The Rust name, without `r#`.
    pub name: &'static str,
    /// The type's source text.
    pub ty: &'static str,
    /// `#[arg(flag = …)]`, else the name in kebab-case.
    pub flag: &'static str,
    /// `#[arg(help = …)]`.
    pub help: &'static str,
    /// `#[arg(env = …)]`.
    pub env: Option<&'static str>,
    /// The default as JSON: `#[arg(default = …)]`, `false` for a `bool`, `null` for an `Option`.
    pub default: Option<fn() -> Result<Payload>>,
    /// The JSON Schema; tasks have none.
    pub schema: Option<fn(&mut schemars::SchemaGenerator) -> schemars::Schema>,
    /// Decodes a value and writes it again: the error says why JSON does not fit the type.
    pub check: fn(&serde_json::Value) -> std::result::Result<serde_json::Value, (String, String)>,
}

impl fmt::Debug for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.ty)
    }
}

/// How long to wait before the next attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Delay {
    /// The n-th wait is the n-th of the list; the last one repeats. Empty: no wait.
    List(&'static [Duration]),
    /// Doubles from the first to the cap.
    Backoff(Duration, Duration),
}

impl Delay {
    /// The wait after the n-th failure, from 1.
    pub(crate) fn after(self, failed: u32) -> Duration {
        match self {
            Self::List(list) => retry::list_delay(list, failed),
            Self::Backoff(first, cap) => retry::backoff_delay(first, cap, failed),
        }
    }
}

/// A task or flow that an option names. Only asked for when it is needed, so that two may name each other.
pub type Named = fn() -> &'static Meta;

/// The options of `#[task]`.
#[derive(Debug, Clone, Copy)]
pub struct TaskOptions {
    /// Attempts after the first.
    pub retries: u32,
    /// Waits between attempts.
    pub delay: Delay,
    /// Share of a delay that may be added or taken away at random, in percent.
    pub jitter: u32,
    /// Says which errors are worth another attempt.
    pub retry_if: Option<fn(&Error) -> bool>,
    /// Which errors are worth how many attempts; the first that applies decides, and `retries` is for all others.
    pub retry_rules: &'static [RetryRule],
    /// Of each attempt.
    pub timeout: Option<Duration>,
    /// For people and filters.
    pub tags: &'static [&'static str],
    /// The function is not `async`: its body runs on the blocking pool.
    pub blocking: bool,
    /// `durable = "power"`.
    pub durable: bool,
    /// The body runs in a process of its own.
    pub isolate: bool,
    /// The most bytes that this process may take.
    pub memory: Option<u64>,
    /// The most time that it may compute.
    pub cpu: Option<Duration>,
    /// `version = "…"`.
    pub version: Option<&'static str>,
    /// The limit it takes, for what shows it.
    pub limit: Option<LimitUse>,
    /// `cache = "…"`.
    pub cache: Option<CacheOptions>,
    /// `queue = "…"`.
    pub queue: Option<&'static str>,
    /// `priority = …`.
    pub priority: i32,
    /// `when_full = …`.
    pub when_full: WhenFull,
    /// Called once it has failed for good.
    pub on_failure: Option<Named>,
    /// Called once it has succeeded.
    pub on_success: Option<Named>,
    /// Undoes it if its run fails.
    pub rollback: Option<Named>,
    /// `on_crash = "park"`: a person decides what a body did whose process died.
    pub park: bool,
    /// Names of options that were given and that this version does not carry out.
    pub later: &'static [&'static str],
}

impl TaskOptions {
    /// No options.
    pub const NONE: Self = Self {
        retries: 0,
        delay: Delay::List(&[]),
        jitter: 0,
        retry_if: None,
        retry_rules: &[],
        timeout: None,
        tags: &[],
        blocking: false,
        durable: false,
        isolate: false,
        memory: None,
        cpu: None,
        version: None,
        limit: None,
        cache: None,
        queue: None,
        priority: 0,
        when_full: WhenFull::Queue,
        on_failure: None,
        on_success: None,
        rollback: None,
        park: false,
        later: &[],
    };
}

/// One of `retry_rules`.
#[derive(Debug, Clone, Copy)]
pub struct RetryRule {
    /// Whether it speaks of that error.
    pub applies: fn(&Error) -> bool,
    /// Attempts after failures of which it speaks.
    pub times: u32,
    /// The waits before them; else those of the task.
    pub delay: Option<Delay>,
}

/// `cache = "…", cache_key = path`.
#[derive(Debug, Clone, Copy)]
pub struct CacheOptions {
    /// How long a result may be taken.
    pub keep: Duration,
    /// What stands in place of the inputs: takes their record.
    pub key: Option<fn(&Payload) -> Result<String>>,
    /// Whether a kept result fits the type that the task gives now.
    pub fits: fn(&Payload) -> bool,
}

/// `limit = NAME * weight, limit_key = param`.
#[derive(Debug, Clone, Copy)]
pub struct LimitUse {
    /// The limit.
    pub limit: &'static Limit,
    /// How many of its units.
    pub weight: u32,
    /// The parameter whose value separates.
    pub key: Option<&'static str>,
}

/// A limit made by `limit!`.
#[derive(Debug)]
pub struct Limit {
    /// Its name.
    pub name: &'static str,
    /// How many at a time, or how many per [`per`](Self::per).
    pub count: u32,
    /// The window of a rate; none for slots.
    pub per: Option<Duration>,
    /// How many at once beyond the rate.
    pub burst: Option<u32>,
    /// How it counts.
    pub kind: LimitKind,
}

impl Limit {
    /// What it allows.
    pub fn rule(&self) -> Rule {
        Rule {
            kind: self.kind,
            count: self.count,
            per: self.per.map_or(0, crate::clock::micros),
            burst: self.burst,
        }
    }
}

/// What a call does when its limit has no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// It waits for its turn.
    Queue,
    /// It fails, and is retried as its task says.
    Fail,
    /// It is skipped.
    Skip,
    /// It cancels those that wait or run, and takes their place.
    CancelPrevious,
}

/// The options of `#[flow]`.
#[derive(Debug, Clone, Copy)]
pub struct FlowOptions {
    /// Attempts of the flow after the first; they reuse what is recorded.
    pub retries: u32,
    /// Waits between them.
    pub delay: Delay,
    /// Of the run.
    pub timeout: Option<Duration>,
    /// Tasks of a run at a time.
    pub concurrency: u32,
    /// Runs of the flow at a time.
    pub max_runs: Option<u32>,
    /// What a run does when there are so many.
    pub when_full: WhenFull,
    /// A failed node cancels the others.
    pub fail_fast: bool,
    /// `version = "…"`.
    pub version: Option<&'static str>,
    /// For people and filters.
    pub tags: &'static [&'static str],
    /// The cron text.
    pub schedule: Option<&'static str>,
    /// The zone of the schedule.
    pub timezone: Option<&'static str>,
    /// Further attempts of all tasks of a run together.
    pub retry_budget: Option<u32>,
    /// Called once a run has failed or run out of time.
    pub on_failure: Option<Named>,
    /// Called once a run has completed.
    pub on_success: Option<Named>,
    /// Called once a run was cancelled.
    pub on_cancel: Option<Named>,
    /// Called once the process of a run has died too often.
    pub on_crash: Option<Named>,
    /// Names of options that were given and that this version does not carry out.
    pub later: &'static [&'static str],
}

impl FlowOptions {
    /// No options.
    pub const NONE: Self = Self {
        retries: 0,
        delay: Delay::List(&[]),
        timeout: None,
        concurrency: 64,
        max_runs: None,
        when_full: WhenFull::Queue,
        fail_fast: false,
        version: None,
        tags: &[],
        schedule: None,
        timezone: None,
        retry_budget: None,
        on_failure: None,
        on_success: None,
        on_cancel: None,
        on_crash: None,
        later: &[],
    };
}

/// The graph of a DAG flow as a constant. Nodes are in source order, arms' nodes after their branch.
#[derive(Debug)]
pub struct StaticGraph {
    /// The nodes; a node's index is its identity.
    pub nodes: &'static [StaticNode],
}

/// A node of a [`StaticGraph`].
#[derive(Debug)]
pub struct StaticNode {
    /// What it does.
    pub what: What,
    /// The name it is bound to, for messages; empty for a statement.
    pub binding: &'static str,
    /// `.named("…")`.
    pub named: Option<&'static str>,
    /// Nodes whose values it uses.
    pub needs: &'static [usize],
    /// Nodes it waits for without using them.
    pub after: &'static [usize],
    /// When it starts.
    pub rule: Trigger,
    /// `.attempt()`.
    pub tolerated: bool,
    /// For a map: the source text of what it runs over.
    pub over: &'static str,
    /// The branch node and the arm's text, for a node inside an arm.
    pub arm: Option<(usize, &'static str)>,
    /// The line of the call in [`Meta::file`].
    pub line: u32,
}

/// What a node does.
#[derive(Debug, Clone, Copy)]
pub enum What {
    /// Calls a task or flow.
    Call(&'static Meta),
    /// Fans out over a task or flow.
    Map(&'static Meta),
    /// A wait of that kind: `sleep`, `sleep_until`, `poll`, `receive`, `race`.
    Wait(&'static str),
    /// An `if` or `match`.
    Branch,
    /// Plain code, not recorded and not drawn.
    Glue,
}

/// A call site of a program flow.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    /// The path as written, such as `enqueue` or `report::send`.
    pub text: &'static str,
    /// Its line in [`Meta::file`].
    pub line: u32,
    /// Whether it is called for each item of a `map`.
    pub mapped: bool,
}

/// What `inventory` collects.
#[derive(Debug)]
pub struct Registered(pub &'static Meta);

inventory::collect!(Registered);

/// A file of deployments that the program has from `deployments!`.
#[derive(Debug)]
pub struct RegisteredDeployments {
    /// Its name, as it was written.
    pub file: &'static str,
    /// What is in it.
    pub text: &'static str,
}

inventory::collect!(RegisteredDeployments);

/// A limit that `inventory` collects.
#[derive(Debug)]
pub struct RegisteredLimit(pub &'static Limit);

inventory::collect!(RegisteredLimit);
