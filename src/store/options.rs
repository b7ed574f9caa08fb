//! How a store is opened, and what it says of itself.

/// How a store is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// Memory for decrypted pages, in bytes. The largest part of what an idle box uses.
    pub cache_bytes: usize,
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

impl StoreOptions {
    /// For records that matter: writes stop below 2 % or 1 GiB of free space, and 1.5 GiB more is set aside, so
    /// that at least a million audited reads stay possible on a full disk (about 1,440 bytes of file each).
    pub const fn for_a_clinic() -> Self {
        Self {
            cache_bytes: 24 << 20,
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

    pub(super) fn is_low(&self, space: DiskSpace) -> bool {
        let share = space.total / 100 * u64::from(self.low_percent);
        space.free < self.low_bytes.max(share)
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
}
