//! Cron expressions: five fields (minute, hour, day, month, weekday), six with the second before them, seven with the year
//! after them.
//!
//! The matching is our own because the two libraries that could do it cannot be used: cronexpr 1.7.0 never fires `L` and
//! `5L` in December and skips a day whose hour the clocks jump over (the tests hold both beside ours), and croner brings
//! a second version of syn into every build.

use std::fmt;
use std::ops::Range;

use jiff::Zoned;
use jiff::civil::{Date, DateTime, Time};

use crate::wall::{self, Civil};
use crate::{GrammarError, closest};
use day::Days;
use field::{Field, Item, Set};
use year::Years;

mod day;
mod field;
mod year;

const FIELDS: &str = "minute, hour, day, month, weekday";
const ALIASES: &[(&str, &str)] = &[
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// Weekdays and leap years repeat after 28 years, and after 40 where a century has no leap day; what does not happen in
/// that time never does.
const YEARS_TO_SEARCH: i16 = 41;

/// A cron expression.
///
/// Accepted are lists, ranges, steps, names, `L` and `LW` and `15W` for days, `5L` (the last Friday) and `5#3` (the third)
/// for weekdays, and `@daily` and its like. If day and weekday are both given, either suffices, unless one begins with
/// `*` (as in Vixie's cron).
///
/// When clocks change: an expression whose hour begins with `*` follows the elapsed time, so it fires in both passes of a
/// repeated hour and not in a missing one. Any other fires once: in the first pass, or where the gap ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    text: String,
    seconds: Set,
    minutes: Set,
    hours: Set,
    months: Set,
    days: Days,
    years: Years,
    every_hour: bool,
}

impl Cron {
    /// Reads an expression; the time zone is not part of it.
    pub fn parse(text: &str) -> Result<Self, GrammarError> {
        if text.trim_start().starts_with('@') {
            let five = alias(text)?;
            return Ok(Self {
                text: text.trim().to_owned(),
                ..Self::parse(five)?
            });
        }
        let words = words(text);
        let (second, words, year) = split_ends(text, &words)?;
        let [minute, hour, day, month, weekday] = words;
        let read = |field: &'static Field, at: &Range<usize>| {
            field::parse(field, &text[at.clone()], at.start)
        };
        let set = |field: &'static Field, at: &Range<usize>| {
            read(field, at).map(|items| field::union(&items))
        };

        let days = Days::new(
            &read(&field::DAY, day)?,
            &read(&field::WEEKDAY, weekday)?,
            [day, weekday]
                .iter()
                .any(|at| text[at.start..].starts_with(['*', '?'])),
        );
        let cron = Self {
            text: text.trim().to_owned(),
            seconds: second.map_or(Ok(Set::of(0)), |at| set(&field::SECOND, at))?,
            minutes: set(&field::MINUTE, minute)?,
            hours: set(&field::HOUR, hour)?,
            months: set(&field::MONTH, month)?,
            days,
            years: year.map_or(Ok(Years::default()), |at| {
                Years::parse(&text[at.clone()], at.start)
            })?,
            every_hour: text[hour.start..].starts_with('*'),
        };
        match cron.next_civil(Date::constant(1970, 1, 1).at(0, 0, 0, 0)) {
            Some(_) => Ok(cron),
            None => Err(GrammarError::at(
                day.start..weekday.end,
                "there is no such day in any year",
            )),
        }
    }

    /// The same, but a day must satisfy both fields, that of days and that of weekdays, where otherwise one is enough.
    pub fn with_both_days(mut self) -> Self {
        self.days.need_both();
        self
    }

    /// The first time strictly after `after` that this matches, in the zone of `after`.
    ///
    /// `None` after the last of its years, or where the calendar ends.
    pub fn next_after(&self, after: &Zoned) -> Option<Zoned> {
        match self.every_hour {
            true => wall::next_elapsed(self, after),
            false => wall::next_once(self, after),
        }
    }

    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first match at or after `from` on the same day.
    fn next_time(&self, from: Time) -> Option<Time> {
        let (hour, minute, second) = (from.hour(), from.minute(), from.second());
        if self.hours.has(hour) {
            if self.minutes.has(minute)
                && let Some(second) = self.seconds.at_or_after(second)
            {
                return Time::new(hour, minute, second, 0).ok();
            }
            if let Some(minute) = self.minutes.at_or_after(minute + 1) {
                return Time::new(hour, minute, self.seconds.at_or_after(0)?, 0).ok();
            }
        }
        let hour = self.hours.at_or_after(hour + 1)?;
        Time::new(
            hour,
            self.minutes.at_or_after(0)?,
            self.seconds.at_or_after(0)?,
            0,
        )
        .ok()
    }
}

