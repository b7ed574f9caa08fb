//! How a store is opened, and what it says of itself.

use std::path::Path;

/// How many bytes of a new store one byte of its rows takes, with some to spare: a page has twice its bytes in the file, and is
/// about four fifths full, which makes 2.5 for a box of 400 invented patients.
const FILLED: u64 = 3;

/// How a store is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// Memory for decrypted pages, in bytes. The largest part of what an idle box uses.
    pub cache_bytes: usize,
    /// Bytes of a new store's journal: what is acknowledged and not in its final place yet stands there.
    pub journal_bytes: u32,
    /// Ordinary writes are refused when less than this share of the disk is free.
    pub low_percent: u8,
    /// Ordinary writes are refused when less than this many bytes are free.
    pub low_bytes: u64,
    /// Space set aside in a file beside the store, for the audit entries of reads on a full disk. 0 for none.
    pub reserve_bytes: u64,
    pub check: OpenCheck,
}

/// What is looked at before a store is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenCheck {
    /// The header. Takes milliseconds, whatever the size and also after a crash.
    Quick,
    /// Every page there is, and that each is the one its parent means: also finds an old page put back.
    /// Reads the whole file.
    Whole,
}

/// What a disk has and what of it is free for us, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSpace {
    pub free: u64,
    pub total: u64,
}

impl DiskSpace {
    /// Of the disk that holds this path, or will: the nearest folder above it that is there. None for one that does not say.
    pub fn around(path: &Path) -> Option<Self> {
        let path = std::path::absolute(path).ok()?;
        let there = path.ancestors().find(|folder| folder.exists())?;
        let disk = rustix::fs::statvfs(there).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
        Some(Self { free: bytes(disk.f_bavail), total: bytes(disk.f_blocks) })
    }
}

impl StoreOptions {
    /// For records that matter: writes stop below 2 % or 1 GiB of free space, and 1.5 GiB more is set aside, so
    /// that at least a million audited reads stay possible on a full disk (about 1,440 bytes of file each).
    pub const fn for_a_clinic() -> Self {
        Self {
            cache_bytes: 10 << 20,
            journal_bytes: 16 << 20,
            low_percent: 2,
            low_bytes: 1 << 30,
            reserve_bytes: 3 << 29,
            check: OpenCheck::Quick,
        }
    }

    /// For demos and tests: sets nothing aside and writes while 64 MiB are free.
    pub const fn throwaway() -> Self {
        Self { low_percent: 0, low_bytes: 64 << 20, reserve_bytes: 0, ..Self::for_a_clinic() }
    }

    /// How many bytes have to be free on a disk for a store that is filled with so many bytes of rows, and of them how many stay
    /// free: below those ordinary writes are refused.
    pub fn room_to_fill(&self, rows: u64, disk: DiskSpace) -> (u64, u64) {
        let kept = self.low(disk);
        let store = u64::from(self.journal_bytes).saturating_add(rows.saturating_mul(FILLED));
        (store.saturating_add(kept), kept)
    }

    pub(super) fn is_low(&self, space: DiskSpace) -> bool {
        space.free < self.low(space)
    }

    /// Below how many free bytes ordinary writes are refused.
    fn low(&self, space: DiskSpace) -> u64 {
        self.low_bytes.max(space.total / 100 * u64::from(self.low_percent))
    }

    pub(super) fn room(&self, space: DiskSpace) -> DiskRoom {
        let low = self.low(space);
        if space.free < low {
            DiskRoom::KeptForReading
        } else if space.free < low.saturating_mul(2).max(space.total / 10) {
            DiskRoom::Short
        } else {
            DiskRoom::Plenty
        }
    }
}

/// What the disk still has room for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiskRoom {
    #[default]
    Plenty,
    /// Less than 10 % is free, or less than twice what is kept for reading: the operator should know.
    Short,
    /// What is left is kept for reading: ordinary writes are refused.
    KeptForReading,
    /// Nothing goes in any more, so that nothing can be read either.
    Full,
}

impl DiskRoom {
    /// The name by which programs know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plenty => "plenty",
            Self::Short => "short",
            Self::KeptForReading => "kept-for-reading",
            Self::Full => "full",
        }
    }

    pub const fn takes_writes(self) -> bool {
        matches!(self, Self::Plenty | Self::Short)
    }
}

/// What a store has done since it was opened, and how large it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreStats {
    pub file_bytes: u64,
    /// Groups committed.
    pub commits: u64,
    /// Bytes given to the file, sealing and padding included.
    pub bytes_written: u64,
    pub bytes_read: u64,
    pub syncs: u64,
    /// None for a store in memory.
    pub disk: Option<DiskSpace>,
    pub room: DiskRoom,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_is_below_either_limit() {
        let options = StoreOptions::for_a_clinic();
        let gib = 1 << 30;
        let low = |free, total| options.is_low(DiskSpace { free, total });
        assert!(low(gib - 1, 10 * gib) && !low(gib, 10 * gib));
        assert!(low(19 * gib, 1000 * gib) && !low(20 * gib, 1000 * gib));
    }

    #[test]
    fn a_new_store_needs_room_for_its_rows_its_journal_and_what_stays_free() {
        let (gib, mib) = (1 << 30, 1 << 20);
        let needed = |rows, total| StoreOptions::for_a_clinic().room_to_fill(rows, DiskSpace { free: 0, total });
        assert_eq!(needed(100 * mib, 10 * gib), (1024 * mib + 316 * mib, gib));
        let of_a_large_disk = 1000 * gib / 100 * 2;
        assert_eq!(needed(0, 1000 * gib), (of_a_large_disk + 16 * mib, of_a_large_disk));
        assert_eq!(needed(u64::MAX, gib).0, u64::MAX);
        let home = tempfile::tempdir().unwrap();
        let here = DiskSpace::around(home.path()).unwrap();
        assert_eq!(DiskSpace::around(&home.path().join("new/box")).unwrap().total, here.total);
    }

    #[test]
    fn the_operator_is_told_at_a_tenth_and_well_before_writes_stop() {
        let gib = 1_u64 << 30;
        let room = |free, total| StoreOptions::for_a_clinic().room(DiskSpace { free, total });
        assert_eq!([99, 100].map(|free| room(free * gib, 1000 * gib)), [DiskRoom::Short, DiskRoom::Plenty]);
        assert_eq!([1, 2].map(|free| room(free * gib, 8 * gib)), [DiskRoom::Short, DiskRoom::Plenty]);
        assert_eq!(room(gib - 1, 8 * gib), DiskRoom::KeptForReading);
    }
}
