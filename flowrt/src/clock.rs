//! The only reader of time, and the only place that waits.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the module the ban sends everybody to"
)]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// An instant: microseconds since the Unix epoch, UTC.
type Micros = i64;

/// Time as a run sees it: the machine's, or one that a test moves.
#[derive(Clone, Default)]
pub struct Clock(Option<Arc<Fake>>);

#[derive(Default)]
struct Fake(Mutex<FakeTime>);

#[derive(Default)]
struct FakeTime {
    now: Micros,
    /// Who waits until when; a number tells those of one instant apart.
    sleepers: BTreeMap<(Micros, u64), Arc<Notify>>,
    next: u64,
    drawn: u64,
    /// How much is under way that the outside world may end: meanwhile the clock does not jump.
    held: usize,
}

impl Fake {
    fn lock(&self) -> MutexGuard<'_, FakeTime> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep_until(&self, until: Micros) {
        /// A sleeper whose future is dropped must not hold the clock.
        struct Sleeper<'a>(&'a Fake, (Micros, u64));
        impl Drop for Sleeper<'_> {
            fn drop(&mut self) {
                self.0.lock().sleepers.remove(&self.1);
            }
        }
        if until == Micros::MAX {
            // Nobody waits for the end of time: the clock must not go there.
            return std::future::pending().await;
        }
        let due = Arc::new(Notify::new());
        let _sleeper = {
            let mut time = self.lock();
            if time.now >= until {
                return;
            }
            let key = (until, time.next);
            time.next += 1;
            time.sleepers.insert(key, due.clone());
            Sleeper(self, key)
        };
        due.notified().await;
    }
}

impl FakeTime {
    fn move_to(&mut self, now: Micros) {
        self.now = self.now.max(now);
        let later = self.sleepers.split_off(&(self.now.saturating_add(1), 0));
        for due in std::mem::replace(&mut self.sleepers, later).into_values() {
            due.notify_one();
        }
    }
}

impl Clock {
    /// The machine's clock.
    pub const fn real() -> Self {
        Self(None)
    }

    /// A clock that stands still until [`advance`](Self::advance).
    pub fn fake(now: Micros) -> Self {
        Self(Some(Arc::new(Fake(Mutex::new(FakeTime {
            now,
            ..FakeTime::default()
        })))))
    }

    /// Microseconds since the Unix epoch.
    pub fn now(&self) -> Micros {
        match &self.0 {
            None => jiff::Timestamp::now().as_microsecond(),
            Some(fake) => fake.lock().now,
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
            let mut time = fake.lock();
            let now = time.now.saturating_add(micros(by));
            time.move_to(now);
        }
    }

    /// Sets a fake clock, as a person or a time server sets a real one: back, too.
    #[cfg(test)]
    pub(crate) fn set(&self, now: Micros) {
        if let Some(fake) = &self.0 {
            let mut time = fake.lock();
            time.now = now;
            time.move_to(now);
        }
    }

    /// Something begins (`1`) or ends (`-1`) that the outside world may end at any time. Costs a real clock nothing.
    pub fn hold(&self, change: isize) {
        if let Some(fake) = &self.0 {
            let mut time = fake.lock();
            time.held = time.held.saturating_add_signed(change);
        }
    }

    /// Whether a fake clock must not jump now.
    pub fn is_held(&self) -> bool {
        self.0.as_ref().is_some_and(|fake| fake.lock().held > 0)
    }

    /// Moves a fake clock to the next instant that somebody waits for; `false` if nobody waits, or the clock is real.
    pub fn advance_to_next(&self) -> bool {
        let Some(fake) = &self.0 else {
            return false;
        };
        let mut time = fake.lock();
        let Some((due, _)) = time.sleepers.keys().next().copied() else {
            return false;
        };
        time.move_to(due);
        true
    }

    /// An id and a seed for a new run: nobody can foresee the real ones, and those under a fake clock are the same in every test.
    pub fn draw_run(&self) -> (uuid::Uuid, u64) {
        let Some(fake) = &self.0 else {
            return (new_uuid(), random_u64());
        };
        let mut time = fake.lock();
        time.drawn += 1;
        let millis = u64::try_from(time.now / 1000).unwrap_or_default();
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid();
        let (high, low) = id.as_u64_pair();
        (
            uuid::Uuid::from_u64_pair(high, low | time.drawn),
            time.drawn,
        )
    }

    /// Whether a test moves this clock. Then no other process is near, and nothing needs to be asked from time to time.
    pub const fn is_fake(&self) -> bool {
        self.0.is_some()
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
            Some(fake) => fake.sleep_until(until).await,
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

/// Bytes for keys, from the operating system.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .expect("the operating system gives random bytes, as ids need them too");
    bytes
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_fake_clock_wakes_in_order_and_only_those_who_are_due() {
        let clock = Clock::fake(0);
        let woken = Arc::new(AtomicU32::new(0));
        let sleepers: Vec<_> = [3, 1, 2, 1]
            .into_iter()
            .map(|seconds| {
                let (clock, woken) = (clock.clone(), woken.clone());
                tokio::spawn(async move {
                    clock.sleep(Duration::from_secs(seconds)).await;
                    woken.fetch_add(1, Ordering::SeqCst);
                })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(clock.advance_to_next());
        tokio::task::yield_now().await;
        assert_eq!((clock.now(), woken.load(Ordering::SeqCst)), (1_000_000, 2));
        clock.advance(Duration::from_secs(9));
        for sleeper in sleepers {
            sleeper.await.unwrap();
        }
        assert_eq!(woken.load(Ordering::SeqCst), 4);
        assert!(!clock.advance_to_next());
    }

    #[tokio::test]
    async fn a_dropped_sleep_does_not_hold_a_fake_clock() {
        let clock = Clock::fake(0);
        let sleep = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(1)).await }
        });
        tokio::task::yield_now().await;
        sleep.abort();
        assert!(sleep.await.unwrap_err().is_cancelled());
        assert!(!clock.advance_to_next());
        assert_eq!(clock.now(), 0);
    }
}
