//! The values of resources: one a type and process, however many ask for it at once.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};

use super::{RegisteredResource, Shared};
use crate::clock::{Clock, Stopwatch};
use crate::error::Result;

static CELLS: LazyLock<Mutex<Cells>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Cells {
    by_type: HashMap<TypeId, Arc<Cell>>,
    /// Those that have been made, the first first.
    made: Vec<Arc<Cell>>,
}

/// The place of one resource.
struct Cell {
    maker: &'static RegisteredResource,
    held: Mutex<Option<Held>>,
    /// Held by whoever makes or checks it; the others wait.
    turn: tokio::sync::Mutex<()>,
}

struct Held {
    value: Shared,
    /// Since it was made or last found healthy.
    looked: Stopwatch,
}

impl Cell {
    fn held(&self) -> std::sync::MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value, if it needs no look.
    fn fresh(&self) -> Option<Shared> {
        let held = self.held();
        let held = held.as_ref()?;
        let is_fresh =
            self.maker.health.is_none() || held.looked.elapsed() < self.maker.health_every;
        is_fresh.then(|| held.value.clone())
    }

    fn known(&self) -> Option<Shared> {
        self.held().as_ref().map(|held| held.value.clone())
    }

    fn put(&self, value: Shared) {
        *self.held() = Some(Held {
            value,
            looked: Stopwatch::start(),
        });
    }

    /// The old value if it is healthy; one that is not is torn down.
    async fn still_healthy(&self) -> Option<Shared> {
        let value = self.known()?;
        let Some(health) = self.maker.health else {
            return Some(value);
        };
        match health(value.clone()).await {
            Ok(()) => {
                self.put(value.clone());
                Some(value)
            }
            Err(error) => {
                tracing::warn!(resource = self.maker.name, %error, "a resource is not healthy any more and is made again");
                self.held().take();
                if let Some(tear_down) = self.maker.drop {
                    // Tasks may still use it; it is theirs until they end.
                    tokio::spawn(torn_down(self.maker, tear_down(value)));
                }
                None
            }
        }
    }
}

fn cell(maker: &'static RegisteredResource) -> Arc<Cell> {
    let mut cells = CELLS.lock().unwrap_or_else(PoisonError::into_inner);
    let cell = cells.by_type.entry((maker.type_id)()).or_insert_with(|| {
        Arc::new(Cell {
            maker,
            held: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        })
    });
    cell.clone()
}

/// The value of a resource, made or made again if need be. Who `hurries` takes one that is there without a look at its health,
/// which may take longer than a limit leaves time for.
pub(super) async fn value(maker: &'static RegisteredResource, hurries: bool) -> Result<Shared> {
    let cell = cell(maker);
    let known = if hurries { cell.known() } else { cell.fresh() };
    if let Some(value) = known {
        return Ok(value);
    }
    let _turn = cell.turn.lock().await;
    if let Some(value) = cell.fresh() {
        return Ok(value);
    }
    if let Some(value) = cell.still_healthy().await {
        return Ok(value);
    }
    let value = (maker.make)().await?;
    cell.put(value.clone());
    let mut cells = CELLS.lock().unwrap_or_else(PoisonError::into_inner);
    // What is made again is made after those that it takes.
    cells.made.retain(|other| !Arc::ptr_eq(other, &cell));
    cells.made.push(cell.clone());
    Ok(value)
}

async fn torn_down(maker: &RegisteredResource, work: impl Future<Output = Result<()>>) {
    if let Err(error) = work.await {
        tracing::warn!(resource = maker.name, %error, "a resource could not be torn down");
    }
}

/// Tears all resources of the process down, those made last first: each is there for those that take it. Each has `grace`;
/// one that takes longer is left to the end of the process. Those that are asked for afterwards are made again.
pub(crate) async fn tear_down(grace: Duration) {
    let made = std::mem::take(&mut CELLS.lock().unwrap_or_else(PoisonError::into_inner).made);
    for cell in made.into_iter().rev() {
        let _turn = cell.turn.lock().await;
        let Some(held) = cell.held().take() else {
            continue;
        };
        let Some(tear_down) = cell.maker.drop else {
            continue;
        };
        let work = torn_down(cell.maker, tear_down(held.value));
        let clock = Clock::real();
        if let Either::Right(_) =
            select(std::pin::pin!(work), std::pin::pin!(clock.sleep(grace))).await
        {
            tracing::warn!(
                resource = cell.maker.name,
                "a resource was not torn down within its grace"
            );
        }
    }
}
