//! How a run stops: what still runs gets its grace, and one last write says how it ended.

use std::any::Any;
use std::time::Duration;

use super::driver::{BATCH, Driver, Stop};
use super::{crash, patiently, retry, trouble};
use crate::author::meta::Meta;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint::failpoint;
use crate::model::payload::Payload;
use crate::model::record::{Entry, Micros};
use crate::model::state::RunState;
use crate::store::{self, Durability, Ending};

impl Driver {
    /// Ends the run, or leaves it for its next attempt (`true`), or for whoever owns it now (an error).
    pub(super) async fn end(&mut self, stop: Stop) -> Result<bool> {
        let (state, output, error) = match stop {
            Stop::Returned(Ok(output)) => (RunState::Completed, Some(output), None),
            Stop::Returned(Err(error)) if error.kind() == ErrorKind::Skipped => {
                (RunState::Skipped, None, None)
            }
            Stop::Returned(Err(error))
                if retry::may_retry(self.retries, self.record.attempt - 1, &error) =>
            {
                return self.try_again(&error).await.map(|()| true);
            }
            Stop::Returned(Err(error)) | Stop::Misused(error) => {
                (RunState::Failed, None, Some(error))
            }
            // The process goes before the hooks have ended: whoever takes the run up comes to this point again.
            Stop::Continued(_) if !self.hooks_settled().await? => {
                (RunState::Interrupted, None, None)
            }
            Stop::Continued(next) => match self.go_on(&next).await {
                Err(store::Error::TooLarge { .. }) => {
                    let error = Error::new(
                        ErrorKind::Limit,
                        "the parameters that the run should go on with are too large for the store (payload_bytes_max)",
                    );
                    (RunState::Failed, None, Some(error))
                }
                other => return other.map_err(trouble).map(|()| false),
            },
            Stop::Parked(error) => {
                // The line of the flow, unless that of a call is known.
                let line = format!("{}:{}", self.meta.file, self.meta.line);
                let error = error.at(self.meta.name, Some(line), 0);
                (RunState::Parked, None, Some(error))
            }
            Stop::Cancelled => {
                self.core.cancel_running();
                if self.core.bodies() > 0 {
                    self.show(RunState::Cancelling).await?;
                }
                self.wind_down().await;
                (RunState::Cancelled, None, Some(cancelled()))
            }
            Stop::TimedOut => {
                self.core.cancel_running();
                self.wind_down().await;
                (RunState::TimedOut, None, Some(timed_out()))
            }
            Stop::Interrupted => {
                self.core.stops.interrupt.set();
                self.host.children.interrupt();
                self.wind_down().await;
                (RunState::Interrupted, None, None)
            }
            Stop::Resting(rest) => return self.lie_down(rest).await.map(|()| false),
            Stop::Lost(error) => {
                if let Some(hooks) = self.hooks() {
                    hooks.abort();
                }
                self.host.children.abort();
                self.core.release_running();
                return Err(error);
            }
        };
        self.finish(state, output, error).await.map(|()| false)
    }

    /// Lets bodies see that they are not wanted; what ends in time is recorded, the rest is dropped.
    async fn wind_down(&mut self) {
        let grace = self.host.shared.settings.grace();
        // The bodies are real, whatever clock the run has.
        let clock = Clock::real();
        let over = clock.sleep(grace);
        let mut over = std::pin::pin!(over);
        while self.core.bodies() > 0 {
            let mut batch = Vec::new();
            tokio::select! {
                biased;
                _ = self.messages.recv_many(&mut batch, BATCH) => {}
                () = &mut over => return,
            }
            if self.take_in(batch).await.is_some() {
                return;
            }
            self.core.settle();
        }
    }

    /// Counts a failed attempt of the flow; the next one waits for its time.
    async fn try_again(&mut self, error: &Error) -> Result<()> {
        let now = self.core.clock.now();
        let mut entries = self.core.abort_running(now);
        self.children_end().await;
        self.hooks_end().await?;
        entries.extend(retry::failed_attempt(
            self.meta,
            self.record.attempt,
            self.began,
            now,
            error,
        ));
        self.host.record(entries, Durability::Synced).await
    }

