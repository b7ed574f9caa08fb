//! What a reference leads to among what is stored here: by type and id, or by the address that a resource gives itself, which a
//! canonical names with its version or without (references.html#canonical). Without, it is each that has the address. A canonical
//! that is where this box itself answers is what lies there.

use std::borrow::Cow;

use serde_json::Value;

use super::RecordError;
use crate::base::FhirId;
use crate::fhir::bundle::OwnAddresses;
use crate::fhir::definitions::ParamKind;
use crate::fhir::search::{self, ReferenceTarget, SearchValue};
use crate::fhir::{Definitions, ResourceType};
use crate::record::index::{LONGEST_URI, cut, local_hash};
use crate::record::layout::{URI, hash64};
use crate::record::numbers::{find, row};
use crate::record::prepared::local_reference;
use crate::record::rows::{RowNumber, State};
use crate::store::{Direction, KeyRange, Read, ReadExt};

/// The parameter by which resources of a type are found at their address, if they have one.
fn address_of(kind: ResourceType) -> Option<u16> {
    Definitions::r4().search_param(kind, "url").filter(|param| param.kind == ParamKind::Uri).map(|param| param.id)
}

/// A resource as references can name it.
pub(in crate::record) struct Named<'a> {
    kind: ResourceType,
    id: &'a FhirId,
    /// What its type's canonicals name it by, where they name any.
    canonical: Option<Canonical>,
}

struct Canonical {
    /// The address that it gives itself.
    url: Option<String>,
    version: Option<String>,
    own: OwnAddresses,
}

impl<'a> Named<'a> {
    /// `value` reads the resource: it is asked only where its type has addresses.
    pub(in crate::record) fn of<'v>(
        kind: ResourceType,
        id: &'a FhirId,
        own: &OwnAddresses,
        value: impl FnOnce() -> Result<Cow<'v, Value>, RecordError>,
    ) -> Result<Self, RecordError> {
        let canonical = match address_of(kind) {
            None => None,
            Some(_) => {
                let value = value()?;
                let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
                Some(Canonical { url: text("url"), version: text("version"), own: own.clone() })
            }
        };
        Ok(Self { kind, id, canonical })
    }

    pub(super) const fn kind(&self) -> ResourceType {
        self.kind
    }

    /// Under which hashes references to it stand in the index: to be made sure of by [`Named::is`].
    pub(in crate::record) fn hashes(&self) -> impl Iterator<Item = u64> {
        let local = local_hash(self.kind, self.id.as_str());
        let canonicals = self.canonical.iter().flat_map(move |canonical| {
            let here = format!("{}/{}", self.kind, self.id);
            let lies = canonical.own.all_of(&here).map(|address| hash64(&[&address])).collect::<Vec<_>>();
            canonical.url.iter().map(|url| hash64(&[url])).chain(lies)
        });
        std::iter::once(local).chain(canonicals)
    }

    /// Whether all that stands under these hashes names it.
    pub(super) const fn is_by_id_alone(&self) -> bool {
        self.canonical.is_none()
    }

    /// Whether this names it.
    pub(in crate::record) fn is(&self, target: &ReferenceTarget) -> bool {
        match (target, &self.canonical) {
            (ReferenceTarget::Local { kind, id }, _) => (*kind, id) == (self.kind, self.id),
            (ReferenceTarget::Canonical { url, version }, Some(canonical)) => {
                let lies_here =
                    || lying_at(&canonical.own, url).is_some_and(|(kind, id)| (kind, &id) == (self.kind, self.id));
                (canonical.url.as_ref() == Some(url) || lies_here())
                    && (version.is_none() || *version == canonical.version)
            }
            _ => false,
        }
    }
}

/// What lies at an address of this box.
fn lying_at(own: &OwnAddresses, url: &str) -> Option<(ResourceType, FhirId)> {
    let one = local_reference(own.behind(url)?)?;
    Some((ResourceType::parse(one.type_name())?, one.id()))
}

/// The rows of these types that a reference leads to; what is not there, or elsewhere, is none.
pub(in crate::record) fn led_to(
    read: &dyn Read,
    target: &ReferenceTarget,
    own: &OwnAddresses,
    may_be: &dyn Fn(ResourceType) -> bool,
) -> Result<Vec<RowNumber>, RecordError> {
    match target {
        ReferenceTarget::Local { kind, id } if may_be(*kind) => Ok(find(read, *kind, id)?.into_iter().collect()),
        ReferenceTarget::Canonical { url, .. } => {
            let mut found = Vec::new();
            let mut add = |number: RowNumber, kind: ResourceType| {
                let row = row(read, number)?;
                let value = || serde_json::from_slice(&row.json).map(Cow::Owned).map_err(|_| RecordError::Damaged);
                let is_there = row.kind == kind && row.state == State::Live;
                if is_there && !found.contains(&number) && Named::of(kind, &row.id, own, value)?.is(target) {
                    found.push(number);
                }
                Ok::<_, RecordError>(())
            };
            if let Some((kind, id)) = lying_at(own, url).filter(|(kind, _)| may_be(*kind))
                && let Some(number) = find(read, kind, &id)?
            {
                add(number, kind)?;
            }
            for kind in ResourceType::ALL.iter().copied().filter(|kind| may_be(*kind)) {
                let Some(param) = address_of(kind) else { continue };
                let head = (param, cut(url, LONGEST_URI));
                for entry in read.scan(&URI, KeyRange::prefix(&head), Direction::Up)? {
                    add(entry?.0.2, kind)?;
                }
            }
            Ok(found)
        }
        _ => Ok(Vec::new()),
    }
}

