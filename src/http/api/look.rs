//! What a GET asks for: an address below the base, read into one look at the record, and its answer.
//!
//! The routes and the entries of bundles share this, so that a read means the same in both.

use std::borrow::Cow;

use axum::http::HeaderMap;
use bytes::Bytes;

use super::super::respond::{Refusal, Refused};
use super::super::routes::Entrance;
use super::super::session::Visit;
use super::{answer, refusal, request};
use crate::audit::Action;
use crate::base::{FhirId, Timestamp};
use crate::fhir::bundle::OwnAddresses;
use crate::fhir::search::{
    Asked, Empty, Filter, Handling, Ignored, Query, QueryError, date_range, encode_pair, pairs, shorten,
};
use crate::fhir::shape::{self, Shape};
use crate::fhir::{Definitions, IssueCode, ResourceType};
use crate::record::{
    EverythingAsked, HistoryAsked, HistoryOf, Page, Reading, RecordError, Stored, Types, Undisclosed, VersionPage,
    through,
};

/// One look, understood.
pub(super) enum Look {
    Read {
        kind: ResourceType,
        id: FhirId,
        shape: Shape,
    },
    Version {
        kind: ResourceType,
        id: FhirId,
        version: u32,
        shape: Shape,
    },
    /// One query per type.
    Search {
        queries: Vec<Query>,
        types: Types,
        path: String,
        asked: String,
    },
    History {
        asked: HistoryAsked,
        path: String,
        understood: String,
    },
    /// `Observation/$lastn`: so many of each kind.
    LastN {
        query: Box<Query>,
        most: usize,
        asked: String,
    },
    /// `$everything`.
    Everything {
        asked: EverythingAsked,
        path: String,
        understood: String,
    },
    /// What this server does; of no record.
    Metadata(Bytes),
}

/// What it found.
pub(super) enum Seen {
    One(Stored),
    Page(Page),
    Versions(VersionPage),
    Nothing,
}

impl Seen {
    /// How many bytes of resources it has.
    fn bytes(&self) -> usize {
        match self {
            Self::One(stored) => stored.json.len(),
            Self::Page(page) => page.matches.iter().chain(&page.included).map(|stored| stored.json.len()).sum(),
            Self::Versions(page) => page.versions.iter().map(|version| version.stored.json.len()).sum(),
            Self::Nothing => 0,
        }
    }
}

/// How queries are read: for whom, when, and how strictly.
pub(super) struct Manner {
    pub(super) base: String,
    pub(super) own: OwnAddresses,
    pub(super) now: Timestamp,
    pub(super) handling: Handling,
    pub(super) chain_depth: usize,
    entrance: Entrance,
    started: Timestamp,
}

impl Manner {
    pub(super) fn of(visit: &Visit, headers: &HeaderMap) -> Self {
        let chain_depth = visit.house.front.limits.chain_depth;
        let handling = request::handling(headers);
        let (entrance, started) = (visit.entrance, visit.house.about.started);
        let own = visit.house.about.own.clone();
        Self {
            base: answer::base(visit),
            own,
            now: visit.house.ambient.now(),
            handling,
            chain_depth,
            entrance,
            started,
        }
    }

    pub(super) fn query(&self, kind: ResourceType, text: &str) -> Result<Query, QueryError> {
        let asked = Asked {
            handling: self.handling,
            empty: Empty::LeftOut,
            now: Some(self.now),
            own: Some(&self.own),
            chain_depth: self.chain_depth,
        };
        Query::parse(kind, text, asked, Definitions::r4())
    }

    /// The search that a change depends on: nothing of it may be left out.
    pub(super) fn condition(&self, kind: ResourceType, text: &str) -> Result<Query, Refusal> {
        let asked = Asked {
            handling: Handling::Strict,
            empty: Empty::Refused,
            now: Some(self.now),
            own: Some(&self.own),
            chain_depth: self.chain_depth,
        };
        Query::parse(kind, text, asked, Definitions::r4()).map_err(|error| refusal::of_query(&error))
    }
}

