//! Reading a bundle: nothing is believed before the last line says that all is there.

use std::collections::HashMap;
use std::io::{BufRead, Read};

use serde::Deserialize;

use super::Bundle;
use super::lines::{End, Head, Line, VERSION};
use super::pieces::Pieces;
use super::records::{artifact_record, attempt_record, run_record, signal_record, step_record};
use crate::error::{Error, ErrorKind, Result};
use crate::model::ids::RunId;
use crate::model::payload::Payload;
use crate::model::record::{Journal, WaitRecord};
use crate::store::Whole;

/// A longer line is refused before it fills the memory: two values of the largest size fit many times.
const LINE_BYTES_MAX: u64 = 1 << 30;

impl Bundle {
    /// Reads JSON lines. `name` says where they come from.
    ///
    /// # Errors
    /// If this is no bundle, a newer one, or one that is torn or was changed; with the line.
    pub fn read(name: &str, lines: impl BufRead) -> Result<Self> {
        let mut reader = Reader {
            name,
            lines,
            count: 0,
            hash: blake3::Hasher::new(),
        };
        let exported = reader.head()?.exported;
        let mut builder = Builder::default();
        loop {
            let before = reader.hash.finalize().to_hex().to_string();
            let text = reader.line()?.ok_or_else(|| reader.torn())?;
            let line = reader.parse::<Line>(&text)?;
            if let Line::End(end) = line {
                reader.check_end(&end, &before)?;
                break;
            }
            builder.take(line).map_err(|fault| reader.fault(&fault))?;
        }
        let Builder { runs, pieces, .. } = builder;
        if runs.is_empty() {
            return Err(reader.fault("there is no run in it"));
        }
        let named = runs.iter().flat_map(Whole::named_blobs);
        let blobs = pieces.whole(named).map_err(|fault| reader.fault(&fault))?;
        Ok(Self {
            exported,
            runs,
            blobs,
        })
    }
}

struct Reader<'a, R> {
    name: &'a str,
    lines: R,
    count: usize,
    hash: blake3::Hasher,
}

impl<R: BufRead> Reader<'_, R> {
    /// The next line without its end. `None` at the end of the file; a line that lacks its end was torn.
    fn line(&mut self) -> Result<Option<String>> {
        let mut bytes = Vec::new();
        (&mut self.lines)
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut bytes)
            .map_err(|error| {
                let message = format!("{} cannot be read: {error}", self.name);
                Error::new(ErrorKind::Input, message).hint("check the file and its disk")
            })?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.count += 1;
        if bytes.len() as u64 == LINE_BYTES_MAX {
            return Err(self.fault("the line is longer than a gigabyte"));
        }
        self.hash.update(&bytes);
        let text = String::from_utf8(bytes).map_err(|_| self.fault("it is not text in UTF-8"))?;
        match text.strip_suffix('\n') {
            Some(text) => Ok(Some(text.to_owned())),
            // Whatever is in it, the last line of a whole bundle ends.
            None if self.count > 1 => Err(self.torn()),
            None => Ok(Some(text)),
        }
    }

    /// The first line, read for its version before anything else is judged.
    fn head(&mut self) -> Result<Head> {
        #[derive(Deserialize)]
        struct First {
            bundle: Version,
        }
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let foreign = || {
            let message = format!("{} is not a bundle of a flowrt run", self.name);
            Error::new(ErrorKind::Input, message)
                .hint("make one where the run is: store export RUN")
        };
        let foreign = foreign();
        let Some(text) = self.line().map_err(|_| foreign.clone())? else {
            let message = format!("{} is empty", self.name);
            return Err(Error::new(ErrorKind::Input, message)
                .hint("make one where the run is: store export RUN"));
        };
        let First { bundle } = serde_json::from_str(&text).map_err(|_| foreign)?;
        if bundle.version > VERSION {
            let message = format!(
                "{} was written by a newer flowrt (bundle {}; this program reads up to {VERSION})",
                self.name, bundle.version
            );
            return Err(Error::new(ErrorKind::Input, message)
                .hint("build this program with the newer flowrt; nothing was changed"));
        }
        match self.parse::<Line>(&text)? {
            Line::Bundle(head) => Ok(head),
            _ => Err(self.fault("the first line is another one")),
        }
    }

    fn parse<'t, T: Deserialize<'t>>(&self, text: &'t str) -> Result<T> {
        serde_json::from_str(text).map_err(|error| self.fault(&error.to_string()))
    }

    fn check_end(&mut self, end: &End, before: &str) -> Result<()> {
        if end.lines + 1 != self.count || end.blake3 != before {
            let message = format!(
                "{} is not what was exported: it was changed or damaged since",
                self.name
            );
            return Err(Error::new(ErrorKind::Input, message)
                .hint("copy or export it again; nothing was changed here"));
        }
        match self.line()? {
            None => Ok(()),
            Some(_) => Err(self.fault("something follows the end of the bundle")),
        }
    }

    fn torn(&self) -> Error {
        let message = format!(
            "{} ends in the middle, after line {}: it was not copied or written to its end",
            self.name, self.count
        );
        Error::new(ErrorKind::Input, message)
            .hint("copy or export it again; nothing was changed here")
    }

    fn fault(&self, fault: &str) -> Error {
        let message = format!("{}, line {}: {fault}", self.name, self.count);
        Error::new(ErrorKind::Input, message)
            .hint("copy or export it again; nothing was changed here")
    }
}

