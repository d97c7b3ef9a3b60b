use super::*;

fn at(text: &str) -> Micros {
    let at: Timestamp = text.parse().expect("a time");
    at.as_microsecond()
}

fn text(at: Micros) -> String {
    let at = Timestamp::from_microsecond(at).expect("a time");
    at.to_string()
}

fn schedule(json: serde_json::Value) -> Schedule {
    Schedule::from_json(&json).expect("a schedule")
}

fn slots(schedule: &Schedule, after: &str, count: usize) -> Vec<String> {
    let far = Timestamp::MAX.as_microsecond();
    schedule
        .between(at(after), far)
        .take(count)
        .map(text)
        .collect()
}

#[test]
fn each_kind_has_slots_in_its_zone() {
    let cron = schedule(serde_json::json!({ "cron": "0 10 * * *", "timezone": "Asia/Tokyo" }));
    assert_eq!(
        slots(&cron, "2026-01-01T00:00:00Z", 1),
        ["2026-01-01T01:00:00Z"]
    );
    let every = schedule(serde_json::json!({ "interval": "15m" }));
    assert_eq!(
        slots(&every, "2026-01-01T00:00:00Z", 2),
        ["2026-01-01T00:15:00Z", "2026-01-01T00:30:00Z"]
    );
    let rule = schedule(serde_json::json!({ "rrule": "FREQ=DAILY", "timezone": "Asia/Tokyo" }));
    assert_eq!(
        slots(&rule, "2026-01-01T00:00:00Z", 1),
        ["2026-01-01T15:00:00Z"]
    );
}

#[test]
fn whole_days_keep_their_time_when_clocks_change() {
    let daily = schedule(serde_json::json!({ "interval": "1d", "timezone": "Europe/Berlin" }));
    assert_eq!(
        slots(&daily, "2026-03-28T00:00:00Z", 3),
        [
            "2026-03-28T23:00:00Z",
            "2026-03-29T22:00:00Z",
            "2026-03-30T22:00:00Z"
        ]
    );
    let hours = schedule(serde_json::json!({ "interval": "12h", "timezone": "Europe/Berlin" }));
    assert_eq!(
        slots(&hours, "2026-03-28T12:00:00Z", 3),
        [
            "2026-03-28T23:00:00Z",
            "2026-03-29T11:00:00Z",
            "2026-03-29T23:00:00Z"
        ]
    );
    let anchored = at("2026-01-01T08:00:00Z");
    let anchored = schedule(serde_json::json!({ "interval": "2d", "anchor": anchored }));
    assert_eq!(
        slots(&anchored, "2025-12-31T08:00:00Z", 2),
        ["2026-01-01T08:00:00Z", "2026-01-03T08:00:00Z"]
    );
}

#[test]
fn start_and_end_bound_it() {
    let bounds = schedule(serde_json::json!({
        "interval": "1h", "start": at("2026-01-01T10:00:00Z"), "end": at("2026-01-01T12:00:00Z"),
    }));
    assert_eq!(
        slots(&bounds, "2025-01-01T00:00:00Z", 9),
        [
            "2026-01-01T10:00:00Z",
            "2026-01-01T11:00:00Z",
            "2026-01-01T12:00:00Z"
        ]
    );
}

#[test]
fn jitter_is_drawn_from_the_slot() {
    let jittery = schedule(serde_json::json!({ "interval": "1h", "jitter": "10m" }));
    let slot = at("2026-01-01T10:00:00Z");
    let due = jittery.due("one", slot);
    assert_eq!(due, jittery.due("one", slot));
    assert!((slot..slot + 600_000_000).contains(&due));
    assert_ne!(due, jittery.due("other", slot));
    let exact = schedule(serde_json::json!({ "interval": "1h" }));
    assert_eq!(exact.due("one", slot), slot);
}

#[test]
fn what_is_no_schedule_is_said() {
    for (json, said) in [
        (serde_json::json!({}), "one rule"),
        (
            serde_json::json!({ "cron": "@daily", "interval": "1h" }),
            "one rule",
        ),
        (serde_json::json!({ "cron": "0 25 * * *" }), "hour 25"),
        (
            serde_json::json!({ "interval": "1ms" }),
            "at least a second",
        ),
        (serde_json::json!({ "rrule": "FREQ=DALY" }), "DAILY"),
        (
            serde_json::json!({ "cron": "@daily", "timezone": "Asia/Tokio" }),
            "Asia/Tokyo",
        ),
        (
            serde_json::json!({ "rrule": "DTSTART;TZID=Asia/Tokyo:20260101T000000 FREQ=DAILY", "timezone": "UTC" }),
            "Asia/Tokyo",
        ),
        (
            serde_json::json!({ "cron": "@daily", "start": 2, "end": 1 }),
            "before it starts",
        ),
        (serde_json::json!({ "corn": "@daily" }), "corn"),
    ] {
        let fault = Schedule::from_json(&json).expect_err("it is none");
        assert!(fault.message().contains(said), "{json}: {fault:?}");
    }
}

#[test]
fn it_comes_back_from_the_store_as_it_was() {
    let json =
        serde_json::json!({ "cron": "0 10 * * *", "timezone": "Asia/Tokyo", "jitter": "1m" });
    let schedule = schedule(json.clone());
    assert_eq!(schedule.to_json(), json);
    assert_eq!(schedule.to_string(), "0 10 * * * (Asia/Tokyo)");
}
