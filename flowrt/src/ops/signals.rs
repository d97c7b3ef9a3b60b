//! Judging a signal before it is sent: the step that waits for it has recorded what it takes.

use serde_json::Value;

use super::params::check::{Findings, check};
use super::params::schema::Place;
use super::params::{Fault, text};
use super::{Engine, Reason, Why};
use crate::error::{Error, ErrorKind, Result};
use crate::model::ids::RunId;
use crate::model::record::RunRecord;

/// Signals that the steps of a run wait for.
#[derive(Debug, Clone, Default)]
pub struct Awaited(Vec<(String, Value)>);

impl Engine {
    /// What the run waits for just now.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn awaited(&self, run: RunId) -> Result<Awaited> {
        let waits = self.journal(run).await?.waits;
        let signals = waits.into_iter().filter_map(|wait| {
            let name = wait.detail.get("name")?.as_str()?.to_owned();
            let schema = wait.detail.get("schema").cloned();
            Some((name, schema.unwrap_or(Value::Bool(true))))
        });
        Ok(Awaited(signals.collect()))
    }
}

/// A run that has ended takes no signal.
pub(super) fn refused(record: &RunRecord) -> Error {
    let message = format!("the run {} has ended as {}", record.name, record.state);
    Error::new(ErrorKind::Input, message).hint("signals are for runs that go on")
}

impl Awaited {
    /// What the reasons of a run say that it waits for.
    pub fn of(run: RunId, reasons: &[Reason]) -> Self {
        let own = reasons.iter().filter(|reason| reason.run == run);
        let signals = own.filter_map(|reason| match &reason.why {
            Why::Signal { signal, schema, .. } => {
                // One that has recorded no schema takes anything.
                let schema = Some(schema).filter(|schema| !schema.is_null());
                let schema = schema.cloned().unwrap_or(Value::Bool(true));
                Some((signal.clone(), schema))
            }
            _ => None,
        });
        Self(signals.collect())
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    fn schema(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(there, _)| there == name);
        found.map(|(_, schema)| schema)
    }

    /// The value that a person typed: by what the step takes, if one waits, else as JSON.
    ///
    /// # Errors
    /// Why it is no such value.
    pub fn read(&self, name: &str, typed: &str) -> Result<Value, String> {
        match self.schema(name) {
            Some(schema) => text::read(Place::root(schema), &[typed]),
            None => serde_json::from_str(typed).map_err(|error| {
                format!("is not JSON: {error}; a text needs quotes, as in '\"{typed}\"'")
            }),
        }
    }

    /// What is wrong with the value for the step that waits; nothing if none waits yet.
    pub fn faults(&self, name: &str, value: &Value) -> Vec<Fault> {
        let mut found = Findings::default();
        if let Some(schema) = self.schema(name) {
            check(Place::root(schema), value, &mut name.to_owned(), &mut found);
        }
        found.shapes.append(&mut found.bounds);
        found.shapes
    }
}
