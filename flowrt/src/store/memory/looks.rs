//! What people look at of a run's inside, in memory. A step's place is its number.

use super::super::{Answer, Looks, StepFilter};
use super::Memory;
use super::inside::Inside;
use crate::model::ids::RunId;
use crate::model::outline::{self, Line, Outline, Place};
use crate::model::record::{AttemptRecord, StepRecord, WaitRecord};

impl Looks for Memory {
    fn outline(&self, run: RunId, counted: Outline) -> Answer<'_, Outline> {
        self.answer(move |runs| {
            let mut counted = counted;
            for step in runs.get(run)?.inside.after(counted.read) {
                counted.add(Line {
                    place: place(step),
                    step: &step.step,
                    scope: &step.scope,
                    kind: step.kind,
                    state: step.state,
                    started: step.started,
                    finished: step.finished,
                    is_reused: step.reused_from.is_some(),
                    attempts: step.attempts,
                });
            }
            Ok(counted)
        })
    }

    fn steps(&self, run: RunId, filter: StepFilter) -> Answer<'_, Vec<(Place, StepRecord)>> {
        self.answer(move |runs| Ok(steps(&runs.get(run)?.inside, &filter)))
    }

    fn failures(&self, run: RunId) -> Answer<'_, u64> {
        self.answer(move |runs| {
            let steps = runs.get(run)?.inside.after(None);
            Ok(steps.iter().filter(|step| is_failure(step)).count() as u64)
        })
    }

    fn waits(&self, run: RunId, limit: usize) -> Answer<'_, (Vec<WaitRecord>, u64)> {
        self.answer(move |runs| {
            let waits = runs.get(run)?.inside.waits();
            let count = waits.len() as u64;
            Ok((waits.take(up_to(limit)).cloned().collect(), count))
        })
    }

    fn scopes(&self, run: RunId) -> Answer<'_, Vec<(String, u32)>> {
        self.answer(move |runs| {
            let scopes = runs.get(run)?.inside.scopes();
            let outer = scopes.filter(|(scope, _)| !scope.contains('/'));
            Ok(outer
                .map(|(scope, length)| (scope.clone(), *length))
                .collect())
        })
    }

    fn attempts(&self, run: RunId, steps: Vec<String>) -> Answer<'_, Vec<AttemptRecord>> {
        self.answer(move |runs| {
            let inside = &runs.get(run)?.inside;
            let of = |step: &String| inside.attempts_of(step).cloned().collect::<Vec<_>>();
            Ok(steps.iter().flat_map(of).collect())
        })
    }

    fn attempts_after(
        &self,
        run: RunId,
        after: Option<Place>,
    ) -> Answer<'_, Vec<(Place, AttemptRecord)>> {
        self.answer(move |runs| Ok(runs.get(run)?.inside.attempts_after(after)))
    }
}

fn place(step: &StepRecord) -> Place {
    step.seq.cast_signed()
}

fn is_failure(step: &StepRecord) -> bool {
    step.state.is_failure() && !step.tolerated
}

const fn up_to(limit: usize) -> usize {
    match limit {
        0 => usize::MAX,
        limit => limit,
    }
}

fn steps(inside: &Inside, filter: &StepFilter) -> Vec<(Place, StepRecord)> {
    let is_wanted = |step: &&StepRecord| {
        let at = filter.at.as_ref();
        let named = filter.named.as_ref();
        let kind = filter.kind.as_ref();
        at.is_none_or(|at| at.contains(&place(step)))
            && named.is_none_or(|names| names.contains(&step.step))
            && kind.is_none_or(|kind| *outline::kind(&step.step) == **kind)
            && (!filter.failed || is_failure(step))
    };
    let found = inside.after(filter.after).iter().filter(is_wanted);
    let found = found.take(up_to(filter.limit)).cloned();
    found
        .map(|mut step| {
            if !filter.values {
                step.input = None;
                step.output = step.output.filter(|_| step.state.is_failure());
            }
            (place(&step), step)
        })
        .collect()
}
