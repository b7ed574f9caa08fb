//! Running a search: the narrowest index gives candidates, the resource itself decides.
//!
//! Candidates come in the order in which they are answered: a patient's compartment newest first, everything else newest
//! row first or as its index has it, or last changed first where no index helps. `_sort` keeps the first few of all that
//! pass, and stops where an index tells that no later one is among them. A page ends at a
//! place, not at a count, so that it stays right while others write. Who asks decides before anything is counted: a row
//! that the policy hides is never a candidate, and nothing is told of it by a chain, a total, an order or an include.

mod in_order;
mod index_scan;
mod links;
mod named;
#[cfg(test)]
mod naive_tests;
#[cfg(test)]
mod paging_tests;
mod place;
mod plan;
#[cfg(test)]
mod plan_tests;
mod points;
mod sets;
mod walk;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::error::RecordError;
use super::layout::REFERENCE;
use super::numbers::find;
use super::numbers::row;
use super::pace::{Pace, Paced};
use super::rows::{Row, RowNumber, State};
use super::values::KnownValues;
use crate::access::Cut;
use crate::base::FhirId;
use crate::fhir::bundle::OwnAddresses;
use crate::fhir::definitions::{ParamKind, SearchParam};
use crate::fhir::search::{
    self, Elements, Filter, Include, Query, ReferenceTarget, SearchValue, Sort, SortKey, SortOrder,
};
use crate::fhir::{Definitions, ResourceType};
use crate::store::{Direction, Key, KeyRange, Read, ReadExt};

use links::Links;
pub(super) use named::Named;
pub(super) use place::{Order, Place};
use plan::{Amount, Plan};

/// The most rows that one search may open.
const MOST_OPENED: usize = 200_000;
/// How many matches a page has unless asked.
pub(super) const PAGE: usize = 50;

/// Decides whether a row exists for who asks, and what of it: what is cut of it is not searched, sorted by or followed
/// either. With it goes the time that they have.
pub(super) struct Visible<'a> {
    sees: &'a mut Sees<'a>,
    pace: &'a Pace<'a>,
    /// Where this box answers, as the search says.
    own: OwnAddresses,
    /// What searches found before, where it may be used.
    known: Option<&'a KnownValues>,
}

/// What is cut of a row for who asks; `None` where it is not to be seen.
type Sees<'a> = dyn FnMut(&Row) -> Result<Option<Cut>, RecordError> + 'a;

impl<'a> Visible<'a> {
    pub(super) fn new(sees: &'a mut Sees<'a>, pace: &'a Pace<'a>) -> Self {
        Self { sees, pace, own: OwnAddresses::default(), known: None }
    }

    /// With what searches over snapshots found before.
    pub(super) fn knowing(self, known: Option<&'a KnownValues>) -> Self {
        Self { known, ..self }
    }

    fn sees(&mut self, row: &Row) -> Result<Option<Cut>, RecordError> {
        self.pace.look_into(row.json.len())?;
        (self.sees)(row)
    }
}

/// What a search found: one page.
pub(super) struct Found {
    pub matches: Vec<(RowNumber, Row)>,
    /// Where each match stands.
    pub places: Vec<Place>,
    /// How many match in all, if that was counted.
    pub total: Option<u64>,
    /// Behind what the next page begins.
    pub next: Option<Place>,
}

impl Found {
    pub(super) const fn nothing(total: Option<u64>) -> Self {
        Self { matches: Vec::new(), places: Vec::new(), total, next: None }
    }
}

/// Which page of a search is wanted.
pub(super) struct Wanted<'a> {
    /// The one patient whose rows these can be, if it is one.
    pub within: Option<&'a FhirId>,
    /// How many matches.
    pub size: usize,
    /// How many bytes of them, where there is more than one.
    pub bytes: usize,
    /// Behind what it begins.
    pub after: Option<&'a Place>,
    /// Whether the answer is one of several.
    pub among: Among,
}

/// Whether an answer stands by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Among {
    Itself,
    /// It is merged with others: its places are those of `_sort`, whatever way led to it.
    Others,
}

/// A row with its text read once, when first needed.
pub(super) struct Opened {
    number: RowNumber,
    row: Row,
    cut: Cut,
    elements: Elements,
    value: std::cell::OnceCell<Value>,
}

