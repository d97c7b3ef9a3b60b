//! Backfills and workers through the API: what the command line can do, `curl` can.

use serde_json::{Value, json};

use super::{Answer, Server};

const FILE: &str = "\
deployments:
- name: nightly
  entrypoint: desk:ship
  schedule:
    cron: 0 3 * * *
    timezone: UTC
    active: false
- name: asking
  entrypoint: desk:asks
  schedule:
    cron: 0 4 * * *
    timezone: UTC
    active: false
";

/// A server with two deployments that do not fire by themselves, whose waiting runs stay in memory.
fn server() -> Server {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start_in(folder, &[("FLOWRT_WORKER_REST_AFTER", "1d")]);
    let deployed = server.post("/api/deployments", &json!({ "file": FILE }));
    assert_eq!(deployed.status, 200, "{deployed:?}");
    server
}

fn ask(deployment: &str, to: &str) -> Value {
    json!({ "deployment": deployment, "from": "2026-01-01", "to": to })
}

fn start(server: &Server, key: &str, ask: &Value) -> Answer {
    server.ask(
        "POST",
        "/api/backfills",
        &[("Idempotency-Key", key)],
        Some(ask),
    )
}

#[test]
fn a_backfill_is_planned_begun_once_and_told_slot_by_slot() {
    let server = server();
    let wanted = ask("nightly", "2026-01-03");
    let plan = server.post("/api/backfills/plan", &wanted);
    assert_eq!(plan.status, 200, "{plan:?}");
    let slots = plan.json()["slots"].clone();
    assert_eq!(slots[0]["slot"], "2026-01-01T03:00:00Z", "{plan:?}");
    assert_eq!(slots.as_array().map(Vec::len), Some(3), "{plan:?}");
    let nothing = server.get("/api/backfills").json();
    assert_eq!(nothing, json!([]), "a plan changes nothing");

    let begun = start(&server, "by-hand", &wanted);
    assert_eq!(begun.status, 201, "{begun:?}");
    let id = begun.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/backfills/{id}");
    assert_eq!(begun.header("location"), Some(path.as_str()));
    let again = start(&server, "by-hand", &wanted);
    assert_eq!((again.status, &again.json()["id"]), (200, &json!(id)));
    let other = start(&server, "by-hand", &ask("nightly", "2026-01-04"));
    assert_eq!(other.status, 422, "{other:?}");

    let done = server.wait_at(&path, |backfill| backfill["state"] == "done");
    assert_eq!(
        (&done["completed"], &done["failed"], &done["total"]),
        (&json!(3), &json!(0), &json!(3)),
        "{done}"
    );
    for (slot, planned) in done["slots"]
        .as_array()
        .unwrap()
        .iter()
        .zip(slots.as_array().unwrap())
    {
        assert_eq!(
            (&slot["slot"], &slot["state"]),
            (&planned["slot"], &json!("Completed"))
        );
        let run = slot["run"].as_str().unwrap();
        let run = server.get(&format!("/api/runs/{run}")).json();
        assert_eq!(run["logical_time"], slot["slot"], "{run}");
    }
    let again = start(&server, "by-hand", &wanted);
    assert_eq!((again.status, &again.json()["id"]), (200, &json!(id)));
    let empty = server.post("/api/backfills", &wanted);
    assert_eq!(empty.status, 422, "{empty:?}");
    assert!(
        empty.json()["detail"]
            .as_str()
            .unwrap()
            .contains("3 in that time"),
        "{empty:?}"
    );
    assert_eq!(
        server.get("/api/backfills").json().as_array().map(Vec::len),
        Some(1)
    );
}

#[test]
fn a_backfill_is_paused_goes_on_and_is_cancelled() {
    let server = server();
    let begun = server.post("/api/backfills", &ask("asking", "2026-01-02"));
    assert_eq!(begun.status, 201, "{begun:?}");
    let path = format!("/api/backfills/{}", begun.json()["id"].as_str().unwrap());
    let one = server.wait_at(&path, |backfill| backfill["slots"][0]["state"] == "Waiting");
    assert_eq!(
        (&one["going_on"], &one["slots"][1]["run"]),
        (&json!(1), &Value::Null),
        "{one}"
    );

    let paused = server.post(&format!("{path}/pause"), &json!({}));
    assert_eq!(
        (paused.status, &paused.json()["state"]),
        (200, &json!("paused"))
    );
    let resumed = server.post(&format!("{path}/resume"), &json!({}));
    assert_eq!(
        (resumed.status, &resumed.json()["state"]),
        (200, &json!("running"))
    );
    let cancelled = server.post(&format!("{path}/cancel"), &json!({}));
    assert_eq!(
        (cancelled.status, &cancelled.json()["state"]),
        (200, &json!("cancelled"))
    );
    let over = server.wait_at(&path, |backfill| backfill["going_on"] == 0);
    assert_eq!(over["slots"][0]["state"], "Cancelled", "{over}");
    let again = server.post(&format!("{path}/resume"), &json!({}));
    assert_eq!(again.status, 422, "{again:?}");
}

#[test]
fn what_is_no_backfill_is_said() {
    let server = server();
    let faults = [
        (ask("nightlie", "2026-01-02"), 404, "no deployment"),
        (ask("nightly", "yesterday"), 422, "no time"),
        (ask("nightly", "2025-01-01"), 422, "ends before"),
        (
            json!({ "deployment": "nightly", "to": "2026-01-02" }),
            422,
            "from",
        ),
        (
            json!({ "deployment": "nightly", "concurrency": 0, "from": "2026-01-01", "to": "2026-01-02" }),
            422,
            "concurrency",
        ),
    ];
    for (wanted, status, said) in faults {
        let refused = server.post("/api/backfills/plan", &wanted);
        assert_eq!(refused.status, status, "{refused:?}");
        assert!(refused.body.contains(said), "{refused:?}");
        assert_eq!(server.post("/api/backfills", &wanted).status, status);
    }
    assert_eq!(server.get("/api/backfills/nothing").status, 404);
    assert_eq!(
        server
            .post("/api/backfills/nothing/pause", &json!({}))
            .status,
        404
    );
}

#[test]
fn workers_say_who_they_are_and_what_they_drive() {
    let server = server();
    let run = server.start_run("asks", json!({}));
    server.wait_for_state(&run, "Waiting");
    let workers = server.get("/api/workers").json();
    assert_eq!(workers.as_array().map(Vec::len), Some(1), "{workers}");
    let worker = &workers[0];
    assert_eq!(worker["pid"], server.pid(), "{worker}");
    assert!(worker["name"].as_str().unwrap().contains('-'), "{worker}");
    assert_eq!(worker["queues"], json!(["default"]));
    assert!(worker["beat"].as_str().unwrap().ends_with('Z'), "{worker}");
    assert_eq!(worker["driving"], 1, "{worker}");
    assert_eq!(worker["runs"][0]["run_id"], run["run_id"], "{worker}");
    assert!(
        worker["flows"].as_array().unwrap().contains(&json!("ship")),
        "{worker}"
    );
}
