//! The question before a resume, on the terminal that `script` of util-linux makes.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use super::command_line::{Place, text};

/// Resumes a run on a terminal, answers when it is asked, and gives all that the screen showed.
fn answered(place: &Place, name: &str, options: &str, answer: &str) -> String {
    let program = env!("CARGO_BIN_EXE_night");
    let line = format!("exec {program} runs resume {name} {options}");
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .current_dir(place.path())
        .env("TERM", "xterm")
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect(
            "`script` of util-linux runs: install it with `apt-get install util-linux bsdutils`",
        );
    let mut keys = child.stdin.take().expect("is piped");
    let mut screen = child.stdout.take().expect("is piped");
    let mut seen = Vec::new();
    let mut more = [0; 1024];
    while !text(&seen).contains("skip this question") {
        let read = screen.read(&mut more).expect("can be read");
        if read == 0 {
            break;
        }
        seen.extend_from_slice(&more[..read]);
    }
    // A program that never asked has ended, and nobody reads.
    let _ = keys.write_all(answer.as_bytes());
    screen.read_to_end(&mut seen).expect("can be read");
    assert!(child.wait().expect("it ends").success(), "{}", text(&seen));
    text(&seen)
}

#[test]
fn a_person_is_asked_after_the_plan_and_may_decline() {
    let place = Place::new();
    place.set("broken-second");
    let failed = place.night(&["run", "night", "--folder", "."]);
    assert_eq!(failed.status.code(), Some(1), "{}", text(&failed.stderr));
    place.unset("broken-second");
    let (name, before) = (place.newest(), place.ledger());

    for no in ["n\n", "\n", "what?\n"] {
        let seen = answered(&place, &name, "", no);
        let plan = seen.find("keep   first").expect("the plan is shown");
        let question = seen.find("Go on? [y/N]").expect("it asks");
        assert!(plan < question, "{seen}");
        assert!(seen.contains(&format!("{name} stays as it is")), "{seen}");
    }
    assert_eq!(place.ledger(), before, "nothing was done");

    let seen = answered(&place, &name, "", "y\n");
    assert!(seen.contains("Completed in"), "{seen}");
    assert_eq!(place.ledger()[2..], ["second", "fourth", "fifth", "third"]);
}

#[test]
fn who_says_yes_before_is_not_asked() {
    let place = Place::new();
    place.set("broken-second");
    place.night(&["run", "night", "--folder", "."]);
    place.unset("broken-second");
    let seen = answered(&place, &place.newest(), "--yes", "");
    assert!(!seen.contains("Go on?"), "{seen}");
    assert!(seen.contains("Completed in"), "{seen}");
}
