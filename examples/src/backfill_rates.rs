//! A backfill over an interface that counts calls: one call a day of the range, no faster than its owner allows, whoever else
//! calls it, and days that are missing are no reason to lose the others.
//!
//! The limit holds over all runs and all processes on one store. A call that waits for its turn holds nothing, and its retries
//! and timeout count only what it does itself: `flows limits show RATES_API` tells who waits and when each will start.

use flowrt::prelude::*;
use jiff::ToSpan;
use serde::{Deserialize, Serialize};

limit!(pub RATES_API, "50 per second");

/// What a day closed at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Close {
    /// The day, such as `2026-03-02`.
    pub day: jiff::civil::Date,
    /// Euros for a dollar.
    pub euros: f64,
}

/// What was found, and what was not.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Backfill {
    /// Days with a value.
    pub found: usize,
    /// Why the others have none.
    pub missing: Vec<String>,
    /// The mean of what was found.
    pub mean: f64,
}

/// The days from the first to the last.
#[task]
fn days(from: jiff::civil::Date, to: jiff::civil::Date) -> Result<Vec<jiff::civil::Date>> {
    if from > to {
        return Err(Error::fatal(format!("{from} comes after {to}")));
    }
    Ok(from.series(1.day()).take_while(|day| *day <= to).collect())
}

/// Asks for one day. The exchange is closed at weekends: that day will not be there a second later.
#[task(limit = RATES_API, retries = 3, backoff = "1s..30s")]
async fn close_of(day: jiff::civil::Date) -> Result<Close> {
    if matches!(
        day.weekday(),
        jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday
    ) {
        return Err(Error::fatal(format!(
            "no value for {day}: the exchange was closed"
        )));
    }
    Ok(Close {
        day,
        euros: 0.9 + f64::from(day.day_of_year()) / 10_000.0,
    })
}

/// Puts the answers together.
#[task]
fn summarise(closes: Vec<Close>, missing: Vec<String>) -> Backfill {
    let sum: f64 = closes.iter().map(|close| close.euros).sum();
    let found = closes.len();
    Backfill {
        found,
        missing,
        mean: if found == 0 { 0.0 } else { sum / found as f64 },
    }
}

/// Fetches every day of a range, no faster than the interface allows; up to half of the days may be missing.
#[flow]
async fn backfill_rates(
    #[arg(help = "the first day", default = jiff::civil::date(2026, 1, 1))] from: jiff::civil::Date,
    #[arg(help = "the last day", default = jiff::civil::date(2026, 3, 31))] to: jiff::civil::Date,
) -> Result<Backfill> {
    let days = days(from, to).await?;
    let answers = map(days, close_of)
        .key(|day| day.to_string())
        .tolerate(0.5)
        .await?;
    let (mut closes, mut missing) = (Vec::new(), Vec::new());
    for answer in answers {
        match answer {
            Ok(close) => closes.push(close),
            Err(error) => missing.push(error.message().to_owned()),
        }
    }
    summarise(closes, missing).await
}

#[cfg(test)]
mod tests {
    use flowrt::testing::Engine;
    use jiff::civil::date;

    use super::*;

    #[tokio::test]
    async fn weekends_are_missing_and_nothing_else() {
        let engine = Engine::new();
        let made = engine
            .run(backfill_rates(date(2026, 3, 2), date(2026, 3, 15)))
            .await
            .unwrap();
        assert_eq!((made.found, made.missing.len()), (10, 4));
        assert_eq!(
            made.missing[0],
            "no value for 2026-03-07: the exchange was closed"
        );
    }

    #[tokio::test]
    async fn too_many_missing_days_fail_the_run() {
        let engine = Engine::new();
        let weekend = backfill_rates(date(2026, 3, 7), date(2026, 3, 8));
        assert!(engine.run(weekend).await.is_err());
        let turned = engine
            .run(backfill_rates(date(2026, 3, 8), date(2026, 3, 7)))
            .await;
        assert_eq!(
            turned.unwrap_err().message(),
            "2026-03-08 comes after 2026-03-07"
        );
    }
}
