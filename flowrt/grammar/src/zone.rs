//! Time zones by name.

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::{GrammarError, closest};

/// The time zone with this IANA name, such as `Asia/Tokyo`.
///
/// Which names exist is what the bundled database says, so that a program that compiles on one machine starts on every
/// other; the rules of a zone are the machine's, if it has them, because they change more often than programs are built.
pub fn parse_zone(text: &str) -> Result<TimeZone, GrammarError> {
    let bundled = TimeZoneDatabase::bundled();
    match bundled.get(text) {
        Ok(zone) => Ok(jiff::tz::db().get(text).unwrap_or(zone)),
        Err(_) => Err(GrammarError::at(0..text.len(), unknown(text, &bundled))),
    }
}

fn unknown(text: &str, bundled: &TimeZoneDatabase) -> String {
    let names: Vec<String> = bundled.available().map(|name| name.to_string()).collect();
    let names = || names.iter().map(String::as_str);
    let wanted = text.trim().replace(' ', "_");
    let by_city = || {
        names().find(|name| {
            name.rsplit('/')
                .next()
                .is_some_and(|city| city.eq_ignore_ascii_case(&wanted))
        })
    };
    match closest(&wanted, names()).or_else(by_city) {
        Some(meant) => format!("there is no time zone `{text}`; did you mean `{meant}`?"),
        None => format!("there is no time zone `{text}`; names look like `Asia/Tokyo` or `UTC`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_zones_by_their_names() {
        assert_eq!(
            parse_zone("Asia/Tokyo").unwrap().iana_name(),
            Some("Asia/Tokyo")
        );
        assert!(parse_zone("UTC").is_ok());
    }

    #[test]
    fn says_what_was_meant() {
        let message = |text: &str| parse_zone(text).unwrap_err().message;
        assert_eq!(
            message("Asia/Tokio"),
            "there is no time zone `Asia/Tokio`; did you mean `Asia/Tokyo`?"
        );
        assert_eq!(
            message("tokyo"),
            "there is no time zone `tokyo`; did you mean `Asia/Tokyo`?"
        );
        assert_eq!(
            message("New York"),
            "there is no time zone `New York`; did you mean `America/New_York`?"
        );
        assert_eq!(
            message("Nowhere/Land"),
            "there is no time zone `Nowhere/Land`; names look like `Asia/Tokyo` or `UTC`"
        );
    }
}
