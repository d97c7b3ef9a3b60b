//! Carries backfills out beside the scheduler: begins their runs, and ends what cannot go on or is not wanted any more.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{StreamExt, TryStreamExt};
use serde_json::{Map, Value};
use tokio::sync::Notify;

use super::super::{Engine, RunFilter, Start};
use crate::engine::trouble;
use crate::error::{Error, Result};
use crate::failpoint::failpoint;
use crate::model::backfill::{Backfill, BackfillState, Chosen, Standing};
use crate::model::deployment::{Deployment, ScheduleRecord};
use crate::model::dispatch::Slot;
use crate::model::record::NewRun;
use crate::model::state::RunState;

/// So many runs are begun before schedules are looked at again, by all backfills together.
const AT_ONCE: usize = 32;

/// So many runs are told to cancel at a time: each may take a while to answer.
const CANCELS: usize = 16;

/// What a scheduler knows of backfills.
pub(super) struct Backfilling {
    engine: Engine,
    /// What was asked for never changes, and may be long.
    asked: Mutex<HashMap<String, Arc<Backfill>>>,
    /// Those whose runs are to be cancelled.
    unwanted: Mutex<HashSet<String>>,
    noticed: Notify,
}

/// What came of the attempt to begin the next run of a backfill.
pub(super) enum Next {
    /// It was begun; whether it goes on.
    Begun(bool),
    /// Somebody else was faster, or the backfill does not run any more.
    TooLate,
    /// It cannot be begun now, or ever.
    Never,
}

impl Backfilling {
    pub(super) fn new(engine: Engine) -> Self {
        Self {
            engine,
            asked: Mutex::default(),
            unwanted: Mutex::default(),
            noticed: Notify::new(),
        }
    }

    /// Begins some of the runs for which there is room. Whether there is room for more. Several processes may do so at once.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) async fn advance(&self) -> Result<bool> {
        let store = &self.engine.shared.store;
        let standing = store.standing_backfills().await.map_err(trouble)?;
        self.forget_all_but(&standing);
        let is_running = |one: &&Standing| one.state == BackfillState::Running;
        let running = standing.iter().filter(is_running).count();
        let mut has_more = false;
        for one in standing {
            let id = one.id.clone();
            if one.state == BackfillState::Cancelling {
                locked(&self.unwanted).insert(id);
                self.noticed.notify_one();
                continue;
            }
            match self.advance_one(one, AT_ONCE.div_ceil(running)).await {
                Ok(more) => has_more |= more,
                Err(error) => {
                    tracing::warn!(backfill = %id, %error, "a backfill does not go on now");
                }
            }
        }
        Ok(has_more)
    }

    /// Cancels the runs of backfills that a person has cancelled, if the process in which he did so has not: beside the
    /// scheduler, because runs may take long to answer.
    pub(super) async fn cancel_runs(&self) -> Infallible {
        loop {
            let unwanted: Vec<String> = locked(&self.unwanted).drain().collect();
            for id in unwanted {
                if let Err(error) = self.engine.cancel_backfilled(&id).await {
                    tracing::warn!(backfill = %id, %error, "a backfill is not cancelled yet");
                }
            }
            self.noticed.notified().await;
        }
    }

    fn forget_all_but(&self, standing: &[Standing]) {
        let mut asked = locked(&self.asked);
        asked.retain(|id, _| standing.iter().any(|one| one.id == *id));
    }

    async fn asked(&self, id: &str) -> Result<Option<Arc<Backfill>>> {
        let known = locked(&self.asked).get(id).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let found = self.engine.shared.store.backfill(id.to_owned()).await;
        let found = found.map_err(trouble)?;
        let found = found.map(|record| Arc::new(record.backfill));
        if let Some(backfill) = &found {
            locked(&self.asked).insert(id.to_owned(), backfill.clone());
        }
        Ok(found)
    }

    /// Begins so many runs of one at most. Whether there is room for more.
    async fn advance_one(&self, standing: Standing, at_most: usize) -> Result<bool> {
        let engine = &self.engine;
        let Some(backfill) = self.asked(&standing.id).await? else {
            return Ok(false);
        };
        let Standing {
            mut begun,
            mut going_on,
            ..
        } = standing;
        let most = usize::try_from(backfill.concurrency).unwrap_or(usize::MAX);
        for left in (0..=at_most).rev() {
            let next = usize::try_from(begun).ok();
            let Some(chosen) = next.and_then(|at| backfill.slots.get(at)) else {
                if going_on == 0 {
                    engine
                        .end_backfill(&backfill, BackfillState::Done, None)
                        .await?;
                }
                return Ok(false);
            };
            if going_on >= most {
                return Ok(false);
            }
            if left == 0 {
                break;
            }
            match engine.begin_next(&backfill, chosen, begun).await? {
                Next::Begun(goes_on) => going_on += usize::from(goes_on),
                Next::TooLate | Next::Never => return Ok(false),
            }
            begun += 1;
        }
        Ok(true)
    }
}

