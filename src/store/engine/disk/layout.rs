//! Where things stand in the file.

/// What a device writes at once, and what it can lose at once when the power goes.
pub(super) const SECTOR: usize = 4096;
/// A page as the engine sees it.
pub(super) const PAGE: usize = 4096;
/// The label, the two copies of the header, and one sector of zeros.
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

    /// Where page `number` begins, counted from 1: page 0 has the two copies in the preamble.
    pub(super) const fn offset(self, number: u64) -> u64 {
        PREAMBLE + number.saturating_sub(1).saturating_mul(self.0 as u64)
    }

    /// The file's length for `len` bytes of pages; none for a length that is not whole pages.
    pub(super) const fn physical(self, len: u64) -> Option<u64> {
        if len == PAGE as u64 || !len.is_multiple_of(PAGE as u64) { None } else { Some(self.offset(len / PAGE as u64)) }
    }

    /// The inverse; none for a length that no number of pages has.
    pub(super) const fn logical(self, physical: u64) -> Option<u64> {
        match physical.checked_sub(PREAMBLE) {
            Some(0) => Some(0),
            Some(pages) if pages.is_multiple_of(self.0 as u64) => Some((pages / self.0 as u64 + 1) * PAGE as u64),
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
            for pages in [0, 2, 3, 100, 1 << 30] {
                assert_eq!(slot.logical(slot.physical(pages * 4096).unwrap()), Some(pages * 4096));
            }
            assert_eq!((slot.physical(4096), slot.physical(4097)), (None, None));
            assert_eq!((slot.logical(0), slot.logical(PREAMBLE + 1), slot.logical(PREAMBLE - 1)), (None, None, None));
        }
        assert_eq!(Slot::OWN_SECTORS.offset(1), 16384);
        assert_eq!(Slot::OWN_SECTORS.offset(3), 32768);
    }
}
