//! Which index leads into a search, and what of its filters is decided before a resource is opened.

use std::collections::BTreeSet;
use std::ops::Bound;

use super::cursor::Place;
use super::index_scan;
use super::{RecordError, Visible, all_matching};
use crate::base::FhirId;
use crate::fhir::search::{
    Filter, Query, ReferenceTarget, ReferenceTest, Special, SystemTest, Test, TokenMatch, TokenTest,
};
use crate::fhir::{Definitions, ResourceType};
use crate::record::index::{code_hash, local_hash};
use crate::record::layout::{COMPARTMENT, Currency, HISTORY, REFERENCE};
use crate::record::numbers::{find, row};
use crate::record::rows::{Row, RowNumber};
use crate::store::{Direction, Key, KeyRange, Read, ReadExt};

/// A candidate and its place in the answer's order.
pub(super) type Candidates<'a> = Box<dyn Iterator<Item = Result<(Place, RowNumber), RecordError>> + 'a>;

pub(super) struct Plan {
    way: Way,
    /// For each filter that needs other resources: the rows that pass.
    sets: Vec<(usize, BTreeSet<RowNumber>)>,
}

enum Way {
    /// Everything of the type, last changed first.
    Type,
    /// What a patient's compartment holds of the type, clinically newest first.
    Compartment { patient: RowNumber, codes: Option<Vec<u64>> },
    /// A set from an index, newest row first.
    Rows(BTreeSet<RowNumber>),
}

impl Plan {
    pub(super) fn of(
        read: &dyn Read,
        query: &Query,
        within: Option<&FhirId>,
        visible: &mut Visible<'_>,
    ) -> Result<Self, RecordError> {
        Self::of_filters(read, query.kind, &query.filters, within, visible)
    }

    pub(super) fn of_filters(
        read: &dyn Read,
        kind: ResourceType,
        filters: &[Filter],
        within: Option<&FhirId>,
        visible: &mut Visible<'_>,
    ) -> Result<Self, RecordError> {
        let mut sets = Vec::new();
        for (at, filter) in filters.iter().enumerate() {
            if let Some(set) = by_other_resources(read, kind, filter, visible)? {
                sets.push((at, set));
            }
        }
        let way = match compartment(read, kind, filters, within)? {
            Some(way) => way,
            None => match narrowest(read, kind, filters, &sets)? {
                Some(rows) => Way::Rows(rows),
                None => Way::Type,
            },
        };
        Ok(Self { way, sets })
    }

    /// What is known of a filter without opening the resource.
    pub(super) fn decided(&self, at: usize, filter: &Filter, row: &Row, number: RowNumber) -> Option<bool> {
        match filter {
            Filter::Ids(ids) => Some(ids.contains(&row.id)),
            _ => self.sets.iter().find(|(of, _)| *of == at).map(|(_, set)| set.contains(&number)),
        }
    }

    /// Candidates in the answer's order, from behind `after` where the order allows to begin there.
    pub(super) fn candidates<'a>(
        &'a self,
        read: &'a dyn Read,
        kind: ResourceType,
        after: Option<&Place>,
    ) -> Result<Candidates<'a>, RecordError> {
        match &self.way {
            Way::Rows(rows) => Ok(Box::new(rows.iter().rev().map(|number| Ok((Place::of_row(*number), *number))))),
            Way::Compartment { patient, codes } => {
                let head = (*patient, kind.number());
                let rows = read.scan(&COMPARTMENT, from(&head, after), Direction::Up)?;
                Ok(Box::new(rows.filter_map(move |found| {
                    let ((_, _, date, number), tag) = match found {
                        Ok(found) => found,
                        Err(error) => return Some(Err(error.into())),
                    };
                    let fits =
                        codes.as_ref().is_none_or(|codes| tag.more || codes.iter().any(|c| tag.codes.contains(c)));
                    fits.then(|| Ok((Place::of_bytes((date, number).to_bytes()), number)))
                })))
            }
            Way::Type => {
                let rows = read.scan(&HISTORY, from(&(kind.number(),), after), Direction::Up)?;
                Ok(Box::new(rows.filter_map(|found| {
                    match found {
                        Ok(((_, updated, number, version), tag)) => (tag.current == Currency::Current)
                            .then(|| Ok((Place::of_bytes((updated, number, version).to_bytes()), number))),
                        Err(error) => Some(Err(error.into())),
                    }
                })))
            }
        }
    }
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

