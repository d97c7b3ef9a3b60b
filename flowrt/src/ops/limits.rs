//! Limits as people see and set them: who holds them, who waits, and when each will start.

use std::collections::HashMap;

use flowrt_grammar::{Rate, closest};
use serde::Serialize;

use super::Engine;
use crate::author::meta::Limit;
use crate::engine::trouble;
use crate::error::{Error, ErrorKind, Result};
use crate::model::ids::RunId;
use crate::model::limit::{LimitKind, Rule, Taken, forecast};
use crate::model::record::Micros;
use crate::registry;
use crate::store::tickets::{BucketRecord, Ticket};

/// A limit, what counts against it, and who waits for it.
#[derive(Debug, Clone, Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct LimitReport {
    /// Its name.
    pub name: String,
    /// What holds now.
    pub rule: Rule,
    /// What the program says, if a person set something else.
    pub program: Option<Rule>,
    /// By value of `limit_key`; one without a key for a limit that has none.
    pub buckets: Vec<BucketReport>,
}

/// One key of a limit.
#[derive(Debug, Clone, Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct BucketReport {
    /// The value of `limit_key`; empty without one.
    pub key: String,
    /// Steps that run under it now, the longest first.
    pub holders: Vec<TicketReport>,
    /// Steps that wait, in the order in which they will start.
    pub waiting: Vec<TicketReport>,
}

/// A step under a limit.
#[derive(Debug, Clone, Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct TicketReport {
    /// The run's id.
    pub run: RunId,
    /// The run's name.
    pub name: String,
    /// The step's full id.
    pub step: String,
    /// How much it takes.
    pub weight: u32,
    /// When it asked.
    #[serde(with = "crate::model::rfc3339")]
    #[schemars(with = "String")]
    pub asked: Micros,
    /// When it started or will start; `None` if that depends on something being given back.
    #[serde(with = "crate::model::rfc3339::option")]
    #[schemars(with = "Option<String>")]
    pub start: Option<Micros>,
}

