//! What a worker knows of the others: who is frozen, and what is left to them.

use std::collections::HashMap;
use std::time::Duration;

use crate::model::ids::ProcessId;
use crate::model::record::Micros;
use crate::store::queue::{Others as OfBuild, WorkerRecord};

/// The other workers, as long as they are seen.
#[derive(Debug, Default)]
pub(super) struct Others {
    /// The last beat of each, and when this process saw it first, by this process's own time: the clocks of two machines
    /// differ, and a machine that slept has missed its own beats as well as those of others.
    seen: HashMap<ProcessId, (Micros, Duration)>,
    /// Live and quiet for longer than the lease.
    pub(super) frozen: Vec<ProcessId>,
    /// Those of other builds that are not: what they would take of the runs that have begun under their build is theirs.
    pub(super) of_other_builds: Vec<OfBuild>,
}

impl Others {
    /// Takes in what the store says of all workers; `elapsed` is this process's own time.
    pub(super) fn look(
        &mut self,
        own: ProcessId,
        build: &str,
        workers: &[WorkerRecord],
        elapsed: Duration,
        lease: Duration,
    ) {
        let others = || workers.iter().filter(|worker| worker.process != own);
        self.seen
            .retain(|process, _| others().any(|worker| worker.process == *process));
        self.frozen.clear();
        self.of_other_builds.clear();
        for worker in others() {
            let (beat, since) = self
                .seen
                .entry(worker.process)
                .or_insert((worker.beat, elapsed));
            if *beat != worker.beat {
                (*beat, *since) = (worker.beat, elapsed);
            }
            if elapsed.saturating_sub(*since) > lease {
                self.frozen.push(worker.process);
            } else if worker.build != build && !worker.draining {
                let theirs = OfBuild {
                    build: worker.build.clone(),
                    queues: worker.queues.clone(),
                    flows: worker.flows.clone(),
                };
                // Many workers are mostly of few kinds.
                if !self.of_other_builds.contains(&theirs) {
                    self.of_other_builds.push(theirs);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const LEASE: Duration = Duration::from_secs(30);

    fn id(number: u128) -> ProcessId {
        ProcessId(Uuid::from_u128(number))
    }

    fn worker(number: u128, build: &str, beat: Micros) -> WorkerRecord {
        WorkerRecord {
            process: id(number),
            pid: 1,
            host: String::new(),
            build: build.to_owned(),
            queues: Vec::new(),
            flows: Vec::new(),
            concurrency: 1,
            launcher: "inline".to_owned(),
            started: 0,
            draining: false,
            beat,
        }
    }

    fn look(others: &mut Others, workers: &[WorkerRecord], seconds: u64) {
        others.look(id(1), "a", workers, Duration::from_secs(seconds), LEASE);
    }

    #[test]
    fn whoever_is_quiet_for_the_lease_is_frozen_until_it_beats() {
        let mut others = Others::default();
        let quiet = [worker(1, "a", 5), worker(2, "a", 7)];
        for seconds in [100, 110, 130] {
            look(&mut others, &quiet, seconds);
            assert!(others.frozen.is_empty());
        }
        look(&mut others, &quiet, 131);
        assert_eq!(others.frozen, [id(2)]);
        look(&mut others, &[worker(2, "a", 6)], 132);
        assert!(others.frozen.is_empty(), "an earlier clock is a beat, too");
    }

    #[test]
    fn builds_of_live_workers_are_theirs() {
        let mut others = Others::default();
        let mut leaving = worker(3, "c", 1);
        leaving.draining = true;
        let workers = [worker(2, "b", 1), leaving, worker(4, "a", 1)];
        look(&mut others, &workers, 0);
        let builds: Vec<_> = others.of_other_builds.iter().map(|it| &it.build).collect();
        assert_eq!(builds, ["b"]);
        look(&mut others, &workers, 31);
        assert!(
            others.of_other_builds.is_empty(),
            "a frozen one keeps nothing"
        );
    }
}
