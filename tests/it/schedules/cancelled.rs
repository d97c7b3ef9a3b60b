//! A backfill whose cancel dies in its midst is cancelled by whoever comes next.

use flowrt::model::backfill::BackfillState;
use flowrt::model::state::RunState;

use super::amid::Place;
use crate::until::{until, until_some};

/// A run for each day, which waits for a file that never comes. Its times are over, so it does not fire by itself.
const FILE: &str = r#"
deployments:
- name: days
  flow_name: stretches
  parameters: {folder: FOLDER, who: days, count: 1}
  schedules:
  - {slug: daily, cron: "0 10 * * *", end: "2024-12-31T00:00:00Z"}
"#;

/// The process that cancels dies at that place, while a server lives or before one comes.
async fn cancelled_after_a_death(failpoint: &str, is_served: bool) {
    let place = Place::of(FILE);
    let begun = place.call(&[
        "backfill",
        "days",
        "--from",
        "2024-01-01",
        "--to",
        "2024-01-20",
        "--concurrency",
        "3",
    ]);
    let id = begun["backfill"].as_str().expect("its name").to_owned();
    let first = place.serve(None);
    until(|| place.ledger().len() == 3);
    let living = match is_served {
        true => Some(first),
        false => {
            first.kill();
            None
        }
    };
    let dead = place
        .command(&["backfill", "cancel", &id])
        .env("FLOWRT_FAILPOINT", failpoint)
        .output()
        .expect("the program runs");
    // A server that lives may have cancelled all before that process comes to its death.
    if living.is_none() {
        assert_eq!(dead.status.code(), None, "{failpoint}: {dead:?}");
        let left = place.backfill(&id).await.state;
        assert_eq!(left, BackfillState::Cancelling, "{failpoint}");
    }
    let _server = living.unwrap_or_else(|| place.serve(None));
    until_some(async || {
        let state = place.backfill(&id).await.state;
        (state == BackfillState::Cancelled).then_some(())
    })
    .await;
    // Each was told to end, and has a while for it.
    let states = until_some(async || {
        let runs = place.runs().await;
        let states: Vec<RunState> = runs.iter().map(|run| run.state).collect();
        states
            .iter()
            .all(|state| state.is_final())
            .then_some(states)
    })
    .await;
    assert_eq!(states, [RunState::Cancelled; 3], "{failpoint}");
    assert_eq!(place.backfill(&id).await.begun, 3, "{failpoint}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_whose_cancel_dies_is_cancelled_by_the_next_server() {
    for failpoint in ["backfill::cancelling:1", "backfill::cancelled_one:1"] {
        cancelled_after_a_death(failpoint, false).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_whose_cancel_dies_is_cancelled_by_the_server_that_lives() {
    for failpoint in ["backfill::cancelling:1", "backfill::cancelled_one:1"] {
        cancelled_after_a_death(failpoint, true).await;
    }
}
