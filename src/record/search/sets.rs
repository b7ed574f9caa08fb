//! Value sets that are stored here, for `:in` and `:not-in`: they become the codes that they list. And hierarchies of what is stored
//! here, for `:below` and `:above` of a reference: they become the resources that stand in them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use super::named::references;
use super::{Opened, RecordError, Visible, all_matching};
use crate::base::FhirId;
use crate::fhir::search::{
    Filter, ParamRef, ReferenceTarget, ReferenceTest, Test, TokenMatch, TokenTest, Way, parent_of,
};
use crate::fhir::terminology::{Terminology, ValueSet};
use crate::fhir::{Definitions, ResourceType};
use crate::record::numbers::{find, row};
use crate::store::Read;

/// As how large a row listing the codes of stored sets counts.
const DEAR: usize = 1 << 20;
/// The most resources of one hierarchy.
const MOST_RELATED: usize = 2_000;

/// The filters with every stored value set in its codes, and every hierarchy in its resources.
pub(super) fn listed<'f>(
    read: &dyn Read,
    filters: &'f [Filter],
    visible: &mut Visible<'_>,
) -> Result<Cow<'f, [Filter]>, RecordError> {
    if !filters.iter().any(needs_sets) {
        return Ok(Cow::Borrowed(filters));
    }
    filters.iter().map(|filter| of(read, filter, visible)).collect::<Result<Vec<_>, _>>().map(Cow::Owned)
}

fn needs_sets(filter: &Filter) -> bool {
    match filter {
        Filter::InSets { .. } => true,
        Filter::Test { test, .. } => !test.is_plain(),
        Filter::Chain { then, .. } | Filter::Has { then, .. } => needs_sets(then),
        Filter::Any(any) => any.iter().any(needs_sets),
        _ => false,
    }
}

fn of(read: &dyn Read, filter: &Filter, visible: &mut Visible<'_>) -> Result<Filter, RecordError> {
    Ok(match filter {
        Filter::InSets { param, how, sets } => in_codes(read, param, *how, sets, visible)?,
        Filter::Test { param, test: Test::Reference(any) } if needs_sets(filter) => {
            let mut all = Vec::with_capacity(any.len());
            for one in any {
                match one {
                    ReferenceTest::Hierarchy { way, kind, id } => all.extend(related(read, *way, *kind, id, visible)?),
                    other => all.push(other.clone()),
                }
            }
            Filter::Test { param: param.clone(), test: Test::Reference(all) }
        }
        Filter::Chain { param, target, then } => {
            Filter::Chain { param: param.clone(), target: *target, then: Box::new(of(read, then, visible)?) }
        }
        Filter::Has { source, param, then } => {
            Filter::Has { source: *source, param: param.clone(), then: Box::new(of(read, then, visible)?) }
        }
        Filter::Any(any) => Filter::Any(any.iter().map(|one| of(read, one, visible)).collect::<Result<_, _>>()?),
        other => other.clone(),
    })
}

fn in_codes(
    read: &dyn Read,
    param: &ParamRef,
    how: TokenMatch,
    sets: &[String],
    visible: &mut Visible<'_>,
) -> Result<Filter, RecordError> {
    let unknown = || {
        RecordError::UnsupportedSearch(
            "a value set that this box does not have, or whose codes it cannot list".to_owned(),
        )
    };
    let mut stored: Vec<Value> = Vec::new();
    let mut carried: Vec<ValueSet<'_>> = Vec::new();
    for set in sets {
        match Terminology::r4().value_set(set) {
            Some(set) => carried.push(set),
            None => stored.push(find_set(read, set, visible)?.ok_or_else(unknown)?),
        }
    }
    // What they take in may be much more than their text.
    visible.pace.look_into(DEAR)?;
    let own: Option<Vec<ValueSet<'_>>> = stored.iter().map(ValueSet::from_json).collect();
    let all = own.ok_or_else(unknown)?.into_iter().chain(carried);
    let any = TokenTest::of_sets(all).ok_or_else(unknown)?;
    Ok(Filter::Test { param: param.clone(), test: Test::Token { how, any } })
}

