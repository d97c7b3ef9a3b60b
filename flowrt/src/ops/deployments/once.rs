//! Starting a deployment once, however often it is asked for with the same key.

use serde_json::{Map, Value};

use super::super::once::used_otherwise;
use super::super::rerun::overridden;
use super::super::{Engine, Once, Start};
use super::start_of;
use crate::error::Result;

impl Engine {
    /// Puts a run of a deployment into its queue as [`run_deployment`](Self::run_deployment) does, and says whether a run of
    /// its flow had the same idempotency key already: then that one is given, also if the deployment has other parameters
    /// by now.
    ///
    /// # Errors
    /// As [`run_deployment`](Self::run_deployment), and if the key was used with other parameters than those given, or for
    /// another deployment.
    pub async fn run_deployment_once(
        &self,
        name: &str,
        given: Map<String, Value>,
        start: Start,
    ) -> Result<Once> {
        let report = self.deployment(name).await?;
        let deployment = &report.record.deployment;
        let parameters = Value::Object(deployment.parameters_for(None, given.clone()));
        let start = start_of(deployment, start);
        let (meta, input) = self.checked(&deployment.flow, &parameters, &start)?;
        let once = self.enqueue_checked(meta, input, start).await?;
        if !once.is_new {
            let recorded = &once.record;
            let wanted = self.with_own_seals(overridden(meta, &recorded.input, &given)?)?;
            if wanted.digest() != recorded.input.digest()
                || recorded.dispatch.deployment.as_deref() != Some(name)
            {
                return Err(used_otherwise(recorded));
            }
        }
        Ok(once)
    }
}
