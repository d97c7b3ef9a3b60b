//! Text with colours that is cut to the width of a terminal.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How a piece of text looks where colours are wanted. Nothing is said by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Strong,
    Faint,
    Good,
    Active,
    Waits,
    Bad,
}

impl Tone {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Good => "32",
            Self::Active => "36",
            Self::Waits => "33",
            Self::Bad => "31",
        }
    }
}

/// One line: pieces of text, never with a line break inside.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Line(Vec<(Tone, String)>);

impl Line {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn with(mut self, tone: Tone, text: impl AsRef<str>) -> Self {
        let text: String = text
            .as_ref()
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        if !text.is_empty() {
            self.0.push((tone, text));
        }
        self
    }

    /// Columns it takes.
    pub(crate) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| text.width()).sum()
    }

    /// Puts spaces up to that column.
    pub(crate) fn pad_to(self, column: usize) -> Self {
        let missing = column.saturating_sub(self.width());
        self.with(Tone::Plain, " ".repeat(missing))
    }

    /// At most so many columns; what is cut ends in an ellipsis.
    pub(crate) fn cut(mut self, columns: usize) -> Self {
        if self.width() <= columns {
            return self;
        }
        let mut left = columns.saturating_sub(1);
        for index in 0..self.0.len() {
            let text = &mut self.0[index].1;
            let mut end = 0;
            for (at, c) in text.char_indices() {
                let width = c.width().unwrap_or(0);
                if width > left {
                    text.truncate(end);
                    if columns > 0 {
                        text.push('…');
                    }
                    self.0.truncate(index + 1);
                    return self;
                }
                left -= width;
                end = at + c.len_utf8();
            }
        }
        self
    }

    pub(crate) fn render(&self, colours: bool) -> String {
        let mut all = String::new();
        for (tone, text) in &self.0 {
            match tone.code() {
                code if colours && !code.is_empty() => {
                    let _ = write!(all, "\x1b[{code}m{text}\x1b[0m");
                }
                _ => all.push_str(text),
            }
        }
        all
    }
}
