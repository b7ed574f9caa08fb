use std::sync::LazyLock;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::fhir::bundle::OwnAddresses;
use crate::fhir::{Definitions, ResourceType};

static OWN: LazyLock<OwnAddresses> = LazyLock::new(|| OwnAddresses::new(["box.example".to_owned()]));

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn parse(kind: ResourceType, text: &str, handling: Handling) -> Result<Query, QueryError> {
    Query::parse(
        kind,
        text,
        Asked { handling, empty: Empty::Refused, now: Some(now()), own: Some(&OWN), chain_depth: CHAIN_DEPTH },
        Definitions::r4(),
    )
}

fn strict(kind: &str, text: &str) -> Query {
    parse(ResourceType::parse(kind).unwrap(), text, Handling::Strict).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn refused(kind: &str, text: &str) -> String {
    match parse(ResourceType::parse(kind).unwrap(), text, Handling::Strict) {
        Ok(query) => panic!("{text}: {query:?}"),
        Err(error) => error.to_string(),
    }
}

/// Does the resource pass all of the query?
fn finds(resource: &Value, text: &str) -> bool {
    let query = strict(resource["resourceType"].as_str().unwrap(), text);
    let passes = |filter: &Filter| decide(Definitions::r4(), query.kind, resource, filter);
    query.filters.iter().all(|filter| passes(filter).unwrap_or_else(|| panic!("{text} is not decided")))
}

fn check(resource: &Value, yes: &[&str], no: &[&str]) {
    for text in yes {
        assert!(finds(resource, text), "{text} should be found");
    }
    for text in no {
        assert!(!finds(resource, text), "{text} should not be found");
    }
}

fn patient() -> Value {
    json!({"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1970-05-03", "active": true,
        "meta": {"lastUpdated": "2025-06-01T10:00:00.5Z", "tag": [{"system": "http://t", "code": "demo"}]},
        "text": {"status": "generated", "div": "<div>Allergic to <b>penicillin</b></div>"},
        "identifier": [{"system": "http://mrn", "value": "A|1,2", "type": {"coding": [{"system": "http://v2", "code": "MR"}]}},
            {"value": "loose"}],
        "name": [{"family": "Nováková", "given": ["Žofie Anna"]}],
        "managingOrganization": {"reference": "Organization/o1"},
        "generalPractitioner": [{"reference": "https://else.example/fhir/Practitioner/9"},
            {"identifier": {"system": "http://npi", "value": "77"}, "display": "Dr. Kovář"}]})
}

#[test]
fn strings_and_tokens() {
    check(
        &patient(),
        &[
            "name=nov",
            "name=NOVAKOVA",
            "family=Nov%C3%A1k",
            "name=x,zofie",
            "given:contains=anna",
            "family:exact=Nov%C3%A1kov%C3%A1",
            "gender=female",
            "gender=male,female",
            "gender=http://any|female",
            "gender:not=male",
            "active=true",
            "_id=x,p1",
            "identifier=http://mrn%7Ca%5C%7C1%5C%2C2",
            "identifier=http://mrn%7C",
            "identifier=%7Cloose",
            "identifier=LOOSE",
            "identifier:of-type=http://v2%7CMR%7CA%5C%7C1%5C%2C2",
            "_tag=http://t%7Cdemo",
            "birthdate:missing=false",
            "death-date:missing=true",
            "name=nov&gender=female",
            "organization=Organization/o1",
            "organization=o1",
            "organization=https://box.example/fhir/Organization/o1",
            "general-practitioner=https://else.example/fhir/Practitioner/9",
            "general-practitioner:identifier=http://npi%7C77",
            "general-practitioner:text=dr.%20kov",
            "_text=penic%20allergic",
            "_content=77",
        ],
        &[
            "name=ovak",
            "family:exact=novakova",
            "gender:not=female",
            "gender:not=male,female",
            "identifier=%7Ca%5C%7C1%5C%2C2",
            "identifier=http://other%7Cloose",
            "identifier:of-type=http://v2%7CMR%7Cloose",
            "_tag=demo2",
            "birthdate:missing=true",
            "organization=o2",
            "general-practitioner=9",
            "general-practitioner:Practitioner=9",
            "_text=aspirin",
            "_id=p2",
        ],
    );
}

#[test]
fn names_and_addresses_are_found_by_their_words_and_without_punctuation() {
    let person = json!({"resourceType": "Patient", "name": [
            {"family": "van der Berg", "given": ["Jean-Luc", "Anna-Maria"]}, {"family": "O’Neil"}, {"text": "Quinones, José"}],
        "address": [{"line": ["1 Main St."], "city": "New York"}]});
    check(
        &person,
        &[
            "family=berg",
            "family=van der",
            "family=der b",
            "name=berg",
            "name=oneil",
            "name=o neil",
            "name=O'Neil",
            "family=neil",
            "given=jean luc",
            "given=jeanluc",
            "given=luc",
            "given=annamaria",
            "name=jose",
            "name=quinones jose",
            "address=main",
            "address=1 main st",
            "address-city=york",
            "family=xx,berg",
        ],
        &["family=erg", "family=van berg", "given=uc", "name=-", "family:exact=Berg", "address=ain"],
    );
    // As they stand.
    check(
        &person,
        &["family:contains=der%20b", "name:contains=n-l", "family:exact=O’Neil"],
        &["given:contains=jean%20luc"],
    );
    // What is no name of a person and no address is found from its beginning on.
    let clinic = json!({"resourceType": "Organization", "name": "St. Mary's Clinic"});
    check(&clinic, &["name=st. mary's"], &["name=clinic", "name=st marys"]);
}

#[test]
fn phonetic_finds_what_is_heard_alike() {
    let person = |kind: &str| json!({"resourceType": kind, "name": [{"family": "Meyer", "given": ["Catherine"]}]});
    for kind in ["Patient", "Person", "Practitioner", "RelatedPerson"] {
        check(
            &person(kind),
            &[
                "phonetic=maier",
                "phonetic=Mayer",
                "phonetic=Katherine",
                "phonetic=Kathryn",
                "phonetic=Katherine Maier",
                "phonetic=x,meyer",
                "phonetic:contains=ther",
            ],
            &["phonetic=Novak", "phonetic=Katherine Novak", "phonetic=Mey Novak,Peter"],
        );
    }
    let clinic = json!({"resourceType": "Organization", "name": "Smith & Sons"});
    check(&clinic, &["phonetic=Smyth", "phonetic=schmidt"], &["phonetic=Novak"]);
    assert!(refused("Patient", "phonetic=-").contains("is not a name"));
}

#[test]
fn dates_by_prefix_and_precision() {
    check(
        &patient(),
        &[
            "birthdate=1970-05-03",
            "birthdate=1970",
            "birthdate=ne1971",
            "birthdate=gt1970-05-02",
            "birthdate=ge1970-05-03",
            "birthdate=lt1970-05-04",
            "birthdate=sa1970-05-02",
            "birthdate=eb1970-06",
            "birthdate=ap1972",
            "birthdate=ge1970&birthdate=le1970",
            "_lastUpdated=gt2025-06-01T09:59:59Z",
            "_lastUpdated=2025-06-01T12:00+02:00",
            "_lastUpdated=ge2025-06-01T10:00:00.500Z",
        ],
        &[
            "birthdate=1970-05-03T10:00",
            "birthdate=gt1970-05-03",
            "birthdate=gt1970",
            "birthdate=lt1970-05-03",
            "birthdate=ne1970",
            "birthdate=sa1970-05-03",
            "birthdate=ap2000",
            "_lastUpdated=lt2025-06-01T10:00:00Z",
        ],
    );
    let open = json!({"resourceType": "Encounter", "period": {"start": "2020-01-01T10:00:00Z"}});
    check(
        &open,
        &["date=gt2024", "date=ge2020", "date=lt2021", "date=ap2023"],
        &["date=2020", "date=eb2024", "date=lt2020"],
    );
}

#[test]
fn numbers_and_quantities_by_value_and_unit() {
    let of = |value: Value| json!({"resourceType": "Observation", "valueQuantity": value});
    let ucum = "http://unitsofmeasure.org";
    let glucose = of(json!({"value": 5.4, "unit": "milligrams", "system": ucum, "code": "mg"}));
    check(
        &glucose,
        &[
            "value-quantity=5.4",
            "value-quantity=5.40%7Chttp://unitsofmeasure.org%7Cmg",
            "value-quantity=0.0054%7Chttp://unitsofmeasure.org%7Cg",
            "value-quantity=5.4%7C%7Cmg",
            "value-quantity=5.4%7C%7Cmilligrams",
            "value-quantity=le5.4%7C%7Cmg",
            "value-quantity=gt5.3",
            "value-quantity=5",
            "value-quantity=ap5.8",
            "value-quantity=ne5.5",
            "value-quantity=gt5000%7Chttp://unitsofmeasure.org%7Cug",
            "value-quantity=54e-1",
        ],
        &[
            "value-quantity=5.41",
            "value-quantity=5.4%7Chttp://unitsofmeasure.org%7Cg",
            "value-quantity=5.4%7Chttp://other%7Cmg",
            "value-quantity=gt5.4%7C%7Cmg",
            "value-quantity=lt0.0054%7Chttp://unitsofmeasure.org%7Cg",
            // Without a system the unit is as it is written, and nothing is converted.
            "value-quantity=gt5000%7C%7Cug",
            "value-quantity=0.0054%7C%7Cg",
            "value-quantity=ap6.1",
            "value-quantity=ne5.4",
            "value-quantity=6",
        ],
    );
    let odd = of(json!({"value": 3, "unit": "pills"}));
    check(&odd, &["value-quantity=3%7C%7Cpills", "value-quantity=3e0"], &["value-quantity=3%7C%7Cg"]);
    let below = of(json!({"value": 5, "comparator": "<", "system": ucum, "code": "mg"}));
    check(&below, &["value-quantity=lt5%7C%7Cmg"], &["value-quantity=4%7C%7Cmg", "value-quantity=gt5%7C%7Cmg"]);
    let risk = json!({"resourceType": "RiskAssessment", "prediction": [{"probabilityDecimal": 100}]});
    check(
        &risk,
        &["probability=1e2", "probability=100", "probability=99.9,100.0"],
        &["probability=99", "probability=100.6"],
    );
}

#[test]
fn composites_uris_and_places() {
    let pressure = json!({"resourceType": "Observation", "component": [
        {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}, "valueQuantity": {"value": 120, "unit": "mmHg"}},
        {"code": {"coding": [{"system": "http://loinc.org", "code": "8462-4"}]}, "valueQuantity": {"value": 80, "unit": "mmHg"}}]});
    check(
        &pressure,
        &[
            "component-code-value-quantity=http://loinc.org%7C8480-6$gt100",
            "component-code-value-quantity=8480-6$lt100,8462-4$lt100",
        ],
        &["component-code-value-quantity=8480-6$80", "component-code-value-quantity=http://x%7C8480-6$120"],
    );
    let set = json!({"resourceType": "ValueSet", "url": "http://e.example/a/b"});
    check(
        &set,
        &["url=http://e.example/a/b", "url:below=http://e.example/a", "url:above=http://e.example/a/b/c"],
        &[
            "url=http://e.example/a",
            "url:below=http://e.example/a/bb",
            "url:below=http://e.example/a/b/c",
            "url:above=http://e.example/a",
        ],
    );
    let order = json!({"resourceType": "ServiceRequest", "instantiatesCanonical": ["http://p.example/x|2"]});
    check(
        &order,
        &[
            "instantiates-canonical=http://p.example/x",
            "instantiates-canonical=http://p.example/x%7C2",
            "instantiates-canonical:below=http://p.example",
        ],
        &["instantiates-canonical=http://p.example/x%7C3"],
    );
    // The official table has the two parts of this one the wrong way round.
    let newer = json!({"resourceType": "DocumentReference", "status": "current", "relatesTo": [
        {"code": "replaces", "target": {"reference": "DocumentReference/old"}},
        {"code": "signs", "target": {"reference": "DocumentReference/other"}}]});
    check(
        &newer,
        &["relationship=old$replaces", "relationship=DocumentReference/other$signs"],
        &["relationship=old$signs", "relationship=other$replaces"],
    );
    let prague = json!({"resourceType": "Location", "position": {"latitude": 50.0755, "longitude": 14.4378}});
    check(
        &prague,
        &["near=50.1%7C14.5", "near=49.1951%7C16.6068%7C200%7Ckm", "near=0%7C0,50%7C14.4"],
        &["near=49.1951%7C16.6068%7C100"],
    );
}

