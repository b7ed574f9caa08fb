use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn today() -> Date {
    jiff::civil::date(2026, 3, 3)
}

/// Ten in the morning.
fn now() -> Now {
    Now { day: today(), minute: 600 }
}

/// Whether somebody is here whose turn is yet to come, or it was the turn of somebody who never was.
#[test]
fn nothing_that_is_to_come_has_happened() {
    for minute in [0, 300, 530, 600, 1439] {
        let moment = format!("2026-03-03T{:02}:{:02}:00Z", minute / 60, minute % 60);
        for set in generate(7, 120, Now { day: today(), minute }) {
            let text = |one: &Value, at: &str| one.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
            for one in &set {
                let is = |kind: &str| one["resourceType"] == kind;
                let came = matches!(text(one, "/status").as_str(), "arrived" | "checked-in" | "fulfilled" | "noshow");
                if is("Appointment") && came {
                    assert!(text(one, "/start") <= moment, "{minute}: {one}");
                }
                if is("Encounter") {
                    assert!(text(one, "/period/start") <= moment, "{minute}: {one}");
                }
            }
        }
    }
}

/// Also one that is made right after midnight.
#[test]
fn at_whatever_hour_it_is_made_all_of_it_is_fhir() {
    for minute in [0, 3, 19, 61, 1439] {
        for set in generate(7, 40, Now { day: today(), minute }) {
            for one in &set {
                let mut issues = crate::fhir::validate(one, crate::fhir::Definitions::r4(), crate::fhir::Mode::Strict);
                issues.retain(crate::fhir::Issue::is_error);
                assert!(issues.is_empty(), "{minute}: {issues:?}\n{one}");
            }
        }
    }
}

fn all(patients: usize) -> Vec<Value> {
    generate(7, patients, now()).flatten().collect()
}

fn key(resource: &Value) -> String {
    format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap())
}

fn references(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("reference", Value::String(to)) => into.push(to.clone()),
                    _ => references(value, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        _ => {}
    }
}

#[test]
fn a_patient_depends_on_seed_and_number_alone() {
    let few: Vec<_> = generate(7, 5, now()).collect();
    let many: Vec<_> = generate(7, 9, now()).collect();
    assert_eq!(few.len(), 6);
    assert_eq!(few, many[..6]);
    assert_eq!(many[8], patient(7, 7, now()));
    assert_ne!(patient(7, 4, now()), patient(8, 4, now()));
    let other_seed: BTreeSet<String> = generate(8, 5, now()).flatten().map(|resource| key(&resource)).collect();
    // The forms are the program's own, in every box the same.
    let mut of_seed = few.iter().flatten().filter(|resource| resource["resourceType"] != "Questionnaire");
    assert!(of_seed.all(|resource| !other_seed.contains(&key(resource))), "seeds share no id");
}

#[test]
fn every_reference_leads_to_a_resource_of_the_clinic_or_of_the_same_patient() {
    let sets: Vec<Vec<Value>> = generate(7, 60, now()).collect();
    let clinic: BTreeSet<String> = sets[0].iter().map(key).collect();
    let mut seen = BTreeSet::new();
    for set in &sets {
        let own: BTreeSet<String> = set.iter().map(key).collect();
        for resource in set {
            assert!(FhirId::parse(resource["id"].as_str().unwrap()).is_ok());
            assert!(seen.insert(key(resource)), "{} twice", key(resource));
            let mut to = Vec::new();
            references(resource, &mut to);
            for to in to {
                assert!(clinic.contains(&to) || own.contains(&to), "{} refers to {to}", key(resource));
            }
        }
    }
}

#[test]
fn every_resource_is_valid_fhir_r4() {
    let definitions = crate::fhir::Definitions::r4();
    for resource in all(60) {
        let issues = crate::fhir::validate(&resource, definitions, crate::fhir::Mode::Strict);
        assert!(issues.is_empty(), "{}: {issues:?}", key(&resource));
    }
}

