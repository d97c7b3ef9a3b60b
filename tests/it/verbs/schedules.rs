//! `schedules …`.

use serde_json::{Value, json};

use super::Desk;

const FILE: &str = "\
deployments:
- name: nightly
  flow_name: ship
  schedules:
  - { cron: 0 3 * * *, timezone: UTC, slug: early }
  - { cron: 0 5 * * *, timezone: Asia/Tokyo, slug: late, active: false }
- name: bare
  flow_name: ship
";

fn fires(schedules: &Value) -> Vec<(String, bool)> {
    let all = schedules.as_array().expect("a list").iter();
    all.map(|one| {
        let slug = one["slug"].as_str().expect("a name").to_owned();
        (slug, one["fires"] == true)
    })
    .collect()
}

#[test]
fn schedules_are_listed_paused_and_resumed() {
    let desk = Desk::deployed(FILE);
    let both = |early, late| [("early".to_owned(), early), ("late".to_owned(), late)];
    assert_eq!(fires(&desk.json("schedules ls")), both(true, false));
    let said = desk.ask("schedules");
    assert!(
        said.out
            .contains("nightly/late   0 5 * * * (Asia/Tokyo)  paused"),
        "{said:?}"
    );
    assert_eq!(
        fires(&desk.json("schedules resume nightly")),
        both(true, true)
    );
    let one = desk.json("schedules pause nightly/early");
    assert_eq!(fires(&one), [("early".to_owned(), false)]);
    assert_eq!(fires(&desk.json("schedules")), both(false, true));
    // What somebody said stays, whoever deploys the same file again.
    desk.ask("deploy --yes");
    assert_eq!(fires(&desk.json("schedules")), both(false, true));
    assert_eq!(
        fires(&desk.json("schedules pause nightly")),
        both(false, false)
    );
    let none = desk.ask("schedules next");
    assert!(
        none.err.contains("nothing will start by itself"),
        "{none:?}"
    );
    assert_eq!(desk.json("schedules next"), json!([]));
}

#[test]
fn the_next_starts_are_told_in_their_order() {
    let desk = Desk::deployed(FILE);
    desk.ask("schedules resume nightly/late");
    let next = desk.json("schedules next -n 5");
    let next = next.as_array().expect("a list");
    assert_eq!(next.len(), 5);
    let begins: Vec<&str> = next
        .iter()
        .map(|one| one["begin"].as_str().expect("a time"))
        .collect();
    assert!(begins.is_sorted(), "{begins:?}");
    assert!(
        begins
            .iter()
            .all(|at| at.contains("T03:00:00") || at.contains("T20:00:00")),
        "{begins:?}"
    );
    let said = desk.ask("schedules next nightly --count 1");
    assert_eq!(said.out.trim().lines().count(), 1, "{said:?}");
    assert!(said.out.contains("nightly/"), "{said:?}");
}

#[test]
fn a_preview_needs_no_deployment() {
    let desk = Desk::of(super::DESK);
    let from = ["--from", "2026-03-28", "--count", "3", "--json"];
    let preview = |rule: &[&str]| -> Value {
        let said = desk.say(&[&["schedules", "preview"], rule, &from].concat());
        assert_eq!(said.code, Some(0), "{rule:?}: {said:?}");
        serde_json::from_str(&said.out).expect("JSON")
    };
    // The clocks go forward in between.
    assert_eq!(
        preview(&["30 9 * * *", "--timezone", "Europe/Berlin"]),
        json!([
            "2026-03-28T08:30:00Z",
            "2026-03-29T07:30:00Z",
            "2026-03-30T07:30:00Z"
        ])
    );
    assert_eq!(
        preview(&["--interval", "12h"])[0]
            .as_str()
            .map(|at| at.len()),
        Some("2026-03-28T08:30:00Z".len())
    );
    assert_eq!(
        preview(&[
            "--rrule",
            "FREQ=WEEKLY;BYDAY=MO;BYHOUR=6;BYMINUTE=0;BYSECOND=0"
        ]),
        json!([
            "2026-03-30T06:00:00Z",
            "2026-04-06T06:00:00Z",
            "2026-04-13T06:00:00Z"
        ])
    );
    for (rule, what) in [
        (&["x"][..], "\"x\" is not a cron expression"),
        (&["0 25 * * *"], "hour 25 is not in 0–23"),
        (&["--interval", "0s"], "an interval is at least a second"),
        (
            &["--rrule", "FREQ=SOMETIMES"],
            "`SOMETIMES` is no frequency",
        ),
        (
            &["@daily", "--timezone", "Europe/Berln"],
            "did you mean `Europe/Berlin`?",
        ),
        (&["@daily", "--from", "soon"], "`soon` is no time"),
        (&["@daily", "--interval", "5m"], "exclude each other"),
        (&[], "lacks <CRON>"),
        (&["@daily", "-n", "0"], "--count"),
    ] {
        desk.refuses(&[&["schedules", "preview"], rule].concat(), &[what]);
    }
}

#[test]
fn what_schedules_do_not_know_they_say() {
    let desk = Desk::deployed(FILE);
    for (words, what) in [
        (&["pause"][..], &["lacks <DEPLOYMENT[/SCHEDULE]>"][..]),
        (
            &["pause", "nightly/earlie"],
            &["has no schedule `earlie`", "did you mean `early`?"],
        ),
        (
            &["resume", "nightlie"],
            &[
                "there is no deployment `nightlie`",
                "did you mean `nightly`?",
            ],
        ),
        (
            &["pause", "bare"],
            &[
                "there is no deployment `bare` with a schedule",
                "try: there are nightly\n",
            ],
        ),
        (
            &["next", "bare"],
            &[
                "there is no deployment `bare` with a schedule",
                "try: there are nightly\n",
            ],
        ),
        (&["next", "-n", "0"], &["--count"]),
        (
            &["paus", "nightly"],
            &["has no command `paus`", "did you mean `pause`?"],
        ),
    ] {
        desk.refuses(&[&["schedules"], words].concat(), what);
    }
    let all = desk.json("schedules");
    assert_eq!(
        fires(&all),
        [("early".to_owned(), true), ("late".to_owned(), false)]
    );
}
