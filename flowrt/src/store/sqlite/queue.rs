//! What waits to be written.

use std::collections::VecDeque;

use super::job::Job;

/// A group is closed at this many operations or bytes.
const GROUP_MAX: usize = 256;
const GROUP_BYTES_MAX: usize = 8 << 20;

/// Operations that found the writer taken.
#[derive(Default)]
pub(super) struct Queue {
    pub urgent: VecDeque<Box<dyn Job>>,
    /// Log lines and deletions, which are slow and which nobody waits for.
    pub patient: VecDeque<Box<dyn Job>>,
    /// The background thread is asked to lead.
    pub is_handed_over: bool,
    pub is_closed: bool,
}

impl Queue {
    /// The next group of slow work.
    pub fn take_patient(&mut self) -> Vec<Box<dyn Job>> {
        take(&mut self.patient)
    }

    /// The next group of work that somebody waits for.
    pub fn take_urgent(&mut self) -> Vec<Box<dyn Job>> {
        take(&mut self.urgent)
    }

    /// Puts a group back to where it was.
    pub fn put_back(&mut self, group: Vec<Box<dyn Job>>) {
        for job in group.into_iter().rev() {
            self.urgent.push_front(job);
        }
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue")
            .field("urgent", &self.urgent.len())
            .field("patient", &self.patient.len())
            .finish_non_exhaustive()
    }
}

fn take(queue: &mut VecDeque<Box<dyn Job>>) -> Vec<Box<dyn Job>> {
    let mut bytes = 0;
    let mut group = Vec::new();
    while group.len() < GROUP_MAX && bytes < GROUP_BYTES_MAX {
        let Some(job) = queue.pop_front() else { break };
        bytes += job.bytes();
        group.push(job);
    }
    group
}
