//! From period to period until one has a time that the rule takes.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use jiff::{Span, Timestamp, ToSpan};

use super::days::week_begin;
use super::{Frequency, Rrule, time};

/// So many periods without a time, and the rule is taken to have none.
const PERIODS_MAX: i64 = 50_000;

/// Days of months repeat after 400 years, and a rule whose time has not come until then has none.
const YEARS_MAX: i16 = 400;

/// The first time of the rule that is not before `from`; nor is it before the rule's start, if `from` is not.
pub(super) fn at_or_after(rule: &Rrule, from: DateTime) -> Option<DateTime> {
    match rule.frequency {
        Frequency::Secondly => by_seconds(rule, from, 1),
        Frequency::Minutely => by_seconds(rule, from, 60),
        Frequency::Hourly => by_seconds(rule, from, 3600),
        _ => by_days(rule, from),
    }
}

/// Periods of days and longer.
fn by_days(rule: &Rrule, from: DateTime) -> Option<DateTime> {
    let last_year = from.year().saturating_add(YEARS_MAX);
    let first = periods_before(rule, from.date())?;
    for count in first..first.saturating_add(PERIODS_MAX) {
        let (first, end) = period(rule, count)?;
        if first.year() > last_year {
            return None;
        }
        if let Some(found) = in_days(rule, first, end, from) {
            return Some(found);
        }
    }
    None
}

/// How many whole periods, with their intervals, lie between the start of the rule and `date`.
fn periods_before(rule: &Rrule, date: Date) -> Option<i64> {
    let start = rule.start.date();
    let months = |date: Date| i64::from(date.year()) * 12 + i64::from(date.month());
    let units = match rule.frequency {
        Frequency::Yearly => i64::from(date.year()) - i64::from(start.year()),
        Frequency::Monthly => months(date) - months(start),
        Frequency::Weekly => {
            let week = |date| week_begin(date, rule.week_start);
            i64::from(week(start)?.until(week(date)?).ok()?.get_days()) / 7
        }
        _ => i64::from(start.until(date).ok()?.get_days()),
    };
    Some((units / rule.interval).max(0))
}

/// The first day of a period, and the first day after it.
fn period(rule: &Rrule, count: i64) -> Option<(Date, Date)> {
    let start = rule.start.date();
    let units = count.checked_mul(rule.interval)?;
    let (first, length) = match rule.frequency {
        Frequency::Yearly => (
            start
                .first_of_year()
                .checked_add(Span::new().try_years(units).ok()?),
            1.year(),
        ),
        Frequency::Monthly => (
            start
                .first_of_month()
                .checked_add(Span::new().try_months(units).ok()?),
            1.month(),
        ),
        Frequency::Weekly => (
            week_begin(start, rule.week_start)?.checked_add(Span::new().try_weeks(units).ok()?),
            1.week(),
        ),
        _ => (
            start.checked_add(Span::new().try_days(units).ok()?),
            1.day(),
        ),
    };
    let first = first.ok()?;
    Some((first, first.checked_add(length).ok()?))
}

fn in_days(rule: &Rrule, first: Date, end: Date, from: DateTime) -> Option<DateTime> {
    if rule.positions.is_empty() {
        return days(rule, first.max(from.date()), end).find_map(|date| {
            times(rule)
                .map(|time| date.to_datetime(time))
                .find(|at| *at >= from)
        });
    }
    let all: Vec<DateTime> = days(rule, first, end)
        .flat_map(|date| times(rule).map(move |time| date.to_datetime(time)))
        .collect();
    at_positions(rule, &all).find(|at| *at >= from)
}

/// The days of a period that the rule takes.
fn days(rule: &Rrule, first: Date, end: Date) -> impl Iterator<Item = Date> {
    first
        .series(1.day())
        .take_while(move |date| *date < end)
        .filter(|date| rule.days.takes(*date, rule.week_start))
}

