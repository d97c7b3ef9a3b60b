//! Events of a server as they come. A connection that is lost is made again, and goes on after the last event.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::http::Client;
use crate::cli::live;
use crate::clock::Clock;
use crate::error::Result;
use crate::model::event::{Event, What};
use crate::model::ids::RunId;
use crate::model::state::RunState;
use crate::ops::view::EventView;

/// How long before a lost connection is made again.
const PAUSE: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 500 });

/// How often it is tried without a single event in between.
const TRIES: u32 = 20;

/// A server that says nothing for so long is gone: one that lives says every 15 s that it does.
const SILENCE: Duration = Duration::from_secs(60);

/// Events of a run.
#[derive(Debug)]
pub(in crate::cli) struct Stream {
    client: Client,
    path: String,
    body: Option<Incoming>,
    /// What has come and is not a whole line yet.
    rest: Vec<u8>,
    data: String,
    last: Option<String>,
    /// Digests of what was given: a server that was started anew tells everything once more.
    given: HashSet<blake3::Hash>,
    /// The run that is followed, and then those in which it goes on.
    run: Option<RunId>,
    /// Whether the server has said that this run is over; only then is the end of the stream the end of the run.
    is_ended: bool,
    /// The end as an interrupted run, which a server that was started anew may take up again: not given until it has not.
    interrupted: Option<Event>,
    /// How often the connection was made again since the last new event.
    tries: u32,
    /// The connection was made more than once.
    was_lost: bool,
    /// The server has ended the stream in order.
    is_cut: bool,
    /// The run goes on in another, of which the server tells only who asks anew.
    is_continued: bool,
    is_over: bool,
}

impl Stream {
    /// The path names the run: `/api/runs/ID/events`.
    pub(super) fn new(client: Client, path: String) -> Self {
        let run = path.split('/').nth(3).and_then(|id| id.parse().ok());
        Self {
            client,
            path,
            body: None,
            rest: Vec::new(),
            data: String::new(),
            last: None,
            given: HashSet::new(),
            run,
            is_ended: false,
            interrupted: None,
            tries: 0,
            was_lost: false,
            is_cut: false,
            is_continued: false,
            is_over: false,
        }
    }

    /// The run that is followed by now: the last that was told of those in which it goes on.
    pub(in crate::cli) fn run(&self) -> Option<RunId> {
        self.run
    }

    /// The next event; none when there will be no more.
    ///
    /// # Errors
    /// If the server cannot be reached for a while, or says what cannot be understood.
    pub(in crate::cli) async fn next(&mut self) -> Result<Option<Event>> {
        loop {
            while let Some(line) = self.line() {
                if let Some(event) = self.take(&line)? {
                    return Ok(Some(event));
                }
            }
            if self.is_over {
                return Ok(self.interrupted.take());
            }
            let Err(error) = self.more().await else {
                continue;
            };
            self.body = None;
            self.rest.clear();
            self.data.clear();
            self.was_lost = true;
            if self.is_continued && std::mem::take(&mut self.is_cut) {
                Clock::real().sleep(PAUSE).await;
                continue;
            }
            if self.tries >= TRIES && self.interrupted.is_some() {
                self.is_over = true;
                continue;
            }
            if self.tries >= TRIES || self.last.is_none() {
                return Err(error);
            }
            if self.tries == 0 {
                live::say(&format!("{}; it is asked again", error.message()));
            }
            self.tries += 1;
            Clock::real().sleep(PAUSE).await;
        }
    }

    /// Reads on.
    async fn more(&mut self) -> Result<()> {
        if self.body.is_none() {
            let last = self.last.as_deref().map(|last| ("last-event-id", last));
            let headers: Vec<_> = last.into_iter().collect();
            let response = self.client.send("GET", &self.path, None, &headers).await?;
            let status = response.status().as_u16();
            if status >= 400 {
                let bytes = self.client.whole(response.into_body()).await;
                let value = bytes
                    .ok()
                    .and_then(|bytes| serde_json::from_slice(&bytes).ok());
                return Err(self.client.refused(status, value.unwrap_or_default()));
            }
            self.body = Some(response.into_body());
        }
        let Some(body) = &mut self.body else {
            return Ok(());
        };
        let clock = Clock::real();
        let frame = tokio::select! {
            frame = body.frame() => frame,
            () = clock.sleep(SILENCE) => {
                return Err(self.client.lost(&"it says nothing any more"));
            }
        };
        match frame {
            Some(Ok(frame)) => {
                if let Some(bytes) = frame.data_ref() {
                    self.rest.extend_from_slice(bytes);
                }
                Ok(())
            }
            Some(Err(error)) => Err(self.client.lost(&error)),
            // The server ends the stream with the run, and when it ends itself.
            None if self.is_ended && self.interrupted.is_none() => {
                self.is_over = true;
                Ok(())
            }
            None => {
                self.is_cut = true;
                let why = "it has ended the connection, but not the run";
                Err(self.client.lost(&why))
            }
        }
    }

    fn line(&mut self) -> Option<String> {
        let end = self.rest.iter().position(|byte| *byte == b'\n')?;
        let line: Vec<u8> = self.rest.drain(..=end).collect();
        Some(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    /// An event is whole at an empty line.
    fn take(&mut self, line: &str) -> Result<Option<Event>> {
        if let Some(data) = line.strip_prefix("data:") {
            self.data.push_str(data.trim_start());
        } else if let Some(id) = line.strip_prefix("id:") {
            self.last = Some(id.trim().to_owned());
        } else if line.is_empty() && !self.data.is_empty() {
            let data = std::mem::take(&mut self.data);
            let is_new = self.given.insert(blake3::hash(data.as_bytes()));
            if !is_new && self.was_lost {
                return Ok(None);
            }
            let view: EventView = serde_json::from_str(&data)?;
            return Ok(view.into_event()?.and_then(|event| self.note(event)));
        }
        Ok(None)
    }

    /// Notes where the run stands. The end as an interrupted one is held back while it may be taken up again.
    fn note(&mut self, event: Event) -> Option<Event> {
        let is_own = self.run == Some(event.run);
        match &event.what {
            What::RunStarted { continues, .. }
                if is_own || (continues.is_some() && *continues == self.run) =>
            {
                self.is_continued = !is_own;
                self.run = Some(event.run);
                self.is_ended = false;
            }
            What::RunEnded { state, .. } if is_own => {
                self.is_ended = true;
                if *state == RunState::Interrupted && self.tries > 0 {
                    self.interrupted = Some(event);
                    return None;
                }
            }
            // It has been taken up again.
            _ if self.interrupted.is_some() => self.is_ended = false,
            _ => {}
        }
        self.interrupted = None;
        self.tries = 0;
        Some(event)
    }
}
