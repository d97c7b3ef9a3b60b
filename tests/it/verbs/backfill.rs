//! `backfill …`, on a store that nobody works on: what is begun waits.

use serde_json::{Value, json};

use super::Desk;

const FILE: &str = "\
deployments:
- name: nightly
  flow_name: ship
  schedules:
  - { cron: 0 3 * * *, timezone: UTC, slug: early }
  - { cron: 0 5 * * *, timezone: Asia/Tokyo, slug: late }
";

fn slots(backfill: &Value) -> Vec<&str> {
    let all = backfill["slots"].as_array().expect("a list").iter();
    all.map(|slot| slot["slot"].as_str().expect("a time"))
        .collect()
}

#[test]
fn a_dry_run_shows_what_would_be_and_changes_nothing() {
    let desk = Desk::deployed(FILE);
    let days = "--from 2026-01-01 --to 2026-01-02";
    let plan = desk.json(&format!(
        "backfill nightly {days} --schedule early --dry-run"
    ));
    assert_eq!(
        (&plan["backfill"], &plan["which"]),
        (&json!(null), &json!("missing"))
    );
    assert_eq!(
        slots(&plan),
        ["2026-01-01T03:00:00Z", "2026-01-02T03:00:00Z"]
    );
    let back = desk.json(&format!(
        "backfill nightly {days} --schedule early --dry-run --reverse"
    ));
    assert_eq!(
        slots(&back),
        ["2026-01-02T03:00:00Z", "2026-01-01T03:00:00Z"]
    );
    let said = desk.ask(&format!(
        "backfill nightly {days} --dry-run --concurrency 3"
    ));
    assert!(
        said.out.contains("2026-01-01T03:00:00Z  early  missing"),
        "{said:?}"
    );
    assert!(
        said.err.contains("4 runs, 3 at a time; 0 slots left alone"),
        "{said:?}"
    );
    assert_eq!(desk.json("backfill ls"), json!([]));
    assert_eq!(desk.json("runs"), json!([]));
}

#[test]
fn a_backfill_is_begun_paused_resumed_and_cancelled() {
    let desk = Desk::deployed(FILE);
    let begun = desk.json("backfill nightly --from 2026-01-01 --to 2026-01-03 --concurrency 2");
    let id = begun["backfill"]
        .as_str()
        .expect("it has a name")
        .to_owned();
    assert_eq!(slots(&begun).len(), 6);
    for (verb, state) in [
        ("pause", "paused"),
        ("resume", "running"),
        ("cancel", "cancelled"),
    ] {
        let told = desk.json(&format!("backfill {verb} {id}"));
        assert_eq!(
            (&told[0]["id"], &told[0]["state"]),
            (&json!(id), &json!(state)),
            "{told}"
        );
        assert_eq!(desk.json("backfill ls")[0]["state"], state);
    }
    let shown = desk.json(&format!("backfill show {id}"));
    assert_eq!(
        (&shown["state"], &shown["total"]),
        (&json!("cancelled"), &json!(6)),
        "{shown}"
    );
    let said = desk.ask(&format!("backfill show {id}"));
    assert!(said.out.contains("cancelled"), "{said:?}");
    for verb in ["pause", "resume"] {
        let over = desk.say(&["backfill", verb, &id]);
        assert_eq!(over.code, Some(2), "{over:?}");
        assert!(
            over.err
                .contains(&format!("the backfill `{id}` has ended already")),
            "{over:?}"
        );
    }
}

#[test]
fn what_a_backfill_cannot_fill_it_says() {
    let desk = Desk::deployed(FILE);
    let days = ["--from", "2026-01-01", "--to", "2026-01-02"];
    for (words, what) in [
        (
            &["nightlie"][..],
            &[
                "there is no deployment `nightlie`",
                "did you mean `nightly`?",
            ][..],
        ),
        (
            &["nightly", "--schedule", "lat"],
            &["has no schedule `lat`", "did you mean `late`?"],
        ),
        (&["nightly", "--concurrency", "0"], &["--concurrency"]),
        (
            &["nightly", "--missing", "--failed"],
            &["exclude each other"],
        ),
        (&["nightly", "--all", "--failed"], &["exclude each other"]),
    ] {
        desk.refuses(&[&["backfill"], words, &days].concat(), what);
        desk.refuses(
            &[&["backfill"], words, &days, &["--dry-run", "--json"]].concat(),
            what,
        );
    }
    for (words, what) in [
        (&["nightly"][..], &["lacks --from <TIME>, --to <TIME>"][..]),
        (
            &["nightly", "--from", "soon", "--to", "2026-01-02"],
            &["`soon` is no time", "2026-01-31"],
        ),
        (
            &["nightly", "--from", "2026-01-05", "--to", "2026-01-02"],
            &["ends before it begins"],
        ),
        (
            &["nightly", "--from", "2099-01-05", "--to", "2099-01-06"],
            &["begins in the future"],
        ),
        (
            &["show", "nothing"],
            &["there is no backfill `nothing`", "backfill ls"],
        ),
        (&["pause"], &["lacks <BACKFILL>"]),
        (
            &["cancel", "nothing"],
            &["there is no backfill `nothing`", "backfill ls"],
        ),
    ] {
        desk.refuses(&[&["backfill"], words].concat(), what);
    }
    assert_eq!(desk.json("backfill ls"), json!([]));
}
