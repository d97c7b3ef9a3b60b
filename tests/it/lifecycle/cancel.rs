use super::{Place, kill, text};

fn cancel(place: &Place) {
    let cancel = place.call(&["runs", "cancel", &place.name()]);
    assert!(cancel.status.success(), "{}", text(&cancel.stderr));
}

#[test]
fn a_cancel_from_another_process_reaches_the_body_and_nothing_starts_after_it() {
    for flow in ["long", "nested"] {
        let place = Place::new();
        let run = place.start(flow);
        place.await_line("body begins", 1);
        cancel(&place);
        let (code, said) = place.end_of(run);
        assert_eq!(code, Some(3), "{flow}: {said}");
        assert_eq!(
            place.ledger(),
            ["first", "body begins", "body sees the cancel"],
            "{flow}"
        );
        assert!(!place.runs().contains("Running"), "{}", place.runs());
    }
}

#[test]
fn a_cancel_from_another_process_ends_waits() {
    for flow in ["patient", "sleepy"] {
        let place = Place::new();
        let run = place.start(flow);
        place.await_line("first", 1);
        place.await_state("Waiting");
        cancel(&place);
        assert_eq!(place.end_of(run).0, Some(3), "{flow}");
        place.await_state("Cancelled");
    }
}

#[test]
fn a_run_whose_process_died_is_cancelled_at_once_and_all_below_it() {
    let place = Place::new();
    let run = place.start("nested");
    place.await_line("body begins", 1);
    kill(run);
    let name = place.name();
    cancel(&place);
    place.await_state("Cancelled");
    let shown = text(&place.call(&["runs", "show", &name]).stdout);
    assert!(shown.contains("Cancelled"), "{shown}");
    assert_eq!(place.ledger(), ["first", "body begins"]);
}

#[test]
fn a_signal_of_another_process_is_heard() {
    let place = Place::new();
    let run = place.start("patient");
    place.await_state("Waiting");
    let sent = place.call(&["runs", "signal", &place.name(), "answer", "7"]);
    assert!(sent.status.success(), "{}", text(&sent.stderr));
    assert_eq!(place.end_of(run).0, Some(0));
    assert_eq!(place.ledger(), ["first", "heard 7"]);
}
