//! A box that is being made: a mark in its folder, from the first file until whoever makes it has what is shown once.
//!
//! Who is killed in between leaves the mark behind. Such a folder is never opened, so nothing but what its making
//! wrote can be in it; making it again takes exactly that away and begins anew. A folder without the mark, and any
//! file that a making does not write, are never touched.
//!
//! The mark is the file `unfinished`. It says what is being made, and is locked while somebody makes it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::error::AppError;
use super::folder::Folder;
use super::settings::Purpose;

/// What a making writes into the folder. `tls` has nothing but the authority's and the leaf's files.
const FILES: [&str; 9] = [
    "chartbox.redb",
    "chartbox.redb.reserve",
    "keyslots.toml",
    "keyslots.copy.toml",
    "box.key",
    "demo.key",
    "demo.json",
    "recovery-sheet.txt",
    "control.sock",
];
const TLS: &str = "tls";
const TLS_FILES: [&str; 3] = ["authority.pem", "leaf.pem", "leaf.key"];

/// The right to make a box in a folder.
#[derive(Debug)]
pub struct Making {
    folder: Folder,
    purpose: Purpose,
    /// Locked as long as this lives.
    _mark: File,
    anew: bool,
}

impl Making {
    /// Begins in a new or an empty folder, or anew in one whose making did not finish.
    pub fn begin(path: &Path, purpose: Purpose) -> Result<Self, AppError> {
        let folder = Folder::at(path);
        let (mark, anew) = if mark_of(&folder).exists() {
            let mark = take_up(&folder, purpose)?;
            clear(&folder)?;
            (mark, true)
        } else {
            Folder::create(path)?;
            (set(&folder, purpose)?, false)
        };
        Ok(Self { folder, purpose, _mark: mark, anew })
    }

    pub const fn folder(&self) -> &Folder {
        &self.folder
    }

    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Whether an unfinished box was taken away.
    pub const fn is_anew(&self) -> bool {
        self.anew
    }

    /// The box is whole, and whoever made it knows what it told.
    pub fn finish(self) -> Result<(), AppError> {
        finished(&self.folder)
    }

    /// Takes away what was made so far. What cannot be taken away stays marked, and is at the next try.
    pub fn abandon(self) {
        if clear(&self.folder).is_ok() {
            let _ = finished(&self.folder);
        }
    }
}

/// Whether a box's making has not finished.
pub fn is_unfinished(folder: &Folder) -> bool {
    mark_of(folder).exists()
}

/// Refuses a folder in which a box is being made, or was begun.
pub fn refuse_unfinished(folder: &Folder) -> Result<(), AppError> {
    if folder.restoring().exists() {
        return Err(AppError::Unfinished { dir: folder.path().to_owned(), command: "chartbox backup restore" });
    }
    // A folder that cannot be looked into is another matter, which whoever opens it says better.
    if !is_unfinished(folder) {
        return Ok(());
    }
    // Where the mark is another user's, what it says is the lesser matter.
    let text = fs::read_to_string(mark_of(folder)).unwrap_or_default();
    Err(unfinished(folder, purpose_in(&text).unwrap_or(Purpose::Clinic)))
}

/// Takes the mark away.
pub fn finished(folder: &Folder) -> Result<(), AppError> {
    let mark = mark_of(folder);
    fs::remove_file(&mark).map_err(AppError::file(&mark, "removed"))?;
    synced(folder)
}

fn mark_of(folder: &Folder) -> PathBuf {
    folder.path().join("unfinished")
}

const fn word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Clinic => "clinic\n",
        Purpose::Demo => "demo\n",
    }
}

fn purpose_in(text: &str) -> Option<Purpose> {
    [Purpose::Clinic, Purpose::Demo].into_iter().find(|purpose| word(*purpose) == text)
}

fn unfinished(folder: &Folder, purpose: Purpose) -> AppError {
    let command = match purpose {
        Purpose::Clinic => "chartbox init",
        Purpose::Demo => "chartbox demo",
    };
    AppError::Unfinished { dir: folder.path().to_owned(), command }
}

/// Sets the mark in an empty folder.
fn set(folder: &Folder, purpose: Purpose) -> Result<File, AppError> {
    let path = mark_of(folder);
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    let mut mark = made.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => AppError::BeingMade(folder.path().to_owned()),
        _ => AppError::file(&path, "written")(error),
    })?;
    lock(&mark, folder)?;
    let written = mark.write_all(word(purpose).as_bytes()).and_then(|()| mark.sync_all());
    written.map_err(AppError::file(&path, "written"))?;
    synced(folder)?;
    Ok(mark)
}

/// Takes over the mark that somebody left.
fn take_up(folder: &Folder, purpose: Purpose) -> Result<File, AppError> {
    let path = mark_of(folder);
    let wrong = |error| AppError::file(&path, "read")(error);
    let mut mark = OpenOptions::new().read(true).write(true).open(&path).map_err(wrong)?;
    lock(&mark, folder)?;
    let mut text = String::new();
    (&mut mark).take(16).read_to_string(&mut text).map_err(wrong)?;
    match purpose_in(&text) {
        // Killed before the first word was on disk: nothing was made.
        None if text.is_empty() => {
            let written = mark.write_all(word(purpose).as_bytes()).and_then(|()| mark.sync_all());
            written.map_err(AppError::file(&path, "written"))?;
            Ok(mark)
        }
        Some(begun) if begun == purpose => Ok(mark),
        Some(begun) => Err(unfinished(folder, begun)),
        None => Err(AppError::NotEmpty(folder.path().to_owned())),
    }
}

