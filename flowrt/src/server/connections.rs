//! Connections: accepting them up to a bound, and ending them in order. A client that sends its request too slowly is let go of.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;
use crate::clock::Clock;
use crate::error::Result;

/// How long a client may take to send the head of its request, and how long a connection may wait for the next one.
const HEAD: Duration = Duration::from_secs(20);

/// How long what is being answered may take once the server ends.
const END: Duration = Duration::from_secs(3);

/// How long nothing is accepted after it could not be: mostly, because too many files are open.
const REST: Duration = Duration::from_millis(100);

/// How many that come beyond the bound are told so at a time; more are let go of without a word.
const REFUSED: usize = 32;

/// How long it may take to tell one.
const REFUSAL: Duration = Duration::from_secs(5);

/// Answers until `shutdown` is ready, on so many connections at a time at most.
pub(super) async fn serve(
    router: Router,
    listener: TcpListener,
    most: usize,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<()> {
    let clock = Clock::real();
    let ending = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
    let refusals = Arc::new(Semaphore::new(REFUSED));
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                clock.sleep(REST).await;
                continue;
            }
        };
        // Small answers must not wait for more to send.
        let _ = stream.set_nodelay(true);
        let Ok(place) = places.clone().try_acquire_owned() else {
            if let Ok(place) = refusals.clone().try_acquire_owned() {
                tokio::spawn(refuse(stream, most, place));
            }
            continue;
        };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .serve_connection(
                TokioIo::new(stream),
                TowerToHyperService::new(router.clone()),
            );
        let connection = ending.watch(connection);
        tokio::spawn(async move {
            let _place = place;
            // A client that goes away in the middle is no trouble of the server's.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    tokio::select! {
        () = ending.shutdown() => {}
        () = clock.sleep(END) => {}
    }
    Ok(())
}

/// Reads one request, so that its sender listens, and says that there is no place for it.
async fn refuse(stream: TcpStream, most: usize, _place: OwnedSemaphorePermit) {
    let service = service_fn(move |_| {
        let detail = format!("{most} connections are open, and no more may be");
        let problem = Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too_many_connections",
            detail,
        );
        let hint =
            "come again later, or allow more: `connections_max` under [server] in flowrt.toml";
        std::future::ready(Ok::<_, Infallible>(problem.hint(hint).into_response()))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REFUSAL)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    let clock = Clock::real();
    tokio::select! {
        _ = connection => {}
        () = clock.sleep(REFUSAL) => {}
    }
}
