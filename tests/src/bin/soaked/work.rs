//! One process of a soak: it takes up what the dead left, and begins new runs, until it is told that it is enough.

use std::path::Path;

use flowrt::model::ids::RunId;
use flowrt::model::record::RunRecord;
use flowrt::model::state::RunState;
use flowrt::ops::{RunFilter, RunHandle};
use flowrt::prelude::*;
use tokio::task::JoinSet;

use crate::dice::Dice;
use crate::flows::{append, chain, family, fan, turns};

/// The runs that the store has acknowledged, a line each.
pub const ACCEPTED: &str = "accepted";

/// A line for each time a run was taken up.
pub const RESUMED: &str = "resumed";

/// No new runs once a file of this name is there.
pub const ENOUGH: &str = "enough";

/// How many runs a process drives at once.
const AT_ONCE: usize = 16;

/// How often a process looks for what the dead left, and begins a run: so that the counting at the end keeps up.
const TURN: Duration = Duration::from_millis(100);

/// A run without an owner that is younger may be one that another process begins just now.
const YOUNG: i64 = 5_000_000;

/// Works in the present folder until a file says that it is enough and nothing is left to do.
pub async fn work(store: &str, seed: u64) -> Result<()> {
    let engine = Engine::open(store).await?.crashes_max(u32::MAX);
    let mut dice = Dice::new(seed);
    let mut runs = JoinSet::new();
    loop {
        let enough = Path::new(ENOUGH).exists();
        let open = open_runs(&engine).await?;
        for run in open.iter().filter(|run| is_left(&engine, run)) {
            if let Ok(handle) = engine.resume(run.id).await {
                append(Path::new(RESUMED), &run.id.to_string())?;
                attend(&engine, &mut runs, &run.flow, handle).await?;
            }
        }
        if enough && open.is_empty() && runs.is_empty() {
            return engine.close().await;
        }
        if !enough && runs.len() < AT_ONCE {
            let flow = ["chain", "fan", "family", "turns"][dice.below(4)];
            let size = dice.below(8) as u64 + 1;
            let handle = match flow {
                "chain" => engine.start(chain(size)).await?,
                "fan" => engine.start(fan(size)).await?,
                "turns" => engine.start(turns(size)).await?,
                _ => engine.start(family(size)).await?,
            };
            append(Path::new(ACCEPTED), &format!("{} {flow} {size}", handle.id))?;
            attend(&engine, &mut runs, flow, handle).await?;
        }
        while runs.try_join_next().is_some() {}
        tokio::time::sleep(TURN).await;
    }
}

/// Sends the signal that a run waits for: once more than needed does no harm. Then waits for its end beside the others.
async fn attend(
    engine: &Engine,
    runs: &mut JoinSet<(RunId, Result<RunRecord>)>,
    flow: &str,
    handle: RunHandle,
) -> Result<()> {
    let id = handle.id;
    if flow == "family" {
        // A run that has just ended takes no signal any more.
        let _ = engine.signal(id, "go", &3.into()).await;
    }
    runs.spawn(async move { (id, handle.wait().await) });
    Ok(())
}

async fn open_runs(engine: &Engine) -> Result<Vec<RunRecord>> {
    let states = RunState::ALL.iter().copied();
    let open = states.filter(|state| !state.is_final() && *state != RunState::Parked);
    let filter = RunFilter {
        states: open.collect(),
        roots_only: true,
        ..RunFilter::default()
    };
    engine.runs(filter).await
}

/// Whether nobody drives it.
fn is_left(engine: &Engine, run: &RunRecord) -> bool {
    engine.is_orphaned(run) || run.owner.is_none() && engine.now() - run.created > YOUNG
}
