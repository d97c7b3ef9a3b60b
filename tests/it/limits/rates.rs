use std::sync::Mutex;
use std::time::Instant;

use flowrt::prelude::*;
use futures_util::future::try_join_all;

limit!(API, "20 per 500ms");
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
pub(super) fn most(starts: &[Instant], window: Duration) -> usize {
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
        (starts.len(), most(&starts, Duration::from_millis(500))),
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

limit!(MEASURED, "10 per minute", kind = leaky);

#[tokio::test(flavor = "multi_thread")]
async fn people_see_plan_and_set_limits() -> Result<()> {
    let engine = Engine::open("memory:").await?;
    let (first, last) = engine
        .plan_limit("MEASURED", 10_000)
        .await?
        .expect("a rate has times");
    // Ten a minute: one each six seconds, so a thousand minutes.
    assert_eq!((last - first) / 1_000_000, 9_999 * 6);
    engine.set_limit("MEASURED", Some("20 per minute")).await?;
    let report = engine.limit("MEASURED").await?;
    assert_eq!(
        (report.rule.count, report.program.map(|rule| rule.count)),
        (20, Some(10))
    );
    assert!(
        engine
            .limits()
            .await?
            .iter()
            .any(|report| report.name == "DESKS")
    );
    engine.set_limit("MEASURED", None).await?;
    assert_eq!(engine.limit("MEASURED").await?.program, None);
    let unknown = engine.set_limit("MEASURD", Some("1/s")).await.unwrap_err();
    assert_eq!(unknown.try_this(), Some("did you mean `MEASURED`?"));
    let misfit = engine.set_limit("MEASURED", Some("8")).await.unwrap_err();
    assert_eq!(misfit.kind(), flowrt::ErrorKind::Input);
    Ok(())
}
