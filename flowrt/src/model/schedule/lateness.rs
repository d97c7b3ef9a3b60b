//! Which slots of a schedule are filled now, and which are passed over.

use super::Schedule;
use crate::model::deployment::Catchup;
use crate::model::record::Micros;

/// A slot is missed if nobody has handled it for so long (a minute): until then a scheduler is only late, as after a
/// restart, and whether slots are made up for is not asked.
pub const MISSED_AFTER: Micros = 60_000_000;

/// So many slots of one schedule are filled in one turn, so that one that is far behind does not hold up the others.
const AT_ONCE: usize = 100;

/// What is due of a schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turn {
    /// Everything up to here is passed over, before anything is filled.
    pub pass: Option<Micros>,
    /// These get their runs, the oldest first.
    pub fill: Vec<Micros>,
}

impl Turn {
    /// What is due at `now` of a schedule whose slots are handled up to `handled`. More may be due afterwards.
    pub fn at(schedule: &Schedule, handled: Micros, catchup: Catchup, now: Micros) -> Self {
        let missed_until = now.saturating_sub(MISSED_AFTER);
        let missed = match catchup {
            Catchup::All => None,
            Catchup::None | Catchup::Last => schedule.last_between(handled, missed_until),
        };
        let (pass, begin) = match (missed, catchup) {
            (Some(missed), Catchup::Last) => (previous(schedule, handled, missed), missed - 1),
            (Some(missed), _) => (Some(missed), missed),
            (None, _) => (None, handled),
        };
        let fill = schedule.between(begin.max(handled), now).take(AT_ONCE);
        Self {
            pass,
            fill: fill.collect(),
        }
    }
}

/// The slot before that one, if it is not handled.
fn previous(schedule: &Schedule, handled: Micros, slot: Micros) -> Option<Micros> {
    schedule.last_between(handled, slot.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Micros = 60_000_000;

    fn turn(catchup: Catchup, handled: Micros, now: Micros) -> (Option<Micros>, Vec<Micros>) {
        let schedule = Schedule::of_cron("* * * * *", None).unwrap();
        let turn = Turn::at(&schedule, handled * MINUTE, catchup, now * MINUTE + 7);
        let minutes = |at: Micros| at / MINUTE;
        (
            turn.pass.map(minutes),
            turn.fill.into_iter().map(minutes).collect(),
        )
    }

    #[test]
    fn nothing_is_due_before_its_time() {
        for catchup in [Catchup::None, Catchup::Last, Catchup::All] {
            assert_eq!(turn(catchup, 10, 10), (None, vec![]));
            // The clock was set back.
            assert_eq!(turn(catchup, 10, 4), (None, vec![]));
        }
    }

    #[test]
    fn what_is_only_late_is_filled() {
        for catchup in [Catchup::None, Catchup::Last, Catchup::All] {
            assert_eq!(turn(catchup, 10, 11), (None, vec![11]));
        }
    }

    #[test]
    fn what_was_missed_is_made_up_for_as_it_was_said() {
        assert_eq!(turn(Catchup::None, 10, 20), (Some(19), vec![20]));
        assert_eq!(turn(Catchup::Last, 10, 20), (Some(18), vec![19, 20]));
        assert_eq!(turn(Catchup::Last, 10, 12), (None, vec![11, 12]));
        assert_eq!(
            turn(Catchup::All, 10, 20),
            (None, (11..=20).collect::<Vec<_>>())
        );
    }

    #[test]
    fn far_behind_it_goes_on_in_turns() {
        let (pass, fill) = turn(Catchup::All, 0, 100_000);
        assert_eq!(pass, None);
        assert_eq!(fill, (1..=100).collect::<Vec<_>>());
        let (pass, fill) = turn(Catchup::Last, 0, 50_000_000);
        assert_eq!(
            (pass, fill),
            (Some(49_999_998), vec![49_999_999, 50_000_000])
        );
    }
}
