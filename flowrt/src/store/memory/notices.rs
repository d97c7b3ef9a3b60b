//! Notices of a memory store.

use std::collections::BTreeMap;

use super::super::Answer;
use super::super::notices::Notices;
use super::Memory;
use super::runs::Runs;
use crate::model::ids::RunId;
use crate::model::notice::NoticeRecord;
use crate::model::record::{Micros, RunRecord};
use crate::model::state::RunState;

/// All notices.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    since: BTreeMap<String, Micros>,
    /// By their numbers, which are in the order in which they were noted.
    notices: BTreeMap<i64, NoticeRecord>,
    /// The last number.
    last: i64,
}

impl Outbox {
    fn is_there(&self, notice: &NoticeRecord) -> bool {
        self.notices.values().any(|there| is_same(there, notice))
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
            .values_mut()
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
                let outbox = &mut runs.outbox;
                if !outbox.is_there(&notice) {
                    outbox.last += 1;
                    outbox.notices.insert(outbox.last, notice);
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
            let mut there = runs.outbox.notices.values_mut();
            if let Some(there) = there.find(|there| is_same(there, &notice)) {
                there.sent = notice.sent;
                there.due = notice.due;
                there.error = notice.error;
            }
            Ok(())
        })
    }

    fn noted(
        &self,
        run: Option<RunId>,
        before: Option<i64>,
        limit: usize,
    ) -> Answer<'_, Vec<(i64, NoticeRecord)>> {
        self.answer(move |runs| {
            let all = runs.outbox.notices.range(..before.unwrap_or(i64::MAX));
            let wanted = all
                .rev()
                .filter(|(_, notice)| run.is_none_or(|run| run == notice.run));
            let found = wanted.take(limit);
            Ok(found
                .map(|(number, notice)| (*number, notice.clone()))
                .collect())
        })
    }

    fn known_through(&self, names: Vec<String>, time: Micros) -> Answer<'_, ()> {
        self.answer(move |runs| {
            for name in names {
                if let Some(since) = runs.outbox.since.get_mut(&name) {
                    *since = time.max(*since);
                }
            }
            Ok(())
        })
    }

    fn forget_notices(&self, before: Micros, limit: usize) -> Answer<'_, u64> {
        self.answer(move |runs| {
            let notices = &mut runs.outbox.notices;
            let there = notices.len();
            let oldest: Vec<i64> = notices.keys().take(limit).copied().collect();
            for number in oldest {
                if notices
                    .get(&number)
                    .is_some_and(|notice| notice.created < before)
                {
                    notices.remove(&number);
                }
            }
            Ok((there - notices.len()) as u64)
        })
    }

    fn ended_after(
        &self,
        place: (Micros, RunId),
        states: Vec<RunState>,
        limit: usize,
    ) -> Answer<'_, Vec<RunRecord>> {
        self.answer(move |runs| {
            Ok(behind(runs, place, limit, |record| {
                record.finished.filter(|_| states.contains(&record.state))
            }))
        })
    }

    fn overdue(
        &self,
        place: (Micros, RunId),
        until: Micros,
        limit: usize,
    ) -> Answer<'_, Vec<RunRecord>> {
        self.answer(move |runs| {
            Ok(behind(runs, place, limit, |record| {
                let waits = matches!(record.state, RunState::Scheduled | RunState::Pending);
                record.due.filter(|due| waits && *due <= until)
            }))
        })
    }
}

/// Roots that have such a time, by it and their id, those behind that place.
fn behind(
    runs: &Runs,
    place: (Micros, RunId),
    limit: usize,
    time: impl Fn(&RunRecord) -> Option<Micros>,
) -> Vec<RunRecord> {
    let roots = runs.newest_first().map(|run| &run.record);
    let mut found: Vec<_> = roots
        .filter(|record| record.parent.is_none())
        .filter_map(|record| Some(((time(record)?, record.id), record)))
        .filter(|(at, _)| *at > place)
        .collect();
    found.sort_by_key(|(at, _)| *at);
    found.truncate(limit);
    found
        .into_iter()
        .map(|(_, record)| record.clone())
        .collect()
}
