//! Which index leads into a search, and what of its filters is decided before a resource is opened.
//!
//! All indexes that help with some filter are read at once, a few rows each in turn: the first that comes to its end has
//! the fewest, and nothing was read of the others that was longer than it. Where none ends soon and one page is wanted,
//! the index is not read to its end but walked: newest row first where filters name whole keys ([`Points`]), in its own
//! order else ([`Walk`]), or in the order that the search asks for ([`InOrder`]). What other resources decide (chains) is
//! asked of each candidate where few are left, and else from the other side.

use std::collections::BTreeSet;
use std::ops::Bound;

use super::in_order::InOrder;
use super::index_scan::{self, Stream};
use super::links::{Links, rows_of};
use super::place::{Order, Place};
use super::points::{self, Points};
use super::walk::Walk;
use super::{Opened, RecordError, Visible, all_matching, list_members};
use crate::base::FhirId;
use crate::fhir::search::{
    DateRange, Filter, Prefix, ReferenceTarget, ReferenceTest, Sort, Special, SystemTest, Test, TokenMatch,
};
use crate::fhir::{Definitions, ResourceType};
use crate::record::index::{ANY_SYSTEM, Completed, code_hash, contained_hash};
use crate::record::layout::{COMPARTMENT, CompartmentTag, Currency, HISTORY, REFERENCE};
use crate::record::numbers::find;
use crate::record::rows::RowNumber;
use crate::store::{Desc, Direction, Key, KeyRange, Read, ReadExt};

/// A set larger than this is no help: the type's own order is the better way in.
const MOST: usize = 50_000;
/// The largest set that a later page of a search is read from, whose first page came from a smaller one.
const MOST_LATER: usize = 1_000_000;
/// How many rows of the only index are read before it is walked: about a page. Tests with their small
/// records have long indexes, too.
const SOON: usize = if cfg!(test) { 4 } else { 64 };
/// And of several, one of which may have far fewer than the others.
const PATIENT: usize = if cfg!(test) { 12 } else { 4_096 };
/// With so few candidates each is asked for itself what other resources say of it.
const FEW: usize = 4_096;
/// How many rows of an index are read before the next one's turn.
const STRIDE: usize = if cfg!(test) { 2 } else { 64 };

/// A candidate and its place in the answer's order.
pub(super) type Candidates<'a> = Box<dyn Iterator<Item = Result<(Place, RowNumber), RecordError>> + 'a>;

pub(super) struct Plan {
    way: Way,
    /// For filters that need other resources: the rows that pass.
    sets: Vec<(usize, BTreeSet<RowNumber>)>,
}

/// How much of what is found is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Amount<'a> {
    All,
    /// A page, in whatever order.
    Page,
    /// A page in the type's own order: last changed first.
    LastChanged,
    /// A page in this order.
    Sorted(&'a [Sort]),
}

enum Way {
    /// Everything of the type that was last changed in this window, last changed first.
    Type(DateRange),
    /// What a patient's compartment holds of the type, clinically newest first.
    Compartment { patient: RowNumber, codes: Option<Vec<CodeTest>> },
    /// A set from an index, newest row first.
    Rows(BTreeSet<RowNumber>),
    /// What stands in several indexes, newest row first.
    Points(Vec<Points>),
    /// What stands in an index, in its order.
    Index(Walk),
    /// The type in the order that is asked for.
    InOrder(InOrder),
}

