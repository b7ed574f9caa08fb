//! How rustls serves: ring, TLS 1.2 and 1.3, HTTP/2 before HTTP/1.1, and a certificate that can be exchanged while serving.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};

use super::{Leaf, TlsError};
use crate::base::Timestamp;

/// The certificate in use. Cheap to share; exchanging it touches no connection that is open.
pub struct Certificates(RwLock<Shown>);

struct Shown {
    key: Arc<CertifiedKey>,
    not_after: Timestamp,
}

impl Shown {
    fn of(leaf: &Leaf) -> Result<Self, TlsError> {
        Ok(Self { key: Arc::new(leaf.certified()?), not_after: leaf.not_after() })
    }
}

impl Certificates {
    pub fn new(leaf: &Leaf) -> Result<Arc<Self>, TlsError> {
        Ok(Arc::new(Self(RwLock::new(Shown::of(leaf)?))))
    }

    /// From the next handshake on, `leaf` is shown.
    pub fn replace(&self, leaf: &Leaf) -> Result<(), TlsError> {
        let next = Shown::of(leaf)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    /// The last moment at which the certificate in use is good.
    pub fn not_after(&self) -> Timestamp {
        self.0.read().unwrap_or_else(PoisonError::into_inner).not_after
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificates")
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).key.clone())
    }
}

/// What a listener accepts connections with. It asks no client for a certificate.
pub fn server_config(certificates: Arc<Certificates>) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|error| TlsError::NotServed { why: error.to_string() })?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
