//! What happens, as it happens.

use crate::ops::view::{EventView, RunChange};
use crate::server::answer::Stream;
use crate::server::route::{Answered, Call, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/runs/{run}/events",
            "watchRun",
            "What has happened to a run, to those below it and to those in which it goes on, and what happens, until the last ends; Last-Event-ID goes on after an event",
            run,
        ),
        Route::get(
            "/events",
            "watchRuns",
            "Changes of the states of all runs from now on; Last-Event-ID goes on after an event",
            all,
        ),
    ]
}

impl<Q, B> Call<Q, B> {
    /// The last event that a client has seen.
    pub(super) fn last_event(&self) -> Option<&str> {
        self.headers.get("last-event-id")?.to_str().ok()
    }
}

async fn run(call: Call) -> Answered<Stream<EventView>> {
    let record = call.run().await?;
    let state = &call.state;
    let place = state.place()?;
    let (feeds, last) = (&state.feeds, call.last_event());
    let events = feeds.watch(&state.engine, Some(record.id), last).await;
    Ok(Stream::new(state.until_shutdown(place.hold(events))))
}

async fn all(call: Call) -> Answered<Stream<RunChange>> {
    let state = &call.state;
    let place = state.place()?;
    let (feeds, last) = (&state.feeds, call.last_event());
    let events = feeds.watch(&state.engine, None, last).await;
    Ok(Stream::new(state.until_shutdown(place.hold(events))))
}
