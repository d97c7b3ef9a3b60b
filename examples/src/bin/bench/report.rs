//! What was measured, for people and for programs.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::arguments::Arguments;

/// One measurement.
#[derive(Debug)]
pub struct Report {
    workload: &'static str,
    store: String,
    tasks: u32,
    /// For how many tasks `ours` is.
    measured: u32,
    ours: Duration,
    /// Of the limit, for one task.
    limit: Duration,
    /// What the limit is.
    against: &'static str,
    more: Map<String, Value>,
    /// What must hold whatever the speed, does.
    pub holds: bool,
}

impl Report {
    /// `ours` is for all tasks, `limit` for one.
    pub fn new(
        arguments: &Arguments,
        ours: Duration,
        limit: Duration,
        against: &'static str,
    ) -> Self {
        Self {
            workload: arguments.workload.name(),
            store: arguments.store.clone(),
            tasks: arguments.tasks,
            measured: arguments.tasks,
            ours,
            limit,
            against,
            more: Map::new(),
            holds: true,
        }
    }

    /// Says that what was measured is another number of tasks than asked for.
    pub fn of(mut self, measured: u32) -> Self {
        self.measured = measured;
        self
    }

    /// Adds a number or word that only some workloads have.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// Adds the most memory that this process has had, where the system tells it.
    pub fn with_peak_memory(self, peak: Option<f64>) -> Self {
        match peak {
            Some(peak) => self.with("peak_rss_mb", round(peak)),
            None => self,
        }
    }

    /// One JSON object.
    pub fn json(&self) -> String {
        let mut object = json!({
            "workload": self.workload,
            "store": self.store,
            "tasks": self.tasks,
            "seconds": self.ours.as_secs_f64(),
            "per_task_us": round(self.per_task()),
            "limit_per_task_us": round(micros(self.limit)),
            "ratio": round(self.ratio()),
            "against": self.against,
        });
        if let Value::Object(object) = &mut object {
            object.extend(self.more.clone());
        }
        object.to_string()
    }

    /// Lines for a person.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} of {} on {}\n  ours   {:>10.2} µs each, {:.3} s in all\n  limit  {:>10.2} µs each: {}\n  ratio  {:>10.2}",
            self.workload,
            self.tasks,
            self.store,
            self.per_task(),
            self.ours.as_secs_f64(),
            micros(self.limit),
            self.against,
            self.ratio(),
        );
        for (name, value) in &self.more {
            text.push_str(&format!("\n  {name} {value}"));
        }
        text
    }

    fn per_task(&self) -> f64 {
        micros(self.ours) / f64::from(self.measured.max(1))
    }

    fn ratio(&self) -> f64 {
        self.per_task() / micros(self.limit).max(f64::MIN_POSITIVE)
    }
}

/// The most memory that this process has had so far, in MB. Only Linux tells.
pub fn peak_memory_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

/// A duration for one of so many.
pub fn each(all: Duration, number: u32) -> Duration {
    all.div_f64(f64::from(number.max(1)))
}

/// In microseconds.
pub fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// To three places, so that the numbers can be read.
pub fn round(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}
