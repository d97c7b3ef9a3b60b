//! Whatever happens to a run, its state goes along the table: the stores refuse anything else.

use std::time::Duration;

use super::{double, engine, flaky, moment, sum, waits};
use crate::__private as p;
use crate::model::state::RunState;
use crate::ops::{Engine, RunHandle};
use crate::{ErrorKind, Result};

callable!(Task (retries = 1) stumble / Stumble (n: u32) -> u32 {
    if n.is_multiple_of(3) { Err("stumbled".into()) } else { Ok(n) }
});
callable!(Program [retries = 1] life / Life (n: u32) -> u32 {
    let first = p::step(double(n)).await?;
    p::step(crate::sleep(Duration::from_millis(u64::from(n % 3)))).await;
    if n.is_multiple_of(2) {
        p::step(sum(n)).await?;
    }
    let mut child = waits();
    let _ = futures_util::poll!(&mut child);
    p::step(stumble(n)).await?;
    if n.is_multiple_of(5) {
        p::step(child).await?;
    }
    let _ = p::step(flaky()).await;
    Ok(first)
});

callable!(Program skips / Skips () -> u32 {
    Err(crate::Error::new(ErrorKind::Skipped, "nothing to do"))
});
callable!(Program beside_skips / BesideSkips () -> u32 {
    drop(skips().submit());
    p::step(double(2)).await
});
callable!(Program needs_skips / NeedsSkips () -> u32 { p::step(skips()).await });

#[tokio::test]
async fn a_skipped_child_skips_only_what_needs_its_value() {
    let engine = engine().await;
    let beside = engine.start(beside_skips()).await.expect("starts");
    let needs = engine.start(needs_skips()).await.expect("starts");
    let (beside, needs) = (beside.wait().await, needs.wait().await);
    assert_eq!(beside.expect("ends").state, RunState::Completed);
    assert_eq!(needs.expect("ends").state, RunState::Skipped);
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// Does something to the run; gives a new handle if it is driven anew.
async fn disturb(engine: &Engine, run: &RunHandle, dice: &mut Dice) -> Option<RunHandle> {
    let id = run.id;
    match dice.roll(6) {
        0 => run.interrupt(),
        1 => engine.cancel(id).await.expect("is accepted"),
        2 => {
            let _ = engine.signal(id, "answer", &serde_json::json!("x")).await;
        }
        3 => {
            let record = engine.record(id).await.expect("reads");
            let claimed = engine.store().claim(id, record.epoch, true, 0).await;
            drop(claimed);
        }
        4 => return engine.resume(id).await.ok(),
        _ => moment(dice.roll(4)).await,
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn no_disturbance_leads_off_the_table() {
    for seed in 1..=60_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let engine = engine().await.grace(Duration::from_millis(5));
        let n = u32::try_from(dice.roll(10)).expect("small");
        let mut run = engine.start(life(n)).await.expect("starts");
        let mut ended = Vec::new();
        for _ in 0..dice.roll(8) {
            if let Some(anew) = disturb(&engine, &run, &mut dice).await {
                ended.push(std::mem::replace(&mut run, anew));
            }
        }
        engine.cancel(run.id).await.expect("is accepted");
        ended.push(run);
        for run in ended {
            let id = run.id;
            match run.wait().await {
                Ok(record) => assert!(record.state != RunState::Pending, "seed {seed}: {id}"),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::LeaseLost, "seed {seed}: {error}")
                }
            }
        }
    }
}
