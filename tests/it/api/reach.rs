//! What a command line does to a store it does to a server on that store, verb by verb: here and there say the same.

use serde_json::{Value, json};

use super::door::{DESK, Said, here, same, say, there};
use super::{Server, program_in};

/// None of these slots passes between two looks: all are long ago, or years away.
const FILE: &str = "\
deployments:
- name: nightly
  entrypoint: desk:ship
  parameters: { pages: 3 }
  tags: [night]
  schedules:
  - { cron: 0 3 * * *, timezone: UTC, slug: early, active: false, end: 2026-02-01 }
  - { cron: 0 5 * * *, timezone: Asia/Tokyo, slug: late, active: false, end: 2026-02-01 }
- name: asking
  flow_name: asks
  schedule: { cron: 0 4 * * *, timezone: UTC, active: false, end: 2026-02-01 }
- name: leap
  flow_name: ship
  schedule: { cron: 0 0 29 2 *, timezone: UTC, slug: day, active: false }
";

/// A server on which `nightly`, `asking` and `leap` are deployed, from there.
fn deployed() -> Server {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start_in(folder, &[("FLOWRT_WORKER_REST_AFTER", "1d")]);
    std::fs::write(server.folder().join("flowrt.yaml"), FILE).expect("the folder takes files");
    let file = server.folder().join("flowrt.yaml");
    let file = file.display();
    same(DESK, &server, &format!("deploy -f {file} --dry-run"));
    same(DESK, &server, &format!("deploy -f {file} --dry-run --json"));
    let said = there(DESK, &server, &format!("deploy -f {file} --yes"));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.err.contains("deployed: 3 created"), "{said:?}");
    let again = same(DESK, &server, &format!("deploy -f {file} --yes"));
    assert!(again.err.contains("nothing to change"), "{again:?}");
    works(&server);
    server
}

/// Waits until its worker is there: it listens before.
fn works(server: &Server) {
    server.wait_at("/api/workers", |workers| workers[0]["pid"] == server.pid());
}

fn value(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
}

#[test]
fn deployments_and_schedules_are_the_same_here_and_there() {
    let server = deployed();
    let faulty = server.folder().join("faulty.yaml");
    std::fs::write(&faulty, FILE.replace("pages: 3", "pagez: 3")).expect("the folder takes files");
    for line in [
        "deployments",
        "deployments ls --json",
        "deployments show nightly",
        "deployments show nightly --json",
        "deployments show nightlie",
        "deployments pause nightly",
        "deployments show nightly",
        "deployments resume nightly",
        "deployments run nightly -p pages",
        "deployments run nightly -p pages=many",
        "deployments run nightlie",
        "schedules",
        "schedules ls --json",
        "schedules resume leap/day",
        "schedules next leap -n 3 --json",
        "schedules next nothing",
        "schedules resume leap --json",
        "deployments show leap",
        "schedules pause leap",
        "schedules pause nightly/earlie",
        "schedules pause nothing",
    ] {
        same(DESK, &server, line);
    }
    let fault = same(
        DESK,
        &server,
        &format!("deploy -f {} --yes", faulty.display()),
    );
    assert_eq!(fault.code, Some(2), "{fault:?}");
    assert!(
        fault.err.contains("faulty.yaml"),
        "the file that was meant: {fault:?}"
    );
    for at in [here, there] {
        let run = at(
            DESK,
            &server,
            "deployments run nightly -p pages=7 -p region=eu --json",
        );
        let run = value(&run);
        assert_eq!(
            (
                &run["deployment"],
                &run["parameters"]["pages"],
                &run["workers"]
            ),
            (&json!("nightly"), &json!(7), &json!(1)),
            "{run}"
        );
        server.wait_for_state(&run, "Completed");
    }
    let gone = there(DESK, &server, "deployments delete nightly");
    assert!(
        gone.err.contains("deleted nightly; its runs stay"),
        "{gone:?}"
    );
    let none = same(DESK, &server, "deployments delete nightly");
    assert_eq!(none.code, Some(2), "{none:?}");
}

