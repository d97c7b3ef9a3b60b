//! One field of a cron expression, and what is wrong with it.

use crate::{GrammarError, closest};

/// What a field counts.
#[derive(Debug)]
pub(super) struct Field {
    name: &'static str,
    article: &'static str,
    min: i8,
    max: i8,
    /// Names that stand for `min` and what follows it.
    names: &'static [&'static str],
}

pub(super) const SECOND: Field = Field {
    name: "second",
    article: "a",
    min: 0,
    max: 59,
    names: &[],
};
pub(super) const MINUTE: Field = Field {
    name: "minute",
    article: "a",
    min: 0,
    max: 59,
    names: &[],
};
pub(super) const HOUR: Field = Field {
    name: "hour",
    article: "an",
    min: 0,
    max: 23,
    names: &[],
};
pub(super) const DAY: Field = Field {
    name: "day",
    article: "a",
    min: 1,
    max: 31,
    names: &[],
};
pub(super) const MONTH: Field = Field {
    name: "month",
    article: "a",
    min: 1,
    max: 12,
    names: &[
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ],
};
/// Sunday is 0 and 7.
pub(super) const WEEKDAY: Field = Field {
    name: "weekday",
    article: "a",
    min: 0,
    max: 7,
    names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
};

/// Small numbers, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Set(u64);

impl Set {
    pub(super) fn of(value: i8) -> Self {
        let mut set = Self::default();
        set.insert(value);
        set
    }

    pub(super) fn insert(&mut self, value: i8) {
        self.0 |= 1 << value;
    }

    pub(super) fn has(self, value: i8) -> bool {
        self.0 >> value & 1 == 1
    }

    pub(super) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// The smallest member that is not below `from`.
    pub(super) fn at_or_after(self, from: i8) -> Option<i8> {
        match self.0 >> from {
            0 => None,
            rest => i8::try_from(rest.trailing_zeros()).ok()?.checked_add(from),
        }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = i8> {
        (0..64).filter(move |value| self.has(*value))
    }
}

/// What stands between two commas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    /// Numbers.
    Values(Set),
    /// `L`: the last day of the month.
    LastDay,
    /// `LW`: the last day of the month from Monday to Friday.
    LastWorkday,
    /// `15W`: the day from Monday to Friday that is nearest to this one.
    NearestWorkday(i8),
    /// `5L`: the last such weekday of the month.
    LastWeekday(i8),
    /// `5#3`: the third such weekday of the month.
    NthWeekday(i8, i8),
}

/// All numbers among the items.
pub(super) fn union(items: &[Item]) -> Set {
    let mut all = Set::default();
    for item in items {
        if let Item::Values(set) = item {
            all.add(*set);
        }
    }
    all
}

/// Reads one field, which begins at byte `start` of the whole text.
pub(super) fn parse(
    field: &'static Field,
    text: &str,
    start: usize,
) -> Result<Vec<Item>, GrammarError> {
    let mut at = start;
    let mut items = Vec::new();
    for text in text.split(',') {
        if text.is_empty() {
            let message = format!("here {} {} is missing", field.article, field.name);
            return Err(GrammarError::at(at..at, message));
        }
        items.push(item(field, Part { text, at })?);
        at += text.len() + 1;
    }
    Ok(items)
}

/// A piece of the text that knows where it is.
#[derive(Clone, Copy)]
struct Part<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Part<'a> {
    fn fault(self, message: impl Into<String>) -> GrammarError {
        GrammarError::at(self.at..self.at + self.text.len(), message)
    }

    fn split(self, separator: char) -> Option<(Self, Self)> {
        let (left, right) = self.text.split_once(separator)?;
        let right_at = self.at + left.len() + separator.len_utf8();
        Some((
            Self {
                text: left,
                at: self.at,
            },
            Self {
                text: right,
                at: right_at,
            },
        ))
    }

    /// What is before a last letter, in either case.
    fn before(self, letter: &str) -> Option<Self> {
        let split = self.text.len().checked_sub(letter.len())?;
        let ends = self.text.get(split..)?.eq_ignore_ascii_case(letter);
        ends.then(|| Self {
            text: &self.text[..split],
            at: self.at,
        })
    }
}

