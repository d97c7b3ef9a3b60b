//! The driver's side of a run: completions are numbered and handed out, work is started and stopped.

use super::*;

impl Core {
    /// Polls the flow's future inside its frame.
    pub(crate) fn poll_flow<F: Future + Unpin>(
        self: &Arc<Self>,
        future: &mut F,
        cx: &mut Context<'_>,
    ) -> Poll<F::Output> {
        self.lock().waker = Some(cx.waker().clone());
        let scope = crate::author::scope::Scope {
            core: self.clone(),
            index: 0,
        };
        enter(Frame::Flow(scope), || std::pin::Pin::new(future).poll(cx))
    }

    /// What the flow goes on with, if it ends here.
    pub(crate) fn take_continuation(&self) -> Option<Continuation> {
        self.lock().continuation.take()
    }

    /// What to do after a poll of the flow that left it pending.
    pub(crate) fn next(&self) -> Next {
        let mut inner = self.lock();
        if let Some(error) = inner.diverged.take() {
            return Next::Diverged(error);
        }
        while let Some((key, recorded)) = inner.handouts.pop_front() {
            if inner.deliver(key, recorded) {
                return Next::Poll;
            }
        }
        if let Some(next) = inner.replay_next() {
            return next;
        }
        if inner.reuse_wanted() {
            return Next::Poll;
        }
        let (starts, turns) = inner.take_starts();
        if !starts.is_empty() {
            return Next::Start(starts);
        }
        if turns {
            return Next::Poll;
        }
        if inner.running > 0 || inner.untracked > 0 {
            Next::Wait
        } else {
            Next::Stuck
        }
    }

    /// Numbers a completion: what to write down, what to hand out then, and whether it must be on the disk first.
    pub(crate) fn number(&self, finished: Finished) -> (Vec<Entry>, Recorded, bool) {
        let mut inner = self.lock();
        let mut entries = std::mem::take(&mut inner.pending);
        let synced = finished.synced;
        let recorded = finished.recorded.clone();
        let key = finished.key;
        if let Some(record) = inner.record_of(finished) {
            inner.note_failure(key, &record);
            entries.push(Entry::Step(record));
        }
        (entries, recorded, synced)
    }

    /// A completion that is recorded now: it will be handed out after those before it.
    pub(crate) fn committed(&self, key: Key, recorded: Recorded) {
        let mut inner = self.lock();
        inner.ended(key);
        inner.handouts.push_back((key, recorded));
    }

    /// Hands out everything that is recorded, when the flow is not polled any more.
    pub(crate) fn settle(&self) {
        let mut inner = self.lock();
        while let Some((key, recorded)) = inner.handouts.pop_front() {
            inner.deliver(key, recorded);
        }
    }

    /// Entries that wait for a commit, if any.
    pub(crate) fn take_pending(&self) -> Vec<Entry> {
        std::mem::take(&mut self.lock().pending)
    }

    /// What must be on the disk before another body starts: a race was decided, or a time was read.
    pub(crate) fn take_decided(&self) -> Vec<Entry> {
        let mut inner = self.lock();
        if std::mem::take(&mut inner.decided) {
            std::mem::take(&mut inner.pending)
        } else {
            Vec::new()
        }
    }

    /// Remembers how to stop a call's work.
    pub(crate) fn set_abort(&self, key: Key, abort: tokio::task::AbortHandle) {
        match self.lock().slots.get_mut(key) {
            Some(slot) => slot.abort = Some(abort),
            None => abort.abort(),
        }
    }

    /// A call's body or child run begins; this is the token that stops it.
    pub(crate) fn body_starts(&self, key: Key, busy: Busy, cancel: Arc<Cancel>) {
        if let Some(slot) = self.lock().slots.get_mut(key) {
            slot.cancel = Some(cancel);
            slot.busy = busy;
        }
    }

    /// Whether that call is still there.
    pub(crate) fn has_call(&self, key: Key) -> bool {
        self.lock().slots.get(key).is_some()
    }

