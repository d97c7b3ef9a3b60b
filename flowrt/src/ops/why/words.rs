//! Reasons in words, the same for all who tell them: a terminal and a page show the parts of a sentence each in its own way.

use super::{Holder, Why};
use crate::draw::label;
use crate::model::number::counted;
use crate::model::record::Micros;

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Words.
    Text(String),
    /// A name that somebody has given: of a queue, a flow, a signal.
    Name(String),
    /// A run, by its name.
    Run(String),
    /// A limit, by its name.
    Limit(String),
    /// An instant, in microseconds since the Unix epoch.
    At(Micros),
}

/// What is said of a reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// What follows who waits, without a full stop: `waits for the signal …`.
    pub what: Vec<Part>,
    /// What is more to say, a line each, in plain text: what an attempt failed of, who holds a place.
    pub more: Vec<String>,
}

impl Words {
    fn text(self, text: impl Into<String>) -> Self {
        self.part(Part::Text(text.into()))
    }

    fn name(self, name: &str) -> Self {
        self.part(Part::Name(name.to_owned()))
    }

    fn part(mut self, part: Part) -> Self {
        self.what.push(part);
        self
    }

    /// ` until …`, if it is known.
    fn when(self, word: &str, at: Option<Micros>) -> Self {
        match at {
            Some(at) => self.text(format!(" {word} ")).part(Part::At(at)),
            None => self,
        }
    }

    fn others(self, ahead: usize) -> Self {
        match ahead {
            0 => self,
            ahead => self.text(format!("; {} before it", counted(ahead as u64, "other"))),
        }
    }

    fn more(mut self, line: impl Into<String>) -> Self {
        self.more.push(line.into());
        self
    }

    fn held_by(self, holders: &[Holder], held: usize) -> Self {
        let named: Vec<String> = holders.iter().map(named).collect();
        if named.is_empty() {
            return self;
        }
        let others = match held.saturating_sub(named.len()) {
            0 => String::new(),
            others => format!(" and {}", counted(others as u64, "other")),
        };
        self.more(format!("held by {}{others}", named.join(", ")))
    }
}

impl Why {
    /// It in words.
    pub fn words(&self) -> Words {
        let words = Words::default();
        let of_process =
            |pid: &Option<u32>| pid.map_or_else(String::new, |pid| format!(" (pid {pid})"));
        match self {
            Self::Ended { state } => {
                words.text(format!("has ended: {}", label::words(state.as_str())))
            }
            Self::NotTaken => words.text("was accepted, and no process has taken it"),
            Self::Dead { pid } => words.text(format!(
                "stands still: the process that drove it{} is gone. What is recorded is kept",
                of_process(pid)
            )),
            Self::Interrupted => words.text("was interrupted in order. What is recorded is kept"),
            Self::Parked { error, .. } => words
                .text("is parked, and a person decides")
                .more(error.as_str()),
            Self::Cancelling { asked } => words
                .text("is being cancelled since ")
                .part(Part::At(*asked))
                .text("; running bodies have their grace"),
            Self::UnderWay { pid } => words.text(format!(
                "does not wait: a living process{} drives it, and its bodies run",
                of_process(pid)
            )),
            _ => self.in_the_queue(words),
        }
    }

    /// What a run waits for that is left to workers.
    fn in_the_queue(&self, words: Words) -> Words {
        match self {
            Self::Scheduled { due } => words
                .text("is scheduled, and begins")
                .when("at", Some(*due)),
            Self::NoWorker { queue } => words
                .text("is due, and no worker listens on the queue ")
                .name(queue),
            Self::UnknownFlow { flow, queue } => words
                .text("is due, and no worker on the queue ")
                .name(queue)
                .text(" has the flow ")
                .name(flow)
                .text("; it waits for one that has"),
            Self::OtherBuild { build } => words.text(format!(
                "has begun under the build {build}, and waits for a worker of that build, because one lives"
            )),
            Self::Queued { queue, workers } => words
                .text("waits in the queue ")
                .name(queue)
                .text(format!(
                    " for one of {} to have room",
                    counted(*workers as u64, "worker")
                )),
            _ => self.among_others(words),
        }
    }

