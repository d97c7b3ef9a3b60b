//! The text of a recurrence rule, and what is wrong with it.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::days::{DayRule, Weekday, weekday};
use super::{COUNT_MAX, Frequency, Rrule};
use crate::interval::ANCHOR;
use crate::{GrammarError, closest};

const PARTS: [&str; 14] = [
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "WKST",
    "BYSECOND",
    "BYMINUTE",
    "BYHOUR",
    "BYDAY",
    "BYMONTHDAY",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYMONTH",
    "BYSETPOS",
];
const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// A part of the text, and where it begins.
#[derive(Clone, Copy)]
struct Piece<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Piece<'a> {
    fn fault(self, message: impl Into<String>) -> GrammarError {
        GrammarError::at(self.at..self.at + self.text.len(), message)
    }

    fn split(self, separator: char) -> impl Iterator<Item = Self> {
        let mut at = self.at;
        self.text.split(separator).map(move |text| {
            let piece = Self { text, at };
            at += text.len() + separator.len_utf8();
            piece
        })
    }

    fn split_once(self, separator: char) -> Option<(Self, Self)> {
        let (left, right) = self.text.split_once(separator)?;
        let at = self.at + left.len() + separator.len_utf8();
        Some((Self { text: left, ..self }, Self { text: right, at }))
    }

    fn lines(self) -> impl Iterator<Item = Self> {
        self.split('\n')
            .flat_map(|line| line.split(' '))
            .filter_map(|line| {
                let text = line.text.trim();
                let before = line.text.len() - line.text.trim_start().len();
                (!text.is_empty()).then_some(Self {
                    text,
                    at: line.at + before,
                })
            })
    }
}

/// The rule, and how often it comes true at most.
pub(super) fn rule(text: &str, zone: &TimeZone) -> Result<(Rrule, Option<u32>), GrammarError> {
    let (mut start, mut found) = (None, None);
    let (mut except, mut besides) = (Vec::new(), Vec::new());
    for line in (Piece { text, at: 0 }).lines() {
        let (name, value) = match line.split_once(':') {
            Some((name, value)) => (name.text.split(';').next().unwrap_or_default(), value),
            None => ("RRULE", line),
        };
        match name.to_ascii_uppercase().as_str() {
            "RRULE" if found.is_some() => return Err(line.fault("there is more than one rule")),
            "RRULE" => found = Some(value),
            "DTSTART" => start = Some(moment(value)?.civil(zone)),
            "EXDATE" => push_moments(value, zone, &mut except)?,
            "RDATE" => push_moments(value, zone, &mut besides)?,
            _ => {
                return Err(line.fault(format!(
                    "`{name}` is not known; there are DTSTART, RRULE, EXDATE and RDATE"
                )));
            }
        }
    }
    let Some(found) = found else {
        let message = "a rule looks like FREQ=WEEKLY;BYDAY=MO,FR;BYHOUR=9";
        return Err(GrammarError::at(0..text.len(), message));
    };
    let mut draft = Draft::default();
    for part in found.split(';').filter(|part| !part.text.is_empty()) {
        draft.read(part, zone)?;
    }
    if draft.count.is_some() && start.is_none() {
        let message = "COUNT is counted from DTSTART, which is missing: DTSTART:20260101T090000";
        return Err(found.fault(message));
    }
    let (mut rule, count) = draft.rule(found, start.unwrap_or(ANCHOR))?;
    rule.text = text.trim().to_owned();
    (rule.except, rule.besides) = (except, besides);
    Ok((rule, count))
}

#[derive(Default)]
struct Draft {
    seen: Vec<&'static str>,
    frequency: Option<Frequency>,
    interval: Option<i64>,
    count: Option<u32>,
    until: Option<Moment>,
    until_civil: Option<DateTime>,
    week_start: i8,
    days: DayRule,
    hours: Vec<i8>,
    minutes: Vec<i8>,
    seconds: Vec<i8>,
    positions: Vec<i32>,
}

