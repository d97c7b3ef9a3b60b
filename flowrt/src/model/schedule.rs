//! When a deployment starts by itself.
//!
//! A schedule gives *slots*: instants, the same each time it is asked. What a slot starts, and when a late one still
//! does, is decided elsewhere.

use std::fmt;

use flowrt_grammar::{Anchor, Cron, Interval, Rrule, format_duration, parse_duration, parse_zone};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};

use super::record::Micros;
use crate::error::{Error, ErrorKind, Result};

mod lateness;
#[cfg(test)]
mod tests;

pub use lateness::{MISSED_AFTER, Turn};

/// A schedule that can be asked for its slots.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    written: Written,
    rule: Rule,
    zone: TimeZone,
    jitter: Micros,
}

/// The rule of a schedule.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// Times on the clock on the wall.
    Cron(Cron),
    /// Every so often.
    Interval(Interval),
    /// A rule of RFC 5545.
    Rrule(Box<Rrule>),
}

/// A schedule as a person or the store writes it: one of `cron`, `interval` and `rrule`, and what belongs to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Five fields (minute, hour, day, month, weekday), six with the second before them, seven with the year after them, or
    /// `@daily` and its like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// Of a cron expression: whether a day that satisfies one of the fields for days and weekdays is enough, as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_or: Option<bool>,
    /// A duration: `15m`, `1d`, `PT15M`, `0:15:00`, or seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// A rule of RFC 5545: `FREQ=WEEKLY;BYDAY=MO`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rrule: Option<String>,
    /// The IANA name of the zone whose clock counts; UTC if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// From when an interval is counted; the beginning of 2020 in the zone if it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Micros>,
    /// No slot is before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Micros>,
    /// No slot is after this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Micros>,
    /// How long after its slot a run starts at most; how long is drawn from the slot, and is the same in each process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<String>,
}

impl Schedule {
    /// Reads what was written.
    ///
    /// # Errors
    /// `Input`, if there is not exactly one rule, or if one part cannot be read.
    pub fn new(written: Written) -> Result<Self> {
        let zone = match zone_name(&written)? {
            None => TimeZone::UTC,
            Some(name) => {
                parse_zone(name).map_err(|fault| input(fault.sentence("a time zone", name)))?
            }
        };
        let rule = rule(&written, &zone)?;
        let jitter = match &written.jitter {
            None => 0,
            Some(text) => {
                let jitter = parse_duration(text)
                    .map_err(|fault| input(fault.sentence("a duration", text)))?;
                Micros::try_from(jitter.as_micros())
                    .map_err(|_| input(format!("a jitter of {text} is too long")))?
            }
        };
        if let (Some(start), Some(end)) = (written.start, written.end)
            && end < start
        {
            return Err(input("the schedule ends before it starts".to_owned()));
        }
        Ok(Self {
            written,
            rule,
            zone,
            jitter,
        })
    }

    /// Reads what the store has of it.
    ///
    /// # Errors
    /// `Input`, if it is none.
    pub fn from_json(value: &serde_json::Value) -> Result<Self> {
        let written = Written::deserialize(value)
            .map_err(|error| input(format!("this is not a schedule: {error}")))?;
        Self::new(written)
    }

