//! The definitions table as the types that paths ask for.

use super::Model;
use crate::fhir::ResourceType;
use crate::fhir::definitions::{Definitions, NodeId, TypeKind};
use crate::fhir::terminology::{Membership, Terminology};

impl Model for Definitions {
    fn child(&self, parent: &str, name: &str) -> Option<&str> {
        let element = self.element(self.node_named(parent)?, name)?;
        let [kind] = self.types_of(element) else { return None };
        Some(match kind.kind {
            TypeKind::Primitive(_) => kind.name,
            TypeKind::Object(node) => self.name(node),
            TypeKind::Resource => "Resource",
        })
    }

    fn is_choice(&self, parent: &str, name: &str) -> bool {
        self.node_named(parent).and_then(|node| self.element(node, name)).is_some_and(|element| element.choice)
    }

    fn member_of(&self, value_set: &str, system: Option<&str>, code: &str) -> Option<bool> {
        let r4 = Terminology::r4();
        match r4.has(&r4.value_set(value_set)?, system, code) {
            Membership::In(_) => Some(true),
            Membership::Out => Some(false),
            Membership::Unknown(_) => None,
        }
    }
}

impl Definitions {
    /// The node of a type's name, or of a backbone element's path.
    fn node_named(&self, name: &str) -> Option<NodeId> {
        let (head, path) = name.split_once('.').map_or((name, None), |(head, path)| (head, Some(path)));
        let top = ResourceType::parse(head).map(|kind| self.resource(kind)).or_else(|| self.datatype(head))?;
        let parts = path.into_iter().flat_map(|path| path.split('.'));
        parts.into_iter().try_fold(top, |at, part| match self.property(at, part)?.kind.kind {
            TypeKind::Object(node) => Some(node),
            TypeKind::Primitive(_) | TypeKind::Resource => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::fhirpath::Path;

    #[test]
    fn elements_have_the_types_of_the_definitions() {
        let r4 = Definitions::r4();
        for (parent, name, kind) in [
            ("Patient", "name", "HumanName"),
            ("Patient", "contact", "Patient.contact"),
            ("Patient.contact", "period", "Period"),
            ("Period", "start", "dateTime"),
            ("Questionnaire.item", "item", "Questionnaire.item"),
            ("Patient", "contained", "Resource"),
        ] {
            assert_eq!(r4.child(parent, name), Some(kind), "{parent}.{name}");
        }
        assert_eq!(r4.child("Patient", "nothing"), None);
        assert_eq!(r4.child("Nothing", "name"), None);
    }

    #[test]
    fn types_are_known_all_the_way_down() {
        let resource = serde_json::json!({"resourceType": "Patient", "contact": [{"name": {"given": ["a"]}}],
            "photo": [{"url": "http://example.org/a"}]});
        let count = |text| Path::parse(text).unwrap().evaluate(&resource, Definitions::r4()).unwrap().len();
        assert_eq!(count("Patient.contact.name.given.ofType(string)"), 1);
        assert_eq!(count("Patient.descendants().ofType(url)"), 1);
    }

    #[test]
    fn codes_are_looked_up_in_the_value_sets_of_the_definitions() {
        let resource = serde_json::json!({"resourceType": "Patient"});
        for (text, expected) in [
            ("'male'.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')", Some(true)),
            ("'Male'.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')", Some(false)),
            ("'x'.memberOf('http://example.org/none')", None),
        ] {
            let path = Path::parse(text).unwrap();
            let found = path.evaluate(&resource, Definitions::r4()).unwrap();
            assert_eq!(found.first().and_then(|node| node.as_bool()), expected, "{text}");
        }
    }

    #[test]
    fn every_search_parameter_and_every_rule_of_r4_is_understood() {
        let r4 = Definitions::r4();
        for &kind in ResourceType::ALL {
            for param in r4.search_params(kind).iter().chain(r4.common_search_params()) {
                if !param.expression.is_empty() {
                    assert!(Path::parse(param.expression).is_ok(), "{kind} {}", param.code);
                }
                for component in &param.components {
                    assert!(Path::parse(component.expression).is_ok(), "{kind} {}", param.code);
                }
            }
        }
        for rule in r4.invariants() {
            assert!(Path::parse(rule.expression).is_ok(), "{}: {:?}", rule.key, Path::parse(rule.expression));
        }
    }
}
