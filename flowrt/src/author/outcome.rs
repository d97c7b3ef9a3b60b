//! What a hook is told.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::model::ids::RunId;

/// How a step or a run ended, for a hook that takes it as its one parameter.
///
/// ```
/// use flowrt::prelude::*;
///
/// #[task(retries = 5)]
/// async fn alert(outcome: flowrt::Outcome) {
///     println!("{} is {}", outcome.subject(), outcome.state);
/// }
///
/// #[task(on_failure = alert)]
/// async fn fetch() -> Result<String> {
///     Ok("data".to_owned())
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Outcome {
    /// The run.
    pub run: RunId,
    /// Its name, as people say it.
    pub run_name: String,
    /// The registered name of its flow.
    pub flow: String,
    /// The full id of the step, such as `fetch[3]`; none for a hook of the flow.
    #[serde(default)]
    pub step: Option<String>,
    /// How it ended: `Completed`, `Failed`, `TimedOut`, `Crashed` or `Cancelled`.
    pub state: String,
    /// Why it ended otherwise than it should.
    #[serde(default, with = "recorded")]
    pub error: Option<Error>,
    /// How many attempts it took.
    pub attempts: u32,
}

impl Outcome {
    /// What ended, in words: `the step fetch[3] of nightly`, or `the run nightly`.
    pub fn subject(&self) -> String {
        match &self.step {
            Some(step) => format!("the step {step} of {}", self.run_name),
            None => format!("the run {}", self.run_name),
        }
    }
}

impl schemars::JsonSchema for Outcome {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Outcome".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "description": "How a step or a run ended.",
            "required": ["run", "run_name", "flow", "state", "attempts"],
        })
    }
}

/// The error as it is written down.
mod recorded {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::error::Error;

    pub(super) fn serialize<S: Serializer>(
        error: &Option<Error>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let json = error.as_ref().map(Error::to_json);
        let value: Option<serde_json::Value> =
            json.and_then(|json| serde_json::from_str(&json).ok());
        value.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Error>, D::Error> {
        let value = Option::<serde_json::Value>::deserialize(deserializer)?;
        Ok(value.map(|value| Error::from_json(&value.to_string())))
    }
}
