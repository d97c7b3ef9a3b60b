//! When the next attempt comes.

use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// Whether another attempt of several steps together may help: of a flow, or of a group within it.
pub(crate) fn may_come_as_a_whole(error: &Error) -> bool {
    !matches!(
        error.kind(),
        ErrorKind::Fatal
            | ErrorKind::Record
            | ErrorKind::Limit
            | ErrorKind::Misuse
            | ErrorKind::Cancelled
            | ErrorKind::Unsupported
    )
}

/// The wait after the n-th failure (from 1), from a list whose last entry repeats. An empty list does not wait.
pub fn list_delay(list: &[Duration], failed: u32) -> Duration {
    let index = usize::try_from(failed.max(1) - 1).unwrap_or(usize::MAX);
    list.get(index).or(list.last()).copied().unwrap_or_default()
}

/// The wait after the n-th failure (from 1): doubles from `first`, never over `cap`.
pub fn backoff_delay(first: Duration, cap: Duration, failed: u32) -> Duration {
    let doublings = failed.max(1) - 1;
    let factor = 2_u32.checked_pow(doublings).unwrap_or(u32::MAX);
    first.saturating_mul(factor).min(cap)
}

/// A wait changed by up to `percent` in either direction; `random` decides.
pub fn jitter(delay: Duration, percent: u32, random: u64) -> Duration {
    if percent == 0 {
        return delay;
    }
    let span = delay.mul_f64(f64::from(percent.min(100)) / 100.0);
    let share = (random >> 11) as f64 / (1_u64 << 53) as f64;
    (delay + span.mul_f64(2.0 * share)).saturating_sub(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_and_is_capped() {
        let seconds = |failed| {
            backoff_delay(Duration::from_secs(1), Duration::from_secs(30), failed).as_secs()
        };
        assert_eq!(
            (1..=7).map(seconds).collect::<Vec<_>>(),
            [1, 2, 4, 8, 16, 30, 30]
        );
        assert_eq!(seconds(u32::MAX), 30);
    }

    #[test]
    fn the_last_delay_of_a_list_repeats() {
        let list = [Duration::from_secs(1), Duration::from_secs(5)];
        assert_eq!(
            (1..=3)
                .map(|n| list_delay(&list, n).as_secs())
                .collect::<Vec<_>>(),
            [1, 5, 5]
        );
        assert_eq!(list_delay(&[], 1), Duration::ZERO);
    }

    #[test]
    fn jitter_stays_within_its_share() {
        let delay = Duration::from_secs(10);
        assert_eq!(jitter(delay, 0, u64::MAX), delay);
        for random in [0, u64::MAX / 3, u64::MAX] {
            let changed = jitter(delay, 20, random);
            assert!(
                (Duration::from_secs(8)..=Duration::from_secs(12)).contains(&changed),
                "{changed:?}"
            );
        }
        assert_ne!(jitter(delay, 20, 0), jitter(delay, 20, u64::MAX));
    }
}