    /// Ends the run so, once all that follows from it is done.
    pub(super) async fn finish(
        &mut self,
        state: RunState,
        output: Option<Payload>,
        error: Option<Error>,
    ) -> Result<()> {
        let at = self.core.clock.now();
        let mut entries = if state == RunState::Interrupted {
            self.core.release_running()
        } else {
            self.core.abort_running(at)
        };
        // Time that a person lets pass does not count.
        if state == RunState::Interrupted && self.deadline.is_some() {
            entries.push(Entry::WaitOver(retry::TIMEOUT.to_owned()));
        }
        self.children_end().await;
        // Whoever is told of the end finds every line of the run.
        self.host.shared.logs.flush().await;
        let ending = Ending {
            state,
            output,
            error: error.map(|error| Payload::from_json(error.to_json())),
            at,
        };
        if !state.is_final() {
            self.hooks_end().await?;
        }
        let ending = match &ending.output {
            Some(output) if output.len() > store::PAYLOAD_BYTES_MAX => {
                too_large(output.len(), store::PAYLOAD_BYTES_MAX, at)
            }
            _ => ending,
        };
        self.conclude(entries, ending).await
    }

    /// The last thing that is written of the run.
    pub(super) async fn write_last(&mut self, entries: Vec<Entry>, ending: Ending) -> Result<()> {
        match self.write_end(&entries, &ending).await {
            Err(store::Error::TooLarge { limit, .. }) if ending.output.is_some() => {
                let size = ending.output.as_deref().map_or(0, str::len);
                self.write_end(&entries, &too_large(size, limit, ending.at))
                    .await
            }
            other => other,
        }
        .map_err(trouble)?;
        if ending.state.is_final() {
            self.end_orphans().await.map_err(trouble)?;
        }
        Ok(())
    }

    /// No child run is left behind by a run that has ended.
    pub(super) async fn end_orphans(&mut self) -> Result<(), store::Error> {
        let shared = &self.host.shared;
        if self.host.children.were_any() {
            for child in crash::unfinished_below(shared, self.record.id).await? {
                crash::end_orphan(shared, child, false).await?;
            }
        }
        Ok(())
    }

    /// Hooks of tasks end before anything else takes numbers of the run.
    async fn hooks_end(&mut self) -> Result<()> {
        self.hooks_settled().await.map(drop)
    }

    /// `false` if the process goes first.
    async fn hooks_settled(&mut self) -> Result<bool> {
        match self.hooks() {
            Some(hooks) => hooks.settled().await,
            None => Ok(true),
        }
    }

    async fn write_end(&mut self, entries: &[Entry], ending: &Ending) -> Result<(), store::Error> {
        let (run, epoch) = (self.record.id, self.record.epoch);
        let store = &self.host.shared.store;
        failpoint("engine::before_finish");
        let finished =
            patiently(|| store.finish(run, epoch, entries.to_vec(), ending.clone())).await;
        failpoint("engine::after_finish");
        finished?;
        let events = &self.host.shared.events;
        events.recorded(run, entries);
        events.ends(run, ending);
        Ok(())
    }

    /// Child runs that were dropped or stopped write their own ends first, within their own grace.
    pub(super) async fn children_end(&mut self) {
        let longest = self.host.shared.settings.grace() + Duration::from_secs(1);
        let clock = Clock::real();
        tokio::select! {
            () = self.host.children.gone() => {}
            () = clock.sleep(longest) => {
                // What follows from the end of a child is done to its end, however long that takes.
                if self.host.children.any_decided() {
                    self.host.children.gone().await;
                }
            }
        }
    }
}

/// How a run ends whose result is too large to be recorded.
fn too_large(size: usize, limit: usize, at: Micros) -> Ending {
    let error = trouble(store::Error::TooLarge {
        what: "the result of the flow".to_owned(),
        size,
        limit,
        setting: "payload_bytes_max",
    });
    Ending {
        state: RunState::Failed,
        output: None,
        error: Some(Payload::from_json(error.to_json())),
        at,
    }
}

pub(super) fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, "the run was cancelled")
}

pub(super) fn timed_out() -> Error {
    Error::new(
        ErrorKind::TimedOut,
        "the run did not end within its timeout",
    )
}

pub(super) fn panicked(meta: &Meta, panic: &(dyn Any + Send)) -> Error {
    Error::new(
        ErrorKind::Panicked,
        format!("the flow `{}` panicked: {}", meta.name, said(panic)),
    )
}

/// What a panic says.
pub(super) fn said(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a value that is no text")
}
