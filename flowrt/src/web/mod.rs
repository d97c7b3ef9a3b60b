//! The page: what people see of runs, flows and schedules in a browser, and the buttons to act on them.
//!
//! Every view is made on the server and works without JavaScript; the script only keeps it fresh. Handlers call
//! [`ops`](crate::ops) alone: what a button does, the command line does by the same function.

mod acted;
mod answer;
mod assets;
mod form;
mod live;
mod masked;
mod moment;
mod pages;
mod signs;
mod streams;
#[cfg(test)]
mod tests;
mod watching;
pub(crate) mod whole;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use tokio::sync::watch;

use crate::clock;
use crate::ops::Engine;
pub(crate) use answer::AGAIN_SECONDS;
pub use streams::{Place, Streams};
use watching::Watching;

/// What every page needs.
#[derive(Debug, Clone)]
struct Site {
    engine: Engine,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// The program's name, as it is shown.
    program: String,
    /// What a form must bring back: another site cannot know it.
    token: String,
    watching: Watching,
    /// The server ends: what is followed ends too.
    ending: watch::Receiver<bool>,
    streams: Streams,
}

/// The routes of the page. Must be called within a tokio runtime: it watches the runs of this engine from now on, and
/// stops when the engine is gone. What the script follows takes a place of `streams`, and ends when `ending` becomes true.
///
/// Who may ask at all, and that other sites may not send its forms, is up to the server around it.
pub fn router<S: Clone + Send + Sync + 'static>(
    engine: Engine,
    ending: watch::Receiver<bool>,
    streams: Streams,
) -> Router<S> {
    let inner = Inner {
        program: program_name(),
        token: clock::new_token(),
        watching: Watching::begin(engine.all_events()),
        ending,
        streams,
    };
    let site = Site {
        engine,
        inner: Arc::new(inner),
    };
    guarded(pages::routes().merge(assets::routes()), site)
}

/// The routes with what stands before each of them.
fn guarded<S: Clone + Send + Sync + 'static>(routes: Router<Site>, site: Site) -> Router<S> {
    routes
        .fallback(answer::no_such_page)
        .layer(from_fn_with_state(site.clone(), acted::acted))
        .layer(from_fn(fresh))
        .with_state(site)
}

/// A page shows what is, and is not kept by the browser; assets say otherwise themselves.
async fn fresh(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

fn program_name() -> String {
    let path = std::env::args_os().next().unwrap_or_default();
    let name = std::path::Path::new(&path).file_stem();
    name.map_or_else(
        || "flowrt".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}
