//! What went wrong, the root cause first.

use askama::Template;

use super::links;
use crate::error::Error;
use crate::model::digest::{Cause, ErrorDigest};
use crate::web::answer::rendered;
use crate::web::moment::{Moment, between};

/// Something that made steps fail.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    cause: String,
    /// What failed because of it, from the inside out.
    around: Vec<String>,
    /// The step that failed first by it, and where it is shown.
    step: Option<(String, String)>,
    attempts: u32,
    location: Option<String>,
    hint: Option<String>,
    /// How many more steps failed by it.
    others: u64,
    /// Attempts that failed by something else.
    earlier: Vec<(u32, String)>,
}

/// A line of the log from before the failure.
struct Warning {
    level: String,
    message: String,
    when: String,
}

#[derive(Template)]
#[template(path = "cause.html")]
struct Page {
    causes: Vec<Told>,
    more_causes: u64,
    /// Fan-outs in which items failed, in words.
    fan_outs: Vec<String>,
    warnings: Vec<Warning>,
}

/// Why a run did not complete.
pub(super) fn of_digest(digest: &ErrorDigest, run: &str, moment: &Moment) -> String {
    let first = digest.first().at;
    let warnings = digest.warnings.iter();
    let fan_outs = digest.fan_outs.iter();
    rendered(&Page {
        causes: digest.causes.iter().map(|cause| told(cause, run)).collect(),
        more_causes: digest.more_causes,
        fan_outs: fan_outs
            .map(|fan| {
                format!(
                    "{} of {} items of {} failed",
                    fan.failed, fan.ended, fan.step
                )
            })
            .collect(),
        warnings: warnings
            .map(|warning| Warning {
                level: warning.level.to_lowercase(),
                message: warning.message.clone(),
                when: match first {
                    0 => moment.short(warning.time),
                    first => format!("{} before", between(warning.time, first)),
                },
            })
            .collect(),
    })
}

fn told(cause: &Cause, run: &str) -> Told {
    let run = cause.run.as_deref().unwrap_or(run);
    let step = Some(cause.step.clone()).filter(|step| !step.is_empty());
    Told {
        cause: cause.root.clone(),
        around: cause.led_to.clone(),
        step: step.map(|step| (links::step(run, &step), step)),
        attempts: cause.attempts,
        location: cause.location.clone(),
        hint: cause.hint.clone(),
        others: cause.count.saturating_sub(1),
        earlier: cause.earlier.clone(),
    }
}

/// An error of a step or of a run that a digest says nothing of.
pub(super) fn of_error(error: &Error, run: &str) -> String {
    rendered(&Page {
        causes: vec![of(error, run)],
        more_causes: 0,
        fan_outs: Vec::new(),
        warnings: Vec::new(),
    })
}

fn of(error: &Error, run: &str) -> Told {
    let mut all: Vec<&str> = std::iter::once(error.message())
        .chain(error.chain())
        .collect();
    all.reverse();
    all.dedup();
    let mut all = all.into_iter().map(str::to_owned);
    Told {
        cause: all.next().unwrap_or_default(),
        around: all.collect(),
        step: error
            .task()
            .map(|step| (links::step(run, step), step.to_owned())),
        attempts: error.attempts(),
        location: error.location().map(str::to_owned),
        hint: error.try_this().map(str::to_owned),
        ..Told::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn the_root_cause_comes_first() {
        let error = Error::new(ErrorKind::Failed, "connection refused")
            .within("the offers API answered 503")
            .within("the child run failed");
        let told = of(&error, "calm-otter");
        assert_eq!(told.cause, "connection refused");
        assert_eq!(
            told.around,
            ["the offers API answered 503", "the child run failed"]
        );
    }
}
