//! Instants and amounts as a person reads them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::record::Micros;

/// The moment of a picture, and the zone its times are told in.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    pub(crate) now: Micros,
    pub(crate) zone: TimeZone,
}

impl Moment {
    /// The time of day, with the date where it is not today.
    pub(crate) fn clock(&self, at: Micros) -> String {
        let local = |at| {
            Timestamp::from_microsecond(at)
                .unwrap_or(Timestamp::UNIX_EPOCH)
                .to_zoned(self.zone.clone())
        };
        let (at, now) = (local(at), local(self.now));
        if at.date() == now.date() {
            at.strftime("%H:%M:%S").to_string()
        } else {
            at.strftime("%Y-%m-%d %H:%M:%S").to_string()
        }
    }

    /// How long ago, as `00:07` or `1:02:03`.
    pub(crate) fn since(&self, start: Micros) -> String {
        let seconds = self.now.saturating_sub(start).max(0) / 1_000_000;
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        if hours == 0 {
            format!("{minutes:02}:{seconds:02}")
        } else {
            format!("{hours}:{minutes:02}:{seconds:02}")
        }
    }
}

/// A span of the record's time.
pub(crate) fn between(from: Micros, to: Micros) -> std::time::Duration {
    std::time::Duration::from_micros(u64::try_from(to.saturating_sub(from)).unwrap_or(0))
}

/// The parameters of a run, in so few words that they fit into a title.
pub(crate) fn about(input: &str) -> String {
    let Ok(serde_json::Value::Object(params)) = serde_json::from_str(input) else {
        return String::new();
    };
    let words = params.iter().map(|(name, value)| match value {
        serde_json::Value::String(text) => format!("{name} {text}"),
        other => format!("{name} {other}"),
    });
    let all = words.collect::<Vec<_>>().join(", ");
    match all.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &all[..end]),
        None => all,
    }
}
