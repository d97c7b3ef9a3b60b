//! What a store keeps of limits: tickets of those that wait or have started, by bucket.

use crate::model::ids::{ProcessId, RunId};
use crate::model::limit::{Rule, Taken, Waiting};
use crate::model::record::Micros;

/// A limit, or what it counts apart for one key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bucket {
    /// The limit's name.
    pub name: String,
    /// The value of `limit_key`; empty without one.
    pub key: String,
}

/// Somebody wants to start. An earlier ticket of the same step is given back: a step has one owner.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Where.
    pub bucket: Bucket,
    /// How much it takes.
    pub weight: u32,
    /// Higher ones come first; among equals those who asked first.
    pub priority: i32,
    /// The run.
    pub run: RunId,
    /// The step's full id.
    pub step: String,
    /// When.
    pub asked: Micros,
    /// What it does if there is no room.
    pub if_full: IfFull,
}

/// What somebody does who finds no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfFull {
    /// He waits for his turn.
    Wait,
    /// He waits, and all who were there before him are unwanted.
    Oust,
    /// He goes: no ticket is left of him.
    Leave,
}

/// What a process does with its limits at one moment.
#[derive(Debug, Clone, Default)]
pub struct Turns {
    /// Tickets that end, each with the program's rule for its bucket. One that is not there any more is no error.
    pub given: Vec<(Rule, u64, GiveBack)>,
    /// Those that come.
    pub asks: Vec<Ask>,
    /// Buckets that are looked at, each with the program's rule: that which a person set counts in its place.
    pub buckets: Vec<(Bucket, Rule)>,
    /// The moment.
    pub now: Micros,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turned {
    /// The tickets of those that came, in their order; what is left of them is told by [`Self::admitted`].
    pub tickets: Vec<u64>,
    /// What was found in each bucket, in their order.
    pub admitted: Vec<Admitted>,
}

/// What becomes of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GiveBack {
    /// It started and has ended. What it really cost, if that differs from its weight.
    Done(Option<u32>),
    /// It does not want to start any more.
    Withdrawn,
    /// It could not begin in time: its start does not count, and it keeps its place in the queue.
    Late,
}

/// What was found in a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admitted {
    /// Tickets of this process that may start now.
    pub started: Vec<u64>,
    /// Tickets of this process whose place another call takes.
    pub unwanted: Vec<u64>,
    /// When to ask again; `None` if that depends on something being given back.
    pub next: Option<Micros>,
    /// The rule that was applied: the program's, or the one that a person set.
    pub rule: Option<Rule>,
    /// Tickets are left in the queue.
    pub is_crowded: bool,
}

/// A ticket as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its number: lower ones asked first.
    pub id: u64,
    /// Where.
    pub bucket: Bucket,
    /// See [`Ask::weight`].
    pub weight: u32,
    /// See [`Ask::priority`].
    pub priority: i32,
    /// The run.
    pub run: RunId,
    /// The step's full id.
    pub step: String,
    /// The process that asked.
    pub process: ProcessId,
    /// When.
    pub asked: Micros,
    /// When it could have started first, if another process saw that.
    pub due: Option<Micros>,
    /// When it started.
    pub start: Option<Micros>,
    /// It has ended, and still counts in its window.
    pub is_done: bool,
    /// Another call takes its place.
    pub is_unwanted: bool,
}

/// All that counts in a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketRecord {
    /// Which.
    pub bucket: Bucket,
    /// When a bucket of tokens is full again.
    pub full_at: Micros,
    /// The rule that a person set in place of the program's.
    pub rule: Option<Rule>,
    /// Those that started, oldest first, then those that wait, in their order.
    pub tickets: Vec<Ticket>,
}

impl BucketRecord {
    /// What counts against the rule at that moment.
    pub fn taken(&self, rule: &Rule, now: Micros) -> Taken {
        let started = self.tickets.iter().filter(|ticket| ticket.start.is_some());
        taken(rule, started, self.full_at, now)
    }

    /// Those that wait, in their order.
    pub fn waiting(&self) -> impl Iterator<Item = &Ticket> {
        self.tickets.iter().filter(|ticket| ticket.start.is_none())
    }

    /// Those that have started and not ended.
    pub fn holders(&self) -> impl Iterator<Item = &Ticket> {
        self.tickets
            .iter()
            .filter(|ticket| ticket.start.is_some() && !ticket.is_done)
    }
}

/// What started tickets, oldest first, take at that moment.
pub(super) fn taken<'a>(
    rule: &Rule,
    started: impl Iterator<Item = &'a Ticket>,
    full_at: Micros,
    now: Micros,
) -> Taken {
    let mut taken = Taken {
        full_at,
        ..Taken::default()
    };
    for ticket in started {
        let Some(start) = ticket.start else { continue };
        if !ticket.is_done {
            taken.held += u64::from(ticket.weight);
        }
        if start.saturating_add(rule.memory()) > now {
            taken.starts.push((start, ticket.weight));
        }
    }
    taken
}

impl Ticket {
    /// The ticket as the decision sees it.
    pub(super) fn as_waiting(&self, process: ProcessId) -> Waiting {
        Waiting {
            ticket: self.id,
            weight: self.weight,
            own: self.process == process,
            due: self.due,
        }
    }

    /// It has ended and no window remembers it.
    pub(super) fn is_forgotten(&self, rule: &Rule, now: Micros) -> bool {
        self.is_done
            && self
                .start
                .is_none_or(|start| start.saturating_add(rule.memory()) <= now)
    }
}

/// How many of a queue are worth looking at: no more can start at once.
pub(super) fn looked_at(rule: &Rule) -> usize {
    usize::try_from(rule.count.max(rule.burst.unwrap_or(0)))
        .unwrap_or(usize::MAX)
        .saturating_add(1)
}
