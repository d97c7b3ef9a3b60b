//! Whether a failed attempt of a task is worth another one, and after what time: pure, from the errors so far.

use std::time::Duration;

use crate::author::meta::Meta;
use crate::author::slot::CallOptions;
use crate::error::{Error, ErrorKind};

/// How many attempts of a call have failed, and by which of its task's rules.
#[derive(Debug, Default)]
pub(super) struct Tries {
    /// By the rules, in their order.
    ruled: Vec<u32>,
    /// By errors of which no rule speaks.
    other: u32,
}

impl Tries {
    /// What is known of the attempts of earlier drives: how many there were, and their errors.
    pub(super) fn of(meta: &Meta, failed: u32, errors: impl Iterator<Item = Error>) -> Self {
        let mut tries = Self::default();
        if !meta.task.retry_rules.is_empty() {
            errors.for_each(|error| tries.count(meta, &error));
        }
        tries.other = failed.saturating_sub(tries.ruled.iter().sum());
        tries
    }

    /// Counts a failure; the wait before the next attempt, or `None` if there is no further one.
    pub(super) fn failed(
        &mut self,
        meta: &Meta,
        options: &CallOptions,
        error: &Error,
    ) -> Option<Duration> {
        self.count(meta, error);
        if may_come(error) {
            self.next(meta, options, error)
        } else {
            None
        }
    }

    fn count(&mut self, meta: &Meta, error: &Error) {
        match rule_of(meta, error) {
            Some(rule) => {
                self.ruled.resize(meta.task.retry_rules.len(), 0);
                self.ruled[rule] += 1;
            }
            None => self.other += 1,
        }
    }

    fn next(&self, meta: &Meta, options: &CallOptions, error: &Error) -> Option<Duration> {
        let Some(rule) = rule_of(meta, error) else {
            let wanted =
                error.is_retryable() || meta.task.retry_if.is_none_or(|retry_if| retry_if(error));
            let left = self.other <= options.retries_of(meta);
            return (wanted && left).then(|| options.delay_of(meta, self.other));
        };
        let (failed, rule) = (self.ruled[rule], &meta.task.retry_rules[rule]);
        let delay = || match (rule.delay, options.delay) {
            (Some(delay), None) => delay.after(failed),
            _ => options.delay_of(meta, failed),
        };
        (failed <= rule.times).then(delay)
    }
}

/// The first rule that speaks of such an error.
fn rule_of(meta: &Meta, error: &Error) -> Option<usize> {
    let rules = meta.task.retry_rules.iter();
    rules.into_iter().position(|rule| (rule.applies)(error))
}

/// Whether another try may help at all, whoever asks for it.
pub(super) fn may_come(error: &Error) -> bool {
    !matches!(
        error.kind(),
        ErrorKind::Fatal
            | ErrorKind::Skipped
            | ErrorKind::Cancelled
            | ErrorKind::Stopped
            | ErrorKind::Record
            | ErrorKind::Limit
            | ErrorKind::Misuse
    )
}
