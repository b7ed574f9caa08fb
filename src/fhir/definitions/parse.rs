//! Reads the compact table. It is part of the program and checked by tests, so a line that does not read is left out, and
//! the tests see it missing.
//!
//! Lines of tab-separated fields, the first a letter; empty fields at the end are cut:
//!
//! ```text
//! V url                                     a required value set; its number is its place among the V lines
//! S system code…                            codes of the V before it, sorted by bytes
//! P name base [regex]                       a primitive type
//! A name [base]                             an abstract type
//! D name base                               a datatype
//! R name base                               a resource type
//! e path min max types [value set]          an element of the A, D or R before it, parents first
//! K path key severity expression human      an invariant
//! Q number base code kind expression targets (number expression)…    a search parameter with a composite's parts
//! C compartment type code…                  a type's parameters in a compartment; `{def}` is the resource itself
//! ```
//!
//! An element's path is relative to its type and ends in `[x]` for a choice. Its types are separated by spaces:
//! `string`, `Reference(Group,Patient)`, `canonical(Questionnaire)`, `SimpleQuantity`, or `#path` for the content of another
//! element of the same type. Reference targets that are left out mean any resource, in `e` and in `Q`.

use std::collections::HashMap;

use super::Definitions;
use super::types::{
    CodeGroup, Component, Element, ElementType, Invariant, Node, NodeId, ParamKind, Primitive, SearchParam, TypeKind,
    TypeSet, ValueSet,
};
use crate::fhir::ResourceType;

pub(super) fn read(text: &'static str) -> Definitions {
    let mut raw = Raw::default();
    for line in text.lines() {
        let (letter, rest) = line.split_once('\t').unwrap_or((line, ""));
        raw.line(letter, rest);
    }
    raw.finish()
}

/// A type or backbone before its elements have places.
struct Draft {
    name: Box<str>,
    base: &'static str,
    /// The type that a `#path` within it is relative to.
    owner: usize,
    elements: Vec<DraftElement>,
}

struct DraftElement {
    name: &'static str,
    required: bool,
    repeats: bool,
    types: &'static str,
    binding: Option<u16>,
    /// The draft of a backbone element's own children.
    nested: Option<usize>,
}

