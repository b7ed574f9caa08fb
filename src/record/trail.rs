//! `AuditEvent`: the access log as FHIR has it, read and searched like everything else, and made by the box alone.
//!
//! Nothing is stored for it: an entry of the chain is put into its form when it is asked for. Its id is the entry's
//! sequence, its one version is 1. Whoever answers for the log sees it all; patients, and who acts for them, see what
//! concerns them, without what was typed and from where, without the names of strangers, and without what they may not see: an
//! entry that is about nothing else is not there for them. To another program, which may read the whole log, such an entry names it not. Asking is itself
//! an entry.

use std::collections::BTreeSet;

use serde_json::Value;

use super::disclosure::Undisclosed;
use super::error::RecordError;
use super::pace::Pace;
use super::reading::Reading;
use super::strangers::Strangers;
use super::trail_event::{Sight, Unnamed, audit_event};
use super::withheld::Withheld;
use super::{Page, Stored};
use crate::access::{Scope, Sensitivity};
use crate::audit::{self, Filter as LogFilter, Line, TouchKind, Touched};
use crate::base::{FhirId, ResourceRef, Timestamp};
use crate::fhir::ResourceType;
use crate::fhir::search::{
    DateTest, Filter, Prefix, Query, ReferenceTarget, ReferenceTest, SortKey, SortOrder, Summary, Test, Total,
};

/// The most entries that one page goes through unless all are counted. A page that comes to its end may be short, and says where to go on. Tests have
/// short logs.
const MOST_LOOKED_THROUGH: usize = if cfg!(test) { 1_000 } else { 20_000 };
/// The most resources of an entry that stand in it; the rest is counted.
const MOST_RESOURCES: usize = 200;

