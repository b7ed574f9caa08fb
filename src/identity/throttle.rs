//! Waiting after failures, in the store: a restart forgives nothing, and guessing in parallel gains nothing.
//!
//! What is throttled is a user name at a listener, as it was typed, whether or not there is such an account; an address, or the
//! first 64 bits of an IPv6 one; the setup code; codes of approvals; and asking by a secret that nobody has, by address.

use std::net::IpAddr;
use std::time::Duration;

use super::rows::{THROTTLES, ThrottleRow};
use super::types::Listener;
use super::{Identity, IdentityError, after};
use crate::audit::{Action, AuditedTx};
use crate::base::Timestamp;
use crate::store::{Read, ReadExt, StoreError};

/// One thing that is throttled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Throttle {
    kind: Kind,
    key: (u8, Vec<u8>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Account,
    Address,
    Setup,
    Approval,
    LookUp,
}

/// The first wait; each further failure doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

impl Kind {
    /// How many failures are free. Many people sign in from one address.
    const fn free(self) -> u32 {
        match self {
            Self::Account | Self::Setup | Self::Approval => 5,
            Self::Address | Self::LookUp => 25,
        }
    }

    /// After how long without a failure all is forgotten.
    const fn memory(self) -> Duration {
        match self {
            Self::Account | Self::Setup | Self::Approval => Duration::from_secs(24 * 3600),
            Self::Address | Self::LookUp => Duration::from_secs(3600),
        }
    }
}

impl Throttle {
    fn new(kind: Kind, key: Vec<u8>) -> Self {
        Self { kind, key: (kind as u8, key) }
    }

    pub(super) fn setup() -> Self {
        Self::new(Kind::Setup, Vec::new())
    }

    /// All codes together: they are tried at the console alone.
    pub(super) fn approval() -> Self {
        Self::new(Kind::Approval, Vec::new())
    }

    pub(super) fn address(origin: IpAddr) -> Self {
        Self::new(Kind::Address, network(origin))
    }

    fn look_up(origin: IpAddr) -> Self {
        Self::new(Kind::LookUp, network(origin))
    }
}

/// An address, or the network that one household or attacker has.
fn network(origin: IpAddr) -> Vec<u8> {
    match origin.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().iter().take(8).copied().collect(),
    }
}

impl Identity {
    /// Whether this address may ask by a secret without signing in; refused while it must wait.
    pub async fn may_look_up(&self, origin: Option<IpAddr>) -> Result<(), IdentityError> {
        let throttles: Vec<Throttle> = origin.map(Throttle::look_up).into_iter().collect();
        self.heard(&throttles, origin).await
    }

    /// It asked by a secret that nobody has.
    pub async fn looked_up_in_vain(&self, origin: Option<IpAddr>) -> Result<(), IdentityError> {
        let throttles: Vec<Throttle> = origin.map(Throttle::look_up).into_iter().collect();
        let now = self.now();
        self.write_essential(move |tx| {
            failed(tx, &throttles, now)?;
            tx.count_failure(origin, Action::Throttled)?;
            Ok::<_, IdentityError>(())
        })
        .await?;
        Ok(())
    }

    /// For a name as it was folded, or as it was typed when it is no name at all.
    pub(super) fn throttle_of_name(&self, listener: Listener, name: &str) -> Throttle {
        let door = if listener == Listener::Portal { "portal" } else { "clinic" };
        let told = format!("{door}\0{name}");
        Throttle::new(Kind::Account, self.key.tag("throttle", told.as_bytes()).as_bytes().to_vec())
    }

    /// Refuses while any of these must wait; the refusal is counted in the access log.
    pub(super) async fn heard(&self, throttles: &[Throttle], origin: Option<IpAddr>) -> Result<(), IdentityError> {
        let now = self.now();
        let Some(until) = waiting(&self.read()?, throttles, now)? else { return Ok(()) };
        self.write_essential(move |tx| {
            tx.count_failure(origin, Action::Throttled)?;
            Ok::<_, IdentityError>(())
        })
        .await?;
        Err(IdentityError::Wait { until })
    }
}

/// The first moment at which all of these are heard again; `None` if that is now.
fn waiting(
    read: &(impl Read + ?Sized),
    throttles: &[Throttle],
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let mut latest = None;
    for throttle in throttles {
        let row = read.get(&THROTTLES, &throttle.key)?;
        latest = latest.max(row.map(|row| row.until).filter(|until| now < *until));
    }
    Ok(latest)
}

/// One more failure for each of these.
pub(super) fn failed(tx: &mut AuditedTx<'_, '_>, throttles: &[Throttle], now: Timestamp) -> Result<(), StoreError> {
    for throttle in throttles {
        let before = tx.get(&THROTTLES, &throttle.key)?;
        let before = before.filter(|row| now < after(row.last, throttle.kind.memory()));
        let failures = before.map_or(0, |row| row.failures).saturating_add(1);
        let row = ThrottleRow { failures, last: now, until: after(now, wait(failures, throttle.kind.free())) };
        tx.put(&THROTTLES, &throttle.key, &row)?;
    }
    Ok(())
}

/// A success forgets the failures of the account and of the code. An address keeps its own: or one right
/// password would pay for guessing many others.
pub(super) fn succeeded(tx: &mut AuditedTx<'_, '_>, throttles: &[Throttle]) -> Result<(), StoreError> {
    for throttle in throttles.iter().filter(|one| !matches!(one.kind, Kind::Address | Kind::LookUp)) {
        tx.delete(&THROTTLES, &throttle.key)?;
    }
    Ok(())
}

/// Whether a row says nothing any more.
pub(super) fn is_forgotten(kind: u8, row: &ThrottleRow, now: Timestamp) -> bool {
    let all = [Kind::Account, Kind::Address, Kind::Setup, Kind::Approval, Kind::LookUp];
    let kind = all.into_iter().find(|known| *known as u8 == kind);
    row.until <= now && kind.is_none_or(|kind| after(row.last, kind.memory()) <= now)
}

fn wait(failures: u32, free: u32) -> Duration {
    match failures.checked_sub(free) {
        None => Duration::ZERO,
        Some(over) => FIRST_WAIT.saturating_mul(1 << over.min(16)).min(LONGEST_WAIT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_after_the_free_failures_and_has_an_end() {
        let seconds = |failures| wait(failures, 5).as_secs();
        assert_eq!([1, 4, 5, 6, 7, 8, 9, 10, 11, u32::MAX].map(seconds), [0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
    }

    #[test]
    fn asking_in_vain_keeps_nobody_from_signing_in() {
        let origin: IpAddr = "192.0.2.1".parse().unwrap();
        assert_ne!(Throttle::address(origin), Throttle::look_up(origin));
    }

    #[test]
    fn a_whole_ipv6_network_is_one_address() {
        let of = |text: &str| Throttle::address(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