    /// A call's body or child run is over, and the call goes on waiting.
    pub(crate) fn body_waits(&self, key: Key) {
        if let Some(slot) = self.lock().slots.get_mut(key) {
            slot.busy = Busy::No;
        }
    }

    /// The fatal trouble that the flow's side found, if any.
    pub(crate) fn take_diverged(&self) -> Option<Error> {
        self.lock().diverged.take()
    }

    /// What is left of the record once the flow has ended: a strict replay must have reached all of it.
    pub(crate) fn unreached(&self) -> Option<Error> {
        let mut inner = self.lock();
        while inner.next_was_dropped() {
            inner.replay.pop();
        }
        inner.replay.unreached()
    }

    /// Returns when the flow's own wakers ask for a poll.
    pub(crate) async fn woken(&self) {
        let mut first = true;
        std::future::poll_fn(|cx| {
            if std::mem::take(&mut first) {
                self.lock().waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
    }

    /// Whether submitted calls are still under way.
    pub(crate) fn submitted_outstanding(&self) -> bool {
        self.lock().slots.submitted_outstanding()
    }

    /// The first failure of a submitted call that nobody awaited.
    pub(crate) fn unawaited_failure(&self) -> Option<Error> {
        let inner = self.lock();
        inner
            .slots
            .keys()
            .filter_map(|key| inner.slots.get(key))
            .filter(|slot| slot.submitted && !slot.awaited && !slot.tolerated)
            .find_map(|slot| match &slot.state {
                // A child that had nothing to do has not failed.
                SlotState::Done(recorded)
                    if !recorded.state.is_success() && recorded.state != TaskState::Skipped =>
                {
                    Some(Error::from_json(&recorded.output))
                }
                _ => None,
            })
    }

    /// Signals every running attempt that it is not wanted any more.
    pub(crate) fn cancel_running(&self) {
        for slot in self.lock().slots.iter() {
            if let (SlotState::Running, Some(cancel)) = (&slot.state, &slot.cancel) {
                cancel.set();
            }
        }
    }

    /// How many bodies and child runs are under way; mere waits are not counted.
    pub(crate) fn bodies(&self) -> usize {
        self.count_running(|busy| busy != Busy::No)
    }

    /// The run waits: no body runs, and nothing outside of the record is under way.
    pub(crate) fn only_waits(&self) -> bool {
        self.count_running(|busy| busy == Busy::Body) == 0 && self.lock().untracked == 0
    }

    /// The tasks that have begun and wait; nothing if a body or a child run is under way, or something untracked.
    pub(crate) fn waiting_tasks(&self) -> Option<Vec<Arc<str>>> {
        let inner = self.lock();
        let mut tasks = Vec::new();
        for slot in inner.slots.iter() {
            let is_running = matches!(slot.state, SlotState::Running);
            if is_running && (slot.busy != Busy::No || slot.kind == StepKind::Flow) {
                return None;
            }
            if is_running && slot.kind == StepKind::Task {
                tasks.push(slot.step.clone()?);
            }
        }
        (inner.untracked == 0).then_some(tasks)
    }

    fn count_running(&self, want: impl Fn(Busy) -> bool) -> usize {
        self.lock()
            .slots
            .iter()
            .filter(|slot| matches!(slot.state, SlotState::Running) && want(slot.busy))
            .count()
    }

    /// Drops the work of every running call without a word in the record: a recovery starts it again.
    pub(crate) fn release_running(&self) -> Vec<Entry> {
        let mut inner = self.lock();
        for slot in inner.take_running() {
            if let Some(abort) = &slot.abort {
                abort.abort();
            }
        }
        std::mem::take(&mut inner.pending)
    }

    /// Drops the work of every running call; returns their records.
    pub(crate) fn abort_running(&self, now: Micros) -> Vec<Entry> {
        let mut inner = self.lock();
        let mut entries = std::mem::take(&mut inner.pending);
        for slot in inner.take_running() {
            if let Some(abort) = &slot.abort {
                abort.abort();
            }
            if !slot.part {
                entries.push(Entry::Step(inner.cancelled(&slot, now)));
            }
        }
        entries
    }
}