    /// What it waits for that others have.
    fn among_others(&self, words: Words) -> Words {
        match self {
            Self::Limit {
                limit,
                key,
                rule,
                holders,
                held,
                ahead,
                start,
                more,
            } => {
                let of_key = match key.as_str() {
                    "" => String::new(),
                    key => format!(" of {key}"),
                };
                let rule = rule.as_ref();
                let rule = rule.map_or_else(String::new, |rule| format!(" ({rule})"));
                let words = words
                    .text("waits for the limit ")
                    .part(Part::Limit(limit.clone()))
                    .text(of_key + &rule)
                    .others(*ahead);
                let words = match start {
                    Some(start) => words.text("; it starts").when("at", Some(*start)),
                    None => words,
                };
                let words = words.held_by(holders, *held);
                match more {
                    0 => words,
                    more => words.more(format!(
                        "and {} of this run",
                        counted(*more as u64, "more step")
                    )),
                }
            }
            Self::MaxRuns {
                flow,
                most,
                holders,
                held,
                ahead,
            } => {
                let most = most.map_or_else(String::new, |most| {
                    format!(", which may have {most} at once")
                });
                words
                    .text(format!("waits for a place among the runs of {flow}{most}"))
                    .others(*ahead)
                    .held_by(holders, *held)
            }
            Self::Cache { holder } => {
                let words = words.text("waits for the cached result of an equal call");
                match holder {
                    Some(holder) => words.text(format!(", which {} computes", named(holder))),
                    None => words,
                }
            }
            _ => self.by_itself(words),
        }
    }

    /// What a step waits for that comes by itself, or from a person.
    fn by_itself(&self, words: Words) -> Words {
        match self {
            Self::Time { until } => words.text("sleeps").when("until", *until),
            Self::Poll { due } => words.text("asks again").when("at", *due),
            Self::Signal { signal, until, .. } => words
                .text("waits for the signal ")
                .name(signal)
                .when("until", *until),
            Self::Retry {
                attempt,
                due,
                error,
            } => {
                let words = words.text(format!("waits for its attempt {attempt}"));
                let words = match due {
                    Some(_) => words.text(", which begins").when("at", *due),
                    None => words,
                };
                words.more(format!(
                    "attempt {} failed: {error}",
                    attempt.saturating_sub(1)
                ))
            }
            Self::Resource { due, error } => words
                .text("waits for its resource, which is asked for again")
                .when("at", *due)
                .more(format!("it could not be made: {error}")),
            Self::Child {
                child_name, state, ..
            } => words
                .text("waits for the run ")
                .part(Part::Run(child_name.clone()))
                .text(format!(", which is {}", label::words(state.as_str()))),
            Self::Dependency { on } => words.text(format!("waits for {}", on.join(", "))),
            Self::More { steps, runs } => {
                let below = match runs {
                    true => ", and more runs below it",
                    false => "",
                };
                let steps = counted(*steps, "more step");
                words.text(format!("has {steps} that wait{below}"))
            }
            Self::Other { kind, until } => words
                .text(format!("waits for {kind}"))
                .when("until", *until),
            _ => words,
        }
    }
}

fn named(holder: &Holder) -> String {
    match holder.step.as_str() {
        "" => holder.name.clone(),
        step => format!("{} · {step}", holder.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::RunId;

    fn said(words: &Words) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Name(name) => format!("`{name}`"),
            Part::Run(name) | Part::Limit(name) => format!("<{name}>"),
            Part::At(at) => format!("[{at}]"),
        };
        let what: String = words.what.iter().map(part).collect();
        format!("{what} | {}", words.more.join(" | "))
    }

    fn holder(name: &str, step: &str) -> Holder {
        Holder {
            run: RunId(uuid::Uuid::nil()),
            name: name.to_owned(),
            step: step.to_owned(),
        }
    }

    #[test]
    fn a_wait_for_a_limit_says_who_holds_it_and_who_is_before() {
        let why = Why::Limit {
            limit: "API".to_owned(),
            key: "eu".to_owned(),
            rule: None,
            holders: vec![holder("heron", "fetch"), holder("otter", "")],
            held: 4,
            ahead: 1,
            start: Some(9),
            more: 1,
        };
        assert_eq!(
            said(&why.words()),
            "waits for the limit <API> of eu; 1 other before it; it starts at [9] | \
             held by heron · fetch, otter and 2 others | and 1 more step of this run"
        );
    }

    #[test]
    fn names_instants_and_runs_are_parts_of_their_own() {
        let signal = Why::Signal {
            signal: "approve".to_owned(),
            until: Some(7),
            schema: serde_json::Value::Null,
        };
        assert_eq!(
            said(&signal.words()),
            "waits for the signal `approve` until [7] | "
        );
        let child = Why::Child {
            child: RunId(uuid::Uuid::nil()),
            child_name: "heron".to_owned(),
            state: crate::model::state::RunState::TimedOut,
        };
        assert_eq!(
            said(&child.words()),
            "waits for the run <heron>, which is timed out | "
        );
        let retry = Why::Retry {
            attempt: 2,
            due: None,
            error: "no".to_owned(),
        };
        assert_eq!(
            said(&retry.words()),
            "waits for its attempt 2 | attempt 1 failed: no"
        );
    }
}
