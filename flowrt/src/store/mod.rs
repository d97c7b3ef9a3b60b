//! Where runs are recorded. A store persists what the engine decided: each operation is one transaction and takes no
//! decision, and a write under a lost epoch changes nothing and says so.

mod apart;
pub mod backfills;
pub mod cache;
mod care;
#[cfg(test)]
mod contract;
pub mod deployments;
#[cfg(all(test, feature = "sqlite"))]
mod differential;
mod limits;
mod looks;
pub mod memory;
mod naming;
pub mod notices;
mod options;
mod publications;
pub mod queue;
mod rules;
#[cfg(test)]
mod sample;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod tally;
pub mod tickets;

use std::fmt;
use std::path::PathBuf;

use futures_util::future::BoxFuture;

use crate::model::ids::{ProcessId, RunId};
use crate::model::limit::Rule;
use crate::model::payload::{Digest, Payload};
use crate::model::record::{
    Entry, Journal, LogLine, Micros, NewRun, RunRecord, SignalRecord, TaskCounts,
};
use crate::model::state::RunState;

use cache::{CacheEntry, CacheFilter, Kept};
pub use care::{Copied, Import, Imported, RunUsage, Usage, Whole};
use deployments::Deployments;
use limits::check_count;
pub use limits::{ARTIFACT_BYTES_MAX, ARTIFACTS_MAX, PAYLOAD_BYTES_MAX, PAYLOAD_INLINE_MAX};
pub use looks::{Looks, StepFilter};
use notices::Notices;
pub use options::{Options, Swept};
pub use publications::Publications;
use queue::Queue;
use rules::{
    FOUND_AT_MOST, aside_offset, check_ending, check_going_on, check_owned, check_reopenable,
    check_same_step, check_transition, continued, due_after, due_at_rest, nothing_to_reuse, taken,
};
use tickets::{BucketRecord, Turned, Turns};

/// When a write must have reached the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Committed when the call returns (survives kill -9), on the disk within 50 ms.
    Soon,
    /// On the disk when the call returns (survives a power cut).
    Synced,
}

/// What a store answers.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// How a run ends, or stops for a person.
#[derive(Debug, Clone)]
pub struct Ending {
    /// A final state, `Parked` or `Interrupted`.
    pub state: RunState,
    /// What it returned.
    pub output: Option<Payload>,
    /// Why it ended otherwise.
    pub error: Option<Payload>,
    /// When.
    pub at: Micros,
}

/// What `reopen` changes of a run that ended, before it is driven again.
#[derive(Debug, Clone, Default)]
pub struct Reopening {
    /// Full ids of steps whose records (attempts and waits too) are dropped, so that they are done again.
    pub redo: Vec<String>,
    /// New parameters.
    pub input: Option<Payload>,
    /// Also a run that completed: a child whose caller wants its work done again.
    pub completed: bool,
}

/// Which runs to list. Newest first.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Only of this flow.
    pub flow: Option<String>,
    /// Only in these states; empty for all.
    pub states: Vec<RunState>,
    /// Only children of this run.
    pub parent: Option<RunId>,
    /// Only of this deployment.
    pub deployment: Option<String>,
    /// Only those that this backfill has begun.
    pub backfill: Option<String>,
    /// Leave child runs out.
    pub roots_only: bool,
    /// Only those whose name, or whose flow's, contains this; the case of ASCII letters does not matter.
    pub text: Option<String>,
    /// Only those accepted then or later.
    pub since: Option<Micros>,
    /// Only those accepted before then.
    pub until: Option<Micros>,
    /// Only runs created before this one (keyset paging).
    pub before: Option<RunId>,
    /// At most this many; 0 for no limit.
    pub limit: usize,
}

/// Which lines to read, in the order they were written.
#[derive(Debug, Clone, Default)]
pub struct LogFilter {
    /// Only of this step.
    pub step: Option<String>,
    /// Only lines after this cursor.
    pub after: Option<i64>,
    /// Only lines before this cursor.
    pub before: Option<i64>,
    /// Where there are more than the limit, the last of them instead of the first.
    pub newest: bool,
    /// At most this many; 0 for no limit.
    pub limit: usize,
}

/// A process that has, or had, the store open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub id: ProcessId,
    /// Its process number.
    pub pid: u32,
    /// Its machine.
    pub host: String,
    /// When it opened the store.
    pub started: Micros,
    /// The build of its program.
    pub build: String,
}

