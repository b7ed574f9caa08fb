//! What can keep a box from being made, opened or started, in words for whoever stands at the console.

use std::path::PathBuf;

use crate::audit::AuditError;
use crate::base::{counted, said};
use crate::crypto::keyslots::SlotError;
use crate::http::ListenError;
use crate::identity::IdentityError;
use crate::store::StoreError;

use super::config::ConfigError;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppError {
    #[error("there is no box in {}. Make one with `chartbox init`, or name its folder with --dir.", .0.display())]
    NoBox(PathBuf),
    #[error("{} holds a box already, and nothing was changed. Name another folder.", .0.display())]
    BoxThere(PathBuf),
    #[error("{} is not empty, and nothing was changed. Name an empty or a new folder.", .0.display())]
    NotEmpty(PathBuf),
    #[error(
        "the box in {} is not finished. If `{command}` does not run any more, run it again: it begins anew, and nothing \
         was in the box yet.",
        dir.display()
    )]
    Unfinished { dir: PathBuf, command: &'static str },
    #[error(
        "the disk of {} has not enough room for this box: {} MiB are free, and {} MiB are needed, of which {} MiB stay free so \
         that it can be written to. Free some space, or name a folder on another disk; nothing was changed.",
        dir.display(), free >> 20, needed.div_ceil(1 << 20), kept >> 20
    )]
    NoRoom { dir: PathBuf, free: u64, needed: u64, kept: u64 },
    #[error("a box is being made in {} right now. Wait until that is done, or name another folder.", .0.display())]
    BeingMade(PathBuf),
    #[error(
        "{} holds an unfinished box and something that does not belong to it ({}), so nothing was changed. Name \
         another folder.",
        dir.display(), file.display()
    )]
    NotOurs { dir: PathBuf, file: PathBuf },
    #[error("{} cannot be {what}: {}. Check that it is there and that this user may use it.", path.display(), said(cause))]
    File { path: PathBuf, what: &'static str, cause: std::io::Error },
    #[error(
        "the box in {} belongs to another user (uid {owner}), and this is uid {caller}. Run the command as that user, \
         or start the box and run it again: a running box answers its own user and root.",
        dir.display()
    )]
    NotOwner { dir: PathBuf, owner: u32, caller: u32 },
    #[error(
        "{} and its second copy cannot be used: {cause}. Restore its newest backup into another folder, and copy the \
         keyslots.toml from there into this one: the recovery sheet or the passphrase then opens it. Nothing was changed.",
        path.display()
    )]
    Slots { path: PathBuf, cause: SlotError },
    #[error("the key does not open the box: {0}")]
    Key(#[source] SlotError),
    #[error(
        "the box in {} is locked: {why}. Start it and type the passphrase at its page, or give the key with \
         --passphrase-file or --sheet.",
        dir.display()
    )]
    Locked { dir: PathBuf, why: String },
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Audit(#[from] AuditError),
    #[error(transparent)]
    Record(#[from] crate::record::RecordError),
    #[error(transparent)]
    Export(#[from] crate::care::export::ExportError),
    #[error("{0}")]
    Identity(#[from] IdentityError),
    #[error("{0}")]
    Listen(#[from] ListenError),
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("{0}")]
    Backup(#[from] crate::backup::BackupError),
    #[error(
        "{cause}. {} back already, as new versions, and the rest is not: look again, without --apply, to see what lacks.",
        counted(*kept, "resource is", "resources are")
    )]
    InPart { kept: u64, cause: Box<Self> },
    #[error("{0}")]
    Tls(String),
    #[error("{0}")]
    Wrong(String),
}

impl AppError {
    /// An error with a file: `map_err(AppError::file(path, "read"))`.
    pub fn file(path: &std::path::Path, what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::File { path, what, cause }
    }

    /// The same, after so many resources were brought back.
    #[must_use]
    pub fn after_some(self, kept: u64) -> Self {
        if kept == 0 { self } else { Self::InPart { kept, cause: Box::new(self) } }
    }

    /// The exit code that tells a script what happened (DESIGN §9).
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::InPart { cause, .. } => cause.exit_code(),
            Self::Locked { .. }
            | Self::Key(
                SlotError::Wrong { .. } | SlotError::FitsNone { .. } | SlotError::NoneOfKind { .. } | SlotError::Kdf(_),
            )
            | Self::Store(StoreError::WrongKey) => 4,
            Self::Slots { .. }
            | Self::Key(SlotError::Changed | SlotError::Unreadable { .. })
            | Self::Store(StoreError::Damaged(_) | StoreError::NotAStore(_) | StoreError::Codec(_))
            | Self::Audit(AuditError::Damaged { .. } | AuditError::Store(StoreError::Damaged(_))) => 3,
            Self::Backup(error) if error.is_damage() => 3,
            Self::Backup(error) if error.is_wrong_key() => 4,
            _ => 1,
        }
    }
}
