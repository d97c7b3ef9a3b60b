//! The steps of a run as lines with bars: what ran when, and how long.

use std::collections::{BTreeMap, HashMap, HashSet};

use askama::Template;

use super::links;
use crate::draw::label::words;
use crate::model::graph::Graph;
use crate::model::number::counted;
use crate::model::outline::Kind;
use crate::model::record::{Micros, RunRecord};
use crate::model::state::TaskState;
use crate::ops::inspect::Step;
use crate::web::answer::rendered;
use crate::web::moment::{Moment, between};
use crate::web::signs;
use crate::web::watching::Body;

/// A fan-out of more items than these is one line.
const FOLD: usize = 8;
/// Lines that are shown; what is more is counted.
const LINES: usize = 400;
/// The width of a bar's field.
const WIDTH: f64 = 1_000.0;

/// A line.
#[derive(Debug, PartialEq)]
pub(super) struct Line {
    pub name: String,
    pub href: String,
    /// HTML.
    pub state: String,
    pub tone: &'static str,
    /// Where its bar begins and how wide it is.
    pub bar: Option<(f64, f64)>,
    /// HTML.
    pub took: String,
    pub note: String,
    /// It stands for many.
    pub is_fold: bool,
}

#[derive(Template)]
#[template(path = "step_lines.html")]
struct Lines<'a> {
    lines: &'a [Line],
    more: usize,
    opened: Option<&'a str>,
    /// What is listed, if these are not all steps.
    listed: Option<String>,
    back: String,
    /// Where the next page is.
    next: Option<String>,
}

/// What is known of a run's steps.
pub(super) struct Known<'a> {
    pub record: &'a RunRecord,
    pub steps: &'a [Step],
    /// What is told as one, because there is too much of it.
    pub kinds: &'a [Kind],
    /// How many wait besides those.
    pub more_waits: u64,
    pub graph: Option<&'a Graph>,
    /// The fan-out whose items a person wants to see.
    pub opened: Option<&'a str>,
}

/// The lines in HTML.
pub(super) fn html(known: &Known<'_>, moment: &Moment) -> String {
    let mut lines = lines(known, moment);
    let more = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    rendered(&Lines {
        lines: &lines,
        more: more + usize::try_from(known.more_waits).unwrap_or(usize::MAX),
        opened: known.opened,
        listed: None,
        back: links::run(&known.record.name),
        next: None,
    })
}

/// A page of steps in HTML, each a line, with a word on what they are.
pub(super) fn listed(
    record: &RunRecord,
    steps: &[Step],
    (what, next): (String, Option<String>),
    moment: &Moment,
) -> String {
    one_by_one(record, steps, Some(what), next, moment)
}

/// A few steps in HTML, each a line.
pub(super) fn few(record: &RunRecord, steps: &[Step], moment: &Moment) -> String {
    one_by_one(record, steps, None, None, moment)
}

fn one_by_one(
    record: &RunRecord,
    steps: &[Step],
    listed: Option<String>,
    next: Option<String>,
    moment: &Moment,
) -> String {
    let scale = Scale::of(record, moment.now);
    let lines: Vec<Line> = steps
        .iter()
        .map(|step| one(record, step, &scale, moment))
        .collect();
    rendered(&Lines {
        lines: &lines,
        more: 0,
        opened: None,
        listed,
        back: links::run(&record.name),
        next,
    })
}

/// The steps of the record with what is known of the bodies that run now.
pub(super) fn with_bodies(mut steps: Vec<Step>, bodies: Vec<Body>) -> Vec<Step> {
    let known: HashMap<String, usize> = steps
        .iter()
        .enumerate()
        .map(|(place, step)| (step.step.clone(), place))
        .collect();
    for body in bodies {
        let running = Step {
            step: body.step.to_string(),
            task: body.task.to_owned(),
            state: TaskState::Running,
            attempts: body.attempt,
            started: Some(body.since),
            finished: None,
            label: body.label.map(|label| label.to_string()),
            reused_from: None,
            kind: None,
            error: None,
            tolerated: false,
            note: None,
        };
        match known.get(&running.step) {
            Some(place) if steps[*place].finished.is_none() => steps[*place] = running,
            // It ended between the two looks.
            Some(_) => {}
            None => steps.push(running),
        }
    }
    steps
}

