//! A folder: a USB stick, a second disk, a mounted share.
//!
//! The folder is opened once and everything is named relative to it, one step at a time and without following links, so
//! that what somebody put there does not lead out of it. A file is written under a temporary name, synced, and given its
//! name, which no file may have.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;

use super::{Listed, Name, Put, Shelf, Target, TargetError};
use crate::base::said;

/// What a file is called while it is written: its name, behind a point, with this at its end.
const PART: &str = ".part";

/// A folder on this machine.
#[derive(Debug)]
pub struct FolderTarget {
    place: String,
    folder: OwnedFd,
}

/// Whether a folder that is not there is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Make,
    /// It was used before, so that it not being there means that a disk is not connected.
    Refuse,
}

impl FolderTarget {
    /// Opens the folder. Its parent must be there.
    pub fn open(path: &Path, missing: Missing) -> Result<Self, TargetError> {
        let place = path.display().to_string();
        let gone = |error: Errno| TargetError::Gone { place: place.clone(), why: said(&error.into()) };
        if missing == Missing::Make {
            match rustix::fs::mkdir(path, Mode::from_raw_mode(0o700)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(gone(error)),
            }
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| match error {
            Errno::NOTDIR => TargetError::Gone { place: place.clone(), why: "it is a file, and no folder".into() },
            other => gone(other),
        })?;
        Ok(Self { place, folder })
    }

    fn wrong(&self, name: &Name, error: Errno) -> TargetError {
        let (place, why) = (self.place.clone(), said(&error.into()));
        match error {
            Errno::NOENT => TargetError::Missing { place, name: name.clone() },
            Errno::NOSPC | Errno::DQUOT | Errno::FBIG => TargetError::Full { place },
            Errno::ROFS | Errno::ACCESS | Errno::PERM => TargetError::Denied { place, why },
            Errno::LOOP | Errno::NOTDIR | Errno::ISDIR => TargetError::NotPlain { place, name: name.to_string() },
            // One file alone may be so, while the rest of the place is there.
            Errno::NODEV | Errno::NXIO | Errno::STALE | Errno::HOSTDOWN if !self.answers(name.shelf()) => {
                TargetError::Gone { place, why }
            }
            _ => TargetError::Io { place, name: name.to_string(), why },
        }
    }

    /// Whether the folder of a shelf is there still.
    fn answers(&self, shelf: Shelf) -> bool {
        self.shelf(shelf).is_ok_and(|folder| rustix::fs::fstat(&folder).is_ok())
    }

    /// What keeps a file from being read.
    fn not_read(&self, name: &Name, error: Errno) -> TargetError {
        self.wrong(name, error).of_reading(name)
    }

    fn wrong_io(&self, name: &Name, error: &io::Error) -> TargetError {
        match (error.kind(), Errno::from_io_error(error)) {
            (io::ErrorKind::UnexpectedEof, _) => TargetError::Length { place: self.place.clone(), name: name.clone() },
            (_, Some(errno)) => self.not_read(name, errno),
            (_, None) => TargetError::Io { place: self.place.clone(), name: name.to_string(), why: said(error) },
        }
    }

    /// The folder of a shelf.
    fn shelf(&self, shelf: Shelf) -> Result<OwnedFd, Errno> {
        let path = if shelf == Shelf::Top { "." } else { shelf.path() };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(&self.folder, path, flags, Mode::empty())
    }

    fn shelf_for_writing(&self, shelf: Shelf) -> Result<OwnedFd, Errno> {
        match self.shelf(shelf) {
            Err(Errno::NOENT) => {
                match rustix::fs::mkdirat(&self.folder, shelf.path(), Mode::from_raw_mode(0o700)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(error),
                }
                sync_folder(&self.folder)?;
                self.shelf(shelf)
            }
            other => other,
        }
    }

    fn open_file(&self, name: &Name) -> Result<(File, u64), TargetError> {
        let opened = self.shelf(name.shelf()).and_then(|shelf| {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            rustix::fs::openat(&shelf, name.file(), flags, Mode::empty())
        });
        let file = File::from(opened.map_err(|error| self.not_read(name, error))?);
        let known = file.metadata().map_err(|error| self.wrong_io(name, &error))?;
        if known.is_file() {
            Ok((file, known.len()))
        } else {
            Err(TargetError::NotPlain { place: self.place.clone(), name: name.to_string() })
        }
    }

