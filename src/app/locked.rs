//! A box that was started without its key: whoever brings one, at its page or at the console, opens it.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use super::config::Config;
use super::error::AppError;
use super::folder::Folder;
use super::keys::{self, Carried, Door, Key, Slots, TriedFrom, Wait};
use super::opened::Opened;
use crate::audit::Event;
use crate::base::Ambient;
use crate::cli::Failure;
use crate::cli::control::Answers;
use crate::cli::key::Order as KeyOrder;
use crate::cli::order::{Answer, Caller, Order, Talk};
use crate::crypto::keyslots::{SlotError, SlotKey, SlotKind};
use crate::http::{KeyRefused, Trying, Unlocking, Ways, WaysIn};
use crate::store::StoreLabel;

/// A box that was just opened, and who waits to hear that it answers.
pub(super) struct UnlockedBy {
    pub opened: Opened,
    pub from: TriedFrom,
    pub answers: oneshot::Sender<()>,
}

/// The locked box.
pub(super) struct LockedBox(Arc<Inner>);

struct Inner {
    folder: Folder,
    slots: Slots,
    config: Config,
    door: Door,
    unlocked: mpsc::Sender<UnlockedBy>,
    /// A right key was given, and the box is on its way.
    opening: AtomicBool,
}

impl LockedBox {
    pub fn new(folder: Folder, slots: Slots, config: Config, unlocked: mpsc::Sender<UnlockedBy>) -> Self {
        let door = Door::new(folder.clone(), Ambient::system());
        Self(Arc::new(Inner { folder, slots, config, door, unlocked, opening: AtomicBool::new(false) }))
    }

    /// The entries for what was tried while it was locked, and for what opened it.
    pub fn entries(&self, opened_by: SlotKind, from: TriedFrom) -> Vec<Event> {
        self.0.door.entries(opened_by, from)
    }

    /// Those entries are in the access log.
    pub fn written(&self) {
        self.0.door.written();
    }

    /// Tries a key. What it began goes on when whoever asked goes away.
    async fn try_key(&self, key: SlotKey, from: TriedFrom) -> Result<Unlocking, KeyRefused> {
        let inner = self.0.clone();
        let (said, hear) = oneshot::channel();
        tokio::spawn(async move {
            let done = inner.open_with(key, from, said).await;
            if let Err(error) = done {
                inner.opening.store(false, Ordering::SeqCst);
                tracing::error!(target: "keys", %error, "the key is right, and the box could not be opened");
            }
        });
        hear.await.unwrap_or_else(|_| Err(KeyRefused::Said("the box could not be opened; look at its log".into())))
    }
}

impl Inner {
    async fn open_with(
        self: &Arc<Self>,
        key: SlotKey,
        from: TriedFrom,
        said: oneshot::Sender<Result<Unlocking, KeyRefused>>,
    ) -> Result<(), AppError> {
        let say = |answer| {
            // Nobody hears it any more when the browser has gone.
            let _ = said.send(answer);
        };
        let turn = match self.door.enter(from).await {
            Ok(turn) => turn,
            Err(Wait { seconds }) => {
                say(Err(KeyRefused::Wait { seconds }));
                return Ok(());
            }
        };
        if self.opening.load(Ordering::SeqCst) {
            say(Ok(Unlocking::Copying));
            return Ok(());
        }
        let slots = self.slots.clone();
        let tried = tokio::task::spawn_blocking(move || slots.unlock(&key));
        let key = match tried.await.map_err(|_| AppError::Wrong("the key could not be tried".into()))? {
            Ok(key) => key,
            Err(error) => {
                if matches!(error, SlotError::Wrong { .. }) {
                    self.door.failed(from);
                }
                say(Err(KeyRefused::Said(error.to_string())));
                return Ok(());
            }
        };
        self.opening.store(true, Ordering::SeqCst);
        drop(turn);
        let copies = key.next.is_some();
        let mut say = Some(say);
        if let Some(say) = say.take_if(|_| copies && matches!(from, TriedFrom::Network(_))) {
            say(Ok(Unlocking::Copying));
        }
        let (folder, config) = (self.folder.clone(), self.config.clone());
        let opening = tokio::task::spawn_blocking(move || open(folder, key, config));
        let opened = match opening.await {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) => {
                if let Some(say) = say {
                    say(Err(KeyRefused::Said(error.to_string())));
                }
                return Err(error);
            }
            Err(_) => return Err(AppError::Wrong("the box could not be opened".into())),
        };
        let (answers, open) = oneshot::channel();
        let stopping = || AppError::Wrong("the box is stopping".into());
        self.unlocked.send(UnlockedBy { opened, from, answers }).await.map_err(|_| stopping())?;
        // Whoever typed it comes back to a box that answers.
        open.await.map_err(|_| stopping())?;
        if let Some(say) = say {
            say(Ok(Unlocking::Open));
        }
        Ok(())
    }
}

