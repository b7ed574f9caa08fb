//! mDNS: the box says its name on the clinic's network. Discovery is never identity: who a box is shows its certificate.
//!
//! Announced are `<name>.local` with the machine's addresses and one `_https._tcp` service of the same name (RFC 6762, RFC
//! 6763). Nothing in it tells of the clinic or of a patient. If another machine has the name already, the box does not
//! take a second name, which no certificate would cover: it stops announcing and says so.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::thread::JoinHandle;
use std::time::Duration;

use mdns_sd::{DaemonEvent, IfKind, ServiceDaemon, ServiceInfo};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::base::Ambient;

const PREFIX: &str = "chartbox-";
const TAIL: usize = 4;
/// No vowels, so that no words come out; none of `0 o`, `1 l i`, which look alike.
const ALPHABET: &[u8; 28] = b"23456789bcdfghjkmnpqrstvwxyz";
const SERVICE: &str = "_https._tcp.local.";
/// How long the farewell may take before the box stops without it.
const FAREWELL: Duration = Duration::from_secs(1);

/// A box's name on the network: `chartbox-` and four characters, chosen once. Never the clinic's name.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BoxName([u8; TAIL]);

impl BoxName {
    /// A name by chance: one of 614,656.
    pub fn choose(ambient: &Ambient) -> Self {
        let number = u64::from_le_bytes(ambient.bytes());
        let mut rest = number;
        let mut tail = [0; TAIL];
        for letter in &mut tail {
            let at = usize::try_from(rest % ALPHABET.len() as u64).unwrap_or(0);
            *letter = ALPHABET.get(at).copied().unwrap_or(b'2');
            rest /= ALPHABET.len() as u64;
        }
        Self(tail)
    }

    /// `chartbox-k3mf.local`, as people type it.
    pub fn host(&self) -> String {
        format!("{self}.local")
    }
}

impl fmt::Display for BoxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        self.0.iter().try_for_each(|letter| write!(f, "{}", char::from(*letter)))
    }
}
impl fmt::Debug for BoxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for BoxName {
    type Err = DiscoveryError;
    fn from_str(text: &str) -> Result<Self, DiscoveryError> {
        let tail = text.strip_prefix(PREFIX).and_then(|tail| <[u8; TAIL]>::try_from(tail.as_bytes()).ok());
        let legal = tail.filter(|tail| tail.iter().all(|letter| ALPHABET.contains(letter)));
        legal.map(Self).ok_or(DiscoveryError::NotABoxName)
    }
}
impl TryFrom<String> for BoxName {
    type Error = DiscoveryError;
    fn try_from(text: String) -> Result<Self, DiscoveryError> {
        text.parse()
    }
}
impl From<BoxName> for String {
    fn from(name: BoxName) -> Self {
        name.to_string()
    }
}

/// Whether the box can be found by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Presence {
    /// Asking whether anybody has the name.
    Probing,
    /// The name is announced.
    Announced,
    /// Another machine has the name. Nothing is announced until the box starts again.
    Conflict,
    /// Announcing ended: the box stops, or the network refused.
    Stopped,
    /// Nothing is announced: what answers is reached from this machine only.
    OwnMachine,
    /// The box does not run.
    Off,
}

impl Presence {
    /// What it means and what to do, for the status page.
    pub const fn said(self) -> &'static str {
        match self {
            Self::Probing => "The box is asking the network whether its name is free.",
            Self::Announced => "The box can be found by its name on this network.",
            Self::Conflict => {
                "Another machine on this network has this box's name, so the box no longer announces it. Find the other \
                 machine, or use another name that the box's certificate covers; then restart the box."
            }
            Self::Stopped => "The box does not announce its name. Use another name that its certificate covers.",
            Self::OwnMachine => "The box answers on this machine only, so it does not announce its name.",
            Self::Off => "The box does not run, so it does not announce its name.",
        }
    }

    /// The stable name, for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Probing => "probing",
            Self::Announced => "announced",
            Self::Conflict => "conflict",
            Self::Stopped => "stopped",
            Self::OwnMachine => "own-machine",
            Self::Off => "off",
        }
    }
}

/// A running announcement. Dropping it ends it without a farewell; [`Announcement::stop`] says goodbye.
pub struct Announcement {
    daemon: ServiceDaemon,
    full_name: String,
    presence: watch::Receiver<Presence>,
    watcher: Option<JoinHandle<()>>,
}

