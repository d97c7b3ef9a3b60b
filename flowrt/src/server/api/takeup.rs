//! Taking runs up again: resume and rerun, and what they will do.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::runs::begun;
use crate::ops::view::{PlanView, RunView};
use crate::ops::{Rerun, Resume};
use crate::server::answer::{Begun, Json};
use crate::server::route::{Answered, Call, Nothing, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/runs/{run}/resume/plan",
            "planResume",
            "What a resume would do; changes nothing",
            plan_resume,
        ),
        Route::post(
            "/runs/{run}/resume",
            "resumeRun",
            "Go on with a run: where it stopped, or with what made it fail",
            resume,
        ),
        Route::post(
            "/runs/{run}/rerun/plan",
            "planRerun",
            "What a rerun would do; changes nothing",
            plan_rerun,
        ),
        Route::post(
            "/runs/{run}/rerun",
            "rerunRun",
            "Start a new run that reuses what it can of this one",
            rerun,
        )
        .keyed(),
    ]
}

/// What a person decides about a resume.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct ResumeChoices {
    /// Keep results although the text of their task has changed since.
    trust_changed: bool,
    /// Do failures again that the flow handled or tolerated, too.
    retry_handled: bool,
    /// Do again what was under way when the process died, although its task leaves that to a person.
    retry_crashed: bool,
}

impl ResumeChoices {
    const fn resume(&self) -> Resume {
        Resume {
            trust_changed: self.trust_changed,
            retry_handled: self.retry_handled,
            retry_crashed: self.retry_crashed,
        }
    }
}

/// What a person decides about a rerun.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct RerunChoices {
    /// This step and what comes after it are done again.
    from: Option<String>,
    /// Keep results although the text of their task has changed since.
    trust_changed: bool,
    /// Do failures again that the flow handled or tolerated, too.
    retry_handled: bool,
    /// Parameters that differ from those of the old run.
    parameters: Map<String, Value>,
}

impl RerunChoices {
    fn rerun(self, idempotency_key: Option<String>) -> Rerun {
        Rerun {
            from: self.from,
            trust_changed: self.trust_changed,
            retry_handled: self.retry_handled,
            params: self.parameters,
            idempotency_key,
        }
    }
}

async fn plan_resume(call: Call<Nothing, ResumeChoices>) -> Answered<Json<PlanView>> {
    let engine = &call.state.engine;
    let found = call.run().await?;
    let record = engine.last_of(found.id).await?;
    let (how, plan) = engine.plan_resume(record.id, call.body.resume()).await?;
    Ok(Json(PlanView::of(&record, how, &plan)))
}

async fn resume(call: Call<Nothing, ResumeChoices>) -> Answered<Json<RunView>> {
    let engine = &call.state.engine;
    let found = call.run().await?;
    let run = engine.resume_with(found.id, call.body.resume()).await?;
    let record = engine.record(run.id).await?;
    Ok(Json(engine.view(&record).await?))
}

async fn plan_rerun(call: Call<Nothing, RerunChoices>) -> Answered<Json<PlanView>> {
    let engine = &call.state.engine;
    let record = call.run().await?;
    let plan = engine.plan_rerun(record.id, &call.body.rerun(None)).await?;
    let how = crate::model::plan::How::Rerun;
    Ok(Json(PlanView::of(&record, how, &plan)))
}

async fn rerun(call: Call<Nothing, RerunChoices>) -> Answered<Begun<RunView>> {
    let key = call.key()?;
    let engine = &call.state.engine;
    let origin = call.run().await?;
    let once = engine.rerun_once(origin.id, &call.body.rerun(key)).await?;
    Ok(begun(engine, &once.record, once.is_new).await?)
}
