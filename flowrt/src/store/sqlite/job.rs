//! Operations on their way through the writer.

use tokio::sync::oneshot;

use super::super::{Durability, Error};
use super::fault::Outcome;
use super::session::Session;

/// Something to do within a transaction. It may be done twice: when another one in its group fails, the group is done
/// again.
pub(super) trait Work: Send {
    fn run(&mut self, session: &mut Session) -> Outcome<()>;
}

/// Work that somebody waits for elsewhere.
pub(super) trait Job: Work {
    fn durability(&self) -> Durability;
    fn bytes(&self) -> usize;
    fn answer(self: Box<Self>, outcome: Result<(), Error>);
}

/// An operation with its answer, for the caller that runs it on its own thread.
#[derive(Debug)]
pub(super) struct Operation<T, F> {
    work: F,
    value: Option<T>,
}

/// Where the answer to a queued operation arrives.
pub(super) type Reply<T> = oneshot::Receiver<Result<T, Error>>;

/// An operation that waits in the queue.
pub(super) struct Queued<T, F> {
    operation: Operation<T, F>,
    durability: Durability,
    bytes: usize,
    reply: oneshot::Sender<Result<T, Error>>,
}

impl<T, F> Operation<T, F> {
    pub fn new(work: F) -> Self {
        Self { work, value: None }
    }

    pub fn into_value(self) -> T {
        self.value.expect("the work ended well, so it left a value")
    }

    pub fn queued(self, durability: Durability, bytes: usize) -> (Box<Queued<T, F>>, Reply<T>) {
        let (reply, answer) = oneshot::channel();
        let queued = Queued {
            operation: self,
            durability,
            bytes,
            reply,
        };
        (Box::new(queued), answer)
    }
}

impl<T, F> Work for Operation<T, F>
where
    T: Send,
    F: FnMut(&mut Session) -> Outcome<T> + Send,
{
    fn run(&mut self, session: &mut Session) -> Outcome<()> {
        self.value = Some((self.work)(session)?);
        Ok(())
    }
}

impl<T, F> Work for Queued<T, F>
where
    T: Send,
    F: FnMut(&mut Session) -> Outcome<T> + Send,
{
    fn run(&mut self, session: &mut Session) -> Outcome<()> {
        self.operation.run(session)
    }
}

impl<T, F> Job for Queued<T, F>
where
    T: Send,
    F: FnMut(&mut Session) -> Outcome<T> + Send,
{
    fn durability(&self) -> Durability {
        self.durability
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn answer(self: Box<Self>, outcome: Result<(), Error>) {
        let Self {
            operation, reply, ..
        } = *self;
        // A caller that stopped waiting does not need to know.
        let _ = reply.send(outcome.map(|()| operation.into_value()));
    }
}
