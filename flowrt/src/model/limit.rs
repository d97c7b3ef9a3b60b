//! Limits: who of those that ask may start now, and when the next one may. Pure: state and clock come from outside.
//!
//! The kinds and their names are those of Sidekiq Enterprise's limiters (concurrent, window, bucket, leaky, points). What
//! differs: whoever finds no room is queued with its turn instead of being tried again later.

use serde::{Deserialize, Serialize};

use super::record::Micros;

/// How a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// So many at a time.
    Slots,
    /// So many starts in any window.
    Sliding,
    /// So many starts in each window of the clock.
    Fixed,
    /// A bucket of tokens that refills.
    Bucket,
    /// A bucket that drips: starts are spaced evenly.
    Leaky,
    /// As a bucket, and the cost of a call is corrected once it is known.
    Points,
}

/// What a limit allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Rule {
    /// How it counts.
    pub kind: LimitKind,
    /// How many at a time, or per window.
    pub count: u32,
    /// The window in microseconds; 0 for slots.
    pub per: Micros,
    /// How many may start at once; the rest are spaced evenly.
    pub burst: Option<u32>,
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.kind == LimitKind::Slots {
            return write!(f, "{} at a time", self.count);
        }
        let per = std::time::Duration::from_micros(self.per.unsigned_abs());
        let rate = flowrt_grammar::Rate {
            count: self.count,
            per,
        };
        match self.burst {
            Some(burst) => write!(f, "{rate}, {burst} at once"),
            None => write!(f, "{rate}"),
        }
    }
}

/// What counts against a limit now.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// The weight of slots that are held.
    pub held: u64,
    /// Starts and their weights within the last window, oldest first.
    pub starts: Vec<(Micros, u32)>,
    /// When a bucket will be full again.
    pub full_at: Micros,
}

/// Someone in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Its ticket.
    pub ticket: u64,
    /// How much it takes.
    pub weight: u32,
    /// It is of the process that asks, which alone can start it.
    pub own: bool,
    /// When it could have started first, if that has come.
    pub due: Option<Micros>,
}

/// Who may start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admission {
    /// Tickets of the asking process that start now.
    pub started: Vec<u64>,
    /// Tickets of others whose turn has come.
    pub due: Vec<u64>,
    /// When it is worth asking again; `None` until something is given back.
    pub next: Option<Micros>,
    /// See [`Taken::full_at`], after these starts.
    pub full_at: Micros,
}

/// A process that does not start what is due within this time is passed over, so that a frozen one holds nobody up.
pub const PATIENCE: Micros = 500_000;

impl Rule {
    /// How late a body may begin after its start was granted. Windows are this much longer, so that lateness never
    /// brings more starts into one window than the limit allows.
    pub fn slack(&self) -> Micros {
        if self.kind == LimitKind::Slots {
            return Micros::MAX;
        }
        (self.per / 100).clamp(1_000, 100_000)
    }

    /// The most that one call may weigh: more could never start.
    pub fn weight_max(&self) -> u32 {
        match self.kind {
            LimitKind::Slots | LimitKind::Sliding | LimitKind::Fixed => self.count,
            LimitKind::Bucket | LimitKind::Leaky | LimitKind::Points => self.capacity().max(1),
        }
    }

    /// How much a bucket holds.
    fn capacity(&self) -> u32 {
        let usual = if self.kind == LimitKind::Leaky {
            1
        } else {
            self.count
        };
        self.burst.unwrap_or(usual)
    }

    /// Whether starts are drawn from a bucket.
    fn is_bucket(&self) -> bool {
        matches!(
            self.kind,
            LimitKind::Bucket | LimitKind::Leaky | LimitKind::Points
        ) || self.burst.is_some() && self.kind != LimitKind::Slots
    }

    /// How long a bucket takes to refill that much.
    pub fn refill(&self, weight: i64) -> Micros {
        let micros = i128::from(weight) * i128::from(self.per) / i128::from(self.count.max(1));
        Micros::try_from(micros).unwrap_or(Micros::MAX)
    }

    /// How far back starts count.
    pub fn memory(&self) -> Micros {
        match self.kind {
            LimitKind::Sliding | LimitKind::Fixed => self.per.saturating_add(self.slack()),
            _ => 0,
        }
    }

    /// When a call of that weight may start, at or after `now`. `None`: when something is given back.
    fn earliest(&self, taken: &Taken, weight: u32, now: Micros) -> Option<Micros> {
        let weight = weight.min(self.weight_max());
        let by_count = match self.kind {
            LimitKind::Slots if taken.held + u64::from(weight) > u64::from(self.count) => {
                return None;
            }
            LimitKind::Sliding => self.after_window(taken, weight, now),
            LimitKind::Fixed => self.in_window(taken, weight, now),
            _ => now,
        };
        if !self.is_bucket() {
            return Some(by_count);
        }
        // A heavy call passes a small bucket when the bucket is full.
        let fits = i64::from(weight.min(self.capacity().max(1)));
        let room = self.refill(i64::from(self.capacity().max(1)) - fits);
        Some(by_count.max(taken.full_at.saturating_sub(room)))
    }

