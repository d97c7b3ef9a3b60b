//! What a scheduler does with slots that it cannot fill, and with work besides. Its clock is the test's, and its store never
//! waits: after some turns of the executor it has done all that is due.

mod many;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use super::{Due, Unfilled, run};
use crate::author::cancel::Cancel;
use crate::clock::Clock;
use crate::engine::Shared;
use crate::error::{Error, ErrorKind};
use crate::model::deployment::{Catchup, Deployment, DeploymentRecord, ScheduleRecord, Source};
use crate::model::record::Micros;
use crate::ops::this_process;
use crate::prelude::*;
use crate::registry;
use crate::store::Options;
use crate::store::deployments::Change;
use crate::store::memory::Memory;

const MINUTE: Micros = 60_000_000;

#[flow(name = "scheduled_in_test")]
async fn ticked() -> Result<()> {
    Ok(())
}

/// What becomes of a slot.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Filled,
    Refused,
    Hindered,
}

struct Place {
    shared: Arc<Shared>,
    /// What becomes of the next slots.
    fate: Arc<Mutex<Fate>>,
    /// The minutes of the slots that the scheduler tried to fill.
    tried: Arc<Mutex<Vec<Micros>>>,
    /// So often the scheduler has done a part of what is to be done besides; it has so many parts.
    parts: Arc<Mutex<(usize, usize)>>,
    scheduler: tokio::task::JoinHandle<Result<()>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.scheduler.abort();
    }
}

impl Place {
    /// A schedule with a slot each minute, at the beginning of all time.
    async fn new(fate: Fate, parts: usize) -> Self {
        let store = Memory::open(Options::new(this_process()));
        let shared = Shared::new(store, Clock::fake(0), registry::flows().unwrap(), None);
        deploy(&shared, 0).await;
        let fate = Arc::new(Mutex::new(fate));
        let tried = Arc::new(Mutex::new(Vec::new()));
        let parts = Arc::new(Mutex::new((0, parts)));
        let fill = {
            let (shared, fate, tried) = (shared.clone(), fate.clone(), tried.clone());
            move |due: Due| {
                tried.lock().unwrap().push(due.slot / MINUTE);
                let (store, fate) = (shared.store.clone(), *fate.lock().unwrap());
                Box::pin(async move {
                    let error = || Error::new(ErrorKind::Input, "not with me");
                    match fate {
                        Fate::Refused => return Err(Unfilled::Refused(error())),
                        Fate::Hindered => return Err(Unfilled::Hindered(error())),
                        Fate::Filled => {}
                    }
                    let (name, slug) = ("d".to_owned(), "s".to_owned());
                    let passed = store.pass_slot(Some(due.seen), name, slug, 0, due.slot);
                    assert!(passed.await.unwrap(), "each slot once");
                    Ok(())
                }) as _
            }
        };
        let besides = {
            let (shared, parts) = (shared.clone(), parts.clone());
            move || {
                let mut parts = parts.lock().unwrap();
                parts.0 += 1;
                let has_more = parts.0 < parts.1;
                if has_more {
                    shared.clock.advance(Duration::from_secs(60));
                }
                Box::pin(async move { Ok(has_more) }) as _
            }
        };
        let scheduler = tokio::spawn({
            let shared = shared.clone();
            async move { run(shared, &fill, &besides, &Cancel::default()).await }
        });
        Self {
            shared,
            fate,
            tried,
            parts,
            scheduler,
        }
    }

    async fn after(&self, seconds: u64) {
        self.shared.clock.advance(Duration::from_secs(seconds));
        settled().await;
    }

    fn tried(&self) -> Vec<Micros> {
        std::mem::take(&mut *self.tried.lock().unwrap())
    }

    /// The minute up to which slots are handled.
    async fn handled(&self) -> Option<Micros> {
        let there = self.shared.store.deployed().await.unwrap();
        there.schedules[0].cursor.map(|at| at / MINUTE)
    }
}

async fn deploy(shared: &Shared, seen: u64) {
    let deployment = Deployment::new("d", "scheduled_in_test", Source::Person);
    let record = DeploymentRecord::new(deployment, 0);
    let schedule = ScheduleRecord {
        catchup: Catchup::All,
        ..ScheduleRecord::new("d", "s", json!({ "cron": "* * * * *" }), 0)
    };
    let change = Change::Set(Box::new(record), vec![schedule]);
    assert!(shared.store.deploy(seen, vec![change]).await.unwrap());
    shared.changed.notify_waiters();
}

/// Everybody has done what he can do now.
async fn settled() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_slot_that_this_program_refuses_is_left_to_another_for_a_minute() {
    let place = Place::new(Fate::Refused, 0).await;
    place.after(60).await;
    place.after(30).await;
    assert_eq!(place.handled().await, None, "another may do it");
    assert_eq!(BTreeSet::from_iter(place.tried()), BTreeSet::from([1]));
    // What somebody deploys meanwhile does not begin the minute anew.
    deploy(&place.shared, 1).await;
    place.after(31).await;
    assert_eq!(place.handled().await, Some(1), "nobody has");
    // The next slot has a minute of its own.
    place.tried();
    place.after(10).await;
    assert_eq!(BTreeSet::from_iter(place.tried()), BTreeSet::from([2]));
    assert_eq!(place.handled().await, Some(1));
    *place.fate.lock().unwrap() = Fate::Filled;
    place.after(1).await;
    assert_eq!(place.tried(), [2]);
    assert_eq!(place.handled().await, Some(2));
    place.after(60).await;
    assert_eq!(place.tried(), [3]);
}

#[tokio::test]
async fn slots_that_were_due_long_before_this_program_came_have_their_minute_too() {
    let place = Place::new(Fate::Refused, 0).await;
    place.after(600).await;
    assert_eq!(place.handled().await, None);
    place.after(59).await;
    assert_eq!(place.handled().await, None);
    // All that nobody has done for a minute, one after the other, but not what has just come.
    place.after(2).await;
    assert_eq!(place.handled().await, Some(10));
}

#[tokio::test]
async fn a_slot_that_only_lacks_something_is_never_passed_over() {
    let place = Place::new(Fate::Hindered, 0).await;
    place.after(60).await;
    for _ in 0..60 {
        place.after(60).await;
    }
    assert_eq!(place.handled().await, None);
    assert_eq!(BTreeSet::from_iter(place.tried()), BTreeSet::from([1]));
    *place.fate.lock().unwrap() = Fate::Filled;
    place.after(1).await;
    assert_eq!(place.handled().await, Some(61), "all that was declared");
}

#[tokio::test]
async fn slots_have_their_turn_between_the_parts_of_what_is_done_besides() {
    let place = Place::new(Fate::Filled, 5).await;
    settled().await;
    assert!(place.parts.lock().unwrap().0 >= 5);
    // A minute has passed with each part but the last.
    assert_eq!(place.tried(), [1, 2, 3, 4]);
}
