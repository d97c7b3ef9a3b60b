//! Durations as people write them: `2s`, `1h 30m`, `2 days`; lists of them, and ranges that grow.

use std::time::Duration;

use crate::{GrammarError, closest};

/// The units, longest first, each with its names (the shortest first) and its length in nanoseconds.
const UNITS: &[(&[&str], u128)] = &[
    (&["w", "week", "weeks"], 7 * 86_400 * SECOND),
    (&["d", "day", "days"], 86_400 * SECOND),
    (&["h", "hr", "hrs", "hour", "hours"], 3_600 * SECOND),
    (&["m", "min", "mins", "minute", "minutes"], 60 * SECOND),
    (&["s", "sec", "secs", "second", "seconds"], SECOND),
    (&["ms", "millisecond", "milliseconds"], 1_000_000),
    (&["us", "µs", "μs", "microsecond", "microseconds"], 1_000),
    (&["ns", "nanosecond", "nanoseconds"], 1),
];
const SECOND: u128 = 1_000_000_000;

/// Longer ones are slips of the pen, and would overflow dates they are added to.
const LONGEST: u128 = 100 * 366 * 86_400 * SECOND;

/// Reads `2s`, `500ms`, `1.5s`, `1h30m`, `1m 30s`, `2 days`.
pub fn parse_duration(text: &str) -> Result<Duration, GrammarError> {
    let mut rest = Cursor { text, at: 0 };
    let mut nanos: u128 = 0;
    let mut last_unit: Option<usize> = None;
    rest.skip_spaces();
    if rest.at == text.len() {
        return Err(GrammarError::at(
            0..text.len(),
            "a duration is a number and a unit, like 30s or 5m",
        ));
    }
    while rest.at < text.len() {
        let start = rest.at;
        let number = rest.take(|c| c.is_ascii_digit() || c == '.' || c == '_');
        if number.is_empty() {
            let at = start..text.len();
            return Err(GrammarError::at(
                at,
                "here a number is expected; a duration looks like 30s or 1h 30m",
            ));
        }
        let number_at = start..rest.at;
        rest.skip_spaces();
        let unit_start = rest.at;
        let word = rest.take(char::is_alphabetic);
        let unit = unit(word, number, number_at.clone(), unit_start..rest.at)?;
        if let Some(last) = last_unit
            && unit <= last
        {
            let message = format!(
                "longer units come first, each once; {} is after {}",
                name(unit),
                name(last)
            );
            return Err(GrammarError::at(start..rest.at, message));
        }
        last_unit = Some(unit);
        nanos = scaled(number, UNITS[unit].1)
            .map_err(|message| GrammarError::at(number_at, message))?
            .checked_add(nanos)
            .filter(|sum| *sum <= LONGEST)
            .ok_or_else(|| {
                GrammarError::at(start..rest.at, "this is longer than a hundred years")
            })?;
        rest.skip_spaces();
    }
    Ok(Duration::from_nanos_u128(nanos))
}

/// A list of delays, one for each retry: `1s, 5s, 30s`. It is never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelayList(pub Vec<Duration>);

impl DelayList {
    /// Reads durations with commas between them; one alone is a list too.
    pub fn parse(text: &str) -> Result<Self, GrammarError> {
        let mut delays = Vec::new();
        let mut start = 0;
        for part in text.split(',') {
            if part.trim().is_empty() {
                return Err(GrammarError::at(
                    start..start + part.len(),
                    "here a duration is expected, like 5s",
                ));
            }
            delays.push(parse_duration(part).map_err(|error| error.shifted(start))?);
            start += part.len() + 1;
        }
        Ok(Self(delays))
    }

    /// The delay before retry `retry`, counted from 0; the last one serves all further ones.
    pub fn delay(&self, retry: u32) -> Duration {
        let index = usize::try_from(retry).unwrap_or(usize::MAX);
        self.0
            .get(index)
            .or(self.0.last())
            .copied()
            .unwrap_or_default()
    }
}

/// A delay that doubles with each retry up to a cap: `1s..5m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The delay before the first retry.
    pub first: Duration,
    /// No delay is longer.
    pub cap: Duration,
}

impl Backoff {
    /// Reads two durations with `..` between them.
    pub fn parse(text: &str) -> Result<Self, GrammarError> {
        let Some((left, right)) = text.split_once("..") else {
            let message = "a backoff is the first delay and the longest one, like 1s..5m";
            return Err(GrammarError::at(0..text.len(), message));
        };
        let right_start = left.len() + 2;
        let first = parse_duration(left)?;
        let cap = parse_duration(right).map_err(|error| error.shifted(right_start))?;
        if first.is_zero() {
            return Err(GrammarError::at(
                0..left.len(),
                "twice nothing is nothing: the first delay must be above zero",
            ));
        }
        if first > cap {
            let message = format!(
                "the longest delay is shorter than the first, {}",
                format_duration(first)
            );
            return Err(GrammarError::at(right_start..text.len(), message));
        }
        Ok(Self { first, cap })
    }

