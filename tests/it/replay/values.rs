//! Rules 1, 2 and 6: a flow sees recorded values only, from the first time on; inputs are compared by content; made-up
//! values are made up once.

use std::collections::HashMap;

use flowrt::model::record::StepKind;
use flowrt::model::state::RunState;
use flowrt::prelude::*;
use futures_util::future::try_join;
use serde::{Deserialize, Serialize};

use super::lab::{Lab, act, effect, error, find, version};
use super::story::{parks, survives};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Loaded {
    kept: u32,
    #[serde(skip)]
    forgotten: u32,
}

#[task]
async fn load(lab: u64, what: String) -> Result<Loaded> {
    effect(lab, &what).await;
    Ok(Loaded {
        kept: 7,
        forgotten: 9,
    })
}

#[flow]
async fn lab_skipping(lab: u64) -> Result<String> {
    let loaded = load(lab, "load".into()).await?;
    act(lab, format!("saw {} {}", loaded.kept, loaded.forgotten)).await
}

#[test]
fn a_skipped_field_is_gone_from_the_first_time_on() {
    assert_eq!(survives("lab_skipping"), 4);
    let lab = Lab::new(None);
    let record = lab.live("lab_skipping").expect("nothing kills it");
    assert_eq!(record.output.as_deref(), Some("\"saw 7 0\""));
}

#[task(retries = 3)]
async fn no_number(lab: u64, what: String) -> Result<f64> {
    effect(lab, &what).await;
    Ok(f64::NAN)
}

#[flow]
async fn lab_not_a_number(lab: u64) -> Result<String> {
    act(lab, "before".into()).await?;
    let number = no_number(lab, "divide".into()).await?;
    act(lab, format!("got {number}")).await
}

#[test]
fn a_result_that_does_not_come_back_from_its_record_is_an_error_that_says_so() {
    survives("lab_not_a_number");
    let lab = Lab::new(None);
    let record = lab.live("lab_not_a_number").expect("nothing kills it");
    assert_eq!(record.state, RunState::Failed);
    assert_eq!(lab.effects(), ["before", "divide"], "it is not retried");
    let error = error(&record);
    assert_eq!(error["kind"], "Record", "{error}");
    assert!(error.to_string().contains("has happened"), "{error}");
}

#[task]
async fn sum_up(lab: u64, what: String, prices: HashMap<String, u32>) -> Result<u32> {
    effect(lab, &what).await;
    Ok(prices.values().sum())
}

/// Each life has its own order of keys.
#[flow]
async fn lab_keyed(lab: u64) -> Result<u32> {
    let prices: HashMap<String, u32> = (0..40).map(|n| (format!("key {n}"), n)).collect();
    let first = sum_up(lab, "first".into(), prices.clone()).await?;
    let second = sum_up(lab, "second".into(), prices).await?;
    act(lab, "end".into()).await?;
    Ok(first + second)
}

#[test]
fn the_order_of_keys_does_not_matter() {
    for _ in 0..5 {
        assert_eq!(survives("lab_keyed"), 6);
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Account {
    number: u128,
    balance: f64,
}

#[task]
async fn pay(lab: u64, what: String, account: Account) -> Result<String> {
    effect(lab, &what).await;
    Ok(account.number.to_string())
}

/// The two numbers are one and the same as floating point.
#[flow]
async fn lab_huge_numbers(lab: u64) -> Result<String> {
    let account = Account {
        number: if version(lab) == 1 {
            u128::MAX
        } else {
            u128::MAX - 1
        },
        balance: 0.1,
    };
    let paid = pay(lab, "pay".into(), account).await?;
    act(lab, "end".into()).await?;
    Ok(paid)
}

#[test]
fn inputs_that_differ_in_the_last_digit_differ() {
    assert_eq!(survives("lab_huge_numbers"), 4);
    parks(
        "lab_huge_numbers",
        2,
        |recorded| recorded.contains(&"pay"),
        &["`pay`", "455", "454"],
    );
}

/// Each made-up value is an input of the next call, so another value would park.
#[flow]
async fn lab_made_up(lab: u64) -> Result<bool> {
    let (start, first) = (now(), uuid());
    act(lab, "a".into()).await?;
    let second = uuid();
    act(lab, format!("{first} {second}")).await?;
    let (left, right) = try_join(
        async { act(lab, format!("left {}", uuid())).await },
        async { act(lab, format!("right {}", uuid())).await },
    )
    .await?;
    let end = now();
    act(lab, format!("{start} {end}")).await?;
    act(lab, "end".into()).await?;
    Ok(first != second && end >= start && left != right)
}

#[test]
fn made_up_values_are_the_same_again() {
    for crash_at in 1.. {
        let lab = Lab::new(Some(crash_at));
        if lab.live("lab_made_up").is_some() {
            return;
        }
        let before = lab.effects();
        lab.revive();
        let record = lab.live("lab_made_up").expect("nothing kills it any more");
        assert_eq!(
            record.output.as_deref(),
            Some("true"),
            "{crash_at}: {:?}",
            record.error
        );
        // What the first life gave to the outside last is given again, or was recorded.
        let all = lab.effects();
        for name in before.iter().filter(|name| !name.contains('Z')) {
            assert!(
                lab.recorded().contains(name),
                "{crash_at}: {name} was made up anew: {all:?}"
            );
        }
    }
}

/// Whether the record holds a time when the body begins, before it has waited for anything.
#[task]
async fn look_for_time(lab: u64) -> Result<bool> {
    let steps = find(lab).steps();
    Ok(steps.iter().any(|step| step.kind == StepKind::Now))
}

#[flow]
async fn lab_time(lab: u64) -> Result<bool> {
    act(lab, "before".into()).await?;
    let _shown_outside = now();
    look_for_time(lab).await
}

/// A body that is killed in its first moment may have told somebody the time.
#[test]
fn a_time_is_on_the_disk_before_the_next_body_begins() {
    let lab = Lab::new(None);
    let record = lab.live("lab_time").expect("nothing kills it");
    assert_eq!(record.output.as_deref(), Some("true"), "{:?}", record.error);
}
