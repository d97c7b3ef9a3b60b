//! Where a run comes from, and where it went on: its deployment and backfill, its parent, the runs before and after it.

use super::{backfills, deployments, links};
use crate::model::backfill::Backfill;
use crate::model::dispatch::Dispatch;
use crate::model::record::RunRecord;
use crate::ops::Engine;
use crate::web::moment::Moment;

/// Where a run belongs.
pub(super) struct Origin {
    /// What has begun it: a deployment, a backfill.
    pub begun_by: Vec<Related>,
    /// HTML: the slot of a schedule that it fills.
    pub slot: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// The runs before it, above it and after it.
    pub runs: Vec<Related>,
}

/// Another page that this one has to do with.
pub(super) struct Related {
    pub what: &'static str,
    pub name: String,
    pub href: String,
}

impl Origin {
    /// What is known of it.
    pub async fn of(engine: &Engine, record: &RunRecord, moment: &Moment) -> Self {
        let slot = record.dispatch.slot.as_ref();
        Self {
            begun_by: begun_by(&record.dispatch),
            slot: slot.map(|slot| moment.clock(slot.at)),
            tags: tags(&record.dispatch),
            runs: related(engine, record).await,
        }
    }
}

/// Its deployment, and the backfill that has begun it.
fn begun_by(dispatch: &Dispatch) -> Vec<Related> {
    let deployment = dispatch.deployment.as_ref().map(|name| Related {
        what: "of deployment",
        href: deployments::href(name),
        name: name.clone(),
    });
    let backfill = dispatch.backfill.as_ref().map(|id| Related {
        what: "by backfill",
        href: backfills::href(id),
        name: id.clone(),
    });
    deployment.into_iter().chain(backfill).collect()
}

/// Those that a person gave: that of its backfill is said otherwise.
fn tags(dispatch: &Dispatch) -> Vec<String> {
    let is_told = |tag: &&String| dispatch.backfill.is_none() || !tag.starts_with(Backfill::TAG);
    dispatch.tags.iter().filter(is_told).cloned().collect()
}

/// The run that it is part of, those that it goes on from or repeats, and the one that goes on with it.
async fn related(engine: &Engine, record: &RunRecord) -> Vec<Related> {
    let mut related = Vec::new();
    for (what, run) in record.related() {
        let name = engine.record(run).await.map(|record| record.name);
        let name = name.unwrap_or_else(|_| run.to_string());
        related.push(Related {
            what,
            href: links::run(&name),
            name,
        });
    }
    related
}
