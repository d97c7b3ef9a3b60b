//! A child run that its flow drops, or that is cut off by the end of its parent, ends too.

use flowrt::model::state::RunState;
use flowrt::prelude::*;
use futures_util::future::try_join;

use super::lab::{Lab, act, act_and_fail, act_late};

#[flow]
async fn lab_long_child(lab: u64) -> Result<String> {
    for round in 0..20 {
        act_late(lab, format!("child {round}"), 10).await?;
    }
    Ok("done".into())
}

#[flow]
async fn lab_drops_child(lab: u64) -> Result<String> {
    let both = try_join(lab_long_child(lab), act_and_fail(lab, "fails".into())).await;
    act_late(lab, "after".into(), 400).await?;
    Ok(format!("{}", both.is_err()))
}

#[test]
fn a_dropped_child_is_cancelled_and_nothing_of_it_starts_any_more() {
    let lab = Lab::new(None);
    let record = lab.live("lab_drops_child").expect("nothing kills it");
    assert_eq!(
        record.output.as_deref(),
        Some("\"true\""),
        "{:?}",
        record.error
    );
    let effects = lab.effects();
    assert!(!effects.contains(&"child 3".to_owned()), "{effects:?}");
    assert_eq!(lab.children_states(), [RunState::Cancelled]);
}

#[flow]
fn lab_graph_with_child(lab: u64) -> Result<String> {
    let said = lab_long_child(lab);
    act_and_fail(lab, "fails".into());
    said
}

#[test]
fn a_graph_waits_for_its_child_although_another_node_failed() {
    let lab = Lab::new(None);
    let record = lab.live("lab_graph_with_child").expect("nothing kills it");
    assert_eq!(record.state, RunState::Failed);
    assert_eq!(lab.children_states(), [RunState::Completed]);
}

#[flow(timeout = "30ms")]
async fn lab_times_out(lab: u64) -> Result<String> {
    lab_sleeping_child(lab).await
}

#[flow]
async fn lab_sleeping_child(lab: u64) -> Result<String> {
    act(lab, "before".into()).await?;
    sleep(Duration::from_secs(600)).await;
    act(lab, "after".into()).await
}

#[test]
fn a_child_ends_with_the_parent_that_timed_out() {
    let lab = Lab::new(None);
    let record = lab.live("lab_times_out").expect("nothing kills it");
    assert_eq!(record.state, RunState::TimedOut);
    assert_eq!(lab.effects(), ["before"]);
    assert_eq!(lab.children_states(), [RunState::Cancelled]);
}
