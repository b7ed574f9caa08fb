//! A box from a snapshot: into a folder where none is, with what a person holds.
//!
//! The key slots are written last but for the mark that a restore is under way: a folder without that mark, and with slots, is a
//! whole box. A folder with the mark is not opened. What an interrupted restore left is taken away by the next one.
//!
//! A box that is in the folder already stays in its place until the new one was made beside it ([`super::replace`]).

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::backups::{CONFIGURATION, DEMO_FILE};
use super::config::Config;
use super::demo::DemoFile;
use super::error::AppError;
use super::folder::{Folder, Mode};
use super::opened::{Opened, store_options};
use super::replace;
use crate::audit::{self, Action, AuditError, Detail, Event, VerifyInput};
use crate::backup::layout::{Attachment, Manifest, Marker, SnapshotBytes, SnapshotName};
use crate::backup::target::Missing;
use crate::backup::{
    BackupError, Damage, Depth, FillError, Index, Keyring, Made, Place, Reader, Repository, TargetSpec, Watch, What,
    check, facts_of, fill, one_run,
};
use crate::base::{ActorRef, Ambient, Timestamp};
use crate::crypto::keyslots::{KeySlots, SlotError, SlotId, SlotKey, SlotKind, Unlocked};
use crate::crypto::{KeyMaterial, Root};
use crate::store::{DiskSpace, Store};

/// What is to be restored, and where.
pub struct Request {
    pub from: TargetSpec,
    /// `latest`, a name, a number, or a part of a name.
    pub snapshot: String,
    /// The newest that is not younger than this.
    pub at: Option<Timestamp>,
    pub to: PathBuf,
    pub there: There,
    pub key: SlotKey,
    pub by: ActorRef,
}

/// What becomes of a box that is in the folder already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum There {
    /// It is left as it is, and nothing is restored.
    Refuse,
    /// It is kept under another name.
    KeepAside,
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
    /// Where the box is kept that was in the folder before.
    pub kept_aside: Option<PathBuf>,
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
        BackupError::from(Damage::of_snapshot(file, What::Wrong, &name))
    })?;
    let (slots, root) = match slots.unlock_either(key) {
        Ok(unlocked) => (slots, unlocked.root),
        Err(error) => by_other_slots(&repository, (&name, &snapshot, slots), key, error)?,
    };
    let keyring = Keyring::of_snapshot(&name, &snapshot, &root.snapshot_key())?;
    let manifest = keyring.open(&name, &snapshot)?;
    if asked == Repository::LATEST {
        one_run(&repository, &manifest, at, key)?;
    }
    Ok(Found { repository, name, slots, root, keyring, manifest })
}

/// How many other sets of key slots a passphrase is tried at: it takes a second at each.
const TRIED: usize = 4;

/// A key that does not open this snapshot's own slots may open those of others of this box, the newest first: where only the slots
/// were changed between them the root is the same, and opens this one, too. After a change of the root key it is another, which
/// opens nothing from before.
fn by_other_slots(
    repository: &Repository,
    (name, snapshot, mut own): (&SnapshotName, &SnapshotBytes, KeySlots),
    key: &SlotKey,
    error: SlotError,
) -> Result<(KeySlots, Root), AppError> {
    if !matches!(error, SlotError::Wrong { .. } | SlotError::NoneOfKind { .. }) {
        return Err(AppError::Key(error));
    }
    if let Err(error @ BackupError::Foreign { .. }) = repository.read_own(name) {
        return Err(error.into());
    }
    let mut tried = vec![snapshot.header.keyslots.clone()];
    let mut opens = None;
    let names = repository.snapshots().unwrap_or_default();
    for other in names.iter().rev() {
        let Ok(there) = repository.read_own(other) else { continue };
        let text = there.header.keyslots;
        if tried.contains(&text) {
            continue;
        }
        if let Ok(slots) = KeySlots::parse(&text)
            && let Ok(unlocked) = slots.unlock_either(key)
        {
            if Keyring::of_snapshot(name, snapshot, &unlocked.root.snapshot_key()).is_ok() {
                // The key that was given is to open the box: by the later slots, or beside the snapshot's own where it was
                // left behind since.
                if other > name {
                    return Ok((slots, unlocked.root));
                }
                own.add(&unlocked.root, key, &Ambient::system()).map_err(AppError::Key)?;
                return Ok((own, unlocked.root));
            }
            opens.get_or_insert_with(|| other.clone());
        }
        tried.push(text);
        if tried.len() > TRIED && key.kind() == SlotKind::Passphrase {
            break;
        }
    }
    Err(match opens {
        Some(opens) => BackupError::OtherTime { name: name.clone(), kind: key.kind(), opens }.into(),
        None => AppError::Key(error),
    })
}

