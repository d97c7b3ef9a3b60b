//! Times and lengths of time as people and programs read them.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::record::Micros;

/// For programs: RFC 3339 in UTC.
pub(super) fn rfc3339(at: Micros) -> String {
    Timestamp::from_microsecond(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

/// For people: their own clock, `2026-11-24 08:30:12`.
pub(super) fn local(at: Micros) -> String {
    let Ok(at) = Timestamp::from_microsecond(at) else {
        return at.to_string();
    };
    at.to_zoned(TimeZone::system())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// As [`local`], with the zone, for where it matters.
pub(super) fn local_with_zone(at: Micros) -> String {
    let Ok(at) = Timestamp::from_microsecond(at) else {
        return at.to_string();
    };
    at.to_zoned(TimeZone::system())
        .strftime("%Y-%m-%d %H:%M:%S %Z")
        .to_string()
}

/// The time between two instants, `12.3 s`; nothing is shorter than nothing.
pub(super) fn between(from: Micros, to: Micros) -> String {
    flowrt_grammar::format_duration(Duration::from_micros(
        to.saturating_sub(from).max(0).unsigned_abs(),
    ))
}

/// In a zone by its name, for people: `2026-11-24 08:30:12 JST`.
pub(super) fn in_zone(at: Micros, zone: Option<&str>) -> String {
    let zone = zone.map_or(Ok(TimeZone::UTC), flowrt_grammar::parse_zone);
    let (Ok(at), Ok(zone)) = (Timestamp::from_microsecond(at), zone) else {
        return at.to_string();
    };
    at.to_zoned(zone)
        .strftime("%Y-%m-%d %H:%M:%S %Z")
        .to_string()
}
