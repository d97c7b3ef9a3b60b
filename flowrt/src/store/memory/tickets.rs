//! Tickets of limits in memory.

use std::collections::{BTreeMap, HashSet};

use super::super::tickets::{
    Admitted, Ask, Bucket, BucketRecord, GiveBack, IfFull, Ticket, Turned, Turns, looked_at, taken,
};
use crate::model::ids::{ProcessId, RunId};
use crate::model::limit::{PATIENCE, Rule, Waiting, admit};
use crate::model::record::Micros;

/// All tickets, the state of buckets, and rules that people set.
#[derive(Debug, Default)]
pub(super) struct Tickets {
    next: u64,
    tickets: BTreeMap<u64, Ticket>,
    buckets: BTreeMap<Bucket, Micros>,
    rules: BTreeMap<String, Rule>,
}

impl Tickets {
    pub fn take_turns(&mut self, turns: Turns, own: ProcessId) -> Turned {
        for (rule, ticket, how) in turns.given {
            self.give_back(rule, ticket, how);
        }
        let mut turned = Turned::default();
        let mut leaving = Vec::new();
        for ask in turns.asks {
            let (bucket, if_full) = (ask.bucket.clone(), ask.if_full);
            let ticket = self.ask_one(ask, own);
            match if_full {
                IfFull::Wait => {}
                IfFull::Oust => self.oust(&bucket, ticket),
                IfFull::Leave => leaving.push(ticket),
            }
            turned.tickets.push(ticket);
        }
        for (bucket, rule) in turns.buckets {
            turned
                .admitted
                .push(self.admit(&bucket, rule, own, turns.now));
        }
        let has_left = |ticket: &Ticket| ticket.start.is_none() && leaving.contains(&ticket.id);
        self.tickets.retain(|_, ticket| !has_left(ticket));
        turned
    }

    fn ask_one(&mut self, ask: Ask, process: ProcessId) -> u64 {
        self.leave(|ticket| ticket.run == ask.run && ticket.step == ask.step);
        self.buckets.entry(ask.bucket.clone()).or_default();
        self.next += 1;
        let ticket = Ticket {
            id: self.next,
            bucket: ask.bucket,
            weight: ask.weight,
            priority: ask.priority,
            run: ask.run,
            step: ask.step,
            process,
            asked: ask.asked,
            due: None,
            start: None,
            is_done: false,
            is_unwanted: false,
        };
        self.tickets.insert(self.next, ticket);
        self.next
    }

    /// The run is driven by nobody, or anew: its steps hold nothing and wait for nothing.
    pub fn leave_run(&mut self, run: RunId) {
        self.leave(|ticket| ticket.run == run);
    }

    fn leave(&mut self, who: impl Fn(&Ticket) -> bool) {
        self.tickets.retain(|_, ticket| {
            let leaves = who(ticket);
            ticket.is_done |= leaves;
            !leaves || ticket.start.is_some()
        });
    }

