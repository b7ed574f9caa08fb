//! Reads one filter's index: a superset of the rows that pass, or nothing where no index helps.

use std::ops::Bound;

use super::RecordError;
use crate::base::FhirId;
use crate::fhir::search::{
    DateRange, DateTest, Filter, NumberTest, ParamRef, Prefix, QuantityTest, ReferenceTarget, ReferenceTest,
    StringMatch, SystemTest, Test, Text, TokenMatch, TokenTest, UriMatch, sortable,
};
use crate::fhir::{Definitions, ResourceType};
use crate::record::index::{LONGEST_URI, TEXT, cut, local_hash, reference_hash};
use crate::record::layout::{CLASSES, DATE, NUMBER, OPEN_CLASS, REFERENCE, STRING, TOKEN, URI, hash32, hash64};
use crate::record::numbers::find;
use crate::record::rows::RowNumber;
use crate::store::{Direction, Key, KeyRange, Read, ReadExt, StoreError};

/// Row numbers of an index, read as they are asked for; one may come several times.
pub(super) type Stream<'a> = Box<dyn Iterator<Item = Result<RowNumber, RecordError>> + 'a>;

/// The rows of a filter's index, if it has one.
pub(super) fn rows<'a>(read: &'a dyn Read, kind: ResourceType, filter: &Filter) -> Option<Stream<'a>> {
    let mut scans = Vec::new();
    of_filter(kind, filter, &mut scans)?;
    Some(Box::new(scans.into_iter().flat_map(move |scan| match scan.run(read, kind) {
        Ok(rows) => rows,
        Err(error) => Box::new(std::iter::once(Err(error))),
    })))
}

/// A part of an index.
enum Scan {
    Id(FhirId),
    Token(KeyRange),
    /// Whatever code, of this system or of an implied one.
    Systems(KeyRange, u32),
    String(KeyRange),
    /// Texts that hold this, or that are too long for their key to tell.
    Holding(KeyRange, String),
    Date(KeyRange),
    Number(KeyRange),
    Reference(KeyRange),
    Uri(KeyRange),
}

impl Scan {
    fn run<'a>(self, read: &'a dyn Read, kind: ResourceType) -> Result<Stream<'a>, RecordError> {
        let up = Direction::Up;
        Ok(match self {
            Self::Id(id) => Box::new(find(read, kind, &id)?.into_iter().map(Ok)),
            Self::Token(range) => numbers_of(read.scan(&TOKEN, range, up)?, |key| Some(key.3)),
            Self::Systems(range, system) => {
                let implied = hash32(&[""]);
                let fits =
                    move |key: (u16, u64, u32, RowNumber)| (key.2 == system || key.2 == implied).then_some(key.3);
                numbers_of(read.scan(&TOKEN, range, up)?, fits)
            }
            Self::String(range) => numbers_of(read.scan(&STRING, range, up)?, |key| Some(key.2)),
            Self::Holding(range, part) => {
                let fits = move |key: (u16, String, RowNumber)| {
                    // A character has four bytes at most: one that was cut off leaves so much room.
                    (key.1.contains(&part) || key.1.len() + 4 > TEXT).then_some(key.2)
                };
                numbers_of(read.scan(&STRING, range, up)?, fits)
            }
            Self::Date(range) => numbers_of(read.scan(&DATE, range, up)?, |key| Some(key.3)),
            Self::Number(range) => numbers_of(read.scan(&NUMBER, range, up)?, |key| Some(key.3)),
            Self::Reference(range) => numbers_of(read.scan(&REFERENCE, range, up)?, |key| Some(key.2)),
            Self::Uri(range) => numbers_of(read.scan(&URI, range, up)?, |key| Some(key.2)),
        })
    }
}

fn numbers_of<'a, K: 'a, V: 'a>(
    rows: impl Iterator<Item = Result<(K, V), StoreError>> + 'a,
    number: impl Fn(K) -> Option<RowNumber> + 'a,
) -> Stream<'a> {
    Box::new(rows.filter_map(move |row| match row {
        Ok((key, _)) => number(key).map(Ok),
        Err(error) => Some(Err(error.into())),
    }))
}

fn of_filter(kind: ResourceType, filter: &Filter, out: &mut Vec<Scan>) -> Option<()> {
    match filter {
        Filter::Ids(ids) => out.extend(ids.iter().cloned().map(Scan::Id)),
        Filter::Test { param, test } if has_rows(param) => of_test(kind, param.id, test, out)?,
        Filter::Any(any) => any.iter().try_for_each(|one| of_filter(kind, one, out))?,
        _ => return None,
    }
    Some(())
}

/// These two stand in every resource's own row.
fn has_rows(param: &ParamRef) -> bool {
    !matches!(param.code.as_str(), "_id" | "_lastUpdated")
}