/// What patients read of their record in words that somebody chose from a list.
fn worded(resource: &Value) -> Vec<(&Value, &'static str)> {
    let concepts = |value: &'static str| resource[value].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut all: Vec<(&Value, &'static str)> = Vec::new();
    match resource["resourceType"].as_str().unwrap() {
        "AllergyIntolerance" => {
            all.push((&resource["code"], "text"));
            let reactions = concepts("reaction").iter().flat_map(|one| one["manifestation"].as_array().unwrap());
            all.extend(reactions.map(|one| (one, "text")));
        }
        "Immunization" => all.push((&resource["vaccineCode"], "text")),
        "Observation" => {
            all.push((&resource["code"], "text"));
            all.extend(concepts("component").iter().map(|part| (&part["code"], "text")));
            all.extend(resource.get("valueCodeableConcept").map(|one| (one, "text")));
        }
        "DiagnosticReport" => all.push((&resource["code"], "text")),
        "Appointment" => {
            all.push((&resource["appointmentType"], "text"));
            all.extend(concepts("reasonCode").iter().map(|one| (one, "text")));
        }
        "Encounter" => {
            all.extend(concepts("type").iter().chain(concepts("reasonCode")).map(|one| (one, "text")));
        }
        "DocumentReference" => {
            all.push((&resource["type"], "text"));
            all.push((&resource["content"][0]["attachment"], "title"));
        }
        "CarePlan" => all.push((resource, "title")),
        "Communication" => all.extend(resource.get("topic").map(|one| (one, "text"))),
        "Questionnaire" => {
            all.push((resource, "title"));
            all.extend(concepts("item").iter().map(|item| (item, "text")));
        }
        _ => {}
    }
    // What patients measured and told is called by the program itself, in the language of the page.
    all.retain(|(of, name)| of[*name].as_str().is_none_or(|words| !crate::care::own::is_ours(words)));
    all
}

