//! What an operation is asked: from the address, from a Parameters resource, or from both.

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::super::respond::{Refusal, Refused};
use super::request;
use crate::fhir::search::encode_pair;

/// Named values. An operation takes those that it knows; what is left is refused, never ignored.
#[derive(Debug, Default)]
pub(super) struct Asked(Vec<(String, Value)>);

impl Asked {
    /// From the address.
    pub(super) fn of_query(pairs: Vec<(String, String)>) -> Self {
        let wanted = pairs.into_iter().filter(|(name, _)| !matches!(name.as_str(), "_format" | "_pretty"));
        Self(wanted.map(|(name, value)| (name, Value::String(value))).collect())
    }

    /// The address and what was sent, which has to be a Parameters resource.
    pub(super) fn of(pairs: Vec<(String, String)>, sent: Option<Value>) -> Result<Self, Refusal> {
        let mut asked = Self::of_query(pairs);
        if let Some(value) = sent {
            must_be_parameters(&value)?;
            asked.add(value);
        }
        Ok(asked)
    }

    /// Adds what a Parameters resource holds: of each parameter its resource or its value.
    pub(super) fn add(&mut self, mut parameters: Value) {
        let all = parameters.get_mut("parameter").and_then(Value::as_array_mut).map(std::mem::take);
        for parameter in all.unwrap_or_default() {
            let Value::Object(members) = parameter else { continue };
            let name = members.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            let value = members.into_iter().find(|(key, _)| key == "resource" || key.starts_with("value"));
            self.0.push((name, value.map_or(Value::Null, |(_, value)| value)));
        }
    }

    /// The first of this name.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(name, "text")),
        }
    }

    pub(super) fn number(&mut self, name: &'static str) -> Result<Option<usize>, Refusal> {
        let read = |value: Value| match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_u64().and_then(|number| usize::try_from(number).ok()),
        };
        self.take(name).map(|value| read(value).ok_or_else(|| wrong(name, "a whole number, 0 or more"))).transpose()
    }

    pub(super) fn flag(&mut self, name: &'static str) -> Result<Option<bool>, Refusal> {
        let read = |value: Value| match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_bool(),
        };
        self.take(name).map(|value| read(value).ok_or_else(|| wrong(name, "true or false"))).transpose()
    }

    /// All of them, in the order given.
    pub(super) fn into_pairs(self) -> Vec<(String, Value)> {
        self.0
    }

    /// Nothing may be left.
    pub(super) fn done(self) -> Result<(), Refusal> {
        let Some((name, _)) = self.0.into_iter().next() else { return Ok(()) };
        let plain =
            (1..=40).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let which = if plain { format!("The parameter \"{name}\"") } else { "A parameter".to_owned() };
        Err(Refusal::saying(Refused::Malformed, format!("{which} is not supported by this operation. Leave it out.")))
    }
}

/// The query of an address with what a Parameters resource in the body adds to it. Only primitives can stand in a query.
pub(super) fn as_query(query: &str, headers: &HeaderMap, body: &[u8]) -> Result<String, Refusal> {
    as_query_of(query, request::sent(headers, body)?)
}

/// [`as_query`] with the Parameters of a bundle's entry, if it has any.
pub(super) fn as_query_of(query: &str, parameters: Option<Value>) -> Result<String, Refusal> {
    joined(query, Asked::of(Vec::new(), parameters)?)
}

fn must_be_parameters(value: &Value) -> Result<(), Refusal> {
    if value.get("resourceType").and_then(Value::as_str) == Some("Parameters") {
        return Ok(());
    }
    Err(Refusal::saying(Refused::Malformed, "The operation takes a Parameters resource as its body."))
}

fn joined(query: &str, asked: Asked) -> Result<String, Refusal> {
    let mut out = query.to_owned();
    for (name, value) in asked.into_pairs() {
        let text = match value {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            _ => {
                return Err(Refusal::saying(
                    Refused::Malformed,
                    "A parameter of this operation is text, a number or a date.",
                ));
            }
        };
        encode_pair(&name, &text, &mut out);
    }
    Ok(out)
}

fn wrong(name: &str, what: &str) -> Refusal {
    Refusal::saying(Refused::Malformed, format!("The parameter \"{name}\" must be {what}."))
}

/// A Parameters resource with these.
pub(super) fn parameters(listed: Vec<Value>) -> Value {
    json!({ "resourceType": "Parameters", "parameter": listed })
}
