//! Moments as people write them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::error::{Error, ErrorKind, Result};
use crate::model::record::Micros;

/// A moment: RFC 3339, or a date, perhaps with a time, on the clock of that zone. A date is its beginning.
///
/// # Errors
/// `Input`, if it is none.
pub fn first(text: &str, zone: &TimeZone) -> Result<Micros> {
    read(text, zone, false)
}

/// The same, but a date is its end.
///
/// # Errors
/// `Input`, if it is none.
pub fn last(text: &str, zone: &TimeZone) -> Result<Micros> {
    read(text, zone, true)
}

fn read(text: &str, zone: &TimeZone, end: bool) -> Result<Micros> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_microsecond());
    }
    let is_date = !text.contains(['T', 't', ' ', ':']);
    let at = match text.parse::<Date>().ok().filter(|_| is_date) {
        Some(date) if end => date.tomorrow().ok().and_then(|next| begin(next, zone)),
        Some(date) => begin(date, zone),
        None => text
            .parse::<DateTime>()
            .ok()
            .and_then(|civil| zone.to_zoned(civil).ok())
            .map(|at| at.timestamp().as_microsecond()),
    };
    let at = at.map(|at| at - Micros::from(end && is_date));
    at.ok_or_else(|| {
        Error::new(ErrorKind::Input, format!("`{text}` is no time"))
            .hint("write 2026-01-31, 2026-01-31T10:00, or with a zone 2026-01-31T10:00Z")
    })
}

fn begin(date: Date, zone: &TimeZone) -> Option<Micros> {
    let at = date.to_zoned(zone.clone()).ok()?;
    Some(at.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_whole_days_of_their_zone() {
        let tokyo = flowrt_grammar::parse_zone("Asia/Tokyo").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        assert_eq!(
            first("2026-02-01", &tokyo).unwrap(),
            at("2026-01-31T15:00:00Z")
        );
        assert_eq!(
            last("2026-02-01", &tokyo).unwrap(),
            at("2026-02-01T14:59:59.999999Z")
        );
        assert_eq!(
            last("2026-02-01T10:00", &tokyo).unwrap(),
            at("2026-02-01T01:00:00Z")
        );
        assert_eq!(
            first("2026-02-01T10:00Z", &tokyo).unwrap(),
            at("2026-02-01T10:00:00Z")
        );
        for text in ["", "yesterday", "2026-02-30", "9999-12-31"] {
            assert!(last(text, &tokyo).is_err(), "{text}");
        }
    }
}