impl Opened {
    /// The row, if it stands as one of this type and who asks may see it.
    fn seen(
        read: &dyn Read,
        number: RowNumber,
        kind: ResourceType,
        visible: &mut Visible<'_>,
    ) -> Result<Option<Self>, RecordError> {
        Self::seen_in_part(read, number, kind, &Elements::ALL, visible)
    }

    /// The same for whoever asks for these elements only.
    fn seen_in_part(
        read: &dyn Read,
        number: RowNumber,
        kind: ResourceType,
        elements: &Elements,
        visible: &mut Visible<'_>,
    ) -> Result<Option<Self>, RecordError> {
        let row = row(read, number)?;
        if row.kind != kind || row.state != State::Live {
            return Ok(None);
        }
        Ok(visible.sees(&row)?.map(|cut| {
            // What is cut depends on the whole.
            let elements = if cut.is_empty() { elements.clone() } else { Elements::ALL };
            Self { number, row, cut, elements, value: std::cell::OnceCell::new() }
        }))
    }

    /// As references can name it.
    fn named(&self, own: &OwnAddresses) -> Result<Named<'_>, RecordError> {
        Named::of(self.row.kind, &self.row.id, own, || self.value().map(Cow::Borrowed))
    }

    /// What a parameter finds in the resource as who asks sees it.
    fn found(&self, param: u16, known: Option<&KnownValues>) -> Result<Arc<[SearchValue]>, RecordError> {
        let find = || Ok(search::extract_one(Definitions::r4(), self.row.kind, param, self.value()?));
        match known.filter(|_| self.cut.is_empty()) {
            Some(known) => known.of((self.number, &self.row, param), find),
            None => find().map(Into::into),
        }
    }

    /// The resource as who asks sees it, as far as it was asked for.
    fn value(&self) -> Result<&Value, RecordError> {
        if let Some(value) = self.value.get() {
            return Ok(value);
        }
        let mut value = self.elements.read(&self.row.json).map_err(|_| RecordError::Damaged)?;
        if !self.cut.is_empty() {
            self.cut.take_from(&mut value);
        }
        Ok(self.value.get_or_init(|| value))
    }
}

/// Whether all matches of `query` are counted.
pub(super) fn is_counted(query: &Query) -> bool {
    let asked = matches!(query.total, search::Total::Accurate | search::Total::Estimate);
    query.count == Some(0) || query.summary == Some(search::Summary::Count) || asked
}

/// Whether the order asked for is, for what has a date, that of a patient's compartment: its rows stand at the start of
/// the element that this parameter reads, or later where that has an open start.
fn goes_by_clinical_date(query: &Query) -> bool {
    use ResourceType as T;
    let dated = matches!(
        query.kind,
        T::Observation
            | T::DiagnosticReport
            | T::Encounter
            | T::Procedure
            | T::Immunization
            | T::DocumentReference
            | T::Appointment
    );
    dated
        && query.sort.first().is_some_and(|sort| {
            sort.order == SortOrder::Descending && matches!(&sort.by, SortKey::Param(param) if param.code == "date")
        })
}

/// Runs `query` for the house itself, from which nothing is hidden.
pub(super) fn run_unseen(read: &dyn Read, query: &Query, wanted: &Wanted<'_>) -> Result<Found, RecordError> {
    run(read, query, wanted, &mut Visible::new(&mut |_| Ok(Some(Cut::default())), &Pace::unbounded()))
}

/// Runs `query` and returns one page of it.
pub(super) fn run(
    read: &dyn Read,
    query: &Query,
    wanted: &Wanted<'_>,
    visible: &mut Visible<'_>,
) -> Result<Found, RecordError> {
    let pace = visible.pace;
    visible.own.clone_from(&query.own);
    run_paced(&Paced { read, pace }, query, wanted, visible).map_err(|error| pace.error(error))
}

