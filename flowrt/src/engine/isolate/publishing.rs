//! What an isolated body publishes and keeps apart, on its way to its parent: only the parent has the store.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::asking;
use super::child::{report, talk};
use super::wire::{Published, Report, length_of, send, send_raw};
use crate::author::context::Attempt;
use crate::author::publish::Keeper;
use crate::author::stored::Source;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::model::artifact::NewArtifact;
use crate::model::blob::{Blob, BlobId};
use crate::model::record::Micros;

/// The parent's engine, as the body of a child reaches it.
#[derive(Debug)]
pub(super) struct ParentKeeper;

impl Source for ParentKeeper {
    fn load(&self, id: BlobId, whose: String) -> BoxFuture<'static, Result<Arc<[u8]>>> {
        Box::pin(async move {
            let asked = tokio::task::spawn_blocking(move || asking::load(id, whose)).await;
            asked.unwrap_or_else(|error| Err(error.into()))
        })
    }
}

impl Keeper for ParentKeeper {
    fn now(&self) -> Micros {
        Clock::real().now()
    }

    fn wake(self: Arc<Self>, attempt: &Arc<Attempt>) {
        pass_on(attempt);
    }

    fn tell_progress(&self, _: &Attempt, done: u64, total: u64) {
        report(&Report::Progress { done, total });
    }
}

/// Gives what is left to the parent. Nothing more is taken.
///
/// # Errors
/// If something that the body published cannot be passed on.
pub(super) fn end(attempt: &Attempt) -> Result<()> {
    attempt.desk.close(attempt, Clock::real().now());
    pass_on(attempt);
    attempt.desk.refusal().map_or(Ok(()), Err)
}

/// Gives the bytes to the parent that a result names.
pub(super) fn attach(blobs: &[Blob]) {
    for blob in blobs {
        talk(|link| {
            send(link, &Report::Attached)?;
            send_raw(link, blob.bytes())
        });
    }
}

fn pass_on(attempt: &Attempt) {
    // With the link in hand, so that what two threads publish arrives in the order of the desk.
    talk(|link| {
        while let Some(new) = attempt.desk.next() {
            if let Err(error) = fits(&new) {
                attempt.desk.refuse(error);
                continue;
            }
            let NewArtifact {
                place,
                kind,
                description,
                data,
                blob,
            } = new;
            let published = Published {
                key: place.key,
                at: place.at,
                kind,
                description,
                data,
                has_bytes: blob.is_some(),
            };
            send(link, &Report::Published(published))?;
            if let Some(blob) = blob {
                send_raw(link, blob.bytes())?;
            }
        }
        Ok(())
    });
}

/// Whether it fits into messages: JSON in JSON takes up to six times as much as it has.
fn fits(new: &NewArtifact) -> Result<()> {
    let description = new.description.as_ref().map_or(0, String::len);
    let text = (new.data.len() + description).saturating_mul(6) + 4096;
    let bytes = new.blob.as_ref().map_or(0, |blob| blob.bytes().len());
    length_of(text.max(bytes)).map(drop).map_err(|error| {
        let message = format!(
            "the artifact `{}` cannot leave the process of an isolated task: {error}",
            new.place.key
        );
        Error::new(ErrorKind::Limit, message)
            .hint("publish it in parts, or in a task without `isolate`")
    })
}
