//! What many steps have in common, counted: what a person reads of a run of fifty thousand steps instead of each of them.
//!
//! Steps are counted in the order in which they were written down, so that a count goes on where it stopped.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::record::{Micros, StepKind};
use super::state::TaskState;

/// Kinds of steps that are told apart; what is over goes into one kind more.
const KINDS_MAX: usize = 400;

/// So many steps of a kind are remembered by their places; of one that has more, none.
pub const FEW: usize = 400;

/// The kind of those that are too many kinds.
pub const OTHERS: &str = "…";

/// Where a step lies in the record of its run; later ones have higher places.
pub type Place = i64;

/// A step as it is counted.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Where it lies.
    pub place: Place,
    /// Its full id.
    pub step: &'a str,
    /// Its scope.
    pub scope: &'a str,
    /// What kind of step it is.
    pub kind: StepKind,
    /// How it ended.
    pub state: TaskState,
    /// When its first attempt began.
    pub started: Micros,
    /// When it ended.
    pub finished: Micros,
    /// It ran in another run.
    pub is_reused: bool,
    /// How many attempts it took.
    pub attempts: u32,
}

/// What became of the steps of a run, whatever kinds they are of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Tasks and child runs that have ended.
    pub tasks: u64,
    /// Of those, the ones that took more than one attempt.
    pub retried: u64,
    /// Of those, the ones whose result was kept from before.
    pub cached: u64,
    /// Of those, the ones that failed.
    pub failed: u64,
    /// Of those, the ones with a value.
    pub kept: u64,
    /// Steps that were skipped.
    pub skipped: u64,
    /// Nodes that did not start because others failed.
    pub unstarted: u64,
}

impl Done {
    fn add(&mut self, line: Line<'_>) {
        let if_so = u64::from;
        if matches!(line.kind, StepKind::Task | StepKind::Flow) {
            self.tasks += 1;
            self.retried += if_so(line.attempts > 1);
            self.cached += if_so(line.state == TaskState::Cached);
            self.failed += if_so(line.state.is_failure());
            self.kept += if_so(line.state.is_success());
        }
        self.skipped += if_so(line.state == TaskState::Skipped);
        let is_unstarted = line.kind == StepKind::Node && line.state == TaskState::UpstreamFailed;
        self.unstarted += if_so(is_unstarted);
    }
}

/// The steps of a run by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// What lies after it is not counted yet.
    pub read: Option<Place>,
    /// How many are counted.
    pub total: u64,
    /// What became of them.
    pub done: Done,
    kinds: Vec<Kind>,
    by_name: HashMap<String, usize>,
    fans: HashMap<String, u64>,
}

/// Steps whose ids differ in nothing but numbers and keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kind {
    /// Their id without those: `fetch[]`, `b/parse`.
    pub name: String,
    /// How many there are.
    pub total: u64,
    /// How many ended how.
    pub states: BTreeMap<TaskState, u64>,
    /// How the last of them ended.
    pub last: Option<TaskState>,
    /// When the first began; none if none did.
    pub begun: Option<Micros>,
    /// When the last ended.
    pub ended: Micros,
    /// Where they lie, if they are [`FEW`] or less.
    pub few: Vec<Place>,
}

impl Outline {
    /// The kinds in the order in which the first of each ended.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// How many items of that scope of a fan-out, such as `fetch[]`, have ended; none if the run has too many fan-outs.
    pub fn items(&self, scope: &str) -> Option<u64> {
        self.fans.get(scope).copied()
    }

    /// Counts a step. That the time was asked for is none that anybody looks for.
    pub fn add(&mut self, line: Line<'_>) {
        self.read = Some(line.place);
        if line.kind == StepKind::Now {
            return;
        }
        self.total += 1;
        self.done.add(line);
        let name = kind(line.step);
        let place = match self.by_name.get(&*name) {
            Some(place) => *place,
            None => self.new_kind(name),
        };
        self.kinds[place].add(line);
        if line.scope.ends_with("[]") {
            let has_room = self.fans.len() < KINDS_MAX;
            match self.fans.get_mut(line.scope) {
                Some(count) => *count += 1,
                None if has_room => _ = self.fans.insert(line.scope.to_owned(), 1),
                None => {}
            }
        }
    }

    fn new_kind(&mut self, name: Cow<'_, str>) -> usize {
        let name = match self.kinds.len() {
            0..KINDS_MAX => name.into_owned(),
            _ => OTHERS.to_owned(),
        };
        if let Some(place) = self.by_name.get(&name) {
            return *place;
        }
        self.by_name.insert(name.clone(), self.kinds.len());
        self.kinds.push(Kind {
            name,
            ..Kind::default()
        });
        self.kinds.len() - 1
    }
}

