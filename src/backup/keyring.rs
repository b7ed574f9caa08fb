//! The repository keys that are at hand: all of a running box, or the one of a snapshot that a recovery sheet opened.

use std::collections::BTreeMap;

use crate::base::Secret;
use crate::crypto::backup::{KeyId, RepositoryKey};

use super::error::BackupError;
use super::layout::{Manifest, SnapshotBytes, SnapshotError, SnapshotName};
use super::{Damage, What};

/// Keys by their ids.
#[derive(Debug, Clone, Default)]
pub struct Keyring(BTreeMap<KeyId, RepositoryKey>);

impl Keyring {
    pub fn add(&mut self, id: KeyId, key: RepositoryKey) {
        self.0.insert(id, key);
    }

    pub fn get(&self, id: KeyId) -> Option<&RepositoryKey> {
        self.0.get(&id)
    }

    pub fn all(&self) -> impl Iterator<Item = (KeyId, &RepositoryKey)> {
        self.0.iter().map(|(id, key)| (*id, key))
    }

    /// The key of a snapshot, unwrapped by the root's snapshot key.
    pub fn of_snapshot(
        name: &SnapshotName,
        snapshot: &SnapshotBytes,
        snapshot_key: &Secret<[u8; 32]>,
    ) -> Result<Self, BackupError> {
        let wrong = || Damage::of_snapshot(format!("snapshots/{name}"), What::Changed, name);
        let (id, wrapped) = snapshot.header.key().zip(snapshot.header.wrapped()).ok_or_else(wrong)?;
        let key = RepositoryKey::unwrap(snapshot_key, id, &wrapped).map_err(|_| wrong())?;
        Ok(Self(BTreeMap::from([(id, key)])))
    }

    /// Opens a snapshot, and sees that it is the one that its file's name says.
    pub fn open(&self, name: &SnapshotName, snapshot: &SnapshotBytes) -> Result<Manifest, BackupError> {
        let damage = |what| Damage::of_snapshot(format!("snapshots/{name}"), what, name);
        let id = snapshot.header.key().ok_or_else(|| damage(What::Changed))?;
        let key = self.get(id).ok_or_else(|| BackupError::NoKey { name: name.clone() })?;
        let manifest = snapshot.open(key).map_err(|error| match error {
            SnapshotError::Sealed => damage(What::Changed),
            _ => damage(What::Wrong),
        })?;
        if manifest.name == *name { Ok(manifest) } else { Err(damage(What::Swapped).into()) }
    }
}
