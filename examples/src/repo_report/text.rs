//! Text for the page: escaped, and numbers as people read them.

use std::fmt::Write;

/// Makes text harmless in HTML and SVG, between tags as well as in a quoted attribute.
///
/// Control characters, which are legal in names of files, would show as nothing or break the page; they become `�`.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            control if control.is_control() => escaped.push('\u{fffd}'),
            plain => escaped.push(plain),
        }
    }
    escaped
}

/// `1234567` as `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1234567` as `1.2M`, for places with little room.
pub fn compact(number: u64) -> String {
    let (unit, suffix) = match number {
        0..1_000 => return number.to_string(),
        1_000..1_000_000 => (1_000, "k"),
        1_000_000..1_000_000_000 => (1_000_000, "M"),
        _ => (1_000_000_000, "G"),
    };
    let tenths = number / (unit / 10);
    let mut text = (tenths / 10).to_string();
    if !tenths.is_multiple_of(10) && tenths < 1_000 {
        // Writing into a string does not fail.
        let _ = write!(text, ".{}", tenths % 10);
    }
    text + suffix
}

/// `1 commit`, `2 commits`.
pub fn counted(number: u64, noun: &str) -> String {
    format!(
        "{} {noun}{}",
        thousands(number),
        if number == 1 { "" } else { "s" }
    )
}

/// A path in at most about `width` narrow columns; what goes is the beginning, because the end tells files apart.
pub fn shorten(path: &str, width: usize) -> String {
    let columns = |character: char| if character.is_ascii() { 1 } else { 2 };
    if path.chars().map(columns).sum::<usize>() <= width {
        return path.to_owned();
    }
    let mut room = width.saturating_sub(1);
    let tail: Vec<char> = path
        .chars()
        .rev()
        .take_while(|character| {
            let fits = columns(*character) <= room;
            room = room.saturating_sub(columns(*character));
            fits
        })
        .collect();
    let tail: String = tail.into_iter().rev().collect();
    // A cut at a folder reads better than one within its name, unless that costs most of what is left.
    match tail.find('/') {
        Some(cut) if cut <= width / 3 => format!("…{}", &tail[cut..]),
        _ => format!("…{tail}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_control_characters_are_harmless() {
        assert_eq!(
            escape("<b a=\"'\">&\u{1b}\n"),
            "&lt;b a=&quot;&#39;&quot;&gt;&amp;\u{fffd}\u{fffd}"
        );
        assert_eq!(escape("Zoë 李"), "Zoë 李");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(thousands),
            ["0", "999", "1,000", "1,234,567"]
        );
        let compacted = [999, 1_000, 1_550, 12_000, 999_999, 2_500_000].map(compact);
        assert_eq!(compacted, ["999", "1k", "1.5k", "12k", "999k", "2.5M"]);
        assert_eq!(
            [counted(1, "commit"), counted(0, "commit")],
            ["1 commit", "0 commits"]
        );
    }

    #[test]
    fn long_paths_keep_their_end() {
        assert_eq!(shorten("src/main.rs", 20), "src/main.rs");
        assert_eq!(shorten("a/very/long/path/to/main.rs", 16), "…/to/main.rs");
        assert_eq!(shorten("an-endless-name-without-folders", 10), "…t-folders");
        assert_eq!(shorten("李李李李李", 5), "…李李");
    }
}
