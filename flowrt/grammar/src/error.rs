//! What is wrong with a text, and where in it.

use std::fmt;
use std::ops::Range;

/// A fault in a text that a person wrote: one sentence, and the bytes it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrammarError {
    /// The fault, without the text it was found in: `hour 25 is not in 0–23`.
    pub message: String,
    /// The bytes at fault; empty at the place where something is missing, `None` if no place is better than another.
    pub at: Option<Range<usize>>,
}

impl GrammarError {
    /// A fault at some bytes of the text.
    pub fn at(range: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            at: Some(range),
        }
    }

    /// The fault as a whole sentence; `kind` has its article: `"0 25 * * *" is not a cron expression: hour 25 …`.
    pub fn sentence(&self, kind: &str, text: &str) -> String {
        format!("\"{}\" is not {kind}: {}", one_line(text), self.message)
    }

    /// The text, and below it a line that marks the fault.
    ///
    /// It stays two lines whatever the text holds, because it is shown inside compiler notes.
    pub fn marked(&self, text: &str) -> String {
        let shown = one_line(text);
        let Some(at) = &self.at else { return shown };
        let chars_before = |end: usize| {
            text.char_indices()
                .take_while(|(start, _)| *start < end)
                .count()
        };
        let start = chars_before(at.start);
        let width = chars_before(at.end).saturating_sub(start).max(1);
        format!("{shown}\n{}{}", " ".repeat(start), "^".repeat(width))
    }

    /// The same fault in a text of which this one was the part that begins at byte `by`.
    pub(crate) fn shifted(mut self, by: usize) -> Self {
        self.at = self.at.map(|at| at.start + by..at.end + by);
        self
    }
}

impl fmt::Display for GrammarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for GrammarError {}

/// Line breaks and tabs as single spaces, so that columns and characters agree.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_under_the_fault() {
        assert_eq!(
            GrammarError::at(2..4, "x").marked("0 25 * * *"),
            "0 25 * * *\n  ^^"
        );
    }

    #[test]
    fn the_mark_counts_characters_not_bytes() {
        assert_eq!(GrammarError::at(3..5, "x").marked("µ ab"), "µ ab\n  ^^");
    }

    #[test]
    fn something_missing_at_the_end_is_one_mark_past_it() {
        assert_eq!(GrammarError::at(4..4, "x").marked("10 /"), "10 /\n    ^");
    }

    #[test]
    fn a_text_of_two_lines_is_shown_on_one() {
        assert_eq!(GrammarError::at(2..3, "x").marked("a\nb"), "a b\n  ^");
    }

    #[test]
    fn no_place_no_mark() {
        let error = GrammarError {
            message: "x".into(),
            at: None,
        };
        assert_eq!(error.marked("abc"), "abc");
        assert_eq!(error.sentence("a rate", "abc"), "\"abc\" is not a rate: x");
    }
}
