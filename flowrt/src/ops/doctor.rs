//! Looking for trouble before it costs a run.

use super::{Engine, RunFilter, params};
use crate::author::meta::Meta;
use crate::engine::trouble;
use crate::error::Error;
use crate::model::number::counted;
use crate::model::record::{Micros, RunRecord};
use crate::model::state::RunState;

/// 2020-01-01: no clock of a machine that can run this program shows an earlier day.
const EARLIEST_NOW: Micros = 1_577_836_800_000_000;
/// Clocks of two machines may differ by so much without a word.
const CLOCK_SLACK: Micros = 60_000_000;
/// How many of the newest runs are looked at.
const NEWEST: usize = 1_000;
/// How many names a finding spells out.
const NAMES_SHOWN: usize = 5;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// All is well.
    Good,
    /// Nothing is wrong, but a person may want to know.
    Notice,
    /// Something will fail, or has.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What: `flows`, `store`, `integrity`, `clock`, `lost`, `runs`.
    pub what: &'static str,
    /// How it is.
    pub health: Health,
    /// In words.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Finding {
    fn good(what: &'static str, message: impl Into<String>) -> Self {
        Self {
            what,
            health: Health::Good,
            message: message.into(),
            hint: None,
        }
    }

    fn notice(what: &'static str, message: String, hint: &str) -> Self {
        Self {
            what,
            health: Health::Notice,
            message,
            hint: Some(hint.to_owned()),
        }
    }

    fn bad(what: &'static str, message: impl Into<String>, hint: &str) -> Self {
        Self {
            what,
            health: Health::Bad,
            message: message.into(),
            hint: Some(hint.to_owned()),
        }
    }

    fn failed(what: &'static str, error: &Error) -> Self {
        Self {
            what,
            health: Health::Bad,
            message: error.to_string(),
            hint: error.try_this().map(str::to_owned),
        }
    }
}

