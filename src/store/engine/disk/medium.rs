//! The lowest layer: one file of bytes, as a trait, so that crash tests can stand in for the disk.

use std::fmt::Debug;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::store::StoreError;
use crate::store::options::DiskSpace;

/// Something that keeps bytes by offset. `sync` makes durable what was written before it.
pub(in crate::store) trait Medium: Debug + Send + Sync + 'static {
    fn len(&self) -> io::Result<u64>;
    /// Fills `out`, or fails when the file is shorter.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()>;
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// What is added reads as zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;
    fn sync(&self) -> io::Result<()>;
    /// Writes, and returns when that is durable; what else was written need not be.
    fn write_durably(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.write_at(offset, bytes)?;
        self.sync()
    }
    /// Space on the disk that holds this.
    fn space(&self) -> io::Result<DiskSpace>;
    /// Lets another process have it.
    fn release(&self) {}
}

/// A file, locked for this process as long as it is open.
#[derive(Debug)]
pub(super) struct StoreFile(File);

impl StoreFile {
    /// Opens and locks the file at `path`.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => StoreError::Missing(path.display().to_string()),
            _ => StoreError::Io(format!("{}: {error}", path.display())),
        })?;
        Self::lock(file, path)
    }

    /// Makes an empty locked file under a temporary name beside `path`.
    pub(super) fn create(path: &Path) -> Result<NewFile, StoreError> {
        let exists = path.try_exists().map_err(|error| StoreError::Io(format!("{}: {error}", path.display())))?;
        if exists {
            return Err(StoreError::Exists(path.display().to_string()));
        }
        let temporary = beside(path, ".new");
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).to_owned();
        let file = options.open(&temporary).map_err(|e| StoreError::Io(format!("{}: {e}", temporary.display())))?;
        // What an interrupted creation left is ours to use again once it is locked.
        let Self(file) = Self::lock(file, path)?;
        file.set_len(0).map_err(|error| StoreError::from_io(&error))?;
        Ok(NewFile { file, temporary, path: path.to_owned() })
    }

    fn lock(file: File, path: &Path) -> Result<Self, StoreError> {
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(path.display().to_string())),
            Err(TryLockError::Error(error)) => Err(StoreError::from_io(&error)),
        }
    }
}

/// A store being made: it has its own name only once it is whole and on disk.
#[derive(Debug)]
pub(super) struct NewFile {
    file: File,
    temporary: PathBuf,
    path: PathBuf,
}

impl NewFile {
    pub(super) fn medium(&self) -> Result<StoreFile, StoreError> {
        self.file.try_clone().map(StoreFile).map_err(|error| StoreError::from_io(&error))
    }

    /// Gives the file its name, durably, and never in place of another.
    pub(super) fn finish(self) -> Result<(), StoreError> {
        let name_it = || -> io::Result<()> {
            self.file.sync_all()?;
            let folder =
                File::open(self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
            rename_new(&self.temporary, &self.path)?;
            folder.sync_all()
        };
        name_it().map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => StoreError::Exists(self.path.display().to_string()),
            _ => StoreError::from_io(&error),
        })
    }

    /// Takes away what could not be finished.
    pub(super) fn abandon(self) {
        // What stays is used again by the next attempt.
        let _ = std::fs::remove_file(&self.temporary);
    }
}

fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // A file system that cannot refuse by itself. Two creations at once are held apart by the lock.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) if !to.try_exists()? => std::fs::rename(from, to),
        other => Ok(other?),
    }
}

/// The file `path` with something added to its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

impl Medium for StoreFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(out, offset)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    /// One call for both, which waits for these bytes alone and not for all that the tree is writing meanwhile.
    fn write_durably(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        use rustix::io::{Errno, ReadWriteFlags, pwritev2};
        let (mut at, mut rest) = (offset, bytes);
        while !rest.is_empty() {
            match pwritev2(&self.0, &[io::IoSlice::new(rest)], at, ReadWriteFlags::DSYNC) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(done) => (at, rest) = (at + done as u64, rest.get(done..).unwrap_or_default()),
                Err(Errno::INTR) => {}
                Err(Errno::NOSYS | Errno::OPNOTSUPP) => {
                    self.write_at(at, rest)?;
                    return self.sync();
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn space(&self) -> io::Result<DiskSpace> {
        let disk = rustix::fs::fstatvfs(&self.0)?;
        Ok(DiskSpace {
            free: disk.f_bavail.saturating_mul(disk.f_frsize),
            total: disk.f_blocks.saturating_mul(disk.f_frsize),
        })
    }

    fn release(&self) {
        // What cannot be unlocked now is unlocked when the file is dropped.
        let _ = self.0.unlock();
    }
}