fn run_paced(
    read: &dyn Read,
    query: &Query,
    wanted: &Wanted<'_>,
    visible: &mut Visible<'_>,
) -> Result<Found, RecordError> {
    let (pace, known) = (visible.pace, visible.known);
    let filters = sets::listed(read, &query.filters, visible)?;
    let size = if query.summary == Some(search::Summary::Count) { 0 } else { wanted.size };
    let must_count = size == 0 || is_counted(query);
    let by_update = wanted.among == Among::Itself
        && matches!(query.sort.as_slice(), [Sort { by: SortKey::LastUpdated, order: SortOrder::Descending }]);
    let amount = match query.sort.as_slice() {
        _ if must_count => Amount::All,
        [] => Amount::Page,
        _ if by_update => Amount::LastChanged,
        sorts => Amount::Sorted(sorts),
    };
    let order = wanted.after.map(Place::order);
    let plan = Plan::of(read, query.kind, &filters, wanted.within, order, amount, visible)?;
    let natural = match query.sort.as_slice() {
        [] => true,
        _ if by_update => plan.order() == Order::Updated,
        _ => false,
    };
    let natural = natural && order.is_none_or(|order| order == plan.order());
    if order.is_some_and(|order| order != if natural { plan.order() } else { Order::Sorted }) {
        return Err(RecordError::BadCursor);
    }
    let elements = Elements::asked_of(query.kind, &filters, &query.sort);
    let mut search =
        Search { read, kind: query.kind, filters: &filters, elements, plan: &plan, links: Links::default(), visible };
    let mut page = Page { size, most: wanted.bytes, rows: BTreeMap::new(), bytes: 0, end: None, more: false, total: 0 };
    let stops = !must_count && !natural && goes_by_clinical_date(query) && plan.order() == Order::Compartment;
    let mut counted = must_count || !natural;
    let start = wanted.after.filter(|_| !counted || plan.is_in_order());
    let mut met = BTreeSet::new();
    // What is only counted is not opened.
    let opens = !(filters.is_empty() && size == 0);
    for (opened, candidate) in plan.candidates(read, query.kind, &filters, start)?.enumerate() {
        if opens && opened >= MOST_OPENED {
            return Err(RecordError::TooWide);
        }
        let (place, number) = candidate?;
        // From the beginning on, what came before is known.
        if plan.repeats() && wanted.after.is_none() && !met.insert(number) {
            continue;
        }
        let bound = match (plan.is_in_order() && !must_count, stops) {
            (true, _) => Some(place.clone()),
            (false, true) => place.before_its_date(),
            (false, false) => None,
        };
        if page.is_before(bound.as_ref()) {
            counted = false;
            break;
        }
        let is_behind = |place: &Place| !natural || wanted.after.is_none_or(|after| after < place);
        if !counted && !is_behind(&place) {
            continue;
        }
        let Some(opened) = search.accept(number)? else { continue };
        // On a later page the resource itself tells whether it came before.
        if plan.repeats() && wanted.after.is_some() && plan.first_place(&filters, &opened)? != Some(place.clone()) {
            continue;
        }
        page.total += 1;
        if page.size == 0 || !is_behind(&place) {
            continue;
        }
        if natural {
            if !page.add(place, number, opened.row) && !counted {
                break;
            }
            continue;
        }
        let place = sorted(&query.sort, &opened, (pace, known))?;
        if wanted.after.is_none_or(|after| *after < place) {
            page.keep(place, number, opened.row);
        }
    }
    Ok(page.found(counted && !plan.is_in_order()))
}

/// The page that is being gathered, in the answer's order.
struct Page {
    size: usize,
    /// The most bytes.
    most: usize,
    rows: BTreeMap<Place, (RowNumber, Row)>,
    bytes: usize,
    /// Where it ends at the latest: the first of those that had no room.
    end: Option<Place>,
    more: bool,
    total: u64,
}

impl Page {
    /// Adds the row that comes next, if there is room for it and for all before it.
    fn add(&mut self, place: Place, number: RowNumber, row: Row) -> bool {
        let fits = self.rows.is_empty() || self.bytes.saturating_add(row.json.len()) <= self.most;
        if self.more || self.rows.len() >= self.size || !fits {
            self.more = true;
            return false;
        }
        self.bytes += row.json.len();
        self.rows.insert(place, (number, row));
        true
    }

    /// Keeps a row if it is among the first; what comes later is only counted.
    fn keep(&mut self, place: Place, number: RowNumber, row: Row) {
        // Behind one that had no room there is none: the next page begins there.
        if self.end.as_ref().is_some_and(|end| *end <= place) {
            return;
        }
        self.bytes += row.json.len();
        self.rows.insert(place, (number, row));
        while self.rows.len() > self.size || (self.rows.len() > 1 && self.bytes > self.most) {
            let Some((place, (_, last))) = self.rows.pop_last() else { break };
            self.bytes = self.bytes.saturating_sub(last.json.len());
            (self.end, self.more) = (Some(place), true);
        }
    }

