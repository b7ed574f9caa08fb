use serde_json::json;

use super::*;
use crate::base::ResourceRef;
use crate::fhir::{Definitions, ResourceType};

const MOTHER: &str = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a";

fn entry(method: &str, url: &str) -> Value {
    let kind = url.split(['/', '?']).next().unwrap();
    let mut entry = json!({"request": {"method": method, "url": url}});
    if matches!(method, "POST" | "PUT" | "PATCH") {
        entry["resource"] = json!({"resourceType": kind});
        if let Some((_, id)) = url.split_once('/') {
            entry["resource"]["id"] = id.into();
        }
    }
    entry
}

fn bundle(kind: &str, entries: Vec<Value>) -> Value {
    json!({"resourceType": "Bundle", "type": kind, "entry": entries})
}

fn refused(bundle: Value) -> Vec<(IssueCode, String)> {
    Bundle::parse(bundle).unwrap_err().into_iter().map(|issue| (issue.code, issue.expression)).collect()
}

fn to(text: &str) -> ResourceRef {
    ResourceRef::parse(text).unwrap()
}

#[test]
fn entries_are_acted_on_in_the_standards_order() {
    let read = Bundle::parse(bundle(
        "transaction",
        vec![
            entry("GET", "Patient?name=x"),
            entry("PUT", "Patient/a"),
            entry("POST", "Patient"),
            entry("DELETE", "Patient/b"),
            entry("PATCH", "Patient/c"),
            entry("POST", "Observation"),
        ],
    ))
    .unwrap();
    assert_eq!(read.order(), [3, 2, 5, 1, 4, 0]);
    assert_eq!(read.entries[3].target, Target::Instance(to("Patient/b")));
    assert_eq!(read.entries[0].target, Target::Search(ResourceType::Patient, "name=x".into()));
}

#[test]
fn an_entry_carries_its_conditions() {
    let mut create = entry("POST", "Patient");
    create["fullUrl"] = MOTHER.into();
    create["request"]["ifNoneExist"] = "identifier=a|b".into();
    let mut update = entry("PUT", "Patient/p");
    update["request"]["ifMatch"] = "W/\"3\"".into();
    let read = Bundle::parse(bundle("batch", vec![create, update])).unwrap();
    assert_eq!(read.kind, BundleKind::Batch);
    assert_eq!(read.entries[0].if_none_exist.as_deref(), Some("identifier=a|b"));
    assert_eq!(read.entries[0].full_url.as_deref(), Some(MOTHER));
    assert_eq!((read.entries[1].if_match.as_deref(), read.entries[1].place), (Some("3"), 1));
    assert_eq!(read.entries[1].own_ref(), Some(to("Patient/p")));
    assert_eq!(read.entries[0].own_ref(), None);
}

#[test]
fn what_cannot_be_acted_on_is_refused_at_its_place() {
    use IssueCode as C;
    assert_eq!(refused(json!({"resourceType": "Patient"})), [(C::Invalid, String::new())]);
    assert_eq!(refused(json!({"resourceType": "Bundle"})), [(C::Required, "Bundle.type".into())]);
    assert_eq!(refused(bundle("collection", vec![])), [(C::NotSupported, "Bundle.type".into())]);
    let mut other = entry("PUT", "Patient/p");
    other["resource"]["id"] = "q".into();
    let mut kind = entry("POST", "Patient");
    kind["resource"]["resourceType"] = "Observation".into();
    let mut unknown = entry("POST", "Patient");
    unknown["resource"]["resourceType"] = "Human".into();
    let cases = [
        (json!({"resource": {"resourceType": "Patient"}}), C::Required, "request"),
        (entry("STEAL", "Patient/p"), C::CodeInvalid, "request.method"),
        (entry("POST", "Patient/p"), C::Value, "request.url"),
        (entry("PUT", "Patient"), C::Value, "request.url"),
        (entry("DELETE", "Patient"), C::Value, "request.url"),
        (entry("DELETE", "Human/1"), C::Value, "request.url"),
        (entry("PUT", "Patient/a/b"), C::Value, "request.url"),
        (entry("GET", ""), C::Value, "request.url"),
        (json!({"request": {"method": "POST", "url": "Patient"}}), C::Required, "resource"),
        (other, C::Invalid, "resource.id"),
        (kind, C::Invalid, "resource"),
        (unknown, C::Invalid, "resource"),
    ];
    for (entry, code, element) in cases {
        let good = self::entry("POST", "Patient");
        let both = vec![entry, good];
        assert_eq!(refused(bundle("transaction", both.clone())), [(code, format!("Bundle.entry[0].{element}"))]);
        let batch = Bundle::parse(bundle("batch", both)).unwrap();
        let refused: Vec<_> = batch.refused.iter().map(|(at, issue)| (*at, issue.code)).collect();
        assert_eq!((refused, batch.entries[0].place), (vec![(0, code)], 1), "the others of a batch are acted on");
    }
}