impl Civil for Cron {
    fn next_civil(&self, after: DateTime) -> Option<DateTime> {
        let start = after.with().subsec_nanosecond(0).build().ok()?;
        let start = start.checked_add(jiff::SignedDuration::from_secs(1)).ok()?;
        let mut date = start.date();
        let mut from = start.time();
        let unlimited = || date.year().saturating_add(YEARS_TO_SEARCH);
        let last_year = self.years.last().unwrap_or_else(unlimited);
        while date.year() <= last_year {
            let year = self.years.at_or_after(date.year())?;
            if year > date.year() {
                date = Date::new(year, 1, 1).ok()?;
            } else if !self.months.has(date.month()) {
                date = date.last_of_month().tomorrow().ok()?;
            } else if self.days.contain(date)
                && let Some(time) = self.next_time(from)
            {
                return Some(date.to_datetime(time));
            } else {
                date = date.tomorrow().ok()?;
            }
            from = Time::midnight();
        }
        None
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn alias(text: &str) -> Result<&'static str, GrammarError> {
    let word = text.trim();
    if let Some((_, five)) = ALIASES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word))
    {
        return Ok(five);
    }
    let start = text.len() - text.trim_start().len();
    let message = match closest(word, ALIASES.iter().map(|(name, _)| *name)) {
        Some(meant) => format!("`{word}` is not known; did you mean `{meant}`?"),
        None => format!(
            "`{word}` is not known; there are @hourly, @daily, @weekly, @monthly and @yearly"
        ),
    };
    Err(GrammarError::at(start..start + word.len(), message))
}

/// Where the words between the spaces are.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = 0;
    for part in text.split(char::is_whitespace) {
        if !part.is_empty() {
            words.push(start..start + part.len());
        }
        // A space may be longer than a byte, so the next part begins after the character found here.
        let end = start + part.len();
        start = end + text[end..].chars().next().map_or(0, char::len_utf8);
    }
    words
}

type At = Range<usize>;
/// The second, the five, the year.
type Ends<'a> = (Option<&'a At>, &'a [At; 5], Option<&'a At>);

/// The field of seconds, if there is one, the five that must be there, and the field of years, if there is one.
fn split_ends<'a>(text: &str, words: &'a [At]) -> Result<Ends<'a>, GrammarError> {
    let mut after_five = words.iter().skip(5);
    if let Some(at) = after_five.find(|at| is_zone(&text[(*at).clone()])) {
        let message = "the time zone is not part of the expression; it has an option of its own";
        return Err(GrammarError::at(at.clone(), message));
    }
    let five = |words: &'a [At]| <&[At; 5]>::try_from(words).ok();
    match words {
        [second, mid @ .., year] if let Some(mid) = five(mid) => {
            Ok((Some(second), mid, Some(year)))
        }
        [second, mid @ ..] if let Some(mid) = five(mid) => Ok((Some(second), mid, None)),
        mid if let Some(mid) = five(mid) => Ok((None, mid, None)),
        [] => Err(GrammarError::at(
            0..text.len(),
            format!("it has five fields: {FIELDS}"),
        )),
        [.., last] if words.len() < 5 => {
            let missing = FIELDS
                .splitn(words.len() + 1, ", ")
                .last()
                .unwrap_or(FIELDS);
            Err(GrammarError::at(
                last.end..last.end,
                format!("here is missing: {missing}"),
            ))
        }
        _ => {
            let message = format!(
                "there are {} fields, but only {FIELDS}, before them the second, and after them the year",
                words.len()
            );
            Err(GrammarError::at(
                words[7].start..words[words.len() - 1].end,
                message,
            ))
        }
    }
}

/// Whether this is a time zone, perhaps misspelt, rather than a field; steps have a number after the slash.
fn is_zone(word: &str) -> bool {
    let slash_then_letter = |(_, right): (&str, &str)| right.starts_with(char::is_alphabetic);
    crate::parse_zone(word).is_ok() || word.split_once('/').is_some_and(slash_then_letter)
}

#[cfg(test)]
mod tests;
