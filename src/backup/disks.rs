//! What the disks behind the places say: which folder a place is, and what lies in it. Each is asked in a thread of its own, and
//! nobody waits for one without end: a mount that hangs takes only that thread along.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::error::BackupError;
use super::index::lock;
use super::pace::{LeftOut, thread};
use super::places::repository_at;
use super::service::{Backups, TargetSpec};
use super::target::{Place, Seen};

/// The disks, and what they answered the last time. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Disks(Arc<(Mutex<BTreeMap<String, Asked>>, Condvar)>);

#[derive(Debug, Default)]
struct Asked {
    /// Since when an answer is waited for. Until it comes nothing else is asked.
    since: Option<Instant>,
    last: Option<Seen>,
}

impl Disks {
    /// Asks the disks of these places, all at one time. Answers with the places that gave no answer.
    pub fn ask<'a>(&self, places: impl IntoIterator<Item = &'a Place>, limit: Duration) -> BTreeSet<String> {
        let on_disks = places.into_iter().filter(|place| place.is_on_a_disk());
        let asked: BTreeSet<String> = on_disks.map(|place| self.begin(place)).collect();
        let (all, told) = &*self.0;
        let mut known = lock(all);
        loop {
            let now = Instant::now();
            let since = |name: &String| known.get(name)?.since;
            let open = asked.iter().filter(|name| since(name).is_some());
            let left = open.clone().filter_map(|name| limit.checked_sub(now.duration_since(since(name)?))).max();
            match left.filter(|left| !left.is_zero()) {
                Some(left) => known = told.wait_timeout(known, left).unwrap_or_else(PoisonError::into_inner).0,
                None => return open.cloned().collect(),
            }
        }
    }

    /// Asks one disk, unless it owes an answer already. Answers with the place's name.
    fn begin(&self, place: &Place) -> String {
        let name = place.to_string();
        let mut known = lock(&self.0.0);
        let asked = known.entry(name.clone()).or_default();
        if asked.since.is_some() {
            return name;
        }
        asked.since = Some(Instant::now());
        drop(known);
        let (disks, of, key) = (self.clone(), place.clone(), name.clone());
        // Where no thread can be started the place is one that does not answer, and is asked again the next time.
        if thread(move || disks.answered(key, Some(of.look()))).is_err() {
            self.answered(name.clone(), None);
        }
        name
    }

    fn answered(&self, name: String, seen: Option<Seen>) {
        let (all, told) = &*self.0;
        let mut known = lock(all);
        let asked = known.entry(name).or_default();
        asked.since = None;
        asked.last = seen.or(asked.last.take());
        told.notify_all();
    }

    /// What is known of a place, without asking: what its disk answered the last time, or its name.
    pub fn known(&self, place: &Place) -> Seen {
        let known = lock(&self.0.0);
        known.get(&place.to_string()).and_then(|asked| asked.last.clone()).unwrap_or_else(|| Seen::by_name(place))
    }

    /// Which repository lies in a place, if it can be looked at and says so in time.
    pub fn repository_at(&self, place: &Place, limit: Duration) -> Option<[u8; 16]> {
        if !self.ask([place], limit).is_empty() {
            return None;
        }
        let (say, hear) = channel();
        let of = place.clone();
        thread(move || {
            // Who asked has perhaps stopped waiting.
            let _ = say.send(repository_at(&of));
        })
        .ok()?;
        hear.recv_timeout(limit).ok().flatten()
    }
}

impl Backups {
    /// The one name of a place that is to be worked with. One whose disk does not answer is not waited for.
    pub(super) fn whole_of(&self, spec: &TargetSpec) -> Result<String, BackupError> {
        match self.disks.ask([&spec.place], self.patience.answer).is_empty() {
            true => Ok(self.disks.known(&spec.place).whole),
            false => Err(LeftOut::Silent.error(spec)),
        }
    }
}
