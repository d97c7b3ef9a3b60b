//! Text as a page holds it: without the values of secrets, and without markup. Every template writes through this
//! (`askama.toml` says so), so that no page has to think of it.

use std::fmt;

use askama::filters::{Escaper, Html};

use crate::mask;

/// Masks, then escapes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Masked;

impl Escaper for Masked {
    fn write_escaped_str<W: fmt::Write>(&self, to: W, text: &str) -> fmt::Result {
        // Before the markup is escaped: a value would not be found with `&#34;` in it.
        Html.write_escaped_str(to, &mask::text(text))
    }
}

/// The text as HTML, for what is written without a template.
pub(super) fn html(text: &str) -> impl fmt::Display + '_ {
    askama::filters::escape(text, Masked).expect("escaping does not fail")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_before_its_markup_is_escaped() {
        mask::add("a<b>&\"masked-page\"");
        let shown = html("<i>a<b>&\"masked-page\"</i>").to_string();
        assert_eq!(shown, "&#60;i&#62;•••&#60;/i&#62;");
    }
}
