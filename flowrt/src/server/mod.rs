//! The server: the API under `/api`, and the page. Knows HTTP, and asks `ops` for all else.

#![allow(
    clippy::result_large_err,
    reason = "a problem is rare, and written as soon as it is there"
)]

mod answer;
mod api;
mod changes;
mod connections;
mod feed;
mod guard;
mod metrics;
mod openapi;
pub(crate) mod problem;
mod read;
mod route;
#[cfg(test)]
mod tests;

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

use crate::config;
use crate::error::Result;
use crate::ops::Engine;
use crate::web::{Place, Streams};
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
    bounds: Bounds,
    streams: Streams,
}

/// How much a server has open at a time. Whoever comes too much is told to come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Connections: each takes a file of those that a process may have open.
    pub connections: usize,
    /// Streams of events, each of which holds a connection.
    pub streams: usize,
}

impl From<&config::Server> for Bounds {
    fn from(config: &config::Server) -> Self {
        Self {
            connections: config.connections_max,
            streams: config.streams_max,
        }
    }
}

impl State {
    /// A server of that engine's store, for those whom `access` lets in.
    pub fn new(engine: Engine, access: Access, bounds: Bounds) -> Self {
        Self {
            engine,
            access: Arc::new(access),
            document: Arc::new(openapi::document(&api::routes())),
            feeds: Arc::default(),
            metrics: Arc::new(Metrics::new()),
            is_ending: watch::Sender::new(false),
            bounds,
            streams: Streams::new(bounds.streams),
        }
    }

    /// A place for a stream of events.
    fn place(&self) -> Result<Place, Problem> {
        self.streams.place().ok_or_else(|| {
            let most = self.bounds.streams;
            let detail = format!("{most} streams are open, and no more may be");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_streams", detail)
                .hint("close one, come again later, or allow more: `streams_max` under [server] in flowrt.toml")
        })
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
    let most = state.bounds.connections;
    connections::serve(router(state), listener, most, shutdown).await
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
            state.streams.clone(),
        ))
        .layer(from_fn_with_state(state.clone(), guard::guard))
        .with_state(state)
}
