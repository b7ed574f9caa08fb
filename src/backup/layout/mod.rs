//! The bytes of a repository: what each file on a target holds. The layout itself stands in [`crate::backup`]'s doc.
//!
//! Nothing here reads or writes a file, and nothing read here is believed before a seal or a hash has vouched for it:
//! lengths are bounded by what is there.

mod marker;
mod pack;
mod rows;
mod snapshot;
mod tree;

pub use marker::{FORM, Marker, MarkerError};
pub use pack::{Chunk, INDEX_TAIL, Pack, PackHead, index_of, packed_name, read_head, read_index, tail_length};
pub use rows::{RawChunk, rows_of};
pub use snapshot::{Attachment, AuditFacts, Header, Manifest, SnapshotBytes, SnapshotError, SnapshotName, TableFacts};
pub use tree::{Leaf, NodeBuilder, leaves_of};

/// Numbers of 7 bits per byte, the low ones first, the top bit set on all bytes but the last.
fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    out.push((number & 0x7F) as u8);
}

fn take_number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, tail) = rest.split_first()?;
        *rest = tail;
        number |= u64::from(byte & 0x7F).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(len)?;
    *rest = tail;
    Some(head)
}

fn take_array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back_and_endless_ones_are_refused() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            let mut rest = bytes.as_slice();
            assert_eq!((take_number(&mut rest), rest.len()), (Some(number), 0));
        }
        assert_eq!(take_number(&mut [0x80; 11].as_slice()), None);
        assert_eq!(take_number(&mut [0x80].as_slice()), None);
    }
}
