//! The keys of an open box: its root, and the ways to unlock, which can be changed while it runs.
//!
//! A change is an entry in the access log first and a change of the files after it: the two cannot be one step, and a log
//! that says more than was done is the better of two errors. When the files cannot be written, a second entry says so.

use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use super::rows::{Asked, SEALS, SHEETS, SealRow, SheetRow};
use super::{Key, Slots, rotation, settle, what_lies_ready, write_slots};
use crate::app::error::AppError;
use crate::app::folder::{Folder, Mode};
use crate::audit::{Action, Audit, AuditError, AuditedTx, Outcome};
use crate::base::{Ambient, Secret};
use crate::crypto::keyslots::{KeySlots, Seal, SlotError, SlotId, SlotKey, SlotKind};
use crate::crypto::{KeyMaterial, MacKey, Protection, Root, Sheet, Signer};
use crate::http::keys::{AskedWord, Doing, Keys, KeysFacts, KeysRefusal, NewSheet, SheetState, SlotFacts};
use crate::identity::By;
use crate::store::{ReadExt, StoreError};

/// The keys of one open box.
pub struct Keyring {
    folder: Folder,
    audit: Audit,
    ambient: Ambient,
    /// Makes the tags of words that are asked back.
    words: MacKey,
    state: Mutex<State>,
    /// One change at a time.
    turn: tokio::sync::Mutex<()>,
    /// Called when the slots were changed.
    changed: tokio::sync::Notify,
}

struct State {
    slots: KeySlots,
    next: Option<KeySlots>,
    root: Root,
}

/// Which sheets a new one takes the place of, once it is known to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldSheets {
    Replace,
    Keep,
}

/// What is known of a box's sheets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheets {
    /// One at least was found to be kept.
    Kept,
    NotYet,
}

impl Keyring {
    /// Takes over what opened the box, and mends its files where they need it.
    pub(in crate::app) fn new(folder: Folder, audit: Audit, words: MacKey, key: Key) -> Result<Self, AppError> {
        let Key { slots, unlocked, .. } = key;
        if settle(&folder, &slots)? {
            tracing::warn!(target: "keys", "the files of the key slots were mended: they are two and the same again");
        }
        let Slots { current, next, .. } = slots;
        let state = Mutex::new(State { slots: current, next, root: unlocked.root });
        let ambient = audit.ambient().clone();
        let (turn, changed) = (tokio::sync::Mutex::new(()), tokio::sync::Notify::new());
        Ok(Self { folder, audit, ambient, words, state, turn, changed })
    }

    /// Waits until the slots were changed: the backups that there are do not open by all of what opens the box then.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Signs the checkpoints of the access log.
    pub fn signer(&self) -> Signer {
        self.lock().root.checkpoint_signer()
    }

    /// Works with the root, which stays here.
    pub fn with_root<T>(&self, work: impl FnOnce(&Root) -> T) -> T {
        work(&self.lock().root)
    }

    /// The slots as they stand now.
    pub fn slots(&self) -> KeySlots {
        self.lock().slots.clone()
    }

    /// All that may be said of the ways to unlock.
    pub fn facts(&self) -> Result<KeysFacts, StoreError> {
        let read = self.audit.read()?;
        let (slots, next) = {
            let state = self.lock();
            (state.slots.clone(), state.next.clone())
        };
        let slot = |slot: crate::crypto::keyslots::SlotInfo| -> Result<SlotFacts, StoreError> {
            let seal = read.get(&SEALS, &(slot.id.0,))?.map(|row| row.0);
            let sheet = match (slot.kind, read.get(&SHEETS, &(slot.id.0,))?) {
                (SlotKind::RecoverySheet, Some(row)) => Some(sheet_state(&row)),
                (SlotKind::RecoverySheet, None) => Some(SheetState::Unproven { asked: Vec::new() }),
                _ => None,
            };
            let stays = next.as_ref().is_none_or(|next| next.list().any(|one| one.id == slot.id));
            Ok(SlotFacts { id: slot.id, kind: slot.kind, created: slot.created, seal, sheet, stays })
        };
        let slots = slots.list().map(slot).collect::<Result<Vec<_>, _>>()?;
        Ok(KeysFacts {
            protection: Protection::of(slots.iter().map(|slot| (slot.kind, slot.seal))),
            slots,
            epoch: self.lock().slots.epoch(),
            rotating: next.is_some(),
        })
    }

    /// Whether a person surely holds a way in: a passphrase, or a sheet that was found to be kept.
    fn sheets(&self) -> Result<Sheets, StoreError> {
        let kept = |slot: &SlotFacts| matches!(slot.sheet, Some(SheetState::Kept { .. }));
        Ok(if self.facts()?.slots.iter().any(kept) { Sheets::Kept } else { Sheets::NotYet })
    }