    /// What the store keeps of it.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(&self.written).unwrap_or_default()
    }

    /// The schedule that a flow's options `schedule` and `timezone` write.
    ///
    /// # Errors
    /// `Input`, if one of them cannot be read; the compiler has refused that already.
    pub fn of_cron(cron: &str, timezone: Option<&str>) -> Result<Self> {
        Self::new(Written {
            cron: Some(cron.to_owned()),
            timezone: timezone.map(str::to_owned),
            ..Written::default()
        })
    }

    /// As it was written.
    pub fn written(&self) -> &Written {
        &self.written
    }

    /// The rule.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// The zone whose clock counts.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The first slot strictly after that, in microseconds since 1970. `None` if there is no more.
    pub fn next_after(&self, after: Micros) -> Option<Micros> {
        let after = match self.written.start {
            Some(start) if after < start => start.saturating_sub(1),
            _ => after,
        };
        let at = self.zoned(after)?;
        let next = match &self.rule {
            Rule::Cron(cron) => cron.next_after(&at)?,
            Rule::Interval(interval) => interval.next_after(&at)?,
            Rule::Rrule(rrule) => rrule.next_after(&at)?,
        };
        let next = next.timestamp().as_microsecond();
        self.written
            .end
            .is_none_or(|end| next <= end)
            .then_some(next)
    }

    /// The slots after one time up to another, the oldest first, as far as they are asked for.
    pub fn between(&self, after: Micros, to: Micros) -> impl Iterator<Item = Micros> {
        let mut at = after;
        std::iter::from_fn(move || {
            at = self.next_after(at)?;
            Some(at)
        })
        .take_while(move |slot| *slot <= to)
    }

    /// The last slot after one time up to another.
    pub fn last_between(&self, after: Micros, to: Micros) -> Option<Micros> {
        let reaches = |from| self.next_after(from).filter(|slot| *slot <= to);
        let mut found = reaches(after)?;
        // Slots only come later if one asks later, so the last one can be closed in on.
        let (mut low, mut high) = (found, to);
        while low < high {
            let middle = low + (high - low) / 2;
            match reaches(middle) {
                Some(slot) => (found, low) = (slot, slot),
                None => high = middle,
            }
        }
        Some(found)
    }

    /// When the run of a slot starts: at the slot, or up to the jitter later. The same for each process that asks.
    pub fn due(&self, seed: &str, slot: Micros) -> Micros {
        if self.jitter == 0 {
            return slot;
        }
        let hash = blake3::hash(format!("{seed} {slot}").as_bytes());
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hash.as_bytes()[..8]);
        let share = u64::from_le_bytes(bytes) % self.jitter.unsigned_abs();
        slot.saturating_add_unsigned(share)
    }

    /// The time as the schedule's zone shows it.
    pub fn zoned(&self, at: Micros) -> Option<Zoned> {
        let at = Timestamp::from_microsecond(at).ok()?;
        Some(at.to_zoned(self.zone.clone()))
    }
}

/// The zone that the schedule, or its rule, names.
fn zone_name(written: &Written) -> Result<Option<&str>> {
    let of_rule = written.rrule.as_deref().and_then(Rrule::zone_of);
    match (written.timezone.as_deref(), of_rule) {
        (Some(zone), Some(of_rule)) if zone != of_rule => Err(input(format!(
            "the schedule's time zone is {zone}, and that of its rule {of_rule}"
        ))),
        (zone, of_rule) => Ok(zone.or(of_rule)),
    }
}

fn rule(written: &Written, zone: &TimeZone) -> Result<Rule> {
    match (&written.cron, &written.interval, &written.rrule) {
        (Some(text), None, None) => {
            let cron = Cron::parse(text)
                .map_err(|fault| input(fault.sentence("a cron expression", text)))?;
            Ok(Rule::Cron(match written.day_or {
                Some(false) => cron.with_both_days(),
                _ => cron,
            }))
        }
        (None, Some(text), None) => {
            let interval = Interval::parse(text)
                .map_err(|fault| input(fault.sentence("an interval", text)))?;
            let Some(anchor) = written.anchor else {
                return Ok(Rule::Interval(interval));
            };
            let anchor = Timestamp::from_microsecond(anchor)
                .map_err(|_| input("the anchor is out of range".to_owned()))?;
            Ok(Rule::Interval(
                interval.from_anchor(Anchor::Instant(anchor)),
            ))
        }
        (None, None, Some(text)) => Rrule::parse(text, zone)
            .map(|rrule| Rule::Rrule(Box::new(rrule)))
            .map_err(|fault| input(fault.sentence("a recurrence rule", text))),
        _ => Err(input(
            "a schedule has one rule: cron, interval or rrule".to_owned(),
        )),
    }
}

fn input(message: String) -> Error {
    Error::new(ErrorKind::Input, message)
}

impl fmt::Display for Schedule {
    /// `0 10 * * * (Asia/Tokyo)`, `every 15m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            Rule::Cron(cron) => f.write_str(cron.as_str())?,
            Rule::Interval(interval) => write!(f, "every {}", format_duration(interval.every()))?,
            Rule::Rrule(rrule) => f.write_str(rrule.as_str())?,
        }
        match &self.written.timezone {
            Some(zone) => write!(f, " ({zone})"),
            None => Ok(()),
        }
    }
}
