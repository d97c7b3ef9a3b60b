//! Failures that a program flow went on after: they are marked in the record, so that a resume leaves them alone.

use super::*;

/// A recorded failure that its flow may still go on after.
#[derive(Debug)]
pub(super) struct OpenFailure {
    key: Key,
    scope: usize,
    record: StepRecord,
}

impl Inner {
    /// Remembers a failure until the flow goes on after it.
    pub(super) fn note_failure(&mut self, key: Key, record: &StepRecord) {
        if self.marks_handled && record.state.is_failure() && !record.tolerated {
            let Some(slot) = self.slots.get(key) else {
                return;
            };
            self.open_failures.push(OpenFailure {
                key,
                scope: slot.identity.scope,
                record: record.clone(),
            });
        }
    }

    /// The flow begins another call: what failed before it in the same scope, or in one that this scope opened, did not
    /// end the flow.
    pub(super) fn goes_on(&mut self, key: Key) {
        if self.open_failures.is_empty() {
            return;
        }
        let Some(scope) = self.slots.get(key).map(|slot| slot.identity.scope) else {
            return;
        };
        let open = std::mem::take(&mut self.open_failures);
        for failure in open {
            // Recorded together with others, a failure may not have been handed out yet.
            let is_seen = self.slots.get(failure.key).is_none_or(|slot| slot.awaited);
            let is_inside = self.scopes[failure.scope]
                .path
                .starts_with(&self.scopes[scope].path);
            if is_seen && is_inside {
                self.pending.push(Entry::Step(StepRecord {
                    tolerated: true,
                    ..failure.record
                }));
            } else {
                self.open_failures.push(failure);
            }
        }
    }
}
