//! What a task body may ask about its attempt.

use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, OnceLock};

use crate::author::cancel::Cancel;
use crate::author::publish::{Desk, Keeper};
use crate::author::punctual::Punctual;
use crate::author::vault::Vault;
use crate::model::ids::RunId;
use crate::model::record::Micros;

/// Given to a task that takes `ctx: &TaskContext`. Never recorded.
#[derive(Clone, Debug)]
pub struct TaskContext(pub(crate) Arc<Attempt>);

/// One attempt at a step.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// None outside of any run.
    pub(crate) run: Option<RunId>,
    pub(crate) step: Arc<str>,
    pub(crate) attempt: u32,
    /// How often the step was done and undone before.
    pub(crate) undone: u32,
    pub(crate) logical_time: Micros,
    pub(crate) cancel: Arc<Cancel>,
    /// The engine's end; none outside of any run.
    pub(crate) keeper: Option<Arc<dyn Keeper>>,
    /// What it published and the store does not have yet.
    pub(crate) desk: Desk,
    /// How many lines it has logged.
    #[cfg_attr(
        not(feature = "logs"),
        allow(dead_code, reason = "without the layer nothing is logged")
    )]
    pub(crate) logged: AtomicU32,
    /// What it cost under a limit of points.
    pub(crate) used: OnceLock<u32>,
    /// Where its secrets are; none outside of any run.
    pub(crate) vault: Option<Arc<dyn Vault>>,
    /// A resource could not be made, so the body has not begun.
    pub(crate) lacked: AtomicBool,
    /// By when its body has to begin.
    pub(crate) punctual: Punctual,
}

impl TaskContext {
    /// The context of a body that runs outside of any run.
    pub(crate) fn plain(task: &str, now: Micros) -> Self {
        Self(Arc::new(Attempt {
            run: None,
            step: Arc::from(task),
            attempt: 1,
            undone: 0,
            logical_time: now,
            cancel: Arc::new(Cancel::default()),
            keeper: None,
            desk: Desk::default(),
            logged: AtomicU32::new(0),
            used: OnceLock::new(),
            vault: None,
            lacked: AtomicBool::new(false),
            punctual: Punctual::default(),
        }))
    }

    /// The attempt's number, from 1. Counted in the store, so it goes on after a crash.
    pub fn attempt(&self) -> u32 {
        self.0.attempt
    }

    /// The id of the run; `None` where the body runs outside of any.
    pub fn run_id(&self) -> Option<RunId> {
        self.0.run
    }

    /// A key that stays the same for every attempt at this step, across crashes and resumes: give it to systems that
    /// can recognise a repeated request. Once the step was rolled back and is done again, it is another key: what the old
    /// one stands for was undone.
    pub fn idempotency_key(&self) -> String {
        let step = &self.0.step;
        match (self.0.run, self.0.undone) {
            (Some(run), 0) => format!("{run}/{step}"),
            (Some(run), undone) => format!("{run}/{step}~{undone}"),
            (None, _) => format!("plain/{step}"),
        }
    }

    /// The moment the run is about, the same in every attempt.
    pub fn logical_time(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0.logical_time)
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// Says what this attempt really cost under its limit of kind `points`, once that is known; without it the weight
    /// counts. Said twice, the first holds.
    pub fn points_used(&self, points: u32) {
        let _ = self.0.used.set(points);
    }

    /// Whether somebody asked this work to stop: a cancel, a timeout, a lost race. A body that runs long looks at it
    /// and returns early; after a grace an `async` body is dropped at its next `.await`.
    pub fn cancelled(&self) -> bool {
        self.0.cancel.is_set()
    }

    /// Returns once [`cancelled`](Self::cancelled) is true.
    pub async fn on_cancel(&self) {
        self.0.cancel.wait().await;
    }
}
