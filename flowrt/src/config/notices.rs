//! Who is told: the tables `[[notices]]`.

use std::borrow::Cow;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::Fault;
use super::source::Place;
use crate::error::Result;

/// Somebody who wants to be told: one `[[notices]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its name.
    pub name: String,
    /// Where to.
    pub way: Way,
    /// Of what: some of `failure`, `recovery`, `late` [default: the first two].
    pub on: Vec<String>,
    /// Of which flows [default: of all, which is an empty list].
    pub flows: Vec<String>,
    /// How long after its time a run that has not begun is late [default: 5 minutes].
    pub late_after: Duration,
    /// The text, with `{flow}`, `{run}`, `{state}`, `{occasion}`, `{cause}` and `{digest}`; none for the usual one.
    pub template: Option<String>,
}

/// The way that a notice takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// A program with its arguments; it gets the news as JSON on stdin. A text is a script of `sh`.
    Command(Vec<String>),
    /// A POST of the news as JSON. `env:NAME` stands for the address in that variable.
    Webhook(String),
    /// A POST as Slack, and what is compatible with it, understands it. The address is as for a webhook.
    Slack(String),
    /// A mail to these addresses, through the system's `sendmail`.
    Email(Vec<String>),
}

const OCCASIONS: [&str; 3] = ["failure", "recovery", "late"];
const NAMES: [&str; 6] = ["flow", "run", "state", "occasion", "cause", "digest"];
const KEYS: [&str; 9] = [
    "name",
    "on",
    "flows",
    "late_after",
    "template",
    "command",
    "webhook",
    "slack",
    "email",
];

/// Where the byte at that place of the file is.
type At<'a> = &'a dyn Fn(usize) -> Place;

/// Reads the list of tables.
///
/// # Errors
/// If it is none, or one of them has a key or a value that there is not.
pub(super) fn read(
    key: &Spanned<Cow<'_, str>>,
    list: &Spanned<DeValue<'_>>,
    at: At<'_>,
) -> Result<Vec<Notice>> {
    let wrong = || {
        fault(
            at,
            key.span().start,
            "`notices` is a list of tables".to_owned(),
        )
    };
    let DeValue::Array(tables) = list.get_ref() else {
        return Err(wrong());
    };
    let mut notices: Vec<Notice> = Vec::new();
    for table in tables.iter() {
        let DeValue::Table(entries) = table.get_ref() else {
            return Err(wrong());
        };
        let notice = one(entries, table.span().start, at)?;
        if notices.iter().any(|there| there.name == notice.name) {
            let message = format!("two notices have the name `{}`", notice.name);
            return Err(fault(at, table.span().start, message));
        }
        notices.push(notice);
    }
    Ok(notices)
}

fn one(entries: &DeTable<'_>, start: usize, at: At<'_>) -> Result<Notice> {
    let mut name = None;
    let mut ways = Vec::new();
    let mut notice = Notice {
        name: String::new(),
        way: Way::Command(Vec::new()),
        on: vec!["failure".to_owned(), "recovery".to_owned()],
        flows: Vec::new(),
        late_after: Duration::from_secs(300),
        template: None,
    };
    for (key, value) in entries {
        let place = key.span().start;
        let say = |message: String| {
            fault(
                at,
                place,
                format!("`{}` of a notice {message}", key.get_ref()),
            )
        };
        match &**key.get_ref() {
            "name" => name = Some(text(value).map_err(say)?),
            "on" => {
                notice.on = texts(value).map_err(say)?;
                if let Some(other) = notice
                    .on
                    .iter()
                    .find(|on| !OCCASIONS.contains(&on.as_str()))
                {
                    return Err(say(format!(
                        "is some of {}, not {other:?}",
                        OCCASIONS.join(", ")
                    )));
                }
            }
            "flows" => notice.flows = texts(value).map_err(say)?,
            "late_after" => {
                let span = text(value).map_err(say)?;
                notice.late_after = flowrt_grammar::parse_duration(&span).map_err(|error| {
                    say(format!("is a duration: {} (it is {span:?})", error.message))
                })?;
            }
            "template" => notice.template = Some(template(value).map_err(say)?),
            "command" => ways.push(Way::Command(match text(value) {
                Ok(script) => ["sh", "-c", &script].map(str::to_owned).to_vec(),
                Err(_) => texts(value).map_err(say)?,
            })),
            "webhook" => ways.push(Way::Webhook(address(value).map_err(say)?)),
            "slack" => ways.push(Way::Slack(address(value).map_err(say)?)),
            "email" => ways.push(Way::Email(texts(value).map_err(say)?)),
            other => {
                let known = flowrt_grammar::closest(other, KEYS.iter().copied());
                let near =
                    known.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                return Err(fault(at, place, format!("a notice has no `{other}`{near}")));
            }
        }
    }
    notice.name = name
        .filter(|name| !name.is_empty())
        .ok_or_else(|| fault(at, start, "a notice has a `name`".to_owned()))?;
    let count = ways.len();
    match ways.pop().filter(|_| count == 1) {
        Some(way) => notice.way = way,
        None => {
            let message = format!(
                "the notice `{}` has one of `command`, `webhook`, `slack`, `email`",
                notice.name
            );
            return Err(fault(at, start, message));
        }
    }
    Ok(notice)
}

