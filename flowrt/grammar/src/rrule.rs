//! Recurrence rules of RFC 5545: `FREQ=WEEKLY;BYDAY=MO,WE`, with or without lines of their own for `DTSTART` and `RRULE`.
//!
//! The matching is our own because the one library for it brings chrono and a second version of syn into every build; tests hold
//! it beside Python's dateutil.

use std::fmt;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::AmbiguousOffset;
use jiff::{Timestamp, Zoned};

use crate::GrammarError;

mod days;
mod parse;
mod periods;

/// How long a rule is looked through for its next time before it is taken to have none, in years.
const YEARS_TO_SEARCH: i16 = 200;

/// A rule of RFC 5545.
///
/// `FREQ`, `INTERVAL`, `COUNT`, `UNTIL`, `BYMONTH`, `BYWEEKNO`, `BYYEARDAY`, `BYMONTHDAY`, `BYDAY`, `BYHOUR`, `BYMINUTE`, `BYSECOND`,
/// `BYSETPOS` and `WKST` are understood, one rule, and `DTSTART` before it. Without `DTSTART` it begins on 1 January 2020, as in
/// Prefect. Times are those on the wall of the schedule's zone; one that is repeated counts at its first pass, one that
/// the clock jumps over counts where the gap ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rrule {
    text: String,
    start: DateTime,
    frequency: Frequency,
    interval: i64,
    count: Option<u32>,
    until: Option<Until>,
    week_start: Weekday,
    months: Vec<i8>,
    week_numbers: Vec<i8>,
    year_days: Vec<i16>,
    month_days: Vec<i8>,
    weekdays: Vec<(Option<i8>, Weekday)>,
    hours: Vec<i8>,
    minutes: Vec<i8>,
    seconds: Vec<i8>,
    positions: Vec<i16>,
}

/// How often the rule comes around.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Frequency {
    Yearly,
    Monthly,
    Weekly,
    Daily,
    Hourly,
    Minutely,
    Secondly,
}

/// The last moment of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// On the wall.
    Civil(DateTime),
    /// Anywhere.
    Instant(Timestamp),
}

impl Rrule {
    /// Reads a rule.
    pub fn parse(text: &str) -> Result<Self, GrammarError> {
        let rule = parse::rule(text)?;
        match rule.civil_after(None) {
            Some(_) => Ok(rule),
            None => Err(GrammarError::at(
                0..text.len(),
                "there is no time at all that fits",
            )),
        }
    }

    /// The first time strictly after `after`, in the zone of `after`. `None` if the rule has come to its end.
    pub fn next_after(&self, after: &Zoned) -> Option<Zoned> {
        let zone = after.time_zone();
        // Read on the wall an hour before: a time that the clock shows twice is its first pass.
        let mut civil = Some(after.datetime().saturating_sub(jiff::Span::new().hours(3)));
        loop {
            civil = Some(self.civil_after(civil)?);
            let at = civil?;
            let instant = match zone.to_ambiguous_timestamp(at).offset() {
                AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(at).ok()?,
                AmbiguousOffset::Fold { before, .. } => before.to_timestamp(at).ok()?,
                AmbiguousOffset::Gap { after, .. } => crate::cron::gap_end(zone, at, after)?,
            };
            match self.until {
                Some(Until::Civil(until)) if at > until => return None,
                Some(Until::Instant(until)) if instant > until => return None,
                _ if instant > after.timestamp() => {
                    return Some(Zoned::new(instant, zone.clone()));
                }
                _ => {}
            }
        }
    }

    /// The rule as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first time strictly after `after` on a clock that never changes; without it, the first of all.
    fn civil_after(&self, after: Option<DateTime>) -> Option<DateTime> {
        if let Some(count) = self.count {
            let mut all = self.from(self.start);
            let left = all
                .by_ref()
                .take(usize::try_from(count).unwrap_or(usize::MAX));
            return left
                .into_iter()
                .find(|at| after.is_none_or(|after| *at > after));
        }
        let from = after.map_or(self.start, |after| after.max(self.start));
        self.from(from)
            .find(|at| after.is_none_or(|after| *at > after))
    }

    /// All times from the period of `from` on that are not before the start.
    fn from(&self, from: DateTime) -> impl Iterator<Item = DateTime> {
        let last = from.year().saturating_add(YEARS_TO_SEARCH);
        periods::from(self, from)
            .take_while(move |period| period.year() <= last)
            .flat_map(move |period| self.within(period))
            .filter(|at| *at >= self.start)
    }

    /// The times in one period, in order.
    fn within(&self, period: DateTime) -> Vec<DateTime> {
        let mut all = Vec::new();
        for date in self.dates(period) {
            if days::fits(self, date) {
                all.extend(periods::times(self, period).map(|time| date.to_datetime(time)));
            }
        }
        if self.positions.is_empty() {
            return all;
        }
        let length = i16::try_from(all.len()).unwrap_or(i16::MAX);
        let mut chosen: Vec<DateTime> = self
            .positions
            .iter()
            .map(|place| {
                if *place > 0 {
                    place - 1
                } else {
                    length + place
                }
            })
            .filter_map(|place| all.get(usize::try_from(place).ok()?).copied())
            .collect();
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }

    /// The days of a period.
    fn dates(&self, period: DateTime) -> Vec<Date> {
        let first = period.date();
        let (from, to) = match self.frequency {
            Frequency::Yearly => (first.first_of_year(), first.last_of_year()),
            Frequency::Monthly => (first.first_of_month(), first.last_of_month()),
            Frequency::Weekly => (first, first.saturating_add(jiff::Span::new().days(6))),
            _ => (first, first),
        };
        from.series(jiff::Span::new().days(1))
            .take_while(|date| *date <= to)
            .collect()
    }
}

impl fmt::Display for Rrule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
