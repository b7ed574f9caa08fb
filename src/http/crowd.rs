//! Who is connected to one listener, and who makes room when it is full.
//!
//! A listener has so many places, and of these each source has a share at most: an IPv4 address, or an IPv6 network
//! of 64 bits, which one machine has to itself. Somebody new comes in when there is a place; otherwise the connection
//! that has been silent for longest makes room, of the source that has most of them. A connection that a request runs
//! on never makes room. So whoever opens connections by the thousand takes places from nobody but themselves, and one
//! client of an address that many share still gets in.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::Limits;
use crate::base::network_of;

/// The places of one listener. Clones share them.
#[derive(Clone)]
pub(super) struct Crowd {
    most: usize,
    share: usize,
    inside: Arc<Mutex<Inside>>,
}

#[derive(Default)]
struct Inside {
    total: usize,
    by_source: HashMap<IpAddr, Vec<Arc<Guest>>>,
}

/// There is no place, and nobody who could make room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoPlace;

/// A taken place; given back when dropped.
pub(super) struct Place {
    crowd: Crowd,
    source: IpAddr,
    guest: Arc<Guest>,
}

/// One connection, as those see it who have to decide whether it may stay.
pub(super) struct Guest {
    begun: Instant,
    /// Milliseconds from `begun` until something was last heard or said.
    last: AtomicU64,
    running: AtomicUsize,
    /// Whether it ever asked for anything.
    asked: AtomicBool,
    leave: Notify,
}

impl Crowd {
    pub(super) fn new(limits: &Limits) -> Self {
        let share = limits.connections_per_source.min(limits.connections);
        Self { most: limits.connections, share, inside: Arc::default() }
    }

