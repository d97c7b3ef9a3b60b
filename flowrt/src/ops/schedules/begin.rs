//! Beginning a backfill once, however often it is asked for with the same key.

use super::backfill::{BackfillAsk, BackfillPlan, BackfillReport};
use crate::clock;
use crate::engine::trouble;
use crate::error::{Error, ErrorKind, Result};
use crate::model::backfill::{Asked, Backfill, BackfillRecord, BackfillState};
use crate::ops::{Engine, names};

impl Engine {
    /// Begins what was planned: a scheduler puts its runs into the queue, so many at a time. When this returns, it will not be
    /// lost.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn start_backfill(&self, plan: &BackfillPlan) -> Result<BackfillRecord> {
        Ok(self.add_backfill(plan, None).await?.0)
    }

    /// Plans a backfill and begins it; says whether it is new: one that was begun with the same idempotency key is given as
    /// it stands. The key is kept with it, so a crash in between begins nothing twice.
    ///
    /// # Errors
    /// If it cannot be planned, there is no slot to fill, or the key was used for another backfill.
    pub async fn backfill_once(
        &self,
        ask: &BackfillAsk,
        key: Option<String>,
    ) -> Result<(BackfillReport, bool)> {
        let asked = key.map(|key| Asked {
            key,
            of: digest(ask),
        });
        if let Some(asked) = &asked
            && let Some(there) = self.begun_before(asked).await?
        {
            return Ok((there, false));
        }
        let plan = self.plan_backfill(ask).await?;
        if plan.slots.is_empty() {
            let message = format!(
                "there is no slot of `{}` to fill: {} in that time are left alone",
                plan.deployment, plan.left
            );
            return Err(Error::new(ErrorKind::Input, message)
                .hint("another time, or `failed` or `all` in place of `missing`"));
        }
        let (record, is_new) = self.add_backfill(&plan, asked).await?;
        Ok((self.backfill(&record.backfill.id).await?, is_new))
    }

    /// Adds it; or gives the one that was added with the same key meanwhile. Of one key, all try the same names in the same
    /// order, so one of them is the first.
    async fn add_backfill(
        &self,
        plan: &BackfillPlan,
        asked: Option<Asked>,
    ) -> Result<(BackfillRecord, bool)> {
        let mut tried = 0;
        loop {
            let record = BackfillRecord {
                backfill: Backfill {
                    id: names::of(match &asked {
                        Some(asked) => number(&asked.key, tried),
                        None => clock::random_u64(),
                    }),
                    deployment: plan.deployment.clone(),
                    which: plan.which,
                    concurrency: plan.concurrency,
                    slots: plan.slots.clone(),
                    created: self.shared.clock.now(),
                    asked: asked.clone(),
                },
                state: BackfillState::Running,
                begun: 0,
                reason: None,
            };
            let added = self.shared.store.add_backfill(record.clone()).await;
            if added.map_err(trouble)? {
                self.shared.changed.notify_waiters();
                return Ok((record, true));
            }
            if let Some(asked) = &asked
                && let Some(there) = self.begun_before(asked).await?
            {
                return Ok((there.record, false));
            }
            tried += 1;
        }
    }

    async fn begun_before(&self, asked: &Asked) -> Result<Option<BackfillReport>> {
        let mut all = self.backfills().await?.into_iter();
        let found = all.find(|report| {
            let there = report.record.backfill.asked.as_ref();
            there.is_some_and(|there| there.key == asked.key)
        });
        let Some(found) = found else {
            return Ok(None);
        };
        if found.record.backfill.asked.as_ref() == Some(asked) {
            return Ok(Some(found));
        }
        let message = format!(
            "the idempotency key `{}` was used for the backfill {}, which is another",
            asked.key, found.record.backfill.id
        );
        Err(Error::new(ErrorKind::Input, message).hint("use a new key for a new start"))
    }
}

/// What a key gives in place of a random number.
fn number(key: &str, tried: u64) -> u64 {
    let mut hash = blake3::Hasher::new();
    hash.update(&tried.to_le_bytes());
    hash.update(key.as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.finalize().as_bytes()[..8]);
    u64::from_le_bytes(bytes)
}

/// The same for what asks for the same.
fn digest(ask: &BackfillAsk) -> String {
    let json = serde_json::to_vec(ask).expect("what is asked for is text and numbers");
    blake3::hash(&json).to_hex().to_string()
}
