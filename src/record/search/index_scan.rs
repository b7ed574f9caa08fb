//! Reads one filter's index: a superset of the rows that pass, or nothing where no index helps.

use std::collections::BTreeSet;
use std::ops::Bound;

use super::RecordError;
use crate::fhir::ResourceType;
use crate::fhir::search::{
    DateRange, DateTest, Filter, NumberTest, Prefix, QuantityTest, ReferenceTarget, ReferenceTest, StringMatch,
    SystemTest, Test, Text, TokenMatch, TokenTest, UriMatch, sortable,
};
use crate::record::index::{LONGEST_URI, TEXT, cut, local_hash, reference_hash};
use crate::record::layout::{CLASSES, DATE, NUMBER, OPEN_CLASS, REFERENCE, STRING, TOKEN, URI, hash32, hash64};
use crate::record::numbers::find;
use crate::record::rows::RowNumber;
use crate::store::{Direction, Key, KeyRange, Read, ReadExt, StoreError, Table, Value};

/// A set larger than this is no help: the type's own order is the better way in.
pub(super) const MOST: usize = 50_000;

type Rows = BTreeSet<RowNumber>;

/// The rows of a filter's index, if it has one and they are fewer than `most`.
pub(super) fn rows(
    read: &dyn Read,
    kind: ResourceType,
    filter: &Filter,
    most: usize,
) -> Result<Option<Rows>, RecordError> {
    let mut found = Found { rows: Rows::new(), most };
    let fits = match filter {
        Filter::Ids(ids) => {
            for id in ids {
                found.rows.extend(find(read, kind, id)?);
            }
            true
        }
        Filter::Test { param, test } => match test {
            Test::Token { how: TokenMatch::Is, any } => tokens(read, param.id, any, &mut found)?,
            Test::String { how: StringMatch::Begins | StringMatch::Exact, any } => {
                strings(read, param.id, any, &mut found)?
            }
            Test::Date(any) => dates(read, param.id, any, &mut found)?,
            Test::Reference(any) => references(read, param.id, any, &mut found)?,
            Test::Uri { how, any } => uris(read, param.id, *how, any, &mut found)?,
            Test::Number(any) => numbers(read, param.id, any.iter().map(|number| (0, *number)), &mut found)?,
            Test::Quantity(any) => quantities(read, param.id, any, &mut found)?,
            _ => false,
        },
        _ => false,
    };
    Ok(fits.then_some(found.rows))
}

/// Rows gathered so far; gathering stops when there are too many to help.
struct Found {
    rows: Rows,
    most: usize,
}

