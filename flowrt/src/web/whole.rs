//! Doing a thing whole, also for somebody who leaves in the middle, and within bounds of time.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;

/// How long a client may take to send what it sends, and how long an answer may take.
pub(crate) const AT_MOST: Duration = Duration::from_secs(60);

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfinished {
    /// It takes longer than [`AT_MOST`].
    Late,
    /// It panicked, which the log tells.
    Panicked,
}

/// Does something in a task of its own: whoever hangs up in the middle does not leave a thing half done. What is late goes on.
///
/// # Errors
/// If it takes too long, or panics.
pub(crate) async fn whole<T: Send + 'static>(
    doing: impl Future<Output = T> + Send + 'static,
) -> Result<T, Unfinished> {
    let mut task = tokio::spawn(doing);
    in_time(&mut task).await?.map_err(|error| {
        tracing::error!(%error, "an answer could not be made");
        Unfinished::Panicked
    })
}

/// Makes something that nobody needs once its reader has gone, such as a page: then, and when it is late, it is given up.
///
/// # Errors
/// If it takes too long, or panics.
pub(crate) async fn made<T>(making: impl Future<Output = T>) -> Result<T, Unfinished> {
    // Nothing of it is looked at after a panic.
    let making = AssertUnwindSafe(making).catch_unwind();
    in_time(making).await?.map_err(|_| Unfinished::Panicked)
}

/// What somebody gives within the time that there is.
///
/// # Errors
/// If it takes longer.
pub(crate) async fn in_time<T>(given: impl Future<Output = T>) -> Result<T, Unfinished> {
    tokio::time::timeout(AT_MOST, given)
        .await
        .map_err(|_| Unfinished::Late)
}
