//! A crate of flows: exchange rates, for every program of a team.
//!
//! Tasks that others call are `pub`, and are called like any function. A program that wants the flows listed and run by name says
//! so once, where it starts: `flowrt::main!(flows = [rates_flows])`. Without that line a linker may leave the crate out, unless
//! the program calls something in it.

use flowrt::prelude::*;
use serde::{Deserialize, Serialize};

/// The table as it is published.
const TABLE: &str = include_str!("../rates.csv");

/// What one unit of a currency is worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// Three letters, such as `USD`.
    pub currency: String,
    /// Its value in euros.
    pub euros: f64,
}

/// Looks a currency up.
///
/// A currency that is not there will not be there a second later: the error is fatal, and retries are not wasted on it.
#[task(retries = 3, retry_delay = "1s")]
pub async fn rate(currency: String) -> Result<Rate> {
    let rows = TABLE
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(','));
    for (name, euros) in rows {
        if name.eq_ignore_ascii_case(&currency) {
            let (currency, euros) = (name.to_owned(), euros.parse()?);
            return Ok(Rate { currency, euros });
        }
    }
    Err(Error::fatal(format!(
        "the table has no currency `{currency}`"
    )))
}

/// Changes an amount at two rates.
#[task]
pub fn change(amount: f64, from: Rate, to: Rate) -> f64 {
    amount * from.euros / to.euros
}

/// Changes money. Both rates are looked up beside each other.
#[flow]
pub fn exchange(
    #[arg(help = "how much")] amount: f64,
    #[arg(default = "EUR", help = "in which currency it is")] from: String,
    #[arg(default = "USD", help = "in which it shall be")] to: String,
) -> Result<f64> {
    let from = rate(from);
    let to = rate(to);
    change(amount, from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_changed_both_ways() {
        let euros = block_on(change_back(100.0));
        assert!((euros - 100.0).abs() < 1e-9, "{euros}");
    }

    async fn change_back(amount: f64) -> f64 {
        let engine = flowrt::testing::Engine::new();
        let dollars = engine
            .run(exchange(amount, "EUR".into(), "USD".into()))
            .await;
        let euros = exchange(dollars.unwrap(), "usd".into(), "eur".into());
        engine.run(euros).await.unwrap()
    }

    #[test]
    fn this_crate_has_one_flow() {
        assert_eq!(flowrt::testing::Engine::new().flows(), ["exchange"]);
    }

    #[test]
    fn an_unknown_currency_is_looked_up_once() {
        let engine = flowrt::testing::Engine::new();
        let looked_up = engine.spy(rate);
        let failed = block_on(engine.run(exchange(1.0, "EUR".into(), "XXX".into())));
        assert_eq!(
            failed.unwrap_err().message(),
            "the table has no currency `XXX`"
        );
        assert_eq!(looked_up.count(), 2);
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(future)
    }
}
