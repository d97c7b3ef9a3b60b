//! What a limit costs.

use super::super::Engine;
use crate::TaskCall;
use crate::prelude::*;

const TASKS: u32 = 10;

limit!(ENOUGH, "10000 per hour");
limit!(ROOM, 3);

#[task]
async fn count_freely(n: u32) -> u32 {
    n + 1
}

#[task(limit = ENOUGH)]
async fn count_at_a_rate(n: u32) -> u32 {
    n + 1
}

#[task(limit = ROOM)]
async fn count_in_a_slot(n: u32) -> u32 {
    n + 1
}

#[flow]
async fn free_chain() -> Result<u32> {
    let mut n = 0;
    for _ in 0..TASKS {
        n = count_freely(n).await?;
    }
    Ok(n)
}

#[flow]
async fn rate_chain() -> Result<u32> {
    let mut n = 0;
    for _ in 0..TASKS {
        n = count_at_a_rate(n).await?;
    }
    Ok(n)
}

#[flow]
async fn slot_chain() -> Result<u32> {
    let mut n = 0;
    for _ in 0..TASKS {
        n = count_in_a_slot(n).await?;
    }
    Ok(n)
}

/// How often a run writes.
async fn writes(call: TaskCall<impl crate::__private::Callable<Output = u32>>) -> usize {
    let engine = Engine::new();
    assert_eq!(engine.run(call).await.unwrap(), TASKS);
    engine.writes()
}

#[tokio::test]
async fn a_task_takes_its_turn_in_one_write_and_gives_it_back_in_another() {
    let free = writes(free_chain()).await;
    for limited in [writes(rate_chain()).await, writes(slot_chain()).await] {
        let more = limited - free;
        assert!(more <= 2 * TASKS as usize, "{more} for {TASKS} tasks");
    }
}