/// The references that one parameter finds in a resource.
pub(super) fn references(source: ResourceType, value: &Value, param: u16) -> impl Iterator<Item = ReferenceTarget> {
    search::extract_one(Definitions::r4(), source, param, value).into_iter().filter_map(|found| match found {
        SearchValue::Reference(target) => Some(target),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::access::Actor;
    use crate::fhir::bundle::OwnAddresses;
    use crate::fhir::search::{Asked, Handling, Query};
    use crate::fhir::{Definitions, ResourceType as T};
    use crate::record::tests::new_box;

    #[test]
    fn a_canonical_leads_to_what_has_its_address_and_version_both_ways() {
        let house = new_box();
        let system = Actor::system("test");
        for (id, version, status) in [("one", "1", "retired"), ("two", "2", "active")] {
            house.put(json!({"resourceType": "Questionnaire", "id": id, "status": status, "url": "http://x.example/Q",
                "version": version}));
        }
        for (id, of) in [
            ("any", "http://x.example/Q"),
            ("old", "http://x.example/Q|1"),
            ("by-id", "Questionnaire/two"),
            ("other", "http://x.example/Q2"),
        ] {
            house.put(
                json!({"resourceType": "QuestionnaireResponse", "id": id, "status": "completed", "questionnaire": of}),
            );
        }
        let found = |kind, query: &str| {
            let mut ids = house.ids(&system, kind, query);
            ids.sort();
            ids
        };
        let along = |kind, query: &str| {
            let page = house.search(&system, kind, query).unwrap();
            let mut ids: Vec<String> = page.included.iter().map(|one| one.id.to_string()).collect();
            ids.sort();
            ids
        };
        let answers = T::QuestionnaireResponse;
        assert_eq!(found(answers, "questionnaire.status=active"), ["any", "by-id"]);
        assert_eq!(found(answers, "questionnaire.status=retired"), ["any", "old"]);
        assert_eq!(found(T::Questionnaire, "_has:QuestionnaireResponse:questionnaire:_id=old"), ["one"]);
        assert_eq!(
            found(T::Questionnaire, "_has:QuestionnaireResponse:questionnaire:status=completed"),
            ["one", "two"]
        );
        assert_eq!(along(answers, "_id=old&_include=QuestionnaireResponse:questionnaire"), ["one"]);
        assert_eq!(along(answers, "_id=any&_include=QuestionnaireResponse:questionnaire"), ["one", "two"]);
        assert_eq!(
            along(T::Questionnaire, "_id=two&_revinclude=QuestionnaireResponse:questionnaire"),
            ["any", "by-id"]
        );
        assert_eq!(along(T::Questionnaire, "_id=one&_revinclude=QuestionnaireResponse:questionnaire"), ["any", "old"]);
    }

    #[test]
    fn a_canonical_that_is_an_address_of_this_box_leads_to_what_lies_there() {
        let house = new_box();
        let system = Actor::system("test");
        house.put(
            json!({"resourceType": "Questionnaire", "id": "q", "status": "active", "title": "Intake", "version": "1"}),
        );
        let address = "https://box.example/fhir/Questionnaire/q";
        for (id, of) in [
            ("here", address.to_owned()),
            ("first", format!("{address}|1")),
            ("second", format!("{address}|2")),
            ("elsewhere", address.replace("box.", "other.")),
            ("by-id", "Questionnaire/q".to_owned()),
        ] {
            house.put(
                json!({"resourceType": "QuestionnaireResponse", "id": id, "status": "completed", "questionnaire": of}),
            );
        }
        let own = OwnAddresses::new(["box.example".to_owned()]);
        let page = |kind, text: &str| {
            let asked = Asked { own: Some(&own), ..Asked::from(Handling::Strict) };
            let query = Query::parse(kind, text, asked, Definitions::r4()).unwrap();
            let why = crate::record::tests::why(crate::audit::Action::Search);
            house.records.disclose_blocking(&system, why, |reading| reading.search(&query)).unwrap().into_inner()
        };
        let ids = |all: Vec<crate::record::Stored>| {
            let mut ids: Vec<String> = all.iter().map(|one| one.id.to_string()).collect();
            ids.sort();
            ids.join(" ")
        };
        let found = |kind, text: &str| ids(page(kind, text).matches);
        let along = |kind, text: &str| ids(page(kind, text).included);
        let (answers, all) = (T::QuestionnaireResponse, "by-id first here");
        assert_eq!(found(answers, "questionnaire.title=Intake"), all);
        for by in ["Questionnaire/q", address] {
            assert_eq!(found(answers, &format!("questionnaire={by}")), "by-id first here second", "{by}");
        }
        for of in ["here", "first"] {
            let has = format!("_has:QuestionnaireResponse:questionnaire:_id={of}");
            assert_eq!(found(T::Questionnaire, &has), "q");
            let include = format!("_id={of}&_include=QuestionnaireResponse:questionnaire");
            assert_eq!(along(answers, &include), "q");
        }
        for of in ["second", "elsewhere"] {
            let has = format!("_has:QuestionnaireResponse:questionnaire:_id={of}");
            assert_eq!(found(T::Questionnaire, &has), "");
        }
        assert_eq!(along(T::Questionnaire, "_id=q&_revinclude=QuestionnaireResponse:questionnaire"), all);
    }
}
