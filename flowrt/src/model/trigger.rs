//! When a node of a DAG runs, judged by how what it depends on ended.

use super::graph::Trigger;
use super::state::TaskState;

/// What becomes of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The rule can still go either way.
    Wait,
    /// The rule holds.
    Run,
    /// The rule cannot hold any more, and nothing is wrong.
    Skip,
    /// The rule cannot hold any more because something failed.
    UpstreamFailed,
}

/// How many of the nodes that a node depends on ended in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    total: usize,
    succeeded: usize,
    failed: usize,
    upstream_failed: usize,
    skipped: usize,
}

impl Tally {
    /// Nothing ended yet, of so many.
    pub fn of(total: usize) -> Self {
        Self {
            total,
            ..Self::default()
        }
    }

    /// One more ended. A state that is not final counts for nothing.
    pub fn add(&mut self, state: TaskState) {
        match state {
            TaskState::Completed | TaskState::Cached => self.succeeded += 1,
            TaskState::Failed | TaskState::TimedOut | TaskState::Crashed | TaskState::Cancelled => {
                self.failed += 1
            }
            TaskState::UpstreamFailed => self.upstream_failed += 1,
            TaskState::Skipped => self.skipped += 1,
            TaskState::Pending | TaskState::Running | TaskState::Retrying | TaskState::Waiting => {}
        }
    }

    fn any_failure(self) -> bool {
        self.failed + self.upstream_failed > 0
    }

    fn all_ended(self) -> bool {
        self.succeeded + self.failed + self.upstream_failed + self.skipped == self.total
    }

    /// The rule's answer. Once it is not [`Decision::Wait`], nothing that ends later changes it.
    pub fn decide(self, rule: Trigger) -> Decision {
        use Decision::{Run, Skip, UpstreamFailed, Wait};
        let (failure, ended) = (self.any_failure(), self.all_ended());
        let all_skipped = self.skipped == self.total && self.total > 0;
        let when_ended = |decision| if ended { decision } else { Wait };
        match rule {
            Trigger::Always => Run,
            Trigger::AllDone => when_ended(Run),
            Trigger::AllSuccess if failure => UpstreamFailed,
            // A failure that is still to come weighs more than a skip, whichever ends first.
            Trigger::AllSuccess if self.skipped > 0 => when_ended(Skip),
            Trigger::AllSuccess => when_ended(Run),
            Trigger::AllFailed if self.succeeded + self.skipped > 0 => Skip,
            Trigger::AllFailed => when_ended(Run),
            Trigger::AllSkipped if self.skipped < self.ended_count() => Skip,
            Trigger::AllSkipped => when_ended(Run),
            Trigger::NoneSkipped if self.skipped > 0 => Skip,
            Trigger::NoneSkipped => when_ended(Run),
            Trigger::NoneFailed | Trigger::NoneFailedMinOneSuccess if failure => UpstreamFailed,
            Trigger::NoneFailed => when_ended(Run),
            Trigger::NoneFailedMinOneSuccess if all_skipped => Skip,
            Trigger::NoneFailedMinOneSuccess => when_ended(Run),
            Trigger::OneFailed if failure => Run,
            Trigger::OneDone if self.succeeded + self.failed > 0 => Run,
            Trigger::OneFailed | Trigger::OneDone => when_ended(Skip),
            Trigger::OneSuccess if self.succeeded > 0 => Run,
            Trigger::AllDoneMinOneSuccess if self.succeeded > 0 => when_ended(Run),
            Trigger::OneSuccess | Trigger::AllDoneMinOneSuccess => {
                when_ended(if failure { UpstreamFailed } else { Skip })
            }
        }
    }

    fn ended_count(self) -> usize {
        self.succeeded + self.failed + self.upstream_failed + self.skipped
    }
}

/// What becomes of a node with that rule. A `None` has not ended.
pub fn decide(rule: Trigger, upstream: &[Option<TaskState>]) -> Decision {
    let mut tally = Tally::of(upstream.len());
    for state in upstream.iter().flatten() {
        tally.add(*state);
    }
    tally.decide(rule)
}

#[cfg(test)]
mod tests {
    use super::Decision::{Run, Skip, UpstreamFailed as Up, Wait};
    use super::*;

