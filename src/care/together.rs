//! What one Patient of two records has: everything that the one that goes on says, and what only the other one said. Nothing of
//! the other is dropped: what differs is added as an old one, what was missing is taken over.

use serde_json::{Map, Value, json};

use crate::care::within::{list, text};

/// Elements of which there is one: taken over where the kept Patient has none of its choices.
const SINGLE: [&[&str]; 4] = [
    &["maritalStatus"],
    &["multipleBirthBoolean", "multipleBirthInteger"],
    &["deceasedBoolean", "deceasedDateTime"],
    &["managingOrganization"],
];
/// Elements of which there may be several, and none makes another an old one.
const SEVERAL: [&str; 2] = ["contact", "generalPractitioner"];

/// The kept Patient with what only the other had.
#[must_use]
pub fn taken_over(mut kept: Value, other: &Value) -> Value {
    let Some(members) = kept.as_object_mut() else { return kept };
    for number in list(other, "identifier") {
        add(members, "identifier", number, same_number, |_, _| Becomes::Old);
    }
    for name in list(other, "name") {
        add(members, "name", name, same_name, |name, all| match text(name, "/use") {
            _ if all.is_empty() => Becomes::AsItIs,
            "" | "official" | "usual" => Becomes::Old,
            _ => Becomes::AsItIs,
        });
    }
    for contact in list(other, "telecom") {
        add(members, "telecom", contact, same_contact, |contact, all| {
            if all.iter().any(|one| is_instead(one, contact)) { Becomes::Old } else { Becomes::AsItIs }
        });
    }
    for address in list(other, "address") {
        add(members, "address", address, same_address, |_, all| {
            if all.iter().any(is_current) { Becomes::Old } else { Becomes::AsItIs }
        });
    }
    for language in list(other, "communication") {
        let mut language = language.clone();
        if !all(members, "communication").is_empty()
            && let Some(members) = language.as_object_mut()
        {
            members.shift_remove("preferred");
        }
        add(members, "communication", &language, same_language, |_, _| Becomes::AsItIs);
    }
    for several in SEVERAL {
        for one in list(other, several) {
            add(members, several, one, |a, b| a == b, |_, _| Becomes::AsItIs);
        }
    }
    for extension in list(other, "extension") {
        let same = |a: &Value, b: &Value| text(a, "/url") == text(b, "/url");
        add(members, "extension", extension, same, |_, _| Becomes::AsItIs);
    }
    if all(members, "photo").is_empty()
        && let Some(photo) = other.get("photo")
    {
        members.insert("photo".to_owned(), photo.clone());
    }
    if is_more_known(members.get("birthDate"), text(other, "/birthDate")) {
        take(members, other, "birthDate");
    }
    let sex = members.get("gender").and_then(Value::as_str);
    if matches!(sex, None | Some("unknown")) {
        take(members, other, "gender");
    }
    for choices in SINGLE {
        if choices.iter().all(|name| !members.contains_key(*name)) {
            choices.iter().for_each(|name| take(members, other, name));
        }
    }
    kept
}

/// What is left of the Patient of now once what the joining changed is taken back: each element that nobody touched since is as
/// it was, and of lists just what was added goes.
#[must_use]
pub fn taken_back(mut now: Value, before: &Value, joined: &Value) -> Value {
    let Some(members) = now.as_object_mut() else { return now };
    let names: Vec<String> = [before, joined]
        .into_iter()
        .filter_map(Value::as_object)
        .flat_map(|members| members.keys().cloned())
        // What the server says of each version is its own.
        .filter(|name| name != "meta")
        .collect();
    for name in names {
        let (was, then) = (before.get(&name), joined.get(&name));
        if was == then {
            continue;
        }
        match (members.get_mut(&name), was) {
            (found, Some(was)) if found.as_deref() == then => drop(members.insert(name, was.clone())),
            (found, None) if found.as_deref() == then => drop(members.shift_remove(&name)),
            (Some(Value::Array(all)), _) => {
                let had = was.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                let got = then.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                all.retain(|one| had.contains(one) || !got.contains(one));
                if all.is_empty() {
                    members.shift_remove(&name);
                }
            }
            _ => {}
        }
    }
    now
}

