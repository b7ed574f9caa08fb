//! Space kept back so that reads can go on being audited when the disk is full.
//!
//! A file beside the store, `<store>.reserve`, whose blocks are allocated and never written. It is given
//! back in pieces when little is free, and taken again when there is room, within the hour.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::medium::{Medium, beside};
use crate::store::options::{DiskSpace, StoreOptions};

/// How much is given back at once, and how little free space asks for it: room for thousands of commits.
const PIECE: u64 = 64 << 20;

#[derive(Debug, Default)]
pub(in crate::store) struct Reserve {
    file: Option<File>,
    held: u64,
}

impl Reserve {
    /// Takes up the reserve of the store at `path`, and fills it while that leaves room for writes.
    pub(in crate::store) fn attach(&mut self, path: &Path, options: &StoreOptions, medium: &dyn Medium) {
        let name = beside(path, ".reserve");
        if options.reserve_bytes == 0 {
            return;
        }
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&name);
        let Ok(file) = file.inspect_err(|error| tracing::warn!(%error, "no space could be reserved for reading"))
        else {
            return;
        };
        self.held = file.metadata().map_or(0, |about| about.len());
        self.file = Some(file);
        self.refill(options, medium);
    }

    /// Fills it while that leaves room for writes.
    pub(in crate::store) fn refill(&mut self, options: &StoreOptions, medium: &dyn Medium) {
        let Some(file) = &self.file else { return };
        let wanted = options.reserve_bytes;
        let left_after =
            medium.space().map(|space| DiskSpace { free: (space.free + self.held).saturating_sub(wanted), ..space });
        if self.held != wanted && left_after.is_ok_and(|space| !options.is_low(space)) {
            match allocate(file, self.held, wanted) {
                Ok(()) => self.held = wanted,
                Err(error) => tracing::warn!(%error, "no space could be reserved for reading on this disk"),
            }
        }
    }

    /// Gives a piece back when little is free.
    pub(in crate::store) fn ease(&mut self, medium: &dyn Medium) {
        let Some(file) = self.file.as_ref().filter(|_| self.held > 0) else { return };
        if medium.space().is_ok_and(|space| space.free >= PIECE) {
            return;
        }
        let left = self.held.saturating_sub(PIECE);
        if file.set_len(left).and_then(|()| file.sync_all()).is_ok() {
            tracing::warn!(left_bytes = left, "the disk is almost full: reserved space was given to the store");
            self.held = left;
        }
    }
}

fn allocate(file: &File, held: u64, wanted: u64) -> std::io::Result<()> {
    if held > wanted {
        return file.set_len(wanted);
    }
    rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, wanted)?;
    file.sync_all()
}
