//! What `:below` and `:above` of a reference mean (search.html#recursive, search.html#versions): the versions of a canonical, or
//! what lies in a hierarchy of places or organizations. Any other reference has neither.

use super::encoding::unescape;
use super::operand::Reader;
use super::parse::targets;
use super::query::{QueryError, ReferenceTest, Test, Way};
use super::value::ReferenceTarget;
use crate::fhir::ResourceType;
use crate::fhir::definitions::{Definitions, SearchParam, TypeKind};

/// The parameter by which a resource of this type says what it is a part of, where that makes a strict hierarchy.
pub fn parent_of(kind: ResourceType) -> Option<&'static SearchParam> {
    match kind {
        ResourceType::Location | ResourceType::Organization => Definitions::r4().search_param(kind, "partof"),
        _ => None,
    }
}

/// The test of `:below` or `:above`; `None` where the parameter has no such modifier.
pub(super) fn related(
    param: &SearchParam,
    reader: &Reader<'_>,
    way: Way,
    value: &str,
) -> Result<Option<Test>, QueryError> {
    if finds_canonicals(param) {
        let any = reader.any(value, |part| {
            let url = unescape(part);
            match (url.contains(':'), way) {
                (false, _) => Err(reader.wrong("a canonical URL")),
                (true, Way::Below) => Ok(ReferenceTest::Below(url)),
                (true, Way::Above) => Ok(ReferenceTest::Above(url)),
            }
        })?;
        return Ok(Some(Test::Reference(any)));
    }
    let targets = targets(param);
    if !targets.iter().any(|kind| parent_of(*kind).is_some()) {
        return Ok(None);
    }
    let place = |part: &str| match reader.reference(part, &targets)? {
        ReferenceTest::Target(ReferenceTarget::Local { kind, id }) if parent_of(kind).is_some() => {
            Ok(ReferenceTest::Hierarchy { way, kind, id })
        }
        ReferenceTest::Id { .. } => Err(reader.wrong("of one type; name it, as in Location/1")),
        _ => Err(reader.wrong("a Location or an Organization that is stored here")),
    };
    Ok(Some(Test::Reference(reader.any(value, place)?)))
}

/// Whether a parameter finds elements that hold canonicals, and not references.
fn finds_canonicals(param: &SearchParam) -> bool {
    let r4 = Definitions::r4();
    let holds = |path: &str| -> Option<bool> {
        let path = path.trim().trim_start_matches('(').trim_end_matches(')');
        if let Some((_, name)) = path.split_once(" as ") {
            return Some(name.trim() == "canonical");
        }
        let mut names = path.split('.').filter(|name| !name.contains(['(', ')']));
        let kind = ResourceType::parse(names.next()?)?;
        let (mut at, mut is_canonical) = (Some(r4.resource(kind)), false);
        for name in names {
            let types = r4.types_of(r4.element(at?, name)?);
            is_canonical = types.iter().any(|kind| matches!(kind.name, "canonical" | "uri"));
            at = types.iter().find_map(|kind| match kind.kind {
                TypeKind::Object(node) => Some(node),
                _ => None,
            });
        }
        Some(is_canonical)
    };
    param.expression.split(" | ").any(|path| holds(path) == Some(true))
}

/// Whether `:below` of a canonical with a version means this one: the same, or one of its parts (`1` means `1.2`).
pub(super) fn is_part_of_version(asked: &str, version: &str) -> bool {
    asked.is_empty()
        || version.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '+']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_tell_canonicals_from_references() {
        let finds = |kind, code| finds_canonicals(Definitions::r4().search_param(kind, code).unwrap());
        for (kind, code) in [
            (ResourceType::QuestionnaireResponse, "questionnaire"),
            (ResourceType::ServiceRequest, "instantiates-canonical"),
            (ResourceType::ConceptMap, "source"),
            (ResourceType::PlanDefinition, "depends-on"),
            (ResourceType::PlanDefinition, "definition"),
            (ResourceType::StructureDefinition, "base"),
        ] {
            assert!(finds(kind, code), "{kind} {code}");
        }
        for (kind, code) in [
            (ResourceType::Observation, "subject"),
            (ResourceType::Observation, "patient"),
            (ResourceType::Encounter, "location"),
            (ResourceType::Patient, "general-practitioner"),
            (ResourceType::List, "item"),
            (ResourceType::Bundle, "composition"),
        ] {
            assert!(!finds(kind, code), "{kind} {code}");
        }
    }
}