/// Names what cannot run, for the refusal.
pub(super) fn unsupported(filter: &Filter) -> Option<&'static str> {
    match filter {
        Filter::Special(special) => Some(match special {
            Special::Narrative(_) | Special::Content(_) => return None,
            Special::List(_) => "_list",
            Special::Expression(_) => "_filter",
            Special::Named(_) => "_query",
            Special::Near { .. } => "near",
        }),
        Filter::Test { test: Test::Token { how, .. }, .. } => match how {
            TokenMatch::Is | TokenMatch::Not => None,
            TokenMatch::In | TokenMatch::NotIn => Some(":in and :not-in"),
            TokenMatch::Below | TokenMatch::Above => Some(":below and :above of codes"),
        },
        Filter::Chain { then, .. } | Filter::Has { then, .. } => unsupported(then),
        Filter::Any(any) => any.iter().find_map(unsupported),
        _ => None,
    }
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
    if compartment.is_empty() && kind != ResourceType::Patient {
        return Ok(None);
    }
    for filter in filters {
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

/// The hashes of `code=system|code` alternatives, if that is how the codes are asked for.
fn codes(filters: &[Filter]) -> Option<Vec<u64>> {
    filters.iter().find_map(|filter| match filter {
        Filter::Test { param, test: Test::Token { how: TokenMatch::Is, any } } if param.code == "code" => any
            .iter()
            .map(|token| match token {
                TokenTest { system: SystemTest::Is(system), code: Some(code) } => Some(code_hash(system, code)),
                _ => None,
            })
            .collect(),
        _ => None,
    })
}

/// The smallest set that an index gives for one of the filters.
fn narrowest(
    read: &dyn Read,
    kind: ResourceType,
    filters: &[Filter],
    sets: &[(usize, BTreeSet<RowNumber>)],
) -> Result<Option<BTreeSet<RowNumber>>, RecordError> {
    let mut best: Option<BTreeSet<RowNumber>> = sets.iter().map(|(_, set)| set).min_by_key(|set| set.len()).cloned();
    for filter in filters {
        let most = best.as_ref().map_or(index_scan::MOST, BTreeSet::len);
        if most == 0 {
            break;
        }
        if let Some(set) = index_scan::rows(read, kind, filter, most)? {
            best = Some(set);
        }
    }
    Ok(best)
}

/// Filters that other resources decide: the rows of `kind` that pass.
fn by_other_resources(
    read: &dyn Read,
    kind: ResourceType,
    filter: &Filter,
    visible: &mut Visible<'_>,
) -> Result<Option<BTreeSet<RowNumber>>, RecordError> {
    match filter {
        Filter::Chain { param, target, then } => {
            let targets = all_matching(read, *target, std::slice::from_ref(then.as_ref()), visible)?;
            let mut found = BTreeSet::new();
            for number in targets {
                let hash = local_hash(*target, row(read, number)?.id.as_str());
                for source in read.scan(&REFERENCE, KeyRange::prefix(&(param.id, hash)), Direction::Up)? {
                    found.insert(source?.0.2);
                }
            }
            Ok(Some(found))
        }
        Filter::Has { source, param, then } => {
            let sources = all_matching(read, *source, std::slice::from_ref(then.as_ref()), visible)?;
            let mut found = BTreeSet::new();
            for number in sources {
                let value = serde_json::from_slice(&row(read, number)?.json).map_err(|_| RecordError::Damaged)?;
                for id in targets_of(*source, &value, param.id, kind) {
                    found.extend(find(read, kind, &id)?);
                }
            }
            Ok(Some(found))
        }
        Filter::Any(any) => {
            let mut found = BTreeSet::new();
            for one in any {
                match by_other_resources(read, kind, one, visible)? {
                    Some(set) => found.extend(set),
                    None => found.extend(all_matching(read, kind, std::slice::from_ref(one), visible)?),
                }
            }
            Ok(Some(found))
        }
        _ => Ok(None),
    }
}

/// The ids of `kind` that a resource's reference parameter points at.
pub(super) fn targets_of(
    source: ResourceType,
    value: &serde_json::Value,
    param: u16,
    kind: ResourceType,
) -> Vec<FhirId> {
    use crate::fhir::search::{SearchValue, extract};
    extract(Definitions::r4(), source, value)
        .into_iter()
        .filter(|found| found.param == param)
        .filter_map(|found| match found.value {
            SearchValue::Reference(ReferenceTarget::Local { kind: target, id }) if target == kind => Some(id),
            _ => None,
        })
        .collect()
}
