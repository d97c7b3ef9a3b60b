//! The only reader of time, and the only place that waits.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the module the ban sends everybody to"
)]

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// An instant: microseconds since the Unix epoch, UTC.
type Micros = i64;

/// Time as a run sees it: the machine's, or one that a test moves.
#[derive(Clone, Default)]
pub struct Clock(Option<Arc<Fake>>);

#[derive(Default)]
struct Fake {
    now: Mutex<Micros>,
    moved: Notify,
}

impl Clock {
    /// The machine's clock.
    pub const fn real() -> Self {
        Self(None)
    }

    /// A clock that stands still until [`advance`](Self::advance).
    pub fn fake(now: Micros) -> Self {
        Self(Some(Arc::new(Fake {
            now: Mutex::new(now),
            moved: Notify::new(),
        })))
    }

    /// Microseconds since the Unix epoch.
    pub fn now(&self) -> Micros {
        match &self.0 {
            None => jiff::Timestamp::now().as_microsecond(),
            Some(fake) => *fake.now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// The instant now, and the time that has passed since `started`, when `watch` was started too. Costs one look at a
    /// clock instead of two, and the duration is right even if the machine's clock was set meanwhile.
    pub fn after(&self, started: Micros, watch: Stopwatch) -> (Micros, Duration) {
        let elapsed = watch.elapsed();
        match &self.0 {
            None => (started.saturating_add(micros(elapsed)), elapsed),
            Some(_) => (self.now(), elapsed),
        }
    }

    /// Moves a fake clock; the real one moves by itself.
    pub fn advance(&self, by: Duration) {
        if let Some(fake) = &self.0 {
            *fake.now.lock().unwrap_or_else(PoisonError::into_inner) += micros(by);
            fake.moved.notify_waiters();
        }
    }

    /// Returns at that instant or later; at once if it has passed.
    pub async fn sleep_until(&self, until: Micros) {
        match &self.0 {
            // The wall clock may be set while we sleep, so it is asked again after each piece.
            None => loop {
                let left = until - self.now();
                if left <= 0 {
                    return;
                }
                tokio::time::sleep(
                    Duration::from_micros(left.unsigned_abs()).min(Duration::from_secs(3600)),
                )
                .await;
            },
            Some(fake) => loop {
                let moved = fake.moved.notified();
                if *fake.now.lock().unwrap_or_else(PoisonError::into_inner) >= until {
                    return;
                }
                moved.await;
            },
        }
    }

    /// Waits that long.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.now().saturating_add(micros(duration)))
            .await;
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Clock(fake)"
        } else {
            "Clock(real)"
        })
    }
}

/// A duration in microseconds, at most the largest that fits.
pub fn micros(duration: Duration) -> Micros {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// A stopwatch that no change of the wall clock disturbs.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// A new id in the order of time.
pub fn new_uuid() -> uuid::Uuid {
    uuid::Uuid::now_v7()
}

/// A number that nobody can foresee, for seeds and jitter.
pub fn random_u64() -> u64 {
    uuid::Uuid::now_v7().as_u64_pair().1
        ^ std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0_u8)
}
