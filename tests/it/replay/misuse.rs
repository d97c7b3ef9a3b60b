//! Calls where none can be recorded, in the first life and in the next.

use flowrt::model::state::RunState;
use flowrt::prelude::*;

use super::lab::{Lab, act, error};

#[flow]
async fn lab_spawned(lab: u64) -> Result<String> {
    act(lab, "before".into()).await?;
    let inner = untracked(tokio::spawn(async move { act(lab, "inside".into()).await })).await;
    let said = inner.map_err(|error| error.to_string())??;
    act(lab, "after".into()).await?;
    Ok(said)
}

#[test]
fn a_call_in_a_spawned_block_is_an_error_that_names_the_cause() {
    for crash_at in 1.. {
        let lab = Lab::new(Some(crash_at));
        let record = match lab.live("lab_spawned") {
            Some(record) => record,
            None => {
                lab.revive();
                lab.live("lab_spawned").expect("nothing kills it any more")
            }
        };
        assert_eq!(record.state, RunState::Failed, "{crash_at}: {record:?}");
        let said = error(&record);
        assert_eq!(said["kind"], "Misuse", "{said}");
        assert!(said.to_string().contains("tokio::spawn"), "{said}");
        assert!(
            !lab.effects().contains(&"inside".to_owned()),
            "{:?}",
            lab.effects()
        );
        if crash_at > 2 {
            return;
        }
    }
}

#[flow]
async fn lab_in_untracked(lab: u64) -> Result<String> {
    act(lab, "before".into()).await?;
    untracked(async move { act(lab, "inside".into()).await }).await
}

#[test]
fn a_call_inside_untracked_fails_the_run() {
    let lab = Lab::new(None);
    let record = lab.live("lab_in_untracked").expect("nothing kills it");
    assert_eq!(record.state, RunState::Failed, "{record:?}");
    assert_eq!(lab.effects(), ["before"]);
    assert!(
        error(&record)["message"].to_string().contains("untracked"),
        "{:?}",
        record.error
    );
}

/// A foreign future that never ends, behind a call that is recorded.
#[flow]
async fn lab_gone_astray(lab: u64) -> Result<String> {
    act(lab, "before".into()).await?;
    let astray: flowrt::TaskCall<_> = act(lab, "never awaited".into());
    drop(astray);
    untracked(async {
        tokio::task::yield_now().await;
    })
    .await;
    act(lab, "after".into()).await
}

#[test]
fn an_untracked_wait_between_recorded_calls_is_waited_for_again() {
    assert_eq!(super::story::survives("lab_gone_astray"), 4);
}
