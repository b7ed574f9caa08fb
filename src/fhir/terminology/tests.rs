use serde_json::json;

use super::*;

fn r4() -> &'static Terminology {
    Terminology::r4()
}

fn codes(url: &str) -> Result<Vec<String>, ExpandError> {
    let set = r4().value_set(url).unwrap_or_else(|| panic!("{url}"));
    Ok(r4().expand(&set)?.into_iter().map(|coding| coding.code.into_owned()).collect())
}

#[test]
fn every_set_and_system_of_the_definitions_is_there() {
    assert_eq!((r4().value_sets().count(), r4().code_systems().count()), (1316, 1062));
    assert!(r4().systems.is_sorted() && r4().sets.is_sorted());
    let concepts: usize = r4().code_systems().map(|url| r4().code_system(url).unwrap().concepts().count()).sum();
    assert_eq!(concepts, 20_731);
}

#[test]
fn whole_systems_and_listed_concepts_are_expanded() {
    assert_eq!(
        codes("http://hl7.org/fhir/ValueSet/administrative-gender").unwrap(),
        ["male", "female", "other", "unknown"]
    );
    assert_eq!(codes("http://hl7.org/fhir/ValueSet/units-of-time").unwrap(), ["s", "min", "h", "d", "wk", "mo", "a"]);
    let set = r4().value_set("http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1").unwrap();
    assert_eq!((&*set.version, &*set.name), ("4.0.1", "AdministrativeGender"));
    assert!(r4().value_set("http://hl7.org/fhir/ValueSet/administrative-gender|3.0.0").is_none());
    assert_eq!(r4().expand(&set).unwrap()[1].display, "Female");
}

#[test]
fn filters_follow_the_hierarchy() {
    let roles = codes("http://terminology.hl7.org/ValueSet/v3-PersonalRelationshipRoleType").unwrap();
    assert!(roles.contains(&"GRMTH".to_owned()) && !roles.contains(&"PAYOR".to_owned()));
    let all = r4().code_system("http://terminology.hl7.org/CodeSystem/v3-RoleCode").unwrap().concepts().count();
    assert!(roles.len() > 50 && roles.len() < all, "{}", roles.len());
}

#[test]
fn what_comes_from_a_system_that_is_not_carried_is_not_guessed() {
    let listed = codes("http://hl7.org/fhir/ValueSet/condition-code");
    assert_eq!(listed, Err(ExpandError::NotCarried("http://snomed.info/sct".into())));
    let set = r4().value_set("http://hl7.org/fhir/ValueSet/condition-code").unwrap();
    assert!(matches!(r4().has(&set, Some("http://snomed.info/sct"), "44054006"), Membership::Unknown(_)));
    assert_eq!(r4().has(&set, Some("http://loinc.org"), "1-8"), Membership::Out);
}

#[test]
fn a_code_is_in_a_set_or_not() {
    let set = r4().value_set("http://hl7.org/fhir/ValueSet/observation-status").unwrap();
    let system = "http://hl7.org/fhir/observation-status";
    assert!(matches!(r4().has(&set, Some(system), "final"), Membership::In(coding) if coding.display == "Final"));
    assert!(matches!(r4().has(&set, None, "final"), Membership::In(_)));
    assert_eq!(r4().has(&set, Some(system), "Final"), Membership::Out);
    assert_eq!(r4().has(&set, Some("http://example.org"), "final"), Membership::Out);
}

#[test]
fn listing_and_asking_agree_for_every_set() {
    let (mut listed, mut refused) = (0, 0);
    for url in r4().value_sets() {
        let set = r4().value_set(url).unwrap();
        match r4().expand(&set) {
            Ok(codings) => {
                listed += 1;
                for coding in codings.iter().take(3) {
                    let found = r4().has(&set, Some(&coding.system), &coding.code);
                    assert!(matches!(found, Membership::In(_)), "{url} {}", coding.code);
                }
                assert_eq!(r4().has(&set, Some("urn:nowhere"), "x"), Membership::Out, "{url}");
            }
            Err(_) => refused += 1,
        }
    }
    assert_eq!((listed, refused), (1217, 99));
}

#[test]
fn a_set_that_is_sent_may_take_in_what_is_carried() {
    let sent = json!({"resourceType": "ValueSet", "url": "urn:x", "status": "draft", "compose": {
        "include": [
            {"valueSet": ["http://hl7.org/fhir/ValueSet/administrative-gender"]},
            {"system": "urn:own", "concept": [{"code": "a", "display": "A"}, {"code": "a"}]}],
        "exclude": [{"system": "http://hl7.org/fhir/administrative-gender", "concept": [{"code": "other"}]}]}});
    let set = ValueSet::from_json(&sent).unwrap();
    let codes: Vec<_> = r4().expand(&set).unwrap().into_iter().map(|coding| coding.code.into_owned()).collect();
    assert_eq!(codes, ["male", "female", "unknown", "a"]);
    assert_eq!(r4().has(&set, None, "other"), Membership::Out);
    assert!(ValueSet::from_json(&json!({"resourceType": "ValueSet"})).is_none());
    let odd = json!({"compose": {"include": [{"system": "http://hl7.org/fhir/administrative-gender",
        "filter": [{"property": "shape", "op": "=", "value": "x"}]}]}});
    assert!(matches!(r4().expand(&ValueSet::from_json(&odd).unwrap()), Err(ExpandError::UnknownFilter(_))));
}

#[test]
fn required_bindings_are_what_expansion_says() {
    let definitions = crate::fhir::Definitions::r4();
    let mut count = 0;
    for node in definitions.all_nodes() {
        for element in definitions.elements_of(node) {
            let Some(bound) = definitions.binding(element) else { continue };
            let set = r4().value_set(bound.url).unwrap();
            let mut listed: Vec<_> =
                r4().expand(&set).unwrap().into_iter().map(|c| (c.system.into_owned(), c.code.into_owned())).collect();
            listed.sort();
            let mut codes: Vec<_> = bound.codes().map(|(system, code)| (system.to_owned(), code.to_owned())).collect();
            codes.sort();
            assert_eq!(listed, codes, "{}", bound.url);
            count += 1;
        }
        if count > 400 {
            return;
        }
    }
}

#[test]
fn what_a_set_takes_in_again_and_again_is_work_each_time() {
    let url = "http://hl7.org/fhir/ValueSet/c80-doc-typecodes";
    let once = codes(url).unwrap().len();
    let of = |times: usize| {
        let part = json!({"valueSet": [url]});
        json!({"resourceType": "ValueSet", "compose": {"include": vec![part; times]}})
    };
    let (twice, often) = (of(2), of(200));
    let twice = ValueSet::from_json(&twice).unwrap();
    assert_eq!(r4().expand(&twice).unwrap().len(), once);
    let often = ValueSet::from_json(&often).unwrap();
    assert_eq!(r4().expand(&often), Err(ExpandError::TooCostly));
    // A code that is in none of them is looked for in each.
    assert_eq!(r4().has(&twice, Some("http://loinc.org"), "nothing"), Membership::Out);
    assert_eq!(r4().has(&often, Some("http://loinc.org"), "nothing"), Membership::Unknown(ExpandError::TooCostly));
    let excluded = json!({"resourceType": "ValueSet", "compose": {"include": [{"valueSet": [url]}],
        "exclude": [{"valueSet": [url]}]}});
    assert!(r4().expand(&ValueSet::from_json(&excluded).unwrap()).unwrap().is_empty());
    let sets: Vec<_> = (0..200).filter_map(|_| r4().value_set(url)).collect();
    assert_eq!(r4().expand_all(&sets), Err(ExpandError::TooCostly));
}