impl Plan {
    /// `order` is that of an earlier page, to which this one must keep.
    pub(super) fn of(
        read: &dyn Read,
        kind: ResourceType,
        filters: &[Filter],
        within: Option<&FhirId>,
        order: Option<Order>,
        amount: Amount<'_>,
        visible: &mut Visible<'_>,
    ) -> Result<Self, RecordError> {
        if let Some(way) = compartment(read, kind, filters, within)? {
            return Ok(Self { way, sets: vec![] });
        }
        if order == Some(Order::Updated) {
            return Ok(Self { way: Way::Type(window(filters)), sets: vec![] });
        }
        if order == Some(Order::Index) {
            let walk = Walk::of(kind, filters, Completed::of(read)?).ok_or(RecordError::BadCursor)?;
            return Ok(Self { way: Way::Index(walk), sets: vec![] });
        }
        if let Some(way) = walked(read, kind, filters, order, amount, visible)? {
            return Ok(Self { way, sets: vec![] });
        }
        let most = if order == Some(Order::Rows) { MOST_LATER } else { MOST };
        let mut best = shortest(read, kind, filters, most, visible)?;
        let mut sets = Vec::new();
        if best.as_ref().is_none_or(|set| set.len() > FEW) {
            for (at, filter) in filters.iter().enumerate() {
                let most = best.as_ref().map_or(most, BTreeSet::len);
                if let Some(set) = by_other_resources(read, kind, filter, most, visible)? {
                    if best.as_ref().is_none_or(|best| set.len() < best.len()) {
                        best = Some(set.clone());
                    }
                    sets.push((at, set));
                }
            }
        }
        match best {
            Some(rows) => Ok(Self { way: Way::Rows(rows), sets }),
            None if order == Some(Order::Rows) => Err(RecordError::TooWide),
            None => Ok(Self { way: Way::Type(window(filters)), sets }),
        }
    }

    pub(super) const fn order(&self) -> Order {
        match self.way {
            Way::Type(_) => Order::Updated,
            Way::Compartment { .. } => Order::Compartment,
            Way::Rows(_) | Way::Points(_) => Order::Rows,
            Way::Index(_) => Order::Index,
            Way::InOrder(_) => Order::Sorted,
        }
    }

    /// Whether a candidate may come several times.
    pub(super) const fn repeats(&self) -> bool {
        matches!(self.way, Way::Index(_))
    }

    /// The first of the places at which a candidate comes.
    pub(super) fn first_place(&self, filters: &[Filter], opened: &Opened) -> Result<Option<Place>, RecordError> {
        match &self.way {
            Way::Index(walk) => walk.first_place(filters, opened),
            _ => Ok(None),
        }
    }

    /// Whether candidates come in the order that the search asks for, each with the least place that it can have.
    pub(super) const fn is_in_order(&self) -> bool {
        matches!(self.way, Way::InOrder(_))
    }

    /// What is known of a filter without reading the resource's text.
    pub(super) fn decided(&self, at: usize, filter: &Filter, opened: &Opened) -> Option<bool> {
        let row = &opened.row;
        match filter {
            Filter::Ids(ids) => Some(ids.contains(&row.id)),
            Filter::Test { param, test: Test::Date(any) } if param.code == "_lastUpdated" => {
                let at = row.updated.as_millisecond();
                Some(any.iter().any(|test| test.accepts(DateRange { start: at, end: at })))
            }
            // The sets know whole resources.
            _ if !opened.cut.is_empty() => None,
            _ => self.sets.iter().find(|(of, _)| *of == at).map(|(_, set)| set.contains(&opened.number)),
        }
    }

    /// Candidates in the answer's order, from behind `after` where that is a place in it.
    pub(super) fn candidates<'a>(
        &'a self,
        read: &'a dyn Read,
        kind: ResourceType,
        filters: &[Filter],
        after: Option<&Place>,
    ) -> Result<Candidates<'a>, RecordError> {
        match &self.way {
            Way::Points(all) => {
                let rows = points::common(read, all, after.and_then(Place::row))?;
                Ok(Box::new(rows.map(|number| number.map(|number| (Place::of_row(number), number)))))
            }
            Way::Index(walk) => Ok(Box::new(walk.rows(read, filters, after)?)),
            Way::InOrder(order) => {
                let rest = all_of_type(read, kind, window(filters), None)?;
                let rest = rest.map(|found| found.map(|(_, number)| (Place::least_without(), number)));
                Ok(Box::new(order.rows(read, kind, after)?.chain(rest)))
            }
            Way::Rows(rows) => Ok(Box::new(rows.iter().rev().map(|number| Ok((Place::of_row(*number), *number))))),
            Way::Compartment { patient, codes } => {
                let head = (*patient, kind.number());
                let codes = codes.as_deref();
                // Of most rows no more is looked at than this.
                let keep = Box::new(move |tag: &[u8]| {
                    CompartmentTag::codes_in(tag).is_none_or(|(all, more)| more || is_asked_for(codes, all))
                });
                let rows = read.scan_if(&COMPARTMENT, from(&head, after), Direction::Up, keep)?;
                Ok(Box::new(rows.filter_map(move |found| {
                    let ((_, _, date, number), tag) = match found {
                        Ok(found) => found,
                        Err(error) => return Some(Err(error.into())),
                    };
                    let fits = tag.more || is_asked_for(codes, tag.codes.iter().copied());
                    fits.then(|| Ok((Place::new(Order::Compartment, (date, number).to_bytes()), number)))
                })))
            }
            Way::Type(window) => all_of_type(read, kind, *window, after),
        }
    }
}

