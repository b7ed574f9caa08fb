//! Which of a resource's own elements a search asks for, and reading no more than those of its text: a candidate of a search
//! is met once, and most of it is nobody's question.

use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::compiled::compiled;
use super::query::{Filter, Sort, SortKey, Special, Test};
use crate::fhir::ResourceType;
use crate::fhir::definitions::Definitions;

/// Elements of a resource by the beginning of their names: a choice's name has its type behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elements(Option<Arc<[Box<str>]>>);

impl Elements {
    /// All there are.
    pub const ALL: Self = Self(None);

    /// What these conditions and this order ask of a resource itself: whatever passes by the whole passes by these.
    pub fn asked_of(kind: ResourceType, filters: &[Filter], sorts: &[Sort]) -> Self {
        let mut asked = vec!["resourceType".into(), "id".into()];
        let sorted = sorts.iter().all(|sort| match &sort.by {
            SortKey::Id | SortKey::LastUpdated => true,
            SortKey::Param(param) => of_param(kind, param.id, &mut asked),
        });
        Self((sorted && filters.iter().all(|filter| of_filter(kind, filter, &mut asked))).then(|| asked.into()))
    }

    /// Reads these of a resource's text. The rest is only gone through.
    pub fn read(&self, json: &[u8]) -> serde_json::Result<Value> {
        match &self.0 {
            None => serde_json::from_slice(json),
            Some(names) => {
                let mut text = serde_json::Deserializer::from_slice(json);
                let value = text.deserialize_map(Chosen(names))?;
                text.end().map(|()| value)
            }
        }
    }
}

/// `false` where it may ask for anything.
fn of_filter(kind: ResourceType, filter: &Filter, into: &mut Vec<Box<str>>) -> bool {
    match filter {
        Filter::Ids(_) | Filter::Special(Special::List(_)) => true,
        // What points here may do so by the address that a resource gives itself.
        Filter::Has { .. } => {
            into.extend(["url".into(), "version".into()]);
            true
        }
        Filter::Test { param, test: Test::Versioned(_) } => {
            into.push("version".into());
            of_param(kind, param.id, into)
        }
        Filter::Test { param, .. } | Filter::Missing { param, .. } | Filter::Special(Special::Near { param, .. }) => {
            of_param(kind, param.id, into)
        }
        Filter::Any(any) => any.iter().all(|one| of_filter(kind, one, into)),
        // A chain goes through what is contained.
        Filter::Chain { param, .. } => {
            into.push("contained".into());
            of_param(kind, param.id, into)
        }
        Filter::InSets { .. } | Filter::Special(_) => false,
    }
}

fn of_param(kind: ResourceType, param: u16, into: &mut Vec<Box<str>>) -> bool {
    let params = compiled(Definitions::r4(), kind);
    // A parameter without an expression finds nothing anywhere.
    let Some(param) = params.iter().find(|known| known.param == param) else { return true };
    match &param.elements {
        Some(names) => {
            into.extend(names.iter().cloned());
            true
        }
        None => false,
    }
}

/// Reads an object's members whose names begin with one of these, and what stands beside them (`_birthDate`).
struct Chosen<'n>(&'n [Box<str>]);

impl<'de> Visitor<'de> for Chosen<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut chosen = Map::new();
        while let Some(name) = members.next_key_seed(Name(self.0))? {
            match name {
                Some(name) => {
                    chosen.insert(name, members.next_value()?);
                }
                None => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Value::Object(chosen))
    }
}

/// A member's name, if it is chosen.
struct Name<'n>(&'n [Box<str>]);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<String>;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        let bare = name.strip_prefix('_').unwrap_or(name);
        Ok(self.0.iter().any(|chosen| bare.starts_with(&**chosen)).then(|| name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fhir::search::{Handling, Query};

    fn asked(kind: ResourceType, query: &str) -> Elements {
        let query = Query::parse(kind, query, Handling::Strict, Definitions::r4()).unwrap();
        Elements::asked_of(kind, &query.filters, &query.sort)
    }

    fn names(elements: &Elements) -> Option<Vec<&str>> {
        elements.0.as_deref().map(|names| names.iter().map(|name| &**name).skip(2).collect())
    }

    #[test]
    fn a_search_asks_for_the_elements_of_its_conditions_and_its_order() {
        let observation = |query| asked(ResourceType::Observation, query);
        let of = observation("patient=a&code=8867-4&_sort=-date");
        let expected = ["effective", "contained", "subject", "code"];
        assert_eq!(names(&of), Some(expected.to_vec()));
        assert_eq!(names(&observation("value-quantity=gt5")), Some(vec!["value"]));
        assert_eq!(names(&observation("_id=a&_sort=-_lastUpdated")), Some(vec![]));
        // The components of a composite stand in the resource.
        assert_eq!(names(&observation("code-value-quantity=8867-4$gt5")), None);
        assert_eq!(names(&observation("_content=x")), None);
        assert_eq!(names(&asked(ResourceType::Patient, "name=a")), Some(vec!["name"]));
    }

    #[test]
    fn what_is_asked_for_is_read_with_what_stands_beside_it() {
        let text = r#"{"resourceType":"Observation","id":"a","valueQuantity":{"value":1.50},"\u0063ode":{"text":"\"}"},"_effectiveDateTime":{"extension":[]},"note":[{"text":"{"}],"subject":null}"#;
        let of = asked(ResourceType::Observation, "code=8867-4&_sort=date");
        let expected = json!({"resourceType": "Observation", "id": "a", "code": {"text": "\"}"}, "_effectiveDateTime": {"extension": []}});
        assert_eq!(of.read(text.as_bytes()).unwrap(), expected);
        assert_eq!(Elements::ALL.read(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        assert!(of.read(b"{\"id\":\"a\"").is_err());
        assert!(of.read(b"{} {}").is_err());
        assert!(of.read(b"[]").is_err());
    }
}
