//! A small box for this room's tests: a store in memory with an access log, folders to back up to, and ways to spoil them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::layout::Attachment;
use super::service::{Backups, Home, TargetSpec};
use super::target::{Listed, Name, Put, Shelf, Target, TargetError};
use super::{BackupError, FillError, Index, Keep, Keyring, Reader, Repository, Schedule, Unwatched, fill};
use crate::audit::{Action, Audit, Event};
use crate::base::{ActorRef, Ambient, ManualClock, Secret, SeededRandom};
use crate::crypto::keyslots::{SlotId, SlotKey};
use crate::crypto::{KeySlots, Root, Sheet, Signer};
use crate::store::{SCHEMA, Snapshot, Store, StoreError, Table, tables};

pub const ROWS: Table<(u32,), Vec<u8>> = Table::new(tables::TEST);

/// What a store on disk says of its version.
const FACTS: Table<(u8,), u64> = Table::new(tables::META);

/// Every row of a store, as bytes.
pub type Contents = BTreeMap<(u8, Vec<u8>), Vec<u8>>;

pub struct TestHome {
    pub root: Root,
    pub slots: String,
    pub folder: PathBuf,
}

impl Home for TestHome {
    fn snapshot_key(&self) -> Secret<[u8; 32]> {
        self.root.snapshot_key()
    }
    fn signer(&self) -> Signer {
        self.root.checkpoint_signer()
    }
    fn keyslots(&self) -> Result<String, BackupError> {
        Ok(self.slots.clone())
    }
    fn attachments(&self) -> Vec<Attachment> {
        vec![Attachment { name: "config.toml".into(), text: "[house]\n".into() }]
    }
    fn clinic(&self) -> String {
        "Hill Street".into()
    }
    fn called(&self) -> String {
        "chartbox-k3mf.local".into()
    }
    fn data(&self) -> PathBuf {
        self.folder.clone()
    }
    fn folder(&self) -> PathBuf {
        self.folder.clone()
    }
}

pub struct TestBox {
    pub place: tempfile::TempDir,
    pub clock: ManualClock,
    pub ambient: Ambient,
    pub store: Store,
    pub audit: Audit,
    pub root: Root,
    pub sheet: Sheet,
    pub backups: Backups,
}

impl TestBox {
    pub fn new(seed: u64) -> Self {
        Self::over(Store::in_memory(), seed)
    }

    pub fn over(store: Store, seed: u64) -> Self {
        let clock = ManualClock::at("2026-03-03T02:20:00Z".parse().unwrap());
        let ambient = Ambient::new(clock.clone(), SeededRandom::new(seed));
        let root = Root::generate(&ambient);
        let sheet = Sheet::generate(&ambient);
        let audit = Audit::new(store.clone(), ambient.clone());
        let versioned: Result<(), StoreError> = store.write_blocking(|tx| tx.put(&FACTS, &(0,), &SCHEMA));
        versioned.unwrap();
        let _ = audit.commit_blocking(vec![Event::system("init", Action::Init)]).unwrap();
        let place = tempfile::tempdir().unwrap();
        let backups = backups(&audit, &root, &sheet, place.path());
        Self { place, clock, ambient, store, audit, root, sheet, backups }
    }

    /// The same box under another root, as after a rotation.
    pub fn with_root(&self, root: Root) -> Backups {
        backups(&self.audit, &root, &self.sheet, self.place.path())
    }

    /// The same box with a second sheet, and then with that one alone.
    pub fn renewed(&self) -> (Backups, Backups) {
        let (old, new) = (SlotKey::RecoverySheet(self.sheet.clone()), SlotKey::RecoverySheet(self.new_sheet()));
        let mut slots = KeySlots::create(&self.root, self.store.id(), 1, &old, &self.ambient).unwrap();
        slots.add(&self.root, &new, &self.ambient).unwrap();
        let both = backups_with(&self.audit, &self.root, &slots, self.place.path());
        slots.remove(&self.root, SlotId(1)).unwrap();
        (both, backups_with(&self.audit, &self.root, &slots, self.place.path()))
    }

