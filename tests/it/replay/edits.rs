//! Rule 4: after a crash, code that does not fit the record parks the run, says what differs, and executes nothing.

use flowrt::prelude::*;
use futures_util::future::join;

use super::lab::{act, act_late, other, version};
use super::story::{parks, survives};

const INSERTED: u32 = 2;
const REMOVED: u32 = 3;
const RENAMED: u32 = 4;
const INPUTS: u32 = 5;
const SHRANK: u32 = 6;
const GREW: u32 = 7;
const CUT_OFF: u32 = 8;
const NAMED: u32 = 9;
const SLEEPS: u32 = 10;

#[flow]
async fn lab_edited(lab: u64) -> Result<String> {
    let code = version(lab);
    let mut said = act(lab, "a".into()).await?;
    if code == INSERTED {
        said += &act(lab, "x".into()).await?;
    }
    if code == SLEEPS {
        sleep(Duration::ZERO).await;
    }
    said += &match code {
        REMOVED => String::new(),
        RENAMED => other(lab, "b".into()).await?,
        INPUTS => act(lab, "B".into()).await?,
        NAMED => act(lab, "b".into()).named("second").await?,
        _ => act(lab, "b".into()).await?,
    };
    let rounds = match code {
        SHRANK => 2,
        GREW => 4,
        _ => 3,
    };
    for round in 0..rounds {
        said += &act(lab, format!("n{round}")).await?;
    }
    if code != CUT_OFF {
        said += &act(lab, "end".into()).await?;
    }
    Ok(said)
}

#[test]
fn the_same_code_goes_on() {
    assert_eq!(survives("lab_edited"), 12);
}

#[test]
fn an_inserted_call_parks() {
    parks(
        "lab_edited",
        INSERTED,
        |recorded| recorded.contains(&"b"),
        &["act#2", "\"x\"", "\"b\""],
    );
}

#[test]
fn an_inserted_wait_parks() {
    parks(
        "lab_edited",
        SLEEPS,
        |recorded| recorded.contains(&"b"),
        &["`sleep`", "`act#2`"],
    );
}

#[test]
fn a_removed_call_parks() {
    parks(
        "lab_edited",
        REMOVED,
        |recorded| recorded.contains(&"b"),
        &["act#2", "\"n0\"", "\"b\""],
    );
}

#[test]
fn a_renamed_task_parks() {
    parks(
        "lab_edited",
        RENAMED,
        |recorded| recorded.contains(&"b"),
        &["`other`", "`act#2`"],
    );
}

#[test]
fn a_renamed_call_parks() {
    parks(
        "lab_edited",
        NAMED,
        |recorded| recorded.contains(&"b"),
        &["`second`", "`act#2`"],
    );
}

#[test]
fn changed_inputs_park() {
    parks(
        "lab_edited",
        INPUTS,
        |recorded| recorded.contains(&"b"),
        &["act#2", "\"B\"", "\"b\""],
    );
}

#[test]
fn a_loop_that_shrank_parks() {
    parks(
        "lab_edited",
        SHRANK,
        |recorded| recorded.contains(&"n2"),
        &["act#5", "\"end\"", "\"n2\""],
    );
}

#[test]
fn a_loop_that_grew_parks_once_what_follows_is_recorded() {
    // The last effect can die after it ran, but then the run has not ended and its record holds the loop only.
    parks(
        "lab_long",
        GREW,
        |recorded| recorded.contains(&"next"),
        &["act#4", "\"n3\"", "\"next\""],
    );
}

#[flow]
async fn lab_long(lab: u64) -> Result<String> {
    let mut said = String::new();
    for round in 0..if version(lab) == GREW { 4 } else { 3 } {
        said += &act(lab, format!("n{round}")).await?;
    }
    said += &act(lab, "next".into()).await?;
    said += &act(lab, "end".into()).await?;
    Ok(said)
}

#[flow]
async fn lab_short(lab: u64) -> Result<String> {
    let a = act(lab, "a".into()).await?;
    if version(lab) == CUT_OFF {
        return Ok(a);
    }
    act(lab, "b".into()).await?;
    act(lab, "c".into()).await
}

#[test]
fn a_flow_that_ends_early_parks() {
    parks(
        "lab_short",
        CUT_OFF,
        |recorded| recorded.contains(&"b"),
        &["the flow ends", "`act#2`"],
    );
}

/// Two branches, then one call. What the first branch holds depends on the code.
#[flow]
async fn lab_branched(lab: u64) -> Result<String> {
    let code = version(lab);
    let (left, right) = join(
        async move {
            let mut said = act(lab, "l1".into()).await?;
            if code != SHRANK {
                said += &act(lab, "l2".into()).await?;
            }
            if code == GREW {
                said += &act(lab, "l3".into()).await?;
            }
            Ok::<_, Error>(said)
        },
        async move { act_late(lab, "r".into(), 200).await },
    )
    .await;
    act(lab, "after".into()).await?;
    act(lab, "end".into()).await?;
    Ok(left? + &right?)
}

#[test]
fn the_same_branches_go_on() {
    assert_eq!(survives("lab_branched"), 10);
}

#[test]
fn a_branch_that_shrank_parks() {
    parks(
        "lab_branched",
        SHRANK,
        |recorded| recorded.contains(&"l2"),
        &["`b1`", "`b1/act#2`"],
    );
}

#[test]
fn a_branch_that_grew_past_its_recorded_end_parks() {
    parks(
        "lab_branched",
        GREW,
        |recorded| recorded.contains(&"l2"),
        &["`b1/act#3`", "`b1`", "ended"],
    );
}
