//! Of what several patients have together, a visit of several: that there are others is no secret, and who they are is.
//!
//! On the way out a participant who is another patient stays without a name (`data-absent-reason`, `masked`), so that whoever
//! sees it knows that it is not theirs alone; so does who acts for one, of whom the resource does not say for whom. The link to
//! another's answers goes. On the way in all of it is put back.

use serde_json::{Map, Value, json};

use crate::base::FhirId;

/// `http://hl7.org/fhir/R4/extension-data-absent-reason.html`
const ABSENT: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";
const MASKED: &str = "masked";

const PARTICIPANTS: &str = "participant";
/// Where links stand that say in an extension whose they are.
const LINKS: &str = "supportingInformation";

/// Whether it names a patient who is not this one.
pub(super) fn are_named(resource: &Value, own: &FhirId) -> bool {
    named_in(resource, own).is_some()
}

/// Takes the names of others out; whether there were any.
pub(super) fn unname(resource: &mut Value, own: &FhirId) -> bool {
    if !are_named(resource, own) {
        return false;
    }
    let Some(members) = resource.as_object_mut() else { return false };
    for one in list_mut(members, PARTICIPANTS).into_iter().flatten().filter(|one| hides(one, own)) {
        *one = masked(one);
    }
    if let Some(links) = list_mut(members, LINKS) {
        links.retain(|one| !is_anothers(one, own));
        if links.is_empty() {
            members.shift_remove(LINKS);
        }
    }
    true
}

/// The element in which somebody names another patient.
pub(super) fn named_in(sent: &Value, own: &FhirId) -> Option<&'static str> {
    let in_participants = all(sent, PARTICIPANTS).any(|one| is_another(one.get("actor"), own));
    let in_links = || all(sent, LINKS).any(|one| is_anothers(one, own));
    if in_participants { Some(PARTICIPANTS) } else { in_links().then_some(LINKS) }
}

/// Puts the others back, each where one without a name was sent, and behind the rest where none was: who does not see them does
/// not take them away.
///
/// # Errors
/// The element in which there are more than there were.
pub(super) fn rename(sent: &mut Value, stored: Option<&Value>, own: &FhirId) -> Result<(), &'static str> {
    let has_others = stored.is_some_and(|stored| are_named(stored, own));
    let of_stored =
        |name: &'static str| stored.filter(|_| has_others).into_iter().flat_map(move |stored| all(stored, name));
    let mut hidden = of_stored(PARTICIPANTS).filter(|one| hides(one, own) || is_masked(one)).cloned();
    // A whole element that is cut is back already.
    let is_back = |link: &Value| all(sent, LINKS).any(|one| one == link);
    let links: Vec<Value> = of_stored(LINKS).filter(|one| is_anothers(one, own) && !is_back(one)).cloned().collect();
    let Some(members) = sent.as_object_mut() else { return Ok(()) };
    for one in list_mut(members, PARTICIPANTS).into_iter().flatten().filter(|one| is_masked(one)) {
        match hidden.next() {
            Some(other) => *one = other,
            None if has_others => return Err(PARTICIPANTS),
            None => {}
        }
    }
    for (name, more) in [(PARTICIPANTS, hidden.collect()), (LINKS, links)] {
        if !more.is_empty()
            && let Value::Array(all) = members.entry(name).or_insert_with(|| json!([]))
        {
            all.extend(more);
        }
    }
    Ok(())
}