/// Puts the lines together.
#[derive(Default)]
struct Builder {
    definitions: HashMap<String, Payload>,
    runs: Vec<Whole>,
    places: HashMap<RunId, usize>,
    pieces: Pieces,
}

impl Builder {
    fn take(&mut self, line: Line) -> Result<(), String> {
        match line {
            Line::Bundle(_) | Line::End(_) => return Err("it begins a second time".to_owned()),
            Line::Flow(flow) => {
                let definition = Payload::from_json(flow.definition.get());
                self.definitions.insert(flow.name, definition);
            }
            Line::Run(run) => self.run(Whole {
                record: run_record(*run)?,
                journal: Journal::default(),
                logs: Vec::new(),
                artifacts: Vec::new(),
                definition: Payload::null(),
            })?,
            Line::Step(step) => {
                let journal = self.journal(step.run)?;
                let record = step_record(*step)?;
                if journal
                    .steps
                    .last()
                    .is_some_and(|last| last.seq >= record.seq)
                {
                    return Err(format!("the step {} is out of order", record.step));
                }
                journal.steps.push(record);
            }
            Line::Attempt(attempt) => {
                let journal = self.journal(attempt.run)?;
                journal.attempts.push(attempt_record(attempt));
            }
            Line::Wait(wait) => self.journal(wait.run)?.waits.push(WaitRecord {
                step: wait.step,
                kind: wait.kind,
                due: wait.due,
                detail: wait.detail,
            }),
            Line::Scope(scope) => {
                let journal = self.journal(scope.run)?;
                journal.scopes.push((scope.scope, scope.length));
            }
            Line::Signal(signal) => {
                let journal = self.journal(signal.run)?;
                if signal.seq != journal.signals.len() as u64 {
                    return Err(format!("the signal {} is out of order", signal.name));
                }
                journal.signals.push(signal_record(signal));
            }
            Line::Log(line) => self.whole(line.run)?.logs.push(line),
            Line::Artifact(line) => {
                let artifacts = &mut self.whole(line.run)?.artifacts;
                artifacts.push(artifact_record(line)?);
            }
            Line::Blob(piece) => self.pieces.take(&piece)?,
        }
        Ok(())
    }

    /// The first run is the one that was exported; the others are below it, parents first.
    fn run(&mut self, mut run: Whole) -> Result<(), String> {
        let record = &run.record;
        let parent = record.parent.as_ref().map(|(parent, _)| parent);
        if !self.runs.is_empty() && !parent.is_some_and(|id| self.places.contains_key(id)) {
            return Err(format!("the run {} is not below another one", record.name));
        }
        if let Some(definition) = self.definitions.get(&record.flow) {
            run.definition = definition.clone();
        }
        match self.places.insert(record.id, self.runs.len()) {
            Some(_) => Err(format!("the run {} is there twice", record.name)),
            None => {
                self.runs.push(run);
                Ok(())
            }
        }
    }

    fn whole(&mut self, run: RunId) -> Result<&mut Whole, String> {
        let place = self.places.get(&run);
        place
            .and_then(|place| self.runs.get_mut(*place))
            .ok_or_else(|| format!("it is of the run {run}, which is not there"))
    }

    fn journal(&mut self, run: RunId) -> Result<&mut Journal, String> {
        self.whole(run).map(|run| &mut run.journal)
    }
}
