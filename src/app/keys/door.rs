//! Tries at a locked box: one at a time, slower after failures, counted, and in the access log once there is one.
//!
//! A try of a passphrase costs 64 MiB and some tenths of a second. Each address has three that are free; then it waits two
//! seconds, four, and so on to a minute. The console waits for nobody. What was tried stands in a file until the box is open
//! and can write it down, so that a restart forgets nothing; it holds addresses and counts, and nothing that was typed.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::app::folder::{Folder, Mode};
use crate::audit::{Action, Detail, Event, Outcome, Purpose};
use crate::base::{ActorRef, Ambient, Timestamp, network_of};
use crate::crypto::SlotKind;

/// Failures of one address that cost no waiting.
const FREE: u32 = 3;
const LONGEST_WAIT: i64 = 60;
/// More addresses are counted together.
const MOST: usize = 500;
/// After so long without a failure an address is free again.
const MEMORY: i64 = 3600;

/// Where a try comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum From {
    Network(Option<IpAddr>),
    /// By the control socket: the box's own user, or root.
    Console,
}

/// Tries that did not open the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Tried {
    origin: Option<IpAddr>,
    console: bool,
    count: u32,
    first: Timestamp,
    last: Timestamp,
}

/// The way in of a locked box.
pub struct Door {
    folder: Folder,
    ambient: Ambient,
    turn: Semaphore,
    tried: Mutex<Vec<Tried>>,
}

/// A try that must wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    pub seconds: u32,
}

impl Door {
    pub fn new(folder: Folder, ambient: Ambient) -> Self {
        let text = std::fs::read(path(&folder)).unwrap_or_default();
        // What cannot be read back is of no use to anybody.
        let tried = serde_json::from_slice(&text).unwrap_or_default();
        Self { folder, ambient, turn: Semaphore::new(1), tried: Mutex::new(tried) }
    }

