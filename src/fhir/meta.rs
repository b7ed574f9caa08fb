//! A resource's identity and `meta`: read from what came, and set on what is stored.

use serde_json::{Map, Value};

use crate::base::{FhirId, Timestamp};

/// What the server says about a stored version (resource.html#Meta).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    pub id: FhirId,
    /// From 1; `meta.versionId` is its decimal text.
    pub version: u64,
    pub last_updated: Timestamp,
}

/// The members that lead a resource, in the standard's order; the rest keep the sender's.
const LEADING: [&str; 9] =
    ["resourceType", "id", "meta", "implicitRules", "language", "text", "contained", "extension", "modifierExtension"];

/// Likewise in `meta`.
const LEADING_META: [&str; 8] = ["id", "extension", "versionId", "lastUpdated", "source", "profile", "security", "tag"];

/// The bytes of a resource as they are stored and answered: its id, version and time set, whatever it said of them before.
pub fn stamped(resource: &Map<String, Value>, stamp: &Stamp) -> Vec<u8> {
    let mut meta = resource.get("meta").and_then(Value::as_object).cloned().unwrap_or_default();
    for name in ["_versionId", "_lastUpdated"] {
        meta.shift_remove(name);
    }
    meta.insert("versionId".into(), stamp.version.to_string().into());
    meta.insert("lastUpdated".into(), instant(stamp.last_updated).into());
    let id = Value::from(stamp.id.as_str());
    let meta = MetaOf(&meta);
    let mut bytes = Vec::with_capacity(512);
    bytes.push(b'{');
    for name in LEADING {
        match (name, resource.get(name)) {
            ("id", _) => member(&mut bytes, name, &id),
            ("meta", _) => member(&mut bytes, name, &meta),
            (_, Some(value)) => member(&mut bytes, name, value),
            (_, None) => {}
        }
    }
    for (name, value) in resource.iter().filter(|(name, _)| !LEADING.contains(&name.as_str())) {
        member(&mut bytes, name, value);
    }
    bytes.push(b'}');
    bytes
}

/// `meta` in the standard's order.
struct MetaOf<'a>(&'a Map<String, Value>);

impl serde::Serialize for MetaOf<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let first = LEADING_META.iter().filter_map(|name| self.0.get_key_value(*name));
        let rest = self.0.iter().filter(|(name, _)| !LEADING_META.contains(&name.as_str()));
        serializer.collect_map(first.chain(rest))
    }
}

fn member(bytes: &mut Vec<u8>, name: &str, value: &impl serde::Serialize) {
    if bytes.len() > 1 {
        bytes.push(b',');
    }
    // Writing to memory cannot fail, nor can a value whose names are all text.
    let _ = serde_json::to_writer(&mut *bytes, name);
    bytes.push(b':');
    let _ = serde_json::to_writer(&mut *bytes, value);
}