    fn try_put(&self, name: &Name, bytes: &[u8]) -> Result<Put, Errno> {
        let shelf = self.shelf_for_writing(name.shelf())?;
        if is_there(&shelf, name.file())? {
            return Ok(Put::There);
        }
        let part = format!(".{}{PART}", name.file());
        // What lies under this name may be a pipe, or another name of somebody's file: it is never written to.
        match rustix::fs::unlinkat(&shelf, &part, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error),
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::openat(&shelf, &part, flags, Mode::from_raw_mode(0o600))?);
        let errno = |error: io::Error| Errno::from_io_error(&error).unwrap_or(Errno::IO);
        let written = file.write_all(bytes).and_then(|()| file.sync_all()).map_err(errno);
        let named = written.and_then(|()| rename_new(&shelf, &part, name.file()));
        if !matches!(named, Ok(Put::New)) {
            // What could not be finished only takes up space; the next attempt would write over it.
            let _ = rustix::fs::unlinkat(&shelf, &part, AtFlags::empty());
            return named;
        }
        sync_folder(&shelf)?;
        Ok(Put::New)
    }

    fn each_entry(&self, shelf: Shelf, mut each: impl FnMut(&OwnedFd, &str)) -> Result<(), Errno> {
        let folder = match self.shelf(shelf) {
            Err(Errno::NOENT) => return Ok(()),
            other => other?,
        };
        for entry in Dir::read_from(&folder)? {
            let entry = entry?;
            if let Ok(file) = entry.file_name().to_str()
                // The shelves stand in the repository itself.
                && (shelf != Shelf::Top || !matches!(entry.file_type(), FileType::Directory))
            {
                each(&folder, file);
            }
        }
        Ok(())
    }

    fn of_shelf(&self, shelf: Shelf, error: Errno) -> TargetError {
        let (place, why) = (self.place.clone(), said(&error.into()));
        match error {
            Errno::LOOP | Errno::NOTDIR => TargetError::NotPlain { place, name: shelf.path().to_owned() },
            Errno::ACCESS | Errno::PERM => TargetError::Unread { place, name: shelf.said().to_owned(), why },
            Errno::NODEV | Errno::NXIO | Errno::STALE | Errno::HOSTDOWN => TargetError::Gone { place, why },
            _ => TargetError::Io { place, name: shelf.said().to_owned(), why },
        }
    }
}

/// Whether it is what an interrupted write of ours left: other people's things may lie beside.
pub(super) fn is_part_of_ours(shelf: Shelf, file: &str) -> bool {
    let named = file.strip_prefix('.').and_then(|file| file.strip_suffix(PART));
    named.is_some_and(|file| Name::new(shelf, file).is_some() && shelf.has_such(file))
}

/// A file by what was seen of it. One that goes away while we look is not there; one of which nothing can be seen is.
fn listed(name: Name, seen: Result<Stat, Errno>) -> Option<Listed> {
    let bytes = match seen {
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => {
            Some(u64::try_from(stat.st_size).unwrap_or_default())
        }
        Ok(_) => Some(0),
        Err(Errno::NOENT) => return None,
        Err(_) => None,
    };
    Some(Listed { name, bytes })
}

fn is_there(shelf: &OwnedFd, file: &str) -> Result<bool, Errno> {
    match rustix::fs::statat(shelf, file, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error),
    }
}

fn rename_new(shelf: &OwnedFd, from: &str, to: &str) -> Result<Put, Errno> {
    match rustix::fs::renameat_with(shelf, from, shelf, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(Put::New),
        Err(Errno::EXIST) => Ok(Put::There),
        // A file system that cannot refuse by itself. Names are random: two writers do not meet at one.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            if is_there(shelf, to)? {
                return Ok(Put::There);
            }
            rustix::fs::renameat(shelf, from, shelf, to).map(|()| Put::New)
        }
        Err(error) => Err(error),
    }
}

/// Some file systems of shares and sticks cannot sync a folder, and keep its entries in order by themselves.
fn sync_folder(folder: &OwnedFd) -> Result<(), Errno> {
    match rustix::fs::fsync(folder) {
        Ok(()) | Err(Errno::INVAL | Errno::NOTSUP | Errno::BADF) => Ok(()),
        Err(error) => Err(error),
    }
}

impl Target for FolderTarget {
    fn place(&self) -> &str {
        &self.place
    }