    /// Whether it is full, there is more, and all of it stands before `bound`.
    fn is_before(&self, bound: Option<&Place>) -> bool {
        let last = self.rows.last_key_value().filter(|_| self.more);
        matches!((last, bound), (Some((last, _)), Some(bound)) if last < bound)
    }

    fn found(self, counted: bool) -> Found {
        let next = self.rows.last_key_value().filter(|_| self.more).map(|(place, _)| place.clone());
        let (places, matches) = self.rows.into_iter().unzip();
        Found { matches, places, total: counted.then_some(self.total), next }
    }
}

/// Every row that passes, for chains and conditional references.
pub(super) fn all_matching(
    read: &dyn Read,
    kind: ResourceType,
    filters: &[Filter],
    visible: &mut Visible<'_>,
) -> Result<BTreeSet<RowNumber>, RecordError> {
    let plan = Plan::of(read, kind, filters, None, None, Amount::All, visible)?;
    let elements = Elements::asked_of(kind, filters, &[]);
    let mut search = Search { read, kind, filters, elements, plan: &plan, links: Links::default(), visible };
    let mut found = BTreeSet::new();
    for (opened, candidate) in plan.candidates(read, kind, filters, None)?.enumerate() {
        let (_, number) = candidate?;
        if opened >= MOST_OPENED {
            return Err(RecordError::TooWide);
        }
        if search.accept(number)?.is_some() {
            found.insert(number);
        }
    }
    Ok(found)
}

/// A search at work.
struct Search<'a, 'v, 'w> {
    read: &'a dyn Read,
    kind: ResourceType,
    filters: &'a [Filter],
    /// What they ask of a candidate, and what it is sorted by.
    elements: Elements,
    plan: &'a Plan,
    links: Links,
    visible: &'v mut Visible<'w>,
}

impl Search<'_, '_, '_> {
    /// The row, if it is there, may be seen, and passes every filter.
    fn accept(&mut self, number: RowNumber) -> Result<Option<Opened>, RecordError> {
        let opened = Opened::seen_in_part(self.read, number, self.kind, &self.elements, self.visible)?;
        let Some(opened) = opened else { return Ok(None) };
        for (at, filter) in self.filters.iter().enumerate() {
            let passed = match self.plan.decided(at, filter, &opened) {
                Some(decided) => decided,
                None => self.links.holds(self.read, &opened, filter, self.visible)?,
            };
            if !passed {
                return Ok(None);
            }
        }
        Ok(Some(opened))
    }
}

/// The rows of `kind` that one of these lists names, if the list may be seen. What a list marks as deleted is not in it.
fn list_members(
    read: &dyn Read,
    kind: ResourceType,
    lists: &[FhirId],
    visible: &mut Visible<'_>,
) -> Result<BTreeSet<RowNumber>, RecordError> {
    let mut members = BTreeSet::new();
    for list in lists {
        let Some(number) = find(read, ResourceType::List, list)? else { continue };
        let Some(list) = Opened::seen(read, number, ResourceType::List, visible)? else { continue };
        let entries = list.value()?.get("entry").and_then(Value::as_array).into_iter().flatten();
        let kept = entries.filter(|entry| entry.get("deleted").and_then(Value::as_bool) != Some(true));
        for reference in kept.filter_map(|entry| entry.get("item")?.get("reference")?.as_str()) {
            if let Some(item) = super::prepared::local_reference(reference)
                && item.type_name() == kind.name()
            {
                members.extend(find(read, kind, &item.id())?);
            }
        }
    }
    Ok(members)
}

/// The rows that one include leads to from one resource, as it is handed out: what is cut of it leads nowhere.
pub(super) fn forward(
    read: &dyn Read,
    include: &Include,
    own: &OwnAddresses,
    kind: ResourceType,
    seen: &Value,
) -> Result<Vec<RowNumber>, RecordError> {
    let mut found = Vec::new();
    for param in forward_params(include, kind) {
        let may_be = |kind| include.target.is_none_or(|target| target == kind) && param.targets.contains(kind);
        for target in named::references(kind, seen, param.id) {
            found.extend(named::led_to(read, &target, own, &may_be)?);
        }
    }
    Ok(found)
}

/// The reference parameters that an include reads of a type: one, or all of it.
fn forward_params(include: &Include, kind: ResourceType) -> impl Iterator<Item = &'static SearchParam> {
    let r4 = Definitions::r4();
    let is_asked = include.source.is_none_or(|source| source == kind);
    let named = include.param.as_ref().map(|param| param.id);
    let of_type = r4.search_params(kind).iter().filter(|param| param.kind == ParamKind::Reference);
    let one = named.and_then(|id| r4.search_param_by_id(id));
    one.into_iter().chain(of_type.filter(move |_| named.is_none())).filter(move |_| is_asked)
}

