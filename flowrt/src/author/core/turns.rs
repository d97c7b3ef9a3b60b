//! Steps whose work the flow's own future does, of parts that are not recorded by themselves: a poll with its asks and
//! its pauses.

use super::*;
use crate::author::slot::Asked;

/// Where such a step stands when its future is polled.
pub(crate) enum Turn {
    /// It may not begin yet, or waits for its record.
    Wait,
    /// Its work is to be done now.
    Go,
    /// It has an outcome.
    Ended(Recorded),
}

impl Core {
    /// Whether a call is a part of a step, and not recorded by itself.
    pub(crate) fn is_part(&self, key: Key) -> bool {
        self.lock().slots.get(key).is_some_and(|slot| slot.part)
    }

    /// What people see of a call besides its id.
    pub(crate) fn label_of(&self, key: Key) -> Option<Arc<str>> {
        self.lock().slots.get(key)?.label.clone()
    }

    /// The identity of the next part of a step: that step's place, and a number for what is counted by name.
    pub(crate) fn part_of(&self, whole: Key, number: u32) -> FixedId {
        let inner = self.lock();
        let (position, name) = inner.slots.get(whole).map_or((0, String::new()), |slot| {
            let id = &slot.identity;
            (
                id.position,
                scopes::with_occurrence(&id.name, id.occurrence),
            )
        });
        FixedId {
            position,
            name: Arc::from(format!("{name}/{number}")),
            label: None,
            part: true,
        }
    }

    /// How often an earlier drive of the run asked, and when it would have asked again.
    pub(crate) fn asked(&self, key: Key) -> Asked {
        let step = self.step_id(key);
        self.host.asked(&step)
    }

    /// Gives a step its input, which was not known when it was built.
    pub(crate) fn set_input(&self, key: Key, input: Payload) {
        if let Some(slot) = self.lock().slots.get_mut(key) {
            slot.input = input;
        }
    }

    /// Polls a step whose work its own future does.
    pub(crate) fn poll_turn(&self, key: Key, cx: &Context<'_>) -> Turn {
        let mut inner = self.lock();
        let Some(slot) = inner.slots.get_mut(key) else {
            return Turn::Wait;
        };
        if !slot.is_done() {
            slot.waker = Some(cx.waker().clone());
        }
        match &slot.state {
            SlotState::Done(recorded) => Turn::Ended(recorded.clone()),
            SlotState::Running => Turn::Go,
            SlotState::Wanted(_) | SlotState::Numbered => Turn::Wait,
            SlotState::Built => {
                if !inner.differs(key) {
                    inner.want(key, None);
                }
                Turn::Wait
            }
        }
    }

    /// The work of such a step is done; what came out is written down like any other outcome.
    pub(crate) fn end_turn(
        self: &Arc<Self>,
        key: Key,
        recorded: Recorded,
        attempts: u32,
        started: Micros,
        fingerprint: u64,
    ) {
        let finished = Finished {
            key,
            recorded,
            attempts,
            started,
            ended: self.clock.now(),
            fingerprint,
            signal: None,
            reused_from: None,
            synced: true,
        };
        self.host
            .spawn(self, key, Box::pin(async move { finished }));
    }
}