impl Announcement {
    /// Starts to announce `name`, with its HTTPS service at `address`: on all of the machine's networks, following its
    /// addresses, when that is every address, else for this one alone. Returns at once; what comes of it is
    /// [`Announcement::presence`]. An address that only this machine reaches is not to be announced at all
    /// ([`is_reachable`]).
    pub fn start(name: &BoxName, address: SocketAddr) -> Result<Self, DiscoveryError> {
        let service = service(name, address)?;
        let full_name = service.get_fullname().to_owned();
        let daemon = ServiceDaemon::new().map_err(not_announced)?;
        for kind in silent(address.ip()) {
            daemon.disable_interface(kind).map_err(not_announced)?;
        }
        if !address.ip().is_unspecified() {
            daemon.enable_interface(IfKind::Addr(address.ip())).map_err(not_announced)?;
        }
        let events = daemon.monitor().map_err(not_announced)?;
        let (says, presence) = watch::channel(Presence::Probing);
        daemon.register(service).map_err(not_announced)?;
        let (own, own_name) = (daemon.clone(), full_name.clone());
        let watcher = std::thread::Builder::new()
            .name("mdns".into())
            .spawn(move || {
                while let Ok(event) = events.recv() {
                    let Some(next) = after(&event) else { continue };
                    says.send_replace(next);
                    if next == Presence::Conflict {
                        farewell(&own, &own_name);
                        return;
                    }
                }
                says.send_replace(Presence::Stopped);
            })
            .map_err(|error| DiscoveryError::NotAnnounced { why: error.to_string() })?;
        Ok(Self { daemon, full_name, presence, watcher: Some(watcher) })
    }

    /// The presence now, and every change of it.
    pub fn presence(&self) -> watch::Receiver<Presence> {
        self.presence.clone()
    }

    /// Tells the network that the name is gone, and waits at most a second for it. Blocks: not for an async thread.
    pub fn stop(mut self) {
        let ended = farewell(&self.daemon, &self.full_name);
        if let Some(watcher) = self.watcher.take().filter(|watcher| ended || watcher.is_finished()) {
            // A watcher that panicked has nothing left to do.
            let _ = watcher.join();
        }
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // Fails only when the daemon is gone already.
        let _ = self.daemon.shutdown();
    }
}

/// What can go wrong with announcing. None of it keeps the box from serving.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    #[error("this is not a box's name: `chartbox-` and four characters")]
    NotABoxName,
    #[error(
        "the box's name could not be announced on the network ({why}); it can still be reached by a name that a DNS server knows"
    )]
    NotAnnounced { why: String },
}

/// Whether another machine can reach what listens at this address.
pub const fn is_reachable(address: SocketAddr) -> bool {
    !address.ip().to_canonical().is_loopback()
}

fn service(name: &BoxName, address: SocketAddr) -> Result<ServiceInfo, DiscoveryError> {
    let host = format!("{}.", name.host());
    let no_properties: &[(&str, &str)] = &[];
    let (every, port) = (address.ip().is_unspecified(), address.port());
    let addresses = if every { String::new() } else { address.ip().to_canonical().to_string() };
    let service = ServiceInfo::new(SERVICE, &name.to_string(), &host, addresses.as_str(), port, no_properties)
        .map_err(not_announced)?;
    Ok(if every { service.enable_addr_auto() } else { service })
}

/// The networks on which a listener at this address does not answer: there its name is not said.
fn silent(address: IpAddr) -> Vec<IfKind> {
    match address {
        _ if !address.is_unspecified() => vec![IfKind::All],
        IpAddr::V4(_) => vec![IfKind::LoopbackV4, IfKind::LoopbackV6, IfKind::IPv6],
        IpAddr::V6(_) => vec![IfKind::LoopbackV4, IfKind::LoopbackV6],
    }
}

/// What an event of the daemon means for us; most mean nothing.
fn after(event: &DaemonEvent) -> Option<Presence> {
    match event {
        DaemonEvent::NameChange(_) => Some(Presence::Conflict),
        DaemonEvent::Announce(..) => Some(Presence::Announced),
        _ => None,
    }
}

