use super::*;

fn millis(text: &str) -> u128 {
    parse_duration(text).unwrap().as_millis()
}

#[track_caller]
fn refuses(text: &str, shown: &str, message: &str) {
    let error = parse_duration(text).unwrap_err();
    assert_eq!(
        (error.marked(text).as_str(), error.message.as_str()),
        (shown, message)
    );
}

#[test]
fn reads_what_people_write() {
    assert_eq!(millis("2s"), 2_000);
    assert_eq!(millis("500ms"), 500);
    assert_eq!(millis("1h30m"), 5_400_000);
    assert_eq!(millis("1m 30s"), 90_000);
    assert_eq!(millis(" 2 days "), 172_800_000);
    assert_eq!(millis("1.5s"), 1_500);
    assert_eq!(millis("1_000 ms"), 1_000);
    assert_eq!(millis("1 week"), 604_800_000);
    assert_eq!(millis("0s"), 0);
    assert_eq!(parse_duration("3µs").unwrap(), Duration::from_micros(3));
    assert_eq!(parse_duration("0.1s").unwrap(), Duration::from_millis(100));
}

#[test]
fn points_at_what_it_cannot_read() {
    refuses("30", "30\n^^", "30 has no unit; for seconds write 30s");
    refuses(
        "5 secnds",
        "5 secnds\n  ^^^^^^",
        "`secnds` is not a unit of time; did you mean `seconds`?",
    );
    refuses(
        "5 parsecs",
        "5 parsecs\n  ^^^^^^^",
        "`parsecs` is not a unit of time; there are ms, s, m, h, d and w",
    );
    refuses(
        "1m 2h",
        "1m 2h\n   ^^",
        "longer units come first, each once; hours is after minutes",
    );
    refuses(
        "1s 1s",
        "1s 1s\n   ^^",
        "longer units come first, each once; seconds is after seconds",
    );
    refuses("1..5s", "1..5s\n^^^^", "`1..5` is not a number");
    refuses(
        "-5s",
        "-5s\n^^^",
        "here a number is expected; a duration looks like 30s or 1h 30m",
    );
    refuses(
        "0.1ns",
        "0.1ns\n^^^",
        "0.1 is not a whole count of nanoseconds",
    );
    refuses(
        "9999999w",
        "9999999w\n^^^^^^^^",
        "this is longer than a hundred years",
    );
}

#[test]
fn no_number_is_too_large_to_be_refused_calmly() {
    for text in [
        "",
        "  ",
        "9".repeat(60).as_str(),
        &format!("{}s", "9".repeat(60)),
        &format!("0.{}s", "1".repeat(60)),
    ] {
        assert!(parse_duration(text).is_err(), "{text}");
    }
}

#[test]
fn a_list_serves_each_retry() {
    let list = DelayList::parse("1s, 5s,30s").unwrap();
    let seconds: Vec<_> = (0..5).map(|retry| list.delay(retry).as_secs()).collect();
    assert_eq!(seconds, [1, 5, 30, 30, 30]);
    assert_eq!(DelayList::parse("2s").unwrap().0, [Duration::from_secs(2)]);
}

#[test]
fn a_fault_in_a_list_is_marked_in_the_whole_text() {
    let text = "1s, 5 foo, 3s";
    assert_eq!(
        DelayList::parse(text).unwrap_err().marked(text),
        "1s, 5 foo, 3s\n      ^^^"
    );
    assert_eq!(DelayList::parse("1s,").unwrap_err().at, Some(3..3));
}

#[test]
fn a_backoff_doubles_up_to_its_cap() {
    let backoff = Backoff::parse("1s..5s").unwrap();
    let seconds: Vec<_> = (0..4).map(|retry| backoff.delay(retry).as_secs()).collect();
    assert_eq!(seconds, [1, 2, 4, 5]);
    assert_eq!(backoff.delay(u32::MAX), Duration::from_secs(5));
}

#[test]
fn a_backoff_that_cannot_grow_is_refused() {
    assert_eq!(
        Backoff::parse("5m..1s").unwrap_err().marked("5m..1s"),
        "5m..1s\n    ^^"
    );
    assert_eq!(Backoff::parse("1s..5x").unwrap_err().at, Some(5..6));
    assert!(Backoff::parse("1s").is_err());
    assert!(Backoff::parse("0s..1s").is_err());
    assert!(Backoff::parse("1s..").is_err());
}

#[test]
fn formats_in_two_units_at_most() {
    let shown = |nanos: u64| format_duration(Duration::from_nanos(nanos));
    const MS: u64 = 1_000_000;
    const S: u64 = 1_000 * MS;
    assert_eq!(shown(0), "0 s");
    assert_eq!(shown(320), "320 ns");
    assert_eq!(shown(1_400), "1 µs");
    assert_eq!(shown(350 * MS), "350 ms");
    assert_eq!(shown(1_500 * MS), "1.5 s");
    assert_eq!(shown(2 * S), "2 s");
    assert_eq!(shown(12_340 * MS), "12.3 s");
    assert_eq!(shown(123 * S), "2 min 3 s");
    assert_eq!(shown(7_500 * S), "2 h 5 min");
    assert_eq!(shown(3 * 86_400 * S), "3 d");
    assert_eq!(shown(90_000 * S), "1 d 1 h");
}

#[test]
fn rounding_never_shows_sixty_of_anything() {
    let shown = |millis: u64| format_duration(Duration::from_millis(millis));
    assert_eq!(format_duration(Duration::from_nanos(999_999)), "1 ms");
    assert_eq!(format_duration(Duration::from_micros(999_900)), "1 s");
    assert_eq!(shown(59_960), "1 min");
    assert_eq!(shown(3_599_700), "1 h");
    assert_eq!(shown(86_399_000), "1 d");
}
