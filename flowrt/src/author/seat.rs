//! The seats of a worker: so many of its runs may do something at once. One that only waits for its turn leaves its seat
//! to others.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// All seats of one worker.
#[derive(Debug)]
pub(crate) struct Seats {
    free: Arc<Semaphore>,
    left: Notify,
}

/// The seat of one run. It is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Arc<Seats>,
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Seats {
    pub(crate) fn new(count: usize) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS))),
            left: Notify::new(),
        })
    }

    pub(crate) fn any_free(&self) -> bool {
        self.free.available_permits() > 0
    }

    /// Up to so many free seats. Runs that want theirs back come first.
    pub(crate) fn take(self: &Arc<Self>, at_most: usize) -> Vec<Arc<Seat>> {
        let taken = std::iter::from_fn(|| self.free.clone().try_acquire_owned().ok());
        let seat = |permit| {
            Arc::new(Seat {
                seats: self.clone(),
                permit: Mutex::new(Some(permit)),
            })
        };
        taken.take(at_most).map(seat).collect()
    }

    /// Returns when a run has left its seat since the last time.
    pub(crate) async fn one_left(&self) {
        self.left.notified().await;
    }
}

impl Seat {
    fn lock(&self) -> MutexGuard<'_, Option<OwnedSemaphorePermit>> {
        self.permit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves it to others.
    pub(crate) fn leave(&self) {
        if self.lock().take().is_some() {
            self.seats.left.notify_one();
        }
    }

    /// Waits for a free one, unless the run has its seat.
    pub(crate) async fn take_back(&self) {
        if self.lock().is_some() {
            return;
        }
        // Never closed.
        if let Ok(permit) = self.seats.free.clone().acquire_owned().await {
            *self.lock() = Some(permit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn a_seat_that_is_left_is_another_ones_until_that_one_goes() {
        let seats = Seats::new(1);
        let first = seats.take(5);
        assert_eq!((first.len(), seats.any_free()), (1, false));
        first[0].leave();
        seats.one_left().await;
        let second = seats.take(5);
        assert_eq!(second.len(), 1);
        let mut back = std::pin::pin!(first[0].take_back());
        assert!(back.as_mut().now_or_never().is_none(), "it is taken");
        drop(second);
        back.await;
        assert_eq!((seats.take(1).len(), seats.any_free()), (0, false));
    }
}
