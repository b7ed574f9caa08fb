//! The parts of an index that a filter reads: a superset of the rows that pass, or nothing where no index helps.

use std::ops::Bound;

use super::RecordError;
use crate::base::FhirId;
use crate::fhir::search::{
    DateRange, DateTest, Filter, NumberTest, ParamRef, Prefix, QuantityTest, ReferenceTarget, ReferenceTest,
    StringMatch, SystemTest, Test, Text, TokenMatch, TokenTest, UriMatch, sortable,
};
use crate::fhir::{Definitions, ResourceType};
use crate::record::index::{Completed, IndexKey, LONGEST_URI, TEXT, cut, identifier_hash, local_hash, reference_hash};
use crate::record::layout::{CLASSES, DATE, NUMBER, OPEN_CLASS, REFERENCE, STRING, TOKEN, URI, hash32, hash64};
use crate::record::numbers::find;
use crate::record::rows::RowNumber;
use crate::store::{Direction, Key, KeyRange, Read, ReadExt, StoreError};

/// Row numbers of an index, read as they are asked for; one may come several times.
pub(super) type Stream<'a> = Box<dyn Iterator<Item = Result<RowNumber, RecordError>> + 'a>;
/// Keys of an index as bytes; each ends in a row number.
pub(super) type Keys<'a> = Box<dyn Iterator<Item = Result<bytes::Bytes, RecordError>> + 'a>;

/// The rows of a filter's index, if it has one.
pub(super) fn rows<'a>(
    read: &'a dyn Read,
    kind: ResourceType,
    filter: &Filter,
    completed: Completed,
) -> Option<Stream<'a>> {
    let parts = parts(kind, filter, completed)?;
    Some(Box::new(parts.into_iter().flat_map(move |part| {
        let rows = match part {
            Part::Id(id) => find(read, kind, &id)
                .map(|found| Box::new(found.into_iter().map(Ok)) as Stream<'a>)
                .map_err(RecordError::from),
            Part::Scan(scan) => scan
                .keys(read, None)
                .map(|keys| Box::new(keys.map(|key| key.and_then(|key| number_in(&key)))) as Stream<'a>),
        };
        rows.unwrap_or_else(|error| Box::new(std::iter::once(Err(error))))
    })))
}

/// What of the indexes a filter reads, in this order; `None` where none helps.
pub(super) fn parts(kind: ResourceType, filter: &Filter, completed: Completed) -> Option<Vec<Part>> {
    let mut out = Vec::new();
    of_filter(kind, filter, completed, &mut out)?;
    Some(out)
}

/// The row number at the end of an index key.
pub(super) fn number_in(key: &[u8]) -> Result<RowNumber, RecordError> {
    key.last_chunk().map(|last| RowNumber(u64::from_be_bytes(*last))).ok_or(RecordError::Damaged)
}

pub(super) enum Part {
    Id(FhirId),
    Scan(Scan),
}

/// A stretch of an index.
pub(super) struct Scan {
    pub param: u16,
    pub index: Index,
    pub range: KeyRange,
    pub direction: Direction,
    pub exact: Exact,
    only: Only,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Index {
    Token,
    String,
    Date,
    Number,
    Reference,
    Uri,
}

/// How much of the key, but for the row number, a stretch names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Exact {
    /// All of it, which is this.
    Whole(Vec<u8>),
    /// All but a token's system.
    AnySystem(u16, u64),
    No,
}

/// What of a stretch is meant.
enum Only {
    All,
    /// Codes of this system or of an implied one.
    System(u32),
    /// Texts that hold this, or that are too long for their key to tell.
    Holding(String),
}

impl Scan {
    fn new(param: u16, index: Index, range: KeyRange) -> Self {
        Self { param, index, range, direction: Direction::Up, exact: Exact::No, only: Only::All }
    }

    fn exact(param: u16, index: Index, head: Vec<u8>) -> Self {
        let range = KeyRange::prefix_bytes(head.clone());
        Self { exact: Exact::Whole(head), ..Self::new(param, index, range) }
    }

    /// The keys that are meant, in the stretch's direction, behind `after`.
    pub(super) fn keys<'a>(self, read: &'a dyn Read, after: Option<Vec<u8>>) -> Result<Keys<'a>, RecordError> {
        let (direction, only) = (self.direction, self.only);
        let range = match after {
            Some(key) => self.range.behind(key, direction),
            None => self.range,
        };
        let keys: Box<dyn Iterator<Item = Result<bytes::Bytes, StoreError>> + 'a> = match self.index {
            Index::Token => Box::new(read.scan_keys(&TOKEN, range, direction)?),
            Index::String => Box::new(read.scan_keys(&STRING, range, direction)?),
            Index::Date => Box::new(read.scan_keys(&DATE, range, direction)?),
            Index::Number => Box::new(read.scan_keys(&NUMBER, range, direction)?),
            Index::Reference => Box::new(read.scan_keys(&REFERENCE, range, direction)?),
            Index::Uri => Box::new(read.scan_keys(&URI, range, direction)?),
        };
        Ok(Box::new(keys.filter_map(move |key| match key {
            Ok(key) => only.fits(&key).then_some(Ok(key)),
            Err(error) => Some(Err(error.into())),
        })))
    }

    /// Whether a key of a row, given as bytes, is one of this stretch.
    pub(super) fn holds(&self, key: &IndexKey, bytes: &[u8]) -> bool {
        let index = match key {
            IndexKey::Token(..) => Index::Token,
            IndexKey::String(..) => Index::String,
            IndexKey::Date(..) => Index::Date,
            IndexKey::Number(..) => Index::Number,
            IndexKey::Reference(..) => Index::Reference,
            IndexKey::Uri(..) => Index::Uri,
        };
        index == self.index && self.range.contains(bytes) && self.only.fits(bytes)
    }
}