/// Restores a box.
pub async fn restore(request: Request, watch: &dyn Watch) -> Result<Restored, AppError> {
    let begun = std::time::Instant::now();
    stands_free(&request.to)?;
    let found = tokio::task::block_in_place(|| find(&request.from, &request.snapshot, request.at, &request.key));
    let found = found.map_err(|error| named_instead(&request, error, watch))?;
    let there = Folder::at(&request.to);
    let is_there = there.has_box() && !there.restoring().exists();
    let made = if is_there && request.there == There::KeepAside {
        replace::in_place_of(&there, &found, &request, watch).await
    } else {
        into(&request.to, &found, &request, Ends::InPlace, watch).await
    };
    let made = made.map_err(|error| named_instead(&request, error, watch))?;
    Ok(Restored { seconds: begun.elapsed().as_secs_f64(), ..made })
}

/// Refuses a folder among a repository's files, or among another box's.
fn stands_free(path: &Path) -> Result<(), AppError> {
    let whole = PathBuf::from(Place::Folder(path.display().to_string()).whole());
    for above in whole.ancestors() {
        let what = match () {
            () if above.join(Marker::FILE).exists() => "the backups",
            () if above != whole && Folder::at(above).has_box() => "the box",
            () => continue,
        };
        return Err(AppError::Wrong(format!(
            "{} lies among the files of {what} in {}. Name a folder outside; nothing was changed.",
            path.display(),
            above.display()
        )));
    }
    Ok(())
}

/// Where the latest snapshot is damaged, names the one to take instead.
fn named_instead(request: &Request, error: AppError, watch: &dyn Watch) -> AppError {
    let why = match error {
        AppError::Backup(why) if request.snapshot == Repository::LATEST && why.is_damage() => why,
        other => return other,
    };
    match tokio::task::block_in_place(|| newest_good(request, &why, watch)) {
        Some(good) => BackupError::NotLatest { why: Box::new(why), good }.into(),
        None => why.into(),
    }
}

/// The newest snapshot before the latest that has everything it needs, as far as can be seen without reading all of it.
fn newest_good(request: &Request, why: &BackupError, watch: &dyn Watch) -> Option<SnapshotName> {
    let repository = Repository::open(request.from.open(Missing::Refuse).ok()?).ok()?;
    let latest = repository.choose(Repository::LATEST, request.at).ok()?;
    let (mut keyring, mut roots) = (Keyring::default(), Vec::<(String, Option<Root>)>::new());
    for name in repository.snapshots().ok()?.iter().rev().filter(|name| **name < latest) {
        let Ok(snapshot) = repository.read_own(name) else { continue };
        let text = &snapshot.header.keyslots;
        if roots.iter().all(|(tried, _)| tried != text)
            && (roots.len() < TRIED || request.key.kind() != SlotKind::Passphrase)
        {
            let unlocked = KeySlots::parse(text).and_then(|slots| slots.unlock_either(&request.key));
            roots.push((text.clone(), unlocked.ok().map(|unlocked| unlocked.root)));
        }
        let opened = roots.iter().filter_map(|(_, root)| root.as_ref());
        for of_it in opened.filter_map(|root| Keyring::of_snapshot(name, &snapshot, &root.snapshot_key()).ok()) {
            of_it.all().for_each(|(id, key)| keyring.add(id, key.clone()));
        }
    }
    // What was found changed is read again, to see which others need it.
    let doubted = match why {
        BackupError::Damaged(damage) => damage.file.strip_prefix("packs/").map(str::to_owned).into_iter().collect(),
        _ => BTreeSet::new(),
    };
    let checked = check(&repository, &keyring, Depth::Structure, &doubted, watch).ok()?;
    checked.good.into_iter().rfind(|name| *name < latest)
}

