use jiff::tz::TimeZone;

use super::*;

fn next(rule: &str, after: &str, zone: &str, count: usize) -> Vec<String> {
    let rule = Rrule::parse(rule).expect("a rule");
    let mut at: Zoned = format!("{after}[{zone}]").parse().expect("a time");
    let mut all = Vec::new();
    for _ in 0..count {
        let Some(next) = rule.next_after(&at) else {
            break;
        };
        all.push(next.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string());
        at = next;
    }
    all
}

#[test]
fn days_of_weeks_months_and_years() {
    let monthly = next(
        "FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=9;BYMINUTE=30",
        "2026-01-01T00:00",
        "UTC",
        2,
    );
    assert_eq!(
        monthly,
        ["2026-01-30T09:30:00+00:00", "2026-02-27T09:30:00+00:00"]
    );
    let workday = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1";
    assert_eq!(
        next(workday, "2026-05-01T00:00", "UTC", 1),
        ["2026-05-29T00:00:00+00:00"]
    );
    let other_week = "DTSTART:20260105T080000\nRRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE";
    assert_eq!(
        next(other_week, "2026-01-07T08:00", "UTC", 2),
        ["2026-01-19T08:00:00+00:00", "2026-01-21T08:00:00+00:00"]
    );
    assert_eq!(
        next("FREQ=YEARLY", "2026-06-01T00:00", "UTC", 1),
        ["2027-01-01T00:00:00+00:00"]
    );
}

#[test]
fn a_rule_ends() {
    let three = "DTSTART:20260101T000000 RRULE:FREQ=DAILY;COUNT=3";
    assert_eq!(next(three, "2026-01-01T12:00", "UTC", 9).len(), 2);
    assert_eq!(
        next("FREQ=DAILY;UNTIL=20260103", "2026-01-01T12:00", "UTC", 9).len(),
        2
    );
    assert_eq!(
        next(
            "FREQ=DAILY;UNTIL=20260103T000000Z",
            "2026-01-01T12:00",
            "Asia/Tokyo",
            9
        )
        .len(),
        2
    );
}

#[test]
fn each_time_on_the_wall_counts_once() {
    let daily = "FREQ=DAILY;BYHOUR=2;BYMINUTE=30";
    assert_eq!(
        next(daily, "2026-03-28T12:00", "Europe/Berlin", 2),
        ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]
    );
    assert_eq!(
        next(daily, "2026-10-24T12:00", "Europe/Berlin", 2),
        ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
    );
}

#[test]
fn what_comes_rarely_is_found_soon() {
    let rare = "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=29;BYHOUR=0;BYMINUTE=0;BYSECOND=0";
    assert_eq!(
        next(rare, "2025-03-01T00:00", "UTC", 1),
        ["2028-02-29T00:00:00+00:00"]
    );
}

#[test]
fn each_fault_has_its_place() {
    for (rule, place, said) in [
        ("", "", "how often"),
        ("FREQ=DALY", "DALY", "DAILY"),
        ("FREQ=DAILY;BYHUOR=3", "BYHUOR", "BYHOUR"),
        ("FREQ=DAILY;BYHOUR=24", "24", "0–23"),
        ("FREQ=DAILY;BYHOUR=", "", "missing"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ", "twice"),
        ("BYHOUR=1", "BYHOUR=1", "FREQ"),
        ("FREQ=DAILY;COUNT=3", "FREQ=DAILY;COUNT=3", "DTSTART"),
        ("FREQ=MONTHLY;BYDAY=0MO", "0", "counted from 1"),
        ("FREQ=WEEKLY;BYDAY=1MO", "FREQ=WEEKLY;BYDAY=1MO", "MONTHLY"),
        (
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "no time",
        ),
        (
            "DTSTART:yesterday FREQ=DAILY",
            "yesterday",
            "20260101T090000",
        ),
        (
            "FREQ=DAILY EXDATE:20260101",
            "EXDATE:20260101",
            "several schedules",
        ),
        ("FREQ=DAILY;é", "é", "NAME=VALUE"),
    ] {
        let fault = Rrule::parse(rule).expect_err(rule);
        assert_eq!(
            &rule[fault.at.clone().expect("a place")],
            place,
            "{rule}: {fault:?}"
        );
        assert!(fault.message.contains(said), "{rule}: {fault:?}");
    }
}

#[test]
fn zones_are_of_the_schedule() {
    let rule = Rrule::parse("FREQ=DAILY").expect("a rule");
    let after = jiff::Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let next = rule.next_after(&after).expect("it comes");
    assert_eq!(next.timestamp().to_string(), "2020-01-01T00:00:00Z");
}
