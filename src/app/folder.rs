//! The data folder: which files it has, who may use it, and how a file in it is replaced.
//!
//! ```text
//! chartbox.redb          the store: everything there is
//! keyslots.toml          the root key, wrapped once for each way to open the box
//! keyslots.copy.toml     the same again, for when the first is lost
//! keyslots.next.toml     while a change of the root key is under way: the slots of the new one, and their second copy
//! chartbox.next.redb     the store's copy under the new key, while it is made
//! unlock-tries.json      while the box is locked: how often, and from where, a key was tried that did not open it
//! box.key, demo.key      a key file, where that way was chosen; a demo's key
//! tls/                   the leaf's key and certificate, the authority's certificate
//! backups/               what backups keep on this machine: an index that can be lost, drills while they run
//! control.sock           while the box runs: where commands reach it
//! config.toml            where there is one: read by commands that are given this folder
//! demo.json              a demo's only: its addresses and accounts
//! unfinished             while the box is being made ([`super::making`])
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use super::error::AppError;

/// A file's permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// 0600
    Private,
    /// 0644
    Public,
}

impl Mode {
    const fn bits(self) -> u32 {
        match self {
            Self::Private => 0o600,
            Self::Public => 0o644,
        }
    }
}

/// One box's data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Makes the folder, 0700, where there is none; takes an empty one that is there.
    pub fn create(path: &Path) -> Result<Self, AppError> {
        Self::must_be_free(path)?;
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(AppError::file(path, "made"))?;
        Ok(Self::at(path))
    }

    /// Refuses a folder with something in it. One that is not there is as good as an empty one.
    pub fn must_be_free(path: &Path) -> Result<(), AppError> {
        if Self::at(path).has_box() {
            return Err(AppError::BoxThere(path.to_owned()));
        }
        match fs::read_dir(path) {
            Ok(mut there) => {
                if there.next().is_some() {
                    Err(AppError::NotEmpty(path.to_owned()))
                } else {
                    Ok(())
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(cause) => Err(AppError::File { path: path.to_owned(), what: "read", cause }),
        }
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Whether there is, or was begun, a box in it.
    pub fn has_box(&self) -> bool {
        self.keyslots().exists() || self.keyslots_copy().exists() || self.store().exists()
    }

    pub fn store(&self) -> PathBuf {
        self.0.join("chartbox.redb")
    }

    pub fn keyslots(&self) -> PathBuf {
        self.0.join("keyslots.toml")
    }

    pub fn keyslots_copy(&self) -> PathBuf {
        self.0.join("keyslots.copy.toml")
    }

    pub fn next_keyslots(&self) -> PathBuf {
        self.0.join("keyslots.next.toml")
    }

    pub fn next_keyslots_copy(&self) -> PathBuf {
        self.0.join("keyslots.next.copy.toml")
    }

    pub fn next_store(&self) -> PathBuf {
        self.0.join("chartbox.next.redb")
    }

    pub fn key_file(&self) -> PathBuf {
        self.0.join("box.key")
    }

    pub fn demo_key(&self) -> PathBuf {
        self.0.join("demo.key")
    }

    pub fn control_socket(&self) -> PathBuf {
        self.0.join("control.sock")
    }

    pub fn config(&self) -> PathBuf {
        self.0.join("config.toml")
    }

    pub fn backups(&self) -> PathBuf {
        self.0.join("backups")
    }

    /// There while a box is being restored into the folder.
    pub fn restoring(&self) -> PathBuf {
        self.0.join(".restoring")
    }

    /// There while a restored box lies beside the one whose place it is to take.
    pub fn unplaced(&self) -> PathBuf {
        self.0.join(".unplaced")
    }

    pub fn tls(&self) -> PathBuf {
        self.0.join("tls")
    }

    pub fn authority_certificate(&self) -> PathBuf {
        self.tls().join("authority.pem")
    }

    pub fn leaf_certificate(&self) -> PathBuf {
        self.tls().join("leaf.pem")
    }

    pub fn leaf_key(&self) -> PathBuf {
        self.tls().join("leaf.key")
    }

    /// Refuses everybody but the folder's owner: another user's files would lock the box out of its own folder.
    pub fn check_owner(&self) -> Result<(), AppError> {
        let owner = fs::metadata(&self.0).map_err(AppError::file(&self.0, "read"))?.uid();
        let caller = rustix::process::geteuid().as_raw();
        if owner == caller { Ok(()) } else { Err(AppError::NotOwner { dir: self.0.clone(), owner, caller }) }
    }

    /// Gives everything in the folder to the folder's owner. For root, who makes a box in the folder of the
    /// package's user; for everybody else it changes nothing.
    pub fn give_to_owner(&self) -> Result<(), AppError> {
        let folder = fs::metadata(&self.0).map_err(AppError::file(&self.0, "read"))?;
        if !rustix::process::geteuid().is_root() || folder.uid() == 0 {
            return Ok(());
        }
        give(&self.0, folder.uid(), folder.gid())
    }

    /// Makes a folder in it, 0700, if it is not there.
    pub fn make(&self, path: &Path) -> Result<(), AppError> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(AppError::file(path, "made"))
    }

    /// Replaces a file as a whole: after a power cut it is the old one or the new one, never a part.
    pub fn replace(&self, path: &Path, bytes: &[u8], mode: Mode) -> Result<(), AppError> {
        let wrong = |cause| AppError::File { path: path.to_owned(), what: "written", cause };
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        let new = PathBuf::from(new);
        let write = || -> std::io::Result<()> {
            // A file left by an interrupted try may have other permissions.
            match fs::remove_file(&new) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = OpenOptions::new().write(true).create_new(true).mode(mode.bits()).open(&new)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&new, path)?;
            let parent = path.parent().unwrap_or(&self.0);
            File::open(parent)?.sync_all()
        };
        write().map_err(wrong)
    }
}

fn give(path: &Path, uid: u32, gid: u32) -> Result<(), AppError> {
    for entry in fs::read_dir(path).map_err(AppError::file(path, "read"))? {
        let entry = entry.map_err(AppError::file(path, "read"))?;
        let path = entry.path();
        chown(&path, Some(uid), Some(gid)).map_err(AppError::file(&path, "given to the folder's owner"))?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            give(&path, uid, gid)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_new_folder_is_private_and_one_with_something_in_it_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("box");
        let folder = Folder::create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        Folder::create(&path).unwrap();
        fs::write(path.join("note"), "x").unwrap();
        assert!(matches!(Folder::create(&path), Err(AppError::NotEmpty(_))));
        folder.replace(&folder.keyslots(), b"x", Mode::Private).unwrap();
        assert!(matches!(Folder::create(&path), Err(AppError::BoxThere(_))));
    }

    #[test]
    fn a_replaced_file_is_whole_and_has_its_permissions_whatever_was_left_behind() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        let path = folder.keyslots();
        fs::write(place.path().join("keyslots.toml.new"), "left").unwrap();
        folder.replace(&path, b"one", Mode::Private).unwrap();
        folder.replace(&path, b"two", Mode::Private).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!place.path().join("keyslots.toml.new").exists());
    }
}
