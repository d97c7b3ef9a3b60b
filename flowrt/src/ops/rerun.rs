//! A new run that copies from an old one what it can reuse.

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::{Engine, Once, RunHandle, names, params};
use crate::author::meta::Meta;
use crate::clock;
use crate::engine::again::{claim, plan_of, release};
use crate::engine::park::doubt_of;
use crate::engine::{build::build, trouble};
use crate::error::{Error, ErrorKind, Result};
use crate::model::dispatch::Dispatch;
use crate::model::ids::RunId;
use crate::model::payload::Payload;
use crate::model::plan::{Choices, How, Plan};
use crate::model::record::{ASIDE, NewRun, RunRecord, StepKind, StepRecord};
use crate::model::state::RunState;

/// What a person decides about a rerun.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rerun {
    /// This step and what comes after it are done again.
    pub from: Option<String>,
    /// Keep results although the text of their task has changed since.
    pub trust_changed: bool,
    /// Do failures again that the flow handled or tolerated, too.
    pub retry_handled: bool,
    /// Parameters that differ from those of the old run.
    #[serde(rename = "parameters")]
    pub params: serde_json::Map<String, serde_json::Value>,
    /// A second rerun with the same key gives the first one's run.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// What a copied run does not have from its origin.
struct Copy {
    id: RunId,
    name: String,
    parent: Option<(RunId, String)>,
    input: Payload,
    key: Option<String>,
}

impl Engine {
    /// What [`rerun`](Self::rerun) would do. Changes nothing.
    ///
    /// # Errors
    /// As [`rerun`](Self::rerun).
    pub async fn plan_rerun(&self, run: RunId, rerun: &Rerun) -> Result<Plan> {
        let record = self.record(run).await?;
        let (plan, _) = self.prepared(&record, rerun).await?;
        Ok(plan)
    }

    /// Starts a new run, with new keys, that names this one as its origin and reuses what is recorded there as far as
    /// scope, task and inputs are the same. Random values and the logical time are those of the origin.
    ///
    /// # Errors
    /// If there is no such run or step, a parameter does not fit, or a live process drives the run.
    pub async fn rerun(&self, run: RunId, rerun: &Rerun) -> Result<RunHandle> {
        let (record, meta, _) = self.copied_run(run, rerun).await?;
        self.take(&record, meta, None).await
    }

    /// As [`rerun`](Self::rerun), but the new run is left to workers, and a second one with the same idempotency key gives the
    /// run of the first.
    ///
    /// # Errors
    /// As [`rerun`](Self::rerun).
    pub async fn rerun_once(&self, run: RunId, rerun: &Rerun) -> Result<Once> {
        let (record, _, is_new) = self.copied_run(run, rerun).await?;
        if !is_new && (record.owner.is_some() || record.started.is_some()) {
            return Ok(Once { record, is_new });
        }
        // Only now: whoever takes it shall find its children.
        match claim(&self.shared, &record).await {
            Ok(claimed) => {
                self.hand_over(&claimed).await?;
            }
            // The same request came twice at once, and the other was faster.
            Err(error)
                if error.kind() == ErrorKind::LeaseLost && rerun.idempotency_key.is_some() => {}
            Err(error) => return Err(error),
        }
        let record = self.record(record.id).await?;
        Ok(Once { record, is_new })
    }

    /// The new run, not driven yet; and whether it was made now.
    async fn copied_run(
        &self,
        run: RunId,
        rerun: &Rerun,
    ) -> Result<(RunRecord, &'static Meta, bool)> {
        let origin = self.record(run).await?;
        let meta = self.flow_of(&origin)?;
        let (plan, input) = self.prepared(&origin, rerun).await?;
        let id = RunId(clock::new_uuid());
        let copy = Copy {
            id,
            name: names::of(clock::random_u64()),
            parent: None,
            input,
            key: rerun.idempotency_key.clone(),
        };
        let record = self.copy(&origin, copy, &plan).await?;
        // Also for one that was there: the process that made it may have died before its children were copied.
        self.copy_children(&origin, record.id, &plan).await?;
        let is_new = record.id == id;
        Ok((record, meta, is_new))
    }

    async fn prepared(&self, record: &RunRecord, rerun: &Rerun) -> Result<(Plan, Payload)> {
        let meta = self.flow_of(record)?;
        self.refuse_live(record).await?;
        let input = self.with_own_seals(overridden(meta, &record.input, &rerun.params)?)?;
        let choices = Choices {
            trust_changed: rerun.trust_changed,
            retry_handled: rerun.retry_handled,
            from: rerun.from.clone(),
            other_parameters: input.digest() != record.input.digest(),
        };
        let plan = plan_of(&self.shared, record, How::Rerun, &choices).await?;
        if let Some(from) = &rerun.from {
            check_from(from, &plan)?;
        }
        Ok((plan, input))
    }

