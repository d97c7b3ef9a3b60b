//! Where in a file something stands, and what is to be said about it.

use std::fmt;

/// A place in a file, both counted from 1, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Something a person should know of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Where.
    pub place: Place,
    /// How many characters it is about.
    pub width: usize,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Remark {
    /// `flowrt.yaml:7:11: …`, the line with a mark under what it is about, and the hint.
    pub fn shown(&self, file: &str, text: &str) -> String {
        let Place { line, column } = self.place;
        let mut shown = format!("{file}:{line}:{column}: {}", self.message);
        if let Some(source) = text.lines().nth(line.saturating_sub(1)) {
            let source: String = source
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect();
            let margin = " ".repeat(line.to_string().len());
            let room = source.chars().count().saturating_sub(column - 1).max(1);
            let mark = "^".repeat(self.width.clamp(1, room));
            let space = " ".repeat(column - 1);
            shown += &format!("\n  {line} | {source}\n  {margin} | {space}{mark}");
        }
        if let Some(hint) = &self.hint {
            shown += &format!("\n  try: {hint}");
        }
        shown
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Everything that was found in a file.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    pub(super) faults: Vec<Remark>,
    pub(super) notes: Vec<Remark>,
}

impl Remarks {
    pub(super) fn fault(&mut self, at: (Place, usize), message: impl Into<String>) {
        self.faults.push(remark(at, message.into(), None));
    }

    pub(super) fn fault_hint(
        &mut self,
        at: (Place, usize),
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.faults
            .push(remark(at, message.into(), Some(hint.into())));
    }

    pub(super) fn note(&mut self, at: (Place, usize), message: impl Into<String>) {
        self.notes.push(remark(at, message.into(), None));
    }
}

fn remark((place, width): (Place, usize), message: String, hint: Option<String>) -> Remark {
    Remark {
        place,
        width,
        message,
        hint,
    }
}
