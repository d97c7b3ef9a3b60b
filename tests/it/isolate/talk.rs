//! What goes to an isolated body and comes back.

use super::Place;

#[test]
fn a_log_holds_what_a_body_prints_and_logs() {
    let place = Place::new();
    let ended = place.call(&["run", "talks"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let log = place.log();
    let said = |what: &str, level: &str| {
        let line = log.lines().find(|line| line.contains(what));
        let line = line.unwrap_or_else(|| panic!("{what} is not in {log}"));
        assert!(line.contains(level), "{line}");
    };
    said("printed to stdout", "info");
    said("printed to stderr", "warn");
    said("a line that does not end", "info");
    said("logged by the body count=3", "info");
    said("logged by a thread", "warn");
    said("logged by a spawned future", "warn");
    assert!(!log.contains("too fine to keep"), "{log}");
}

#[test]
fn a_body_knows_its_attempt() {
    let ended = Place::new().call(&["run", "talks"]);
    let said: String = serde_json::from_str(&ended.stdout).expect("a text");
    let parts: Vec<&str> = said.split('/').collect();
    assert_eq!(
        (parts.len(), parts[0], parts[2]),
        (4, "1", "talk"),
        "{said}"
    );
    assert_ne!(parts[1], "plain");
}

#[test]
fn each_body_has_a_process_and_resources_of_its_own_and_an_empty_stdin() {
    let ended = Place::new().call(&["run", "places"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let ids: Vec<u32> = serde_json::from_str(&ended.stdout).expect("numbers");
    assert_eq!((ids[0], ids[2]), (ids[1], ids[3]));
    assert_ne!(ids[0], ids[2]);
}

#[test]
fn large_values_go_both_ways() {
    let ended = Place::new().call(&["run", "echoes", "--bytes", "10000000"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout.trim(), "20000000");
}

#[test]
fn the_hidden_argument_is_nothing_for_people() {
    let ended = Place::new().call(&["__task"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.starts_with("error: `__task` is"),
        "{}",
        ended.stderr
    );
}
