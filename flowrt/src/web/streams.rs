//! How many streams of events are open at a time: each holds a connection for as long as somebody watches.

use std::sync::Arc;

use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places for streams of a server, of its pages and its API together. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Streams(Arc<Semaphore>);

/// A place, until it is dropped.
#[derive(Debug)]
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Streams {
    /// So many at a time.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))))
    }

    /// A place; none if all are taken.
    pub fn place(&self) -> Option<Place> {
        let permit = self.0.clone().try_acquire_owned().ok();
        permit.map(|permit| Place { _permit: permit })
    }
}

impl Place {
    /// The stream, which holds its place until it has ended or nobody reads it any more.
    pub fn hold<T: Send + 'static>(
        self,
        events: impl Stream<Item = T> + Send + 'static,
    ) -> BoxStream<'static, T> {
        events
            .map(move |event| {
                let _held = &self;
                event
            })
            .boxed()
    }
}