impl Reading<'_> {
    /// One entry of the log.
    pub fn trail_entry(&mut self, id: &FhirId) -> Result<Undisclosed<Stored>, RecordError> {
        let scope = self.scope(ResourceType::AuditEvent)?;
        let sequence = id.as_str().parse().ok().filter(|sequence: &u64| sequence.to_string() == id.as_str());
        let line = sequence.map(|sequence| audit::line(&self.read, sequence)).transpose()?.flatten();
        let mut handed = Vec::new();
        match line.map(|line| self.shown(&scope, line, &mut handed)).transpose()?.flatten() {
            Some((stored, _)) => Ok(self.covered(stored, handed)),
            None => Err(RecordError::NotFound),
        }
    }

    /// One page of a search of the log, newest first.
    pub fn trail(&mut self, query: &Query) -> Result<Undisclosed<Page>, RecordError> {
        let scope = self.scope(ResourceType::AuditEvent)?;
        refuse_what_cannot_run(query)?;
        let of = format!("AuditEvent {}", query.identity());
        let before = match &query.cursor {
            None => None,
            Some(marker) => {
                let place = self.paging.read(self.read, self.sight.actor, &of, marker)?;
                let place = <[u8; 8]>::try_from(place.as_slice()).map_err(|_| RecordError::BadCursor)?;
                Some(u64::from_be_bytes(place))
            }
        };
        let counts = query.count == Some(0) || query.summary == Some(Summary::Count);
        let counted = counts || matches!(query.total, Total::Accurate | Total::Estimate);
        let size = if counts { 0 } else { self.page_size(query) };
        let named = named_patient(query);
        let patient = scope.patient().cloned().or_else(|| named.clone());
        let mut handed = Vec::new();
        let mut page = Page { matches: vec![], included: vec![], total: None, next: None };
        // A later page begins where the one before ended, unless all are counted.
        let before_seq = before.filter(|_| !counted);
        let mut filter = LogFilter { patient: patient.clone(), before_seq, ..window(query) };
        let (mut total, mut looked, mut last, mut more, mut bytes) = (0_u64, 0, None, false, 0_usize);
        // Whoever sees the log of one patient alone finds in another's compartment nothing.
        let elsewhere = named.is_some() && named != patient;
        'pages: loop {
            if elsewhere {
                break;
            }
            let found = audit::entries(&self.read, &filter, 500)?;
            for line in found.lines {
                self.go_on()?;
                let sequence = line.entry.sequence();
                looked += 1;
                let behind = before.is_none_or(|before| sequence < before);
                if !behind && !counted {
                    continue;
                }
                let mut own = Vec::new();
                let Some((stored, value)) = self.shown(&scope, line, &mut own)? else { continue };
                if !passes(query, &value, &self.pace)? {
                    continue;
                }
                total += 1;
                if counts || !behind {
                    continue;
                }
                // One that is there goes in, however large.
                let fits = page.matches.is_empty() || bytes + stored.json.len() <= self.limits.page_bytes;
                if page.matches.len() < size && fits && !more {
                    bytes += stored.json.len();
                    self.give(&stored.json)?;
                    page.matches.push(stored);
                    own.into_iter().for_each(|one| hand(one, &mut handed));
                    last = Some(sequence);
                } else {
                    more = true;
                    if !counted {
                        break 'pages;
                    }
                }
            }
            match found.next {
                None => break,
                // What is counted is all of it, as far as there is time.
                Some(next) if counted || looked < MOST_LOOKED_THROUGH => filter.before_seq = Some(next),
                Some(next) => {
                    (more, last) = (true, Some(next));
                    break;
                }
            }
        }
        page.total = counted.then_some(total);
        if let (true, Some(last)) = (more, last) {
            page.next = self.paging.write(self.read, self.sight.actor, &of, &last.to_be_bytes())?;
        }
        if let Some(patient) = patient {
            // Asking who looked at somebody's record is a look at it, whatever is found.
            hand(Touched::new(Some(patient), self.opened(), vec![]), &mut handed);
        }
        Ok(self.covered(page, handed))
    }

    /// An entry as this actor may see it, and the patients that it then names.
    fn shown(
        &mut self,
        scope: &Scope,
        mut line: Line,
        handed: &mut Vec<Touched>,
    ) -> Result<Option<(Stored, Value)>, RecordError> {
        let only = scope.patient();
        let all = only.is_none() && scope.allows(None, Sensitivity::NORMAL);
        let sight = if all { Sight::Whole } else { Sight::OfPatient };
        // What is withheld must not be counted among the rest, so the rest is counted afterwards.
        let mut touched = audit::touched(&self.read, &line.entry, only, usize::MAX)?;
        if !all {
            // Of others' parts in the same entry nobody hears.
            touched.touched.retain(|part| {
                part.patient.as_ref().is_some_and(|patient| scope.allows(Some(patient), Sensitivity::NORMAL))
            });
            if touched.touched.is_empty() {
                return Ok(None);
            }
        }
        let mut held = BTreeSet::new();
        let mut sealed = 0;
        let mut left = Vec::with_capacity(touched.touched.len());
        for mut part in touched.touched {
            if Withheld::is_from(scope, part.patient.as_ref()) {
                self.go_on()?;
                let taken = self.withheld.taken_from(self.read, scope, &mut part)?;
                let nothing_else = part.resources.is_empty() && taken.held.is_empty();
                held.extend(taken.held);
                sealed += taken.sealed;
                if !all && taken.sealed > 0 && nothing_else {
                    continue;
                }
            }
            left.push(part);
        }
        touched.touched = left;
        if !all && touched.touched.is_empty() {
            return Ok(None);
        }
        if let Some(patient) = touched.touched.iter().find_map(|part| part.patient.as_ref()).filter(|_| !all) {
            Strangers::to(self.read, self.actor().to_ref(), patient)?.unname_in(&mut line)?;
        }
        touched.keep(MOST_RESOURCES);
        let withheld = Unnamed { held: held.len(), sealed: if all { sealed } else { 0 } };
        for part in &touched.touched {
            if let Some(patient) = &part.patient {
                let reference = ResourceRef::new(ResourceType::Patient.name(), patient).ok().into_iter().collect();
                hand(Touched::new(Some(patient.clone()), TouchKind::Listed, reference), handed);
            }
        }
        let hides_words = |part: &Touched| Withheld::hides_words_from(scope, part.patient.as_ref());
        if !all && (!held.is_empty() || sealed > 0 || touched.touched.iter().any(hides_words)) {
            line.forget_reason();
        }
        let updated = line.entry.time();
        let value = audit_event(&line, &touched, withheld, sight);
        let id = FhirId::parse(&line.entry.sequence().to_string()).map_err(|_| RecordError::Damaged)?;
        let json = value.to_string().into();
        Ok(Some((Stored { kind: ResourceType::AuditEvent, id, version: 1, updated, json }, value)))
    }
}

