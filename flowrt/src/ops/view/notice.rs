//! Notices as programs read them: who is told, and what was.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::time;
use crate::config::{Notice, Way};
use crate::model::ids::RunId;
use crate::model::notice::NoticeRecord;

/// Somebody who is told, by the settings of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Notice")]
pub struct NoticeView {
    /// Its name.
    pub name: String,
    /// Of what: some of `failure`, `recovery`, `late`.
    pub on: Vec<String>,
    /// Of which flows; of all, if there is none.
    pub flows: Vec<String>,
    /// How long after its time a run that has not begun is late, such as `5 min`.
    pub late_after: String,
    /// How: `command`, `webhook`, `slack` or `email`.
    pub way: String,
    /// Whom, as far as it may be read: the addresses of a mail, the host of a webhook, the first word of a command. What
    /// one needs to use it is not told.
    pub to: String,
    /// The text; none for the usual one.
    pub template: Option<String>,
}

impl From<&Notice> for NoticeView {
    fn from(notice: &Notice) -> Self {
        let (way, to) = match &notice.way {
            Way::Command(words) => ("command", first_word(words)),
            Way::Webhook(address) => ("webhook", host(address).to_owned()),
            Way::Slack(address) => ("slack", host(address).to_owned()),
            Way::Email(to) => ("email", to.join(", ")),
        };
        Self {
            name: notice.name.clone(),
            on: notice.on.clone(),
            flows: notice.flows.clone(),
            late_after: flowrt_grammar::format_duration(notice.late_after),
            way: way.to_owned(),
            to,
            template: notice.template.clone(),
        }
    }
}

/// The path and the query of a webhook's address are its key, and a name before the host is one too.
fn host(address: &str) -> &str {
    let Some((_, rest)) = address.split_once("://") else {
        return address;
    };
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let host = rest.get(..end).unwrap_or_default();
    host.rsplit('@').next().unwrap_or_default()
}

/// A command may hold a key in any of its words but the name of the program.
fn first_word(words: &[String]) -> String {
    let (program, more) = match words {
        [shell, option, script] if shell == "sh" && option == "-c" => {
            let script = script.trim_start();
            script
                .split_once(char::is_whitespace)
                .map_or((script, false), |(first, _)| (first, true))
        }
        [program, rest @ ..] => (program.as_str(), !rest.is_empty()),
        [] => ("", false),
    };
    let is_name = |letter: char| letter.is_alphanumeric() || "._-/+ ".contains(letter);
    if !program.chars().all(is_name) {
        return "…".to_owned();
    }
    format!("{program}{}", if more { " …" } else { "" })
}

/// A notice that is to be sent, or was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NotedView {
    /// The name of the notice: who is told.
    pub notice: String,
    /// What makes it the same news: one of a name and key is sent once.
    pub key: String,
    /// The run it is about.
    pub run_id: RunId,
    /// What is sent: the news as an object, its words under `text`.
    pub news: Value,
    /// When it was noted.
    pub noted: String,
    /// When it is tried next; none if it is not tried again.
    pub due: Option<String>,
    /// How often it was tried.
    pub tries: u32,
    /// When it was sent.
    pub sent: Option<String>,
    /// Why the last try failed.
    pub error: Option<String>,
}

impl From<&NoticeRecord> for NotedView {
    fn from(notice: &NoticeRecord) -> Self {
        Self {
            notice: notice.notice.clone(),
            key: notice.key.clone(),
            run_id: notice.run,
            news: notice.body.clone(),
            noted: time(notice.created),
            due: notice.due.map(time),
            tries: notice.tries,
            sent: notice.sent.map(time),
            error: notice.error.clone(),
        }
    }
}

impl NotedView {
    /// The first line of its words.
    pub fn about(&self) -> &str {
        let text = self.news.get("text").and_then(Value::as_str);
        text.unwrap_or_default().lines().next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_needs_to_use_a_webhook_is_not_told() {
        for (address, told) in [
            (
                "https://hooks.example.org/services/T0/B0/key",
                "hooks.example.org",
            ),
            ("http://me:key@example.org:8080?key=1", "example.org:8080"),
            ("https://example.org#key", "example.org"),
            ("https://key", "key"),
            ("https://example.org\\@key/", "example.org"),
            ("env:SLACK_WEBHOOK", "env:SLACK_WEBHOOK"),
        ] {
            assert_eq!(host(address), told, "{address}");
        }
    }

    #[test]
    fn of_a_command_the_program_is_told_and_no_more() {
        let of = |words: &[&str]| {
            first_word(
                &words
                    .iter()
                    .map(|word| (*word).to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(of(&["/usr/bin/page", "--key", "4711"]), "/usr/bin/page …");
        assert_eq!(of(&["page"]), "page");
        assert_eq!(
            of(&["sh", "-c", "jq -r .text | curl -H 'key: 4711'"]),
            "jq …"
        );
        assert_eq!(of(&["sh", "-c", "KEY=4711 page"]), "…");
        assert_eq!(of(&["sh", "-c", "echo>/key"]), "…");
    }
}
