//! What is asked of a box about its keys, and how it is done.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::app::keys::OldSheets;
use crate::app::{AppError, Opened};
use crate::audit::Action;
use crate::backup::OldBackups;
use crate::base::Secret;
use crate::cli::order::Caller;
use crate::cli::{Failure, recovery_sheet};
use crate::crypto::keyslots::{Seal, SlotError, SlotId, SlotKey, SlotKind};
use crate::crypto::{KeyMaterial, Protection, Sheet};
use crate::http::keys::{AskedWord, KeysFacts, KeysRefusal, SheetState, SlotFacts};

/// An order about keys, as it crosses the control socket.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    Status,
    Unlock {
        key: Given,
    },
    Add {
        key: Given,
        seal: Option<Seal>,
    },
    AddKeyFile,
    Remove {
        slot: u32,
    },
    /// Make a sheet.
    Sheet {
        keep_old: bool,
    },
    /// Take the words that were asked of a sheet.
    Confirm {
        slot: u32,
        words: Vec<Typed>,
    },
    ConfirmWhole {
        sheet: Given,
    },
    Rotate {
        keys: Vec<Given>,
        without: Vec<u32>,
    },
    CancelRotation,
}

/// A secret on its way through the control socket, which only the box's own user and root can use. It is stored nowhere.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Typed(Secret<String>);

impl Typed {
    pub fn new(text: Secret<String>) -> Self {
        Self(text)
    }
}

impl Serialize for Typed {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.expose().serialize(to)
    }
}

/// A key on its way.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Given {
    Passphrase(Typed),
    Sheet(Typed),
    Credential(Typed),
}

impl Given {
    pub fn passphrase(text: Secret<String>) -> Self {
        Self::Passphrase(Typed(text))
    }

    pub fn credential(material: &KeyMaterial) -> Self {
        Self::Credential(Typed(material.text()))
    }

    /// Of a key that a person gives.
    pub fn of(key: &SlotKey) -> Option<Self> {
        match key {
            SlotKey::Passphrase(text) => Some(Self::passphrase(text.clone())),
            SlotKey::RecoverySheet(sheet) => Some(Self::Sheet(Typed(sheet.text()))),
            _ => None,
        }
    }

    pub fn read(&self) -> Result<SlotKey, Failure> {
        let wrong = |error: &dyn std::fmt::Display| Failure::failed(error.to_string());
        Ok(match self {
            Self::Passphrase(Typed(text)) => SlotKey::Passphrase(text.clone()),
            Self::Sheet(Typed(text)) => {
                SlotKey::RecoverySheet(Sheet::read(text.expose()).map_err(|error| wrong(&error))?)
            }
            Self::Credential(Typed(text)) => {
                SlotKey::Credential(KeyMaterial::read(text.expose().as_bytes()).map_err(|error| wrong(&error))?)
            }
        })
    }
}

impl Order {
    pub(in crate::cli) const fn name(&self) -> &'static str {
        match self {
            Self::Status => "key-status",
            Self::Unlock { .. } => "key-unlock",
            Self::Add { .. } | Self::AddKeyFile => "key-add",
            Self::Remove { .. } => "key-remove",
            Self::Sheet { .. } | Self::Confirm { .. } | Self::ConfirmWhole { .. } => "key-sheet",
            Self::Rotate { .. } | Self::CancelRotation => "key-rotate",
        }
    }

    pub(in crate::cli) async fn carry_out(self, opened: &Opened, caller: Caller) -> Result<Value, Failure> {
        let (name, keys) = (self.name(), &opened.keys);
        let by = caller.by(name);
        match self {
            Self::Status => {
                let _ = opened.audit.commit(vec![caller.event(name, Action::Status)]).await.map_err(AppError::from)?;
                status(opened)
            }
            Self::Unlock { .. } => Ok(json!({ "opened": false })),
            Self::Add { key, seal } => {
                let key = key.read()?;
                let kind = key.kind();
                let slot = keys.add(key, seal, by).await?;
                added(opened, slot, kind)
            }
            Self::AddKeyFile => added(opened, keys.add_key_file(by).await?, SlotKind::KeyFile),
            Self::Remove { slot } => {
                let kind = keys.remove(SlotId(slot), by).await?;
                let at_rest = facts(opened)?.protection;
                Ok(json!({
                    "slot": slot,
                    "backupNow": backup_now(opened)?,
                    "kind": kind.to_string(),
                    "remains": kind.after_removal(),
                    "atRest": at_rest.covers(),
                    "protection": at_rest.name(),
                }))
            }
            Self::Sheet { keep_old } => {
                let old = if keep_old { OldSheets::Keep } else { OldSheets::Replace };
                let made = keys.new_sheet(old, by).await?;
                let words: Vec<Vec<&str>> = made.sheet.words().iter().map(|row| row.to_vec()).collect();
                Ok(json!({
                    "slot": made.id.0,
                    "text": recovery_sheet(opened, &made.sheet),
                    "words": words,
                    "asked": asked(&made.asked),
                }))
            }
            Self::Confirm { slot, words } => {
                let words = words.into_iter().map(|Typed(word)| Zeroizing::new(word.expose().clone())).collect();
                let replaced = keys.confirm(SlotId(slot), words, by).await?;
                kept(opened, slot, &replaced)
            }
            Self::ConfirmWhole { sheet } => match sheet.read()? {
                SlotKey::RecoverySheet(sheet) => {
                    let (slot, replaced) = keys.confirm_whole(sheet, by).await?;
                    kept(opened, slot.0, &replaced)
                }
                _ => Err(Failure::Usage("this is not a recovery sheet".into())),
            },
            Self::Rotate { keys: given, without } => {
                let given = given.iter().map(Given::read).collect::<Result<_, _>>()?;
                let bytes = keys.prepare_rotation(given, without.into_iter().map(SlotId).collect(), by).await?;
                let facts = facts(opened)?;
                let stay = |slot: &&SlotFacts| slot.stays;
                let said = |slot: &SlotFacts| format!("{} ({})", slot.id, slot.kind);
                let old = opened.backups.old_backups().map_err(AppError::from)?;
                Ok(json!({
                    "storeBytes": bytes,
                    "backupNow": backup_now(opened)?,
                    "epoch": facts.epoch + 1,
                    "remain": facts.slots.iter().filter(stay).map(said).collect::<Vec<_>>(),
                    "left": facts.slots.iter().filter(|slot| !slot.stays).map(said).collect::<Vec<_>>(),
                    "oldBackups": match old {
                        OldBackups::None => "none".to_owned(),
                        OldBackups::Stay => "stay".to_owned(),
                        OldBackups::Until(day) => day.to_string(),
                    },
                }))
            }
            Self::CancelRotation => {
                keys.cancel_rotation(by).await?;
                Ok(json!({ "cancelled": true }))
            }
        }
    }
}