    fn put(&self, name: &Name, bytes: &[u8]) -> Result<Put, TargetError> {
        self.try_put(name, bytes).map_err(|error| match self.wrong(name, error) {
            // A folder that went away under us.
            TargetError::Missing { place, .. } => TargetError::Gone { place, why: "it went away".into() },
            other => other,
        })
    }

    fn get(&self, name: &Name, most: u64) -> Result<Vec<u8>, TargetError> {
        let (file, len) = self.open_file(name)?;
        let too_long = || TargetError::Length { place: self.place.clone(), name: name.clone() };
        if len > most {
            return Err(too_long());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(len).map_err(|_| too_long())?);
        file.take(len).read_to_end(&mut bytes).map_err(|error| self.wrong_io(name, &error))?;
        if bytes.len() as u64 == len { Ok(bytes) } else { Err(too_long()) }
    }

    fn get_range(&self, name: &Name, offset: u64, len: usize) -> Result<Vec<u8>, TargetError> {
        let (file, whole) = self.open_file(name)?;
        if offset.checked_add(len as u64).is_none_or(|end| end > whole) {
            return Err(TargetError::Length { place: self.place.clone(), name: name.clone() });
        }
        let mut bytes = vec![0; len];
        file.read_exact_at(&mut bytes, offset).map_err(|error| self.wrong_io(name, &error))?;
        Ok(bytes)
    }

    fn list(&self, shelf: Shelf) -> Result<Vec<Listed>, TargetError> {
        let mut all = Vec::new();
        let read = self.each_entry(shelf, |folder, file| {
            let Some(name) = Name::new(shelf, file) else { return };
            all.extend(listed(name, rustix::fs::statat(folder.as_fd(), file, AtFlags::SYMLINK_NOFOLLOW)));
        });
        read.map_err(|error| self.of_shelf(shelf, error))?;
        Ok(all)
    }

    fn delete(&self, name: &Name) -> Result<(), TargetError> {
        let done = self.shelf(name.shelf()).and_then(|shelf| {
            match rustix::fs::unlinkat(&shelf, name.file(), AtFlags::empty()) {
                // A folder in a file's place, with nothing in it.
                Err(Errno::ISDIR) => rustix::fs::unlinkat(&shelf, name.file(), AtFlags::REMOVEDIR)?,
                done => done?,
            }
            sync_folder(&shelf)
        });
        match done {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(Errno::NOTEMPTY | Errno::EXIST) => {
                let why = format!("{name} is a folder with something in it. Look what it is, and move it away");
                Err(TargetError::NotRemoved { place: self.place.clone(), why })
            }
            Err(error) => Err(match self.wrong(name, error) {
                TargetError::Denied { place, why } => TargetError::NotRemoved { place, why },
                other => other,
            }),
        }
    }

    fn sync(&self) -> Result<(), TargetError> {
        // Every file and its folder were synced as they were put.
        sync_folder(&self.folder).map_err(|error| self.of_shelf(Shelf::Top, error))
    }

    fn tidy(&self) -> Result<(), TargetError> {
        for shelf in Shelf::ALL {
            let read = self.each_entry(shelf, |folder, file| {
                if is_part_of_ours(shelf, file) {
                    // It is tried again at the next time.
                    let _ = rustix::fs::unlinkat(folder, file, AtFlags::empty());
                }
            });
            read.map_err(|error| self.of_shelf(shelf, error))?;
        }
        Ok(())
    }

    fn free(&self) -> Option<u64> {
        rustix::fs::fstatvfs(&self.folder).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn name(shelf: Shelf, file: &str) -> Name {
        Name::new(shelf, file).unwrap()
    }

    #[test]
    fn one_file_whose_handle_is_stale_is_no_place_that_went_away() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("place");
        let target = FolderTarget::open(&path, Missing::Make).unwrap();
        let one = name(Shelf::Snapshots, "one");
        target.put(&one, b"x").unwrap();
        let stale = |target: &FolderTarget| target.not_read(&one, Errno::STALE);
        assert!(matches!(stale(&target), TargetError::Io { .. }), "{}", stale(&target));
        std::fs::remove_dir_all(&path).unwrap();
        assert!(matches!(stale(&target), TargetError::Gone { .. }), "{}", stale(&target));
    }

