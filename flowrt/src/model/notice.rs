//! What is told of runs to people who do not look: of what, to whom, in which words, and what counts as the same news.

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::digest::ErrorDigest;
use super::ids::RunId;
use super::record::{Micros, RunRecord};
use super::state::RunState;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// A run failed, crashed, ran out of time, or was parked.
    Failure,
    /// A run completed, and the one before it had failed.
    Recovery,
    /// A run is due and has not begun.
    Late,
}

impl Occasion {
    /// Every occasion.
    pub const ALL: [Self; 3] = [Self::Failure, Self::Recovery, Self::Late];

    /// The name as it is stored and written in `flowrt.toml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Recovery => "recovery",
            Self::Late => "late",
        }
    }
}

/// A notice that is to be sent, or was.
#[derive(Debug, Clone, PartialEq)]
pub struct NoticeRecord {
    /// The name of the notice.
    pub notice: String,
    /// What makes it the same news: one of a name and key is sent once.
    pub key: String,
    /// The run it is about.
    pub run: RunId,
    /// What is sent: the news as a JSON object, its words under `text`.
    pub body: Value,
    /// When it was noted.
    pub created: Micros,
    /// When it is tried next; none if it is not tried again.
    pub due: Option<Micros>,
    /// How often it was tried.
    pub tries: u32,
    /// When it was sent.
    pub sent: Option<Micros>,
    /// Why the last try failed.
    pub error: Option<String>,
}

/// Something worth telling.
#[derive(Debug, Clone, PartialEq)]
pub struct News {
    /// What happened.
    pub occasion: Occasion,
    /// To which run.
    pub run: RunRecord,
    /// Why, if it failed.
    pub digest: Option<ErrorDigest>,
    /// What it is counted from: the run of the flow that completed last, or the one that failed.
    pub since: Option<RunId>,
    /// When this was found.
    pub at: Micros,
}

impl News {
    /// Equal for news that is told once. A failure is told anew once the flow has completed.
    pub fn key(&self) -> String {
        let since = self.since.map_or_else(String::new, |run| run.to_string());
        match (self.occasion, &self.digest) {
            (Occasion::Failure, Some(digest)) => {
                format!(
                    "failure/{}/{}/{since}",
                    self.run.flow,
                    digest.first().fingerprint
                )
            }
            (Occasion::Failure, None) => format!("failure/{}/{}", self.run.flow, self.run.id),
            (Occasion::Recovery, _) => format!("recovery/{since}"),
            (Occasion::Late, _) => format!("late/{}", self.run.id),
        }
    }

    /// What is sent: `text` is made of the template, with `{flow}`, `{run}`, `{state}`, `{occasion}`, `{cause}` and `{digest}`;
    /// or of the usual one.
    pub fn body(&self, notice: &str, template: Option<&str>) -> Value {
        json!({
            "notice": notice,
            "occasion": self.occasion,
            "flow": self.run.flow,
            "run": self.run.name,
            "run_id": self.run.id,
            "state": self.run.state,
            "deployment": self.run.dispatch.deployment,
            "digest": self.digest,
            "text": self.text(template),
        })
    }

    fn text(&self, template: Option<&str>) -> String {
        let usual = match self.occasion {
            Occasion::Failure => "{flow} {occasion}: {run} is {state}\n{digest}",
            Occasion::Recovery => "{flow} {occasion}: {run} is {state}",
            Occasion::Late => "{flow} {occasion}: {run} is due and has not begun",
        };
        let cause = self
            .digest
            .as_ref()
            .map(|digest| digest.first().root.clone());
        let lines = self.digest.as_ref().map(|digest| digest.lines().join("\n"));
        let value = |name: &str| match name {
            "flow" => Some(self.run.flow.clone()),
            "run" => Some(self.run.name.clone()),
            "state" => Some(self.run.state.to_string().to_lowercase()),
            "occasion" => Some(self.occasion.as_str().to_owned()),
            "cause" => Some(cause.clone().unwrap_or_default()),
            "digest" => Some(lines.clone().unwrap_or_default()),
            _ => None,
        };
        filled(template.unwrap_or(usual), value)
            .trim_end()
            .to_owned()
    }
}

/// Values are not looked at for names: what an error says is never a template.
fn filled(template: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut parts = template.split('{');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let known = part
            .split_once('}')
            .and_then(|(name, rest)| Some((value(name)?, rest)));
        match known {
            Some((value, rest)) => {
                text.push_str(&value);
                text.push_str(rest);
            }
            None => {
                text.push('{');
                text.push_str(part);
            }
        }
    }
    text
}

/// Whether a run that ended so has failed.
pub const fn is_failure(state: RunState) -> bool {
    matches!(
        state,
        RunState::Failed | RunState::TimedOut | RunState::Crashed | RunState::Parked
    )
}

/// When a notice that could not be sent is tried again after so many tries: after 10 s, then ever later, for two days.
pub fn again_after(tries: u32) -> Option<Duration> {
    const TRIES: u32 = 20;
    const AT_MOST: Duration = Duration::from_secs(3 * 3600);
    let delay = Duration::from_secs(10).saturating_mul(1 << tries.saturating_sub(1).min(12));
    (tries < TRIES).then_some(delay.min(AT_MOST))
}
