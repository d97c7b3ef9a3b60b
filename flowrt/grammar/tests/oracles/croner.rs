//! The same expressions as croner reads them, in UTC and around changes of clocks.

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use flowrt_grammar::Cron;

use super::{ZONES, times};

/// In croner, `5/10` is refused.
const EXPRESSIONS: &[&str] = &[
    "* * * * *",
    "*/7 */5 * * *",
    "3 4 5 6 *",
    "0 0 1-31/2 * *",
    "0-40/10 0-6/3 * * *",
    "0 0 L * *",
    "0 0 LW * *",
    "0 0 15W * *",
    "0 0 1W * *",
    "0 0 * * 5#3",
    "0 0 * * FRI#L",
    "0 0 * * MON-FRI",
    "1,2,59 23 * DEC MON-FRI",
    "0 0 13 * FRI",
    "0 0 29 FEB *",
    "0 0 * * 7",
    "@weekly",
    "@monthly",
    "*/20 0 0 * * *",
    "5,50 30 2 1 */3 *",
    "0 30 6 1 1 * 2021-2029/2",
];

fn croner(expression: &str, zone: Tz, from: i64, count: usize) -> Vec<i64> {
    let cron = croner::parser::CronParser::builder()
        .seconds(croner::parser::Seconds::Optional)
        .year(croner::parser::Year::Optional)
        .build()
        .parse(expression)
        .unwrap_or_else(|error| panic!("croner refuses {expression}: {error}"));
    let mut at: DateTime<Tz> = zone.timestamp_opt(from, 0).single().expect("a time");
    let mut found = Vec::new();
    while found.len() < count
        && let Ok(next) = cron.find_next_occurrence(&at, false)
    {
        found.push(next.timestamp());
        at = next;
    }
    found
}

fn ours(expression: &str, zone: &str, from: i64, count: usize) -> Vec<i64> {
    let cron = Cron::parse(expression).expect("an expression");
    let left = std::cell::Cell::new(count);
    let next = |at: &jiff::Zoned| {
        left.set(left.get().checked_sub(1)?);
        cron.next_after(at)
    };
    times(next, zone, from, i64::MAX)
}

#[test]
fn in_utc() {
    // 15 January 2020, 07:07:07.
    let from = 1_579_072_027;
    for expression in EXPRESSIONS {
        let count = if expression.contains("FEB") { 5 } else { 60 };
        assert_eq!(
            ours(expression, "UTC", from, count),
            croner(expression, Tz::UTC, from, count),
            "{expression}"
        );
    }
}

#[test]
fn in_zones_whose_clocks_change() {
    let from = 1_579_072_027;
    for name in ZONES {
        let zone: Tz = name.parse().expect("a zone");
        // Several hours are to croner as if each were meant; to us, and in Vixie's cron, they are times on the wall.
        for expression in ["30 2 * * *", "0 0 * * *", "45 1 * * *"] {
            let count = 365 * 3;
            let (ours, theirs) = (
                ours(expression, name, from, count),
                croner(expression, zone, from, count),
            );
            let differs = ours
                .iter()
                .zip(&theirs)
                .find(|(ours, theirs)| ours != theirs);
            assert_eq!(differs, None, "{expression} in {name}");
            assert_eq!(ours.len(), theirs.len(), "{expression} in {name}");
        }
    }
}
