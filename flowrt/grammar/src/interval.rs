//! Intervals: the same time again and again, counted from an anchor.

use std::fmt;
use std::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Span, Timestamp, Zoned};

use crate::{GrammarError, format_duration, parse_duration, wall};

/// From where is counted if nobody says it, as in Prefect.
pub(crate) const ANCHOR: DateTime = Date::constant(2020, 1, 1).at(0, 0, 0, 0);

const DAY: u64 = 86_400;

/// A time that comes again after each interval.
///
/// Whole days follow the clock on the wall: each time has the hour of the anchor, whatever happens to the clock, by the
/// rules that cron expressions have for a missing and a repeated hour. Everything else follows the time that passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    every: Duration,
    anchor: Anchor,
}

/// Where an interval is counted from, forward and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// What the clock on the wall shows, in the zone of the schedule.
    Civil(DateTime),
    /// A moment.
    Instant(Timestamp),
}

impl Interval {
    /// Reads `15m`, `1h 30m`, `PT15M`, `0:15:00`, or a number of seconds. At least a second.
    ///
    /// It is counted from the beginning of 2020 on the wall, unless there is another anchor.
    pub fn parse(text: &str) -> Result<Self, GrammarError> {
        let every = read(text)?;
        match every < Duration::from_secs(1) {
            false => Ok(Self {
                every,
                anchor: Anchor::Civil(ANCHOR),
            }),
            true => Err(GrammarError::at(
                0..text.len(),
                "an interval is at least a second",
            )),
        }
    }

    /// The same, counted from there.
    pub const fn from_anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    /// How long it is.
    pub const fn every(&self) -> Duration {
        self.every
    }

    /// The first time strictly after `after`, in the zone of `after`. `None` only where the calendar ends.
    pub fn next_after(&self, after: &Zoned) -> Option<Zoned> {
        match self.days() {
            Some(days) => self.next_day(days, after),
            None => self.next_elapsed(after),
        }
    }

    /// How many days it is, if it is whole days.
    fn days(&self) -> Option<i64> {
        let whole = self.every.subsec_nanos() == 0 && self.every.as_secs().is_multiple_of(DAY);
        whole.then(|| i64::try_from(self.every.as_secs() / DAY).ok())?
    }

    fn next_day(&self, days: i64, after: &Zoned) -> Option<Zoned> {
        let zone = after.time_zone();
        let anchor = match self.anchor {
            Anchor::Civil(civil) => civil,
            Anchor::Instant(instant) => instant.to_zoned(zone.clone()).datetime(),
        };
        let passed = anchor.date().until(after.date()).ok()?.get_days();
        // A step back, because a clock may show a date twice.
        let mut count = i64::from(passed).div_euclid(days) - 1;
        loop {
            let days = Span::new().try_days(count.checked_mul(days)?).ok()?;
            let civil = anchor.checked_add(days).ok()?;
            let instant = wall::instant(zone, civil)?;
            if instant > after.timestamp() {
                return Some(Zoned::new(instant, zone.clone()));
            }
            count += 1;
        }
    }

    fn next_elapsed(&self, after: &Zoned) -> Option<Zoned> {
        let zone = after.time_zone();
        let anchor = match self.anchor {
            Anchor::Civil(civil) => wall::instant(zone, civil)?,
            Anchor::Instant(instant) => instant,
        }
        .as_nanosecond();
        let every = i128::try_from(self.every.as_nanos()).ok()?;
        let count = (after.timestamp().as_nanosecond() - anchor).div_euclid(every) + 1;
        let next = Timestamp::from_nanosecond(anchor + count * every).ok()?;
        Some(Zoned::new(next, zone.clone()))
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_duration(self.every))
    }
}

