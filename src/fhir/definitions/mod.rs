//! The definitions of FHIR R4 (4.0.1) as a compact table: elements, required codes, search parameters, compartments.
//!
//! The table is text made by `scripts/make-definitions` and part of the program image; [`Definitions::r4`] reads it once,
//! at first use. It must never reach outside the process.

mod parse;
mod types;

use std::sync::LazyLock;

use super::ResourceType;

use types::Node;
pub use types::{
    Component, Element, ElementType, Invariant, NodeId, ParamKind, Primitive, SearchParam, TypeKind, TypeSet, ValueSet,
};

/// In the place of a parameter's code: a resource is in its own compartment.
pub const ITSELF: &str = "{def}";

/// The table. Lookups are binary searches; nothing is allocated after it was read.
#[derive(Debug)]
pub struct Definitions {
    nodes: Vec<Node>,
    elements: Vec<Element>,
    types: Vec<ElementType>,
    value_sets: Vec<ValueSet>,
    /// Datatypes and abstract types by name, sorted.
    datatypes: Vec<(&'static str, NodeId)>,
    /// By [`ResourceType::number`].
    resources: Vec<NodeId>,
    regexes: Vec<(Primitive, &'static str)>,
    /// Grouped by base, each group sorted by code.
    params: Vec<SearchParam>,
    /// By [`ResourceType::number`]: the range in `params`.
    params_of: Vec<(u16, u16)>,
    params_of_any: (u16, u16),
    params_of_domain: (u16, u16),
    /// By number: the place in `params`.
    params_by_id: Vec<Option<u16>>,
    /// Each compartment with its members' parameters, these by [`ResourceType::number`].
    compartments: Vec<(ResourceType, Vec<Box<[&'static str]>>)>,
    invariants: Vec<Invariant>,
}

/// An element found by its JSON name: for a choice, with the one type that the name says.
#[derive(Debug, Clone, Copy)]
pub struct Property<'a> {
    pub element: &'a Element,
    pub kind: &'a ElementType,
}

impl Definitions {
    /// The one table of this program.
    pub fn r4() -> &'static Self {
        static R4: LazyLock<Definitions> = LazyLock::new(|| parse::read(include_str!("r4.txt")));
        &R4
    }

    /// The search parameters of one type, sorted by code; without those of every resource.
    pub fn search_params(&self, kind: ResourceType) -> &[SearchParam] {
        self.params_of.get(usize::from(kind.number())).map_or(&[], |range| slice(&self.params, *range))
    }

    /// The search parameters of every resource: `_content`, `_id`, `_lastUpdated`, `_profile`, …
    pub fn common_search_params(&self) -> &[SearchParam] {
        slice(&self.params, self.params_of_any)
    }

    /// A type's search parameter by its code, those of every resource included.
    pub fn search_param(&self, kind: ResourceType, code: &str) -> Option<&SearchParam> {
        let domain = if self.is_domain_resource(kind) { slice(&self.params, self.params_of_domain) } else { &[] };
        [self.search_params(kind), self.common_search_params(), domain]
            .into_iter()
            .find_map(|params| params.binary_search_by(|param| param.code.cmp(code)).ok().and_then(|at| params.get(at)))
    }

    /// A search parameter by the number that stands in stored keys.
    pub fn search_param_by_id(&self, id: u16) -> Option<&SearchParam> {
        self.params_by_id.get(usize::from(id)).copied().flatten().and_then(|at| self.params.get(usize::from(at)))
    }

    /// The codes of the search parameters that put a resource of this type into a patient's compartment
    /// (`CompartmentDefinition/patient`). Empty for types outside it; a Patient is also in its own.
    pub fn patient_compartment(&self, kind: ResourceType) -> &[&'static str] {
        self.compartment(ResourceType::Patient, kind)
    }

    /// The types that have a compartment (compartmentdefinition.html): Device, Encounter, Patient, Practitioner,
    /// RelatedPerson.
    pub fn compartments(&self) -> impl Iterator<Item = ResourceType> + '_ {
        self.compartments.iter().map(|(of, _)| *of)
    }

    /// The codes of the search parameters that put a resource of type `kind` into the compartment of a resource of type
    /// `of`; [`ITSELF`] where that is the resource itself. Empty for types outside it.
    pub fn compartment(&self, of: ResourceType, kind: ResourceType) -> &[&'static str] {
        let members = self.compartments.iter().find(|(known, _)| *known == of).map(|(_, members)| members);
        members.and_then(|members| members.get(usize::from(kind.number()))).map_or(&[], |codes| codes)
    }

    pub fn invariants(&self) -> &[Invariant] {
        &self.invariants
    }

    /// The rules about a type or backbone element, inherited ones last.
    pub fn invariants_of(&self, node: NodeId) -> impl Iterator<Item = &Invariant> + '_ {
        self.lineage(node).filter_map(|at| self.node(at)).flat_map(|node| slice(&self.invariants, node.rules))
    }

