//! What a workflow of the house writes about a resource is as sealed as that resource: that a medicine is not taken, say, names the
//! medicine, and so do a refill that is asked for and the prescription that comes in its place.
//!
//! It is asked inside the writer, so that a seal counts that was set a moment before. Only the seal goes along: what is held from
//! the patient, and what the reception may read, the workflow says itself. What a client writes in its own words has the labels
//! that the client gives it.

use serde_json::Value;

use super::error::RecordError;
use super::numbers::{find, row};
use super::prepared::{Prepared, local_reference};
use super::rows::State;
use super::writing::Writing;
use crate::base::ResourceRef;
use crate::fhir::ResourceType;

/// The elements of FHIR R4 that say which resource another one is about, answers, or comes in place of.
const ABOUT: &[&[&str]] = &[
    &["basedOn"],
    &["context", "related"],
    &["focus"],
    &["implicated"],
    &["inResponseTo"],
    &["partOf"],
    &["priorPrescription"],
    &["reasonReference"],
    &["relatesTo", "target"],
    &["relatesTo", "targetReference"],
    &["replaces"],
];

/// The local resources that a resource is about, each once. A person is none of them: everything is about one.
fn about(resource: &Value) -> Vec<ResourceRef> {
    let mut found = Vec::new();
    ABOUT.iter().for_each(|path| collect(resource, path, &mut found));
    found.retain(|one| one.type_name() != ResourceType::Patient.name());
    found.sort_unstable();
    found.dedup();
    found
}

fn collect(value: &Value, path: &[&str], into: &mut Vec<ResourceRef>) {
    match (value, path.split_first()) {
        (Value::Array(all), _) => all.iter().for_each(|one| collect(one, path, into)),
        (_, Some((name, rest))) => value.get(name).into_iter().for_each(|one| collect(one, rest, into)),
        (_, None) => into.extend(value.get("reference").and_then(Value::as_str).and_then(local_reference)),
    }
}