impl Look {
    /// `path` is what stands behind the base, with or without a slash before it; `query` what stands behind `?`.
    pub(super) fn parse(path: &str, query: &str, manner: &Manner) -> Result<Self, Refusal> {
        let parts: Vec<Cow<'_, str>> = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
        match parts.as_slice() {
            [] => Self::of_system(query, manner),
            ["metadata"] => {
                let statement = super::capabilities::statement(manner.entrance, &manner.base, manner.started);
                Ok(Self::Metadata(statement.to_string().into()))
            }
            ["$meta"] | [_, "$meta"] => Err(refusal::coded(
                Refused::NotFound,
                IssueCode::NotSupported,
                "$meta is asked of one resource, as in Patient/1/$meta: those of many would tell of labels that you may not see."
                    .to_owned(),
            )),
            ["AuditEvent", "_history"] | ["AuditEvent", _, "_history"] | ["AuditEvent", _, "_history", _] => {
                Err(refusal::coded(
                    Refused::NotFound,
                    IssueCode::NotSupported,
                    "An entry of the access log never changes, so it has no history. Read it as AuditEvent/1, or search the log."
                        .to_owned(),
                ))
            }
            ["_history"] => history(HistoryOf::Everything, "_history".to_owned(), query, manner),
            [kind] => {
                let kind = stored_type(kind)?;
                Self::search(vec![kind], None, kind.to_string(), query, manner)
            }
            [kind, "$everything"] if *kind == "Patient" => super::everything::parse(None, query),
            [kind, "_history"] => {
                let kind = stored_type(kind)?;
                history(HistoryOf::Type(kind), format!("{kind}/_history"), query, manner)
            }
            [kind, id, "$everything"] if *kind == "Patient" => super::everything::parse(Some(id_of(id)?), query),
            [kind, "$lastn"] if *kind == "Observation" => super::last_n::parse(query, manner),
            // An operation of a type that has it not, or that is none.
            [_, operation] | [_, _, operation] if operation.starts_with('$') => Err(no_operation()),
            [kind, id] => Ok(Self::Read { kind: stored_type(kind)?, id: id_of(id)?, shape: shape(query, manner)? }),
            [kind, id, "_history"] => {
                let (kind, id) = (stored_type(kind)?, id_of(id)?);
                let path = format!("{kind}/{id}/_history");
                history(HistoryOf::One(kind, id), path, query, manner)
            }
            [kind, id, "_history", version] => {
                let version = request::version_number(version).ok_or_else(Refusal::not_found)?;
                Ok(Self::Version { kind: stored_type(kind)?, id: id_of(id)?, version, shape: shape(query, manner)? })
            }
            [_, _, "_history", _, operation] if operation.starts_with('$') => Err(no_operation_of_a_version()),
            [compartment, id, kind] => Self::in_compartment(compartment, id, kind, query, manner),
            _ => Err(Refusal::not_found()),
        }
    }

    /// `GET /fhir?_type=…`: the types named, or all of them.
    fn of_system(query: &str, manner: &Manner) -> Result<Self, Refusal> {
        let named = searched_types(query)?;
        if named.as_ref().is_some_and(|kinds| kinds.len() > 1 && kinds.contains(&ResourceType::AuditEvent)) {
            return Err(Refusal::saying(
                Refused::Malformed,
                "The access log is searched by itself, as in AuditEvent?patient=1, and not with other types.",
            ));
        }
        let stored = || ResourceType::ALL.iter().copied().filter(|kind| !kind.is_only_sent()).collect();
        Self::search(named.unwrap_or_else(stored), None, String::new(), query, manner)
    }

