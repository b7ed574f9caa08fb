//! What a workflow of the house writes about a resource is as sealed as that resource: that a medicine is not taken, say, names the
//! medicine, and so do a refill that is asked for and the prescription that comes in its place. What is confided goes along alike.
//!
//! It is asked inside the writer, so that a seal counts that was set a moment before, and the seal is a label of what is written.
//! What is sealed afterwards seals what was written about it before, without a label: its row has the seal as long as the other
//! has it, beside those of its own labels. Only these go along: what is held from the patient, and what the reception may read, the
//! workflow says itself. What a client writes in its own words has the labels that the client gives it.
//!
//! Answers to the form before a visit name no visit: FHIR gives them no element for it. The visit names them, and they are about it.

use serde_json::Value;

use super::error::RecordError;
use super::following::may_follow;
use super::index::local_hash;
use super::layout::{Currency, REFERENCE, RESOURCES, WRITTEN_ABOUT};
use super::numbers::{as_stored, find, find_named, last_said, row};
use super::prepared::{Prepared, local_reference, references_of};
use super::rows::{Row, RowNumber, State};
use super::transaction::Voice;
use super::writing::{Writing, note_history, put_current};
use crate::access::Sensitivity;
use crate::base::{FhirId, ResourceRef};
use crate::fhir::{Definitions, ResourceType};
use crate::store::{Direction, KeyRange, Read, ReadExt as _, StoreError};

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

/// Where a visit names the answers that are about it.
const ANSWERS: &str = "supportingInformation";
/// The parameter that finds a visit by that.
const OF_ANSWERS: &str = "supporting-info";

/// What closes something that the house wrote, by what it is about: by the references in it, and of answers by the visits that name
/// them.
fn lent_to(
    read: &(impl Read + ?Sized),
    number: RowNumber,
    (kind, id): (ResourceType, &FhirId),
    references: &[ResourceRef],
) -> Result<Sensitivity, RecordError> {
    let mut leads = Vec::new();
    for one in references {
        leads.extend(find_named(read, one)?);
    }
    if kind == ResourceType::QuestionnaireResponse
        && let Some(param) = Definitions::r4().search_param(ResourceType::Appointment, OF_ANSWERS)
    {
        let head = (param.id, local_hash(kind, id.as_str()));
        for found in read.scan(&REFERENCE, KeyRange::prefix(&head), Direction::Up)? {
            leads.push(found?.0.2);
        }
    }
    let mut lent = Sensitivity::NORMAL;
    for lead in leads {
        if read.get(&WRITTEN_ABOUT, &(lead, number))?.is_some() {
            lent = lent.and(as_stored(read, lead)?.sensitivity.closing());
        }
    }
    Ok(lent)
}

/// A version of the past with what is lent to it now by what it was about then; nothing where that is nothing.
pub(super) fn lent_to_past(
    read: &(impl Read + ?Sized),
    number: RowNumber,
    version: &Row,
) -> Result<Option<Row>, RecordError> {
    let Some(said) = last_said(read, number, version)? else { return Ok(None) };
    let value: Value = serde_json::from_slice(&said.json).map_err(|_| RecordError::Damaged)?;
    let lent = lent_to(read, number, (version.kind, &version.id), &references_of(&value))?;
    let stands = || Row { sensitivity: version.sensitivity.and(lent), ..version.clone() };
    Ok(lent.is_closed().then(stands))
}

/// What the house wrote about a resource: with that it may have been opened.
pub(super) fn written_about(read: &(impl Read + ?Sized), lead: RowNumber) -> Result<Vec<RowNumber>, StoreError> {
    let written = read.scan(&WRITTEN_ABOUT, KeyRange::prefix(&(lead,)), Direction::Up)?;
    written.map(|entry| entry.map(|((_, number), ())| number)).collect()
}

