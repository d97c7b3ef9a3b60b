//! Bodies that stand in the place of others, and what is remembered of their calls.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::dying::Life;
use crate::author::call::Callable;
use crate::author::expand::Callee;
use crate::author::meta::{Kind, Meta};
use crate::author::record::{Recordable, decode};
use crate::clock::Clock;
use crate::engine::{Around, Beginning};
use crate::error::Result;
use crate::model::ids::RunId;
use crate::model::payload::Payload;

type Body = Arc<dyn Fn(&Payload) -> Result<Payload> + Send + Sync>;

/// A task and a flow may have the same name.
type Named = (bool, &'static str);

fn named(meta: &'static Meta) -> Named {
    (meta.kind == Kind::Task, meta.name)
}

/// The mocks of a test; they outlive the processes that it kills.
#[derive(Default)]
pub(super) struct Mocks(Mutex<HashMap<Named, Watched>>);

#[derive(Default)]
struct Watched {
    /// None for a spy: the real body runs.
    body: Option<Body>,
    takes: Duration,
    inputs: Vec<Payload>,
}

impl Mocks {
    fn lock(&self) -> MutexGuard<'_, HashMap<Named, Watched>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn watch<A>(self: &Arc<Self>, meta: &'static Meta, body: Option<Body>) -> Mock<A> {
        let watched = Watched {
            body,
            ..Watched::default()
        };
        self.lock().insert(named(meta), watched);
        Mock {
            mocks: self.clone(),
            named: named(meta),
            _args: PhantomData,
        }
    }

    /// Remembers a call, and gives what stands in for its body, if anything.
    fn called(&self, meta: &'static Meta, input: &Payload) -> Option<(Body, Duration)> {
        let mut all = self.lock();
        let watched = all.get_mut(&named(meta))?;
        watched.inputs.push(input.clone());
        Some((watched.body.clone()?, watched.takes))
    }
}

impl fmt::Debug for Mocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.lock().keys()).finish()
    }
}

/// A function that stands for a task or flow, with the tuple `A` of its arguments.
#[diagnostic::on_unimplemented(
    message = "only a task or flow can be mocked or watched",
    label = "this is neither",
    note = "put `#[task]` on it; plain code is part of the body that calls it"
)]
pub trait Mockable<A> {
    /// The hidden type that stands for it.
    type Marker: Callable<Args = A>;
}

#[diagnostic::do_not_recommend]
impl<F: Callee<A, Marker = M>, M: Callable<Args = A>, A> Mockable<A> for F {
    type Marker = M;
}

/// What is remembered of the calls of a mocked or watched task or flow; `A` is the tuple of its arguments.
#[derive(Debug)]
pub struct Mock<A> {
    mocks: Arc<Mocks>,
    named: Named,
    _args: PhantomData<fn() -> A>,
}

impl<A: Recordable> Mock<A> {
    /// How often its body began. Every attempt counts; a step whose result was recorded before does not.
    pub fn count(&self) -> usize {
        self.mocks
            .lock()
            .get(&self.named)
            .map_or(0, |watched| watched.inputs.len())
    }

    /// The arguments of each call, in the order in which their bodies began.
    ///
    /// # Panics
    /// If an argument does not come back from its record. The run would have failed of that too.
    pub fn inputs(&self) -> Vec<A> {
        let all = self.mocks.lock();
        let inputs = all.get(&self.named).map(|watched| &watched.inputs[..]);
        inputs
            .unwrap_or_default()
            .iter()
            .map(|input| decode(input).expect("the arguments come back from their record"))
            .collect()
    }

    /// Each call of the mock lasts that long on the test's clock, so that timeouts and races can be tested. Without effect on a
    /// body that is only watched.
    pub fn takes(self, duration: Duration) -> Self {
        if let Some(watched) = self.mocks.lock().get_mut(&self.named) {
            watched.takes = duration;
        }
        self
    }
}

/// What begins bodies in one process of a test.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) mocks: Arc<Mocks>,
    pub(super) life: Arc<Life>,
    pub(super) clock: Clock,
    begun: Mutex<BTreeMap<Begun, u32>>,
}

/// A step whose body began.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Begun {
    pub(super) run: Option<RunId>,
    pub(super) step: String,
    pub(super) task: &'static str,
}

impl Stage {
    pub(super) fn new(mocks: Arc<Mocks>, life: Arc<Life>, clock: Clock) -> Self {
        Self {
            mocks,
            life,
            clock,
            begun: Mutex::default(),
        }
    }

    /// How often each step's body began.
    pub(super) fn begun(&self) -> BTreeMap<Begun, u32> {
        self.begun
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn stand_in(&self, beginning: &Beginning) -> Option<BoxFuture<'static, Result<Payload>>> {
        let (body, takes) = self.mocks.called(beginning.meta, &beginning.input)?;
        let (clock, input) = (self.clock.clone(), beginning.input.clone());
        Some(Box::pin(async move {
            clock.sleep(takes).await;
            body(&input)
        }))
    }
}

impl Around for Stage {
    fn task(&self, beginning: Beginning) -> BoxFuture<'static, Result<Payload>> {
        if self.life.is_over() {
            return Box::pin(std::future::pending());
        }
        let begun = Begun {
            run: beginning.context.run_id(),
            step: beginning.step.to_string(),
            task: beginning.meta.name,
        };
        *self
            .begun
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(begun)
            .or_insert(0) += 1;
        if let Some(stand_in) = self.stand_in(&beginning) {
            return stand_in;
        }
        let busy = Busy::new(&self.clock);
        let body = (beginning.meta.body)(beginning.input, beginning.context);
        Box::pin(async move {
            let _busy = busy;
            body.await
        })
    }

    fn child(&self, beginning: Beginning) -> Option<BoxFuture<'static, Result<Payload>>> {
        if self.life.is_over() {
            return Some(Box::pin(std::future::pending()));
        }
        self.stand_in(&beginning)
    }
}

/// A real body is under way: it may wait for the outside world, so it holds the clock.
struct Busy(Clock);

impl Busy {
    fn new(clock: &Clock) -> Self {
        clock.hold(1);
        Self(clock.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.hold(-1);
    }
}
