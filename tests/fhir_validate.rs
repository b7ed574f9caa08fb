//! Validation against the standard's own examples and against whole records made by Synthea.
//!
//! The data lie in `../shared`, or where `CHARTBOX_SHARED` says; without them these tests say so and pass.
//! By default a sample is read; `CHARTBOX_ALL_EXAMPLES=1` reads everything.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use std::path::{Path, PathBuf};
use std::process::Command;

use chartbox::base::ResourceRef;
use chartbox::fhir::bundle::{Bundle, Identities, conditional_references, rewrite_references};
use chartbox::fhir::json::{Limits, parse};
use chartbox::fhir::{Definitions, Issue, Mode, validate};
use serde_json::Value;

/// Official examples that break the standard's own rules, and how. By file name.
const KNOWN_BAD: &[(&str, &str)] = &[
    ("ActivityDefinition-blood-tubes-supply.json", "the narrative is blank (txt-2)"),
    ("ActivityDefinition-heart-valve-replacement.json", "the narrative is blank (txt-2)"),
    ("DeviceMetric-example.json", "parent points at a DeviceDefinition, which is no Device"),
    ("DeviceUseStatement-example.json", "reasonReference points at a Procedure"),
    ("EventDefinition-example.json", "the narrative is blank (txt-2)"),
    ("ImplementationGuide-fhir.json", "no name, no status, and a reference whose id is longer than 64 characters"),
    ("MedicationRequest-medrx0301.json", "dispenseRequest.performer points at a Practitioner"),
    ("Observation-clinical-gender.json", "performer points at an Encounter"),
    ("Questionnaire-qs1.json", "items without linkId"),
    ("Questionnaire-zika-virus-exposure-assessment.json", "the narrative is blank (txt-2)"),
    ("SearchParameter-codesystem-extensions-CodeSystem-author.json", "no base"),
    ("SearchParameter-codesystem-extensions-CodeSystem-effective.json", "no base"),
    ("SearchParameter-codesystem-extensions-CodeSystem-end.json", "no base"),
    ("SearchParameter-codesystem-extensions-CodeSystem-keyword.json", "no base"),
    ("SearchParameter-codesystem-extensions-CodeSystem-workflow.json", "no base"),
    (
        "SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json",
        "the id is longer than 64 characters",
    ),
    ("SearchParameter-valueset-extensions-ValueSet-author.json", "no base"),
    ("SearchParameter-valueset-extensions-ValueSet-effective.json", "no base"),
    ("SearchParameter-valueset-extensions-ValueSet-end.json", "no base"),
    ("SearchParameter-valueset-extensions-ValueSet-keyword.json", "no base"),
    ("SearchParameter-valueset-extensions-ValueSet-workflow.json", "no base"),
    ("StructureDefinition-Definition.json", "not abstract, and without a baseDefinition (sdf-4)"),
    ("StructureDefinition-Event.json", "not abstract, and without a baseDefinition (sdf-4)"),
    ("StructureDefinition-FiveWs.json", "not abstract, and without a baseDefinition (sdf-4)"),
    ("StructureDefinition-Request.json", "not abstract, and without a baseDefinition (sdf-4)"),
    ("ig-r4.json", "as ImplementationGuide-fhir.json"),
];

fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("CHARTBOX_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    if folder.join("data/examples").is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not there", folder.join("data").display());
    None
}

fn unpack(archive: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new("tar").arg("xJf").arg(archive).arg("-C").arg(folder.path()).status().unwrap();
    assert!(status.success(), "tar could not read {}", archive.display());
    folder
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            into.push(path);
        }
    }
    into.sort();
}

fn everything() -> bool {
    std::env::var_os("CHARTBOX_ALL_EXAMPLES").is_some()
}