/// A secret as it is kept: sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRecord {
    /// Its name.
    pub name: String,
    /// The id of the key that opens it.
    pub key: String,
    /// Nonce and ciphertext.
    pub sealed: Vec<u8>,
    /// When it was last set.
    pub changed: Micros,
}

/// A place where runs are recorded.
///
/// Every method is atomic. `epoch` is the one that [`claim`](Store::claim) returned; a write under an older one is
/// [`Error::LeaseLost`] and changes nothing; so is a write to a run that nobody has claimed. A write to a run that ended
/// or stopped is [`Error::Ended`]. What names a run that is not there is [`Error::NoSuchRun`], unless said otherwise.
///
/// A call that was made and whose future is dropped may still happen.
pub trait Store:
    backfills::Backfills
    + Deployments
    + Looks
    + Notices
    + Publications
    + Queue
    + Send
    + Sync
    + fmt::Debug
    + 'static
{
    /// The store's address as a person would type it.
    fn url(&self) -> String;

    /// This process, registered when the store was opened.
    fn process(&self) -> ProcessId;

    /// Whether that process still lives. SQLite knows by an OS file lock, at once and without a lease.
    fn is_alive(&self, process: ProcessId) -> bool;

    /// Whether nothing is ever [`Error::Unavailable`], so that nobody needs to keep what he wrote to write it again.
    fn is_always_there(&self) -> bool {
        false
    }

    /// Accepts a run. Synced. A run with the same id, or with the same flow and idempotency key, is returned instead;
    /// compare ids to tell; so is the run of the same slot of a schedule of the same deployment. The name is made unique by `-2`, `-3`, ….
    fn create_run(&self, run: NewRun) -> Answer<'_, RunRecord>;

    /// One run.
    fn run(&self, id: RunId) -> Answer<'_, Option<RunRecord>>;

    /// Runs whose name is `reference` or whose id starts with it (at least 4 characters), newest first, at most 10.
    fn find_runs(&self, reference: String) -> Answer<'_, Vec<RunRecord>>;

    /// Runs, those accepted last first, whatever their clocks said.
    fn list_runs(&self, filter: RunFilter) -> Answer<'_, Vec<RunRecord>>;

    /// How many tasks of each run have which outcome, in the order asked; zeros for a run that is not there. Records set
    /// aside do not count.
    fn task_counts(&self, runs: Vec<RunId>) -> Answer<'_, Vec<TaskCounts>>;

    /// Takes a run if its epoch is still `seen_epoch`: raises the epoch, sets the owner to this process, the state to
    /// `Running` (one that is `Cancelling` stays so), `started` if unset, clears output, error and finished (of a stopped run), and adds one to `crashes` if
    /// `after_crash`. `None` if somebody else was faster, [`Error::Ended`] if the state is final.
    fn claim(
        &self,
        run: RunId,
        seen_epoch: u64,
        after_crash: bool,
        now: Micros,
    ) -> Answer<'_, Option<RunRecord>>;

    /// Takes a run that ended or stopped (one that completed only if the changes say so), in one transaction: drops what is to be done again, sets all other step
    /// records aside (adds [`ASIDE`](crate::model::record::ASIDE) to numbers below it, or more if an earlier drive left
    /// records there) and drops the ends of scopes; as `claim`, and clears cancel request and `crashes`. Synced.
    /// A run that is `Retrying` is taken so too, by its owner; its cancel request stays.
    fn reopen(
        &self,
        run: RunId,
        seen_epoch: u64,
        changes: Reopening,
        now: Micros,
    ) -> Answer<'_, Option<RunRecord>>;

    /// All that is recorded of a run's inside.
    fn journal(&self, run: RunId) -> Answer<'_, Journal>;

    /// Writes entries down, all or none. A step whose number is there already with another content is
    /// [`Error::Conflict`]; the same content again is fine, and only `tolerated` may change. Attempts, waits and ends of
    /// scopes replace what is there.
    fn record(
        &self,
        run: RunId,
        epoch: u64,
        entries: Vec<Entry>,
        durability: Durability,
    ) -> Answer<'_, ()>;

    /// Changes the state (not to a final one) and the flow's attempt. What the table of transitions does not hold is
    /// [`Error::Conflict`], here and in `finish`.
    fn set_state(
        &self,
        run: RunId,
        epoch: u64,
        state: RunState,
        attempt: u32,
        durability: Durability,
    ) -> Answer<'_, ()>;

    /// Ends a run, or stops it for a person; its owner is cleared, its waits are dropped unless it is `Interrupted`.
    /// `entries` are written in the same transaction. Synced.
    fn finish(&self, run: RunId, epoch: u64, entries: Vec<Entry>, ending: Ending)
    -> Answer<'_, ()>;

    /// Ends a run as `Completed` without a value, and accepts the run in which it goes on, in one transaction; `entries`
    /// are written too. A request to cancel, and signals that no step has consumed, go over to that run. Returns its
    /// record, or that of a run which is there already under its id. Synced.
    fn continue_run(
        &self,
        run: RunId,
        epoch: u64,
        entries: Vec<Entry>,
        successor: NewRun,
        at: Micros,
    ) -> Answer<'_, RunRecord>;

    /// Asks a run, and every unfinished run below it, to cancel. Synced. One that nobody drives (no owner) ends as
    /// `Cancelled` in the same transaction. Returns the ids of those that changed.
    fn request_cancel(&self, run: RunId, now: Micros) -> Answer<'_, Vec<RunId>>;

    /// Adds a signal. Synced. The same idempotency key in the same run returns the first signal's number, even after the
    /// run's end.
    fn send_signal(
        &self,
        run: RunId,
        name: String,
        payload: Payload,
        key: Option<String>,
        now: Micros,
    ) -> Answer<'_, u64>;

    /// Signals of a run with a number of at least `from`.
    fn signals(&self, run: RunId, from: u64) -> Answer<'_, Vec<SignalRecord>>;

    /// Adds log lines, of any runs; those of runs that are not there are dropped. Never synced for their own sake.
    fn append_logs(&self, lines: Vec<LogLine>) -> Answer<'_, ()>;

    /// Log lines of a run with their cursors.
    fn logs(&self, run: RunId, filter: LogFilter) -> Answer<'_, Vec<(i64, LogLine)>>;

    /// Deletes a run that has ended, its inside, its logs, and its child runs. Synced. `false` if it or one below it has not
    /// ended (one that waits for a person has not). The run itself is gone in one transaction, all else in small ones, so
    /// that nobody waits long to write; what a crash leaves of it is taken away by [`sweep`](Store::sweep).
    fn delete_run(&self, run: RunId) -> Answer<'_, bool>;

    /// Takes away what a deletion left whose process died.
    fn sweep(&self) -> Answer<'_, ()>;

    /// Gives free space back to the disk, a little at a time. Returns the bytes given back; 0 where that cannot be done
    /// while the store is in use.
    fn shrink(&self) -> Answer<'_, u64>;

    /// A run and all below it, parents before their children, all of one moment. Without logs and definitions.
    fn family(&self, run: RunId) -> Answer<'_, Vec<(RunRecord, Journal)>>;

    /// Puts in runs out of another store, all or none. Synced. `false`, and nothing is changed, if the first of them is
    /// here already; others that are here are left as they are. Names are made unique, owners and keys are left out, a
    /// parent that is not here is forgotten. A state is taken over as it is: whoever calls chooses one that is not driven.
    fn import(&self, import: Import) -> Answer<'_, bool>;

    /// How a run came here, if it came from another store.
    fn imported(&self, run: RunId) -> Answer<'_, Option<Imported>>;

    /// What the store takes on the disk; reads the whole store. At most so many of the largest runs are named.
    fn usage(&self, largest: usize) -> Answer<'_, Usage>;

    /// Writes a copy of the store, of one moment, to a file that is not there yet, while others go on writing. It was
    /// opened and checked when this returns, and is on the disk.
    fn back_up(&self, to: PathBuf) -> Answer<'_, Copied>;

    /// The processes that are registered: those that live, and dead ones that still own a run.
    fn processes(&self) -> Answer<'_, Vec<Process>>;

    /// Remembers that these flows exist, so that `check` can tell which were lost. Returns all remembered names.
    fn remember_flows(&self, flows: Vec<String>) -> Answer<'_, Vec<String>>;

    /// Gives tickets of limits back, puts calls into the queues, and lets those of this process start whose turn it is: in this
    /// order. What dead processes held is free. A ticket ends with the drive of its run: whoever claims, reopens or finishes
    /// the run gives it back.
    fn take_turns(&self, turns: Turns) -> Answer<'_, Turned>;

    /// The buckets of a limit, or of all, with their tickets.
    fn buckets(&self, name: Option<String>) -> Answer<'_, Vec<BucketRecord>>;

    /// The rules that people set, by the limit's name.
    fn limit_rules(&self) -> Answer<'_, Vec<(String, Rule)>>;

    /// Sets a rule in place of the program's, or goes back to that. Synced.
    fn set_limit(&self, name: String, rule: Option<Rule>) -> Answer<'_, ()>;

    /// Forgets what has started and ended under a limit: its windows are empty and its buckets full. Synced.
    fn reset_limit(&self, name: String) -> Answer<'_, ()>;

    /// The result that is kept under a key, unless it has expired.
    fn kept(&self, key: Digest, now: Micros) -> Answer<'_, Option<Kept>>;

    /// Keeps a result in place of one with the same key, and drops some that had expired when it was computed.
    fn keep(&self, result: Kept) -> Answer<'_, ()>;

    /// What is kept, expired or not, computed last first.
    fn cache_entries(&self, filter: CacheFilter) -> Answer<'_, Vec<CacheEntry>>;

    /// Forgets what is kept; how many there were. Synced.
    fn clear_cache(&self, filter: CacheFilter) -> Answer<'_, u64>;

    /// One secret, as it is sealed.
    fn secret(&self, name: String) -> Answer<'_, Option<SecretRecord>>;

    /// All secrets, by name.
    fn secrets(&self) -> Answer<'_, Vec<SecretRecord>>;

    /// Adds a secret or replaces the one of its name. Synced.
    fn set_secret(&self, secret: SecretRecord) -> Answer<'_, ()>;

    /// Replaces secrets by the same under another key, all in one transaction; one that is not as it was any more (`was`,
    /// `becomes`) stays. Returns how many were replaced. Synced.
    fn reseal_secrets(&self, changes: Vec<(SecretRecord, SecretRecord)>) -> Answer<'_, u64>;

    /// Removes a secret; `false` if there was none. Synced.
    fn remove_secret(&self, name: String) -> Answer<'_, bool>;

    /// Puts all that is committed on the disk.
    fn sync(&self) -> Answer<'_, ()>;

    /// A number that changes when another process may have changed the store (signals, cancels). What is done through this
    /// handle does not change it.
    fn version(&self) -> Answer<'_, u64>;

    /// A number that changes when anybody may have changed a run, this handle included.
    fn changes(&self) -> Answer<'_, u64>;

    /// The version of the store's schema; `None` where there is none.
    fn schema(&self) -> Answer<'_, Option<i64>> {
        Box::pin(async { Ok(None) })
    }

    /// What is damaged, in words; reads the whole store.
    fn damage(&self) -> Answer<'_, Vec<String>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Finishes what is buffered and closes. Later calls are [`Error::Closed`].
    fn close(&self) -> Answer<'_, ()>;
}

