//! Trouble with the store pauses a run and never fails it.

use std::time::Duration;

use crate::clock::Clock;
use crate::store::{Answer, Error};

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Asks the store until it answers; only what a repetition does not mend is an error.
pub(crate) async fn patiently<'a, T>(ask: impl Fn() -> Answer<'a, T>) -> Result<T, Error> {
    let mut pause = FIRST_PAUSE;
    loop {
        match ask().await {
            Err(error) if error.is_retryable() => {
                tracing::warn!(%error, "the store is not available; waiting");
                // The machine's own clock: a test that stops time does not stop the store.
                Clock::real().sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            answer => return answer,
        }
    }
}
