//! Who is let in.

use serde_json::json;

use super::{Server, command};

#[test]
fn a_foreign_name_and_a_foreign_page_are_refused() {
    let server = Server::start();
    let foreign = server.ask("GET", "/api/runs", &[("Host", "evil.example")], None);
    assert_eq!(foreign.status, 403, "{foreign:?}");
    assert_eq!(foreign.json()["code"], "wrong_host");
    let body = json!({ "flow": "ship", "parameters": {} });
    let origin = [("Origin", "http://evil.example")];
    let page = server.ask("POST", "/api/runs", &origin, Some(&body));
    assert_eq!(
        (page.status, page.json()["code"].clone()),
        (403, json!("cross_origin"))
    );
    let runs = server.get("/api/runs").json();
    assert_eq!(runs["items"], json!([]), "nothing was started");
}

#[test]
fn what_a_browser_may_load_is_said_on_every_answer() {
    let server = Server::start();
    for path in ["/api/health", "/api/nothing", "/nothing"] {
        let answer = server.get(path);
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("script-src 'self'"), "{path}: {answer:?}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
}

#[test]
fn a_token_is_asked_for_once_one_is_set() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_in(folder, &[("FLOWRT_SERVER_TOKEN", "open-sesame-4711")]);
    assert_eq!(server.get("/api/health").status, 200, "health needs none");
    let without = server.get("/api/runs");
    assert_eq!(
        (without.status, without.json()["code"].clone()),
        (401, json!("no_token"))
    );
    let ask = |token: &str| {
        let value = format!("Bearer {token}");
        server.ask("GET", "/api/runs", &[("Authorization", &value)], None)
    };
    assert_eq!(ask("open-sesame-4712").status, 401);
    assert_eq!(ask("open-sesame-4711").status, 200);
}

#[test]
fn other_machines_are_served_only_with_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let refused = command(folder.path())
        .args(["serve", "--host", "0.0.0.0", "--port", "0"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("try: set one: FLOWRT_SERVER_TOKEN"), "{said}");
}

#[test]
fn a_token_that_was_made_opens_by_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    let made = command(folder.path())
        .args(["serve", "--new-token", "--json"])
        .output()
        .unwrap();
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    let settings = format!("[server]\ntoken_hashes = [{}]\n", made["hash"]);
    std::fs::write(folder.path().join("flowrt.toml"), settings).unwrap();
    let server = Server::start_in(folder, &[]);
    assert_eq!(server.get("/api/runs").status, 401);
    let value = format!("Bearer {}", made["token"].as_str().unwrap());
    let headers = [("Authorization", value.as_str())];
    assert_eq!(server.ask("GET", "/api/runs", &headers, None).status, 200);
}

#[test]
fn a_secret_is_set_and_never_shown() {
    let server = Server::start();
    let value = json!({ "value": "s3cret-value-1234" });
    let set = server.ask("PUT", "/api/secrets/OFFERS_TOKEN", &[], Some(&value));
    assert_eq!(set.status, 204, "{set:?}");
    let listed = server.get("/api/secrets");
    assert_eq!(listed.json()[0]["name"], "OFFERS_TOKEN");
    assert!(!listed.body.contains("s3cret"), "{listed:?}");
    // Also not where it is sent back as a name.
    let echoed = server.get("/api/runs/s3cret-value-1234");
    assert_eq!(echoed.status, 404);
    assert!(!echoed.body.contains("s3cret"), "{echoed:?}");
    let gone = server.ask("DELETE", "/api/secrets/OFFERS_TOKEN", &[], None);
    assert_eq!(gone.status, 204);
}
