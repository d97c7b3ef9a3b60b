//! The pages, a file each.

mod act;
mod again;
mod artifacts;
mod backfill;
mod backfills;
mod chart;
mod deployments;
mod flow;
mod flows;
mod limits;
pub(in crate::web) mod links;
mod logs;
mod notices;
mod origin;
mod overview;
pub(super) mod posted;
mod reasons;
mod rows;
mod run;
mod runs;
mod schedules;
mod step;
mod steps;
mod theme;
mod trouble;
mod values;
mod workers;

use axum::Router;
use axum::routing::{get, post};

use super::Site;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/", get(overview::show))
        .route("/runs", get(runs::show))
        .route("/runs/{run}", get(run::show))
        .route("/runs/{run}/step", get(step::show))
        .route("/runs/{run}/artifact", get(artifacts::bytes))
        .route("/runs/{run}/logs", get(logs::show))
        .route(
            "/runs/{run}/resume",
            get(again::show_resume).post(again::resume),
        )
        .route(
            "/runs/{run}/rerun",
            get(again::show_rerun).post(again::rerun),
        )
        .route("/runs/{run}/cancel", post(act::cancel))
        .route("/runs/{run}/signal", post(act::signal))
        .route("/runs/{run}/delete", post(act::delete))
        .route("/flows", get(flows::show))
        .route("/flows/{flow}", get(flow::show).post(flow::start))
        .route("/deployments", get(deployments::show_all))
        .route("/deployments/{name}", get(deployments::show))
        .route("/deployments/{name}/run", post(deployments::run))
        .route("/deployments/{name}/switch", post(deployments::switch))
        .route(
            "/deployments/{name}/backfill",
            get(backfill::plan).post(backfill::start),
        )
        .route(
            "/backfills/{backfill}",
            get(backfills::show).post(backfills::change),
        )
        .route("/workers", get(workers::show))
        .route("/schedules", get(schedules::show).post(schedules::switch))
        .route("/limits", get(limits::show))
        .route("/limits/{limit}", post(limits::set))
        .route("/notices", get(notices::show))
        .route("/notices/{notice}/test", post(notices::test))
        .route("/theme", post(theme::choose))
}
