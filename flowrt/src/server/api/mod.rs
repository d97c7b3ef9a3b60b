//! The routes of the API, a file for each kind of thing.

mod artifacts;
mod backfills;
mod cache;
mod deployments;
mod flows;
mod limits;
mod logs;
mod notices;
mod reference;
mod runs;
mod schedules;
mod secrets;
mod start;
mod store;
mod takeup;
mod watch;
mod workers;

use super::route::Route;

/// All of them.
pub(super) fn routes() -> Vec<Route> {
    let mut all = store::routes();
    all.extend(flows::routes());
    all.extend(runs::routes());
    all.extend(start::routes());
    all.extend(takeup::routes());
    all.extend(logs::routes());
    all.extend(watch::routes());
    all.extend(deployments::routes());
    all.extend(schedules::routes());
    all.extend(backfills::routes());
    all.extend(workers::routes());
    all.extend(limits::routes());
    all.extend(notices::routes());
    all.extend(artifacts::routes());
    all.extend(cache::routes());
    all.extend(secrets::routes());
    all
}
