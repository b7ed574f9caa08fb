//! What must hold of an import, on small pieces.

use serde_json::{Value, json};

use super::*;
use crate::access::Reach;
use crate::audit::Audit;
use crate::base::{Ambient, FhirId};
use crate::fhir::ResourceType;
use crate::store::Store;

fn records() -> Records {
    Records::new(Audit::new(Store::in_memory(), Ambient::system()), Reach::Clinic)
}

fn import(records: &Records, pieces: Vec<Piece>, mode: Mode) -> Summary {
    import_as(records, pieces, mode, fhir::Mode::Strict)
}

fn import_as(records: &Records, pieces: Vec<Piece>, mode: Mode, strictness: fhir::Mode) -> Summary {
    run(records, &Actor::system("test"), pieces.into_iter().map(Ok), mode, strictness, &Silent).unwrap()
}

fn bundle(kind: &str, resources: &[Value]) -> Piece {
    let entries: Vec<Value> = resources
        .iter()
        .map(|resource| {
            let url = format!("urn:uuid:{}", resource["id"].as_str().unwrap_or("none"));
            json!({"fullUrl": url, "resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}})
        })
        .collect();
    let text = json!({"resourceType": "Bundle", "type": kind, "entry": entries}).to_string();
    Piece { source: format!("{kind}.json"), what: What::Document(text) }
}

fn patient(id: &str, family: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "name": [{"family": family}]})
}

fn condition(id: &str, subject: &str) -> Value {
    json!({"resourceType": "Condition", "id": id, "subject": {"reference": subject}})
}

fn stored(records: &Records, kind: ResourceType, id: &str) -> Option<Value> {
    let id = FhirId::parse(id).unwrap();
    let found = records.disclose_blocking(&Actor::system("test"), why(), |reading| reading.read(kind, &id)).ok()?;
    serde_json::from_slice(&found.json).ok()
}

#[test]
fn ids_are_kept_and_references_within_a_bundle_become_local() {
    let records = records();
    let summary = import(
        &records,
        vec![bundle("transaction", &[patient("p1", "A"), condition("c1", "urn:uuid:p1")])],
        Mode::Write,
    );
    assert_eq!((summary.total().created, summary.total().rejected), (2, 0), "{summary:?}");
    assert_eq!(stored(&records, ResourceType::Condition, "c1").unwrap()["subject"]["reference"], "Patient/p1");
}

#[test]
fn an_entry_met_again_is_skipped_when_equal_and_a_new_version_when_not() {
    let records = records();
    let first = bundle("batch", &[patient("p1", "A"), patient("p2", "B")]);
    let again = bundle("batch", &[patient("p1", "A"), patient("p2", "C")]);
    let summary = import(&records, vec![first, again.clone()], Mode::Write);
    assert_eq!((summary.total().created, summary.total().unchanged, summary.total().updated), (2, 1, 1));
    assert_eq!(import(&records, vec![again], Mode::Write).total().unchanged, 2);
    assert_eq!(stored(&records, ResourceType::Patient, "p2").unwrap()["meta"]["versionId"], "2");
}

#[test]
fn a_transaction_is_kept_whole_or_not_at_all_and_a_batch_keeps_what_is_good() {
    let bad = json!({"resourceType": "Patient", "id": "bad", "gender": "purple"});
    let all = [patient("p1", "A"), bad];
    let strict = records();
    let summary = import(&strict, vec![bundle("transaction", &all)], Mode::Write);
    assert_eq!((summary.total().created, stored(&strict, ResourceType::Patient, "p1")), (0, None));
    assert_eq!((summary.rejected[0].place.as_str(), summary.rejected[0].what.as_str()), ("entry 2", "Patient/bad"));
    assert!(summary.rejected[0].reasons[0].starts_with("Patient.gender"), "{:?}", summary.rejected[0]);
    let loose = records();
    let summary = import(&loose, vec![bundle("batch", &all)], Mode::Write);
    assert_eq!((summary.total().created, summary.total().rejected), (1, 1));
}

#[test]
fn a_reference_to_no_entry_of_the_bundle_is_named() {
    let records = records();
    let summary = import(&records, vec![bundle("batch", &[condition("c1", "urn:uuid:nobody")])], Mode::Write);
    assert_eq!(summary.total().rejected, 1);
    assert!(summary.rejected[0].reasons[0].starts_with("Condition.subject.reference"), "{:?}", summary.rejected);
}

