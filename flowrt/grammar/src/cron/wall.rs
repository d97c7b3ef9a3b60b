//! From the clock on the wall to instants, over the days when somebody sets it.

use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};

use super::Cron;
use jiff::civil::DateTime;

/// The next match, if each time on the wall counts once: a repeated one at its first pass, a missing one where the gap
/// ends.
pub(super) fn next_once(cron: &Cron, after: &Zoned) -> Option<Zoned> {
    let zone = after.time_zone();
    let mut civil = after.datetime();
    loop {
        civil = cron.next_civil(civil)?;
        let instant = match zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(civil).ok()?,
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(civil).ok()?,
            AmbiguousOffset::Gap { after, .. } => gap_end(zone, civil, after)?,
        };
        // A clock that was set back shows times whose first pass is over.
        if instant > after.timestamp() {
            return Some(Zoned::new(instant, zone.clone()));
        }
    }
}

/// The next match, if what counts is the time that passes: whatever the clock shows, whenever it shows it.
pub(super) fn next_elapsed(cron: &Cron, after: &Zoned) -> Option<Zoned> {
    let zone = after.time_zone();
    let mut start = after.timestamp();
    loop {
        let offset = zone.to_offset(start);
        let change = zone
            .following(start)
            .next()
            .map(|change| change.timestamp());
        let found = cron
            .next_civil(offset.to_datetime(start))
            .and_then(|civil| offset.to_timestamp(civil).ok());
        match (found, change) {
            (Some(found), None) => return Some(Zoned::new(found, zone.clone())),
            (Some(found), Some(change)) if found < change => {
                return Some(Zoned::new(found, zone.clone()));
            }
            (None, None) => return None,
            (_, Some(change)) => {
                // The first second after the change counts, and it is judged by the new offset.
                if matches(cron, zone.to_offset(change), change) {
                    return Some(Zoned::new(change, zone.clone()));
                }
                start = change;
            }
        }
    }
}

fn matches(cron: &Cron, offset: Offset, instant: Timestamp) -> bool {
    let civil = offset.to_datetime(instant);
    let before = civil.checked_sub(SignedDuration::from_secs(1));
    before.is_ok_and(|before| cron.next_civil(before) == Some(civil))
}

/// The instant when the clock jumped over `civil`; `offset_after` is what holds since then.
pub(crate) fn gap_end(zone: &TimeZone, civil: DateTime, offset_after: Offset) -> Option<Timestamp> {
    // Read with the later offset, a time that never was lies before the jump.
    let before = offset_after.to_timestamp(civil).ok()?;
    zone.following(before)
        .next()
        .map(|change| change.timestamp())
}
