use super::{Place, signal, text};
use crate::until::until;

#[test]
fn one_signal_lets_go_and_resume_repeats_nothing() {
    for how in ["INT", "TERM"] {
        let place = Place::new();
        let run = place.start("patient");
        place.await_state("Waiting");
        signal(&run, how);
        let (code, said) = place.end_of(run);
        assert_eq!(code, Some(130), "{said}");
        let name = place.name();
        assert!(said.contains(&format!("runs resume {name}")), "{said}");
        place.await_state("Interrupted");
        let sent = place.call(&["runs", "signal", &name, "answer", "7"]);
        assert!(sent.status.success(), "{}", text(&sent.stderr));
        let resumed = place.call(&["runs", "resume", &name]);
        assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
        assert_eq!(place.ledger(), ["first", "heard 7"]);
    }
}

#[test]
fn what_ends_in_time_is_recorded_and_nothing_new_starts() {
    for flow in ["long", "nested"] {
        let place = Place::new();
        let run = place.start(flow);
        place.await_line("body begins", 1);
        signal(&run, "INT");
        until(|| place.said().contains("letting go"));
        // The body does not learn of it, since what it gives shall be its whole result.
        place.touch("go");
        let (code, said) = place.end_of(run);
        assert_eq!(code, Some(130), "{said}");
        assert_eq!(place.ledger(), ["first", "body begins"], "{flow}");
        place.await_state("Interrupted");
        let resumed = place.call(&["runs", "resume", &place.name()]);
        assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
        assert_eq!(place.count("body begins"), 1, "{:?}", place.ledger());
        assert_eq!(place.count("last"), 1);
    }
}

#[test]
fn two_signals_stop_at_once() {
    let place = Place::new();
    let mut run = place.start("long");
    place.await_line("body begins", 1);
    signal(&run, "INT");
    // Signals of a kind are one while they are not taken; so the second is sent until it is.
    until(|| {
        signal(&run, "INT");
        run.try_wait().expect("it is our child").is_some()
    });
    let (code, said) = place.end_of(run);
    assert_eq!(code, Some(130), "{said}");
    place.touch("go");
    let resumed = place.call(&["runs", "resume", &place.name()]);
    assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
    assert_eq!((place.count("first"), place.count("last")), (1, 1));
}

#[test]
#[cfg(unix)]
fn a_program_that_the_same_signal_stops_has_not_failed() {
    use std::os::unix::process::CommandExt;
    let place = Place::new();
    let mut command = place.command(&["run", "outer", "--folder", "."]);
    // A group of their own, as a terminal makes for what it runs.
    let run = command.process_group(0).spawn().expect("the program runs");
    place.await_line("program begins", 1);
    let group = std::process::Command::new("kill")
        .args(["-INT", "--", &format!("-{}", run.id())])
        .status();
    assert!(group.expect("kill runs").success());
    assert_eq!(place.end_of(run).0, Some(130));
    place.await_state("Interrupted");
    place.touch("go");
    let resumed = place.call(&["runs", "resume", &place.name()]);
    assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
    assert_eq!((place.count("program begins"), place.count("last")), (2, 1));
}
