//! Starting a flow once, however often it is asked for with the same key.

use serde_json::Value;

use super::{Engine, Start};
use crate::error::{Error, ErrorKind, Result};
use crate::model::record::RunRecord;

/// A run that was started, or had been by the same key.
#[derive(Debug, Clone)]
pub struct Once {
    /// The run.
    pub record: RunRecord,
    /// It was started now.
    pub is_new: bool,
}

impl Engine {
    /// Leaves a flow to workers as [`enqueue`](Self::enqueue) does, and says whether a run of that flow had the same
    /// idempotency key already: then that one is given. The key is kept with the run, so a crash in between starts nothing
    /// twice.
    ///
    /// # Errors
    /// As [`start_with`](Self::start_with), and if the key was used with other parameters.
    pub async fn enqueue_once(&self, flow: &str, params: &Value, start: Start) -> Result<Once> {
        let (meta, input) = self.checked(flow, params, &start)?;
        let once = self.enqueue_checked(meta, input.clone(), start).await?;
        if !once.is_new && self.with_own_seals(input)?.digest() != once.record.input.digest() {
            return Err(used_otherwise(&once.record));
        }
        Ok(once)
    }
}

/// What says that a key is taken.
pub(super) fn used_otherwise(record: &RunRecord) -> Error {
    let key = record.idempotency_key.as_deref().unwrap_or_default();
    let message = format!(
        "the idempotency key `{key}` was used for {}, which has other parameters",
        record.name
    );
    Error::new(ErrorKind::Input, message).hint("use a new key for a new start")
}