impl Kind {
    fn add(&mut self, line: Line<'_>) {
        self.total += 1;
        *self.states.entry(line.state).or_default() += 1;
        self.last = Some(line.state);
        // One that was reused ran elsewhere, and a node that was not run never began.
        if !line.is_reused && line.kind != StepKind::Node {
            self.begun = Some(self.begun.map_or(line.started, |at| at.min(line.started)));
        }
        self.ended = self.ended.max(line.finished);
        match self.total {
            total if total <= FEW as u64 => self.few.push(line.place),
            _ => self.few = Vec::new(),
        }
    }
}

/// The kind of a step by its id: `b12/fetch[3]/parse#2` is `b/fetch[]/parse`.
pub fn kind(step: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| !matches!(byte, b'[' | b'#') && !byte.is_ascii_digit();
    if step.bytes().all(is_plain) {
        return Cow::Borrowed(step);
    }
    let mut kind = String::with_capacity(step.len());
    let mut rest = step;
    while let Some(at) = rest.find(['/', '[', '#']) {
        let (before, after) = rest.split_at(at);
        let is_branch = after.starts_with('/') && is_branch(before) && is_begin(&kind);
        kind.push_str(if is_branch { "b" } else { before });
        rest = match after.as_bytes()[0] {
            b'[' => {
                kind.push_str("[]");
                after_key(after)
            }
            b'#' => after[1..].trim_start_matches(|c: char| c.is_ascii_digit()),
            _ => {
                kind.push('/');
                &after[1..]
            }
        };
    }
    kind.push_str(rest);
    Cow::Owned(kind)
}

/// `b12`.
fn is_branch(segment: &str) -> bool {
    segment
        .strip_prefix('b')
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit()))
}

fn is_begin(kind: &str) -> bool {
    kind.is_empty() || kind.ends_with('/')
}

/// What stands after the key that it begins with; keys may hold brackets of their own.
fn after_key(text: &str) -> &str {
    let mut depth = 0_u32;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' if depth == 1 => return &text[at + 1..],
            b']' => depth -= 1,
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(place: Place, step: &str, state: TaskState) -> Line<'_> {
        Line {
            place,
            step,
            scope: if step.contains('[') { "fetch[]" } else { "" },
            kind: StepKind::Task,
            state,
            started: 10 + place,
            finished: 20 + place,
            is_reused: false,
            attempts: 1,
        }
    }

    #[test]
    fn numbers_and_keys_make_no_kind() {
        for (step, expected) in [
            ("fetch", "fetch"),
            ("fetch#2", "fetch"),
            ("fetch[3]", "fetch[]"),
            ("fetch[a/b[c]]", "fetch[]"),
            ("fetch#2[3]", "fetch[]"),
            ("b12/fetch#2", "b/fetch"),
            ("fetch[3]/b1/parse#2", "fetch[]/b/parse"),
            ("v2/load", "v2/load"),
            ("b1", "b1"),
            ("(rollback 2)/pay#3", "(rollback 2)/pay"),
            ("fetch[open", "fetch[]"),
        ] {
            assert_eq!(kind(step), expected, "{step}");
        }
    }

    #[test]
    fn steps_are_counted_by_kind_and_state() {
        let mut outline = Outline::default();
        for item in 0..3 {
            outline.add(line(item, &format!("fetch[{item}]"), TaskState::Completed));
        }
        outline.add(line(3, "fetch[3]", TaskState::Failed));
        outline.add(line(4, "save", TaskState::Completed));
        let kinds = outline.kinds();
        assert_eq!((kinds.len(), outline.total, outline.read), (2, 5, Some(4)));
        assert_eq!(kinds[0].name, "fetch[]");
        assert_eq!(kinds[0].states[&TaskState::Completed], 3);
        assert_eq!((kinds[0].begun, kinds[0].ended), (Some(10), 23));
        assert_eq!(kinds[0].last, Some(TaskState::Failed));
        assert_eq!(outline.items("fetch[]"), Some(4));
        assert_eq!(kinds[1].few, [4]);
    }

    #[test]
    fn however_many_kinds_there_are_it_stays_small() {
        let mut outline = Outline::default();
        for number in 0..10_000 {
            let name: String = format!("{number}")
                .bytes()
                .map(|digit| char::from(digit - b'0' + b'k'))
                .collect();
            outline.add(line(number, &name, TaskState::Completed));
        }
        assert_eq!(outline.kinds().len(), KINDS_MAX + 1);
        let others = outline.kinds().last().expect("there are some");
        assert_eq!((&*others.name, others.total), (OTHERS, 9_600));
        assert!(others.few.is_empty());
        assert_eq!(outline.total, 10_000);
    }
}
