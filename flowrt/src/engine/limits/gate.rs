//! The one who asks the store, for all tasks of this process, whose turn it is.

use std::collections::{BTreeMap, HashMap};
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
use crate::store::tickets::{Admitted, Ask, Bucket, GiveBack, IfFull, Turns};

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
    pub(super) reply: Reply,
}

/// Who does not wait: where, which token, and what its task says then.
type Impatient = (Bucket, u64, WhenFull);

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

    /// One round: what is given back, who comes, and who may start then is one transaction.
    async fn serve(&mut self, batch: Vec<Request>) -> Result<()> {
        let mut comers: Vec<Comer> = Vec::new();
        let mut given = Vec::new();
        let now = self.clock.now();
        for request in batch {
            match request {
                Request::Enter(comer) => comers.push(comer),
                Request::Again { token, reply } => given.extend(self.again(token, reply, now)),
                Request::Leave { token, how } => {
                    comers.retain(|comer| comer.token != token);
                    given.extend(self.leave(token, how, now));
                }
            }
        }
        // Calls that a flow makes at once are told apart by the order in which it built them.
        comers.sort_by_key(|comer| (comer.ask.run, comer.key));
        let turns = Turns {
            given,
            asks: comers.iter().map(|comer| comer.ask.clone()).collect(),
            buckets: self.looked_at(&comers, now),
            now,
        };
        if turns.given.is_empty() && turns.buckets.is_empty() {
            return Ok(());
        }
        let turned = patiently(|| self.store.take_turns(turns.clone()))
            .await
            .map_err(trouble)?;
        let impatient = self.let_come(comers, turned.tickets);
        let buckets = turns.buckets.into_iter().map(|(bucket, _)| bucket);
        for (bucket, admitted) in buckets.zip(turned.admitted) {
            if let Some(room) = self.rooms.get_mut(&bucket) {
                room.open(admitted, now, self.clock.is_fake());
            }
        }
        self.turn_away(impatient);
        self.rooms.retain(|_, room| !room.is_empty());
        Ok(())
    }

    fn again(&mut self, token: u64, reply: Reply, now: Micros) -> Option<(Rule, u64, GiveBack)> {
        let (bucket, ticket) = self.tickets.get(&token)?;
        let room = self.rooms.get_mut(bucket)?;
        room.held.remove(ticket);
        room.waiting.insert(*ticket, reply);
        room.next = Some(now);
        Some((room.rule, *ticket, GiveBack::Late))
    }

    fn leave(&mut self, token: u64, how: GiveBack, now: Micros) -> Option<(Rule, u64, GiveBack)> {
        let (bucket, ticket) = self.tickets.remove(&token)?;
        let room = self.rooms.get_mut(&bucket)?;
        room.held.remove(&ticket);
        room.waiting.remove(&ticket);
        room.next = Some(now);
        Some((room.rule, ticket, how))
    }

    /// The buckets in which somebody of this process may start now, or learns that he is not wanted.
    fn looked_at(&self, comers: &[Comer], now: Micros) -> Vec<(Bucket, Rule)> {
        let is_due = |room: &Room| !room.is_empty() && room.next.is_some_and(|next| next <= now);
        let due = self.rooms.iter().filter(|(_, room)| is_due(room));
        let mut buckets: BTreeMap<Bucket, Rule> = comers
            .iter()
            .map(|comer| (comer.ask.bucket.clone(), comer.rule))
            .collect();
        buckets.extend(due.map(|(bucket, room)| (bucket.clone(), room.rule)));
        buckets.into_iter().collect()
    }

    /// Remembers those who came; gives those who do not want to wait.
    fn let_come(&mut self, comers: Vec<Comer>, tickets: Vec<u64>) -> Vec<Impatient> {
        let mut impatient = Vec::new();
        for (comer, ticket) in comers.into_iter().zip(tickets) {
            let (bucket, when_full) = (comer.ask.bucket, comer.when_full);
            if comer.ask.if_full == IfFull::Leave {
                impatient.push((bucket.clone(), comer.token, when_full));
            }
            self.tickets.insert(comer.token, (bucket.clone(), ticket));
            let room = self
                .rooms
                .entry(bucket)
                .or_insert_with(|| Room::new(comer.rule, when_full));
            room.waiting.insert(ticket, comer.reply);
        }
        impatient
    }

    /// Those who found no room and do not want to wait.
    fn turn_away(&mut self, impatient: Vec<Impatient>) {
        for (bucket, token, when_full) in impatient {
            let ticket = self.tickets.get(&token).map(|(_, ticket)| *ticket);
            let room = self.rooms.get_mut(&bucket).zip(ticket);
            if let Some(reply) = room.and_then(|(room, ticket)| room.waiting.remove(&ticket)) {
                self.tickets.remove(&token);
                let _ = reply.send(Err(full(&bucket, when_full)));
            }
        }
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

/// What a call does that finds no room.
pub(super) fn if_full(when_full: WhenFull) -> IfFull {
    match when_full {
        WhenFull::Queue => IfFull::Wait,
        WhenFull::CancelPrevious => IfFull::Oust,
        WhenFull::Fail | WhenFull::Skip => IfFull::Leave,
    }
}
