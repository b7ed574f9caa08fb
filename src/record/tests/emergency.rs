//! Break-glass: it opens what it names, to whom it was given, as long as it lasts, and all of it stands in the log.

use super::*;
use crate::record::Declared;

const MENTAL: &str = r#"{"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}]}"#;

fn condition(of: &str, patient: &str, meta: Option<&str>) -> Value {
    let mut value = json!({"resourceType": "Condition", "id": of, "code": {"text": "x"},
        "subject": {"reference": format!("Patient/{patient}")}});
    if let Some(meta) = meta {
        value["meta"] = serde_json::from_str(meta).unwrap();
    }
    value
}

/// Two patients with an ordinary and a sealed problem each, and nobody's care team.
fn filled() -> Box_ {
    let house = new_box();
    for patient_id in ["p1", "p2"] {
        house.put(patient(patient_id, "Brandvold"));
        house.put(condition(&format!("{patient_id}-open"), patient_id, None));
        house.put(condition(&format!("{patient_id}-sealed"), patient_id, Some(MENTAL)));
    }
    house
}

fn declare(house: &Box_, actor: &Actor, of: &str) {
    let account = actor.account().unwrap();
    let declared = Declared { id: id("e1"), patient: id(of), reason: "found unconscious".into(), minutes: 30 };
    let why = Why { detail: Detail::reason("found unconscious"), ..why(audit::Action::BreakGlass) };
    let of = id(of);
    let done = house.records.act_about::<_, std::fmt::Error>(actor, why, &of, move |inside| {
        inside.declare(account, declared)?;
        Ok(())
    });
    wait(done).unwrap();
}

/// What of the conditions this actor finds, by search and one by one.
fn seen(house: &Box_, actor: &Actor) -> Vec<String> {
    let mut found = house.ids(actor, ResourceType::Condition, "");
    found.sort();
    let all = ["p1-open", "p1-sealed", "p2-open", "p2-sealed"];
    let read: Vec<String> = all
        .iter()
        .filter(|one| house.read(actor, ResourceType::Condition, one).is_ok())
        .map(|one| (*one).to_owned())
        .collect();
    assert_eq!(found, read, "a search finds exactly what can be read");
    found
}

#[test]
fn it_reaches_the_one_patient_that_it_names_and_ends_by_itself() {
    let house = filled().reaching(Reach::CareTeam);
    let (doctor, other) = (house.actor(Role::Clinician, Some("Practitioner/d")), house.actor(Role::Nurse, None));
    assert!(seen(&house, &doctor).is_empty());
    declare(&house, &doctor, "p1");
    assert_eq!(seen(&house, &doctor), ["p1-open", "p1-sealed"]);
    assert!(seen(&house, &other).is_empty(), "another account has nothing of it");
    house.clock.advance(Duration::from_secs(30 * 60));
    assert!(seen(&house, &doctor).is_empty());
    assert!(house.records.emergency_of(&doctor, &id("p1")).unwrap().is_none());
}

#[test]
fn ended_by_hand_it_is_over_with_the_next_request() {
    let house = filled();
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d"));
    assert_eq!(seen(&house, &doctor), ["p1-open", "p2-open"], "what is sealed is closed in care, too");
    declare(&house, &doctor, "p1");
    assert_eq!(seen(&house, &doctor), ["p1-open", "p1-sealed", "p2-open"]);
    let account = doctor.account().unwrap();
    house.clock.advance(Duration::from_secs(1));
    let of = id("p1");
    let ended =
        house.records.act_about::<_, std::fmt::Error>(&doctor, why(audit::Action::BreakGlassEnd), &of, move |inside| {
            Ok(inside.end_emergencies(account, &id("p1"))?)
        });
    assert_eq!(wait(ended).unwrap(), 1);
    assert_eq!(seen(&house, &doctor), ["p1-open", "p2-open"]);
}

#[test]
fn all_that_is_opened_meanwhile_stands_in_the_log_with_the_reason_and_nothing_else_does() {
    let house = filled();
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d"));
    declare(&house, &doctor, "p1");
    house.read(&doctor, ResourceType::Condition, "p1-sealed").unwrap();
    house.search(&doctor, ResourceType::Condition, "patient=p1").unwrap();
    house.read(&doctor, ResourceType::Condition, "p2-open").unwrap();
    let change = Change::create(ResourceType::Condition, condition("x", "p1", None), Mode::Strict).unwrap();
    wait(house.records.change(&doctor, why(audit::Action::Create), change)).unwrap();
    house.clock.advance(Duration::from_secs(1800));
    house.read(&doctor, ResourceType::Condition, "p1-open").unwrap();
    let filter = audit::Filter { account: doctor.account(), ..audit::Filter::default() };
    let lines = audit::entries(&house.records.audit().read().unwrap(), &filter, 20).unwrap().lines;
    let told: Vec<(audit::Action, Purpose, Option<String>)> = lines
        .iter()
        .rev()
        .map(|line| {
            let reason = match &line.detail {
                audit::DetailState::Kept(detail) => detail.reason.clone(),
                _ => None,
            };
            (line.entry.action, line.entry.purpose, reason)
        })
        .collect();
    let why = Some("found unconscious".to_owned());
    assert_eq!(
        told[1..],
        [
            (audit::Action::Read, Purpose::Btg, why.clone()),
            (audit::Action::Search, Purpose::Btg, why.clone()),
            (audit::Action::Read, Purpose::Treat, None),
            (audit::Action::Create, Purpose::Btg, why),
            (audit::Action::Read, Purpose::Treat, None),
        ]
    );
}

#[test]
fn a_verdict_is_given_once_and_never_by_oneself() {
    use crate::record::{ActError, EmergencyError, Review, Verdict};
    let house = filled();
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d"));
    declare(&house, &doctor, "p1");
    let admin = house.actor(Role::HealthAdmin, None);
    let judge = |by: &Actor| {
        let (account, judge) = (doctor.account().unwrap(), by.account().unwrap());
        let of = id("p1");
        let done = house.records.act_about(by, why(audit::Action::BreakGlassReview), &of, move |inside| {
            let review = Review { by: judge, at: inside.now(), verdict: Verdict::Justified, note: "".into() };
            inside.review_emergency((account, &id("e1")), review)
        });
        wait(done)
    };
    assert!(matches!(judge(&doctor), Err(ActError::Told(EmergencyError::Own))));
    judge(&admin).unwrap();
    assert!(matches!(judge(&admin), Err(ActError::Told(EmergencyError::Reviewed))));
    let all = house.records.disclose_blocking(&admin, why(audit::Action::AuditRead), |r| r.emergencies()).unwrap();
    assert_eq!(all[0].review.as_ref().unwrap().verdict, Verdict::Justified);
    assert!(house.records.disclose_blocking(&doctor, why(audit::Action::AuditRead), |r| r.emergencies()).is_err());
    let own = house.actor(Role::Patient, Some("Patient/p1"));
    let about = |actor: &Actor, of: &str| {
        house.records.disclose_blocking(actor, why(audit::Action::AuditRead), |r| r.emergencies_about(&id(of)))
    };
    assert_eq!(about(&own, "p1").unwrap().len(), 1);
    assert!(about(&own, "p2").is_err());
}
