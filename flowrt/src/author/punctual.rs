//! By when a body has to begin: a limit counts starts, so a body that begins long after its start was granted would count
//! at another time than the limit thinks.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::author::context::TaskContext;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::model::record::Micros;

/// What an attempt knows of it.
#[derive(Debug, Default)]
pub(crate) struct Punctual {
    by: OnceLock<(Clock, Micros)>,
    asked: AtomicBool,
    late: AtomicBool,
    /// How often the attempt was late before, and went back to wait for its turn.
    before: AtomicU32,
}

impl Punctual {
    /// The body must begin by that moment of that clock.
    pub(crate) fn begin_by(&self, clock: Clock, by: Micros) {
        let _ = self.by.set((clock, by));
    }

    /// The body has not begun, because it would have been too late.
    pub(crate) fn is_late(&self) -> bool {
        self.late.load(Ordering::Acquire)
    }

    pub(crate) fn was_late(&self, times: u32) {
        self.before.store(times, Ordering::Relaxed);
    }

    /// Late again and again: what stands before the body takes too long, and is left out where that is possible.
    pub(crate) fn hurries(&self) -> bool {
        self.before.load(Ordering::Relaxed) > 1
    }

    /// Asked once: bodies that are called inside this one are part of it.
    fn may_begin(&self) -> bool {
        let Some((clock, by)) = self.by.get() else {
            return true;
        };
        if self.asked.swap(true, Ordering::AcqRel) || clock.now() <= *by {
            return true;
        }
        self.late.store(true, Ordering::Release);
        false
    }
}

/// Stands right before the body, after all that its process has to do for it.
///
/// # Errors
/// If the body would begin too late for its limit; then it has not begun, and whoever granted the start grants it anew.
pub fn begins(context: &TaskContext) -> Result<()> {
    if context.0.punctual.may_begin() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Limit,
        "the body could not begin in its turn, and waits for another",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(by: Option<Micros>, clock: &Clock) -> TaskContext {
        let context = TaskContext::plain("task", 0);
        if let Some(by) = by {
            context.0.punctual.begin_by(clock.clone(), by);
        }
        context
    }

    #[test]
    fn who_is_late_does_not_begin_and_who_has_begun_is_not_asked_again() {
        let clock = Clock::fake(100);
        assert!(begins(&context(None, &clock)).is_ok());
        let late = context(Some(99), &clock);
        assert!(begins(&late).is_err());
        assert!(late.0.punctual.is_late());
        let in_time = context(Some(100), &clock);
        assert!(begins(&in_time).is_ok());
        clock.advance(std::time::Duration::from_secs(1));
        assert!(begins(&in_time).is_ok(), "a call inside the body");
        assert!(!in_time.0.punctual.is_late());
    }
}
