use super::*;

#[track_caller]
fn times(rule: &str, after: &str, expected: &[&str]) {
    let mut at: Zoned = after.parse().unwrap();
    let rule = Rrule::parse(rule, at.time_zone()).unwrap();
    for expected in expected {
        at = rule.next_after(&at).unwrap();
        assert_eq!(at.strftime("%F %T %z").to_string(), *expected, "{rule}");
    }
}

#[track_caller]
fn ends(rule: &str, after: &str) {
    let at: Zoned = after.parse().unwrap();
    let rule = Rrule::parse(rule, at.time_zone()).unwrap();
    assert_eq!(rule.next_after(&at), None, "{rule}");
}

#[track_caller]
fn refuses(text: &str, at: &str, message: &str) {
    let error = Rrule::parse(text, &TimeZone::UTC).unwrap_err();
    let place = error.at.clone().map(|at| &text[at]);
    assert_eq!((place, error.message.as_str()), (Some(at), message));
}

#[test]
fn each_frequency() {
    let from = "2026-01-01T00:00[UTC]";
    times(
        "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=-1",
        from,
        &["2026-03-31 00:00:00 +0000", "2027-03-31 00:00:00 +0000"],
    );
    times(
        "FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=9,17",
        from,
        &["2026-01-30 09:00:00 +0000", "2026-01-30 17:00:00 +0000"],
    );
    times(
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        from,
        &["2026-01-30 00:00:00 +0000", "2026-02-27 00:00:00 +0000"],
    );
    times(
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;BYHOUR=9;BYMINUTE=30",
        from,
        &[
            "2026-01-05 09:30:00 +0000",
            "2026-01-09 09:30:00 +0000",
            "2026-01-19 09:30:00 +0000",
        ],
    );
    times(
        "FREQ=HOURLY;INTERVAL=5",
        from,
        &["2026-01-01 02:00:00 +0000", "2026-01-01 07:00:00 +0000"],
    );
    times(
        "FREQ=MINUTELY;INTERVAL=20;BYHOUR=22,23",
        from,
        &["2026-01-01 22:00:00 +0000", "2026-01-01 22:20:00 +0000"],
    );
    times(
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=29;BYHOUR=1;BYMINUTE=2;BYSECOND=3",
        from,
        &["2028-02-29 01:02:03 +0000", "2032-02-29 01:02:03 +0000"],
    );
}

#[test]
fn lines_beside_the_rule() {
    times(
        "DTSTART;TZID=Asia/Tokyo:20260105T083000\nRRULE:FREQ=WEEKLY;COUNT=4\nEXDATE:20260112T083000\nRDATE:20260113T100000",
        "2026-01-01T00:00[Asia/Tokyo]",
        &[
            "2026-01-05 08:30:00 +0900",
            "2026-01-13 10:00:00 +0900",
            "2026-01-19 08:30:00 +0900",
            "2026-01-26 08:30:00 +0900",
        ],
    );
    ends(
        "DTSTART:20260105T083000 RRULE:FREQ=WEEKLY;COUNT=4",
        "2026-01-26T08:30[Asia/Tokyo]",
    );
    assert_eq!(
        Rrule::zone_of("DTSTART;TZID=Asia/Tokyo:20260105T083000"),
        Some("Asia/Tokyo")
    );
}

#[test]
fn until_is_the_last_day_time_or_moment() {
    ends(
        "FREQ=DAILY;BYHOUR=9;UNTIL=20260131",
        "2026-01-31T09:00[UTC]",
    );
    times(
        "FREQ=DAILY;BYHOUR=9;UNTIL=20260131",
        "2026-01-30T09:00[UTC]",
        &["2026-01-31 09:00:00 +0000"],
    );
    let utc = "FREQ=DAILY;BYHOUR=9;UNTIL=20260131T000000Z";
    ends(utc, "2026-01-31T09:00[Asia/Tokyo]");
    times(
        utc,
        "2026-01-30T09:00[Asia/Tokyo]",
        &["2026-01-31 09:00:00 +0900"],
    );
}

#[test]
fn clocks_that_change_are_treated_as_for_cron() {
    times(
        "FREQ=DAILY;BYHOUR=2;BYMINUTE=30",
        "2026-03-07T12:00[America/New_York]",
        &["2026-03-08 03:00:00 -0400", "2026-03-09 02:30:00 -0400"],
    );
    times(
        "FREQ=MINUTELY;INTERVAL=30",
        "2026-11-01T01:10-04:00[America/New_York]",
        &[
            "2026-11-01 01:30:00 -0400",
            "2026-11-01 01:00:00 -0500",
            "2026-11-01 01:30:00 -0500",
            "2026-11-01 02:00:00 -0500",
        ],
    );
}

#[test]
fn the_fault_is_pointed_at() {
    refuses(
        "FREQ=DAYLY",
        "DAYLY",
        "`DAYLY` is no frequency; there are SECONDLY, MINUTELY, HOURLY, DAILY, WEEKLY, MONTHLY and YEARLY",
    );
    refuses(
        "FREQ=DAILY;BYHOURS=3",
        "BYHOURS",
        "`BYHOURS` is not known; did you mean BYHOUR?",
    );
    refuses("RRULE:FREQ=DAILY;BYHOUR=3,24", "24", "`24` is not in 0–23");
    refuses(
        "FREQ=WEEKLY;BYDAY=MO,XX",
        "XX",
        "`XX` is no weekday; there are MO, TU, WE, TH, FR, SA, SU",
    );
    refuses(
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "it never comes true",
    );
    refuses(
        "BYHOUR=3",
        "BYHOUR=3",
        "it has no FREQ, which says how often: DAILY, WEEKLY and so on",
    );
    refuses(
        "FREQ=DAILY;COUNT=3",
        "FREQ=DAILY;COUNT=3",
        "COUNT is counted from DTSTART, which is missing: DTSTART:20260101T090000",
    );
    refuses(
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYDAY=1MO",
        "a weekday with a number, like 1MO, goes with FREQ=MONTHLY and FREQ=YEARLY without BYWEEKNO",
    );
    refuses("FREQ=MONTHLY;BYDAY=0MO", "0MO", "`0` is not in 1–53");
    refuses(
        "FREQ=SECONDLY;INTERVAL=60;BYSECOND=7",
        "FREQ=SECONDLY;INTERVAL=60;BYSECOND=7",
        "it never comes true",
    );
    refuses("FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY", "FREQ is there twice");
    refuses(
        "FREQ=DAILY;UNTIL=2026-01-31",
        "2026-01-31",
        "`2026-01-31` is no time; RFC 5545 writes 20260131, 20260131T090000 or 20260131T090000Z",
    );
}

#[test]
fn no_text_makes_it_panic_or_hang() {
    let pieces = [
        "FREQ=DAILY",
        "FREQ=SECONDLY",
        ";",
        "=",
        ":",
        "BYDAY=-1MO",
        "BYDAY=",
        "-",
        "é",
        "\n",
        "COUNT=9999",
        "INTERVAL=60",
        "BYSECOND=7",
        "UNTIL=99991231",
        "BYSETPOS=-86400",
        "DTSTART:",
        "00010101T000000",
        "99991231T235959Z",
        "EXDATE:",
    ];
    for a in pieces {
        for b in pieces {
            for c in pieces {
                for text in [
                    format!("{a}{b}{c}"),
                    format!("{a};{b};{c}"),
                    format!("{a}{b}\n{c}"),
                ] {
                    if let Err(error) = Rrule::parse(&text, &TimeZone::UTC) {
                        assert!(text.get(error.at.unwrap()).is_some(), "{text}");
                    }
                }
            }
        }
    }
}
