//! Fan-out: one call for each item, flat in time and memory however many items there are.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::author::dag::ends_run;
use crate::author::meta::{Kind, Meta};
use crate::author::scope::{FixedId, Scope, take_fixed};
use crate::author::step::Step;
use crate::error::{Error, ErrorKind, Result};

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
pub struct Map<'a, I: Iterator, F, C: MapCall, M = Strict> {
    items: I,
    call: F,
    place: Option<Place>,
    key: Option<Naming<'a, I::Item>>,
    keys: HashMap<String, u32>,
    label: Option<Naming<'a, I::Item>>,
    window: Window,
    share: f64,
    under_way: FuturesUnordered<Item<C>>,
    values: Vec<Option<Result<C::Value>>>,
    /// All items are built.
    exhausted: bool,
    failed: usize,
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

pin_project_lite::pin_project! {
    /// The call of an item, and which item it is.
    struct Item<C> {
        index: usize,
        mistake: Option<Error>,
        #[pin]
        call: C,
    }
}

impl<C: MapCall> Future for Item<C> {
    type Output = (usize, Result<C::Value>);
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(error) = this.mistake.take() {
            return Poll::Ready((*this.index, Err(error)));
        }
        this.call.poll(cx).map(|result| (*this.index, result))
    }
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
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert_eq!(doubled().await.unwrap(), [0, 2, 4]);
/// # });
/// ```
pub fn map<'a, I, F, C>(items: I, call: F) -> Map<'a, I::IntoIter, F, C>
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

impl<'a, I: Iterator, F, C: MapCall, M> Map<'a, I, F, C, M> {
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
    pub fn tolerate(self, share: f64) -> Map<'a, I, F, C, Tolerant> {
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
            over: self.over,
            mode: PhantomData,
        }
    }

    fn id(&mut self, item: &I::Item) -> FixedId {
        let index = self.values.len();
        let name = match &mut self.key {
            None => index.to_string(),
            Some(key) => {
                let mut name = key(item);
                let seen = self.keys.entry(name.clone()).or_insert(0);
                *seen += 1;
                if *seen > 1 {
                    name = format!("{name}#{seen}");
                }
                name
            }
        };
        FixedId {
            position: u32::try_from(index).unwrap_or(u32::MAX),
            name: Arc::from(name),
        }
    }

    fn may_build(&self) -> bool {
        self.under_way.len() < self.window.most
            || self.place.as_ref().is_some_and(|place| {
                let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
                place.items.core.needs_item(place.items.index, next)
            })
    }

    fn fill(&mut self)
    where
        F: FnMut(I::Item) -> C,
    {
        while !self.exhausted && self.may_build() {
            let Some(item) = self.items.next() else {
                self.exhausted = true;
                return;
            };
            let index = self.values.len();
            let id = self.id(&item);
            let call = &mut self.call;
            let (call, built) = match &self.place {
                Some(place) => place.items.fixed(id, || call(item)),
                None => (call(item), 1),
            };
            let mistake = (built > 1).then(several_calls);
            self.values.push(None);
            self.under_way.push(Item {
                index,
                mistake,
                call,
            });
        }
    }

    /// Runs the items; gives why the map must end before they did.
    fn poll_items(&mut self, cx: &mut Context<'_>) -> Poll<Option<Error>>
    where
        F: FnMut(I::Item) -> C,
    {
        loop {
            self.fill();
            if let Some(place) = &self.place
                && !self.exhausted
            {
                place.items.core.watch_items(place.items.index, cx);
            }
            let Some((index, result)) = ready!(self.under_way.poll_next_unpin(cx)) else {
                return Poll::Ready(None);
            };
            if let Err(error) = &result {
                // A mistake in the code is one for every item.
                if ends_run(error) || error.kind() == ErrorKind::Misuse {
                    return Poll::Ready(Some(error.clone()));
                }
                self.failed += usize::from(error.kind() != ErrorKind::Skipped);
            }
            self.values[index] = Some(result);
            if self.window.fail_fast && self.exhausted_tolerance() {
                self.under_way.clear();
                return Poll::Ready(None);
            }
        }
    }

    /// More failed than may, whatever comes yet.
    fn exhausted_tolerance(&self) -> bool {
        let known = self.exhausted || self.share == 0.0;
        known && !tolerated(self.share, self.failed, self.values.len())
    }

    /// What the whole fails with: its first real failure in the order of the items.
    fn failure(&mut self) -> Option<Error> {
        let all = self.values.len();
        let errors = self
            .values
            .iter()
            .flatten()
            .filter_map(|result| result.as_ref().err());
        let first = errors
            .clone()
            .find(|error| error.kind() != ErrorKind::Skipped);
        let error = first.or_else(|| errors.clone().next())?.clone();
        Some(match self.failed {
            0 | 1 => error,
            failed => error.within(format!("{failed} of {all} items failed")),
        })
    }

    fn end(&mut self, tolerated: bool) {
        self.over = true;
        if let Some(place) = &self.place {
            place.items.core.end_items(place.items.index, tolerated);
            if self.exhausted {
                place.items.close();
            }
        }
    }
}