#[derive(Default)]
struct Raw {
    value_sets: Vec<ValueSet>,
    regexes: Vec<(Primitive, &'static str)>,
    drafts: Vec<Draft>,
    /// The draft of the type whose elements are being read.
    current: usize,
    types: HashMap<&'static str, usize>,
    /// (draft of the type, path of a backbone in it) → draft of the backbone.
    backbones: HashMap<(usize, &'static str), usize>,
    params: Vec<SearchParam>,
    members: Vec<(ResourceType, ResourceType, Box<[&'static str]>)>,
    invariants: Vec<Invariant>,
}

impl Raw {
    fn line(&mut self, letter: &str, rest: &'static str) {
        let mut fields = rest.split('\t');
        let mut next = || fields.next().unwrap_or_default();
        match letter {
            "V" => self.value_sets.push(ValueSet { url: next(), groups: Vec::new() }),
            "S" => {
                let group = CodeGroup { system: next(), codes: fields.collect() };
                if let Some(set) = self.value_sets.last_mut() {
                    set.groups.push(group);
                }
            }
            "P" => {
                let (name, _base, regex) = (next(), next(), next());
                if let Some(primitive) = Primitive::parse(name).filter(|_| !regex.is_empty()) {
                    self.regexes.push((primitive, regex));
                }
            }
            "A" | "D" | "R" => {
                let (name, base) = (next(), next());
                self.current = self.drafts.len();
                self.types.insert(name, self.current);
                self.drafts.push(Draft { name: name.into(), base, owner: self.current, elements: Vec::new() });
            }
            "e" => self.element([next(), next(), next(), next(), next()]),
            "K" => {
                let [context, key, severity, expression, human] = [next(), next(), next(), next(), next()];
                self.invariants.push(Invariant { number: 0, context, key, severity, expression, human });
            }
            "Q" => self.params.extend(search_param(rest)),
            "C" => {
                if let (Some(of), Some(kind)) = (ResourceType::parse(next()), ResourceType::parse(next())) {
                    self.members.push((of, kind, fields.collect()));
                }
            }
            _ => {}
        }
    }

    fn element(&mut self, [path, min, max, types, binding]: [&'static str; 5]) {
        let owner = self.current;
        let (parent, name) = match path.rsplit_once('.') {
            Some((parent, name)) => (self.backbones.get(&(owner, parent)).copied(), name),
            None => (Some(owner), path),
        };
        let nested = matches!(types, "BackboneElement" | "Element").then(|| {
            let name = format!("{}.{path}", self.drafts.get(owner).map_or("", |draft| &draft.name)).into();
            self.drafts.push(Draft { name, base: types, owner, elements: Vec::new() });
            self.backbones.insert((owner, path), self.drafts.len() - 1);
            self.drafts.len() - 1
        });
        if let Some(parent) = parent.and_then(|at| self.drafts.get_mut(at)) {
            let (required, repeats) = (min == "1", max == "*");
            parent.elements.push(DraftElement {
                name,
                required,
                repeats,
                types,
                binding: binding.parse().ok(),
                nested,
            });
        }
    }

    fn finish(mut self) -> Definitions {
        self.invariants.sort_by_key(|rule| rule.context);
        for (number, rule) in self.invariants.iter_mut().enumerate() {
            rule.number = short(number);
        }
        let rules = std::mem::take(&mut self.invariants);
        let mut table = Definitions {
            nodes: Vec::new(),
            elements: Vec::new(),
            types: Vec::new(),
            value_sets: std::mem::take(&mut self.value_sets),
            datatypes: Vec::new(),
            resources: vec![NodeId(0); ResourceType::ALL.len()],
            regexes: std::mem::take(&mut self.regexes),
            params: Vec::new(),
            params_of: Vec::new(),
            params_of_any: (0, 0),
            params_of_domain: (0, 0),
            params_by_id: Vec::new(),
            compartments: Vec::new(),
            invariants: rules,
        };
        for (of, kind, codes) in std::mem::take(&mut self.members) {
            if table.compartments.last().is_none_or(|(known, _)| *known != of) {
                table.compartments.push((of, vec![Box::default(); ResourceType::ALL.len()]));
            }
            let members = table.compartments.last_mut().map(|(_, members)| members);
            if let Some(slot) = members.and_then(|members| members.get_mut(usize::from(kind.number()))) {
                *slot = codes;
            }
        }
        place_params(&mut table, std::mem::take(&mut self.params));
        for (name, &at) in &self.types {
            match ResourceType::parse(name).map(|kind| usize::from(kind.number())) {
                Some(number) => table.resources.iter_mut().skip(number).take(1).for_each(|slot| *slot = id(at)),
                None => table.datatypes.push((name, id(at))),
            }
        }
        table.datatypes.sort_unstable_by_key(|(name, _)| *name);
        for draft in std::mem::take(&mut self.drafts) {
            self.place(&mut table, draft);
        }
        table
    }

    fn place(&self, table: &mut Definitions, mut draft: Draft) {
        let is_choice = |element: &DraftElement| element.name.ends_with("[x]");
        draft.elements.sort_by_key(|element| (is_choice(element), element.name));
        let start = short(table.elements.len());
        let choices = start + short(draft.elements.iter().filter(|element| !is_choice(element)).count());
        let requires = draft.elements.iter().any(|element| element.required);
        let rules = |context: &str| {
            let from = table.invariants.partition_point(|rule| rule.context < context);
            (short(from), short(table.invariants.partition_point(|rule| rule.context <= context)))
        };
        for element in &draft.elements {
            let own =
                if element.nested.is_some() { (0, 0) } else { rules(&format!("{}.{}", draft.name, element.name)) };
            let from = short(table.types.len());
            table.types.extend(element.types.split(' ').map(|text| self.element_type(text, element, draft.owner)));
            table.elements.push(Element {
                name: element.name.trim_end_matches("[x]"),
                required: element.required,
                repeats: element.repeats,
                choice: is_choice(element),
                binding: element.binding,
                types: (from, short(table.types.len())),
                rules: own,
            });
        }
        table.nodes.push(Node {
            rules: rules(&draft.name),
            name: draft.name,
            base: self.types.get(draft.base).copied().map(id),
            plain: (start, choices),
            choices: (choices, short(table.elements.len())),
            requires,
        });
    }

    fn element_type(&self, text: &'static str, element: &DraftElement, owner: usize) -> ElementType {
        let (name, targets) = match text.split_once('(') {
            Some((name, list)) => (name, type_set(list.trim_end_matches(')').split(','))),
            None => (text, TypeSet::ALL),
        };
        let simple = name == "SimpleQuantity";
        let name = if simple { "Quantity" } else { name };
        let place = element
            .nested
            .or_else(|| self.backbones.get(&(owner, name.strip_prefix('#')?)).copied())
            .or_else(|| self.types.get(name).copied());
        let kind = match (Primitive::parse(name), place) {
            (Some(primitive), _) => TypeKind::Primitive(primitive),
            (None, Some(at)) if name != "Resource" => TypeKind::Object(id(at)),
            _ => TypeKind::Resource,
        };
        ElementType { kind, name, targets, simple }
    }
}

fn search_param(rest: &'static str) -> Option<SearchParam> {
    let mut fields = rest.split('\t');
    let id = fields.next()?.parse().ok()?;
    let (base, code, kind) = (fields.next()?, fields.next()?, ParamKind::parse(fields.next()?)?);
    let (expression, targets) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
    let targets = match (kind, targets) {
        (ParamKind::Reference, "") => TypeSet::ALL,
        (_, list) => type_set(list.split(' ')),
    };
    let mut components = Vec::new();
    while let (Some(number), Some(expression)) = (fields.next(), fields.next()) {
        components.push(Component { param: number.parse().ok()?, expression });
    }
    Some(SearchParam { id, base, code, kind, expression, targets, components: components.into() })
}

fn place_params(table: &mut Definitions, mut params: Vec<SearchParam>) {
    params.sort_unstable_by_key(|param| (param.base, param.code));
    let range = |base: &str| {
        let from = params.partition_point(|param| param.base < base);
        (short(from), short(params.partition_point(|param| param.base <= base)))
    };
    table.params_of = ResourceType::ALL.iter().map(|kind| range(kind.name())).collect();
    table.params_of_any = range("Resource");
    table.params_of_domain = range("DomainResource");
    table.params_by_id = vec![None; params.iter().map(|param| usize::from(param.id) + 1).max().unwrap_or(0)];
    for (at, param) in params.iter().enumerate() {
        if let Some(slot) = table.params_by_id.get_mut(usize::from(param.id)) {
            *slot = Some(short(at));
        }
    }
    table.params = params;
}

fn type_set<'a>(names: impl Iterator<Item = &'a str>) -> TypeSet {
    names.filter_map(ResourceType::parse).collect()
}

fn id(at: usize) -> NodeId {
    NodeId(short(at))
}

/// The table has some 5,000 elements; a test would see one cut off at 65,535.
fn short(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}
