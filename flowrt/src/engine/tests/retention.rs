//! Old runs go by themselves while an engine is open.

use std::time::Duration;

use super::{on_a_fake_clock, sum};
use crate::config::Retention;
use crate::engine::retention;
use crate::ops::RunFilter;

#[tokio::test]
async fn what_ended_long_ago_goes_while_the_process_runs() {
    let (engine, clock) = on_a_fake_clock();
    for _ in 0..3 {
        engine.run(sum(1)).await.expect("it completes");
    }
    let hourly = Retention {
        older_than: Some(Duration::from_secs(3600)),
        keep: 1,
        every: Duration::from_secs(600),
    };
    retention::keep(engine.shared(), &hourly);
    let mut left = Vec::new();
    for _ in 0..8 {
        clock.advance(Duration::from_secs(600));
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let runs = engine.runs(RunFilter::default()).await;
        left.push(runs.expect("the store works").len());
    }
    // At the sixth look it is just an hour, at the seventh it is more.
    assert_eq!(left, [3, 3, 3, 3, 3, 3, 1, 1]);
}