/// Takes the service back and ends the daemon; whether it ended. Neither may hold the box up.
fn farewell(daemon: &ServiceDaemon, full_name: &str) -> bool {
    if let Ok(done) = daemon.unregister(full_name) {
        let _ = done.recv_timeout(FAREWELL);
    }
    daemon.shutdown().is_ok_and(|done| done.recv_timeout(FAREWELL).is_ok())
}

fn not_announced(error: mdns_sd::Error) -> DiscoveryError {
    DiscoveryError::NotAnnounced { why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{ManualClock, SeededRandom};

    fn ambient(seed: u64) -> Ambient {
        Ambient::new(ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap()), SeededRandom::new(seed))
    }

    #[test]
    fn a_name_is_chosen_by_chance_and_reads_back() {
        let names: std::collections::BTreeSet<String> =
            (0..200).map(|seed| BoxName::choose(&ambient(seed)).to_string()).collect();
        assert!(names.len() > 195, "{}", names.len());
        for name in &names {
            assert_eq!(name.parse::<BoxName>().unwrap().to_string(), *name);
            assert_eq!(name.len(), 13);
        }
        for bad in [
            "",
            "chartbox-",
            "chartbox-abcd",
            "chartbox-2345x",
            "chartbox-23O5",
            "otherbox-2345",
            "chartbox-2345.local",
        ] {
            assert_eq!(bad.parse::<BoxName>(), Err(DiscoveryError::NotABoxName), "{bad}");
        }
    }

    #[test]
    fn what_is_announced_is_the_name_and_nothing_else() {
        let name: BoxName = "chartbox-k3mf".parse().unwrap();
        let service = service(&name, "[::]:443".parse().unwrap()).unwrap();
        assert_eq!(service.get_fullname(), "chartbox-k3mf._https._tcp.local.");
        assert_eq!(service.get_hostname(), "chartbox-k3mf.local.");
        assert_eq!(service.get_port(), 443);
        assert!(service.get_properties().is_empty());
        assert!(service.requires_probe() && service.is_addr_auto());
    }

    #[test]
    fn nothing_is_announced_that_nobody_can_reach() {
        for (address, reachable) in [
            ("127.0.0.1:443", false),
            ("127.8.9.1:443", false),
            ("[::1]:443", false),
            ("[::ffff:127.0.0.1]:443", false),
            ("[::]:443", true),
            ("0.0.0.0:443", true),
            ("192.0.2.7:443", true),
        ] {
            assert_eq!(is_reachable(address.parse().unwrap()), reachable, "{address}");
        }
        let name: BoxName = "chartbox-k3mf".parse().unwrap();
        let one = service(&name, "192.0.2.7:8443".parse().unwrap()).unwrap();
        assert!(!one.is_addr_auto());
        assert_eq!(one.get_addresses().iter().map(ToString::to_string).collect::<Vec<_>>(), ["192.0.2.7"]);
        let kinds = |address: &str| format!("{:?}", silent(address.parse().unwrap()));
        assert!(kinds("0.0.0.0").contains("IPv6") && !kinds("::").contains("IPv6"));
        assert_eq!(kinds("192.0.2.7"), "[All]");
    }

    #[test]
    fn a_conflict_ends_the_announcement() {
        let change = mdns_sd::DnsNameChange {
            original: "chartbox-k3mf.local.".into(),
            new_name: "chartbox-k3mf-2.local.".into(),
            rr_type: mdns_sd::RRType::A,
            intf_name: "eth0".into(),
        };
        assert_eq!(after(&DaemonEvent::NameChange(change)), Some(Presence::Conflict));
        assert_eq!(after(&DaemonEvent::Announce("a".into(), "b".into())), Some(Presence::Announced));
        assert_eq!(after(&DaemonEvent::Respond("a".into())), None);
        assert!(Presence::Conflict.said().contains("Another machine"));
    }

    /// Needs a machine that lets a program use multicast; elsewhere it says so and ends.
    #[test]
    fn an_announcement_stops_cleanly() {
        let announcement = match Announcement::start(&BoxName::choose(&Ambient::system()), "[::]:443".parse().unwrap())
        {
            Ok(announcement) => announcement,
            Err(error) => return eprintln!("skipped: {error}"),
        };
        let presence = announcement.presence();
        announcement.stop();
        assert_eq!(*presence.borrow(), Presence::Stopped);
    }
}
