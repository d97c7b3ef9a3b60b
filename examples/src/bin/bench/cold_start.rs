//! From the start of a process to its first body and to its end, on a store that is there.

use std::process::{Command, Stdio};
use std::time::Duration;

use flowrt::clock::{Clock, Stopwatch};
use flowrt::{Error, Result};

use crate::arguments::Arguments;
use crate::report::{Report, round};

/// The word that makes this program end at once: what a process costs at least.
pub const NOTHING: &str = "nothing";

/// Measures it. `tasks` is the number of starts; `seconds` is the median of one.
pub async fn measure(arguments: &Arguments) -> Result<Report> {
    // The first start makes the store.
    start(arguments)?;
    let (mut whole, mut first, mut limit) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..arguments.tasks {
        let (to_exit, to_body) = start(arguments)?;
        whole.push(to_exit);
        first.push(to_body);
        limit.push(start_nothing()?);
    }
    let (min, median, max) = spread(&mut whole);
    let (body_min, body_median, body_max) = spread(&mut first);
    let (_, limit, _) = spread(&mut limit);
    Ok(Report::new(
        arguments,
        median,
        limit,
        "a process of the same executable that ends at once",
    )
    .of(1)
    .with("min_ms", millis(min))
    .with("median_ms", millis(median))
    .with("max_ms", millis(max))
    .with("first_body_min_ms", millis(body_min))
    .with("first_body_median_ms", millis(body_median))
    .with("first_body_max_ms", millis(body_max)))
}

/// One start: the time to its end, and to its first body, which tells when that was.
fn start(arguments: &Arguments) -> Result<(Duration, Duration)> {
    let began = Clock::real().now();
    let watch = Stopwatch::start();
    let output = Command::new(std::env::current_exe()?)
        .args(["run", "start_once", "--store", &arguments.store])
        .stderr(Stdio::null())
        .output()?;
    let to_exit = watch.elapsed();
    if !output.status.success() {
        return Err(Error::from("the started process failed"));
    }
    let moment: i64 = String::from_utf8_lossy(&output.stdout).trim().parse()?;
    let to_body = Duration::from_micros(u64::try_from(moment - began).unwrap_or(0));
    Ok((to_exit, to_body))
}

/// What a process costs at least.
pub fn start_nothing() -> Result<Duration> {
    let watch = Stopwatch::start();
    Command::new(std::env::current_exe()?)
        .arg(NOTHING)
        .output()?;
    Ok(watch.elapsed())
}

/// The least, the middle and the most.
fn spread(times: &mut [Duration]) -> (Duration, Duration, Duration) {
    times.sort_unstable();
    match times {
        [] => Default::default(),
        [first, ..] => (*first, times[times.len() / 2], times[times.len() - 1]),
    }
}

fn millis(duration: Duration) -> f64 {
    round(duration.as_secs_f64() * 1000.0)
}
