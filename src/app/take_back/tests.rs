use serde_json::{Value, json};

use super::*;
use crate::backup::Unwatched;
use crate::backup::fixture::TestBox;
use crate::fhir::Mode;
use crate::record::{Change, Transaction};

struct House {
    made: TestBox,
    taking: TakeBack,
}

fn house(seed: u64, reach: Reach) -> House {
    let made = TestBox::new(seed);
    let records = Records::new(made.audit.clone(), reach);
    let (backups, audit) = (made.backups.clone(), made.audit.clone());
    let taking = TakeBack { backups, records, audit, reach, actor: Actor::system("test") };
    House { made, taking }
}

fn key(text: &str) -> (ResourceType, FhirId) {
    let reference = ResourceRef::parse(text).unwrap();
    (ResourceType::parse(reference.type_name()).unwrap(), reference.id())
}

impl House {
    fn change(&self, changes: Vec<Change>) {
        self.made.clock.advance(std::time::Duration::from_secs(1));
        let why = Why { action: Action::Import, ..why("test") };
        let _ = self.taking.records.change_all_blocking(&self.taking.actor, why, changes, Transaction::IMPORT).unwrap();
    }

    fn put(&self, text: &str, mut value: Value) {
        let (kind, id) = key(text);
        (value["resourceType"], value["id"]) = (json!(kind.name()), json!(id.as_str()));
        self.change(vec![Change::put(kind, id, value, Condition::None, Mode::Lenient).unwrap()]);
    }

    fn delete(&self, all: &[&str]) {
        let one = |text: &&str| {
            let (kind, id) = key(text);
            Change::delete(kind, id, Condition::None)
        };
        self.change(all.iter().map(one).collect());
    }

    fn read(&self, text: &str) -> Option<Value> {
        let (kind, id) = key(text);
        let found =
            self.taking.records.disclose_blocking(&self.taking.actor, why("test"), |reading| reading.read(kind, &id));
        found.ok().map(|one| plain(&one).unwrap())
    }

    fn status(&self, text: &str) -> Value {
        self.read(text).unwrap()["status"].clone()
    }

    fn backed_up(&self) {
        self.made.snapshot("one");
    }

    /// A Patient is asked for with all that is theirs.
    fn look(&self, wanted: &str) -> Found {
        match key(wanted) {
            (ResourceType::Patient, id) => self.look_for(&Wanted::Patient(id)),
            _ => self.look_named(wanted),
        }
    }

    fn look_named(&self, wanted: &str) -> Found {
        self.look_for(&Wanted::Resource(ResourceRef::parse(wanted).unwrap()))
    }

    fn look_for(&self, wanted: &Wanted) -> Found {
        self.taking.look(&self.made.spec("one"), "latest", wanted, &Unwatched).unwrap()
    }

    /// How it stood, by name, before it was brought back.
    fn bring(&self, wanted: &str) -> BTreeMap<String, &'static str> {
        self.kept(self.look(wanted))
    }

    fn bring_named(&self, wanted: &str) -> BTreeMap<String, &'static str> {
        self.kept(self.look_named(wanted))
    }

    fn kept(&self, found: Found) -> BTreeMap<String, &'static str> {
        let said = found.items.iter().map(|item| (name(item), item.stands.code())).collect();
        self.taking.keep(found).unwrap();
        said
    }
}

fn name(item: &Item) -> String {
    format!("{}/{}", item.kind.name(), item.id)
}

fn item<'a>(found: &'a Found, text: &str) -> &'a Item {
    found.items.iter().find(|item| name(item) == text).unwrap()
}

/// Something about a patient: `subject` and what else it says.
fn about(patient: &str, mut more: Value) -> Value {
    more["subject"] = json!({ "reference": patient });
    more
}

fn to(text: &str) -> Value {
    json!({ "reference": text })
}

fn labelled(text: &str, codes: &[&str]) -> Value {
    let labels: Vec<Value> = codes.iter().map(|code| json!({ "code": code })).collect();
    let mut note = json!({ "status": "final", "code": { "text": "x" }, "subject": { "reference": "Patient/a" }, "valueString": text });
    if !labels.is_empty() {
        note["meta"] = json!({ "security": labels });
    }
    note
}

fn codes(value: &Value) -> Vec<&str> {
    let labels = value.pointer("/meta/security").and_then(Value::as_array).into_iter().flatten();
    labels.filter_map(|label| label["code"].as_str()).collect()
}

#[test]
fn nothing_that_was_sealed_or_held_then_or_since_comes_back_open() {
    let house = house(301, Reach::Clinic);
    house.put("Patient/a", json!({}));
    house.put("Observation/held", labelled("secret", &["NOPAT", "HIV"]));
    house.put("Observation/let-go", labelled("known", &["NOPAT"]));
    house.put("Observation/sealed-since", labelled("open", &[]));
    let mark = |of: &[(&str, &str)]| {
        of.iter().map(|(system, code)| json!({ "system": system, "code": code })).collect::<Vec<_>>()
    };
    let mut letter = labelled("letter", &[]);
    letter["meta"] = json!({ "security": mark(&[(crate::access::AUDIENCE, crate::access::ADMINISTRATIVE)]) });
    house.put("Observation/letter", letter);
    house.backed_up();
    house.put("Observation/held", labelled("harmless", &[]));
    house.put("Observation/let-go", labelled("known", &[]));
    house.put("Observation/sealed-since", labelled("open", &["V"]));
    house.delete(&["Observation/sealed-since"]);
    house.put("Observation/letter", labelled("clinical", &[]));
    let said = house.bring("Patient/a");
    assert_eq!((said["Observation/let-go"], said["Observation/held"]), ("same", "differs"));
    assert_eq!(house.read("Observation/held").unwrap()["valueString"], "harmless");
    assert_eq!(codes(&house.read("Observation/let-go").unwrap()), [""; 0]);
    let since = house.read("Observation/sealed-since").unwrap();
    assert_eq!((&since["valueString"], codes(&since)), (&json!("open"), vec!["V"]));
    // Nor where it is named.
    house.put("Observation/held", labelled("harmless", &["PSY"]));
    house.bring("Observation/held");
    let held = house.read("Observation/held").unwrap();
    assert_eq!((&held["valueString"], codes(&held)), (&json!("secret"), vec!["NOPAT", "HIV", "PSY"]));
    house.bring("Observation/letter");
    let letter = house.read("Observation/letter").unwrap();
    assert_eq!((&letter["valueString"], codes(&letter)), (&json!("letter"), vec![]), "the reception would see it");
}

