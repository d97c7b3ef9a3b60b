//! Fan-out: one call for each item, flat in time and memory however many items there are.

mod run;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::stream::FuturesUnordered;

use self::run::Item;
use crate::author::meta::{Kind, Meta};
use crate::author::scope::{Scope, take_fixed};
use crate::author::step::Step;
use crate::error::Result;

/// How many items are under way outside of a run, where no flow says it.
const PLAIN_CONCURRENCY: u32 = 64;

/// How many tasks are built beyond those that may run, so that results are written down many at a time.
const AHEAD: usize = 256;

/// What the closure of a [`map`] gives: a call of a task or flow, one in a box, or an async block of a program flow.
#[diagnostic::on_unimplemented(
    message = "`map` fans out over calls, and its closure gives `{Self}`",
    label = "this is no call of a task or flow",
    note = "give a call: `map(items, |item| task(item))`; plain code needs no `map`: `items.iter().map(…).collect()`"
)]
pub trait MapCall: Step + Future<Output = Result<Self::Value>> {
    /// The value of a success.
    type Value;
}

#[diagnostic::do_not_recommend]
impl<S: Step + Future<Output = Result<T>>, T> MapCall for S {
    type Value = T;
}

/// The mode of a [`Map`] that fails if an item fails.
#[derive(Debug)]
pub struct Strict(());

/// The mode of a [`Map`] that gives each item's own result.
#[derive(Debug)]
pub struct Tolerant(());

type Naming<'a, T> = Box<dyn FnMut(&T) -> String + Send + 'a>;

/// A fan-out; see [`map`].
#[must_use = "a map does nothing until it is awaited"]
pub struct Map<'a, I: Iterator, F, C, V, M = Strict> {
    items: I,
    call: F,
    place: Option<Place>,
    key: Option<Naming<'a, I::Item>>,
    keys: HashMap<String, u32>,
    label: Option<Naming<'a, I::Item>>,
    window: Window,
    share: f64,
    under_way: FuturesUnordered<Item<C>>,
    values: Vec<Option<Result<V>>>,
    /// All items are built.
    exhausted: bool,
    failed: usize,
    /// The labels of the items that failed.
    blamed: HashMap<usize, Arc<str>>,
    over: bool,
    mode: PhantomData<fn() -> M>,
}

/// Where it stands in a run.
struct Place {
    around: Scope,
    items: Scope,
}

/// How many items may be under way.
struct Window {
    most: usize,
    fail_fast: bool,
}

/// Makes a call for each item and gives their values in the order of the items.
///
/// Each item is a step of its own, known by its index (`fetch[3]`) or its [key](Map::key): recorded, retried, and after a
/// crash only the unfinished ones run. Items are independent of each other: when one fails the others still run, so that a
/// resumed run has only the failures left; then the map fails with the first failure in the order of the items. In a DAG
/// flow with `fail_fast` the first failure ends it and cancels what is under way; in a program flow futures-util's
/// `try_join_all` does.
///
/// Outside of a run (in a unit test, in a task) it just runs the calls.
///
/// ```
/// use flowrt::prelude::*;
///
/// #[task]
/// async fn double(n: u32) -> Result<u32> {
///     Ok(n * 2)
/// }
///
/// #[flow]
/// async fn doubled() -> Result<Vec<u32>> {
///     map(0..3, |n| double(n)).await
/// }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// assert_eq!(doubled().await.unwrap(), [0, 2, 4]);
/// # });
/// ```
pub fn map<'a, I, F, C>(items: I, call: F) -> Map<'a, I::IntoIter, F, C, C::Value>
where
    I: IntoIterator,
    F: FnMut(I::Item) -> C,
    C: MapCall,
{
    let callee = C::callee();
    let fixed = take_fixed();
    let place = Scope::current().map(|around| {
        let name = callee.map_or("map", |meta| meta.name);
        let items = around.open_items(name, fixed);
        Place { around, items }
    });
    let window = Window::of(place.as_ref(), callee);
    Map {
        items: items.into_iter(),
        call,
        place,
        key: None,
        keys: HashMap::new(),
        label: None,
        window,
        share: 0.0,
        under_way: FuturesUnordered::new(),
        values: Vec::new(),
        exhausted: false,
        failed: 0,
        blamed: HashMap::new(),
        over: false,
        mode: PhantomData,
    }
}

impl Window {
    fn of(place: Option<&Place>, callee: Option<&Meta>) -> Self {
        let (concurrency, fail_fast) = match place {
            Some(place) => (
                place.items.core.facts.concurrency,
                place.items.core.facts.fail_fast,
            ),
            None => (PLAIN_CONCURRENCY, false),
        };
        let concurrency = usize::try_from(concurrency).unwrap_or(usize::MAX).max(1);
        // The run itself bounds its tasks, but not its children.
        let bounded = place.is_some() && callee.is_some_and(|meta| meta.kind == Kind::Task);
        let ahead = if bounded { AHEAD } else { 0 };
        Self {
            most: concurrency.saturating_add(ahead),
            fail_fast,
        }
    }
}

impl<'a, I: Iterator, F, C: MapCall<Value = V>, V, M> Map<'a, I, F, C, V, M> {
    /// At most that many items are under way at a time, waits between attempts included; 0 counts as 1. Without it the
    /// `concurrency` of the flow holds.
    pub fn concurrency(mut self, items: usize) -> Self {
        self.window.most = items.max(1);
        self
    }

    /// What an item is known by, instead of its index: a run that is resumed or rerun finds its result again even if
    /// items before it came or went. Of equal keys the later ones get a number.
    pub fn key<K: fmt::Display>(mut self, mut key: impl FnMut(&I::Item) -> K + Send + 'a) -> Self {
        self.key = Some(Box::new(move |item| key(item).to_string()));
        self
    }

    /// What people see of an item. It changes nothing else, so it may change at any time.
    pub fn label<L: fmt::Display>(
        mut self,
        mut label: impl FnMut(&I::Item) -> L + Send + 'a,
    ) -> Self {
        self.label = Some(Box::new(move |item| label(item).to_string()));
        self
    }

    /// Replaces the task's name in the items' ids: `pages[3]`.
    pub fn named(self, name: impl AsRef<str>) -> Self {
        if let Some(place) = &self.place {
            place.items.rename_items(&place.around, name.as_ref());
        }
        self
    }

    /// Gives each item's own result, a failure too, and fails only when more than that share of the items failed: 0.1 is
    /// a tenth of them, 1.0 all. Failures that were tolerated are not done again when the run is resumed.
    pub fn tolerate(self, share: f64) -> Map<'a, I, F, C, V, Tolerant> {
        if let Some(place) = &self.place {
            place.items.core.tolerate_items(place.items.index);
        }
        Map {
            items: self.items,
            call: self.call,
            place: self.place,
            key: self.key,
            keys: self.keys,
            label: self.label,
            window: self.window,
            share,
            under_way: self.under_way,
            values: self.values,
            exhausted: self.exhausted,
            failed: self.failed,
            blamed: self.blamed,
            over: self.over,
            mode: PhantomData,
        }
    }
}

/// Nothing in it is pinned where it is: the calls under way have places of their own on the heap.
impl<I: Iterator, F, C, V, M> Unpin for Map<'_, I, F, C, V, M> {}

impl<I: Iterator, F, C, V, M> fmt::Debug for Map<'_, I, F, C, V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map")
            .field("built", &self.values.len())
            .field("under_way", &self.under_way.len())
            .finish_non_exhaustive()
    }
}
