//! The page: what people see of runs, flows and schedules in a browser, and the buttons to act on them.
//!
//! Every view is made on the server and works without JavaScript; the script only keeps it fresh. Handlers call
//! [`ops`](crate::ops) alone: what a button does, the command line does by the same function.

mod answer;
mod assets;
mod form;
mod guard;
mod live;
mod moment;
mod pages;
mod signs;
#[cfg(test)]
mod tests;
mod watching;

use std::sync::Arc;

use axum::Router;
use axum::middleware;

use crate::clock;
use crate::ops::Engine;
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
}

/// The routes of the page. Must be called within a tokio runtime: it watches the runs of this engine from now on, and
/// stops when the engine is gone.
pub fn router<S: Clone + Send + Sync + 'static>(engine: Engine) -> Router<S> {
    let inner = Inner {
        program: program_name(),
        token: format!("{:016x}{:016x}", clock::random_u64(), clock::random_u64()),
        watching: Watching::begin(engine.all_events()),
    };
    let site = Site {
        engine,
        inner: Arc::new(inner),
    };
    pages::routes()
        .merge(assets::routes())
        .fallback(answer::no_such_page)
        .layer(middleware::from_fn(guard::guard))
        .with_state(site)
}

fn program_name() -> String {
    let path = std::env::args_os().next().unwrap_or_default();
    let name = std::path::Path::new(&path).file_stem();
    name.map_or_else(
        || "flowrt".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}
