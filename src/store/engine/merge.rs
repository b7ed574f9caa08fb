//! Rows of two layers as one.

use std::iter::Peekable;

use bytes::Bytes;

use crate::store::StoreError;
use crate::store::read::{Direction, Rows};

/// Rows `below` with the changes `above` them: the upper wins, and its deletions hide. Both are sorted in `direction`.
pub(in crate::store) fn merged<'a, K: AsRef<[u8]> + 'a>(
    below: Rows<'a>,
    above: impl Iterator<Item = (K, Option<Bytes>)> + 'a,
    direction: Direction,
) -> Rows<'a> {
    let mut above = above.peekable();
    if above.peek().is_none() {
        return below;
    }
    Box::new(Merged { below: below.peekable(), above, direction })
}

struct Merged<'a, A: Iterator> {
    below: Peekable<Rows<'a>>,
    above: Peekable<A>,
    direction: Direction,
}

impl<K: AsRef<[u8]>, A: Iterator<Item = (K, Option<Bytes>)>> Iterator for Merged<'_, A> {
    type Item = Result<(Bytes, Bytes), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let order = match (self.below.peek(), self.above.peek()) {
                (None, None) => return None,
                (Some(Err(_)), _) | (Some(_), None) => return self.below.next(),
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(Ok((low, _))), Some((high, _))) => match self.direction {
                    Direction::Up => low.as_ref().cmp(high.as_ref()),
                    Direction::Down => high.as_ref().cmp(low.as_ref()),
                },
            };
            if order == std::cmp::Ordering::Less {
                return self.below.next();
            }
            if order == std::cmp::Ordering::Equal {
                self.below.next();
            }
            if let Some((key, Some(value))) = self.above.next() {
                return Some(Ok((Bytes::copy_from_slice(key.as_ref()), value)));
            }
        }
    }
}
