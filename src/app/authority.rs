//! The box's certificate authority in the store, and the leaf that it makes, in files beside it.
//!
//! The leaf's key is the one private key outside the store: a locked box has to answer with its unlock page.

use serde::{Deserialize, Serialize};

use super::error::AppError;
use super::folder::{Folder, Mode};
use crate::audit::{Action, Audit, Detail, Event};
use crate::base::{Ambient, Secret};
use crate::store::{ReadExt, Record, Snapshot, StoreError, Table, tables};
use crate::tls::{Ca, CaKey, Leaf, LeafState, TlsError};

/// The authority as it stands in the store, both parts in PEM.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct AuthorityRow {
    certificate: String,
    key: String,
}

impl Record for AuthorityRow {}

impl Drop for AuthorityRow {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.key);
    }
}

pub(super) const AUTHORITY: Table<(u8,), AuthorityRow> = Table::new(tables::TLS);
pub(super) const THE_AUTHORITY: (u8,) = (0,);

/// The authority with its key.
#[derive(Clone)]
pub struct Authority {
    pub ca: Ca,
    key: CaKey,
}

impl Authority {
    pub(super) fn new(ca: Ca, key: CaKey) -> Self {
        Self { ca, key }
    }

    pub(super) fn row(&self) -> AuthorityRow {
        AuthorityRow { certificate: self.ca.to_pem(), key: self.key.expose_pem().expose().clone() }
    }

    pub(super) fn read(snapshot: &Snapshot) -> Result<Self, AppError> {
        let row = snapshot
            .get(&AUTHORITY, &THE_AUTHORITY)?
            .ok_or_else(|| StoreError::Damaged("the certificate authority is missing".into()))?;
        let ca = Ca::from_pem(&row.certificate).map_err(wrong)?;
        Ok(Self { ca, key: CaKey::from_pem(Secret::new(row.key.clone())) })
    }

    /// Makes a leaf and puts it into its files.
    pub(super) fn issue(&self, folder: &Folder, ambient: &Ambient) -> Result<Leaf, AppError> {
        let leaf = self.ca.issue(&self.key, ambient).map_err(wrong)?;
        folder.make(&folder.tls())?;
        // The key first: a certificate without its key would be taken for damage.
        folder.replace(&folder.leaf_key(), leaf.key_pem().expose().as_bytes(), Mode::Private)?;
        folder.replace(&folder.leaf_certificate(), leaf.chain_pem().as_bytes(), Mode::Public)?;
        folder.replace(&folder.authority_certificate(), self.ca.to_pem().as_bytes(), Mode::Public)?;
        Ok(leaf)
    }

    /// The leaf to serve with: the one that lies ready, or a new one if it is due, damaged or for other names. A new
    /// one is an entry in the access log.
    pub async fn leaf(&self, folder: &Folder, audit: &Audit) -> Result<Renewal, AppError> {
        let there = stored_leaf(folder);
        let why = match &there {
            Ok(leaf) if !leaf.covers(self.ca.names()) => "it is for other names",
            Ok(leaf) => match leaf.state(audit.ambient().now()) {
                LeafState::Due => "it ends within 30 days",
                LeafState::Expired => "it has ended",
                // A clock that is behind is not mended by another certificate.
                LeafState::Fresh | LeafState::ClockIsBehind => "",
            },
            Err(_) => "it could not be read",
        };
        match there {
            Ok(leaf) if why.is_empty() => Ok(Renewal { leaf, renewed: false }),
            _ => {
                let event = Event::system("job:certificate", Action::Certificate)
                    .detail(Detail::note(format!("a new certificate of the box, since {why}")));
                let _ = audit.commit(vec![event]).await?;
                Ok(Renewal { leaf: self.issue(folder, audit.ambient())?, renewed: true })
            }
        }
    }
}

/// A leaf, and whether it was made just now.
pub struct Renewal {
    pub leaf: Leaf,
    pub renewed: bool,
}

/// The leaf in its files: all that a locked box has.
pub fn stored_leaf(folder: &Folder) -> Result<Leaf, AppError> {
    let read = |path: std::path::PathBuf| std::fs::read_to_string(&path).map_err(AppError::file(&path, "read"));
    let chain = read(folder.leaf_certificate())?;
    let key = Secret::new(read(folder.leaf_key())?);
    Leaf::from_pem(&chain, key).map_err(wrong)
}

pub(super) fn wrong(error: TlsError) -> AppError {
    AppError::Tls(error.to_string())
}