    fn admit(&mut self, bucket: &Bucket, rule: Rule, process: ProcessId, now: Micros) -> Admitted {
        let rule = self.rules.get(&bucket.name).copied().unwrap_or(rule);
        self.tickets
            .retain(|_, ticket| ticket.bucket != *bucket || !ticket.is_forgotten(&rule, now));
        for ticket in self.tickets.values_mut() {
            if ticket.bucket == *bucket && ticket.process == process {
                ticket.due = None;
            }
        }
        let record = self.record(bucket);
        let frozen: HashSet<ProcessId> = record
            .waiting()
            .filter(|ticket| {
                ticket
                    .due
                    .is_some_and(|due| now > due.saturating_add(PATIENCE))
            })
            .map(|ticket| ticket.process)
            .collect();
        let queue: Vec<Waiting> = record
            .waiting()
            .filter(|ticket| !frozen.contains(&ticket.process))
            .take(looked_at(&rule))
            .map(|ticket| ticket.as_waiting(process))
            .collect();
        let started = record
            .tickets
            .iter()
            .filter(|ticket| ticket.start.is_some());
        let admission = admit(
            &rule,
            taken(&rule, started, record.full_at, now),
            &queue,
            now,
        );
        for ticket in &admission.started {
            self.tickets
                .entry(*ticket)
                .and_modify(|ticket| ticket.start = Some(now));
        }
        for ticket in &admission.due {
            self.tickets
                .entry(*ticket)
                .and_modify(|ticket| ticket.due = Some(now));
        }
        self.buckets.insert(bucket.clone(), admission.full_at);
        Admitted {
            is_crowded: queue.len() > admission.started.len(),
            started: admission.started,
            unwanted: record
                .tickets
                .iter()
                .filter(|ticket| ticket.is_unwanted && ticket.process == process && !ticket.is_done)
                .map(|ticket| ticket.id)
                .collect(),
            next: admission.next,
            rule: Some(rule),
        }
    }

    fn give_back(&mut self, rule: Rule, id: u64, how: GiveBack) {
        let Some(ticket) = self.tickets.get_mut(&id) else {
            return;
        };
        let rule = self.rules.get(&ticket.bucket.name).copied().unwrap_or(rule);
        let cost = match how {
            GiveBack::Done(used) => used.unwrap_or(ticket.weight),
            GiveBack::Withdrawn | GiveBack::Late => 0,
        };
        if ticket.start.is_some()
            && let Some(full_at) = self.buckets.get_mut(&ticket.bucket)
        {
            *full_at += rule.correction(ticket.weight, cost);
        }
        match how {
            GiveBack::Done(_) if ticket.start.is_some() && rule.memory() > 0 => {
                ticket.is_done = true;
                ticket.weight = cost;
            }
            GiveBack::Late => (ticket.start, ticket.due) = (None, None),
            GiveBack::Done(_) | GiveBack::Withdrawn => {
                self.tickets.remove(&id);
            }
        }
    }

    fn oust(&mut self, bucket: &Bucket, before: u64) {
        for ticket in self.tickets.values_mut() {
            if ticket.bucket == *bucket && ticket.id < before && !ticket.is_done {
                ticket.is_unwanted = true;
            }
        }
    }

    pub fn list(&self, name: Option<&str>) -> Vec<BucketRecord> {
        let wanted = |bucket: &&Bucket| name.is_none_or(|name| bucket.name == name);
        self.buckets
            .keys()
            .filter(wanted)
            .map(|bucket| self.record(bucket))
            .collect()
    }

    fn record(&self, bucket: &Bucket) -> BucketRecord {
        let mut tickets: Vec<Ticket> = self
            .tickets
            .values()
            .filter(|ticket| ticket.bucket == *bucket)
            .cloned()
            .collect();
        tickets.sort_by_key(|ticket| match ticket.start {
            Some(start) => (0, start, 0, ticket.id),
            None => (1, 0, -i64::from(ticket.priority), ticket.id),
        });
        BucketRecord {
            bucket: bucket.clone(),
            full_at: self.buckets.get(bucket).copied().unwrap_or_default(),
            rule: self.rules.get(&bucket.name).copied(),
            tickets,
        }
    }

    pub fn rules(&self) -> Vec<(String, Rule)> {
        self.rules
            .iter()
            .map(|(name, rule)| (name.clone(), *rule))
            .collect()
    }

    pub fn set_rule(&mut self, name: String, rule: Option<Rule>) {
        match rule {
            Some(rule) => self.rules.insert(name, rule),
            None => self.rules.remove(&name),
        };
    }

    pub fn reset(&mut self, name: &str) {
        self.tickets
            .retain(|_, ticket| ticket.bucket.name != name || !ticket.is_done);
        for (bucket, full_at) in &mut self.buckets {
            if bucket.name == name {
                *full_at = 0;
            }
        }
    }
}