#[test]
fn a_chain_has_as_many_links_as_the_box_follows_and_no_more() {
    let parse = |text: &str, chain_depth| {
        let asked = Asked { chain_depth, ..Asked::from(Handling::Strict) };
        Query::parse(ResourceType::Organization, text, asked, Definitions::r4())
    };
    for depth in [1, 2, CHAIN_DEPTH] {
        let chain = |links: usize| format!("{}name=x", "partof.".repeat(links));
        // `_has` counts as a link.
        let back = |links: usize| format!("{}name=x", "_has:Organization:partof:".repeat(links));
        for of in [&chain as &dyn Fn(usize) -> String, &back] {
            assert!(parse(&of(depth), depth).is_ok(), "{}", of(depth));
            let refused = parse(&of(depth + 1), depth);
            assert!(matches!(refused, Err(QueryError::TooMuch { .. })), "{}: {refused:?}", of(depth + 1));
        }
        let mixed = format!("_has:Organization:partof:{}", chain(depth));
        assert!(matches!(parse(&mixed, depth), Err(QueryError::TooMuch { .. })), "{mixed}");
    }
}

#[test]
fn chains_become_a_tree() {
    let query = strict(
        "Observation",
        "patient.name=peter&subject:Device.manufacturer=acme&_has:Provenance:target:agent.name=x",
    );
    let [
        Filter::Chain { target: ResourceType::Patient, then, .. },
        Filter::Chain { target: ResourceType::Device, .. },
        Filter::Has { source: ResourceType::Provenance, then: inner, .. },
    ] = query.filters.as_slice()
    else {
        panic!("{:?}", query.filters)
    };
    assert!(matches!(&**then, Filter::Test { param, test: Test::Words(_) } if param.code == "name"));
    assert!(matches!(&**inner, Filter::Any(_)), "an agent may be of several types that have a name");
    let several = strict("Observation", "subject.identifier=1");
    assert!(matches!(several.filters.as_slice(), [Filter::Any(any)] if any.len() == 4));
    let nested = strict("Patient", "_has:Observation:patient:_has:Provenance:target:agent=Practitioner/p");
    assert!(matches!(nested.filters.as_slice(), [Filter::Has { then, .. }] if matches!(&**then, Filter::Has { .. })));
    let by_id = strict("Encounter", "patient._id=1");
    assert!(matches!(by_id.filters.as_slice(), [Filter::Chain { then, .. }] if matches!(&**then, Filter::Ids(_))));
}