/// Everything of a type that was last changed in this window, last changed first.
fn all_of_type<'a>(
    read: &'a dyn Read,
    kind: ResourceType,
    window: DateRange,
    after: Option<&Place>,
) -> Result<Candidates<'a>, RecordError> {
    let head = (kind.number(),);
    let range = match after {
        Some(_) => from(&head, after),
        None => KeyRange::prefix_from(&head, Bound::Included((kind.number(), Desc(window.end)).to_bytes())),
    };
    let first = window.start;
    let rows = read.scan(&HISTORY, range, Direction::Up)?;
    let rows = rows.take_while(move |row| row.as_ref().map_or(true, |((_, updated, ..), _)| updated.0 >= first));
    Ok(Box::new(rows.filter_map(|found| {
        match found {
            Ok(((_, updated, number, version), tag)) => (tag.current == Currency::Current)
                .then(|| Ok((Place::new(Order::Updated, (updated, number, version).to_bytes()), number))),
            Err(error) => Some(Err(error.into())),
        }
    })))
}

fn from(head: &impl Key, after: Option<&Place>) -> KeyRange {
    match after {
        None => KeyRange::prefix(head),
        Some(place) => {
            let mut start = head.to_bytes();
            start.extend_from_slice(place.as_bytes());
            KeyRange::prefix_from(head, Bound::Excluded(start))
        }
    }
}

/// When what passes was last changed, as far as the filters say.
fn window(filters: &[Filter]) -> DateRange {
    let mut window = DateRange { start: i64::MIN, end: i64::MAX };
    for filter in filters {
        let Filter::Test { param, test: Test::Date(any) } = filter else { continue };
        let ([test], "_lastUpdated") = (any.as_slice(), param.code.as_str()) else { continue };
        match test.prefix {
            Prefix::Ne => {}
            Prefix::Gt | Prefix::Ge | Prefix::StartsAfter => window.start = window.start.max(test.range.start),
            Prefix::Lt | Prefix::Le | Prefix::EndsBefore => window.end = window.end.min(test.range.end),
            Prefix::Eq | Prefix::Approximately => {
                window.start = window.start.max(test.range.start);
                window.end = window.end.min(test.range.end);
            }
        }
    }
    window
}

/// The compartment as the way in: a reference parameter that names one patient, whose references are all in
/// the patient's compartment.
fn compartment(
    read: &dyn Read,
    kind: ResourceType,
    filters: &[Filter],
    within: Option<&FhirId>,
) -> Result<Option<Way>, RecordError> {
    let of = |patient: &FhirId| -> Result<Way, RecordError> {
        Ok(match find(read, ResourceType::Patient, patient)? {
            Some(patient) => Way::Compartment { patient, codes: codes(filters) },
            None => Way::Rows(BTreeSet::new()),
        })
    };
    let compartment = Definitions::r4().patient_compartment(kind);
    let named = filters.iter().any(|filter| matches!(filter, Filter::Ids(_)));
    if named || (compartment.is_empty() && kind != ResourceType::Patient) {
        return Ok(None);
    }
    // A Group may have more members than records in which it stands.
    for filter in filters.iter().filter(|_| kind != ResourceType::Group) {
        let Filter::Test { param, test: Test::Reference(any) } = filter else { continue };
        let [ReferenceTest::Target(ReferenceTarget::Local { kind: ResourceType::Patient, id })] = any.as_slice() else {
            continue;
        };
        if param.code == "patient" || compartment.contains(&param.code.as_str()) {
            return of(id).map(Some);
        }
    }
    within.map(of).transpose()
}

