//! The listeners and everything they answer.
//!
//! [`routes::TABLE`] is the one list of addresses. A handler gets a [`House`] and never reads a record but
//! through `record`, which writes the access log first.

pub mod admin;
mod app;
pub mod clinic;
mod fill;
mod account;
mod api;
pub mod arriving;
mod crowd;
mod done;
mod files;
pub mod forms;
mod front;
mod gate;
mod heard;
mod invitation;
mod joined;
pub mod keys;
mod kept_file;
mod listener;
mod live;
mod locked;
mod names;
pub mod mail_wishes;
pub mod mails;
mod meanwhile;
pub mod notices;
pub mod open;
pub mod operator;
mod ops;
pub mod pages;
pub mod portal;
mod waiting;
pub mod respond;
pub mod routes;
mod said;
mod server;
pub mod session;
mod setup;
mod shared;
mod sign_in;
pub mod unread;
pub mod uploaded;
pub mod ui;
mod verify;
mod welcome;

use std::net::SocketAddr;
use std::sync::Arc;

use crate::audit::Audit;
use crate::backup::Backups;
use crate::base::{Ambient, Timestamp};
use crate::care::export::Exports;
use crate::crypto::SlotKind;
use crate::fhir::bundle::OwnAddresses;
use crate::identity::Identity;
use crate::record::{Records, Turns};
use crate::store::Store;
use crate::tls::{Ca, Certificates};

pub use api::Statements;
pub use listener::{Bound, ListenError};
pub use locked::{KeyRefused, Locked, Trying, Unlocking, Ways, WaysIn};
pub use ops::Metrics;
pub use server::{Live, Serving, Stop};

/// What the listeners allow one request or connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one resource's body.
    pub resource_bytes: usize,
    /// Bytes of a bundle or a document.
    pub bundle_bytes: usize,
    /// How long a handler may take until its answer begins.
    pub request: std::time::Duration,
    /// How long a client may take to send its headers, or to shake hands.
    pub header: std::time::Duration,
    /// How long a connection may stay without a byte either way, after its first request.
    pub idle: std::time::Duration,
    /// Connections at one time, for each listener.
    pub connections: usize,
    /// Of these, from one source.
    pub connections_per_source: usize,
    /// Entries of one bundle.
    pub bundle_entries: usize,
    /// Links of one chained search.
    pub chain_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            resource_bytes: 2 << 20,
            bundle_bytes: 16 << 20,
            request: std::time::Duration::from_secs(30),
            header: std::time::Duration::from_secs(10),
            idle: std::time::Duration::from_secs(60),
            connections: 1024,
            connections_per_source: 256,
            bundle_entries: 5_000,
            chain_depth: crate::fhir::search::CHAIN_DEPTH,
        }
    }
}

impl Limits {
    const fn body(&self, limit: routes::BodyLimit) -> usize {
        match limit {
            routes::BodyLimit::Form => 64 << 10,
            routes::BodyLimit::Resource => self.resource_bytes,
            routes::BodyLimit::Bundle => self.bundle_bytes,
            routes::BodyLimit::Upload => uploaded::MOST,
        }
    }
}

/// What every listener needs, locked or open. Cheap to clone.
#[derive(Clone)]
pub struct Front {
    pub limits: Limits,
    pub metrics: Metrics,
    pub hosts: Arc<Hosts>,
    pub face: pages::Face,
}

/// The parts of the house that a handler uses.
pub struct Parts {
    pub front: Front,
    pub store: Store,
    pub audit: Audit,
    pub identity: Identity,
    pub records: Records,
    pub backups: Backups,
    pub exports: Exports,
    /// Whether and how notices go out by e-mail.
    pub mailing: mails::Mailing,
    pub ambient: Ambient,
    /// The ways to unlock the box, and what signs checkpoints of the access log.
    pub keys: Arc<dyn keys::Keys>,
    pub about: About,
    /// How many files may be on their way in at once.
    pub uploads: uploaded::Room,
    /// Bodies of programs that are too long to be gone through in passing.
    pub bodies: arriving::Bodies,
    /// Transactions that also read: what was written is answered, so how much is read is decided before.
    pub reading: Turns,
    /// Answers to programs that are in memory.
    pub unread: unread::Unread,
    /// What the box says of its own FHIR.
    pub statements: Statements,
    /// That the box is to stop: what answers for long listens.
    pub stop: Stop,
}

/// What the box says of itself, besides its [`pages::Face`].
#[derive(Debug, Clone)]
pub struct About {
    /// What opened the box this time.
    pub opened_by: SlotKind,
    /// The authority that devices of the clinic trust.
    pub ca: Ca,
    /// The certificate that browsers see.
    pub certificates: Arc<Certificates>,
    /// The listeners that answer, and where.
    pub listeners: Vec<(routes::Entrance, SocketAddr)>,
    /// Whether the box can be found by its name.
    pub presence: tokio::sync::watch::Receiver<crate::discovery::Presence>,
    /// Origins without a trailing slash; `None` when that listener is off.
    /// By which of its addresses a client may name the box's own resources.
    pub own: OwnAddresses,
    pub clinic_url: Option<String>,
    pub portal_url: Option<String>,
    pub welcome_url: Option<String>,
    pub started: Timestamp,
    /// Hours between signed checkpoints of the access log.
    pub checkpoint_hours: u32,
    pub staff_idle_minutes: u32,
    pub patient_idle_minutes: u32,
}

/// The house as a handler's state. Cheap to clone.
#[derive(Clone)]
pub struct House(Arc<Parts>);

/// How many transactions of one actor that also read are done at a time.
const READING_OF_ONE: usize = 4;

pub fn reading_transactions() -> Turns {
    Turns::one_each().of_each(READING_OF_ONE)
}

impl House {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for House {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The names under which the box answers over HTTPS: those in its certificate.
#[derive(Debug, Clone, Default)]
pub struct Hosts(Vec<String>);

impl Hosts {
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().map(|name| name.to_ascii_lowercase()).collect())
    }

    /// Whether `host`, as in a `Host` header without its port, is one of them.
    pub fn contains(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        self.0.iter().any(|name| name.eq_ignore_ascii_case(host))
    }
}
