//! Schedules beside what others make of them, and beside a search that looks at each minute.

mod croner;
mod minutes;
mod python;

use jiff::{Timestamp, Zoned};

/// Where clocks are set in ways of their own: by half an hour, by two, at midnight, around Ramadan, and over a whole day.
const ZONES: [&str; 10] = [
    "America/New_York",
    "Europe/London",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "America/Santiago",
    "Pacific/Apia",
    "Asia/Tehran",
    "Antarctica/Troll",
];

/// The times from one to another that a rule gives, in seconds.
fn times(next_after: impl Fn(&Zoned) -> Option<Zoned>, zone: &str, from: i64, to: i64) -> Vec<i64> {
    let zone = flowrt_grammar::parse_zone(zone).expect("a zone");
    let at = |second| Timestamp::from_second(second).expect("a time");
    let mut found = Vec::new();
    let mut last = at(from).to_zoned(zone);
    while let Some(next) = next_after(&last) {
        let second = next.timestamp().as_second();
        if second > to {
            break;
        }
        found.push(second);
        last = next;
    }
    found
}
