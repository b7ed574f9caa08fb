//! What a reference leads to among what is stored here: by type and id, or by the address that a resource gives itself, which a
//! canonical names with its version or without (references.html#canonical). Without, it is each that has the address.

use std::borrow::Cow;

use serde_json::Value;

use super::RecordError;
use crate::base::FhirId;
use crate::fhir::definitions::ParamKind;
use crate::fhir::search::{self, ReferenceTarget, SearchValue};
use crate::fhir::{Definitions, ResourceType};
use crate::record::index::{LONGEST_URI, cut, local_hash};
use crate::record::layout::{URI, hash64};
use crate::record::numbers::{find, row};
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
    /// Its address and its version, where it has an address.
    address: Option<(String, Option<String>)>,
}

impl<'a> Named<'a> {
    /// `value` reads the resource: it is asked only where its type has addresses.
    pub(in crate::record) fn of<'v>(
        kind: ResourceType,
        id: &'a FhirId,
        value: impl FnOnce() -> Result<Cow<'v, Value>, RecordError>,
    ) -> Result<Self, RecordError> {
        let address = match address_of(kind) {
            None => None,
            Some(_) => {
                let value = value()?;
                let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
                text("url").map(|url| (url, text("version")))
            }
        };
        Ok(Self { kind, id, address })
    }

    pub(super) const fn kind(&self) -> ResourceType {
        self.kind
    }

    /// Under which hashes references to it stand in the index: to be made sure of by [`Named::is`].
    pub(in crate::record) fn hashes(&self) -> impl Iterator<Item = u64> {
        let local = local_hash(self.kind, self.id.as_str());
        std::iter::once(local).chain(self.address.as_ref().map(|(url, _)| hash64(&[url])))
    }

    /// Whether all that stands under these hashes names it.
    pub(super) const fn is_by_id_alone(&self) -> bool {
        self.address.is_none()
    }

    /// Whether this names it.
    pub(in crate::record) fn is(&self, target: &ReferenceTarget) -> bool {
        match (target, &self.address) {
            (ReferenceTarget::Local { kind, id }, _) => (*kind, id) == (self.kind, self.id),
            (ReferenceTarget::Canonical { url, version }, Some((own, of))) => {
                url == own && (version.is_none() || version == of)
            }
            _ => false,
        }
    }
}

/// The rows of these types that a reference leads to; what is not there, or elsewhere, is none.
pub(in crate::record) fn led_to(
    read: &dyn Read,
    target: &ReferenceTarget,
    may_be: &dyn Fn(ResourceType) -> bool,
) -> Result<Vec<RowNumber>, RecordError> {
    match target {
        ReferenceTarget::Local { kind, id } if may_be(*kind) => Ok(find(read, *kind, id)?.into_iter().collect()),
        ReferenceTarget::Canonical { url, .. } => {
            let mut found = Vec::new();
            for kind in ResourceType::ALL.iter().copied().filter(|kind| may_be(*kind)) {
                let Some(param) = address_of(kind) else { continue };
                let head = (param, cut(url, LONGEST_URI));
                for entry in read.scan(&URI, KeyRange::prefix(&head), Direction::Up)? {
                    let number = entry?.0.2;
                    let row = row(read, number)?;
                    if row.kind != kind || row.state != State::Live {
                        continue;
                    }
                    let value = || serde_json::from_slice(&row.json).map(Cow::Owned).map_err(|_| RecordError::Damaged);
                    if Named::of(kind, &row.id, value)?.is(target) {
                        found.push(number);
                    }
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
    use crate::fhir::ResourceType as T;
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
}