impl Draft {
    fn read(&mut self, part: Piece<'_>, zone: &TimeZone) -> Result<(), GrammarError> {
        let Some((name, value)) = part.split_once('=') else {
            return Err(part.fault(format!(
                "`{}` is no part of a rule, like FREQ=DAILY",
                part.text
            )));
        };
        let upper = name.text.to_ascii_uppercase();
        let Some(known) = PARTS.iter().find(|known| **known == upper) else {
            let hint = match closest(&upper, PARTS) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("there are {}", PARTS.join(", ")),
            };
            return Err(name.fault(format!("`{}` is not known; {hint}", name.text)));
        };
        if self.seen.contains(known) {
            return Err(part.fault(format!("{known} is there twice")));
        }
        self.seen.push(known);
        match *known {
            "FREQ" => self.frequency = Some(frequency(value)?),
            "INTERVAL" => self.interval = Some(number(value, 1..=100_000)?),
            "COUNT" => self.count = Some(number(value, 1..=COUNT_MAX)?),
            "UNTIL" => {
                let until = moment(value)?;
                self.until_civil = Some(until.last_civil(zone));
                self.until = Some(until);
            }
            "WKST" => self.week_start = day_name(value)?,
            "BYSECOND" => self.seconds = numbers(value, 0..=59, false)?,
            "BYMINUTE" => self.minutes = numbers(value, 0..=59, false)?,
            "BYHOUR" => self.hours = numbers(value, 0..=23, false)?,
            "BYDAY" => self.days.weekdays = value.split(',').map(day).collect::<Result<_, _>>()?,
            "BYMONTHDAY" => self.days.month_days = numbers(value, 1..=31, true)?,
            "BYYEARDAY" => self.days.year_days = numbers(value, 1..=366, true)?,
            "BYWEEKNO" => self.days.weeks = numbers(value, 1..=53, true)?,
            "BYMONTH" => self.days.months = numbers(value, 1..=12, false)?,
            _ => self.positions = numbers(value, 1..=86_400, true)?,
        }
        Ok(())
    }

    fn rule(
        mut self,
        all: Piece<'_>,
        start: DateTime,
    ) -> Result<(Rrule, Option<u32>), GrammarError> {
        let Some(frequency) = self.frequency else {
            return Err(all.fault("it has no FREQ, which says how often: DAILY, WEEKLY and so on"));
        };
        if self.until.is_some() && self.count.is_some() {
            return Err(all.fault("UNTIL and COUNT exclude each other"));
        }
        if !self.days.weeks.is_empty() && frequency != Frequency::Yearly {
            return Err(all.fault("BYWEEKNO goes with FREQ=YEARLY only"));
        }
        let counted = self.days.weekdays.iter().any(|day| day.nth != 0);
        if counted && (frequency < Frequency::Monthly || !self.days.weeks.is_empty()) {
            return Err(all.fault(
                "a weekday with a number, like 1MO, goes with FREQ=MONTHLY and FREQ=YEARLY without BYWEEKNO",
            ));
        }
        self.fill(frequency, start);
        let rule = Rrule {
            text: String::new(),
            frequency,
            interval: self.interval.unwrap_or(1),
            start,
            week_start: self.week_start,
            days: self.days,
            hours: self.hours,
            minutes: self.minutes,
            seconds: self.seconds,
            positions: self.positions,
            until: self.until_civil,
            until_instant: self.until.and_then(Moment::instant),
            except: Vec::new(),
            besides: Vec::new(),
        };
        Ok((rule, self.count))
    }

    /// What a rule does not say, its start says.
    fn fill(&mut self, frequency: Frequency, start: DateTime) {
        if self.days.is_open() {
            if frequency == Frequency::Yearly && self.days.months.is_empty() {
                self.days.months.push(start.month());
            }
            if frequency >= Frequency::Monthly {
                self.days.month_days.push(start.day());
            }
            if frequency == Frequency::Weekly {
                let day = weekday(start.date());
                self.days.weekdays.push(Weekday { day, nth: 0 });
            }
        }
        self.days.counted_in_year = frequency == Frequency::Yearly && self.days.months.is_empty();
        let fill = |list: &mut Vec<i8>, value, from| {
            if list.is_empty() && frequency >= from {
                list.push(value);
            }
            list.sort_unstable();
            list.dedup();
        };
        fill(&mut self.hours, start.hour(), Frequency::Daily);
        fill(&mut self.minutes, start.minute(), Frequency::Hourly);
        fill(&mut self.seconds, start.second(), Frequency::Minutely);
    }
}

fn frequency(value: Piece<'_>) -> Result<Frequency, GrammarError> {
    Ok(match value.text.to_ascii_uppercase().as_str() {
        "SECONDLY" => Frequency::Secondly,
        "MINUTELY" => Frequency::Minutely,
        "HOURLY" => Frequency::Hourly,
        "DAILY" => Frequency::Daily,
        "WEEKLY" => Frequency::Weekly,
        "MONTHLY" => Frequency::Monthly,
        "YEARLY" => Frequency::Yearly,
        _ => {
            return Err(value.fault(format!(
                "`{}` is no frequency; there are SECONDLY, MINUTELY, HOURLY, DAILY, WEEKLY, MONTHLY and YEARLY",
                value.text
            )));
        }
    })
}

