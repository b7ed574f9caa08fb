//! Where backups are kept: the seam behind which a folder, an SFTP server or an S3 bucket stands.
//!
//! A target keeps small files by name. It is not trusted: it may lose, change, swap or put back what it was given, and
//! everything read from it is checked by whoever asked. It must never replace a file, and [`Target::put`] must never leave a
//! part of one under its name: after a crash at any moment a file is there whole, or not at all.
//!
//! Everything here blocks. A target may be slow to answer, so that callers ask for few and large things: packs of some 16 MiB,
//! and ranges of them.

#[cfg(test)]
mod cut;
mod folder;
mod place;
mod s3;
mod sftp;
#[cfg(test)]
mod tests;

use std::fmt;

use folder::is_part_of_ours;
pub use folder::{FolderTarget, Missing};
pub use place::{Place, Seen};

/// One place for backups. Clones of what it is made of are its own business; it is shared between threads.
pub trait Target: Send + Sync {
    /// Where it is, as a person would say it: `/media/usb/chartbox`. Holds no secret.
    fn place(&self) -> &str;

    /// Puts a file whole, durable when this answers `Ok`, together with [`Target::sync`]. Never replaces one that is there.
    fn put(&self, name: &Name, bytes: &[u8]) -> Result<Put, TargetError>;

    /// The whole file. More than `most` bytes are refused before they are read.
    fn get(&self, name: &Name, most: u64) -> Result<Vec<u8>, TargetError>;

    /// `len` bytes from `offset` on. A file that is shorter is an error.
    fn get_range(&self, name: &Name, offset: u64, len: usize) -> Result<Vec<u8>, TargetError>;

    /// What lies in one folder, in no order. What has no name of ours is left out, and so are files that are being put. A folder that
    /// is not there is empty. What has a name of ours and is no plain file may be in it, as one without bytes: to get it is an
    /// error. One that is there and cannot be looked at is in it.
    fn list(&self, shelf: Shelf) -> Result<Vec<Listed>, TargetError>;

    /// Takes a file away. One that is not there is no error.
    fn delete(&self, name: &Name) -> Result<(), TargetError>;

    /// Everything that was put and deleted before stays so, whatever happens to the power.
    fn sync(&self) -> Result<(), TargetError>;

    /// Takes away what interrupted writes left. Called while nobody else writes.
    fn tidy(&self) -> Result<(), TargetError> {
        Ok(())
    }

    /// How many bytes still fit, where the target can tell.
    fn free(&self) -> Option<u64> {
        None
    }
}

/// What became of a file that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    New,
    /// One of this name was there, and was left as it was.
    There,
}

/// A file that a target has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub name: Name,
    /// None for one that could not be looked at: nobody knows what it is, and it may be looked at another time.
    pub bytes: Option<u64>,
}

/// The folders of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shelf {
    /// The repository itself: the one file that says what it is.
    Top,
    Snapshots,
    Checkpoints,
    Packs,
    /// Packs that are to be taken away.
    Marks,
}

impl Shelf {
    pub const ALL: [Self; 5] = [Self::Top, Self::Snapshots, Self::Checkpoints, Self::Packs, Self::Marks];

    /// Its name; empty for the repository itself.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Top => "",
            Self::Snapshots => "snapshots",
            Self::Checkpoints => "checkpoints",
            Self::Packs => "packs",
            Self::Marks => "marks",
        }
    }

    /// Whether a file that is put there is called so. Somebody's own things may lie beside, and are left as they are.
    pub fn has_such(self, file: &str) -> bool {
        let is_hex =
            |text: &str, len| text.len() == len && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let parts: Vec<&str> =
            file.strip_suffix(".txt").filter(|_| self == Self::Checkpoints).unwrap_or(file).split('-').collect();
        let is_time = |text: &str| text.len() == 16 && text.as_bytes().get(8) == Some(&b'T') && text.ends_with('Z');
        match (self, parts.as_slice()) {
            (Self::Top, _) => file.starts_with("chartbox-"),
            (Self::Packs, _) => is_hex(file, 64),
            (Self::Snapshots | Self::Checkpoints, [time, _, tail]) => is_time(time) && is_hex(tail, 8),
            (Self::Marks, [time, tail]) => is_time(time) && is_hex(tail, 8),
            _ => false,
        }
    }
}

/// The name of a file: a shelf, and letters, digits, `-` and `.` that do not begin with a point. So no name leads out of
/// the repository, on any kind of target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    shelf: Shelf,
    file: Box<str>,
}

impl Name {
    /// The longest file name.
    const LONGEST: usize = 100;

    pub fn new(shelf: Shelf, file: &str) -> Option<Self> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
        let fits = (1..=Self::LONGEST).contains(&file.len()) && !file.starts_with('.') && file.bytes().all(legal);
        fits.then(|| Self { shelf, file: file.into() })
    }

    pub const fn shelf(&self) -> Shelf {
        self.shelf
    }

    pub const fn file(&self) -> &str {
        &self.file
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shelf {
            Shelf::Top => f.write_str(&self.file),
            shelf => write!(f, "{}/{}", shelf.path(), self.file),
        }
    }
}

/// What a target could not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    #[error("{place} is not there ({why}). Connect it, or name another place; nothing was changed.")]
    Gone { place: String, why: String },
    #[error("{place} is full. What is there is whole. Free some space there, or use a larger one.")]
    Full { place: String },
    #[error("{place} does not take what is written to it: {why}. What is there is whole.")]
    Denied { place: String, why: String },
    #[error("{place} does not let this box read {name}: {why}. Give its account the right to.")]
    Unread { place: String, name: String, why: String },
    #[error("{place} does not let this box remove what is old there: {why}. What it did not remove is whole.")]
    NotRemoved { place: String, why: String },
    #[error("{place} cannot be used as it is set up: {why}. Nothing was changed.")]
    NotSetUp { place: String, why: String },
    #[error("{place} did not let this box in: {why}. Nothing was changed.")]
    Refused { place: String, why: String },
    #[error("the server of {place} is not the one that is known: {why}. Nothing was sent to it.")]
    Stranger { place: String, why: String },
    #[error(
        "the connection to {place} broke, and could not be made again ({why}). What was there before is whole, and the next \
         backup goes on from there."
    )]
    Cut { place: String, why: String },
    #[error("{place} does not keep what is written to it. What was there before is as it was. Use another one.")]
    NotKept { place: String },
    #[error("{name} is missing from {place}")]
    Missing { place: String, name: Name },
    #[error("{name} in {place} is shorter or longer than it should be")]
    Length { place: String, name: Name },
    #[error("{name} in {place} is a link or no plain file: it was not followed")]
    NotPlain { place: String, name: String },
    #[error("{place} could not be read or written ({name}): {why}")]
    Io { place: String, name: String, why: String },
}

impl TargetError {
    /// The same, of something that was to be read: what is refused then is not the writing.
    pub(super) fn of_reading(self, name: &impl fmt::Display) -> Self {
        match self {
            Self::Denied { place, why } => Self::Unread { place, name: name.to_string(), why },
            other => other,
        }
    }
}

impl Shelf {
    /// What a person calls it.
    fn said(self) -> &'static str {
        match self {
            Self::Top => "the folder itself",
            shelf => shelf.path(),
        }
    }
}
