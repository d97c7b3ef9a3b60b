//! Deployments through the API.

use serde_json::json;

use super::Server;

const FILE: &str = "\
deployments:
- name: nightly
  entrypoint: desk:ship
  parameters:
    region: eu
  schedule:
    cron: 0 3 * * *
    timezone: Asia/Tokyo
";

#[test]
fn a_file_is_deployed_shown_paused_and_taken_away() {
    let server = Server::start();
    let plan = server.post("/api/deployments", &json!({ "file": FILE, "plan": true }));
    assert_eq!(plan.status, 200, "{plan:?}");
    assert_eq!(
        server.get("/api/deployments/nightly").status,
        404,
        "a plan changes nothing"
    );
    let deployed = server.post("/api/deployments", &json!({ "file": FILE }));
    let (deployed, plan) = (deployed.json(), plan.json());
    assert_eq!(deployed["deployments"], plan["deployments"]);
    assert_eq!(
        (&plan["applied"], &deployed["applied"]),
        (&json!(false), &json!(true))
    );
    // Whoever has seen an older plan changes nothing, and is told what would change now.
    let late = json!({ "file": FILE, "prune": true, "revision": plan["revision"] });
    let late = server.post("/api/deployments", &late).json();
    assert_eq!(late["applied"], false, "{late}");
    assert_ne!(late["revision"], plan["revision"], "{late}");
    let shown = server.get("/api/deployments/nightly").json();
    assert_eq!(
        (&shown["flow"], &shown["fires"]),
        (&json!("ship"), &json!(true)),
        "{shown}"
    );
    let next = server
        .get("/api/schedules/next?deployment=nightly&count=3")
        .json();
    assert_eq!(next.as_array().map(Vec::len), Some(3), "{next}");
    let paused = server
        .post("/api/deployments/nightly/pause", &json!({}))
        .json();
    assert_eq!(paused["fires"], false, "{paused}");
    let gone = server.ask("DELETE", "/api/deployments/nightly", &[], None);
    assert_eq!(gone.status, 204, "{gone:?}");
}

#[test]
fn every_fault_of_a_file_is_told_and_nothing_is_deployed() {
    let server = Server::start();
    let before = server.get("/api/deployments").json();
    let file = FILE
        .replace("region: eu", "regio: eu")
        .replace("0 3 * * *", "0 30 * * *");
    let refused = server.post("/api/deployments", &json!({ "file": file }));
    assert_eq!(refused.status, 422, "{refused:?}");
    let detail = refused.json()["detail"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(
        detail.contains("regio") && detail.contains("30"),
        "{detail}"
    );
    assert_eq!(server.get("/api/deployments").json(), before);
}

#[test]
fn a_deployment_is_run_once_by_a_key() {
    let server = Server::start();
    assert_eq!(
        server
            .post("/api/deployments", &json!({ "file": FILE }))
            .status,
        200
    );
    let run = |pages: u32| {
        let body = json!({ "parameters": { "pages": pages } });
        let key = [("Idempotency-Key", "by-hand")];
        server.ask("POST", "/api/deployments/nightly/run", &key, Some(&body))
    };
    let first = run(3);
    assert_eq!(first.status, 201, "{first:?}");
    let record = first.json();
    assert_eq!(record["deployment"], "nightly");
    assert_eq!(record["parameters"]["pages"], 3);
    let second = run(3);
    assert_eq!(
        (second.status, &second.json()["run_id"]),
        (200, &record["run_id"])
    );
    assert_eq!(run(4).status, 422);
    let runs = server.get("/api/runs?deployment=nightly").json();
    assert_eq!(runs["items"].as_array().map(Vec::len), Some(1), "{runs}");
}
