use super::{Place, kill};

const UNDONE: [&str; 3] = [
    "give back c 3 ticket of c",
    "give back x 2 ticket of x",
    "give back a 18446744073709551615 ticket of a",
];

fn given_back(place: &Place) -> Vec<String> {
    let mut ledger = place.ledger();
    ledger.retain(|line| line.starts_with("give back"));
    ledger
}

#[test]
fn what_a_failed_run_did_is_undone_the_last_first() {
    let place = Place::new();
    let (code, said) = place.call(&["run", "shop", "--second", "x"]);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(given_back(&place), UNDONE);
    assert!(
        place
            .ledger()
            .last()
            .is_some_and(|line| line.starts_with("the run is Failed")),
        "the hook comes last"
    );
    assert_eq!(place.state(), "Failed");
}

#[test]
fn what_was_rolled_back_is_done_again_with_another_key() {
    let place = Place::new();
    place.call(&["run", "shop", "--second", "x"]);
    place.forget_ledger();
    place.touch("mended");
    let (code, said) = place.call(&["runs", "resume", &place.name(), "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("rolled back"), "the plan says why: {said}");
    assert_eq!(place.count("give back"), 0);
    let mut ledger = place.ledger();
    ledger.retain(|line| line.starts_with("take"));
    assert_eq!(
        ledger,
        [
            "take a 18446744073709551615 take~1",
            "take x 2 take#2~1",
            "take c 3 take#3~1"
        ]
    );
}

#[test]
fn a_rollback_is_retried_and_one_that_fails_does_not_keep_the_others() {
    let place = Place::new();
    place.call(&["run", "shop", "--second", "b"]);
    assert_eq!(place.count("give back b"), 3, "{:?}", place.ledger());
    assert_eq!(place.count("give back a"), 1);

    let place = Place::new();
    let (code, said) = place.call(&["run", "shop", "--second", "lost"]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("`take#2` could not be rolled back: the shop does not know lost"),
        "{said}"
    );
    assert_eq!(place.count("give back lost"), 3);
    assert_eq!(place.count("give back a"), 1);
    assert_eq!(place.state(), "Failed");
    let (_, told) = place.call(&["runs", "resume", &place.name(), "--yes"]);
    assert!(told.contains("its rollback failed"), "{told}");
}

#[test]
fn rollbacks_go_on_where_a_killed_process_left_them() {
    let place = Place::new();
    let run = place.spawn(&["run", "shop", "--second", "slow"]);
    place.await_line("give back slow");
    kill(run);
    place.touch("give");
    let (code, said) = place.call(&["runs", "resume", &place.name()]);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(place.count("give back c"), 1, "it was recorded");
    assert_eq!(place.count("give back slow"), 2);
    assert_eq!(place.count("give back a"), 1);
    assert_eq!(place.count("take"), 3, "nothing was done again");
}

#[test]
fn a_run_that_kills_its_process_is_undone_by_the_one_that_finds_it() {
    let place = Place::new();
    assert_eq!(place.call(&["run", "deadly"]).0, None);
    let name = place.name();
    for _ in 0..3 {
        assert_eq!(place.call(&["runs", "resume", &name]).0, None);
    }
    let (code, said) = place.call(&["runs", "resume", &name]);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(place.state(), "Crashed");
    assert_eq!(place.count("give back a"), 1);
    assert_eq!(place.count("the run is Crashed"), 1, "{:?}", place.ledger());
}

#[test]
fn a_cancelled_run_is_undone_whoever_drives_it() {
    let place = Place::new();
    let mut run = place.spawn(&["run", "cancelled"]);
    place.await_line("endures");
    let name = place.name();
    assert_eq!(place.call(&["runs", "cancel", &name]).0, Some(0));
    run.wait().expect("it ends");
    assert_eq!(place.state(), "Cancelled");
    assert_eq!(place.count("give back a"), 1);
    assert_eq!(place.count("the run is Cancelled"), 1);
    assert_eq!(place.count("the wrong hook"), 0);

    let place = Place::new();
    let run = place.spawn(&["run", "cancelled"]);
    place.await_line("endures");
    kill(run);
    let name = place.name();
    let (code, said) = place.call(&["runs", "cancel", &name]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(place.state(), "Cancelled");
    assert_eq!(place.count("give back a"), 1);
    assert_eq!(place.count("the run is Cancelled"), 1);
    assert_eq!(place.count("endures"), 1);
}

#[test]
fn a_parked_run_that_is_given_up_is_undone() {
    let place = Place::new();
    let run = place.spawn(&["run", "paying"]);
    place.await_line("pays 1");
    kill(run);
    let name = place.name();
    assert_eq!(place.call(&["runs", "resume", &name]).0, Some(4));
    let (code, said) = place.call(&["runs", "cancel", &name]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(place.state(), "Cancelled");
    assert_eq!(place.count("give back a"), 1);
    assert_eq!(place.count("the run is Cancelled"), 1);
    assert_eq!(place.count("pays"), 1);
}