impl Only {
    /// A key that does not read is left for whoever opens its row.
    fn fits(&self, key: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::System(system) => match <(u16, u64, u32, RowNumber)>::from_bytes(key) {
                Ok((_, _, of, _)) => of == *system || of == hash32(&[""]),
                Err(_) => true,
            },
            Self::Holding(part) => match <(u16, String, RowNumber)>::from_bytes(key) {
                // A character has four bytes at most: one that was cut off leaves so much room.
                Ok((_, text, _)) => text.contains(part) || text.len() + 4 > TEXT,
                Err(_) => true,
            },
        }
    }
}

fn of_filter(kind: ResourceType, filter: &Filter, completed: Completed, out: &mut Vec<Part>) -> Option<()> {
    match filter {
        Filter::Ids(ids) => out.extend(ids.iter().cloned().map(Part::Id)),
        Filter::Test { param, test } if has_rows(param) => {
            let mut scans = Vec::new();
            of_test(kind, param.id, test, completed, &mut scans)?;
            out.extend(scans.into_iter().map(Part::Scan));
        }
        Filter::Any(any) => any.iter().try_for_each(|one| of_filter(kind, one, completed, out))?,
        _ => return None,
    }
    Some(())
}

/// These two stand in every resource's own row.
fn has_rows(param: &ParamRef) -> bool {
    !matches!(param.code.as_str(), "_id" | "_lastUpdated")
}

