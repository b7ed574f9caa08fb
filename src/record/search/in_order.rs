//! A whole type in the order of `_sort`, by the index of what it sorts by first: a page is read, not the type.
//!
//! A candidate comes with the least place that it can have: the index's key is the beginning of what is sorted by, if a
//! text is long, and says nothing of the further sorts. Whoever gathers a page stops where every later candidate must
//! stand behind it. What has no value to sort by comes last; for it the type is read as a whole.

use std::ops::Bound;

use super::RecordError;
use super::index_scan::number_in;
use super::place::{Order, Place};
use super::plan::Candidates;
use crate::fhir::definitions::ParamKind;
use crate::fhir::search::{Sort, SortKey, SortOrder};
use crate::fhir::{Definitions, ResourceType};
use crate::record::index::{LONGEST_URI, TEXT, cut};
use crate::record::layout::{Currency, DATE, HISTORY, OPEN_CLASS, RESOURCE_IDS, STRING, URI};
use crate::record::rows::RowNumber;
use crate::store::{Desc, Direction, Key, KeyRange, KeyReader, Read, ReadExt};

/// By what the index is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Id,
    /// Last changed last.
    Updated,
    Text(u16),
    Uri(u16),
    Date(u16),
}

/// The first of several sorts, by an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InOrder {
    by: By,
    down: Direction,
}

/// What is sorted by, as it stands in the index, and the row.
type Row = Result<(Vec<u8>, RowNumber), RecordError>;

impl InOrder {
    /// For these sorts, if an index has the order of the first.
    pub(super) fn of(sorts: &[Sort]) -> Option<Self> {
        let first = sorts.first()?;
        let down = match first.order {
            SortOrder::Ascending => Direction::Up,
            SortOrder::Descending => Direction::Down,
        };
        let by = match &first.by {
            SortKey::Id => By::Id,
            SortKey::LastUpdated => By::Updated,
            SortKey::Param(param) => match Definitions::r4().search_param_by_id(param.id)?.kind {
                ParamKind::String => By::Text(param.id),
                ParamKind::Uri => By::Uri(param.id),
                ParamKind::Date => By::Date(param.id),
                // Their keys do not stand in their order.
                _ => return None,
            },
        };
        Some(Self { by, down })
    }

    /// Candidates with the least places that they can have, from where `after` is on. None without a value.
    pub(super) fn rows<'a>(
        self,
        read: &'a dyn Read,
        kind: ResourceType,
        after: Option<&Place>,
    ) -> Result<Candidates<'a>, RecordError> {
        let from = match after.map(|place| first_key(place, self.down)) {
            None => None,
            Some(Some(key)) => Some(key),
            // Behind everything that has a value.
            Some(None) => return Ok(Box::new(std::iter::empty())),
        };
        let down = self.down;
        let rows = self.keys(read, kind, from)?;
        Ok(Box::new(rows.map(move |row| row.map(|(key, number)| (Place::least(&key, down), number)))))
    }

    fn keys<'a>(
        self,
        read: &'a dyn Read,
        kind: ResourceType,
        from: Option<Vec<u8>>,
    ) -> Result<Box<dyn Iterator<Item = Row> + 'a>, RecordError> {
        let down = self.down;
        Ok(match self.by {
            By::Id => {
                let head = (kind.number(),).to_bytes();
                let range = self.range(head, from);
                Box::new(read.scan(&RESOURCE_IDS, range, down)?.map(|row| {
                    let ((_, id), number) = row?;
                    Ok((id.as_str().as_bytes().to_vec(), number))
                }))
            }
            By::Updated => {
                // It stands there with the newest first.
                let range = KeyRange::prefix(&(kind.number(),));
                let from = from.and_then(|key| <(i64,)>::from_bytes(&key).ok());
                let (range, way) = match (down, from) {
                    (Direction::Up, Some((at,))) => (
                        range.behind((kind.number(), Desc(at.saturating_sub(1))).to_bytes(), Direction::Down),
                        Direction::Down,
                    ),
                    (Direction::Up, None) => (range, Direction::Down),
                    (Direction::Down, Some((at,))) => {
                        (range.starting(Bound::Included((kind.number(), Desc(at)).to_bytes())), Direction::Up)
                    }
                    (Direction::Down, None) => (range, Direction::Up),
                };
                Box::new(read.scan(&HISTORY, range, way)?.filter_map(|row| match row {
                    Ok(((_, updated, number, _), tag)) => {
                        (tag.current == Currency::Current).then(|| Ok(((updated.0,).to_bytes(), number)))
                    }
                    Err(error) => Some(Err(error.into())),
                }))
            }
            By::Text(param) => {
                let range = self.range((param,).to_bytes(), from.map(|key| beginning(&key, TEXT)));
                Box::new(read.scan_keys(&STRING, range, down)?.map(|key| text_of(&key?)))
            }
            By::Uri(param) => {
                let range = self.range((param,).to_bytes(), from.map(|key| beginning(&key, LONGEST_URI)));
                Box::new(read.scan_keys(&URI, range, down)?.map(|key| text_of(&key?)))
            }
            By::Date(param) => {
                let mut classes = Vec::new();
                for class in 0..=OPEN_CLASS {
                    let range = self.range((param, class).to_bytes(), from.clone());
                    let keys = read.scan_keys(&DATE, range, down)?.map(|key| date_of(&key?));
                    classes.push(keys.peekable());
                }
                Box::new(Interleaved { classes, down })
            }
        })
    }

    /// The keys that begin with `head`, from that with `from` behind it on, which is in it.
    fn range(self, head: Vec<u8>, from: Option<Vec<u8>>) -> KeyRange {
        let range = KeyRange::prefix_bytes(head.clone());
        let Some(mut from) = from else { return range };
        let mut key = head;
        key.append(&mut from);
        match self.down {
            Direction::Up => range.starting(Bound::Included(key)),
            Direction::Down => {
                // Whatever begins with it, its own row numbers among them.
                key.push(0xFF);
                range.behind(key, Direction::Down)
            }
        }
    }
}