fn number<T>(piece: Piece<'_>, bounds: RangeInclusive<T>) -> Result<T, GrammarError>
where
    T: std::str::FromStr + PartialOrd + std::fmt::Display,
{
    let (least, most) = (bounds.start(), bounds.end());
    match piece.text.parse() {
        Ok(value) if bounds.contains(&value) => Ok(value),
        _ => Err(piece.fault(format!("`{}` is not in {least}–{most}", piece.text))),
    }
}

fn numbers<T>(
    value: Piece<'_>,
    bounds: RangeInclusive<T>,
    from_end: bool,
) -> Result<Vec<T>, GrammarError>
where
    T: std::str::FromStr + PartialOrd + std::fmt::Display + std::ops::Neg<Output = T> + Copy,
{
    let one = |piece: Piece<'_>| match piece.text.strip_prefix('-') {
        Some(text) if from_end => {
            let at = piece.at + 1;
            number(Piece { text, at }, bounds.clone()).map(|value| -value)
        }
        _ => number(piece, bounds.clone()),
    };
    value.split(',').map(one).collect()
}

fn day(piece: Piece<'_>) -> Result<Weekday, GrammarError> {
    let letters = piece.text.find(|c: char| c.is_ascii_alphabetic());
    let (nth, name) = piece.text.split_at(letters.unwrap_or(piece.text.len()));
    let at = piece.at + nth.len();
    let day = day_name(Piece { text: name, at })?;
    let nth = match nth {
        "" => 0,
        text => match text.parse() {
            Ok(nth @ (-53..=-1 | 1..=53)) => nth,
            _ => return Err(piece.fault(format!("`{text}` is not in 1–53"))),
        },
    };
    Ok(Weekday { day, nth })
}

fn day_name(piece: Piece<'_>) -> Result<i8, GrammarError> {
    (0..)
        .zip(DAYS)
        .find(|(_, name)| name.eq_ignore_ascii_case(piece.text))
        .map(|(day, _)| day)
        .ok_or_else(|| {
            piece.fault(format!(
                "`{}` is no weekday; there are {}",
                piece.text,
                DAYS.join(", ")
            ))
        })
}

/// A date, a time on the wall, or a moment.
#[derive(Clone, Copy)]
enum Moment {
    Day(Date),
    Civil(DateTime),
    Instant(Timestamp),
}

impl Moment {
    fn civil(self, zone: &TimeZone) -> DateTime {
        match self {
            Self::Day(date) => date.to_datetime(Time::midnight()),
            Self::Civil(civil) => civil,
            Self::Instant(instant) => zone.to_datetime(instant),
        }
    }

    /// The last time on the wall that is not after it. A clock may show a later time before a moment than at it.
    fn last_civil(self, zone: &TimeZone) -> DateTime {
        match self {
            Self::Day(date) => date.at(23, 59, 59, 0),
            Self::Civil(civil) => civil,
            Self::Instant(_) => self
                .civil(zone)
                .saturating_add(jiff::SignedDuration::from_hours(24)),
        }
    }

    const fn instant(self) -> Option<Timestamp> {
        match self {
            Self::Instant(instant) => Some(instant),
            Self::Day(_) | Self::Civil(_) => None,
        }
    }
}

fn moment(piece: Piece<'_>) -> Result<Moment, GrammarError> {
    let text = piece.text;
    let read = || {
        let (text, utc) = match text.strip_suffix(['Z', 'z']) {
            Some(text) => (text, true),
            None => (text, false),
        };
        let Some((date, time)) = text.split_once(['T', 't']) else {
            return Date::strptime("%Y%m%d", text)
                .ok()
                .filter(|_| !utc)
                .map(Moment::Day);
        };
        let date = Date::strptime("%Y%m%d", date).ok()?;
        let civil = date.to_datetime(Time::strptime("%H%M%S", time).ok()?);
        Some(match utc {
            true => Moment::Instant(jiff::tz::Offset::UTC.to_timestamp(civil).ok()?),
            false => Moment::Civil(civil),
        })
    };
    read().ok_or_else(|| {
        piece.fault(format!(
            "`{text}` is no time; RFC 5545 writes 20260131, 20260131T090000 or 20260131T090000Z"
        ))
    })
}

fn push_moments(
    value: Piece<'_>,
    zone: &TimeZone,
    list: &mut Vec<DateTime>,
) -> Result<(), GrammarError> {
    for piece in value.split(',') {
        list.push(moment(piece)?.civil(zone));
    }
    Ok(())
}