/// The fan-out that a step is an item of.
fn fan_of(step: &str) -> Option<&str> {
    let inside = step.strip_suffix(']')?;
    let (fan, key) = inside.rsplit_once('[')?;
    (!fan.is_empty() && !key.is_empty()).then_some(fan)
}

/// The lines in the order in which the steps began, then what has not begun.
pub(super) fn lines(known: &Known<'_>, moment: &Moment) -> Vec<Line> {
    let scale = Scale::of(known.record, moment.now);
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for fan in known.steps.iter().filter_map(|step| fan_of(&step.step)) {
        *sizes.entry(fan).or_default() += 1;
    }
    let is_folded = |fan: &str| sizes[fan] > FOLD && known.opened != Some(fan);
    let mut folds: BTreeMap<&str, Vec<&Step>> = BTreeMap::new();
    let mut timed: Vec<(Option<Micros>, Line)> = Vec::new();
    for step in known.steps {
        match fan_of(&step.step) {
            Some(fan) if is_folded(fan) => folds.entry(fan).or_default().push(step),
            // A fan-out as a whole says no more than its items.
            _ if sizes.contains_key(step.step.as_str()) && step.state.is_success() => {}
            _ => timed.push((step.started, one(known.record, step, &scale, moment))),
        }
    }
    for kind in known.kinds {
        timed.push((kind.begun, of_kind(known.record, kind, &scale, moment)));
    }
    for (fan, items) in folds {
        let begun = items.iter().filter_map(|step| step.started).min();
        timed.push((begun, fold(known.record, fan, &items, &scale, moment)));
    }
    // The sort is stable: what began at one moment, or never, stays in the order of the record.
    timed.sort_by_key(|(begun, _)| begun.unwrap_or(Micros::MAX));
    let mut lines: Vec<Line> = timed.into_iter().map(|(_, line)| line).collect();
    if let Some(graph) = known.graph.filter(|_| !known.record.state.is_final()) {
        lines.extend(to_come(known, graph));
    }
    lines
}

fn one(record: &RunRecord, step: &Step, scale: &Scale, moment: &Moment) -> Line {
    let took = match (step.started, step.finished) {
        // One that was reused ran in another run.
        _ if step.reused_from.is_some() => String::new(),
        (Some(started), Some(finished)) if started != 0 => between(started, finished),
        (Some(started), None) if step.state == TaskState::Running => moment.since(started),
        _ => String::new(),
    };
    let is_other = step.reused_from.is_some() && step.state != TaskState::Cached;
    let attempts = (step.attempts > 1).then(|| match step.state {
        TaskState::Running => format!("attempt {}", step.attempts),
        _ => format!("{} attempts", step.attempts),
    });
    let note = [
        step.label.clone(),
        attempts,
        is_other.then(|| "reused".to_owned()),
        step.note.clone(),
    ];
    let note: Vec<_> = note.into_iter().flatten().collect();
    Line {
        name: step.step.clone(),
        href: links::step(&record.name, &step.step),
        state: signs::of_task(step.state),
        tone: signs::task_tone(step.state),
        bar: step
            .started
            .filter(|_| step.reused_from.is_none())
            .map(|started| scale.bar(started, step.finished.unwrap_or(moment.now))),
        took,
        note: note.join(" · "),
        is_fold: false,
    }
}

