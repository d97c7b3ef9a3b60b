//! Where a run comes from, and where it went on: its deployment and backfill, its parent, the runs before and after it.

use super::{backfills, deployments, links};
use crate::model::backfill::Backfill;
use crate::model::dispatch::Dispatch;
use crate::model::record::RunRecord;
use crate::ops::Engine;

/// Another page that this one has to do with.
pub(super) struct Related {
    pub what: &'static str,
    pub name: String,
    pub href: String,
}

/// Its deployment, and the backfill that has begun it.
pub(super) fn begun_by(dispatch: &Dispatch) -> Vec<Related> {
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
pub(super) fn tags(dispatch: &Dispatch) -> Vec<&str> {
    let tags = dispatch.tags.iter().map(String::as_str);
    tags.filter(|tag| dispatch.backfill.is_none() || !tag.starts_with(Backfill::TAG))
        .collect()
}

/// The run that it is part of, those that it goes on from or repeats, and the one that goes on with it.
pub(super) async fn related(engine: &Engine, record: &RunRecord) -> Vec<Related> {
    let parent = record.parent.as_ref().map(|(run, _)| ("part of", *run));
    let origin = record.origin.map(|run| match record.continues() {
        Some(_) => ("goes on from", run),
        None => ("rerun of", run),
    });
    let next = record.continued_as().map(|run| ("went on as", run));
    let mut related = Vec::new();
    for (what, run) in parent.into_iter().chain(origin).chain(next) {
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