#[test]
fn what_is_anothers_now_and_what_was_taken_back_stays_so_unless_it_is_named() {
    let house = house(302, Reach::Clinic);
    let of = |patient: &str, status: &str| json!({ "status": status, "code": { "text": "x" }, "subject": { "reference": patient } });
    let visit = |status: &str| json!({ "status": status, "participant": [{ "actor": { "reference": "Patient/a" }, "status": "accepted" }] });
    for patient in ["Patient/a", "Patient/b"] {
        house.put(patient, json!({}));
    }
    house.put("Observation/moved", of("Patient/a", "final"));
    house.put("Observation/mistake", of("Patient/a", "final"));
    house.put("Appointment/off", visit("booked"));
    house.put("Observation/amended", of("Patient/a", "preliminary"));
    let signed = |target: &str| json!({ "target": [{ "reference": target }], "recorded": "2026-03-03T09:00:00Z", "agent": [{ "who": { "display": "x" } }] });
    house.put("Provenance/moved", signed("Observation/amended"));
    house.put("Observation/theirs", of("Patient/b", "final"));
    house.backed_up();
    house.put("Observation/moved", of("Patient/b", "final"));
    house.put("Observation/mistake", of("Patient/a", "entered-in-error"));
    house.put("Appointment/off", visit("cancelled"));
    house.put("Observation/amended", of("Patient/a", "final"));
    house.put("Provenance/moved", signed("Observation/theirs"));
    let said = house.bring("Patient/a");
    assert_eq!((said["Observation/moved"], said["Provenance/moved"]), ("elsewhere", "elsewhere"));
    assert_eq!((said["Observation/mistake"], said["Appointment/off"]), ("mistake", "differs"));
    assert_eq!(house.read("Observation/moved").unwrap()["subject"]["reference"], "Patient/b");
    assert_eq!(house.read("Provenance/moved").unwrap()["target"][0]["reference"], "Observation/theirs");
    assert_eq!(
        (house.status("Observation/mistake"), house.status("Appointment/off")),
        (json!("entered-in-error"), json!("cancelled"))
    );
    assert_eq!((said["Observation/amended"], house.status("Observation/amended")), ("differs", json!("final")));
    assert_eq!(house.bring("Observation/moved")["Observation/moved"], "elsewhere");
    house.bring("Observation/mistake");
    assert_eq!(house.read("Observation/moved").unwrap()["subject"]["reference"], "Patient/a");
    assert_eq!(house.status("Observation/mistake"), "final");
    // Two records that were joined since are not parted by it.
    let joined = json!([{ "other": { "reference": "Patient/b" }, "type": "replaced-by" }]);
    house.put("Patient/a", json!({ "link": joined }));
    assert_eq!((house.bring("Patient/a")["Patient/a"], &house.read("Patient/a").unwrap()["link"]), ("joined", &joined));
}

#[test]
fn a_refusal_that_was_deleted_with_the_record_comes_back_with_it_and_what_lets_somebody_see_does_not() {
    let house = house(303, Reach::Clinic);
    let consent = |provision: Value| {
        json!({ "status": "active", "scope": { "coding": [{ "code": "patient-privacy" }] }, "category": [{ "text": "x" }],
            "patient": { "reference": "Patient/a" }, "policyRule": { "text": "x" }, "provision": provision })
    };
    house.put("Patient/a", json!({}));
    house.put(
        "Consent/no",
        consent(json!({ "type": "deny", "provision": [{ "type": "permit", "purpose": [{ "code": "TREAT" }] }] })),
    );
    house.put("Consent/yes", consent(json!({ "type": "permit" })));
    house.put("RelatedPerson/r", json!({ "patient": { "reference": "Patient/a" }, "active": true }));
    house.put("Observation/o", labelled("secret", &[]));
    house.backed_up();
    house.delete(&["Observation/o", "Consent/no", "Consent/yes", "RelatedPerson/r", "Patient/a"]);
    let said = house.bring("Patient/a");
    assert_eq!((said["Consent/no"], said["Consent/yes"], said["RelatedPerson/r"]), ("refusal", "access", "access"));
    assert!(house.read("Observation/o").is_some() && house.read("Consent/yes").is_none());
    let no = house.read("Consent/no").unwrap();
    assert_eq!((&no["provision"]["type"], no["provision"]["provision"][0].get("type")), (&json!("deny"), None));
    // One that was changed since is as it was decided since.
    let mut withdrawn = consent(json!({ "type": "deny" }));
    withdrawn["status"] = json!("inactive");
    house.put("Consent/no", withdrawn);
    assert_eq!(house.bring("Patient/a")["Consent/no"], "access");
    assert_eq!(house.status("Consent/no"), "inactive");
}

#[test]
fn nobody_is_in_a_patients_care_again_by_what_comes_back() {
    let house = house(304, Reach::CareTeam);
    let [ann, ben] = ["Practitioner/ann", "Practitioner/ben"].map(|text| json!({ "reference": text }));
    let (subject, team) = (json!({ "reference": "Patient/a" }), |who: &Value| json!([{ "member": who }]));
    let visit = |status: &str, who: &Value| json!({ "status": status, "class": { "code": "AMB" }, "subject": subject, "participant": [{ "individual": who }] });
    house.put("Patient/a", json!({ "generalPractitioner": [ben], "gender": "male" }));
    house.put("CareTeam/t", json!({ "subject": subject, "participant": team(&ben) }));
    house.put("Encounter/gone", visit("finished", &ben));
    house.put("Encounter/hers", visit("finished", &ann));
    let mut urgent = visit("finished", &ben);
    urgent["priority"] = json!({ "text": "urgent" });
    house.put("Encounter/amended", urgent);
    house.backed_up();
    house.put("Patient/a", json!({ "generalPractitioner": [ann], "gender": "female" }));
    house.put("CareTeam/t", json!({ "subject": subject, "participant": team(&ann), "status": "active" }));
    house.put("Encounter/amended", visit("finished", &ann));
    house.delete(&["Encounter/gone", "Encounter/hers"]);
    let said = house.bring("Patient/a");
    assert_eq!((said["CareTeam/t"], said["Encounter/gone"]), ("access", "deleted"));
    assert_eq!((said["Patient/a"], said["Encounter/amended"]), ("differs", "differs"));
    let link = |text: &str, at: &str| house.read(text).unwrap().pointer(at).cloned();
    let (of_visit, named) = ("/participant/0/individual/reference", "/participant/0/individual/display");
    assert_eq!(link("CareTeam/t", "/participant/0/member/reference"), Some(json!("Practitioner/ann")));
    assert_eq!(link("Patient/a", "/generalPractitioner/0/reference"), Some(json!("Practitioner/ann")));
    assert_eq!(
        (link("Encounter/gone", of_visit), link("Encounter/gone", named)),
        (None, Some(json!("Practitioner/ben")))
    );
    assert_eq!(link("Encounter/hers", of_visit), Some(json!("Practitioner/ann")));
    assert_eq!(link("Encounter/amended", of_visit), Some(json!("Practitioner/ann")));
}