/// A resource and what lies below or above it, as far as who asks may see it.
fn related(
    read: &dyn Read,
    way: Way,
    kind: ResourceType,
    id: &FhirId,
    visible: &mut Visible<'_>,
) -> Result<Vec<ReferenceTest>, RecordError> {
    let test = |id: FhirId| ReferenceTest::Target(ReferenceTarget::Local { kind, id });
    let Some(parent) = parent_of(kind) else { return Ok(vec![test(id.clone())]) };
    let param = ParamRef { id: parent.id, code: parent.code.to_owned() };
    let mut all = BTreeSet::from([id.clone()]);
    let mut fresh = vec![id.clone()];
    while !fresh.is_empty() {
        let mut next = Vec::new();
        match way {
            Way::Below => {
                let parts = Test::Reference(fresh.drain(..).map(test).collect());
                let parts = Filter::Test { param: param.clone(), test: parts };
                for number in all_matching(read, kind, &[parts], visible)? {
                    next.push(row(read, number)?.id);
                }
            }
            Way::Above => {
                for id in fresh.drain(..) {
                    let Some(number) = find(read, kind, &id)? else { continue };
                    let Some(part) = Opened::seen(read, number, kind, visible)? else { continue };
                    next.extend(references(kind, part.value()?, param.id).filter_map(|target| match target {
                        ReferenceTarget::Local { kind: of, id } if of == kind => Some(id),
                        _ => None,
                    }));
                }
            }
        }
        // Each once: two may be said to be parts of each other.
        fresh = next.into_iter().filter(|one| all.insert(one.clone())).collect();
        if all.len() > MOST_RELATED {
            let what = "a hierarchy with more than 2,000 resources; ask for a smaller part of it";
            return Err(RecordError::UnsupportedSearch(what.to_owned()));
        }
    }
    Ok(all.into_iter().map(test).collect())
}

