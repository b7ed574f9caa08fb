//! Parts of a resource, as `_summary` and `_elements` ask for (search.html#summary, search.html#elements).

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::definitions::Definitions;
use super::{ResourceType, search};

/// Which part of a resource is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Shape {
    #[default]
    Whole,
    /// What the standard marks as summary, and what must be there.
    Summary,
    /// Narrative, id, meta, and what must be there.
    Text,
    /// All but the narrative.
    Data,
    /// These elements, `Type.element` for one type alone, and what must be there.
    Elements(Vec<String>),
}

impl Shape {
    /// As a search asks. Counting is no shape.
    pub fn of_query(query: &search::Query) -> Self {
        match query.summary {
            Some(search::Summary::True) => Self::Summary,
            Some(search::Summary::Text) => Self::Text,
            Some(search::Summary::Data) => Self::Data,
            Some(search::Summary::Count | search::Summary::False) | None => {
                if query.elements.is_empty() {
                    Self::Whole
                } else {
                    Self::Elements(query.elements.clone())
                }
            }
        }
    }

    /// The part of a stored resource, marked `SUBSETTED`. `None` when it is the whole, as it was stored.
    pub fn part(&self, kind: ResourceType, stored: &[u8]) -> Option<Vec<u8>> {
        if *self == Self::Whole || stored.is_empty() {
            return None;
        }
        let Ok(Value::Object(mut resource)) = serde_json::from_slice::<Value>(stored) else { return None };
        let r4 = Definitions::r4();
        let node = r4.resource(kind);
        resource.retain(|key, _| {
            let name = key.strip_prefix('_').unwrap_or(key);
            if matches!(name, "resourceType" | "id" | "meta") {
                return true;
            }
            let property = r4.property(node, name);
            let stem = property.as_ref().map_or(name, |property| property.element.name);
            let required = property.as_ref().is_some_and(|property| property.element.required);
            match self {
                Self::Whole => true,
                Self::Data => name != "text",
                Self::Text => name == "text" || required,
                Self::Summary => required || is_summary(kind, stem),
                Self::Elements(wanted) => required || wanted.iter().any(|one| names(one, kind, stem, name)),
            }
        });
        mark(&mut resource);
        serde_json::to_vec(&resource).ok()
    }
}

/// Whether `_elements` can ask for this of a type: an element by its name, with the type before it or without.
pub fn is_element(kind: ResourceType, wanted: &str) -> bool {
    let (head, rest) = wanted.split_once('.').unwrap_or((wanted, ""));
    let (kind, name) = match ResourceType::parse(head) {
        Some(of) => (of, rest.split('.').next().unwrap_or_default()),
        None => (kind, head),
    };
    let r4 = Definitions::r4();
    let node = r4.resource(kind);
    name == "resourceType" || r4.element(node, name).is_some() || r4.property(node, name).is_some()
}

fn names(wanted: &str, kind: ResourceType, stem: &str, name: &str) -> bool {
    let wanted = match wanted.split_once('.') {
        Some((head, rest)) if head == kind.name() => rest,
        // The standard asks for whole top elements.
        Some((head, _)) => head,
        None => wanted,
    };
    wanted == stem || wanted == name
}

fn is_summary(kind: ResourceType, element: &str) -> bool {
    static MARKED: LazyLock<HashMap<&str, Vec<&str>>> = LazyLock::new(|| {
        let lines = include_str!("summary.txt").lines().filter(|line| !line.starts_with('#'));
        lines
            .filter_map(|line| {
                let mut words = line.split(' ');
                Some((words.next()?, words.collect()))
            })
            .collect()
    });
    MARKED.get(kind.name()).is_some_and(|marked| marked.contains(&element))
}

fn mark(resource: &mut Map<String, Value>) {
    let tag = json!({"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"});
    let meta = resource.entry("meta").or_insert_with(|| json!({}));
    let Some(meta) = meta.as_object_mut() else { return };
    if let Some(tags) = meta.entry("tag").or_insert_with(|| json!([])).as_array_mut()
        && !tags.contains(&tag)
    {
        tags.push(tag);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(shape: &Shape) -> Vec<String> {
        let stored = json!({
            "resourceType": "Observation", "id": "o", "meta": {"versionId": "1"}, "text": {"status": "empty"},
            "status": "final", "_status": {"id": "x"}, "code": {"text": "c"}, "valueString": "v",
            "note": [{"text": "n"}], "subject": {"reference": "Patient/p"}
        });
        let part = shape.part(ResourceType::Observation, stored.to_string().as_bytes()).unwrap();
        let part: Value = serde_json::from_slice(&part).unwrap();
        assert_eq!(part["meta"]["tag"][0]["code"], "SUBSETTED");
        part.as_object().unwrap().keys().skip(3).cloned().collect()
    }

    #[test]
    fn each_shape_keeps_what_was_asked_and_what_must_be_there() {
        assert_eq!(keys(&Shape::Text), ["text", "status", "_status", "code"]);
        assert_eq!(keys(&Shape::Data), ["status", "_status", "code", "valueString", "note", "subject"]);
        assert_eq!(keys(&Shape::Summary), ["status", "_status", "code", "valueString", "subject"]);
        let asked = |names: &[&str]| keys(&Shape::Elements(names.iter().map(|name| (*name).to_owned()).collect()));
        assert_eq!(asked(&["value"]), ["status", "_status", "code", "valueString"]);
        assert_eq!(asked(&["Observation.note", "subject.reference"]), ["status", "_status", "code", "note", "subject"]);
        assert_eq!(asked(&["nothing"]), ["status", "_status", "code"]);
    }

    #[test]
    fn the_whole_is_left_as_it_was_stored() {
        assert_eq!(Shape::Whole.part(ResourceType::Patient, b"{}"), None);
    }

    #[test]
    fn every_type_has_its_summary() {
        for kind in ResourceType::ALL {
            assert!(is_summary(*kind, "meta"), "{kind}");
        }
    }
}
