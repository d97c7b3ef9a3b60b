use super::{Place, kill, text};

#[test]
fn attempts_of_a_flow_are_counted_across_kills_and_reuse_what_is_recorded() {
    let place = Place::new();
    let run = place.start("stubborn");
    place.await_line("breaks", 2);
    kill(run);
    let failed = place.call(&["runs", "resume", &place.name()]);
    assert_eq!(failed.status.code(), Some(1), "{}", text(&failed.stderr));
    // A kill in an attempt that is not recorded yet costs at most that attempt's body once more.
    let breaks = place.count("breaks");
    assert!((4..=5).contains(&breaks), "{:?}", place.ledger());
    assert_eq!(place.count("first"), 1);
    place.touch("mended");
    let resumed = place.call(&["runs", "resume", &place.name()]);
    assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
    assert_eq!(
        (place.count("first"), place.count("breaks")),
        (1, breaks + 1)
    );
}
