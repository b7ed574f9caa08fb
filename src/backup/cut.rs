//! Where the stream of a table's rows is cut into chunks.
//!
//! Whether a chunk may begin with a row is decided by a keyed hash of the row's key, so that cuts stay where they are when
//! values change, and tell nothing to one without the key. Rows are of very different size: a row of `n` bytes begins a
//! chunk with the chance `n / MEAN`, its size rounded up to a power of two so that a value that grows a little changes
//! nothing. Chunks under `LEAST` are not cut; one that reaches `MOST` is.

use super::layout::RawChunk;
use crate::crypto::backup::RepositoryKey;

/// Bytes of rows in a chunk, on average.
pub const MEAN: usize = 12 << 10;
const LEAST: usize = 3 << 10;
const MOST: usize = 96 << 10;

/// Cuts one table.
pub struct Cutter<'a> {
    key: &'a RepositoryKey,
    table: u8,
    chunk: RawChunk,
}

impl<'a> Cutter<'a> {
    pub fn new(key: &'a RepositoryKey, table: u8) -> Self {
        Self { key, table, chunk: RawChunk::start(table) }
    }

    /// Takes the next row; answers with the chunk that ended before it, if one did.
    pub fn push(&mut self, key: &[u8], value: &[u8]) -> Option<RawChunk> {
        let done = self.ends_before(key, value).then(|| self.finish()).flatten();
        self.chunk.push(key, value);
        done
    }

    /// Whether the chunk that is being filled ends before this row.
    pub fn ends_before(&self, key: &[u8], value: &[u8]) -> bool {
        self.ends(self.chunk.bytes.len(), key, value)
    }

    pub fn is_empty(&self) -> bool {
        self.chunk.rows == 0
    }

    /// The last chunk, if it has a row.
    pub fn finish(&mut self) -> Option<RawChunk> {
        let chunk = std::mem::replace(&mut self.chunk, RawChunk::start(self.table));
        (chunk.rows > 0).then_some(chunk)
    }

    /// Whether a chunk of so many bytes ends before this row. Nothing else counts: a chunk of the same rows, before the same row,
    /// ends in the same place.
    pub fn ends(&self, so_far: usize, key: &[u8], value: &[u8]) -> bool {
        let row = key.len() + value.len();
        if so_far < LEAST {
            return false;
        }
        if so_far + row > MOST {
            return true;
        }
        let size = row.next_power_of_two() as u64;
        // Of 2^32 values of the hash, as many as size / MEAN.
        let chance = (size << 32) / MEAN as u64;
        u64::from(self.key.cut(self.table, key)) < chance
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    fn chunks(rows: &[(Vec<u8>, Vec<u8>)]) -> Vec<RawChunk> {
        let key = RepositoryKey::new(Secret::new([7; 32]));
        let mut cutter = Cutter::new(&key, 40);
        let mut all: Vec<_> = rows.iter().filter_map(|(key, value)| cutter.push(key, value)).collect();
        all.extend(cutter.finish());
        all
    }

    fn rows(count: u32, len: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        (0..count).map(|at| (at.to_be_bytes().to_vec(), vec![at as u8; len])).collect()
    }

    #[test]
    fn chunks_have_about_their_size_whatever_the_rows() {
        for (count, len) in [(100_000, 20), (20_000, 300), (5_000, 2000), (300, 40_000)] {
            let chunks = chunks(&rows(count, len));
            let bytes: usize = chunks.iter().map(|chunk| chunk.bytes.len()).sum();
            let mean = bytes / chunks.len();
            assert!((MEAN / 2..MEAN * 4).contains(&mean), "{len}: {mean}");
            assert!(chunks.iter().all(|chunk| chunk.bytes.len() <= MOST + 20 || chunk.rows == 1));
            assert_eq!(chunks.iter().map(|chunk| chunk.rows).sum::<u32>(), count);
        }
    }

    #[test]
    fn a_changed_added_or_removed_row_changes_the_chunks_around_it_only() {
        let before = rows(20_000, 300);
        let names = |rows: &[(Vec<u8>, Vec<u8>)]| -> std::collections::BTreeSet<Vec<u8>> {
            chunks(rows).into_iter().map(|chunk| chunk.bytes).collect()
        };
        let old = names(&before);
        let mut changed = before.clone();
        changed[9_000].1 = vec![1; 450];
        assert!(names(&changed).difference(&old).count() <= 2);
        let mut removed = before.clone();
        removed.remove(9_000);
        assert!(names(&removed).difference(&old).count() <= 3);
        let mut added = before.clone();
        added.insert(9_000, (b"\x00\x00\x23\x27x".to_vec(), vec![1; 300]));
        assert!(names(&added).difference(&old).count() <= 3);
    }

    #[test]
    fn one_row_of_any_size_is_a_chunk() {
        let huge = vec![(vec![1], vec![0; 5 << 20]), (vec![2], vec![0; 10])];
        assert!(chunks(&[]).is_empty());
        let chunks = chunks(&huge);
        assert_eq!(chunks.iter().map(|chunk| chunk.rows).collect::<Vec<_>>(), [1, 1]);
    }
}