    /// Takes a place, if need be that of somebody silent.
    pub(super) fn enter(&self, ip: IpAddr) -> Result<Place, NoPlace> {
        let source = network_of(ip);
        let mut inside = self.lock();
        let own = inside.by_source.get(&source).map_or(0, Vec::len);
        if own >= self.share {
            inside.make_room(|of, _| *of == source)?;
        } else if inside.total >= self.most {
            // Of equals too: else who came first would keep everybody else out.
            inside.make_room(|_, guests| guests >= own)?;
        }
        let guest = Arc::new(Guest::new());
        inside.by_source.entry(source).or_default().push(guest.clone());
        inside.total += 1;
        Ok(Place { crowd: self.clone(), source, guest })
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    /// Has the longest silent guest leave of the source with most guests, among the sources that `of` takes by their
    /// address and number of guests.
    fn make_room(&mut self, of: impl Fn(&IpAddr, usize) -> bool) -> Result<(), NoPlace> {
        let from = self.by_source.iter().filter(|(source, guests)| of(source, guests.len()));
        let silent = from.flat_map(|(source, guests)| {
            let idle = guests.iter().filter(|guest| guest.is_idle());
            idle.map(move |guest| ((Reverse(guests.len()), guest.heard_at()), *source, guest))
        });
        let (_, source, guest) = silent.min_by_key(|(order, ..)| *order).ok_or(NoPlace)?;
        let guest = guest.clone();
        guest.leave.notify_one();
        self.remove(source, &guest);
        Ok(())
    }

    fn remove(&mut self, source: IpAddr, guest: &Arc<Guest>) {
        let Some(guests) = self.by_source.get_mut(&source) else { return };
        if let Some(at) = guests.iter().position(|one| Arc::ptr_eq(one, guest)) {
            guests.swap_remove(at);
            self.total -= 1;
        }
        if guests.is_empty() {
            self.by_source.remove(&source);
        }
    }
}

impl Place {
    pub(super) const fn guest(&self) -> &Arc<Guest> {
        &self.guest
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.crowd.lock().remove(self.source, &self.guest);
    }
}

/// A request that runs, until it is dropped.
pub(super) struct Runs(Arc<Guest>);

impl Drop for Runs {
    fn drop(&mut self) {
        self.0.heard();
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Guest {
    fn new() -> Self {
        Self {
            begun: Instant::now(),
            last: AtomicU64::new(0),
            running: AtomicUsize::new(0),
            asked: AtomicBool::new(false),
            leave: Notify::new(),
        }
    }

    /// Bytes went either way.
    pub(super) fn heard(&self) {
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    /// A request begins.
    pub(super) fn runs(self: &Arc<Self>) -> Runs {
        self.running.fetch_add(1, Ordering::AcqRel);
        self.asked.store(true, Ordering::Release);
        Runs(self.clone())
    }

    /// Returns when this guest has to make room.
    pub(super) async fn told_to_leave(&self) {
        self.leave.notified().await;
    }

    /// Returns when this guest has been silent for too long, or has not asked for anything in the time that it has
    /// for its headers.
    pub(super) async fn overstays(&self, limits: &Limits) {
        loop {
            let left = if self.asked.load(Ordering::Acquire) {
                limits.idle.saturating_sub(self.heard_at().elapsed())
            } else {
                // However much was heard: single bytes are no request.
                limits.header.saturating_sub(self.begun.elapsed())
            };
            match left {
                Duration::ZERO if self.is_idle() => return,
                // Looked at again when the answer may have begun.
                Duration::ZERO => tokio::time::sleep(limits.idle.max(Duration::from_secs(1))).await,
                left => tokio::time::sleep(left).await,
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.running.load(Ordering::Acquire) == 0
    }

    fn heard_at(&self) -> Instant {
        self.begun + Duration::from_millis(self.last.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd(most: usize, share: usize) -> Crowd {
        Crowd::new(&Limits { connections: most, connections_per_source: share, ..Limits::default() })
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// Whether a guest was told to leave.
    fn leaves(place: &Place) -> bool {
        futures_util::FutureExt::now_or_never(place.guest.told_to_leave()).is_some()
    }

    /// So many guests of one source, each heard later than the one before.
    fn guests(crowd: &Crowd, from: &str, many: usize) -> Vec<Place> {
        (0..many)
            .map(|at| {
                let place = crowd.enter(ip(from)).unwrap();
                place.guest.last.store(at as u64, Ordering::Relaxed);
                place
            })
            .collect()
    }

    #[test]
    fn one_source_displaces_its_own_silent_guests_and_nobody_else_s() {
        let crowd = crowd(10, 4);
        let other = guests(&crowd, "192.0.2.2", 1);
        let many = guests(&crowd, "192.0.2.1", 4);
        let newest = crowd.enter(ip("192.0.2.1")).unwrap();
        assert!(leaves(&many[0]) && !leaves(&many[1]) && !leaves(&newest) && !leaves(&other[0]));
        drop(many);
        assert_eq!(crowd.lock().total, 2);
        drop((newest, other));
        assert!(crowd.lock().total == 0 && crowd.lock().by_source.is_empty());
    }

    #[test]
    fn a_full_house_takes_from_whoever_has_most() {
        let crowd = crowd(6, 5);
        let (few, many) = (guests(&crowd, "192.0.2.1", 2), guests(&crowd, "192.0.2.2", 4));
        let newcomer = crowd.enter(ip("192.0.2.3")).unwrap();
        assert!(leaves(&many[0]) && !few.iter().any(leaves) && !leaves(&newcomer));
        // And among many with one each, from the one that was silent for longest.
        let crowd = Crowd::new(&Limits { connections: 2, connections_per_source: 1, ..Limits::default() });
        let (first, second) = (guests(&crowd, "192.0.2.1", 1), guests(&crowd, "192.0.2.2", 1));
        second[0].guest.last.store(9, Ordering::Relaxed);
        let _third = crowd.enter(ip("192.0.2.3")).unwrap();
        assert!(leaves(&first[0]) && !leaves(&second[0]));
    }

    #[test]
    fn a_request_that_runs_is_never_displaced() {
        let crowd = crowd(8, 2);
        let both = guests(&crowd, "192.0.2.1", 2);
        let run = both.iter().map(|place| place.guest.runs()).collect::<Vec<_>>();
        assert_eq!(crowd.enter(ip("192.0.2.1")).err(), Some(NoPlace));
        drop(run);
        crowd.enter(ip("192.0.2.1")).unwrap();
    }

    #[test]
    fn an_ipv6_network_is_one_source_and_a_mapped_address_is_its_ipv4() {
        assert_eq!(network_of(ip("2001:db8:1:2::1")), network_of(ip("2001:db8:1:2:ffff::2")));
        assert_ne!(network_of(ip("2001:db8:1:2::1")), network_of(ip("2001:db8:1:3::1")));
        assert_eq!(network_of(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }

    #[tokio::test]
    async fn who_asks_for_nothing_overstays_and_who_waits_for_an_answer_does_not() {
        let limits = Limits { header: Duration::ZERO, idle: Duration::ZERO, ..Limits::default() };
        let silent = Arc::new(Guest::new());
        silent.heard();
        silent.overstays(&limits).await;
        let asks = Arc::new(Guest::new());
        let run = asks.runs();
        let waits = futures_util::FutureExt::now_or_never(asks.overstays(&limits));
        assert!(waits.is_none());
        drop(run);
        asks.overstays(&limits).await;
    }
}
