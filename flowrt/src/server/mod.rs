//! The server: the API under `/api`, and the page. Knows HTTP, and asks `ops` for all else.

mod connections;
mod health;

use std::future::Future;

use axum::Router;
use tokio::net::TcpListener;

use crate::error::Result;
use crate::ops::Engine;

/// What every answer is made from. Cheap to clone.
#[derive(Debug, Clone)]
pub struct State {
    engine: Engine,
}

impl State {
    /// A server of that engine's store.
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// The engine that answers.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}

/// Answers what comes in at the listener until `shutdown` is ready; then what is being answered has a few seconds to end.
///
/// The engine stays open, and goes on with the runs that were started here: letting go of them is up to the caller.
///
/// # Errors
/// If nothing can be accepted any more.
pub async fn run(
    state: State,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<()> {
    connections::serve(router(state), listener, shutdown).await
}

/// All that is answered. The page's routes are merged in here.
fn router(state: State) -> Router {
    Router::new()
        .nest("/api", health::routes())
        .merge(crate::web::router(state.engine.clone()))
        .with_state(state)
}