#[test]
fn a_letter_comes_back_with_its_file_under_the_rules_that_the_file_was_under_last() {
    let house = house(305, Reach::Clinic);
    let file = |context: &[&str]| {
        let mut file = json!({ "contentType": "text/plain", "data": "eA==" });
        context.iter().for_each(|of| file["securityContext"] = json!({ "reference": of }));
        file
    };
    for patient in ["Patient/a", "Patient/b"] {
        house.put(patient, json!({}));
    }
    house.put("Binary/bare", file(&[]));
    house.put("Binary/narrowed", file(&[]));
    house.put("Binary/theirs", file(&["Patient/b"]));
    house.put("Practitioner/p", json!({}));
    let attachments =
        ["bare", "narrowed", "theirs"].map(|id| json!({ "attachment": { "url": format!("Binary/{id}") } }));
    house.put(
        "DocumentReference/d",
        json!({ "status": "current", "subject": { "reference": "Patient/a" }, "author": [{ "reference": "Practitioner/p" }], "content": attachments }),
    );
    house.backed_up();
    house.put("Binary/narrowed", file(&["Patient/a"]));
    house.delete(&["DocumentReference/d", "Binary/bare", "Binary/narrowed", "Binary/theirs", "Practitioner/p"]);
    let said = house.bring("Patient/a");
    assert_eq!(
        house.read("Binary/bare"),
        Some(json!({ "resourceType": "Binary", "id": "bare", "contentType": "text/plain", "data": "eA==" }))
    );
    assert_eq!(house.read("Binary/narrowed").unwrap()["securityContext"]["reference"], "Patient/a");
    assert!(house.read("Binary/theirs").is_none() && !said.contains_key("Binary/theirs"), "{said:?}");
    assert_eq!((said["Practitioner/p"], house.read("Practitioner/p")), ("absent", None));
}

#[test]
fn a_file_that_was_replaced_since_stays_and_is_named_beside_its_letter() {
    let house = house(318, Reach::Clinic);
    let file = |data: &str| json!({ "contentType": "text/plain", "data": data });
    house.put("Patient/a", json!({}));
    for id in ["same", "replaced", "gone"] {
        house.put(&format!("Binary/{id}"), file("eA=="));
    }
    let attachments = ["same", "replaced", "gone"].map(|id| json!({ "attachment": { "url": format!("Binary/{id}") } }));
    house.put("DocumentReference/d", about("Patient/a", json!({ "status": "current", "content": attachments })));
    house.backed_up();
    house.put("Binary/replaced", file("eQ=="));
    house.put("Binary/gone", file("eQ=="));
    house.delete(&["Binary/gone"]);
    let said = house.bring("Patient/a");
    assert_eq!((said["DocumentReference/d"], said.get("Binary/same")), ("same", None));
    assert_eq!((said["Binary/replaced"], said["Binary/gone"]), ("differs", "differs"));
    assert_eq!(
        (house.read("Binary/replaced").unwrap()["data"].clone(), house.read("Binary/gone")),
        (json!("eQ=="), None)
    );
    house.bring("Binary/replaced");
    assert_eq!(house.read("Binary/replaced").unwrap()["data"], "eA==");
}

#[test]
fn one_patients_record_brings_nothing_into_anothers_nor_takes_anything_out_of_it() {
    let house = house(306, Reach::Clinic);
    let visit = |all: &[&str], text: &str| {
        let with: Vec<Value> = all.iter().map(|who| json!({ "actor": to(who), "status": "accepted" })).collect();
        json!({ "status": "booked", "description": text, "participant": with })
    };
    let letter = |all: &[&str]| {
        let mut letter = about("Patient/a", json!({ "status": "completed" }));
        all.iter().for_each(|who| letter["recipient"] = json!([to(who)]));
        letter
    };
    let allergy = |of: &str| json!({ "patient": to(of), "recorder": to("Patient/b") });
    let signed = json!({ "target": [to("Observation/theirs"), to("Patient/a")], "recorded": "2026-03-03T09:00:00Z", "agent": [{ "who": { "display": "x" } }] });
    let related =
        |name: &str| json!({ "name": [{ "family": name }], "link": [{ "other": to("Patient/b"), "type": "seealso" }] });
    house.put("Patient/b", json!({}));
    house.put("Patient/a", related("Then"));
    house.put("Observation/theirs", about("Patient/b", json!({ "status": "final", "code": { "text": "x" } })));
    house.put("Appointment/left", visit(&["Patient/a", "Patient/b"], "then"));
    house.put("Appointment/gone", visit(&["Patient/a", "Patient/b"], "then"));
    house.put("Appointment/both", visit(&["Patient/a", "Patient/b"], "then"));
    house.put("Appointment/given", visit(&["Patient/a"], "then"));
    house.put("Communication/letter", letter(&["Patient/b"]));
    house.put("AllergyIntolerance/moved", allergy("Patient/a"));
    house.put("Observation/moved", about("Patient/a", json!({ "status": "final", "code": { "text": "x" } })));
    house.put("Observation/own", about("Patient/a", json!({ "status": "final", "code": { "text": "x" } })));
    house.put("Provenance/signed", signed);
    house.backed_up();
    house.put("Patient/a", related("Now"));
    house.put("Appointment/left", visit(&["Patient/a"], "now"));
    house.put("Appointment/both", visit(&["Patient/a", "Patient/b"], "now"));
    house.put("Appointment/given", visit(&["Patient/b"], "now"));
    house.put("Communication/letter", letter(&[]));
    house.put("AllergyIntolerance/moved", allergy("Patient/b"));
    house.put("Observation/moved", about("Patient/b", json!({ "status": "final", "code": { "text": "x" } })));
    house.delete(&["Appointment/gone", "Observation/own", "Observation/moved", "Provenance/signed"]);
    let shared = [
        "Appointment/left",
        "Appointment/gone",
        "Appointment/both",
        "Appointment/given",
        "Communication/letter",
        "AllergyIntolerance/moved",
        "Observation/moved",
        "Provenance/signed",
    ];
    let before = shared.map(|one| house.read(one));
    let said = house.bring("Patient/a");
    assert_eq!(shared.map(|one| said[one]), ["elsewhere"; 8]);
    assert_eq!(shared.map(|one| house.read(one)), before);
    assert_eq!((said["Patient/a"], said["Observation/own"]), ("differs", "deleted"));
    assert_eq!(house.read("Patient/a").unwrap()["name"][0]["family"], "Now");
    assert!(house.read("Observation/own").is_some());
    // Who the patient is comes back, though it names the other one.
    house.put("Patient/a", related("Then"));
    house.delete(&["Patient/a"]);
    house.bring("Patient/a");
    assert_eq!(house.read("Patient/a").unwrap()["name"][0]["family"], "Then");
    // Whoever names one means all of it.
    assert_eq!(house.bring("Appointment/left")["Appointment/left"], "elsewhere");
    assert_eq!(house.read("Appointment/left").unwrap()["participant"].as_array().unwrap().len(), 2);
}