    #[test]
    fn a_file_is_put_once_and_read_back_whole_or_in_part() {
        let place = tempfile::tempdir().unwrap();
        let target = FolderTarget::open(&place.path().join("new"), Missing::Make).unwrap();
        let one = name(Shelf::Packs, "one");
        assert_eq!(target.list(Shelf::Packs), Ok(vec![]));
        assert_eq!(target.put(&one, b"0123456789"), Ok(Put::New));
        assert_eq!(target.put(&one, b"other"), Ok(Put::There));
        assert_eq!(target.get(&one, 10).unwrap(), b"0123456789");
        assert_eq!(target.get_range(&one, 3, 4).unwrap(), b"3456");
        assert!(matches!(target.get(&one, 9), Err(TargetError::Length { .. })));
        assert!(matches!(target.get_range(&one, 8, 3), Err(TargetError::Length { .. })));
        assert!(matches!(target.get_range(&one, u64::MAX, 3), Err(TargetError::Length { .. })));
        assert_eq!(target.list(Shelf::Packs), Ok(vec![Listed { name: one.clone(), bytes: Some(10) }]));
        target.delete(&one).unwrap();
        target.delete(&one).unwrap();
        assert!(matches!(target.get(&one, 10), Err(TargetError::Missing { .. })));
        target.sync().unwrap();
    }

    #[test]
    fn what_an_interrupted_write_left_is_no_file_and_is_taken_away() {
        let place = tempfile::tempdir().unwrap();
        let target = FolderTarget::open(place.path(), Missing::Refuse).unwrap();
        target.put(&name(Shelf::Packs, "one"), b"1").unwrap();
        let part = place.path().join("packs/.two.part");
        std::fs::write(&part, "half").unwrap();
        assert_eq!(target.list(Shelf::Packs).unwrap().len(), 1);
        target.put(&name(Shelf::Packs, "two"), b"whole").unwrap();
        assert!(!part.exists());
        assert_eq!(target.list(Shelf::Packs).unwrap().len(), 2);
        for shelf in [Shelf::Snapshots, Shelf::Checkpoints, Shelf::Marks] {
            target.put(&name(shelf, "x"), b"x").unwrap();
        }
        let parts = [
            format!("packs/.{}.part", "0a".repeat(32)),
            "snapshots/.20260303T022000Z-000041-9f3c2a1b.part".into(),
            "checkpoints/.20260303T022000Z-000041-9f3c2a1b.txt.part".into(),
            "marks/.20260303T022000Z-9f3c2a1b.part".into(),
            ".chartbox-backup.txt.part".into(),
        ];
        let others = [".movie.mkv.part", "packs/.film.part", "snapshots/.20260303.part", "marks/.todo.txt.part"];
        let parts: Vec<_> = parts.iter().map(|part| place.path().join(part)).collect();
        let others = others.map(|other| place.path().join(other));
        parts.iter().chain(&others).for_each(|file| std::fs::write(file, "half").unwrap());
        target.tidy().unwrap();
        assert!(parts.iter().all(|part| !part.exists()) && others.iter().all(|other| other.exists()));
    }

    #[test]
    fn what_somebody_put_under_the_name_of_a_part_is_not_written_to() {
        let place = tempfile::tempdir().unwrap();
        let target = std::sync::Arc::new(FolderTarget::open(place.path(), Missing::Refuse).unwrap());
        target.put(&name(Shelf::Packs, "one"), b"1").unwrap();
        let (part, file) = (place.path().join("packs/.two.part"), place.path().join("film"));
        std::fs::write(&file, "somebody's").unwrap();
        let pipe =
            |part: &Path| rustix::fs::mknodat(rustix::fs::CWD, part, FileType::Fifo, Mode::from_raw_mode(0o600), 0);
        let link = |part: &Path| rustix::fs::link(&file, part);
        for put in [&pipe as &dyn Fn(&Path) -> Result<(), Errno>, &link] {
            put(&part).unwrap();
            let (say, hear) = std::sync::mpsc::channel();
            let of = target.clone();
            std::thread::spawn(move || say.send(of.put(&name(Shelf::Packs, "two"), b"whole")));
            assert_eq!(hear.recv_timeout(std::time::Duration::from_secs(10)), Ok(Ok(Put::New)), "it hangs");
            assert_eq!(target.get(&name(Shelf::Packs, "two"), 9).unwrap(), b"whole");
            target.delete(&name(Shelf::Packs, "two")).unwrap();
        }
        assert_eq!(std::fs::read(&file).unwrap(), b"somebody's");
    }

