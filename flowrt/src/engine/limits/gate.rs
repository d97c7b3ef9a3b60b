//! The one who asks the store, for all tasks of this process, whose turn it is.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

use super::{Reply, Request, Started, ousted};
use crate::author::meta::WhenFull;
use crate::author::slot::Key;
use crate::clock::Clock;
use crate::engine::{patiently, trouble};
use crate::error::{Error, ErrorKind, Result};
use crate::model::limit::Rule;
use crate::model::record::Micros;
use crate::store::Store;
use crate::store::tickets::{Admitted, Ask, Bucket, GiveBack};

/// What is given back by another process is seen by asking.
const ASK_AGAIN: Micros = 50_000;

/// How many requests are taken at once.
const BATCH: usize = 1024;

/// Tickets of this process by bucket.
#[derive(Debug)]
pub(super) struct Gate {
    store: Arc<dyn Store>,
    clock: Clock,
    incoming: UnboundedReceiver<Request>,
    rooms: HashMap<Bucket, Room>,
    tickets: HashMap<u64, (Bucket, u64)>,
}

/// What this process has to do with one bucket.
#[derive(Debug)]
struct Room {
    rule: Rule,
    when_full: WhenFull,
    waiting: HashMap<u64, Reply>,
    held: HashMap<u64, oneshot::Sender<()>>,
    next: Option<Micros>,
}

/// Somebody who just came, and what they want if there is no room.
#[derive(Debug)]
pub(super) struct Comer {
    pub(super) token: u64,
    pub(super) key: Key,
    pub(super) ask: Ask,
    pub(super) rule: Rule,
    pub(super) when_full: WhenFull,
    /// It was let in before: it waits for its next place, whatever `when_full` says to new ones.
    pub(super) comes_back: bool,
    pub(super) reply: Reply,
}

impl Gate {
    pub(super) fn new(
        store: Arc<dyn Store>,
        clock: Clock,
        incoming: UnboundedReceiver<Request>,
    ) -> Self {
        Self {
            store,
            clock,
            incoming,
            rooms: HashMap::new(),
            tickets: HashMap::new(),
        }
    }

