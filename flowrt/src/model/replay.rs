//! The record of a run as its replay sees it: strictly in order for a recovery, by content for a resume.

use std::collections::{HashMap, VecDeque};

use crate::error::{Error, ErrorKind, Result};
use crate::model::payload::{Digest, Payload};
use crate::model::record::{ASIDE, Journal, StepKind, StepRecord};

/// What must happen again in the same order.
#[derive(Debug, Default)]
pub struct Replay {
    queue: VecDeque<StepRecord>,
    /// Every record by its place, handed out or not.
    places: HashMap<(String, u32), Place>,
    nodes: HashMap<(String, String), ()>,
    ends: HashMap<String, u32>,
    /// The last recorded completion of each scope: its place and its step.
    lasts: HashMap<String, (u32, String)>,
}

#[derive(Debug, Clone)]
struct Place {
    step: String,
    task: String,
    digest: Digest,
    input: Option<Payload>,
    value: Option<Payload>,
}

impl Replay {
    /// Splits a journal into what is replayed in order and what may be reused.
    pub fn of(journal: Journal) -> (Self, Aside) {
        let mut replay = Self {
            ends: journal.scopes.into_iter().collect(),
            ..Self::default()
        };
        let mut aside = Aside::default();
        for step in journal.steps {
            if step.seq >= ASIDE {
                aside.add(step);
            } else {
                replay.add(step);
            }
        }
        (replay, aside)
    }

    fn add(&mut self, step: StepRecord) {
        if step.kind == StepKind::Node {
            self.nodes
                .insert((step.scope.clone(), step.step.clone()), ());
        } else {
            let value = if step.kind == StepKind::Now {
                step.output.clone()
            } else {
                None
            };
            let place = Place {
                step: step.step.clone(),
                task: step.task.clone(),
                digest: step.digest,
                input: step.input.clone(),
                value,
            };
            self.places
                .insert((step.scope.clone(), step.position), place);
        }
        if step.is_handed_out() {
            let last = self.lasts.get_mut(&step.scope);
            match last {
                Some(last) if last.0 >= step.position => {}
                Some(last) => *last = (step.position, step.step.clone()),
                None => {
                    self.lasts
                        .insert(step.scope.clone(), (step.position, step.step.clone()));
                }
            }
            self.queue.push_back(step);
        }
    }

    /// Nothing was recorded: every call is new.
    pub fn is_blank(&self) -> bool {
        self.places.is_empty() && self.ends.is_empty()
    }

    /// Everything is handed out.
    pub fn is_over(&self) -> bool {
        self.queue.is_empty()
    }

    /// The next completion.
    pub fn peek(&self) -> Option<&StepRecord> {
        self.queue.front()
    }

    /// Takes the next completion.
    pub fn pop(&mut self) -> Option<StepRecord> {
        self.queue.pop_front()
    }

    /// Whether a call fits what is recorded at its place.
    pub fn check(
        &self,
        scope: &str,
        position: u32,
        step: &str,
        task: &str,
        input: &Payload,
    ) -> Option<Error> {
        let Some(place) = self.places.get(&(scope.to_owned(), position)) else {
            return self.beyond(scope, position, step);
        };
        if place.step != step || place.task != task {
            return Some(diverged(format!(
                "the code calls `{step}` where the record has `{}`",
                place.step
            )));
        }
        (place.digest != input.digest()).then(|| {
            let recorded = place.input.as_deref().unwrap_or("other inputs");
            let (mine, theirs) = difference(input, recorded);
            diverged(format!(
                "the code calls `{step}` with {mine}, but the record has it with {theirs}"
            ))
        })
    }

    /// Whether a call stands after the recorded end of its scope.
    fn beyond(&self, scope: &str, position: u32, step: &str) -> Option<Error> {
        let end = self.ends.get(scope)?;
        (position >= *end).then(|| {
            diverged(format!(
                "the code calls `{step}`, but the record says that {} ended after {end} calls",
                scope_name(scope)
            ))
        })
    }

    /// A scope ended after `length` calls: the record may not know of more.
    pub fn close_scope(&self, scope: &str, length: u32) -> Option<Error> {
        let name = || scope_name(scope);
        if let Some((last, step)) = self.lasts.get(scope)
            && *last >= length
        {
            return Some(diverged(format!(
                "{} ends after {length} calls, but the record goes on with `{step}`",
                name()
            )));
        }
        let end = self.ends.get(scope)?;
        (*end > length).then(|| {
            diverged(format!(
                "{} ends after {length} calls, but the record says that it ended after {end}",
                name()
            ))
        })
    }