fn of_test(kind: ResourceType, param: u16, test: &Test, out: &mut Vec<Scan>) -> Option<()> {
    match test {
        Test::Token { how: TokenMatch::Is, any } => tokens(param, any, out),
        Test::TypedIdentifier(any) => {
            out.extend(any.iter().map(|test| Scan::Token(KeyRange::prefix(&(param, hash64(&[&test.value]))))));
        }
        Test::String { how: StringMatch::Begins | StringMatch::Exact, any } => strings(param, any, out),
        Test::String { how: StringMatch::Contains, any } => {
            out.extend(any.iter().map(|text| Scan::Holding(KeyRange::prefix(&(param,)), text.folded.clone())));
        }
        Test::Date(any) => dates(param, any, out)?,
        Test::Reference(any) => references(param, any, out)?,
        Test::Uri { how, any } => uris(param, *how, any, out)?,
        Test::Number(any) => any.iter().try_for_each(|test| number(param, 0, test, Width::Point, out))?,
        Test::Quantity(any) => any.iter().try_for_each(|test| quantity(param, test, out))?,
        Test::Composite(any) => any.iter().try_for_each(|parts| composite(kind, param, parts, out))?,
        _ => return None,
    }
    Some(())
}

/// One of the parts that an index helps with: what stands at the composite's place stands in the resource.
fn composite(kind: ResourceType, param: u16, parts: &[Test], out: &mut Vec<Scan>) -> Option<()> {
    let r4 = Definitions::r4();
    let components = &r4.search_param_by_id(param)?.components;
    components.iter().zip(parts).find_map(|(component, part)| {
        let own = r4.search_param_by_id(component.param).filter(|own| own.base == kind.name())?;
        let mut scans = Vec::new();
        of_test(kind, own.id, part, &mut scans)?;
        out.append(&mut scans);
        Some(())
    })
}

fn tokens(param: u16, any: &[TokenTest], out: &mut Vec<Scan>) {
    for test in any {
        // A code whose system is implied stands without one, and any system asked for is taken for it.
        let implied = hash32(&[""]);
        match (&test.code, &test.system) {
            (Some(code), SystemTest::Any) => {
                out.push(Scan::Token(KeyRange::prefix(&(param, hash64(&[code])))));
            }
            (Some(code), SystemTest::Is(system)) => {
                for system in [hash32(&[system]), implied] {
                    out.push(Scan::Token(KeyRange::prefix(&(param, hash64(&[code]), system))));
                }
            }
            (Some(code), SystemTest::None) => {
                out.push(Scan::Token(KeyRange::prefix(&(param, hash64(&[code]), implied))));
            }
            (None, SystemTest::Is(system)) => {
                out.push(Scan::Systems(KeyRange::prefix(&(param,)), hash32(&[system])));
            }
            (None, _) => out.push(Scan::Token(KeyRange::prefix(&(param,)))),
        }
    }
}

fn strings(param: u16, any: &[Text], out: &mut Vec<Scan>) {
    for text in any {
        let mut head = (param,).to_bytes();
        head.extend(
            cut(&text.folded, TEXT).bytes().flat_map(|byte| if byte == 0 { vec![0, 0xFF] } else { vec![byte] }),
        );
        out.push(Scan::String(KeyRange::prefix_bytes(head)));
    }
}

fn references(param: u16, any: &[ReferenceTest], out: &mut Vec<Scan>) -> Option<()> {
    for test in any {
        let hashes = match test {
            ReferenceTest::Target(ReferenceTarget::Identifier { .. })
            | ReferenceTest::Identifier(_)
            | ReferenceTest::Below(_)
            | ReferenceTest::Above(_) => return None,
            ReferenceTest::Target(target) => reference_hash(target).into_iter().collect(),
            ReferenceTest::Id { kinds, id } => {
                kinds.iter().map(|kind| local_hash(*kind, id.as_str())).collect::<Vec<_>>()
            }
        };
        out.extend(hashes.into_iter().map(|hash| Scan::Reference(KeyRange::prefix(&(param, hash)))));
    }
    Some(())
}

fn uris(param: u16, how: UriMatch, any: &[String], out: &mut Vec<Scan>) -> Option<()> {
    for uri in any {
        let head = cut(uri, LONGEST_URI);
        out.push(Scan::Uri(match how {
            UriMatch::Is => KeyRange::prefix(&(param, head)),
            UriMatch::Below => {
                let mut bytes = (param,).to_bytes();
                bytes.extend_from_slice(head.as_bytes());
                KeyRange::prefix_bytes(bytes)
            }
            UriMatch::Above => return None,
        }));
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
            out.push(Scan::Date(KeyRange::prefix(&(param, class, to)).starting(start)));
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
    out.push(Scan::Number(end.starting(Bound::Included(start))));
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
