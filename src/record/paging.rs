//! Markers of pages (`_cursor`): where the next one begins, sealed for whoever carries it.
//!
//! A marker is bound to who asked and to what was asked, and tells neither a name that an answer is sorted by nor that one
//! was changed. Its key lies in the store, so that it outlives a restart: table `PAGING`, key 0, 32 random bytes, made with
//! the first change that the record sees.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::RecordError;
use crate::access::Actor;
use crate::base::{Ambient, Secret};
use crate::crypto::MarkerKey;
use crate::store::{Read, ReadExt, StoreError, Table, Tx, tables};

const PAGING: Table<(u8,), Vec<u8>> = Table::new(tables::PAGING);
/// The longest marker that is looked at, in characters.
const LONGEST: usize = 4_096;

/// The key, once it was read.
#[derive(Default)]
pub(super) struct Paging(OnceLock<MarkerKey>);

impl Paging {
    /// Makes the key if there is none yet. Costs one look-up until it was read.
    pub(super) fn prepare(&self, tx: &mut Tx<'_>, ambient: &Ambient) -> Result<(), StoreError> {
        if self.0.get().is_none() && tx.get(&PAGING, &(0,))?.is_none() {
            tx.put(&PAGING, &(0,), &ambient.bytes::<32>().to_vec())?;
        }
        Ok(())
    }

    fn key(&self, read: &dyn Read) -> Result<Option<&MarkerKey>, RecordError> {
        if let Some(key) = self.0.get() {
            return Ok(Some(key));
        }
        let Some(stored) = read.get(&PAGING, &(0,))? else { return Ok(None) };
        let key = <[u8; 32]>::try_from(stored.as_slice()).map_err(|_| RecordError::Damaged)?;
        Ok(Some(self.0.get_or_init(|| MarkerKey::new(Secret::new(key)))))
    }

    /// The marker of a place in what `of` names, for this actor. `None` while the box has no key: nothing was ever
    /// written, so there is no second page.
    pub(super) fn write(
        &self,
        read: &dyn Read,
        actor: &Actor,
        of: &str,
        place: &[u8],
    ) -> Result<Option<String>, RecordError> {
        let sealed = self.key(read)?.and_then(|key| key.seal(bound_to(actor, of).as_bytes(), place));
        Ok(sealed.map(|sealed| URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// The place that a marker names.
    pub(super) fn read(&self, read: &dyn Read, actor: &Actor, of: &str, marker: &str) -> Result<Vec<u8>, RecordError> {
        let sealed = (marker.len() <= LONGEST).then(|| URL_SAFE_NO_PAD.decode(marker).ok()).flatten();
        let place = match (sealed, self.key(read)?) {
            (Some(sealed), Some(key)) => key.open(bound_to(actor, of).as_bytes(), &sealed),
            _ => None,
        };
        place.ok_or(RecordError::BadCursor)
    }
}

/// Who asked and what, as text that differs where they do.
fn bound_to(actor: &Actor, of: &str) -> String {
    format!("{:?}\n{of}", actor.who())
}
