//! Places where a test makes the process die, named by the environment variable `FLOWRT_FAILPOINT`.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

const UNKNOWN: u8 = 0;
const OFF: u8 = 1;
const ON: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(UNKNOWN);
static TARGET: OnceLock<Option<Target>> = OnceLock::new();

#[derive(Debug)]
struct Target {
    name: String,
    hits_left: AtomicU32,
}

/// Aborts the process here if the variable is `name:n` and this is the n-th time. Costs one load when it is not set.
pub(crate) fn failpoint(name: &str) {
    #[cfg(test)]
    meanwhile::happens(name);
    if STATE.load(Ordering::Relaxed) != OFF {
        hit(name);
    }
}

#[cold]
fn hit(name: &str) {
    let target = TARGET.get_or_init(|| {
        let target = std::env::var("FLOWRT_FAILPOINT")
            .ok()
            .and_then(|text| parse(&text));
        STATE.store(if target.is_some() { ON } else { OFF }, Ordering::Relaxed);
        target
    });
    if let Some(target) = target
        && target.is_due(name)
    {
        std::process::abort();
    }
}

fn parse(text: &str) -> Option<Target> {
    let (name, hits) = text.rsplit_once(':')?;
    let hits = hits.parse().ok().filter(|hits| *hits > 0)?;
    Some(Target {
        name: name.to_owned(),
        hits_left: AtomicU32::new(hits),
    })
}

impl Target {
    fn is_due(&self, name: &str) -> bool {
        // The process is gone at the last hit, so the count never wraps below zero.
        self.name == name && self.hits_left.fetch_sub(1, Ordering::Relaxed) == 1
    }
}

/// What a test lets happen at such a place, on its own thread: the runtime of that test must have no other.
#[cfg(test)]
pub(crate) mod meanwhile {
    use std::cell::RefCell;

    type Event = Box<dyn FnMut()>;

    thread_local! {
        static EVENT: RefCell<Option<(&'static str, Event)>> = const { RefCell::new(None) };
    }

    /// From now on that happens each time this thread comes to the place.
    pub(crate) fn at(name: &'static str, event: impl FnMut() + 'static) {
        EVENT.with_borrow_mut(|there| *there = Some((name, Box::new(event))));
    }

    pub(super) fn happens(name: &str) {
        // Taken out, because it may come to such a place itself.
        let due = |there: &mut (&'static str, Event)| there.0 == name;
        let Some(event) = EVENT.with_borrow_mut(|there| there.take_if(due)) else {
            return;
        };
        let mut back = PutBack(Some(event));
        if let Some((_, event)) = &mut back.0 {
            event();
        }
    }

    /// An event that panics happens again, too.
    struct PutBack(Option<(&'static str, Event)>);

    impl Drop for PutBack {
        fn drop(&mut self) {
            let event = self.0.take();
            EVENT.with_borrow_mut(|there| *there = event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_hit_of_the_named_place_is_due() {
        let target = parse("store::before_commit:2").expect("a name and a number");
        assert!(!target.is_due("store::after_commit"));
        assert!(!target.is_due("store::before_commit"));
        assert!(target.is_due("store::before_commit"));
    }

    #[test]
    fn what_is_not_a_name_and_a_number_is_no_target() {
        for text in ["", "name", "name:", "name:0", "name:x"] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
