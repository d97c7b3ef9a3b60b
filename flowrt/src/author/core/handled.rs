//! Failures that a program flow went on after: they are marked in the record, so that a resume leaves them alone.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included, Unbounded};

use super::*;

/// Recorded failures that their flow may still go on after, by the path of their scope.
#[derive(Debug, Default)]
pub(super) struct OpenFailures {
    by_path: BTreeMap<String, Vec<(Key, StepRecord)>>,
}

impl OpenFailures {
    /// Takes what lies in a scope or below it, but not below `beside`, and is accepted. The paths are sorted, so that
    /// only those are looked at: a fan-out of many failures must not be searched for each of its items.
    fn take(
        &mut self,
        around: &str,
        beside: Option<&str>,
        accept: impl Fn(Key) -> bool,
    ) -> Vec<StepRecord> {
        let (until, again) = match beside {
            Some(items) => (Excluded(items), Some(format!("{items}\u{10ffff}"))),
            None => (Unbounded, None),
        };
        let mut paths = self.paths_in(around, (Included(around), until));
        if let Some(again) = &again {
            paths.extend(self.paths_in(around, (Included(again.as_str()), Unbounded)));
        }
        let mut taken = Vec::new();
        for path in paths {
            let failures = self.by_path.remove(&path).unwrap_or_default();
            let (over, open): (Vec<_>, Vec<_>) =
                failures.into_iter().partition(|(key, _)| accept(*key));
            if !open.is_empty() {
                self.by_path.insert(path, open);
            }
            taken.extend(over.into_iter().map(|(_, record)| record));
        }
        taken
    }

    fn paths_in(
        &self,
        around: &str,
        range: (std::ops::Bound<&str>, std::ops::Bound<&str>),
    ) -> Vec<String> {
        self.by_path
            .range::<str, _>(range)
            .map(|(path, _)| path)
            .take_while(|path| path.starts_with(around))
            .cloned()
            .collect()
    }
}

impl Inner {
    /// Remembers a failure until the flow goes on after it.
    pub(super) fn note_failure(&mut self, key: Key, record: &StepRecord) {
        if self.marks_handled && record.state.is_failure() && !record.tolerated {
            self.open_failures
                .by_path
                .entry(record.scope.clone())
                .or_default()
                .push((key, record.clone()));
        }
    }

    /// The flow begins another call: what failed before it in the same scope, or in one that this scope opened, did not
    /// end the flow.
    pub(super) fn goes_on(&mut self, key: Key) {
        if self.open_failures.by_path.is_empty() {
            return;
        }
        let Some(slot) = self.slots.get(key) else {
            return;
        };
        let path = &self.scopes[slot.identity.scope].path;
        // The items of a fan-out go on beside each other; together they go on after what failed before the fan-out.
        let (around, beside) = match path.strip_suffix("[]") {
            Some(items) => {
                let around = items.rfind('/').map_or(0, |end| end + 1);
                (&path[..around], Some(&path[..=items.len()]))
            }
            None => (path.as_str(), None),
        };
        let slots = &self.slots;
        // Recorded together with others, a failure may not have been handed out yet.
        let is_seen = |key| slots.get(key).is_none_or(|slot| slot.awaited);
        for record in self.open_failures.take(around, beside, is_seen) {
            self.pending.push(Entry::Step(StepRecord {
                tolerated: true,
                ..record
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(path: &str) -> StepRecord {
        StepRecord {
            seq: 0,
            step: path.to_owned(),
            scope: path.to_owned(),
            position: 0,
            task: String::new(),
            kind: StepKind::Task,
            digest: Digest::default(),
            fingerprint: 0,
            input: None,
            state: TaskState::Failed,
            output: None,
            attempts: 1,
            started: 0,
            finished: 0,
            signal: None,
            reused_from: None,
            tolerated: false,
            label: None,
        }
    }

    #[test]
    fn only_what_lies_inside_is_taken() {
        let paths = ["", "a/", "b[]", "b[1]/", "c/"];
        let identity = Identity {
            scope: 0,
            position: 0,
            name: Arc::from("x"),
            occurrence: 1,
        };
        let slot = Slot::new(identity, StepKind::Task, "x", Payload::null(), false);
        let key = Slots::default().insert(slot, false);
        let taken = |around, beside| {
            let mut open = OpenFailures::default();
            for path in paths {
                let failures = vec![(key, failure(path))];
                open.by_path.insert(path.to_owned(), failures);
            }
            let taken = open.take(around, beside, |_| true);
            taken.into_iter().map(|step| step.step).collect::<Vec<_>>()
        };
        let mut all = paths;
        all.sort_unstable();
        assert_eq!(taken("", None), all);
        assert_eq!(taken("a/", None), ["a/"]);
        assert_eq!(taken("", Some("b[")), ["", "a/", "c/"]);
    }
}
