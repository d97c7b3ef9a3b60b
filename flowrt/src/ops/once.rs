//! Starting a flow once, however often it is asked for with the same key.

use super::{Engine, Start};
use crate::error::{Error, ErrorKind, Result};
use crate::model::payload::Payload;
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
    pub async fn enqueue_once(
        &self,
        flow: &str,
        params: &serde_json::Value,
        start: Start,
    ) -> Result<Once> {
        let (_, input) = self.checked(flow, params, &start)?;
        let key = start.idempotency_key.clone();
        let before = self.now();
        let record = self.enqueue(flow, params, start).await?;
        let is_new = key.is_none() || record.created >= before;
        if let (Some(key), false) = (&key, is_new) {
            self.refuse_other_input(&record, input, key)?;
        }
        Ok(Once { record, is_new })
    }

    fn refuse_other_input(&self, record: &RunRecord, input: Payload, key: &str) -> Result<()> {
        let input = self.with_own_seals(input)?;
        if input.digest() == record.input.digest() {
            return Ok(());
        }
        let message = format!(
            "the idempotency key `{key}` was used for {}, which has other parameters",
            record.name
        );
        Err(Error::new(ErrorKind::Input, message).hint("use a new key for a new start"))
    }
}
