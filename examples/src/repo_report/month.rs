//! Calendar months: `2026-03`, in order, and the spans of time that a chart draws as one bar.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A month of the calendar; it is written `2026-03`, in JSON too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    /// Months since January of the year 0, so that order and distance are those of integers.
    index: u32,
}

/// A text that is not a month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a month: write year and month, such as 2026-03")]
pub struct NotAMonth(String);

impl Month {
    /// What git itself shows for a date that it cannot represent.
    pub const EPOCH: Month = Month { index: 1970 * 12 };

    /// The year, such as 2026.
    pub fn year(self) -> u32 {
        self.index / 12
    }

    /// The number of the month within its year, 1 to 12.
    pub fn number(self) -> u32 {
        self.index % 12 + 1
    }

    /// The English name, such as `March`.
    pub fn name(self) -> &'static str {
        const NAMES: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        NAMES[(self.index % 12) as usize]
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.number())
    }
}

impl FromStr for Month {
    type Err = NotAMonth;

    fn from_str(text: &str) -> Result<Self, NotAMonth> {
        let parse = || {
            let (year, month) = text.split_once('-')?;
            let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
            if year.len() < 4 || month.len() != 2 || !digits(year) || !digits(month) {
                return None;
            }
            let (year, month) = (year.parse::<u16>().ok()?, month.parse::<u32>().ok()?);
            (1..=12).contains(&month).then(|| Month {
                index: u32::from(year) * 12 + month - 1,
            })
        };
        parse().ok_or_else(|| NotAMonth(text.to_owned()))
    }
}

impl TryFrom<String> for Month {
    type Error = NotAMonth;

    fn try_from(text: String) -> Result<Self, NotAMonth> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> String {
        month.to_string()
    }
}

/// How much time one bar of a chart stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// One month.
    Month,
    /// Three months.
    Quarter,
    /// One year.
    Year,
    /// Ten years.
    Decade,
}

impl Span {
    /// The finest span with which a chart from `first` to `last` stays readable: at most 120 bars, where it can be had.
    pub fn fitting(first: Month, last: Month) -> Span {
        const MOST_BARS: u32 = 120;
        [Span::Month, Span::Quarter, Span::Year]
            .into_iter()
            .find(|span| last.index / span.months() - first.index / span.months() < MOST_BARS)
            .unwrap_or(Span::Decade)
    }

    /// All spans from the one that holds `first` to the one that holds `last`, each named by its first month.
    pub fn through(self, first: Month, last: Month) -> impl Iterator<Item = Month> {
        let months = self.months();
        (first.index / months..=last.index / months).map(move |number| Month {
            index: number * months,
        })
    }

    /// The first month of the span that holds `month`.
    pub fn start(self, month: Month) -> Month {
        Month {
            index: month.index / self.months() * self.months(),
        }
    }

    /// What a person calls the span that starts with `start`: `March 2026`, `Q1 2026`, `2026`, `2020s`.
    pub fn label(self, start: Month) -> String {
        let year = start.year();
        match self {
            Span::Month => format!("{} {year}", start.name()),
            Span::Quarter => format!("Q{} {year}", start.number() / 3 + 1),
            Span::Year => year.to_string(),
            Span::Decade => format!("{}s", year / 10 * 10),
        }
    }

    /// The word for one span: `month`.
    pub fn noun(self) -> &'static str {
        match self {
            Span::Month => "month",
            Span::Quarter => "quarter",
            Span::Year => "year",
            Span::Decade => "decade",
        }
    }

    fn months(self) -> u32 {
        match self {
            Span::Month => 1,
            Span::Quarter => 3,
            Span::Year => 12,
            Span::Decade => 120,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    #[test]
    fn months_keep_their_order_and_their_text() {
        assert!(month("2025-12") < month("2026-01"));
        assert_eq!(month("2026-03").to_string(), "2026-03");
        assert_eq!(month("1970-01"), Month::EPOCH);
        assert_eq!(
            serde_json::to_string(&month("2026-03")).unwrap(),
            "\"2026-03\""
        );
        assert_eq!(
            serde_json::from_str::<Month>("\"2026-03\"").unwrap(),
            month("2026-03")
        );
    }

    #[test]
    fn what_is_not_a_month_is_refused() {
        for text in [
            "",
            "2026",
            "2026-13",
            "2026-00",
            "2026-3",
            "26-03",
            "+026-03",
            "99999999-01",
            "2026-03-01",
        ] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_range_crosses_the_year() {
        let range: Vec<String> = Span::Month
            .through(month("2025-11"), month("2026-02"))
            .map(String::from)
            .collect();
        assert_eq!(range, ["2025-11", "2025-12", "2026-01", "2026-02"]);
        let quarters: Vec<String> = Span::Quarter
            .through(month("2025-11"), month("2026-02"))
            .map(|start| Span::Quarter.label(start))
            .collect();
        assert_eq!(quarters, ["Q4 2025", "Q1 2026"]);
    }

    #[test]
    fn long_histories_get_wider_bars() {
        assert_eq!(
            Span::fitting(month("2024-01"), month("2026-03")),
            Span::Month
        );
        assert_eq!(
            Span::fitting(month("2010-01"), month("2026-03")),
            Span::Quarter
        );
        assert_eq!(
            Span::fitting(month("1970-01"), month("2026-03")),
            Span::Year
        );
        assert_eq!(
            Span::fitting(month("1970-01"), month("9999-03")),
            Span::Decade
        );
        assert_eq!(Span::Year.start(month("2026-03")), month("2026-01"));
    }
}
