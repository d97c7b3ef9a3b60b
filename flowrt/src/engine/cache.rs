//! Results of tasks that are kept and taken again, instead of running the task.
//!
//! A result is kept before its step is recorded: a process that dies in between finds it again, so its effect is not
//! repeated. Of calls with one key in one process the first runs and the others wait for its result; if it fails, the next
//! one runs. They hold no limit and no place to run meanwhile. Processes do not wait for each other.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use serde_json::Value;
use tokio::sync::OwnedMutexGuard;

use super::attempt::Task;
use super::host::RunHost;
use super::{Shared, attempt, build, patiently};
use crate::author::core::Core;
use crate::author::meta::{CacheOptions, Meta};
use crate::author::slot::{Finished, Key, Recorded};
use crate::clock::{Clock, micros};
use crate::error::{Error, Result};
use crate::model::ids::RunId;
use crate::model::payload::{Digest, Payload};
use crate::model::record::{CacheUse, Micros, WaitRecord};
use crate::model::state::TaskState;
use crate::store::cache::Kept;

/// How long a call waits for an equal one until that is told.
const NOTICED_AFTER: Duration = Duration::from_millis(200);

/// Gives the kept result of a task, or runs it and keeps what it gives. Failures are not kept.
pub(super) async fn run_task(
    host: Arc<RunHost>,
    core: Arc<Core>,
    key: Key,
    task: Task,
    keeps: CacheOptions,
) -> Finished {
    let meta = task.meta;
    let started = core.clock.now();
    let digest = match digest(meta, keeps, &task.input) {
        Ok(digest) => digest,
        Err(error) => return no_key(key, meta, &core, started, error),
    };
    let _turn = turn(&host, &core, key, digest).await;
    if let Some(kept) = kept(&host.shared, &core, keeps, digest).await {
        return hit(&host, key, meta, &core, started, kept);
    }
    let finished = attempt::run_task(host.clone(), core.clone(), key, task, None).await;
    let Recorded { state, output } = &finished.recorded;
    if state.is_success() && (keeps.fits)(output) {
        let computed = finished.ended;
        let result = Kept {
            key: digest,
            task: meta.name.to_owned(),
            run: host.run,
            step: core.step_id(key).to_string(),
            output: output.clone(),
            computed,
            expires: computed.saturating_add(micros(keeps.keep)),
        };
        let store = &host.shared.store;
        if let Err(error) = patiently(|| store.keep(result.clone())).await {
            tracing::warn!(task = meta.name, %error, "the result was not kept for later calls");
        }
    }
    finished
}

/// Waits until no equal call of this process computes. A wait that people can notice is written down.
async fn turn(host: &RunHost, core: &Core, key: Key, digest: Digest) -> Turn {
    let step = core.step_id(key);
    let waiting = pin!(Turn::wait(&host.shared, digest, (host.run, &step)));
    let waiting = match select(waiting, pin!(Clock::real().sleep(NOTICED_AFTER))).await {
        Either::Left((turn, _)) => return turn,
        Either::Right(((), waiting)) => waiting,
    };
    let holder = host.shared.computing.holder(digest);
    host.note_wait(WaitRecord {
        step: step.to_string(),
        kind: "cache".to_owned(),
        due: None,
        detail: holder.map_or(
            Value::Null,
            |(run, step)| serde_json::json!({ "run": run, "step": step }),
        ),
    })
    .await;
    let turn = waiting.await;
    host.note_over(step.to_string()).await;
    turn
}

/// The digest of all that a result depends on.
fn digest(meta: &Meta, keeps: CacheOptions, input: &Payload) -> Result<Digest> {
    let inputs = match keeps.key {
        None => input.digest().0.to_vec(),
        Some(key) => match catch_unwind(AssertUnwindSafe(|| key(input))) {
            Ok(key) => key?.into_bytes(),
            Err(panic) => return Err(attempt::panicked(&*panic)),
        },
    };
    let (kind, build) = match meta.task.version {
        Some(version) => ("version", version),
        None => ("build", build::build()),
    };
    let mut hash = blake3::Hasher::new();
    // With their lengths, so that no two lists of parts are one text.
    for part in [
        meta.name.as_bytes(),
        &meta.fingerprint.to_le_bytes(),
        kind.as_bytes(),
        build.as_bytes(),
        &inputs,
    ] {
        hash.update(&part.len().to_le_bytes());
        hash.update(part);
    }
    let mut digest = [0; 16];
    digest.copy_from_slice(&hash.finalize().as_bytes()[..16]);
    Ok(Digest(digest))
}

