//! Long texts, by their digests: a record holds files of many megabytes, and what is compared is not what they say, but whether they
//! say the same.

use std::collections::BTreeMap;

use serde_json::Value;

/// The longest text that is held as it is.
const LONG: usize = 16 << 10;
/// Before a digest. No text of FHIR holds this character (R4, datatypes: string).
const MARK: char = '\u{0}';

/// The resource with a digest in the place of each long text.
pub(super) fn short(mut value: Value) -> Value {
    each_text(&mut value, &mut |text| {
        if text.len() > LONG {
            *text = digest(text);
        }
    });
    value
}

/// Whether it has a digest in the place of a text.
pub(super) fn is_short(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with(MARK),
        Value::Array(all) => all.iter().any(is_short),
        Value::Object(members) => members.values().any(is_short),
        _ => false,
    }
}

/// Puts the long texts of these back where their digests are.
pub(super) fn put_back(value: &mut Value, whole: impl IntoIterator<Item = Value>) {
    let mut texts = BTreeMap::new();
    for mut whole in whole {
        each_text(&mut whole, &mut |text| {
            if text.len() > LONG {
                texts.insert(digest(text), std::mem::take(text));
            }
        });
    }
    each_text(value, &mut |text| {
        if let Some(long) = texts.get(text) {
            text.clone_from(long);
        }
    });
}

fn digest(text: &str) -> String {
    format!("{MARK}{}", blake3::hash(text.as_bytes()).to_hex())
}

fn each_text(value: &mut Value, with: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => with(text),
        Value::Array(all) => all.iter_mut().for_each(|one| each_text(one, with)),
        Value::Object(members) => members.values_mut().for_each(|one| each_text(one, with)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_long_text_is_held_by_its_digest_and_comes_back_whole() {
        let [long, other] = ["x", "y"].map(|letter| letter.repeat(LONG + 1));
        let whole = json!({ "id": "f", "content": [{ "attachment": { "data": long } }], "size": 1 });
        let held = short(whole.clone());
        assert!(held.to_string().len() < 200 && is_short(&held) && !is_short(&whole));
        assert_eq!(held, short(whole.clone()));
        assert_ne!(held, short(json!({ "id": "f", "content": [{ "attachment": { "data": other } }], "size": 1 })));
        let mut back = held.clone();
        put_back(&mut back, [json!({ "data": other })]);
        assert_eq!(back, held);
        put_back(&mut back, [json!({ "data": other }), whole.clone()]);
        assert_eq!(back, whole);
    }
}
