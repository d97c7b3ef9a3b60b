//! Notices in the store of a process that dies.

use super::Dying;
use crate::model::ids::RunId;
use crate::model::notice::NoticeRecord;
use crate::model::record::{Micros, RunRecord};
use crate::model::state::RunState;
use crate::store::Answer;
use crate::store::notices::Notices;

impl Notices for Dying {
    fn known_since(&self, names: Vec<String>, now: Micros) -> Answer<'_, Vec<Micros>> {
        self.write(0, self.runs.known_since(names, now))
    }
    fn note(&self, notices: Vec<NoticeRecord>) -> Answer<'_, u64> {
        self.write(0, self.runs.note(notices))
    }
    fn take_notices(
        &self,
        names: Vec<String>,
        now: Micros,
        until: Micros,
        limit: usize,
    ) -> Answer<'_, Vec<NoticeRecord>> {
        self.write(0, self.runs.take_notices(names, now, until, limit))
    }
    fn settle_notice(&self, notice: NoticeRecord) -> Answer<'_, ()> {
        self.write(0, self.runs.settle_notice(notice))
    }
    fn noted(
        &self,
        run: Option<RunId>,
        before: Option<i64>,
        limit: usize,
    ) -> Answer<'_, Vec<(i64, NoticeRecord)>> {
        self.read(self.runs.noted(run, before, limit))
    }
    fn known_through(&self, names: Vec<String>, time: Micros) -> Answer<'_, ()> {
        self.write(0, self.runs.known_through(names, time))
    }
    fn forget_notices(&self, before: Micros, limit: usize) -> Answer<'_, u64> {
        self.write(0, self.runs.forget_notices(before, limit))
    }
    fn ended_after(
        &self,
        place: (Micros, RunId),
        states: Vec<RunState>,
        limit: usize,
    ) -> Answer<'_, Vec<RunRecord>> {
        self.read(self.runs.ended_after(place, states, limit))
    }
    fn overdue(
        &self,
        place: (Micros, RunId),
        until: Micros,
        limit: usize,
    ) -> Answer<'_, Vec<RunRecord>> {
        self.read(self.runs.overdue(place, until, limit))
    }
}
