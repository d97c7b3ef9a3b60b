//! Reading a rule, part by part, each fault at its place.

use std::ops::Range;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;

use super::{Frequency, Rrule, Until};
use crate::{GrammarError, closest};

const FREQUENCIES: &[(&str, Frequency)] = &[
    ("YEARLY", Frequency::Yearly),
    ("MONTHLY", Frequency::Monthly),
    ("WEEKLY", Frequency::Weekly),
    ("DAILY", Frequency::Daily),
    ("HOURLY", Frequency::Hourly),
    ("MINUTELY", Frequency::Minutely),
    ("SECONDLY", Frequency::Secondly),
];
const PARTS: &[&str] = &[
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "BYMONTH",
    "BYWEEKNO",
    "BYYEARDAY",
    "BYMONTHDAY",
    "BYDAY",
    "BYHOUR",
    "BYMINUTE",
    "BYSECOND",
    "BYSETPOS",
    "WKST",
];
const WEEKDAYS: &[(&str, Weekday)] = &[
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];
/// When a rule begins that does not say it, as in Prefect.
const DEFAULT_START: DateTime = Date::constant(2020, 1, 1).at(0, 0, 0, 0);

/// A piece of the text, and where it begins.
#[derive(Clone, Copy)]
struct Part<'a> {
    text: &'a str,
    at: usize,
}

pub(super) fn rule(text: &str) -> Result<Rrule, GrammarError> {
    let (mut start, mut found) = (None, None);
    for line in pieces(Part { text, at: 0 }, char::is_whitespace) {
        let upper = line.text.to_ascii_uppercase();
        if upper.starts_with("DTSTART") {
            let (_, value) = line.split(':').ok_or_else(|| {
                line.fault("DTSTART has a value after a colon: DTSTART:20260101T090000")
            })?;
            start = Some(civil(value)?);
        } else if upper.starts_with("EXDATE")
            || upper.starts_with("RDATE")
            || upper.starts_with("EXRULE")
        {
            return Err(line.fault(
                "only RRULE and DTSTART are understood; a deployment may have several schedules",
            ));
        } else {
            let rule = match line.split(':') {
                Some((name, rule)) if name.text.eq_ignore_ascii_case("RRULE") => rule,
                _ => line,
            };
            if found.replace(rule).is_some() {
                return Err(line
                    .fault("there is one rule already; a deployment may have several schedules"));
            }
        }
    }
    let Some(found) = found else {
        let message = "it begins with how often: FREQ=DAILY, for example";
        return Err(GrammarError::at(0..text.len(), message));
    };
    let mut rule = Rrule {
        text: text.trim().to_owned(),
        start: start.unwrap_or(DEFAULT_START),
        frequency: Frequency::Secondly,
        interval: 1,
        count: None,
        until: None,
        week_start: Weekday::Monday,
        months: Vec::new(),
        week_numbers: Vec::new(),
        year_days: Vec::new(),
        month_days: Vec::new(),
        weekdays: Vec::new(),
        hours: Vec::new(),
        minutes: Vec::new(),
        seconds: Vec::new(),
        positions: Vec::new(),
    };
    let mut given: Vec<String> = Vec::new();
    for part in pieces(found, |c| c == ';') {
        let Some((name, value)) = part.split('=') else {
            return Err(part.fault(format!(
                "`{}` is no part of a rule, which are NAME=VALUE",
                part.text
            )));
        };
        let upper = name.text.to_ascii_uppercase();
        if given.contains(&upper) {
            return Err(name.fault(format!("{upper} is given twice")));
        }
        read(&mut rule, &upper, name, value)?;
        given.push(upper);
    }
    check(&rule, &given, found, start.is_some())?;
    defaults(&mut rule);
    Ok(rule)
}

