//! Runs that are taken up again: what is done again, what is not, and what the plan says before.

mod changed;
mod children;
mod command_line;
mod failures;
mod question;
mod reruns;

use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, Mutex};

use flowrt::model::plan::Plan;
use flowrt::model::record::RunRecord;
use flowrt::ops::RunHandle;
use flowrt::prelude::*;

/// What happened outside, by the key that each test gives its flows.
static LEDGER: LazyLock<Mutex<HashMap<String, Vec<String>>>> = LazyLock::new(Mutex::default);
/// What fails for now.
static BROKEN: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

fn effect(key: &str, what: &str) {
    let mut ledger = LEDGER.lock().expect("no test panics with it");
    ledger
        .entry(key.to_owned())
        .or_default()
        .push(what.to_owned());
}

/// What happened since the last look, sorted: tasks beside each other end in any order.
fn effects(key: &str) -> Vec<String> {
    let mut ledger = LEDGER.lock().expect("no test panics with it");
    let mut seen = ledger.remove(key).unwrap_or_default();
    seen.sort();
    seen
}

fn breaks(key: &str, what: &str) {
    BROKEN
        .lock()
        .expect("no test panics with it")
        .insert(format!("{key}/{what}"));
}

fn mend(key: &str) {
    let prefix = format!("{key}/");
    BROKEN
        .lock()
        .expect("no test panics with it")
        .retain(|broken| !broken.starts_with(&prefix));
}

/// Leaves a trace, and fails while it is broken.
#[task(name = "again-act")]
async fn act(key: String, what: String) -> Result<String> {
    effect(&key, &what);
    let broken = BROKEN.lock().expect("no test panics with it");
    if broken.contains(&format!("{key}/{what}")) {
        return Err(format!("{what} is broken").into());
    }
    Ok(what)
}

/// Uses two values.
#[task(name = "again-join")]
async fn join(key: String, left: String, right: String) -> Result<String> {
    effect(&key, "join");
    Ok(format!("{left}+{right}"))
}

async fn engine() -> Engine {
    Engine::open("memory:")
        .await
        .expect("a store in memory opens")
}

async fn ended(started: Result<RunHandle>) -> RunRecord {
    let run = started.expect("it starts");
    run.wait().await.expect("the store works")
}

/// The plan, a line per step.
fn said(plan: &Plan) -> Vec<String> {
    plan.steps
        .iter()
        .map(|line| format!("{} {}: {}", line.action.as_str(), line.step, line.reason))
        .collect()
}
