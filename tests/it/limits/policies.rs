use flowrt::prelude::*;
use futures_util::future::join_all;

use super::Crowd;

limit!(SEAT, 1);
static SEATED: Crowd = Crowd::new();

#[task(limit = SEAT, limit_key = of, when_full = fail)]
async fn sit_or_fail(of: String, number: u32) {
    let _ = of;
    SEATED.stay(number, 100).await;
}

#[task(limit = SEAT, limit_key = of, when_full = skip)]
async fn sit_or_skip(of: String, number: u32) {
    let _ = of;
    SEATED.stay(number, 100).await;
}

#[task(limit = SEAT, limit_key = of, when_full = cancel_previous)]
async fn sit_instead(of: String, number: u32) -> u32 {
    let _ = of;
    tokio::time::sleep(Duration::from_millis(if number == 2 { 1 } else { 60_000 })).await;
    number
}

/// How each ended, in no order: calls that are made at once come as they come.
fn kinds(results: Vec<Result<()>>) -> Vec<String> {
    let mut kinds: Vec<String> = results
        .into_iter()
        .map(|result| {
            result.map_or_else(
                |error| format!("{:?}", error.kind()),
                |()| "None".to_owned(),
            )
        })
        .collect();
    kinds.sort();
    kinds
}

#[flow]
async fn seats() -> Result<Vec<Vec<String>>> {
    let failing = join_all((0..3).map(|number| sit_or_fail("a".to_owned(), number))).await;
    let skipping = join_all((0..3).map(|number| sit_or_skip("b".to_owned(), number))).await;
    Ok(vec![kinds(failing), kinds(skipping)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_limit_fails_or_skips_those_who_do_not_queue() -> Result<()> {
    let ends = Engine::open("memory:").await?.run(seats()).await?;
    assert_eq!(
        ends,
        [["Full", "Full", "None"], ["None", "Skipped", "Skipped"]]
    );
    Ok(())
}

#[flow]
async fn last_one_sits() -> Result<Vec<String>> {
    let mut calls = Vec::new();
    for number in 0..3 {
        calls.push(sit_instead("c".to_owned(), number).submit());
        sleep(Duration::from_millis(50)).await;
    }
    let ends = join_all(calls).await;
    Ok(ends
        .into_iter()
        .map(|end| {
            end.map_or_else(
                |error| format!("{:?}", error.kind()),
                |number| number.to_string(),
            )
        })
        .collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_call_takes_the_place_of_those_before() -> Result<()> {
    let ends = Engine::open("memory:").await?.run(last_one_sits()).await?;
    assert_eq!(ends, ["Cancelled", "Cancelled", "2"]);
    Ok(())
}

limit!(COUNTER, 1);
static SERVED: Crowd = Crowd::new();

#[task(limit = COUNTER)]
async fn occupy() {
    SERVED.stay(0, 300).await;
}

#[task(limit = COUNTER)]
async fn usual(number: u32) {
    SERVED.stay(number, 1).await;
}

#[task(limit = COUNTER, priority = 10)]
async fn urgent(number: u32) {
    SERVED.stay(number, 1).await;
}

#[flow]
async fn served() -> Result<()> {
    let first = occupy().submit();
    sleep(Duration::from_millis(50)).await;
    let mut rest = vec![usual(1).submit(), usual(2).submit()];
    sleep(Duration::from_millis(50)).await;
    rest.extend([urgent(3).submit(), urgent(4).submit()]);
    first.await?;
    for one in rest {
        one.await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_urgent_come_first() -> Result<()> {
    Engine::open("memory:").await?.run(served()).await?;
    // Calls that are made at once come as they come.
    let mut order = SERVED.order();
    order[1..3].sort_unstable();
    order[3..].sort_unstable();
    assert_eq!(order, [0, 3, 4, 1, 2]);
    Ok(())
}
