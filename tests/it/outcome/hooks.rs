use super::{Place, kill};

#[test]
fn hooks_are_told_how_a_step_and_its_run_ended() {
    let place = Place::new();
    let (code, said) = place.call(&["run", "plain"]);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(
        place.ledger(),
        [
            "break_down is Failed after 2: broken",
            "the run is Failed after 1: broken"
        ]
    );
    assert_eq!(
        place.steps(),
        [
            "break_down Failed",
            "(on_failure)/break_down Completed",
            "(end)/on_failure Completed"
        ]
    );
    let counts = &place.shown()["tasks"];
    assert_eq!(
        counts["total"].as_u64(),
        Some(1),
        "hooks are not counted: {counts}"
    );
}

#[test]
fn handlers_never_count_as_done() {
    let place = Place::new();
    place.call(&["run", "plain"]);
    place.forget_ledger();
    let name = place.name();
    assert_eq!(place.call(&["runs", "resume", &name, "--yes"]).0, Some(1));
    assert_eq!(place.count("break_down is Failed"), 1);
    assert_eq!(place.count("the run is Failed"), 1);
    place.touch("mended");
    place.forget_ledger();
    let (code, said) = place.call(&["runs", "resume", &name, "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(
        place.ledger(),
        [
            "break_down is Completed after 1: ",
            "the run is Completed after 1: "
        ]
    );
}

#[test]
fn a_hook_that_panics_or_fails_changes_nothing_and_is_shown() {
    for (flow, line, why) in [
        ("with_broken_hook", "panics", "panicked: the hook is broken"),
        ("with_failing_hook", "fails", "the hook failed"),
    ] {
        let place = Place::new();
        assert_eq!(place.call(&["run", flow]).0, Some(1));
        assert_eq!(place.count(line), 1);
        assert_eq!(place.ledger().len(), 2, "hooks do not call hooks");
        assert_eq!(place.state(), "Failed");
        let shown = place.shown();
        assert_eq!(
            shown["error"]["message"].as_str(),
            Some("broken"),
            "{shown}"
        );
        let (_, shown) = place.call(&["runs", "show", &place.name()]);
        assert!(
            shown.contains("(end)/on_failure") && shown.contains(why),
            "{shown}"
        );
    }
}

#[test]
fn a_flow_can_be_a_hook() {
    let place = Place::new();
    let (code, said) = place.call(&["run", "with_flow_as_hook"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(place.ledger(), ["reported Completed"]);
}

#[test]
fn a_hook_whose_process_is_killed_is_called_again_and_the_flow_is_not() {
    let place = Place::new();
    let run = place.spawn(&["run", "with_slow_hook"]);
    place.await_line("slow hook begins");
    kill(run);
    place.touch("hook");
    let (code, said) = place.call(&["runs", "resume", &place.name()]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(
        place.ledger(),
        [
            "the flow",
            "slow hook begins",
            "slow hook begins",
            "slow hook ends"
        ]
    );
    assert_eq!(place.state(), "Completed");
}

#[test]
fn a_flow_goes_on_beside_the_hook_of_its_task_and_waits_for_it_at_its_end() {
    let place = Place::new();
    let run = place.spawn(&["run", "with_watched_task"]);
    place.await_line("slow hook begins");
    place.await_line("goes on");
    assert_ne!(place.state(), "Completed");
    kill(run);
    place.touch("hook");
    let (code, said) = place.call(&["runs", "resume", &place.name()]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(place.count("watched"), 1);
    assert_eq!(place.count("goes on"), 1);
    assert_eq!(place.count("slow hook begins"), 2);
    assert_eq!(place.count("slow hook ends"), 1);
}

#[test]
fn every_place_where_a_process_can_die_leaves_the_hooks_to_the_next() {
    for failpoint in [
        "engine::decided:1",
        "engine::before_hook:1",
        "engine::after_hook:1",
        "engine::before_hook:2",
        "engine::after_hook:2",
        "engine::before_finish:1",
    ] {
        let place = Place::new();
        place.dies_at(failpoint, &["run", "plain"]);
        let (code, said) = place.call(&["runs", "resume", &place.name(), "--yes"]);
        assert_eq!(code, Some(1), "{failpoint}: {said}");
        assert!(place.count("break_down is Failed") >= 1, "{failpoint}");
        assert!(place.count("the run is Failed") >= 1, "{failpoint}");
        let shown = place.shown();
        assert_eq!(shown["state"].as_str(), Some("Failed"), "{failpoint}");
        assert_eq!(
            shown["error"]["message"].as_str(),
            Some("broken"),
            "{failpoint}"
        );
        assert_eq!(place.steps().len(), 3, "{failpoint}: {:?}", place.steps());
    }
}

/// The lines that hooks have left about that step or the run.
fn told_of(place: &Place, what: &str) -> Vec<String> {
    let ledger = place.ledger();
    let of = |line: &&String| line.starts_with(&format!("{what} is "));
    ledger.iter().filter(of).cloned().collect()
}

#[test]
fn a_handled_failure_is_done_again_with_its_hook_only_if_that_is_said() {
    for (arguments, risked, hooks) in [
        (&["--yes"][..], 1, 1),
        (&["--yes", "--retry-handled"][..], 2, 2),
    ] {
        let place = Place::new();
        assert_eq!(place.call(&["run", "forgiving"]).0, Some(1));
        assert_eq!(
            (place.count("risks it"), told_of(&place, "risky").len()),
            (1, 1)
        );
        place.touch("mended");
        let name = place.name();
        let command = [&["runs", "resume", name.as_str()], arguments].concat();
        let (code, said) = place.call(&command);
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(place.count("risks it"), risked, "{arguments:?}");
        let told = told_of(&place, "risky");
        assert_eq!(told.len(), hooks, "{arguments:?}: {told:?}");
        assert!(told.iter().all(|line| line.contains("Failed")), "{told:?}");
        assert_eq!(
            told_of(&place, "the run").len(),
            2,
            "failed, then completed"
        );
        assert_eq!(place.count("without it"), 1, "its record stays");
    }
}

#[test]
fn a_handled_failure_that_works_the_second_time_tells_its_other_hook() {
    let place = Place::new();
    assert_eq!(place.call(&["run", "forgiving"]).0, Some(1));
    place.touch("mended");
    place.touch("safe");
    let name = place.name();
    let (code, said) = place.call(&["runs", "resume", &name, "--yes", "--retry-handled"]);
    assert_eq!(code, Some(0), "{said}");
    let told = told_of(&place, "risky");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].contains("Completed"), "{told:?}");
    // The way over which the flow went without it is not taken any more.
    assert!(place.steps().contains(&"risky Completed".to_owned()));
}
