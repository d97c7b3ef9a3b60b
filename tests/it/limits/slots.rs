use flowrt::prelude::*;
use futures_util::future::try_join_all;

use super::Crowd;

limit!(DESKS, 3);
static AT_DESKS: Crowd = Crowd::new();

#[task(limit = DESKS, name = "sit")]
async fn sit(number: u32) {
    // A few more may come in after that, if nothing keeps them out.
    AT_DESKS.stay_until(number, || AT_DESKS.most() >= 3).await;
}

#[flow(name = "sit_together")]
async fn sit_together(count: u32) -> Result<()> {
    try_join_all((0..count).map(sit)).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_than_the_slots_run_at_once_also_across_runs() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite:{}", folder.path().join("f.db").display());
    let (one, two) = (Engine::open(&url).await?, Engine::open(&url).await?);
    let runs = tokio::join!(one.run(sit_together(20)), two.run(sit_together(20)));
    runs.0?;
    runs.1?;
    assert_eq!((AT_DESKS.all(), AT_DESKS.most()), (40, 3));
    Ok(())
}

limit!(LANE, 4);
static IN_LANE: Crowd = Crowd::new();

#[task(limit = LANE * 3, name = "drive_wide")]
async fn drive_wide(number: u32) {
    IN_LANE.pass(number).await;
}

#[flow(name = "drive_all")]
async fn drive_all() -> Result<()> {
    try_join_all((0..6).map(drive_wide)).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn weights_count() -> Result<()> {
    Engine::open("memory:").await?.run(drive_all()).await?;
    assert_eq!((IN_LANE.all(), IN_LANE.most()), (6, 1));
    Ok(())
}

#[task(limit = LANE * 5, name = "too_wide")]
async fn too_wide() {}

#[flow(name = "drive_too_wide")]
async fn drive_too_wide() -> Result<()> {
    too_wide().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_never_start_is_said() -> Result<()> {
    let error = Engine::open("memory:")
        .await?
        .run(drive_too_wide())
        .await
        .unwrap_err();
    assert_eq!(
        error.message(),
        "`too_wide` takes 5 of the limit LANE, which holds 4"
    );
    Ok(())
}

limit!(ROOMS, 1);
static IN_ROOMS: Crowd = Crowd::new();

#[task(limit = ROOMS, limit_key = house, name = "enter")]
async fn enter(number: u32, house: String) {
    let _ = house;
    IN_ROOMS.stay_until(number, || IN_ROOMS.most() >= 2).await;
}

#[flow(name = "enter_all")]
async fn enter_all() -> Result<()> {
    let houses = ["north", "south", "north"];
    try_join_all(
        houses
            .iter()
            .zip(0..)
            .map(|(house, number)| enter(number, (*house).to_owned())),
    )
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_key_has_its_own_slots() -> Result<()> {
    Engine::open("memory:").await?.run(enter_all()).await?;
    assert_eq!((IN_ROOMS.all(), IN_ROOMS.most()), (3, 2));
    Ok(())
}

limit!(LOCK, 1);

#[task(limit = LOCK, name = "hold", timeout = "1s", retries = 0)]
async fn hold(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

#[flow(name = "hold_many")]
async fn hold_many() -> Result<()> {
    try_join_all((0..6).map(|_| hold(300))).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_does_not_count_the_wait() -> Result<()> {
    Engine::open("memory:").await?.run(hold_many()).await
}
