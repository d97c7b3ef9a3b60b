//! Counts from outside, at the end of a soak, what became of what was promised.

use std::collections::HashMap;
use std::path::Path;

use flowrt::model::record::StepKind;
use flowrt::model::state::{RunState, TaskState};
use flowrt::ops::RunFilter;
use flowrt::prelude::*;

use crate::flows::{Done, EFFECTS, expected};
use crate::work::{ACCEPTED, RESUMED};

/// What a soak shows.
#[derive(Debug, Default)]
pub struct Count {
    /// Runs that the store has, children included.
    pub runs: u64,
    /// Runs whose start was acknowledged.
    pub accepted: u64,
    /// Bodies that began.
    pub effects: u64,
    /// Results that are recorded.
    pub recorded: u64,
    /// Times that a run was taken up.
    pub resumes: u64,
    /// Accepted runs that did not complete.
    pub lost: u64,
    /// Recorded results, or recorded failed attempts, that were computed again.
    pub doubled: u64,
    /// Runs that gave another value than they must, and results that no execution gave.
    pub wrong: u64,
    /// What was found, in words: the first of it.
    pub findings: Vec<String>,
}

/// How many findings are told.
const TOLD: usize = 20;

impl Count {
    fn find(&mut self, words: String) {
        if self.findings.len() < TOLD {
            self.findings.push(words);
        }
    }
}

/// The executions of each step, in the order in which they began: attempt and nonce.
type Executions = HashMap<String, Vec<(u32, String)>>;

/// Reads the store and the ledgers of a soak.
pub async fn count(folder: &Path, store: &str) -> Result<Count> {
    let engine = Engine::open(store).await?;
    let mut count = Count::default();
    let executions = executions(&lines(folder, EFFECTS));
    count.effects = executions.values().map(|all| all.len() as u64).sum();
    count.resumes = lines(folder, RESUMED).len() as u64;
    attempts_only_rise(&executions, &mut count);
    let runs = engine.runs(RunFilter::default()).await?;
    count.runs = runs.len() as u64;
    for run in &runs {
        results_are_of_the_last_execution(&engine, run.id, &executions, &mut count).await?;
    }
    let outcomes: HashMap<String, _> = runs.iter().map(|run| (run.id.to_string(), run)).collect();
    for line in lines(folder, ACCEPTED) {
        count.accepted += 1;
        let mut words = line.split(' ');
        let (id, flow, size) = (words.next(), words.next(), words.next());
        let run = id.and_then(|id| outcomes.get(id));
        match run {
            Some(run) if run.state == RunState::Completed => {
                let size = size.and_then(|size| size.parse().ok()).unwrap_or_default();
                let must = expected(flow.unwrap_or_default(), size);
                let gave = run
                    .output
                    .as_ref()
                    .and_then(|output| output.to_value().as_u64());
                if gave != must {
                    count.wrong += 1;
                    count.find(format!("{line} gave {gave:?} instead of {must:?}"));
                }
            }
            Some(run) => {
                count.lost += 1;
                count.find(format!("{line} is {:?}: {:?}", run.state, run.error));
            }
            None => {
                count.lost += 1;
                count.find(format!("{line} is not in the store"));
            }
        }
    }
    engine.close().await?;
    Ok(count)
}

fn lines(folder: &Path, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn executions(lines: &[String]) -> Executions {
    let mut all = Executions::new();
    for line in lines {
        let mut parts = line.rsplitn(3, ' ');
        if let (Some(by), Some(attempt), Some(key)) = (parts.next(), parts.next(), parts.next()) {
            let attempt = attempt.parse().unwrap_or_default();
            all.entry(key.to_owned())
                .or_default()
                .push((attempt, by.to_owned()));
        }
    }
    all
}

/// An attempt is begun only after the one before is recorded: no earlier one may follow it.
fn attempts_only_rise(executions: &Executions, count: &mut Count) {
    for (key, all) in executions {
        for pair in all.windows(2).filter(|pair| pair[0].0 > pair[1].0) {
            count.doubled += 1;
            count.find(format!("{key}: attempt {} after {}", pair[1].0, pair[0].0));
        }
    }
}

/// A run has one owner, so an execution that began after the one whose result is recorded began after that was recorded.
async fn results_are_of_the_last_execution(
    engine: &Engine,
    run: flowrt::model::ids::RunId,
    executions: &Executions,
    count: &mut Count,
) -> Result<()> {
    for step in engine.journal(run).await?.steps {
        if step.kind != StepKind::Task || step.state != TaskState::Completed {
            continue;
        }
        count.recorded += 1;
        let key = format!("{run}/{}", step.step);
        let value = step.output.map(|output| output.to_value());
        let done = value.and_then(|value| serde_json::from_value::<Done>(value).ok());
        let by = done.map(|done| done.by).unwrap_or_default();
        let all = executions.get(&key).map(Vec::as_slice).unwrap_or_default();
        match all.iter().rposition(|(_, nonce)| *nonce == by) {
            None => {
                count.wrong += 1;
                count.find(format!("{key}: no execution gave what is recorded"));
            }
            Some(place) if place + 1 < all.len() => {
                count.doubled += 1;
                count.find(format!("{key}: ran again after {by} was recorded"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_that_comes_again_is_counted() {
        let of = |text: &str| {
            let lines: Vec<String> = text.lines().map(str::to_owned).collect();
            let mut count = Count::default();
            attempts_only_rise(&executions(&lines), &mut count);
            count.doubled
        };
        assert_eq!(of("r/a 1 x\nr/a 1 y\nr/a 2 z\nr/b 1 u"), 0);
        assert_eq!(of("r/a 1 x\nr/a 2 y\nr/a 1 z"), 1);
    }
}
