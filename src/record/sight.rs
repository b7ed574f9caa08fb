//! What one actor may see of the record, asked once per type for a request: the filter of searches, and of the
//! conditions that a change depends on.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::beside;
use super::error::RecordError;
use super::facts::{RecordFacts, Setting};
use super::kept::Known;
use super::reading::targets;
use super::rows::{Row, RowNumber};
use crate::access::{Actor, Cut, Denied, Scope, authorize_search};
use crate::base::{FhirId, Timestamp};
use crate::fhir::ResourceType;
use crate::fhir::search::{Filter, Query, SortKey, Special};
use crate::store::Read;

pub(super) struct Sight<'a> {
    pub(super) actor: &'a Actor,
    pub(super) setting: &'a Setting,
    pub(super) now: Timestamp,
    names: BTreeMap<RowNumber, FhirId>,
    scopes: BTreeMap<ResourceType, Arc<Scope>>,
    pub(super) known: Known<'a>,
}

impl<'a> Sight<'a> {
    pub(super) fn new(actor: &'a Actor, setting: &'a Setting, now: Timestamp, known: Known<'a>) -> Self {
        Self { actor, setting, now, names: BTreeMap::new(), scopes: BTreeMap::new(), known }
    }

    /// The scope of one type.
    pub(super) fn scope(&mut self, read: &dyn Read, kind: ResourceType) -> Result<Arc<Scope>, Denied> {
        if let Some(scope) = self.scopes.get(&kind) {
            return Ok(scope.clone());
        }
        let facts = RecordFacts { read, setting: self.setting, known: self.known };
        let scope = Arc::new(authorize_search(self.actor, kind, &facts, self.now)?);
        self.scopes.insert(kind, scope.clone());
        Ok(scope)
    }

    pub(super) fn may_see(&mut self, read: &dyn Read, row: &Row) -> Result<bool, RecordError> {
        Ok(self.seen(read, row, |_, _| Ok(()))?.is_some())
    }

    /// What is cut of a row for this actor; `None` where it is not to be seen at all.
    pub(super) fn sees(&mut self, read: &dyn Read, row: &Row) -> Result<Option<Cut>, RecordError> {
        self.seen(read, row, |scope, patient| cut(read, scope, patient, row))
    }

