//! One deployment of a file.

use std::time::Duration;

use super::fields::{Fields, count};
use super::job;
use super::node::{Key, Node, Value};
use super::place::{Place, Remarks};
use super::schedules::{self, ScheduleEntry};

/// A deployment as a file says it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name.
    pub name: Located,
    /// What finds its flow: the path after the colon of `entrypoint`, else `flow_name`.
    pub flow: Located,
    /// `flow_name`, where `entrypoint` finds the flow: it is only shown.
    pub shown: Option<String>,
    /// For people.
    pub description: String,
    /// For filters.
    pub tags: Vec<String>,
    /// Values of parameters.
    pub parameters: Vec<(Key, Node)>,
    /// When it starts by itself.
    pub schedules: Vec<ScheduleEntry>,
    /// Whether it fires.
    pub active: bool,
    /// The pool of workers.
    pub pool: Option<String>,
    /// The queue of that pool.
    pub queue: Option<String>,
    /// What the processes of its runs are given: `env`, whose values are texts or nothing, and `working_dir`.
    pub job_variables: Vec<(Key, Node)>,
    /// How many runs may go on at once.
    pub limit: Option<Limit>,
    /// Attempts after the first.
    pub retries: Option<u32>,
    /// How long a run may take.
    pub timeout: Option<Duration>,
}

/// A text, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The text.
    pub value: String,
    /// Where.
    pub place: Place,
    /// How many characters it takes there.
    pub width: usize,
}

/// How many runs of a deployment may go on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The most.
    pub count: u32,
    /// What becomes of one more.
    pub when_full: WhenFullWord,
}

/// What becomes of a run that finds as many as may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFullWord {
    /// It waits.
    Queue,
    /// It is cancelled.
    CancelNew,
    /// It cancels an older one.
    CancelPrevious,
    /// It is skipped.
    Skip,
}

/// What is made up for of missed slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatchupWord {
    /// Nothing.
    None,
    /// The last.
    Last,
    /// All.
    All,
}

pub(super) const CATCHUPS: &[(&str, CatchupWord)] = &[
    ("none", CatchupWord::None),
    ("last", CatchupWord::Last),
    ("all", CatchupWord::All),
    ("false", CatchupWord::None),
    ("true", CatchupWord::All),
];

const CONFLICTS: &[(&str, WhenFullWord)] = &[
    ("queue", WhenFullWord::Queue),
    ("cancel_new", WhenFullWord::CancelNew),
    ("cancel_previous", WhenFullWord::CancelPrevious),
    ("skip", WhenFullWord::Skip),
    ("enqueue", WhenFullWord::Queue),
];

const KNOWN: &[&str] = &[
    "name",
    "description",
    "tags",
    "flow_name",
    "entrypoint",
    "parameters",
    "schedule",
    "schedules",
    "active",
    "paused",
    "catchup",
    "work_pool",
    "concurrency_limit",
    "retries",
    "timeout",
    "triggers",
];

impl Entry {
    /// The last part of what finds the flow.
    pub fn flow_name(&self) -> &str {
        self.flow.value.rsplit(['.', ':']).next().unwrap_or("")
    }
}

impl Located {
    /// What a remark about it points at.
    pub fn at(&self) -> (Place, usize) {
        (self.place, self.width)
    }
}

impl From<Node> for Located {
    fn from(node: Node) -> Self {
        Self {
            place: node.place,
            width: node.width,
            value: node.text().unwrap_or_default().to_owned(),
        }
    }
}

/// Steps that put code into place: the program holds its flows.
pub(super) fn steps_mean_nothing(fields: &mut Fields, remarks: &mut Remarks) {
    for step in ["build", "push", "pull"] {
        let why = "the program holds its flows, so there is nothing to bring anywhere";
        fields.note(step, why, remarks);
    }
}

