//! Addresses of pages.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What is written otherwise in a part of an address: all that may mean something there.
const PART: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The page of a run, by name or id.
pub(in crate::web) fn run(name: &str) -> String {
    format!("/runs/{}", escaped(name))
}

/// The page of a step of a run.
pub(in crate::web) fn step(run_name: &str, step: &str) -> String {
    format!("{}/step?id={}", run(run_name), escaped(step))
}

/// The page of a flow.
pub(in crate::web) fn flow(name: &str) -> String {
    format!("/flows/{}", escaped(name))
}

/// The text as a part of an address.
pub(in crate::web) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, PART).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_an_address_is_escaped() {
        assert_eq!(run("calm-otter"), "/runs/calm-otter");
        assert_eq!(
            step("a b", "fetch[4]/x"),
            "/runs/a%20b/step?id=fetch%5B4%5D%2Fx"
        );
        assert_eq!(flow("é"), "/flows/%C3%A9");
    }
}
