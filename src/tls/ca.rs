//! The authority: made once, issues leaves.

use std::net::IpAddr;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, SanType,
    SerialNumber,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::base::{Ambient, Secret, Timestamp};

use super::leaf::Leaf;
use super::names::{HostName, Names};
use super::{CertFingerprint, TlsError, profile};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long an authority lives. Every device that trusts it must be visited when it ends.
const CA_DAYS: u32 = 3653;
/// How long a leaf lives: short enough to be no treasure, long enough that a box which was off for weeks still serves.
pub(super) const LEAF_DAYS: u32 = 90;

/// The authority's private key in PKCS #8 PEM. It belongs in the store, which is encrypted, and nowhere else.
#[derive(Clone, Debug)]
pub struct CaKey(Secret<String>);

impl CaKey {
    pub const fn from_pem(pem: Secret<String>) -> Self {
        Self(pem)
    }

    /// For the store only.
    pub const fn expose_pem(&self) -> &Secret<String> {
        &self.0
    }
}

/// A certificate authority that vouches for one box. It holds no key: [`CaKey`] is handed in for each signature.
#[derive(Clone, Debug)]
pub struct Ca {
    der: CertificateDer<'static>,
    names: Names,
}

impl Ca {
    /// Makes an authority for `names`, valid for ten years from now (and from a day ago, for clocks that lag). ECDSA on P-256;
    /// its subject is the box's name, never the clinic's. The key comes from ring's own random source.
    pub fn create(names: &Names, ambient: &Ambient) -> Result<(Self, CaKey), TlsError> {
        let key = Keys::generate()?;
        let mut params = CertificateParams::default();
        let (not_before, not_after) = validity(ambient.now(), CA_DAYS);
        (params.not_before, params.not_after) = (not_before.date()?, not_after.date()?);
        params.serial_number = Some(serial(ambient));
        let serial_end: String = ambient.bytes::<2>().iter().map(|byte| format!("{byte:02x}")).collect();
        params.distinguished_name = match names {
            Names::Box { local, .. } => common_name(&format!("Chartbox {local}")),
            // Several demos may be trusted by one browser: told apart by a number.
            Names::Demo => common_name(&format!("Chartbox demo {serial_end}, not for real use")),
        };
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.name_constraints = Some(constraints(names));
        let certificate = params.self_signed(key.0.expose()).map_err(not_made)?;
        Ok((Self { der: certificate.into(), names: names.clone() }, key.pem()))
    }

    /// Reads an authority that [`Ca::create`] made, from PEM. What it may vouch for is read from its own constraints.
    pub fn from_pem(pem: &str) -> Result<Self, TlsError> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| TlsError::NotACertificate { why: "no certificate in it" })?
            .into_owned();
        let names = permitted(&der)?;
        Ok(Self { der, names })
    }

    /// The certificate that people install, in PEM.
    pub fn to_pem(&self) -> String {
        pem("CERTIFICATE", &self.der)
    }

    /// The certificate that people install, in DER: the content of a `.cer` or `.crt` file.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    pub fn fingerprint(&self) -> CertFingerprint {
        CertFingerprint::of(&self.der)
    }

    /// What this authority may vouch for.
    pub const fn names(&self) -> &Names {
        &self.names
    }

    pub fn not_after(&self) -> Result<Timestamp, TlsError> {
        let (_, parsed) = X509Certificate::from_der(&self.der).map_err(|_| DAMAGED)?;
        Timestamp::from_second(parsed.validity().not_after.timestamp()).map_err(|_| DAMAGED)
    }

    /// The certificate as an Apple configuration profile (`.mobileconfig`), unsigned.
    pub fn mobileconfig(&self) -> Vec<u8> {
        profile::mobileconfig(&self.der, self.names.hosts().first().copied().unwrap_or_default())
    }

    /// A new leaf with a new key for all of the authority's names, valid for 90 days.
    pub fn issue(&self, key: &CaKey, ambient: &Ambient) -> Result<Leaf, TlsError> {
        let hosts: Vec<String> = self.names.hosts().into_iter().map(Into::into).collect();
        self.issue_for(key, &hosts, &self.names.addresses(), ambient)
    }

    /// A leaf for whatever is asked: only the constraints stand against it. Tests show that they do.
    pub(super) fn issue_for(
        &self,
        key: &CaKey,
        hosts: &[String],
        addresses: &[IpAddr],
        ambient: &Ambient,
    ) -> Result<Leaf, TlsError> {
        let ca_key = Keys::from_pem(key)?;
        let issuer = Issuer::from_ca_cert_der(&self.der, ca_key.0.expose()).map_err(not_made)?;
        let leaf_key = Keys::generate()?;
        let mut params = CertificateParams::default();
        let (not_before, not_after) = validity(ambient.now(), LEAF_DAYS);
        let not_after = Moment(not_after.0.min(self.not_after()?));
        (params.not_before, params.not_after) = (not_before.date()?, not_after.date()?);
        params.serial_number = Some(serial(ambient));
        params.distinguished_name = common_name(hosts.first().map_or("Chartbox", String::as_str));
        for host in hosts {
            params.subject_alt_names.push(SanType::DnsName(host.as_str().try_into().map_err(not_made)?));
        }
        params.subject_alt_names.extend(addresses.iter().copied().map(SanType::IpAddress));
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(leaf_key.0.expose(), &issuer).map_err(not_made)?;
        Leaf::from_pem(&certificate.pem(), leaf_key.pem().0)
    }
}