/// Reads one; `None` if it is no map, or nobody can tell what it is about.
pub(super) fn read(node: Node, remarks: &mut Remarks) -> Option<Entry> {
    let start = (node.place, 1);
    let mut fields = Fields::of(node, "a deployment", remarks)?;
    let name = match fields.text("name", remarks) {
        Some(node) => named(node, remarks),
        None => {
            remarks.fault_hint(start, "this deployment has no name", "name: nightly");
            None
        }
    };
    let flow = flow(&mut fields, start, remarks);
    let description = fields.text("description", remarks);
    let tags = tags(&mut fields, remarks);
    let parameters = fields.map("parameters", remarks);
    no_templates(&parameters, remarks);
    let paused = fields.bool("paused", remarks).unwrap_or(false);
    let active = fields.bool("active", remarks).unwrap_or(true) && !paused;
    let catchup = fields.word("catchup", CATCHUPS, remarks);
    let schedules = schedules::read(&mut fields, catchup, remarks);
    let (pool, queue, job_variables) = work_pool(&mut fields, remarks);
    let limit = limit(&mut fields, remarks);
    let retries = fields.count("retries", 0, remarks);
    let timeout = fields.duration("timeout", remarks).map(|(_, time)| time);
    if let Some((key, node)) = fields.take_with_key("triggers")
        && !node.is_empty()
    {
        let message = "`triggers` are not carried out by this version";
        remarks.fault_hint(
            key.at(),
            message,
            "start the flow by a schedule, or leave them out",
        );
    }
    others(&mut fields, remarks);
    fields.finish("key of a deployment", KNOWN, remarks);
    let (flow, shown) = flow?;
    Some(Entry {
        name: name?,
        flow,
        shown,
        description: description.map_or_else(String::new, |node| {
            node.text().unwrap_or_default().trim().to_owned()
        }),
        tags,
        parameters,
        schedules,
        active,
        pool,
        queue,
        job_variables,
        limit,
        retries,
        timeout,
    })
}

fn named(node: Node, remarks: &mut Remarks) -> Option<Located> {
    let name = Located::from(node);
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || c == '/';
    if name.value.contains(is_odd) {
        let message = format!(
            "`{}` cannot be the name of a deployment: it has no spaces and no `/`",
            name.value.escape_debug()
        );
        let better = name.value.replace(is_odd, "-");
        remarks.fault_hint(name.at(), message, format!("name: {better}"));
        return None;
    }
    Some(name)
}

/// What finds the flow, and the name that is only shown.
fn flow(
    fields: &mut Fields,
    start: (Place, usize),
    remarks: &mut Remarks,
) -> Option<(Located, Option<String>)> {
    let shown = fields.text("flow_name", remarks);
    let Some(entrypoint) = fields.text("entrypoint", remarks) else {
        let Some(flow) = shown else {
            remarks.fault_hint(
                start,
                "nothing says which flow this deployment starts",
                "entrypoint: PROGRAM:FLOW, or flow_name: FLOW",
            );
            return None;
        };
        return Some((Located::from(flow), None));
    };
    let mut flow = Located::from(entrypoint);
    // `examples:order::ship` names the program and a path; `order::ship` only a path.
    let colon = flow
        .value
        .match_indices(':')
        .map(|(at, _)| at)
        .find(|at| !flow.value[*at..].starts_with("::") && !flow.value[..*at].ends_with(':'));
    if let Some(colon) = colon {
        let program = flow.value[..colon].to_owned();
        if program.ends_with(".py") || program.contains('/') {
            let message = format!(
                "`{program}` means nothing here: the flow is looked for in the program that deploys"
            );
            remarks.note((flow.place, program.chars().count()), message);
        }
        flow.value = flow.value.split_off(colon + 1);
        if flow.width > colon {
            flow.place.column += program.chars().count() + 1;
            flow.width -= program.chars().count() + 1;
        }
    }
    flow.value = flow.value.trim().replace('.', "::");
    if flow.value.is_empty() {
        let message = "the name of the flow is missing after the colon";
        remarks.fault_hint(flow.at(), message, "entrypoint: PROGRAM:FLOW");
        return None;
    }
    Some((flow, shown.map(|node| Located::from(node).value)))
}

fn tags(fields: &mut Fields, remarks: &mut Remarks) -> Vec<String> {
    let Some(node) = fields.given("tags") else {
        return Vec::new();
    };
    let items = match node.value {
        Value::List(items) => items,
        _ => vec![node],
    };
    let mut tags: Vec<String> = Vec::new();
    for item in items {
        match item.value {
            Value::Text { text, .. } | Value::Number(text) => {
                if !tags.contains(&text) {
                    tags.push(text);
                }
            }
            _ => remarks.fault(item.at(), format!("a tag is a text, not {}", item.kind())),
        }
    }
    tags
}

