//! Why a step is reused or runs.

use std::fmt;

/// The reason of one line of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// A recovery replays what is recorded, whatever the text of its task.
    Recorded,
    /// The inputs are the same, and so is the text of the task, or somebody trusts it.
    Same {
        /// The text has changed there, and its results are trusted.
        text_changed: Option<String>,
        /// The program is another build: what the task calls may differ.
        other_build: bool,
        /// The parameters have changed; the record is reused where the inputs come out the same.
        if_inputs_are: bool,
    },
    /// The flow went on after this failure, so it stays.
    Handled,
    /// It failed.
    Failed,
    /// It was stopped before it ended.
    Cancelled,
    /// It was undone when the run failed.
    RolledBack {
        /// What should have undone it failed.
        failed: bool,
    },
    /// The text of its task has changed since, at that place.
    TextChanged(String),
    /// A person named it.
    Asked,
    /// It comes after a step that runs.
    After {
        /// That step.
        step: String,
        /// The text has changed too, at that place.
        text_changed: Option<String>,
    },
    /// Its child run had begun, and did not end.
    Unfinished,
    /// The run did not come to it.
    NeverReached,
}

impl Reason {
    /// Where the text of the task has changed.
    pub fn changed(&self) -> Option<&str> {
        match self {
            Self::TextChanged(place) => Some(place),
            Self::After { text_changed, .. } | Self::Same { text_changed, .. } => {
                text_changed.as_deref()
            }
            _ => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recorded => f.write_str("recorded"),
            Self::Same {
                text_changed,
                other_build,
                if_inputs_are,
            } => {
                f.write_str(if *if_inputs_are {
                    "if its inputs come out the same"
                } else {
                    "same inputs"
                })?;
                match text_changed {
                    Some(place) => {
                        write!(f, ", trusted although its text changed since ({place})")?
                    }
                    None => f.write_str(", same text")?,
                }
                f.write_str(if *other_build { ", other build" } else { "" })
            }
            Self::Handled => f.write_str("failed, and the flow went on"),
            Self::Failed => f.write_str("failed"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::RolledBack { failed: false } => f.write_str("rolled back"),
            Self::RolledBack { failed: true } => {
                f.write_str("its rollback failed: what it did may still be there")
            }
            Self::TextChanged(place) => write!(f, "text changed since ({place})"),
            Self::Asked => f.write_str("asked for"),
            Self::After { step, text_changed } => {
                write!(f, "after {step}")?;
                match text_changed {
                    Some(place) => write!(f, "; text changed since ({place})"),
                    None => Ok(()),
                }
            }
            Self::Unfinished => f.write_str("did not end"),
            Self::NeverReached => f.write_str("never reached"),
        }
    }
}
