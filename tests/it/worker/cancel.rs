use flowrt::model::state::RunState;

use super::{Place, text};

#[tokio::test]
async fn a_cancel_reaches_a_run_wherever_it_lives() {
    for launcher in ["inline", "process"] {
        let place = Place::new();
        let store = place.store();
        let run = store.leave(&place, "long", "a").await;
        let _worker = place.spawn(&["worker", "--launcher", launcher], &[]);
        place.await_line("a begins");
        let cancelled = place.call(&["runs", "cancel", "a"]);
        assert!(cancelled.status.success(), "{}", text(&cancelled.stderr));
        place.await_line("a sees the cancel");
        store.await_all(&place, RunState::Cancelled).await;
        assert_eq!(place.count("a last"), 0);
        // The place is free again.
        store.leave(&place, "short", "next").await;
        place.await_line("next");
        assert_eq!(store.run(&run).await.crashes, 0, "{launcher}");
    }
}
