//! The calls of a run that are still of interest, kept so that each costs the same however many there are.

use std::collections::HashMap;

use crate::author::slot::{Recorded, Slot, SlotState};

/// Names a slot; never used twice in a run. In the order in which they were built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    serial: u64,
    index: u32,
}

/// One place: a slot, or free for the next call.
#[derive(Debug)]
struct Place {
    serial: u64,
    slot: Option<Slot>,
}

/// All slots of a run that are still of interest.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    places: Vec<Place>,
    free: Vec<u32>,
    next: u64,
    /// How many are there and have not ended.
    unfinished: usize,
    /// How many of these keep the run open.
    submitted: usize,
    /// By scope and position: filled only while a record is replayed.
    by_place: HashMap<(usize, u32), Key>,
}

impl Slots {
    /// Adds a call; `findable` by its place if a record may still have its outcome.
    pub(crate) fn insert(&mut self, slot: Slot, findable: bool) -> Key {
        let serial = self.next;
        self.next += 1;
        self.unfinished += 1;
        let place = (slot.identity.scope, slot.identity.position);
        let filled = Place {
            serial,
            slot: Some(slot),
        };
        let index = if let Some(index) = self.free.pop() {
            self.places[at(index)] = filled;
            index
        } else {
            self.places.push(filled);
            u32::try_from(self.places.len() - 1).expect("a run's calls are limited to a million")
        };
        let key = Key { serial, index };
        if findable {
            self.by_place.insert(place, key);
        }
        key
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Slot> {
        let place = self.places.get(at(key.index))?;
        place.slot.as_ref().filter(|_| place.serial == key.serial)
    }

    /// To change anything but whether it has ended or was submitted: these are counted.
    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut Slot> {
        let place = self.places.get_mut(at(key.index))?;
        let is_it = place.serial == key.serial;
        place.slot.as_mut().filter(|_| is_it)
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<Slot> {
        self.get(key)?;
        let slot = self.places[at(key.index)].slot.take()?;
        self.free.push(key.index);
        if !slot.is_done() {
            self.unfinished -= 1;
            self.submitted -= usize::from(slot.submitted);
        }
        if !self.by_place.is_empty() {
            let place = (slot.identity.scope, slot.identity.position);
            if self.by_place.get(&place) == Some(&key) {
                self.by_place.remove(&place);
            }
        }
        Some(slot)
    }

    /// Gives a call its outcome.
    pub(crate) fn finish(&mut self, key: Key, recorded: Recorded) -> Option<&mut Slot> {
        let slot = self.get_mut(key)?;
        let (was_done, submitted) = (slot.is_done(), slot.submitted);
        slot.state = SlotState::Done(recorded);
        if !was_done {
            self.unfinished -= 1;
            self.submitted -= usize::from(submitted);
        }
        self.get_mut(key)
    }

    /// Makes a call keep the run open until it ends.
    pub(crate) fn submit(&mut self, key: Key) -> Option<&mut Slot> {
        let slot = self.get_mut(key)?;
        let was_open = !slot.submitted && !slot.is_done();
        slot.submitted = true;
        self.submitted += usize::from(was_open);
        self.get_mut(key)
    }

    /// The call at that place which has no outcome yet. Only for those that were added as findable.
    pub(crate) fn find(&self, scope: usize, position: u32) -> Option<Key> {
        let key = *self.by_place.get(&(scope, position))?;
        self.get(key).filter(|slot| !slot.is_done()).map(|_| key)
    }

    /// No record is replayed any more: nobody will ask for a place.
    pub(crate) fn forget_places(&mut self) {
        self.by_place = HashMap::new();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.places.iter().filter_map(|place| place.slot.as_ref())
    }

    /// The slots in the order in which they were built.
    pub(crate) fn keys(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = (0..)
            .zip(&self.places)
            .filter(|(_, place)| place.slot.is_some())
            .map(|(index, place)| Key {
                serial: place.serial,
                index,
            })
            .collect();
        keys.sort_unstable();
        keys
    }

    /// How many have not ended.
    pub(crate) fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// Whether one that keeps the run open has not ended.
    pub(crate) fn any_submitted(&self) -> bool {
        self.submitted > 0
    }
}

fn at(index: u32) -> usize {
    usize::try_from(index).expect("an index of 32 bits fits")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::author::slot::Identity;
    use crate::model::payload::Payload;
    use crate::model::record::StepKind;
    use crate::model::state::TaskState;

    fn call(position: u32) -> Slot {
        let identity = Identity {
            scope: 0,
            position,
            name: Arc::from("task"),
            occurrence: position + 1,
        };
        Slot::new(identity, StepKind::Task, "task", Payload::null(), false)
    }

    fn outcome() -> Recorded {
        Recorded {
            state: TaskState::Completed,
            output: Payload::null(),
        }
    }

    #[test]
    fn a_place_is_used_again_and_its_old_key_finds_nothing() {
        let mut slots = Slots::default();
        let first = slots.insert(call(0), true);
        let second = slots.insert(call(1), true);
        assert!(slots.remove(first).is_some() && slots.remove(first).is_none());
        let third = slots.insert(call(2), true);
        assert_eq!(slots.places.len(), 2);
        assert!(slots.get(first).is_none() && slots.get(third).is_some());
        assert_eq!(slots.keys(), [second, third]);
        assert_eq!(slots.find(0, 0), None);
        assert_eq!(slots.find(0, 2), Some(third));
    }

    #[test]
    fn what_has_not_ended_is_counted() {
        let mut slots = Slots::default();
        let keys: Vec<Key> = (0..3).map(|n| slots.insert(call(n), true)).collect();
        slots.submit(keys[0]);
        slots.submit(keys[0]);
        slots.submit(keys[1]);
        assert_eq!((slots.unfinished(), slots.any_submitted()), (3, true));
        slots.finish(keys[0], outcome());
        slots.finish(keys[0], outcome());
        assert_eq!(slots.find(0, 0), None);
        slots.remove(keys[1]);
        assert_eq!((slots.unfinished(), slots.any_submitted()), (1, false));
        slots.remove(keys[0]);
        slots.submit(keys[2]);
        assert_eq!((slots.unfinished(), slots.any_submitted()), (1, true));
        slots.finish(keys[2], outcome());
        assert_eq!((slots.unfinished(), slots.any_submitted()), (0, false));
    }
}
