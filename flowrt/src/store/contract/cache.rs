//! Results that are kept.

use super::super::cache::{CacheFilter, Kept};
use super::super::sample::{payload, run_id};
use super::super::{Error, Store};
use crate::model::payload::{Digest, Payload};

fn kept(key: u8, task: &str, computed: i64, expires: i64) -> Kept {
    Kept {
        key: Digest([key; 16]),
        task: task.to_owned(),
        run: run_id(1),
        step: format!("{task}#{key}"),
        output: payload(task),
        computed,
        expires,
    }
}

async fn keys(store: &dyn Store, filter: CacheFilter) -> Vec<u8> {
    let entries = store.cache_entries(filter).await.unwrap();
    entries.iter().map(|entry| entry.key.0[0]).collect()
}

pub(super) async fn a_result_is_kept_until_it_expires(store: &dyn Store) {
    let key = Digest([1; 16]);
    assert_eq!(store.kept(key, 0).await.unwrap(), None);
    let first = kept(1, "fetch", 10, 20);
    store.keep(first.clone()).await.unwrap();
    assert_eq!(store.kept(key, 19).await.unwrap(), Some(first.clone()));
    assert_eq!(store.kept(key, 20).await.unwrap(), None, "it has expired");
    assert_eq!(store.kept(Digest([2; 16]), 19).await.unwrap(), None);
    let entries = store.cache_entries(CacheFilter::default()).await.unwrap();
    assert_eq!(entries, [first.entry()]);
    assert_eq!(entries[0].bytes, 7, "the JSON of `fetch`");

    let second = kept(1, "fetch", 30, 99);
    store.keep(second.clone()).await.unwrap();
    assert_eq!(store.kept(key, 50).await.unwrap(), Some(second));
    let huge = Kept {
        output: Payload::from_json("7".repeat(super::super::PAYLOAD_BYTES_MAX + 1)),
        ..kept(9, "fetch", 30, 99)
    };
    let refused = store.keep(huge).await;
    assert!(
        matches!(refused, Err(Error::TooLarge { .. })),
        "{refused:?}"
    );
}

pub(super) async fn what_has_expired_is_dropped_in_time(store: &dyn Store) {
    for key in 0..40 {
        store.keep(kept(key, "fetch", 0, 10)).await.unwrap();
    }
    for key in 100..110 {
        store.keep(kept(key, "fetch", 10, 99)).await.unwrap();
    }
    let left = keys(store, CacheFilter::default()).await;
    assert_eq!(left, (100..110).collect::<Vec<u8>>());
}

pub(super) async fn results_are_cleared_by_task_and_age(store: &dyn Store) {
    for (key, task, computed) in [(1, "a", 5), (2, "b", 6), (3, "a", 7), (4, "b", 8)] {
        store.keep(kept(key, task, computed, 99)).await.unwrap();
    }
    let of = |task: Option<&str>, before| CacheFilter {
        task: task.map(str::to_owned),
        before,
    };
    assert_eq!(keys(store, of(None, None)).await, [4, 3, 2, 1]);
    assert_eq!(keys(store, of(Some("a"), None)).await, [3, 1]);
    assert_eq!(keys(store, of(Some("b"), Some(8))).await, [2]);
    assert_eq!(store.clear_cache(of(Some("b"), Some(8))).await.unwrap(), 1);
    assert_eq!(store.clear_cache(of(None, Some(6))).await.unwrap(), 1);
    assert_eq!(keys(store, of(None, None)).await, [4, 3]);
    assert_eq!(store.clear_cache(of(None, None)).await.unwrap(), 2);
    assert_eq!(store.clear_cache(of(None, None)).await.unwrap(), 0);
}
