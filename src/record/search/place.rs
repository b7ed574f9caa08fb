//! A place in an answer's order.

use crate::record::rows::RowNumber;
use crate::store::{Desc, Key};

/// In which order an answer comes. Unless the search says one, it is the order of the way that leads into it, and a later
/// page keeps to that of the first, also where another way would be the shorter one by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::record) enum Order {
    /// By `_sort`, then newest row first.
    Sorted,
    /// Newest row first.
    Rows,
    /// Last changed first.
    Updated,
    /// A patient's compartment: clinically newest first.
    Compartment,
    /// An index's own, by what stands in it.
    Index,
}

/// So many bytes of a value are sorted by; values that begin alike come newest row first. A marker, in which the keys of all
/// sorts stand, is then never longer than one that is read. Longer than what an index holds of a text.
pub(super) const SORT_KEY: usize = 192;

/// Bytes that sort as the answer does: the end of an index key, or sort keys and a row number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::record) struct Place {
    order: Order,
    bytes: Vec<u8>,
}

impl Place {
    pub(super) const fn new(order: Order, bytes: Vec<u8>) -> Self {
        Self { order, bytes }
    }

    /// Newest row first.
    pub(super) fn of_row(number: RowNumber) -> Self {
        Self::new(Order::Rows, (Desc(number.0),).to_bytes())
    }

    /// By sort keys, each with whether it goes down; what has no value comes last either way.
    pub(super) fn sorted(keys: impl Iterator<Item = (Option<Vec<u8>>, bool)>, number: RowNumber) -> Self {
        let mut out = Vec::new();
        for (mut key, down) in keys {
            key.iter_mut().for_each(|key| key.truncate(SORT_KEY));
            match (key, down) {
                (None, _) => out.push(1),
                (Some(key), false) => {
                    out.push(0);
                    key.write(&mut out);
                }
                (Some(key), true) => {
                    out.push(0);
                    Desc(key).write(&mut out);
                }
            }
        }
        Desc(number.0).write(&mut out);
        Self::new(Order::Sorted, out)
    }

    /// Before everything whose first sort key goes down and is `key` or less.
    fn before_key(key: Vec<u8>) -> Self {
        let mut out = vec![0];
        Desc(key).write(&mut out);
        Self::new(Order::Sorted, out)
    }

    /// Of a place in a compartment: before everything that happened then or earlier, in an order that goes down by date.
    pub(super) fn before_its_date(&self) -> Option<Self> {
        let (Desc(date), _) = <(Desc<i64>, RowNumber)>::from_bytes(&self.bytes).ok()?;
        (self.order == Order::Compartment).then(|| Self::before_key((date,).to_bytes()))
    }

    /// The row of a place in the order of rows.
    pub(super) fn row(&self) -> Option<RowNumber> {
        let (Desc(number),) = <(Desc<u64>,)>::from_bytes(&self.bytes).ok()?;
        (self.order == Order::Rows).then_some(RowNumber(number))
    }

    pub(super) const fn order(&self) -> Order {
        self.order
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// For a page's marker: a byte for the order, then the place in it.
    pub(in crate::record) fn to_bytes(&self) -> Vec<u8> {
        let order = match self.order {
            Order::Sorted => 0,
            Order::Rows => 1,
            Order::Updated => 2,
            Order::Compartment => 3,
            Order::Index => 4,
        };
        [&[order], self.bytes.as_slice()].concat()
    }

    pub(in crate::record) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (order, bytes) = bytes.split_first()?;
        let order = match order {
            0 => Order::Sorted,
            1 => Order::Rows,
            2 => Order::Updated,
            3 => Order::Compartment,
            4 => Order::Index,
            _ => return None,
        };
        Some(Self::new(order, bytes.to_vec()))
    }
}