    /// The end of that scope is recorded.
    pub fn knows_end(&self, scope: &str) -> bool {
        self.ends.contains_key(scope)
    }

    /// The outcome of that node is recorded.
    pub fn knows_node(&self, scope: &str, step: &str) -> bool {
        self.nodes
            .contains_key(&(scope.to_owned(), format!("{scope}{step}")))
    }

    /// The plain value recorded at that place; an error if something else is recorded there.
    pub fn value_of(&self, scope: &str, position: u32, step: &str) -> Result<Option<Payload>> {
        let Some(place) = self.places.get(&(scope.to_owned(), position)) else {
            return self.beyond(scope, position, step).map_or(Ok(None), Err);
        };
        if place.step == step && place.value.is_some() {
            return Ok(place.value.clone());
        }
        Err(diverged(format!(
            "the code calls `{step}` where the record has `{}`",
            place.step
        )))
    }

    /// The flow waits although the next recorded completion has no call to go to.
    pub fn not_built(&self) -> Error {
        match self.queue.front() {
            Some(step) => diverged(format!(
                "the record goes on with `{}`, which the code does not call",
                step.step
            )),
            None => diverged("the record and the code differ".to_owned()),
        }
    }

    /// The flow ended: nothing of the record may be left.
    pub fn unreached(&self) -> Option<Error> {
        self.queue.front().map(|step| {
            diverged(format!(
                "the flow ends, but the record goes on with `{}`",
                step.step
            ))
        })
    }
}

/// Two texts cut to where they differ, so that a person sees it in one line.
fn difference(mine: &str, theirs: &str) -> (String, String) {
    const BEFORE: usize = 20;
    const SHOWN: usize = 60;
    let same = mine
        .chars()
        .zip(theirs.chars())
        .take_while(|(a, b)| a == b)
        .count();
    let from = same.saturating_sub(BEFORE);
    let cut = |text: &str| {
        let shown: String = text.chars().skip(from).take(SHOWN).collect();
        let ends = text.chars().skip(from).nth(SHOWN).is_none();
        let (left, right) = (if from > 0 { "…" } else { "" }, if ends { "" } else { "…" });
        format!("{left}{shown}{right}")
    };
    (cut(mine), cut(theirs))
}

fn scope_name(scope: &str) -> String {
    if scope.is_empty() {
        "the flow".to_owned()
    } else {
        format!("the scope `{}`", scope.trim_end_matches('/'))
    }
}

fn diverged(difference: String) -> Error {
    Error::new(ErrorKind::Diverged, difference)
        .hint("run it with the program that started it, or rerun it with this one: runs rerun")
}

/// What a resumed or copied run may reuse: matched by scope, task and input digest, like a build.
#[derive(Debug, Default)]
pub struct Aside {
    by_content: HashMap<(String, String, Digest), VecDeque<StepRecord>>,
    values: HashMap<String, Payload>,
}

impl Aside {
    fn add(&mut self, step: StepRecord) {
        if step.kind == StepKind::Now {
            if let Some(value) = step.output {
                self.values.insert(step.step, value);
            }
        } else if step.is_handed_out() {
            let key = (step.scope.clone(), step.task.clone(), step.digest);
            self.by_content.entry(key).or_default().push_back(step);
        }
    }

    /// Nothing can be reused any more.
    pub fn is_empty(&self) -> bool {
        self.by_content.is_empty()
    }

    /// Takes the record that fits a call: the one of the same id if it is there, else the first of equal content.
    pub fn take(
        &mut self,
        scope: &str,
        step: &str,
        task: &str,
        digest: Digest,
    ) -> Option<StepRecord> {
        let key = (scope.to_owned(), task.to_owned(), digest);
        let records = self.by_content.get_mut(&key)?;
        let index = records
            .iter()
            .position(|record| record.step == step)
            .unwrap_or(0);
        let record = records.remove(index);
        if records.is_empty() {
            self.by_content.remove(&key);
        }
        record
    }

    /// A plain value of an earlier drive.
    pub fn value_of(&self, step: &str) -> Option<Payload> {
        self.values.get(step).cloned()
    }
}
