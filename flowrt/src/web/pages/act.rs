//! Buttons that need no page of their own: cancel, signal, delete.

use axum::extract::{Path, State};
use axum::response::Response;

use super::links;
use super::posted::Posted;
use crate::error::{Error, ErrorKind};
use crate::web::Site;
use crate::web::answer::{Section, Visit, go_to};

/// Asks the run to cancel. Its page shows what becomes of it.
pub(super) async fn cancel(
    State(site): State<Site>,
    visit: Visit,
    Path(run): Path<String>,
    _posted: Posted,
) -> Response {
    let done = async {
        let record = site.engine.find(&run).await?;
        site.engine.cancel(record.id).await?;
        Ok(go_to(&links::run(&record.name)))
    };
    site.answer(&visit, Section::Runs, done.await)
}

/// Deletes a run that has ended.
pub(super) async fn delete(
    State(site): State<Site>,
    visit: Visit,
    Path(run): Path<String>,
    _posted: Posted,
) -> Response {
    let done = async {
        let record = site.engine.find(&run).await?;
        site.engine.delete_ended(&record).await?;
        Ok(go_to("/runs"))
    };
    site.answer(&visit, Section::Runs, done.await)
}

/// Sends a value to a step that waits for it.
pub(super) async fn signal(
    State(site): State<Site>,
    visit: Visit,
    Path(run): Path<String>,
    posted: Posted,
) -> Response {
    let done = async {
        let record = site.engine.find(&run).await?;
        let name = posted.get("signal").unwrap_or_default();
        let typed = posted.get("value").unwrap_or_default();
        let awaited = site.engine.awaited(record.id).await?;
        let misfit = |message: String| {
            Error::new(ErrorKind::Input, format!("the value of `{name}` {message}"))
                .hint("go back; nothing was sent")
        };
        let value = awaited.read(name, typed).map_err(misfit)?;
        let faults = awaited.faults(name, &value);
        if let Some(fault) = faults.first() {
            return Err(misfit(fault.message.clone()));
        }
        site.engine.signal(record.id, name, &value).await?;
        Ok(go_to(&links::run(&record.name)))
    };
    site.answer(&visit, Section::Runs, done.await)
}
