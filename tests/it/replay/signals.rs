//! Rule 7: a signal is consumed by a record, so it is neither lost nor taken twice; attempts are counted in the store.

use flowrt::prelude::*;

use super::lab::{Lab, act, count_of, effect};
use super::story::survives;

/// What was received is an input of the next call, so another signal would park.
#[flow]
async fn lab_signals(lab: u64) -> Result<String> {
    let first = receive::<u32>("lab").await?;
    act(lab, format!("first {first}")).await?;
    let second = receive::<u32>("lab").await?;
    act(lab, format!("second {second}")).await?;
    let third = receive::<u32>("lab").await?;
    let fourth = receive::<u32>("lab")
        .timeout(Duration::from_millis(1))
        .await;
    act(lab, "end".into()).await?;
    Ok(format!("{first} {second} {third} {}", fourth.is_err()))
}

#[test]
fn each_signal_is_taken_once_and_in_order() {
    assert_eq!(survives("lab_signals"), 6);
    let lab = Lab::new(None);
    let record = lab.live("lab_signals").expect("nothing kills it");
    assert_eq!(record.output.as_deref(), Some("\"0 1 2 true\""));
}

#[task(retries = 3, retry_delay = "1ms")]
async fn fourth_time(lab: u64, what: String, ctx: &TaskContext) -> Result<u32> {
    effect(lab, &format!("{what} {}", ctx.attempt())).await;
    if ctx.attempt() < 4 {
        return Err(format!("attempt {}", ctx.attempt()).into());
    }
    Ok(ctx.attempt())
}

#[flow]
async fn lab_attempts(lab: u64) -> Result<u32> {
    let attempts = fourth_time(lab, "try".into()).await?;
    act(lab, "end".into()).await?;
    Ok(attempts)
}

#[test]
fn an_attempt_that_failed_is_not_made_again() {
    for crash_at in 1.. {
        let lab = Lab::new(Some(crash_at));
        if lab.live("lab_attempts").is_some() {
            assert!(crash_at > 8, "each attempt can be cut off");
            return;
        }
        let before = lab.effects();
        lab.revive();
        let record = lab.live("lab_attempts").expect("nothing kills it any more");
        assert_eq!(
            record.output.as_deref(),
            Some("4"),
            "{crash_at}: {:?}",
            record.error
        );
        // Only the last thing that was done may be done again: what came before it is written down.
        for name in before.iter().rev().skip(1) {
            assert_eq!(count_of(lab.id, name), 1, "{crash_at}: {name}");
        }
        assert!(lab.effects().contains(&"try 4".to_owned()));
    }
}