/// A stored value set by its id, or by its address with a version or without: the one changed last.
fn find_set(read: &dyn Read, name: &str, visible: &mut Visible<'_>) -> Result<Option<Value>, RecordError> {
    let kind = ResourceType::ValueSet;
    let numbers: Vec<_> = match name.strip_prefix("ValueSet/").map(FhirId::parse) {
        Some(Ok(id)) => find(read, kind, &id)?.into_iter().collect(),
        _ => {
            let (url, version) = name.split_once('|').map_or((name, None), |(url, version)| (url, Some(version)));
            let Some(by_url) = Definitions::r4().search_param(kind, "url") else { return Ok(None) };
            let param = ParamRef { id: by_url.id, code: by_url.code.to_owned() };
            let test = Test::Versioned(vec![(url.to_owned(), version.map(str::to_owned))]);
            let found = all_matching(read, kind, &[Filter::Test { param, test }], visible)?;
            let mut best = Vec::new();
            for number in found {
                best.push((row(read, number)?.updated, number));
            }
            best.into_iter().max().map(|(_, number)| number).into_iter().collect()
        }
    };
    let Some(number) = numbers.first() else { return Ok(None) };
    match Opened::seen(read, *number, kind, visible)? {
        Some(opened) => opened.value().cloned().map(Some),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::access::Actor;
    use crate::fhir::ResourceType as T;
    use crate::record::tests::{Box_, new_box};

    fn found(house: &Box_, kind: T, query: &str) -> String {
        let mut ids = house.ids(&Actor::system("test"), kind, query);
        ids.sort();
        ids.join(" ")
    }

    fn part(kind: &str, of: usize, parent: Option<usize>) -> Value {
        let mut one = json!({"resourceType": kind, "id": format!("h{of}"), "name": format!("Part {of}")});
        if let Some(parent) = parent {
            one["partOf"] = json!({"reference": format!("{kind}/h{parent}")});
        }
        one
    }

    #[test]
    fn a_hierarchy_is_searched_down_and_up_to_its_ends() {
        let house = new_box();
        // Deeper than a chain may be: each is a part of the one before.
        for at in 0..9 {
            house.put(part("Location", at, at.checked_sub(1)));
            house.put(part("Organization", at, at.checked_sub(1)));
        }
        house.put(json!({"resourceType": "Location", "id": "beside", "partOf": {"reference": "Location/h0"}}));
        house.put(
            json!({"resourceType": "Patient", "id": "p", "managingOrganization": {"reference": "Organization/h8"}}),
        );
        for at in ["h1", "h8", "beside"] {
            house.put(json!({"resourceType": "Encounter", "id": format!("at-{at}"), "status": "finished",
                "class": {"code": "AMB"}, "subject": {"reference": "Patient/p"},
                "location": [{"location": {"reference": format!("Location/{at}")}}]}));
        }
        for (query, ids) in [
            ("location:below=h0", "at-beside at-h1 at-h8"),
            ("location:below=Location/h1", "at-h1 at-h8"),
            ("location:below=h8", "at-h8"),
            ("location:below=h2,beside", "at-beside at-h8"),
            ("location:below=nowhere", ""),
            ("location:above=h8", "at-h1 at-h8"),
            ("location:above=h1", "at-h1"),
            ("location=h1", "at-h1"),
            ("location:below=h0&location:above=h2&patient=p", "at-h1"),
        ] {
            assert_eq!(found(&house, T::Encounter, query), ids, "{query}");
        }
        assert_eq!(found(&house, T::Patient, "organization:below=h0"), "p");
        assert_eq!(found(&house, T::Patient, "organization:above=h8"), "p");
        assert_eq!(found(&house, T::Patient, "organization:above=h7"), "");
        // It is a condition of its own behind a chain, too.
        assert_eq!(found(&house, T::Encounter, "patient.organization:below=h3"), "at-beside at-h1 at-h8");
        assert_eq!(found(&house, T::Location, "partof:below=h7"), "h8");
        assert_eq!(found(&house, T::Location, "_has:Encounter:location:location:below=h2"), "h8");
    }

    #[test]
    fn places_that_are_parts_of_each_other_end_a_search_all_the_same() {
        let house = new_box();
        house.put(part("Location", 0, None));
        house.put(part("Location", 1, Some(0)));
        house.put(part("Location", 0, Some(1)));
        for query in ["partof:below=h0", "partof:above=h1"] {
            assert_eq!(found(&house, T::Location, query), "h0 h1", "{query}");
        }
    }

    #[test]
    fn a_bundle_leads_to_what_stands_in_it_and_not_to_what_has_the_same_id() {
        let house = new_box();
        let composition = |id: &str, title: &str| {
            json!({"resourceType": "Composition", "id": id, "status": "final", "type": {"text": "Summary"},
                "subject": {"reference": "Patient/p"}, "date": "2026-03-03", "author": [{"display": "Dr. A"}], "title": title})
        };
        house.put(json!({"resourceType": "Patient", "id": "p", "name": [{"family": "Falk"}]}));
        house.put(composition("c", "Stored"));
        house.put(json!({"resourceType": "Bundle", "id": "b", "type": "document", "timestamp": "2026-03-03T09:00:00Z",
            "identifier": {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"},
            "entry": [{"fullUrl": "http://else.example/fhir/Composition/c", "resource": composition("c", "International")}]}));
        for (query, ids) in [
            ("composition.title=International", "b"),
            ("composition.title=Stored", ""),
            ("composition.subject=Patient/p", "b"),
            ("composition.subject=Patient/q", ""),
            ("composition:missing=false", "b"),
        ] {
            assert_eq!(found(&house, T::Bundle, query), ids, "{query}");
        }
    }
}