fn template(value: &Spanned<DeValue<'_>>) -> Result<String, String> {
    let template = text(value)?;
    match unknown_name(&template) {
        None => Ok(template),
        Some(other) => Err(format!("knows {{{}}}, not {{{other}}}", NAMES.join("}, {"))),
    }
}

fn text(value: &Spanned<DeValue<'_>>) -> Result<String, String> {
    match value.get_ref() {
        DeValue::String(text) => Ok(text.to_string()),
        _ => Err("is a text".to_owned()),
    }
}

/// One text stands for a list of one.
fn texts(value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, String> {
    let all = match value.get_ref() {
        DeValue::Array(values) => values.iter().map(text).collect(),
        _ => text(value).map(|text| vec![text]),
    };
    all.ok()
        .filter(|texts: &Vec<String>| !texts.is_empty())
        .ok_or_else(|| "is a text or a list of texts".to_owned())
}

fn address(value: &Spanned<DeValue<'_>>) -> Result<String, String> {
    let address = text(value)?;
    let is_one = ["https://", "http://", "env:"]
        .iter()
        .any(|start| address.starts_with(start));
    if !cfg!(feature = "webhooks") {
        return Err("needs a build of flowrt with the feature `webhooks`; a `command` can do the same with curl".to_owned());
    }
    is_one
        .then_some(address)
        .ok_or_else(|| "begins with https://, http:// or env:".to_owned())
}

/// The first name in braces that a template may not hold.
fn unknown_name(template: &str) -> Option<&str> {
    let mut parts = template.split('{').skip(1);
    parts.find_map(|part| {
        let (name, _) = part.split_once('}')?;
        let is_name = !name.is_empty()
            && name
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        (is_name && !NAMES.contains(&name)).then_some(name)
    })
}

fn fault(at: At<'_>, place: usize, message: String) -> crate::error::Error {
    at(place).error(Fault {
        message,
        hint: "notices are described in the guide, in notices.md".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn read(text: &str) -> Result<Vec<Notice>> {
        Config::from_sources(Some(("flowrt.toml", text)), |_| None).map(|config| config.notices)
    }

    #[test]
    fn a_notice_is_read() {
        let notices = read(
            "depth_max = 3\n[[notices]]\nname = \"team\"\ncommand = [\"tell\", \"me\"]\n\n[[notices]]\nname = \"mail\"\n\
             email = \"a@example.org\"\non = \"late\"\nflows = [\"offers\"]\nlate_after = \"10m\"\ntemplate = \"{run} {}\"\n",
        )
        .unwrap();
        assert_eq!(
            notices[0].way,
            Way::Command(vec!["tell".to_owned(), "me".to_owned()])
        );
        assert_eq!(notices[0].on, ["failure", "recovery"]);
        assert_eq!(notices[1].way, Way::Email(vec!["a@example.org".to_owned()]));
        assert_eq!(
            (notices[1].on[0].as_str(), notices[1].late_after),
            ("late", Duration::from_secs(600))
        );
        assert_eq!(
            read("[[notices]]\nname = \"a\"\ncommand = \"tell me\"").unwrap()[0].way,
            Way::Command(vec!["sh".to_owned(), "-c".to_owned(), "tell me".to_owned()])
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let told = |text: &str| read(text).expect_err(text).message().to_owned();
        let head = "[[notices]]\nname = \"a\"\n";
        for (rest, says) in [
            (
                "",
                "flowrt.toml, line 1: the notice `a` has one of `command`, `webhook`, `slack`, `email`",
            ),
            (
                "command = \"x\"\nemail = \"b\"",
                "line 1: the notice `a` has one of",
            ),
            (
                "comand = \"x\"",
                "line 3: a notice has no `comand`; did you mean `command`?",
            ),
            (
                "command = 3",
                "line 3: `command` of a notice is a text or a list of texts",
            ),
            (
                "command = \"x\"\non = \"failed\"",
                "line 4: `on` of a notice is some of failure, recovery, late, not \"failed\"",
            ),
            ("command = \"x\"\ntemplate = \"{runs}\"", "not {runs}"),
            (
                "command = \"x\"\n[[notices]]\nname = \"a\"\ncommand = \"y\"",
                "two notices have the name `a`",
            ),
        ] {
            let told = told(&format!("{head}{rest}"));
            assert!(told.contains(says), "{told}");
        }
        assert!(told("[[notices]]\ncommand = \"x\"").contains("a notice has a `name`"));
        assert!(told("notices = 3").contains("is a list of tables"));
    }
}
