//! Starting flows.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::runs::begun;
use crate::model::record::CacheUse;
use crate::ops::view::RunView;
use crate::ops::{Start, params};
use crate::server::answer::Begun;
use crate::server::problem::Problem;
use crate::server::route::{Answered, Call, Nothing, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/runs",
            "startRun",
            "Start a flow; when this is answered, the run will not be lost",
            start,
        )
        .keyed(),
    ]
}

/// A flow and its parameters.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewStart {
    /// The flow.
    flow: String,
    /// Its parameters; those with a default may be left out.
    #[serde(default)]
    parameters: Map<String, Value>,
    /// What to call the run: two words that people can say, if nothing is said.
    name: Option<String>,
    /// What it does with results that other runs have kept.
    #[serde(default)]
    cache: CacheUse,
}

async fn start(call: Call<Nothing, NewStart>) -> Answered<Begun<RunView>> {
    let key = call.key()?;
    let meta = super::flows::find(&call, &call.body.flow)?;
    let (engine, body) = (&call.state.engine, call.body);
    let mut faults = params::faults(meta, &body.parameters);
    if !faults.is_empty() {
        for fault in &mut faults {
            fault.path = format!("parameters.{}", fault.path);
        }
        let what = format!("`{}` cannot start with these parameters", meta.name);
        return Err(Problem::of_faults(&what, faults));
    }
    let start = Start {
        name: body.name,
        cache: body.cache,
        idempotency_key: key,
        ..Start::default()
    };
    let once = engine
        .enqueue_once(meta.name, &Value::Object(body.parameters), start)
        .await?;
    Ok(begun(engine, &once.record, once.is_new).await?)
}
