//! Sizes of memory: so many bytes.

use crate::{GrammarError, closest};

const EXAMPLE: &str = "a size looks like `512MiB`, `1.5 GiB` or `100MB`";

/// The units, and how many bytes each has.
const UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Reads `512MiB`, `1.5 GiB`, `100MB` as bytes; never zero.
///
/// # Errors
/// If it is no size, with the place of the fault.
pub fn parse_size(text: &str) -> Result<u64, GrammarError> {
    let start = text.len() - text.trim_start().len();
    let body = text.trim();
    let end = start + body.len();
    let digits = body
        .find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_')
        .unwrap_or(body.len());
    let number = &body[..digits];
    let unit = body[digits..].trim_start();
    let unit_at = end - unit.len()..end;
    let Ok(count) = number.replace('_', "").parse::<f64>() else {
        let message = format!("here a number is expected; {EXAMPLE}");
        return Err(GrammarError::at(start..start + digits, message));
    };
    let Some((_, bytes)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(GrammarError::at(unit_at, unknown(unit)));
    };
    let size = count * in_float(*bytes);
    if size < 1.0 {
        return Err(GrammarError::at(start..end, "nothing fits into that"));
    }
    if size >= in_float(u64::MAX) {
        return Err(GrammarError::at(start..end, "no machine has so much"));
    }
    Ok(whole(size))
}

#[allow(
    clippy::cast_precision_loss,
    reason = "a few bytes of a size with sixteen digits do not matter"
)]
fn in_float(bytes: u64) -> f64 {
    bytes as f64
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it lies between one and the most that fits"
)]
fn whole(size: f64) -> u64 {
    size as u64
}

fn unknown(unit: &str) -> String {
    if unit.is_empty() {
        return format!("here a unit is expected; {EXAMPLE}");
    }
    let near = UNITS
        .iter()
        .map(|(name, _)| *name)
        .find(|name| name.eq_ignore_ascii_case(unit))
        .or_else(|| closest(unit, UNITS.iter().map(|(name, _)| *name)));
    match near {
        Some(near) => format!("there is no unit `{unit}`; did you mean `{near}`?"),
        None => format!("there is no unit `{unit}`; {EXAMPLE}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        assert_eq!(parse_size("512MiB"), Ok(512 << 20));
        assert_eq!(parse_size(" 1.5 GiB "), Ok(3 << 29));
        assert_eq!(parse_size("100MB"), Ok(100_000_000));
        assert_eq!(parse_size("1_000B"), Ok(1_000));
    }

    #[test]
    fn what_is_no_size_is_told_with_its_place() {
        let fault = |text: &str| {
            let error = parse_size(text).unwrap_err();
            (error.marked(text), error.message)
        };
        let (marked, message) = fault("512mib");
        assert_eq!(marked, "512mib\n   ^^^");
        assert!(message.contains("did you mean `MiB`?"), "{message}");
        assert_eq!(fault("many").0, "many\n^");
        assert_eq!(fault("512").0, "512\n   ^");
        assert!(parse_size("0MiB").is_err());
        assert!(parse_size("-1MiB").is_err());
        assert!(parse_size("99999999999TiB").is_err());
        assert!(parse_size("").is_err());
        assert!(parse_size("1.2.3GiB").is_err());
    }
}
