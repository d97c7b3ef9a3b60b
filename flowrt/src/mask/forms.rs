//! The encodings in which a value usually slips out.

use std::fmt::Write as _;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const FOR_URLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The value itself, in JSON (once and twice), as Rust shows it, in URLs, in base64 and in hexadecimal.
pub(super) fn of(value: &str) -> Vec<String> {
    let json = quoted(value);
    let mut forms = vec![
        value.to_owned(),
        quoted(&json),
        json,
        value.escape_debug().to_string(),
        value.escape_default().to_string(),
    ];
    for upper in [true, false] {
        let plain = in_url(value, upper);
        forms.push(plain.replace("%20", "+"));
        forms.push(plain);
        forms.push(hex(value, upper, ""));
        forms.push(hex(value, upper, "%"));
    }
    for alphabet in [STANDARD, FOR_URLS] {
        forms.extend((0..3).map(|offset| base64_from(value.as_bytes(), alphabet, offset)));
    }
    forms
}

/// As JSON, without the quotes around it.
fn quoted(value: &str) -> String {
    let json = serde_json::Value::from(value).to_string();
    json[1..json.len() - 1].to_owned()
}

fn in_url(value: &str, upper: bool) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        let _ = match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                write!(out, "{}", char::from(byte))
            }
            _ if upper => write!(out, "%{byte:02X}"),
            _ => write!(out, "%{byte:02x}"),
        };
    }
    out
}

fn hex(value: &str, upper: bool, mark: &str) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        let _ = if upper {
            write!(out, "{mark}{byte:02X}")
        } else {
            write!(out, "{mark}{byte:02x}")
        };
    }
    out
}

/// The characters that depend on the value alone, if so many bytes (modulo 3) stand before it.
fn base64_from(value: &[u8], alphabet: &[u8; 64], offset: usize) -> String {
    let bit = |index: usize| {
        let byte = value[index / 8];
        (byte >> (7 - index % 8)) & 1
    };
    // A character holds six bits. Of those that the value shares with what stands around it, nothing is known.
    let first = (offset * 8).div_ceil(6) * 6 - offset * 8;
    let count = (value.len() * 8).saturating_sub(first) / 6;
    (0..count)
        .map(|character| {
            let start = first + character * 6;
            let six = (start..start + 6).fold(0_u8, |bits, index| bits << 1 | bit(index));
            char::from(alphabet[usize::from(six)])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_at_no_offset_is_base64() {
        assert_eq!(base64_from(b"hello!", STANDARD, 0), "aGVsbG8h");
        // `xhello!` is `eGhlbGxvIQ==`, `xyhello!` is `eHloZWxsbyE=`, whose last letter is shared with what follows.
        assert_eq!(base64_from(b"hello!", STANDARD, 1), "hlbGxvI");
        assert_eq!(base64_from(b"hello!", STANDARD, 2), "oZWxsby");
    }
}
