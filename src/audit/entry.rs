//! An entry of the chain, as it was read back.

use std::net::IpAddr;

use serde::Serialize;

use super::event::Touched;
use super::layout::Hash;
use super::words::{Action, Outcome, Purpose};
use crate::base::{ActorRef, BootId, SessionId, Timestamp};

pub type Actor = ActorRef;

/// Where in the chain, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// From 1, without gaps.
    pub sequence: u64,
    pub previous: Hash,
    /// One more with each restore.
    pub epoch: u32,
    pub boot: BootId,
    /// Microseconds since 1970-01-01T00:00:00Z, as the box's clock said.
    pub time: i64,
    pub clock: Clock,
}

/// What the clock did since the entries before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// No earlier entry has a later time.
    Forward,
    /// The clock went backwards, and has not caught up with the newest time of an earlier entry
    /// (microseconds since 1970-01-01T00:00:00Z).
    Behind { newest: i64 },
}

impl Place {
    /// The newest time of any entry up to this one.
    pub const fn newest(&self) -> i64 {
        match self.clock {
            Clock::Forward => self.time,
            Clock::Behind { newest } => newest,
        }
    }
}

/// The fixed part of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub place: Place,
    pub actor: Actor,
    pub session: Option<SessionId>,
    pub origin: Option<IpAddr>,
    pub action: Action,
    pub outcome: Outcome,
    pub purpose: Purpose,
    /// How many times: more than one only for folded failures.
    pub count: u32,
    /// The sequence of the entry that this one is about (the erasure of a detail).
    pub about: Option<u64>,
    /// The salted commitment to the detail, if there is one.
    pub commitment: Option<Hash>,
    pub resources: Resources,
}

impl Entry {
    pub fn sequence(&self) -> u64 {
        self.place.sequence
    }

    pub fn time(&self) -> Timestamp {
        Timestamp::from_microsecond(self.place.time).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// Which resources: in the entry, or in a list beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resources {
    /// Sorted by patient (none first) and kind, each once; resources sorted, each once.
    Inline(Vec<Touched>),
    Side(SideList),
}

/// What an entry says of a list that is too long for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SideList {
    /// Distinct pairs of patient and kind.
    pub parts: u32,
    pub resources: u64,
    pub chunks: u32,
    #[serde(skip)]
    pub hash: Hash,
}
