//! `AuditEvent`: the access log as FHIR has it.

use std::collections::BTreeSet;

use super::*;
use crate::access::Denied;
use crate::base::ActorRef;
use crate::fhir::{Severity, validate};

/// An entry of each act, by each sort of actor in turn, about a patient's problem and about nobody.
fn filled() -> Box_ {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    house.put(patient("p2", "Corvin"));
    let people = [
        house.actor(Role::Clinician, Some("Practitioner/d1")).to_ref(),
        house.actor(Role::Proxy, Some("RelatedPerson/r1")).acting_for(id("p1")).to_ref(),
        ActorRef::system("cli:import:uid=0"),
        ActorRef::anonymous(),
    ];
    let reference = |text: &str| ResourceRef::parse(text).unwrap();
    for (at, action) in audit::Action::ALL.iter().enumerate() {
        let touched = [
            audit::Touched::new(
                Some(id("p1")),
                TouchKind::Opened,
                vec![reference("Condition/c1"), reference("Patient/p1")],
            ),
            audit::Touched::new(Some(id("p2")), TouchKind::Listed, vec![reference("Patient/p2")]),
            audit::Touched::new(None, TouchKind::System, vec![reference("Location/l1")]),
        ];
        let outcome = Outcome::ALL[at % Outcome::ALL.len()];
        let purpose = Purpose::ALL[at % Purpose::ALL.len()];
        let detail = Detail {
            search: Some("Patient?name=Corvin".into()),
            reason: Some("on <call>".into()),
            user_agent: Some("curl".into()),
            note: Some("a note".into()),
        };
        let event = Event::new(people[at % people.len()].clone(), *action, purpose)
            .origin(Some("192.0.2.7".parse().unwrap()))
            .outcome(outcome)
            .detail(detail)
            .touching(&touched);
        let _ = house.records.audit().commit_blocking(vec![event]).unwrap();
    }
    house
}

/// A box with a patient and one who may act for them.
fn with_proxy() -> Box_ {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    house.put(json!({"resourceType": "RelatedPerson", "id": "r1", "active": true,
        "patient": {"reference": "Patient/p1"}}));
    house
}

fn trail(house: &Box_, actor: &Actor, query: &str) -> Result<Page, RecordError> {
    let query = Query::parse(ResourceType::AuditEvent, query, Handling::Strict, Definitions::r4()).unwrap();
    let why = Why { channel: Channel::Api, ..why(audit::Action::AuditRead) };
    Ok(house.records.disclose_blocking(actor, why, |reading| reading.trail(&query))?.into_inner())
}

fn values(page: &Page) -> Vec<Value> {
    page.matches.iter().map(|one| serde_json::from_slice(&one.json).unwrap()).collect()
}

#[test]
fn every_entry_is_an_audit_event_without_an_error_whoever_reads_it() {
    let house = filled();
    let admin = house.actor(Role::HealthAdmin, None);
    let own = house.actor(Role::Patient, Some("Patient/p1"));
    for actor in [&admin, &own] {
        let events = values(&trail(&house, actor, "_count=1000").unwrap());
        assert!(events.len() >= audit::Action::ALL.len());
        for event in &events {
            let issues = validate(event, Definitions::r4(), Mode::Strict);
            let errors: Vec<_> = issues.iter().filter(|issue| issue.severity == Severity::Error).collect();
            assert!(errors.is_empty(), "{errors:?}\n{event}");
        }
        let acts: BTreeSet<&str> =
            events.iter().filter_map(|event| event["subtype"].as_array()?.last()?["code"].as_str()).collect();
        assert!(audit::Action::ALL.iter().all(|action| acts.contains(action.code())));
    }
}

