//! The field of years, which are too many for a set of bits.

use crate::GrammarError;

const FIRST: i16 = 1970;
const LAST: i16 = 2199;

/// In which years an expression fires; empty: in all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Years(Vec<Span>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    from: i16,
    to: i16,
    step: i16,
}

impl Years {
    /// Reads the field, which begins at byte `start` of the whole text.
    pub(super) fn parse(text: &str, start: usize) -> Result<Self, GrammarError> {
        let mut spans = Vec::new();
        let mut at = start;
        for part in text.split(',') {
            spans.push(
                span(part).map_err(|message| GrammarError::at(at..at + part.len(), message))?,
            );
            at += part.len() + 1;
        }
        let all = Span {
            from: FIRST,
            to: LAST,
            step: 1,
        };
        Ok(Self(match spans.contains(&all) {
            true => Vec::new(),
            false => spans,
        }))
    }

    /// The first of them that is not before `year`.
    pub(super) fn at_or_after(&self, year: i16) -> Option<i16> {
        match self.0.is_empty() {
            true => Some(year),
            false => self
                .0
                .iter()
                .filter_map(|span| span.at_or_after(year))
                .min(),
        }
    }

    /// The last of them, if they end.
    pub(super) fn last(&self) -> Option<i16> {
        self.0.iter().map(|span| span.to).max()
    }
}

impl Span {
    fn at_or_after(self, year: i16) -> Option<i16> {
        let past = year.checked_sub(self.from)?.max(0);
        let steps = past / self.step + i16::from(past % self.step != 0);
        let found = self.from.checked_add(steps.checked_mul(self.step)?)?;
        (found <= self.to).then_some(found)
    }
}

fn span(part: &str) -> Result<Span, String> {
    let (base, step) = match part.split_once('/') {
        Some((base, step)) => match step.parse() {
            Ok(step @ 1..=100) => (base, Some(step)),
            _ => return Err(format!("`{step}` is not a step of years; write 1–100")),
        },
        None => (part, None),
    };
    let (from, to) = match base.split_once('-') {
        _ if base == "*" => (FIRST, LAST),
        Some((from, to)) => (year(from)?, year(to)?),
        None if step.is_some() => (year(base)?, LAST),
        None => (year(base)?, year(base)?),
    };
    if from > to {
        return Err(format!("the range {base} runs backwards"));
    }
    Ok(Span {
        from,
        to,
        step: step.unwrap_or(1),
    })
}

fn year(text: &str) -> Result<i16, String> {
    match text.parse() {
        Ok(year @ FIRST..=LAST) if text.len() == 4 => Ok(year),
        _ if text.is_empty() => Err("here a year is missing".to_owned()),
        _ => Err(format!("year {text} is not in {FIRST}–{LAST}")),
    }
}
