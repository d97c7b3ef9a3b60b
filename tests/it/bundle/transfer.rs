//! Export here, import there.

use super::{OTHER_PROGRAM, Place, kill, text};

/// What must be the same in both stores.
fn looks(place: &Place, store: &str, name: &str) -> [String; 4] {
    [
        place.told(store, &["runs", "show", name, "--json"]),
        place.told(store, &["runs", "logs", name]),
        place.told(store, &["graph", "--run", name, "--format", "json"]),
        place.told(store, &["runs", "why", name]),
    ]
}

#[test]
fn a_run_shows_there_what_it_was_here_and_is_replayed_for_nothing() {
    let place = Place::new();
    let name = place.ran("here", &["ship"]);
    assert_eq!(place.ledger().len(), 3);
    place.told("here", &["store", "export", &name]);
    let file = format!("{name}.flowrt.json");
    assert_eq!(
        place.told("there", &["store", "import", &file]).trim(),
        name
    );
    assert_eq!(looks(&place, "here", &name), looks(&place, "there", &name));
    assert_eq!(place.names("there"), [name.as_str()]);
    let show = place.told("there", &["runs", "show", &name]);
    assert!(show.contains("another store"), "{show}");

    let again = place.call("there", &["store", "import", &file]);
    assert!(again.status.success());
    assert!(text(&again.stderr).contains("is here already"));
    assert_eq!(place.names("there"), [name.as_str()]);

    let rerun = place.json("there", &["runs", "rerun", &name, "--yes"]);
    let before = place.json("here", &["runs", "show", &name]);
    assert_eq!(rerun["result"], before["result"]);
    assert_eq!(rerun["result"]["number"], u64::MAX);
    assert_eq!(place.ledger().len(), 3, "all of it is reused");
    // What was taken in can be taken out, and what is exported twice is the same.
    place.told("there", &["store", "export", &name, "-o", "second.json"]);
    place.told("third", &["store", "import", "second.json"]);
    assert_eq!(looks(&place, "here", &name), looks(&place, "third", &name));
}

#[test]
fn a_failed_run_goes_on_there_only_as_a_new_one() {
    let place = Place::new();
    place.touch("broken-item1");
    let name = place.ran("here", &["ship"]);
    place.told("here", &["store", "export", &name, "-o", "run.json"]);
    place.told("there", &["store", "import", "run.json"]);
    let (code, said) = place.refused("there", &["runs", "resume", &name, "--yes"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(&format!("runs rerun {name}")), "{said}");
    std::fs::remove_file(place.path("broken-item1")).expect("it is there");
    let rerun = place.json("there", &["runs", "rerun", &name, "--yes"]);
    assert_eq!(rerun["result"]["label"], "item0item1");
    assert_eq!(place.ledger(), ["item0", "item1", "item1", "send"]);
    let there = place.json("there", &["runs", "show", &name]);
    assert_eq!(there["state"], "Failed", "what came in stays as it was");
}

#[test]
fn a_run_under_way_is_taken_out_as_it_stands() {
    let place = Place::new();
    place.touch("hold-item1");
    let running = place.spawn("here", &["run", "ship", "--folder", "."]);
    place.await_lines(2);
    let name = place.names("here").remove(0);
    place.told("here", &["store", "export", &name, "-o", "run.json"]);
    place.told("there", &["store", "import", "run.json"]);
    let there = place.json("there", &["runs", "show", &name]);
    assert_eq!(there["state"], "Interrupted");
    let here = place.json("here", &["runs", "show", &name]);
    assert!(["Running", "Waiting"].contains(&here["state"].as_str().expect("a state")));
    kill(running);
    let checked = place.told("there", &["check"]);
    assert!(!checked.contains(&name), "{checked}");
    // Nobody takes it up by itself, and what is asked of it harms nobody.
    std::fs::remove_file(place.path("hold-item1")).expect("it is there");
    let rerun = place.json("there", &["runs", "rerun", &name, "--yes"]);
    assert_eq!(rerun["result"]["label"], "item0item1");
    place.told("there", &["runs", "cancel", &name]);
    place.told("there", &["runs", "delete", &name]);
}

#[test]
fn a_program_without_the_flow_shows_it() {
    let place = Place::new();
    let name = place.ran("here", &["ship"]);
    place.told("here", &["store", "export", &name, "-o", "run.json"]);
    let call = |arguments: &[&str]| {
        let output = place.command(OTHER_PROGRAM, "other", arguments).output();
        output.expect("the program runs")
    };
    assert!(call(&["store", "import", "run.json"]).status.success());
    let graph = call(&["graph", "--run", &name]);
    assert!(
        text(&graph.stdout).contains("weigh"),
        "{}",
        text(&graph.stderr)
    );
    assert!(text(&call(&["runs", "show", &name]).stdout).contains("weigh"));
    let rerun = call(&["runs", "rerun", &name, "--yes"]);
    assert!(text(&rerun.stderr).contains("no flow `ship`"));
}

#[test]
fn a_bundle_goes_through_a_pipe() {
    let place = Place::new();
    let name = place.ran("here", &["ship"]);
    let bundle = place.told("here", &["store", "export", &name, "-o", "-"]);
    std::fs::write(place.path("piped"), bundle).expect("a file");
    let from = std::fs::File::open(place.path("piped")).expect("it is there");
    let output = place
        .command(super::PROGRAM, "there", &["store", "import", "-"])
        .stdin(from)
        .output()
        .expect("the program runs");
    assert_eq!(
        text(&output.stdout).trim(),
        name,
        "{}",
        text(&output.stderr)
    );
}
