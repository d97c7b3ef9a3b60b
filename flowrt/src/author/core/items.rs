//! What a fan-out needs of its run: a scope for its items, and a word on those that failed.

use super::scopes::Items;
use super::*;

impl Core {
    /// The scope of a fan-out. Its items are steps such as `fetch[3]`, recorded in the scope `fetch[]`.
    pub(crate) fn open_items(
        &self,
        parent: usize,
        name: &'static str,
        fixed: Option<FixedId>,
    ) -> usize {
        let mut inner = self.lock();
        let scope = &mut inner.scopes[parent];
        let (name, occurrence) = match fixed {
            Some(fixed) => (fixed.name, 1),
            None => scope.next_static(name),
        };
        let path = format!("{}[]", scope.step(&name, occurrence));
        let index = inner.push_scope(path);
        inner.scopes[index].items = Some(Items::default());
        index
    }

    /// Gives a fan-out that has built nothing yet another name, counted among those of the scope around it.
    pub(crate) fn rename_items(&self, parent: usize, items: usize, name: &str) {
        let mut inner = self.lock();
        let name: Arc<str> = Arc::from(name);
        let occurrence = inner.scopes[parent].next(&name);
        let path = format!("{}[]", inner.scopes[parent].step(&name, occurrence));
        if !inner.replay.is_over() {
            inner.paths.insert(path.clone(), items);
        }
        inner.scopes[items].path = path;
    }

    /// Failed items may turn out to be tolerated.
    pub(crate) fn tolerate_items(&self, items: usize) {
        if let Some(items) = &mut self.lock().scopes[items].items {
            items.tolerant = true;
        }
    }

    /// Whether the replay needs the item at that place before anything else can go on.
    pub(crate) fn needs_item(&self, items: usize, place: u32) -> bool {
        let inner = self.lock();
        let items = inner.scopes[items].items.as_ref();
        items.is_some_and(|items| place < items.needed)
    }

    /// Remembers whom to wake when the replay needs more items.
    pub(crate) fn watch_items(&self, items: usize, cx: &Context<'_>) {
        let mut inner = self.lock();
        if inner.replay.is_over() {
            return;
        }
        if let Some(items) = &mut inner.scopes[items].items {
            items.waker = Some(cx.waker().clone());
        }
    }

    /// Tells those who watch how many items a fan-out has.
    pub(crate) fn tell_items(&self, items: usize, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.host.fanned_out(count, &|| {
            let inner = self.lock();
            Arc::from(inner.scopes[items].path.trim_end_matches("[]"))
        });
    }

    /// A fan-out ended; what failed in it was tolerated, or not.
    pub(crate) fn end_items(&self, items: usize, tolerated: bool) {
        let mut inner = self.lock();
        let Some(items) = &mut inner.scopes[items].items else {
            return;
        };
        for mut record in std::mem::take(&mut items.failed) {
            if tolerated && !record.tolerated {
                record.tolerated = true;
                inner.pending.push(Entry::Step(record));
            }
        }
    }
}

impl Inner {
    /// Keeps the record of a failed item for the end of its fan-out.
    pub(super) fn note_failed_item(&mut self, key: Key, record: &StepRecord) {
        let Some(slot) = self.slots.get(key) else {
            return;
        };
        if slot.tolerant
            && !record.state.is_success()
            && let Some(items) = &mut self.scopes[slot.identity.scope].items
        {
            items.failed.push(record.clone());
        }
    }
}