/// What one alternative of `code` asks of a compartment row: this hash, where the mask is set.
struct CodeTest {
    hash: u64,
    mask: u64,
}

impl CodeTest {
    const fn fits(&self, code: u64) -> bool {
        (code ^ self.hash) & self.mask == 0
    }
}

/// Whether one of the codes is asked for, where some are.
fn is_asked_for(asked: Option<&[CodeTest]>, mut codes: impl Iterator<Item = u64>) -> bool {
    asked.is_none_or(|asked| codes.any(|code| asked.iter().any(|test| test.fits(code))))
}

/// The alternatives of `code=system|code` and `code=code`, if that is how the codes are asked for.
fn codes(filters: &[Filter]) -> Option<Vec<CodeTest>> {
    filters.iter().find_map(|filter| match filter {
        Filter::Test { param, test: Test::Token { how: TokenMatch::Is, any } } if param.code == "code" => any
            .iter()
            .map(|token| match (&token.system, &token.code) {
                (SystemTest::Is(system), Some(code)) => {
                    Some(CodeTest { hash: code_hash(system, code), mask: u64::MAX })
                }
                (SystemTest::Any, Some(code)) => Some(CodeTest { hash: code_hash("", code), mask: ANY_SYSTEM }),
                _ => None,
            })
            .collect(),
        _ => None,
    })
}

/// A way that reads no more than a page needs, where no index has few rows.
fn walked(
    read: &dyn Read,
    kind: ResourceType,
    filters: &[Filter],
    order: Option<Order>,
    amount: Amount<'_>,
    visible: &mut Visible<'_>,
) -> Result<Option<Way>, RecordError> {
    // Ids and lists are few, and what other resources decide may be.
    if filters.iter().any(is_few_or_linked) {
        return Ok(None);
    }
    let completed = Completed::of(read)?;
    let parts: Vec<_> = filters.iter().filter_map(|filter| index_scan::parts(kind, filter, completed)).collect();
    let in_order = match amount {
        Amount::All => return Ok(None),
        Amount::Page => None,
        Amount::LastChanged => Some(None),
        Amount::Sorted(sorts) => Some(InOrder::of(sorts)),
    };
    let few = match (parts.len(), in_order) {
        // Nothing to be had but the whole type.
        (0, None) => return Ok(None),
        (_, None) if parts.len() == 1 || parts.iter().all(|parts| Points::are_all(parts)) => SOON,
        _ => PATIENT,
    };
    if let Some(rows) = shortest(read, kind, filters, few, visible)? {
        return Ok(Some(Way::Rows(rows)));
    }
    match in_order {
        Some(Some(order)) => return Ok(Some(Way::InOrder(order))),
        Some(None) => return Ok(None),
        None => {}
    }
    let mut points = Vec::new();
    for filter in filters {
        points.extend(Points::of(read, kind, filter, completed)?);
    }
    match (points.is_empty(), order) {
        (false, _) => Ok(Some(Way::Points(points))),
        (true, None) => Ok(Walk::of(kind, filters, completed).map(Way::Index)),
        // A page before this one came in the order of rows.
        (true, Some(_)) => Ok(None),
    }
}

fn is_few_or_linked(filter: &Filter) -> bool {
    match filter {
        Filter::Ids(_) | Filter::Special(Special::List(_)) | Filter::Chain { .. } | Filter::Has { .. } => true,
        Filter::Any(any) => any.iter().any(is_few_or_linked),
        _ => false,
    }
}

