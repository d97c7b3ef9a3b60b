//! Recurrence rules of RFC 5545: `FREQ=WEEKLY;BYDAY=MO,WE;BYHOUR=9`.
//!
//! The stepping is our own, because the crate for it counts from the beginning of the rule each time (1.2 s in a debug build
//! for a rule of quarters of an hour that is ten years old), has time zones of its own beside those of the rest of the
//! program, and brings 17 crates with it, also into the macros, which check rules while a program compiles.

use std::fmt;

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::GrammarError;
use crate::wall::{self, Civil};
use days::DayRule;

mod days;
mod read;
mod walk;

/// How many times `COUNT` may allow.
const COUNT_MAX: u32 = 10_000;

/// A recurrence rule, perhaps with `DTSTART`, `EXDATE` and `RDATE` beside it.
///
/// Without `DTSTART` it begins with 2020, as in Prefect. A rule that names an hour treats missing and repeated
/// hours as a cron expression does; an hourly or faster one without `BYHOUR` follows the time that passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rrule {
    text: String,
    frequency: Frequency,
    interval: i64,
    /// What the clock shows at the first time that counts.
    start: DateTime,
    week_start: i8,
    days: DayRule,
    /// Empty: any that the frequency gives.
    hours: Vec<i8>,
    minutes: Vec<i8>,
    seconds: Vec<i8>,
    positions: Vec<i32>,
    until: Option<DateTime>,
    /// `until`, if it was a moment and no time on the wall.
    until_instant: Option<Timestamp>,
    except: Vec<DateTime>,
    besides: Vec<DateTime>,
}

/// How often, before anything is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Frequency {
    Secondly,
    Minutely,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

impl Rrule {
    /// Reads `FREQ=…`, or lines with `DTSTART`, `RRULE`, `EXDATE` and `RDATE`, for a clock in `zone`. Whether there is a
    /// fault does not depend on the zone.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, GrammarError> {
        let (mut rule, count) = read::rule(text, zone)?;
        let Some(first) = rule.next_civil(DateTime::MIN) else {
            return Err(GrammarError::at(0..text.len(), "it never comes true"));
        };
        if let Some(count) = count {
            let mut last = first;
            // What is left out counts too, and what is added does not.
            let (except, besides) = (
                std::mem::take(&mut rule.except),
                std::mem::take(&mut rule.besides),
            );
            let mut next = rule.next_civil(DateTime::MIN);
            for _ in 0..count {
                let Some(civil) = next else { break };
                last = civil;
                next = rule.next_civil(civil);
            }
            rule.until = Some(last);
            (rule.except, rule.besides) = (except, besides);
        }
        Ok(rule)
    }

    /// The time zone that the text names at its beginning (`DTSTART;TZID=Europe/Paris:…`).
    pub fn zone_of(text: &str) -> Option<&str> {
        let (_, rest) = text.split_once("TZID=")?;
        rest.split([':', ';', '\n']).next()
    }

    /// The first time strictly after `after`, in the zone of `after`. `None` after the last.
    pub fn next_after(&self, after: &Zoned) -> Option<Zoned> {
        let by_the_hour = self.frequency <= Frequency::Hourly && self.hours.is_empty();
        let found = match by_the_hour {
            true => wall::next_elapsed(self, after),
            false => wall::next_once(self, after),
        }?;
        let ended = self
            .until_instant
            .is_some_and(|until| found.timestamp() > until);
        (!ended).then_some(found)
    }

    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first time of the rule alone that is not before `from`.
    fn ruled(&self, mut from: DateTime) -> Option<DateTime> {
        loop {
            let found = walk::at_or_after(self, from.max(self.start))?;
            if self.until.is_some_and(|until| found > until) {
                return None;
            }
            if !self.except.contains(&found) {
                return Some(found);
            }
            from = second_after(found)?;
        }
    }
}

impl Civil for Rrule {
    fn next_civil(&self, after: DateTime) -> Option<DateTime> {
        let from = second_after(after)?;
        let besides = self.besides.iter().copied().filter(|at| *at >= from);
        let kept = besides.filter(|at| !self.except.contains(at));
        self.ruled(from).into_iter().chain(kept).min()
    }
}

impl fmt::Display for Rrule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn second_after(civil: DateTime) -> Option<DateTime> {
    let whole = civil.with().subsec_nanosecond(0).build().ok()?;
    whole.checked_add(jiff::SignedDuration::from_secs(1)).ok()
}

fn time(hour: i8, minute: i8, second: i8) -> Time {
    Time::constant(hour, minute, second, 0)
}

#[cfg(test)]
mod tests;
