//! Notices of runs that failed, recovered or are late: noted in the store first, then sent, again and again until that
//! worked. So each is sent at least once, whatever dies in between, and as a rule once.

mod news;
mod send;

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::Engine;
use crate::clock::{Clock, micros};
use crate::config::Notice;
use crate::engine::notices::Teller;
use crate::engine::{Shared, trouble};
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint::failpoint;
use crate::mask;
use crate::model::ids::RunId;
use crate::model::notice::{News, NoticeRecord, Occasion, again_after};

/// How often runs are looked for that are late, or of whose end no word came.
const LOOK: Duration = Duration::from_secs(30);

/// So long a notice is the affair of who took it; after that its process is taken for dead.
const LEASE: Duration = Duration::from_secs(120);

/// How many notices are sent at a time.
const BATCH: usize = 20;

/// Tells the people whom the settings name, for as long as the engine is open, once it works on the store or has driven a
/// run. Does nothing if they name nobody.
pub(super) fn keep(shared: &Arc<Shared>, notices: &[Notice]) {
    if notices.is_empty() {
        return;
    }
    let (sender, ended) = unbounded_channel();
    let stays = Arc::new(Notify::new());
    let teller = Teller {
        notices: notices.to_vec(),
        ended: sender,
        stays: stays.clone(),
        at_work: tokio::sync::Mutex::default(),
    };
    if shared.teller.set(teller).is_ok() {
        tokio::spawn(tell(Arc::downgrade(shared), stays, ended));
    }
}

async fn tell(shared: Weak<Shared>, stays: Arc<Notify>, mut ended: UnboundedReceiver<RunId>) {
    let mut looks = true;
    let mut runs = Vec::new();
    if !begins(&stays, &mut ended, &mut runs).await {
        return;
    }
    loop {
        let Some(engine) = Engine::for_a_while(&shared) else {
            return;
        };
        let clock = engine.shared.clock.clone();
        let next = match engine.told(looks, &runs).await {
            Ok(next) => next.unwrap_or(LOOK).min(LOOK),
            Err(error) => {
                tracing::warn!(%error, "notices cannot be looked after now");
                LOOK
            }
        };
        // Nobody is kept open by it.
        drop(engine);
        runs.clear();
        looks = false;
        tokio::select! {
            more = ended.recv_many(&mut runs, BATCH) => if more == 0 {
                return;
            },
            () = clock.sleep(next) => looks = true,
        }
    }
}

/// Waits until this process works on the store or has driven a run: one that only reads is gone before what it took is
/// sent, and nobody else would send that for a while. `false` if the engine is gone before.
async fn begins(
    stays: &Notify,
    ended: &mut UnboundedReceiver<RunId>,
    runs: &mut Vec<RunId>,
) -> bool {
    tokio::select! {
        more = ended.recv_many(runs, BATCH) => more > 0,
        () = stays.notified() => true,
    }
}

impl Engine {
    fn for_a_while(shared: &Weak<Shared>) -> Option<Self> {
        let shared = shared.upgrade()?;
        Some(Self {
            shared,
            outlines: Arc::default(),
            _open: None,
        })
    }

    fn teller(&self) -> Result<&Teller> {
        self.shared.teller.get().ok_or_else(|| {
            Error::new(
                ErrorKind::Input,
                "nobody is to be told: flowrt.toml has no [[notices]]",
            )
            .hint("they are described in the guide, in notices.md")
        })
    }

    /// Who is told, by the settings of the store.
    pub fn notices(&self) -> Vec<Notice> {
        self.shared
            .teller
            .get()
            .map_or_else(Vec::new, |teller| teller.notices.clone())
    }

    /// The notices that were noted last, of one run or of all, the latest first; at most so many, each with its number; of
    /// those with a smaller number than that, if one is given.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn noted(
        &self,
        run: Option<RunId>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<(i64, NoticeRecord)>> {
        let noted = self.shared.store.noted(run, before, limit);
        noted.await.map_err(trouble)
    }

    /// Sends a notice about nothing, at once, without noting it.
    ///
    /// # Errors
    /// If there is no such notice, or it cannot be sent.
    pub async fn test_notice(&self, name: &str) -> Result<()> {
        let teller = self.teller()?;
        let Some(notice) = teller.notices.iter().find(|notice| notice.name == name) else {
            let names: Vec<_> = teller
                .notices
                .iter()
                .map(|notice| notice.name.as_str())
                .collect();
            let message = format!("there is no notice `{name}`");
            return Err(Error::new(ErrorKind::NotFound, message)
                .hint(format!("one of {}", names.join(", "))));
        };
        let body = serde_json::json!({
            "notice": name, "occasion": "test", "flow": null, "run": null, "run_id": null, "state": null,
            "deployment": null, "digest": null, "text": format!("a test of the notice `{name}`"),
        });
        send::send(notice.way.clone(), body, format!("test/{}", self.now())).await
    }

