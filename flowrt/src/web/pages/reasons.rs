//! Why a run does not go on, in words, and the form for a signal that it waits for.

use super::chart::counted;
use crate::draw::label::words;
use crate::model::record::Micros;
use crate::ops::{Holder, Reason, Why};
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
    let (what, more) = said(&reason.why, moment);
    Told {
        who,
        what,
        more,
        signal: signal(reason),
    }
}

/// What it waits for, in HTML, and what is more to say, in plain text.
fn said(why: &Why, moment: &Moment) -> (String, String) {
    let pid = |pid: &Option<u32>| pid.map_or_else(String::new, |pid| format!(" (pid {pid})"));
    let plain = |text: &str| (text.to_owned(), String::new());
    match why {
        Why::NotTaken => plain("It was accepted, and no process has taken it yet."),
        Why::Dead { pid: dead } => plain(&format!(
            "It stands still: the process that drove it{} is gone. What is recorded is kept.",
            pid(dead)
        )),
        Why::Scheduled { due } => plain(&format!(
            "It is scheduled, and begins{}.",
            when("at", Some(*due), moment)
        )),
        Why::NoWorker { queue } => plain(&format!(
            "It is due, and no worker listens on the queue <code>{}</code>.",
            html(queue)
        )),
        Why::UnknownFlow { flow, queue } => plain(&format!(
            "It is due, and no worker on the queue <code>{}</code> has the flow <code>{}</code>.",
            html(queue),
            html(flow)
        )),
        Why::OtherBuild { build } => plain(&format!(
            "It has begun under the build {}, and waits for a worker of that build, because one lives.",
            html(build)
        )),
        Why::Queued { queue, workers } => plain(&format!(
            "It waits in the queue <code>{}</code> for one of {} to have room.",
            html(queue),
            counted(*workers, "worker")
        )),
        Why::Interrupted => plain("It was interrupted in order. What is recorded is kept."),
        Why::Parked { error, .. } => (
            "It is parked, and a person decides.".to_owned(),
            error.clone(),
        ),
        Why::Cancelling { asked } => plain(&format!(
            "It is being cancelled since {}; running bodies have their grace.",
            moment.clock(*asked)
        )),
        Why::Time { until } => plain(&format!("sleeps{}", when("until", *until, moment))),
        Why::Poll { due } => plain(&format!("asks again{}", when("at", *due, moment))),
        Why::Signal { signal, until, .. } => {
            let until = when("until", *until, moment);
            plain(&format!(
                "waits for the signal <code>{}</code>{until}",
                html(signal)
            ))
        }
        Why::Retry {
            attempt,
            due,
            error,
        } => (
            format!("waits for attempt {attempt}{}", when("at", *due, moment)),
            format!("attempt {} failed: {error}", attempt.saturating_sub(1)),
        ),
        Why::Child {
            child_name, state, ..
        } => plain(&format!(
            "waits for the run <a href=\"{}\">{}</a>, which is {}",
            super::links::run(child_name),
            html(child_name),
            words(state.as_str())
        )),
        Why::Other { kind, until } => plain(&format!(
            "waits for {}{}",
            html(kind),
            when("until", *until, moment)
        )),
        Why::Limit { .. }
        | Why::MaxRuns { .. }
        | Why::More { .. }
        | Why::Cache { .. }
        | Why::Resource { .. } => in_a_queue(why, moment),
        // Whatever is new here is named as programs read it, until it has words of its own.
        other => plain(&html(&name_of(other))),
    }
}

/// What it waits for among others.
fn in_a_queue(why: &Why, moment: &Moment) -> (String, String) {
    let others = |ahead: usize| match ahead {
        0 => String::new(),
        ahead => format!("; {} before it", counted(ahead, "other")),
    };
    match why {
        Why::Limit {
            limit,
            key,
            rule,
            holders,
            held,
            ahead,
            start,
            more,
        } => {
            let of_key = match key.as_str() {
                "" => String::new(),
                key => format!(" of {}", html(key)),
            };
            let rule = rule
                .as_ref()
                .map_or_else(String::new, |rule| format!(" ({rule})"));
            let starts = start.map_or_else(String::new, |at| {
                format!("; it starts{}", when("at", Some(at), moment))
            });
            let rest = match more {
                0 => String::new(),
                more => format!("; so do {} of this run", counted(*more, "more step")),
            };
            let what = format!(
                "waits for the limit <a href=\"/limits\"><code>{}</code></a>{of_key}{rule}{}{starts}{rest}",
                html(limit),
                others(*ahead)
            );
            (what, held_by(holders, *held))
        }
        Why::MaxRuns {
            flow,
            most,
            holders,
            held,
            ahead,
        } => {
            let most = most.map_or_else(String::new, |most| {
                format!(", which may have {most} at once")
            });
            let what = format!(
                "waits for a place among the runs of {}{most}{}",
                html(flow),
                others(*ahead)
            );
            (what, held_by(holders, *held))
        }
        Why::More { steps, runs } => {
            let below = if *runs {
                ", and more runs below it"
            } else {
                ""
            };
            let steps = usize::try_from(*steps).unwrap_or(usize::MAX);
            let what = format!("{} wait{below}", counted(steps, "more step"));
            (what, String::new())
        }
        Why::Cache { holder } => (
            "waits for the cached result of an equal call".to_owned(),
            held_by(holder.as_slice(), 1),
        ),
        Why::Resource { due, error } => (
            format!(
                "waits for its resource, which is asked for again{}",
                when("at", *due, moment)
            ),
            format!("it could not be made: {error}"),
        ),
        other => (html(&name_of(other)), String::new()),
    }
}

fn held_by(holders: &[Holder], held: usize) -> String {
    let named = holders.iter().map(|holder| match holder.step.as_str() {
        "" => holder.name.clone(),
        step => format!("{} · {step}", holder.name),
    });
    let mut named: Vec<String> = named.collect();
    if named.is_empty() {
        return String::new();
    }
    if held > named.len() {
        named.push(counted(held - named.len(), "other"));
    }
    format!("held by {}", named.join(", "))
}

fn name_of(why: &Why) -> String {
    let value = serde_json::to_value(why).unwrap_or_default();
    value["why"].as_str().unwrap_or("waits").replace('_', " ")
}

fn html(text: &str) -> String {
    masked::html(text).to_string()
}

/// ` until 12:00:09 (in 4 s)`.
fn when(word: &str, at: Option<Micros>, moment: &Moment) -> String {
    let Some(at) = at else {
        return String::new();
    };
    format!(" {word} {} ({})", moment.clock(at), moment.ago(at))
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