    /// Serves until nobody can come any more.
    pub(super) async fn run(mut self) {
        let mut batch = Vec::new();
        loop {
            let next = self.rooms.values().filter_map(|room| room.next).min();
            let clock = self.clock.clone();
            let due = async move {
                match next {
                    Some(next) => clock.sleep_until(next).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                count = self.incoming.recv_many(&mut batch, BATCH) => if count == 0 { return },
                () = due => {}
            }
            if let Err(error) = self.serve(std::mem::take(&mut batch)).await {
                self.refuse_all(&error);
            }
        }
    }

    async fn serve(&mut self, batch: Vec<Request>) -> Result<()> {
        let mut comers: Vec<Comer> = Vec::new();
        let mut given: HashMap<Bucket, Vec<(u64, GiveBack)>> = HashMap::new();
        for request in batch {
            match request {
                Request::Enter(comer) => comers.push(comer),
                Request::Again { token, reply } => self.again(token, reply, &mut given),
                Request::Leave { token, how } => {
                    comers.retain(|comer| comer.token != token);
                    self.leave(token, how, &mut given);
                }
            }
        }
        let now = self.clock.now();
        for (bucket, given) in given {
            if let Some(room) = self.rooms.get_mut(&bucket) {
                room.next = Some(now);
                let rule = room.rule;
                patiently(|| self.store.give_back(rule, given.clone()))
                    .await
                    .map_err(trouble)?;
            }
        }
        let impatient = self.let_come(comers).await?;
        self.admit_due().await?;
        self.turn_away(impatient).await
    }

    fn again(
        &mut self,
        token: u64,
        reply: Reply,
        given: &mut HashMap<Bucket, Vec<(u64, GiveBack)>>,
    ) {
        let Some((bucket, ticket)) = self.tickets.get(&token) else {
            return;
        };
        if let Some(room) = self.rooms.get_mut(bucket) {
            room.held.remove(ticket);
            room.waiting.insert(*ticket, reply);
            given
                .entry(bucket.clone())
                .or_default()
                .push((*ticket, GiveBack::Late));
        }
    }

    fn leave(
        &mut self,
        token: u64,
        how: GiveBack,
        given: &mut HashMap<Bucket, Vec<(u64, GiveBack)>>,
    ) {
        let Some((bucket, ticket)) = self.tickets.remove(&token) else {
            return;
        };
        if let Some(room) = self.rooms.get_mut(&bucket) {
            room.held.remove(&ticket);
            room.waiting.remove(&ticket);
            given.entry(bucket).or_default().push((ticket, how));
        }
    }

    /// Gets tickets for those who come; returns those who do not want to wait.
    async fn let_come(&mut self, mut comers: Vec<Comer>) -> Result<Vec<(Bucket, u64, WhenFull)>> {
        // Calls that a flow makes at once are told apart by the order in which it built them.
        comers.sort_by_key(|comer| (comer.ask.run, comer.key));
        let asks: Vec<Ask> = comers.iter().map(|comer| comer.ask.clone()).collect();
        if asks.is_empty() {
            return Ok(Vec::new());
        }
        let tickets = patiently(|| self.store.ask(asks.clone()))
            .await
            .map_err(trouble)?;
        let mut impatient = Vec::new();
        for (comer, ticket) in comers.into_iter().zip(tickets) {
            let Comer {
                token,
                ask,
                rule,
                when_full,
                comes_back,
                reply,
                ..
            } = comer;
            let bucket = ask.bucket;
            match when_full {
                _ if comes_back => {}
                WhenFull::Queue => {}
                WhenFull::CancelPrevious => {
                    patiently(|| self.store.oust(bucket.clone(), ticket))
                        .await
                        .map_err(trouble)?;
                }
                WhenFull::Fail | WhenFull::Skip => {
                    impatient.push((bucket.clone(), ticket, when_full))
                }
            }
            self.tickets.insert(token, (bucket.clone(), ticket));
            let room = self
                .rooms
                .entry(bucket)
                .or_insert_with(|| Room::new(rule, when_full));
            room.waiting.insert(ticket, reply);
            room.next = Some(self.clock.now());
        }
        Ok(impatient)
    }

    async fn admit_due(&mut self) -> Result<()> {
        let now = self.clock.now();
        let due = self
            .rooms
            .iter()
            .filter(|(_, room)| room.next.is_some_and(|next| next <= now));
        let due: Vec<Bucket> = due.map(|(bucket, _)| bucket.clone()).collect();
        for bucket in due {
            let Some(rule) = self.rooms.get(&bucket).map(|room| room.rule) else {
                continue;
            };
            let now = self.clock.now();
            let admitted = patiently(|| self.store.admit(bucket.clone(), rule, now))
                .await
                .map_err(trouble)?;
            if let Some(room) = self.rooms.get_mut(&bucket) {
                room.open(admitted, now, self.clock.is_fake());
                if room.is_empty() {
                    self.rooms.remove(&bucket);
                }
            }
        }
        Ok(())
    }

    /// Those who found no room and do not want to wait.
    async fn turn_away(&mut self, impatient: Vec<(Bucket, u64, WhenFull)>) -> Result<()> {
        for (bucket, ticket, when_full) in impatient {
            let Some(room) = self.rooms.get_mut(&bucket) else {
                continue;
            };
            let Some(reply) = room.waiting.remove(&ticket) else {
                continue;
            };
            let rule = room.rule;
            let given = vec![(ticket, GiveBack::Withdrawn)];
            patiently(|| self.store.give_back(rule, given.clone()))
                .await
                .map_err(trouble)?;
            let _ = reply.send(Err(full(&bucket, when_full)));
        }
        Ok(())
    }

    fn refuse_all(&mut self, error: &Error) {
        for room in self.rooms.values_mut() {
            for (_, reply) in room.waiting.drain() {
                let _ = reply.send(Err(error.clone()));
            }
        }
        self.rooms.retain(|_, room| !room.held.is_empty());
    }
}

impl Room {
    fn new(rule: Rule, when_full: WhenFull) -> Self {
        Self {
            rule,
            when_full,
            waiting: HashMap::new(),
            held: HashMap::new(),
            next: None,
        }
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.held.is_empty()
    }

    /// Lets those in whose turn it is, and out whose place is taken.
    fn open(&mut self, admitted: Admitted, now: Micros, alone: bool) {
        let rule = admitted.rule.unwrap_or(self.rule);
        for ticket in &admitted.started {
            let Some(reply) = self.waiting.remove(ticket) else {
                continue;
            };
            let (oust, ousted) = oneshot::channel();
            self.held.insert(*ticket, oust);
            // One who has gone meanwhile gives the place back by itself.
            let _ = reply.send(Ok(Started {
                at: now,
                rule,
                ousted,
            }));
        }
        for ticket in &admitted.unwanted {
            if let Some(oust) = self.held.remove(ticket) {
                let _ = oust.send(());
            } else if let Some(reply) = self.waiting.remove(ticket) {
                let _ = reply.send(Err(ousted()));
            }
        }
        let may_be_ousted = self.when_full == WhenFull::CancelPrevious && !self.is_empty();
        let watches = !self.waiting.is_empty() || may_be_ousted;
        self.next = match admitted.next {
            Some(next) if !self.waiting.is_empty() => Some(next.max(now + 1)),
            // No other process shares a clock that a test advances.
            _ if watches && !alone => Some(now + ASK_AGAIN),
            _ => None,
        };
    }
}

fn full(bucket: &Bucket, when_full: WhenFull) -> Error {
    let of = if bucket.key.is_empty() {
        String::new()
    } else {
        format!(" for `{}`", bucket.key)
    };
    let message = format!("the limit {}{of} has no room", bucket.name);
    if when_full == WhenFull::Skip {
        return Error::new(ErrorKind::Skipped, message);
    }
    Error::new(ErrorKind::Full, message).hint(
        "with `when_full = queue` the task waits for its turn; `limits show` tells who holds it",
    )
}