fn text_of(key: &[u8]) -> Row {
    let (_, text, number) = <(u16, String, RowNumber)>::from_bytes(key).map_err(|_| RecordError::Damaged)?;
    Ok((text.into_bytes(), number))
}

fn date_of(key: &[u8]) -> Row {
    let (_, _, start, _) = <(u16, u8, i64, RowNumber)>::from_bytes(key).map_err(|_| RecordError::Damaged)?;
    Ok(((start,).to_bytes(), number_in(key)?))
}

/// What the index holds of a text, as in a key, without its end.
fn beginning(text: &[u8], most: usize) -> Vec<u8> {
    escaped(cut(&String::from_utf8_lossy(text), most).as_bytes())
}

/// As in a key, without its end.
fn escaped(text: &[u8]) -> Vec<u8> {
    text.iter().flat_map(|byte| if *byte == 0 { vec![0, 0xFF] } else { vec![*byte] }).collect()
}

/// The first sort's key in a place; `None` where it has none.
fn first_key(place: &Place, down: Direction) -> Option<Vec<u8>> {
    let (0, rest) = place.as_bytes().split_first()? else { return None };
    let mut reader = KeyReader::new(rest);
    match down {
        Direction::Up => Vec::<u8>::read(&mut reader).ok(),
        Direction::Down => Desc::<Vec<u8>>::read(&mut reader).ok().map(|key| key.0),
    }
}

/// Several sorted streams as one.
struct Interleaved<I: Iterator<Item = Row>> {
    classes: Vec<std::iter::Peekable<I>>,
    down: Direction,
}

impl<I: Iterator<Item = Row>> Iterator for Interleaved<I> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let mut best: Option<(usize, Vec<u8>)> = None;
        for (at, keys) in self.classes.iter_mut().enumerate() {
            let key = match keys.peek() {
                None => continue,
                Some(Err(_)) => return keys.next(),
                Some(Ok((key, _))) => key,
            };
            let before = best.as_ref().is_none_or(|(_, best)| match self.down {
                Direction::Up => key < best,
                Direction::Down => key > best,
            });
            if before {
                best = Some((at, key.clone()));
            }
        }
        self.classes.get_mut(best?.0)?.next()
    }
}

impl Place {
    /// Before everything whose first sort key begins with this.
    fn least(key: &[u8], down: Direction) -> Self {
        let mut out = vec![0];
        out.extend(escaped(key).into_iter().map(|byte| if down == Direction::Down { !byte } else { byte }));
        Self::new(Order::Sorted, out)
    }

    /// Before everything that has no value for the first sort.
    pub(super) fn least_without() -> Self {
        Self::new(Order::Sorted, vec![1])
    }
}
