//! Which days a rule means: those that satisfy all parts that are given.

use jiff::civil::{Date, Weekday};

use super::{Frequency, Rrule};

pub(super) fn fits(rule: &Rrule, date: Date) -> bool {
    let Rrule {
        months,
        month_days,
        year_days,
        week_numbers,
        weekdays,
        ..
    } = rule;
    let of_month = |day: &i8| from_either_end(*day, date.day(), date.days_in_month());
    let of_year = |day: &i16| from_either_end(*day, date.day_of_year(), date.days_in_year());
    (months.is_empty() || months.contains(&date.month()))
        && (month_days.is_empty() || month_days.iter().any(of_month))
        && (year_days.is_empty() || year_days.iter().any(of_year))
        && (week_numbers.is_empty() || in_week(rule, date))
        && (weekdays.is_empty() || weekdays.iter().any(|day| is_weekday(rule, *day, date)))
}

fn from_either_end<N>(wanted: N, day: N, last: N) -> bool
where
    N: Copy + PartialEq + std::ops::Add<Output = N> + std::ops::Sub<Output = N> + From<i8>,
{
    wanted == day || wanted + last + N::from(1) == day
}

/// A weekday with a number is counted in the year or in the month, whatever the rule comes around by.
fn is_weekday(rule: &Rrule, (nth, weekday): (Option<i8>, Weekday), date: Date) -> bool {
    let Some(nth) = nth else {
        return date.weekday() == weekday;
    };
    if date.weekday() != weekday {
        return false;
    }
    let in_year = rule.frequency == Frequency::Yearly && rule.months.is_empty();
    let (day, last) = match (rule.frequency, in_year) {
        (_, true) => (date.day_of_year(), date.days_in_year()),
        (Frequency::Yearly | Frequency::Monthly, _) => {
            (i16::from(date.day()), i16::from(date.days_in_month()))
        }
        // Elsewhere a number means nothing, and is not looked at.
        _ => return true,
    };
    let place = if nth > 0 {
        (day - 1) / 7 + 1
    } else {
        -((last - day) / 7 + 1)
    };
    i16::from(nth) == place
}

/// Weeks belong to the year in which they have at least four days; so may the days at either end of its neighbours.
fn in_week(rule: &Rrule, date: Date) -> bool {
    let year = date.year();
    let begins = |year| first_week(rule, year);
    let (Some(this), Some(next)) = (begins(year), begins(year + 1)) else {
        return false;
    };
    let (from, to) = match date {
        date if date < this => (begins(year - 1), Some(this)),
        date if date >= next => (Some(next), begins(year + 2)),
        _ => (Some(this), Some(next)),
    };
    let (Some(from), Some(to)) = (from, to) else {
        return false;
    };
    let weeks = |until: Date| from.until(until).map_or(0, |span| span.get_days()) / 7;
    let (week, last) = (weeks(date) + 1, weeks(to));
    let is_it = |wanted: &i8| from_either_end(i32::from(*wanted), week, last);
    rule.week_numbers.iter().any(is_it)
}

/// The first day of the first week of a year.
fn first_week(rule: &Rrule, year: i16) -> Option<Date> {
    let first = Date::new(year, 1, 1).ok()?;
    let into = i32::from(first.weekday().since(rule.week_start));
    let week = first.checked_sub(jiff::Span::new().days(into)).ok()?;
    if into <= 3 {
        Some(week)
    } else {
        week.checked_add(jiff::Span::new().weeks(1)).ok()
    }
}