impl Writing<'_, '_, '_> {
    /// The same, sealed as what it is about is.
    pub(super) fn sealed_as_what_it_is_about(&self, mut prepared: Prepared) -> Result<Prepared, RecordError> {
        if prepared.references.is_empty() {
            return Ok(prepared);
        }
        for one in about(&prepared.resource()?) {
            let Some(kind) = ResourceType::parse(one.type_name()) else { continue };
            let Some(number) = find(&**self.tx, kind, &one.id())? else { continue };
            let other = row(&**self.tx, number)?;
            if other.state == State::Live && other.sensitivity.is_sealed() {
                prepared = prepared.sealed_as(&other)?;
            }
        }
        Ok(prepared)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{Box_, new_box, program, wait, why};
    use super::super::{Change, Transaction};
    use super::*;
    use crate::access::{AUDIENCE, Actor, CONFIDED, Sensitivity};
    use crate::audit;
    use crate::fhir::{Mode, ResourceType as R};

    #[test]
    fn what_a_resource_is_about_stands_in_lists_and_alone() {
        let to = |text: &str| json!({ "reference": text });
        let of = |resource: Value| about(&resource).iter().map(ToString::to_string).collect::<Vec<_>>();
        let task = json!({"focus": to("MedicationRequest/m"), "for": to("Patient/p"), "partOf": [to("Task/t/_history/2"), to("Task/t")]});
        assert_eq!(of(task), ["MedicationRequest/m", "Task/t"]);
        let document = json!({"subject": to("Patient/p"), "context": {"related": [to("Composition/c"), to("Patient/p")], "encounter": [to("Encounter/e")]},
            "relatesTo": [{"code": "appends", "target": to("DocumentReference/d")}]});
        assert_eq!(of(document), ["Composition/c", "DocumentReference/d"]);
        let note = json!({"relatesTo": [{"targetIdentifier": {"value": "1"}}, {"targetReference": to("Composition/c")}], "basedOn": to("https://a.example/x/1")});
        assert_eq!(of(note), ["Composition/c"]);
    }

    fn made(house: &Box_, value: Value, how: Transaction) -> Sensitivity {
        let kind = R::parse(value["resourceType"].as_str().unwrap()).unwrap();
        let system = Actor::system("test");
        let change = Change::create(kind, value, Mode::Strict).unwrap();
        let written = wait(house.records.change_all(&system, why(audit::Action::Create), vec![change], how)).unwrap();
        let of = written.into_inner().swap_remove(0).stored.unwrap().id;
        Sensitivity::of_resource(&house.read(&system, kind, of.as_str()).unwrap())
    }

    #[test]
    fn only_what_the_health_administrator_reads_is_confided_to_them() {
        let house = new_box();
        house.put(json!({"resourceType": "Patient", "id": "p1"}));
        let own = json!({"reference": "Patient/p1"});
        let labels = json!({"security": [{"system": AUDIENCE, "code": CONFIDED}]});
        let task =
            json!({"resourceType": "Task", "meta": labels, "status": "requested", "intent": "order", "for": own});
        let status = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]});
        let allergy = json!({"resourceType": "AllergyIntolerance", "meta": labels, "clinicalStatus": status, "patient": own, "code": {"text": "x"}});
        let lab = program(&house.ambient);
        let send = |value: &Value, how: Transaction| {
            let kind = R::parse(value["resourceType"].as_str().unwrap()).unwrap();
            let change = Change::create(kind, value.clone(), Mode::Strict).unwrap();
            house.records.change_all_blocking(&lab, why(audit::Action::Create), vec![change], how).map(drop)
        };
        send(&task, Transaction::STRICT).unwrap();
        let Err(RecordError::Invalid(issues)) = send(&allergy, Transaction::STRICT) else { panic!("refused") };
        assert_eq!(issues[0].expression, "AllergyIntolerance.meta.security");
        send(&allergy, Transaction::IMPORT).unwrap();
    }

    #[test]
    fn what_the_house_writes_is_as_sealed_as_what_it_is_about_and_no_less_than_it_says() {
        let house = new_box();
        house.put(json!({"resourceType": "Patient", "id": "p1", "meta": {"security": [{"code": "R"}]}}));
        let own = json!({"reference": "Patient/p1"});
        let request = |of: &str, labels: Value| {
            json!({"resourceType": "MedicationRequest", "id": of, "meta": {"security": labels}, "status": "active", "intent": "order",
                "subject": own, "medicationCodeableConcept": {"text": "x"}})
        };
        house.put(request("hiv", json!([{"code": "HIV"}, {"code": "NOPAT"}])));
        house.put(request("open", json!([{"code": "N"}])));
        let statement = |of: &str| {
            json!({"resourceType": "MedicationStatement", "status": "not-taken", "subject": own, "medicationCodeableConcept": {"text": "x"},
                "basedOn": [{"reference": format!("MedicationRequest/{of}")}]})
        };
        assert_eq!(made(&house, statement("open"), Transaction::WORKFLOW), Sensitivity::NORMAL);
        assert_eq!(made(&house, statement("hiv"), Transaction::WORKFLOW), Sensitivity::INFECTION, "without the hold");
        assert_eq!(made(&house, statement("hiv"), Transaction::STRICT), Sensitivity::NORMAL, "a client says it itself");
        let mut both = request("x", json!([{"code": "PSY"}]));
        both.as_object_mut().unwrap().shift_remove("id");
        both["priorPrescription"] = json!({"reference": "MedicationRequest/hiv"});
        let sealed = made(&house, both, Transaction::WORKFLOW);
        assert_eq!(sealed, Sensitivity::INFECTION.and(Sensitivity::MENTAL_HEALTH));
        // Unsealed meanwhile, it seals no more.
        house.put(request("hiv", json!([{"code": "N"}])));
        assert_eq!(made(&house, statement("hiv"), Transaction::WORKFLOW), Sensitivity::NORMAL);
        house.put(request("hiv", json!([{"code": "NOPAT"}])));
        assert!(!made(&house, statement("hiv"), Transaction::WORKFLOW).is_held());
    }
}
