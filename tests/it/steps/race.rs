//! `race`: the winner, the losers' records, and the same winner after a crash.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use flowrt::model::record::Journal;
use flowrt::model::state::{RunState, TaskState};
use flowrt::prelude::*;
use tokio::sync::Notify;

use super::crash::{crashed, journal, resumed, store};

static NEVER: Notify = Notify::const_new();

#[task]
async fn race_quick(n: u32) -> Result<u32> {
    Ok(n)
}

#[task]
async fn race_slow(n: u32) -> Result<u32> {
    NEVER.notified().await;
    Ok(n)
}

#[task]
async fn race_fails() -> Result<u32> {
    Err("lost its nerve".into())
}

#[flow]
async fn race_of_two() -> Result<u32> {
    match race((race_slow(1), race_quick(2))).await {
        Race2::First(n) => n,
        Race2::Second(n) => Ok(n? * 10),
    }
}

#[flow]
async fn race_of_five() -> Result<String> {
    let hour = Duration::from_secs(3600);
    let winner = race((
        sleep(hour),
        receive::<u32>("never"),
        race_slow(3),
        async { race_quick(4).await },
        map(0..3, race_slow),
    ))
    .await;
    Ok(match winner {
        Race5::Fourth(n) => format!("fourth with {}", n?),
        other => format!("{other:?}"),
    })
}

#[flow]
fn race_in_dag(n: u32) -> Result<u32> {
    let won = race((race_slow(n), race_quick(n + 1)));
    let number = match won {
        Race2::First(first) => first.unwrap_or(0),
        Race2::Second(second) => race_quick(second.unwrap_or(0)),
    };
    number
}

#[flow]
async fn race_with_failure() -> Result<u32> {
    match race((race_fails(), race_slow(1))).await {
        Race2::First(failed) => Ok(u32::from(failed.is_err())),
        Race2::Second(_) => Ok(7),
    }
}

fn states(journal: &Journal) -> Vec<(&str, TaskState)> {
    let mut states: Vec<_> = journal
        .steps
        .iter()
        .map(|step| (step.step.as_str(), step.state))
        .collect();
    states.sort_unstable_by_key(|(step, _)| *step);
    states
}

async fn ended<M: flowrt::__private::Callable>(
    call: flowrt::TaskCall<M>,
) -> (Option<String>, Journal) {
    let engine = Engine::open("memory:").await.expect("opens");
    let handle = engine.start(call).await.expect("starts");
    let id = handle.id;
    let run = handle.wait().await.expect("the store works");
    assert_eq!(run.state, RunState::Completed, "{:?}", run.error);
    let journal = engine.journal(id).await.expect("reads");
    (run.output.as_deref().map(str::to_owned), journal)
}

#[tokio::test]
async fn the_loser_is_cancelled_and_recorded_so() {
    let (output, journal) = ended(race_of_two()).await;
    assert_eq!(output.as_deref(), Some("20"));
    assert_eq!(
        states(&journal),
        [
            ("race_quick", TaskState::Completed),
            ("race_slow", TaskState::Cancelled)
        ]
    );
}

#[tokio::test]
async fn any_step_may_race() {
    let (output, journal) = ended(race_of_five()).await;
    assert_eq!(output.as_deref(), Some("\"fourth with 4\""));
    assert_eq!(
        states(&journal),
        [
            ("b1/race_quick", TaskState::Completed),
            ("race_slow", TaskState::Cancelled),
            ("race_slow#2[0]", TaskState::Cancelled),
            ("race_slow#2[1]", TaskState::Cancelled),
            ("race_slow#2[2]", TaskState::Cancelled),
            ("receive", TaskState::Cancelled),
            ("sleep", TaskState::Cancelled),
        ]
    );
    assert!(journal.waits.is_empty(), "{:?}", journal.waits);
}

#[tokio::test]
async fn a_race_is_a_node_whose_winner_is_a_value() {
    let (output, journal) = ended(race_in_dag(4)).await;
    assert_eq!(output.as_deref(), Some("5"));
    let states = states(&journal);
    assert!(
        states.contains(&("race/race_slow", TaskState::Cancelled)),
        "{states:?}"
    );
    assert!(
        states.contains(&("race/race_quick", TaskState::Completed)),
        "{states:?}"
    );
}

#[tokio::test]
async fn a_failure_wins_too() {
    let (output, _) = ended(race_with_failure()).await;
    assert_eq!(output.as_deref(), Some("1"));
}

static OPEN: AtomicBool = AtomicBool::new(false);
static HELD: Notify = Notify::const_new();
static LATE: AtomicUsize = AtomicUsize::new(0);

#[task]
async fn race_turn(n: u32) -> Result<u32> {
    // The first execution is won by the second, and every other by the first, if it were asked again.
    let first_may = OPEN.load(SeqCst);
    if (n == 1) != first_may {
        NEVER.notified().await;
    }
    Ok(n)
}

#[task]
async fn race_after(n: u32) -> Result<u32> {
    LATE.fetch_add(1, SeqCst);
    if !OPEN.load(SeqCst) {
        HELD.notified().await;
    }
    Ok(n)
}

#[flow]
async fn race_then_work() -> Result<u32> {
    let winner = match race((race_turn(1), race_turn(2))).await {
        Race2::First(n) | Race2::Second(n) => n?,
    };
    race_after(winner).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_has_the_same_winner_again() {
    let store = store();
    let run = crashed(&store, race_then_work(), |_| LATE.load(SeqCst) > 0).await;
    let before = journal(&store, run).await;
    assert_eq!(
        states(&before),
        [
            ("race_turn", TaskState::Cancelled),
            ("race_turn#2", TaskState::Completed)
        ]
    );
    OPEN.store(true, SeqCst);
    let record = resumed(&store, run).await;
    assert_eq!(
        (record.state, record.output.as_deref()),
        (RunState::Completed, Some("2")),
        "{:?}",
        record.error
    );
}

static CLOSE_OPEN: AtomicBool = AtomicBool::new(false);
static CLOSE_LATE: AtomicBool = AtomicBool::new(false);

#[task]
async fn race_close_after(n: u32) -> Result<u32> {
    CLOSE_LATE.store(true, SeqCst);
    if !CLOSE_OPEN.load(SeqCst) {
        NEVER.notified().await;
    }
    Ok(n)
}

#[flow]
async fn race_of_equals() -> Result<u32> {
    let mut sum = 0;
    for n in 0..40 {
        sum += match race((race_quick(n), race_quick(n + 1))).await {
            Race2::First(n) | Race2::Second(n) => n?,
        };
    }
    race_close_after(sum).await
}

/// Both of a pair may be recorded before the flow is told of either; the replay must still drop the second.
#[tokio::test(flavor = "multi_thread")]
async fn close_races_replay_as_they_went() {
    let store = store();
    let run = crashed(&store, race_of_equals(), |_| CLOSE_LATE.load(SeqCst)).await;
    CLOSE_OPEN.store(true, SeqCst);
    let record = resumed(&store, run).await;
    assert_eq!(record.state, RunState::Completed, "{:?}", record.error);
}
