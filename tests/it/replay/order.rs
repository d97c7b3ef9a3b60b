//! Rule 3: a replay hands completions out in their recorded order, one at a time, so that what depends on the order goes
//! the same way again.

use std::sync::{Arc, Mutex};

use flowrt::model::state::{RunState, TaskState};
use flowrt::prelude::*;
use futures_util::future::{join3, try_join, try_join_all};

use super::lab::{Lab, act, act_and_fail, act_and_open, act_behind_gate, act_late, version};
use super::story::{parks, survives};

/// Three branches note the order in which they ended; the next call depends on it.
#[flow]
async fn lab_ordered(lab: u64) -> Result<String> {
    let order = Arc::new(Mutex::new(Vec::new()));
    let branch = |name: &'static str, turns: u32| {
        let order = order.clone();
        async move {
            let said = act_late(lab, name.into(), turns).await?;
            order.lock().expect("nobody panics").push(said);
            act_late(lab, format!("{name}2"), 10 - turns).await
        }
    };
    let (slow, mid, fast) = (branch("slow", 9), branch("mid", 5), branch("fast", 1));
    let (slow, mid, fast) = join3(slow, mid, fast).await;
    let seen = order.lock().expect("nobody panics").join("+");
    act(lab, format!("saw {seen}")).await?;
    act(lab, "end".into()).await?;
    Ok(format!("{} {} {}", slow?, mid?, fast?))
}

/// What the flow saw is the order in which the completions are numbered.
#[test]
fn what_a_flow_sees_of_the_order_is_the_recorded_order() {
    for crash_at in 1.. {
        let lab = Lab::new(Some(crash_at));
        let died = lab.live("lab_ordered").is_none();
        lab.revive();
        if died {
            let record = lab.live("lab_ordered").expect("nothing kills it any more");
            assert_eq!(
                record.state,
                RunState::Completed,
                "{crash_at}: {:?}",
                record.error
            );
        }
        let recorded = lab.recorded();
        let firsts: Vec<&str> = recorded
            .iter()
            .map(String::as_str)
            .filter(|name| ["slow", "mid", "fast"].contains(name))
            .collect();
        let saw = format!("saw {}", firsts.join("+"));
        assert!(
            recorded.contains(&saw),
            "{crash_at}: {saw} is not in {recorded:?}"
        );
        let effects = lab.effects();
        let choices = effects.iter().filter(|name| name.starts_with("saw"));
        let mut choices: Vec<_> = choices.collect();
        choices.dedup();
        assert_eq!(
            choices.len(),
            1,
            "{crash_at}: two choices were made: {effects:?}"
        );
        if !died {
            return;
        }
    }
}

/// Both end before the flow is polled again, the second one first.
#[flow]
async fn lab_photo_finish(lab: u64) -> Result<String> {
    let order = Arc::new(Mutex::new(Vec::new()));
    let (first, second) = (order.clone(), order.clone());
    try_join(
        async move {
            let said = act_behind_gate(lab, "late".into()).await?;
            first.lock().expect("nobody panics").push(said);
            Ok::<_, Error>(())
        },
        async move {
            let said = act_and_open(lab, "early".into()).await?;
            second.lock().expect("nobody panics").push(said);
            Ok(())
        },
    )
    .await?;
    let seen = order.lock().expect("nobody panics").join("+");
    act(lab, format!("saw {seen}")).await?;
    act(lab, "end".into()).await
}

#[test]
fn of_two_that_end_at_once_the_flow_is_told_one_after_the_other() {
    assert_eq!(survives("lab_photo_finish"), 8);
    let lab = Lab::new(None);
    lab.live("lab_photo_finish").expect("nothing kills it");
    assert_eq!(lab.effects()[2], "saw early+late", "{:?}", lab.effects());
}

/// A pair that fails early: the slow one is dropped, and what comes next depends on the failure.
#[flow]
async fn lab_early(lab: u64) -> Result<String> {
    let pair = try_join(
        act_late(lab, "slow".into(), 1000),
        act_and_fail(lab, "fast".into()),
    );
    let first = match pair.await {
        Ok(_) => act(lab, "both".into()).await?,
        Err(_) => act(lab, "fallback".into()).await?,
    };
    act(lab, "end".into()).await?;
    Ok(first)
}