impl<I: Iterator, F: FnMut(I::Item) -> C, C: MapCall> Future for Map<'_, I, F, C, Strict> {
    type Output = Result<Vec<C::Value>>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if this.over {
            return Poll::Ready(Err(second_await()));
        }
        let stop = ready!(this.poll_items(cx));
        this.end(false);
        Poll::Ready(match stop.or_else(|| this.failure()) {
            Some(error) => Err(error),
            None => std::mem::take(&mut this.values)
                .into_iter()
                .flatten()
                .collect(),
        })
    }
}

impl<I: Iterator, F: FnMut(I::Item) -> C, C: MapCall> Future for Map<'_, I, F, C, Tolerant> {
    type Output = Result<Vec<Result<C::Value>>>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if this.over {
            return Poll::Ready(Err(second_await()));
        }
        if !(0.0..=1.0).contains(&this.share) {
            this.over = true;
            return Poll::Ready(Err(no_share(this.share)));
        }
        let stop = ready!(this.poll_items(cx));
        if let Some(error) = stop {
            this.end(false);
            return Poll::Ready(Err(error));
        }
        let fine = tolerated(this.share, this.failed, this.values.len());
        this.end(fine);
        Poll::Ready(match this.failure() {
            Some(error) if !fine => Err(error),
            _ => Ok(std::mem::take(&mut this.values)
                .into_iter()
                .flatten()
                .collect()),
        })
    }
}

impl<I: Iterator, F: FnMut(I::Item) -> C, C: MapCall> Step for Map<'_, I, F, C, Strict> {
    fn callee() -> Option<&'static Meta> {
        C::callee()
    }
}

impl<I: Iterator, F: FnMut(I::Item) -> C, C: MapCall> Step for Map<'_, I, F, C, Tolerant> {
    fn callee() -> Option<&'static Meta> {
        C::callee()
    }
}

/// Nothing in it is pinned where it is: the calls under way have places of their own on the heap.
impl<I: Iterator, F, C: MapCall, M> Unpin for Map<'_, I, F, C, M> {}

impl<I: Iterator, F, C: MapCall, M> fmt::Debug for Map<'_, I, F, C, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map")
            .field("built", &self.values.len())
            .field("under_way", &self.under_way.len())
            .finish_non_exhaustive()
    }
}

/// Whether so many failures of so many items are within the share.
fn tolerated(share: f64, failed: usize, all: usize) -> bool {
    // Counts of items are far below 2^52, and a share such as 0.29 is no exact number: 29 of 100 is within it.
    #[allow(
        clippy::cast_precision_loss,
        reason = "a fan-out has fewer than 2^52 items"
    )]
    let (failed, all) = (failed as f64, all as f64);
    failed <= share.mul_add(all, 1e-9)
}

fn several_calls() -> Error {
    Error::new(
        ErrorKind::Misuse,
        "the closure of `map` makes more than one call for an item, and an item is one step",
    )
    .hint("make the calls in a flow of their own and map over that, or in an async block of a program flow: `map(items, |item| async move { … })`")
}

fn no_share(share: f64) -> Error {
    Error::new(
        ErrorKind::Misuse,
        format!("`.tolerate({share})` is no share of the items: it lies between 0.0 and 1.0"),
    )
}

fn second_await() -> Error {
    Error::new(ErrorKind::Misuse, "the map was awaited a second time")
}

#[cfg(test)]
mod tests {
    use super::tolerated;

    #[test]
    fn a_share_counts_whole_items() {
        assert!(tolerated(0.29, 29, 100) && !tolerated(0.29, 30, 100));
        assert!(tolerated(0.0, 0, 0) && tolerated(0.0, 0, 5) && !tolerated(0.0, 1, 5));
        assert!(tolerated(1.0, 7, 7) && tolerated(0.5, 1, 2) && !tolerated(0.5, 2, 3));
    }
}
