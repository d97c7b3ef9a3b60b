//! What is cleared away, and what never is.

use super::{Place, kill, text};
use crate::until::until;

/// A run that waits for a person, with a child that has ended, and nobody who drives it.
fn unfinished(place: &Place) -> String {
    let lines = place.ledger().len();
    let running = place.spawn("here", &["run", "ask", "--folder", "."]);
    place.await_lines(lines + 1);
    let name = place.names("here").remove(0);
    until(|| place.told("here", &["runs", "why", &name]).contains("yes"));
    kill(running);
    name
}

#[test]
fn only_what_has_ended_goes_as_far_as_it_is_meant() {
    let place = Place::new();
    let old: Vec<_> = (0..3).map(|_| place.ran("here", &["ship"])).collect();
    let packed = place.ran("here", &["pack", "--items", "1"]);
    place.touch("broken-send");
    let failed = place.ran("here", &["ship"]);
    let waiting = unfinished(&place);
    let all = place.names("here");

    let (code, _) = place.refused("here", &["store", "prune"]);
    assert_eq!(code, Some(2), "an age must be said");
    place.told("here", &["store", "prune", "--older-than", "30d"]);
    let prune = |arguments: &[&str]| {
        let arguments = [&["store", "prune", "--older-than", "0s"], arguments].concat();
        place.json("here", &arguments)
    };
    let would = prune(&["--dry-run", "--state", "failed"]);
    assert_eq!(would["would_delete"], serde_json::json!([failed]));
    assert_eq!(place.names("here"), all, "a dry run deletes nothing");
    let gone = prune(&["--flow", "ship", "--keep", "2"]);
    assert_eq!(gone["deleted"], serde_json::json!([old[0], old[1]]));
    let gone = prune(&["--state", "completed"]);
    assert_eq!(gone["deleted"], serde_json::json!([old[2], packed]));
    let gone = prune(&[]);
    assert_eq!(gone["deleted"], serde_json::json!([failed]));
    assert_eq!(place.names("here"), [waiting.as_str()]);

    // The child of the one that waits is there, and it goes on.
    assert_eq!(place.rows("here", "run"), 2);
    assert_eq!(place.rows("here", "trash"), 0);
    place.told("here", &["runs", "signal", &waiting, "yes", "true"]);
    let lines = place.ledger().len();
    let resumed = place.json("here", &["runs", "resume", &waiting]);
    assert_eq!(resumed["result"], true);
    assert_eq!(place.ledger().len(), lines);
}

#[test]
fn a_prune_that_is_killed_anywhere_leaves_whole_runs_and_is_finished_by_the_next() {
    let mut deaths = 0;
    for failpoint in [
        "store::discarded:1",
        "store::discarded:2",
        "store::swept:1",
        "store::swept:2",
        "store::swept:3",
        "store::swept:4",
    ] {
        let place = Place::new();
        for _ in 0..2 {
            place.ran("here", &["ship", "--items", "700"]);
        }
        let waiting = unfinished(&place);
        let arguments = ["store", "prune", "--older-than", "0s"];
        let mut command = place.command(super::PROGRAM, "here", &arguments);
        let output = command.env("FLOWRT_FAILPOINT", failpoint).output();
        let output = output.expect("the program runs");
        deaths += usize::from(!output.status.success());
        // Every run that is listed is whole, with its child.
        for name in place.names("here") {
            let run = place.json("here", &["runs", "show", &name]);
            let steps = run["steps"].as_array().expect("steps").len();
            assert_eq!(
                steps,
                if name == waiting { 2 } else { 3 },
                "{failpoint}: {run}"
            );
        }
        place.told("here", &["check"]);
        place.told("here", &arguments);
        assert_eq!(place.names("here"), [waiting]);
        for (table, rows) in [("trash", 0), ("run", 2), ("run_payload", 2)] {
            assert_eq!(place.rows("here", table), rows, "{failpoint}: {table}");
        }
        assert!(place.rows("here", "step") <= 3, "{failpoint}");
    }
    assert!(deaths >= 5, "the failpoints were reached: {deaths}");
}

#[test]
fn writers_go_on_while_much_is_deleted() {
    let place = Place::new();
    place.ran("here", &["pack", "--items", "3000"]);
    let mut running = place.spawn("here", &["run", "pack", "--folder", ".", "--items", "500"]);
    let pruned = place.call("here", &["store", "prune", "--older-than", "0s"]);
    assert!(pruned.status.success(), "{}", text(&pruned.stderr));
    assert!(running.wait().expect("it ends").success());
    let info = place.json("here", &["store", "info"]);
    assert_eq!(info["shrinks"], true);
}
