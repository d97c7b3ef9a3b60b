//! What the terminal can do.

use std::io::IsTerminal;

/// Where the live picture goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terminal {
    pub(crate) colours: bool,
}

impl Terminal {
    /// The terminal on stderr, if there is one that can be drawn on.
    pub(crate) fn of_stderr() -> Option<Self> {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        (std::io::stderr().is_terminal() && !dumb).then(|| Self {
            colours: !set("NO_COLOR"),
        })
    }

    /// Columns and lines at this moment.
    pub(crate) fn size() -> (usize, usize) {
        terminal_size::terminal_size_of(std::io::stderr()).map_or((80, 24), |(width, height)| {
            (usize::from(width.0), usize::from(height.0))
        })
    }
}