/// Opens a box with its key, and carries a change of the root key to its end first, when one is under way. What keeps that
/// from being done keeps nobody from the box: it opens under its old key, and the log says why.
pub(super) fn open(folder: Folder, key: Key, config: Config) -> Result<Opened, AppError> {
    let mut next_word = 0;
    let mut copied = |bytes: u64| {
        if bytes >= next_word {
            next_word = bytes + (64 << 20);
            let status = format!("copying the store under its new key: {} MiB", bytes >> 20);
            // Ten more minutes from each word on, in microseconds.
            let longer = sd_notify::NotifyState::ExtendTimeoutUsec(600_000_000);
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Status(&status), longer]);
            tracing::info!(target: "keys", copied_mib = bytes >> 20, "the store is copied under its new key");
        }
    };
    match keys::carry_on(&folder, &key, &mut copied) {
        Ok(Carried::Done(new)) => {
            tracing::info!(target: "keys", epoch = new.slots.current.epoch(), "the store has its new key");
            return Opened::open(folder, *new, config);
        }
        Ok(Carried::Nothing) => {}
        Ok(Carried::OtherKey) => {
            tracing::warn!(target: "keys", "a change of the root key waits for a key that remains: this one is left behind");
        }
        Err(error) => {
            let there = StoreLabel::read(&folder.store())?;
            if there.epoch != key.slots.current.epoch() {
                return Err(error);
            }
            tracing::error!(target: "keys", %error, "the change of the root key could not be carried on; the old key stays");
        }
    }
    Opened::open(folder, key, config)
}

impl WaysIn for LockedBox {
    fn ways(&self) -> Ways {
        let has = |kind| self.0.slots.current.has(kind);
        Ways { passphrase: has(SlotKind::Passphrase), sheet: has(SlotKind::RecoverySheet) }
    }

    fn is_opening(&self) -> bool {
        self.0.opening.load(Ordering::SeqCst)
    }

    fn try_key(&self, key: SlotKey, origin: Option<IpAddr>) -> Trying<'_> {
        Box::pin(self.try_key(key, TriedFrom::Network(origin)))
    }
}

impl Answers for LockedBox {
    fn carry_out(&self, order: Order, _: Caller, _: Talk) -> Answer<'_> {
        Box::pin(async move {
            match order {
                Order::Key(KeyOrder::Unlock { key }) => match self.try_key(key.read()?, TriedFrom::Console).await {
                    Ok(_) => Ok(json!({ "opened": true })),
                    Err(KeyRefused::Wait { seconds }) => {
                        Err(Failure::Locked(format!("try again in {seconds} seconds")))
                    }
                    Err(KeyRefused::Said(why)) => Err(Failure::Locked(why)),
                },
                Order::Key(KeyOrder::Status) => Ok(self.facts()),
                _ => Err(Failure::Locked(format!(
                    "the box is locked: {}. Open it with `chartbox key unlock`, or at its page on the clinic's network.",
                    keys::why_locked(&self.0.slots.current)
                ))),
            }
        })
    }
}

impl LockedBox {
    fn facts(&self) -> serde_json::Value {
        let Slots { current, next, helped } = &self.0.slots;
        let slot = |slot: crate::crypto::keyslots::SlotInfo| json!({ "id": slot.id.0, "kind": slot.kind.name(), "created": slot.created.to_string() });
        json!({
            "state": if self.is_opening() { "opening" } else { "locked" },
            "why": keys::why_locked(current),
            "epoch": current.epoch(),
            "rotating": next.is_some(),
            "slots": current.list().map(slot).collect::<Vec<_>>(),
            "helped": helped,
        })
    }
}