/// A store that cannot be read is no reason to fail: the task runs.
async fn kept(shared: &Shared, core: &Core, keeps: CacheOptions, key: Digest) -> Option<Kept> {
    let now = core.clock.now();
    let found = patiently(|| shared.store.kept(key, now)).await;
    let kept = found.unwrap_or_else(|error| {
        tracing::warn!(%error, "the cache could not be read");
        None
    })?;
    let is_fresh = core.facts.cache != CacheUse::Refresh || kept.computed >= core.facts.accepted;
    (is_fresh && (keeps.fits)(&kept.output)).then_some(kept)
}

/// No attempt is made; those of an earlier drive stay counted.
fn hit(
    host: &RunHost,
    key: Key,
    meta: &Meta,
    core: &Core,
    started: Micros,
    kept: Kept,
) -> Finished {
    let step = core.step_id(key);
    let failed = host.earlier_attempts(&step).0;
    // This very step kept it, and its process died before the record: it was done here.
    let is_own = kept.run == host.run && *kept.step == *step;
    Finished {
        key,
        recorded: Recorded {
            state: match is_own {
                true => TaskState::Completed,
                false => TaskState::Cached,
            },
            output: kept.output,
        },
        attempts: failed + u32::from(is_own),
        started,
        ended: core.clock.now(),
        fingerprint: meta.fingerprint,
        signal: None,
        reused_from: (!is_own).then_some(kept.run),
        synced: meta.task.durable,
    }
}

/// The task's own `cache_key` did not give a key.
fn no_key(key: Key, meta: &Meta, core: &Core, started: Micros, error: Error) -> Finished {
    let error = error.within(format!("the cache key of `{}` failed", meta.name));
    let error = attempt::located(&error, meta, &core.step_id(key), 0);
    Finished {
        key,
        recorded: Recorded {
            state: TaskState::Failed,
            output: Payload::from_json(error.to_json()),
        },
        attempts: 0,
        started,
        ended: core.clock.now(),
        fingerprint: meta.fingerprint,
        signal: None,
        reused_from: None,
        synced: false,
    }
}

/// Keys that this process computes now.
#[derive(Debug, Default)]
pub(crate) struct Computing(Mutex<HashMap<[u8; 16], Slot>>);

/// The run and step of a call.
type Caller = (RunId, String);

/// One key.
#[derive(Debug, Default)]
struct Slot {
    /// Passes from call to call.
    lock: Arc<tokio::sync::Mutex<()>>,
    holder: Option<Caller>,
}

/// The right to compute a key.
struct Turn {
    shared: Arc<Shared>,
    key: [u8; 16],
    lock: Option<Arc<tokio::sync::Mutex<()>>>,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Turn {
    async fn wait(shared: &Arc<Shared>, key: Digest, (run, step): (RunId, &str)) -> Self {
        let lock = shared
            .computing
            .lock()
            .entry(key.0)
            .or_default()
            .lock
            .clone();
        let mut turn = Self {
            shared: shared.clone(),
            key: key.0,
            lock: Some(lock.clone()),
            guard: None,
        };
        turn.guard = Some(lock.lock_owned().await);
        if let Some(slot) = shared.computing.lock().get_mut(&key.0) {
            slot.holder = Some((run, step.to_owned()));
        }
        turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut table = self.shared.computing.lock();
        self.guard = None;
        self.lock = None;
        // Nobody else waits or computes.
        if table
            .get(&self.key)
            .is_some_and(|slot| Arc::strong_count(&slot.lock) == 1)
        {
            table.remove(&self.key);
        }
    }
}

impl Computing {
    /// The call that computes that key.
    fn holder(&self, key: Digest) -> Option<Caller> {
        self.lock().get(&key.0)?.holder.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<[u8; 16], Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
