//! Whatever a body does to its process is a failed attempt, and the run's other tasks are left alone.

use super::Place;

/// A run whose isolated body ends in that way, beside a bystander that always completes.
fn ends(how: &str) -> String {
    let place = Place::new();
    let ended = place.call(&["run", "ends", "--how", how]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("completed  bystander"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("not run    bystander#2"),
        "{}",
        ended.stderr
    );
    ended.stderr
}

#[test]
fn a_body_that_returns_gives_its_value() {
    let ended = Place::new().call(&["run", "ends", "--how", "itself"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stdout.contains("ended by itself, itself"),
        "{}",
        ended.stdout
    );
}

#[test]
fn an_abort_is_told_with_its_signal_and_last_words() {
    let told = ends("abort");
    let wanted = "its process was killed by SIGABRT; its last words: about to abort";
    assert!(told.contains(wanted), "{told}");
}

#[test]
fn a_stack_overflow_is_told() {
    let told = ends("overflow");
    assert!(told.contains("its process was killed by SIGABRT"), "{told}");
    assert!(told.contains("has overflowed its stack"), "{told}");
}

#[test]
fn a_wrong_access_to_memory_is_told() {
    let told = ends("segv");
    assert!(told.contains("its process was killed by SIGSEGV"), "{told}");
}

#[test]
fn an_exit_is_no_result() {
    let told = ends("exit");
    assert!(
        told.contains("its process ended with exit code 0 before the body returned"),
        "{told}"
    );
    assert!(ends("exit7").contains("ended with exit code 7"));
}

#[test]
fn a_panic_is_told_as_everywhere_and_logged() {
    let told = ends("panic");
    assert!(told.contains("panicked: the body panics"), "{told}");
    assert!(
        told.contains("error      end: panicked at tests/src/bin/isolated.rs"),
        "{told}"
    );
}

#[test]
fn an_error_comes_back_whole() {
    assert!(ends("error").contains("the body fails"));
}

#[test]
fn a_body_whose_process_died_is_tried_again() {
    let place = Place::new();
    let ended = place.call(&["run", "retried"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout.trim(), "3");
    assert_eq!(place.ledger(), "stubborn\nstubborn\nstubborn\n");
}

#[test]
fn memory_and_computing_time_have_limits_where_the_task_says_so() {
    let ended = Place::new().call(&["run", "hoards"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let told = &ended.stderr;
    assert!(told.contains("killed by SIGABRT"), "{told}");
    assert!(told.contains("memory allocation of"), "{told}");
    let ended = Place::new().call(&["run", "toils"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("killed by SIGXCPU"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("option `cpu`"), "{}", ended.stderr);
}