    /// Adds a way to unlock. One that needs nobody takes a passphrase, or a sheet that was found to be kept, beside it.
    pub async fn add(&self, key: SlotKey, seal: Option<Seal>, by: By) -> Result<SlotId, KeysRefusal> {
        let _turn = self.turn.lock().await;
        self.not_while_rotating()?;
        let kind = key.kind();
        let has_passphrase = self.lock().slots.has(SlotKind::Passphrase);
        let automatic = matches!(kind, SlotKind::Credential | SlotKind::KeyFile);
        if automatic && !has_passphrase && self.sheets()? == Sheets::NotYet {
            return Err(KeysRefusal::SheetUnproven);
        }
        let (slots, id) = self.with_slot(&key).await?;
        let event = by.event(Action::KeySlotAdd, Some(format!("slot {id}: {kind}")));
        let before = self.known_of([id])?;
        let written = self.audit.write(move |tx| {
            if let Some(seal) = seal {
                tx.put(&SEALS, &(id.0,), &SealRow(seal))?;
            }
            tx.append(event)?;
            Ok::<_, AuditError>(())
        });
        let ((), _) = written.await?;
        if kind == SlotKind::KeyFile
            && let SlotKey::KeyFile(material) = &key
        {
            let kept = self.folder.replace(&self.folder.key_file(), material.text().expose().as_bytes(), Mode::Private);
            self.noted(kept, Action::KeySlotAdd, &by).await?;
        }
        self.keep_or(before, slots, Action::KeySlotAdd, &by).await?;
        Ok(id)
    }

    /// [`Keyring::add`] of a key file, which the box makes itself.
    pub async fn add_key_file(&self, by: By) -> Result<SlotId, KeysRefusal> {
        let there = self.lock().slots.has(SlotKind::KeyFile);
        if there {
            return Err(KeysRefusal::OneKeyFile);
        }
        self.add(SlotKey::KeyFile(KeyMaterial::generate(&self.ambient)), None, by).await
    }

    /// Removes a way to unlock, and says of which kind it was.
    pub async fn remove(&self, id: SlotId, by: By) -> Result<SlotKind, KeysRefusal> {
        let _turn = self.turn.lock().await;
        self.not_while_rotating()?;
        let (slots, kind) = {
            let state = self.lock();
            let mut slots = state.slots.clone();
            let kind = slots.remove(&state.root, id)?;
            (slots, kind)
        };
        self.leaves_a_sure_way(id)?;
        let event = by.event(Action::KeySlotRemove, Some(format!("slot {id}: {kind}")));
        let before = self.known_of([id])?;
        let written = self.audit.write(move |tx| {
            forget_slot(tx, id.0)?;
            tx.append(event)?;
            Ok::<_, AuditError>(())
        });
        let ((), _) = written.await?;
        self.keep_or(before, slots, Action::KeySlotRemove, &by).await?;
        if kind == SlotKind::KeyFile {
            let gone = std::fs::remove_file(self.folder.key_file());
            // Without its slot the file opens nothing.
            let _ =
                gone.inspect_err(|error| tracing::warn!(target: "keys", %error, "the key file could not be removed"));
        }
        Ok(kind)
    }

    /// Makes a recovery sheet and its slot. It opens the box from now on; those before it stay until its words are asked
    /// back ([`Keyring::confirm`]).
    pub async fn new_sheet(&self, old: OldSheets, by: By) -> Result<NewSheet, KeysRefusal> {
        let _turn = self.turn.lock().await;
        self.not_while_rotating()?;
        let sheet = Sheet::generate(&self.ambient);
        let (slots, id) = self.with_slot(&SlotKey::RecoverySheet(sheet.clone())).await?;
        let before = self.slots();
        let sheets = before.list().filter(|slot| slot.kind == SlotKind::RecoverySheet && old == OldSheets::Replace);
        let replaces: Vec<u32> = sheets.map(|slot| slot.id.0).collect();
        let asked = Asked::choose(&sheet, id, &self.words, &self.ambient);
        let row = SheetRow { made: self.ambient.now(), asked, replaces, kept: None };
        let state = sheet_state(&row);
        let event = by.event(Action::SheetPrint, Some(format!("slot {id}")));
        let before = self.known_of([id])?;
        let written = self.audit.write(move |tx| {
            tx.put(&SHEETS, &(id.0,), &row)?;
            tx.append(event)?;
            Ok::<_, AuditError>(())
        });
        let ((), _) = written.await?;
        self.keep_or(before, slots, Action::SheetPrint, &by).await?;
        let asked = match state {
            SheetState::Unproven { asked } => asked,
            SheetState::Kept { .. } => Vec::new(),
        };
        Ok(NewSheet { id, sheet, asked })
    }