/// Each patient once.
fn hand(one: Touched, handed: &mut Vec<Touched>) {
    if !handed.iter().any(|part| part.patient == one.patient && part.kind == one.kind) {
        handed.push(one);
    }
}

fn passes(query: &Query, value: &Value, pace: &Pace<'_>) -> Result<bool, RecordError> {
    for filter in &query.filters {
        match pace.decide(ResourceType::AuditEvent, value, filter)? {
            Some(true) => {}
            Some(false) => return Ok(false),
            None => {
                let what =
                    "the access log is searched by what stands in an entry, without chains, lists and value sets";
                return Err(RecordError::UnsupportedSearch(what.into()));
            }
        }
    }
    Ok(true)
}

fn refuse_what_cannot_run(query: &Query) -> Result<(), RecordError> {
    let refused = |what: &str| Err(RecordError::UnsupportedSearch(what.to_owned()));
    if !query.includes.is_empty() {
        return refused("the access log is searched without _include and _revinclude");
    }
    let newest_first = query.sort.iter().all(|sort| {
        let by_time = match &sort.by {
            SortKey::LastUpdated => true,
            SortKey::Param(param) => param.code == "date",
            _ => false,
        };
        by_time && sort.order == SortOrder::Descending
    });
    if !newest_first {
        return refused("the access log is answered newest first: _sort is -date, or left out");
    }
    Ok(())
}

/// The one patient that a search names: their entries stand in an index.
fn named_patient(query: &Query) -> Option<FhirId> {
    if query.compartment.is_some() {
        return query.compartment.clone();
    }
    query.filters.iter().find_map(|filter| {
        let Filter::Test { param, test: Test::Reference(any) } = filter else { return None };
        match any.as_slice() {
            [ReferenceTest::Target(ReferenceTarget::Local { kind: ResourceType::Patient, id })]
                if param.code == "patient" =>
            {
                Some(id.clone())
            }
            [ReferenceTest::Id { kinds, id }] if param.code == "patient" && kinds.contains(&ResourceType::Patient) => {
                Some(id.clone())
            }
            _ => None,
        }
    })
}

/// The time outside of which no entry can pass.
fn window(query: &Query) -> LogFilter {
    let mut window = LogFilter::default();
    for filter in &query.filters {
        let Filter::Test { param, test: Test::Date(any) } = filter else { continue };
        let ([DateTest { prefix, range }], true) =
            (any.as_slice(), matches!(param.code.as_str(), "date" | "_lastUpdated"))
        else {
            continue;
        };
        let at = |millis: i64| Timestamp::from_millisecond(millis).ok();
        let (from, to) = match prefix {
            Prefix::Eq => (at(range.start), at(range.end.saturating_add(1))),
            Prefix::Gt | Prefix::Ge | Prefix::StartsAfter => (at(range.start), None),
            Prefix::Lt | Prefix::Le | Prefix::EndsBefore => (None, at(range.end.saturating_add(1))),
            Prefix::Ne | Prefix::Approximately => (None, None),
        };
        window.from = window.from.max(from);
        window.to = match (window.to, to) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
    window
}