#[test]
fn conditional_references_are_found_whatever_the_order_of_the_pieces() {
    let records = records();
    let doctor =
        json!({"resourceType": "Practitioner", "id": "d1", "identifier": [{"system": "urn:npi", "value": "7"}]});
    let mut visit = condition("c1", "urn:uuid:p1");
    visit["asserter"] = json!({"reference": "Practitioner?identifier=urn:npi|7"});
    let pieces = vec![bundle("transaction", &[patient("p1", "A"), visit]), bundle("batch", &[doctor])];
    let summary = import(&records, pieces, Mode::Write);
    assert_eq!((summary.total().created, summary.total().rejected), (3, 0), "{summary:?}");
    assert_eq!(stored(&records, ResourceType::Condition, "c1").unwrap()["asserter"]["reference"], "Practitioner/d1");
}

#[test]
fn a_condition_that_matches_nothing_in_the_end_is_rejected_and_said() {
    let records = records();
    let mut lost = condition("c1", "urn:uuid:p1");
    lost["asserter"] = json!({"reference": "Practitioner?identifier=urn:npi|8"});
    let summary = import(&records, vec![bundle("transaction", &[patient("p1", "A"), lost])], Mode::Write);
    assert_eq!(summary.total().created, 0);
    assert!(summary.rejected[0].reasons[0].contains("match nothing"), "{:?}", summary.rejected);
    assert!(waiting::all(&records).unwrap().is_empty());
}

#[test]
fn lines_stand_for_themselves_and_a_broken_one_is_named_by_its_number() {
    let records = records();
    let lines = vec![
        (1, patient("p1", "A").to_string()),
        (2, "{\"resourceType\": ".into()),
        (3, patient("p3", "C").to_string()),
    ];
    let summary = import(&records, vec![Piece { source: "a.ndjson".into(), what: What::Lines(lines) }], Mode::Write);
    assert_eq!((summary.total().created, summary.rejected[0].place.as_str()), (2, "line 2"));
}

#[test]
fn a_dry_run_checks_and_stores_nothing() {
    let records = records();
    let bad = json!({"resourceType": "Patient", "id": "p2", "nickname": "x"});
    let summary = import(&records, vec![bundle("batch", &[patient("p1", "A"), bad])], Mode::DryRun);
    assert_eq!((summary.total().checked, summary.total().rejected), (1, 1));
    assert_eq!(stored(&records, ResourceType::Patient, "p1"), None);
}

#[test]
fn sources_are_told_apart_by_what_stands_in_them() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let lines = format!("\n{}\n{}\n", patient("p1", "A"), patient("p2", "B"));
    write("a.ndjson", lines.as_bytes());
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, lines.as_bytes()).unwrap();
    write("b.ndjson.gz", &packed.finish().unwrap());
    write("c.json", serde_json::to_string_pretty(&patient("p3", "C")).unwrap().as_bytes());
    write("notes.txt", b"not this one");
    let sources = expand(&[folder.path().to_owned()]).unwrap();
    let all: Vec<Piece> = sources.iter().flat_map(pieces).map(Result::unwrap).collect();
    let numbers = |piece: &Piece| match &piece.what {
        What::Lines(lines) => lines.iter().map(|(number, _)| *number).collect(),
        What::Document(_) => vec![],
    };
    assert_eq!(all.iter().map(numbers).collect::<Vec<_>>(), [vec![2, 3], vec![2, 3], vec![]]);
    assert!(matches!(expand(&[folder.path().join("nothing")]), Err(ImportError::NotThere(_))));
}

#[test]
fn a_lenient_import_keeps_what_breaks_a_rule_and_says_so_in_it() {
    let odd = json!({"resourceType": "Patient", "id": "p1", "gender": "f", "contact": [{"gender": "male"}]});
    let all = || vec![bundle("batch", &[odd.clone(), patient("p2", "B")])];
    let strict = records();
    assert_eq!(import(&strict, all(), Mode::Write).total().rejected, 1);
    assert_eq!(stored(&strict, ResourceType::Patient, "p1"), None);
    let lenient = records();
    assert_eq!(import_as(&lenient, all(), Mode::Write, fhir::Mode::Lenient).total().created, 2);
    let tags = |id: &str| stored(&lenient, ResourceType::Patient, id).unwrap()["meta"]["tag"].clone();
    let (system, code) = crate::record::NOT_VALID;
    assert_eq!((&tags("p1")[0]["system"], &tags("p1")[0]["code"]), (&json!(system), &json!(code)));
    assert_eq!(tags("p2"), Value::Null);
    // Again, and nothing changes: the tag stands there once.
    assert_eq!(import_as(&lenient, all(), Mode::Write, fhir::Mode::Lenient).total().unchanged, 2);
    // What could do harm, or cannot be read, is refused as ever.
    let bad = json!({"resourceType": "Patient", "id": "p3", "birthDate": "yesterday"});
    assert_eq!(
        import_as(&lenient, vec![bundle("batch", &[bad])], Mode::Write, fhir::Mode::Lenient).total().rejected,
        1
    );
}
