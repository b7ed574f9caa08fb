//! A chunk's plain bytes: rows of one table, in the order of their keys.

use super::{put_number, take, take_number};

/// A chunk being filled.
#[derive(Debug, Clone, Default)]
pub struct RawChunk {
    pub bytes: Vec<u8>,
    pub rows: u32,
}

impl RawChunk {
    /// An empty chunk of a table.
    pub fn start(table: u8) -> Self {
        let mut bytes = Vec::with_capacity(32 << 10);
        bytes.push(table);
        Self { bytes, rows: 0 }
    }

    pub fn push(&mut self, key: &[u8], value: &[u8]) {
        put_number(&mut self.bytes, key.len() as u64);
        self.bytes.extend_from_slice(key);
        put_number(&mut self.bytes, value.len() as u64);
        self.bytes.extend_from_slice(value);
        self.rows += 1;
    }

    /// The key of its first row.
    pub fn first_key(&self) -> Option<&[u8]> {
        rows_of(&self.bytes)?.1.next()?.ok().map(|(key, _)| key)
    }
}

/// The table and the rows of a chunk. `None` for what is no chunk of rows.
pub fn rows_of(bytes: &[u8]) -> Option<(u8, Rows<'_>)> {
    let (table, rest) = bytes.split_first()?;
    Some((*table, Rows { rest }))
}

/// The rows of a chunk; an `Err` says that there are no more that can be read.
#[derive(Debug, Clone)]
pub struct Rows<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Rows<'a> {
    type Item = Result<(&'a [u8], &'a [u8]), ()>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let mut part = || {
            let len = usize::try_from(take_number(&mut self.rest)?).ok()?;
            take(&mut self.rest, len)
        };
        let row = part().and_then(|key| Some((key, part()?)));
        if row.is_none() {
            self.rest = &[];
        }
        Some(row.ok_or(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_a_chunk_are_these() {
        let mut chunk = RawChunk::start(40);
        chunk.push(b"k1", b"one");
        chunk.push(b"k2", b"");
        assert_eq!(chunk.bytes, b"\x28\x02k1\x03one\x02k2\x00");
        let (table, rows) = rows_of(&chunk.bytes).unwrap();
        let rows: Vec<_> = rows.map(Result::unwrap).collect();
        assert_eq!((table, rows, chunk.rows), (40, vec![(&b"k1"[..], &b"one"[..]), (b"k2", b"")], 2));
    }

    #[test]
    fn a_cut_chunk_ends_with_an_error() {
        let mut chunk = RawChunk::start(40);
        chunk.push(b"key", b"value");
        for end in 2..chunk.bytes.len() {
            let (_, rows) = rows_of(&chunk.bytes[..end]).unwrap();
            assert_eq!(rows.collect::<Vec<_>>(), [Err(())], "{end}");
        }
        assert!(rows_of(b"").is_none());
        let endless = [&[1][..], &[0xFF; 9], &[1]].concat();
        assert_eq!(rows_of(&endless).unwrap().1.collect::<Vec<_>>(), [Err(())]);
    }
}
