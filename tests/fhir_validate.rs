//! Validation against the standard's own examples and against whole records made by Synthea.
//!
//! The data lie in `../shared`, or where `CHARTBOX_SHARED` says; without them these tests say so and pass.
//! By default a sample is read; `CHARTBOX_ALL_EXAMPLES=1` reads everything.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use std::path::{Path, PathBuf};
use std::process::Command;

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

fn errors(resource: &Value) -> Vec<Issue> {
    validate(resource, Definitions::r4(), Mode::Strict).into_iter().filter(Issue::is_error).collect()
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
        let issues = errors(&read(path));
        match known {
            Some((_, why)) => assert!(!issues.is_empty(), "{name} is valid now, but should not be: {why}"),
            None => wrong.extend(issues.iter().map(|issue| format!("{name}: {}: {}", issue.expression, issue.text))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
