//! Events of a server as they come. A connection that is lost is made again, and goes on after the last event.

use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::http::Client;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::model::event::Event;
use crate::ops::view::EventView;

/// How long before a lost connection is made again.
const PAUSE: Duration = Duration::from_millis(500);

/// How often it is tried without a single event in between.
const TRIES: u32 = 20;

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
    is_over: bool,
}

impl Stream {
    pub(super) fn new(client: Client, path: String) -> Self {
        Self {
            client,
            path,
            body: None,
            rest: Vec::new(),
            data: String::new(),
            last: None,
            is_over: false,
        }
    }

    /// The next event; none when there will be no more.
    ///
    /// # Errors
    /// If the server cannot be reached for a while, or says what cannot be understood.
    pub(in crate::cli) async fn next(&mut self) -> Result<Option<Event>> {
        let mut tries = 0;
        loop {
            while let Some(line) = self.line() {
                if let Some(event) = self.take(&line)? {
                    return Ok(Some(event));
                }
            }
            if self.is_over {
                return Ok(None);
            }
            match self.more().await {
                Ok(()) => {}
                Err(error) if tries >= TRIES || self.last.is_none() => return Err(error),
                Err(_) => {
                    tries += 1;
                    self.body = None;
                    self.rest.clear();
                    Clock::real().sleep(PAUSE).await;
                }
            }
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
                let bytes = response.into_body().collect().await;
                let bytes = bytes.map(http_body_util::Collected::to_bytes);
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
        match body.frame().await {
            Some(Ok(frame)) => {
                if let Some(bytes) = frame.data_ref() {
                    self.rest.extend_from_slice(bytes);
                }
                Ok(())
            }
            Some(Err(error)) => Err(Error::from(error)),
            // The server ends the stream with the run, and when it ends itself.
            None => {
                self.is_over = true;
                Ok(())
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
            let view: EventView = serde_json::from_str(&data)?;
            return view.into_event();
        }
        Ok(None)
    }
}