/// Looks at the flows that were linked into this program.
pub fn flows(flows: &[&'static Meta]) -> Vec<Finding> {
    if flows.is_empty() {
        return vec![Finding::failed("flows", &crate::registry::none())];
    }
    let mut findings = Vec::new();
    for meta in flows {
        for param in meta.params.iter().filter(|param| param.default.is_some()) {
            let fault = match params::default(param) {
                None => Some("cannot be made".to_owned()),
                Some(value) => (param.check)(&value)
                    .err()
                    .map(|(_, fault)| format!("does not come back from its record: {fault}")),
            };
            if let Some(fault) = fault {
                let message = format!(
                    "the default of `{}` of the flow `{}` {fault}",
                    param.name, meta.name
                );
                let hint = "give it another default, or make its Serialize and Deserialize agree";
                findings.push(Finding::bad("flows", message, hint));
            }
        }
    }
    if findings.is_empty() {
        findings.push(Finding::good("flows", counted(flows.len() as u64, "flow")));
    }
    findings
}

/// Looks at an open store and what it holds.
pub async fn store(engine: &Engine) -> Vec<Finding> {
    let mut findings = vec![match engine.store_schema().await {
        Ok(Some(schema)) => Finding::good(
            "store",
            format!("{} opens and can be written, schema {schema}", engine.url()),
        ),
        Ok(None) => Finding::good("store", "there is none yet; the first run makes it"),
        Err(error) => Finding::failed("store", &error),
    }];
    findings.push(integrity(engine).await);
    let newest = RunFilter {
        limit: NEWEST,
        ..RunFilter::default()
    };
    match engine.runs(newest).await {
        Ok(runs) => findings.push(clock(engine, &runs)),
        Err(error) => findings.push(Finding::failed("clock", &error)),
    }
    match unfinished_here(engine).await {
        Ok(runs) => {
            findings.extend(stuck(engine, &runs));
            findings.push(lost(engine, &runs).await);
        }
        Err(error) => findings.push(Finding::failed("runs", &error)),
    }
    findings
}

async fn integrity(engine: &Engine) -> Finding {
    match engine.shared.store.damage().await.map_err(trouble) {
        Ok(damage) if damage.is_empty() => Finding::good("integrity", "no damage"),
        Ok(damage) => Finding::bad(
            "integrity",
            format!("the store is damaged: {}", damage.join("; ")),
            "stop all programs that use it, copy the file and what is beside it, and restore a backup",
        ),
        Err(error) => Finding::failed("integrity", &error),
    }
}

fn clock(engine: &Engine, runs: &[RunRecord]) -> Finding {
    let now = engine.now();
    if now < EARLIEST_NOW {
        return Finding::bad(
            "clock",
            "this machine's clock is years behind",
            "set it (timedatectl set-ntp true): retries, timeouts and schedules go by it",
        );
    }
    let ahead = runs.iter().filter(|run| run.created > now + CLOCK_SLACK);
    match ahead.count() {
        0 => Finding::good("clock", "no run is from the future"),
        count => Finding::bad(
            "clock",
            format!(
                "{} from the future: this clock was set back, or another machine's is ahead",
                counted(count as u64, "run")
            ),
            "set the clocks of all machines that use this store",
        ),
    }
}

/// Flows that the store has seen and this program has not, and runs that cannot go on without them.
async fn lost(engine: &Engine, unfinished: &[RunRecord]) -> Finding {
    let mut lost = match engine.shared.store.remember_flows(Vec::new()).await {
        Ok(names) => names,
        Err(error) => return Finding::failed("lost", &trouble(error)),
    };
    let is_gone = |flow: &str| !engine.shared.flows.contains_key(flow);
    let waiting: Vec<_> = unfinished.iter().filter(|run| is_gone(&run.flow)).collect();
    lost.extend(waiting.iter().map(|run| run.flow.clone()));
    lost.retain(|flow| is_gone(flow));
    lost.sort_unstable();
    lost.dedup();
    if lost.is_empty() {
        return Finding::good("lost", "no flow was lost");
    }
    let message = format!(
        "this program does not have flows that the store knows: {}",
        names(&lost)
    );
    let waiting: Vec<_> = waiting.into_iter().map(|run| run.name.clone()).collect();
    if waiting.is_empty() {
        let hint = "if they were meant to be here, name their crate where the program starts: flowrt::main!(flows = [my_flows])";
        return Finding::notice("lost", message, hint);
    }
    let message = format!(
        "{message}; runs of them that have not ended: {}",
        names(&waiting)
    );
    Finding::bad(
        "lost",
        message,
        "bring the flows back and resume the runs, or: runs cancel NAME",
    )
}

/// Runs that have not ended, without those out of another store, which nobody here can go on with.
async fn unfinished_here(engine: &Engine) -> Result<Vec<RunRecord>, Error> {
    let mut here = Vec::new();
    for run in engine.runs(unfinished()).await? {
        if engine.imported(run.id).await?.is_none() {
            here.push(run);
        }
    }
    Ok(here)
}

/// Runs that have not ended.
fn unfinished() -> RunFilter {
    let states = RunState::ALL.iter().copied();
    RunFilter {
        states: states.filter(|state| !state.is_final()).collect(),
        ..RunFilter::default()
    }
}

/// Runs that do not go on by themselves.
fn stuck(engine: &Engine, runs: &[RunRecord]) -> Vec<Finding> {
    let roots = || runs.iter().filter(|run| run.parent.is_none());
    let gone: Vec<_> = roots()
        .filter(|run| engine.is_orphaned(run))
        .map(|run| run.name.clone())
        .collect();
    let asking: Vec<_> = roots()
        .filter(|run| run.state.needs_person())
        .map(|run| run.name.clone())
        .collect();
    let mut findings = Vec::new();
    if !gone.is_empty() {
        let message = format!(
            "{} whose process is gone: {}",
            counted(gone.len() as u64, "run"),
            names(&gone)
        );
        findings.push(Finding::notice(
            "runs",
            message,
            "runs resume NAME goes on where it stopped",
        ));
    }
    if !asking.is_empty() {
        let message = format!(
            "{} waiting for a person: {}",
            counted(asking.len() as u64, "run"),
            names(&asking)
        );
        findings.push(Finding::notice("runs", message, "runs show NAME says why"));
    }
    if findings.is_empty() {
        findings.push(Finding::good("runs", "none is stuck"));
    }
    findings
}

fn names(all: &[String]) -> String {
    let shown = all
        .iter()
        .take(NAMES_SHOWN)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    match all.len().saturating_sub(NAMES_SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
