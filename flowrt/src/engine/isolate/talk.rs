//! The parent's ear: what the child says, and what it is answered.

use std::io;
use std::sync::Arc;

use tokio::io::AsyncRead;
use tokio::sync::mpsc::UnboundedSender;

use super::wire::{Answer, Ask, Done, Published, Report, receive_bytes};
use crate::author::context::Attempt;
use crate::error::{Error, Result};
use crate::logs;
use crate::mask;
use crate::model::artifact::{NewArtifact, Place};
use crate::model::blob::{Blob, BlobId};
use crate::model::payload::Payload;

/// What the child is answered.
#[derive(Debug)]
pub(super) enum Reply {
    Answer(Answer),
    Bytes(Arc<[u8]>),
}

/// One attempt's talk with its child.
pub(super) struct Talk<'a> {
    pub(super) attempt: &'a Arc<Attempt>,
    pub(super) input: &'a Payload,
    pub(super) answers: UnboundedSender<Reply>,
    /// Bytes that the result will name.
    pub(super) attached: Vec<Blob>,
}

impl Talk<'_> {
    /// Hears until the body has returned, or its process has closed the link: it is dead.
    pub(super) async fn hear(
        mut self,
        mut reader: impl AsyncRead + Unpin,
    ) -> Option<(Done, Vec<Blob>)> {
        loop {
            match self.hear_one(&mut reader).await {
                Ok(None) => {}
                Ok(Some(done)) => return Some((done, self.attached)),
                Err(_) => return None,
            }
        }
    }

    async fn hear_one(
        &mut self,
        reader: &mut (impl AsyncRead + Unpin),
    ) -> io::Result<Option<Done>> {
        let bytes = receive_bytes(reader).await?;
        match serde_json::from_slice(&bytes)? {
            Report::Log(line) => logs::of_attempt(
                self.attempt,
                logs::Line {
                    time: line.time,
                    level: logs::level_named(&line.level),
                    target: line.target.into_owned(),
                    message: line.message.into_owned(),
                },
            ),
            Report::Ask(what) => {
                let reply = self.answer(what).await;
                // A child that is gone hears no answer.
                let _ = self.answers.send(reply);
            }
            Report::Progress { done, total } => {
                if let Some(keeper) = &self.attempt.keeper {
                    keeper.tell_progress(self.attempt, done, total);
                }
            }
            Report::Published(published) => {
                let blob = match published.has_bytes {
                    true => Some(Blob::new(receive_bytes(reader).await?)),
                    false => None,
                };
                self.publish(published, blob);
            }
            Report::Attached => self.attached.push(Blob::new(receive_bytes(reader).await?)),
            Report::Done(done) => return Ok(Some(done)),
        }
        Ok(None)
    }

    fn publish(&self, published: Published, blob: Option<Blob>) {
        self.attempt.publish(NewArtifact {
            place: Place {
                key: published.key,
                step: self.attempt.step.to_string(),
                attempt: self.attempt.attempt,
                at: published.at,
            },
            kind: published.kind,
            description: published.description,
            data: published.data,
            blob,
        });
    }

    /// The parent keeps what the child reads out of the log as well: the child's output comes through it.
    async fn answer(&self, what: Ask) -> Reply {
        match what {
            Ask::Hide(value) => {
                mask::add(&value);
                Reply::Answer(Ok(None))
            }
            Ask::Stored(name) => Reply::Answer(match &self.attempt.vault {
                Some(vault) => vault.stored(&name).map_err(|error| error.to_json()),
                None => Ok(None),
            }),
            Ask::Load { blob, whose } => match self.load(&blob, whose).await {
                Ok(bytes) => Reply::Bytes(bytes),
                Err(error) => Reply::Answer(Err(error.to_json())),
            },
        }
    }

    async fn load(&self, blob: &str, whose: String) -> Result<Arc<[u8]>> {
        let id: Option<BlobId> = blob.parse().ok();
        let id = id.ok_or_else(|| Error::from("the body asked for what is no blob"))?;
        // What came with the input may be in no store yet.
        if let Some(blob) = self.input.attached().iter().find(|blob| blob.id() == id) {
            return Ok(blob.bytes().clone());
        }
        match &self.attempt.keeper {
            Some(keeper) => keeper.load(id, whose).await,
            None => Err(Error::from("outside of a run nothing is kept")),
        }
    }
}