#[test]
fn what_shapes_the_answer() {
    let query = strict(
        "Observation",
        "_include=Observation:subject:Patient&_include:iterate=Patient:organization&_revinclude=Provenance:target\
        &_include=*&_sort=-date,code,_id&_count=20&_total=accurate&_summary=data&_elements=id,code&_contained=false&_cursor=abc&_format=json",
    );
    assert_eq!(query.includes.len(), 4);
    assert_eq!((query.includes[0].target, query.includes[1].repeat), (Some(ResourceType::Patient), Repeat::Iterate));
    assert_eq!((query.includes[2].way, query.includes[3].source), (IncludeWay::Reverse, None));
    assert!(matches!(&query.sort[0], Sort { by: SortKey::Param(p), order: SortOrder::Descending } if p.code == "date"));
    assert_eq!((query.sort.len(), query.count, query.total), (3, Some(20), Total::Accurate));
    assert_eq!((query.summary, query.elements.len()), (Some(Summary::Data), 2));
    assert_eq!(query.cursor.as_deref(), Some("abc"));
    assert!(!query.self_link().contains("abc") && !query.self_link().contains("_format"));
}

#[test]
fn what_is_wrong_is_refused_by_name_and_without_its_value() {
    for (kind, text, why) in [
        ("Patient", "nosuch=secret", "no search parameter “nosuch” for Patient"),
        ("Patient", "name:nosuch=secret", "“:nosuch” does not apply to the search parameter “name”"),
        ("Patient", "birthdate:exact=1970", "“:exact” does not apply"),
        ("Patient", "birthdate=secret", "“birthdate” is not a date or time"),
        ("Patient", "birthdate=", "“birthdate” is not given"),
        ("Patient", "name.family=secret", "no search parameter “name.family”"),
        ("Patient", "organization.nosuch=secret", "no search parameter “nosuch” for Organization"),
        ("Patient", "organization=Patient/1", "of a type it can refer to"),
        ("Patient", "organization:Patient=1", "“:Patient” does not apply"),
        ("Patient", "identifier=a%7Cb%7Csecret", "a code, or a system and a code"),
        ("Patient", "_has:Observation:code:status=final", "does not refer to one type"),
        ("Patient", "_has:Observation:patient", "_has:Type:reference:parameter"),
        ("Patient", "_sort=secret", "no search parameter “secret”"),
        ("Patient", "_count=-1", "“_count” is not a whole number"),
        ("Patient", "_summary=maybe", "not true, text, data, count or false"),
        ("Patient", "_include=Patient:name", "does not refer"),
        ("Observation", "value-quantity=5%7Cmg", "a number, or a number, a unit"),
        ("Observation", "code-value-quantity=1$2$3", "one value for each part"),
        ("Bundle", "_text=x", "no search parameter “_text” for Bundle"),
        ("Observation", "focus.focus.focus.focus.focus.focus.focus.focus.code=1", "chain with more links"),
    ] {
        let found = refused(kind, text);
        assert!(found.contains(why), "{text}: {found}");
        assert!(!found.contains("secret") || text.starts_with("_sort"), "{found}");
    }
}