    /// `GET /fhir/Patient/1/Observation` and `/fhir/Patient/1/*`; so with an Encounter, a Practitioner, ….
    fn in_compartment(compartment: &str, id: &str, kind: &str, query: &str, manner: &Manner) -> Result<Self, Refusal> {
        let (of, id) = (type_of(compartment)?, id_of(id)?);
        let r4 = Definitions::r4();
        if !r4.compartments().any(|known| known == of) {
            return Err(Refusal::saying(
                Refused::NotFound,
                "Only a Device, an Encounter, a Patient, a Practitioner and a RelatedPerson have a compartment. Search by a \
                 reference instead, as in Observation?subject=Group/1.",
            ));
        }
        let is_itself = |kind: ResourceType| kind == of && of == ResourceType::Patient;
        let belongs = |kind: &ResourceType| is_itself(*kind) || !r4.compartment(of, *kind).is_empty();
        let path = format!("{of}/{id}/{}", if kind == "*" { "*" } else { type_of(kind)?.name() });
        let kinds = match kind {
            "*" => searched_types(query)?
                .unwrap_or_else(|| ResourceType::ALL.to_vec())
                .into_iter()
                .filter(belongs)
                .collect(),
            _ => vec![type_of(kind)?],
        };
        if !kinds.iter().all(belongs) {
            return Err(Refusal::saying(Refused::NotFound, "This type is in no such compartment."));
        }
        Self::search(kinds, Some((of, &id)), path, query, manner)
    }

    fn search(
        kinds: Vec<ResourceType>,
        compartment: Option<(ResourceType, &FhirId)>,
        path: String,
        query: &str,
        manner: &Manner,
    ) -> Result<Self, Refusal> {
        // `_type` chose the types; to each of their searches it would be unknown.
        let many = path.is_empty() || path.ends_with('*');
        let own = if many { without(query, "_type") } else { query.to_owned() };
        let named = many && searched_types(query)?.is_some();
        let (kinds, without_text) = if many && !named { with_narrative(kinds, &own)? } else { (kinds, Vec::new()) };
        let mut queries = Vec::with_capacity(kinds.len());
        for kind in kinds {
            let mut query = manner.query(kind, &own).map_err(|error| refusal::of_query(&error))?;
            match compartment {
                // In a patient's compartment the only patient is that one.
                Some((ResourceType::Patient, id)) if kind == ResourceType::Patient => {
                    query.filters.push(Filter::Ids(vec![id.clone()]));
                }
                Some((ResourceType::Patient, id)) => query.compartment = Some(id.clone()),
                Some((of, id)) => query.within(Definitions::r4(), of, id),
                None => {}
            }
            queries.push(query);
        }
        know_elements(&mut queries, manner.handling)?;
        if let Some(first) = queries.first_mut() {
            let unknown = |kind| QueryError::Unknown { kind, name: NARRATIVE.to_owned() };
            let left_out =
                without_text.into_iter().map(|kind| Ignored { name: NARRATIVE.to_owned(), why: unknown(kind) });
            first.ignored.extend(left_out);
        }
        let types = if named { Types::Named } else { Types::All };
        Ok(Self::Search { queries, types, path, asked: query.to_owned() })
    }

    /// As what it stands in the chain.
    pub(super) fn action(&self) -> Action {
        match self {
            Self::Read { kind: ResourceType::AuditEvent, .. } => Action::AuditRead,
            Self::Search { queries, .. } if is_of_the_log(queries) => Action::AuditRead,
            Self::Read { .. } | Self::Metadata(_) => Action::Read,
            Self::Version { .. } => Action::VersionRead,
            Self::Search { .. } | Self::LastN { .. } => Action::Search,
            Self::History { .. } => Action::History,
            Self::Everything { .. } => Action::Everything,
        }
    }