    /// The rules about an element that are not about its type: no home address for an Organization.
    pub fn invariants_at(&self, element: &Element) -> &[Invariant] {
        slice(&self.invariants, element.rules)
    }

    /// The standard's regular expression for a primitive; `None` where it gives none. `validate` checks by hand.
    pub fn regex(&self, primitive: Primitive) -> Option<&'static str> {
        self.regexes.iter().find(|(of, _)| *of == primitive).map(|(_, regex)| *regex)
    }

    pub fn resource(&self, kind: ResourceType) -> NodeId {
        self.resources.get(usize::from(kind.number())).copied().unwrap_or(NodeId(0))
    }

    /// A datatype by name: `HumanName`, `Element`, … Not primitives, not resources.
    pub fn datatype(&self, name: &str) -> Option<NodeId> {
        let at = self.datatypes.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
        self.datatypes.get(at).map(|(_, node)| *node)
    }

    /// Every type and backbone element.
    pub fn all_nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        (0..self.nodes.len()).filter_map(|at| u16::try_from(at).ok()).map(NodeId)
    }

    /// How many types and backbone elements there are.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// A type's name, or a backbone element's path: `Patient.contact`.
    pub fn name(&self, node: NodeId) -> &str {
        self.node(node).map_or("", |node| &node.name)
    }

    /// The node itself and what it derives from, nearest first.
    pub fn lineage(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(Some(node), |at| self.node(*at).and_then(|node| node.base))
    }

    /// An element by its name in JSON, such as `birthDate` or `valueQuantity`.
    pub fn property(&self, node: NodeId, key: &str) -> Option<Property<'_>> {
        self.lineage(node).find_map(|at| self.own_property(self.node(at)?, key))
    }

    /// An element by its name in FHIRPath, such as `birthDate` or `value`.
    pub fn element(&self, node: NodeId, name: &str) -> Option<&Element> {
        self.elements_of(node).find(|element| element.name == name)
    }

    /// All elements, inherited ones last.
    pub fn elements_of(&self, node: NodeId) -> impl Iterator<Item = &Element> + '_ {
        self.lineage(node)
            .filter_map(|at| self.node(at))
            .flat_map(|node| slice(&self.elements, node.plain).iter().chain(slice(&self.elements, node.choices)))
    }

    /// The required elements; most nodes have none or few.
    pub fn required_of(&self, node: NodeId) -> impl Iterator<Item = &Element> + '_ {
        self.lineage(node)
            .filter_map(|at| self.node(at).filter(|node| node.requires))
            .flat_map(|node| slice(&self.elements, node.plain).iter().chain(slice(&self.elements, node.choices)))
            .filter(|element| element.required)
    }

    pub fn types_of(&self, element: &Element) -> &[ElementType] {
        slice(&self.types, element.types)
    }

    /// The value set that an element's codes must come from, where the binding is required and can be listed.
    pub fn binding(&self, element: &Element) -> Option<&ValueSet> {
        element.binding.and_then(|at| self.value_sets.get(usize::from(at)))
    }

    fn is_domain_resource(&self, kind: ResourceType) -> bool {
        self.lineage(self.resource(kind)).any(|at| self.name(at) == "DomainResource")
    }

    fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(usize::from(id.0))
    }

    fn own_property(&self, node: &Node, key: &str) -> Option<Property<'_>> {
        let plain = slice(&self.elements, node.plain);
        if let Ok(at) = plain.binary_search_by(|element| element.name.cmp(key)) {
            let element = plain.get(at)?;
            return Some(Property { element, kind: self.types_of(element).first()? });
        }
        slice(&self.elements, node.choices).iter().find_map(|element| {
            let suffix = key.strip_prefix(element.name)?;
            let kind = self.types_of(element).iter().find(|kind| is_raised(suffix, kind.name))?;
            Some(Property { element, kind })
        })
    }
}