#[test]
fn a_join_that_ended_early_ends_early_again() {
    assert_eq!(survives("lab_early"), 6);
    let lab = Lab::new(None);
    lab.live("lab_early").expect("nothing kills it");
    assert_eq!(lab.effects(), ["fast", "fallback", "end"]);
    let dropped: Vec<_> = lab
        .steps()
        .into_iter()
        .filter(|step| step.state == TaskState::Cancelled)
        .map(|step| step.step)
        .collect();
    assert_eq!(
        dropped,
        ["act_late"],
        "a dropped call is recorded as cancelled"
    );
}

/// Built in one order, polled in another.
#[flow]
async fn lab_swapped(lab: u64) -> Result<String> {
    let left = async {
        act(lab, "l1".into()).await?;
        act(lab, "l2".into()).await
    };
    let right = async {
        act(lab, "r1".into()).await?;
        act(lab, "r2".into()).await
    };
    let (left, right) = if version(lab) == 1 {
        try_join(left, right).await?
    } else {
        let (right, left) = try_join(right, left).await?;
        (left, right)
    };
    act(lab, "end".into()).await?;
    Ok(left + &right)
}

#[test]
fn branches_polled_in_another_order_are_the_same_branches() {
    for crash_at in 1.. {
        let lab = Lab::new(Some(crash_at));
        if lab.live("lab_swapped").is_some() {
            return;
        }
        let (recorded, before) = (lab.recorded(), lab.effects().len());
        lab.revive();
        lab.set_version(2);
        let record = lab.live("lab_swapped").expect("nothing kills it any more");
        assert_eq!(
            record.output.as_deref(),
            Some("\"l2r2\""),
            "{crash_at}: {:?}",
            record.error
        );
        let after = lab.effects().split_off(before);
        for name in recorded {
            assert!(!after.contains(&name), "{crash_at}: {name} ran again");
        }
    }
}

/// The winner of the first life is known to an outside static only: the second life makes another choice.
#[flow]
async fn lab_outside(lab: u64) -> Result<String> {
    act(lab, "first".into()).await?;
    let choice = version(lab);
    act(lab, format!("choice {choice}")).await?;
    act(lab, "end".into()).await
}

#[test]
fn a_choice_by_something_outside_parks() {
    let differs = |recorded: &[&str]| recorded.contains(&"choice 1");
    parks(
        "lab_outside",
        2,
        differs,
        &["act#2", "choice 1", "choice 2"],
    );
}

/// Calls that are built and never polled take their places and are not recorded.
#[flow]
async fn lab_dropped(lab: u64) -> Result<String> {
    let unused = act(lab, "unused".into());
    let used = act(lab, "used".into()).await?;
    drop(unused);
    let calls: Vec<_> = (0..3).map(|n| act_late(lab, format!("c{n}"), n)).collect();
    let said = try_join_all(calls).await?;
    act(lab, "end".into()).await?;
    Ok(used + &said.concat())
}

#[test]
fn a_call_that_was_never_polled_leaves_no_record() {
    assert_eq!(survives("lab_dropped"), 10);
    let lab = Lab::new(None);
    lab.live("lab_dropped").expect("nothing kills it");
    assert!(!lab.effects().contains(&"unused".to_owned()));
    assert!(
        lab.steps()
            .iter()
            .all(|step| step.state == TaskState::Completed)
    );
}

/// A submitted call goes on beside the flow, which ends only after it.
#[flow]
async fn lab_beside(lab: u64) -> Result<String> {
    let late = act_late(lab, "late".into(), 100).submit();
    let first = act(lab, "first".into()).await?;
    let forgotten = act_late(lab, "forgotten".into(), 150).submit();
    act(lab, "second".into()).await?;
    drop(forgotten);
    Ok(first + &late.await?)
}

#[test]
fn submitted_calls_survive() {
    assert_eq!(survives("lab_beside"), 8);
}

/// A failure that is handled is replayed as that failure.
#[flow]
async fn lab_handled(lab: u64) -> Result<String> {
    let failed = act_and_fail(lab, "fails".into()).await;
    let text = match failed {
        Ok(_) => "no failure".to_owned(),
        Err(error) => format!("{} at {:?}", error.message(), error.task()),
    };
    act(lab, "after".into()).await?;
    Ok(text)
}

#[test]
fn a_handled_failure_is_the_same_failure_again() {
    assert_eq!(survives("lab_handled"), 4);
}