impl Engine {
    /// Begins the run of the next slot, if that is still the next.
    pub(super) async fn begin_next(
        &self,
        backfill: &Backfill,
        chosen: &Chosen,
        begun: u32,
    ) -> Result<Next> {
        let store = &self.shared.store;
        let name = &backfill.deployment;
        let found = store.deployment_alone(name.clone()).await;
        let Some(deployment) = found.map_err(trouble)? else {
            let reason = format!("there is no deployment `{name}` any more");
            return self.give_up(backfill, reason).await;
        };
        let deployment = deployment.deployment;
        if !self.shared.flows.contains_key(&*deployment.flow) {
            return Ok(Next::Never);
        }
        let slug = &chosen.schedule;
        let schedule = store.schedule(name.clone(), slug.clone()).await;
        let Some(schedule) = schedule.map_err(trouble)? else {
            let reason = format!("the deployment `{name}` has no schedule `{slug}` any more");
            return self.give_up(backfill, reason).await;
        };
        let run = match self.run_of(backfill, chosen, &deployment, &schedule) {
            Ok(run) => run,
            // Another build, or another key, may do better.
            Err(error) => {
                self.say_why(backfill, error.to_string()).await?;
                return Ok(Next::Never);
            }
        };
        failpoint("backfill::before_begin");
        let run = store.begin_backfilled(begun, run).await.map_err(trouble)?;
        failpoint("backfill::after_begin");
        let Some(run) = run else {
            return Ok(Next::TooLate);
        };
        self.shared.changed.notify_waiters();
        // One that somebody else has begun is none of its own.
        let is_own = run.dispatch.backfill.as_ref() == Some(&backfill.id);
        Ok(Next::Begun(is_own && !run.state.is_final()))
    }

    fn run_of(
        &self,
        backfill: &Backfill,
        chosen: &Chosen,
        deployment: &Deployment,
        schedule: &ScheduleRecord,
    ) -> Result<NewRun> {
        let start = start(deployment, backfill, chosen);
        let parameters = deployment.parameters_for(Some(schedule), Map::new());
        let parameters = Value::Object(parameters);
        let (meta, input) = self.checked(&deployment.flow, &parameters, &start)?;
        self.refuse_isolated(meta)?;
        Ok(self.new_run(meta, self.with_own_seals(input)?, start))
    }

    async fn give_up(&self, backfill: &Backfill, reason: String) -> Result<Next> {
        tracing::error!(backfill = %backfill.id, reason, "a backfill cannot go on");
        let failed = BackfillState::Failed;
        self.end_backfill(backfill, failed, Some(reason)).await?;
        Ok(Next::Never)
    }

    async fn end_backfill(
        &self,
        backfill: &Backfill,
        to: BackfillState,
        reason: Option<String>,
    ) -> Result<()> {
        let (store, from) = (&self.shared.store, vec![BackfillState::Running]);
        let ended = store.set_backfill(backfill.id.clone(), from, to, reason);
        ended.await.map(drop).map_err(trouble)
    }

    /// Leaves the reason where a person finds it. It is tried again whenever something changes, so it is written once.
    async fn say_why(&self, backfill: &Backfill, reason: String) -> Result<()> {
        let (store, id) = (&self.shared.store, &backfill.id);
        let there = store.backfill(id.clone()).await.map_err(trouble)?;
        if there.is_none_or(|there| there.reason.as_ref() == Some(&reason)) {
            return Ok(());
        }
        tracing::warn!(backfill = %id, reason, "a backfill does not go on now");
        let running = BackfillState::Running;
        let said = store.set_backfill(id.clone(), vec![running], running, Some(reason));
        said.await.map(drop).map_err(trouble)
    }

    /// Cancels the runs of a backfill that are not over, and says that this is done.
    pub(super) async fn cancel_backfilled(&self, id: &str) -> Result<()> {
        let open = RunState::ALL.iter().filter(|state| !state.is_final());
        let filter = RunFilter {
            backfill: Some(id.to_owned()),
            states: open.copied().collect(),
            ..RunFilter::default()
        };
        let store = &self.shared.store;
        let runs = store.list_runs(filter).await.map_err(trouble)?;
        futures_util::stream::iter(runs)
            .map(|run| async move {
                self.cancel(run.id).await?;
                failpoint("backfill::cancelled_one");
                Ok::<(), Error>(())
            })
            .buffer_unordered(CANCELS)
            .try_collect::<()>()
            .await?;
        let from = vec![BackfillState::Cancelling];
        let cancelled = BackfillState::Cancelled;
        let set = store.set_backfill(id.to_owned(), from, cancelled, None);
        set.await.map(drop).map_err(trouble)
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn start(deployment: &Deployment, backfill: &Backfill, chosen: &Chosen) -> Start {
    let mut dispatch = deployment.dispatch();
    dispatch.tags.push(backfill.tag());
    dispatch.backfill = Some(backfill.id.clone());
    dispatch.slot = Some(Slot {
        schedule: backfill.slot_name(chosen),
        at: chosen.at,
    });
    Start {
        dispatch,
        logical_time: Some(chosen.at),
        ..Start::default()
    }
}