#[test]
fn lenient_leaves_out_only_what_it_does_not_know_and_says_so() {
    let query = parse(ResourceType::Patient, "nosuch=1&name=a&organization.nosuch=2", Handling::Lenient).unwrap();
    assert_eq!(query.ignored.iter().map(|i| i.name.as_str()).collect::<Vec<_>>(), ["nosuch", "organization.nosuch"]);
    assert_eq!((query.filters.len(), query.self_link().as_str()), (1, "name=a"));
    for text in ["name:nosuch=1", "birthdate=x", "_count=x"] {
        assert!(parse(ResourceType::Patient, text, Handling::Lenient).is_err(), "{text}");
    }
}

#[test]
fn what_this_box_does_not_do_is_refused_or_left_out_and_said() {
    for (text, what) in [
        ("_filter=a", "_filter"),
        ("_query=a", "_query"),
        ("_contained=true", "_contained"),
        ("_containedType=container", "_containedType"),
        ("_list=$current-problems", "$current-problems (_list)"),
        ("_sort=_score", "_score"),
        ("_summary=text&_include=Patient:link", "_summary=text"),
        ("_summary=text&_revinclude=Observation:subject", "_summary=text"),
        ("_count=2&_count=3", "“_count” is given more than once"),
        ("_has:AuditEvent:patient:action=R", "AuditEvent?patient=1"),
        ("_has:Observation:patient:_has:AuditEvent:entity:action=R", "AuditEvent?patient=1"),
        ("_revinclude=AuditEvent:patient", "AuditEvent?patient=1"),
        ("_revinclude=AuditEvent:*", "AuditEvent?patient=1"),
        ("_include:iterate=AuditEvent:entity", "AuditEvent?patient=1"),
    ] {
        let why = refused("Patient", text);
        assert!(why.contains(what), "{text}: {why}");
        let lenient = parse(ResourceType::Patient, &format!("{text}&name=a"), Handling::Lenient).unwrap();
        assert!(lenient.ignored[0].why.to_string().contains(what), "{text}");
        assert!(lenient.filters.len() == 1 && lenient.includes.is_empty(), "{text}");
        assert!(!lenient.self_link().contains("include") && lenient.self_link().ends_with("name=a"), "{text}");
    }
    let why = refused("Provenance", "target:AuditEvent.action=R");
    assert!(why.contains("AuditEvent?patient=1"), "{why}");
    let twice = parse(ResourceType::Patient, "_count=2&_count=3", Handling::Lenient).unwrap();
    assert_eq!((twice.count, twice.self_link().as_str()), (Some(2), "_count=2"));
}

