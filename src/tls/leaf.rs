//! The certificate that a listener shows, with its key; and when to make the next.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::base::{Secret, Timestamp};

use super::ca::pem;
use super::{CertFingerprint, Names, TlsError};

const DAY_SECONDS: i64 = 24 * 60 * 60;
/// A leaf is made anew when fewer days than this are left.
const RENEW_DAYS: i64 = 30;

/// A certificate chain (the leaf first) and the private key that belongs to it.
#[derive(Clone, Debug)]
pub struct Leaf {
    chain: Vec<CertificateDer<'static>>,
    key: Secret<String>,
    not_before: Timestamp,
    not_after: Timestamp,
    hosts: Vec<String>,
    addresses: Vec<IpAddr>,
}

/// Whether a leaf serves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeafState {
    /// More than 30 days are left.
    Fresh,
    /// 30 days or fewer are left: make the next one.
    Due,
    /// Browsers refuse it: make the next one before serving.
    Expired,
    /// It begins after now. The clock is wrong rather than the leaf: making another would make it worse.
    ClockIsBehind,
}

impl Leaf {
    /// Reads a chain and its key: one that the box made, or the clinic's own files. The key must belong to the first certificate.
    pub fn from_pem(chain: &str, key: Secret<String>) -> Result<Self, TlsError> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|_| TlsError::NotACertificate { why: "damaged" })?;
        let first = chain.first().ok_or(TlsError::NotACertificate { why: "no certificate in it" })?;
        let damaged = TlsError::NotACertificate { why: "damaged" };
        let (_, parsed) = X509Certificate::from_der(first).map_err(|_| damaged.clone())?;
        let moment = |seconds| Timestamp::from_second(seconds).map_err(|_| damaged.clone());
        let not_before = moment(parsed.validity().not_before.timestamp())?;
        let not_after = moment(parsed.validity().not_after.timestamp())?;
        let (mut hosts, mut addresses) = (Vec::new(), Vec::new());
        if let Some(names) = parsed.subject_alternative_name().map_err(|_| damaged.clone())? {
            for name in &names.value.general_names {
                match name {
                    GeneralName::DNSName(host) => hosts.push((*host).to_ascii_lowercase()),
                    GeneralName::IPAddress(bytes) => addresses.extend(address(bytes)),
                    _ => {}
                }
            }
        }
        let leaf = Self { key, not_before, not_after, hosts, addresses, chain };
        leaf.certified()?;
        Ok(leaf)
    }

    /// The chain in PEM, the leaf first.
    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(|der| pem("CERTIFICATE", der)).collect()
    }

    /// The private key in PEM: for a file of mode 0600.
    pub const fn key_pem(&self) -> &Secret<String> {
        &self.key
    }

    pub fn fingerprint(&self) -> CertFingerprint {
        CertFingerprint::of(self.chain.first().map(AsRef::as_ref).unwrap_or_default())
    }

    pub const fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// The DNS names it is for.
    pub fn hosts(&self) -> &[String] {
        &self.hosts
    }

    /// The addresses it is for: a demo's only.
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// What to do about it at `now`.
    pub fn state(&self, now: Timestamp) -> LeafState {
        let left = self.not_after.as_second() - now.as_second();
        if now < self.not_before {
            LeafState::ClockIsBehind
        } else if left <= 0 {
            LeafState::Expired
        } else if left <= RENEW_DAYS * DAY_SECONDS {
            LeafState::Due
        } else {
            LeafState::Fresh
        }
    }

    /// Whether it carries all of these names: if not, make the next one.
    pub fn covers(&self, names: &Names) -> bool {
        names.hosts().iter().all(|host| self.hosts.iter().any(|own| own == host))
            && names.addresses().iter().all(|address| self.addresses.contains(address))
    }

    pub(super) fn certified(&self) -> Result<CertifiedKey, TlsError> {
        let key = PrivateKeyDer::from_pem_slice(self.key.expose().as_bytes()).map_err(|_| TlsError::NotAKey)?;
        CertifiedKey::from_der(self.chain.clone(), key, &rustls::crypto::ring::default_provider()).map_err(|error| {
            match error {
                rustls::Error::InconsistentKeys(_) => TlsError::KeyOfAnother,
                _ => TlsError::NotAKey,
            }
        })
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(|octets| Ipv4Addr::from(octets).into());
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(|octets| Ipv6Addr::from(octets).into())).ok()
}
