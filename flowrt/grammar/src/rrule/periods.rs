//! The periods in which a rule comes around, and the times in one.

use jiff::Span;
use jiff::civil::{DateTime, Time};

use super::{Frequency, Rrule, YEARS_TO_SEARCH, days};

/// The beginnings of the periods from the one that holds `from` on; days that do not fit are skipped as a whole.
pub(super) fn from(rule: &Rrule, from: DateTime) -> impl Iterator<Item = DateTime> {
    let first = beginning(rule, rule.start);
    let mut number = before(rule, first, from);
    std::iter::from_fn(move || {
        loop {
            let period = after(rule, first, number.checked_mul(rule.interval)?)?;
            if rule.frequency < Frequency::Hourly || days::fits(rule, period.date()) {
                number += 1;
                return Some(period);
            }
            let tomorrow = period.date().tomorrow().ok()?;
            let next = before(rule, first, tomorrow.to_datetime(Time::midnight()));
            number = next.max(number + 1);
            if period.year() > from.year().saturating_add(YEARS_TO_SEARCH) {
                return None;
            }
        }
    })
}

/// The number of the last period that begins no later than `at`.
fn before(rule: &Rrule, first: DateTime, at: DateTime) -> i64 {
    let passed = match rule.frequency {
        Frequency::Yearly => i64::from(at.year()) - i64::from(first.year()),
        Frequency::Monthly => {
            (i64::from(at.year()) - i64::from(first.year())) * 12 + i64::from(at.month())
                - i64::from(first.month())
        }
        other => first
            .duration_until(at)
            .as_secs()
            .div_euclid(seconds(other)),
    };
    passed.div_euclid(rule.interval).max(0)
}

/// The beginning of the period that is so many after the first.
fn after(rule: &Rrule, first: DateTime, periods: i64) -> Option<DateTime> {
    let span = Span::new();
    let span = match rule.frequency {
        Frequency::Yearly => span.try_years(periods),
        Frequency::Monthly => span.try_months(periods),
        other => span.try_seconds(periods.checked_mul(seconds(other))?),
    };
    first.checked_add(span.ok()?).ok()
}

fn beginning(rule: &Rrule, at: DateTime) -> DateTime {
    let (date, time) = (at.date(), at.time());
    match rule.frequency {
        Frequency::Yearly => date.first_of_year().to_datetime(Time::midnight()),
        Frequency::Monthly => date.first_of_month().to_datetime(Time::midnight()),
        Frequency::Weekly => {
            let into = i32::from(date.weekday().since(rule.week_start));
            date.saturating_sub(Span::new().days(into))
                .to_datetime(Time::midnight())
        }
        Frequency::Daily => date.to_datetime(Time::midnight()),
        Frequency::Hourly => date.at(time.hour(), 0, 0, 0),
        Frequency::Minutely => date.at(time.hour(), time.minute(), 0, 0),
        Frequency::Secondly => date.at(time.hour(), time.minute(), time.second(), 0),
    }
}

const fn seconds(frequency: Frequency) -> i64 {
    match frequency {
        Frequency::Secondly => 1,
        Frequency::Minutely => 60,
        Frequency::Hourly => 3_600,
        Frequency::Weekly => 604_800,
        _ => 86_400,
    }
}

/// The times of a day that are in the period.
pub(super) fn times(rule: &Rrule, period: DateTime) -> impl Iterator<Item = Time> {
    let (given, start) = (period.time(), rule.start.time());
    let part = |wanted: &Vec<i8>, is_given: bool, given: i8, of_start: i8| match wanted.as_slice() {
        [] if is_given => vec![given],
        [] => vec![of_start],
        wanted if is_given => wanted.iter().copied().filter(|at| *at == given).collect(),
        wanted => wanted.to_vec(),
    };
    let frequency = rule.frequency;
    let hours = part(
        &rule.hours,
        frequency >= Frequency::Hourly,
        given.hour(),
        start.hour(),
    );
    let is_minute = frequency >= Frequency::Minutely;
    let minutes = part(&rule.minutes, is_minute, given.minute(), start.minute());
    let is_second = frequency >= Frequency::Secondly;
    let seconds = part(&rule.seconds, is_second, given.second(), start.second());
    hours.into_iter().flat_map(move |hour| {
        let (minutes, seconds) = (minutes.clone(), seconds.clone());
        minutes.into_iter().flat_map(move |minute| {
            let seconds = seconds.clone();
            seconds
                .into_iter()
                .filter_map(move |second| Time::new(hour, minute, second, 0).ok())
        })
    })
}
