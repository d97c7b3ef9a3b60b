//! The lines of a bundle as JSON. What they mean is in docs/guide/store.md; a change that an older reader would get wrong
//! raises [`VERSION`].

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::model::artifact::ArtifactKind;
use crate::model::dispatch::Dispatch;
use crate::model::ids::RunId;
use crate::model::record::{CacheUse, LogLine, Micros};

/// The version of the format that is written, and the newest that is read.
pub(super) const VERSION: u32 = 1;

/// A value as the JSON that it is.
pub(super) type Json = Box<RawValue>;

/// One line: an object with one field, whose name says what it is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    Bundle(Head),
    Flow(Flow),
    Run(Box<Run>),
    Step(Box<Step>),
    Attempt(Attempt),
    Wait(Wait),
    Scope(Scope),
    Signal(Signal),
    Log(LogLine),
    Artifact(Artifact),
    Blob(Piece),
    End(End),
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub version: u32,
    /// The version of flowrt that wrote it.
    pub flowrt: String,
    pub exported: Micros,
}

/// A flow as the program knew it that wrote the bundle.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Flow {
    pub name: String,
    pub definition: Json,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Run {
    pub id: RunId,
    pub name: String,
    pub flow: String,
    pub state: String,
    pub parent: Option<(RunId, String)>,
    pub origin: Option<RunId>,
    pub seed: String,
    pub build: String,
    #[serde(default)]
    pub cache: CacheUse,
    #[serde(default)]
    pub dispatch: Dispatch,
    pub attempt: u32,
    pub epoch: u64,
    pub crashes: u32,
    pub created: Micros,
    pub logical_time: Micros,
    pub started: Option<Micros>,
    pub finished: Option<Micros>,
    pub cancel_requested: Option<Micros>,
    pub input: Json,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Json>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Step {
    pub run: RunId,
    pub seq: u64,
    pub step: String,
    pub scope: String,
    pub position: u32,
    pub task: String,
    pub kind: String,
    pub state: String,
    pub attempts: u32,
    pub started: Micros,
    pub finished: Micros,
    pub digest: String,
    pub fingerprint: String,
    pub signal: Option<u64>,
    pub reused_from: Option<RunId>,
    pub tolerated: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Json>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub run: RunId,
    pub step: String,
    pub attempt: u32,
    pub started: Micros,
    pub finished: Micros,
    pub next: Option<Micros>,
    pub error: Json,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Wait {
    pub run: RunId,
    pub step: String,
    pub kind: String,
    pub due: Option<Micros>,
    pub detail: serde_json::Value,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Scope {
    pub run: RunId,
    pub scope: String,
    pub length: u32,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Signal {
    pub run: RunId,
    pub seq: u64,
    pub name: String,
    pub sent: Micros,
    pub payload: Json,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Artifact {
    pub run: RunId,
    pub key: String,
    pub version: u64,
    pub kind: ArtifactKind,
    pub step: String,
    pub attempt: u32,
    pub at: Micros,
    pub failed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub data: Json,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
}

/// Some of the bytes of a blob, which follow each other.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Piece {
    /// Digest and size of the whole: `digest:size`.
    pub id: String,
    pub base64: String,
}

/// The last line: what is before it, so that a torn or changed file is found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct End {
    pub lines: usize,
    pub blake3: String,
}
