//! Word of runs that have ended, for whoever sends notices of them. Nobody is waited for.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Mutex, Notify};

use super::Shared;
use crate::config::Notice;
use crate::model::ids::RunId;
use crate::model::record::{Micros, RunRecord};

/// Who is to be told, and the way to what tells them.
#[derive(Debug)]
pub(crate) struct Teller {
    pub(crate) notices: Vec<Notice>,
    pub(crate) ended: UnboundedSender<RunId>,
    /// This process works on the store, so it stays long enough to send what it takes.
    pub(crate) stays: Arc<Notify>,
    /// Held while somebody notes or sends, so that a process that ends can wait for it.
    pub(crate) at_work: Mutex<Looked>,
}

/// What this process has looked at, so that it does not do the same again and again.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    /// It has looked for what is late, and for ends of which no word came.
    pub(crate) has_begun: bool,
    /// The ends that will be met again, each with the epoch of its run and its time.
    pub(crate) ends: HashMap<RunId, (u64, Micros)>,
    /// Runs that are late and told of to the notice with that number: as found in the last round, and in this one.
    pub(crate) late: [HashSet<(usize, RunId)>; 2],
    /// Where the round of late runs goes on.
    pub(crate) late_from: Option<(Micros, RunId)>,
}

impl Shared {
    /// Whoever works on the store also sends what others have left.
    pub(crate) fn stays(&self) {
        if let Some(teller) = self.teller.get() {
            teller.stays.notify_one();
        }
    }

    /// A drive of that run is over. Child runs are part of what their parent is told of.
    pub(super) fn is_over(&self, record: &RunRecord) {
        if let Some(teller) = self.teller.get().filter(|_| record.parent.is_none()) {
            // An engine that is closing tells of it the next time.
            let _ = teller.ended.send(record.id);
        }
    }
}
