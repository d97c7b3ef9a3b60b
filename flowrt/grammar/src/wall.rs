//! From the clock on the wall to instants, over the days when somebody sets it.
//!
//! The rule is one for all that repeats. What names an hour counts once: in the first pass of a repeated hour, and where a
//! gap ends. What goes by the hour or faster follows the time that passes.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};

/// What matches times on a clock that never changes.
pub(crate) trait Civil {
    /// The first match strictly after `after`, in whole seconds.
    fn next_civil(&self, after: DateTime) -> Option<DateTime>;
}

/// The next match, if each time on the wall counts once: a repeated one at its first pass, a missing one where the gap
/// ends.
pub(crate) fn next_once(rule: &impl Civil, after: &Zoned) -> Option<Zoned> {
    let zone = after.time_zone();
    let mut civil = after.datetime();
    loop {
        civil = rule.next_civil(civil)?;
        let instant = instant(zone, civil)?;
        // A clock that was set back shows times whose first pass is over.
        if instant > after.timestamp() {
            return Some(Zoned::new(instant, zone.clone()));
        }
    }
}

/// When the clock on the wall shows this: the first time if it does twice, the end of the gap if never.
pub(crate) fn instant(zone: &TimeZone, civil: DateTime) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(civil).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(civil).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(civil).ok(),
        AmbiguousOffset::Gap { after, .. } => gap_end(zone, civil, after),
    }
}

/// The next match, if what counts is the time that passes: whatever the clock shows, whenever it shows it.
pub(crate) fn next_elapsed(rule: &impl Civil, after: &Zoned) -> Option<Zoned> {
    /// No clock is set back by more.
    const DAY: SignedDuration = SignedDuration::from_hours(24);
    let zone = after.time_zone();
    let mut start = after.timestamp();
    loop {
        let offset = zone.to_offset(start);
        let change = zone
            .following(start)
            .next()
            .map(|change| change.timestamp());
        let found = rule
            .next_civil(offset.to_datetime(start))
            .and_then(|civil| offset.to_timestamp(civil).ok());
        match (found, change) {
            (Some(found), None) => return Some(Zoned::new(found, zone.clone())),
            (Some(found), Some(change)) if found < change => {
                return Some(Zoned::new(found, zone.clone()));
            }
            (None, None) => return None,
            // The rule has ended, and the clock will never again show a time before its end.
            (None, Some(change)) if change.duration_since(start) > DAY => return None,
            (_, Some(change)) => {
                // The first second after the change counts, and it is judged by the new offset.
                if matches(rule, zone.to_offset(change), change) {
                    return Some(Zoned::new(change, zone.clone()));
                }
                start = change;
            }
        }
    }
}

fn matches(rule: &impl Civil, offset: Offset, instant: Timestamp) -> bool {
    let civil = offset.to_datetime(instant);
    let before = civil.checked_sub(SignedDuration::from_secs(1));
    before.is_ok_and(|before| rule.next_civil(before) == Some(civil))
}

/// The instant when the clock jumped over `civil`; `offset_after` is what holds since then.
fn gap_end(zone: &TimeZone, civil: DateTime, offset_after: Offset) -> Option<Timestamp> {
    // Read with the later offset, a time that never was lies before the jump.
    let before = offset_after.to_timestamp(civil).ok()?;
    zone.following(before)
        .next()
        .map(|change| change.timestamp())
}
