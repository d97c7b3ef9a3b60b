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
    /// Starts a flow as [`start_with`](Self::start_with), unless a run of that flow has the same idempotency key: then that
    /// one is given, and goes on here if its process died before it was taken. The key is kept with the run, so a crash
    /// in between starts nothing twice.
    ///
    /// # Errors
    /// As [`start_with`](Self::start_with), and if the key was used with other parameters.
    pub async fn start_once(
        &self,
        flow: &str,
        params: &serde_json::Value,
        start: Start,
    ) -> Result<Once> {
        let (meta, input) = self.checked(flow, params, &start)?;
        let key = start.idempotency_key.clone();
        let before = self.now();
        let record = self.accept(meta, input.clone(), start).await?;
        let is_new = key.is_none() || record.created >= before;
        if let (Some(key), false) = (&key, is_new) {
            self.refuse_other_input(&record, input, key)?;
        }
        let untaken = record.owner.is_none() && record.started.is_none();
        if !untaken || record.state.is_final() {
            return Ok(Once { record, is_new });
        }
        match self.take(&record, meta, None).await {
            Ok(_) => {}
            // The same request came twice at once, and the other was faster.
            Err(error) if error.kind() == ErrorKind::LeaseLost && key.is_some() => {}
            Err(error) => return Err(error),
        }
        let record = self.record(record.id).await?;
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