fn fold(record: &RunRecord, fan: &str, items: &[&Step], scale: &Scale, moment: &Moment) -> Line {
    let mut counts: BTreeMap<TaskState, u64> = BTreeMap::new();
    for step in items {
        *counts.entry(step.state).or_default() += 1;
    }
    let begun = items.iter().filter_map(|step| step.started).min();
    let is_open = items.iter().any(|step| step.finished.is_none());
    let ended = items.iter().filter_map(|step| step.finished).max();
    let ended = if is_open {
        moment.now
    } else {
        ended.unwrap_or(moment.now)
    };
    let name = format!("{fan} ×{}", items.len());
    let href = format!(
        "{}?open={}#steps",
        links::run(&record.name),
        links::escaped(fan)
    );
    many(
        (name, href),
        &counts,
        begun.map(|begun| (begun, ended)),
        scale,
    )
}

fn of_kind(record: &RunRecord, kind: &Kind, scale: &Scale, moment: &Moment) -> Line {
    let shown = kind.name.strip_suffix("[]").unwrap_or(&kind.name);
    let name = format!("{shown} ×{}", kind.total);
    let href = format!(
        "{}?kind={}#steps",
        links::run(&record.name),
        links::escaped(&kind.name)
    );
    let ended = kind.ended.min(moment.now);
    many(
        (name, href),
        &kind.states,
        kind.begun.map(|begun| (begun, ended.max(begun))),
        scale,
    )
}

/// A line that stands for many steps.
fn many(
    (name, href): (String, String),
    counts: &BTreeMap<TaskState, u64>,
    time: Option<(Micros, Micros)>,
    scale: &Scale,
) -> Line {
    let worst = counts.keys().copied().max_by_key(|state| weight(*state));
    let worst = worst.unwrap_or(TaskState::Pending);
    let said = counts
        .iter()
        .map(|(state, count)| format!("{count} {}", words(state.as_str())));
    Line {
        name,
        href,
        state: signs::of_task(worst),
        tone: signs::task_tone(worst),
        bar: time.map(|(begun, ended)| scale.bar(begun, ended)),
        took: time
            .map(|(begun, ended)| between(begun, ended))
            .unwrap_or_default(),
        note: said.collect::<Vec<_>>().join(" · "),
        is_fold: true,
    }
}

/// Which state stands for many: what is wrong first, then what goes on.
const fn weight(state: TaskState) -> u8 {
    match state {
        TaskState::Completed | TaskState::Cached => 0,
        TaskState::Skipped | TaskState::Cancelled => 1,
        TaskState::Pending => 2,
        TaskState::Waiting => 3,
        TaskState::Running => 4,
        TaskState::Retrying => 5,
        _ => 6,
    }
}

/// The nodes of the graph that nothing is recorded of yet.
fn to_come(known: &Known<'_>, graph: &Graph) -> Vec<Line> {
    let kinds = known.kinds.iter();
    let kinds = kinds.map(|kind| kind.name.strip_suffix("[]").unwrap_or(&kind.name));
    let begun: HashSet<&str> = known
        .steps
        .iter()
        .flat_map(|step| [step.step.as_str(), fan_of(&step.step).unwrap_or_default()])
        .chain(kinds)
        .collect();
    let graph = graph.without_branches();
    let mut lines = Vec::new();
    for (place, node) in graph.nodes.iter().enumerate() {
        if begun.contains(node.id.as_str()) || !graph.is_dag {
            continue;
        }
        let before = graph.edges.iter().filter(|edge| edge.to == place);
        let before: Vec<&str> = before
            .map(|edge| graph.nodes[edge.from].id.as_str())
            .collect();
        lines.push(Line {
            name: node.id.clone(),
            href: String::new(),
            state: signs::of_task(TaskState::Pending),
            tone: "idle",
            bar: None,
            took: String::new(),
            note: match before[..] {
                [] => String::new(),
                _ => format!("after {}", before.join(", ")),
            },
            is_fold: false,
        });
    }
    lines
}

/// From the start of the run to its end, or now.
struct Scale {
    from: Micros,
    length: f64,
}

