//! Names of runs that people can say, such as `calm-otter`.

use std::sync::OnceLock;

use petname::Petnames;

use crate::error::{Error, ErrorKind, Result};

/// The most characters that a name given by a person may have.
const NAME_CHARS_MAX: usize = 100;

/// The name that a random number stands for: an adjective and an animal.
pub(super) fn of(random: u64) -> String {
    static WORDS: OnceLock<Petnames<'static>> = OnceLock::new();
    let words = WORDS.get_or_init(Petnames::small);
    let (high, low) = (random >> 32, random & u64::from(u32::MAX));
    format!(
        "{}-{}",
        pick(&words.adjectives, high),
        pick(&words.nouns, low)
    )
}

fn pick(words: &[&'static str], random: u64) -> &'static str {
    let index = random % (words.len().max(1) as u64);
    let index = usize::try_from(index).expect("below the length of a list");
    words.get(index).copied().unwrap_or("run")
}

/// Refuses what could not be typed again on one line, or would be taken for a flag or for a step of another run.
pub(super) fn check(name: &str) -> Result<()> {
    let fault = if name.is_empty() {
        "it is empty"
    } else if name.chars().count() > NAME_CHARS_MAX {
        "it is longer than 100 characters"
    } else if name.starts_with('-') {
        "it begins with `-`"
    } else if name.chars().any(|c| c.is_whitespace() || c.is_control()) {
        "it holds a space"
    } else if name.contains('/') {
        "it holds `/`, which stands between a run and its children"
    } else {
        return Ok(());
    };
    let message = format!(
        "`{}` cannot be the name of a run: {fault}",
        name.escape_debug()
    );
    Err(Error::new(ErrorKind::Input, message)
        .hint("write words joined by `-`, such as nightly-report"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_two_words() {
        for random in [0, 1, u64::MAX, 0x1234_5678_9abc_def0] {
            let name = of(random);
            assert_eq!(name.split('-').count(), 2, "{name}");
            check(&name).expect("a good name");
        }
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn what_cannot_be_typed_is_refused() {
        for name in ["", "a b", "a\nb", "-x", "a/b", &"x".repeat(101)] {
            assert!(check(name).is_err(), "{name:?}");
        }
        for name in ["nightly", "Nightly-2026-01-01", "wöchentlich", "a.b_c"] {
            check(name).expect(name);
        }
    }
}