/// Whether `suffix` is `name` with its first letter in upper case.
fn is_raised(suffix: &str, name: &str) -> bool {
    suffix.len() == name.len()
        && suffix.get(1..) == name.get(1..)
        && suffix.as_bytes().first().is_some_and(u8::is_ascii_uppercase)
        && suffix.as_bytes().first().map(u8::to_ascii_lowercase) == name.as_bytes().first().map(u8::to_ascii_lowercase)
}

fn slice<T>(of: &[T], (from, to): (u16, u16)) -> &[T] {
    of.get(usize::from(from)..usize::from(to)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str) -> NodeId {
        let r4 = Definitions::r4();
        ResourceType::parse(name).map(|kind| r4.resource(kind)).or_else(|| r4.datatype(name)).unwrap()
    }

    #[test]
    fn every_resource_type_stands_in_the_table_under_its_own_name() {
        for &kind in ResourceType::ALL {
            assert_eq!(Definitions::r4().name(Definitions::r4().resource(kind)), kind.name());
            assert!(Definitions::r4().property(Definitions::r4().resource(kind), "meta").is_some(), "{kind}");
        }
    }

    #[test]
    fn a_choice_is_found_by_its_json_name_only() {
        let r4 = Definitions::r4();
        let found = r4.property(node("Observation"), "valueQuantity").unwrap();
        assert_eq!((found.element.name, found.kind.name, found.element.choice), ("value", "Quantity", true));
        assert!(matches!(
            r4.property(node("Patient"), "deceasedBoolean").unwrap().kind.kind,
            TypeKind::Primitive(Primitive::Boolean)
        ));
        for wrong in ["value", "valueMoney", "valuequantity", "valueQuantity2", "value[x]"] {
            assert!(r4.property(node("Observation"), wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn backbones_content_references_and_inheritance_lead_to_the_right_elements() {
        let r4 = Definitions::r4();
        let TypeKind::Object(contact) = r4.property(node("Patient"), "contact").unwrap().kind.kind else { panic!() };
        assert_eq!(r4.name(contact), "Patient.contact");
        assert!(r4.property(contact, "modifierExtension").unwrap().element.repeats);
        let TypeKind::Object(item) = r4.property(node("Questionnaire"), "item").unwrap().kind.kind else { panic!() };
        assert_eq!(r4.property(item, "item").unwrap().kind.kind, TypeKind::Object(item));
        assert!(r4.property(node("Age"), "value").is_some());
        assert_eq!(r4.property(node("Bundle"), "text").map(|p| p.element.name), None);
    }

    #[test]
    fn required_elements_bindings_and_targets_are_the_standards() {
        let r4 = Definitions::r4();
        let names = |of: &str| r4.required_of(node(of)).map(|e| e.name).collect::<Vec<_>>();
        assert_eq!(names("Observation"), ["code", "status"]);
        assert_eq!(names("Extension"), ["url"]);
        assert!(names("Patient").is_empty());
        let gender = r4.property(node("Patient"), "gender").unwrap().element;
        let codes: Vec<_> = r4.binding(gender).unwrap().codes().map(|(_, code)| code).collect();
        assert_eq!(codes, ["female", "male", "other", "unknown"]);
        let status = r4.binding(r4.property(node("Condition"), "clinicalStatus").unwrap().element).unwrap();
        assert!(status.has_coding("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"));
        assert!(!status.has_coding("http://example.org", "active"));
        let doctor = r4.property(node("Patient"), "generalPractitioner").unwrap().kind;
        assert_eq!(
            doctor.targets.iter().map(ResourceType::name).collect::<Vec<_>>(),
            ["Organization", "Practitioner", "PractitionerRole"]
        );
        assert_eq!(r4.property(node("Observation"), "focus").unwrap().kind.targets, TypeSet::ALL);
        assert!(r4.property(node("Range"), "low").unwrap().kind.simple);
    }

    #[test]
    fn search_parameters_are_found_by_code_and_by_number() {
        let r4 = Definitions::r4();
        let patient = r4.search_param(ResourceType::Observation, "patient").unwrap();
        assert_eq!(patient.kind, ParamKind::Reference);
        assert_eq!(patient.expression, "Observation.subject.where(resolve() is Patient)");
        assert_eq!(r4.search_param_by_id(patient.id).unwrap().code, "patient");
        let part = r4.search_param(ResourceType::Observation, "code-value-quantity").unwrap();
        let codes: Vec<_> = part.components.iter().map(|c| r4.search_param_by_id(c.param).unwrap().code).collect();
        assert_eq!(codes, ["code", "value-quantity"]);
        assert_eq!(r4.search_param(ResourceType::Patient, "_id").unwrap().expression, "Resource.id");
        assert!(r4.search_param(ResourceType::Patient, "_text").is_some());
        assert!(r4.search_param(ResourceType::Bundle, "_text").is_none());
        assert!(r4.search_param(ResourceType::Patient, "nosuch").is_none());
        assert!(ResourceType::ALL.iter().all(|kind| r4.search_params(*kind).is_sorted_by_key(|param| param.code)));
    }

    /// Stored keys carry these numbers: a change here is a change of the store's format.
    #[test]
    fn search_parameter_numbers_never_change() {
        let r4 = Definitions::r4();
        let mut hasher = blake3::Hasher::new();
        let mut all: Vec<_> = r4.params.iter().map(|param| (param.id, param.base, param.code)).collect();
        all.sort_unstable();
        all.retain(|(id, _, _)| *id < 1716);
        all.iter().for_each(|(id, base, code)| {
            hasher.update(format!("{id} {base} {code}\n").as_bytes());
        });
        let known = "7d1ccbf7e847eb09d67c1474ad7d65c6165a803ace79abf4d9503fc62131938f";
        assert_eq!(hasher.finalize().to_hex().as_str(), known);
        assert_eq!(r4.search_param(ResourceType::Patient, "name").unwrap().id, 1219);
    }

    #[test]
    fn the_compartments_are_the_standards() {
        use ResourceType as T;
        let r4 = Definitions::r4();
        let all: Vec<_> = r4.compartments().collect();
        assert_eq!(all, [T::Device, T::Encounter, T::Patient, T::Practitioner, T::RelatedPerson]);
        assert_eq!(r4.compartment(T::Practitioner, T::Appointment), ["actor"]);
        assert_eq!(r4.compartment(T::Encounter, T::Encounter), [ITSELF]);
        for of in all {
            for &kind in T::ALL {
                for code in r4.compartment(of, kind).iter().filter(|code| **code != ITSELF) {
                    let param = r4.search_param(kind, code).unwrap_or_else(|| panic!("{of} {kind} {code}"));
                    assert!(param.kind == ParamKind::Reference && param.targets.contains(of), "{of} {kind} {code}");
                }
            }
        }
        assert_eq!(r4.patient_compartment(ResourceType::AllergyIntolerance), ["patient", "recorder", "asserter"]);
        assert!(r4.patient_compartment(ResourceType::Organization).is_empty());
        for &kind in ResourceType::ALL {
            for code in r4.patient_compartment(kind) {
                assert!(r4.search_param(kind, code).is_some(), "{kind} {code}");
            }
        }
    }

    #[test]
    fn invariants_are_kept() {
        let found = Definitions::r4().invariants().iter().find(|rule| rule.key == "pat-1").unwrap();
        assert_eq!((found.context, found.severity), ("Patient.contact", "error"));
        assert!(found.expression.contains("organization.exists()"));
    }
}
