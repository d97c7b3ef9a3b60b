//! Every so often, counted from an anchor.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

use super::{Micros, input};
use crate::error::Result;

const DAY: i64 = 86_400_000_000;
/// From when is counted if nobody says it: midnight of this day, in the zone.
const ANCHOR: Date = Date::constant(2020, 1, 1);

/// An interval. Whole days are counted on the calendar, so that they keep their time on the wall when clocks change; all
/// others are counted in time that passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    every: Micros,
    anchor: Timestamp,
}

impl Interval {
    /// An interval from an anchor, in microseconds since 1970; without one, from the beginning of 2020 in the zone.
    ///
    /// # Errors
    /// `Input`, if it is shorter than a second, longer than a hundred years, or the anchor is out of range.
    pub fn new(every: Duration, anchor: Option<Micros>, zone: &TimeZone) -> Result<Self> {
        let most = Duration::from_secs(100 * 366 * 86_400);
        if every < Duration::from_secs(1) || every > most {
            return Err(input(
                "an interval is at least a second and at most a hundred years".to_owned(),
            ));
        }
        let anchor = match anchor {
            Some(anchor) => Timestamp::from_microsecond(anchor).ok(),
            None => zone
                .to_zoned(ANCHOR.at(0, 0, 0, 0))
                .ok()
                .map(|anchor| anchor.timestamp()),
        };
        let anchor = anchor.ok_or_else(|| input("the anchor is out of range".to_owned()))?;
        let every = Micros::try_from(every.as_micros()).unwrap_or(Micros::MAX);
        Ok(Self { every, anchor })
    }

    /// How long it is.
    pub fn every(&self) -> Duration {
        Duration::from_micros(self.every.unsigned_abs())
    }

    /// The first slot strictly after that.
    pub(super) fn next_after(&self, after: &Zoned) -> Option<Zoned> {
        if self.every % DAY == 0 {
            return self.next_day(after);
        }
        let anchor = self.anchor.as_microsecond();
        let passed = after.timestamp().as_microsecond().checked_sub(anchor)?;
        let next = passed.div_euclid(self.every).checked_add(1)?;
        let next = anchor.checked_add(next.checked_mul(self.every)?)?;
        let next = Timestamp::from_microsecond(next).ok()?;
        Some(next.to_zoned(after.time_zone().clone()))
    }

    /// Counted in days of the calendar; a time that the clock jumps over is as long after midnight.
    fn next_day(&self, after: &Zoned) -> Option<Zoned> {
        let days = self.every / DAY;
        let anchor = self.anchor.to_zoned(after.time_zone().clone());
        let passed = anchor.date().until(after.date()).ok()?.get_days();
        let mut number = i64::from(passed).div_euclid(days);
        loop {
            let span = Span::new().try_days(number.checked_mul(days)?).ok()?;
            let next = anchor.checked_add(span).ok()?;
            if next.timestamp() > after.timestamp() {
                return Some(next);
            }
            number += 1;
        }
    }
}