impl Engine {
    /// Every limit of this program, and those that only the store knows.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn limits(&self) -> Result<Vec<LimitReport>> {
        self.limit_reports(None).await
    }

    /// One limit.
    ///
    /// # Errors
    /// If neither the program nor the store knows it.
    pub async fn limit(&self, name: &str) -> Result<LimitReport> {
        let mut found = self.limit_reports(Some(name)).await?;
        match found.pop() {
            Some(report) => Ok(report),
            None => Err(self.unknown_limit(name)),
        }
    }

    /// Sets what a limit allows, over what the program says: `8` for slots, `"50 per minute"` for a rate. `None` goes back
    /// to the program. Calls that wait see it at once, and it outlives this process.
    ///
    /// # Errors
    /// If the limit is unknown, or the amount is not of its kind.
    pub async fn set_limit(&self, name: &str, amount: Option<&str>) -> Result<()> {
        let limit = registry::limits().get(name).copied();
        let limit = limit.ok_or_else(|| self.unknown_limit(name))?;
        let rule = amount.map(|amount| parse(limit, amount)).transpose()?;
        self.shared
            .store
            .set_limit(name.to_owned(), rule)
            .await
            .map_err(trouble)
    }

    /// Forgets what has started under a limit: its windows are empty. Those that run keep their slots.
    ///
    /// # Errors
    /// If the limit is unknown.
    pub async fn reset_limit(&self, name: &str) -> Result<()> {
        self.limit(name).await?;
        self.shared
            .store
            .reset_limit(name.to_owned())
            .await
            .map_err(trouble)
    }

    /// When the first and the last of so many calls would start if they all asked now, after those that wait. `None` for
    /// slots, which depend on how long calls take.
    ///
    /// # Errors
    /// If the limit is unknown.
    pub async fn plan_limit(&self, name: &str, count: usize) -> Result<Option<(Micros, Micros)>> {
        let report = self.limit(name).await?;
        if report.rule.kind == LimitKind::Slots {
            return Ok(None);
        }
        let now = self.shared.clock.now();
        let records = self
            .shared
            .store
            .buckets(Some(name.to_owned()))
            .await
            .map_err(trouble)?;
        let (taken, waiting) = records
            .first()
            .map_or((Taken::default(), Vec::new()), |record| {
                (
                    record.taken(&report.rule, now),
                    record.waiting().map(|ticket| ticket.weight).collect(),
                )
            });
        let ahead = waiting.len();
        let weights = waiting.into_iter().chain(std::iter::repeat_n(1, count));
        let starts = forecast(&report.rule, taken, weights, now);
        let of = |index: usize| starts.get(index).copied().flatten();
        Ok(of(ahead).zip(starts.last().copied().flatten()))
    }

    async fn limit_reports(&self, name: Option<&str>) -> Result<Vec<LimitReport>> {
        let store = &self.shared.store;
        let records = store
            .buckets(name.map(str::to_owned))
            .await
            .map_err(trouble)?;
        let set: HashMap<String, Rule> = store
            .limit_rules()
            .await
            .map_err(trouble)?
            .into_iter()
            .collect();
        let program = registry::limits();
        let mut names: Vec<&str> = program
            .keys()
            .copied()
            .chain(records.iter().map(|record| &*record.bucket.name))
            .collect();
        names.sort_unstable();
        names.dedup();
        names.retain(|known| name.is_none_or(|name| name == *known));
        let mut reports = Vec::new();
        for name in names {
            let own = program.get(name).map(|limit| limit.rule());
            let Some(rule) = set.get(name).copied().or(own) else {
                continue;
            };
            let mut buckets = Vec::new();
            for record in records.iter().filter(|record| record.bucket.name == name) {
                buckets.push(self.bucket_report(record, &rule).await?);
            }
            let program = own.filter(|own| *own != rule);
            reports.push(LimitReport {
                name: name.to_owned(),
                rule,
                program,
                buckets,
            });
        }
        Ok(reports)
    }

    async fn bucket_report(&self, record: &BucketRecord, rule: &Rule) -> Result<BucketReport> {
        let now = self.shared.clock.now();
        let weights = record.waiting().map(|ticket| ticket.weight);
        let starts = forecast(rule, record.taken(rule, now), weights, now);
        let mut waiting = Vec::new();
        for (ticket, start) in record.waiting().zip(starts) {
            waiting.push(self.ticket_report(ticket, start).await?);
        }
        let mut holders = Vec::new();
        for ticket in record.holders() {
            holders.push(self.ticket_report(ticket, ticket.start).await?);
        }
        Ok(BucketReport {
            key: record.bucket.key.clone(),
            holders,
            waiting,
        })
    }

    async fn ticket_report(&self, ticket: &Ticket, start: Option<Micros>) -> Result<TicketReport> {
        let run = self.shared.store.run(ticket.run).await.map_err(trouble)?;
        Ok(TicketReport {
            run: ticket.run,
            name: run.map_or_else(|| ticket.run.to_string(), |run| run.name),
            step: ticket.step.clone(),
            weight: ticket.weight,
            asked: ticket.asked,
            start,
        })
    }

    fn unknown_limit(&self, name: &str) -> Error {
        let known = registry::limits();
        let error = Error::new(
            ErrorKind::NotFound,
            format!("there is no limit `{name}` in this program"),
        );
        match closest(name, known.keys().copied()) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("list them: limits ls"),
        }
    }
}

/// The amount that a person gives, of the limit's own kind.
fn parse(limit: &Limit, amount: &str) -> Result<Rule> {
    let own = limit.rule();
    let wrong = |why: String, example: &str| {
        Error::new(
            ErrorKind::Input,
            format!("`{amount}` is no amount for {}: {why}", limit.name),
        )
        .hint(format!("write for example {example}"))
    };
    if own.kind == LimitKind::Slots {
        return match amount.trim().parse::<u32>() {
            Ok(count) if count > 0 => Ok(Rule { count, ..own }),
            _ => Err(wrong(
                "it has slots, a whole number of 1 or more".to_owned(),
                "8",
            )),
        };
    }
    let rate =
        Rate::parse(amount).map_err(|error| wrong(error.message.clone(), "\"50 per minute\""))?;
    Ok(Rule {
        count: rate.count,
        per: crate::clock::micros(rate.per),
        ..own
    })
}
