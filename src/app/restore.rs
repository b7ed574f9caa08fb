//! A box from a snapshot: into a folder where none is, with what a person holds.
//!
//! The key slots are written last but for the mark that a restore is under way: a folder without that mark, and with slots, is a
//! whole box. What an interrupted restore left is taken away by the next one.

use std::fs;
use std::path::{Path, PathBuf};

use super::backups::{CONFIGURATION, DEMO_FILE};
use super::config::Config;
use super::demo::DemoFile;
use super::error::AppError;
use super::folder::{Folder, Mode};
use super::opened::{Opened, store_options};
use crate::audit::{self, Action, AuditError, Detail, Event, VerifyInput};
use crate::backup::layout::{Attachment, Manifest, SnapshotName};
use crate::backup::target::Missing;
use crate::backup::{
    BackupError, Damage, FillError, Index, Keyring, Lost, Reader, Repository, TargetSpec, Watch, What, fill,
};
use crate::base::{ActorRef, Ambient, Timestamp};
use crate::crypto::keyslots::{KeySlots, SlotKey, SlotKind, Unlocked};
use crate::crypto::{KeyMaterial, Root};
use crate::store::Store;

/// What is to be restored, and where.
pub struct Request {
    pub from: TargetSpec,
    /// `latest`, a name, a number, or a part of a name.
    pub snapshot: String,
    /// The newest that is not younger than this.
    pub at: Option<Timestamp>,
    pub to: PathBuf,
    pub key: SlotKey,
    pub by: ActorRef,
}

/// A box that was restored.
#[derive(Debug)]
pub struct Restored {
    pub snapshot: SnapshotName,
    pub clinic: String,
    pub rows: u64,
    pub bytes: u64,
    pub entries: u64,
    /// How the box opens now, besides with what restored it.
    pub opens_with: Vec<SlotKind>,
    /// Where its configuration of that time lies.
    pub configuration: Option<PathBuf>,
    pub seconds: f64,
}

/// A snapshot that a person's key has opened.
pub struct Found {
    pub repository: Repository,
    pub name: SnapshotName,
    pub slots: KeySlots,
    pub root: Root,
    pub keyring: Keyring,
    pub manifest: Manifest,
}

/// Finds a snapshot and opens it.
pub fn find(from: &TargetSpec, asked: &str, at: Option<Timestamp>, key: &SlotKey) -> Result<Found, AppError> {
    let repository = Repository::open(from.open(Missing::Refuse)?)?;
    let name = repository.choose(asked, at)?;
    let snapshot = repository.read(&name)?;
    let slots = KeySlots::parse(&snapshot.header.keyslots).map_err(|_| {
        let file = format!("snapshots/{name}");
        BackupError::from(Damage::new(file, What::Wrong, Lost::Snapshot(name.to_string())))
    })?;
    let unlocked = if slots.is_demo() { slots.unlock_demo(key) } else { slots.unlock(key) };
    let root = unlocked.map_err(AppError::Key)?.root;
    let keyring = Keyring::of_snapshot(&name, &snapshot, &root.snapshot_key())?;
    let manifest = keyring.open(&name, &snapshot)?;
    Ok(Found { repository, name, slots, root, keyring, manifest })
}

/// Restores a box.
pub async fn restore(request: Request, watch: &dyn Watch) -> Result<Restored, AppError> {
    let begun = std::time::Instant::now();
    let found = tokio::task::block_in_place(|| find(&request.from, &request.snapshot, request.at, &request.key))?;
    let folder = prepare(&request.to)?;
    let made = begin(&folder, &found, &request, watch).await;
    match made {
        Ok(mut restored) => {
            restored.seconds = begun.elapsed().as_secs_f64();
            Ok(restored)
        }
        Err(error) => {
            take_away(&folder);
            Err(error)
        }
    }
}

/// An empty folder, or one in which only an interrupted restore was at work.
fn prepare(path: &Path) -> Result<Folder, AppError> {
    let folder = Folder::at(path);
    if folder.restoring().exists() {
        take_away(&folder);
    }
    let folder = Folder::create(path)?;
    fs::write(folder.restoring(), "A box is being restored into this folder. If this file stays, run it again.\n")
        .map_err(AppError::file(&folder.restoring(), "written"))?;
    Ok(folder)
}

/// Everything that a restore makes. What is not there cannot be taken away.
fn take_away(folder: &Folder) {
    let store_begun = folder.path().join("chartbox.redb.new");
    let configuration = [folder.config(), restored_configuration(folder), DemoFile::path(folder)];
    let keys = [folder.keyslots(), folder.keyslots_copy(), folder.key_file(), folder.demo_key()];
    for path in keys.into_iter().chain([folder.store(), store_begun]).chain(configuration) {
        let _ = fs::remove_file(path);
    }
    let _ = fs::remove_dir_all(folder.tls());
    let _ = fs::remove_file(folder.restoring());
}

fn restored_configuration(folder: &Folder) -> PathBuf {
    folder.path().join("config.restored.toml")
}

