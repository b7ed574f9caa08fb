//! What the box gives to its backups: its keys, and the small files beside its store.

use std::path::PathBuf;

use super::config::DEFAULT_FILE;
use super::demo::DemoFile;
use super::folder::Folder;
use super::settings::Settings;
use crate::backup::layout::Attachment;
use crate::backup::{BackupError, Home};
use crate::base::Secret;
use crate::crypto::{Root, Signer};

/// A demo's file with its accounts, in a snapshot.
pub(super) const DEMO_FILE: &str = "demo.json";
/// The configuration, in a snapshot.
pub(super) const CONFIGURATION: &str = "config.toml";

/// The most that an attachment has.
const MOST: u64 = 1 << 20;

pub(super) struct BoxHome {
    folder: Folder,
    root: Root,
    clinic: String,
    called: String,
    demo: bool,
}

impl BoxHome {
    pub fn new(folder: Folder, root: Root, settings: &Settings) -> Self {
        let (clinic, called) = (settings.clinic.clone(), settings.local_name());
        Self { folder, root, clinic, called, demo: settings.is_demo() }
    }
}

impl Home for BoxHome {
    fn snapshot_key(&self) -> Secret<[u8; 32]> {
        self.root.snapshot_key()
    }

    fn signer(&self) -> Signer {
        self.root.checkpoint_signer()
    }

    fn keyslots(&self) -> Result<String, BackupError> {
        let slots = super::keys::read_slots(&self.folder).map_err(|error| BackupError::Failed(error.to_string()))?;
        Ok(slots.current.to_text()?)
    }

    fn attachments(&self) -> Vec<Attachment> {
        let own = self.folder.config();
        let configuration = if own.exists() { own } else { PathBuf::from(DEFAULT_FILE) };
        let demo = self.demo.then(|| (DEMO_FILE, DemoFile::path(&self.folder)));
        let files = demo.into_iter().chain([(CONFIGURATION, configuration)]);
        files.filter_map(|(name, path)| Some(Attachment { name: name.to_owned(), text: small_text(&path)? })).collect()
    }

    fn clinic(&self) -> String {
        self.clinic.clone()
    }

    fn called(&self) -> String {
        self.called.clone()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    fn folder(&self) -> PathBuf {
        self.folder.backups()
    }
}

fn small_text(path: &std::path::Path) -> Option<String> {
    let small = std::fs::metadata(path).is_ok_and(|known| known.is_file() && known.len() <= MOST);
    small.then(|| std::fs::read_to_string(path).ok()).flatten()
}