#[test]
fn a_search_is_sorted_by_each_sort_in_turn_and_lenient_by_those_it_knows() {
    let sorts = |query: &Query| -> Vec<String> {
        let code = |sort: &Sort| match &sort.by {
            SortKey::Param(param) => param.code.clone(),
            other => format!("{other:?}"),
        };
        query.sort.iter().map(code).collect()
    };
    let twice = strict("Observation", "_sort=-date&_sort=_id,code");
    assert_eq!(sorts(&twice), ["date", "Id", "code"]);
    assert_eq!(twice.self_link(), "_sort=-date&_sort=_id,code");
    assert!(refused("Observation", "_sort=foo,date").contains("“foo”"));
    let lenient = parse(ResourceType::Observation, "_sort=foo,date&_sort=bar", Handling::Lenient).unwrap();
    assert_eq!((sorts(&lenient), lenient.self_link().as_str()), (vec!["date".to_owned()], "_sort=date"));
    let why: Vec<String> = lenient.ignored.iter().map(|ignored| ignored.why.to_string()).collect();
    assert!(why.len() == 2 && why[0].contains("“foo”") && why[1].contains("“bar”"), "{why:?}");
    let often = ["_sort=date"; 9].join("&");
    let often = parse(ResourceType::Observation, &often, Handling::Lenient);
    assert!(matches!(often, Err(QueryError::TooMuch { .. })), "{often:?}");
}