fn read(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap();
    parse(&text, &Limits::default()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn errors(resource: &Value, mode: Mode) -> Vec<Issue> {
    validate(resource, Definitions::r4(), mode).into_iter().filter(Issue::is_error).collect()
}

#[test]
fn the_official_examples_are_valid() {
    let Some(shared) = shared() else { return };
    let folder = unpack(&shared.join("data/examples/hl7.fhir.r4.examples-4.0.1.tar.xz"));
    let mut all = Vec::new();
    files(folder.path(), &mut all);
    let all: Vec<_> = all.into_iter().filter(|path| !path.ends_with("package.json")).collect();
    assert_eq!(all.len(), 5298);
    let mut wrong = Vec::new();
    for (at, path) in all.iter().enumerate() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let known = KNOWN_BAD.iter().find(|(bad, _)| *bad == name);
        if !everything() && known.is_none() && at % 8 != 0 {
            continue;
        }
        let issues = errors(&read(path), Mode::Strict);
        match known {
            Some((_, why)) => assert!(!issues.is_empty(), "{name} is valid now, but should not be: {why}"),
            None => wrong.extend(issues.iter().map(|issue| format!("{name}: {}: {}", issue.expression, issue.text))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Text of a file, unpacked by the tool that its name asks for.
fn unpacked(path: &Path) -> Vec<u8> {
    let tool = match path.extension().and_then(|extension| extension.to_str()) {
        Some("bz2") => "bzip2",
        Some("gz") => "gzip",
        _ => return std::fs::read(path).unwrap(),
    };
    let output = Command::new(tool).arg("-dc").arg(path).output().unwrap();
    assert!(output.status.success(), "{tool} could not read {}", path.display());
    output.stdout
}

/// Every Synthea bundle or NDJSON line, or a sample; with the name of its file.
fn synthea(shared: &Path, each: &mut dyn FnMut(&str, Value)) {
    let folder = unpack(&shared.join("data/synthea/synthea_r4_2019_dev.tar.xz"));
    let mut all = Vec::new();
    files(folder.path(), &mut all);
    for part in ["r4_2021", "bulk_ndjson_10p"] {
        all.extend(
            std::fs::read_dir(shared.join("data/synthea").join(part)).unwrap().map(|entry| entry.unwrap().path()),
        );
    }
    all.sort();
    assert!(all.len() > 80, "{} files", all.len());
    // The smallest few of each kind stand for the rest.
    all.sort_by_key(|path| (path.extension().map(std::ffi::OsStr::to_owned), path.metadata().unwrap().len()));
    let mut taken = std::collections::HashMap::new();
    for path in all {
        let count: &mut usize = taken.entry(path.extension().map(std::ffi::OsStr::to_owned)).or_default();
        *count += 1;
        let name = path.file_name().unwrap().to_str().unwrap();
        if (*count > 8 && !everything()) || name.starts_with("log.") {
            continue;
        }
        let text = unpacked(&path);
        let limits = Limits { bytes: 64 << 20, ..Limits::default() };
        if name.contains(".ndjson") {
            for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                each(name, parse(line, &limits).unwrap());
            }
        } else {
            each(name, parse(&text, &limits).unwrap());
        }
    }
}

#[test]
fn whole_records_made_by_synthea_are_valid() {
    let Some(shared) = shared() else { return };
    let mut wrong = std::collections::BTreeMap::new();
    let mut count = 0;
    synthea(&shared, &mut |name, resource| {
        count += 1;
        // In NDJSON the conditional references stand outside a bundle.
        let mode = if name.contains(".ndjson") { Mode::Lenient } else { Mode::Strict };
        for issue in errors(&resource, mode) {
            *wrong.entry(format!("{name}: {}: {}", issue.expression, issue.text)).or_insert(0) += 1;
        }
    });
    assert!(count > 20, "{count}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn synthea_bundles_resolve_within_themselves() {
    let Some(shared) = shared() else { return };
    let r4 = Definitions::r4();
    synthea(&shared, &mut |name, value| {
        if value["type"] != "transaction" {
            return;
        }
        let mut bundle = Bundle::parse(value).unwrap_or_else(|issues| panic!("{name}: {issues:?}"));
        let mut ids = Identities::default();
        for entry in &mut bundle.entries {
            let own = entry.own_ref().unwrap();
            for search in conditional_references(entry.resource.as_mut().unwrap(), r4) {
                let kind = search.split_once('?').unwrap().0.to_owned();
                ids.insert(search, ResourceRef::parse(&format!("{kind}/found")).unwrap());
            }
            ids.insert(entry.full_url.clone().unwrap(), own);
        }
        for entry in &mut bundle.entries {
            let resource = entry.resource.as_mut().unwrap();
            let issues = rewrite_references(resource, entry.full_url.as_deref(), &ids, r4);
            assert!(issues.is_empty(), "{name}: {issues:?}");
            assert_eq!(errors(resource, Mode::Strict), [], "{name}");
        }
    });
}

/// `cargo test --release --test fhir_validate -- --ignored --nocapture`
#[test]
#[ignore = "a measurement, for a quiet machine"]
fn measure() {
    let Some(shared) = shared() else { return };
    let started = std::time::Instant::now();
    let r4 = Definitions::r4();
    println!("definitions: read in {:?}", started.elapsed());
    let mut texts = Vec::new();
    synthea(&shared, &mut |_, bundle| {
        for entry in bundle["entry"].as_array().into_iter().flatten() {
            let text = entry["resource"].to_string().into_bytes();
            if text.len() < 2_000 {
                texts.push(text);
            }
        }
    });
    let bytes: usize = texts.iter().map(Vec::len).sum();
    println!("{} resources of {} bytes on average", texts.len(), bytes / texts.len());
    let started = std::time::Instant::now();
    let values: Vec<Value> = texts.iter().map(|text| parse(text, &Limits::default()).unwrap()).collect();
    let rate = |from: std::time::Instant| values.len() as f64 / from.elapsed().as_secs_f64();
    println!("parse: {:.0}/s", rate(started));
    let started = std::time::Instant::now();
    let theirs = texts.iter().filter(|text| serde_json::from_slice::<Value>(text).is_ok()).count();
    println!("serde_json for comparison: {:.0}/s ({theirs})", rate(started));
    let started = std::time::Instant::now();
    let count: usize = values.iter().map(|value| validate(value, r4, Mode::Strict).len()).sum();
    println!("validate: {:.0}/s ({count} issues)", rate(started));
}