/// Where a box is that has been restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    InPlace,
    /// Beside the one whose place it is to take.
    Beside,
}

/// Restores into a folder without a box; leaves nothing of it when it does not work. A folder that was there stays, with its
/// owner: the box belongs to them.
pub(super) async fn into(
    path: &Path,
    found: &Found,
    request: &Request,
    ends: Ends,
    watch: &dyn Watch,
) -> Result<Restored, AppError> {
    let was_there = path.exists();
    let (folder, _mark) = prepare(path, found)?;
    let made = begin(&folder, found, request, ends, watch).await;
    made.inspect_err(|_| {
        take_away(&folder);
        if !was_there {
            let _ = fs::remove_dir(path);
        }
    })
}

/// An empty folder, or one in which only an interrupted restore was at work; and its mark, locked while this one is.
fn prepare(path: &Path, found: &Found) -> Result<(Folder, File), AppError> {
    let folder = Folder::at(path);
    if folder.restoring().exists() {
        let _mark = marked(&folder)?;
        take_away(&folder);
    }
    Folder::must_be_free(path)?;
    has_room(path, found)?;
    let folder = Folder::create(path)?;
    let mark = marked(&folder)?;
    Ok((folder, mark))
}

/// Whether the box fits there, so that nobody waits for hours to hear that it does not.
fn has_room(path: &Path, found: &Found) -> Result<(), AppError> {
    // A disk that does not say how full it is will say so when it is.
    let Some(disk) = DiskSpace::around(path) else { return Ok(()) };
    let (needed, kept) = store_options(found.slots.is_demo()).room_to_fill(found.manifest.bytes(), disk);
    if disk.free >= needed {
        return Ok(());
    }
    Err(AppError::NoRoom { dir: path.to_owned(), free: disk.free, needed, kept })
}

