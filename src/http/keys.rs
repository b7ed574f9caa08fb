//! What the pages know of the box's keys, and what they can ask to be done with them. `app` holds the keys and does it.

use std::future::Future;
use std::pin::Pin;

use zeroize::Zeroizing;

use crate::audit::AuditError;
use crate::base::{Secret, Timestamp};
use crate::crypto::keyslots::{Seal, SlotError, SlotId, SlotKind};
use crate::crypto::{Protection, Sheet};
use crate::identity::By;
use crate::store::StoreError;

/// The keys of the open box.
pub trait Keys: Send + Sync {
    fn facts(&self) -> Result<KeysFacts, StoreError>;
    fn add_passphrase(&self, passphrase: Secret<String>, by: By) -> Doing<'_, SlotId>;
    fn remove(&self, id: SlotId, by: By) -> Doing<'_, SlotKind>;
    /// A new sheet, which takes the place of those before it once its words were asked back.
    fn new_sheet(&self, by: By) -> Doing<'_, NewSheet>;
    /// Answers with the slots of the sheets that were replaced.
    fn confirm(&self, id: SlotId, words: Vec<Zeroizing<String>>, by: By) -> Doing<'_, Vec<SlotId>>;
    /// Signs the checkpoints of the access log.
    fn signer(&self) -> crate::crypto::Signer;
}

/// Something being done with the keys.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = Result<T, KeysRefusal>> + Send + 'a>>;

/// The ways to unlock, and what they protect against.
#[derive(Debug, Clone)]
pub struct KeysFacts {
    pub protection: Protection,
    pub slots: Vec<SlotFacts>,
    /// Counts up with each change of the root key, from 1.
    pub epoch: u32,
    /// Whether a change of the root key waits for the next start.
    pub rotating: bool,
}

/// What is known of a box's recovery sheets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetsFacts {
    /// It has none.
    None,
    /// It has one, and nobody has shown that any is kept.
    Unproven,
    /// When one was last shown to be kept.
    Kept(Timestamp),
}

impl KeysFacts {
    pub fn sheets(&self) -> SheetsFacts {
        let sheets = || self.slots.iter().filter_map(|slot| slot.sheet.as_ref());
        let kept = sheets().filter_map(|sheet| match sheet {
            SheetState::Kept { when } => Some(*when),
            SheetState::Unproven { .. } => None,
        });
        match kept.max() {
            Some(when) => SheetsFacts::Kept(when),
            None if sheets().next().is_some() => SheetsFacts::Unproven,
            None => SheetsFacts::None,
        }
    }

    /// The newest sheet that nobody has shown to be kept, where none was.
    pub fn unproven_sheet(&self) -> Option<(SlotId, &[AskedWord])> {
        self.slots.iter().rev().find_map(|slot| match &slot.sheet {
            Some(SheetState::Unproven { asked }) => Some((slot.id, asked.as_slice())),
            _ => None,
        })
    }
}

/// One way to unlock.
#[derive(Debug, Clone)]
pub struct SlotFacts {
    pub id: SlotId,
    pub kind: SlotKind,
    pub created: Timestamp,
    /// Of a credential: what seals it, where that is known.
    pub seal: Option<Seal>,
    /// Of a recovery sheet.
    pub sheet: Option<SheetState>,
    /// Whether it is among the slots of the next root key, or there is none.
    pub stays: bool,
}

/// Whether a sheet was found to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SheetState {
    /// Nobody has typed back the words that are asked of it. None are asked of a sheet from before they were.
    Unproven {
        asked: Vec<AskedWord>,
    },
    Kept {
        when: Timestamp,
    },
}

/// A word of a sheet, by its row and its place in it, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedWord {
    pub row: u8,
    pub word: u8,
}

/// A sheet that was just made: shown once.
#[derive(Debug, Clone)]
pub struct NewSheet {
    pub id: SlotId,
    pub sheet: Sheet,
    pub asked: Vec<AskedWord>,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysRefusal {
    #[error(transparent)]
    Slot(#[from] SlotError),
    #[error("{}", wrong_words(.0))]
    WrongWords(Vec<AskedWord>),
    #[error(
        "nobody has shown yet that the recovery sheet is kept, and without it this machine would be the only thing that opens \
         the box: type back the words that are asked of it (`chartbox key sheet --confirm`), or add a passphrase first"
    )]
    SheetUnproven,
    #[error("there is a key file already: a second one would protect nothing more")]
    OneKeyFile,
    #[error(
        "a change of the root key waits for the next start of the box: `chartbox serve` completes it, so restart the box, or start \
         it where none runs; or call the change off with `chartbox key rotate --cancel`"
    )]
    Rotating,
    #[error("no change of the root key is under way")]
    NotRotating,
    #[error("{0}")]
    Audit(#[from] AuditError),
    /// A file could not be written, say: in words for the console.
    #[error("{0}")]
    Failed(String),
}

impl From<StoreError> for KeysRefusal {
    fn from(error: StoreError) -> Self {
        Self::Audit(error.into())
    }
}

fn wrong_words(words: &[AskedWord]) -> String {
    let mut said =
        words.iter().map(|word| format!("row {}, word {}", word.row, word.word)).collect::<Vec<_>>().join("; ");
    if said.is_empty() {
        said.push_str("no words are asked of this sheet");
    }
    format!("{said}: this is not what stands on the sheet. Look at it once more; the box has not changed.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_without_a_sheet_has_none_that_is_kept_and_none_to_be_shown() {
        let slot = |id, kind, sheet| SlotFacts {
            id: SlotId(id),
            kind,
            created: Timestamp::UNIX_EPOCH,
            seal: None,
            sheet,
            stays: true,
        };
        let mut facts = KeysFacts {
            protection: Protection::Typed,
            slots: vec![slot(1, SlotKind::Passphrase, None)],
            epoch: 1,
            rotating: false,
        };
        assert_eq!(facts.sheets(), SheetsFacts::None);
        let unproven = Some(SheetState::Unproven { asked: vec![] });
        facts.slots.push(slot(2, SlotKind::RecoverySheet, unproven));
        assert_eq!(facts.sheets(), SheetsFacts::Unproven);
        let kept = Some(SheetState::Kept { when: Timestamp::UNIX_EPOCH });
        facts.slots.insert(0, slot(3, SlotKind::RecoverySheet, kept));
        assert_eq!(facts.sheets(), SheetsFacts::Kept(Timestamp::UNIX_EPOCH));
    }
}