fn of_test(kind: ResourceType, param: u16, test: &Test, completed: Completed, out: &mut Vec<Scan>) -> Option<()> {
    match test {
        Test::Token { how: TokenMatch::Is, any } => tokens(param, any, completed, out)?,
        Test::TypedIdentifier(any) => out.extend(any.iter().map(|test| any_system(param, &test.value))),
        Test::String { how: StringMatch::Begins | StringMatch::Exact, any } => {
            strings(param, any.iter().map(|text| text.folded.as_str()), out);
        }
        // In a store of an older program these two have no rows of their own.
        Test::Words(any) if completed.has_names() => strings(param, any.iter().map(String::as_str), out),
        Test::Sounds(any) if completed.has_names() => {
            // All words must be heard: the one with the longest code leads to the fewest.
            let words = any.iter().map(|one| one.words.iter().max_by_key(|codes| codes.first().map(String::len)));
            let codes = words.flatten().flatten().map(|code| (param, cut(code, TEXT)));
            out.extend(codes.map(|head| Scan::new(param, Index::String, KeyRange::prefix(&head))));
        }
        Test::String { how: StringMatch::Contains, any } => {
            let holding = |text: &Text| Scan {
                only: Only::Holding(text.folded.clone()),
                ..Scan::new(param, Index::String, KeyRange::prefix(&(param,)))
            };
            out.extend(any.iter().map(holding));
        }
        Test::Date(any) => dates(param, any, out)?,
        Test::Reference(any) => references(param, any, completed, out)?,
        Test::Uri { how, any } => uris(param, *how, any.iter().map(String::as_str), out)?,
        Test::Versioned(any) => uris(param, UriMatch::Is, any.iter().map(|(url, _)| url.as_str()), out)?,
        Test::Number(any) => any.iter().try_for_each(|test| number(param, 0, test, Width::Point, out))?,
        Test::Quantity(any) => any.iter().try_for_each(|test| quantity(param, test, out))?,
        Test::Composite(any) => any.iter().try_for_each(|parts| composite(kind, param, parts, completed, out))?,
        _ => return None,
    }
    Some(())
}

/// One of the parts that an index helps with: what stands at the composite's place stands in the resource.
fn composite(kind: ResourceType, param: u16, parts: &[Test], completed: Completed, out: &mut Vec<Scan>) -> Option<()> {
    let r4 = Definitions::r4();
    let components = &r4.search_param_by_id(param)?.components;
    components.iter().zip(parts).find_map(|(component, part)| {
        let own = r4.search_param_by_id(component.param).filter(|own| own.base == kind.name())?;
        let mut scans = Vec::new();
        of_test(kind, own.id, part, completed, &mut scans)?;
        out.append(&mut scans);
        Some(())
    })
}

/// A code of whatever system.
fn any_system(param: u16, code: &str) -> Scan {
    let hash = hash64(&[code]);
    let range = KeyRange::prefix(&(param, hash));
    Scan { exact: Exact::AnySystem(param, hash), ..Scan::new(param, Index::Token, range) }
}

fn tokens(param: u16, any: &[TokenTest], completed: Completed, out: &mut Vec<Scan>) -> Option<()> {
    for test in any {
        // A code whose system is implied stands without one, and any system asked for is taken for it.
        let implied = hash32(&[""]);
        let of = |code: &str, system| {
            let head = (param, hash64(&[code]), system).to_bytes();
            Scan::exact(param, Index::Token, head)
        };
        let all = || Scan::new(param, Index::Token, KeyRange::prefix(&(param,)));
        match (&test.code, &test.system) {
            (Some(code), SystemTest::Any) => out.push(any_system(param, code)),
            (Some(code), SystemTest::Is(system)) => {
                let own = hash32(&[system]);
                out.push(of(code, own));
                if own != implied {
                    out.push(of(code, implied));
                }
            }
            (Some(code), SystemTest::None) => out.push(of(code, implied)),
            // Systems without a code have rows as names have theirs.
            (None, _) if !completed.has_names() => return None,
            (None, SystemTest::Is(system)) => out.push(Scan { only: Only::System(hash32(&[system])), ..all() }),
            (None, _) => out.push(all()),
        }
    }
    Some(())
}

fn strings<'t>(param: u16, any: impl Iterator<Item = &'t str>, out: &mut Vec<Scan>) {
    for text in any {
        let mut head = (param,).to_bytes();
        head.extend(cut(text, TEXT).bytes().flat_map(|byte| if byte == 0 { vec![0, 0xFF] } else { vec![byte] }));
        out.push(Scan::new(param, Index::String, KeyRange::prefix_bytes(head)));
    }
}