fn marked(folder: &Folder) -> Result<File, AppError> {
    let path = folder.restoring();
    let file = OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(&path);
    let mut file = file.map_err(AppError::file(&path, "written"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(AppError::BeingMade(folder.path().to_owned())),
        Err(TryLockError::Error(error)) => return Err(AppError::file(&path, "locked")(error)),
    }
    let text = b"A box is being restored into this folder. If this file stays, run it again.\n";
    // On the disk before anything else is: what it says must not be missed after a power cut.
    let written = file.write_all(text).and_then(|()| file.sync_all());
    let written = written.and_then(|()| File::open(folder.path())?.sync_all());
    written.map_err(AppError::file(&path, "written"))?;
    Ok(file)
}

/// Everything that a restore makes. What is not there cannot be taken away.
pub(super) fn take_away(folder: &Folder) {
    let beside = ["chartbox.redb.new", "chartbox.redb.reserve", "keyslots.toml.new", "keyslots.copy.toml.new"];
    let beside = beside.map(|name| folder.path().join(name));
    let configuration = [folder.config(), restored_configuration(folder), DemoFile::path(folder)];
    let keys = [folder.keyslots(), folder.keyslots_copy(), folder.key_file(), folder.demo_key()];
    for path in keys.into_iter().chain([folder.store()]).chain(beside).chain(configuration) {
        let _ = fs::remove_file(path);
    }
    let _ = fs::remove_dir_all(folder.tls());
    let _ = fs::remove_file(folder.restoring());
    let _ = fs::remove_file(folder.unplaced());
}

fn restored_configuration(folder: &Folder) -> PathBuf {
    folder.path().join("config.restored.toml")
}

async fn begin(
    folder: &Folder,
    found: &Found,
    request: &Request,
    ends: Ends,
    watch: &dyn Watch,
) -> Result<Restored, AppError> {
    let Found { repository, name, slots, root, keyring, manifest } = found;
    let ambient = Ambient::system();
    let store = tokio::task::block_in_place(|| {
        let index = Index::load(repository.target(), keyring, None)?;
        let reader = Reader::new(repository.target(), &index, keyring);
        let filled = Store::create_filled(&folder.store(), root.page_key(slots.epoch()), &ambient, |filling| {
            fill(&reader, manifest, filling, watch).map_err(FillError)
        });
        filled.map_err(|FillError(error)| error)?;
        let key = root.page_key(slots.epoch());
        Store::open(&folder.store(), key, &store_options(slots.is_demo()), &ambient).map_err(AppError::from)
    })?;
    tokio::task::block_in_place(|| check_log(&store, manifest, root, &ambient))?;
    let facts = tokio::task::block_in_place(|| facts_of(&store, manifest, &ambient))?;
    let new_slots = slots_here(folder, slots, root, &request.key, &store, &ambient)?;
    let configuration = attach(folder, &manifest.attachments, slots.is_demo())?;
    // A demo's own key is made anew, and opens nothing here any more.
    let first = new_slots.list().next().map_or(SlotId(1), |slot| slot.id);
    let unlocked = tokio::task::block_in_place(|| new_slots.unlock_either(&request.key)).unwrap_or_else(|_| Unlocked {
        root: root.clone(),
        slot: first,
        kind: request.key.kind(),
    });
    let slots = super::keys::Slots { current: new_slots, next: None, helped: None };
    let key = super::keys::Key { slots, unlocked, next: None };
    let opened = Opened::over(store, folder.clone(), key, Config::default(), ambient.clone())?;
    let finished = finish(folder, &opened, manifest, facts, &request.by).await;
    opened.close().await;
    finished?;
    unmark(folder, ends)?;
    Ok(Restored {
        snapshot: name.clone(),
        clinic: manifest.clinic.clone(),
        rows: manifest.rows(),
        bytes: manifest.bytes(),
        entries: manifest.audit.entries,
        opens_with: opened.keys.slots().list().map(|slot| slot.kind).collect(),
        configuration,
        kept_aside: None,
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
        return Err(BackupError::from(Damage::of_snapshot(file, What::Wrong, &manifest.name)).into());
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
    manifest: &Manifest,
    facts: Made,
    by: &ActorRef,
) -> Result<(), AppError> {
    let note = format!(
        "restored from the snapshot {}; the log went on from entry {}, whose hash is {}",
        manifest.name, manifest.audit.entries, manifest.audit.head
    );
    let event = Event::new(by.clone(), Action::EpochOpen, audit::Purpose::SysAdmin).detail(Detail::note(note.clone()));
    let restored = Event::new(by.clone(), Action::Restore, audit::Purpose::SysAdmin).detail(Detail::note(note));
    let ended = opened.audit.write(move |tx| {
        tx.open_epoch(event)?;
        tx.append(restored)?;
        Ok::<_, AuditError>(())
    });
    let _ = ended.await?;
    tokio::task::block_in_place(|| opened.backups.after_restore(&manifest.name, facts))?;
    opened.sheet_was_shown().await;
    opened.authority.issue(folder, &opened.ambient)?;
    super::keys::write_slots(folder, &opened.keys.slots())?;
    folder.give_to_owner()
}

/// From here on it is a whole box; one that is not in its place yet says so.
fn unmark(folder: &Folder, ends: Ends) -> Result<(), AppError> {
    let mark = folder.restoring();
    let done = match ends {
        Ends::InPlace => fs::remove_file(&mark),
        Ends::Beside => fs::rename(&mark, folder.unplaced()),
    };
    done.map_err(AppError::file(&mark, "removed"))?;
    File::open(folder.path()).and_then(|dir| dir.sync_all()).map_err(AppError::file(folder.path(), "synced"))
}