/// The times of a day, for periods of days and longer.
fn times(rule: &Rrule) -> impl Iterator<Item = Time> {
    rule.hours.iter().flat_map(move |hour| {
        rule.minutes.iter().flat_map(move |minute| {
            rule.seconds
                .iter()
                .map(move |second| time(*hour, *minute, *second))
        })
    })
}

/// Those of a period that stand at the positions of `BYSETPOS`, in their order.
fn at_positions(rule: &Rrule, all: &[DateTime]) -> impl Iterator<Item = DateTime> {
    let mut chosen: Vec<DateTime> = rule
        .positions
        .iter()
        .filter_map(|position| {
            let index = match usize::try_from(*position) {
                Ok(from_start) => from_start.checked_sub(1)?,
                Err(_) => all
                    .len()
                    .checked_sub(usize::try_from(position.unsigned_abs()).ok()?)?,
            };
            all.get(index).copied()
        })
        .collect();
    chosen.sort_unstable();
    chosen.into_iter()
}

/// Periods of hours, minutes and seconds, on a clock that never changes, as seconds.
fn by_seconds(rule: &Rrule, from: DateTime, unit: i64) -> Option<DateTime> {
    let base = seconds(rule.start)?.div_euclid(unit) * unit;
    let step = rule.interval.checked_mul(unit)?;
    // The period in which `from` lies counts too.
    let mut count = (seconds(from)? - base).max(0).div_euclid(step);
    let last_year = from.year().saturating_add(YEARS_MAX);
    for _ in 0..PERIODS_MAX {
        let begin = base.checked_add(count.checked_mul(step)?)?;
        let at = civil(begin)?;
        if at.year() > last_year {
            return None;
        }
        let Some(free) = refused_until(rule, at, begin, unit) else {
            if let Some(found) = in_period(rule, at, from) {
                return Some(found);
            }
            count += 1;
            continue;
        };
        let steps = (free - base).div_euclid(step) + i64::from((free - base).rem_euclid(step) != 0);
        count = steps.max(count + 1);
    }
    None
}

/// If the day, hour or minute of a period is not one of the rule's: when the next begins.
fn refused_until(rule: &Rrule, at: DateTime, begin: i64, unit: i64) -> Option<i64> {
    let after = |length: i64| Some((begin.div_euclid(length) + 1) * length);
    let allows = |list: &[i8], value: i8| list.is_empty() || list.contains(&value);
    if !rule.days.takes(at.date(), rule.week_start) {
        return after(86_400);
    }
    if !allows(&rule.hours, at.hour()) {
        return after(3600);
    }
    if unit < 3600 && !allows(&rule.minutes, at.minute()) {
        return after(60);
    }
    if unit == 1 && !allows(&rule.seconds, at.second()) {
        return after(1);
    }
    None
}

fn in_period(rule: &Rrule, at: DateTime, from: DateTime) -> Option<DateTime> {
    let own = |fits: bool, value: i8, list: &[i8]| match fits {
        true => vec![value],
        false => list.to_vec(),
    };
    let minutes = own(
        rule.frequency < Frequency::Hourly,
        at.minute(),
        &rule.minutes,
    );
    let seconds = own(
        rule.frequency < Frequency::Minutely,
        at.second(),
        &rule.seconds,
    );
    let all: Vec<DateTime> = minutes
        .iter()
        .flat_map(|minute| seconds.iter().map(move |second| (*minute, *second)))
        .map(|(minute, second)| at.date().to_datetime(time(at.hour(), minute, second)))
        .collect();
    match rule.positions.is_empty() {
        true => all.into_iter().find(|at| *at >= from),
        false => at_positions(rule, &all).find(|at| *at >= from),
    }
}

fn seconds(civil: DateTime) -> Option<i64> {
    let instant = Offset::UTC.to_timestamp(civil).ok()?;
    Some(instant.as_second())
}

fn civil(seconds: i64) -> Option<DateTime> {
    let instant = Timestamp::from_second(seconds).ok()?;
    Some(Offset::UTC.to_datetime(instant))
}