fn references(param: u16, any: &[ReferenceTest], completed: Completed, out: &mut Vec<Scan>) -> Option<()> {
    for test in any {
        let hashes = match test {
            ReferenceTest::Identifier(TokenTest { code: Some(value), .. }) if completed.has_identifiers() => {
                vec![identifier_hash(value)]
            }
            ReferenceTest::Target(ReferenceTarget::Identifier { .. })
            | ReferenceTest::Identifier(_)
            | ReferenceTest::Below(_)
            | ReferenceTest::Above(_)
            | ReferenceTest::Hierarchy { .. } => return None,
            ReferenceTest::Target(target) => vec![reference_hash(target)],
            ReferenceTest::Id { kinds, id } => {
                kinds.iter().map(|kind| local_hash(*kind, id.as_str())).collect::<Vec<_>>()
            }
        };
        let to = |hash| Scan::exact(param, Index::Reference, (param, hash).to_bytes());
        out.extend(hashes.into_iter().map(to));
    }
    Some(())
}

fn uris<'u>(param: u16, how: UriMatch, any: impl Iterator<Item = &'u str>, out: &mut Vec<Scan>) -> Option<()> {
    for uri in any {
        let head = cut(uri, LONGEST_URI);
        out.push(match how {
            UriMatch::Is => Scan::exact(param, Index::Uri, (param, head).to_bytes()),
            UriMatch::Below => {
                let mut bytes = (param,).to_bytes();
                bytes.extend_from_slice(head.as_bytes());
                Scan::new(param, Index::Uri, KeyRange::prefix_bytes(bytes))
            }
            UriMatch::Above => return None,
        });
    }
    Some(())
}

fn dates(param: u16, any: &[DateTest], out: &mut Vec<Scan>) -> Option<()> {
    for test in any {
        let DateRange { start, end } = test.range;
        // Every interval that meets this window may pass; the resource decides.
        let (from, to) = match test.prefix {
            Prefix::Ne => return None,
            Prefix::Eq | Prefix::Approximately => (start, end),
            Prefix::Gt | Prefix::StartsAfter | Prefix::Ge => (start, i64::MAX),
            Prefix::Lt | Prefix::EndsBefore | Prefix::Le => (i64::MIN, end),
        };
        for class in 0..=OPEN_CLASS {
            let back = CLASSES.get(usize::from(class)).map_or(i64::MIN, |longest| from.saturating_sub(*longest));
            let start = Bound::Included((param, class, back).to_bytes());
            let range = KeyRange::prefix(&(param, class, to)).starting(start);
            // The newest first.
            out.push(Scan { direction: Direction::Down, ..Scan::new(param, Index::Date, range) });
        }
    }
    Some(())
}

/// What an index row of a number stands for.
#[derive(Clone, Copy)]
enum Width {
    Point,
    /// The low end of what may be a range: what begins below may still reach up.
    Range,
}

fn number(param: u16, unit: u32, test: &NumberTest, width: Width, out: &mut Vec<Scan>) -> Option<()> {
    let (from, to) = match test.prefix {
        Prefix::Ne => return None,
        Prefix::Eq | Prefix::Approximately => (test.low.min(test.value), test.high.max(test.value)),
        Prefix::Gt | Prefix::StartsAfter | Prefix::Ge => (test.value, f64::INFINITY),
        Prefix::Lt | Prefix::EndsBefore | Prefix::Le => (f64::NEG_INFINITY, test.value),
    };
    let start = match width {
        Width::Point => (param, unit, sortable(from)).to_bytes(),
        Width::Range => (param, unit).to_bytes(),
    };
    let end = KeyRange::prefix(&(param, unit, sortable(to)));
    // From above: what passes for sure stands there, what only may reach up stands below.
    let range = end.starting(Bound::Included(start));
    out.push(Scan { direction: Direction::Down, ..Scan::new(param, Index::Number, range) });
    Some(())
}

fn quantity(param: u16, test: &QuantityTest, out: &mut Vec<Scan>) -> Option<()> {
    // Without a unit every unit's rows would have to be read, and each by its own number.
    let unit = test.unit.as_ref()?;
    match &unit.canonical {
        Some((canonical, converted)) => number(param, hash32(&[canonical]), converted, Width::Range, out)?,
        // The words for a unit may stand beside a code that was converted.
        None if unit.system.is_none() => return None,
        None => {}
    }
    // What could not be converted stands as it was given.
    number(param, 0, &test.number, Width::Range, out)
}