#[test]
fn a_patient_sees_what_concerns_them_and_not_what_was_typed_or_from_where() {
    let house = filled();
    let own = house.actor(Role::Patient, Some("Patient/p1"));
    let text: String = values(&trail(&house, &own, "_count=1000").unwrap()).iter().map(ToString::to_string).collect();
    assert!(text.contains("Condition/c1") && text.contains("on <call>"), "the reason given is theirs to read");
    for hidden in ["Patient/p2", "Location/l1", "192.0.2.7", "curl", "a note", "\"query\"", "uid=0"] {
        assert!(!text.contains(hidden), "{hidden}");
    }
    assert!(trail(&house, &own, "patient=Patient/p2").unwrap().matches.is_empty());
    let doctor = house.actor(Role::Clinician, Some("Practitioner/d1"));
    assert!(matches!(trail(&house, &doctor, ""), Err(RecordError::Denied(Denied::NeverForRole))));
    let one = |actor: &Actor, of: &str| {
        house.records.disclose_blocking(actor, why(audit::Action::AuditRead), |reading| reading.trail_entry(&id(of)))
    };
    let admin = house.actor(Role::HealthAdmin, None);
    // The first entries are the putting of the patients.
    assert!(one(&admin, "2").is_ok() && one(&own, "1").is_ok());
    for (actor, absent) in [(&own, "2"), (&own, "99999"), (&admin, "0"), (&admin, "01"), (&admin, "abc")] {
        assert!(matches!(one(actor, absent), Err(RecordError::NotFound)), "{absent}");
    }
}

#[test]
fn the_log_is_searched_counted_and_paged_by_what_stands_in_it() {
    let house = filled();
    let admin = house.actor(Role::HealthAdmin, None);
    let count = |query: &str| trail(&house, &admin, &format!("{query}&_summary=count")).unwrap().total.unwrap();
    assert_eq!(count("subtype=urn:chartbox:audit-action|delete"), 1);
    assert_eq!(count("subtype=delete&patient=Patient/p2&entity=Condition/c1"), 1);
    assert_eq!(count("subtype=delete&date=gt2100"), 0);
    assert!(count("agent=Practitioner/d1&agent-role=clinician") > 5);
    let mut ids = Vec::new();
    let mut query = "subtype=create,update,patch,delete,batch&_count=2".to_owned();
    loop {
        let page = trail(&house, &admin, &query).unwrap();
        ids.extend(page.matches.iter().map(|one| one.id.to_string()));
        let Some(next) = page.next else { break };
        query = format!("subtype=create,update,patch,delete,batch&_count=2&_cursor={next}");
    }
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 5, "{ids:?}");
    assert_eq!(ids.len(), 5);
    for refused in ["_sort=date", "_include=AuditEvent:patient", "patient.name=x", "_sort=agent"] {
        assert!(matches!(trail(&house, &admin, refused), Err(RecordError::UnsupportedSearch(_))), "{refused}");
    }
}

/// A page that ends before it is full leads on from where it ended: an entry below very many others is reached.
#[test]
fn an_old_entry_is_reached_through_pages_that_find_nothing() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    let event = |action| Event::new(ActorRef::system("test"), action, Purpose::HOperat);
    let _ = house.records.audit().commit_blocking(vec![event(audit::Action::Delete)]).unwrap();
    for _ in 0..23 {
        let _ = house.records.audit().commit_blocking(vec![event(audit::Action::Read); 100]).unwrap();
    }
    let admin = house.actor(Role::HealthAdmin, None);
    let (mut found, mut pages, mut query) = (0, 0, "subtype=delete&_count=2".to_owned());
    loop {
        let page = trail(&house, &admin, &query).unwrap();
        (found, pages) = (found + page.matches.len(), pages + 1);
        let Some(next) = page.next else { break };
        assert!(pages < 10, "it goes on for ever");
        query = format!("subtype=delete&_count=2&_cursor={next}");
    }
    assert_eq!((found, pages), (1, 3));
}

