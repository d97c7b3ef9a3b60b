//! One command line, two doors: what a verb says of a store is what it says of a server on that store.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::{Server, program_in};

pub(super) const DESK: &str = env!("CARGO_BIN_EXE_desk");
const TALK: &str = env!("CARGO_BIN_EXE_talk");

/// How a command ended, and what it said.
#[derive(Debug, PartialEq)]
pub(super) struct Said {
    pub(super) code: Option<i32>,
    pub(super) out: String,
    pub(super) err: String,
}

pub(super) fn say(mut command: Command, line: &str) -> Said {
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .args(line.split_whitespace())
        .output()
        .expect("the program runs");
    Said {
        code: status.code(),
        out: String::from_utf8_lossy(&stdout).into_owned(),
        err: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

pub(super) fn here(program: &str, server: &Server, line: &str) -> Said {
    say(program_in(program, server.folder()), line)
}

/// From an empty folder: nothing but the server can answer.
pub(super) fn there(program: &str, server: &Server, line: &str) -> Said {
    let empty = tempfile::tempdir().expect("a folder");
    let mut command = program_in(program, empty.path());
    command.env("FLOWRT_SERVER", server.url());
    let said = say(command, line);
    assert!(!has_store(empty.path()), "`{line}` made a store of its own");
    said
}

fn has_store(folder: &Path) -> bool {
    folder.join(".flowrt").exists()
}

pub(super) fn same(program: &str, server: &Server, line: &str) -> Said {
    let (here, there) = (here(program, server, line), there(program, server, line));
    let compared = |said: &Said| (said.code, ageless(&said.out), ageless(&said.err));
    assert_eq!(
        compared(&here),
        compared(&there),
        "of `{line}`, here and there"
    );
    here
}

/// How long ago something was is another matter each time that it is said.
fn ageless(text: &str) -> String {
    let mut words: Vec<&str> = text.split(' ').collect();
    while let Some(ago) = words
        .iter()
        .position(|word| word.trim_end_matches(['.', ',']) == "ago")
        .filter(|ago| *ago >= 2)
    {
        words.splice(ago - 2..=ago, ["once"]);
    }
    words.join(" ").replace("just now", "once")
}

#[test]
fn verbs_say_the_same_of_a_store_and_of_its_server() {
    let server = Server::start();
    for (flow, name) in [("ship", "shipped"), ("broken", "broke"), ("asks", "asking")] {
        let body = json!({ "flow": flow, "parameters": {}, "name": name });
        assert_eq!(server.post("/api/runs", &body).status, 201);
    }
    for (name, state) in [
        ("shipped", "Completed"),
        ("broke", "Failed"),
        ("asking", "Waiting"),
    ] {
        server.wait_for(name, |run| run["state"] == state);
    }
    for line in [
        "runs ls --json --state completed --state failed",
        "runs --flow ship",
        "runs --flow nothing",
        "runs --state failed --limit 1",
        "runs show shipped",
        "runs show broke",
        "runs show broke --json",
        "runs show nothing-like-that",
        "runs logs shipped",
        "runs logs shipped --json",
        "runs logs shipped --task nothing",
        "runs why broke",
        "runs why asking --json",
        "runs watch shipped",
        "runs watch broke",
        "runs watch broke --json",
        "runs resume broke --plan --json",
        "runs resume shipped --plan",
        "runs signal asking yes maybe",
        "runs signal shipped yes true",
        "runs cancel broke",
    ] {
        same(DESK, &server, line);
    }
    let broke = same(DESK, &server, "runs watch broke");
    assert_eq!(broke.code, Some(1), "{broke:?}");
    assert!(broke.err.contains("the disk is full"), "{broke:?}");
}

#[test]
fn a_flow_that_is_run_there_ends_as_it_does_here() {
    let server = Server::start();
    for line in [
        "run ship --pages 3 --json",
        "run broken --json",
        "run ship --pages many",
    ] {
        let (here, there) = (here(DESK, &server, line), there(DESK, &server, line));
        assert_eq!(here.code, there.code, "{here:?}\n{there:?}");
        let ends = |said: &Said| -> Option<Value> {
            let run: Value = serde_json::from_str(&said.out).ok()?;
            Some(json!([
                run["state"],
                run["result"],
                run["error"],
                run["tasks"],
                run["parameters"]
            ]))
        };
        assert_eq!(ends(&here), ends(&there), "{here:?}\n{there:?}");
    }
    let plain = there(DESK, &server, "run ship --region eu");
    assert_eq!(plain.code, Some(0), "{plain:?}");
    assert!(plain.err.contains("Completed in"), "{plain:?}");
    assert_eq!(plain.out, here(DESK, &server, "run ship --region eu").out);
}

#[test]
fn a_run_there_is_left_watched_answered_and_resumed() {
    let server = Server::start();
    let left = there(DESK, &server, "run asks --name asking --no-wait");
    assert_eq!(
        (left.code, left.out.trim()),
        (Some(0), "asking"),
        "{left:?}"
    );
    server.wait_for("asking", |run| run["state"] == "Waiting");
    let watched = std::thread::scope(|scope| {
        let watched = scope.spawn(|| there(DESK, &server, "runs watch asking"));
        let sent = there(DESK, &server, "runs signal asking yes true");
        assert!(sent.err.contains("sent `yes` to asking"), "{sent:?}");
        watched.join().expect("it watches")
    });
    assert_eq!(
        (watched.code, watched.out.trim()),
        (Some(0), "true"),
        "{watched:?}"
    );
    let broke = there(DESK, &server, "run broken --name broke");
    assert_eq!(broke.code, Some(1), "{broke:?}");
    let again = there(DESK, &server, "runs resume broke --yes");
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.err.contains("keep   say"), "{again:?}");
}

#[test]
fn logs_come_from_there_to_the_last_line() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::of(TALK, folder, &[]);
    let run = server.start_run("chatter", json!({ "lines": 12000 }));
    server.wait_for_state(&run, "Completed");
    let name = run["name"].as_str().unwrap();
    let logs = same(TALK, &server, &format!("runs logs {name}"));
    assert_eq!(logs.out.lines().count(), 12_002);
    same(
        TALK,
        &server,
        &format!("runs logs {name} --follow --task talk"),
    );
}

