//! Why a run does not go on, in words, and the form for a signal that it waits for.

use super::links;
use crate::ops::{Part, Reason, Why};
use crate::web::masked;
use crate::web::moment::Moment;

/// A reason as it is shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// The step that waits; empty for the run as a whole.
    pub who: String,
    /// HTML.
    pub what: String,
    /// What is more to say.
    pub more: String,
    /// A signal that a person may send.
    pub signal: Option<Signal>,
}

/// A signal that somebody waits for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signal {
    pub run: String,
    pub name: String,
    /// What there is to choose; nothing if it must be typed.
    pub choices: Vec<&'static str>,
    pub expects: String,
}

/// The reasons that say something; that bodies run is seen without words.
pub(super) fn told(reasons: &[Reason], run: &str, moment: &Moment) -> Vec<Told> {
    let worth = reasons.iter().filter(|reason| {
        !matches!(
            reason.why,
            Why::Ended { .. } | Why::UnderWay { .. } | Why::Dependency { .. }
        )
    });
    worth.map(|reason| one(reason, run, moment)).collect()
}

fn one(reason: &Reason, run: &str, moment: &Moment) -> Told {
    let step = reason.step.clone().unwrap_or_default();
    let who = if reason.name == run {
        step
    } else if step.is_empty() {
        reason.name.clone()
    } else {
        format!("{} · {step}", reason.name)
    };
    let words = reason.why.words();
    let what: String = words.what.iter().map(|part| shown(part, moment)).collect();
    Told {
        what: if who.is_empty() {
            format!("It {what}.")
        } else {
            what
        },
        who,
        more: words.more.join("; "),
        signal: signal(reason),
    }
}

/// A part of a sentence in HTML.
fn shown(part: &Part, moment: &Moment) -> String {
    match part {
        Part::Text(text) => html(text),
        Part::Name(name) => format!("<code>{}</code>", html(name)),
        Part::Run(run) => format!("<a href=\"{}\">{}</a>", links::run(run), html(run)),
        Part::Limit(limit) => format!("<a href=\"/limits\"><code>{}</code></a>", html(limit)),
        Part::At(at) => format!("{} ({})", moment.clock(*at), moment.ago(*at)),
    }
}

fn html(text: &str) -> String {
    masked::html(text).to_string()
}

fn signal(reason: &Reason) -> Option<Signal> {
    let Why::Signal { signal, schema, .. } = &reason.why else {
        return None;
    };
    let place = crate::ops::params::schema::Place::root(schema);
    let choices = match place.kind() {
        crate::ops::params::schema::Kind::Bool => vec!["true", "false"],
        _ => Vec::new(),
    };
    Some(Signal {
        run: reason.name.clone(),
        name: signal.clone(),
        choices,
        expects: place.expects(),
    })
}
