//! Rates: so many in a while.

use std::fmt;
use std::time::Duration;

use crate::duration::{format_duration, parse_duration, parse_unit};
use crate::{GrammarError, closest};

const EXAMPLE: &str = "a rate looks like `100 per minute`, `10/s` or `5 per 30s`";

/// At most `count` in any `per`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    /// How many; at least one.
    pub count: u32,
    /// In how long; never zero.
    pub per: Duration,
}

impl Rate {
    /// Reads `100 per minute`, `10/s`, `5 per 30s`.
    pub fn parse(text: &str) -> Result<Self, GrammarError> {
        let digits = text.trim_start();
        let count_start = text.len() - digits.len();
        let digits = &digits[..digits
            .find(|c: char| !c.is_ascii_digit() && c != '_')
            .unwrap_or(digits.len())];
        let count_at = count_start..count_start + digits.len();
        if digits.is_empty() {
            return Err(GrammarError::at(
                count_start..text.len(),
                format!("here a number is expected; {EXAMPLE}"),
            ));
        }
        let count: u32 = digits.replace('_', "").parse().map_err(|_| {
            GrammarError::at(
                count_at.clone(),
                format!("{digits} is too many; at most {}", u32::MAX),
            )
        })?;
        if count == 0 {
            return Err(GrammarError::at(
                count_at,
                "a rate of zero would never let anything through",
            ));
        }
        let (per_start, per) = after_separator(text, count_at.end)?;
        let duration = period(per).map_err(|error| error.shifted(per_start))?;
        if duration.is_zero() {
            return Err(GrammarError::at(
                per_start..per_start + per.len(),
                "the time of a rate must be above zero",
            ));
        }
        Ok(Self {
            count,
            per: duration,
        })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = match self.per.as_secs_f64() {
            1.0 => "second".to_owned(),
            60.0 => "minute".to_owned(),
            3_600.0 => "hour".to_owned(),
            86_400.0 => "day".to_owned(),
            _ => format_duration(self.per),
        };
        write!(f, "{} per {per}", self.count)
    }
}

/// What follows `per` or `/`, without spaces around it, and where it begins.
fn after_separator(text: &str, from: usize) -> Result<(usize, &str), GrammarError> {
    let rest = text[from..].trim_start();
    let start = text.len() - rest.len();
    let skipped = match rest {
        _ if rest.starts_with('/') => 1,
        _ if rest
            .strip_prefix("per")
            .is_some_and(|after| !after.starts_with(char::is_alphabetic)) =>
        {
            3
        }
        _ => {
            let end = text.trim_end().len().max(start);
            return Err(GrammarError::at(
                start..end,
                format!("here `per` or `/` is expected; {EXAMPLE}"),
            ));
        }
    };
    let per = rest[skipped..].trim_start();
    let per_start = text.len() - per.len();
    match per.trim_end() {
        "" => Err(GrammarError::at(
            per_start..per_start,
            format!("here a time is expected; {EXAMPLE}"),
        )),
        per => Ok((per_start, per)),
    }
}

/// A unit alone means one of it.
fn period(text: &str) -> Result<Duration, GrammarError> {
    if !text.starts_with(char::is_alphabetic) {
        return parse_duration(text);
    }
    parse_unit(text).ok_or_else(|| {
        let message = match closest(text, ["second", "minute", "hour", "day", "week"]) {
            Some(meant) => format!("`{text}` is not a unit of time; did you mean `{meant}`?"),
            None => format!("`{text}` is not a unit of time; {EXAMPLE}"),
        };
        GrammarError::at(0..text.len(), message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(text: &str, count: u32, seconds: u64) {
        assert_eq!(
            Rate::parse(text),
            Ok(Rate {
                count,
                per: Duration::from_secs(seconds)
            })
        );
    }

    #[track_caller]
    fn refuses(text: &str, shown: &str) {
        assert_eq!(Rate::parse(text).unwrap_err().marked(text), shown);
    }

    #[test]
    fn reads_what_people_write() {
        reads("100 per minute", 100, 60);
        reads("10/s", 10, 1);
        reads("5 per 30s", 5, 30);
        reads(" 1_000 / 2 minutes ", 1_000, 120);
        reads("3 per day", 3, 86_400);
    }

    #[test]
    fn points_at_what_it_cannot_read() {
        refuses("many per minute", "many per minute\n^^^^^^^^^^^^^^^");
        refuses("0 per minute", "0 per minute\n^");
        refuses("99999999999/s", "99999999999/s\n^^^^^^^^^^^");
        refuses("10", "10\n  ^");
        refuses("10 s", "10 s\n   ^");
        refuses("10 percent", "10 percent\n   ^^^^^^^");
        refuses("10 per", "10 per\n      ^");
        refuses("10 per minuet", "10 per minuet\n       ^^^^^^");
        refuses("10/0s", "10/0s\n   ^^");
        refuses("10/5 foo", "10/5 foo\n     ^^^");
    }

    #[test]
    fn says_what_was_meant() {
        let error = Rate::parse("10 per minuet").unwrap_err();
        assert_eq!(
            error.message,
            "`minuet` is not a unit of time; did you mean `minute`?"
        );
    }

    #[test]
    fn is_shown_as_it_is_written() {
        assert_eq!(Rate::parse("100/m").unwrap().to_string(), "100 per minute");
        assert_eq!(Rate::parse("5/30s").unwrap().to_string(), "5 per 30 s");
    }
}
