//! Writing a bundle.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::value::RawValue;

use super::Bundle;
use super::lines::{End, Flow, Head, Line, Scope, VERSION, Wait};
use super::pieces::pieces;
use super::records::{artifact, attempt, json, run, signal, step};
use crate::store::Whole;

/// Writes lines, and remembers what the last one must say.
struct Lines<W> {
    out: W,
    count: usize,
    hash: blake3::Hasher,
}

impl<W: Write> Lines<W> {
    fn put(&mut self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        self.count += 1;
        self.hash.update(text.as_bytes());
        self.out.write_all(text.as_bytes())
    }

    fn end(mut self) -> io::Result<()> {
        let end = Line::End(End {
            lines: self.count,
            blake3: self.hash.finalize().to_hex().to_string(),
        });
        self.put(&end)?;
        self.out.flush()
    }
}

impl Bundle {
    /// Writes it as JSON lines.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&self, out: impl Write) -> io::Result<()> {
        let mut lines = Lines {
            out,
            count: 0,
            hash: blake3::Hasher::new(),
        };
        lines.put(&Line::Bundle(Head {
            version: VERSION,
            flowrt: env!("CARGO_PKG_VERSION").to_owned(),
            exported: self.exported,
        }))?;
        let flows: BTreeMap<_, _> = self
            .runs
            .iter()
            .map(|run| (run.record.flow.as_str(), &run.definition))
            .collect();
        for (name, definition) in flows {
            let definition: Box<RawValue> = json(definition);
            let name = name.to_owned();
            lines.put(&Line::Flow(Flow { name, definition }))?;
        }
        for whole in &self.runs {
            lines.put(&Line::Run(Box::new(run(&whole.record))))?;
        }
        for whole in &self.runs {
            inside(&mut lines, whole)?;
        }
        for piece in self.blobs.iter().flat_map(pieces) {
            lines.put(&Line::Blob(piece))?;
        }
        lines.end()
    }
}

fn inside<W: Write>(lines: &mut Lines<W>, whole: &Whole) -> io::Result<()> {
    let (run, journal) = (whole.record.id, &whole.journal);
    for record in &journal.steps {
        lines.put(&Line::Step(Box::new(step(run, record))))?;
    }
    for record in &journal.attempts {
        lines.put(&Line::Attempt(attempt(run, record)))?;
    }
    for wait in &journal.waits {
        lines.put(&Line::Wait(Wait {
            run,
            step: wait.step.clone(),
            kind: wait.kind.clone(),
            due: wait.due,
            detail: wait.detail.clone(),
        }))?;
    }
    for (scope, length) in &journal.scopes {
        lines.put(&Line::Scope(Scope {
            run,
            scope: scope.clone(),
            length: *length,
        }))?;
    }
    for record in &journal.signals {
        lines.put(&Line::Signal(signal(run, record)))?;
    }
    for line in &whole.logs {
        lines.put(&Line::Log(line.clone()))?;
    }
    for record in &whole.artifacts {
        lines.put(&Line::Artifact(artifact(record)))?;
    }
    Ok(())
}
