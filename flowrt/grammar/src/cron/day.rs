//! On which days an expression fires.

use jiff::civil::{Date, Weekday};

use super::{Item, Set, field};

/// The fields of day and weekday together, since neither decides alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Days {
    days: Set,
    last_day: bool,
    last_workday: bool,
    nearest_workdays: Set,
    weekdays: Set,
    last_weekdays: Set,
    /// By `nth_weekday`.
    nth_weekdays: Set,
    both: bool,
}

impl Days {
    /// `both` says that a day must satisfy both fields, where otherwise one is enough.
    pub(super) fn new(day_items: &[Item], weekday_items: &[Item], both: bool) -> Self {
        let mut days = Self {
            days: field::union(day_items),
            last_day: day_items.contains(&Item::LastDay),
            last_workday: day_items.contains(&Item::LastWorkday),
            nearest_workdays: Set::default(),
            weekdays: field::union(weekday_items),
            last_weekdays: Set::default(),
            nth_weekdays: Set::default(),
            both,
        };
        for item in day_items.iter().chain(weekday_items) {
            match *item {
                Item::NearestWorkday(day) => days.nearest_workdays.insert(day),
                Item::LastWeekday(weekday) => days.last_weekdays.insert(weekday),
                Item::NthWeekday(weekday, nth) => {
                    days.nth_weekdays.insert(nth_weekday(weekday, nth))
                }
                Item::Values(_) | Item::LastDay | Item::LastWorkday => {}
            }
        }
        days
    }

    pub(super) fn need_both(&mut self) {
        self.both = true;
    }

    pub(super) fn contain(&self, date: Date) -> bool {
        match self.both {
            true => self.by_day(date) && self.by_weekday(date),
            false => self.by_day(date) || self.by_weekday(date),
        }
    }

    fn by_day(&self, date: Date) -> bool {
        let last = date.days_in_month();
        self.days.has(date.day())
            || self.last_day && date.day() == last
            || self.last_workday && nearest_workday(date, last) == Some(date.day())
            || self
                .nearest_workdays
                .iter()
                .any(|day| nearest_workday(date, day) == Some(date.day()))
    }

    fn by_weekday(&self, date: Date) -> bool {
        let weekday = date.weekday().to_sunday_zero_offset();
        self.weekdays.has(weekday)
            || self.last_weekdays.has(weekday) && date.day() + 7 > date.days_in_month()
            || self
                .nth_weekdays
                .has(nth_weekday(weekday, (date.day() - 1) / 7 + 1))
    }
}

fn nth_weekday(weekday: i8, nth: i8) -> i8 {
    (nth - 1) * 7 + weekday
}

/// The day from Monday to Friday that is nearest to `day`, in the month of `date`; it never leaves the month.
fn nearest_workday(date: Date, day: i8) -> Option<i8> {
    let wanted = date.with().day(day).build().ok()?;
    Some(match wanted.weekday() {
        Weekday::Saturday if day == 1 => 3,
        Weekday::Saturday => day - 1,
        Weekday::Sunday if day == date.days_in_month() => day - 2,
        Weekday::Sunday => day + 1,
        _ => day,
    })
}