#[test]
fn a_transaction_acts_on_a_resource_once() {
    let twice = vec![entry("PUT", "Patient/a"), entry("DELETE", "Patient/a"), entry("GET", "Patient/a")];
    assert_eq!(
        refused(bundle("transaction", twice.clone())),
        [(IssueCode::Duplicate, "Bundle.entry[1].request.url".into())]
    );
    assert!(Bundle::parse(bundle("batch", twice)).is_ok());
    let mut same = vec![entry("POST", "Patient"), entry("POST", "Patient")];
    same.iter_mut().for_each(|entry| entry["fullUrl"] = MOTHER.into());
    assert_eq!(refused(bundle("transaction", same)), [(IssueCode::Duplicate, "Bundle.entry[1].fullUrl".into())]);
}

fn rewritten(mut resource: Value, full_url: Option<&str>) -> (Value, Vec<String>) {
    let mut ids = Identities::default();
    ids.insert(MOTHER, to("Patient/m1"));
    ids.insert("http://example.org/fhir/Organization/o", to("Organization/o2"));
    ids.insert("Practitioner?identifier=a|b", to("Practitioner/d1"));
    let issues = rewrite_references(&mut resource, full_url, &ids, Definitions::r4());
    (resource, issues.into_iter().map(|issue| issue.expression).collect())
}

#[test]
fn references_uris_and_narrative_links_follow_the_entries() {
    let div = |link: &str| {
        format!("<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"{link}\">{MOTHER} \"{MOTHER}\"</a></div>")
    };
    let resource = |mother: &str, organization: &str, doctor: &str| {
        json!({
            "resourceType": "Patient",
            "text": {"status": "generated", "div": div(mother)},
            "contained": [{"resourceType": "RelatedPerson", "id": "r", "patient": {"reference": mother}}],
            "extension": [{"url": "http://example.org/x", "valueUri": mother},
                {"url": "http://example.org/y", "valueCanonical": MOTHER},
                {"url": "http://example.org/z", "valueString": MOTHER}],
            "_birthDate": {"extension": [{"url": "http://example.org/x", "valueReference": {"reference": mother}}]},
            "photo": [{"url": mother}],
            "managingOrganization": {"reference": organization},
            "generalPractitioner": [{"reference": doctor}, {"reference": "#r"}, {"reference": "Practitioner/9"}],
            "link": [{"other": {"reference": format!("{mother}#part")}, "type": "seealso"}],
        })
    };
    let sent = resource(MOTHER, "http://example.org/fhir/Organization/o", "Practitioner?identifier=a|b");
    let (found, issues) = rewritten(sent, None);
    assert_eq!(issues, Vec::<String>::new());
    assert_eq!(found, resource("Patient/m1", "Organization/o2", "Practitioner/d1"));
}