/// What is sealed from a proxy stands in no entry that they get, in no number and in no search; the patient gets it all.
#[test]
fn a_proxy_does_not_learn_from_the_log_that_something_is_sealed() {
    let house = with_proxy();
    house.put(weight("open", "p1", "2026-03-01", 80.0));
    let own = house.actor(Role::Patient, Some("Patient/p1"));
    let proxy = house.actor(Role::Proxy, Some("RelatedPerson/r1"));
    let admin = house.actor(Role::HealthAdmin, None);
    let system = Actor::system("test");
    house.read(&system, ResourceType::Observation, "open").unwrap();
    let text = |actor: &Actor| -> String {
        values(&trail(&house, actor, "_count=1000&subtype=read,create,update,search,import").unwrap())
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    let count = |actor: &Actor, query: &str| {
        trail(&house, actor, &format!("{query}&subtype=read,search,import&_summary=count")).unwrap().total.unwrap()
    };
    let before = (text(&proxy), count(&proxy, ""), looks(&house, &proxy, "p1", Lookers::Others).unwrap());
    assert!(before.0.contains("Observation/open"), "{}", before.0);

    let mut sealed = weight("sealed", "p1", "2026-03-01", 81.0);
    sealed["meta"] =
        json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]});
    house.put(sealed);
    house.read(&system, ResourceType::Observation, "sealed").unwrap();
    // Refused to the proxy, who then finds no trace of it but in what the patient sees.
    assert!(matches!(house.read(&proxy, ResourceType::Observation, "sealed"), Err(RecordError::NotFound)));
    assert_eq!((text(&proxy), count(&proxy, "")), (before.0, before.1));
    assert_eq!(count(&proxy, "entity=Observation/sealed"), 0);
    let days = |found: &LooksFound| serde_json::to_string(&found.days).unwrap();
    let others = looks(&house, &proxy, "p1", Lookers::Others).unwrap();
    assert_eq!(days(&others), days(&before.2));
    assert!(looks(&house, &proxy, "p1", Lookers::Refused).unwrap().days.is_empty());

    for actor in [&own, &admin] {
        assert!(text(actor).contains("Observation/sealed"));
        assert_eq!(count(actor, "entity=Observation/sealed"), 3, "put, read and refused");
    }
    assert!(days(&looks(&house, &own, "p1", Lookers::Others).unwrap()).contains("Observation/sealed"));

    // With something else in the same entry the rest of it is theirs.
    house.search(&system, ResourceType::Observation, "patient=p1").unwrap();
    let found = values(&trail(&house, &proxy, "subtype=search&_count=1").unwrap());
    let text = found[0].to_string();
    assert!(text.contains("Observation/open") && !text.contains("sealed"), "{text}");
    let newest = looks(&house, &proxy, "p1", Lookers::Others).unwrap().days.swap_remove(0).looks.swap_remove(0);
    let named: Vec<String> = newest.resources.touched[0].resources.iter().map(ToString::to_string).collect();
    assert_eq!(named, ["Observation/open"]);
    // Held and sealed, it is sealed.
    let mut both = weight("both", "p1", "2026-03-01", 82.0);
    both["meta"] = json!({"security": [{"code": "PSY"}, {"code": "NOPAT"}]});
    house.put(both);
    let (proxys, patients) = (text_of(&house, &proxy), text_of(&house, &own));
    assert!(!proxys.contains("doctor still looks through") && !proxys.contains("ealed"), "{proxys}");
    assert!(patients.contains("doctor still looks through") && !patients.contains("Observation/both"), "{patients}");
}

fn text_of(house: &Box_, actor: &Actor) -> String {
    values(&trail(house, actor, "_count=1000").unwrap()).iter().map(ToString::to_string).collect()
}

/// Of what is held the patient reads that there is something; who acts for them finds the log as it would be without it.
#[test]
fn a_proxy_does_not_learn_from_the_log_that_something_is_held() {
    let house = with_proxy();
    house.put(weight("open", "p1", "2026-03-01", 80.0));
    let own = house.actor(Role::Patient, Some("Patient/p1"));
    let proxy = house.actor(Role::Proxy, Some("RelatedPerson/r1"));
    let both = |actor: &Actor| {
        let found = values(&trail(&house, actor, "_count=1000&subtype=create,update,import").unwrap());
        let days = looks(&house, actor, "p1", Lookers::Others).unwrap().days;
        (found.iter().map(ToString::to_string).collect::<String>(), serde_json::to_string(&days).unwrap())
    };
    let before = both(&proxy);
    let mut held = weight("held", "p1", "2026-03-01", 81.0);
    held["meta"] = json!({"security": [{"code": "NOPAT"}]});
    house.put(held);
    assert_eq!(both(&proxy), before);
    let (events, days) = both(&own);
    assert!(events.contains("doctor still looks through") && !events.contains("Observation/held"), "{events}");
    assert!(days.contains("\"withheld\":[["), "{days}");
}

/// Of what is left over beside the named ones, too, nothing sealed is counted.
#[test]
fn what_is_sealed_is_not_among_the_more() {
    let house = with_proxy();
    let mut sealed = weight("sealed", "p1", "2026-03-01", 81.0);
    sealed["meta"] = json!({"security": [{"code": "R"}]});
    house.put(sealed);
    let mut resources: Vec<ResourceRef> =
        (0..205).map(|n| ResourceRef::parse(&format!("Observation/o{n}")).unwrap()).collect();
    resources.push(ResourceRef::parse("Observation/sealed").unwrap());
    let event = Event::new(ActorRef::system("test"), audit::Action::Everything, Purpose::Treat)
        .touching(&[audit::Touched::new(Some(id("p1")), TouchKind::SentOut, resources)]);
    let _ = house.records.audit().commit_blocking(vec![event]).unwrap();
    let more = |actor: &Actor| {
        let found = values(&trail(&house, actor, "subtype=operation&_count=1").unwrap());
        found[0].to_string().split(" more resources").next().unwrap().rsplit('"').next().unwrap().to_owned()
    };
    assert_eq!(more(&house.actor(Role::Proxy, Some("RelatedPerson/r1"))), "5");
    assert_eq!(more(&house.actor(Role::Patient, Some("Patient/p1"))), "6");
}