const DAMAGED: TlsError = TlsError::NotACertificate { why: "damaged" };

struct Keys(Secret<KeyPair>);

impl Keys {
    fn generate() -> Result<Self, TlsError> {
        KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map(|pair| Self(Secret::new(pair))).map_err(not_made)
    }

    fn from_pem(key: &CaKey) -> Result<Self, TlsError> {
        KeyPair::from_pem(key.0.expose()).map(|pair| Self(Secret::new(pair))).map_err(|_| TlsError::NotAKey)
    }

    fn pem(&self) -> CaKey {
        CaKey(Secret::new(self.0.expose().serialize_pem()))
    }
}

fn constraints(names: &Names) -> NameConstraints {
    let hosts = names.hosts().into_iter().map(|host| GeneralSubtree::DnsName(host.into()));
    match names {
        Names::Box { .. } => NameConstraints {
            permitted_subtrees: hosts.collect(),
            excluded_subtrees: vec![
                GeneralSubtree::IpAddress(CidrSubnet::V4([0; 4], [0; 4])),
                GeneralSubtree::IpAddress(CidrSubnet::V6([0; 16], [0; 16])),
            ],
        },
        Names::Demo => NameConstraints {
            permitted_subtrees: hosts
                .chain([
                    GeneralSubtree::IpAddress(CidrSubnet::V4([127, 0, 0, 0], [255, 0, 0, 0])),
                    GeneralSubtree::IpAddress(CidrSubnet::V6(std::net::Ipv6Addr::LOCALHOST.octets(), [255; 16])),
                ])
                .collect(),
            excluded_subtrees: Vec::new(),
        },
    }
}

fn permitted(der: &[u8]) -> Result<Names, TlsError> {
    const UNCONSTRAINED: TlsError = TlsError::NotACertificate { why: "not made by Chartbox: it names no constraints" };
    let (_, parsed) = X509Certificate::from_der(der).map_err(|_| DAMAGED)?;
    let constraints = parsed.name_constraints().map_err(|_| DAMAGED)?.ok_or(UNCONSTRAINED)?;
    let trees = constraints.value.permitted_subtrees.as_deref().unwrap_or_default();
    let hosts: Vec<&str> = trees
        .iter()
        .filter_map(|tree| match tree.base {
            GeneralName::DNSName(name) => Some(name),
            _ => None,
        })
        .collect();
    match hosts.as_slice() {
        ["localhost"] => Ok(Names::Demo),
        [local, others @ ..] => Ok(Names::Box {
            local: HostName::parse(local)?,
            others: others.iter().map(|host| HostName::parse(host)).collect::<Result<_, _>>()?,
        }),
        [] => Err(UNCONSTRAINED),
    }
}

fn common_name(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    subject
}

/// 16 random bytes with the top bits set so that the number is positive and of one length (RFC 5280 §4.1.2.2).
fn serial(ambient: &Ambient) -> SerialNumber {
    let mut bytes: [u8; 16] = ambient.bytes();
    if let Some(first) = bytes.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    SerialNumber::from_slice(&bytes)
}

struct Moment(Timestamp);

impl Moment {
    /// The same moment for rcgen, to the second.
    fn date(&self) -> Result<time::OffsetDateTime, TlsError> {
        time::OffsetDateTime::from_unix_timestamp(self.0.as_second())
            .map_err(|error| TlsError::NotMade { why: error.to_string() })
    }
}

/// From a day ago, for devices whose clocks lag, to `days` from now.
fn validity(now: Timestamp, days: u32) -> (Moment, Moment) {
    let moved = |to: Result<Timestamp, jiff::Error>| Moment(to.unwrap_or(now));
    (moved(now.checked_sub(DAY)), moved(now.checked_add(DAY * days)))
}

pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let encoded = data_encoding::BASE64.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

fn not_made(error: rcgen::Error) -> TlsError {
    TlsError::NotMade { why: error.to_string() }
}
