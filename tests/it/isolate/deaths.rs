//! Processes end when nobody wants them any more, with all that they have started.

use std::process::Command;

use super::{Place, await_death, lives};

#[test]
fn an_endless_loop_ends_at_its_timeout() {
    let place = Place::new();
    let ended = place.call(&["run", "spins"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let wanted = "the attempt did not end within its timeout of 500 ms";
    assert!(ended.stderr.contains(wanted), "{}", ended.stderr);
    assert!(ended.stderr.contains("timed out  spin"), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("completed  bystander"),
        "{}",
        ended.stderr
    );
    await_death(&place.await_note("spinning"));
}

/// Starts a run whose body waits for a process of its own: the run's process, the body's, and that one.
fn three_generations(place: &Place) -> (std::process::Child, String, String) {
    let run = place.spawn(&["run", "parents"]);
    let (body, below) = (place.await_note("me"), place.await_note("child"));
    assert!(lives(&body) && lives(&below));
    (run, body, below)
}

#[test]
fn a_body_dies_with_the_process_that_wanted_it() {
    let place = Place::new();
    let (mut run, body, below) = three_generations(&place);
    run.kill().expect("it can be killed");
    run.wait().expect("it is gone");
    await_death(&body);
    await_death(&below);
}

#[test]
fn a_cancel_ends_a_body_that_does_not_listen_and_what_it_started() {
    let place = Place::new();
    let (run, body, below) = three_generations(&place);
    cancel(&place);
    let ended = place.end_of(run);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    await_death(&body);
    await_death(&below);
}

#[test]
fn a_body_that_looks_is_told_of_a_cancel_and_ends_by_itself() {
    let place = Place::new();
    let run = place.spawn(&["run", "obeys"]);
    place.await_note("obeying");
    cancel(&place);
    let ended = place.end_of(run);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert_eq!(place.ledger(), "obeying\nobeyed\n");
}

/// From another process, as a person does it. Its words go nowhere: the run writes to the files of this place.
fn cancel(place: &Place) {
    let said = |arguments: &[&str]| {
        let output = Command::new(super::PROGRAM)
            .args(arguments)
            .current_dir(place.path())
            .env_remove("FLOWRT_STORE")
            .output()
            .expect("the program runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let runs = said(&["runs", "ls", "--json"]);
    let (_, rest) = runs.split_once("\"name\":\"").expect("a run");
    said(&["runs", "cancel", rest.split('"').next().expect("its name")]);
}

#[test]
fn what_a_body_leaves_behind_does_not_outlive_it() {
    let ended = Place::new().call(&["run", "careless_ones"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    await_death(ended.stdout.trim());
}

#[test]
fn many_bodies_leave_no_zombies_and_no_open_files() {
    let ended = Place::new().call(&["run", "leaks", "--count", "1000"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let left: (u32, usize) = serde_json::from_str(&ended.stdout).expect("two numbers");
    assert_eq!(left, (0, 0));
}
