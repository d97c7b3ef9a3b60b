//! The keys of a map, taken one by one; what is left is unknown.

use std::fmt::Display;
use std::time::Duration;

use super::node::{Key, Node, Value};
use super::place::{Place, Remarks};
use crate::{GrammarError, closest, parse_duration};

/// The keys that were not taken yet.
pub(super) struct Fields(Vec<(Key, Node)>);

impl Fields {
    /// Those of `node`; nothing is an empty map.
    pub(super) fn of(node: Node, what: &str, remarks: &mut Remarks) -> Option<Self> {
        match node.value {
            Value::Map(fields) => Some(Self(fields)),
            Value::Null => Some(Self(Vec::new())),
            _ => {
                let message = format!("{what} is a map of keys, not {}", node.kind());
                remarks.fault(node.at(), message);
                None
            }
        }
    }

    /// Those that were not taken.
    pub(super) fn rest(self) -> impl Iterator<Item = (Key, Node)> {
        self.0.into_iter()
    }

    /// The value of a key, and the key.
    pub(super) fn take_with_key(&mut self, name: &str) -> Option<(Key, Node)> {
        let index = self.0.iter().position(|(key, _)| key.text == name)?;
        Some(self.0.remove(index))
    }

    /// The value of a key.
    pub(super) fn take(&mut self, name: &str) -> Option<Node> {
        self.take_with_key(name).map(|(_, node)| node)
    }

    /// A value that is there and not nothing.
    pub(super) fn given(&mut self, name: &str) -> Option<Node> {
        self.take(name).filter(|node| !node.is_null())
    }

    pub(super) fn text(&mut self, name: &str, remarks: &mut Remarks) -> Option<Node> {
        let node = self.given(name)?;
        match node.value {
            Value::Text { ref text, .. } if !text.trim().is_empty() => Some(node),
            Value::Text { .. } => {
                remarks.fault(node.at(), format!("`{name}` is empty"));
                None
            }
            // A name of digits is a name.
            Value::Number(text) => Some(Node {
                value: Value::Text { text, plain: true },
                ..node
            }),
            _ => {
                let message = format!("`{name}` is a text, not {}", node.kind());
                remarks.fault(node.at(), message);
                None
            }
        }
    }

    pub(super) fn bool(&mut self, name: &str, remarks: &mut Remarks) -> Option<bool> {
        let node = self.given(name)?;
        match (&node.value, node.text()) {
            (Value::Bool(value), _) => Some(*value),
            // So reads what most of these files were written for.
            (_, Some("yes" | "Yes" | "on" | "On")) => Some(true),
            (_, Some("no" | "No" | "off" | "Off")) => Some(false),
            _ => {
                let message = format!("`{name}` is true or false, not {}", node.kind());
                remarks.fault(node.at(), message);
                None
            }
        }
    }

    /// A whole number of at least `least`.
    pub(super) fn count(&mut self, name: &str, least: u32, remarks: &mut Remarks) -> Option<u32> {
        let node = self.given(name)?;
        count(&node, name, least, remarks)
    }

    pub(super) fn map(&mut self, name: &str, remarks: &mut Remarks) -> Vec<(Key, Node)> {
        let Some(node) = self.given(name) else {
            return Vec::new();
        };
        match Self::of(node, &format!("`{name}`"), remarks) {
            Some(fields) => fields.0,
            None => Vec::new(),
        }
    }

    /// A length of time: seconds, `1h 30m`, `PT1H`, or `1:30:00`.
    pub(super) fn duration(
        &mut self,
        name: &str,
        remarks: &mut Remarks,
    ) -> Option<(Node, Duration)> {
        let node = self.given(name)?;
        let read = match &node.value {
            Value::Number(number) => seconds(number),
            Value::Text { text, .. } => duration(text),
            _ => Err(GrammarError {
                message: format!(
                    "expected is a duration like 90s or 1h 30m, not {}",
                    node.kind()
                ),
                at: None,
            }),
        };
        match read {
            Ok(duration) => Some((node, duration)),
            Err(error) => {
                within(&node, &error, &format!("`{name}`"), remarks);
                None
            }
        }
    }