#[test]
fn backfills_are_begun_and_stopped_here_and_there() {
    let server = deployed();
    for line in [
        "backfill nightly --from 2026-01-01 --to 2026-01-03 --dry-run",
        "backfill nightly --from 2026-01-01 --to 2026-01-03 --dry-run --json --reverse",
        "backfill nightly --from January --to 2026-01-03",
        "backfill nightlie --from 2026-01-01 --to 2026-01-03",
        "backfill ls",
        "backfill pause nothing",
    ] {
        same(DESK, &server, line);
    }
    let mut ids = Vec::new();
    for (at, which) in [
        (here as fn(&str, &Server, &str) -> Said, "--missing"),
        (there, "--all"),
    ] {
        let line = format!(
            "backfill nightly --from 2026-01-01 --to 2026-01-03 --concurrency 2 {which} --json"
        );
        let begun = value(&at(DESK, &server, &line));
        assert_eq!(begun["slots"].as_array().map(Vec::len), Some(6), "{begun}");
        let id = begun["backfill"].as_str().expect("it has begun").to_owned();
        let path = format!("/api/backfills/{id}");
        let done = server.wait_at(&path, |backfill| backfill["state"] == "done");
        assert_eq!(done["completed"], 6, "{done}");
        ids.push(id);
    }
    for id in &ids {
        same(DESK, &server, &format!("backfill show {id}"));
        same(DESK, &server, &format!("backfill show {id} --json"));
        let over = same(DESK, &server, &format!("backfill pause {id}"));
        assert_eq!(over.code, Some(2), "{over:?}");
    }
    same(DESK, &server, "backfill ls --json");
    let begun = there(
        DESK,
        &server,
        "backfill asking --from 2026-01-01 --to 2026-01-03 --json",
    );
    let id = value(&begun)["backfill"]
        .as_str()
        .expect("it has begun")
        .to_owned();
    server.wait_at(&format!("/api/backfills/{id}"), |backfill| {
        backfill["slots"][0]["state"] == "Waiting"
    });
    for (verb, at) in [
        ("pause", there as fn(&str, &Server, &str) -> Said),
        ("resume", here),
        ("pause", here),
        ("resume", there),
        ("cancel", there),
    ] {
        let said = at(DESK, &server, &format!("backfill {verb} {id}"));
        assert_eq!(said.code, Some(0), "{verb}: {said:?}");
        let state = match verb {
            "pause" => "paused",
            "resume" => "running",
            _ => "cancelled",
        };
        assert!(said.out.contains(state), "{verb}: {said:?}");
    }
}

#[test]
fn runs_are_begun_anew_and_deleted_here_and_there() {
    let server = Server::start();
    for name in ["one", "two"] {
        let body = json!({ "flow": "ship", "name": name });
        assert_eq!(server.post("/api/runs", &body).status, 201);
        server.wait_for(name, |run| run["state"] == "Completed");
    }
    let asking = server.start_run("asks", json!({}));
    server.wait_for_state(&asking, "Waiting");
    let asking = asking["name"].as_str().expect("a name");
    for line in [
        "runs rerun one --plan",
        "runs rerun one --plan --json --pages 4",
        "runs rerun one --plan --from say",
        "runs rerun one --yes --from nothing",
        "runs rerun one --yes --pages many",
        "graph --run one",
        "graph --run one --json",
        &format!("runs delete {asking}"),
        "runs delete nothing",
    ] {
        same(DESK, &server, line);
    }
    let mut ends = Vec::new();
    for at in [here, there] {
        let run = value(&at(DESK, &server, "runs rerun one --yes --json --pages 4"));
        assert_eq!(run["parameters"]["pages"], 4, "{run}");
        ends.push(json!([
            run["state"],
            run["result"],
            run["origin"],
            run["tasks"]
        ]));
    }
    assert_eq!(ends[0], ends[1]);
    for (at, name) in [
        (here as fn(&str, &Server, &str) -> Said, "one"),
        (there, "two"),
    ] {
        let said = at(DESK, &server, &format!("runs delete {name}"));
        assert_eq!(
            (said.code, said.err.trim()),
            (Some(0), &*format!("deleted {name}"))
        );
        assert_eq!(server.get(&format!("/api/runs/{name}")).status, 404);
    }
}