    /// Takes the words that were asked of a sheet. When they are right, the sheet is known to be kept, and those that it
    /// takes the place of are removed: answers with their numbers.
    pub async fn confirm(&self, id: SlotId, typed: Vec<Zeroizing<String>>, by: By) -> Result<Vec<SlotId>, KeysRefusal> {
        let _turn = self.turn.lock().await;
        self.not_while_rotating()?;
        let row = self.sheet_row(id)?;
        let right = |(at, asked): (usize, &Asked)| typed.get(at).is_some_and(|typed| asked.is(typed, id, &self.words));
        let wrong: Vec<AskedWord> =
            row.asked.iter().enumerate().filter(|one| !right(*one)).map(|(_, asked)| asked_word(asked)).collect();
        if row.asked.is_empty() || !wrong.is_empty() {
            let rows = wrong.iter().map(|word| word.row.to_string()).collect::<Vec<_>>().join(", ");
            let note = format!("slot {id}: asked back, and row {rows} was not right");
            let event = by.event(Action::SheetPrint, Some(note)).outcome(Outcome::Denied);
            let _ = self.audit.commit(vec![event]).await?;
            return Err(KeysRefusal::WrongWords(wrong));
        }
        self.kept(id, row, by).await
    }

    /// The same by the whole sheet.
    pub async fn confirm_whole(&self, sheet: Sheet, by: By) -> Result<(SlotId, Vec<SlotId>), KeysRefusal> {
        let _turn = self.turn.lock().await;
        self.not_while_rotating()?;
        let slots = self.slots();
        let key = SlotKey::RecoverySheet(sheet);
        let id = slots.unlock_either(&key)?.slot;
        let row = self.sheet_row(id)?;
        Ok((id, self.kept(id, row, by).await?))
    }

    /// Takes note that a sheet has opened the box, which shows that it is kept, as its words would. Those that it was to take
    /// the place of are removed.
    pub async fn shown(&self, id: SlotId, by: By) -> Result<(), KeysRefusal> {
        let _turn = self.turn.lock().await;
        let unproven = |slot: &SlotFacts| slot.id == id && matches!(slot.sheet, Some(SheetState::Unproven { .. }));
        // While a change of the root key waits nothing else is changed.
        if self.not_while_rotating().is_err() || !self.facts()?.slots.iter().any(unproven) {
            return Ok(());
        }
        let replaced = self.kept(id, self.sheet_row(id)?, by).await?;
        if !replaced.is_empty() {
            tracing::warn!(target: "keys", "the new recovery sheet opened the box, and takes the place of the one before");
        }
        Ok(())
    }

    async fn kept(&self, id: SlotId, mut row: SheetRow, by: By) -> Result<Vec<SlotId>, KeysRefusal> {
        let slots = {
            let state = self.lock();
            let mut slots = state.slots.clone();
            let there = |id: &u32| state.slots.list().any(|slot| slot.id.0 == *id);
            row.replaces.retain(|old| there(old) && *old != id.0);
            for old in &row.replaces {
                slots.remove(&state.root, SlotId(*old))?;
            }
            slots
        };
        let replaced: Vec<SlotId> = row.replaces.iter().copied().map(SlotId).collect();
        let mut events = vec![by.event(Action::SheetPrint, Some(format!("slot {id}: asked back, and it is kept")))];
        for old in &replaced {
            let note = format!("slot {old}: {}, replaced by slot {id}", SlotKind::RecoverySheet);
            events.push(by.event(Action::KeySlotRemove, Some(note)));
        }
        let before = self.known_of(replaced.iter().copied().chain([id]))?;
        (row.asked, row.replaces, row.kept) = (Vec::new(), Vec::new(), Some(self.ambient.now()));
        let gone = replaced.clone();
        let written = self.audit.write(move |tx| {
            tx.put(&SHEETS, &(id.0,), &row)?;
            gone.iter().try_for_each(|old| forget_slot(tx, old.0))?;
            events.into_iter().try_for_each(|event| tx.append(event).map(drop))
        });
        let ((), _) = written.await?;
        if !replaced.is_empty() {
            // It would be forgotten that the old sheet is to go, and it would open the box for ever.
            self.keep_or(before, slots, Action::KeySlotRemove, &by).await?;
        }
        Ok(replaced)
    }

