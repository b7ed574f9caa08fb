//! A restored box in the place of another.
//!
//! It is made beside the one that is there, which stays in its place until the new one has opened. Then the two change places in
//! one step, and the old one is kept under another name. Until then the new one carries a mark, which moves with it: whatever breaks
//! this off, what lies beside a box with the mark is a copy of a backup, and what lies there without it is the old box.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::error::AppError;
use super::folder::{Folder, Mode};
use super::restore::{Ends, Found, Request, Restored, into, take_away};
use crate::backup::Watch;
use crate::base::{Ambient, said};
use crate::store::StoreError;

/// Restores beside a box, and puts the new one in its place.
pub(super) async fn in_place_of(
    there: &Folder,
    found: &Found,
    request: &Request,
    watch: &dyn Watch,
) -> Result<Restored, AppError> {
    can_move(&request.to)?;
    // Nobody starts it meanwhile, and it does not run.
    let _held = held(there)?;
    let new = beside(&request.to, ".restored")?;
    clear(&new, &request.to)?;
    let restored = into(&new, found, request, Ends::Beside, watch).await.map_err(|error| match error {
        AppError::NotEmpty(path) => AppError::Wrong(format!(
            "the restored box is made in {} first, and something else is in that folder. Move it away; nothing was changed.",
            path.display()
        )),
        other => other,
    })?;
    let placed = as_it_was(there, &Folder::at(&new)).and_then(|()| place(&new, &request.to));
    let aside = placed.inspect_err(|_| discard(&new))?;
    let configuration = restored.configuration.as_deref().and_then(|path| path.strip_prefix(&new).ok());
    let configuration = configuration.map(|name| request.to.join(name));
    Ok(Restored { configuration, kept_aside: Some(aside), ..restored })
}

fn over(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Refuses what cannot change its place, before hours of work: a link, and a folder on which a disk is mounted.
fn can_move(path: &Path) -> Result<(), AppError> {
    // With a slash behind it a link is what it leads to.
    let path = &path.components().collect::<PathBuf>();
    let here = fs::symlink_metadata(path).map_err(AppError::file(path, "read"))?;
    let over = over(path);
    let why = match () {
        () if here.is_symlink() => "is a link to the box's folder. Name the folder itself",
        () if here.dev() != fs::metadata(over).map_err(AppError::file(over, "read"))?.dev() => {
            "is where a disk is mounted, and cannot be put aside. Restore into another folder, and move what is in both yourself"
        }
        () => return Ok(()),
    };
    Err(AppError::Wrong(format!("{} {why}; nothing was changed.", path.display())))
}

/// The box's name with something added, in the same folder.
fn beside(path: &Path, ending: &str) -> Result<PathBuf, AppError> {
    let mut name = path.file_name().ok_or_else(|| AppError::NotEmpty(path.to_owned()))?.to_owned();
    name.push(ending);
    Ok(path.with_file_name(name))
}

/// A name for the old box that nothing has.
fn aside(path: &Path) -> Result<PathBuf, AppError> {
    let name = format!(".before-{}", Ambient::system().now().strftime("%Y%m%dT%H%M%SZ"));
    let mut free = beside(path, &name)?;
    let mut number = 1;
    while fs::symlink_metadata(&free).is_ok() {
        number += 1;
        free = beside(path, &format!("{name}-{number}"))?;
    }
    Ok(free)
}

/// Makes room for the new box: a copy of a backup that did not get as far as to take a place goes, and an old box that had
/// lost its place, but not been put aside yet, is.
fn clear(new: &Path, path: &Path) -> Result<(), AppError> {
    let (there, folder) = (Folder::at(path), Folder::at(new));
    discard(new);
    if folder.has_box() && !folder.restoring().exists() {
        // Nor does anybody work in this one.
        let _held = held(&folder)?;
        fs::rename(new, aside(path)?).map_err(AppError::file(new, "put aside"))?;
    }
    // The mark of the box that took the place then.
    let mark = there.unplaced();
    if mark.exists() {
        fs::remove_file(&mark).map_err(AppError::file(&mark, "removed"))?;
        File::open(path).and_then(|dir| dir.sync_all()).map_err(AppError::file(path, "synced"))?;
    }
    Ok(())
}

/// Takes away a copy of a backup that has no place, and nothing else.
fn discard(new: &Path) {
    let folder = Folder::at(new);
    if folder.unplaced().exists() {
        take_away(&folder);
        // What else somebody put there stays.
        let _ = fs::remove_dir(new);
    }
}

/// Locks a box's store, as a running box does. One whose store is gone or cannot be opened has nobody in it.
fn held(folder: &Folder) -> Result<Option<File>, AppError> {
    let Ok(file) = File::open(folder.store()) else { return Ok(None) };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(folder.path().display().to_string()).into()),
        Err(TryLockError::Error(error)) => Err(AppError::file(&folder.store(), "locked")(error)),
    }
}

/// Gives the new box the old one's owner, and the configuration that lies in its folder.
fn as_it_was(old: &Folder, new: &Folder) -> Result<(), AppError> {
    if old.config().exists() && !new.config().exists() {
        let text = fs::read(old.config()).map_err(AppError::file(&old.config(), "read"))?;
        new.replace(&new.config(), &text, Mode::Private)?;
    }
    let owner = fs::metadata(old.path()).map_err(AppError::file(old.path(), "read"))?;
    if rustix::process::geteuid().is_root() {
        let given = chown(new.path(), Some(owner.uid()), Some(owner.gid()));
        given.map_err(AppError::file(new.path(), "given to the folder's owner"))?;
    }
    new.give_to_owner()
}

/// Puts the new box in the place, and says where the old one is kept.
fn place(new: &Path, path: &Path) -> Result<PathBuf, AppError> {
    let aside = aside(path)?;
    change_places(new, path, &aside).map_err(|cause| {
        AppError::Wrong(format!(
            "{} cannot be put aside ({}), and is as it was. Restore into another folder, and move them yourself.",
            path.display(),
            said(&cause)
        ))
    })?;
    let mark = Folder::at(path).unplaced();
    let parent = over(path);
    fs::remove_file(&mark).map_err(AppError::file(&mark, "removed"))?;
    let synced = [path, parent].iter().try_for_each(|dir| File::open(dir)?.sync_all());
    synced.map_err(AppError::file(parent, "synced"))?;
    Ok(aside)
}

/// Puts `new` where `path` is and `path` where `aside` says, or leaves both as they are. At no moment is there no box at `path`,
/// where the file system can do that.
fn change_places(new: &Path, path: &Path, aside: &Path) -> std::io::Result<()> {
    match renameat_with(CWD, new, CWD, path, RenameFlags::EXCHANGE) {
        Ok(()) => fs::rename(new, aside).inspect_err(|_| {
            // What cannot be put back is found at the next restore: the old box lies there without a mark.
            let _ = renameat_with(CWD, new, CWD, path, RenameFlags::EXCHANGE);
        }),
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            fs::rename(path, aside).and_then(|()| fs::rename(new, path).inspect_err(|_| drop(fs::rename(aside, path))))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_refused_however_it_is_written() {
        let home = tempfile::tempdir().unwrap();
        let (folder, link) = (home.path().join("box"), home.path().join("link"));
        fs::create_dir(&folder).unwrap();
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        for ending in ["", "/", "/.", "//"] {
            let said = can_move(&PathBuf::from(format!("{}{ending}", link.display()))).unwrap_err().to_string();
            assert!(said.contains("is a link"), "{ending}: {said}");
            assert!(can_move(&PathBuf::from(format!("{}{ending}", folder.display()))).is_ok(), "{ending}");
        }
    }
}
