//! `--no-cache` and `--refresh`, for the run and what is below it.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use flowrt::model::record::CacheUse;
use flowrt::model::record::RunRecord;
use flowrt::ops::Start;
use flowrt::prelude::*;
use serde_json::json;

static COMPUTED: AtomicU32 = AtomicU32::new(0);

#[task(cache = "24h")]
async fn cached_count() -> Result<u32> {
    Ok(COMPUTED.fetch_add(1, SeqCst))
}

#[flow]
fn count_below() -> Result<u32> {
    cached_count()
}

#[flow]
async fn count_in_a_child() -> Result<u32> {
    count_below().await
}

async fn run(engine: &Engine, cache: CacheUse) -> u64 {
    let start = Start {
        cache,
        ..Start::default()
    };
    let none = json!({});
    let run = engine.start_with("count_in_a_child", &none, start);
    let record: RunRecord = run.await.expect("starts").wait().await.expect("ends");
    let output = record.output.expect("it completed");
    output.to_value().as_u64().expect("a number")
}

#[tokio::test]
async fn a_run_says_what_it_does_with_the_cache() {
    let engine = Engine::open("memory:").await.expect("opens");
    assert_eq!(run(&engine, CacheUse::Use).await, 0);
    assert_eq!(run(&engine, CacheUse::Off).await, 1, "not read");
    assert_eq!(run(&engine, CacheUse::Use).await, 0, "and not written");
    assert_eq!(run(&engine, CacheUse::Refresh).await, 2, "computed anew");
    assert_eq!(run(&engine, CacheUse::Use).await, 2, "and written");
    assert_eq!(
        engine
            .clear_cache(Some("other"), None)
            .await
            .expect("clears"),
        0
    );
    let old = Some(Duration::from_secs(3_600));
    assert_eq!(engine.clear_cache(None, old).await.expect("clears"), 0);
    assert_eq!(
        engine
            .clear_cache(Some("cached_count"), None)
            .await
            .expect("clears"),
        1
    );
    assert_eq!(run(&engine, CacheUse::Use).await, 3);
}
