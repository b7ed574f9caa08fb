//! Failures of nobody in particular, counted once they are throttled: one entry per origin and minute.
//!
//! A counted failure is on disk when its transaction is; it is in the chain once its minute is over and
//! [`Audit::flush_failures`] ran. The counts in between are not covered by the chain, and `verify` says how many
//! there are. An origin is an IPv4 address or the first 64 bits of an IPv6 address, so that one network cannot
//! fill the log.

use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::AuditError;
use super::chain::{Audit, AuditedTx};
use super::event::{Detail, Event};
use super::prepare::Extra;
use super::words::{Action, Outcome, Purpose};
use crate::base::{ActorRef, Timestamp};
use crate::store::{Direction, KeyRange, Read, ReadExt, Record, Table, tables};

/// Minute since 1970, origin, action.
type FoldedKey = (i64, Vec<u8>, u16);
const FOLDED: Table<FoldedKey, Folded> = Table::new(tables::AUDIT_FOLDED);

/// How often within one minute, and when first and last (microseconds since 1970-01-01T00:00:00Z).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Folded {
    count: u32,
    first: i64,
    last: i64,
}
impl Record for Folded {}

impl AuditedTx<'_, '_> {
    /// Counts a failure without an account instead of writing an entry of its own. For origins that are already
    /// throttled; the first failures each deserve their entry.
    pub fn count_failure(&mut self, origin: Option<IpAddr>, action: Action) -> Result<(), AuditError> {
        self.flush_failures()?;
        let now = self.ambient().now().as_microsecond();
        let key = (minute(now), origin_bytes(origin), action.number());
        let before = self.get(&FOLDED, &key)?.unwrap_or(Folded { count: 0, first: now, last: now });
        let after = Folded { count: before.count.saturating_add(1), first: before.first.min(now), last: now };
        self.put(&FOLDED, &key, &after)?;
        self.counted();
        Ok(())
    }

    /// Writes the entries of every minute that is over; answers with how many.
    pub fn flush_failures(&mut self) -> Result<u64, AuditError> {
        let this = minute(self.ambient().now().as_microsecond());
        // A minute that lies ahead is one that a clock, since set back, has counted: it is over too.
        let due: Vec<(FoldedKey, Folded)> =
            self.scan(&FOLDED, KeyRange::all(), Direction::Up)?.collect::<Result<_, _>>()?;
        let mut written = 0;
        for (key, folded) in due.into_iter().filter(|((minute, ..), _)| *minute != this) {
            self.delete(&FOLDED, &key)?;
            let (_, origin, action) = key;
            let at = |micros| Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
            let event = Event::new(
                ActorRef::anonymous(),
                Action::from_number(action).unwrap_or(Action::Throttled),
                Purpose::HOperat,
            )
            .outcome(Outcome::Failed)
            .origin(origin_address(&origin))
            .detail(Detail::note(format!("first {}, last {}", at(folded.first), at(folded.last))));
            self.append_with(event, Extra { count: folded.count, about: None })?;
            written += 1;
        }
        Ok(written)
    }
}

impl Audit {
    /// Writes the entries of counted failures whose minute is over. To be called every minute, and at the start;
    /// costs nothing when there are none.
    pub async fn flush_failures(&self) -> Result<u64, AuditError> {
        let this = minute(self.ambient().now().as_microsecond());
        let due = {
            let read = self.read()?;
            let mut rows = read.scan(&FOLDED, KeyRange::all(), Direction::Up)?;
            rows.any(|row| row.is_ok_and(|((minute, ..), _)| minute != this))
        };
        if !due {
            return Ok(0);
        }
        let flushed = self
            .write_essential(|tx| {
                let written = tx.flush_failures()?;
                tx.counted();
                Ok::<_, AuditError>(written)
            })
            .await?;
        Ok(flushed.0)
    }
}

/// How many failures are counted and not yet in the chain.
pub(super) fn pending_failures(read: &(impl Read + ?Sized)) -> Result<u64, AuditError> {
    let mut pending = 0;
    for row in read.scan(&FOLDED, KeyRange::all(), Direction::Up)? {
        pending += u64::from(row?.1.count);
    }
    Ok(pending)
}

const fn minute(micros: i64) -> i64 {
    micros.div_euclid(60_000_000)
}

fn origin_bytes(origin: Option<IpAddr>) -> Vec<u8> {
    match origin.map(|address| address.to_canonical()) {
        None => Vec::new(),
        Some(IpAddr::V4(address)) => address.octets().to_vec(),
        Some(IpAddr::V6(address)) => address.octets().iter().take(8).copied().collect(),
    }
}

fn origin_address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(v4.into());
    }
    let network = u64::from_be_bytes(bytes.try_into().ok()?);
    Some(Ipv6Addr::from_bits(u128::from(network) << 64).into())
}
