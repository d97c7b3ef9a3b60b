use super::{Place, kill, text};

#[test]
fn attempts_of_a_flow_are_counted_across_kills_and_reuse_what_is_recorded() {
    for flow in ["stubborn", "over_stubborn", "stubborn_dag"] {
        let place = Place::new();
        let run = place.start(flow);
        place.await_line("breaks", 2);
        kill(run);
        let name = place.name();
        let failed = place.call(&["runs", "resume", &name]);
        assert_eq!(failed.status.code(), Some(1), "{}", text(&failed.stderr));
        // A kill in an attempt that is not recorded yet costs at most that attempt's body once more.
        let breaks = place.count("breaks");
        assert!((4..=5).contains(&breaks), "{flow}: {:?}", place.ledger());
        assert_eq!(place.count("first"), 1, "{flow}");
        place.touch("mended");
        let resumed = place.call(&["runs", "resume", &name]);
        assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
        let (first, after) = (place.count("first"), place.count("breaks"));
        assert_eq!((first, after), (1, breaks + 1), "{flow}");
    }
}

#[test]
fn an_attempt_that_succeeds_goes_on_from_the_failure() {
    let place = Place::new();
    let run = place.start("stubborn_dag");
    place.await_line("breaks", 1);
    place.touch("mended");
    let (code, said) = place.end_of(run);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!((place.count("first"), place.count("last")), (1, 1));
}