impl Scale {
    fn of(record: &RunRecord, now: Micros) -> Self {
        let from = record.started.unwrap_or(record.created);
        let to = record.finished.unwrap_or(now);
        Self {
            from,
            length: to.saturating_sub(from).max(1) as f64,
        }
    }

    fn bar(&self, from: Micros, to: Micros) -> (f64, f64) {
        let place = |at: Micros| {
            let share = at.saturating_sub(self.from) as f64 / self.length;
            (share.clamp(0.0, 1.0) * WIDTH).round()
        };
        let (left, right) = (place(from), place(to));
        let width = (right - left).max(6.0);
        (left.min(WIDTH - width), width)
    }
}

impl Lines<'_> {
    fn more_said(&self) -> String {
        counted(self.more as u64, "more step")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::tests::sample;

    fn step(name: &str, state: TaskState, started: Micros, finished: Option<Micros>) -> Step {
        Step {
            step: name.to_owned(),
            task: name.to_owned(),
            state,
            attempts: 1,
            started: Some(started),
            finished,
            label: None,
            kind: None,
            error: None,
            tolerated: false,
            reused_from: None,
            note: None,
        }
    }

    fn names(steps: &[Step], opened: Option<&str>) -> Vec<String> {
        let record = sample::run();
        let known = Known {
            record: &record,
            steps,
            kinds: &[],
            more_waits: 0,
            graph: None,
            opened,
        };
        let lines = lines(&known, &Moment::at(1_000));
        lines.into_iter().map(|line| line.name).collect()
    }

    #[test]
    fn lines_are_in_the_order_of_their_begin() {
        let steps = [
            step("b", TaskState::Completed, 20, Some(30)),
            step("a", TaskState::Completed, 10, Some(90)),
        ];
        assert_eq!(names(&steps, None), ["a", "b"]);
    }

    #[test]
    fn a_large_fan_out_is_one_line_until_it_is_opened() {
        let mut steps: Vec<Step> = (0..20)
            .map(|item| {
                step(
                    &format!("fetch[{item}]"),
                    TaskState::Completed,
                    10 + item,
                    Some(50),
                )
            })
            .collect();
        steps[3].state = TaskState::Failed;
        steps.push(step("other[0]", TaskState::Completed, 60, Some(61)));
        assert_eq!(names(&steps, None), ["fetch ×20", "other[0]"]);
        assert_eq!(names(&steps, Some("fetch")).len(), 21);
        let record = sample::run();
        let known = Known {
            record: &record,
            steps: &steps,
            kinds: &[],
            more_waits: 0,
            graph: None,
            opened: None,
        };
        let lines = lines(&known, &Moment::at(1_000));
        assert_eq!(lines[0].tone, "bad");
        assert_eq!(lines[0].note, "19 completed · 1 failed");
    }

    #[test]
    fn what_runs_now_takes_the_place_of_what_waited() {
        let steps = vec![
            step("a", TaskState::Retrying, 10, None),
            step("b", TaskState::Completed, 10, Some(20)),
        ];
        let body = |name: &str| Body {
            step: name.into(),
            task: "t",
            attempt: 2,
            since: 15,
            label: None,
        };
        let all = with_bodies(steps, vec![body("a"), body("b"), body("c")]);
        let states: Vec<_> = all
            .iter()
            .map(|step| (step.step.as_str(), step.state))
            .collect();
        assert_eq!(
            states,
            [
                ("a", TaskState::Running),
                ("b", TaskState::Completed),
                ("c", TaskState::Running)
            ]
        );
    }

    #[test]
    fn a_bar_stays_in_its_field() {
        let scale = Scale {
            from: 100,
            length: 1_000.0,
        };
        assert_eq!(scale.bar(100, 600), (0.0, 500.0));
        assert_eq!(scale.bar(0, 2_000), (0.0, 1_000.0));
        assert_eq!(scale.bar(1_100, 1_100), (994.0, 6.0));
    }
}
