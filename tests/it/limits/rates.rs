use std::sync::Mutex;
use std::time::Instant;

use flowrt::prelude::*;
use futures_util::future::try_join_all;

limit!(API, "20 per 200ms");
static STARTS: Mutex<Vec<Instant>> = Mutex::new(Vec::new());

#[task(limit = API)]
async fn ask_api(number: u32) -> u32 {
    STARTS.lock().expect("no panic inside").push(Instant::now());
    number
}

#[flow]
async fn ask_often(count: u32) -> Result<u32> {
    Ok(try_join_all((0..count).map(ask_api))
        .await?
        .into_iter()
        .sum())
}

/// The most starts in any window of that length.
fn most(starts: &[Instant], window: Duration) -> usize {
    starts
        .iter()
        .map(|from| {
            starts
                .iter()
                .filter(|at| **at >= *from && at.duration_since(*from) < window)
                .count()
        })
        .max()
        .unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_holds_at_every_moment_over_two_engines_on_one_store() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite:{}", folder.path().join("f.db").display());
    let (one, two) = (Engine::open(&url).await?, Engine::open(&url).await?);
    let sums = tokio::join!(one.run(ask_often(60)), two.run(ask_often(60)));
    assert_eq!((sums.0?, sums.1?), (1770, 1770));
    let starts = STARTS.lock().expect("no panic inside").clone();
    assert_eq!(
        (starts.len(), most(&starts, Duration::from_millis(200))),
        (120, 20)
    );
    Ok(())
}

limit!(TOKENS, "100 per minute", kind = points);

#[task(limit = TOKENS * 100)]
async fn think(ctx: &TaskContext, cost: u32) {
    ctx.points_used(cost);
}

#[flow]
async fn think_cheaply() -> Result<()> {
    for _ in 0..5 {
        think(0).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn points_that_were_not_used_are_given_back() -> Result<()> {
    // Five estimates of all points would take four minutes.
    tokio::time::timeout(
        Duration::from_secs(20),
        Engine::open("memory:").await?.run(think_cheaply()),
    )
    .await
    .map_err(|_| flowrt::Error::from("the points were not given back"))?
}