#[test]
fn a_parameter_without_a_value_is_left_out_of_a_search_and_refused_in_a_condition() {
    let text = "name=&birthdate=1980&_count=&_sort=+&identifier&organization.name=&_has:Observation:patient:code=";
    for handling in [Handling::Strict, Handling::Lenient] {
        let asked = Asked { empty: Empty::LeftOut, ..Asked::from(handling) };
        let parse = |text: &str| Query::parse(ResourceType::Patient, text, asked, Definitions::r4());
        let query = parse(text).unwrap();
        assert_eq!((query.filters.len(), query.self_link().as_str()), (1, "birthdate=1980"));
        assert!(query.count.is_none() && query.sort.is_empty() && query.ignored.is_empty());
        // One alternative of several is no parameter without a value, and nothing but commas is no value.
        assert!(parse("name=,").is_err());
    }
    for text in text.split('&').filter(|text| *text != "birthdate=1980") {
        refused("Patient", text);
    }
}

#[test]
fn references_have_a_below_where_they_hold_canonicals_or_lead_into_a_hierarchy() {
    for (kind, text) in [
        ("Observation", "subject:below=x"),
        ("Observation", "subject:above=Patient/x"),
        ("Patient", "general-practitioner:below=https://else.example/fhir"),
        ("Encounter", "patient:below=p"),
        ("Encounter", "part-of:below=e"),
        ("Encounter", "location:foo=h1"),
    ] {
        for handling in [Handling::Strict, Handling::Lenient] {
            let found = parse(ResourceType::parse(kind).unwrap(), text, handling);
            let is_refused = matches!(found, Err(QueryError::Modifier { .. } | QueryError::Value { .. }));
            assert!(is_refused, "{kind} {text}: {found:?}");
        }
    }
    for (text, why) in [
        ("location:below=https://else.example/fhir/Location/1", "stored here"),
        ("location:below=Patient/1", "of a type it can refer to"),
    ] {
        assert!(refused("Encounter", text).contains(why), "{text}");
    }
    assert!(refused("QuestionnaireResponse", "questionnaire:below=Q").contains("canonical URL"));
    for (kind, text) in [
        ("Encounter", "location:below=h1"),
        ("Location", "partof:above=Location/h1"),
        ("Location", "partof:below=https://box.example/fhir/Location/h1"),
        ("Patient", "organization:below=o"),
        ("Observation", "performer:below=Organization/o"),
    ] {
        let query = strict(kind, text);
        let [Filter::Test { test: Test::Reference(any), .. }] = query.filters.as_slice() else { panic!("{text}") };
        assert!(matches!(any.as_slice(), [ReferenceTest::Hierarchy { .. }]), "{text}: {any:?}");
        // A resource alone does not tell.
        let resource = json!({"resourceType": kind, "location": [{"location": {"reference": "Location/h1"}}]});
        assert_eq!(decide(Definitions::r4(), query.kind, &resource, &query.filters[0]), None, "{text}");
    }
}

#[test]
fn versions_of_canonicals_are_found_by_themselves_and_by_their_first_part() {
    let answers =
        |of: &str| json!({"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": of});
    check(
        &answers("http://acme.org/Q1|2.1"),
        &[
            "questionnaire:below=http://acme.org/Q1",
            "questionnaire:below=http://acme.org/Q1%7C2",
            "questionnaire:below=http://acme.org/Q1%7C2.1",
            "questionnaire:below=http://acme.org",
        ],
        &["questionnaire:below=http://acme.org/Q1%7C3", "questionnaire:below=http://acme.org%7C2"],
    );
    check(
        &answers("http://acme.org/Q1|21"),
        &["questionnaire:below=http://acme.org/Q1"],
        &["questionnaire:below=http://acme.org/Q1%7C2"],
    );
}

#[test]
fn a_version_behind_a_canonical_url_is_that_of_the_resource() {
    let set = json!({"resourceType": "ValueSet", "url": "http://acme.org/vs", "version": "1.0", "status": "active"});
    check(
        &set,
        &[
            "url=http://acme.org/vs%7C1.0",
            "url=http://acme.org/vs",
            "url=http://acme.org/vs%7C2,http://acme.org/vs%7C1.0",
            "url=http://acme.org/other%7C1,http://acme.org/vs",
        ],
        &["url=http://acme.org/vs%7C1", "url=http://acme.org/vs%7C2", "url=http://acme.org/other%7C1.0"],
    );
}

