//! The settings that there are, each with its bounds.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::Config;

/// A setting.
pub(super) struct Key {
    /// Its name in the file, tables before a point.
    pub name: &'static str,
    /// Reads the value and puts it into its place.
    pub set: fn(&mut Config, &Given) -> Result<(), String>,
}

/// A value as somebody wrote it.
#[derive(Debug)]
pub(super) enum Given {
    /// A string of the file, or a variable.
    Text(String),
    /// A whole number of the file.
    Number(i64),
    /// A list of strings.
    List(Vec<String>),
    /// Anything else, as it is called.
    Other(&'static str),
}

/// What is wrong, and what to try.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub message: String,
    pub hint: String,
}

const DAY: u64 = 86_400;

pub(super) const ALL: &[Key] = &[
    Key {
        name: "history_steps_max",
        set: |config, given| {
            config.history_steps_max = number(given, 1..=100_000_000)?;
            Ok(())
        },
    },
    Key {
        name: "depth_max",
        set: |config, given| {
            config.depth_max = number(given, 0..=1_000)?;
            Ok(())
        },
    },
    Key {
        name: "payload_bytes_max",
        set: |config, given| {
            config.payload_bytes_max = bytes(given, (1 << 10)..=(64 << 20))?;
            Ok(())
        },
    },
    Key {
        name: "payload_inline_max",
        set: |config, given| {
            config.payload_inline_max = bytes(given, 1..=(64 << 20))?;
            Ok(())
        },
    },
    Key {
        name: "artifacts_max",
        set: |config, given| {
            config.artifacts_max = number(given, 0..=1_000_000)?;
            Ok(())
        },
    },
    Key {
        name: "artifact_bytes_max",
        set: |config, given| {
            config.artifact_bytes_max = bytes(given, 1..=(1 << 30))?;
            Ok(())
        },
    },
    Key {
        name: "crashes_max",
        set: |config, given| {
            config.crashes_max = number(given, 0..=1_000)?;
            Ok(())
        },
    },
    Key {
        name: "grace",
        set: |config, given| {
            config.grace = span(given, 0..=DAY)?;
            Ok(())
        },
    },
    Key {
        name: "worker.lease",
        set: |config, given| {
            config.worker.lease = span(given, 1..=DAY)?;
            Ok(())
        },
    },
    Key {
        name: "worker.rest_after",
        set: |config, given| {
            config.worker.rest_after = span(given, 1..=DAY)?;
            Ok(())
        },
    },
    Key {
        name: "retention.older_than",
        set: |config, given| {
            config.retention.older_than = Some(span(given, 60..=36_500 * DAY)?);
            Ok(())
        },
    },
    Key {
        name: "retention.keep",
        set: |config, given| {
            config.retention.keep = number(given, 0..=1_000_000_000)?;
            Ok(())
        },
    },
    Key {
        name: "retention.every",
        set: |config, given| {
            config.retention.every = span(given, 1..=365 * DAY)?;
            Ok(())
        },
    },
    Key {
        name: "server.token_hashes",
        set: |config, given| {
            config.server.token_hashes = hashes(given)?;
            Ok(())
        },
    },
    Key {
        name: "server.connections_max",
        set: |config, given| {
            config.server.connections_max = number(given, 1..=100_000)?;
            Ok(())
        },
    },
    Key {
        name: "server.streams_max",
        set: |config, given| {
            config.server.streams_max = number(given, 0..=100_000)?;
            Ok(())
        },
    },
];

impl Key {
    /// The variable that wins over the file.
    pub fn variable(&self) -> String {
        format!("FLOWRT_{}", self.name.replace('.', "_").to_uppercase())
    }
}

impl Fault {
    /// A value that does not fit its setting.
    pub fn value(key: &Key, fault: &str) -> Self {
        Self {
            message: format!("`{}` {fault}", key.name),
            hint: "the settings with their bounds are in the guide, in store.md".to_owned(),
        }
    }
}