    /// What is known of these slots.
    fn known_of(&self, ids: impl IntoIterator<Item = SlotId>) -> Result<Vec<Known>, KeysRefusal> {
        let read = self.audit.read()?;
        let known = |SlotId(id)| {
            Ok::<_, StoreError>(Known { id, sheet: read.get(&SHEETS, &(id,))?, seal: read.get(&SEALS, &(id,))? })
        };
        Ok(ids.into_iter().map(known).collect::<Result<_, _>>()?)
    }

    /// [`Keyring::keep`]; where that cannot be done, what was known of the slots before is known again.
    async fn keep_or(&self, before: Vec<Known>, slots: KeySlots, action: Action, by: &By) -> Result<(), KeysRefusal> {
        let Err(refused) = self.keep(slots, action, by).await else { return Ok(()) };
        let ids = before.iter().map(|one| one.id.to_string()).collect::<Vec<_>>().join(", ");
        let note = format!("slot {ids}: known as before, since the key slots could not be written");
        let event = by.event(action, Some(note)).outcome(Outcome::Failed);
        let written = self.audit.write(move |tx| {
            for Known { id, sheet, seal } in before {
                forget_slot(tx, id)?;
                sheet.iter().try_for_each(|row| tx.put(&SHEETS, &(id,), row))?;
                seal.iter().try_for_each(|row| tx.put(&SEALS, &(id,), row))?;
            }
            tx.append(event)?;
            Ok::<_, AuditError>(())
        });
        let ((), _) = written.await?;
        Err(refused)
    }

    /// Prepares a change of the root key ([`rotation`]). `keys` open the slots that remain; those that lie ready on this
    /// machine are found here. Answers with the bytes of the store that will be copied.
    pub async fn prepare_rotation(&self, keys: Vec<SlotKey>, without: Vec<SlotId>, by: By) -> Result<u64, KeysRefusal> {
        let _turn = self.turn.lock().await;
        self.not_while_rotating()?;
        // A change that cannot be carried on would keep everything else about the keys from being changed.
        rotation::room_for(&self.audit.store().stats(), "run this again")?;
        let (slots, root) = {
            let state = self.lock();
            (state.slots.clone(), state.root.clone())
        };
        let mut keys = keys;
        let kinds: Vec<SlotKind> =
            slots.list().filter(|slot| !without.contains(&slot.id)).map(|slot| slot.kind).collect();
        for ready in what_lies_ready(&self.folder, &slots) {
            let ready = ready?;
            if kinds.contains(&ready.kind()) && slots.unlock_either(&ready).is_ok() {
                keys.push(ready);
            }
        }
        let (folder, ambient) = (self.folder.clone(), self.ambient.clone());
        let event = by.event(Action::KeyRotate, Some(format!("epoch {}", slots.epoch().saturating_add(1))));
        // Every passphrase is stretched, which takes its time.
        let prepared =
            tokio::task::spawn_blocking(move || rotation::prepare(&folder, &slots, &root, &keys, &without, &ambient));
        let prepared = prepared.await.map_err(|_| AppError::Wrong("the new key could not be made".into()))?;
        let next = match prepared {
            Ok(next) => next,
            Err(AppError::Key(refused)) => return Err(refused.into()),
            Err(other) => return Err(other.into()),
        };
        let _ = self.audit.commit(vec![event.outcome(Outcome::Started)]).await?;
        self.lock().next = Some(next);
        Ok(self.audit.store().stats().file_bytes)
    }

    /// Goes back to the old key, before the store was copied.
    pub async fn cancel_rotation(&self, by: By) -> Result<(), KeysRefusal> {
        let _turn = self.turn.lock().await;
        // One that could not be begun may have left its files.
        let is_begun = [self.folder.next_keyslots(), self.folder.next_keyslots_copy()].iter().any(|path| path.exists());
        if self.lock().next.is_none() && !is_begun {
            return Err(KeysRefusal::NotRotating);
        }
        let event = by.event(Action::KeyRotate, Some("called off: the old key stays".into()));
        let _ = self.audit.commit(vec![event.outcome(Outcome::Failed)]).await?;
        rotation::forget(&self.folder)?;
        self.lock().next = None;
        Ok(())
    }

    fn not_while_rotating(&self) -> Result<(), KeysRefusal> {
        if self.lock().next.is_some() { Err(KeysRefusal::Rotating) } else { Ok(()) }
    }

    /// Refuses a removal after which a sheet that nobody has shown to be kept would be a person's only way in.
    fn leaves_a_sure_way(&self, without: SlotId) -> Result<(), KeysRefusal> {
        let sure =
            |slot: &SlotFacts| slot.kind == SlotKind::Passphrase || matches!(slot.sheet, Some(SheetState::Kept { .. }));
        let slots = self.facts()?.slots;
        let stays = slots.iter().any(|slot| slot.id != without && (sure(slot) || slot.kind == SlotKind::Demo));
        if stays { Ok(()) } else { Err(KeysRefusal::SheetUnproven) }
    }