#[test]
fn an_appointment_that_is_another_patients_now_is_not_written_over_by_whom_it_is_with() {
    let house = house(307, Reach::CareTeam);
    let visit = |all: &[&str], text: &str| {
        let with: Vec<Value> = all.iter().map(|who| json!({ "actor": to(who), "status": "accepted" })).collect();
        json!({ "status": "booked", "description": text, "participant": with })
    };
    house.put("Patient/a", json!({}));
    house.put("Patient/b", json!({}));
    house.put("CareTeam/t", about("Patient/a", json!({ "participant": [{ "member": to("Practitioner/ann") }] })));
    house.put("Appointment/given", visit(&["Patient/a"], "their reason"));
    house.put("Appointment/gone", visit(&["Patient/a", "Patient/b", "Practitioner/ann"], "both"));
    house.put("Appointment/own", visit(&["Patient/a", "Practitioner/ann"], "then"));
    house.backed_up();
    house.put("Appointment/given", visit(&["Patient/b"], "check-up"));
    house.put("Appointment/own", visit(&["Patient/a", "Practitioner/ben"], "now"));
    house.delete(&["Appointment/gone"]);
    let said = house.bring("Patient/a");
    assert_eq!((said["Appointment/given"], said["Appointment/gone"]), ("elsewhere", "elsewhere"));
    assert_eq!(house.read("Appointment/given").unwrap()["description"], "check-up");
    assert!(house.read("Appointment/gone").is_none(), "ann would be in the other's care by it");
    let own = house.read("Appointment/own").unwrap();
    assert_eq!((said["Appointment/own"], &own["description"]), ("differs", &json!("now")));
    assert_eq!(own["participant"][1]["actor"]["reference"], "Practitioner/ben");
}

#[test]
fn what_was_changed_since_stays_whichever_way_and_is_named_with_its_state_and_what_was_changed() {
    let house = house(308, Reach::Clinic);
    let concept = |code: &str| json!({ "coding": [{ "code": code }] });
    let order = |more: Value| {
        let mut order = about("Patient/a", json!({ "intent": "order", "medicationCodeableConcept": { "text": "x" } }));
        let members = more.as_object().unwrap().clone();
        order.as_object_mut().unwrap().extend(members);
        order
    };
    let problem = |clinical: &str, verified: &str| {
        about(
            "Patient/a",
            json!({ "clinicalStatus": concept(clinical), "verificationStatus": concept(verified), "code": { "text": "x" } }),
        )
    };
    let visit = |status: &str, patient: &str, doctor: &str| {
        let with = [("Patient/a", patient), ("Practitioner/x", doctor)];
        let with = with.map(|(who, said)| json!({ "actor": to(who), "status": said }));
        json!({ "status": status, "participant": with, "start": "2026-03-03T09:00:00Z" })
    };
    let finding = |status: &str, text: &str| {
        about("Patient/a", json!({ "status": status, "code": { "text": "x" }, "valueString": text }))
    };
    let flag =
        |period: Value| about("Patient/a", json!({ "status": "active", "code": { "text": "x" }, "period": period }));
    let status = |word: &str| order(json!({ "status": word }));
    let begun = json!({ "start": "2026-03-01" });
    let all = [
        // Ended since, and begun again since.
        ("MedicationRequest/stopped", status("active"), status("stopped"), "status"),
        ("MedicationRequest/again", status("stopped"), status("active"), "status"),
        ("MedicationRequest/draft", status("active"), status("draft"), "status"),
        (
            "MedicationRequest/not",
            status("active"),
            order(json!({ "status": "active", "doNotPerform": true })),
            "doNotPerform",
        ),
        ("Condition/refuted", problem("active", "confirmed"), problem("inactive", "refuted"), "clinicalStatus"),
        ("Condition/found", problem("inactive", "refuted"), problem("active", "confirmed"), "clinicalStatus"),
        ("Condition/perhaps", problem("active", "confirmed"), problem("active", "provisional"), "verificationStatus"),
        ("Observation/stands", finding("entered-in-error", "x"), finding("final", "x"), "status"),
        ("Observation/twice", finding("corrected", "first"), finding("corrected", "second"), "valueString"),
        ("Flag/ended", flag(begun.clone()), flag(json!({ "start": "2026-03-01", "end": "2026-03-02" })), "period"),
        (
            "Appointment/answers",
            visit("booked", "accepted", "declined"),
            visit("booked", "declined", "accepted"),
            "participant",
        ),
        (
            "Appointment/asked",
            visit("booked", "accepted", "accepted"),
            visit("proposed", "accepted", "accepted"),
            "status",
        ),
        ("Patient/a", json!({ "gender": "male" }), json!({ "deceasedDateTime": "2026-11-28" }), "deceasedDateTime"),
    ];
    let deleted = |name: &str| format!("{name}-deleted");
    let each = || all.iter().filter(|(name, ..)| !name.starts_with("Patient"));
    all.iter().rev().for_each(|(name, then, ..)| house.put(name, then.clone()));
    each().for_each(|(name, then, ..)| house.put(&deleted(name), then.clone()));
    house.put("Condition/wrong", problem("active", "confirmed"));
    house.put("MedicationRequest/gone", status("active"));
    house.backed_up();
    for (name, _, since, _) in &all {
        house.put(name, since.clone());
    }
    for (name, _, since, _) in each() {
        house.put(&deleted(name), since.clone());
        house.delete(&[&deleted(name)]);
    }
    house.put(
        "Condition/wrong",
        about("Patient/a", json!({ "verificationStatus": concept("entered-in-error"), "code": { "text": "x" } })),
    );
    house.delete(&["Condition/wrong", "MedicationRequest/gone"]);
    let found = house.look("Patient/a");
    for (name, _, _, changed) in &all {
        let one = item(&found, name);
        assert_eq!((one.stands, one.comes), (Standing::Differs, false), "{name}");
        assert!(one.changed.iter().any(|element| element == changed), "{name}: {:?}", one.changed);
    }
    for (name, ..) in each() {
        let one = item(&found, &deleted(name));
        assert_eq!((one.stands, one.comes, one.is_there()), (Standing::Differs, false, false), "{name}");
    }
    assert_eq!(item(&found, "Condition/wrong").stands, Standing::Mistake);
    let states = |text: &str| {
        (item(&found, text).was.as_deref(), item(&found, text).is.as_deref(), item(&found, text).is_there())
    };
    assert_eq!(states("MedicationRequest/stopped"), (Some("active"), Some("stopped"), true));
    assert_eq!(states("MedicationRequest/stopped-deleted"), (Some("active"), Some("stopped"), false));
    assert_eq!(states("Condition/refuted"), (Some("active, confirmed"), Some("inactive, refuted"), true));
    assert_eq!(states("Patient/a"), (None, Some("deceased"), true));
    let before = all.each_ref().map(|(name, ..)| house.read(name));
    house.taking.keep(found).unwrap();
    assert_eq!(all.each_ref().map(|(name, ..)| house.read(name)), before);
    assert!(each().all(|(name, ..)| house.read(&deleted(name)).is_none()) && house.read("Condition/wrong").is_none());
    // What was deleted as it was comes, and what is named.
    assert_eq!(house.status("MedicationRequest/gone"), "active");
    house.bring("MedicationRequest/stopped-deleted");
    assert_eq!(house.status("MedicationRequest/stopped-deleted"), "active");
    assert_eq!(item(&house.look("MedicationRequest/not"), "MedicationRequest/not").changed, ["doNotPerform"]);
    house.bring("MedicationRequest/not");
    assert_eq!(house.read("MedicationRequest/not").unwrap().get("doNotPerform"), None);
}