fn item(field: &'static Field, part: Part<'_>) -> Result<Item, GrammarError> {
    if let Some(special) = special(field, part)? {
        return Ok(special);
    }
    let (base, step) = match part.split('/') {
        Some((base, by)) => (base, Some(step(field, by)?)),
        None => (part, None),
    };
    let any =
        base.text == "*" || base.text == "?" && [DAY.name, WEEKDAY.name].contains(&field.name);
    let (from, to) = if any {
        (
            field.min,
            field.max.min(if field.name == WEEKDAY.name {
                6
            } else {
                field.max
            }),
        )
    } else if let Some((left, right)) = base.split('-') {
        range(field, base, left, right)?
    } else {
        let value = value(field, base)?;
        (value, if step.is_some() { field.max } else { value })
    };
    let mut set = Set::default();
    for value in (from..=to).step_by(step.unwrap_or(1)) {
        set.insert(if field.name == WEEKDAY.name {
            value % 7
        } else {
            value
        });
    }
    Ok(Item::Values(set))
}

/// The forms that only days and weekdays have.
fn special(field: &'static Field, part: Part<'_>) -> Result<Option<Item>, GrammarError> {
    if field.name == DAY.name {
        if part.text.eq_ignore_ascii_case("L") {
            return Ok(Some(Item::LastDay));
        }
        if part.text.eq_ignore_ascii_case("LW") {
            return Ok(Some(Item::LastWorkday));
        }
        return part
            .before("W")
            .map(|day| value(field, day).map(Item::NearestWorkday))
            .transpose();
    }
    if field.name == WEEKDAY.name {
        if let Some(day) = part
            .before("#L")
            .or_else(|| part.before("L"))
            .filter(|day| !day.text.is_empty())
        {
            return value(field, day).map(|day| Some(Item::LastWeekday(day % 7)));
        }
        if let Some((day, nth)) = part.split('#') {
            let day = value(field, day)? % 7;
            return match nth.text.parse() {
                Ok(nth @ 1..=5) => Ok(Some(Item::NthWeekday(day, nth))),
                _ => Err(nth.fault(format!(
                    "a month has a weekday 1–5 times, not `{}`",
                    nth.text
                ))),
            };
        }
    }
    Ok(None)
}

fn range(
    field: &'static Field,
    all: Part<'_>,
    left: Part<'_>,
    right: Part<'_>,
) -> Result<(i8, i8), GrammarError> {
    let from = value(field, left)?;
    // A range may end on Sunday by name as well as by 7.
    let to = match value(field, right)? {
        0 if field.name == WEEKDAY.name && from > 0 => 7,
        to => to,
    };
    if from > to {
        let message = format!(
            "the range {} runs backwards; write two, with a comma between them",
            all.text
        );
        return Err(all.fault(message));
    }
    Ok((from, to))
}

fn step(field: &'static Field, part: Part<'_>) -> Result<usize, GrammarError> {
    let most = usize::try_from(field.max).unwrap_or_default();
    match part.text.parse::<usize>() {
        Ok(step) if (1..=most).contains(&step) => Ok(step),
        Ok(step) => Err(part.fault(format!("a step of {step} is not in 1–{most}"))),
        Err(_) if part.text.is_empty() => Err(part.fault("here the step is missing")),
        Err(_) => Err(part.fault(format!(
            "`{}` is not a step; after `/` a number is expected",
            part.text
        ))),
    }
}

fn value(field: &'static Field, part: Part<'_>) -> Result<i8, GrammarError> {
    let Field {
        name,
        article,
        min,
        max,
        names,
    } = field;
    if part.text.is_empty() {
        return Err(part.fault(format!("here {article} {name} is missing")));
    }
    if part.text.bytes().all(|byte| byte.is_ascii_digit()) {
        return match part.text.parse::<i8>() {
            Ok(value) if (*min..=*max).contains(&value) => Ok(value),
            _ => Err(part.fault(format!("{name} {} is not in {min}–{max}", part.text))),
        };
    }
    for (value, known) in (*min..).zip(*names) {
        if known.eq_ignore_ascii_case(part.text) {
            return Ok(value);
        }
    }
    let starts = |known: &&&str| {
        part.text
            .get(..3)
            .is_some_and(|start| start.eq_ignore_ascii_case(known))
    };
    let meant = names
        .iter()
        .find(starts)
        .copied()
        .or_else(|| closest(part.text, names.iter().copied()));
    let hint = match (meant, names.is_empty()) {
        (Some(meant), _) => format!("did you mean {meant}?"),
        (None, false) => format!("write {min}–{max}, or {} and so on", names[0]),
        (None, true) => format!("write {min}–{max}"),
    };
    Err(part.fault(format!("`{}` is not {article} {name}; {hint}", part.text)))
}
