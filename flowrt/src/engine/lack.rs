//! The wait of a task whose resource could not be made: that is nobody's attempt, so none is spent.

use std::time::Duration;

use super::host::RunHost;
use crate::author::core::Core;
use crate::clock::micros;
use crate::error::Error;
use crate::model::record::WaitRecord;
use crate::model::retry;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// Waits before the resource is asked for again; `failed` is how often it was in vain. The wait is recorded with its cause, so that
/// whoever asks why nothing happens is told.
pub(super) async fn wait(host: &RunHost, core: &Core, step: &str, error: &Error, failed: u32) {
    tracing::warn!(step, %error, "a resource cannot be made now; the task waits for it");
    let delay = retry::backoff_delay(FIRST, LONGEST, failed);
    let due = core.clock.now().saturating_add(micros(delay));
    host.note_wait(WaitRecord {
        step: step.to_owned(),
        kind: "resource".to_owned(),
        due: Some(due),
        detail: serde_json::json!({ "error": crate::mask::text(error.message()) }),
    })
    .await;
    core.clock.sleep_until(due).await;
}
