//! An open box: its store, and the rooms over it. The running box and the commands both work on one.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::authority::Authority;
use super::backups::BoxHome;
use super::config::Config;
use super::error::AppError;
use super::folder::Folder;
use super::keys::{self, Key, Keyring};
use super::settings::{self, Settings};
use crate::audit::Audit;
use crate::backup::Backups;
use crate::base::Ambient;
use crate::care::export::{Approval, Exports};
use crate::care::results::{HeldWhole, HouseLetsGo};
use crate::care::schedule::{FewRequests, NoEndlessBlock, NobodysAlone, OneAtATime};
use crate::crypto::keyslots::{SlotId, SlotKind};
use crate::crypto::{MacKey, Signer};
use crate::discovery::Presence;
use crate::identity::{self, By, Identity, TokenHolders};
use crate::record::Records;
use crate::store::{Store, StoreOptions};

/// A box that is open.
pub struct Opened {
    pub folder: Folder,
    pub config: Config,
    pub settings: Settings,
    pub store: Store,
    pub audit: Audit,
    pub identity: Identity,
    pub records: Records,
    pub exports: Exports,
    pub authority: Authority,
    pub backups: Backups,
    pub ambient: Ambient,
    /// What opened it this time.
    pub opened_by: SlotKind,
    /// The number of the slot that did.
    pub opened_with: SlotId,
    /// Its keys: the ways to unlock, and the root.
    pub keys: Arc<Keyring>,
    /// Whether the box can be found by its name.
    pub presence: watch::Sender<Presence>,
}

impl Opened {
    /// Opens the store with a key that was found.
    pub fn open(folder: Folder, key: Key, config: Config) -> Result<Self, AppError> {
        let ambient = Ambient::system();
        let options = store_options(key.slots.current.is_demo());
        let page_key = key.unlocked.root.page_key(key.slots.current.epoch());
        let store = Store::open(&folder.store(), page_key, &options, &ambient)?;
        Self::over(store, folder, key, config, ambient)
    }

    pub(super) fn over(
        store: Store,
        folder: Folder,
        key: Key,
        config: Config,
        ambient: Ambient,
    ) -> Result<Self, AppError> {
        let snapshot = store.read()?;
        let settings = settings::read(&snapshot)?;
        let authority = Authority::read(&snapshot)?;
        let tokens = MacKey::new(keys::token_secret(&snapshot, &key.unlocked.root)?);
        drop(snapshot);
        let audit = Audit::new(store.clone(), ambient.clone());
        let identity = Identity::new(audit.clone(), tokens.clone(), identity_settings(&config, settings.is_demo()));
        let records = Records::new(audit.clone(), config.access.reach).limited(config.search_limits());
        let records = records.in_zone(config.house.time_zone.get());
        let records = records.ruled(vec![
            Arc::new(OneAtATime),
            Arc::new(NoEndlessBlock),
            Arc::new(FewRequests),
            Arc::new(NobodysAlone),
            Arc::new(HeldWhole),
            Arc::new(HouseLetsGo),
        ]);
        let approval = if settings.is_demo() { Approval::NotNeeded } else { Approval::Needed };
        let keep = Duration::from_secs(3600 * u64::from(config.export.keep_hours.get()));
        let exports = Exports::new(records.clone(), identity.clone(), approval, keep);
        let (opened_by, opened_with) = (key.unlocked.kind, key.unlocked.slot);
        let home = BoxHome::new(folder.clone(), key.unlocked.root.clone(), &settings);
        let backups = Backups::new(audit.clone(), home, config.backup.targets.0.clone(), config.backup_schedule());
        let keys = Arc::new(Keyring::new(folder.clone(), audit.clone(), tokens, key)?);
        Ok(Self {
            folder,
            config,
            settings,
            store,
            audit,
            identity,
            records,
            exports,
            authority,
            backups,
            ambient,
            opened_by,
            opened_with,
            keys,
            presence: watch::channel(Presence::Off).0,
        })
    }

    /// Signs the checkpoints of the access log.
    pub fn signer(&self) -> Signer {
        self.keys.signer()
    }

    /// Takes note that the sheet is kept, where one was typed in to open the box. The box is as open where that cannot be noted.
    pub async fn sheet_was_shown(&self) {
        if self.opened_by != SlotKind::RecoverySheet {
            return;
        }
        if let Err(error) = self.keys.shown(self.opened_with, By::system("job:unlock")).await {
            tracing::warn!(target: "keys", %error, "that the recovery sheet was shown could not be noted");
        }
    }

    /// Answers what is queued and closes the store. What is asked afterwards is refused.
    pub async fn close(&self) {
        let store = self.store.clone();
        // Closing waits for the disk.
        let _ = tokio::task::spawn_blocking(move || store.close()).await;
    }
}

/// A demo sets nothing aside: it is a throwaway.
pub(super) const fn store_options(demo: bool) -> StoreOptions {
    if demo { StoreOptions::throwaway() } else { StoreOptions::for_a_clinic() }
}

fn identity_settings(config: &Config, demo: bool) -> identity::Settings {
    let minutes = |whole: u32| Duration::from_secs(60 * u64::from(whole));
    identity::Settings {
        staff_idle: minutes(config.session.staff_idle_minutes.get()),
        patient_idle: minutes(config.session.patient_idle_minutes.get()),
        absolute: minutes(60 * config.session.absolute_hours.get()),
        token_holders: if demo { TokenHolders::Anybody } else { TokenHolders::Services },
    }
}