fn facts(opened: &Opened) -> Result<KeysFacts, Failure> {
    Ok(opened.keys.facts().map_err(AppError::from)?)
}

fn status(opened: &Opened) -> Result<Value, Failure> {
    let facts = facts(opened)?;
    let slot = |slot: &SlotFacts| {
        let (sheet, words) = match &slot.sheet {
            Some(SheetState::Kept { when }) => {
                (Some(format!("shown to be kept on {}", when.strftime("%Y-%m-%d"))), json!([]))
            }
            Some(SheetState::Unproven { asked: words }) => {
                (Some("nobody has shown yet that it is kept".to_owned()), asked(words))
            }
            None => (None, Value::Null),
        };
        json!({
            "id": slot.id.0,
            "kind": slot.kind.name(),
            "created": slot.created.to_string(),
            "seal": slot.seal.map(Seal::said),
            "sheet": sheet,
            "kept": slot.sheet.as_ref().map(|sheet| matches!(sheet, SheetState::Kept { .. })),
            "asked": words,
            "left": (!slot.stays).then_some("does not open the next root key"),
        })
    };
    Ok(json!({
        "state": "open",
        "openedBy": opened.opened_by.to_string(),
        "protection": facts.protection.name(),
        "atRest": facts.protection.covers(),
        "epoch": facts.epoch,
        "rotating": facts.rotating,
        "slots": facts.slots.iter().map(slot).collect::<Vec<_>>(),
    }))
}

fn added(opened: &Opened, id: SlotId, kind: SlotKind) -> Result<Value, Failure> {
    let facts = facts(opened)?;
    let of = |slot: &SlotFacts| Protection::of([(slot.kind, slot.seal)]) as u8;
    let own = facts.slots.iter().find(|slot| slot.id == id).map(of);
    let weaker: Vec<u32> =
        facts.slots.iter().filter(|slot| own.is_some_and(|own| of(slot) < own)).map(|slot| slot.id.0).collect();
    Ok(json!({
        "slot": id.0,
        // What lies on this machine opens no backup on another.
        "backupNow": if kind.is_a_persons() { backup_now(opened)? } else { "none" },
        "kind": kind.to_string(),
        "protection": facts.protection.name(),
        "atRest": facts.protection.covers(),
        "weaker": weaker,
    }))
}

fn kept(opened: &Opened, slot: u32, replaced: &[SlotId]) -> Result<Value, Failure> {
    let replaced: Vec<u32> = replaced.iter().map(|slot| slot.0).collect();
    let backup_now = if replaced.is_empty() { "none" } else { backup_now(opened)? };
    Ok(json!({ "slot": slot, "kept": true, "replaced": replaced, "backupNow": backup_now }))
}

/// Who makes the backup that a change of the ways to unlock asks for: `none` where there is no backup that a new one has to
/// stand beside, `by-the-box` where one is running and has a place for it.
fn backup_now(opened: &Opened) -> Result<&'static str, Failure> {
    Ok(match opened.backups.old_backups().map_err(AppError::from)? {
        OldBackups::None => "none",
        _ if opened.backups.configured().is_empty() => BY_HAND,
        _ => "by-the-box",
    })
}

/// That somebody has to make it.
pub(super) const BY_HAND: &str = "by-hand";

fn asked(words: &[AskedWord]) -> Value {
    words.iter().map(|word| json!({ "row": word.row, "word": word.word })).collect()
}

impl From<KeysRefusal> for Failure {
    fn from(refusal: KeysRefusal) -> Self {
        match refusal {
            KeysRefusal::Slot(
                SlotError::NotGiven { .. } | SlotError::NoSuchSlot { .. } | SlotError::LeftBehind { .. },
            ) => Self::Usage(refusal.to_string()),
            KeysRefusal::Slot(error) => {
                let text = error.to_string();
                Self::of_code(AppError::Key(error).exit_code(), text)
            }
            KeysRefusal::Audit(error) => AppError::Audit(error).into(),
            other => Self::failed(other.to_string()),
        }
    }
}
