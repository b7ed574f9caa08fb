//! A value that a path leads to: a place in the resource, or something computed.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::Model;
use super::decimal::Decimal;
use super::types::{choice_type, is_a};

/// A node, borrowed from the resource wherever it can be.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    pub item: Item<'a>,
    /// The type's name, or the path of an element without a type of its own (`Patient.contact`); `None` where
    /// nothing says it.
    pub kind: Option<&'a str>,
    /// A primitive element's `id` and `extension` (`_birthDate`).
    pub extra: Option<&'a Value>,
}

#[derive(Debug, Clone)]
pub enum Item<'a> {
    /// An element of the resource.
    Json(&'a Value),
    /// A primitive element that has only extensions.
    NoValue,
    /// A resource that a reference names by its type, and that is not at hand.
    Elsewhere,
    Bool(bool),
    Number(Decimal),
    Text(Cow<'a, str>),
}

impl<'a> Node<'a> {
    /// A whole resource; its type is what it says itself.
    pub fn resource(value: &'a Value) -> Self {
        let kind = value.get("resourceType").and_then(Value::as_str);
        Self { item: Item::Json(value), kind, extra: None }
    }

    pub(super) const fn bool(value: bool) -> Self {
        Self { item: Item::Bool(value), kind: Some("boolean"), extra: None }
    }

    pub(super) const fn number(value: Decimal) -> Self {
        let kind = if value.is_integer() { "integer" } else { "decimal" };
        Self { item: Item::Number(value), kind: Some(kind), extra: None }
    }

    pub(super) const fn text(value: Cow<'a, str>) -> Self {
        Self { item: Item::Text(value), kind: Some("string"), extra: None }
    }

    /// A date or time literal.
    pub(super) fn time(text: &'a str) -> Self {
        let kind = match (text.starts_with('T'), text.contains('T')) {
            (true, _) => "time",
            (false, true) => "dateTime",
            (false, false) => "date",
        };
        let text = text.strip_prefix('T').unwrap_or(text);
        Self { item: Item::Text(Cow::Borrowed(text)), kind: Some(kind), extra: None }
    }

    /// The JSON here, where this is an element of the resource with a value.
    pub const fn json(&self) -> Option<&'a Value> {
        match self.item {
            Item::Json(value) => Some(value),
            _ => None,
        }
    }

    pub const fn as_bool(&self) -> Option<bool> {
        match self.item {
            Item::Bool(value) | Item::Json(&Value::Bool(value)) => Some(value),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match &self.item {
            Item::Json(Value::String(text)) => Some(text),
            Item::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_number(&self) -> Option<Decimal> {
        match &self.item {
            Item::Json(Value::Number(number)) => Decimal::parse(number.as_str()),
            Item::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// Has this the type `asked`, or one derived from it? Where the type is not known, JSON's own says what
    /// it can.
    pub fn is_a(&self, asked: &str) -> bool {
        match (self.kind, self.json()) {
            (Some(kind), _) => is_a(kind, asked),
            (None, Some(Value::Bool(_))) => is_a("boolean", asked),
            (None, Some(Value::String(_))) => is_a("string", asked),
            (None, Some(Value::Number(_))) => {
                let whole = self.as_number().is_some_and(Decimal::is_integer);
                is_a(if whole { "integer" } else { "decimal" }, asked)
            }
            _ => false,
        }
    }

    /// Whether its type is known and is this, or one derived from it.
    pub(super) fn has_type(&self, name: &str) -> bool {
        self.kind.is_some_and(|kind| is_a(kind, name))
    }

    /// Puts the elements `name` of this node into `found`.
    pub(super) fn member(&self, name: &str, model: &'a dyn Model, found: &mut Vec<Self>) {
        // A primitive's own children stand beside it.
        if let Some(Value::Object(extra)) = self.extra
            && let Some(value) = extra.get(name)
        {
            let kind = if name == "extension" { "Extension" } else { "string" };
            push_each(Some(value), None, Some(kind), found);
        }
        let Some(Value::Object(object)) = self.json() else { return };
        let shadow = |name: &str| beside(object, name);
        if let Some(value) = object.get(name) {
            let kind = self.kind.and_then(|parent| model.child(parent, name));
            return push_each(Some(value), shadow(name), kind, found);
        }
        if let Some(extra) = shadow(name) {
            let kind = self.kind.and_then(|parent| model.child(parent, name));
            return push_each(None, Some(extra), kind, found);
        }
        for (key, value) in object {
            let (hidden, key) = key.strip_prefix('_').map_or((false, key.as_str()), |key| (true, key));
            let Some(kind) = key.strip_prefix(name).and_then(choice_type) else { continue };
            if self.kind.is_some_and(|parent| !model.is_choice(parent, name)) {
                return;
            }
            if !hidden {
                push_each(Some(value), shadow(key), Some(kind), found);
            } else if !object.contains_key(key) {
                push_each(None, Some(value), Some(kind), found);
            }
        }
    }

    /// Puts all children into `found`.
    pub(super) fn children(&self, model: &'a dyn Model, found: &mut Vec<Self>) {
        if let Some(Value::Object(extra)) = self.extra {
            for (name, value) in extra {
                push_each(Some(value), None, (name == "extension").then_some("Extension"), found);
            }
        }
        let Some(Value::Object(object)) = self.json() else { return };
        for (key, value) in object {
            let (hidden, name) = key.strip_prefix('_').map_or((false, key.as_str()), |name| (true, name));
            if name == "resourceType" || hidden && object.contains_key(name) {
                continue;
            }
            let kind = self.kind.and_then(|parent| model.child(parent, name)).or_else(|| choice_by_name(name));
            if hidden {
                push_each(None, Some(value), kind, found);
            } else {
                push_each(Some(value), beside(object, name), kind, found);
            }
        }
    }
}

/// What stands beside a primitive element: `_name`. Few objects have any, so looking at all names beats making one.
fn beside<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.iter().find(|(key, _)| key.strip_prefix('_') == Some(name)).map(|(_, value)| value)
}

/// The type in a choice element's whole name: the shortest head that leaves a type.
fn choice_by_name(name: &str) -> Option<&'static str> {
    let heads = name.char_indices().filter(|(at, c)| *at > 0 && c.is_ascii_uppercase());
    heads.filter_map(|(at, _)| choice_type(name.get(at..)?)).next()
}

/// An element's values, each with its extensions beside it.
fn push_each<'a>(value: Option<&'a Value>, extra: Option<&'a Value>, kind: Option<&'a str>, found: &mut Vec<Node<'a>>) {
    let values = many(value);
    let extras = many(extra);
    for at in 0..values.len().max(extras.len()) {
        let extra = extras.get(at).filter(|extra| extra.is_object());
        match values.get(at).filter(|value| !value.is_null()) {
            Some(value) => {
                let kind = value.get("resourceType").and_then(Value::as_str).or(kind);
                found.push(Node { item: Item::Json(value), kind, extra });
            }
            None if extra.is_some() => found.push(Node { item: Item::NoValue, kind, extra }),
            None => {}
        }
    }
}

fn many(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(values)) => values,
        Some(value) => std::slice::from_ref(value),
        None => &[],
    }
}
