//! What a word without quotes means: the core schema of YAML 1.2.

use super::node::Value;

/// The value of a word without quotes. An error says why JSON has no such value.
pub(super) fn plain(text: &str) -> Result<Value, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "-.inf" | ".nan" | ".NaN" | ".NAN" => {
            return Err(format!("`{text}` is no number that can be recorded"));
        }
        _ => match number(text) {
            Some(number) => Value::Number(number),
            None => Value::Text {
                text: text.to_owned(),
                plain: true,
            },
        },
    })
}

/// A number as JSON writes it.
fn number(text: &str) -> Option<String> {
    let digits_of = |prefix: &str, radix: u32| {
        let digits = text.strip_prefix(prefix)?;
        u64::from_str_radix(digits, radix)
            .ok()
            .filter(|_| !digits.starts_with('+'))
            .map(|number| number.to_string())
    };
    if let Some(number) = digits_of("0x", 16).or_else(|| digits_of("0o", 8)) {
        return Some(number);
    }
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let (whole, part) = match mantissa.split_once('.') {
        Some((whole, part)) => (whole, Some(part)),
        None => (mantissa, None),
    };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let has_digits = !whole.is_empty() || part.is_some_and(|part| !part.is_empty());
    if !has_digits || !is_digits(whole) || !part.is_none_or(is_digits) {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let mut json = format!("{sign}{whole}");
    if let Some(part) = part {
        json += &format!(".{}", if part.is_empty() { "0" } else { part });
    }
    if let Some(exponent) = exponent {
        let digits = exponent.trim_start_matches(['+', '-']);
        if digits.is_empty() || !is_digits(digits) || exponent.len() > digits.len() + 1 {
            return None;
        }
        json += &format!("e{exponent}");
    }
    Some(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match plain(text) {
            Ok(Value::Number(number)) => format!("number {number}"),
            Ok(Value::Text { text, .. }) => format!("text {text}"),
            Ok(Value::Bool(value)) => format!("bool {value}"),
            Ok(Value::Null) => "null".to_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn words_mean_what_they_mean_in_the_core_schema() {
        for (text, expected) in [
            ("", "null"),
            ("~", "null"),
            ("true", "bool true"),
            ("no", "text no"),
            ("12", "number 12"),
            ("-007", "number -7"),
            ("+5", "number 5"),
            ("1.", "number 1.0"),
            (".5", "number 0.5"),
            ("1e3", "number 1e3"),
            ("1e+3", "number 1e+3"),
            ("1e", "text 1e"),
            ("1e+-3", "text 1e+-3"),
            ("0x1F", "number 31"),
            ("0o17", "number 15"),
            (".", "text ."),
            ("-", "text -"),
            ("1.2.3", "text 1.2.3"),
            ("1:30", "text 1:30"),
            ("2026-01-01", "text 2026-01-01"),
            (
                "123456789012345678901234567890",
                "number 123456789012345678901234567890",
            ),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        assert!(plain(".nan").is_err());
    }
}
