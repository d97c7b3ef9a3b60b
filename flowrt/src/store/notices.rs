//! Notices that are to be sent, as a store keeps them, so that none is lost or sent for ever.

use super::Answer;
use crate::model::ids::RunId;
use crate::model::notice::NoticeRecord;
use crate::model::record::{Micros, RunRecord};
use crate::model::state::RunState;

/// What a store does with notices.
pub trait Notices {
    /// Remembers since when there are notices of these names; in the order asked, what it knows, or `now`.
    fn known_since(&self, names: Vec<String>, now: Micros) -> Answer<'_, Vec<Micros>>;

    /// Adds those whose name and key are not there yet; how many. Synced.
    fn note(&self, notices: Vec<NoticeRecord>) -> Answer<'_, u64>;

    /// Takes those of these names that are due, the longest due first, at most so many: each is due again at `until`, and
    /// has one more try.
    fn take_notices(
        &self,
        names: Vec<String>,
        now: Micros,
        until: Micros,
        limit: usize,
    ) -> Answer<'_, Vec<NoticeRecord>>;

    /// Says how a try went: `sent`, `due`, `error` are as in the record. One that is not there any more is no error.
    fn settle_notice(&self, notice: NoticeRecord) -> Answer<'_, ()>;

    /// Notices of one run or of all, noted last first, at most so many, each with its number; of those with a smaller
    /// number than that, if one is given. A number stays, whatever is noted or forgotten.
    fn noted(
        &self,
        run: Option<RunId>,
        before: Option<i64>,
        limit: usize,
    ) -> Answer<'_, Vec<(i64, NoticeRecord)>>;

    /// There are notices of these names only since then: what came before has been looked through. Never goes back; a name
    /// that is not known stays so.
    fn known_through(&self, names: Vec<String>, time: Micros) -> Answer<'_, ()>;

    /// Drops what was noted before then, whether it was sent or not, of the oldest so many; how many.
    fn forget_notices(&self, before: Micros, limit: usize) -> Answer<'_, u64>;

    /// Runs without a parent that ended in one of these states, by their end and their id, those behind that place, at
    /// most so many.
    fn ended_after(
        &self,
        place: (Micros, RunId),
        states: Vec<RunState>,
        limit: usize,
    ) -> Answer<'_, Vec<RunRecord>>;

    /// Runs without a parent that are in the queue, due by `until`, and have never begun, by that time and their id, those
    /// behind that place, at most so many.
    fn overdue(
        &self,
        place: (Micros, RunId),
        until: Micros,
        limit: usize,
    ) -> Answer<'_, Vec<RunRecord>>;
}
