//! Trouble with the store pauses a run; it never fails one.

use std::time::Duration;

use super::trouble;
use crate::clock::Clock;
use crate::error::Result;
use crate::store::Answer;

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Repeats a call for as long as the store is locked, full or slow. What repeating cannot help is an error at once.
pub(super) async fn patiently<'a, T>(
    clock: &Clock,
    mut call: impl FnMut() -> Answer<'a, T> + Send,
) -> Result<T> {
    let mut pause = FIRST_PAUSE;
    loop {
        match call().await {
            Err(error) if error.is_retryable() => {
                tracing::warn!(%error, "the store is not available; waiting");
                clock.sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            other => return other.map_err(trouble),
        }
    }
}