    /// The delay before retry `retry`, counted from 0.
    pub fn delay(&self, retry: u32) -> Duration {
        let factor = 1_u32.checked_shl(retry).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.cap)
    }
}

/// The duration as people read it, in at most two units: `350 ms`, `1.5 s`, `2 min 3 s`.
pub fn format_duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    // Each bound lies where rounding to the unit below would reach the next one, so that nothing reads "60 s".
    match nanos {
        0 => "0 s".to_owned(),
        1..1_000 => format!("{nanos} ns"),
        1_000..999_500 => format!("{} µs", rounded(nanos, 1_000)),
        999_500..999_500_000 => format!("{} ms", rounded(nanos, 1_000_000)),
        999_500_000..59_950_000_000 => match rounded(nanos, SECOND / 10) {
            tenths if tenths % 10 == 0 => format!("{} s", tenths / 10),
            tenths => format!("{}.{} s", tenths / 10, tenths % 10),
        },
        _ => match rounded(nanos, SECOND) {
            seconds @ 0..3_600 => two(seconds / 60, "min", seconds % 60, "s"),
            seconds => match rounded(seconds, 60) {
                minutes @ 0..1_440 => two(minutes / 60, "h", minutes % 60, "min"),
                minutes => {
                    let hours = rounded(minutes, 60);
                    two(hours / 24, "d", hours % 24, "h")
                }
            },
        },
    }
}

/// Reads one unit alone, as in `per minute`.
pub(crate) fn parse_unit(word: &str) -> Option<Duration> {
    let (_, nanos) = UNITS.iter().find(|(names, _)| names.contains(&word))?;
    Some(Duration::from_nanos_u128(*nanos))
}

fn unit(
    word: &str,
    number: &str,
    number_at: std::ops::Range<usize>,
    word_at: std::ops::Range<usize>,
) -> Result<usize, GrammarError> {
    if word.is_empty() {
        let message = format!("{number} has no unit; for seconds write {number}s");
        return Err(GrammarError::at(number_at, message));
    }
    if let Some(found) = UNITS.iter().position(|(names, _)| names.contains(&word)) {
        return Ok(found);
    }
    let known = UNITS.iter().flat_map(|(names, _)| names.iter().copied());
    let message = match closest(word, known) {
        Some(meant) => format!("`{word}` is not a unit of time; did you mean `{meant}`?"),
        None => format!("`{word}` is not a unit of time; there are ms, s, m, h, d and w"),
    };
    Err(GrammarError::at(word_at, message))
}

fn name(unit: usize) -> &'static str {
    UNITS[unit].0.last().copied().unwrap_or_default()
}

/// `number` times `unit`, without a detour over floating point, which would make 0.1s something else.
fn scaled(number: &str, unit: u128) -> Result<u128, String> {
    let digits = number.replace('_', "");
    let (whole, part) = digits.split_once('.').unwrap_or((&digits, "0"));
    if whole.is_empty() || part.is_empty() || part.contains('.') {
        return Err(format!("`{number}` is not a number"));
    }
    let too_long = || format!("{number} is too large");
    let whole: u128 = whole.parse().map_err(|_| too_long())?;
    let scale = u32::try_from(part.len())
        .ok()
        .and_then(|places| 10_u128.checked_pow(places));
    let part: u128 = part
        .parse()
        .map_err(|_| format!("{number} has too many digits"))?;
    let scale = scale.ok_or_else(|| format!("{number} has too many digits"))?;
    let part = part
        .checked_mul(unit)
        .ok_or_else(|| format!("{number} has too many digits"))?;
    if part % scale != 0 {
        return Err(format!("{number} is not a whole count of nanoseconds"));
    }
    whole
        .checked_mul(unit)
        .and_then(|whole| whole.checked_add(part / scale))
        .ok_or_else(too_long)
}

fn rounded(value: u128, unit: u128) -> u128 {
    (value + unit / 2) / unit
}

fn two(large: u128, large_unit: &str, small: u128, small_unit: &str) -> String {
    match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    }
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn skip_spaces(&mut self) {
        self.take(char::is_whitespace);
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }
}

#[cfg(test)]
mod tests;