    async fn copy(&self, origin: &RunRecord, copy: Copy, plan: &Plan) -> Result<RunRecord> {
        let store = &self.shared.store;
        let journal = store.journal(origin.id).await.map_err(trouble)?;
        let run = NewRun {
            id: copy.id,
            name: copy.name,
            flow: origin.flow.clone(),
            input: copy.input,
            parent: copy.parent,
            origin: Some(origin.id),
            idempotency_key: copy.key,
            seed: origin.seed,
            created: self.shared.clock.now(),
            logical_time: origin.logical_time,
            build: build().to_owned(),
            cache: origin.cache,
            dispatch: Dispatch {
                queue: None,
                // A person does it, so it is no part of what a backfill has to do.
                backfill: None,
                ..origin.dispatch.without_slot()
            },
            due: None,
            steps: copied(journal.steps, origin.id, plan),
        };
        store.create_run(run).await.map_err(trouble)
    }

    /// The child runs that go on with a part of their record get a copy of it, and wait for their caller.
    fn copy_children<'a>(
        &'a self,
        origin: &'a RunRecord,
        parent: RunId,
        plan: &'a Plan,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let store = &self.shared.store;
            for (step, plan) in &plan.children {
                let old = store.run(origin.id.child(step)).await.map_err(trouble)?;
                // One that went on in another begins anew: its first history is not what the plan is about.
                let old = old.filter(|old| old.continued_as().is_none());
                let Some(old) = old else { continue };
                let id = parent.child(step);
                let name = format!("{}-{}", old.flow, &id.to_string()[..6]);
                let copy = Copy {
                    id,
                    name,
                    parent: Some((parent, step.clone())),
                    input: old.input.clone(),
                    key: None,
                };
                let new = self.copy(&old, copy, plan).await?;
                if new.epoch > 0 {
                    continue;
                }
                let claimed = claim(&self.shared, &new).await?;
                release(&self.shared, &claimed).await?;
                self.copy_children(&old, id, plan).await?;
            }
            Ok(())
        })
    }
}

/// What a person should know before a run is done anew that waits for a person itself.
pub fn rerun_warning(origin: &RunRecord) -> Option<String> {
    if origin.state != RunState::Parked {
        return None;
    }
    let name = &origin.name;
    let Some(doubt) = doubt_of(origin) else {
        return Some(format!(
            "{name} is parked and stays so: a rerun is another run, with other idempotency keys"
        ));
    };
    let step = doubt.task().unwrap_or("a step");
    Some(format!(
        "{name} is parked because nobody knows whether `{step}` has had its effect. A rerun does it again, under another idempotency key, so that a server cannot tell the two apart; runs resume {name} --retry-crashed keeps the key"
    ))
}

/// What a new run may reuse of an old one's records. Their signals were the old run's.
fn copied(steps: Vec<StepRecord>, origin: RunId, plan: &Plan) -> Vec<StepRecord> {
    let kept = steps
        .into_iter()
        .filter(|step| !plan.redo.contains(&step.step))
        .filter(|step| step.is_handed_out() || step.kind == StepKind::Now);
    kept.zip(ASIDE..)
        .map(|(step, seq)| StepRecord {
            seq,
            signal: None,
            reused_from: step.reused_from.or(Some(origin)),
            ..step
        })
        .collect()
}

/// The old parameters with the new ones in their place; all that does not fit is told at once.
pub(super) fn overridden(
    meta: &Meta,
    old: &Payload,
    new: &serde_json::Map<String, serde_json::Value>,
) -> Result<Payload> {
    if new.is_empty() {
        return Ok(old.clone());
    }
    let mut object = match old.to_value() {
        serde_json::Value::Object(object) => object,
        _ => serde_json::Map::new(),
    };
    object.extend(new.clone());
    let accepted = params::accept(meta, &serde_json::Value::Object(object))?;
    Ok(Payload::from_json(accepted.to_string()))
}

fn check_from(from: &str, plan: &Plan) -> Result<()> {
    let names = || plan.steps.iter().map(|step| step.step.as_str());
    let items = format!("{from}[");
    if names().any(|name| name == from || name.starts_with(&items)) {
        return Ok(());
    }
    let error = Error::new(ErrorKind::Input, format!("the run has no step `{from}`"));
    Err(match flowrt_grammar::closest(from, names()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("see its steps: runs show"),
    })
}