/// What was typed has no label: a proxy does not read it, the patient does not before what it is about is let go.
#[test]
fn a_typed_reason_reaches_nobody_from_whom_something_is_kept() {
    let house = with_proxy();
    house.put(weight("open", "p1", "2026-03-01", 80.0));
    let mut held = weight("held", "p1", "2026-03-01", 81.0);
    held["meta"] = json!({"security": [{"code": "NOPAT"}]});
    house.put(held);
    let typed = |resource: &str, reason: &str| {
        let touched =
            audit::Touched::new(Some(id("p1")), TouchKind::Opened, vec![ResourceRef::parse(resource).unwrap()]);
        let event = Event::new(ActorRef::system("test"), audit::Action::BreakGlass, Purpose::Btg).touching(&[touched]);
        let _ = house.records.audit().commit_blocking(vec![event.detail(Detail::reason(reason))]).unwrap();
    };
    typed("Observation/open", "found unconscious");
    typed("Observation/held", "to be told in person");
    let said = |actor: &Actor| {
        let found = looks(&house, actor, "p1", Lookers::Others).unwrap();
        let pages = serde_json::to_string(&found.days).unwrap() + &text_of(&house, actor);
        ["found unconscious", "to be told in person"].map(|reason| pages.matches(reason).count())
    };
    assert_eq!(said(&house.actor(Role::Proxy, Some("RelatedPerson/r1"))), [0, 0]);
    assert_eq!(said(&house.actor(Role::Patient, Some("Patient/p1"))), [2, 0], "by both ways to the log");
    assert!(text_of(&house, &house.actor(Role::HealthAdmin, None)).contains("to be told in person"));
}

#[test]
fn a_consent_to_show_what_is_sealed_is_as_sealed() {
    let house = with_proxy();
    let (own, proxy) =
        (house.actor(Role::Patient, Some("Patient/p1")), house.actor(Role::Proxy, Some("RelatedPerson/r1")));
    let before = text_of(&house, &proxy);
    house.put(json!({"resourceType": "Consent", "id": "c1", "status": "active",
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
        "category": [{"text": "x"}], "patient": {"reference": "Patient/p1"}, "policyRule": {"text": "x"},
        "provision": {"type": "permit", "securityLabel": [{"code": "HIV"}]}}));
    assert!(house.read(&own, ResourceType::Consent, "c1").is_ok());
    assert!(matches!(house.read(&proxy, ResourceType::Consent, "c1"), Err(RecordError::NotFound)));
    assert!(house.ids(&proxy, ResourceType::Consent, "").is_empty());
    assert!(!text_of(&house, &proxy).contains("Consent/c1"), "{before}");
}

#[test]
fn in_another_compartment_nobody_finds_their_own_entries() {
    let house = new_box();
    house.put(patient("p1", "Brandvold"));
    house.put(patient("p2", "Corvin"));
    house.put(json!({"resourceType": "RelatedPerson", "id": "r1", "active": true,
        "patient": {"reference": "Patient/p1"}}));
    for actor in [house.actor(Role::Patient, Some("Patient/p1")), house.actor(Role::Proxy, Some("RelatedPerson/r1"))] {
        house.read(&actor, ResourceType::Patient, "p1").unwrap();
        let count = |compartment: &str| {
            let mut query =
                Query::parse(ResourceType::AuditEvent, "_summary=count", Handling::Strict, Definitions::r4()).unwrap();
            query.compartment = Some(id(compartment));
            house
                .records
                .disclose_blocking(&actor, why(audit::Action::AuditRead), |reading| reading.trail(&query))
                .unwrap()
                .into_inner()
                .total
        };
        assert!(count("p1") > Some(0));
        assert_eq!((count("p2"), count("nobody")), (Some(0), Some(0)));
    }
}
