//! Colour on a terminal that wants it, and the sign of every state, so that colour is never the only one.

use std::io::IsTerminal;

pub(super) use crate::draw::label::{run_sign, words};
use crate::model::state::TaskState;

/// Whether stdout is a terminal whose owner wants colour.
pub(super) fn has_colour() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    !refused && !is_dumb && std::io::stdout().is_terminal()
}

/// The text with the colour of its sign's state.
pub(super) fn coloured(sign: &str) -> String {
    let code = match sign {
        "✓" => "32",
        "✗" => "31",
        "●" | "↻" => "34",
        "◷" | "⏸" => "33",
        _ => "2",
    };
    if has_colour() {
        format!("\x1b[{code}m{sign}\x1b[0m")
    } else {
        sign.to_owned()
    }
}

/// The sign of a task's state, in its colour.
pub(super) fn task_sign(state: TaskState) -> String {
    coloured(crate::draw::label::sign(state))
}

/// A picture with its signs in their colours.
pub(super) fn picture(lines: &str) -> String {
    if !has_colour() {
        return lines.to_owned();
    }
    let signs = ["✓", "✗", "●", "↻", "◷", "⊘", "○"];
    signs.iter().fold(lines.to_owned(), |lines, sign| {
        lines.replace(&format!("{sign} "), &format!("{} ", coloured(sign)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_read_as_words() {
        assert_eq!(words("UpstreamFailed"), "upstream failed");
        assert_eq!(words("Completed"), "completed");
    }
}
