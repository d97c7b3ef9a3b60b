//! Which days a recurrence rule takes.

use jiff::ToSpan;
use jiff::civil::Date;

/// What a rule says of days. What is empty takes all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DayRule {
    pub months: Vec<i8>,
    /// Of the month; from its end, if negative.
    pub month_days: Vec<i8>,
    /// Of the year; from its end, if negative.
    pub year_days: Vec<i16>,
    /// Weeks of the year; from its end, if negative.
    pub weeks: Vec<i8>,
    pub weekdays: Vec<Weekday>,
    /// Counted weekdays are counted in the year, and not in the month.
    pub counted_in_year: bool,
}

/// A weekday, from Monday, 0, and perhaps which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weekday {
    pub day: i8,
    /// From the end, if negative; 0: each.
    pub nth: i8,
}

impl DayRule {
    /// Whether nothing tells the days of a period apart.
    pub(super) fn is_open(&self) -> bool {
        self.month_days.is_empty()
            && self.year_days.is_empty()
            && self.weeks.is_empty()
            && self.weekdays.is_empty()
    }

    pub(super) fn takes(&self, date: Date, week_start: i8) -> bool {
        (self.months.is_empty() || self.months.contains(&date.month()))
            && self.takes_month_day(date)
            && self.takes_year_day(date)
            && self.takes_week(date, week_start)
            && (self.weekdays.is_empty()
                || self.weekdays.iter().any(|wanted| self.is_it(*wanted, date)))
    }

    fn takes_month_day(&self, date: Date) -> bool {
        let from_end = date.day() - date.days_in_month() - 1;
        self.month_days.is_empty()
            || self.month_days.contains(&date.day())
            || self.month_days.contains(&from_end)
    }

    fn takes_year_day(&self, date: Date) -> bool {
        let from_end = date.day_of_year() - date.days_in_year() - 1;
        self.year_days.is_empty()
            || self.year_days.contains(&date.day_of_year())
            || self.year_days.contains(&from_end)
    }

    fn takes_week(&self, date: Date, week_start: i8) -> bool {
        if self.weeks.is_empty() {
            return true;
        }
        let Some((year, week)) = week_of(date, week_start) else {
            return false;
        };
        // Four days of a week decide whose it is, so the last week of a year has its 28 December.
        let last = Date::new(year, 12, 28).ok();
        let last = last.and_then(|last| week_of(last, week_start));
        self.weeks.contains(&week)
            || last.is_some_and(|(_, last)| self.weeks.contains(&(week - last - 1)))
    }

    fn is_it(&self, wanted: Weekday, date: Date) -> bool {
        if weekday(date) != wanted.day {
            return false;
        }
        let (day, days) = match self.counted_in_year {
            true => (date.day_of_year(), date.days_in_year()),
            false => (i16::from(date.day()), i16::from(date.days_in_month())),
        };
        match i16::from(wanted.nth) {
            0 => true,
            nth if nth > 0 => (day - 1) / 7 + 1 == nth,
            nth => (days - day) / 7 + 1 == -nth,
        }
    }
}

/// From Monday, 0.
pub(super) fn weekday(date: Date) -> i8 {
    date.weekday().to_monday_zero_offset()
}

/// The first day of the week of `date`.
pub(super) fn week_begin(date: Date, week_start: i8) -> Option<Date> {
    let past = (weekday(date) - week_start).rem_euclid(7);
    date.checked_sub(i64::from(past).days()).ok()
}

/// The year that a week belongs to, and its number there.
fn week_of(date: Date, week_start: i8) -> Option<(i16, i8)> {
    let middle = week_begin(date, week_start)?.checked_add(3.days()).ok()?;
    let week = i8::try_from((middle.day_of_year() - 1) / 7 + 1).ok()?;
    Some((middle.year(), week))
}
