//! Turns of what takes long, looks, changes and large bodies: few at a time, and fewer of each actor, so that nobody's many
//! keep others from theirs.
//!
//! Who waits is not at work: the time of a look begins with its turn.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::access::{Actor, Who};

/// How many looks that take long are at work at a time.
const AT_ONCE: usize = 2;

pub struct Turns {
    all: Arc<Semaphore>,
    /// How many an actor may have at a time.
    of_one: usize,
    /// The turns of each actor, or whoever else has a name, who has one or waits for it.
    own: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// A turn, until it is dropped.
pub struct Turn {
    _one_of_all: Option<OwnedSemaphorePermit>,
    _own: Option<OwnedSemaphorePermit>,
}

impl Default for Turns {
    fn default() -> Self {
        Self::so_many(AT_ONCE)
    }
}

impl Turns {
    /// So many at a time, one of each actor.
    pub fn so_many(at_once: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(at_once.min(Semaphore::MAX_PERMITS))), of_one: 1, own: Mutex::default() }
    }

    /// As many of all actors as they like, and one of each.
    pub fn one_each() -> Self {
        Self::so_many(usize::MAX)
    }

    /// So many of each actor.
    #[must_use]
    pub fn of_each(self, of_one: usize) -> Self {
        Self { of_one, ..self }
    }

    /// The actor's next turn, after those that came before it.
    pub async fn take(&self, actor: &Actor) -> Turn {
        // Their own first: who waits for that keeps nobody else waiting. Nobody closes a semaphore here.
        let own = self.of(name(actor)).acquire_owned().await.ok();
        let one_of_all = self.all.clone().acquire_owned().await.ok();
        Turn { _one_of_all: one_of_all, _own: own }
    }

    /// A turn of whom `name` says, for what waits for none; `None` where they have theirs, or nobody's is left.
    pub fn at_once(&self, name: String) -> Option<Turn> {
        let own = self.of(name).try_acquire_owned().ok()?;
        let one_of_all = self.all.clone().try_acquire_owned().ok()?;
        Some(Turn { _one_of_all: Some(one_of_all), _own: Some(own) })
    }

    /// Whether the actor has a turn or waits for one.
    pub fn is_with(&self, actor: &Actor) -> bool {
        let own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.get(&name(actor)).is_some_and(|turns| Arc::strong_count(turns) > 1)
    }

    fn of(&self, name: String) -> Arc<Semaphore> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.retain(|_, turns| Arc::strong_count(turns) > 1);
        own.entry(name).or_insert_with(|| Arc::new(Semaphore::new(self.of_one))).clone()
    }
}

/// One account is one actor, whatever token asks for it.
fn name(actor: &Actor) -> String {
    match actor.who() {
        Who::Person { account, .. } | Who::ProxyFor { account, .. } | Who::Service { account, .. } => {
            account.to_string()
        }
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn of_one_actor_one_is_at_work_and_the_others_wait_behind_it() {
        let turns = Turns::default();
        let [one, other, third] = ["one", "other", "third"].map(Actor::system);
        let first = turns.take(&one).now_or_never().unwrap();
        assert!(turns.take(&one).now_or_never().is_none());
        assert!(turns.is_with(&one) && !turns.is_with(&other));
        // As many as there may be wait, and keep nobody else from a turn.
        let mut waiting: Vec<_> = (0..8).map(|_| Box::pin(turns.take(&one))).collect();
        assert!(waiting.iter_mut().all(|one| one.now_or_never().is_none()));
        let second = turns.take(&other).now_or_never().unwrap();
        assert!(turns.take(&third).now_or_never().is_none());
        drop(first);
        drop(second);
        drop(waiting);
        drop(turns.take(&third).now_or_never().unwrap());
        drop(turns.take(&one).now_or_never().unwrap());
        assert_eq!(turns.own.lock().unwrap().len(), 1);
    }

    #[test]
    fn of_each_there_may_be_some() {
        let turns = Turns::one_each().of_each(2);
        let [one, other] = ["one", "other"].map(Actor::system);
        let _two = [turns.take(&one).now_or_never().unwrap(), turns.take(&one).now_or_never().unwrap()];
        assert!(turns.take(&one).now_or_never().is_none());
        assert!(turns.take(&other).now_or_never().is_some());
    }

    #[test]
    fn what_does_not_wait_gets_a_turn_or_none() {
        let turns = Turns::so_many(3).of_each(2);
        let own: Vec<_> = (0..2).map(|_| turns.at_once("one".into()).unwrap()).collect();
        assert!(turns.at_once("one".into()).is_none());
        let _other = turns.at_once("other".into()).unwrap();
        assert!(turns.at_once("third".into()).is_none(), "nobody's is left");
        drop(own);
        assert!(turns.at_once("one".into()).is_some());
    }
}