async fn begin(folder: &Folder, found: &Found, request: &Request, watch: &dyn Watch) -> Result<Restored, AppError> {
    let Found { repository, name, slots, root, keyring, manifest } = found;
    let ambient = Ambient::system();
    let store = tokio::task::block_in_place(|| {
        let index = Index::load(repository.target(), keyring, None)?;
        let reader = Reader { target: repository.target(), index: &index, keyring };
        let filled = Store::create_filled(&folder.store(), root.page_key(slots.epoch()), &ambient, |filling| {
            fill(&reader, manifest, filling, watch).map_err(FillError)
        });
        filled.map_err(|FillError(error)| error)?;
        let key = root.page_key(slots.epoch());
        Store::open(&folder.store(), key, &store_options(slots.is_demo()), &ambient).map_err(AppError::from)
    })?;
    tokio::task::block_in_place(|| check_log(&store, manifest, root, &ambient))?;
    let new_slots = slots_here(folder, slots, root, &request.key, &store, &ambient)?;
    let configuration = attach(folder, &manifest.attachments, slots.is_demo())?;
    let unlocked = Unlocked {
        root: root.clone(),
        slot: new_slots.list().next().map_or(crate::crypto::keyslots::SlotId(1), |slot| slot.id),
        kind: request.key.kind(),
    };
    let slots = super::keys::Slots { current: new_slots, next: None, helped: None };
    let key = super::keys::Key { slots, unlocked, next: None };
    let opened = Opened::over(store, folder.clone(), key, Config::default(), ambient.clone())?;
    let finished = finish(folder, &opened, name, manifest, &request.by).await;
    opened.close().await;
    finished?;
    Ok(Restored {
        snapshot: name.clone(),
        clinic: manifest.clinic.clone(),
        rows: manifest.rows(),
        bytes: manifest.bytes(),
        entries: manifest.audit.entries,
        opens_with: opened.keys.slots().list().map(|slot| slot.kind).collect(),
        configuration,
        seconds: 0.0,
    })
}

/// The access log that came back is the one that the checkpoint was signed over.
fn check_log(store: &Store, manifest: &Manifest, root: &Root, ambient: &Ambient) -> Result<(), AppError> {
    let read = store.read()?;
    let input = VerifyInput {
        checkpoints: vec![manifest.audit.checkpoint.clone()],
        pinned: vec![],
        own_key: Some(root.checkpoint_signer().public()),
    };
    let report = audit::verify(&read, &input, ambient)?;
    let head = audit::head(&read)?.map(|head| data_encoding::HEXLOWER.encode(&head.hash));
    if head.as_deref() != Some(&manifest.audit.head) {
        let file = format!("snapshots/{}", manifest.name);
        return Err(BackupError::from(Damage::new(file, What::Wrong, Lost::Snapshot(manifest.name.to_string()))).into());
    }
    if !report.is_whole() {
        // It was so when the snapshot was made, and restoring it changes nothing: the person has to know.
        tracing::warn!(target: "backup", "the access log in this snapshot is not as it was written: run `chartbox audit verify`");
    }
    Ok(())
}

/// The key slots for this machine. What lay on the old one opens nothing here: a key file is made anew.
fn slots_here(
    folder: &Folder,
    old: &KeySlots,
    root: &Root,
    given: &SlotKey,
    store: &Store,
    ambient: &Ambient,
) -> Result<KeySlots, AppError> {
    let material = KeyMaterial::generate(ambient);
    if old.is_demo() {
        let made = KeySlots::create_demo(root, store.id(), old.epoch(), &material, ambient);
        let mut slots = made.map_err(AppError::Key)?;
        if !matches!(given, SlotKey::Demo(_)) {
            slots.add(root, given, ambient).map_err(AppError::Key)?;
        }
        folder.replace(&folder.demo_key(), material.text().expose().as_bytes(), Mode::Private)?;
        return Ok(slots);
    }
    let mut slots = old.clone();
    if old.has(SlotKind::KeyFile) {
        slots.add(root, &SlotKey::KeyFile(material.clone()), ambient).map_err(AppError::Key)?;
        for slot in old.list().filter(|slot| slot.kind == SlotKind::KeyFile) {
            slots.remove(root, slot.id).map_err(AppError::Key)?;
        }
        folder.replace(&folder.key_file(), material.text().expose().as_bytes(), Mode::Private)?;
    }
    Ok(slots)
}

/// Writes the small files, by names that are known and no others.
fn attach(folder: &Folder, attachments: &[Attachment], demo: bool) -> Result<Option<PathBuf>, AppError> {
    let mut configuration = None;
    for Attachment { name, text } in attachments {
        match name.as_str() {
            DEMO_FILE if demo => folder.replace(&DemoFile::path(folder), text.as_bytes(), Mode::Private)?,
            CONFIGURATION => {
                let path = if demo { folder.config() } else { restored_configuration(folder) };
                folder.replace(&path, text.as_bytes(), Mode::Private)?;
                configuration = Some(path);
            }
            _ => {}
        }
    }
    Ok(configuration)
}

async fn finish(
    folder: &Folder,
    opened: &Opened,
    name: &SnapshotName,
    manifest: &Manifest,
    by: &ActorRef,
) -> Result<(), AppError> {
    let note = format!(
        "restored from the snapshot {name}; the log went on from entry {}, whose hash is {}",
        manifest.audit.entries, manifest.audit.head
    );
    let event = Event::new(by.clone(), Action::EpochOpen, audit::Purpose::SysAdmin).detail(Detail::note(note.clone()));
    let restored = Event::new(by.clone(), Action::Restore, audit::Purpose::SysAdmin).detail(Detail::note(note));
    let ended = opened.audit.write(move |tx| {
        tx.open_epoch(event)?;
        tx.append(restored)?;
        Ok::<_, AuditError>(())
    });
    let _ = ended.await?;
    opened.authority.issue(folder, &opened.ambient)?;
    super::keys::write_slots(folder, &opened.keys.slots())?;
    folder.give_to_owner()?;
    fs::remove_file(folder.restoring()).map_err(AppError::file(&folder.restoring(), "removed"))?;
    fs::File::open(folder.path()).and_then(|dir| dir.sync_all()).map_err(AppError::file(folder.path(), "synced"))
}