fn all<'v>(resource: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    resource.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn list_mut<'v>(members: &'v mut Map<String, Value>, name: &str) -> Option<&'v mut Vec<Value>> {
    members.get_mut(name).and_then(Value::as_array_mut)
}

/// The type and the id that a reference names, whichever version and wherever.
fn named(reference: &Value) -> (Option<&str>, Option<&str>) {
    let text = reference.get("reference").and_then(Value::as_str).unwrap_or_default();
    let text = text.split_once("/_history/").map_or(text, |(text, _)| text);
    let mut parts = text.rsplit('/');
    match (parts.next(), parts.next()) {
        (Some(id), Some(kind)) => (Some(kind), Some(id)),
        _ => (reference.get("type").and_then(Value::as_str), None),
    }
}

/// Whether a reference is to a patient who is not this one.
fn is_another(reference: Option<&Value>, own: &FhirId) -> bool {
    let Some(reference) = reference.filter(|reference| !is_absent(reference)) else { return false };
    matches!(named(reference), (Some("Patient"), id) if id != Some(own.as_str()))
}

/// Whether a link says that it is another's.
fn is_anothers(link: &Value, own: &FhirId) -> bool {
    all(link, "extension").any(|part| is_another(part.get("valueReference"), own))
}

/// Whether a participant goes without a name where there are others: they, and who acts for somebody.
fn hides(participant: &Value, own: &FhirId) -> bool {
    let actor = participant.get("actor");
    let acts = actor.is_some_and(|actor| !is_absent(actor) && named(actor).0 == Some("RelatedPerson"));
    acts || is_another(actor, own)
}

fn masked(participant: &Value) -> Value {
    let kind = participant.get("actor").and_then(|actor| named(actor).0).unwrap_or("Patient");
    let actor = json!({"extension": [{"url": ABSENT, "valueCode": MASKED}], "type": kind});
    let status = participant.get("status").cloned().unwrap_or_else(|| json!("accepted"));
    json!({"actor": actor, "status": status})
}

fn is_masked(participant: &Value) -> bool {
    participant.get("actor").is_some_and(is_absent)
}

fn is_absent(reference: &Value) -> bool {
    let is = |part: &Value, name: &str, wanted: &str| part.get(name).and_then(Value::as_str) == Some(wanted);
    all(reference, "extension").any(|part| is(part, "url", ABSENT) && is(part, "valueCode", MASKED))
}

#[cfg(test)]
mod tests {
    use super::super::cut::Cut;
    use super::*;

    fn seen_by(id: &str) -> Cut {
        Cut::of(&[]).seen_as_of(Some(&FhirId::parse(id).unwrap()))
    }

    fn visit() -> Value {
        let of = |who: &str, name: &str| json!({"actor": {"reference": who, "display": name}, "required": "required", "status": "accepted"});
        let answers = |id: &str, whose: &str| {
            let of = json!([{"url": "urn:chartbox:answers-of", "valueReference": {"reference": whose}}]);
            json!({"extension": of, "reference": format!("QuestionnaireResponse/{id}")})
        };
        json!({
            "resourceType": "Appointment",
            "status": "booked",
            "text": {"status": "generated", "div": "<div>Halina and Emil</div>"},
            "participant": [
                of("Patient/q/_history/2", "Emil"),
                of("Patient/p", "Halina"),
                of("RelatedPerson/r", "Adaeze"),
                of("Practitioner/d", "Dr Ann"),
                of("https://elsewhere.example/fhir/Patient/s", "Sol"),
            ],
            "supportingInformation": [answers("a", "Patient/q"), answers("b", "Patient/p"), {"reference": "Observation/o"}],
        })
    }

    #[test]
    fn of_a_visit_of_several_each_sees_that_there_are_others_and_not_who() {
        let stored = visit();
        let mut seen = stored.clone();
        seen_by("p").take_from(&mut seen);
        let text = seen.to_string();
        for gone in ["Emil", "Patient/q", "Adaeze", "RelatedPerson/r", "Sol", "Patient/s", "Response/a"] {
            assert!(!text.contains(gone), "{gone}: {text}");
        }
        for stays in ["Patient/p", "Halina", "Dr Ann", "Response/b", "Observation/o", "SUBSETTED"] {
            assert!(text.contains(stays), "{stays}: {text}");
        }
        assert_eq!(seen["participant"].as_array().unwrap().len(), 5);
        // What comes back so loses nobody, in whichever order, and where the others were left out.
        let mut same = seen.clone();
        seen_by("p").put_back(&mut same, Some(&stored)).unwrap();
        assert_eq!(same["participant"], stored["participant"]);
        assert_eq!((same["text"].clone(), same.get("meta")), (stored["text"].clone(), None));
        let mut fewer = seen.clone();
        fewer["participant"] = json!([stored["participant"][1]]);
        fewer.as_object_mut().unwrap().remove("supportingInformation");
        seen_by("p").put_back(&mut fewer, Some(&stored)).unwrap();
        let text = fewer.to_string();
        assert!(
            ["Patient/q", "Patient/p", "RelatedPerson/r", "Patient/s", "Response/a"]
                .iter()
                .all(|one| text.contains(one))
        );
        assert!(!text.contains("Practitioner/d") && !text.contains("Response/b"), "{text}");
    }

    #[test]
    fn nobody_brings_another_patient_in_nor_guesses_one() {
        let stored = visit();
        assert!(seen_by("p").put_back(&mut stored.clone(), Some(&stored)).is_err());
        assert!(seen_by("p").put_back(&mut stored.clone(), None).is_err());
        let mut more = stored.clone();
        seen_by("p").take_from(&mut more);
        let one_more = more["participant"][0].clone();
        more["participant"].as_array_mut().unwrap().push(one_more);
        assert!(seen_by("p").put_back(&mut more, Some(&stored)).is_err());
    }

    #[test]
    fn a_visit_of_one_is_whole_to_them() {
        let mut stored = visit();
        stored["participant"] = json!([stored["participant"][1], stored["participant"][2], stored["participant"][3]]);
        stored.as_object_mut().unwrap().remove("supportingInformation");
        let mut seen = stored.clone();
        seen_by("p").take_from(&mut seen);
        assert_eq!(seen, stored);
        seen_by("p").put_back(&mut seen, Some(&stored)).unwrap();
        assert_eq!(seen, stored);
    }
}
