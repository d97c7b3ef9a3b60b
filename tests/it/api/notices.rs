//! Notices behind a server: listed page by page, tested, and without what one needs to use them.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::Server;
use super::door::{same, there};

const TOLD: &str = env!("CARGO_BIN_EXE_told");

/// `pager` and `gone` are told of nothing that happens here, so what is listed of `team` stays as it is.
const SETTINGS: &str = r#"
[[notices]]
name = "team"
command = "cat >> news; echo >> news"

[[notices]]
name = "pager"
command = ["sh", "-c", "echo the line is dead >&2; exit 7", "key-4711"]
flows = ["above"]
on = ["late"]

[[notices]]
name = "gone"
webhook = "http://me:key-4711@127.0.0.1:1/key-4711?key=key-4711"
flows = ["above"]
on = ["late"]
"#;

fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("flowrt.toml"), SETTINGS).expect("written");
    folder
}

fn news(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("news")).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn server() -> Server {
    Server::of(TOLD, folder(), &[])
}

#[test]
fn notices_are_the_same_here_and_there() {
    let server = server();
    let none = same(TOLD, &server, "notices");
    assert!(
        none.out
            .contains("team · failure, recovery of all flows · command cat …"),
        "{none:?}"
    );
    for line in [
        "notices ls --json",
        "notices test",
        "notices tset",
        "notices test tem",
        "notices test tem --json",
    ] {
        same(TOLD, &server, line);
    }
    let wrong = same(TOLD, &server, "notices test tem");
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(wrong.err.contains("there is no notice `tem`"), "{wrong:?}");
    assert!(
        wrong.err.contains("try: one of team, pager, gone"),
        "{wrong:?}"
    );
    for (name, why) in [
        ("pager", "the line is dead"),
        ("gone", "the webhook did not take it"),
    ] {
        let failed = same(TOLD, &server, &format!("notices test {name}"));
        assert_eq!(failed.code, Some(1), "{failed:?}");
        assert!(failed.err.contains(why), "{failed:?}");
        let answer = server.post(&format!("/api/notices/{name}/test"), &json!({}));
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (502, &json!("not_sent")),
            "{answer:?}"
        );
    }
    assert_eq!(news(server.folder()).len(), 0);
    same(TOLD, &server, "notices test team");
    same(TOLD, &server, "notices test team --json");
    let sent = news(server.folder());
    assert_eq!(sent.len(), 4, "{sent:?}");
    assert!(
        sent.iter().all(|news| news["occasion"] == "test"),
        "{sent:?}"
    );

    let run = server.start_run("import", json!({}));
    server.wait_for_state(&run, "Failed");
    server.wait_at("/api/notices/noted", |noted| {
        noted["items"][0]["sent"].is_string()
    });
    let listed = same(TOLD, &server, "notices");
    assert!(listed.out.contains("✓ sent 20"), "{listed:?}");
    let listed = same(TOLD, &server, "notices ls --json");
    let listed: Value = serde_json::from_str(&listed.out).expect("JSON");
    assert_eq!(listed[0]["run_id"], run["run_id"], "{listed}");
    assert_eq!(listed[0]["news"]["occasion"], "failure", "{listed}");
}

#[test]
fn notices_are_listed_page_by_page_and_tested_by_http() {
    let server = server();
    let fine = server.start_run("fine", json!({}));
    server.wait_for_state(&fine, "Completed");
    for flow in ["import", "scatter"] {
        let run = server.start_run(flow, json!({}));
        server.wait_for_state(&run, "Failed");
        // Each is noted before the next begins, so their order is known.
        server.wait_at("/api/notices/noted", |noted| {
            noted["items"][0]["run_id"] == run["run_id"] && noted["items"][0]["sent"].is_string()
        });
    }
    let first = server.get("/api/notices/noted?limit=1").json();
    assert_eq!(first["items"].as_array().map(Vec::len), Some(1), "{first}");
    assert_eq!(first["items"][0]["news"]["flow"], "scatter", "{first}");
    let place = first["next"].as_i64().expect("there is more");
    let second = server
        .get(&format!("/api/notices/noted?limit=1&before={place}"))
        .json();
    assert_eq!(second["items"][0]["news"]["flow"], "import", "{second}");
    assert_eq!(second["next"], Value::Null, "{second}");
    let run = second["items"][0]["run_id"].as_str().expect("an id");
    let of_run = server.get(&format!("/api/notices/noted?run={run}")).json();
    assert_eq!(of_run, second);
    for wrong in [
        "limit=0",
        "limit=501",
        "before=never",
        "run=calm",
        "state=sent",
    ] {
        let answer = server.get(&format!("/api/notices/noted?{wrong}"));
        assert_eq!(answer.status, 422, "{wrong}: {answer:?}");
    }
    let sent = server.post("/api/notices/team/test", &json!({}));
    assert_eq!((sent.status, sent.json()), (200, json!({ "sent": "team" })));
    let unknown = server.post("/api/notices/nobody/test", &json!({}));
    assert_eq!(
        (unknown.status, &unknown.json()["code"]),
        (404, &json!("not_found"))
    );
}

#[test]
fn what_one_needs_to_use_a_notice_is_shown_nowhere() {
    let server = server();
    let told = server.get("/api/notices").json();
    let ways: Vec<_> = told
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| json!([one["way"], one["to"]]))
        .collect();
    assert_eq!(
        ways,
        [
            json!(["command", "cat …"]),
            json!(["command", "sh …"]),
            json!(["webhook", "127.0.0.1:1"])
        ],
        "{told}"
    );
    let page = server.get("/notices");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("127.0.0.1:1"), "{page:?}");
    let refused = server.post("/api/notices/gone/test", &json!({}));
    let listed = there(TOLD, &server, "notices");
    let tested = there(TOLD, &server, "notices test gone");
    let near = super::door::here(TOLD, &server, "notices");
    for said in [
        told.to_string(),
        page.body,
        refused.body,
        format!("{listed:?}{tested:?}{near:?}"),
    ] {
        assert!(!said.contains("key-4711"), "{said}");
    }
}
