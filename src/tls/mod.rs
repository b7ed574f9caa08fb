//! The box's certificate authority, the certificates it makes, and how they are served. Pure over bytes: no file is read or
//! written, no socket opened.
//!
//! The authority can vouch for the box and for nothing else. Its certificate carries critical name constraints (RFC 5280
//! §4.2.1.10): permitted are the box's `.local` name and the names listed when it was made; every IPv4 and IPv6 address is
//! excluded, since a kind of name that is not mentioned would be unconstrained. Path length 0 and the one purpose of
//! authenticating servers do the rest. So a clinic that trusts the box does not trust it for its bank. A demo's permits
//! `localhost`, 127.0.0.0/8 and ::1 instead.
//!
//! The authority's key belongs in the store and is never written elsewhere; the leaf's key is the one private key that lies
//! outside it.

mod ca;
mod fingerprint;
mod leaf;
mod names;
mod profile;
mod serve;

pub use ca::{Ca, CaKey};
pub use fingerprint::CertFingerprint;
pub use leaf::{Leaf, LeafState};
pub use names::{HostName, Names};
pub use serve::{Certificates, server_config};

/// What can go wrong with certificates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    #[error(
        "this is not a host name: take letters, digits and hyphens between dots, such as box.clinic.example; an address cannot stand here"
    )]
    NotAHostName,
    #[error("the certificate authority does not vouch for {name}; it was made for {permitted}")]
    NotPermitted { name: String, permitted: String },
    #[error("this is not a certificate in PEM form ({why})")]
    NotACertificate { why: &'static str },
    #[error("this is not a private key in PEM form, or not one of a kind that can be served")]
    NotAKey,
    #[error("the private key does not belong to the certificate")]
    KeyOfAnother,
    #[error("this is not a certificate fingerprint: it has 64 digits and letters from a to f")]
    NotAFingerprint,
    #[error("the certificate could not be made: {why}")]
    NotMade { why: String },
    #[error("TLS could not be set up: {why}")]
    NotServed { why: String },
}

#[cfg(test)]
mod chromium_tests;
#[cfg(test)]
mod tests;
