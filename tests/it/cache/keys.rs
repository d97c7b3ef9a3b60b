//! What a result depends on.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use flowrt::model::record::Journal;
use flowrt::model::state::TaskState;
use flowrt::prelude::*;

#[allow(clippy::ptr_arg, reason = "a key takes the parameters as they are")]
fn region_alone(region: &String, _page: &u32) -> String {
    region.to_lowercase()
}

#[task(cache = "1h", cache_key = region_alone)]
async fn by_region(region: String, page: u32, ctx: &TaskContext) -> Result<u32> {
    let _ = region;
    Ok(page + ctx.attempt() - 1)
}

#[flow]
async fn pages(region: String, page: u32) -> Result<u32> {
    by_region(region, page).await
}

#[tokio::test]
async fn a_key_of_its_own_stands_in_place_of_the_inputs() {
    let engine = Engine::open("memory:").await.expect("opens");
    let ask = |region: &str, page| engine.run(pages(region.into(), page));
    assert_eq!(ask("EU", 1).await.expect("runs"), 1);
    assert_eq!(ask("eu", 2).await.expect("runs"), 1);
    assert_eq!(ask("us", 2).await.expect("runs"), 2);
}

fn no_key(page: &u32) -> String {
    assert!(*page != 13, "thirteen has no key");
    page.to_string()
}

#[task(cache = "1h", cache_key = no_key, retries = 3)]
async fn keyed(page: u32) -> Result<u32> {
    Ok(page)
}

#[flow]
async fn thirteen() -> Result<u32> {
    keyed(13).await
}

#[tokio::test]
async fn a_key_that_panics_fails_the_step() {
    let engine = Engine::open("memory:").await.expect("opens");
    let error = engine.run(thirteen()).await.expect_err("no key");
    let said: Vec<String> = std::iter::once(error.message().to_owned())
        .chain(error.chain().map(|cause| cause.to_string()))
        .collect();
    let said = said.join(": ");
    assert!(said.contains("the cache key of `keyed` failed"), "{said}");
    assert!(said.contains("thirteen has no key"), "{said}");
}

static MAPS: AtomicU32 = AtomicU32::new(0);

#[task(cache = "1h")]
async fn of_a_map(map: HashMap<String, u32>) -> Result<usize> {
    MAPS.fetch_add(1, SeqCst);
    Ok(map.len())
}

#[flow]
async fn many_maps() -> Result<()> {
    for _ in 0..8 {
        let entries = (0..6).map(|n| (n.to_string(), n));
        of_a_map(entries.collect()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_order_of_keys_does_not_tell_inputs_apart() {
    let engine = Engine::open("memory:").await.expect("opens");
    engine.run(many_maps()).await.expect("runs");
    assert_eq!(MAPS.load(SeqCst), 1);
}

mod one {
    use flowrt::prelude::*;

    #[task(cache = "1h", name = "first twin")]
    pub(crate) async fn twin(n: u32) -> Result<u32> {
        Ok(n)
    }
}

mod two {
    use flowrt::prelude::*;

    #[task(cache = "1h", name = "second twin")]
    pub(crate) async fn twin(n: u32) -> Result<u32> {
        Ok(n + 1)
    }
}

#[flow]
async fn twins() -> Result<(u32, u32)> {
    Ok((one::twin(1).await?, two::twin(1).await?))
}

#[tokio::test]
async fn each_task_has_results_of_its_own() {
    let engine = Engine::open("memory:").await.expect("opens");
    for _ in 0..2 {
        assert_eq!(engine.run(twins()).await.expect("runs"), (1, 2));
    }
    let kept = engine.cached(Some("first twin"), 0).await.expect("reads");
    assert_eq!(kept.len(), 1);
}

#[task(cache = "1h")]
async fn not_a_number() -> Result<f64> {
    Ok(f64::NAN)
}

#[flow]
async fn nan() -> Result<bool> {
    Ok(not_a_number().await.is_ok())
}

#[tokio::test]
async fn what_does_not_come_back_from_its_record_is_not_kept() {
    let engine = Engine::open("memory:").await.expect("opens");
    for _ in 0..2 {
        let run = engine.start(nan()).await.expect("starts");
        let record = run.wait().await.expect("ends");
        let Journal { steps, .. } = engine.journal(record.id).await.expect("reads");
        assert!(steps.iter().all(|step| step.state != TaskState::Cached));
    }
    assert!(engine.cached(None, 0).await.expect("reads").is_empty());
}
