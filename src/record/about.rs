//! What a workflow of the house writes about a resource is as sealed as that resource: that a medicine is not taken, say, names the
//! medicine, and so do a refill that is asked for and the prescription that comes in its place. What is confided goes along alike.
//!
//! It is asked inside the writer, so that a seal counts that was set a moment before, and the seal is a label of what is written.
//! What is sealed afterwards seals what was written about it before, without a label: its row has the seal as long as the other
//! has it, beside those of its own labels. Only these go along: what is held from the patient, and what the reception may read, the
//! workflow says itself. What a client writes in its own words has the labels that the client gives it.

use serde_json::Value;

use super::error::RecordError;
use super::following::may_follow;
use super::layout::{Currency, RESOURCES, WRITTEN_ABOUT};
use super::numbers::{as_stored, find, row};
use super::prepared::{Prepared, local_reference};
use super::rows::{Row, RowNumber, State};
use super::writing::{Writing, note_history, put_current};
use crate::access::Sensitivity;
use crate::base::ResourceRef;
use crate::fhir::ResourceType;
use crate::store::{Direction, KeyRange, ReadExt as _, StoreError};

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
    /// What it is about, by their rows.
    pub(super) fn is_about(&self, prepared: &Prepared) -> Result<Vec<RowNumber>, RecordError> {
        if prepared.references.is_empty() || may_follow(prepared.kind) {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for one in about(&prepared.resource()?) {
            let Some(kind) = ResourceType::parse(one.type_name()) else { continue };
            found.extend(find(&**self.tx, kind, &one.id())?);
        }
        Ok(found)
    }

    /// The same, closed to the clinic as what it is about is.
    pub(super) fn closed_as_all(&self, mut prepared: Prepared, all: &[RowNumber]) -> Result<Prepared, RecordError> {
        for number in all {
            let other = row(&**self.tx, *number)?;
            if other.state == State::Live && other.sensitivity.is_closed() {
                prepared = prepared.closed_as(&other)?;
            }
        }
        Ok(prepared)
    }

    /// Notes that the house wrote this about these.
    pub(super) fn note_about(&mut self, number: RowNumber, all: &[RowNumber]) -> Result<(), RecordError> {
        for one in all {
            self.tx.put(&WRITTEN_ABOUT, &(*one, number), &())?;
        }
        Ok(())
    }

    /// What closes what the house wrote, by what it is still about.
    pub(super) fn lent(&self, number: RowNumber, prepared: &Prepared) -> Result<Sensitivity, RecordError> {
        let mut lent = Sensitivity::NORMAL;
        for one in &prepared.references {
            let Some(kind) = ResourceType::parse(one.type_name()) else { continue };
            let Some(other) = find(&**self.tx, kind, &one.id())? else { continue };
            if self.tx.get(&WRITTEN_ABOUT, &(other, number))?.is_some() {
                lent = lent.and(as_stored(&**self.tx, other)?.sensitivity.closing());
            }
        }
        Ok(lent)
    }

    /// Closes or opens what the house wrote about those that became more or less delicate, and what it wrote about that.
    pub(super) fn lend(&mut self) -> Result<(), RecordError> {
        let mut at = 0;
        while let Some((kind, id)) = self.leads.get(at).cloned() {
            at += 1;
            let Some(lead) = find(&**self.tx, kind, &id)? else { continue };
            let written = self.tx.scan(&WRITTEN_ABOUT, KeyRange::prefix(&(lead,)), Direction::Up)?;
            let written: Vec<RowNumber> =
                written.map(|entry| entry.map(|((_, number), ())| number)).collect::<Result<_, StoreError>>()?;
            let lends = as_stored(&**self.tx, lead)?.sensitivity.closing();
            for number in written {
                self.stand_anew(number, lends)?;
            }
        }
        Ok(())
    }

    /// Gives what the house wrote what is lent to it now. What was deleted keeps what it had, and gets this beside it.
    fn stand_anew(&mut self, number: RowNumber, lends: Sensitivity) -> Result<(), RecordError> {
        let before = as_stored(&**self.tx, number)?;
        if before.state != State::Live {
            let after = Row { sensitivity: before.sensitivity.and(lends), ..before };
            self.tx.put(&RESOURCES, &(number,), &after)?;
            return note_history(self.tx, number, &after, Currency::Past);
        }
        let value: Value = serde_json::from_slice(&before.json).map_err(|_| RecordError::Damaged)?;
        let prepared = Prepared::new(before.kind, &value);
        let sensitivity = prepared.sensitivity.and(self.lent(number, &prepared)?);
        if sensitivity == before.sensitivity {
            return Ok(());
        }
        // It is found by the same as before, and stands in the same records: only what the policy filters by is written over.
        let after = Row { sensitivity, ..before };
        put_current(self.tx, number, &after, &prepared)?;
        self.leads.push((after.kind, after.id));
        Ok(())
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
    use crate::base::{FhirId, Role};
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

    fn kept(house: &Box_, value: Value, how: Transaction) -> (R, FhirId) {
        let kind = R::parse(value["resourceType"].as_str().unwrap()).unwrap();
        let system = Actor::system("test");
        let change = Change::create(kind, value, Mode::Strict).unwrap();
        let written = wait(house.records.change_all(&system, why(audit::Action::Create), vec![change], how)).unwrap();
        (kind, written.into_inner().swap_remove(0).stored.unwrap().id)
    }

    fn made(house: &Box_, value: Value, how: Transaction) -> Sensitivity {
        let (kind, of) = kept(house, value, how);
        Sensitivity::of_resource(&house.read(&Actor::system("test"), kind, of.as_str()).unwrap())
    }

    #[test]
    fn what_is_sealed_afterwards_seals_what_the_house_wrote_about_it_before() {
        let house = new_box();
        house.put(json!({"resourceType": "Patient", "id": "p1"}));
        let own = json!({"reference": "Patient/p1"});
        let seal = |labels: Value| {
            house.put(
                json!({"resourceType": "MedicationRequest", "id": "m", "meta": {"security": labels}, "status": "active",
                "intent": "order", "subject": own, "medicationCodeableConcept": {"text": "x"}}),
            );
        };
        seal(json!([{"code": "N"}]));
        let statement = |labels: Value| {
            json!({"resourceType": "MedicationStatement", "meta": {"security": labels}, "status": "not-taken", "subject": own,
                "medicationCodeableConcept": {"text": "x"}, "basedOn": [{"reference": "MedicationRequest/m"}]})
        };
        let open = kept(&house, statement(json!([{"code": "N"}])), Transaction::WORKFLOW);
        let task = json!({"resourceType": "Task", "status": "requested", "intent": "proposal", "for": own,
            "focus": {"reference": format!("MedicationStatement/{}", open.1)}});
        let all = [
            open.clone(),
            kept(&house, task, Transaction::WORKFLOW),
            kept(&house, statement(json!([{"code": "PSY"}])), Transaction::WORKFLOW),
            kept(&house, statement(json!([{"code": "N"}])), Transaction::STRICT),
        ];
        let signed = json!({"resourceType": "Provenance", "target": [{"reference": format!("MedicationStatement/{}", open.1)}],
            "recorded": "2026-03-01T09:00:00Z", "agent": [{"who": {"display": "x"}}]});
        let signed = kept(&house, signed, Transaction::STRICT);
        let nurse = house.actor(Role::Nurse, None);
        let sees = |(kind, of): &(R, FhirId)| {
            let reads = house.read(&nurse, *kind, of.as_str()).is_ok();
            assert_eq!(house.ids(&nurse, *kind, "").contains(&of.to_string()), reads, "{kind}");
            reads
        };
        let seen = || (all.iter().map(sees).collect::<Vec<_>>(), sees(&signed));
        assert_eq!(seen(), (vec![true, true, false, true], true));
        seal(json!([{"code": "HIV"}]));
        assert_eq!(seen(), (vec![false, false, false, true], false));
        // Written again, it is about the same.
        let mut again = statement(json!([{"code": "N"}]));
        again["id"] = json!(open.1.as_str());
        again["status"] = json!("active");
        house.put(again);
        assert_eq!(seen(), (vec![false, false, false, true], false));
        seal(json!([{"system": AUDIENCE, "code": CONFIDED}]));
        assert_eq!(seen(), (vec![false, false, false, true], false));
        seal(json!([{"code": "N"}]));
        assert_eq!(seen(), (vec![true, true, false, true], true), "one has a seal of its own");
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
        // The mark goes along like a seal.
        let mut part = task.clone();
        house.put(json!({"resourceType": "Task", "id": "t", "meta": labels, "status": "requested", "intent": "order", "for": own}));
        part.as_object_mut().unwrap().shift_remove("meta");
        part["partOf"] = json!([{"reference": "Task/t"}]);
        assert_eq!(made(&house, part, Transaction::WORKFLOW), Sensitivity::NORMAL.confided());
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
