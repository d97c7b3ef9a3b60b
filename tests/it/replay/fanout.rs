//! The rules for steps that hold others: a fan-out, a race, a question asked again and again.

use flowrt::model::state::RunState;
use flowrt::prelude::*;

use super::lab::{Lab, act, act_late, effect, version};
use super::story::{parks, survives};

const INSERTED: u32 = 2;
const SHRANK: u32 = 3;

#[flow]
async fn lab_map(lab: u64) -> Result<String> {
    let mut names = vec!["m0", "m1", "m2", "m3"];
    match version(lab) {
        INSERTED => names.insert(1, "new"),
        SHRANK => names.truncate(3),
        _ => {}
    }
    let said = map(names, |name| act(lab, name.to_owned()))
        .concurrency(2)
        .await?;
    act(lab, "after".into()).await?;
    act(lab, "end".into()).await?;
    Ok(said.concat())
}

#[test]
fn a_fan_out_goes_on_where_it_stopped() {
    assert_eq!(survives("lab_map"), 12);
}

#[test]
fn an_item_put_into_a_fan_out_parks() {
    let differs = |recorded: &[&str]| {
        recorded.contains(&"m1") || recorded.contains(&"m2") || recorded.contains(&"m3")
    };
    parks("lab_map", INSERTED, differs, &["act[", "\"m"]);
}

#[test]
fn a_fan_out_that_shrank_parks() {
    parks(
        "lab_map",
        SHRANK,
        |recorded| recorded.contains(&"m3"),
        &["act[3]"],
    );
}

#[flow]
async fn lab_keyed_map(lab: u64) -> Result<String> {
    let mut names = vec!["k0", "k1", "k2"];
    if version(lab) == INSERTED {
        names.reverse();
    }
    let said = map(names, |name| act(lab, name.to_owned()))
        .key(|name| name.to_string())
        .await?;
    act(lab, "end".into()).await?;
    Ok(said.len().to_string())
}

/// Recovery is strict about places, too; a rerun is not.
#[test]
fn items_in_another_order_park_although_they_have_keys() {
    let differs = |recorded: &[&str]| recorded.contains(&"k0") || recorded.contains(&"k2");
    parks("lab_keyed_map", INSERTED, differs, &["act[k0]", "act[k2]"]);
}

/// The first life decides who wins; in the second one the other would be faster.
#[flow]
async fn lab_race(lab: u64) -> Result<String> {
    let (left, right) = if version(lab) == 1 { (50, 5) } else { (5, 50) };
    let winner = race((
        async {
            untracked(turns(left)).await;
            act(lab, "left".into()).await
        },
        async {
            untracked(turns(right)).await;
            act(lab, "right".into()).await
        },
    ))
    .await;
    let name = format!("{winner:?}");
    act(lab, format!("winner {name}")).await?;
    act(lab, "end".into()).await
}

/// Turns that no record shows.
async fn turns(count: u32) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_race_is_won_by_the_same_again() {
    assert!(survives("lab_race") >= 6);
    for crash_at in 1.. {
        let lab = Lab::new(Some(crash_at));
        if lab.live("lab_race").is_some() {
            return;
        }
        let decided = lab.recorded().contains(&"right".to_owned());
        lab.revive();
        lab.set_version(2);
        let record = lab.live("lab_race").expect("nothing kills it any more");
        assert_eq!(
            record.state,
            RunState::Completed,
            "{crash_at}: {:?}",
            record.error
        );
        let effects = lab.effects();
        if decided {
            assert!(
                !effects.contains(&"left".to_owned()),
                "{crash_at}: {effects:?}"
            );
        }
        let winners = effects.iter().filter(|name| name.starts_with("winner"));
        let mut winners: Vec<_> = winners.collect();
        winners.dedup();
        assert_eq!(winners.len(), 1, "{crash_at}: two winners: {effects:?}");
    }
}

#[task]
async fn ask(lab: u64, what: String) -> Result<usize> {
    effect(lab, &what).await;
    Ok(super::lab::count_of(lab, &what))
}

#[flow]
async fn lab_poll(lab: u64) -> Result<String> {
    act(lab, "before".into()).await?;
    let asked = poll(Duration::from_millis(1), || ask(lab, "ask".into()))
        .until(|count| *count >= 3)
        .await?;
    act(lab, format!("asked enough {}", asked >= 3)).await?;
    act_late(lab, "end".into(), 1).await
}

#[test]
fn an_answer_that_was_found_is_not_asked_for_again() {
    for crash_at in 1.. {
        let lab = Lab::new(Some(crash_at));
        if lab.live("lab_poll").is_some() {
            return;
        }
        let asked = |lab: &Lab| lab.effects().iter().filter(|name| *name == "ask").count();
        let (before, found) = (
            asked(&lab),
            lab.effects().contains(&"asked enough true".to_owned()),
        );
        lab.revive();
        let record = lab.live("lab_poll").expect("nothing kills it any more");
        assert_eq!(
            record.state,
            RunState::Completed,
            "{crash_at}: {:?}",
            record.error
        );
        if found {
            assert_eq!(asked(&lab), before, "{crash_at}: {:?}", lab.effects());
        }
        assert!(asked(&lab) >= 3);
    }
}