    /// What becomes of a row by the scope and as whose it is seen; `None` where it is not to be seen at all.
    fn seen<T>(
        &mut self,
        read: &dyn Read,
        row: &Row,
        then: impl FnOnce(&Scope, Option<&FhirId>) -> Result<T, RecordError>,
    ) -> Result<Option<T>, RecordError> {
        let scope = match self.scope(read, row.kind) {
            Ok(scope) => scope,
            // A type that one may not search is, in a chain or an include, as if it were empty.
            Err(Denied::NeverForRole | Denied::NotVisible) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let patients = self.patients_of(read, row)?;
        let seen = targets(&patients).find(|patient| scope.shows(Some(&row.id), *patient, row.sensitivity));
        seen.map(|patient| then(&scope, patient)).transpose()
    }

    pub(super) fn cut_of(&mut self, read: &dyn Read, row: &Row) -> Result<Cut, RecordError> {
        let scope = self.scope(read, row.kind)?;
        let patients = self.patients_of(read, row)?;
        let seen = targets(&patients).find(|patient| scope.shows(Some(&row.id), *patient, row.sensitivity));
        cut(read, &scope, seen.flatten(), row)
    }

    /// The ids of the patients whose compartments hold a row.
    pub(super) fn patients_of(&mut self, read: &dyn Read, row: &Row) -> Result<Vec<FhirId>, RecordError> {
        if row.kind == ResourceType::Patient {
            return Ok(vec![row.id.clone()]);
        }
        self.names(read, &row.patients)
    }

    pub(super) fn names(&mut self, read: &dyn Read, numbers: &[RowNumber]) -> Result<Vec<FhirId>, RecordError> {
        let mut patients = Vec::with_capacity(numbers.len());
        for number in numbers {
            let name = match self.names.get(number) {
                Some(name) => name.clone(),
                None => {
                    let name = super::numbers::row(read, *number)?.id;
                    self.names.insert(*number, name.clone());
                    name
                }
            };
            patients.push(name);
        }
        Ok(patients)
    }

    /// Refuses a condition that leads through a type that the actor may not search: that it finds nothing there is not that there
    /// is nothing, and what a change makes in the place of it would be made again and again.
    ///
    /// A chain that is sent without its type goes through one of those that it can have.
    pub(super) fn must_search_all_of(&mut self, read: &dyn Read, query: &Query) -> Result<(), Denied> {
        query.filters.iter().try_for_each(|filter| self.must_search(read, filter))
    }

    fn must_search(&mut self, read: &dyn Read, filter: &Filter) -> Result<(), Denied> {
        match filter {
            Filter::Any(ways) => {
                let mut denied = None;
                for way in ways {
                    match self.must_search(read, way) {
                        Ok(()) => return Ok(()),
                        Err(no) => denied = denied.or(Some(no)),
                    }
                }
                denied.map_or(Ok(()), Err)
            }
            _ => chained_codes(filter).into_iter().try_for_each(|(kind, _)| self.scope(read, kind).map(drop)),
        }
    }

    /// Filtering or sorting by what is cut would tell it.
    pub(super) fn refuse_hidden(&mut self, read: &dyn Read, query: &Query) -> Result<(), RecordError> {
        let scope = self.scope(read, query.kind)?;
        let sorts = query.sort.iter().filter_map(|sort| match &sort.by {
            SortKey::Param(param) => Some(param.code.as_str()),
            _ => None,
        });
        for code in query.filters.iter().flat_map(own_codes).chain(sorts) {
            if scope.hides_parameter(code) {
                return Err(hidden(query.kind, code));
            }
        }
        for (kind, codes) in query.filters.iter().flat_map(chained_codes) {
            let scope = match self.scope(read, kind) {
                Ok(scope) => scope,
                // As if it were empty: nothing of it is looked at.
                Err(Denied::NeverForRole | Denied::NotVisible) => continue,
                Err(error) => return Err(error.into()),
            };
            if let Some(code) = codes.iter().find(|code| scope.hides_parameter(code)) {
                return Err(hidden(kind, code));
            }
        }
        Ok(())
    }
}

/// What is cut of a row that is seen as this patient's.
pub(super) fn cut(read: &dyn Read, scope: &Scope, patient: Option<&FhirId>, row: &Row) -> Result<Cut, RecordError> {
    beside::to_look_at(read, scope.cut(patient, row.sensitivity), row)
}

/// Said of the account, not of any resource: what is cut is cut of all of a type.
fn hidden(kind: ResourceType, code: &str) -> RecordError {
    let what =
        format!("“{code}” of {kind}, of which your account sees a part; leave it out, or name other types (_type)");
    RecordError::UnsupportedSearch(what)
}

fn own_codes(filter: &Filter) -> Vec<&str> {
    match filter {
        Filter::Test { param, .. }
        | Filter::Missing { param, .. }
        | Filter::InSets { param, .. }
        | Filter::Chain { param, .. } => vec![&param.code],
        Filter::Any(any) => any.iter().flat_map(own_codes).collect(),
        Filter::Special(Special::List(_)) => vec![],
        Filter::Special(Special::Near { param, .. }) => vec![&param.code],
        Filter::Special(Special::Content(_)) => vec!["_content"],
        Filter::Special(_) => vec!["_text"],
        _ => vec![],
    }
}

fn chained_codes(filter: &Filter) -> Vec<(ResourceType, Vec<String>)> {
    let inner = |kind: ResourceType, then: &Filter| {
        let mut all = chained_codes(then);
        all.push((kind, own_codes(then).into_iter().map(str::to_owned).collect()));
        all
    };
    match filter {
        Filter::Chain { target, then, .. } => inner(*target, then),
        Filter::Has { source, param, then } => {
            let mut all = inner(*source, then);
            all.push((*source, vec![param.code.clone()]));
            all
        }
        Filter::Any(any) => any.iter().flat_map(chained_codes).collect(),
        Filter::Special(Special::List(_)) => vec![(ResourceType::List, vec![])],
        _ => vec![],
    }
}
