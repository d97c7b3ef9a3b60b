//! A digest in words.

use std::time::Duration;

use super::{Cause, ErrorDigest, FanOut, Warning};
use crate::model::number::{counted, grouped};
use crate::model::record::Micros;

impl ErrorDigest {
    /// All of it in a few lines, the root cause first.
    pub fn lines(&self) -> Vec<String> {
        let first = self.first();
        let mut lines = vec![first.headline()];
        lines.extend(
            first
                .led_to
                .iter()
                .map(|text| format!("  so {}", one_line(text))),
        );
        lines.extend(
            first
                .location
                .iter()
                .map(|location| format!("  {location}")),
        );
        lines.extend(self.more().into_iter().map(|line| format!("  {line}")));
        lines
    }

    /// What the error of the run alone does not say: how many failed by what, other causes, earlier attempts, warnings.
    pub fn more(&self) -> Vec<String> {
        let mut lines = Vec::new();
        lines.extend(self.fan_outs.iter().map(|fan_out| self.counted(fan_out)));
        if self.failed > 1 || self.causes.len() > 1 {
            lines.extend(self.causes.iter().map(Cause::group));
            if self.more_causes > 0 {
                lines.push(format!("and {}", counted(self.more_causes, "more cause")));
            }
        }
        let first = self.first();
        let earlier = first.earlier.iter();
        lines.extend(earlier.map(|(attempt, message)| {
            format!(
                "attempt {attempt} had failed otherwise: {}",
                one_line(message)
            )
        }));
        lines.extend(self.warnings.iter().map(|warning| warning.line(first.at)));
        lines
    }

    /// `412 of 10,000 items of fetch_page failed, 3 causes`.
    fn counted(&self, fan_out: &FanOut) -> String {
        let FanOut {
            step,
            failed,
            ended,
        } = fan_out;
        let causes = self.causes.len() as u64 + self.more_causes;
        format!(
            "{} of {} items of {step} failed, {}",
            grouped(*failed),
            grouped(*ended),
            counted(causes, "cause")
        )
    }
}

impl Cause {
    fn headline(&self) -> String {
        let run = self
            .run
            .as_ref()
            .map_or_else(String::new, |run| format!(" of {run}"));
        let place = match self.step.as_str() {
            "" => String::new(),
            step => format!("{step}{run}: "),
        };
        format!("{place}{}", one_line(&self.root))
    }

    /// `400 × the offers API answered 503 (fetch_page[4], fetch_page[7], …)`.
    fn group(&self) -> String {
        let mut steps = self.steps.join(", ");
        if self.count > self.steps.len() as u64 {
            steps.push_str(", …");
        }
        let steps = if steps.is_empty() {
            "the flow itself".to_owned()
        } else {
            steps
        };
        format!(
            "{} × {} ({steps})",
            grouped(self.count),
            one_line(&self.root)
        )
    }
}

impl Warning {
    fn line(&self, failed: Micros) -> String {
        let Self {
            level,
            message,
            time,
        } = self;
        let before =
            Duration::from_micros(u64::try_from(failed.saturating_sub(*time)).unwrap_or(0));
        let before = match failed {
            0 => "before".to_owned(),
            _ => format!("{} before", flowrt_grammar::format_duration(before)),
        };
        format!("{before}: {level} {}", one_line(message))
    }
}

fn one_line(text: &str) -> String {
    const CHARS: usize = 300;
    let mut line: String = text.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    if line.chars().count() > CHARS {
        line = line.chars().take(CHARS).chain(['…']).collect();
    }
    line
}
