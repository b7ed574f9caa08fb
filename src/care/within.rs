//! Looking into a resource: what is not there is empty.

use serde_json::Value;

/// The members of a list that the resource has at its top.
pub(super) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Whether an end, known to the day or less, lies before this day; where the day is not known, any end does.
pub(super) fn is_before(end: &Value, today: Option<jiff::civil::Date>) -> bool {
    let (Some(end), Some(today)) = (end.as_str(), today.map(|day| day.to_string())) else { return true };
    let known = end.len().min(today.len());
    end.get(..known) < today.get(..known)
}

/// The text that a pointer leads to.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