#[test]
fn media_types_are_found_by_their_base_part() {
    let of = |media: &str| json!({"resourceType": "DocumentReference", "status": "current", "content": [{"attachment": {"contentType": media}}]});
    check(
        &of("text/xml; charset=UTF-8"),
        &["contenttype:below=text/xml", "contenttype:below=TEXT", "contenttype:below=image/png,text/xml"],
        &["contenttype=text/xml", "contenttype:below=text/x", "contenttype:below=tex", "contenttype:below=text/plain"],
    );
    check(&of("text/xml"), &["contenttype:below=text/xml", "contenttype:below=text"], &["contenttype:below=xml"]);
    assert!(refused("DocumentReference", "contenttype:above=text/xml").contains("“:above” does not apply"));
}

#[test]
fn a_bundle_is_found_by_what_its_first_entry_says() {
    let document = json!({"resourceType": "Bundle", "type": "document", "entry": [
        {"resource": {"resourceType": "Composition", "id": "c", "title": "International Patient Summary",
            "subject": {"reference": "Patient/ip1"}}},
        {"resource": {"resourceType": "Composition", "id": "d", "title": "Another"}}]});
    check(
        &document,
        &["composition.subject=Patient/ip1", "composition.title=international", "composition:Composition.patient=ip1"],
        &["composition.title=another", "composition.subject=Patient/x", "message.event=x", "message.destination=x"],
    );
    for text in ["composition.subject.name=x", "composition._has:Bundle:composition:type=x", "composition._list=l"] {
        assert!(refused("Bundle", text).contains("what a Bundle contains"), "{text}");
    }
    assert!(refused("Bundle", "_include=Bundle:composition").contains("comes with the Bundle"));
}

#[test]
fn an_unknown_end_of_a_chain_is_blamed_on_no_single_type() {
    let why = refused("Observation", "subject.foo=1");
    assert!(why.contains("no search parameter “subject.foo” for Observation"), "{why}");
    assert!(refused("Observation", "subject:Device.foo=1").contains("“foo” for Device"));
}

#[test]
fn codes_are_found_by_value_set_and_by_their_place_in_a_hierarchy() {
    let interpretation = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
    let high = json!({"resourceType": "Observation", "status": "final",
        "category": [{"coding": [{"system": interpretation, "code": "HU"}]}]});
    check(
        &high,
        &[
            "status:in=http://hl7.org/fhir/ValueSet/observation-status",
            "status:in=http://hl7.org/fhir/ValueSet/observation-status%7C4.0.1",
            "status:not-in=http://hl7.org/fhir/ValueSet/administrative-gender",
            "category:below=http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation%7CH",
            "category:above=http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation%7CHU",
            "category:below=http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation%7CHU",
        ],
        &[
            "status:in=http://hl7.org/fhir/ValueSet/administrative-gender",
            "status:not-in=http://hl7.org/fhir/ValueSet/observation-status",
            "category:above=http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation%7CH",
            "category:below=http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation%7CL",
        ],
    );
    for text in ["category:below=H", "category:below=http://loinc.org%7C1-8", "category:above=http://x%7C"] {
        assert!(refused("Observation", text).contains("of a code system that this box carries"), "{text}");
    }
    assert!(refused("Condition", "code:in=http://hl7.org/fhir/ValueSet/condition-code").contains("can list"));
    let stored = strict("Observation", "code:in=http://clinic.example/ValueSet/ours");
    assert!(matches!(&stored.filters[..], [Filter::InSets { how: TokenMatch::Is, .. }]));
}

#[test]
fn what_needs_more_than_the_resource_is_not_decided() {
    let resource = patient();
    for text in ["organization.name=a", "_has:Observation:patient:code=1", "gender:in=http://vs", "_list=l"] {
        let query = strict("Patient", text);
        assert_eq!(decide(Definitions::r4(), query.kind, &resource, &query.filters[0]), None, "{text}");
        assert!(!matches(Definitions::r4(), query.kind, &resource, &query.filters[0]));
    }
}

#[test]
fn every_parameter_of_r4_takes_its_plain_form() {
    let r4 = Definitions::r4();
    for &kind in ResourceType::ALL {
        for param in r4.search_params(kind) {
            use crate::fhir::definitions::ParamKind as K;
            let value = |kind| match kind {
                K::Number => "1",
                K::Date => "2020",
                K::Special => "1|1",
                K::Reference => "a",
                _ => "x",
            };
            let text = match param.kind {
                K::Composite => param
                    .components
                    .iter()
                    .map(|c| match r4.search_param_by_id(c.param).unwrap().kind {
                        K::Quantity => "1",
                        kind => value(kind),
                    })
                    .collect::<Vec<_>>()
                    .join("$"),
                K::Quantity => "1".to_owned(),
                kind => value(kind).to_owned(),
            };
            let query = parse(kind, &format!("{}={text}", param.code), Handling::Strict);
            assert!(query.is_ok(), "{kind} {}: {query:?}", param.code);
        }
    }
}