/// What an element of the other becomes among those of the kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Becomes {
    AsItIs,
    Old,
}

fn add(
    members: &mut Map<String, Value>,
    name: &str,
    one: &Value,
    same: impl Fn(&Value, &Value) -> bool,
    becomes: impl FnOnce(&Value, &[Value]) -> Becomes,
) {
    let there = all(members, name);
    if there.iter().any(|other| same(other, one)) {
        return;
    }
    let mut one = one.clone();
    let becomes = becomes(&one, there);
    if let Some(members) = one.as_object_mut() {
        // Unique within a resource only.
        members.shift_remove("id");
        if becomes == Becomes::Old {
            members.insert("use".to_owned(), json!("old"));
        }
    }
    if let Value::Array(all) = members.entry(name).or_insert_with(|| json!([])) {
        all.push(one);
    }
}

fn take(members: &mut Map<String, Value>, other: &Value, name: &str) {
    if let Some(value) = other.get(name) {
        members.insert(name.to_owned(), value.clone());
    }
}

fn is_current(one: &Value) -> bool {
    text(one, "/use") != "old"
}

/// Whether the kept one's contact is in use where the other's would be: a mobile is none instead of a number at home.
fn is_instead(kept: &Value, other: &Value) -> bool {
    let (a, b) = (text(kept, "/use"), text(other, "/use"));
    is_current(kept)
        && text(kept, "/system") == text(other, "/system")
        && (a == b || a.is_empty() || b.is_empty() || b == "old")
}

fn same_number(a: &Value, b: &Value) -> bool {
    a.get("system") == b.get("system") && a.get("value") == b.get("value")
}

fn same_name(a: &Value, b: &Value) -> bool {
    let words = |name: &Value| {
        let given = list(name, "given").iter().filter_map(Value::as_str).map(plain).collect::<Vec<_>>();
        (plain(text(name, "/family")), given.join(" "))
    };
    let (one, other) = (words(a), words(b));
    one == other && (one != (String::new(), String::new()) || plain(text(a, "/text")) == plain(text(b, "/text")))
}

fn same_contact(a: &Value, b: &Value) -> bool {
    let value = |contact: &Value| match text(contact, "/system") {
        "phone" | "sms" | "fax" => {
            text(contact, "/value").chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
        }
        _ => plain(text(contact, "/value")),
    };
    text(a, "/system") == text(b, "/system") && value(a) == value(b)
}

fn same_address(a: &Value, b: &Value) -> bool {
    let parts = |address: &Value| {
        let mut parts: Vec<String> = list(address, "line").iter().filter_map(Value::as_str).map(plain).collect();
        parts.extend(["/postalCode", "/city", "/country"].iter().map(|part| plain(text(address, part))));
        parts
    };
    let (one, other) = (parts(a), parts(b));
    let in_parts = one.iter().any(|part| !part.is_empty());
    one == other && (in_parts || plain(text(a, "/text")) == plain(text(b, "/text")))
}

fn same_language(a: &Value, b: &Value) -> bool {
    let code = |one: &Value| {
        let code = text(one, "/language/coding/0/code").to_owned();
        if code.is_empty() { plain(text(one, "/language/text")) } else { code }
    };
    code(a) == code(b)
}

/// Whether the other's date says the same and more.
fn is_more_known(kept: Option<&Value>, other: &str) -> bool {
    let kept = kept.and_then(Value::as_str).unwrap_or_default();
    other.len() > kept.len() && other.starts_with(kept)
}

fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn all<'a>(members: &'a Map<String, Value>, name: &str) -> &'a [Value] {
    members.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::{Definitions, Issue, Mode, validate};

    fn kept() -> Value {
        json!({"resourceType": "Patient", "id": "a", "gender": "unknown", "birthDate": "1967",
            "identifier": [{"use": "usual", "system": "urn:n", "value": "1"}, {"system": "urn:h", "value": "70"}],
            "name": [{"use": "official", "family": "Brandvold", "given": ["Halina"]}],
            "telecom": [{"system": "phone", "use": "home", "value": "01632 960 111"}],
            "address": [{"use": "home", "line": ["4 Quay Lane"], "city": "Fjordvik"}],
            "communication": [{"language": {"coding": [{"code": "nb"}]}, "preferred": true}]})
    }

    fn other() -> Value {
        json!({"resourceType": "Patient", "id": "b", "gender": "female", "birthDate": "1967-05-09", "active": true,
            "identifier": [{"use": "usual", "system": "urn:n", "value": "2"}, {"system": "urn:h", "value": "70"}],
            "name": [{"use": "official", "family": "BRANDVOLD", "given": ["Halina"]},
                {"use": "usual", "family": "Brandvoll", "given": ["Halina"]}, {"use": "maiden", "family": "Lund"}],
            "telecom": [{"system": "phone", "value": "(01632) 960-111"}, {"system": "phone", "use": "home", "value": "01632 960 222"},
                {"system": "phone", "use": "mobile", "value": "07700 900 846"}, {"system": "email", "value": "h@b.example"}],
            "address": [{"use": "home", "line": ["4  quay lane"], "city": "FJORDVIK"}, {"use": "home", "line": ["9 Hill Road"], "city": "Nordby"}],
            "communication": [{"language": {"coding": [{"code": "es"}]}, "preferred": true}],
            "contact": [{"name": {"family": "Brandvold", "given": ["Tor"]}}],
            "deceasedBoolean": false,
            "extension": [{"url": "urn:x:said", "valueString": "x"}]})
    }

    #[test]
    fn what_is_missing_is_taken_over_and_what_differs_is_an_old_one() {
        let both = taken_over(kept(), &other());
        let issues = validate(&both, Definitions::r4(), Mode::Strict);
        assert!(!issues.iter().any(Issue::is_error), "{issues:?}");
        assert_eq!(
            (&both["birthDate"], &both["gender"], &both["id"]),
            (&json!("1967-05-09"), &json!("female"), &json!("a"))
        );
        assert_eq!(both["identifier"][2], json!({"use": "old", "system": "urn:n", "value": "2"}));
        assert_eq!(both["identifier"].as_array().unwrap().len(), 3, "one number for both stands once");
        let uses = |name: &str| -> Vec<(&str, &str)> {
            let all = both[name].as_array().unwrap().iter();
            all.map(|one| (text(one, "/use"), if name == "name" { text(one, "/family") } else { text(one, "/value") }))
                .collect()
        };
        assert_eq!(uses("name"), [("official", "Brandvold"), ("old", "Brandvoll"), ("maiden", "Lund")]);
        assert_eq!(
            uses("telecom"),
            [("home", "01632 960 111"), ("old", "01632 960 222"), ("mobile", "07700 900 846"), ("", "h@b.example")]
        );
        assert_eq!(both["address"][1]["use"], "old");
        assert_eq!(both["address"].as_array().unwrap().len(), 2);
        assert_eq!(both["communication"][1], json!({"language": {"coding": [{"code": "es"}]}}));
        for taken in ["contact", "deceasedBoolean", "extension"] {
            assert_eq!(both[taken], other()[taken], "{taken}");
        }
        let bare = json!({"resourceType": "Patient", "id": "a"});
        let all = taken_over(bare, &other());
        assert_eq!((&all["telecom"][0], &all["name"][0]), (&other()["telecom"][0], &other()["name"][0]));
    }

    #[test]
    fn a_birth_date_that_contradicts_stays_with_the_other() {
        let mut one = kept();
        one["birthDate"] = json!("1968");
        assert_eq!(taken_over(one, &other())["birthDate"], "1968");
    }

    #[test]
    fn what_was_taken_over_goes_again_and_what_came_since_stays() {
        let (before, joined) = (kept(), taken_over(kept(), &other()));
        assert_eq!(taken_back(joined.clone(), &before, &joined), before);
        let mut since = joined.clone();
        since["telecom"].as_array_mut().unwrap().push(json!({"system": "phone", "value": "5"}));
        since["birthDate"] = json!("1967-05-10");
        let back = taken_back(since, &before, &joined);
        assert_eq!(
            back["telecom"],
            json!([{"system": "phone", "use": "home", "value": "01632 960 111"}, {"system": "phone", "value": "5"}])
        );
        assert_eq!((&back["birthDate"], back.get("contact")), (&json!("1967-05-10"), None));
        assert_eq!(back["name"], before["name"]);
    }
}
