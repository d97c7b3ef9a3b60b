//! Waiting for what a test has caused, with an end: a test that hangs says nothing.

use std::time::Duration;

use flowrt::clock::{Clock, Stopwatch};

/// Far longer than anything here takes on a machine under load.
const AT_MOST: Duration = Duration::from_secs(120);

/// Looks until it holds.
#[track_caller]
pub(crate) fn until(mut holds: impl FnMut() -> bool) {
    let waited = Stopwatch::start();
    while !holds() {
        assert!(waited.elapsed() < AT_MOST, "it did not come to that");
        pause();
    }
}

/// Looks until it holds, and lets other tasks of this thread run meanwhile.
pub(crate) async fn until_it_holds(holds: impl Fn() -> bool) {
    let waited = Stopwatch::start();
    while !holds() {
        assert!(waited.elapsed() < AT_MOST, "it did not come to that");
        Clock::real().sleep(Duration::from_millis(2)).await;
    }
}

/// Asks until there is something.
pub(crate) async fn until_some<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let waited = Stopwatch::start();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(waited.elapsed() < AT_MOST, "it did not come to that");
        Clock::real().sleep(Duration::from_millis(2)).await;
    }
}

/// Lets others work before the next look.
#[expect(
    clippy::disallowed_methods,
    reason = "other processes need real time to get on"
)]
fn pause() {
    std::thread::sleep(Duration::from_millis(2));
}