/// An instant in UTC with milliseconds, such as `2024-02-29T13:28:17.239Z`.
pub fn instant(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The resource's own id, where it is a legal one.
pub fn id(resource: &Value) -> Option<FhirId> {
    resource.get("id").and_then(Value::as_str).and_then(|id| FhirId::parse(id).ok())
}

/// `meta.versionId` as this server writes it.
pub fn version(resource: &Value) -> Option<u64> {
    resource.get("meta")?.get("versionId")?.as_str()?.parse().ok()
}

/// The security labels, as (system, code).
pub fn security(resource: &Value) -> impl Iterator<Item = (Option<&str>, &str)> {
    let labels = resource.get("meta").and_then(|meta| meta.get("security")).and_then(Value::as_array);
    labels.into_iter().flatten().filter_map(|label| {
        let text = |name| label.get(name).and_then(Value::as_str);
        Some((text("system"), text("code")?))
    })
}

/// Whether two resources say the same, whatever id, version and time they carry. The order of members does not matter.
pub fn same_content(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    content(one).eq(content(other).as_slice())
}

fn content(resource: &Map<String, Value>) -> Vec<(&String, std::borrow::Cow<'_, Value>)> {
    use std::borrow::Cow;
    let mut members: Vec<_> = resource
        .iter()
        .filter(|(name, _)| *name != "id")
        .filter_map(|(name, value)| match (name.as_str(), value) {
            ("meta", Value::Object(meta)) => {
                let mut meta = meta.clone();
                for server in ["versionId", "lastUpdated", "_versionId", "_lastUpdated"] {
                    meta.shift_remove(server);
                }
                (!meta.is_empty()).then(|| (name, Cow::Owned(Value::Object(meta))))
            }
            _ => Some((name, Cow::Borrowed(value))),
        })
        .collect();
    members.sort_by_key(|(name, _)| *name);
    members
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stamp() -> Stamp {
        Stamp {
            id: FhirId::parse("p1").unwrap(),
            version: 12,
            last_updated: "2024-02-29T13:28:17.2396+01:00".parse().unwrap(),
        }
    }

    fn text(resource: &Value) -> String {
        String::from_utf8(stamped(resource.as_object().unwrap(), &stamp())).unwrap()
    }

    #[test]
    fn stored_bytes_lead_with_type_id_and_meta() {
        assert_eq!(
            text(
                &json!({"name": [{"text": "A \"B\""}], "active": true, "text": {"status": "empty"}, "resourceType": "Patient"})
            ),
            r#"{"resourceType":"Patient","id":"p1","meta":{"versionId":"12","lastUpdated":"2024-02-29T12:28:17.239Z"},"text":{"status":"empty"},"name":[{"text":"A \"B\""}],"active":true}"#
        );
    }

    #[test]
    fn what_the_sender_said_of_id_and_version_is_replaced_and_the_rest_of_meta_stays() {
        let sent = json!({"resourceType": "Patient", "id": "other", "meta": {
            "tag": [{"code": "t"}], "versionId": "99", "_versionId": {"id": "x"}, "security": [{"code": "R"}],
            "lastUpdated": "1999-01-01T00:00:00Z", "_source": {"id": "y"}}, "multipleBirthInteger": 1});
        assert_eq!(
            text(&sent),
            r#"{"resourceType":"Patient","id":"p1","meta":{"versionId":"12","lastUpdated":"2024-02-29T12:28:17.239Z","security":[{"code":"R"}],"tag":[{"code":"t"}],"_source":{"id":"y"}},"multipleBirthInteger":1}"#
        );
        let back: Value = serde_json::from_str(&text(&sent)).unwrap();
        assert_eq!((id(&back).unwrap().as_str(), version(&back)), ("p1", Some(12)));
        assert_eq!(text(&back), text(&sent));
    }

    #[test]
    fn numbers_keep_their_digits() {
        let sent: Value =
            serde_json::from_str(r#"{"resourceType":"Observation","valueQuantity":{"value":7.20}}"#).unwrap();
        assert!(text(&sent).contains("7.20"));
    }

    #[test]
    fn security_labels_are_read_with_their_system() {
        let resource =
            json!({"meta": {"security": [{"system": "s", "code": "R"}, {"display": "no code"}, {"code": "V"}, 7]}});
        assert_eq!(security(&resource).collect::<Vec<_>>(), [(Some("s"), "R"), (None, "V")]);
        assert_eq!(security(&json!({"meta": 1})).count(), 0);
    }

    #[test]
    fn content_is_compared_without_what_the_server_sets() {
        let same = |one: Value, other: Value| same_content(one.as_object().unwrap(), other.as_object().unwrap());
        assert!(same(
            json!({"resourceType": "Basic", "id": "a", "meta": {"versionId": "1"}, "code": {"text": "x", "id": "y"}}),
            json!({"code": {"id": "y", "text": "x"}, "resourceType": "Basic", "id": "b"})
        ));
        assert!(!same(json!({"resourceType": "Basic", "language": "en"}), json!({"resourceType": "Basic"})));
        assert!(!same(json!({"meta": {"tag": [{"code": "x"}]}}), json!({"meta": {"tag": [{"code": "y"}]}})));
        assert!(!same(json!({"code": {"id": "a"}}), json!({"code": {"id": "b"}})));
    }
}