    /// The search as asked, for the chain.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Search { path, asked, .. } => Some(format!("{path}?{asked}")),
            Self::LastN { asked, .. } => Some(format!("Observation/$lastn?{asked}")),
            Self::History { path, understood, .. } | Self::Everything { path, understood, .. } => {
                Some(format!("{path}?{understood}"))
            }
            _ => None,
        }
    }

    /// Looks.
    pub(super) fn run(&self, reading: &mut Reading<'_>) -> Result<Undisclosed<Seen>, RecordError> {
        match self {
            Self::Read { kind: ResourceType::AuditEvent, id, .. } => Ok(reading.trail_entry(id)?.map(Seen::One)),
            Self::Read { kind, id, .. } => Ok(reading.read(*kind, id)?.map(Seen::One)),
            Self::Version { kind, id, version, .. } => Ok(reading.version(*kind, id, *version)?.map(Seen::One)),
            Self::LastN { query, most, .. } => Ok(reading.last_n(query, *most)?.map(Seen::Page)),
            Self::Search { queries, path, types, .. } => match queries.as_slice() {
                [one] if one.kind == ResourceType::AuditEvent => Ok(reading.trail(one)?.map(Seen::Page)),
                [one] if !path.is_empty() && !path.ends_with('*') => Ok(reading.search(one)?.map(Seen::Page)),
                many => Ok(reading.search_types(many, *types)?.map(Seen::Page)),
            },
            Self::History { asked, .. } => Ok(reading.history(asked)?.map(Seen::Versions)),
            Self::Everything { asked, .. } => Ok(reading.everything(asked)?.map(Seen::Page)),
            Self::Metadata(_) => Ok(reading.nothing::<()>().map(|_| Seen::Nothing)),
        }
    }

    /// The body of the answer: FHIR JSON.
    pub(super) fn body(&self, seen: &Seen, base: &str) -> Bytes {
        through(seen.bytes(), || self.written(seen, base))
    }

    fn written(&self, seen: &Seen, base: &str) -> Bytes {
        match (self, seen) {
            (Self::Read { shape, .. } | Self::Version { shape, .. }, Seen::One(stored)) => {
                shape.part(stored.kind, &stored.json).map_or_else(|| stored.json.clone(), Into::into)
            }
            (Self::Search { queries, path, .. }, Seen::Page(page)) => {
                super::searchset::page(page, queries, base, path).into()
            }
            (Self::History { path, understood, .. }, Seen::Versions(page)) => {
                super::searchset::history(page, base, path, understood).into()
            }
            (Self::LastN { query, .. }, Seen::Page(page)) => {
                super::searchset::page(page, std::slice::from_ref(query), base, "Observation/$lastn").into()
            }
            (Self::Everything { asked, path, understood }, Seen::Page(page)) => {
                super::searchset::whole(page, base, path, understood, asked.cursor.as_deref()).into()
            }
            (Self::Metadata(statement), _) => statement.clone(),
            (_, Seen::One(stored)) => stored.json.clone(),
            _ => Bytes::new(),
        }
    }
}

/// The parameter that every resource with a narrative has.
const NARRATIVE: &str = "_text";

/// The types that a search of all of them goes through, and those that it passes over: without a narrative none of theirs can
/// be found by it.
fn with_narrative(kinds: Vec<ResourceType>, query: &str) -> Result<(Vec<ResourceType>, Vec<ResourceType>), Refusal> {
    let pairs = pairs(query).map_err(|error| refusal::of_query(&error))?;
    if !pairs.iter().any(|(name, value)| name == NARRATIVE && !value.trim().is_empty()) {
        return Ok((kinds, Vec::new()));
    }
    Ok(kinds.into_iter().partition(|kind| Definitions::r4().search_param(*kind, NARRATIVE).is_some()))
}

/// What none of the types has is no element to ask for: it is refused, or said to be left out.
fn know_elements(queries: &mut [Query], handling: Handling) -> Result<(), Refusal> {
    let Some(first) = queries.first() else { return Ok(()) };
    let kinds: Vec<ResourceType> = queries.iter().map(|query| query.kind).collect();
    let unknown = |name: &&String| !kinds.iter().any(|kind| shape::is_element(*kind, name));
    let unknown: Vec<String> = first.elements.iter().filter(unknown).cloned().collect();
    let kind = first.kind;
    let of = |name: &String| QueryError::Element { kind, name: shorten(name) };
    match (unknown.first(), handling) {
        (Some(name), Handling::Strict) => Err(refusal::of_query(&of(name))),
        _ => {
            for query in queries.iter_mut() {
                query.elements.retain(|name| !unknown.contains(name));
            }
            if let Some(first) = queries.first_mut() {
                first.ignored.extend(unknown.iter().map(|name| Ignored { name: shorten(name), why: of(name) }));
            }
            Ok(())
        }
    }
}

