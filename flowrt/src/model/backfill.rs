//! Backfills: slots of the past that a person wants runs for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::record::Micros;
use super::state::RunState;

/// A slot of a schedule, before or after it has its run.
pub type SlotOf = (String, Micros);

/// Which slots get a run. One whose run is not over yet never does.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// Those that have none.
    #[default]
    Missing,
    /// Those, and those whose last run gave nothing: it failed, crashed, timed out or was cancelled.
    Failed,
    /// Also those whose last run completed.
    All,
}

/// A backfill as a person has asked for it, and how far it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Backfill {
    /// Its name, unique in the store.
    pub id: String,
    /// The deployment whose slots are filled.
    pub deployment: String,
    /// Which of its slots.
    pub which: Which,
    /// How many of its runs may go on at once; the deployment's own limit does not count for them.
    pub concurrency: u32,
    /// The slots, in the order in which they are filled.
    pub slots: Vec<Chosen>,
    /// When it was asked for.
    pub created: Micros,
    /// The idempotency key that it was asked for with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
}

/// An idempotency key, and what it was used for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The key.
    pub key: String,
    /// A digest of what was asked for.
    pub of: String,
}

/// A slot that gets a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// Its schedule.
    pub schedule: String,
    /// Its time: the run's logical time.
    pub at: Micros,
    /// It had a run before.
    pub again: bool,
}

/// Where a backfill stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BackfillState {
    /// It begins runs.
    Running,
    /// It begins none until a person lets it go on; those that were begun go on.
    Paused,
    /// A person does not want it any more: it begins none, and those that were begun are being told to cancel.
    Cancelling,
    /// A person did not want it any more, and all its runs have been told.
    Cancelled,
    /// All its runs have ended.
    Done,
    /// It could not go on, and its reason says why: what it needs is not there any more.
    Failed,
}

/// A backfill as the store has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BackfillRecord {
    /// What was asked for.
    #[serde(flatten)]
    pub backfill: Backfill,
    /// Where it stands.
    pub state: BackfillState,
    /// So many of its slots have their run.
    pub begun: u32,
    /// Why it does not go on: for ever if it has failed, else until that is mended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How far one is that a scheduler has something to do for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its name.
    pub id: String,
    /// `Running` or `Cancelling`.
    pub state: BackfillState,
    /// So many of its slots have their run.
    pub begun: u32,
    /// So many of its runs are not over.
    pub going_on: usize,
}

/// The runs that one has begun, by how they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Begun {
    /// They are not over.
    pub going_on: usize,
    /// They completed, or had nothing to do.
    pub completed: usize,
    /// They ended otherwise.
    pub failed: usize,
}

impl Begun {
    /// Counts so many more of that state.
    pub fn add(&mut self, state: RunState, count: usize) {
        *match state {
            RunState::Completed | RunState::Skipped => &mut self.completed,
            state if state.is_final() => &mut self.failed,
            _ => &mut self.going_on,
        } += count;
    }
}

impl BackfillState {
    /// The name for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

impl Backfill {
    /// What the tags of its runs begin with.
    pub const TAG: &str = "backfill:";

    /// The tag of its runs, for people: what they belong to is told by their dispatch.
    pub fn tag(&self) -> String {
        format!("{}{}", Self::TAG, self.id)
    }

    /// What the run of a slot is recorded under, so that there is one: the slot itself, where it has none yet; then the
    /// scheduler leaves it alone.
    pub fn slot_name(&self, chosen: &Chosen) -> String {
        match chosen.again {
            false => chosen.schedule.clone(),
            true => format!("{}@{}", chosen.schedule, self.id),
        }
    }
}

/// The schedule whose slot a run fills, from the name that the slot is recorded under.
pub fn schedule_of(slot_name: &str) -> &str {
    slot_name.split('@').next().unwrap_or(slot_name)
}

/// The slots that get a run, in their order, and how many are left alone. `last` has the state of the last run of each
/// slot that has one.
pub fn choose(
    slots: impl IntoIterator<Item = SlotOf>,
    last: &BTreeMap<SlotOf, RunState>,
    which: Which,
) -> (Vec<Chosen>, usize) {
    let mut left = 0;
    let mut chosen = Vec::new();
    for slot in slots {
        let state = last.get(&slot).copied();
        if state.is_none_or(|state| is_wanted(state, which)) {
            let (schedule, at) = slot;
            let again = state.is_some();
            chosen.push(Chosen {
                schedule,
                at,
                again,
            });
        } else {
            left += 1;
        }
    }
    (chosen, left)
}

fn is_wanted(last: RunState, which: Which) -> bool {
    match last {
        RunState::Failed | RunState::TimedOut | RunState::Crashed | RunState::Cancelled => {
            which != Which::Missing
        }
        RunState::Completed | RunState::Skipped => which == Which::All,
        _ => false,
    }
}

/// How long that many runs take, so many at a time, if each takes as long as the middle one of those that have been.
/// `None` if there has been none.
pub fn estimate(mut took: Vec<Micros>, runs: usize, concurrency: u32) -> Option<Micros> {
    took.sort_unstable();
    let middle = *took.get(took.len() / 2)?;
    let concurrency = usize::try_from(concurrency).unwrap_or(1).max(1);
    let rounds = i64::try_from(runs.div_ceil(concurrency)).unwrap_or(i64::MAX);
    Some(middle.saturating_mul(rounds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(which: Which) -> Vec<i64> {
        let states = [
            (1, RunState::Completed),
            (2, RunState::Failed),
            (3, RunState::Running),
            (4, RunState::Cancelled),
            (5, RunState::Parked),
        ];
        let last = states
            .into_iter()
            .map(|(at, state)| (("s".to_owned(), at), state))
            .collect();
        let slots = (0..=5).map(|at| ("s".to_owned(), at));
        let (chosen, left) = choose(slots, &last, which);
        assert_eq!(chosen.len() + left, 6);
        assert!(chosen.iter().all(|slot| slot.again == (slot.at > 0)));
        chosen.into_iter().map(|slot| slot.at).collect()
    }

    #[test]
    fn what_goes_on_is_always_left_alone() {
        assert_eq!(chosen(Which::Missing), [0]);
        assert_eq!(chosen(Which::Failed), [0, 2, 4]);
        assert_eq!(chosen(Which::All), [0, 1, 2, 4]);
    }

    #[test]
    fn the_middle_run_tells_how_long_it_takes() {
        assert_eq!(estimate(vec![], 5, 1), None);
        assert_eq!(estimate(vec![900, 10, 20], 5, 2), Some(60));
        assert_eq!(estimate(vec![7], 0, 1), Some(0));
    }

    #[test]
    fn a_slot_that_had_a_run_gets_a_name_of_its_own() {
        let backfill = Backfill {
            id: "calm-otter".to_owned(),
            deployment: "d".to_owned(),
            which: Which::All,
            concurrency: 1,
            slots: vec![],
            created: 0,
            asked: None,
        };
        let slot = |again| Chosen {
            schedule: "daily".to_owned(),
            at: 1,
            again,
        };
        assert_eq!(backfill.slot_name(&slot(false)), "daily");
        let name = backfill.slot_name(&slot(true));
        assert_eq!((&*name, schedule_of(&name)), ("daily@calm-otter", "daily"));
    }
}