    /// Waits until what is to be told of that run has been tried once, for a process that ends now; not for longer than
    /// that. Returns at once if nobody is to be told.
    pub async fn told_of(&self, run: RunId, at_most: Duration) {
        if self.shared.teller.get().is_none() {
            return;
        }
        let clock = Clock::real();
        let ended = [run];
        tokio::select! {
            told = self.told(false, &ended) => if let Err(error) = told {
                tracing::warn!(%error, "a notice could not be made");
            },
            () = clock.sleep(at_most) => {}
        }
    }

    /// Notes what there is to tell, and sends what is due; gives the time until the next is.
    async fn told(&self, looks: bool, runs: &[RunId]) -> Result<Option<Duration>> {
        let mut looked = self.teller()?.at_work.lock().await;
        if looks || !looked.has_begun {
            self.look(&mut looked).await?;
            looked.has_begun = true;
        }
        self.note_ended(runs, &mut looked).await?;
        self.send_due().await
    }

    /// Sends what is due; gives the time until the next is.
    async fn send_due(&self) -> Result<Option<Duration>> {
        let notices = &self.teller()?.notices;
        let names: Vec<String> = notices.iter().map(|notice| notice.name.clone()).collect();
        let store = &self.shared.store;
        let mut next: Option<Duration> = None;
        loop {
            let now = self.now();
            let until = now.saturating_add(micros(LEASE));
            let taken = store.take_notices(names.clone(), now, until, BATCH);
            let taken = taken.await.map_err(trouble)?;
            let is_all = taken.len() < BATCH;
            let sent = taken.into_iter().filter_map(|record| {
                let notice = notices.iter().find(|notice| notice.name == record.notice)?;
                Some(self.send_one(notice, record))
            });
            for again in futures_util::future::join_all(sent).await {
                let again = again?;
                next = next.into_iter().chain(again).min();
            }
            if is_all {
                return Ok(next);
            }
        }
    }

    /// Sends one and notes how that went; gives the time until it is tried again.
    async fn send_one(
        &self,
        notice: &Notice,
        mut record: NoticeRecord,
    ) -> Result<Option<Duration>> {
        let way = notice.way.clone();
        let key = record.key.clone();
        let sent = send::send(way, record.body.clone(), key).await;
        failpoint("notices::after_send");
        let mut again = None;
        match sent {
            Ok(()) => {
                record.sent = Some(self.now());
                record.due = None;
                record.error = None;
            }
            Err(error) => {
                again = again_after(record.tries);
                record.due = again.map(|delay| self.now().saturating_add(micros(delay)));
                record.error = Some(mask::text(error.message()).into_owned());
                tracing::warn!(notice = %notice.name, %error, "a notice could not be sent");
            }
        }
        self.shared
            .store
            .settle_notice(record)
            .await
            .map_err(trouble)?;
        Ok(again)
    }

    /// Notes news for all who want them, of those who are said to be meant by their number.
    async fn note(&self, news: &[News], is_for: impl Fn(usize, &News) -> bool) -> Result<()> {
        let now = self.now();
        let mut records = Vec::new();
        for (number, notice) in self.teller()?.notices.iter().enumerate() {
            let wanted = news.iter().filter(|news| wants(notice, news));
            for news in wanted.filter(|news| is_for(number, news)) {
                let mut body = news.body(&notice.name, notice.template.as_deref());
                mask::json(&mut body);
                records.push(NoticeRecord {
                    notice: notice.name.clone(),
                    key: news.key(),
                    run: news.run.id,
                    body,
                    created: now,
                    due: Some(now),
                    tries: 0,
                    sent: None,
                    error: None,
                });
            }
        }
        if !records.is_empty() {
            self.shared.store.note(records).await.map_err(trouble)?;
            failpoint("notices::after_note");
        }
        Ok(())
    }
}

/// Whether that notice is about such news of that flow.
fn is_about(notice: &Notice, occasion: Occasion, flow: &str) -> bool {
    notice.on.iter().any(|on| on == occasion.as_str())
        && (notice.flows.is_empty() || notice.flows.iter().any(|own| own == flow))
}

fn wants(notice: &Notice, news: &News) -> bool {
    let is_late = |due: i64| due.saturating_add(micros(notice.late_after));
    is_about(notice, news.occasion, &news.run.flow)
        && (news.occasion != Occasion::Late
            || news.run.due.is_some_and(|due| is_late(due) <= news.at))
}
