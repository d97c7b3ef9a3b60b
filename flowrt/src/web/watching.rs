//! What runs in this process now: that a body has begun is not in the record, so it is learnt from the engine's events.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::model::event::What;
use crate::model::ids::RunId;
use crate::model::record::Micros;
use crate::ops::Events;

/// The bodies that run in this process, and a bell that rings whenever something happens to a run.
#[derive(Debug)]
pub(super) struct Watching {
    bodies: Arc<Bodies>,
    bell: watch::Receiver<u64>,
}

type Bodies = Mutex<HashMap<RunId, HashMap<Arc<str>, Body>>>;

/// A body that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Body {
    /// The step's full id.
    pub step: Arc<str>,
    /// The registered name of the task.
    pub task: &'static str,
    /// The attempt's number, from 1.
    pub attempt: u32,
    /// When the attempt began.
    pub since: Micros,
    /// What people see of an item of a fan-out besides its id.
    pub label: Option<Arc<str>>,
}

impl Watching {
    /// Watches until the engine is gone.
    pub fn begin(mut events: Events) -> Self {
        let bodies = Arc::new(Bodies::default());
        let (ring, bell) = watch::channel(0_u64);
        let seen = bodies.clone();
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                note(&seen, event.run, event.at, event.what);
                if ring.send(event.at.unsigned_abs()).is_err() {
                    break;
                }
            }
        });
        Self { bodies, bell }
    }

    /// Rings whenever something happens to a run.
    pub fn bell(&self) -> watch::Receiver<u64> {
        self.bell.clone()
    }

    /// The bodies of a run that run now, the longest first.
    pub fn bodies(&self, run: RunId) -> Vec<Body> {
        let bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        let own = bodies.get(&run).into_iter().flat_map(HashMap::values);
        let mut own: Vec<Body> = own.cloned().collect();
        own.sort_by(|a, b| (a.since, &a.step).cmp(&(b.since, &b.step)));
        own
    }
}

fn note(bodies: &Bodies, run: RunId, at: Micros, what: What) {
    let mut bodies = bodies.lock().unwrap_or_else(PoisonError::into_inner);
    match what {
        What::Started {
            step,
            task,
            attempt,
            label,
        } => {
            let body = Body {
                step: step.clone(),
                task,
                attempt,
                since: at,
                label,
            };
            bodies.entry(run).or_default().insert(step, body);
        }
        What::Ended { step, .. } | What::Retrying { step, .. } => {
            if let Some(own) = bodies.get_mut(&run) {
                own.remove(&step);
            }
        }
        What::RunEnded { .. } => {
            bodies.remove(&run);
        }
        // Some of them may have ended unseen. They are told again as they go on, and a body that is shown for too long
        // is worse than one that is not shown.
        What::Missed(_) => bodies.clear(),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::state::RunState;

    #[test]
    fn a_body_runs_from_its_start_to_its_end() {
        let bodies = Bodies::default();
        let run = RunId(uuid::Uuid::from_u128(1));
        let start = |step: &str| What::Started {
            step: Arc::from(step),
            task: "fetch",
            attempt: 1,
            label: None,
        };
        let running = |bodies: &Bodies| {
            let bodies = bodies.lock().unwrap();
            bodies.get(&run).map_or(0, HashMap::len)
        };
        note(&bodies, run, 1, start("fetch[0]"));
        note(&bodies, run, 2, start("fetch[1]"));
        assert_eq!(running(&bodies), 2);
        let failed = What::Retrying {
            step: Arc::from("fetch[0]"),
            attempt: 1,
            due: None,
            error: crate::model::payload::Payload::from_json("{}".to_owned()),
        };
        note(&bodies, run, 3, failed);
        assert_eq!(running(&bodies), 1);
        let ended = What::RunEnded {
            state: RunState::Completed,
            error: None,
        };
        note(&bodies, run, 4, ended);
        assert_eq!(running(&bodies), 0);
    }
}