    /// When so much has left the sliding window that the weight fits.
    fn after_window(&self, taken: &Taken, weight: u32, now: Micros) -> Micros {
        let mut free = u64::from(self.count - weight.min(self.count));
        for (start, held) in taken.starts.iter().rev() {
            match free.checked_sub(u64::from(*held)) {
                Some(left) => free = left,
                None => return now.max(start.saturating_add(self.memory())),
            }
        }
        now
    }

    /// The first window of the clock with room. Its last moments are left free: a late body would count in the next.
    fn in_window(&self, taken: &Taken, weight: u32, now: Micros) -> Micros {
        let begin = now - now.rem_euclid(self.per);
        let next = begin.saturating_add(self.per);
        let used: u64 = taken
            .starts
            .iter()
            .filter(|(start, _)| *start >= begin)
            .map(|(_, weight)| u64::from(*weight))
            .sum();
        let has_room = used + u64::from(weight) <= u64::from(self.count);
        if has_room && now + self.slack() < next {
            now
        } else {
            next
        }
    }

    /// Counts a start.
    fn take(&self, taken: &mut Taken, weight: u32, at: Micros) {
        let weight = weight.min(self.weight_max());
        taken.held += u64::from(weight);
        if self.memory() > 0 {
            taken.starts.push((at, weight));
        }
        if self.is_bucket() {
            taken.full_at = taken
                .full_at
                .max(at)
                .saturating_add(self.refill(i64::from(weight)));
        }
    }
}

/// Who of the queue, first come first served, may start at `now`. The queue may be cut off after what fits at once.
pub fn admit(rule: &Rule, mut taken: Taken, queue: &[Waiting], now: Micros) -> Admission {
    let mut admission = Admission::default();
    let mut granted = taken.full_at;
    for waiting in queue {
        let is_late = |due: Micros| now > due.saturating_add(PATIENCE);
        if !waiting.own && waiting.due.is_some_and(is_late) {
            continue;
        }
        match rule.earliest(&taken, waiting.weight, now) {
            Some(at) if at <= now => {
                rule.take(&mut taken, waiting.weight, now);
                if waiting.own {
                    admission.started.push(waiting.ticket);
                    granted = granted.max(now).saturating_add(rule.drawn(waiting.weight));
                } else {
                    // Its process starts it, or is passed over after a while.
                    let passed_over = waiting.due.unwrap_or(now).saturating_add(PATIENCE + 1);
                    admission.next = Some(
                        admission
                            .next
                            .map_or(passed_over, |next| next.min(passed_over)),
                    );
                    if waiting.due.is_none() {
                        admission.due.push(waiting.ticket);
                    }
                }
            }
            later => {
                // Nobody overtakes: a heavy call would never find room.
                admission.next = match (admission.next, later) {
                    (Some(next), Some(at)) => Some(next.min(at)),
                    (next, at) => next.or(at),
                };
                break;
            }
        }
    }
    admission.full_at = granted;
    admission
}

impl Rule {
    /// How much later a bucket is full if a call cost `cost` instead of `weight`.
    pub fn correction(&self, weight: u32, cost: u32) -> Micros {
        if self.is_bucket() {
            self.refill(i64::from(cost) - i64::from(weight.min(self.weight_max())))
        } else {
            0
        }
    }

    fn drawn(&self, weight: u32) -> Micros {
        if self.is_bucket() {
            self.refill(i64::from(weight.min(self.weight_max())))
        } else {
            0
        }
    }
}

/// When each of those weights will start, one after the other, if nothing else happens. `None` from the first on that
/// waits for a slot to be given back.
pub fn forecast(
    rule: &Rule,
    mut taken: Taken,
    weights: impl IntoIterator<Item = u32>,
    now: Micros,
) -> Vec<Option<Micros>> {
    let mut at = Some(now);
    let mut starts = Vec::new();
    for weight in weights {
        at = at.and_then(|at| earliest_from(rule, &mut taken, weight, at));
        if let Some(at) = at {
            rule.take(&mut taken, weight, at);
        }
        starts.push(at);
    }
    starts
}

fn earliest_from(rule: &Rule, taken: &mut Taken, weight: u32, from: Micros) -> Option<Micros> {
    let mut at = from;
    loop {
        let memory = rule.memory();
        let forgotten = taken
            .starts
            .partition_point(|(start, _)| start.saturating_add(memory) <= at);
        taken.starts.drain(..forgotten);
        let earliest = rule.earliest(taken, weight, at)?;
        if earliest <= at {
            return Some(at);
        }
        at = earliest;
    }
}

#[cfg(test)]
mod tests;