#[test]
fn nothing_comes_into_a_record_whose_patient_stays_away() {
    let house = house(319, Reach::Clinic);
    let all = ["DocumentReference/d", "Binary/f", "Patient/a"];
    let attachments = json!([{ "attachment": { "url": "Binary/f" } }]);
    house.put("Patient/a", json!({}));
    house.put("Binary/f", json!({ "contentType": "text/plain", "data": "eA==" }));
    house.put("DocumentReference/d", about("Patient/a", json!({ "status": "current", "content": attachments })));
    house.backed_up();
    house.put("Patient/a", json!({ "active": false }));
    house.delete(&all);
    let said = house.bring("Patient/a");
    assert_eq!((said["Patient/a"], said["DocumentReference/d"]), ("differs", "no-patient"));
    assert_eq!(all.map(|one| house.read(one)), [None, None, None]);
    house.bring_named("Patient/a");
    house.bring("Patient/a");
    assert!(all.iter().all(|one| house.read(one).is_some()));
}

#[test]
fn no_work_of_the_box_is_begun_anew() {
    let house = house(309, Reach::Clinic);
    let task = |system: &str, status: &str| json!({ "status": status, "intent": "order", "for": to("Patient/a"), "code": { "coding": [{ "system": system, "code": "release-result" }] } });
    const OWN: &str = "urn:chartbox:task";
    house.put("Patient/a", json!({}));
    for id in ["let-go", "gone"] {
        house.put(&format!("Task/{id}"), task(OWN, "on-hold"));
    }
    house.put("Task/done", task(OWN, "completed"));
    house.put("Task/theirs", task("http://else.where", "requested"));
    house.backed_up();
    house.put("Task/let-go", task(OWN, "requested"));
    house.delete(&["Task/gone", "Task/done", "Task/theirs"]);
    let said = house.bring("Patient/a");
    assert_eq!((said["Task/let-go"], said["Task/gone"]), ("own-work", "own-work"));
    assert_eq!((house.status("Task/let-go"), house.read("Task/gone")), (json!("requested"), None));
    assert_eq!((said["Task/done"], said["Task/theirs"]), ("deleted", "deleted"));
    assert_eq!((house.status("Task/done"), house.status("Task/theirs")), (json!("completed"), json!("requested")));
    // Not where it is named either.
    assert_eq!(house.bring("Task/gone")["Task/gone"], "own-work");
    assert_eq!(house.read("Task/gone"), None);
    // What it would have let go says so.
    house.put("Observation/held", labelled("secret", &["NOPAT"]));
    house.put("Observation/open", labelled("known", &[]));
    house.backed_up();
    let held = ["Observation/held", "Observation/open"];
    house.delete(&held);
    let found = house.look("Patient/a");
    assert_eq!(held.map(|one| item(&found, one).held), [true, false]);
    assert!(item(&house.look("Observation/held"), "Observation/held").held);
}