    /// The sheet that [`TestBox::renewed`] has.
    pub fn new_sheet(&self) -> Sheet {
        Sheet::generate(&Ambient::new(self.clock.clone(), SeededRandom::new(991)))
    }

    pub fn spec(&self, name: &str) -> TargetSpec {
        spec(self.place.path(), name)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    pub fn put(&self, rows: impl IntoIterator<Item = (u32, Vec<u8>)>) {
        let rows: Vec<_> = rows.into_iter().collect();
        let written = self.audit.write_blocking(move |tx| {
            rows.iter()
                .try_for_each(|(key, value)| tx.put(&ROWS, &(*key,), value))
                .map_err(crate::audit::AuditError::from)?;
            tx.append(Event::system("test", Action::Update)).map(drop)
        });
        let ((), _) = written.unwrap();
    }

    pub fn delete(&self, keys: Vec<u32>) {
        let deleted: Result<(), StoreError> =
            self.store.write_blocking(move |tx| keys.iter().try_for_each(|key| tx.delete(&ROWS, &(*key,))));
        deleted.unwrap();
    }

    /// A second box of this one's name, restored from a snapshot.
    pub fn second(&self, target: &str, asked: &str) -> Backups {
        let audit = Audit::new(store_of(self.restored(target, asked).unwrap()), self.ambient.clone());
        let opened: Result<_, crate::audit::AuditError> =
            audit.write_blocking(|tx| tx.open_epoch(Event::system("restore", Action::EpochOpen)));
        let _ = opened.unwrap();
        backups(&audit, &self.root, &self.sheet, self.place.path())
    }

    pub fn snapshot(&self, target: &str) -> super::Created {
        self.try_snapshot(target).unwrap()
    }

    pub fn try_snapshot(&self, target: &str) -> Result<super::Created, BackupError> {
        self.backups.create(&[self.spec(target)], super::Wish::USUAL, &by(), &Unwatched)
    }

    /// What a snapshot in a folder restores to, opened by the box's keys.
    pub fn restored(&self, target: &str, asked: &str) -> Result<Contents, BackupError> {
        restored(&self.backups, &self.spec(target), asked)
    }
}

fn backups(audit: &Audit, root: &Root, sheet: &Sheet, place: &Path) -> Backups {
    let key = SlotKey::RecoverySheet(sheet.clone());
    backups_with(audit, root, &KeySlots::create(root, audit.store().id(), 1, &key, audit.ambient()).unwrap(), place)
}

fn backups_with(audit: &Audit, root: &Root, slots: &KeySlots, place: &Path) -> Backups {
    let slots = slots.to_text().unwrap();
    let home = TestHome { root: root.clone(), slots, folder: place.join("backups") };
    let keep = Keep { hourly: 0, daily: 7, weekly: 4, monthly: 12, yearly: 10, zone: jiff::tz::TimeZone::UTC };
    let schedule = Schedule { every_hours: 24, hour: 1, drill_days: 7, keep };
    Backups::new(audit.clone(), home, vec![spec(place, "one"), spec(place, "two")], schedule)
}

fn spec(place: &Path, name: &str) -> TargetSpec {
    TargetSpec { name: name.into(), place: super::target::Place::Folder(place.join(name).display().to_string()) }
}

pub fn by() -> ActorRef {
    ActorRef::system("job:backup")
}

pub fn restored(backups: &Backups, spec: &TargetSpec, asked: &str) -> Result<Contents, BackupError> {
    let repository = backups.open(spec)?;
    let name = repository.choose(asked, None)?;
    let keyring = backups.keyring()?;
    restored_with(&repository, &keyring, &name)
}

pub fn restored_with(
    repository: &Repository,
    keyring: &Keyring,
    name: &super::layout::SnapshotName,
) -> Result<Contents, BackupError> {
    let manifest = keyring.open(name, &repository.read(name)?)?;
    let index = Index::load(repository.target(), keyring, None)?;
    let reader = Reader::new(repository.target(), &index, keyring);
    let store = Store::filled_in_memory(|filling| fill(&reader, &manifest, filling, &Unwatched).map_err(FillError));
    Ok(contents(&store.map_err(|FillError(error)| error)?.read().unwrap()))
}

pub fn contents(view: &Snapshot) -> Contents {
    let mut all = Contents::new();
    for table in tables::ALL {
        view.walk(*table, std::ops::Bound::Unbounded, &mut |key, value| {
            all.insert((table.number(), key.to_vec()), value.to_vec());
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    }
    all
}

/// Every file of a folder with its bytes.
pub fn files(path: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                all.insert(path.clone(), std::fs::read(&path).unwrap());
            }
        }
    }
    all
}