/// The rows whose references may lead to a resource by a reverse include: to be made sure of by [`points_at`].
pub(super) fn reverse(read: &dyn Read, include: &Include, at: &Named<'_>) -> Result<BTreeSet<RowNumber>, RecordError> {
    let mut found = BTreeSet::new();
    if include.target.is_some_and(|target| target != at.kind()) {
        return Ok(found);
    }
    let hashes: Vec<u64> = at.hashes().collect();
    for param in reverse_params(include, at.kind()) {
        for hash in &hashes {
            for source in read.scan(&REFERENCE, KeyRange::prefix(&(param, *hash)), Direction::Up)? {
                found.insert(source?.0.2);
            }
        }
    }
    Ok(found)
}

/// Whether a resource, as it is handed out, has a reference of a reverse include to this one.
pub(super) fn points_at(include: &Include, source: ResourceType, seen: &Value, at: &Named<'_>) -> bool {
    let mut targets = forward_params(include, source).flat_map(|param| named::references(source, seen, param.id));
    targets.any(|target| at.is(&target))
}

/// The reference parameters that a reverse include reads: one, all of a type, or all that can lead to `kind`.
fn reverse_params(include: &Include, kind: ResourceType) -> Vec<u16> {
    match (&include.param, include.source) {
        (Some(param), _) => vec![param.id],
        (None, Some(source)) => reverse_params_of(source, kind).collect(),
        (None, None) => leading_to(kind).collect(),
    }
}

/// The numbers of all reference parameters that can lead to a resource of this type.
pub(super) fn leading_to(kind: ResourceType) -> impl Iterator<Item = u16> {
    let of = move |source: &ResourceType| reverse_params_of(*source, kind);
    ResourceType::ALL.iter().flat_map(of)
}

fn reverse_params_of(source: ResourceType, kind: ResourceType) -> impl Iterator<Item = u16> {
    let params = Definitions::r4().search_params(source).iter();
    params.filter(move |param| param.kind == ParamKind::Reference && param.targets.contains(kind)).map(|param| param.id)
}

/// A resource's place by these sorts.
fn sorted(
    sorts: &[Sort],
    opened: &Opened,
    (pace, known): (&Pace<'_>, Option<&KnownValues>),
) -> Result<Place, RecordError> {
    let mut keys = Vec::with_capacity(sorts.len());
    for sort in sorts {
        pace.go_through(opened.row.json.len())?;
        keys.push((sort_key(opened, sort, known)?, sort.order == SortOrder::Descending));
    }
    Ok(Place::sorted(keys.into_iter(), opened.number))
}

/// The bytes that one sort goes by: the least value going up, the greatest going down.
fn sort_key(opened: &Opened, sort: &Sort, known: Option<&KnownValues>) -> Result<Option<Vec<u8>>, RecordError> {
    let row = &opened.row;
    let param = match &sort.by {
        SortKey::Id => return Ok(Some(row.id.as_str().as_bytes().to_vec())),
        SortKey::LastUpdated => return Ok(Some((row.updated.as_millisecond(),).to_bytes())),
        SortKey::Param(param) => param.id,
    };
    let values = opened.found(param, known)?;
    let keys = values.iter().filter_map(|value| match value {
        SearchValue::Text(text) => Some(text.folded.clone().into_bytes()),
        SearchValue::Token { code, .. } if !code.is_empty() => Some(code.clone().into_bytes()),
        // By its start either way, as a patient's compartment is.
        SearchValue::Date(range) => Some((range.start,).to_bytes()),
        SearchValue::Number(number) => Some((search::sortable(*number),).to_bytes()),
        SearchValue::Quantity(quantity) => {
            let low = quantity.canonical.as_ref().map_or(quantity.low, |canonical| canonical.low);
            Some((search::sortable(low),).to_bytes())
        }
        SearchValue::Uri(uri) => Some(uri.clone().into_bytes()),
        SearchValue::Reference(ReferenceTarget::Local { kind, id }) => Some(format!("{kind}/{id}").into_bytes()),
        _ => None,
    });
    Ok(match sort.order {
        SortOrder::Ascending => keys.min(),
        SortOrder::Descending => keys.max(),
    })
}