#[test]
fn a_record_that_was_deleted_whole_comes_back_with_all_that_was_refused_since() {
    let house = house(310, Reach::Clinic);
    let consent = |provision: Value| {
        json!({ "status": "active", "scope": { "coding": [{ "code": "patient-privacy" }] }, "category": [{ "text": "x" }],
            "patient": to("Patient/a"), "policyRule": { "text": "x" }, "provision": provision })
    };
    let narrow = json!({ "type": "deny", "actor": [{ "role": { "text": "x" }, "reference": to("Practitioner/x") }] });
    house.put("Patient/a", json!({}));
    house.put("Patient/b", json!({}));
    house.put("Consent/widened", consent(narrow.clone()));
    house.put("Consent/withdrawn", consent(narrow.clone()));
    house.backed_up();
    house.put("Consent/widened", consent(json!({ "type": "deny" })));
    house.put("Consent/withdrawn", consent(json!({ "type": "permit" })));
    house.put("Consent/new", consent(json!({ "type": "deny" })));
    house.put("Consent/permit", consent(json!({ "type": "permit" })));
    let mut theirs = consent(json!({ "type": "deny" }));
    theirs["patient"] = to("Patient/b");
    house.put("Consent/theirs", theirs);
    // Of a record that is there whoever deletes a consent takes it back.
    house.delete(&["Consent/new"]);
    assert!(!house.bring("Patient/a").contains_key("Consent/new"));
    house.put("Consent/new", consent(json!({ "type": "deny" })));
    house.delete(&[
        "Consent/widened",
        "Consent/withdrawn",
        "Consent/new",
        "Consent/permit",
        "Consent/theirs",
        "Patient/a",
    ]);
    let said = house.bring("Patient/a");
    let refused = ["Consent/widened", "Consent/new"];
    assert_eq!(refused.map(|one| said[one]), ["refusal"; 2]);
    let provision = |text: &str| house.read(text).unwrap()["provision"].clone();
    assert_eq!(provision("Consent/new"), json!({ "type": "deny" }));
    assert_eq!(provision("Consent/widened"), json!({ "provision": [{ "type": "deny" }, narrow] }));
    // One that was taken back before it was deleted refuses nobody again.
    assert_eq!((said["Consent/withdrawn"], house.read("Consent/withdrawn")), ("differs", None));
    let mut withdrawn = consent(narrow.clone());
    withdrawn["status"] = json!("inactive");
    house.put("Consent/withdrawn", withdrawn);
    house.delete(&["Consent/withdrawn"]);
    assert_eq!(house.bring("Patient/a")["Consent/withdrawn"], "differs");
    assert_eq!(house.read("Consent/withdrawn"), None);
    assert!(house.read("Consent/permit").is_none() && house.read("Consent/theirs").is_none());
}

#[test]
fn a_refusal_that_went_with_the_record_holds_before_anything_of_it_comes_whichever_way_it_is_asked() {
    let house = house(314, Reach::Clinic);
    let deny = |of: &str| {
        json!({ "status": "active", "scope": { "coding": [{ "code": "patient-privacy" }] }, "category": [{ "text": "x" }],
            "patient": to(of), "policyRule": { "text": "x" }, "provision": { "type": "deny" } })
    };
    for (patient, condition) in [("Patient/a", "Condition/a"), ("Patient/b", "Condition/b")] {
        house.put(patient, json!({}));
        house.put(condition, about(patient, json!({ "code": { "text": "x" } })));
    }
    house.put("Consent/then", deny("Patient/a"));
    let mut narrow = deny("Patient/a");
    narrow["provision"]["actor"] = json!([{ "role": { "text": "x" }, "reference": to("Practitioner/x") }]);
    house.put("Consent/narrow", narrow);
    house.backed_up();
    house.put("Consent/since", deny("Patient/a"));
    let refusals = ["Consent/then", "Consent/since"];
    let all = ["Condition/a", "Consent/then", "Consent/since", "Patient/a"];
    let stand = || refusals.map(|one| house.read(one).is_some());
    let refused = |said: &BTreeMap<String, &'static str>| refusals.map(|one| said.get(one).copied());
    // Piece by piece, as somebody deletes a record by hand: the consents are gone before the patient is.
    let delete = || all.iter().for_each(|one| house.delete(&[*one]));
    delete();
    assert_eq!(refused(&house.bring_named("Condition/a")), [Some("refusal"); 2]);
    assert_eq!((stand(), house.read("Condition/a").is_some()), ([true; 2], true));
    delete();
    assert_eq!(refused(&house.bring_named("Patient/a")), [Some("refusal"); 2]);
    assert_eq!(stand(), [true; 2]);
    assert_eq!(house.bring("Patient/a")["Condition/a"], "deleted");
    assert_eq!(stand(), [true; 2]);
    // The patient is here again by another way.
    delete();
    house.put("Consent/between", deny("Patient/a"));
    house.delete(&["Consent/between"]);
    house.put("Patient/a", json!({}));
    let said = house.bring("Patient/a");
    assert_eq!((refused(&said), said["Consent/between"]), ([Some("refusal"); 2], "refusal"));
    assert_eq!((stand(), house.read("Condition/a").is_some()), ([true; 2], true));
    // Since then the record stayed: whoever deletes a refusal of it takes it back.
    house.delete(&["Consent/since", "Condition/a"]);
    assert!(!house.bring_named("Condition/a").contains_key("Consent/since"));
    house.put("Consent/b", deny("Patient/b"));
    house.delete(&["Consent/b", "Condition/b"]);
    assert!(!house.bring_named("Condition/b").contains_key("Consent/b"));
    // What is named itself, and refused more when it was deleted, says so.
    house.put("Consent/narrow", deny("Patient/a"));
    house.delete(&["Consent/narrow", "Patient/a"]);
    assert!(item(&house.look_named("Consent/narrow"), "Consent/narrow").opens);
}

#[test]
fn nothing_comes_into_a_record_that_goes_on_in_another_one() {
    let house = house(311, Reach::Clinic);
    let finding = || about("Patient/a", json!({ "status": "final", "code": { "text": "x" } }));
    house.put("Patient/a", json!({}));
    house.put("Patient/b", json!({}));
    house.put("Observation/moved", finding());
    house.put("Observation/doubled", finding());
    house.backed_up();
    house.delete(&["Observation/doubled"]);
    house.put("Observation/moved", about("Patient/b", json!({ "status": "final", "code": { "text": "x" } })));
    house.put("Patient/a", json!({ "link": [{ "other": to("Patient/b"), "type": "replaced-by" }] }));
    let id = |text: &str| FhirId::parse(text).unwrap();
    let goes_on = || house.taking.records.goes_on_as(&id("a")).unwrap();
    assert_eq!(goes_on(), Some(id("b")));
    for wanted in ["Patient/a", "Observation/doubled"] {
        let found = house.look(wanted);
        assert_eq!(found.goes_on_as, Some(id("b")), "{wanted}");
        assert_eq!(item(&found, "Observation/doubled").stands, Standing::LedAway);
        assert_eq!(house.taking.keep(found).unwrap().written, 0);
    }
    assert_eq!((house.read("Observation/doubled"), goes_on()), (None, Some(id("b"))));
    assert_eq!(house.bring("Patient/a")["Patient/a"], "joined");
}

