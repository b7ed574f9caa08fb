//! Where things stand in the file.

/// What a device writes at once, and what it can lose at once when the power goes.
pub(super) const SECTOR: usize = 4096;
/// A page as the engine sees it.
pub(super) const PAGE: usize = 4096;
/// The label, the two copies of the header, and one sector of zeros. The journal stands behind it, then the pages.
pub(super) const PREAMBLE: u64 = 4 * SECTOR as u64;

/// How many bytes of the file one page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Slot(u32);

impl Slot {
    /// Two sectors of its own for each page: a write touches no other page's.
    pub(in crate::store) const OWN_SECTORS: Self = Self(8192);
    /// A page, its nonce and tag, to the next 512 bytes: shares sectors with its neighbours. Loses
    /// acknowledged commits with a sector; here for the test that shows it.
    #[cfg(test)]
    pub(in crate::store) const SHARED_SECTORS: Self = Self(4608);

    pub(super) const fn known(bytes: u32) -> Option<Self> {
        match bytes {
            8192 => Some(Self::OWN_SECTORS),
            #[cfg(test)]
            4608 => Some(Self::SHARED_SECTORS),
            _ => None,
        }
    }

    pub(super) const fn bytes(self) -> u32 {
        self.0
    }

    pub(super) const fn size(self) -> usize {
        self.0 as usize
    }
}

/// Where everything of one file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Layout {
    pub(in crate::store) slot: Slot,
    /// Sectors in one half of the journal; 0 for a store without one.
    pub(in crate::store) journal: u32,
}

impl Layout {
    /// The most sectors that half a journal may have: 1 GiB.
    pub(super) const MOST: u32 = 1 << 18;

    /// As new stores have it, with a journal of about so many bytes.
    pub(in crate::store) fn new(slot: Slot, journal_bytes: u32) -> Self {
        let journal = (journal_bytes / 2).div_ceil(SECTOR as u32).min(Self::MOST);
        Self { slot, journal }
    }

    /// Bytes in one half of the journal.
    pub(super) const fn half(self) -> u64 {
        self.journal as u64 * SECTOR as u64
    }

    /// Where half 0 or 1 of the journal begins.
    pub(super) const fn half_at(self, half: usize) -> u64 {
        PREAMBLE + half as u64 * self.half()
    }

    /// Where the pages begin.
    pub(in crate::store) const fn pages(self) -> u64 {
        PREAMBLE + 2 * self.half()
    }

    /// Where page `number` begins, counted from 1: page 0 has the two copies in the preamble.
    pub(super) const fn offset(self, number: u64) -> u64 {
        self.pages() + number.saturating_sub(1).saturating_mul(self.slot.0 as u64)
    }

    /// The file's length for `len` bytes of pages; none for a length that is not whole pages.
    pub(super) const fn physical(self, len: u64) -> Option<u64> {
        if len == PAGE as u64 || !len.is_multiple_of(PAGE as u64) { None } else { Some(self.offset(len / PAGE as u64)) }
    }

    /// The inverse; none for a length that no number of pages has.
    pub(super) const fn logical(self, physical: u64) -> Option<u64> {
        match physical.checked_sub(self.pages()) {
            Some(0) => Some(0),
            Some(pages) if pages.is_multiple_of(self.slot.0 as u64) => {
                Some((pages / self.slot.0 as u64 + 1) * PAGE as u64)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_map_onto_each_other_and_odd_ones_onto_nothing() {
        for slot in [Slot::OWN_SECTORS, Slot::SHARED_SECTORS] {
            let layout = Layout::new(slot, 100_000);
            for pages in [0, 2, 3, 100, 1 << 30] {
                assert_eq!(layout.logical(layout.physical(pages * 4096).unwrap()), Some(pages * 4096));
            }
            assert_eq!((layout.physical(4096), layout.physical(4097)), (None, None));
            let odd = [0, layout.pages() + 1, layout.pages() - 1].map(|len| layout.logical(len));
            assert_eq!(odd, [None; 3]);
        }
        let layout = Layout::new(Slot::OWN_SECTORS, 0);
        assert_eq!((layout.half_at(1), layout.offset(1), layout.offset(3)), (16384, 16384, 32768));
        let layout = Layout::new(Slot::OWN_SECTORS, 16384);
        assert_eq!((layout.half_at(1), layout.offset(1)), (24576, 32768));
    }
}
