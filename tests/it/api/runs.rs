//! Runs through the API.

use serde_json::{Value, json};

use super::Server;
use crate::api::command;

fn names(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().expect("a page has items");
    let names = items.iter().filter_map(|run| run["name"].as_str());
    names.map(str::to_owned).collect()
}

#[test]
fn pages_follow_each_other_without_a_gap() {
    let server = Server::start();
    for number in 0..7 {
        let body = json!({ "flow": "ship", "parameters": { "region": "eu" }, "name": format!("run-{number}") });
        assert_eq!(server.post("/api/runs", &body).status, 201);
    }
    let mut all = Vec::new();
    let mut path = "/api/runs?limit=3".to_owned();
    loop {
        let page = server.get(&path).json();
        all.extend(names(&page));
        match page["next"].as_str() {
            Some(next) => path = format!("/api/runs?limit=3&before={next}"),
            None => break,
        }
    }
    let expected: Vec<_> = (0..7).rev().map(|number| format!("run-{number}")).collect();
    assert_eq!(all, expected);
}

#[test]
fn filters_choose() {
    let server = Server::start();
    let run = server.start_run("ship", json!({ "region": "eu" }));
    let run = server.wait_for(run["run_id"].as_str().unwrap(), |run| {
        !run["finished"].is_null()
    });
    let state = run["state"].as_str().unwrap();
    let chosen = server
        .get(&format!("/api/runs?state={state}&flow=ship"))
        .json();
    assert_eq!(names(&chosen), [run["name"].as_str().unwrap()]);
    for other in ["state=Cancelled", &format!("state={state}&flow=asks")] {
        let none = server.get(&format!("/api/runs?{other}")).json();
        assert_eq!(names(&none), Vec::<String>::new(), "{other}");
    }
}

#[test]
fn the_api_and_the_command_line_tell_the_same() {
    let server = Server::start();
    let run = server.start_run("ship", json!({ "region": "eu" }));
    let id = run["run_id"].as_str().unwrap();
    let run = server.wait_for(id, |run| !run["finished"].is_null());
    let listed = command(server.folder())
        .args(["runs", "--json"])
        .output()
        .unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed[0], run);
    let shown = command(server.folder())
        .args(["runs", "show", id, "--json"])
        .output()
        .unwrap();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let steps = server.get(&format!("/api/runs/{id}/steps")).json();
    assert_eq!(shown["steps"], steps["items"]);
}

#[test]
fn a_run_waits_takes_a_signal_and_ends() {
    let server = Server::start();
    let run = server.start_run("asks", json!({}));
    let id = run["run_id"].as_str().unwrap().to_owned();
    server.wait_for(&id, |run| run["state"] == "Waiting");
    let why = server.get(&format!("/api/runs/{id}/why")).json();
    let signal = why
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["why"] == "signal");
    let signal = signal.unwrap_or_else(|| panic!("{why}"))["signal"].clone();
    let path = format!("/api/runs/{id}/signal/{}", signal.as_str().unwrap());
    let wrong = server.post(&path, &json!({ "value": { "no": "such" } }));
    assert_eq!(
        (wrong.status, wrong.json()["code"].clone()),
        (422, json!("invalid"))
    );
    assert_eq!(server.post(&path, &json!({ "value": true })).status, 204);
    let ended = server.wait_for(&id, |run| !run["finished"].is_null());
    assert_eq!(ended["state"], "Completed", "{ended}");
    let late = server.post(&path, &json!({ "value": true }));
    assert_eq!(late.status, 422, "{late:?}");
}

#[test]
fn a_run_is_cancelled_rerun_and_deleted() {
    let server = Server::start();
    let run = server.start_run("asks", json!({}));
    let id = run["run_id"].as_str().unwrap();
    server.wait_for_state(&run, "Waiting");
    let early = server.ask("DELETE", &format!("/api/runs/{id}"), &[], None);
    assert_eq!(
        (early.status, early.json()["code"].clone()),
        (409, json!("not_ended"))
    );
    assert_eq!(
        server
            .post(&format!("/api/runs/{id}/cancel"), &json!({}))
            .status,
        200
    );
    server.wait_for_state(&run, "Cancelled");
    let plan = server
        .post(&format!("/api/runs/{id}/resume/plan"), &json!({}))
        .json();
    assert_eq!(plan["how"], "resume", "{plan}");
    let again = server.post(&format!("/api/runs/{id}/rerun"), &json!({}));
    assert_eq!(again.status, 201, "{again:?}");
    let again = again.json();
    assert_eq!(again["origin"], id);
    let body = json!({ "action": "cancel", "runs": [again["run_id"], "nobody"] });
    let results = server.post("/api/bulk/runs", &body).json();
    assert_eq!(results[0]["done"], true, "{results}");
    assert_eq!(results[1]["problem"]["code"], "not_found", "{results}");
    let gone = server.ask("DELETE", &format!("/api/runs/{id}"), &[], None);
    assert_eq!(gone.status, 204, "{gone:?}");
    assert_eq!(server.get(&format!("/api/runs/{id}")).status, 404);
}

#[test]
fn what_was_answered_is_counted() {
    let server = Server::start();
    let run = server.start_run("asks", json!({}));
    crate::until::until(|| {
        let listed = server.get("/api/runs?state=Waiting").json();
        names(&listed) == [run["name"].as_str().expect("a name")]
    });
    assert_eq!(server.get("/api/runs/nobody").status, 404);
    let counts = server.get("/metrics");
    assert_eq!(counts.status, 200, "{counts:?}");
    for line in [
        "flowrt_http_requests_total{operation=\"startRun\",status=\"201\"} 1",
        "flowrt_http_requests_total{operation=\"showRun\",status=\"404\"} 1",
        "flowrt_open_runs{state=\"Waiting\"} 1",
        "flowrt_open_runs{state=\"Running\"} 0",
        "# EOF",
    ] {
        assert!(
            counts.body.lines().any(|there| there == line),
            "{line} is not in:\n{}",
            counts.body
        );
    }
    assert_eq!(server.get("/health").status, 200);
    assert_eq!(server.get("/ready").status, 200);
}