fn read(text: &str) -> Result<Duration, GrammarError> {
    let trimmed = text.trim();
    let fault = |message: &str| GrammarError::at(0..text.len(), message.to_owned());
    let from_jiff = |duration: SignedDuration| {
        Duration::try_from(duration)
            .ok()
            .filter(|duration| *duration <= Duration::from_secs(100 * 366 * DAY))
            .ok_or_else(|| fault("an interval is positive, and not longer than a hundred years"))
    };
    if trimmed.starts_with(['P', 'p']) {
        let span: jiff::Span = trimmed
            .parse()
            .map_err(|_| fault("ISO 8601 writes a duration like PT15M or P1D"))?;
        if span.get_years() != 0 || span.get_months() != 0 {
            return Err(fault(
                "months and years are not all equally long; write a cron expression or an rrule",
            ));
        }
        let duration = span
            .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
            .map_err(|_| fault("ISO 8601 writes a duration like PT15M or P1D"))?;
        return from_jiff(duration);
    }
    if let Some((hours, rest)) = trimmed.split_once(':') {
        let (minutes, seconds) = rest.split_once(':').unwrap_or((rest, "0"));
        let below = |text: &str, bound: u64| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u64>()
                .ok()
                .filter(|value| digits && *value < bound)
        };
        let parts = (
            below(hours, 1_000_000),
            below(minutes, 60),
            below(seconds, 60),
        );
        let (Some(hours), Some(minutes), Some(seconds)) = parts else {
            return Err(fault("hours, minutes and seconds are written like 1:30:00"));
        };
        return Ok(Duration::from_secs(hours * 3600 + minutes * 60 + seconds));
    }
    match trimmed.parse::<f64>() {
        Ok(seconds) if trimmed.starts_with(|c: char| c.is_ascii_digit()) => {
            Duration::try_from_secs_f64(seconds)
                .ok()
                .and_then(|duration| SignedDuration::try_from(duration).ok())
                .ok_or_else(|| fault("an interval is not longer than a hundred years"))
                .and_then(from_jiff)
        }
        _ => parse_duration(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn times(interval: &Interval, after: &str, expected: &[&str]) {
        let mut at: Zoned = after.parse().unwrap();
        for expected in expected {
            at = interval.next_after(&at).unwrap();
            assert_eq!(at.strftime("%F %T %z").to_string(), *expected);
        }
    }

    #[test]
    fn lengths_as_people_write_them() {
        for (text, seconds) in [
            ("15m", 900),
            ("1h 30m", 5400),
            ("PT15M", 900),
            ("P1DT1H", 90_000),
            ("P2W", 14 * 86_400),
            ("0:15:00", 900),
            ("36:00", 36 * 3600),
            ("3600", 3600),
            ("3600.0", 3600),
        ] {
            assert_eq!(
                Interval::parse(text).unwrap().every(),
                Duration::from_secs(seconds),
                "{text}"
            );
        }
        for text in [
            "",
            "0",
            "-5",
            "500ms",
            "P1M",
            "-PT5M",
            "1:60",
            "1:2:3:4",
            "nan",
            "inf",
            "1e300",
            "P",
            "x",
            "101 years",
            "36601d",
            "+1:+2",
        ] {
            assert!(Interval::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn hours_follow_the_time_that_passes() {
        let interval = Interval::parse("6h").unwrap();
        times(
            &interval,
            "2026-03-07T17:00[America/New_York]",
            &[
                "2026-03-07 18:00:00 -0500",
                "2026-03-08 00:00:00 -0500",
                "2026-03-08 07:00:00 -0400",
            ],
        );
    }

    #[test]
    fn days_follow_the_clock_on_the_wall() {
        let at = |text: &str| Anchor::Civil(text.parse().unwrap());
        let interval = Interval::parse("2d").unwrap();
        times(
            &interval.clone().from_anchor(at("2026-03-06T02:30")),
            "2026-03-07T17:00[America/New_York]",
            &["2026-03-08 03:00:00 -0400", "2026-03-10 02:30:00 -0400"],
        );
        times(
            &interval.from_anchor(at("2026-11-03T01:30")),
            "2026-10-30T17:00[America/New_York]",
            &["2026-11-01 01:30:00 -0400", "2026-11-03 01:30:00 -0500"],
        );
        times(
            &Interval::parse("1w").unwrap(),
            "2026-11-24T00:00[Asia/Tokyo]",
            &["2026-11-25 00:00:00 +0900", "2026-12-02 00:00:00 +0900"],
        );
    }

    #[test]
    fn an_anchor_counts_both_ways() {
        let anchor = "2026-01-01T00:07:00Z".parse().unwrap();
        let interval = Interval::parse("15m")
            .unwrap()
            .from_anchor(Anchor::Instant(anchor));
        times(
            &interval,
            "2025-06-01T00:00[UTC]",
            &["2025-06-01 00:07:00 +0000", "2025-06-01 00:22:00 +0000"],
        );
    }

    #[test]
    fn the_end_of_the_calendar_is_no_panic() {
        let end = Timestamp::MAX.to_zoned(jiff::tz::TimeZone::UTC);
        for text in ["1d", "36500d", "1s", "6h"] {
            assert_eq!(Interval::parse(text).unwrap().next_after(&end), None);
        }
    }
}