#[test]
fn relative_references_are_read_from_the_entrys_own_address() {
    let sent = || json!({"resourceType": "Patient", "managingOrganization": {"reference": "Organization/o"}});
    let to = |url| rewritten(sent(), url).0["managingOrganization"]["reference"].as_str().unwrap().to_owned();
    assert_eq!(to(Some("http://example.org/fhir/Patient/p")), "Organization/o2");
    assert_eq!(to(Some("http://other.org/fhir/Patient/p")), "Organization/o");
    assert_eq!(to(Some(MOTHER)), "Organization/o");
    assert_eq!(to(Some("http://x")), "Organization/o");
    assert_eq!(to(None), "Organization/o");
}

#[test]
fn references_that_lead_nowhere_are_named() {
    let sent = json!({
        "resourceType": "Patient",
        "generalPractitioner": [{"reference": "urn:uuid:00000000-0000-0000-0000-000000000000"},
            {"reference": "Practitioner?identifier=x|y"}, {"reference": "https://example.org/fhir/Practitioner/1"}],
        "photo": [{"url": "urn:uuid:00000000-0000-0000-0000-000000000000"}],
    });
    let (found, issues) = rewritten(sent.clone(), None);
    assert_eq!(issues, ["Patient.generalPractitioner[0].reference", "Patient.generalPractitioner[1].reference"]);
    assert_eq!(found, sent);
}

/// Whoever signed a document signed its names; and another entry that is called the same is none of its own.
#[test]
fn a_bundle_that_is_an_entry_stays_as_it_was_put_together() {
    let document = json!({
        "resourceType": "Bundle",
        "type": "document",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": MOTHER},
        "signature": {"type": [{"code": "x"}], "when": "2026-03-03T09:00:00Z", "who": {"reference": MOTHER}},
        "entry": [
            {"fullUrl": "urn:uuid:22222222-2222-4222-8222-222222222222", "resource": {"resourceType": "Composition",
                "text": {"status": "generated", "div": format!("<div><a href=\"{MOTHER}\">x</a></div>")},
                "subject": {"reference": MOTHER}, "author": [{"reference": "Practitioner?identifier=a|b"}]}},
            {"fullUrl": MOTHER, "resource": {"resourceType": "Patient",
                "managingOrganization": {"reference": "http://example.org/fhir/Organization/o"},
                "generalPractitioner": [{"reference": "urn:uuid:33333333-3333-4333-8333-333333333333"}]}},
        ],
    });
    let (found, issues) = rewritten(document.clone(), Some("urn:uuid:44444444-4444-4444-8444-444444444444"));
    assert_eq!((found, issues), (document.clone(), vec![]));
    assert!(conditional_references(&mut document.clone(), Definitions::r4()).is_empty());
    assert!(links_of(document.clone(), Definitions::r4()).is_empty());
    // Within another resource, too; what that one says itself follows the entries.
    let sent = json!({"resourceType": "Parameters", "parameter": [
        {"name": "a", "resource": document}, {"name": "b", "valueReference": {"reference": MOTHER}}]});
    let (found, issues) = rewritten(sent.clone(), None);
    assert_eq!((&found["parameter"][0], issues), (&sent["parameter"][0], vec![]));
    assert_eq!(found["parameter"][1]["valueReference"]["reference"], "Patient/m1");
    // The server's own addresses are said as ever: they lead to the same.
    let own = OwnAddresses::new(["box.example".to_owned()]);
    let mut bundle = bundle(
        "transaction",
        vec![json!({"resource": {"resourceType": "Observation",
        "subject": {"reference": "https://box.example/fhir/Patient/x"}}})],
    );
    own_references(&mut bundle, &own, Definitions::r4());
    assert_eq!(bundle["entry"][0]["resource"]["subject"]["reference"], "Patient/x");
}

#[test]
fn conditional_references_are_collected_once_each() {
    let mut resource = json!({
        "resourceType": "Patient",
        "generalPractitioner": [{"reference": "Practitioner?identifier=a|b"}, {"reference": "Practitioner?identifier=a|b"},
            {"reference": "Practitioner/1"}, {"reference": "Doctor?x=y"}, {"reference": "Practitioner?"}],
        "photo": [{"url": "Practitioner?not=a-reference"}],
    });
    let found = conditional_references(&mut resource, Definitions::r4());
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["Practitioner?identifier=a|b"]);
}

