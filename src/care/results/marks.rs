//! What the house notes of a report beside what its laboratory says: tags of it (`meta.tag`), which change nothing that it says.

use serde_json::{Value, json};

use crate::care::within::{list, text};

/// Somebody here put it into the record. However old it is, it waits for a signature here.
pub const ENTERED: (&str, &str) = ("urn:chartbox:result", "entered");

/// Whether somebody here put it into the record, and not a program or an import of a past.
pub fn is_entered(report: &Value) -> bool {
    has(report, ENTERED)
}

pub(super) fn has(report: &Value, tag: (&str, &str)) -> bool {
    let tags = report.get("meta").map(|meta| list(meta, "tag")).unwrap_or_default();
    tags.iter().any(|one| (text(one, "/system"), text(one, "/code")) == tag)
}

/// Marks it, once.
pub(super) fn put(report: &mut Value, tag: (&str, &str)) {
    if has(report, tag) {
        return;
    }
    let Some(members) = report.as_object_mut() else { return };
    let meta = members.entry("meta").or_insert_with(|| json!({}));
    let tags = meta.as_object_mut().map(|meta| meta.entry("tag").or_insert_with(|| json!([])));
    if let Some(tags) = tags.and_then(Value::as_array_mut) {
        tags.push(json!({"system": tag.0, "code": tag.1}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_put_once() {
        let mut one = json!({"resourceType": "DiagnosticReport"});
        put(&mut one, ENTERED);
        put(&mut one, ENTERED);
        assert!(is_entered(&one) && one["meta"]["tag"].as_array().unwrap().len() == 1);
    }
}