impl Found {
    /// Adds the rows of a range; `false` when there are too many.
    fn add<K: Key, V: Value>(
        &mut self,
        read: &dyn Read,
        table: &Table<K, V>,
        range: KeyRange,
        row: fn(&K) -> RowNumber,
    ) -> Result<bool, StoreError> {
        for found in read.scan(table, range, Direction::Up)? {
            let (key, _) = found?;
            self.rows.insert(row(&key));
            if self.rows.len() >= self.most {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn tokens(read: &dyn Read, param: u16, any: &[TokenTest], found: &mut Found) -> Result<bool, RecordError> {
    for test in any {
        let Some(code) = &test.code else { return Ok(false) };
        let code = hash64(&[code]);
        let fits = match &test.system {
            SystemTest::Any => found.add(read, &TOKEN, KeyRange::prefix(&(param, code)), |key| key.3)?,
            // A code whose system is implied stands without one, and any system asked for is taken for it.
            SystemTest::Is(system) => {
                found.add(read, &TOKEN, KeyRange::prefix(&(param, code, hash32(&[system]))), |key| key.3)?
                    && found.add(read, &TOKEN, KeyRange::prefix(&(param, code, hash32(&[""]))), |key| key.3)?
            }
            SystemTest::None => {
                found.add(read, &TOKEN, KeyRange::prefix(&(param, code, hash32(&[""]))), |key| key.3)?
            }
        };
        if !fits {
            return Ok(false);
        }
    }
    Ok(true)
}

fn strings(read: &dyn Read, param: u16, any: &[Text], found: &mut Found) -> Result<bool, RecordError> {
    for text in any {
        let mut head = (param,).to_bytes();
        head.extend(
            cut(&text.folded, TEXT).bytes().flat_map(|byte| if byte == 0 { vec![0, 0xFF] } else { vec![byte] }),
        );
        if !found.add(read, &STRING, KeyRange::prefix_bytes(head), |key| key.2)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn references(read: &dyn Read, param: u16, any: &[ReferenceTest], found: &mut Found) -> Result<bool, RecordError> {
    for test in any {
        let hashes = match test {
            ReferenceTest::Target(ReferenceTarget::Identifier { .. })
            | ReferenceTest::Identifier(_)
            | ReferenceTest::Below(_)
            | ReferenceTest::Above(_) => return Ok(false),
            ReferenceTest::Target(target) => reference_hash(target).into_iter().collect(),
            ReferenceTest::Id { kinds, id } => {
                kinds.iter().map(|kind| local_hash(*kind, id.as_str())).collect::<Vec<_>>()
            }
        };
        for hash in hashes {
            if !found.add(read, &REFERENCE, KeyRange::prefix(&(param, hash)), |key| key.2)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn uris(read: &dyn Read, param: u16, how: UriMatch, any: &[String], found: &mut Found) -> Result<bool, RecordError> {
    for uri in any {
        let head = cut(uri, LONGEST_URI);
        let range = match how {
            UriMatch::Is => KeyRange::prefix(&(param, head)),
            UriMatch::Below => {
                let mut bytes = (param,).to_bytes();
                bytes.extend_from_slice(head.as_bytes());
                KeyRange::prefix_bytes(bytes)
            }
            UriMatch::Above => return Ok(false),
        };
        if !found.add(read, &URI, range, |key| key.2)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn dates(read: &dyn Read, param: u16, any: &[DateTest], found: &mut Found) -> Result<bool, RecordError> {
    for test in any {
        let DateRange { start, end } = test.range;
        // Every interval that meets this window may pass; the resource decides.
        let (from, to) = match test.prefix {
            Prefix::Ne => return Ok(false),
            Prefix::Eq | Prefix::Approximately => (start, end),
            Prefix::Gt | Prefix::StartsAfter | Prefix::Ge => (start, i64::MAX),
            Prefix::Lt | Prefix::EndsBefore | Prefix::Le => (i64::MIN, end),
        };
        for class in 0..=OPEN_CLASS {
            let back = CLASSES.get(usize::from(class)).map_or(i64::MIN, |longest| from.saturating_sub(*longest));
            let start = Bound::Included((param, class, back).to_bytes());
            let end = KeyRange::prefix(&(param, class, to));
            if !found.add(read, &DATE, end.starting(start), |key| key.3)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn numbers(
    read: &dyn Read,
    param: u16,
    any: impl Iterator<Item = (u32, NumberTest)>,
    found: &mut Found,
) -> Result<bool, RecordError> {
    for (unit, test) in any {
        // Only the low end of a range stands in the index: what begins below may still reach up.
        let to = match test.prefix {
            Prefix::Ne => return Ok(false),
            Prefix::Eq | Prefix::Approximately => test.high,
            Prefix::Gt | Prefix::StartsAfter | Prefix::Ge => f64::INFINITY,
            Prefix::Lt | Prefix::EndsBefore | Prefix::Le => test.high.max(test.value),
        };
        let end = KeyRange::prefix(&(param, unit, sortable(to)));
        if !found.add(read, &NUMBER, end.starting(Bound::Included((param, unit).to_bytes())), |key| key.3)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn quantities(read: &dyn Read, param: u16, any: &[QuantityTest], found: &mut Found) -> Result<bool, RecordError> {
    let mut tests = Vec::new();
    for test in any {
        match test.unit.as_ref().map(|unit| &unit.canonical) {
            Some(Some((canonical, number))) => tests.push((hash32(&[canonical]), *number)),
            // Without a unit, or with one that is not known, every unit's rows would have to be read.
            _ => return Ok(false),
        }
    }
    numbers(read, param, tests.into_iter(), found)
}