/// Whether settings are gathered under this name.
pub(super) fn is_table(name: &str) -> bool {
    let below = |key: &Key| {
        key.name
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    ALL.iter().any(below)
}

/// The setting of that name.
pub(super) fn find(name: &str) -> Result<&'static Key, Fault> {
    let found = ALL.iter().find(|key| key.name == name);
    found.ok_or_else(|| {
        let near = flowrt_grammar::closest(name, ALL.iter().map(|key| key.name));
        let all = || {
            ALL.iter()
                .map(|key| key.name)
                .collect::<Vec<_>>()
                .join(", ")
        };
        Fault {
            message: format!("there is no setting `{name}`"),
            hint: match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("one of {}", all()),
            },
        }
    })
}

impl Given {
    /// As it is called.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Number(_) => "a number",
            Self::List(_) => "a list",
            Self::Other(kind) => kind,
        }
    }
}

/// Hashes of tokens: a list in the file, with spaces or commas between them in a variable. They are not shown in an error:
/// somebody may have written a token itself.
fn hashes(given: &Given) -> Result<Vec<String>, String> {
    let all: Vec<String> = match given {
        Given::List(all) => all.clone(),
        Given::Text(text) => {
            let words = text.split([',', ' ']).filter(|word| !word.is_empty());
            words.map(str::to_owned).collect()
        }
        other => return Err(format!("is a list of hashes, not {}", other.kind())),
    };
    let is_hash =
        |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match all.iter().position(|text| !is_hash(text)) {
        None => Ok(all),
        Some(index) => Err(format!(
            "holds BLAKE3 hashes of 64 hexadecimal digits, as `serve --new-token` makes them; number {} is none",
            index + 1
        )),
    }
}

fn number<T: TryFrom<i64>>(given: &Given, bounds: RangeInclusive<i64>) -> Result<T, String> {
    let number = match given {
        Given::Number(number) => *number,
        Given::Text(text) => {
            let digits = text.trim().replace('_', "");
            let number = digits.parse();
            number.map_err(|_| format!("is a whole number, not {text:?}"))?
        }
        other => return Err(format!("is a whole number, not {}", other.kind())),
    };
    let within = bounds.contains(&number).then_some(number);
    within
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| {
            format!(
                "is from {} to {}, not {number}",
                bounds.start(),
                bounds.end()
            )
        })
}

/// A number of bytes, or a text such as `16 MiB`.
fn bytes(given: &Given, bounds: RangeInclusive<i64>) -> Result<usize, String> {
    let Given::Text(text) = given else {
        return number(given, bounds);
    };
    let text = text.trim();
    let (count, unit) = text.split_at(
        text.find(|c: char| !c.is_ascii_digit() && c != '_')
            .unwrap_or(text.len()),
    );
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "kib" => 10,
        "mib" => 20,
        "gib" => 30,
        _ => return Err(format!("is bytes such as \"16 MiB\", not {text:?}")),
    };
    let count: i64 = number(&Given::Text(count.to_owned()), 0..=i64::MAX)?;
    number(&Given::Number(count.saturating_mul(1 << shift)), bounds)
}

fn span(given: &Given, seconds: RangeInclusive<u64>) -> Result<Duration, String> {
    let text = match given {
        Given::Text(text) => text,
        Given::Number(number) => {
            return Err(format!("is a duration such as \"{number}s\", not {number}"));
        }
        other => {
            let kind = other.kind();
            return Err(format!("is a duration such as \"30s\", not {kind}"));
        }
    };
    let span = flowrt_grammar::parse_duration(text)
        .map_err(|error| format!("is a duration: {} (it is {text:?})", error.message))?;
    let bounds = Duration::from_secs(*seconds.start())..=Duration::from_secs(*seconds.end());
    if bounds.contains(&span) {
        return Ok(span);
    }
    Err(format!(
        "is from {} to {}, not {text:?}",
        spoken(*seconds.start()),
        spoken(*seconds.end())
    ))
}

fn spoken(seconds: u64) -> String {
    match seconds {
        seconds if seconds >= DAY => format!("{}d", seconds / DAY),
        seconds => format!("{seconds}s"),
    }
}