    #[test]
    fn links_are_not_followed() {
        let (place, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(outside.path().join("secret"), "not ours").unwrap();
        let target = FolderTarget::open(place.path(), Missing::Refuse).unwrap();
        target.put(&name(Shelf::Packs, "one"), b"1").unwrap();
        symlink(outside.path().join("secret"), place.path().join("packs/two")).unwrap();
        let two = name(Shelf::Packs, "two");
        assert!(matches!(target.get(&two, 100), Err(TargetError::NotPlain { .. })));
        assert!(matches!(target.get_range(&two, 0, 1), Err(TargetError::NotPlain { .. })));
        assert_eq!(target.put(&two, b"x"), Ok(Put::There));
        assert!(target.list(Shelf::Packs).unwrap().contains(&Listed { name: two, bytes: Some(0) }));
        symlink(outside.path(), place.path().join("snapshots")).unwrap();
        let led_out = target.put(&name(Shelf::Snapshots, "x"), b"x");
        assert!(matches!(led_out, Err(TargetError::NotPlain { .. })), "{led_out:?}");
        assert!(matches!(target.list(Shelf::Snapshots), Err(TargetError::NotPlain { .. })));
        assert_eq!(std::fs::read(outside.path().join("secret")).unwrap(), b"not ours");
        assert!(!outside.path().join("x").exists());
        std::fs::create_dir(place.path().join("marks")).unwrap();
        let pipe = place.path().join("marks/pipe");
        rustix::fs::mknodat(rustix::fs::CWD, pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        assert!(matches!(target.get(&name(Shelf::Marks, "pipe"), 9), Err(TargetError::NotPlain { .. })));
    }

    #[test]
    fn what_may_not_be_read_is_told_so_and_not_as_something_that_may_not_be_written() {
        let place = tempfile::tempdir().unwrap();
        let target = FolderTarget::open(place.path(), Missing::Refuse).unwrap();
        let one = name(Shelf::Packs, "one");
        let refused = io::Error::from(Errno::ACCESS);
        for error in [target.not_read(&one, Errno::ACCESS), target.wrong_io(&one, &refused)] {
            let said = error.to_string();
            assert!(said.contains("does not let this box read packs/one: Permission denied"), "{said}");
            assert!(said.ends_with(". Give its account the right to."), "{said}");
        }
        let said = target.of_shelf(Shelf::Packs, Errno::ACCESS).to_string();
        assert!(said.contains("does not let this box read packs:"), "{said}");
        assert!(target.wrong(&one, Errno::ACCESS).to_string().contains("does not take what is written"));
    }

    #[test]
    fn one_that_cannot_be_looked_at_is_there_and_one_that_went_away_is_not() {
        let one = || name(Shelf::Snapshots, "one");
        assert_eq!(listed(one(), Err(Errno::NOENT)), None);
        for error in [Errno::IO, Errno::ACCESS, Errno::STALE] {
            assert_eq!(listed(one(), Err(error)), Some(Listed { name: one(), bytes: None }));
        }
    }

    #[test]
    fn a_folder_in_a_files_place_is_taken_away_where_nothing_is_in_it() {
        let place = tempfile::tempdir().unwrap();
        let target = FolderTarget::open(place.path(), Missing::Refuse).unwrap();
        let (one, path) = (name(Shelf::Snapshots, "one"), place.path().join("snapshots/one"));
        std::fs::create_dir_all(path.join("theirs")).unwrap();
        let said = target.delete(&one).unwrap_err().to_string();
        assert!(
            said.contains("snapshots/one is a folder with something in it") && path.join("theirs").exists(),
            "{said}"
        );
        std::fs::remove_dir(path.join("theirs")).unwrap();
        target.delete(&one).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn an_error_of_the_folder_itself_names_it() {
        let place = tempfile::tempdir().unwrap();
        let target = FolderTarget::open(place.path(), Missing::Refuse).unwrap();
        let said = target.of_shelf(Shelf::Top, Errno::IO).to_string();
        assert!(said.contains("(the folder itself)"), "{said}");
    }

    #[test]
    fn a_folder_that_is_not_there_is_gone() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("away");
        assert!(matches!(FolderTarget::open(&path, Missing::Refuse), Err(TargetError::Gone { .. })));
        assert!(matches!(FolderTarget::open(&path.join("deeper"), Missing::Make), Err(TargetError::Gone { .. })));
        std::fs::write(&path, "a file").unwrap();
        assert!(matches!(FolderTarget::open(&path, Missing::Make), Err(TargetError::Gone { .. })));
    }
}
