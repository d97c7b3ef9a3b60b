//! A crash at every write of a run, and what must hold after each.

use std::collections::{BTreeMap, BTreeSet};

use super::dying::Place;
use super::engine::Engine;
use super::mocks::Begun;
use crate::author::call::{Callable, TaskCall};
use crate::author::expand::Callee;
use crate::author::record::encode;
use crate::error::{Error, ErrorKind, Result};
use crate::ops::RunFilter;

/// What a [sweep](Engine::crash_everywhere) found.
#[derive(Debug, Clone)]
pub struct Sweep<T> {
    /// The value of the run, the same after every crash.
    pub value: T,
    /// How many crashes there were.
    pub crashes: usize,
    /// By task: the most often that one step's body began, over a crash.
    most_begun: BTreeMap<&'static str, u32>,
}

impl<T> Sweep<T> {
    /// The most often that the body of one step of this task began in a run that crashed once. 1: never twice. 2: a crash between
    /// the body and its record made it run again, which no engine can avoid; so give the outside world an idempotency key.
    pub fn most_begun<A>(&self, task: impl Callee<A>) -> u32 {
        fn name<A, F: Callee<A>>(_: &F) -> &'static str {
            F::META.name
        }
        self.most_begun.get(name(&task)).copied().unwrap_or(0)
    }
}

/// One run with at most one crash.
struct Story {
    value: serde_json::Value,
    crashed: bool,
    begun: BTreeMap<Begun, u32>,
}

impl Engine {
    /// Runs a flow again and again, each time in an empty store: once without a crash, then with a crash before and after each
    /// write of the run and the runs below it, followed by a restart. Mocks and answers of this engine stand in all of them.
    ///
    /// # Errors
    /// If the run fails without a crash; if after one it does not end, or ends with another value; if a step that was recorded
    /// before a crash ran again after it.
    pub async fn crash_everywhere<M: Callable>(
        &self,
        call: impl Fn() -> TaskCall<M>,
    ) -> Result<Sweep<M::Output>> {
        let clean = self.story(&call, None).await?;
        let mut most_begun = BTreeMap::new();
        let mut crashes = 0;
        note(&mut most_begun, &clean.begun);
        for write in 1.. {
            let mut any = false;
            for written in [false, true] {
                let when = || {
                    let side = if written { "after" } else { "before" };
                    format!("killed {side} write {write}")
                };
                let story = self
                    .story(&call, Some((write, written)))
                    .await
                    .map_err(|error| {
                        Error::new(error.kind(), format!("{}: {}", when(), error.message()))
                    })?;
                if story.value != clean.value {
                    let message = format!(
                        "{}, the run ended with another value: {} instead of {}",
                        when(),
                        story.value,
                        clean.value
                    );
                    return Err(Error::new(ErrorKind::Failed, message));
                }
                note(&mut most_begun, &story.begun);
                any |= story.crashed;
                crashes += usize::from(story.crashed);
            }
            if !any {
                break;
            }
        }
        Ok(Sweep {
            value: serde_json::from_value(clean.value)?,
            crashes,
            most_begun,
        })
    }

    async fn story<M: Callable>(
        &self,
        call: &impl Fn() -> TaskCall<M>,
        crash: Option<(usize, bool)>,
    ) -> Result<Story> {
        let engine = self.anew();
        if let Some((write, written)) = crash {
            engine.crash(Place::Write(write), written);
        }
        let first = engine.run(call()).await;
        if !engine.has_died() {
            return Ok(Story {
                value: encode(&first?)?.to_value(),
                crashed: false,
                begun: engine.stage.begun(),
            });
        }
        let recorded = engine.recorded_steps().await?;
        let stage = engine.stage.clone();
        let engine = engine.restart();
        let root = RunFilter {
            roots_only: true,
            ..RunFilter::default()
        };
        let run = match engine.runs(root).await?.first() {
            // The last write was the end of the run.
            Some(run) if run.state.is_final() => engine.ended(run.id).await?,
            Some(run) => engine.resume::<M::Output>(run.id).await?.wait().await?,
            // It was never accepted, so whoever asked for it asks again.
            None => self.anew().run(call()).await?,
        };
        let mut begun = stage.begun();
        for (step, times) in engine.stage.begun() {
            if recorded.contains(&(step.run.map(|run| run.to_string()), step.step.clone())) {
                let message = format!("the recorded step `{}` ran again", step.step);
                return Err(Error::new(ErrorKind::Failed, message));
            }
            *begun.entry(step).or_insert(0) += times;
        }
        Ok(Story {
            value: encode(&run)?.to_value(),
            crashed: true,
            begun,
        })
    }

    async fn ended<T: serde::de::DeserializeOwned>(
        &self,
        run: crate::model::ids::RunId,
    ) -> Result<T> {
        let record = self.record(run).await?;
        crate::author::record::decode(&crate::ops::outcome(record)?)
    }

    /// Run and step of all that is recorded now.
    async fn recorded_steps(&self) -> Result<BTreeSet<(Option<String>, String)>> {
        let mut recorded = BTreeSet::new();
        for run in self.runs(RunFilter::default()).await? {
            for step in self.journal(run.id).await?.steps {
                recorded.insert((Some(run.id.to_string()), step.step));
            }
        }
        Ok(recorded)
    }
}

/// Keeps the highest count of each task.
fn note(most: &mut BTreeMap<&'static str, u32>, begun: &BTreeMap<Begun, u32>) {
    for (step, times) in begun {
        let highest = most.entry(step.task).or_insert(0);
        *highest = (*highest).max(*times);
    }
}
