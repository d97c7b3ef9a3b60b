//! For tests of flows: an engine that keeps nothing, mocks, a clock that does not wait, and crashes where you want them.
//!
//! A test that only wants a task's body needs none of this: where no engine is open, awaiting a task runs its body, and
//! awaiting a flow runs it in a throw-away engine. [`Engine`] is for the rest.
//!
//! # Mocks
//!
//! A mock stands in the place of a task's or flow's body. It is named by the function itself, takes the arguments as a tuple, and
//! is checked by the compiler like the body it replaces. What calls it, records it and retries it stays as it is.
//!
//! ```
//! use flowrt::prelude::*;
//! use flowrt::testing;
//!
//! #[task(retries = 2, retry_delay = "1h")]
//! async fn fetch_price(city: String) -> Result<u32> {
//!     Err(format!("no network for {city}").into())
//! }
//!
//! #[flow]
//! async fn cheapest(cities: Vec<String>) -> Result<u32> {
//!     let mut best = u32::MAX;
//!     for city in cities {
//!         best = best.min(fetch_price(city).await?);
//!     }
//!     Ok(best)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! let engine = testing::Engine::new();
//! let prices = engine.mock(fetch_price, |(city,)| Ok(if city == "Oslo" { 90 } else { 40 }));
//! let best = engine.run(cheapest(vec!["Oslo".into(), "Rome".into()])).await?;
//! assert_eq!(best, 40);
//! assert_eq!(prices.inputs(), [("Oslo".to_owned(),), ("Rome".to_owned(),)]);
//!
//! // Two retries, an hour apart, in no time: the clock moves when nothing else does.
//! let prices = engine.mock(fetch_price, |_| Err("closed".into()));
//! let failed = engine.run(cheapest(vec!["Oslo".into()])).await;
//! assert_eq!(failed.unwrap_err().message(), "closed");
//! assert_eq!(prices.count(), 3);
//! # Ok(())
//! # }
//! ```
//!
//! # Time
//!
//! Sleeps, waits before retries, and timeouts take no time. While the test waits for a run and no body is under way, the clock
//! jumps to the next instant that anything waits for. A real body that waits (for a socket, a thread) holds the clock; a mock that
//! [`takes`](Mock::takes) an hour does not. A run that was only [started](Engine::start) sees no time pass until somebody
//! [waits](Run::wait) for it or [moves the clock](Engine::advance).
//!
//! # Signals and people
//!
//! ```
//! use flowrt::prelude::*;
//! use flowrt::testing;
//!
//! #[flow]
//! async fn publish(title: String) -> Result<String> {
//!     match receive::<bool>("approve").timeout(Duration::from_secs(3600)).await {
//!         Ok(true) => Ok(format!("{title}: published")),
//!         Ok(false) => Ok(format!("{title}: refused")),
//!         Err(_) => Ok(format!("{title}: nobody cared")),
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! let engine = testing::Engine::new();
//! let run = engine.start(publish("News".into())).await?;
//! run.signal("approve", &false).await?;
//! assert_eq!(run.wait().await?, "News: refused");
//!
//! assert_eq!(engine.run(publish("News".into())).await?, "News: nobody cared");
//!
//! engine.answer("approve", &true);
//! assert_eq!(engine.run(publish("News".into())).await?, "News: published");
//! # Ok(())
//! # }
//! ```
//!
//! # Crashes
//!
//! [`Engine::crash_before`] and [`Engine::crash_after`] make the process die at a step, [`Engine::restart`] starts the next one on
//! the same store. [`Engine::crash_everywhere`] does that at every write of a run and checks what must hold.
//!
//! ```
//! use flowrt::prelude::*;
//! use flowrt::testing;
//!
//! #[task]
//! async fn charge(cents: u32) -> Result<u32> {
//!     Ok(cents)
//! }
//!
//! #[task]
//! async fn ship(cents: u32) -> Result<String> {
//!     Ok(format!("shipped for {cents}"))
//! }
//!
//! #[flow]
//! fn order(cents: u32) -> Result<String> {
//!     let paid = charge(cents);
//!     ship(paid)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! let engine = testing::Engine::new();
//! engine.crash_before(2);
//! let run = engine.start(order(500)).await?;
//! let id = run.id;
//! assert!(run.wait().await.is_err());
//!
//! let engine = engine.restart();
//! let charged = engine.spy(charge);
//! assert_eq!(engine.resume::<String>(id).await?.wait().await?, "shipped for 500");
//! assert_eq!(charged.count(), 0);
//!
//! let sweep = engine.crash_everywhere(|| order(500)).await?;
//! assert_eq!(sweep.value, "shipped for 500");
//! // Killed between the charge and its record, the body runs again: an effect happens at least once.
//! assert_eq!(sweep.most_begun(charge), 2);
//! # Ok(())
//! # }
//! ```

mod dying;
mod engine;
mod mocks;
mod process;
mod sweep;
#[cfg(test)]
mod tests;

pub use engine::{Engine, Run};
pub use mocks::{Mock, Mockable};
pub use sweep::Sweep;
