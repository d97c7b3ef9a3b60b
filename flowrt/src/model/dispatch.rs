//! How a run came to the queue, and which workers may take it from there.

use serde::{Deserialize, Serialize};

use super::record::Micros;

/// The queue of runs that name none.
pub const DEFAULT_QUEUE: &str = "default";

/// What a run says of where it comes from and who drives it. A run that a person starts in his own terminal says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dispatch {
    /// Workers that listen on this queue drive it. None: only the process that started it, or one that a person tells to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// The deployment that it is a run of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment: Option<String>,
    /// What that deployment calls the flow, in place of its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
    /// The slot of a schedule that it fills.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<Slot>,
    /// The backfill that has begun it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backfill: Option<String>,
    /// Words to find it by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// One time of a schedule. A store takes one run for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The schedule's slug, unique within the deployment.
    pub schedule: String,
    /// The time that the rule gave, before any jitter.
    pub at: Micros,
}

impl Dispatch {
    /// Left to the workers of that queue.
    pub fn to_queue(queue: impl Into<String>) -> Self {
        Self {
            queue: Some(queue.into()),
            ..Self::default()
        }
    }

    /// The deployment and the slot of it, for the run of a schedule.
    pub fn filled(&self) -> Option<(&str, &Slot)> {
        self.deployment.as_deref().zip(self.slot.as_ref())
    }

    /// What the run in which this one goes on, or one that copies it, takes over: all but the slot, which has its run.
    pub fn without_slot(&self) -> Self {
        Self {
            slot: None,
            ..self.clone()
        }
    }
}
