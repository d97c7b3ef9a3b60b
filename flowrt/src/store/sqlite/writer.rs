//! Who writes when: a caller commits on its own thread when the writer is free, and takes along what others have queued.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::super::{Durability, Error};
use super::durable::Durable;
use super::fault::{Fault, Outcome};
use super::group;
use super::job::{Job, Operation, Work};
use super::queue::Queue;
use super::session::{PATIENCE, Session};

/// How many groups a caller leads before it leaves the rest to the background thread and goes on with its own work.
const GROUPS_LED_MAX: usize = 4;

/// The writer of one open store.
#[derive(Debug)]
pub(super) struct Writer {
    session: Mutex<Option<Session>>,
    queue: Mutex<Queue>,
    wake: Condvar,
    pub durable: Arc<Durable>,
}

/// How a caller's attempt to lead went.
enum Led {
    /// It committed under this number, or was refused.
    Done(Result<u64, Error>),
    /// Somebody else writes.
    NotFree,
}

impl Writer {
    pub fn new(session: Session) -> Arc<Self> {
        Arc::new(Self {
            session: Mutex::new(Some(session)),
            queue: Mutex::new(Queue::default()),
            wake: Condvar::new(),
            durable: Durable::new(),
        })
    }

    /// Does the work in a transaction, alone or with others, and returns when it is as durable as asked.
    pub async fn write<T, F>(
        &self,
        durability: Durability,
        bytes: usize,
        work: F,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut Session) -> Outcome<T> + Send + 'static,
    {
        self.durable.check()?;
        let mut operation = Operation::new(work);
        match self.try_lead(&mut operation) {
            Led::Done(outcome) => {
                let commit = outcome?;
                self.lead_what_queued();
                if durability == Durability::Synced {
                    self.durable.wait(commit).await?;
                }
                Ok(operation.into_value())
            }
            Led::NotFree => {
                let (job, answer) = operation.queued(durability, bytes);
                self.enqueue(job)?;
                // The writer may have become free just before the job was queued, when nobody looks any more.
                self.lead_what_queued();
                answer.await.unwrap_or(Err(Error::Closed))
            }
        }
    }

    /// The same on the background thread, when it has time.
    pub async fn write_patiently<T, F>(
        &self,
        bytes: usize,
        durability: Durability,
        work: F,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut Session) -> Outcome<T> + Send + 'static,
    {
        self.durable.check()?;
        let (job, answer) = Operation::new(work).queued(durability, bytes);
        {
            let mut queue = self.queue();
            if queue.is_closed {
                return Err(Error::Closed);
            }
            queue.patient.push_back(job);
        }
        self.wake.notify_one();
        answer.await.unwrap_or(Err(Error::Closed))
    }

    /// Uses the connection if nobody writes now.
    pub fn try_with<T>(&self, work: impl FnOnce(&mut Session) -> T) -> Option<Result<T, Error>> {
        let outcome = self.try_session()?.as_mut().map(work).ok_or(Error::Closed);
        self.lead_what_queued();
        Some(outcome)
    }

    /// Uses the connection as soon as it is free.
    pub fn with<T>(&self, work: impl FnOnce(&mut Session) -> T) -> Result<T, Error> {
        let outcome = self.session().as_mut().map(work).ok_or(Error::Closed);
        self.lead_what_queued();
        outcome
    }

    /// Starts the background thread: it leads when callers cannot or should not, and does the patient work.
    pub fn start(self: &Arc<Self>) -> std::io::Result<JoinHandle<()>> {
        let writer = Arc::clone(self);
        std::thread::Builder::new()
            .name("flowrt-writer".into())
            .spawn(move || {
                while let Some(group) = writer.next_group() {
                    writer.commit_patiently(group);
                }
            })
    }

    /// No more work is taken; what is queued is still done by the background thread, which then ends.
    pub fn close(&self) -> Result<(), Error> {
        let mut queue = self.queue();
        if std::mem::replace(&mut queue.is_closed, true) {
            return Err(Error::Closed);
        }
        self.wake.notify_one();
        Ok(())
    }

    /// Takes the connection out for good.
    pub fn take_session(&self) -> Option<Session> {
        self.session().take()
    }

    fn enqueue(&self, job: Box<dyn Job>) -> Result<(), Error> {
        let mut queue = self.queue();
        if queue.is_closed {
            return Err(Error::Closed);
        }
        queue.urgent.push_back(job);
        Ok(())
    }