    /// Lets one try in. From the network a second one at the same time is turned away; the console waits its turn.
    pub async fn enter(&self, from: From) -> Result<SemaphorePermit<'_>, Wait> {
        let busy = Wait { seconds: 2 };
        match from {
            From::Console => self.turn.acquire().await.map_err(|_| busy),
            From::Network(origin) => {
                let left = self.waits(origin);
                if left > 0 {
                    return Err(Wait { seconds: u32::try_from(left).unwrap_or(u32::MAX) });
                }
                self.turn.try_acquire().map_err(|_| busy)
            }
        }
    }

    /// Counts a try that did not open the box.
    pub fn failed(&self, from: From) {
        let now = self.ambient.now();
        let (origin, console) = match from {
            From::Network(origin) => (origin.map(network_of), false),
            From::Console => (None, true),
        };
        let mut tried = self.lock();
        let full = tried.len() >= MOST;
        let origin = origin.filter(|_| !full || tried.iter().any(|one| one.origin == origin && !one.console));
        match tried.iter_mut().find(|one| one.origin == origin && one.console == console) {
            Some(one) => {
                one.count = one.count.saturating_add(1);
                one.last = now;
            }
            None => tried.push(Tried { origin, console, count: 1, first: now, last: now }),
        }
        tracing::warn!(target: "keys", tries = tried.iter().map(|one| u64::from(one.count)).sum::<u64>(), "a key did not open the box");
        let kept =
            serde_json::to_vec(&*tried).map(|text| self.folder.replace(&path(&self.folder), &text, Mode::Private));
        if !matches!(kept, Ok(Ok(()))) {
            tracing::warn!(target: "keys", "tries to open the box could not be written down: a restart forgets them");
        }
    }

    /// The entries for what was tried, and for what opened the box.
    pub fn entries(&self, opened_by: SlotKind, from: From) -> Vec<Event> {
        let event = |origin, console| {
            let actor = if console { ActorRef::system("cli:key-unlock") } else { ActorRef::anonymous() };
            Event::new(actor, Action::Unlock, Purpose::SysAdmin).origin(origin)
        };
        let failed = |one: &Tried| {
            let times = if one.count == 1 { "1 try".to_owned() } else { format!("{} tries", one.count) };
            let note = format!("{times} while the box was locked, from {} to {}", one.first, one.last);
            event(one.origin, one.console).outcome(Outcome::Denied).detail(Detail::note(note))
        };
        let mut entries: Vec<Event> = self.lock().iter().map(failed).collect();
        let (origin, console) = match from {
            From::Network(origin) => (origin, false),
            From::Console => (None, true),
        };
        entries.push(event(origin, console).detail(Detail::note(format!("by the {opened_by}"))));
        entries
    }

    /// Forgets what now stands in the access log.
    pub fn written(&self) {
        self.lock().clear();
        // A file that stays is written down a second time: better than not at all.
        let _ = std::fs::remove_file(path(&self.folder));
    }

    /// Seconds until this address is heard again.
    fn waits(&self, origin: Option<IpAddr>) -> i64 {
        let now = self.ambient.now().as_second();
        let origin = origin.map(network_of);
        let tried = self.lock();
        let own = tried.iter().find(|one| one.origin == origin && !one.console);
        let Some(one) = own.filter(|one| (0..MEMORY).contains(&(now - one.last.as_second()))) else { return 0 };
        let over = one.count.saturating_sub(FREE);
        if over == 0 {
            return 0;
        }
        let wait = 1_i64.checked_shl(over).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT);
        wait - (now - one.last.as_second())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Tried>> {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn path(folder: &Folder) -> PathBuf {
    folder.path().join("unlock-tries.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{ManualClock, SeededRandom};
    use std::time::Duration;

    fn from(text: &str) -> From {
        From::Network(Some(text.parse().unwrap()))
    }

    #[tokio::test]
    async fn an_address_waits_longer_with_each_failure_and_the_console_never() {
        let place = tempfile::tempdir().unwrap();
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let ambient = Ambient::new(clock.clone(), SeededRandom::new(1));
        let open = || Door::new(Folder::at(place.path()), ambient.clone());
        let door = open();
        let (one, other) = (from("2001:db8::1"), from("192.0.2.7"));
        for _ in 0..FREE {
            drop(door.enter(one).await.unwrap());
            door.failed(one);
        }
        assert!(door.enter(one).await.is_ok(), "the first failures are free");
        let mut waits = Vec::new();
        for _ in 0..8 {
            door.failed(one);
            waits.push(door.enter(one).await.unwrap_err().seconds);
        }
        assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60, 60]);
        let neighbour = from("2001:db8::2");
        assert!(door.enter(neighbour).await.is_err() && door.enter(other).await.is_ok());
        assert!(door.enter(From::Console).await.is_ok());
        // A restart forgives nothing.
        assert!(open().enter(one).await.is_err());
        clock.advance(Duration::from_secs(60));
        assert!(open().enter(one).await.is_ok());
        door.failed(From::Console);
        let entries = open().entries(SlotKind::Passphrase, one);
        let notes: Vec<String> = entries.iter().map(|entry| entry.detail.note.clone().unwrap()).collect();
        assert_eq!(entries.len(), 3);
        assert!(notes[0].starts_with("11 tries while the box was locked"), "{notes:?}");
        assert!(notes[1].starts_with("1 try") && notes[2] == "by the passphrase", "{notes:?}");
        assert_eq!(entries[0].outcome, Outcome::Denied);
        door.written();
        assert_eq!(open().entries(SlotKind::Passphrase, one).len(), 1);
    }

    #[tokio::test]
    async fn one_try_runs_at_a_time_and_many_addresses_are_counted_together() {
        let place = tempfile::tempdir().unwrap();
        let ambient = Ambient::new(ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap()), SeededRandom::new(1));
        let door = Door::new(Folder::at(place.path()), ambient);
        let turn = door.enter(from("192.0.2.7")).await.unwrap();
        assert_eq!(door.enter(from("192.0.2.8")).await.unwrap_err(), Wait { seconds: 2 });
        drop(turn);
        *door.lock() = (0..u32::try_from(MOST).unwrap())
            .map(|at| Tried {
                origin: Some(IpAddr::from((at + 1).to_be_bytes())),
                console: false,
                count: 1,
                first: Timestamp::UNIX_EPOCH,
                last: Timestamp::UNIX_EPOCH,
            })
            .collect();
        for last in 0..5_u8 {
            door.failed(From::Network(Some(IpAddr::from([203, 0, 113, last]))));
        }
        let tried = door.lock();
        assert_eq!((tried.len(), tried.last().unwrap().count), (MOST + 1, 5));
    }
}
