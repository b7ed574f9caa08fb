//! A resource's identity and `meta`: read from what came, and set on what is stored.

use serde_json::{Map, Value};

use super::ResourceType;
use crate::base::{FhirId, Timestamp};

/// What the server sets in `meta`, whatever a sender said of it.
const SERVERS: [&str; 4] = ["versionId", "lastUpdated", "_versionId", "_lastUpdated"];

/// A resource as text around what the server sets: made once, before it is known under which id, version and time it will
/// be stored. Members keep the sender's order behind type, id and meta.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unstamped {
    meta: String,
    rest: String,
}

impl Unstamped {
    pub fn of(resource: &Value) -> Self {
        let empty = Map::new();
        let object = resource.as_object().unwrap_or(&empty);
        let meta = object.get("meta").and_then(Value::as_object).unwrap_or(&empty);
        Self { meta: members(meta, &SERVERS), rest: members(object, &["resourceType", "id", "meta"]) }
    }

    /// The bytes that are stored and answered.
    pub fn stamped(&self, kind: ResourceType, id: &FhirId, version: u32, updated: Timestamp) -> Vec<u8> {
        // Names, ids, numbers and times hold nothing that JSON escapes.
        let head = format!(
            r#"{{"resourceType":"{kind}","id":"{id}","meta":{{"versionId":"{version}","lastUpdated":"{}""#,
            instant(updated)
        );
        let mut out = Vec::with_capacity(head.len() + self.meta.len() + self.rest.len() + 2);
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(self.meta.as_bytes());
        out.push(b'}');
        out.extend_from_slice(self.rest.as_bytes());
        out.push(b'}');
        out
    }

    /// The resource again, without id, version and time.
    pub fn resource(&self, kind: ResourceType) -> Option<Value> {
        let meta = self.meta.strip_prefix(',').map(|meta| format!(r#","meta":{{{meta}}}"#)).unwrap_or_default();
        serde_json::from_str(&format!(r#"{{"resourceType":"{kind}"{meta}{}}}"#, self.rest)).ok()
    }

    /// All that it says, but for id, version and time: equal parts, equal content.
    pub fn parts(&self) -> [&str; 2] {
        [&self.meta, &self.rest]
    }
}

/// Members as JSON text, each with a comma before it.
fn members(object: &Map<String, Value>, but: &[&str]) -> String {
    let mut out = Vec::with_capacity(if object.is_empty() { 0 } else { 512 });
    for (name, value) in object.iter().filter(|(name, _)| !but.contains(&name.as_str())) {
        out.push(b',');
        // Writing to memory cannot fail, nor can a value whose names are all text.
        let _ = serde_json::to_writer(&mut out, name);
        out.push(b':');
        let _ = serde_json::to_writer(&mut out, value);
    }
    String::from_utf8(out).unwrap_or_default()
}

/// An instant in UTC with milliseconds, such as `2024-02-29T13:28:17.239Z`.
pub fn instant(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The resource's own id, where it is a legal one.
pub fn id(resource: &Value) -> Option<FhirId> {
    resource.get("id").and_then(Value::as_str).and_then(|id| FhirId::parse(id).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(resource: &Value) -> String {
        let at = "2024-02-29T13:28:17.2396+01:00".parse().unwrap();
        let id = FhirId::parse("p1").unwrap();
        String::from_utf8(Unstamped::of(resource).stamped(ResourceType::Patient, &id, 12, at)).unwrap()
    }

    #[test]
    fn stored_bytes_lead_with_type_id_and_meta() {
        assert_eq!(
            text(&json!({"name": [{"text": "A \"B\""}], "active": true, "resourceType": "Patient"})),
            r#"{"resourceType":"Patient","id":"p1","meta":{"versionId":"12","lastUpdated":"2024-02-29T12:28:17.239Z"},"name":[{"text":"A \"B\""}],"active":true}"#
        );
    }

    #[test]
    fn what_the_sender_said_of_id_and_version_is_replaced_and_the_rest_of_meta_stays() {
        let sent = json!({"resourceType": "Patient", "id": "other", "meta": {
            "tag": [{"code": "t"}], "versionId": "99", "_versionId": {"id": "x"}, "security": [{"code": "R"}],
            "lastUpdated": "1999-01-01T00:00:00Z", "_source": {"id": "y"}}, "multipleBirthInteger": 1});
        assert_eq!(
            text(&sent),
            r#"{"resourceType":"Patient","id":"p1","meta":{"versionId":"12","lastUpdated":"2024-02-29T12:28:17.239Z","tag":[{"code":"t"}],"security":[{"code":"R"}],"_source":{"id":"y"}},"multipleBirthInteger":1}"#
        );
        let back: Value = serde_json::from_str(&text(&sent)).unwrap();
        assert_eq!(id(&back).unwrap().as_str(), "p1");
        assert_eq!(text(&back), text(&sent));
    }

    #[test]
    fn numbers_keep_their_digits() {
        let sent: Value =
            serde_json::from_str(r#"{"resourceType":"Observation","valueQuantity":{"value":7.20}}"#).unwrap();
        assert!(text(&sent).contains("7.20"));
    }

    #[test]
    fn content_is_compared_without_what_the_server_sets() {
        let same = |one: Value, other: Value| Unstamped::of(&one) == Unstamped::of(&other);
        assert!(same(
            json!({"resourceType": "Basic", "id": "a", "meta": {"versionId": "1"}, "code": {"text": "x", "id": "y"}}),
            json!({"code": {"text": "x", "id": "y"}, "resourceType": "Basic", "id": "b"})
        ));
        assert!(!same(json!({"resourceType": "Basic", "language": "en"}), json!({"resourceType": "Basic"})));
        assert!(!same(json!({"meta": {"tag": [{"code": "x"}]}}), json!({"meta": {"tag": [{"code": "y"}]}})));
        assert!(!same(json!({"code": {"id": "a"}}), json!({"code": {"id": "b"}})));
    }
}
