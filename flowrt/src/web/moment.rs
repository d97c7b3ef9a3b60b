//! Times and lengths of time as the page shows them.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::record::Micros;
use crate::ops::Engine;

/// Now, and the clock on the wall.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    /// Now.
    pub now: Micros,
    zone: TimeZone,
}

impl Moment {
    /// The engine's now, and the zone of this machine.
    pub fn now(engine: &Engine) -> Self {
        Self {
            now: engine.now(),
            zone: TimeZone::system(),
        }
    }

    #[cfg(test)]
    pub fn at(now: Micros) -> Self {
        Self {
            now,
            zone: TimeZone::UTC,
        }
    }

    /// The zone as people know it: `Europe/Berlin`, or `UTC+02`.
    pub fn zone_name(&self) -> String {
        match self.zone.iana_name() {
            Some(name) => name.to_owned(),
            None => self.written(self.now, "UTC%:z"),
        }
    }

    fn written(&self, at: Micros, format: &str) -> String {
        let Ok(at) = Timestamp::from_microsecond(at) else {
            return at.to_string();
        };
        at.to_zoned(self.zone.clone()).strftime(format).to_string()
    }

    /// `2026-11-24 14:03:22 CET`.
    pub fn whole(&self, at: Micros) -> String {
        self.written(at, "%Y-%m-%d %H:%M:%S %Z")
    }

    /// As short as it can be: `14:03:22` today, `Nov 23 14:03` this year, `2025-11-23 14:03` else.
    pub fn short(&self, at: Micros) -> String {
        let same = |format: &str| self.written(at, format) == self.written(self.now, format);
        if same("%Y-%m-%d") {
            self.written(at, "%H:%M:%S")
        } else if same("%Y") {
            self.written(at, "%b %-d %H:%M")
        } else {
            self.written(at, "%Y-%m-%d %H:%M")
        }
    }

    /// `14:03:22.512`, as log lines have it.
    pub fn precise(&self, at: Micros) -> String {
        self.written(at, "%H:%M:%S%.3f")
    }

    /// An instant in HTML that says how long ago it was, or how far ahead it is, and at rest over it, when.
    pub fn ago(&self, at: Micros) -> String {
        let text = if at > self.now {
            format!("in {}", rounded(self.now, at))
        } else {
            match rounded(at, self.now).as_str() {
                "0 s" => "now".to_owned(),
                age => format!("{age} ago"),
            }
        };
        self.html("age", at, &text)
    }

    /// An instant in HTML by the clock.
    pub fn clock(&self, at: Micros) -> String {
        self.html("clock", at, &self.short(at))
    }

    /// How long something has taken that goes on: the script counts on.
    pub fn since(&self, at: Micros) -> String {
        self.html("since", at, &rounded(at, self.now))
    }

    fn html(&self, what: &str, at: Micros, text: &str) -> String {
        let machine =
            Timestamp::from_microsecond(at).map_or_else(|_| String::new(), |at| at.to_string());
        format!(
            "<time datetime=\"{machine}\" title=\"{}\" data-{what}>{text}</time>",
            self.whole(at)
        )
    }
}

/// The time between two instants, `12.3 s`; nothing is shorter than nothing.
pub(super) fn between(from: Micros, to: Micros) -> String {
    flowrt_grammar::format_duration(length(from, to))
}

/// As [`between`], in one unit: what changes all the time need not be exact.
pub(super) fn rounded(from: Micros, to: Micros) -> String {
    let seconds = length(from, to).as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn length(from: Micros, to: Micros) -> Duration {
    Duration::from_micros(to.saturating_sub(from).max(0).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Micros = 1_000_000;
    const DAY: Micros = 86_400 * SECOND;

    #[test]
    fn a_time_is_as_short_as_it_can_be() {
        // 2026-11-24 14:03:22 UTC.
        let now = 1_795_529_002 * SECOND;
        let moment = Moment::at(now);
        assert_eq!(moment.whole(now), "2026-11-24 14:03:22 UTC");
        assert_eq!(moment.short(now), "14:03:22");
        assert_eq!(moment.short(now - DAY), "Nov 23 14:03");
        assert_eq!(moment.short(now - 366 * DAY), "2025-11-23 14:03");
    }

    #[test]
    fn ages_have_one_unit() {
        let moment = Moment::at(10 * DAY);
        let said = |at| {
            let html = moment.ago(at);
            html.split(['<', '>']).nth(2).unwrap().to_owned()
        };
        assert_eq!(said(10 * DAY), "now");
        assert_eq!(said(10 * DAY - 59 * SECOND), "59 s ago");
        assert_eq!(said(10 * DAY - 61 * SECOND), "1 min ago");
        assert_eq!(said(10 * DAY + 61 * SECOND), "in 1 min");
        assert_eq!(said(9 * DAY), "24 h ago");
        assert_eq!(said(8 * DAY), "2 days ago");
    }
}