impl Writing<'_, '_, '_> {
    /// What it is about, by their rows.
    pub(super) fn is_about(&self, prepared: &Prepared) -> Result<Vec<RowNumber>, RecordError> {
        if prepared.references.is_empty() || may_follow(prepared.kind) {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for one in about(&prepared.resource()?) {
            found.extend(find_named(&**self.tx, &one)?);
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
        let id = as_stored(&**self.tx, number)?.id;
        lent_to(&**self.tx, number, (prepared.kind, &id), &prepared.references)
    }

    /// What seals a resource that is stored again by what it follows or is about, as long as that is sealed.
    pub(super) fn lent_still(&self, number: RowNumber, prepared: &Prepared) -> Result<Sensitivity, RecordError> {
        let mut lent = self.lent(number, prepared)?;
        for one in &prepared.follows {
            let Some(followed) = find_named(&**self.tx, one)? else { continue };
            let followed = row(&**self.tx, followed)?;
            if followed.state != State::Reserved {
                lent = lent.and(followed.sensitivity);
            }
        }
        Ok(lent)
    }

    /// Notes which answers of its form are about a visit that the house stores.
    pub(super) fn note_answers(
        &mut self,
        number: RowNumber,
        visit: &Row,
        prepared: &Prepared,
    ) -> Result<(), RecordError> {
        if visit.kind != ResourceType::Appointment || self.how.voice != Voice::House {
            return Ok(());
        }
        let mut answers = Vec::new();
        collect(&prepared.resource()?, &[ANSWERS], &mut answers);
        answers.retain(|one| one.type_name() == ResourceType::QuestionnaireResponse.name());
        for one in answers {
            let Some(of) = find(&**self.tx, ResourceType::QuestionnaireResponse, &one.id())? else { continue };
            if self.tx.get(&WRITTEN_ABOUT, &(number, of))?.is_some() {
                continue;
            }
            self.tx.put(&WRITTEN_ABOUT, &(number, of), &())?;
            if visit.sensitivity.is_closed() {
                self.leads.push((visit.kind, visit.id.clone()));
            }
        }
        Ok(())
    }

    /// Closes or opens what the house wrote about those that became more or less delicate, and what it wrote about that.
    pub(super) fn lend(&mut self) -> Result<(), RecordError> {
        let mut at = 0;
        while let Some((kind, id)) = self.leads.get(at).cloned() {
            at += 1;
            let Some(lead) = find(&**self.tx, kind, &id)? else { continue };
            let written = written_about(&**self.tx, lead)?;
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

    fn request(labels: &Value) -> Value {
        json!({"resourceType": "MedicationRequest", "id": "m", "meta": {"security": labels}, "status": "active", "intent": "order",
            "subject": {"reference": "Patient/p1"}, "medicationCodeableConcept": {"text": "x"}})
    }

    fn statement() -> Value {
        json!({"resourceType": "MedicationStatement", "status": "not-taken", "subject": {"reference": "Patient/p1"},
            "medicationCodeableConcept": {"text": "x"}, "basedOn": [{"reference": "MedicationRequest/m"}]})
    }

    #[test]
    fn what_a_program_writes_over_is_sealed_as_long_as_what_it_is_about_and_no_longer() {
        let house = new_box();
        house.put(json!({"resourceType": "Patient", "id": "p1"}));
        let (open, sealed) = (json!([{"code": "N"}]), json!([{"code": "HIV"}]));
        house.put(request(&open));
        let written = kept(&house, statement(), Transaction::WORKFLOW);
        let signed = json!({"resourceType": "Provenance", "target": [{"reference": "MedicationRequest/m"}],
            "recorded": "2026-03-01T09:00:00Z", "agent": [{"who": {"display": "x"}}]});
        let told = kept(&house, signed.clone(), Transaction::STRICT);
        house.put(request(&sealed));
        let over = |(kind, of): &(R, FhirId), mut value: Value| {
            value["id"] = json!(of.as_str());
            let change = Change::put(*kind, of.clone(), value, super::super::Condition::None, Mode::Strict).unwrap();
            let why = why(audit::Action::Update);
            let lab = program(&house.ambient);
            house.records.change_all_blocking(&lab, why, vec![change], Transaction::STRICT).unwrap();
        };
        let nurse = house.actor(Role::Nurse, None);
        let sees = || [&written, &told].map(|(kind, of)| house.read(&nurse, *kind, of.as_str()).is_ok());
        over(&written, statement());
        over(&told, signed);
        assert_eq!(sees(), [false; 2]);
        house.put(request(&open));
        assert_eq!(sees(), [true; 2], "nothing closes them any more");
        // What is about it no more when it is written over keeps what closed it.
        house.put(request(&sealed));
        let mut other = statement();
        other.as_object_mut().unwrap().shift_remove("basedOn");
        over(&written, other);
        house.put(request(&open));
        assert_eq!(sees(), [false, true]);
    }

    #[test]
    fn the_past_of_what_the_house_wrote_is_closed_with_what_it_was_about_then() {
        let house = new_box();
        house.put(json!({"resourceType": "Patient", "id": "p1"}));
        house.put(request(&json!([{"code": "N"}])));
        let (kind, of) = kept(&house, statement(), Transaction::WORKFLOW);
        let mut other = statement();
        other["id"] = json!(of.as_str());
        other.as_object_mut().unwrap().shift_remove("basedOn");
        house.put(other);
        let nurse = house.actor(Role::Nurse, None);
        let sees = || {
            let first = |reading: &mut super::super::Reading<'_>| reading.version(kind, &of, 1);
            let read = house.records.disclose_blocking(&nurse, why(audit::Action::VersionRead), first).is_ok();
            for of in [super::super::HistoryOf::One(kind, of.clone()), super::super::HistoryOf::Type(kind)] {
                let asked = super::super::HistoryAsked { of, since: None, at: None, count: None, cursor: None };
                let past = house.records.disclose_blocking(&nurse, why(audit::Action::History), |r| r.history(&asked));
                assert_eq!(past.unwrap().versions.len(), if read { 2 } else { 1 });
            }
            read
        };
        assert!(sees());
        house.put(request(&json!([{"code": "HIV"}])));
        assert!(!sees());
        house.put(request(&json!([{"code": "N"}])));
        assert!(sees());
    }

    #[test]
    fn the_answers_before_a_visit_are_as_closed_as_the_visit() {
        let house = new_box();
        house.put(json!({"resourceType": "Patient", "id": "p1"}));
        let visit = |labels: Value, answers: &[&str]| {
            let links: Vec<Value> =
                answers.iter().map(|of| json!({"reference": format!("QuestionnaireResponse/{of}")})).collect();
            let mut visit = json!({"resourceType": "Appointment", "id": "v", "meta": {"security": labels}, "status": "booked",
                "start": "2026-04-01T09:00:00Z", "end": "2026-04-01T09:30:00Z",
                "participant": [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}]});
            if !links.is_empty() {
                visit["supportingInformation"] = json!(links);
            }
            visit
        };
        let (open, sealed) = (json!([{"code": "N"}]), json!([{"code": "HIV"}]));
        let send = |labels: &Value, of: &str, all: &[&str]| {
            let answers = json!({"resourceType": "QuestionnaireResponse", "status": "completed", "subject": {"reference": "Patient/p1"}});
            let of = FhirId::parse(of).unwrap();
            let visit_id = FhirId::parse("v").unwrap();
            let none = super::super::Condition::None;
            let changes = vec![
                Change::create_as(R::QuestionnaireResponse, of, answers, Mode::Strict).unwrap(),
                Change::put(R::Appointment, visit_id, visit(labels.clone(), all), none, Mode::Strict).unwrap(),
            ];
            let own = house.actor(Role::Patient, Some("Patient/p1"));
            let why = why(audit::Action::Create);
            house.records.change_all_blocking(&own, why, changes, Transaction::WORKFLOW).unwrap();
        };
        let nurse = house.actor(Role::Nurse, None);
        let sees = |of: &str| house.read(&nurse, R::QuestionnaireResponse, of).is_ok();
        house.put(visit(sealed.clone(), &[]));
        send(&sealed, "a", &["a"]);
        assert!(!sees("a"));
        assert!(house.read(&house.actor(Role::Patient, Some("Patient/p1")), R::QuestionnaireResponse, "a").is_ok());
        house.put(visit(open.clone(), &["a"]));
        assert!(sees("a"));
        send(&open, "b", &["a", "b"]);
        assert!(sees("a") && sees("b"));
        house.put(visit(sealed, &["a", "b"]));
        assert!(!sees("a") && !sees("b"), "sealed afterwards");
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
