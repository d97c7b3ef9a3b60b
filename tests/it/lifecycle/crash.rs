use super::{Place, kill, text};
use crate::until::until;

#[test]
fn a_run_that_kills_its_process_ends_as_crashed_and_names_the_step() {
    let place = Place::new();
    assert_eq!(
        place.end_of(place.start("deadly")).0,
        None,
        "abort is a signal"
    );
    let name = place.name();
    for death in 2..=4 {
        let resumed = place.call(&["runs", "resume", &name]);
        assert_eq!(resumed.status.code(), None, "death {death}");
    }
    assert_eq!(place.count("poison"), 4);
    let over = place.call(&["runs", "resume", &name]);
    let said = text(&over.stderr);
    assert_eq!(over.status.code(), Some(1), "{said}");
    assert!(
        said.contains("died 4 times") && said.contains("`poison`"),
        "{said}"
    );
    place.await_state("Crashed");
    assert_eq!(place.count("poison"), 4, "it was not driven again");
    place.touch("cured");
    let resumed = place.call(&["runs", "resume", &name]);
    assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
    assert_eq!((place.count("first"), place.count("poison")), (1, 5));
}

#[test]
fn deaths_with_progress_between_them_do_not_count() {
    let place = Place::new();
    let mut run = place.start("ladder");
    for rung in 1..=6 {
        place.await_line(&format!("rung {rung}"), 1);
        place.await_state("Waiting");
        kill(run);
        let name = place.name();
        let sent = place.call(&["runs", "signal", &name, "up", "null"]);
        assert!(sent.status.success(), "{}", text(&sent.stderr));
        run = place.spawn(&["runs", "resume", &name]);
    }
    let (code, said) = place.end_of(run);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(place.ledger().len(), 6, "{:?}", place.ledger());
}

#[test]
fn a_run_that_only_waits_is_not_blamed_for_deaths() {
    let place = Place::new();
    let run = place.start("patient");
    place.await_state("Waiting");
    kill(run);
    let name = place.name();
    for _ in 0..5 {
        let run = place.spawn(&["runs", "resume", &name]);
        // The dead process has left `Waiting` behind; the new one says so anew.
        until(|| !text(&place.call(&["runs", "ls"]).stdout).contains("its process is gone"));
        place.await_state("Waiting");
        kill(run);
    }
    let sent = place.call(&["runs", "signal", &name, "answer", "7"]);
    assert!(sent.status.success(), "{}", text(&sent.stderr));
    let over = place.call(&["runs", "resume", &name]);
    assert_eq!(over.status.code(), Some(0), "{}", text(&over.stderr));
    assert_eq!(place.ledger(), ["first", "heard 7"]);
}