/// Puts a folder back as it was.
pub fn put_back(path: &Path, was: &BTreeMap<PathBuf, Vec<u8>>) {
    for file in files(path).keys().filter(|file| !was.contains_key(*file)) {
        std::fs::remove_file(file).unwrap();
    }
    for (file, bytes) in was {
        if std::fs::read(file).ok().as_ref() != Some(bytes) {
            std::fs::write(file, bytes).unwrap();
        }
    }
}

/// A target in memory whose n-th question fails: as one that is away, full, or silent.
#[derive(Clone, Default)]
pub struct Faulty {
    pub files: Arc<Mutex<BTreeMap<Name, Vec<u8>>>>,
    /// Questions until one fails; none does at 0.
    pub fuse: Arc<AtomicUsize>,
    /// Whether everything after the one that failed fails too.
    pub for_good: Arc<std::sync::atomic::AtomicBool>,
    pub asked: Arc<AtomicUsize>,
    /// Whether it keeps half of each file and says that it has all of it.
    pub shortens: Arc<std::sync::atomic::AtomicBool>,
    /// Whether one failed.
    pub burnt: Arc<std::sync::atomic::AtomicBool>,
    /// While this is so, what is put hangs.
    pub hangs: Arc<(Mutex<bool>, std::sync::Condvar)>,
    /// While this is held, its disk does not say which folder it is.
    pub mute: Arc<Mutex<()>>,
    /// Files that are there and cannot be read.
    pub unread: Arc<Mutex<BTreeSet<Name>>>,
    pub room: Arc<Mutex<Room>>,
}

/// How much fits in a target.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Room {
    #[default]
    Endless,
    /// So many bytes, and it can tell how many of them are left.
    Told(usize),
    /// So many bytes.
    Untold(usize),
}

impl Faulty {
    fn burn(&self) -> Result<(), TargetError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let before = self.fuse.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| match left {
            0 => None,
            1 if self.for_good.load(Ordering::SeqCst) => Some(1),
            left => Some(left - 1),
        });
        let place = "faulty".to_owned();
        if before != Ok(1) {
            return Ok(());
        }
        self.burnt.store(true, Ordering::SeqCst);
        Err(TargetError::Gone { place, why: "on purpose".into() })
    }

    /// Lets what is put hang, or go on.
    pub fn hang(&self, hangs: bool) {
        *self.hangs.0.lock().unwrap() = hangs;
        self.hangs.1.notify_all();
    }

    fn missing(&self, name: &Name) -> TargetError {
        TargetError::Missing { place: "faulty".into(), name: name.clone() }
    }

    /// How many bytes it holds.
    pub fn bytes(&self) -> usize {
        self.files.lock().unwrap().values().map(Vec::len).sum()
    }

    fn is_read(&self, name: &Name) -> Result<(), TargetError> {
        let unread = self.unread.lock().unwrap().contains(name);
        let (place, why) = ("faulty".to_owned(), "on purpose".to_owned());
        if unread { Err(TargetError::Io { place, name: name.to_string(), why }) } else { Ok(()) }
    }
}

