//! Connections: accepting them, and ending them in order. A client that sends its request too slowly is let go of.

use std::future::Future;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::error::Result;

/// How long a client may take to send the head of its request, and how long a connection may wait for the next one.
const HEAD: Duration = Duration::from_secs(20);

/// How long what is being answered may take once the server ends.
const END: Duration = Duration::from_secs(3);

/// How long nothing is accepted after it could not be: mostly, because too many files are open.
const REST: Duration = Duration::from_millis(100);

/// Answers until `shutdown` is ready.
pub(super) async fn serve(
    router: Router,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<()> {
    let clock = Clock::real();
    let ending = GracefulShutdown::new();
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
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .serve_connection(
                TokioIo::new(stream),
                TowerToHyperService::new(router.clone()),
            );
        let connection = ending.watch(connection);
        tokio::spawn(async move {
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
