//! The states of runs and tasks, and the one table of legal transitions.

use serde::{Deserialize, Serialize};

macro_rules! states {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $state:ident = $text:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
        #[non_exhaustive]
        pub enum $name { $($(#[$doc])* $state),* }

        impl $name {
            /// Every state, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$state),*];

            /// The name as it is stored and shown.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$state => $text),* }
            }

            /// The state of that name.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|state| state.as_str().eq_ignore_ascii_case(text))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

states! {
    /// Where a run stands.
    RunState {
        /// Its time has not come.
        Scheduled = "Scheduled",
        /// Accepted; nothing has run yet.
        Pending = "Pending",
        /// A process owns it and drives it.
        Running = "Running",
        /// It waits for time, a signal, a child or a limit, and holds no slot.
        Waiting = "Waiting",
        /// The flow itself failed and will be tried again.
        Retrying = "Retrying",
        /// Cancel was acknowledged; running tasks have their grace.
        Cancelling = "Cancelling",
        /// It returned a value.
        Completed = "Completed",
        /// A node that is not tolerated failed.
        Failed = "Failed",
        /// Its own timeout ended it.
        TimedOut = "TimedOut",
        /// Its process died more often than allowed without progress.
        Crashed = "Crashed",
        /// A person or a program ended it.
        Cancelled = "Cancelled",
        /// Its tail depends on a branch that was not taken.
        Skipped = "Skipped",
        /// The code no longer fits the record; a person decides.
        Parked = "Parked",
        /// Its process stopped in order; `runs resume` goes on.
        Interrupted = "Interrupted",
    }
}

states! {
    /// Where a task of a run stands.
    TaskState {
        /// Not started.
        Pending = "Pending",
        /// Its body runs.
        Running = "Running",
        /// An attempt failed; the next one has a time.
        Retrying = "Retrying",
        /// It waits for time, a signal, a child or a limit.
        Waiting = "Waiting",
        /// It returned a value, which is recorded.
        Completed = "Completed",
        /// Its value came from the cache.
        Cached = "Cached",
        /// Its last attempt failed.
        Failed = "Failed",
        /// Its last attempt ran out of time.
        TimedOut = "TimedOut",
        /// Its process died more often than allowed.
        Crashed = "Crashed",
        /// It was dropped or cancelled before it ended.
        Cancelled = "Cancelled",
        /// Its branch was not taken, or its trigger rule cannot hold.
        Skipped = "Skipped",
        /// Something it depends on failed.
        UpstreamFailed = "UpstreamFailed",
    }
}

impl RunState {
    /// Nothing changes this state but a person.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Completed
                | Self::Failed
                | Self::TimedOut
                | Self::Crashed
                | Self::Cancelled
                | Self::Skipped
        )
    }

    /// It waits for a person: final until somebody resumes it.
    pub const fn needs_person(self) -> bool {
        matches!(self, Self::Parked | Self::Interrupted)
    }

    /// A run in this state does something, so the death of its process may be its doing.
    pub const fn is_at_work(self) -> bool {
        !matches!(self, Self::Waiting | Self::Retrying)
    }

    /// Whether a run may go from this state to `next`.
    pub fn may_become(self, next: Self) -> bool {
        run_successors(self).contains(&next)
    }
}

impl TaskState {
    /// The task will not change by itself any more.
    pub const fn is_final(self) -> bool {
        !matches!(
            self,
            Self::Pending | Self::Running | Self::Retrying | Self::Waiting
        )
    }

    /// The task gave a value.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Completed | Self::Cached)
    }

    /// The task makes its run fail unless it is tolerated.
    pub const fn is_failure(self) -> bool {
        matches!(
            self,
            Self::Failed | Self::TimedOut | Self::Crashed | Self::UpstreamFailed
        )
    }

    /// Whether a task may go from this state to `next`.
    pub fn may_become(self, next: Self) -> bool {
        task_successors(self).contains(&next)
    }
}

/// The table of legal transitions of a run. What is not here cannot happen.
pub const fn run_successors(state: RunState) -> &'static [RunState] {
    use RunState::{
        Cancelled, Cancelling, Completed, Crashed, Failed, Interrupted, Parked, Pending, Retrying,
        Running, Scheduled, Skipped, TimedOut, Waiting,
    };
    match state {
        Scheduled => &[Pending, Cancelled],
        Pending => &[Running, Cancelled, Crashed],
        Running => &[
            Running,
            Waiting,
            Retrying,
            Cancelling,
            Completed,
            Failed,
            TimedOut,
            Crashed,
            Cancelled,
            Skipped,
            Parked,
            Interrupted,
        ],
        Waiting => &[
            Running,
            Retrying,
            Cancelling,
            Completed,
            Failed,
            TimedOut,
            Crashed,
            Cancelled,
            Skipped,
            Parked,
            Interrupted,
        ],
        Retrying => &[
            Running,
            Cancelling,
            Cancelled,
            Crashed,
            Interrupted,
            TimedOut,
        ],
        // A cancel that comes once the end is decided changes nothing; nor does it keep the process from being stopped.
        Cancelling => &[
            Cancelled,
            Completed,
            Failed,
            TimedOut,
            Crashed,
            Skipped,
            Interrupted,
        ],
        // A person resumes or reruns.
        Failed | TimedOut | Crashed | Cancelled | Parked | Interrupted => &[Running, Cancelled],
        // A child run, when its parent wants its work done again.
        Completed | Skipped => &[Running],
    }
}

/// The table of legal transitions of a task. What is not here cannot happen.
pub const fn task_successors(state: TaskState) -> &'static [TaskState] {
    use TaskState::{
        Cached, Cancelled, Completed, Crashed, Failed, Pending, Retrying, Running, Skipped,
        TimedOut, UpstreamFailed, Waiting,
    };
    match state {
        Pending => &[Running, Waiting, Cached, Cancelled, Skipped, UpstreamFailed],
        Running => &[
            Completed, Failed, TimedOut, Crashed, Cancelled, Retrying, Waiting,
        ],
        Retrying => &[Running, Cancelled, Crashed],
        Waiting => &[
            Running, Completed, Cached, Failed, TimedOut, Cancelled, Skipped,
        ],
        // Resume redoes what made the run fail.
        Failed | TimedOut | Crashed | Cancelled | UpstreamFailed | Skipped => &[Pending],
        Completed | Cached => &[],
    }
}
