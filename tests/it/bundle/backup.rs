//! A copy of a store while a run goes on.

use super::Place;

const TASKS: usize = 2_000;

#[test]
fn a_copy_taken_in_the_middle_of_a_run_opens_and_goes_on() {
    let place = Place::new();
    let count = TASKS.to_string();
    let arguments = ["run", "pack", "--folder", ".", "--items", &count];
    let mut running = place.spawn("here", &arguments);
    place.await_lines(TASKS / 4);
    let copied = place.json("here", &["store", "backup", "copy.db"]);
    assert_eq!(copied["runs"], 1);
    let status = running.wait().expect("it ends");
    assert!(status.success(), "the backup held nothing up");
    assert_eq!(place.ledger().len(), TASKS);

    let name = place.names("copy").remove(0);
    let in_copy = place.json("copy", &["runs", "show", &name]);
    let recorded = in_copy["steps"].as_array().expect("steps").len();
    assert!((TASKS / 4 - 1..TASKS).contains(&recorded), "{recorded}");
    place.told("copy", &["check"]);
    let resumed = place.json("copy", &["runs", "resume", &name]);
    assert_eq!(resumed["state"], "Completed");
    assert_eq!(place.ledger().len(), TASKS + TASKS - recorded);
    let original = place.json("here", &["runs", "show", &name]);
    assert_eq!(resumed["result"], original["result"]);
}
