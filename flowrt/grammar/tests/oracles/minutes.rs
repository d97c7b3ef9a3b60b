//! Minute by minute around every change of a clock in ten zones for fifteen years.
//!
//! The search knows the rule only as the guide tells it: a time on the wall counts at its first pass; one that is jumped over
//! counts where the gap ends; what goes by the hour counts whenever the clock shows it.

use std::collections::HashSet;

use flowrt_grammar::{Anchor, Cron, Interval, Rrule, parse_zone};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{ZONES, times};

/// Around a change: before it, so that all that is shown twice is seen the first time too.
const HOURS: i64 = 50;

/// What a minute on the wall must be.
struct Wanted {
    minutes: &'static [i8],
    /// Empty: each, and the time that passes counts.
    hours: &'static [i8],
}

const ALL: &[i8] = &[0, 15, 30, 45];

/// Expressions and rules, with what they mean.
const RULES: &[(&str, &str, Wanted)] = &[
    (
        "30 2 * * *",
        "FREQ=DAILY;BYHOUR=2;BYMINUTE=30",
        Wanted {
            minutes: &[30],
            hours: &[2],
        },
    ),
    (
        "0 0 * * *",
        "FREQ=DAILY",
        Wanted {
            minutes: &[0],
            hours: &[0],
        },
    ),
    (
        "15,45 0-3 * * *",
        "FREQ=DAILY;BYHOUR=0,1,2,3;BYMINUTE=15,45",
        Wanted {
            minutes: &[15, 45],
            hours: &[0, 1, 2, 3],
        },
    ),
    (
        "59 1,2,23 * * *",
        "FREQ=HOURLY;BYHOUR=1,2,23;BYMINUTE=59",
        Wanted {
            minutes: &[59],
            hours: &[1, 2, 23],
        },
    ),
    (
        "*/15 * * * *",
        "FREQ=MINUTELY;INTERVAL=15",
        Wanted {
            minutes: ALL,
            hours: &[],
        },
    ),
    (
        "7 * * * *",
        "FREQ=HOURLY;BYMINUTE=7",
        Wanted {
            minutes: &[7],
            hours: &[],
        },
    ),
];

impl Wanted {
    fn fits(&self, wall: DateTime) -> bool {
        self.minutes.contains(&wall.minute())
            && (self.hours.is_empty() || self.hours.contains(&wall.hour()))
    }

    /// The seconds from one to another at which it counts.
    fn search(&self, walls: &[(i64, DateTime)]) -> Vec<i64> {
        let minute = SignedDuration::from_mins(1);
        let mut shown = HashSet::new();
        let mut found = Vec::new();
        let mut last: Option<DateTime> = None;
        for (second, wall) in walls {
            let mut counts = self.fits(*wall) && (self.hours.is_empty() || !shown.contains(wall));
            if let Some(last) = last
                && !self.hours.is_empty()
            {
                let mut skipped = last.saturating_add(minute);
                while skipped < *wall {
                    counts |= self.fits(skipped);
                    // What was jumped over has had its turn.
                    shown.insert(skipped);
                    skipped = skipped.saturating_add(minute);
                }
            }
            shown.insert(*wall);
            last = Some(*wall);
            if counts {
                found.push(*second);
            }
        }
        found
    }
}

fn walls(zone: &TimeZone, change: i64) -> Vec<(i64, DateTime)> {
    let second = |minute: i64| change - HOURS * 3600 + minute * 60;
    (0..=2 * HOURS * 60)
        .map(second)
        .map(|second| {
            let at = Timestamp::from_second(second).expect("a time");
            (second, zone.to_offset(at).to_datetime(at))
        })
        .collect()
}

/// The second at which each change begins, from 2011 on.
fn changes(zone: &TimeZone) -> Vec<i64> {
    let start: Timestamp = "2011-06-01T00:00:00Z".parse().expect("a time");
    let end: Timestamp = "2026-06-01T00:00:00Z".parse().expect("a time");
    zone.following(start)
        .map(|change| change.timestamp())
        .take_while(|at| *at < end)
        .map(|at| at.as_second())
        .collect()
}

#[test]
fn around_every_change_of_ten_zones_for_fifteen_years() {
    let mut seen = 0;
    for name in ZONES {
        let zone = parse_zone(name).expect("a zone");
        let rules: Vec<_> = RULES
            .iter()
            .map(|(cron, rrule, wanted)| {
                let cron = Cron::parse(cron).expect("an expression");
                let rrule = format!("DTSTART:20100101T000000 RRULE:{rrule}");
                (cron, Rrule::parse(&rrule, &zone).expect("a rule"), wanted)
            })
            .collect();
        for change in changes(&zone) {
            let walls = walls(&zone, change);
            // The first day is only there to be looked back at.
            let (from, to) = (walls[24 * 60].0, walls[walls.len() - 1].0);
            for (cron, rrule, wanted) in &rules {
                let mut expected = wanted.search(&walls);
                expected.retain(|second| *second > from);
                let of_cron = times(|at| cron.next_after(at), name, from, to);
                assert_eq!(of_cron, expected, "{cron} in {name} around {change}");
                let of_rule = times(|at| rrule.next_after(at), name, from, to);
                assert_eq!(of_rule, expected, "{rrule} in {name} around {change}");
            }
            let daily = Wanted {
                minutes: &[30],
                hours: &[2],
            };
            let anchor = Anchor::Civil("2011-01-01T02:30".parse().expect("a time"));
            let interval = Interval::parse("1d").expect("a day").from_anchor(anchor);
            let mut expected = daily.search(&walls);
            expected.retain(|second| *second > from);
            let found = times(|at| interval.next_after(at), name, from, to);
            assert_eq!(found, expected, "a day in {name} around {change}");
            seen += 1;
        }
    }
    assert!(seen > 200, "only {seen} changes were seen");
}
