//! What is taken up again through a server outlives that server.

use std::process::Stdio;

use serde_json::json;

use super::{Server, command};

#[test]
fn a_run_that_was_resumed_through_a_server_goes_on_after_its_death() {
    let server = Server::start();
    // Driven by a process of its own, so it is in no queue.
    let mut driver = command(server.folder())
        .args(["run", "asks", "--name", "asking"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    server.wait_at("/api/runs?text=asking", |runs| {
        runs["items"][0]["state"] == "Waiting"
    });
    let run = server.get("/api/runs/asking").json();
    assert_eq!(run["queue"], json!(null), "{run}");
    driver.kill().expect("it is there");
    driver.wait().expect("it ends");
    server.wait_for("asking", |run| run["process_gone"] == true);

    let resumed = server.post("/api/runs/asking/resume", &json!({}));
    assert_eq!(resumed.status, 200, "{resumed:?}");
    assert_eq!(resumed.json()["queue"], "default", "{resumed:?}");
    let server = Server::start_in(server.kill(), &[]);
    let sent = server.post("/api/runs/asking/signal/yes", &json!({ "value": true }));
    assert_eq!(sent.status, 204, "{sent:?}");
    let ended = server.wait_for("asking", |run| run["state"] == "Completed");
    assert_eq!(ended["result"], true, "{ended}");
}

#[test]
fn a_run_that_was_rerun_through_a_server_goes_on_after_its_death() {
    let server = Server::start();
    let run = server.start_run("asks", json!({}));
    server.wait_for_state(&run, "Waiting");
    let id = run["run_id"].as_str().expect("an id");
    let cancelled = server.post(&format!("/api/runs/{id}/cancel"), &json!({}));
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    server.wait_for_state(&run, "Cancelled");
    let key = [("Idempotency-Key", "once-more")];
    let rerun = || {
        server.ask(
            "POST",
            &format!("/api/runs/{id}/rerun"),
            &key,
            Some(&json!({})),
        )
    };
    let new = rerun();
    assert_eq!(new.status, 201, "{new:?}");
    let name = new.json()["name"].as_str().expect("a name").to_owned();
    assert_eq!(rerun().json()["name"], name.as_str());
    let server = Server::start_in(server.kill(), &[]);
    let sent = server.post(
        &format!("/api/runs/{name}/signal/yes"),
        &json!({ "value": false }),
    );
    assert_eq!(sent.status, 204, "{sent:?}");
    let ended = server.wait_for(&name, |run| run["state"] == "Completed");
    assert_eq!(
        (&ended["result"], &ended["queue"]),
        (&json!(false), &json!("default"))
    );
}