#[test]
fn what_is_coded_is_there_in_spanish_too() {
    let mut missing = BTreeSet::new();
    let everybody = all(400);
    for (of, name) in everybody.iter().flat_map(worded) {
        let Some(words) = of[name].as_str() else { continue };
        let translated = &of[format!("_{name}")]["extension"][0]["extension"];
        if translated[0]["valueCode"] != "es" || translated[1]["valueString"].as_str().is_none_or(str::is_empty) {
            missing.insert(words.to_owned());
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn a_demo_can_be_made_at_any_minute_of_a_day() {
    let definitions = crate::fhir::Definitions::r4();
    for minute in [0, 5, 20, 60, 23 * 60 + 59] {
        for resource in generate(7, 12, Now { minute, ..now() }).flatten() {
            let issues = crate::fhir::validate(&resource, definitions, crate::fhir::Mode::Strict);
            assert!(issues.is_empty(), "minute {minute}, {}: {issues:?}", key(&resource));
        }
    }
}

#[test]
fn no_element_is_null_or_empty() {
    fn check(value: &Value, of: &str) {
        match value {
            Value::Null => panic!("{of} has a null"),
            Value::String(text) => assert!(!text.trim().is_empty(), "{of} has an empty text"),
            Value::Array(items) => {
                assert!(!items.is_empty(), "{of} has an empty list");
                items.iter().for_each(|item| check(item, of));
            }
            Value::Object(fields) => {
                assert!(!fields.is_empty(), "{of} has an empty object");
                fields.values().for_each(|value| check(value, of));
            }
            _ => {}
        }
    }
    for resource in all(60) {
        check(&resource, &key(&resource));
    }
}

#[test]
fn it_looks_like_a_clinic() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for resource in all(40) {
        *counts.entry(resource["resourceType"].as_str().unwrap().into()).or_default() += 1;
    }
    assert_eq!((counts["Patient"], counts["Practitioner"], counts["Organization"]), (40, 4, 3));
    for (kind, least) in [
        ("Condition", 60),
        ("MedicationRequest", 50),
        ("AllergyIntolerance", 20),
        ("Immunization", 60),
        ("Encounter", 100),
        ("Observation", 800),
        ("Appointment", 25),
        ("DocumentReference", 20),
        ("CarePlan", 5),
        ("RelatedPerson", 4),
    ] {
        assert!(counts.get(kind).copied().unwrap_or(0) >= least, "{kind}: {counts:?}");
    }
    let total: usize = counts.values().sum();
    assert!(total < 8000, "{counts:?}");
}

#[test]
fn people_are_plausible() {
    let (mut families, mut children, mut old, mut female) = (BTreeSet::new(), 0, 0, 0);
    let people: Vec<person::Person> = (0..1000).map(|index| person::Person::of(7, index, today())).collect();
    for person in &people {
        assert!((0..=99).contains(&person.age), "{}", person.age);
        assert!(person.born <= today());
        assert!(person.died.is_none_or(|day| person.born < day && day < today()));
        families.insert(person.family.clone());
        children += usize::from(person.age < 18);
        old += usize::from(person.age >= 65);
        female += usize::from(person.sex == person::Sex::Female);
        assert_eq!(person.parent.is_some(), person.age < 18 && person.parent.is_some());
    }
    assert!(families.len() > 150, "{}", families.len());
    assert!(families.iter().any(|name| name.contains('-')) && families.iter().any(|name| !name.is_ascii()));
    assert!((150..400).contains(&children), "{children}");
    assert!((150..450).contains(&old), "{old}");
    assert!((420..580).contains(&female), "{female}");
}

#[test]
fn nothing_is_dated_before_birth_after_death_or_in_the_future() {
    for set in generate(7, 80, now()).skip(1) {
        let born = set[0]["birthDate"].as_str().unwrap();
        let last = set[0]["deceasedDateTime"].as_str().unwrap_or("2026-03-03");
        for resource in &set[1..] {
            let kind = resource["resourceType"].as_str().unwrap();
            for name in [
                "effectiveDateTime",
                "onsetDateTime",
                "recordedDate",
                "occurrenceDateTime",
                "authoredOn",
                "date",
                "sent",
            ] {
                let Some(when) = resource[name].as_str() else { continue };
                let day = &when[..when.len().min(10)];
                assert!(day >= &born[..day.len()], "{kind} {name} {when} before {born}");
                assert!(day <= &last[..day.len()], "{kind} {name} {when} after {last}");
            }
            assert!(kind != "Appointment" || last == "2026-03-03", "the dead have no appointment");
        }
    }
}

/// Before the laboratory opens, too.
#[test]
fn nothing_of_today_lies_ahead_but_what_is_booked() {
    let minute = 6 * 60 + 40;
    let last = make::at(today(), minute);
    for one in generate(7, 3, Now { day: today(), minute }).flatten() {
        for name in ["effectiveDateTime", "issued", "recordedDate", "authoredOn", "date", "sent"] {
            let Some(when) = one[name].as_str().filter(|when| when.len() == last.len()) else { continue };
            assert!(when <= last.as_str(), "{} {name} {when}", one["resourceType"]);
        }
    }
}

#[test]
fn no_two_appointments_meet() {
    let mut taken = BTreeSet::new();
    let mut days = BTreeSet::new();
    let timed = |resource: &Value| resource["resourceType"] == "Appointment" && resource["start"].is_string();
    for resource in generate(7, 180, now()).flatten().filter(timed) {
        let start = resource["start"].as_str().unwrap().to_owned();
        days.insert(start[..10].to_owned());
        assert!(start.as_str() >= "2026-03-03");
        let with = resource["participant"][1]["actor"]["reference"].as_str().unwrap().to_owned();
        assert!(taken.insert((start.clone(), with)), "{start} twice");
    }
    assert!(days.len() > 3 && taken.len() > 90, "{} on {} days", taken.len(), days.len());
}

#[test]
fn the_cast_is_in_it() {
    let cast = cast(7).unwrap();
    let made: BTreeMap<String, Value> = all(2).into_iter().map(|resource| (key(&resource), resource)).collect();
    let halina = &made[&format!("Patient/{}", cast.patient)];
    assert_eq!(halina["name"][0]["family"], "Brandvold");
    assert_eq!(halina["birthDate"], "1967-05-09");
    assert_eq!(halina["identifier"][0]["value"], "004 127");
    assert_eq!(halina["identifier"][1]["value"], "70-4417-2263");
    for id in [&cast.clinician, &cast.nurse] {
        assert!(made.contains_key(&format!("Practitioner/{id}")));
    }
    let proxy = &made[&format!("RelatedPerson/{}", cast.proxy)];
    assert_eq!(proxy["patient"]["reference"], format!("Patient/{}", cast.child));
}

#[test]
fn halinas_chart_tells_her_story() {
    let chart = patient(7, 0, now());
    let of = |kind: &str| chart.iter().filter(|r| r["resourceType"] == kind).cloned().collect::<Vec<_>>();
    assert_eq!(of("AllergyIntolerance").len(), 3);
    assert_eq!(of("MedicationRequest").iter().filter(|one| one["status"] == "active").count(), 5);
    assert_eq!((of("MedicationRequest").len(), of("MedicationStatement").len(), of("Task").len()), (6, 1, 4));
    let active = of("Condition").iter().filter(|c| c["clinicalStatus"]["coding"][0]["code"] == "active").count();
    assert_eq!(active, 5);
    let mut egfr: Vec<(String, i64)> = of("Observation")
        .iter()
        .filter(|o| o["code"]["text"] == "eGFR")
        .map(|o| (o["effectiveDateTime"].as_str().unwrap().into(), o["valueQuantity"]["value"].as_i64().unwrap()))
        .collect();
    egfr.sort();
    assert_eq!(egfr.iter().map(|(_, value)| *value).collect::<Vec<_>>(), [58, 56, 55, 53, 52]);
    let newest = of("Observation").into_iter().find(|o| o["code"]["text"] == "eGFR").unwrap();
    assert_eq!(
        (&newest["valueQuantity"]["value"], newest["interpretation"][0]["coding"][0]["code"].as_str()),
        (&52.into(), Some("L"))
    );
}

#[test]
fn values_are_flagged_by_their_range() {
    let mut flags = BTreeMap::new();
    for o in all(40).iter().filter(|r| r["category"][0]["coding"][0]["code"] == "laboratory") {
        let value = o["valueQuantity"]["value"].as_f64().unwrap();
        let bound = |name: &str| o["referenceRange"][0][name]["value"].as_f64();
        let flag = o["interpretation"][0]["coding"][0]["code"].as_str().unwrap();
        match flag {
            "H" => assert!(value > bound("high").unwrap(), "{o}"),
            "L" => assert!(value < bound("low").unwrap(), "{o}"),
            _ => assert!(
                bound("high").is_none_or(|high| value <= high) && bound("low").is_none_or(|low| value >= low),
                "{o}"
            ),
        }
        *flags.entry(flag.to_owned()).or_insert(0) += 1;
    }
    assert!(flags["N"] > flags["H"] && flags["H"] > 5 && flags["L"] > 5, "{flags:?}");
}

#[test]
fn nobody_is_given_what_they_do_not_bear() {
    let mut allergic = 0;
    for set in generate(7, 250, now()) {
        let has = |kind: &str, path: &str, word: &str| {
            set.iter()
                .any(|r| r["resourceType"] == kind && r[path]["text"].as_str().is_some_and(|text| text.contains(word)))
        };
        if has("AllergyIntolerance", "code", "Penicillins") {
            allergic += 1;
            assert!(!has("MedicationRequest", "medicationCodeableConcept", "cillin"), "{}", key(&set[0]));
        }
        let kidneys = has("Condition", "code", "kidney") || has("Condition", "code", "CKD");
        for egfr in set.iter().filter(|r| r["code"]["text"] == "eGFR") {
            assert_eq!(egfr["valueQuantity"]["value"].as_f64().unwrap() < 60.0, kidneys, "{}", key(&set[0]));
        }
    }
    assert!(allergic > 5, "{allergic}");
}

/// So whoever reads Spanish reads them in Spanish.
#[test]
fn problems_have_codes_of_the_demo_s_own_list() {
    use crate::care::formulary::{Limits, read};
    let list = read(FORMULARY.as_bytes(), &Limits::default()).unwrap();
    let conditions: Vec<Value> = all(60).into_iter().filter(|one| one["resourceType"] == "Condition").collect();
    assert!(conditions.len() > 60);
    for one in conditions {
        assert!(list.translated(&one["code"], "es").is_some(), "{}", one["code"]);
    }
}
