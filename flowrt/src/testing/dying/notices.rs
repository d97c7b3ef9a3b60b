//! Notices in the store of a process that dies.

use super::Dying;
use crate::model::ids::RunId;
use crate::model::notice::NoticeRecord;
use crate::model::record::Micros;
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
    fn noted(&self, run: Option<RunId>, limit: usize) -> Answer<'_, Vec<NoticeRecord>> {
        self.read(self.runs.noted(run, limit))
    }
}
