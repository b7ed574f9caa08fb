//! A node: the names of the chunks of a part of a table. It is stored as a chunk itself.

use super::{take, take_array};
use crate::crypto::backup::ChunkName;

/// Stands where a chunk of rows has its table's number.
const NODE: u8 = 0xFF;

/// A node has about this many leaves.
const LEAVES: u32 = 256;
const MOST_LEAVES: usize = 2048;

/// Bytes of a leaf in its node.
const LEAF: usize = 24;

/// A chunk of rows, as a node names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    pub name: ChunkName,
    pub rows: u32,
    /// Bytes before compression.
    pub bytes: u32,
}

impl Leaf {
    /// Name, rows and bytes, as a node has them.
    pub fn to_bytes(self) -> [u8; LEAF] {
        let mut bytes = [0; LEAF];
        let parts = [&self.name.0[..], &self.rows.to_le_bytes(), &self.bytes.to_le_bytes()];
        bytes.iter_mut().zip(parts.into_iter().flatten()).for_each(|(to, from)| *to = *from);
        bytes
    }

    pub fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let name = ChunkName(take_array(&mut bytes)?);
        let rows = u32::from_le_bytes(take_array(&mut bytes)?);
        let leaf = Self { name, rows, bytes: u32::from_le_bytes(take_array(&mut bytes)?) };
        bytes.is_empty().then_some(leaf)
    }
}

/// Cuts a table's leaves into nodes: after a leaf whose name says so, so that nodes stay the same where leaves do.
#[derive(Debug, Default)]
pub struct NodeBuilder {
    bytes: Vec<u8>,
    leaves: usize,
}

impl NodeBuilder {
    /// Takes the next leaf; answers with a node when it ends one.
    pub fn push(&mut self, leaf: Leaf) -> Option<Vec<u8>> {
        if self.bytes.is_empty() {
            self.bytes.push(NODE);
        }
        self.bytes.extend_from_slice(&leaf.to_bytes());
        self.leaves += 1;
        let [a, b, c, d, ..] = leaf.name.0;
        let ends = u32::from_le_bytes([a, b, c, d]) % LEAVES == 0 || self.leaves >= MOST_LEAVES;
        if ends { self.take() } else { None }
    }

    /// The last node, if there is one.
    pub fn take(&mut self) -> Option<Vec<u8>> {
        self.leaves = 0;
        Some(std::mem::take(&mut self.bytes)).filter(|bytes| !bytes.is_empty())
    }
}

/// The leaves of a node. `None` for what is no node.
pub fn leaves_of(bytes: &[u8]) -> Option<Vec<Leaf>> {
    let (kind, mut rest) = bytes.split_first()?;
    if *kind != NODE || rest.len() % LEAF != 0 || rest.is_empty() {
        return None;
    }
    let mut leaves = Vec::with_capacity(rest.len() / LEAF);
    while !rest.is_empty() {
        leaves.push(Leaf::from_bytes(take(&mut rest, LEAF)?)?);
    }
    Some(leaves)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(at: u8) -> Leaf {
        Leaf { name: ChunkName([at; 16]), rows: u32::from(at), bytes: 300 }
    }

    #[test]
    fn the_bytes_of_a_node_are_these() {
        let mut builder = NodeBuilder::default();
        assert_eq!(builder.push(leaf(1)), None);
        let node = builder.push(leaf(0)).unwrap();
        let golden = [&[0xFF][..], &[1; 16], &[1, 0, 0, 0, 44, 1, 0, 0], &[0; 16], &[0, 0, 0, 0, 44, 1, 0, 0]].concat();
        assert_eq!(node, golden);
        assert_eq!(leaves_of(&node).unwrap(), [leaf(1), leaf(0)]);
        assert_eq!(builder.take(), None);
    }

    #[test]
    fn what_is_no_node_is_refused() {
        let mut builder = NodeBuilder::default();
        let node = builder.push(leaf(1)).or_else(|| builder.take()).unwrap();
        for bad in [&node[..24], &[40, 1][..], &[0xFF], &[]] {
            assert_eq!(leaves_of(bad), None);
        }
    }
}
