//! Keys that go to a child process.

use std::path::PathBuf;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::{Key, Keys, Source};
use crate::error::Result;

/// Keys as a child process of this one gets them, over a link that nobody else reads.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Handed {
    /// It finds them as its parent does: in the environment, or in that file.
    Found(Option<PathBuf>),
    /// They are nowhere but in its parent.
    Held(String),
}

impl std::fmt::Debug for Handed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Found(path) => write!(f, "Found({path:?})"),
            Self::Held(_) => f.write_str("Held(•••)"),
        }
    }
}

impl Keys {
    /// What a child of this process needs to have these keys.
    ///
    /// # Errors
    /// If a store in memory has no key and none can be made.
    pub(crate) fn hand_over(&self) -> Result<Handed> {
        match &self.source {
            Source::Own(path) => Ok(Handed::Found(Some(path.clone()))),
            Source::Variable(_) | Source::Given(_) => Ok(Handed::Found(None)),
            Source::Memory => {
                self.first()?;
                let lines: Vec<String> = self.ring()?.iter().map(Key::text).collect();
                Ok(Handed::Held(lines.join("\n")))
            }
        }
    }

    /// The keys that a parent has handed over.
    pub(crate) fn taken(handed: Handed) -> Self {
        match handed {
            Handed::Found(own) => Self::of(own),
            Handed::Held(text) => Self {
                source: Source::Variable(text),
                ring: Mutex::default(),
            },
        }
    }
}