impl Target for Faulty {
    fn place(&self) -> &str {
        "faulty"
    }
    fn put(&self, name: &Name, bytes: &[u8]) -> Result<Put, TargetError> {
        self.burn()?;
        drop(self.hangs.1.wait_while(self.hangs.0.lock().unwrap(), |hangs| *hangs).unwrap());
        let held = self.bytes();
        let mut files = self.files.lock().unwrap();
        if files.contains_key(name) {
            return Ok(Put::There);
        }
        if let Room::Told(room) | Room::Untold(room) = *self.room.lock().unwrap()
            && held + bytes.len() > room
        {
            return Err(TargetError::Full { place: "faulty".into() });
        }
        let kept = if self.shortens.load(Ordering::SeqCst) { bytes.len() / 2 } else { bytes.len() };
        files.insert(name.clone(), bytes[..kept].to_vec());
        Ok(Put::New)
    }
    fn get(&self, name: &Name, _: u64) -> Result<Vec<u8>, TargetError> {
        self.burn()?;
        self.is_read(name)?;
        self.files.lock().unwrap().get(name).cloned().ok_or_else(|| self.missing(name))
    }
    fn get_range(&self, name: &Name, offset: u64, len: usize) -> Result<Vec<u8>, TargetError> {
        self.burn()?;
        self.is_read(name)?;
        let files = self.files.lock().unwrap();
        let bytes = files.get(name).ok_or_else(|| self.missing(name))?;
        let offset = offset as usize;
        let length = || TargetError::Length { place: "faulty".into(), name: name.clone() };
        bytes.get(offset..offset + len).map(<[u8]>::to_vec).ok_or_else(length)
    }
    fn list(&self, shelf: Shelf) -> Result<Vec<Listed>, TargetError> {
        self.burn()?;
        let files = self.files.lock().unwrap();
        let on_shelf = files.iter().filter(|(name, _)| name.shelf() == shelf);
        // What cannot be read cannot be looked at, either.
        let seen = |name: &Name, bytes: &[u8]| self.is_read(name).ok().map(|()| bytes.len() as u64);
        Ok(on_shelf.map(|(name, bytes)| Listed { name: name.clone(), bytes: seen(name, bytes) }).collect())
    }
    fn delete(&self, name: &Name) -> Result<(), TargetError> {
        self.burn()?;
        self.files.lock().unwrap().remove(name);
        Ok(())
    }
    fn sync(&self) -> Result<(), TargetError> {
        self.burn()
    }
    fn free(&self) -> Option<u64> {
        match *self.room.lock().unwrap() {
            Room::Told(room) => Some(room.saturating_sub(self.bytes()) as u64),
            _ => None,
        }
    }
}

/// A store with these rows.
pub fn store_of(all: Contents) -> Store {
    let filled = Store::filled_in_memory(|filling| {
        all.into_iter().try_for_each(|((table, key), value)| {
            let table = tables::numbered(table).unwrap();
            filling.put(table, &key, &value).map_err(FillError::from)
        })
    });
    filled.unwrap_or_else(|FillError(error)| panic!("{error}"))
}

static INJECTED: Mutex<BTreeMap<String, Faulty>> = Mutex::new(BTreeMap::new());

/// A target that fails when told to, under a name of its own.
pub fn inject(name: &str) -> (Faulty, TargetSpec) {
    let faulty = Faulty::default();
    INJECTED.lock().unwrap().insert(name.to_owned(), faulty.clone());
    (faulty, TargetSpec { name: name.into(), place: super::target::Place::Injected(name.into()) })
}

/// The same target under another name.
pub fn inject_again(name: &str, faulty: &Faulty) -> TargetSpec {
    INJECTED.lock().unwrap().insert(name.to_owned(), faulty.clone());
    TargetSpec { name: name.into(), place: super::target::Place::Injected(name.into()) }
}

/// What the disk of an injected target says, once it does.
pub fn looked_at(name: &str) -> Option<(u64, u64)> {
    let mute = INJECTED.lock().unwrap().get(name)?.mute.clone();
    drop(mute.lock().unwrap());
    None
}

/// The target that a test put under this name.
pub fn injected(place: &str) -> Option<Arc<dyn Target>> {
    INJECTED.lock().unwrap().get(place).map(|faulty| Arc::new(faulty.clone()) as Arc<dyn Target>)
}
