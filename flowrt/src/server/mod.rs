//! The server: the API under `/api`, and the page. Knows HTTP, and asks `ops` for all else.

#![allow(
    clippy::result_large_err,
    reason = "a problem is rare, and written as soon as it is there"
)]

mod answer;
mod api;
mod connections;
mod feed;
mod guard;
mod metrics;
mod openapi;
pub(crate) mod problem;
mod read;
mod route;

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use guard::Access;

use crate::error::Result;
use crate::ops::Engine;
use feed::Feeds;
use metrics::Metrics;
use problem::Problem;

/// What every answer is made from. Cheap to clone.
#[derive(Debug, Clone)]
pub struct State {
    engine: Engine,
    access: Arc<Access>,
    document: Arc<Value>,
    feeds: Arc<Feeds>,
    metrics: Arc<Metrics>,
    is_ending: watch::Sender<bool>,
}

impl State {
    /// A server of that engine's store, for those whom `access` lets in.
    pub fn new(engine: Engine, access: Access) -> Self {
        Self {
            engine,
            access: Arc::new(access),
            document: Arc::new(openapi::document(&api::routes())),
            feeds: Arc::default(),
            metrics: Arc::new(Metrics::new()),
            is_ending: watch::Sender::new(false),
        }
    }

    /// The engine that answers.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The stream, which ends with the server: a connection that is watched would keep it from ending.
    fn until_shutdown<T: Send + 'static>(
        &self,
        events: impl Stream<Item = T> + Send + 'static,
    ) -> BoxStream<'static, T> {
        let mut is_ending = self.is_ending.subscribe();
        let end = Box::pin(async move {
            let _ = is_ending.wait_for(|is_ending| *is_ending).await;
        });
        events.boxed().take_until(end).boxed()
    }
}

/// Answers what comes in at the listener until `shutdown` is ready; then what is being answered has a few seconds to end.
///
/// The engine stays open, and goes on with the runs that were started here: letting go of them is up to the caller.
///
/// # Errors
/// If others than this machine can reach the listener, and no token is asked for.
pub async fn run(
    state: State,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<()> {
    state.access.check(listener.local_addr()?)?;
    let is_ending = state.is_ending.clone();
    let shutdown = async move {
        shutdown.await;
        is_ending.send_replace(true);
    };
    connections::serve(router(state), listener, shutdown).await
}

/// All that is answered. The page's routes are merged in here.
fn router(state: State) -> Router {
    let api = api::routes()
        .into_iter()
        .fold(Router::new(), |router, route| route.add_to(router))
        .method_not_allowed_fallback(async || {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "this is not asked with that method",
            )
        })
        .fallback(async || {
            Problem::new(
                StatusCode::NOT_FOUND,
                "no_route",
                "there is nothing at this address",
            )
            .hint("what there is, is at /api/openapi.json")
        });
    // Where those who look after machines expect them.
    let root = api::routes()
        .into_iter()
        .filter(|route| matches!(route.path, "/health" | "/ready" | "/metrics"))
        .fold(Router::new(), |router, route| route.add_to(router));
    root.nest("/api", api)
        .merge(crate::web::router(
            state.engine.clone(),
            state.is_ending.subscribe(),
        ))
        .layer(from_fn_with_state(state.clone(), guard::guard))
        .with_state(state)
}