#[test]
fn a_record_that_was_joined_or_parted_since_is_not_parted_or_joined_by_one_side() {
    let house = house(315, Reach::Clinic);
    let linked = |other: &str, kind: &str| json!({ "link": [{ "other": to(other), "type": kind }] });
    for patient in ["Patient/a", "Patient/b"] {
        house.put(patient, json!({}));
    }
    house.put("Patient/c", linked("Patient/d", "replaced-by"));
    house.put("Patient/d", linked("Patient/c", "replaces"));
    house.put("Patient/e", linked("Patient/b", "seealso"));
    house.backed_up();
    let mut joined = linked("Patient/b", "replaced-by");
    joined["active"] = json!(false);
    house.put("Patient/a", joined);
    house.put("Patient/b", linked("Patient/a", "replaces"));
    house.put("Patient/c", json!({}));
    house.put("Patient/d", json!({}));
    let all = ["Patient/a", "Patient/b", "Patient/c", "Patient/d"];
    let before = all.map(|one| house.read(one));
    for one in all {
        let found = house.look_named(one);
        assert_eq!((item(&found, one).stands, item(&found, one).comes), (Standing::Joined, false), "{one}");
        assert_eq!(house.taking.keep(found).unwrap().written, 0);
    }
    assert_eq!(all.map(|one| house.read(one)), before);
    // Who was deleted after that comes joined as before: else nobody could bring the record back.
    house.delete(&["Patient/a"]);
    assert_eq!(house.bring_named("Patient/a")["Patient/a"], "deleted");
    let back = house.read("Patient/a").unwrap();
    assert_eq!((&back["link"][0]["type"], &back["active"]), (&json!("replaced-by"), &json!(false)));
    // A link that joins nothing comes as everything else.
    house.put("Patient/e", json!({}));
    house.bring_named("Patient/e");
    assert_eq!(house.read("Patient/e").unwrap()["link"][0]["type"], "seealso");
}

#[test]
fn what_is_changed_after_it_was_looked_at_stays_and_is_named() {
    let house = house(312, Reach::Clinic);
    let finding =
        |status: &str| about("Patient/a", json!({ "status": status, "code": { "text": "x" }, "valueString": status }));
    house.put("Patient/a", json!({}));
    for at in 0..AT_ONCE + 50 {
        house.put(
            &format!("Observation/o{at:03}"),
            about("Patient/a", json!({ "status": "final", "code": { "text": "x" } })),
        );
    }
    house.put("Observation/gone", finding("final"));
    house.backed_up();
    let many: Vec<String> = (0..AT_ONCE + 50).map(|at| format!("Observation/o{at:03}")).collect();
    house.delete(&many.iter().map(String::as_str).collect::<Vec<_>>());
    house.delete(&["Observation/gone"]);
    let found = house.look("Patient/a");
    house.put("Observation/o240", finding("entered-in-error"));
    house.put("Observation/gone", finding("amended"));
    let kept = house.taking.keep(found).unwrap();
    let names = |kept: &Kept| {
        let mut all: Vec<String> = kept.meanwhile.iter().map(|(kind, id)| format!("{}/{id}", kind.name())).collect();
        all.sort();
        all
    };
    assert_eq!(names(&kept), ["Observation/gone", "Observation/o240"]);
    assert_eq!(kept.written, AT_ONCE as u64 + 49);
    assert_eq!(
        (house.status("Observation/o240"), house.status("Observation/gone")),
        (json!("entered-in-error"), json!("amended"))
    );
    assert_eq!(house.status("Observation/o249"), "final");
    // One that is named is deleted, or changed once more.
    for change in ["deleted", "changed"] {
        house.put("Observation/gone", finding("amended"));
        let found = house.look("Observation/gone");
        match change {
            "deleted" => house.delete(&["Observation/gone"]),
            _ => house.put("Observation/gone", finding("cancelled")),
        }
        let kept = house.taking.keep(found).unwrap();
        assert_eq!((names(&kept), kept.written), (vec!["Observation/gone".to_owned()], 0), "{change}");
    }
    house.delete(&["Observation/o001"]);
    // Nor does anything come into a record that was joined to another one meanwhile.
    house.put("Patient/b", json!({}));
    let found = house.look("Observation/o001");
    house.put("Patient/a", json!({ "link": [{ "other": to("Patient/b"), "type": "replaced-by" }] }));
    let kept = house.taking.keep(found).unwrap();
    assert_eq!((kept.written, kept.meanwhile.len()), (0, 1));
}

#[test]
fn a_number_or_an_address_that_is_not_theirs_any_more_does_not_count_again() {
    let house = house(317, Reach::Clinic);
    let number = |value: &str| json!({ "system": "urn:insurer", "value": value });
    let reached = |system: &str, value: &str| json!({ "system": system, "value": value });
    let both = json!([reached("email", "old@home.example"), reached("phone", "555 0100")]);
    house.put("Patient/a", json!({ "gender": "male", "identifier": [number("1")], "telecom": both }));
    house.put(
        "Patient/b",
        json!({ "gender": "female", "identifier": [number("2")], "telecom": [reached("phone", "555 0102")] }),
    );
    house.put(
        "Patient/c",
        json!({ "gender": "male", "identifier": [number("3")], "telecom": [reached("phone", "555 0103")] }),
    );
    house.put("Patient/child", json!({ "telecom": [reached("phone", "555 0102")] }));
    house.backed_up();
    // The number ended and is another's, and the address was changed.
    let ended = json!({ "system": "urn:insurer", "value": "1", "use": "old", "period": { "end": "2026-03-02" } });
    let new = reached("email", "new@home.example");
    house.put("Patient/a", json!({ "identifier": [ended], "telecom": [new] }));
    house.put("Patient/one", json!({ "identifier": [number("1")] }));
    // The record was deleted, and the number is another's, until a day that is to come.
    house.delete(&["Patient/b"]);
    let mut valid = number("2");
    valid["period"] = json!({ "end": "2027-12-31" });
    house.put("Patient/two", json!({ "identifier": [valid] }));
    // Something wiped them out.
    house.put("Patient/c", json!({}));
    let found = house.look_named("Patient/a");
    let a = item(&found, "Patient/a");
    assert_eq!((a.ways, a.changed.as_slice()), (true, ["gender".to_owned(), "telecom".to_owned()].as_slice()));
    house.kept(found);
    let a = house.read("Patient/a").unwrap();
    assert_eq!((&a["gender"], &a["identifier"]), (&json!("male"), &json!([ended])));
    assert_eq!(a["telecom"], json!([new, reached("phone", "555 0100")]));
    let found = house.look("Patient/b");
    assert!(item(&found, "Patient/b").ways);
    house.kept(found);
    let b = house.read("Patient/b").unwrap();
    assert_eq!((&b["gender"], b.get("identifier")), (&json!("female"), None));
    // The child had the same one then.
    assert_eq!(b["telecom"], json!([reached("phone", "555 0102")]));
    let found = house.look_named("Patient/c");
    assert!(!item(&found, "Patient/c").ways);
    house.kept(found);
    let c = house.read("Patient/c").unwrap();
    assert_eq!((&c["identifier"], &c["telecom"]), (&json!([number("3")]), &json!([reached("phone", "555 0103")])));
}

