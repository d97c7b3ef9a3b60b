//! Which failures a run ended with, although its flow did more after them: a cleanup, a note to somebody.

use std::collections::BTreeSet;

use crate::error::Error;
use crate::model::payload::Payload;
use crate::model::record::StepRecord;

/// The failures that the run's error is, or names, or (for the last one) quotes.
pub(super) fn blamed(steps: &[StepRecord], error: &Payload) -> BTreeSet<String> {
    let failures = || steps.iter().filter(|step| step.state.is_failure());
    let told = Error::from_json(error);
    let mut blamed: BTreeSet<String> = failures()
        .filter(|step| {
            step.output.as_ref() == Some(error) || told.task() == Some(step.step.as_str())
        })
        .map(|step| step.step.clone())
        .collect();
    if blamed.is_empty()
        && let Some(last) = failures().next_back()
        && quotes(&told, last)
    {
        blamed.insert(last.step.clone());
    }
    // A fan-out fails with the first of its failures, and they all made it fail.
    let fan_outs: BTreeSet<String> = failures()
        .filter(|step| step.scope.ends_with("[]") && blamed.contains(&step.step))
        .map(|step| step.scope.clone())
        .collect();
    let beside = failures().filter(|step| fan_outs.contains(&step.scope));
    blamed.extend(beside.map(|step| step.step.clone()));
    blamed
}

/// A flow that wraps an error in words of its own keeps the words of the failure.
fn quotes(error: &Error, step: &StepRecord) -> bool {
    let Some(output) = &step.output else {
        return false;
    };
    let cause = Error::from_json(output);
    let words = cause.message();
    !words.is_empty()
        && (error.message().contains(words) || error.chain().any(|link| link.contains(words)))
}