/// Why a store did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process has claimed the run since.
    #[error("this process does not own the run any more: another one has claimed it")]
    LeaseLost,
    /// No such run.
    #[error("the store has no run {0}")]
    NoSuchRun(RunId),
    /// The run has ended.
    #[error("run {0} has ended as {1}")]
    Ended(RunId, RunState),
    /// What is there contradicts what is to be written.
    #[error("the record already holds something else: {0}")]
    Conflict(String),
    /// A value is over its limit.
    #[error("{what} is {size} bytes, over the limit of {limit} ({setting})")]
    TooLarge {
        /// What it is.
        what: String,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
        /// The name of the setting that raises it.
        setting: &'static str,
    },
    /// A run has too many of something.
    #[error("the run has {limit} {what}, the most that it may have ({setting})")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many it may have.
        limit: u64,
        /// The name of the setting that raises it.
        setting: &'static str,
    },
    /// A value was recorded, and the file beside the store that holds it is gone or damaged.
    #[error("{whose} is lost: the file {file} {why}")]
    BlobLost {
        /// What of which step of which run.
        whose: String,
        /// Where it should be.
        file: String,
        /// What is wrong.
        why: String,
    },
    /// Somebody else uses the store, or the disk is full, or the machine is slow: the same call may succeed later.
    #[error("the store is not available now: {0}")]
    Unavailable(String),
    /// The store cannot be used at all: not a store, newer than this program, damaged, not writable.
    #[error("{message}")]
    Unusable {
        /// What and why.
        message: String,
        /// What to do.
        hint: String,
    },
    /// It was closed.
    #[error("the store is closed")]
    Closed,
    /// Anything else; repeating the call will not help.
    #[error("the store failed: {0}")]
    Failed(String),
}

impl Error {
    /// The same call may succeed later.
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}