#[test]
fn a_look_holds_no_files_and_what_comes_is_whole() {
    let house = house(316, Reach::Clinic);
    let long = |letter: &str| letter.repeat(1 << 16);
    let letter = |of: &str, inside: &str| {
        let attachments = json!([{ "attachment": { "url": of } }, { "attachment": { "data": long(inside) } }]);
        about("Patient/a", json!({ "status": "current", "content": attachments }))
    };
    let signed = |text: &str| {
        json!({ "status": "active", "scope": { "coding": [{ "code": "patient-privacy" }] }, "category": [{ "text": "x" }],
            "patient": to("Patient/a"), "policyRule": { "text": "x" }, "provision": { "type": "deny" },
            "sourceAttachment": { "data": long(text) } })
    };
    let all = ["DocumentReference/stays", "DocumentReference/gone", "Binary/gone", "Consent/no", "Patient/a"];
    house.put("Patient/a", json!({}));
    house.put("Binary/gone", json!({ "contentType": "text/plain", "data": long("BBBB") }));
    house.put("DocumentReference/stays", letter("Binary/none", "CCCC"));
    house.put("DocumentReference/gone", letter("Binary/gone", "DDDD"));
    house.put("Consent/no", signed("EEEE"));
    house.backed_up();
    // The refusal comes as it was here last.
    house.put("Consent/no", signed("FFFF"));
    let before = all.map(|one| house.read(one));
    house.delete(&all[1..]);
    let found = house.look("Patient/a");
    assert_eq!(item(&found, "DocumentReference/stays").stands, Standing::Same);
    let held = |item: &Item| item.value.to_string().len() + item.text.as_ref().map_or(0, String::len);
    assert!(found.items.iter().map(held).sum::<usize>() < 10_000);
    assert_eq!(house.taking.keep(found).unwrap().written, 4);
    assert!(all.map(|one| house.read(one)) == before, "not as it was");
    house.put("DocumentReference/stays", letter("Binary/none", "GGGG"));
    assert_eq!(item(&house.look("Patient/a"), "DocumentReference/stays").changed, ["content"]);
    // What is kept at once has an end, by its length, too.
    let mut rest: std::collections::VecDeque<Item> = house.look("Patient/a").items.into();
    let mut parts = |mib: usize| {
        rest.iter_mut().for_each(|item| item.bytes = mib << 20);
        let mut copy = std::mem::take(&mut rest);
        let part = keep::part_of(&mut copy);
        let count = part.len();
        rest = part.into_iter().chain(copy).collect();
        count
    };
    assert_eq!((parts(3), parts(9), parts(0)), (2, 1, 4));
}

#[test]
fn what_was_done_before_an_error_is_said_with_it() {
    let error = || AppError::Wrong("the disk is full".into());
    assert_eq!(error().after_some(0).to_string(), "the disk is full");
    let said = error().after_some(200).to_string();
    assert!(said.starts_with("the disk is full. 200 resources are back already"), "{said}");
}

#[test]
fn it_is_said_where_the_latest_snapshot_is_an_older_one() {
    let house = house(320, Reach::Clinic);
    house.put("Patient/a", json!({}));
    house.backed_up();
    house.made.clock.advance(std::time::Duration::from_secs(1));
    let newest = house.made.snapshot("one").name.to_string();
    assert_eq!(house.look("Patient/a").newest_gone, None);
    std::fs::remove_file(house.made.path("one").join("snapshots").join(&newest)).unwrap();
    assert_eq!(house.look("Patient/a").newest_gone, Some(newest));
    // Whoever names one means that one.
    let wanted = Wanted::Patient(FhirId::parse("a").unwrap());
    assert_eq!(house.taking.look(&house.made.spec("one"), "1", &wanted, &Unwatched).unwrap().newest_gone, None);
}

#[test]
fn of_one_that_is_named_it_is_said_whom_it_lets_see_and_out_of_whose_record_it_comes() {
    let house = house(313, Reach::Clinic);
    let related = |active: bool| json!({ "patient": to("Patient/a"), "active": active });
    let signed = |target: &str| json!({ "target": [to(target)], "recorded": "2026-03-03T09:00:00Z", "agent": [{ "who": { "display": "x" } }] });
    house.put("Patient/a", json!({}));
    house.put("Patient/b", json!({}));
    house.put("Observation/theirs", about("Patient/b", json!({ "status": "final", "code": { "text": "x" } })));
    house.put("Observation/own", about("Patient/a", json!({ "status": "final", "code": { "text": "x" } })));
    house.put("RelatedPerson/r", related(true));
    house.put("Provenance/signed", signed("Patient/a"));
    house.backed_up();
    house.put("RelatedPerson/r", related(false));
    house.put("Provenance/signed", signed("Observation/theirs"));
    house.delete(&["Observation/own"]);
    let stands = |text: &str| {
        let found = house.look(text);
        let item = item(&found, text);
        (item.stands.code(), item.comes, item.opens)
    };
    assert_eq!(stands("RelatedPerson/r"), ("differs", true, true));
    assert_eq!(stands("Provenance/signed"), ("elsewhere", true, false));
    assert_eq!(stands("Observation/own"), ("deleted", true, false));
}