fn read(
    rule: &mut Rrule,
    upper: &str,
    name: Part<'_>,
    value: Part<'_>,
) -> Result<(), GrammarError> {
    match upper {
        "FREQ" => rule.frequency = named(FREQUENCIES, value, "a frequency")?,
        "WKST" => rule.week_start = named(WEEKDAYS, value, "a weekday")?,
        "INTERVAL" => rule.interval = number(value, 1, 100_000)?,
        "COUNT" => rule.count = Some(number(value, 1, 1_000_000)?),
        "UNTIL" => rule.until = Some(until(value)?),
        "BYMONTH" => rule.months = sorted(value, |part| number(part, 1, 12))?,
        "BYWEEKNO" => rule.week_numbers = sorted(value, |part| either(part, 53))?,
        "BYYEARDAY" => rule.year_days = sorted(value, |part| either(part, 366))?,
        "BYMONTHDAY" => rule.month_days = sorted(value, |part| either(part, 31))?,
        "BYHOUR" => rule.hours = sorted(value, |part| number(part, 0, 23))?,
        "BYMINUTE" => rule.minutes = sorted(value, |part| number(part, 0, 59))?,
        "BYSECOND" => rule.seconds = sorted(value, |part| number(part, 0, 59))?,
        "BYSETPOS" => rule.positions = sorted(value, |part| either(part, 366))?,
        "BYDAY" => rule.weekdays = list(value, weekday)?,
        _ => {
            let hint = closest(upper, PARTS.iter().copied())
                .map_or_else(|| PARTS.join(", "), |near| format!("did you mean {near}?"));
            return Err(name.fault(format!("there is no part `{}`: {hint}", name.text)));
        }
    }
    Ok(())
}

fn check(
    rule: &Rrule,
    given: &[String],
    all: Part<'_>,
    has_start: bool,
) -> Result<(), GrammarError> {
    let has = |name: &str| given.iter().any(|given| given == name);
    if !has("FREQ") {
        return Err(all.fault("FREQ is missing: FREQ=DAILY, for example"));
    }
    if has("COUNT") && has("UNTIL") {
        return Err(all.fault("COUNT and UNTIL exclude each other"));
    }
    if has("COUNT") && !has_start {
        return Err(all.fault("COUNT needs a DTSTART from which is counted"));
    }
    if has("BYWEEKNO") && rule.frequency != Frequency::Yearly {
        return Err(all.fault("BYWEEKNO goes with FREQ=YEARLY only"));
    }
    let has_by = given
        .iter()
        .any(|name| name.starts_with("BY") && name != "BYSETPOS");
    if has("BYSETPOS") && !has_by {
        return Err(all.fault("BYSETPOS chooses from what another BY… part gives"));
    }
    let counts = rule.weekdays.iter().any(|(nth, _)| nth.is_some());
    if counts && rule.frequency > Frequency::Monthly {
        return Err(all.fault("a weekday has a number with FREQ=MONTHLY and FREQ=YEARLY only"));
    }
    Ok(())
}

/// What the start says where the rule does not.
fn defaults(rule: &mut Rrule) {
    let has_days = !(rule.week_numbers.is_empty()
        && rule.year_days.is_empty()
        && rule.month_days.is_empty()
        && rule.weekdays.is_empty());
    if has_days {
        return;
    }
    let start = rule.start.date();
    match rule.frequency {
        Frequency::Yearly => {
            if rule.months.is_empty() {
                rule.months.push(start.month());
            }
            rule.month_days.push(start.day());
        }
        Frequency::Monthly => rule.month_days.push(start.day()),
        Frequency::Weekly => rule.weekdays.push((None, start.weekday())),
        _ => {}
    }
}