#[test]
fn limits_kept_results_and_artifacts_are_the_same_here_and_there() {
    let limited = env!("CARGO_BIN_EXE_limited");
    let server = Server::of(limited, tempfile::tempdir().expect("a folder"), &[]);
    for line in [
        "limits",
        "limits ls --json",
        "limits show API",
        "limits set API 50 per minute",
        "limits set API 7000",
        "limits set API --default",
        "limits reset API --json",
        "limits show APY",
        "cache",
        "cache clear --older-than 1h",
        "workers --nothing",
    ] {
        same(limited, &server, line);
    }
    let gallery = env!("CARGO_BIN_EXE_gallery");
    let server = Server::of(gallery, tempfile::tempdir().expect("a folder"), &[]);
    let run = server.start_run("gallery", json!({}));
    server.wait_for_state(&run, "Completed");
    for line in [
        "artifacts",
        "artifacts ls --json",
        "artifacts show notes",
        "artifacts show tries --version 1 --json",
        "artifacts get page",
        "artifacts get hot-files",
        "artifacts get nothing",
        "artifacts show notes --version 9",
    ] {
        same(gallery, &server, line);
    }
    let page = there(gallery, &server, "artifacts get page");
    assert_eq!(page.out, "<h1>page</h1>", "{page:?}");
    let thrifty = env!("CARGO_BIN_EXE_thrifty");
    let server = Server::of(thrifty, tempfile::tempdir().expect("a folder"), &[]);
    let run = server.start_run("buy", json!({ "items": 3 }));
    server.wait_for_state(&run, "Completed");
    let kept = same(thrifty, &server, "cache ls --json --task dear");
    assert_eq!(value(&kept).as_array().map(Vec::len), Some(3), "{kept:?}");
    let kept = server.get("/api/cache?task=dear").json();
    assert!(
        kept[0]["expires"]
            .as_str()
            .is_some_and(|at| at.ends_with('Z')),
        "{kept}"
    );
    let some = there(thrifty, &server, "cache clear --task dear --json");
    assert_eq!(value(&some)["cleared"], 3, "{some:?}");
    same(thrifty, &server, "cache ls --json");
    let all = there(thrifty, &server, "cache ls --limit 0");
    assert_eq!(all.code, Some(2), "{all:?}");
}

#[test]
fn workers_are_told_from_far() {
    let server = Server::start();
    works(&server);
    let workers = value(&there(DESK, &server, "workers --json"));
    assert_eq!(workers[0]["pid"], server.pid(), "{workers}");
    let told = there(DESK, &server, "workers");
    assert!(told.out.contains(&server.pid().to_string()), "{told:?}");
}

#[test]
fn a_secret_goes_to_a_server_of_this_machine_and_no_further() {
    let server = Server::start();
    let empty = tempfile::tempdir().expect("a folder");
    let set = |url: &str| {
        let mut command = program_in(DESK, empty.path());
        command.env("FLOWRT_SERVER", url).env("WORD", "s3same-4711");
        say(command, "secrets set door --from-env WORD")
    };
    let done = set(&server.url());
    assert_eq!(done.code, Some(0), "{done:?}");
    let kept = same(DESK, &server, "secrets ls --json");
    assert_eq!(value(&kept)[0]["name"], "door", "{kept:?}");
    // Nobody is asked: that address is kept for examples.
    let refused = set("http://192.0.2.1:4242");
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("is not sent"), "{refused:?}");
    assert!(!format!("{done:?}{refused:?}{kept:?}").contains("s3same"));
    let gone = there(DESK, &server, "secrets rm door");
    assert_eq!(gone.code, Some(0), "{gone:?}");
    assert_eq!(value(&same(DESK, &server, "secrets ls --json")), json!([]));
}
