//! Whether two failures have one cause: the same task, kind and words, but for numbers and ids in them.

use crate::error::Error;

/// What is equal for equal causes.
pub(super) fn fingerprint(flow: &str, task: &str, error: &Error) -> String {
    let mut hasher = blake3::Hasher::new();
    let kind = format!("{:?}", error.kind());
    for part in [flow, task, &kind] {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    for text in std::iter::once(error.message()).chain(error.chain()) {
        hasher.update(without_numbers(text).as_bytes());
        hasher.update(&[0]);
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

/// `offer 17 has no price` and `offer 18 has no price` are one, and so are two that name two uuids.
fn without_numbers(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut word = String::new();
    for letter in text.chars().chain(std::iter::once(' ')) {
        if letter.is_alphanumeric() {
            word.push(letter);
            continue;
        }
        plain.push_str(&plain_word(&word));
        word.clear();
        plain.push(letter);
    }
    plain.pop();
    plain
}

fn plain_word(word: &str) -> String {
    let has_digit = word.contains(|letter: char| letter.is_ascii_digit());
    // Parts of uuids, hashes and addresses.
    if word.len() >= 4 && has_digit && word.chars().all(|letter| letter.is_ascii_hexdigit()) {
        return "0".to_owned();
    }
    if word.len() == 4 && word.chars().all(|letter| matches!(letter, 'a'..='f')) {
        return "0".to_owned();
    }
    let mut plain = String::new();
    for letter in word.chars() {
        match letter.is_ascii_digit() {
            true if plain.ends_with('0') => {}
            true => plain.push('0'),
            false => plain.push(letter),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ids_make_no_difference() {
        let one = without_numbers;
        assert_eq!(
            one("offer 17 has no price"),
            one("offer 18888 has no price")
        );
        assert_eq!(
            one("run 0192f0c4-aaaa-7abc-8def-0123456789ab is gone"),
            one("run 0192f0c5-bbbb-7123-9def-fedcba987654 is gone")
        );
        assert_eq!(one("after 1.5s"), one("after 20.25s"));
        assert_ne!(one("no price"), one("no name"));
        assert_ne!(one("table a1"), one("table b1"));
        assert_eq!(one("ends with 5"), "ends with 0");
        assert_eq!(one(""), "");
    }

    #[test]
    fn the_task_and_the_kind_make_one() {
        let error = Error::from("no");
        let print = |task, error: &Error| fingerprint("f", task, error);
        assert_ne!(print("a", &error), print("b", &error));
        assert_ne!(print("a", &error), print("a", &Error::fatal("no")));
        assert_eq!(print("a", &error).len(), 16);
    }
}