/// The smallest set that an index gives for one of the filters, if it is found within `most` rows.
fn shortest(
    read: &dyn Read,
    kind: ResourceType,
    filters: &[Filter],
    most: usize,
    visible: &mut Visible<'_>,
) -> Result<Option<BTreeSet<RowNumber>>, RecordError> {
    if let Some(Filter::Ids(ids)) = filters.iter().find(|filter| matches!(filter, Filter::Ids(_))) {
        let mut found = BTreeSet::new();
        for id in ids {
            found.extend(find(read, kind, id)?);
        }
        return Ok(Some(found));
    }
    let completed = Completed::of(read)?;
    let mut racers: Vec<(Stream<'_>, BTreeSet<RowNumber>)> = Vec::new();
    for filter in filters {
        if let Filter::Special(Special::List(ids)) = filter {
            let members = list_members(read, kind, ids, visible)?;
            racers.push((Box::new(members.into_iter().map(Ok)), BTreeSet::new()));
        } else if let Some(rows) = index_scan::rows(read, kind, filter, completed) {
            racers.push((rows, BTreeSet::new()));
        }
    }
    let mut read_each = 0;
    while !racers.is_empty() && read_each < most {
        for (rows, found) in &mut racers {
            for _ in 0..STRIDE {
                match rows.next() {
                    Some(number) => found.insert(number?),
                    None => return Ok(Some(std::mem::take(found))),
                };
            }
        }
        read_each += STRIDE;
    }
    Ok(None)
}

/// Whether a resource passes by itself.
fn is_held(
    links: &mut Links,
    read: &dyn Read,
    number: RowNumber,
    (kind, filter): (ResourceType, &Filter),
    visible: &mut Visible<'_>,
) -> Result<bool, RecordError> {
    match Opened::seen(read, number, kind, visible)? {
        Some(opened) => links.holds(read, &opened, filter, visible),
        None => Ok(false),
    }
}

/// Filters that other resources decide: the rows of `kind` that pass, if they are no more than `most`.
fn by_other_resources(
    read: &dyn Read,
    kind: ResourceType,
    filter: &Filter,
    most: usize,
    visible: &mut Visible<'_>,
) -> Result<Option<BTreeSet<RowNumber>>, RecordError> {
    let mut found = BTreeSet::new();
    match filter {
        Filter::Chain { .. } if kind == ResourceType::Bundle => return Ok(None),
        Filter::Chain { param, target, then } => {
            let mut links = Links::default();
            for number in all_matching(read, *target, std::slice::from_ref(then.as_ref()), visible)? {
                let Some(at) = Opened::seen(read, number, *target, visible)? else { continue };
                let named = at.named(&visible.own)?;
                for hash in named.hashes() {
                    for source in read.scan(&REFERENCE, KeyRange::prefix(&(param.id, hash)), Direction::Up)? {
                        let source = source?.0.2;
                        // An address alone says nothing of the version.
                        if named.is_by_id_alone() || is_held(&mut links, read, source, (kind, filter), visible)? {
                            found.insert(source);
                        }
                        if found.len() > most {
                            return Ok(None);
                        }
                    }
                }
            }
            for (looked, source) in
                read.scan(&REFERENCE, KeyRange::prefix(&(param.id, contained_hash())), Direction::Up)?.enumerate()
            {
                let number = source?.0.2;
                if looked > most {
                    return Ok(None);
                }
                if is_held(&mut links, read, number, (kind, filter), visible)? {
                    found.insert(number);
                }
            }
        }
        Filter::Has { source, param, then } => {
            for number in all_matching(read, *source, std::slice::from_ref(then.as_ref()), visible)? {
                let Some(opened) = Opened::seen(read, number, *source, visible)? else { continue };
                found.extend(rows_of(read, &visible.own, (*source, opened.value()?), param.id, kind)?);
            }
        }
        Filter::Any(any) if any.iter().any(|one| matches!(one, Filter::Chain { .. } | Filter::Has { .. })) => {
            for one in any {
                match one {
                    Filter::Chain { .. } | Filter::Has { .. } | Filter::Any(_) => {
                        let Some(set) = by_other_resources(read, kind, one, most, visible)? else { return Ok(None) };
                        found.extend(set);
                    }
                    plain => found.extend(all_matching(read, kind, std::slice::from_ref(plain), visible)?),
                }
            }
        }
        _ => return Ok(None),
    }
    Ok((found.len() <= most).then_some(found))
}
