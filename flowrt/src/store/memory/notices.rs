//! Notices of a memory store.

use std::collections::BTreeMap;

use super::super::Answer;
use super::super::notices::Notices;
use super::Memory;
use crate::model::ids::RunId;
use crate::model::notice::NoticeRecord;
use crate::model::record::Micros;

/// All notices in the order in which they were noted.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    since: BTreeMap<String, Micros>,
    notices: Vec<NoticeRecord>,
}

impl Outbox {
    fn is_there(&self, notice: &NoticeRecord) -> bool {
        self.notices.iter().any(|there| is_same(there, notice))
    }

    fn take_notices(
        &mut self,
        names: &[String],
        now: Micros,
        until: Micros,
        limit: usize,
    ) -> Vec<NoticeRecord> {
        let mut due: Vec<&mut NoticeRecord> = self
            .notices
            .iter_mut()
            .filter(|notice| names.contains(&notice.notice))
            .filter(|notice| notice.due.is_some_and(|due| due <= now))
            .collect();
        due.sort_by_key(|notice| notice.due);
        due.truncate(limit);
        due.into_iter()
            .map(|notice| {
                notice.due = Some(until);
                notice.tries += 1;
                notice.clone()
            })
            .collect()
    }
}

fn is_same(one: &NoticeRecord, other: &NoticeRecord) -> bool {
    (&one.notice, &one.key) == (&other.notice, &other.key)
}

impl Notices for Memory {
    fn known_since(&self, names: Vec<String>, now: Micros) -> Answer<'_, Vec<Micros>> {
        self.answer(move |runs| {
            let since = &mut runs.outbox.since;
            let known = names
                .into_iter()
                .map(|name| *since.entry(name).or_insert(now));
            Ok(known.collect())
        })
    }

    fn note(&self, notices: Vec<NoticeRecord>) -> Answer<'_, u64> {
        self.answer(move |runs| {
            let mut added = 0;
            for notice in notices {
                if !runs.outbox.is_there(&notice) {
                    runs.outbox.notices.push(notice);
                    added += 1;
                }
            }
            Ok(added)
        })
    }

    fn take_notices(
        &self,
        names: Vec<String>,
        now: Micros,
        until: Micros,
        limit: usize,
    ) -> Answer<'_, Vec<NoticeRecord>> {
        self.answer(move |runs| Ok(runs.outbox.take_notices(&names, now, until, limit)))
    }

    fn settle_notice(&self, notice: NoticeRecord) -> Answer<'_, ()> {
        self.answer(move |runs| {
            let mut there = runs.outbox.notices.iter_mut();
            if let Some(there) = there.find(|there| is_same(there, &notice)) {
                there.sent = notice.sent;
                there.due = notice.due;
                there.error = notice.error;
            }
            Ok(())
        })
    }

    fn noted(&self, run: Option<RunId>, limit: usize) -> Answer<'_, Vec<NoticeRecord>> {
        self.answer(move |runs| {
            let all = runs.outbox.notices.iter().rev();
            let wanted = all.filter(|notice| run.is_none_or(|run| run == notice.run));
            Ok(wanted.take(limit).cloned().collect())
        })
    }
}