#[test]
fn what_cannot_be_asked_is_said() {
    let server = Server::start();
    for line in [
        "secrets rotate-key",
        "store info",
        "store backup x.db",
        "worker",
    ] {
        let refused = there(DESK, &server, line);
        assert_eq!(refused.code, Some(2), "{line}: {refused:?}");
        let said = "works on the store itself, which only the machine of the server has";
        assert!(refused.err.contains(said), "{line}: {refused:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let nobody = say(
        program_in(DESK, folder.path()),
        "runs --server http://127.0.0.1:1",
    );
    assert_eq!(nobody.code, Some(1), "{nobody:?}");
    assert!(nobody.err.contains("cannot be reached"), "{nobody:?}");
    assert!(
        nobody.err.contains("try: is `serve` running there?"),
        "{nobody:?}"
    );
}

#[test]
fn a_token_goes_along_and_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_in(folder, &[("FLOWRT_SERVER_TOKEN", "open-sesame-4711")]);
    let without = there(DESK, &server, "runs");
    assert_eq!(without.code, Some(2), "{without:?}");
    assert!(without.err.contains("FLOWRT_TOKEN"), "{without:?}");
    let with = |token: &str| {
        let empty = tempfile::tempdir().unwrap();
        let mut command = program_in(DESK, empty.path());
        command
            .env("FLOWRT_SERVER", server.url())
            .env("FLOWRT_TOKEN", token);
        say(command, "runs")
    };
    assert_eq!(with("open-sesame-4711").code, Some(0));
    let wrong = with("close-sesame-4712");
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(!format!("{wrong:?}").contains("close-sesame"), "{wrong:?}");
}
