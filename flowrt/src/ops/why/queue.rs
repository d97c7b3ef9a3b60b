//! What waits in the queues of limits, and of flows that may have so many runs at once: from their tickets.

use std::collections::HashMap;

use super::{Holder, Why};
use crate::engine::{OF_DEPLOYMENT, trouble};
use crate::error::Result;
use crate::model::ids::RunId;
use crate::model::limit::{Rule, forecast};
use crate::model::record::{Micros, RunRecord};
use crate::ops::Engine;
use crate::registry;
use crate::store::tickets::{Bucket, BucketRecord, Ticket};

/// How many of those that hold what is waited for are named.
const NAMED: usize = 3;

/// All queues of a store as they were at one moment, with the rules that held.
#[derive(Debug, Default)]
pub(super) struct Queues {
    pub(super) buckets: Vec<BucketRecord>,
    pub(super) rules: HashMap<String, Rule>,
    pub(super) now: Micros,
}

impl Engine {
    pub(super) async fn queues(&self) -> Result<Queues> {
        let store = &self.shared.store;
        let mut rules: HashMap<String, Rule> = registry::limits()
            .into_iter()
            .map(|(name, limit)| (name.to_owned(), limit.rule()))
            .collect();
        rules.extend(store.limit_rules().await.map_err(trouble)?);
        Ok(Queues {
            buckets: store.buckets(None).await.map_err(trouble)?,
            rules,
            now: self.shared.clock.now(),
        })
    }

    /// Puts the names of runs where only their ids are known.
    pub(super) async fn name_holders(&self, why: &mut Why) -> Result<()> {
        let holders = match why {
            Why::Limit { holders, .. } | Why::MaxRuns { holders, .. } => holders.as_mut_slice(),
            Why::Cache { holder } => holder.as_mut_slice(),
            _ => return Ok(()),
        };
        for holder in holders {
            let run = self.shared.store.run(holder.run).await.map_err(trouble)?;
            holder.name = run.map_or_else(|| holder.run.to_string(), |run| run.name);
        }
        Ok(())
    }
}

/// Where steps of a run wait, or the run itself: of each queue the step that comes first.
pub(super) fn waits_of(
    record: &RunRecord,
    queues: &Queues,
    most: Option<u32>,
) -> Vec<(Option<String>, Why)> {
    let mut waits = Vec::new();
    for bucket in &queues.buckets {
        let mut own = bucket
            .waiting()
            .enumerate()
            .filter(|(_, ticket)| ticket.run == record.id);
        let Some((ahead, ticket)) = own.next() else {
            continue;
        };
        let held = bucket.holders().count();
        let holders = bucket.holders().take(NAMED).map(holder).collect();
        let deployment = record.dispatch.deployment.as_ref();
        let of_deployment = deployment.filter(|_| ticket.step == OF_DEPLOYMENT);
        if ticket.step.is_empty() || of_deployment.is_some() {
            let most = most.filter(|_| of_deployment.is_none());
            let flow = of_deployment.unwrap_or(&record.flow).clone();
            waits.push((
                None,
                Why::MaxRuns {
                    flow,
                    most,
                    holders,
                    held,
                    ahead,
                },
            ));
            continue;
        }
        let Bucket { name, key } = &bucket.bucket;
        let rule = bucket.rule.or_else(|| queues.rules.get(name).copied());
        let why = Why::Limit {
            limit: name.clone(),
            key: key.clone(),
            rule,
            holders,
            held,
            ahead,
            start: rule.and_then(|rule| start(bucket, &rule, ahead, queues.now)),
            more: own.count(),
        };
        waits.push((Some(ticket.step.clone()), why));
    }
    waits
}

fn holder(ticket: &Ticket) -> Holder {
    Holder {
        run: ticket.run,
        name: String::new(),
        step: ticket.step.clone(),
    }
}

/// When the one at that place will start; `None` if that depends on something being given back.
fn start(bucket: &BucketRecord, rule: &Rule, place: usize, now: Micros) -> Option<Micros> {
    let weights = bucket.waiting().map(|ticket| ticket.weight);
    let starts = forecast(rule, bucket.taken(rule, now), weights.take(place + 1), now);
    starts.last().copied().flatten()
}

/// Who holds what a step waits for, from what the engine wrote down of it.
pub(super) fn noted(detail: &serde_json::Value) -> Option<Holder> {
    Some(Holder {
        run: serde_json::from_value::<RunId>(detail.get("run")?.clone()).ok()?,
        name: String::new(),
        step: detail["step"].as_str()?.to_owned(),
    })
}