    /// The slots with one more. A passphrase is stretched, so not on a thread that serves others.
    async fn with_slot(&self, key: &SlotKey) -> Result<(KeySlots, SlotId), KeysRefusal> {
        let (mut slots, root, key, ambient) = {
            let state = self.lock();
            (state.slots.clone(), state.root.clone(), key.clone(), self.ambient.clone())
        };
        let added = tokio::task::spawn_blocking(move || slots.add(&root, &key, &ambient).map(|id| (slots, id)));
        Ok(added.await.map_err(|_| AppError::Wrong("the slot could not be made".into()))??)
    }

    fn sheet_row(&self, id: SlotId) -> Result<SheetRow, KeysRefusal> {
        let there = self.slots().list().any(|slot| slot.id == id && slot.kind == SlotKind::RecoverySheet);
        if !there {
            return Err(SlotError::NoSuchSlot { id }.into());
        }
        let row = self.audit.read()?.get(&SHEETS, &(id.0,))?;
        // A sheet of a box that was made before sheets were asked back.
        Ok(row.unwrap_or(SheetRow { made: self.ambient.now(), asked: vec![], replaces: vec![], kept: None }))
    }

    /// Writes the slots to disk, and takes them over.
    async fn keep(&self, slots: KeySlots, action: Action, by: &By) -> Result<(), KeysRefusal> {
        let kept = write_slots(&self.folder, &slots);
        self.noted(kept, action, by).await?;
        self.lock().slots = slots;
        self.changed.notify_one();
        Ok(())
    }

    async fn noted(&self, done: Result<(), AppError>, action: Action, by: &By) -> Result<(), KeysRefusal> {
        let Err(error) = done else { return Ok(()) };
        let event = by.event(action, Some("the key slots could not be written: nothing was changed".into()));
        let _ = self.audit.commit(vec![event.outcome(Outcome::Failed)]).await?;
        Err(error.into())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keys for Keyring {
    fn facts(&self) -> Result<KeysFacts, StoreError> {
        self.facts()
    }

    fn add_passphrase(&self, passphrase: Secret<String>, by: By) -> Doing<'_, SlotId> {
        Box::pin(self.add(SlotKey::Passphrase(passphrase), None, by))
    }

    fn remove(&self, id: SlotId, by: By) -> Doing<'_, SlotKind> {
        Box::pin(self.remove(id, by))
    }

    fn new_sheet(&self, by: By) -> Doing<'_, NewSheet> {
        Box::pin(self.new_sheet(OldSheets::Replace, by))
    }

    fn confirm(&self, id: SlotId, words: Vec<Zeroizing<String>>, by: By) -> Doing<'_, Vec<SlotId>> {
        Box::pin(self.confirm(id, words, by))
    }

    fn signer(&self) -> Signer {
        self.signer()
    }
}

impl From<AppError> for KeysRefusal {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Key(refused) => Self::Slot(refused),
            AppError::Audit(error) => Self::Audit(error),
            AppError::Store(error) => error.into(),
            other => Self::Failed(other.to_string()),
        }
    }
}

/// What the store says of a slot.
struct Known {
    id: u32,
    sheet: Option<SheetRow>,
    seal: Option<SealRow>,
}

fn forget_slot(tx: &mut AuditedTx<'_, '_>, id: u32) -> Result<(), AuditError> {
    tx.delete(&SHEETS, &(id,))?;
    tx.delete(&SEALS, &(id,))?;
    Ok(())
}

/// What stands in the store from the start of the sheet that a box is made with.
pub(in crate::app) fn first_sheet(
    tx: &mut AuditedTx<'_, '_>,
    sheet: &Sheet,
    slot: SlotId,
    words: &MacKey,
    ambient: &Ambient,
) -> Result<(), AuditError> {
    let asked = Asked::choose(sheet, slot, words, ambient);
    let row = SheetRow { made: ambient.now(), asked, replaces: Vec::new(), kept: None };
    Ok(tx.put(&SHEETS, &(slot.0,), &row)?)
}

fn sheet_state(row: &SheetRow) -> SheetState {
    match row.kept {
        Some(when) => SheetState::Kept { when },
        None => SheetState::Unproven { asked: row.asked.iter().map(asked_word).collect() },
    }
}

fn asked_word(asked: &Asked) -> AskedWord {
    AskedWord { row: asked.row + 1, word: asked.word + 1 }
}