    const RULES: [Trigger; 12] = [
        Trigger::AllSuccess,
        Trigger::AllFailed,
        Trigger::AllDone,
        Trigger::AllDoneMinOneSuccess,
        Trigger::AllSkipped,
        Trigger::OneFailed,
        Trigger::OneSuccess,
        Trigger::OneDone,
        Trigger::NoneFailed,
        Trigger::NoneFailedMinOneSuccess,
        Trigger::NoneSkipped,
        Trigger::Always,
    ];

    /// `s`ucceeded, `f`ailed, `u`pstream failed, s`k`ipped, `.` not ended.
    fn states(text: &str) -> Vec<Option<TaskState>> {
        text.chars()
            .map(|letter| match letter {
                's' => Some(TaskState::Completed),
                'f' => Some(TaskState::Failed),
                'u' => Some(TaskState::UpstreamFailed),
                'k' => Some(TaskState::Skipped),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn each_rule_answers_as_the_table_says() {
        #[rustfmt::skip]
        let table = [
            // the order of RULES:  success failed done done1 skipped 1fail 1ok  1done nfail nfail1 nskip always
            ("ss", [Run,  Skip, Run,  Run,  Skip, Skip, Run,  Run,  Run,  Run,  Run,  Run]),
            ("ff", [Up,   Run,  Run,  Up,   Skip, Run,  Up,   Run,  Up,   Up,   Run,  Run]),
            ("uu", [Up,   Run,  Run,  Up,   Skip, Run,  Up,   Skip, Up,   Up,   Run,  Run]),
            ("kk", [Skip, Skip, Run,  Skip, Run,  Skip, Skip, Skip, Run,  Skip, Skip, Run]),
            ("sf", [Up,   Skip, Run,  Run,  Skip, Run,  Run,  Run,  Up,   Up,   Run,  Run]),
            ("sk", [Skip, Skip, Run,  Run,  Skip, Skip, Run,  Run,  Run,  Run,  Skip, Run]),
            ("fk", [Up,   Skip, Run,  Up,   Skip, Run,  Up,   Run,  Up,   Up,   Skip, Run]),
            ("uk", [Up,   Skip, Run,  Up,   Skip, Run,  Up,   Skip, Up,   Up,   Skip, Run]),
            ("s.", [Wait, Skip, Wait, Wait, Skip, Wait, Run,  Run,  Wait, Wait, Wait, Run]),
            ("f.", [Up,   Wait, Wait, Wait, Skip, Run,  Wait, Run,  Up,   Up,   Wait, Run]),
            ("u.", [Up,   Wait, Wait, Wait, Skip, Run,  Wait, Wait, Up,   Up,   Wait, Run]),
            ("k.", [Wait, Skip, Wait, Wait, Wait, Wait, Wait, Wait, Wait, Wait, Skip, Run]),
            ("..", [Wait, Wait, Wait, Wait, Wait, Wait, Wait, Wait, Wait, Wait, Wait, Run]),
        ];
        for (upstream, answers) in table {
            for (rule, answer) in RULES.into_iter().zip(answers) {
                assert_eq!(
                    decide(rule, &states(upstream)),
                    answer,
                    "{rule:?} over {upstream:?}"
                );
            }
        }
    }

    #[test]
    fn a_node_without_upstream_runs_under_the_default_rule() {
        assert_eq!(decide(Trigger::AllSuccess, &[]), Run);
        assert_eq!(decide(Trigger::AllDone, &[]), Run);
        assert_eq!(decide(Trigger::OneSuccess, &[]), Skip);
    }

    #[test]
    fn an_answer_stays_whatever_ends_later_and_comes_once_all_ended() {
        let letters = ['s', 'f', 'u', 'k', '.'];
        for a in letters {
            for b in letters {
                for c in letters {
                    let upstream = states(&[a, b, c].iter().collect::<String>());
                    for rule in RULES {
                        check_stays(rule, &upstream);
                    }
                }
            }
        }
    }

    fn check_stays(rule: Trigger, upstream: &[Option<TaskState>]) {
        let answer = decide(rule, upstream);
        let Some(open) = upstream.iter().position(Option::is_none) else {
            assert_ne!(answer, Wait, "{rule:?} over {upstream:?}");
            return;
        };
        for next in states("sfuk") {
            let mut later = upstream.to_vec();
            later[open] = next;
            if answer != Wait {
                assert_eq!(decide(rule, &later), answer, "{rule:?} over {later:?}");
            }
            check_stays(rule, &later);
        }
    }
}
