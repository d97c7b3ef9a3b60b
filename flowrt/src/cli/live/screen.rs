//! What to write so that a picture takes the place of the one before.
//!
//! The cursor always stays at the beginning of the line below the picture and is never hidden, so that a program that
//! is stopped at any moment leaves the terminal in order.

use std::fmt::Write;

use super::text::Line;

/// The picture that is on the terminal.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    drawn: Vec<Line>,
}

impl Screen {
    /// Replaces the picture; `above` goes before it and stays. Nothing to write if nothing changes.
    pub(crate) fn redraw(
        &mut self,
        above: &[String],
        lines: Vec<Line>,
        width: usize,
        colours: bool,
    ) -> String {
        if above.is_empty() && lines == self.drawn {
            return String::new();
        }
        // A terminal that has become narrower has broken the old lines.
        let rows = |line: &Line| line.width().div_ceil(width.max(1)).max(1);
        let up: usize = self.drawn.iter().map(rows).sum();
        let mut out = String::new();
        if up > 0 {
            let _ = write!(out, "\x1b[{up}A\r");
        }
        for line in above {
            let _ = writeln!(out, "{line}\x1b[K");
        }
        for line in &lines {
            let _ = writeln!(out, "{}\x1b[K", line.render(colours));
        }
        out.push_str("\x1b[J");
        self.drawn = lines;
        out
    }
}
