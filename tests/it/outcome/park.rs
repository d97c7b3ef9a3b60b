use super::{Place, kill};

#[test]
fn a_person_decides_what_a_dead_process_did() {
    let place = Place::new();
    place.touch("stumble");
    let run = place.spawn(&["run", "paying"]);
    place.await_line("pays 2");
    kill(run);
    let name = place.name();
    let (code, said) = place.call(&["runs", "resume", &name]);
    assert_eq!(code, Some(4), "{said}");
    for part in [
        "attempt 2 of `pay`",
        "begun at 20",
        "--retry-crashed",
        "runs cancel",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let try_line =
        format!("try:  outcome runs resume {name} --retry-crashed          (does pay again)");
    assert!(said.contains(&try_line), "{said}");
    let (_, why) = place.call(&["runs", "why", &name]);
    assert!(
        why.contains(&format!(
            "do that again:  outcome runs resume {name} --retry-crashed"
        )),
        "{why}"
    );
    let (code, said) = place.call(&["runs", "rerun", &name, "--plan"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("warning: ") && said.contains("whether `pay` has had its effect"),
        "{said}"
    );
    assert_eq!(place.state(), "Parked");
    assert_eq!(place.count("pays"), 2, "nothing runs");

    let (code, said) = place.call(&["runs", "resume", &name, "--yes"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--retry-crashed"), "{said}");
    assert_eq!((place.count("pays"), place.state().as_str()), (2, "Parked"));

    place.touch("paid");
    let (code, said) = place.call(&["runs", "resume", &name, "--yes", "--retry-crashed"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!((place.count("pays 2"), place.count("take a")), (2, 1));
}

#[test]
fn an_attempt_whose_end_is_recorded_is_not_in_doubt() {
    let place = Place::new();
    place.touch("paid");
    place.dies_at("engine::after_record:3", &["run", "paying"]);
    let (code, said) = place.call(&["runs", "resume", &place.name()]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(place.count("pays"), 1);
}

#[test]
fn a_child_run_that_waits_for_a_decision_is_not_passed_over() {
    let place = Place::new();
    let run = place.spawn(&["run", "paying_below"]);
    place.await_line("pays 1");
    kill(run);
    place.touch("paid");
    let shown = place.json(&["runs", "ls", "--json"]);
    let parent = shown
        .as_array()
        .and_then(|runs| runs.iter().find(|run| run["flow"] == "paying_below"))
        .and_then(|run| run["name"].as_str())
        .expect("the parent")
        .to_owned();
    let (code, said) = place.call(&["runs", "resume", &parent]);
    assert_eq!(code, Some(4), "{said}");
    let (code, said) = place.call(&["runs", "resume", &parent, "--yes"]);
    assert_eq!(code, Some(2), "{said}");
    assert_eq!(place.count("pays"), 1);
    let (code, said) = place.call(&["runs", "resume", &parent, "--yes", "--retry-crashed"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(place.count("pays"), 2);
}
