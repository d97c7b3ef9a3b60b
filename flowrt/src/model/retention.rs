//! Which runs are old enough to be deleted.

use std::collections::HashMap;

use super::record::{Micros, RunRecord};
use super::state::RunState;

/// What is to be deleted of the runs that have ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// Those that ended before this.
    pub ended_before: Micros,
    /// Only of this flow.
    pub flow: Option<String>,
    /// Only in these states; empty for all.
    pub states: Vec<RunState>,
    /// So many of each flow stay whatever their age: the newest ones of those that the rule is about.
    pub keep: usize,
}

/// Applies a rule to runs, one after the other.
#[derive(Debug)]
pub struct Choice<'a> {
    rule: &'a Rule,
    seen: HashMap<String, usize>,
}

impl<'a> Choice<'a> {
    /// Nothing has been seen yet.
    pub fn new(rule: &'a Rule) -> Self {
        Self {
            rule,
            seen: HashMap::new(),
        }
    }

    /// Whether this run is to be deleted. Runs come newest first. One that has not ended never is, nor is a child run,
    /// which goes with its parent.
    pub fn takes(&mut self, run: &RunRecord) -> bool {
        let rule = self.rule;
        let is_meant = run.state.is_final()
            && run.parent.is_none()
            && rule.flow.as_ref().is_none_or(|flow| *flow == run.flow)
            && (rule.states.is_empty() || rule.states.contains(&run.state));
        if !is_meant {
            return false;
        }
        let seen = self.seen.entry(run.flow.clone()).or_default();
        *seen += 1;
        *seen > rule.keep && run.finished.is_some_and(|ended| ended < rule.ended_before)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::model::ids::RunId;
    use crate::model::sample;

    fn run(flow: &str, state: RunState, finished: Micros, is_child: bool) -> RunRecord {
        let id = RunId(Uuid::nil());
        RunRecord {
            id,
            flow: flow.to_owned(),
            parent: is_child.then(|| (id, "call".to_owned())),
            finished: Some(finished),
            ..sample::run(state)
        }
    }

    #[test]
    fn only_old_ended_roots_that_are_meant_are_taken() {
        use RunState::{Completed, Failed, Interrupted, Parked, Running};
        let rule = Rule {
            ended_before: 100,
            flow: Some("a".to_owned()),
            states: vec![Completed, Interrupted, Parked, Running],
            keep: 1,
        };
        let mut choice = Choice::new(&rule);
        for (flow, state, finished, is_child, expected) in [
            ("a", Completed, 150, false, false),
            ("a", Completed, 120, false, false),
            ("a", Completed, 90, true, false),
            ("a", Interrupted, 80, false, false),
            ("a", Parked, 80, false, false),
            ("a", Running, 80, false, false),
            ("a", Failed, 80, false, false),
            ("b", Completed, 80, false, false),
            ("a", Completed, 80, false, true),
            ("a", Completed, 100, false, false),
        ] {
            let run = run(flow, state, finished, is_child);
            assert_eq!(choice.takes(&run), expected, "{flow} {state} {finished}");
        }
    }

    proptest! {
        #[test]
        fn so_many_of_each_flow_stay(
            runs in prop::collection::vec((0_usize..3, 0_i64..200), 0..40),
            keep in 0_usize..6,
        ) {
            let flows = ["a", "b", "c"];
            let rule = Rule { ended_before: 100, keep, ..Rule::default() };
            let mut choice = Choice::new(&rule);
            let mut kept = [0; 3];
            let mut all = [0; 3];
            for (flow, finished) in runs {
                let run = run(flows[flow], RunState::Completed, finished, false);
                all[flow] += 1;
                if choice.takes(&run) {
                    prop_assert!(finished < 100);
                } else {
                    kept[flow] += 1;
                }
            }
            for flow in 0..3 {
                prop_assert!(kept[flow] >= keep.min(all[flow]));
            }
        }
    }
}