    fn try_lead(&self, own: &mut dyn Work) -> Led {
        let Some(mut session) = self.try_session() else {
            return Led::NotFree;
        };
        let Some(session) = session.as_mut() else {
            return Led::Done(Err(Error::Closed));
        };
        let outcome = group::commit_one(session, own);
        match outcome {
            Ok(Ok(())) => Led::Done(Ok(self.durable.committed())),
            Ok(Err(refused)) => Led::Done(Err(refused)),
            Err(fault) if fault.is_busy() => {
                group::clean_up(session, fault);
                Led::NotFree
            }
            Err(fault) => Led::Done(Err(group::clean_up(session, fault).into())),
        }
    }

    /// Leads groups for those who queued meanwhile.
    fn lead_what_queued(&self) {
        for _ in 0..GROUPS_LED_MAX {
            if self.queue().urgent.is_empty() {
                return;
            }
            // Whoever holds the connection looks at the queue after letting it go.
            let Some(mut guard) = self.try_session() else {
                return;
            };
            let group = self.queue().take_urgent();
            let Some(session) = guard.as_mut() else {
                return answer_all(group, &Error::Closed);
            };
            match commit_group(session, group) {
                Done::Committed(answers) => {
                    let commit = self.durable.committed();
                    drop(guard);
                    self.answer(commit, answers);
                }
                Done::NotNow(group) => {
                    drop(guard);
                    self.queue().put_back(group);
                    break;
                }
                Done::Failed(group, error) => {
                    drop(guard);
                    answer_all(group, &error);
                }
            }
        }
        self.hand_over();
    }

    fn hand_over(&self) {
        let mut queue = self.queue();
        if !queue.urgent.is_empty() {
            queue.is_handed_over = true;
            self.wake.notify_one();
        }
    }

    /// Waits for work; `None` once the store is closed and all work is done.
    fn next_group(&self) -> Option<Vec<Box<dyn Job>>> {
        let mut queue = self.queue();
        loop {
            if queue.is_handed_over || queue.is_closed {
                queue.is_handed_over = false;
                let group = queue.take_urgent();
                if !group.is_empty() {
                    // There may be more than one group, and callers that would lead it have gone.
                    queue.is_handed_over = !queue.urgent.is_empty();
                    return Some(group);
                }
            }
            if !queue.patient.is_empty() {
                return Some(queue.take_patient());
            }
            if queue.is_closed {
                return None;
            }
            queue = self
                .wake
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Commits a group on this thread, waiting for other processes.
    fn commit_patiently(&self, group: Vec<Box<dyn Job>>) {
        let done = {
            let mut guard = self.session();
            let Some(session) = guard.as_mut() else {
                return answer_all(group, &Error::Closed);
            };
            let done = session
                .connection
                .busy_timeout(PATIENCE)
                .map_err(Fault::from)
                .map(|()| commit_group(session, group));
            if let Err(error) = session.connection.busy_timeout(Duration::ZERO) {
                tracing::warn!("the store's timeout could not be reset: {error}");
            }
            done
        };
        match done {
            Ok(Done::Committed(answers)) => self.answer(self.durable.committed(), answers),
            Ok(Done::NotNow(group)) => answer_all(
                group,
                &Error::Unavailable("another process is writing to it".into()),
            ),
            Ok(Done::Failed(group, error)) => answer_all(group, &error),
            Err(fault) => tracing::error!("the store's writer stopped: {}", Error::from(fault)),
        }
        self.lead_what_queued();
    }

    fn answer(&self, commit: u64, answers: Vec<(Box<dyn Job>, Result<(), Error>)>) {
        for (job, outcome) in answers {
            match outcome {
                Ok(()) => self.durable.answer(commit, job),
                Err(refused) => job.answer(Err(refused)),
            }
        }
    }

    fn try_session(&self) -> Option<MutexGuard<'_, Option<Session>>> {
        match self.session.try_lock() {
            Ok(session) => Some(session),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn session(&self) -> MutexGuard<'_, Option<Session>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a queued group went.
enum Done {
    Committed(Vec<(Box<dyn Job>, Result<(), Error>)>),
    /// Another process holds the file.
    NotNow(Vec<Box<dyn Job>>),
    Failed(Vec<Box<dyn Job>>, Error),
}

fn commit_group(session: &mut Session, mut group: Vec<Box<dyn Job>>) -> Done {
    let outcome = {
        let mut works: Vec<&mut dyn Work> = group
            .iter_mut()
            .map(|job| job.as_mut() as &mut dyn Work)
            .collect();
        group::commit(session, &mut works)
    };
    match outcome {
        Ok(outcomes) => Done::Committed(group.into_iter().zip(outcomes).collect()),
        Err(fault) => {
            let is_busy = fault.is_busy();
            let fault = group::clean_up(session, fault);
            if is_busy {
                Done::NotNow(group)
            } else {
                Done::Failed(group, fault.into())
            }
        }
    }
}

fn answer_all(group: Vec<Box<dyn Job>>, error: &Error) {
    for job in group {
        job.answer(Err(error.clone()));
    }
}
