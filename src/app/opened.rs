//! An open box: its store, and the rooms over it. The running box and the commands both work on one.

use std::time::Duration;

use tokio::sync::watch;

use super::authority::Authority;
use super::backups::BoxHome;
use super::config::Config;
use super::error::AppError;
use super::folder::Folder;
use super::settings::{self, Settings};
use crate::audit::Audit;
use crate::backup::Backups;
use crate::base::Ambient;
use crate::care::export::{Approval, Exports};
use crate::crypto::keyslots::{KeySlots, SlotKind, Unlocked};
use crate::crypto::{Root, Signer};
use crate::discovery::Presence;
use crate::identity::{self, Identity, TokenHolders};
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
    pub slots: KeySlots,
    /// Whether the box can be found by its name.
    pub presence: watch::Sender<Presence>,
    root: Root,
}

impl Opened {
    /// Opens the store with a key that was found.
    pub fn open(folder: Folder, slots: KeySlots, unlocked: Unlocked, config: Config) -> Result<Self, AppError> {
        let ambient = Ambient::system();
        let options = store_options(slots.is_demo());
        let key = unlocked.root.page_key(slots.epoch());
        let store = Store::open(&folder.store(), key, &options, &ambient)?;
        Self::over(store, folder, slots, unlocked, config, ambient)
    }

    pub(super) fn over(
        store: Store,
        folder: Folder,
        slots: KeySlots,
        unlocked: Unlocked,
        config: Config,
        ambient: Ambient,
    ) -> Result<Self, AppError> {
        let snapshot = store.read()?;
        let settings = settings::read(&snapshot)?;
        let authority = Authority::read(&snapshot)?;
        drop(snapshot);
        let audit = Audit::new(store.clone(), ambient.clone());
        let identity =
            Identity::new(audit.clone(), unlocked.root.token_key(), identity_settings(&config, settings.is_demo()));
        let records = Records::new(audit.clone(), config.access.reach).limited(config.search_limits());
        let approval = if settings.is_demo() { Approval::NotNeeded } else { Approval::Needed };
        let keep = Duration::from_secs(3600 * u64::from(config.export.keep_hours.get()));
        let exports = Exports::new(records.clone(), identity.clone(), approval, keep);
        let (root, opened_by) = (unlocked.root, unlocked.kind);
        let home = BoxHome::new(folder.clone(), root.clone(), &settings);
        let backups = Backups::new(audit.clone(), home, config.backup.targets.0.clone(), config.backup_schedule());
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
            slots,
            presence: watch::channel(Presence::Off).0,
            root,
        })
    }

    /// Signs the checkpoints of the access log.
    pub fn signer(&self) -> Signer {
        self.root.checkpoint_signer()
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