/// Query-like text, most of it meaningful.
fn querylike() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("name"),
        Just("birthdate"),
        Just("organization"),
        Just("_has:"),
        Just("Observation:"),
        Just("patient:"),
        Just("="),
        Just("&"),
        Just(":"),
        Just("."),
        Just("$"),
        Just("|"),
        Just(","),
        Just("\\"),
        Just("%2C"),
        Just("%"),
        Just("ge"),
        Just("2020"),
        Just("identifier"),
        Just(":missing"),
        Just("true"),
        Just(":Patient"),
        Just("_include"),
        Just("*"),
        Just("_sort"),
        Just("-"),
        Just("near"),
        Just("_id"),
        Just("é"),
        Just("1e9"),
        Just("general-practitioner"),
    ];
    proptest::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_a_query_or_an_error(text in prop_oneof![any::<String>(), querylike()]) {
        for handling in [Handling::Strict, Handling::Lenient] {
            if let Ok(query) = parse(ResourceType::Patient, &text, handling) {
                for filter in &query.filters {
                    let _ = decide(Definitions::r4(), query.kind, &patient(), filter);
                }
                // What the self link says is the same question.
                let again = parse(ResourceType::Patient, &query.self_link(), Handling::Strict).unwrap();
                prop_assert_eq!(again.filters, query.filters);
                prop_assert_eq!(again.includes, query.includes);
            }
        }
    }

    /// What a resource is indexed by, it is found by.
    #[test]
    fn what_is_extracted_is_found(family in "[a-zA-Zéžł ]{1,12}", value in "[A-Za-z0-9|,$ -]{1,10}", year in 1900i32..2026) {
        let resource = json!({"resourceType": "Patient", "name": [{"family": family}], "identifier": [{"system": "http://s", "value": value}],
            "birthDate": year.to_string()});
        let escape = |text: &str| text.replace('\\', "\\\\").replace(',', "\\,").replace('|', "\\|").replace('$', "\\$");
        let encode = |text: &str| { let mut out = String::new(); encode(&escape(text), &mut out); out };
        if !family.trim().is_empty() {
            for asked in [format!("family={}", encode(&family)), format!("family:exact={}", encode(&family))] {
                prop_assert!(finds(&resource, &asked), "{}", asked);
            }
        }
        if !value.trim().is_empty() {
            let asked = format!("identifier=http://s%7C{}", encode(&value));
            prop_assert!(finds(&resource, &asked), "{}", asked);
        }
        let dates = format!("birthdate=ge{year}&birthdate=lt{}", year + 1);
        prop_assert!(finds(&resource, &dates), "{}", dates);
    }
}

#[test]
fn what_is_referred_to_by_its_canonical_address_here_is_found_by_that() {
    const OWN: &str = "https://box.example/fhir/Questionnaire/q";
    let answers =
        |to: &str| json!({"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": to});
    let [by_address, relative] = [format!("questionnaire={OWN}"), "questionnaire=Questionnaire/q".to_owned()];
    check(&answers(OWN), &[&by_address], &["questionnaire=https://box.example/fhir/Questionnaire/r"]);
    check(&answers(&format!("{OWN}|2")), &[&by_address, &format!("{by_address}|2")], &[&format!("{by_address}|1")]);
    check(
        &answers("Questionnaire/q"),
        &[&by_address, &relative],
        &["questionnaire=https://else.example/fhir/Questionnaire/q"],
    );
}

#[test]
fn codes_of_sets_and_hierarchies_and_sorts_are_counted_in_all() {
    let set = "type:in=http://hl7.org/fhir/ValueSet/c80-doc-typecodes";
    let parse = |text: &str| parse(ResourceType::DocumentReference, text, Handling::Strict);
    assert!(parse(set).is_ok());
    let often = [set; 100].join("&");
    assert!(matches!(parse(&often), Err(QueryError::TooMuch { .. })));
    let below = "http://terminology.hl7.org/CodeSystem/v3-ActClass|ACT";
    assert!(parse(&format!("type:below={below}")).is_ok());
    assert!(matches!(parse(&format!("type:below={}", [below; 101].join(","))), Err(QueryError::TooMuch { .. })));
    assert!(parse(&format!("_sort={}", ["date"; 8].join(","))).is_ok());
    assert!(matches!(parse(&format!("_sort={}", ["date"; 9].join(","))), Err(QueryError::TooMuch { .. })));
}
