//! A table's identity, and its typed face.

use std::marker::PhantomData;

/// One table, untyped: a number for ever, a name, and the room that owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId {
    number: u8,
    name: &'static str,
    owner: &'static str,
}

impl TableId {
    pub(super) const fn new(number: u8, name: &'static str, owner: &'static str) -> Self {
        Self { number, name, owner }
    }

    pub const fn number(self) -> u8 {
        self.number
    }

    pub const fn name(self) -> &'static str {
        self.name
    }

    pub const fn owner(self) -> &'static str {
        self.owner
    }
}

/// A table whose keys are `K` and whose values are `V`.
pub struct Table<K, V> {
    pub(super) id: TableId,
    types: PhantomData<fn(K) -> V>,
}

impl<K, V> Table<K, V> {
    pub const fn new(id: TableId) -> Self {
        Self { id, types: PhantomData }
    }
}
