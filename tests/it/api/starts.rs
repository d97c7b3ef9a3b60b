//! A start is one start, however often it is sent.

use serde_json::{Value, json};

use super::{Answer, Server};

fn start(server: &Server, key: &str, region: &str) -> Answer {
    let body = json!({ "flow": "ship", "parameters": { "region": region } });
    server.ask(
        "POST",
        "/api/runs",
        &[("Idempotency-Key", key)],
        Some(&body),
    )
}

fn count(server: &Server) -> usize {
    let runs = server.get("/api/runs?limit=500").json();
    runs["items"].as_array().map_or(0, Vec::len)
}

#[test]
fn one_key_starts_one_run_also_after_a_crash() {
    let server = Server::start();
    let first = start(&server, "k-1", "eu");
    assert_eq!(first.status, 201, "{first:?}");
    let id = first.json()["run_id"].clone();
    assert_eq!(
        first.header("location"),
        Some(&*format!("/api/runs/{}", id.as_str().unwrap()))
    );
    let second = start(&server, "k-1", "eu");
    assert_eq!(
        (second.status, second.json()["run_id"].clone()),
        (200, id.clone())
    );
    let server = Server::start_in(server.kill(), &[]);
    let third = start(&server, "k-1", "eu");
    assert_eq!((third.status, third.json()["run_id"].clone()), (200, id));
    assert_eq!(count(&server), 1);
    let other = start(&server, "k-1", "north-america");
    assert_eq!(other.status, 422, "{other:?}");
    assert_eq!(start(&server, "k-2", "north-america").status, 201);
    assert_eq!(count(&server), 2);
}

#[test]
fn a_run_that_was_started_goes_on_in_the_next_server() {
    let server = Server::start();
    let run = server.start_run("asks", json!({}));
    let id = run["run_id"].as_str().unwrap().to_owned();
    server.wait_for(&id, |run| run["state"] == "Waiting");
    let server = Server::start_in(server.kill(), &[]);
    let signal = json!({ "value": true });
    let sent = server.post(&format!("/api/runs/{id}/signal/yes"), &signal);
    assert!(matches!(sent.status, 200..=204), "{sent:?}");
    let ended = server.wait_for(&id, |run| !run["finished"].is_null());
    assert_eq!(ended["state"], "Completed", "{ended}");
    assert_eq!(count(&server), 1);
}

#[test]
fn a_key_sent_many_times_at_once_starts_one_run() {
    let server = Server::start();
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| start(&server, "same", "eu")))
            .collect();
        let answers = asked.into_iter().map(|one| one.join().expect("it answers"));
        answers
            .map(|answer| {
                assert!(matches!(answer.status, 200 | 201), "{answer:?}");
                answer.json()["run_id"].clone()
            })
            .collect()
    });
    assert!(answers.iter().all(|id| *id == answers[0]), "{answers:?}");
    assert_eq!(count(&server), 1);
}

#[test]
fn a_rerun_has_a_key_too() {
    let server = Server::start();
    let run = server.start_run("ship", json!({ "region": "eu" }));
    let id = run["run_id"].as_str().unwrap();
    server.wait_for(id, |run| !run["finished"].is_null());
    let rerun = || {
        let key = [("Idempotency-Key", "again")];
        let path = format!("/api/runs/{id}/rerun");
        server.ask("POST", &path, &key, Some(&json!({})))
    };
    let (first, second) = (rerun(), rerun());
    assert_eq!(
        (first.status, second.status),
        (201, 200),
        "{first:?} {second:?}"
    );
    assert_eq!(first.json()["run_id"], second.json()["run_id"]);
    assert_eq!(count(&server), 2);
}

#[test]
fn bad_parameters_start_nothing_and_are_all_told() {
    let server = Server::start();
    let body = json!({ "flow": "ship", "parameters": { "region": 7, "nonsense": 1 } });
    let answer = server.post("/api/runs", &body);
    assert_eq!(answer.status, 422, "{answer:?}");
    let problem = answer.json();
    let errors = problem["errors"].as_array().unwrap();
    let has = |path: &str| errors.iter().any(|error| error["path"] == path);
    assert!(
        has("parameters.region") && has("parameters.nonsense"),
        "{problem}"
    );
    assert_eq!(count(&server), 0);
}