/// Prefect fills `{{ $NAME }}` and `{{ prefect.… }}` in when it deploys. To take them for text would be worse than to say so.
pub(super) fn no_templates(parameters: &[(Key, Node)], remarks: &mut Remarks) {
    for (_, node) in parameters {
        match &node.value {
            Value::Text { text, .. } => {
                let template = text
                    .split("{{")
                    .skip(1)
                    .map(str::trim_start)
                    .find(|inside| {
                        inside.contains("}}")
                            && (inside.starts_with('$') || inside.starts_with("prefect."))
                    });
                if template.is_some() {
                    remarks.fault_hint(
                        node.at(),
                        "templates are not filled in here: this would be taken as it stands",
                        "write the value; for a parameter that is a Secret, env:NAME or @NAME",
                    );
                }
            }
            Value::List(items) => {
                for item in items {
                    let key = Key {
                        place: item.place,
                        text: String::new(),
                    };
                    no_templates(&[(key, item.clone())], remarks);
                }
            }
            Value::Map(fields) => no_templates(fields, remarks),
            _ => {}
        }
    }
}

type Pool = (Option<String>, Option<String>, Vec<(Key, Node)>);

fn work_pool(fields: &mut Fields, remarks: &mut Remarks) -> Pool {
    const POOL: &[&str] = &["name", "queue", "work_queue_name", "job_variables"];
    let Some(node) = fields.given("work_pool") else {
        return (None, None, Vec::new());
    };
    let Some(mut fields) = Fields::of(node, "`work_pool`", remarks) else {
        return (None, None, Vec::new());
    };
    let mut text = |fields: &mut Fields, name| {
        let node = fields.text(name, remarks);
        node.map(|node| Located::from(node).value)
    };
    let name = text(&mut fields, "name");
    let theirs = text(&mut fields, "work_queue_name");
    let queue = text(&mut fields, "queue").or(theirs);
    let variables = fields.given("job_variables");
    let job_variables = variables.map_or_else(Vec::new, |node| job::read(node, remarks));
    fields.finish("key of `work_pool`", POOL, remarks);
    (name, queue, job_variables)
}

fn limit(fields: &mut Fields, remarks: &mut Remarks) -> Option<Limit> {
    const LIMIT: &[&str] = &["limit", "on_conflict"];
    let node = fields.given("concurrency_limit")?;
    if !matches!(node.value, Value::Map(_)) {
        let count = count(&node, "concurrency_limit", 1, remarks)?;
        return Some(Limit {
            count,
            when_full: WhenFullWord::Queue,
        });
    }
    let at = node.at();
    let mut fields = Fields::of(node, "`concurrency_limit`", remarks)?;
    let is_given = fields.take_with_key("limit");
    let count = match &is_given {
        Some((_, node)) => count(node, "limit", 1, remarks),
        None => {
            remarks.fault_hint(at, "`concurrency_limit` has no `limit`", "limit: 1");
            None
        }
    };
    let theirs = fields.word("collision_strategy", CONFLICTS, remarks);
    let when_full = fields.word("on_conflict", CONFLICTS, remarks).or(theirs);
    let why = "a run that has begun holds its place until it ends";
    fields.note("grace_period_seconds", why, remarks);
    fields.finish("key of `concurrency_limit`", LIMIT, remarks);
    Some(Limit {
        count: count?,
        when_full: when_full.unwrap_or(WhenFullWord::Queue),
    })
}

/// Keys of Prefect that mean nothing here.
fn others(fields: &mut Fields, remarks: &mut Remarks) {
    steps_mean_nothing(fields, remarks);
    for version in ["version", "version_type"] {
        fields.note(version, "a run remembers the build of its program", remarks);
    }
    fields.note("sla", "who is told of lateness is said by notices", remarks);
    let why = "they go under `work_pool`";
    fields.note("job_variables", why, remarks);
    if let Some((key, node)) = fields.take_with_key("enforce_parameter_schema")
        && node.value == Value::Bool(false)
    {
        let message = "parameters are always checked against their types";
        remarks.fault_hint(key.at(), message, "leave this key out");
    }
}