/// Whether it is the access log that is searched: it is searched by itself.
fn is_of_the_log(queries: &[Query]) -> bool {
    matches!(queries, [one] if one.kind == ResourceType::AuditEvent)
}

/// A type that FHIR does not have is an address that is not there; so is an operation in its place.
pub(super) fn type_of(name: &str) -> Result<ResourceType, Refusal> {
    ResourceType::parse(name).ok_or_else(|| match name.starts_with('$') {
        true => no_operation(),
        false => Refusal::saying(
            Refused::NotFound,
            "FHIR R4 has no resource type of this name. Types are written like Observation.",
        ),
    })
}

/// A type of which resources are stored.
fn stored_type(name: &str) -> Result<ResourceType, Refusal> {
    match type_of(name)? {
        kind if kind.is_only_sent() => Err(refusal::not_stored(kind)),
        kind => Ok(kind),
    }
}

pub(super) fn no_operation() -> Refusal {
    let text =
        "There is no operation of this name here. What there is stands in the CapabilityStatement (/fhir/metadata).";
    refusal::coded(Refused::NotFound, IssueCode::NotSupported, text.to_owned())
}

pub(super) fn no_operation_of_a_version() -> Refusal {
    let text = "Of a version no operation is offered. Ask it of the resource as it stands, as in Patient/1/$meta.";
    refusal::coded(Refused::NotFound, IssueCode::NotSupported, text.to_owned())
}

pub(super) fn id_of(text: &str) -> Result<FhirId, Refusal> {
    FhirId::parse(text).map_err(|_| Refusal::not_found())
}

/// A part of a path. One that is not well encoded is kept as it is: no type and no id is written so.
fn decoded(part: &str) -> Cow<'_, str> {
    if !part.contains('%') {
        return part.into();
    }
    match pairs(&part.replace('+', "%2B")).as_deref() {
        Ok([(name, _)]) => name.clone().into(),
        _ => part.into(),
    }
}

/// The types of a search's `_type`, which is left out where it is empty, as any parameter is.
fn searched_types(query: &str) -> Result<Option<Vec<ResourceType>>, Refusal> {
    let pairs = pairs(query).map_err(|error| refusal::of_query(&error))?;
    let mut types = pairs.iter().filter(|(name, _)| name == "_type");
    if types.all(|(_, names)| names.trim().is_empty()) { Ok(None) } else { named_types(query) }
}