fn lock(mark: &File, folder: &Folder) -> Result<(), AppError> {
    mark.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => AppError::BeingMade(folder.path().to_owned()),
        TryLockError::Error(error) => AppError::file(&mark_of(folder), "locked")(error),
    })
}

/// Takes away what a making wrote; nothing at all if there is anything else.
fn clear(folder: &Folder) -> Result<(), AppError> {
    let tls = folder.path().join(TLS);
    let mut ours = Vec::new();
    for (place, known) in [(folder.path(), &FILES[..]), (&tls, &TLS_FILES[..])] {
        ours.extend(own_files(folder, place, known)?);
    }
    for path in ours {
        fs::remove_file(&path).map_err(AppError::file(&path, "removed"))?;
    }
    match fs::remove_dir(&tls) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(AppError::file(&tls, "removed")(error));
        }
        _ => {}
    }
    synced(folder)
}

/// The files of a folder, all of which must be known ones.
fn own_files(folder: &Folder, place: &Path, known: &[&str]) -> Result<Vec<PathBuf>, AppError> {
    let entries = match fs::read_dir(place) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(AppError::file(place, "read"))?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(AppError::file(place, "read"))?;
        let (path, name) = (entry.path(), entry.file_name());
        let folder_of_tls = path == folder.path().join(TLS);
        if path == mark_of(folder) || folder_of_tls && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let name = name.to_str().unwrap_or_default();
        // A file that is replaced is first written beside it.
        let name = name.strip_suffix(".new").unwrap_or(name);
        if !known.contains(&name) || entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            return Err(AppError::NotOurs { dir: folder.path().to_owned(), file: path });
        }
        files.push(path);
    }
    Ok(files)
}

fn synced(folder: &Folder) -> Result<(), AppError> {
    let path = folder.path();
    File::open(path).and_then(|file| file.sync_all()).map_err(AppError::file(path, "written"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Mode;

    /// A folder in which a making was killed after it had written these files.
    fn killed(purpose: Purpose, files: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("box");
        let making = Making::begin(&path, purpose).unwrap();
        making.folder().make(&making.folder().tls()).unwrap();
        for file in files {
            making.folder().replace(&path.join(file), b"x", Mode::Private).unwrap();
        }
        drop(making);
        (place, path)
    }

    fn names(path: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_a_killed_making_left_is_taken_away_and_made_again() {
        for purpose in [Purpose::Demo, Purpose::Clinic] {
            let (_place, path) =
                killed(purpose, &["chartbox.redb", "chartbox.redb.new", "keyslots.toml", "tls/leaf.key.new"]);
            assert!(matches!(refuse_unfinished(&Folder::at(&path)), Err(AppError::Unfinished { .. })));
            let making = Making::begin(&path, purpose).unwrap();
            assert!(making.is_anew());
            assert_eq!(names(&path), ["unfinished"]);
            making.finish().unwrap();
            assert!(names(&path).is_empty() && refuse_unfinished(&Folder::at(&path)).is_ok());
        }
    }

    #[test]
    fn nothing_is_taken_away_when_anything_else_is_there() {
        for other in ["note.txt", "tls/other.key", "unfinished.txt"] {
            let (_place, path) = killed(Purpose::Demo, &["chartbox.redb", other]);
            let before = (names(&path), names(&path.join("tls")));
            let error = Making::begin(&path, Purpose::Demo).unwrap_err();
            assert!(matches!(error, AppError::NotOurs { .. }), "{error}");
            assert_eq!((names(&path), names(&path.join("tls"))), before);
        }
    }

    #[test]
    fn a_folder_without_the_mark_is_never_touched() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("chartbox.redb"), "x").unwrap();
        for purpose in [Purpose::Demo, Purpose::Clinic] {
            assert!(matches!(Making::begin(place.path(), purpose), Err(AppError::BoxThere(_))));
        }
        assert_eq!(names(place.path()), ["chartbox.redb"]);
    }

    #[test]
    fn a_making_of_the_other_kind_or_one_that_still_runs_is_left_alone() {
        let (_place, path) = killed(Purpose::Clinic, &["chartbox.redb"]);
        let error = Making::begin(&path, Purpose::Demo).unwrap_err().to_string();
        assert!(error.contains("chartbox init"), "{error}");
        let _running = Making::begin(&path, Purpose::Clinic).unwrap();
        let error = Making::begin(&path, Purpose::Clinic).unwrap_err();
        assert!(matches!(error, AppError::BeingMade(_)), "{error}");
    }

    #[test]
    fn a_making_that_fails_leaves_an_empty_folder() {
        let place = tempfile::tempdir().unwrap();
        let making = Making::begin(place.path(), Purpose::Clinic).unwrap();
        making.folder().replace(&making.folder().keyslots(), b"x", Mode::Private).unwrap();
        making.abandon();
        assert!(names(place.path()).is_empty());
    }
}
