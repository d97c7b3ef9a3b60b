//! One run with all below it as one file: it shows elsewhere what happened here, and can be run again there.

mod lines;
mod pieces;
mod read;
mod records;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;

use serde_json::json;

use super::{Engine, params, picture};
use crate::author::meta::Meta;
use crate::engine::{patiently, trouble};
use crate::error::Result;
use crate::model::blob::{Blob, BlobId};
use crate::model::graph::Graph;
use crate::model::ids::RunId;
use crate::model::payload::Payload;
use crate::model::record::{LogLine, Micros, RunRecord};
use crate::model::state::RunState;
use crate::registry;
use crate::store::{Import, Imported, LogFilter, Whole};

/// How many log lines are read at a time.
const LINES: usize = 10_000;

/// A run and all below it, taken out of a store.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    /// When.
    pub exported: Micros,
    /// The run, then those below it, parents before their children.
    runs: Vec<Whole>,
    /// The bytes that they name.
    blobs: Vec<Blob>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// The run as it is here now.
    pub record: RunRecord,
    /// `false` if it was here already, and nothing was changed.
    pub is_new: bool,
    /// How many runs the bundle holds, with those below.
    pub runs: usize,
}

impl Bundle {
    /// The run that was exported.
    pub fn root(&self) -> &RunRecord {
        let first = self.runs.first();
        &first.expect("a bundle is made with its run").record
    }

    /// How many runs it holds.
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    /// How many steps are recorded in them.
    pub fn steps(&self) -> usize {
        self.runs.iter().map(|run| run.journal.steps.len()).sum()
    }
}

impl Engine {
    /// Takes out a run with all below it: definitions, parameters, states, steps, attempts, waits, signals, logs, artifacts
    /// and results, with the bytes of files and stored values. The run stays as it is, and may be under way: then this is how it stands now.
    ///
    /// # Errors
    /// If the store does not know the run or fails, or bytes are gone or damaged.
    pub async fn export(&self, run: RunId) -> Result<Bundle> {
        let store = &self.shared.store;
        let exported = self.shared.clock.now();
        let mut runs = Vec::new();
        for (record, journal) in store.family(run).await.map_err(trouble)? {
            runs.push(Whole {
                definition: self.definition(&record).await?,
                logs: self.all_logs(record.id).await?,
                artifacts: self.artifacts(record.id).await?,
                record,
                journal,
            });
        }
        let blobs = self.bytes_of(&runs).await?;
        Ok(Bundle {
            exported,
            runs,
            blobs,
        })
    }

    /// Puts the runs of a bundle into this store, where they are shown, and rerun, but never driven: one that was under
    /// way is `Interrupted` here. A run that is here already is left as it is.
    ///
    /// # Errors
    /// If the store fails, or a value is over its limit. Then nothing is changed.
    pub async fn import(&self, bundle: Bundle) -> Result<Arrival> {
        let (id, runs) = (bundle.root().id, bundle.runs());
        let import = Import {
            blobs: bundle.blobs,
            exported: bundle.exported,
            at: self.shared.clock.now(),
            runs: bundle
                .runs
                .into_iter()
                .map(|run| settled(run, bundle.exported))
                .collect(),
        };
        let is_new = self.shared.store.import(import).await.map_err(trouble)?;
        Ok(Arrival {
            record: self.record(id).await?,
            is_new,
            runs,
        })
    }

    /// How a run came here, if it was imported.
    ///
    /// # Errors
    /// If the store does not know the run or fails.
    pub async fn imported(&self, run: RunId) -> Result<Option<Imported>> {
        self.shared.store.imported(run).await.map_err(trouble)
    }

    /// The graph of an imported run's flow as the program there knew it.
    pub(super) async fn imported_graph(&self, record: &RunRecord) -> Result<Option<Graph>> {
        let imported = self.imported(record.id).await?;
        Ok(imported.and_then(|imported| {
            let graph = imported.definition.to_value()["graph"].take();
            serde_json::from_value(graph).ok()
        }))
    }

    async fn definition(&self, record: &RunRecord) -> Result<Payload> {
        if let Some(imported) = self.imported(record.id).await? {
            return Ok(imported.definition);
        }
        let meta = self.shared.flows.get(record.flow.as_str());
        Ok(meta.map_or_else(Payload::null, |meta| definition(meta)))
    }

    async fn bytes_of(&self, runs: &[Whole]) -> Result<Vec<Blob>> {
        let mut blobs: BTreeMap<BlobId, Blob> = BTreeMap::new();
        for run in runs {
            for id in run.named_blobs() {
                if blobs.contains_key(&id) {
                    continue;
                }
                let whose = format!("what run {} published or keeps apart", run.record.name);
                let read = || self.shared.store.blob(id, whose.clone());
                let bytes = patiently(read).await.map_err(trouble)?;
                blobs.insert(id, Blob::known(id, bytes));
            }
        }
        Ok(blobs.into_values().collect())
    }

    async fn all_logs(&self, run: RunId) -> Result<Vec<LogLine>> {
        let mut lines = Vec::new();
        let mut after = None;
        loop {
            let filter = LogFilter {
                after,
                limit: LINES,
                ..LogFilter::default()
            };
            let page = self.shared.store.logs(run, filter).await.map_err(trouble)?;
            let Some((cursor, _)) = page.last() else {
                return Ok(lines);
            };
            after = Some(*cursor);
            lines.extend(page.into_iter().map(|(_, line)| line));
        }
    }
}

/// A flow as this program knows it.
fn definition(meta: &Meta) -> Payload {
    let tasks: Vec<_> = registry::callees(meta)
        .map(|callee| json!({ "name": callee.name, "fingerprint": hex(callee) }))
        .collect();
    let definition = json!({
        "name": meta.name,
        "fingerprint": hex(meta),
        "parameters": params::schema_of(meta),
        "tasks": tasks,
        "graph": picture::graph(meta),
    });
    Payload::from_json(definition.to_string())
}

fn hex(meta: &Meta) -> String {
    format!("{:016x}", meta.fingerprint)
}

/// A run as it is kept in another store: it has no owner there, and never will.
fn settled(mut run: Whole, exported: Micros) -> Whole {
    let record = &mut run.record;
    record.owner = None;
    if !record.state.is_final() && !record.state.needs_person() {
        record.state = RunState::Interrupted;
        record.finished = Some(exported);
    }
    run
}