/// The types of `_type`, each once.
pub(super) fn named_types(query: &str) -> Result<Option<Vec<ResourceType>>, Refusal> {
    let pairs = pairs(query).map_err(|error| refusal::of_query(&error))?;
    let mut kinds = Vec::new();
    let mut named = false;
    for (_, names) in pairs.iter().filter(|(name, _)| name == "_type") {
        named = true;
        for name in names.split(',') {
            let kind = ResourceType::parse(name.trim())
                .ok_or_else(|| Refusal::saying(Refused::Malformed, "_type names a type that FHIR R4 does not have."))?;
            if kind.is_only_sent() {
                let text = format!("_type names {kind}, which is sent and answered with, and not stored here.");
                return Err(refusal::coded(Refused::Malformed, IssueCode::NotSupported, text));
            }
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
    }
    Ok(named.then_some(kinds))
}

/// A query without one of its parameters, however its name is encoded.
fn without(query: &str, name: &str) -> String {
    let is_it = |part: &&str| pairs(part).is_ok_and(|found| found.first().is_some_and(|(key, _)| key == name));
    query.split('&').filter(|part| !is_it(part)).collect::<Vec<_>>().join("&")
}

/// `_summary` and `_elements` of a read. What else stands in its query is refused, as a search does: whoever asks for something
/// would take what comes for it.
fn shape(query: &str, manner: &Manner) -> Result<Shape, Refusal> {
    let mut shape = Shape::Whole;
    for (name, value) in pairs(query).map_err(|error| refusal::of_query(&error))? {
        shape = match (name.as_str(), value.as_str()) {
            ("_summary", "true") => Shape::Summary,
            ("_summary", "text") => Shape::Text,
            ("_summary", "data") => Shape::Data,
            ("_summary", "false") => shape,
            ("_summary", _) => {
                return Err(Refusal::saying(
                    Refused::Malformed,
                    "_summary of one resource is true, text, data or false. Only a search can be counted.",
                ));
            }
            ("_elements", names) if !names.is_empty() => {
                Shape::Elements(names.split(',').map(|name| name.trim().to_owned()).collect())
            }
            ("_elements" | "_format" | "_pretty", _) => shape,
            _ if manner.handling == Handling::Lenient => shape,
            _ => {
                let text = format!(
                    "A resource is read with _summary, _elements, _format and _pretty, and not with “{}”. Send “Prefer: \
                     handling=lenient” to leave others out.",
                    shorten(&name)
                );
                return Err(refusal::coded(Refused::Malformed, IssueCode::NotSupported, text));
            }
        };
    }
    Ok(shape)
}

fn history(of: HistoryOf, path: String, query: &str, manner: &Manner) -> Result<Look, Refusal> {
    let mut asked = HistoryAsked { of, since: None, at: None, count: None, cursor: None };
    let mut understood = String::new();
    let wrong = |what: &'static str| Refusal::saying(Refused::Malformed, what);
    let pairs = pairs(query).map_err(|error| refusal::of_query(&error))?;
    for name in ["_count", "_since", "_at", "_cursor"] {
        if pairs.iter().filter(|(asked, _)| asked == name).count() > 1 {
            return Err(refusal::of_query(&QueryError::Twice { name: name.to_owned() }));
        }
    }
    for (name, value) in pairs {
        match name.as_str() {
            "_count" => {
                let count = value.parse().map_err(|_| wrong("The value of “_count” is not a whole number."))?;
                asked.count = Some(count);
            }
            "_since" => {
                // An unencoded `+` before the zone has become a space.
                let since: Option<Timestamp> = value.replace(' ', "+").parse().ok();
                asked.since =
                    Some(since.ok_or_else(|| {
                        wrong("The value of “_since” is not an instant, such as 2026-03-03T09:00:00Z.")
                    })?);
            }
            "_at" => {
                let range = date_range(&serde_json::Value::String(value.replace(' ', "+")));
                asked.at = Some(range.ok_or_else(|| wrong("The value of “_at” is not a date or time."))?);
            }
            "_cursor" => asked.cursor = Some(value.clone()),
            "_format" | "_pretty" => continue,
            _ if manner.handling == Handling::Lenient => continue,
            _ => {
                let text = format!(
                    "A history is asked for by _count, _since and _at, and not by “{}”. Send “Prefer: handling=lenient” to leave \
                     others out.",
                    shorten(&name)
                );
                return Err(refusal::coded(Refused::Malformed, IssueCode::NotSupported, text));
            }
        }
        if name != "_cursor" {
            encode_pair(&name, &value, &mut understood);
        }
    }
    Ok(Look::History { asked, path, understood })
}

#[cfg(test)]
impl Manner {
    /// As somebody asks of whom nothing is known.
    pub(super) fn of_nobody(entrance: Entrance, handling: Handling) -> Self {
        Self {
            base: "https://box.example/fhir".to_owned(),
            own: OwnAddresses::default(),
            now: Timestamp::UNIX_EPOCH,
            handling,
            chain_depth: crate::fhir::search::CHAIN_DEPTH,
            entrance,
            started: Timestamp::UNIX_EPOCH,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked(path: &str, query: &str, handling: Handling) -> Result<Vec<Query>, String> {
        match Look::parse(path, query, &Manner::of_nobody(Entrance::Clinic, handling)) {
            Ok(Look::Search { queries, .. }) => Ok(queries),
            Ok(_) => Err("another look".to_owned()),
            Err(refusal) => Err(format!("{refusal:?}")),
        }
    }

    #[test]
    fn a_search_of_all_types_for_a_narrative_passes_over_those_without_one_and_says_so() {
        let kinds = |queries: &[Query]| queries.iter().map(|query| query.kind).collect::<Vec<_>>();
        for handling in [Handling::Strict, Handling::Lenient] {
            let found = looked("", "_text=banana", handling).unwrap();
            assert!(!kinds(&found).contains(&ResourceType::Binary) && kinds(&found).contains(&ResourceType::Patient));
            let said: Vec<String> = found[0].ignored.iter().map(|one| one.why.to_string()).collect();
            assert!(said.iter().any(|why| why.contains("“_text” for Binary")), "{said:?}");
            assert!(found.iter().all(|query| query.filters.len() == 1));
        }
        // Whoever names one hears that it has none.
        assert!(looked("", "_type=Patient,Binary&_text=banana", Handling::Strict).is_err());
        assert!(kinds(&looked("", "_text=&_id=1", Handling::Strict).unwrap()).contains(&ResourceType::Binary));
    }

    #[test]
    fn a_search_leaves_empty_parameters_out_and_a_condition_does_not() {
        let found = looked("Patient", "name=&birthdate=1980&_count=", Handling::Strict).unwrap();
        assert_eq!((found[0].filters.len(), found[0].self_link().as_str()), (1, "birthdate=1980"));
        let all = looked("", "_type=&_id=1", Handling::Strict).unwrap();
        assert_eq!(all.len(), ResourceType::ALL.iter().filter(|kind| !kind.is_only_sent()).count());
        let manner = |empty| Asked { empty, ..Asked::from(Handling::Strict) };
        let read = |empty| Query::parse(ResourceType::Patient, "name=", manner(empty), Definitions::r4());
        assert!(read(Empty::Refused).is_err() && read(Empty::LeftOut).is_ok());
    }

    #[test]
    fn a_read_is_asked_by_what_it_goes_by_and_names_what_it_does_not() {
        let said = |path: &str, query: &str, handling: Handling| {
            let refusal = Look::parse(path, query, &Manner::of_nobody(Entrance::Clinic, handling)).err()?;
            Some((refusal.status().as_u16(), refusal.sentence().to_owned()))
        };
        for path in ["Patient/1", "Patient/1/_history/2", "AuditEvent/1"] {
            for good in [
                "",
                "_pretty=true",
                "_format=json&_summary=text",
                "_elements=name,birthDate",
                "_elements=",
                "_elements=nono",
            ] {
                assert_eq!(said(path, good, Handling::Strict), None, "{path}?{good}");
            }
            for (query, name) in [("foo=1", "foo"), ("_count=1", "_count"), ("_summary=true&x%20y", "x y")] {
                let (status, text) = said(path, query, Handling::Strict).unwrap();
                assert!(status == 400 && text.contains(&format!("“{name}”")), "{path}?{query}: {status} {text}");
                assert_eq!(said(path, query, Handling::Lenient), None, "{path}?{query}");
            }
            assert!(said(path, "_summary=count", Handling::Lenient).is_some());
        }
    }

    #[test]
    fn an_operation_that_is_not_offered_is_no_type_and_no_address_of_nothing() {
        let manner = Manner::of_nobody(Entrance::Clinic, Handling::Strict);
        for path in
            ["$validate", "$foo", "Patient/$foo", "Patient/1/$foo", "Patient/1/_history/1/$meta", "Patient/$meta"]
        {
            let refusal = Look::parse(path, "", &manner).err().unwrap();
            assert_eq!((refusal.status().as_u16(), &*refusal.issues()[0].code), (404, "not-supported"), "{path}");
        }
    }
}