fn pieces(whole: Part<'_>, separates: impl Fn(char) -> bool) -> Vec<Part<'_>> {
    let mut at = whole.at;
    let mut all = Vec::new();
    for text in whole.text.split(&separates) {
        if !text.is_empty() {
            all.push(Part { text, at });
        }
        let end = at - whole.at + text.len();
        at += text.len() + whole.text[end..].chars().next().map_or(0, char::len_utf8);
    }
    all
}

impl<'a> Part<'a> {
    fn fault(self, message: impl Into<String>) -> GrammarError {
        GrammarError::at(self.range(), message)
    }

    const fn range(self) -> Range<usize> {
        self.at..self.at + self.text.len()
    }

    fn split(self, separator: char) -> Option<(Self, Self)> {
        let (left, right) = self.text.split_once(separator)?;
        let at = self.at + left.len() + separator.len_utf8();
        Some((
            Self {
                text: left,
                at: self.at,
            },
            Self { text: right, at },
        ))
    }
}

fn named<T: Copy>(known: &[(&str, T)], part: Part<'_>, what: &str) -> Result<T, GrammarError> {
    let found = known
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(part.text));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        part.fault(format!(
            "`{}` is not {what}: {}",
            part.text,
            names.join(", ")
        ))
    })
}

fn number<N: TryFrom<i64>>(part: Part<'_>, min: i64, max: i64) -> Result<N, GrammarError> {
    let value = part
        .text
        .strip_prefix('+')
        .unwrap_or(part.text)
        .parse::<i64>();
    value
        .ok()
        .filter(|value| (min..=max).contains(value))
        .and_then(|value| N::try_from(value).ok())
        .ok_or_else(|| part.fault(format!("`{}` is not a number in {min}–{max}", part.text)))
}

/// A number that may count from the end.
fn either<N: TryFrom<i64> + PartialEq + From<i8>>(
    part: Part<'_>,
    max: i64,
) -> Result<N, GrammarError> {
    let value: N = number(part, -max, max)?;
    if value == N::from(0) {
        return Err(part.fault("it is counted from 1, or from -1 at the end"));
    }
    Ok(value)
}

fn list<N>(
    value: Part<'_>,
    read: impl Fn(Part<'_>) -> Result<N, GrammarError>,
) -> Result<Vec<N>, GrammarError> {
    let all: Vec<N> = pieces(value, |c| c == ',')
        .into_iter()
        .map(read)
        .collect::<Result<_, _>>()?;
    if all.is_empty() {
        return Err(value.fault("here a value is missing"));
    }
    Ok(all)
}

fn sorted<N: Ord>(
    value: Part<'_>,
    read: impl Fn(Part<'_>) -> Result<N, GrammarError>,
) -> Result<Vec<N>, GrammarError> {
    let mut all = list(value, read)?;
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

fn weekday(part: Part<'_>) -> Result<(Option<i8>, Weekday), GrammarError> {
    let split = part.text.len().saturating_sub(2);
    let (Some(nth), Some(name)) = (part.text.get(..split), part.text.get(split..)) else {
        return Err(part.fault(format!("`{}` is not a weekday", part.text)));
    };
    let name = Part {
        text: name,
        at: part.at + split,
    };
    let day = named(WEEKDAYS, name, "a weekday")?;
    match nth {
        "" => Ok((None, day)),
        nth => either(
            Part {
                text: nth,
                at: part.at,
            },
            53,
        )
        .map(|nth| (Some(nth), day)),
    }
}

/// `20260101T090000`, or a date alone.
fn civil(part: Part<'_>) -> Result<DateTime, GrammarError> {
    let text = part.text.trim_end_matches(['Z', 'z']);
    let wrong = || {
        part.fault(format!(
            "`{}` is not a time such as 20260101T090000",
            part.text
        ))
    };
    match text.len() {
        8 => Date::strptime("%Y%m%d", text)
            .map(|date| date.at(0, 0, 0, 0))
            .map_err(|_| wrong()),
        _ => DateTime::strptime("%Y%m%dT%H%M%S", text.to_ascii_uppercase()).map_err(|_| wrong()),
    }
}

fn until(part: Part<'_>) -> Result<Until, GrammarError> {
    let at = civil(part)?;
    if !part.text.ends_with(['Z', 'z']) {
        // A date alone means all of it.
        let is_date = part.text.len() == 8;
        return Ok(Until::Civil(if is_date {
            at.date().at(23, 59, 59, 0)
        } else {
            at
        }));
    }
    let instant = TimeZone::UTC.to_timestamp(at);
    instant
        .map(Until::Instant)
        .map_err(|_| part.fault("this time is out of range"))
}
