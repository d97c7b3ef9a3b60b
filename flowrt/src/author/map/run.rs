//! How a fan-out runs: items are built as there is room, and their outcomes put in order.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::stream::StreamExt;

use super::{Map, MapCall, Strict, Tolerant};
use crate::author::dag::ends_run;
use crate::author::meta::Meta;
use crate::author::scope::FixedId;
use crate::author::step::Step;
use crate::error::{Error, ErrorKind, Result};

pin_project_lite::pin_project! {
    /// The call of an item, and which item it is.
    pub(super) struct Item<C> {
        index: usize,
        label: Option<Arc<str>>,
        mistake: Option<Error>,
        #[pin]
        call: C,
    }
}

impl<C: MapCall> Future for Item<C> {
    type Output = (usize, Option<Arc<str>>, Result<C::Value>);
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(error) = this.mistake.take() {
            return Poll::Ready((*this.index, None, Err(error)));
        }
        let result = ready!(this.call.poll(cx));
        Poll::Ready((*this.index, this.label.take(), result))
    }
}

impl<I: Iterator, F, C: MapCall<Value = V>, V, M> Map<'_, I, F, C, V, M> {
    fn id(&mut self, item: &I::Item, label: Option<Arc<str>>) -> FixedId {
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
            label,
            part: false,
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
            let label = self.label.as_mut();
            let label: Option<Arc<str>> = label.map(|label| Arc::from(label(&item)));
            let id = self.id(&item, label.clone());
            let call = &mut self.call;
            let (call, built) = match &self.place {
                Some(place) => place.items.fixed(id, || call(item)),
                None => (call(item), 1),
            };
            let mistake = (built > 1).then(several_calls);
            self.values.push(None);
            self.under_way.push(Item {
                index,
                label,
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
        if let (Some(place), true, (least, Some(most))) = (
            &self.place,
            self.values.is_empty() && !self.exhausted,
            self.items.size_hint(),
        ) && least == most
        {
            place.items.core.tell_items(place.items.index, most);
        }
        loop {
            self.fill();
            if let Some(place) = &self.place
                && !self.exhausted
            {
                place.items.core.watch_items(place.items.index, cx);
            }
            let Some((index, label, result)) = ready!(self.under_way.poll_next_unpin(cx)) else {
                return Poll::Ready(None);
            };
            if let Err(error) = &result {
                // A mistake in the code is one for every item.
                if ends_run(error) || error.kind() == ErrorKind::Misuse {
                    return Poll::Ready(Some(error.clone()));
                }
                self.failed += usize::from(error.kind() != ErrorKind::Skipped);
                self.blamed.extend(label.map(|label| (index, label)));
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
            .enumerate()
            .filter_map(|(index, result)| Some((index, result.as_ref()?.as_ref().err()?)));
        let real = |(_, error): &(usize, &Error)| error.kind() != ErrorKind::Skipped;
        let first = errors.clone().find(real).or_else(|| errors.clone().next());
        let (index, error) = first?;
        let label = self.blamed.get(&index);
        let error = error.clone();
        Some(match (self.failed, label) {
            (0 | 1, None) => error,
            (0 | 1, Some(label)) => error.within(format!("the item `{label}` failed")),
            (failed, None) => error.within(format!("{failed} of {all} items failed")),
            (failed, Some(label)) => error.within(format!(
                "{failed} of {all} items failed, the first of them `{label}`"
            )),
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

impl<I, F, C, V> Future for Map<'_, I, F, C, V, Strict>
where
    I: Iterator,
    F: FnMut(I::Item) -> C,
    C: MapCall<Value = V>,
{
    type Output = Result<Vec<V>>;
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

impl<I, F, C, V> Future for Map<'_, I, F, C, V, Tolerant>
where
    I: Iterator,
    F: FnMut(I::Item) -> C,
    C: MapCall<Value = V>,
{
    type Output = Result<Vec<Result<V>>>;
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

impl<I, F, C, V> Step for Map<'_, I, F, C, V, Strict>
where
    I: Iterator,
    F: FnMut(I::Item) -> C,
    C: MapCall<Value = V>,
{
    fn callee() -> Option<&'static Meta> {
        C::callee()
    }
}

impl<I, F, C, V> Step for Map<'_, I, F, C, V, Tolerant>
where
    I: Iterator,
    F: FnMut(I::Item) -> C,
    C: MapCall<Value = V>,
{
    fn callee() -> Option<&'static Meta> {
        C::callee()
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
