//! Flows with parameters of every kind, for the tests of the command line.

use std::collections::BTreeMap;

use flowrt::prelude::*;
use serde::{Deserialize, Serialize};

/// Where to ship.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Region {
    Eu,
    NorthAmerica,
    SouthAmerica,
}

/// A span of days.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Window {
    /// The first day.
    from: String,
    /// The day after the last one.
    until_day: Option<String>,
    #[serde(default)]
    days: Vec<u8>,
}

/// Where the result goes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Target {
    File { path: String },
    Bucket { name: String, public: bool },
}

/// Says back everything that it was given.
///
/// The second paragraph is only in the long help.
#[flow(schedule = "0 10 * * *", timezone = "Asia/Tokyo")]
#[allow(clippy::too_many_arguments)]
async fn ship(
    #[arg(default = Region::Eu, help = "where to")] region: Region,
    #[arg(default = 10, env = "DESK_PAGES")] pages: u32,
    #[arg(default = "all")] what: String,
    dry_run: bool,
    only: Option<String>,
    #[arg(default = Vec::new())] tags: Vec<String>,
    #[arg(default = BTreeMap::new())] labels: BTreeMap<String, u32>,
    window: Option<Window>,
    target: Option<Target>,
    #[arg(default = 0.5, flag = "max-share")] share: f64,
    #[arg(default = Duration::from_secs(60))] pause: Duration,
) -> Result<String> {
    say(format!(
        "{region:?} {pages} {what} {dry_run} {only:?} {tags:?} {labels:?} {window:?} {target:?} {share} {pause:?}"
    ))
    .await
}

/// Needs all of its parameters.
#[flow]
async fn strict(region: Region, pages: u8, window: Window, exact: bool) -> Result<String> {
    say(format!("{region:?} {pages} {window:?} {exact}")).await
}

/// Fails at its second task.
#[flow]
fn broken(#[arg(default = "the disk is full")] why: String) -> Result<String> {
    let first = say("first".to_owned());
    let second = refuse(why);
    join(first, second)
}

/// Waits for somebody to say yes.
#[flow]
async fn asks() -> Result<bool> {
    say("asked".to_owned()).await?;
    receive::<bool>("yes").await
}

/// Starts another flow.
#[flow]
async fn parent() -> Result<String> {
    strict(
        Region::Eu,
        1,
        Window {
            from: "today".to_owned(),
            until_day: None,
            days: Vec::new(),
        },
        true,
    )
    .await
}

#[task]
async fn say(text: String) -> Result<String> {
    Ok(text)
}

#[task]
async fn refuse(why: String) -> Result<String> {
    Err(Error::fatal(why))
}

#[task]
async fn join(one: String, two: String) -> Result<String> {
    Ok(one + &two)
}

flowrt::main!();