    /// One of some words; upper and lower case are the same.
    pub(super) fn word<T: Copy>(
        &mut self,
        name: &str,
        words: &[(&str, T)],
        remarks: &mut Remarks,
    ) -> Option<T> {
        let node = self.given(name)?;
        let written = match &node.value {
            Value::Bool(value) => value.to_string(),
            _ => node.text().unwrap_or_default().to_lowercase(),
        };
        let found = words.iter().find(|(word, _)| *word == written);
        if found.is_none() {
            let all = words.iter().map(|(word, _)| *word);
            let message = format!(
                "`{name}` is one of {}, not {}",
                all.clone().collect::<Vec<_>>().join(", "),
                node.kind()
            );
            match closest(&written, all) {
                Some(near) => remarks.fault_hint(node.at(), message, format!("{name}: {near}")),
                None => remarks.fault(node.at(), message),
            }
        }
        found.map(|(_, value)| *value)
    }

    /// Says of a key that is known elsewhere that it means nothing here, unless it is empty.
    pub(super) fn note(&mut self, name: &str, why: impl Display, remarks: &mut Remarks) {
        if let Some((key, node)) = self.take_with_key(name)
            && !node.is_empty()
        {
            remarks.note(key.at(), format!("`{name}` means nothing here: {why}"));
        }
    }

    /// Whatever is left is unknown. Keys that begin with a dot or `x-` are for anchors and other programs.
    pub(super) fn finish(self, what: &str, known: &[&str], remarks: &mut Remarks) {
        for (key, _) in self.0 {
            if key.text.starts_with('.') || key.text.starts_with("x-") {
                continue;
            }
            let message = format!("`{}` is no {what}", key.text);
            let hint = match closest(&key.text, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", known.join(", ")),
            };
            remarks.fault_hint(key.at(), message, hint);
        }
    }
}

/// A whole number of at least `least`.
pub(super) fn count(node: &Node, name: &str, least: u32, remarks: &mut Remarks) -> Option<u32> {
    let number = match &node.value {
        Value::Number(number) => number.parse().ok().filter(|number| *number >= least),
        _ => None,
    };
    if number.is_none() {
        let message = format!(
            "`{name}` is a whole number from {least} on, not {}",
            node.kind()
        );
        remarks.fault(node.at(), message);
    }
    number
}

/// Says what is wrong inside a text, and points at it where that can be told.
pub(super) fn within(node: &Node, error: &GrammarError, what: &str, remarks: &mut Remarks) {
    let at = match (&node.value, &error.at) {
        // A text that was folded or escaped has its letters elsewhere.
        (Value::Text { text, plain }, Some(range)) if !text.contains(['\n', '\\']) => {
            let before = text[..range.start.min(text.len())].chars().count();
            let width = text
                .get(range.clone())
                .map_or(1, |part| part.chars().count());
            let place = Place {
                line: node.place.line,
                column: node.place.column + before + usize::from(!plain),
            };
            (place, width.max(1))
        }
        _ => node.at(),
    };
    remarks.fault(at, format!("{what}: {}", error.message));
}

fn seconds(number: &str) -> Result<Duration, GrammarError> {
    let whole = || GrammarError {
        message: format!("{number} is no number of seconds"),
        at: None,
    };
    let seconds: f64 = number.parse().map_err(|_| whole())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| whole())
}

fn duration(text: &str) -> Result<Duration, GrammarError> {
    let parts: Vec<&str> = text.split(':').collect();
    if let [hours, minutes, seconds] = parts[..] {
        let number =
            |part: &str, most: u64| part.parse::<u64>().ok().filter(|number| *number <= most);
        let read = || {
            let hours = number(hours, u64::from(u32::MAX))?;
            Some(hours * 3600 + number(minutes, 59)? * 60 + number(seconds, 59)?)
        };
        if let Some(seconds) = read() {
            return Ok(Duration::from_secs(seconds));
        }
    }
    if text.starts_with('P') {
        let iso = text.parse::<jiff::SignedDuration>().ok();
        if let Some(duration) = iso.and_then(|iso| Duration::try_from(iso).ok()) {
            return Ok(duration);
        }
    }
    parse_duration(text)
}