#[test]
fn the_part_behind_a_conditional_reference_is_no_part_of_its_search() {
    let sent = json!({
        "resourceType": "Patient",
        "generalPractitioner": [{"reference": "Practitioner?identifier=a|b#part"}, {"reference": "Practitioner?#part"}],
    });
    let found = conditional_references(&mut sent.clone(), Definitions::r4());
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["Practitioner?identifier=a|b"]);
    let mut known = Identities::default();
    known.insert("Practitioner?identifier=a|b", ResourceRef::parse("Practitioner/new").unwrap());
    let mut resource = sent;
    assert!(rewrite_references(&mut resource, None, &known, Definitions::r4()).is_empty());
    assert_eq!(resource["generalPractitioner"][0]["reference"], "Practitioner/new#part");
    assert_eq!(resource["generalPractitioner"][1]["reference"], "Practitioner?#part");
}

#[test]
fn what_can_hold_no_reference_stays_as_it_was_sent() {
    let more = |kind: &str| json!({"url": "http://example.org/more", kind: MOTHER});
    let sent = json!({"resourceType": "Patient", "extension": [more("valueUri"), more("valueUrl"), more("valueUuid"),
        more("valueCanonical"), more("valueString")]});
    let (found, issues) = rewritten(sent, None);
    let values: Vec<&str> = found["extension"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_object().unwrap().iter().find(|(name, _)| *name != "url").unwrap().1.as_str().unwrap())
        .collect();
    assert!(issues.is_empty() && values[0] != MOTHER && values[1] == values[0], "{values:?}");
    assert_eq!(values[2..], [MOTHER; 3]);
}

#[test]
fn the_servers_own_addresses_are_known_in_all_their_spellings_and_nobody_elses_is() {
    let own = OwnAddresses::new(["box.example:8443".to_owned(), "127.0.0.1:8443".to_owned()]);
    let of = |reference: &str| {
        let mut value = json!({"resourceType": "Observation", "subject": {"reference": reference}});
        own_references(&mut value, &own, Definitions::r4());
        value["subject"]["reference"].as_str().unwrap().to_owned()
    };
    for same in [
        "https://box.example:8443/fhir/Patient/x",
        "https://BOX.example:8443/fhir/Patient/x",
        "HTTP://127.0.0.1:8443/fhir/Patient/x",
        "Patient/x",
    ] {
        assert_eq!(of(same), "Patient/x");
    }
    for other in [
        "https://box.example/fhir/Patient/x",
        "https://other.example:8443/fhir/Patient/x",
        "https://box.example:8443/r4/Patient/x",
        "https://box.example:8443/fhir/Nothing/x",
    ] {
        assert_eq!(of(other), other);
    }
}

#[test]
fn a_patch_takes_no_resource_out_of_its_record_by_the_servers_own_address() {
    let own = OwnAddresses::new(["box.example".to_owned()]);
    let patch = json!([
        {"op": "copy", "from": "/note/0/text", "path": "/subject/reference"},
        {"op": "add", "path": "/focus", "value": [{"reference": "https://box.example/fhir/Patient/y"}]},
    ]);
    let patch = crate::fhir::patch::Patch::parse(&patch).unwrap().sent_to(own);
    let before = json!({"resourceType": "Observation", "subject": {"reference": "Patient/x"},
        "note": [{"text": "https://Box.Example/fhir/Patient/x"}]});
    let mut after = patch.apply(&before).unwrap();
    patch.make_own(&mut after);
    assert_eq!(after.pointer("/subject/reference"), Some(&json!("Patient/x")));
    assert_eq!(after.pointer("/focus/0/reference"), Some(&json!("Patient/y")));
    assert_eq!(after.get("note"), before.get("note"), "what is no reference stays as it was said");
}
