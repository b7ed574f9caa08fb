//! Validation against the standard's own examples and against whole records made by Synthea.
//!
//! The data lie in `../shared`, or where `CHARTBOX_SHARED` says; without them these tests say so and pass.
//! By default a sample is read; `CHARTBOX_ALL_EXAMPLES=1` reads everything.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;

use chartbox::access::{Actor, Reach};
use chartbox::audit::{self, Audit};
use chartbox::base::{Ambient, FhirId, ResourceRef};
use chartbox::fhir::bundle::{Bundle, Identities, conditional_references, rewrite_references};
use chartbox::fhir::definitions::{NodeId, ParamKind, Primitive, TypeKind};
use chartbox::fhir::json::{Limits, parse};
use chartbox::fhir::meta::Unstamped;
use chartbox::fhir::search::{
    Elements, Handling, IndexValue, Query, ReferenceTarget, SearchValue, TokenSystem, extract, extract_one, matches,
};
use chartbox::fhir::{Definitions, Issue, Mode, ResourceType, validate};
use chartbox::record::{Change, Channel, Condition, Records, Transaction, Why};
use chartbox::store::Store;
use serde_json::{Value, json};

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

// ---- mutations ----

/// One change for the worse.
struct Mutation {
    what: &'static str,
    resource: Value,
    /// Where it has to be found.
    expression: String,
}

/// A place in a resource where something can be made wrong.
struct Site {
    pointer: String,
    expression: String,
    kind: Option<Primitive>,
    bound: bool,
    required: bool,
}

/// The elements of a resource, but not those of other resources within it.
fn sites(node: NodeId, value: &Value, pointer: &str, expression: &str, found: &mut Vec<Site>) {
    let r4 = Definitions::r4();
    for (key, value) in value.as_object().into_iter().flatten() {
        let Some(property) = r4.property(node, key).filter(|_| !key.starts_with('_')) else { continue };
        let (element, kind) = (property.element, property.kind.kind);
        let place = format!("{expression}.{}", element.name);
        let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for (at, item) in items.iter().enumerate() {
            let (pointer, expression) = match element.repeats {
                true => (format!("{pointer}/{key}/{at}"), format!("{place}[{at}]")),
                false => (format!("{pointer}/{key}"), place.clone()),
            };
            match kind {
                TypeKind::Primitive(_) if item.is_null() => {}
                TypeKind::Primitive(primitive) => found.push(Site {
                    pointer,
                    expression,
                    kind: Some(primitive),
                    bound: r4.binding(element).is_some(),
                    required: element.required && !element.choice && !element.repeats,
                }),
                TypeKind::Object(inner) => {
                    let required = element.required && !element.choice && !element.repeats;
                    found.push(Site {
                        pointer: pointer.clone(),
                        expression: expression.clone(),
                        kind: None,
                        bound: false,
                        required,
                    });
                    sites(inner, item, &pointer, &expression, found);
                }
                TypeKind::Resource => {}
            }
        }
    }
}

/// A wrong type, a bad code, a bad date and a missing element, where the resource has a place for each.
fn mutations(resource: &Value) -> Vec<Mutation> {
    let Some(kind) = resource["resourceType"].as_str().and_then(ResourceType::parse) else { return Vec::new() };
    let mut all = Vec::new();
    sites(Definitions::r4().resource(kind), resource, "", kind.name(), &mut all);
    let mut found = Vec::new();
    let mut change = |what, site: Option<&Site>, with: Option<Value>| {
        let Some(site) = site else { return };
        let mut resource = resource.clone();
        match with {
            Some(value) => *resource.pointer_mut(&site.pointer).unwrap() = value,
            None => {
                let (parent, name) = site.pointer.rsplit_once('/').unwrap();
                let parent = resource.pointer_mut(parent).unwrap().as_object_mut().unwrap();
                parent.shift_remove(name);
                if parent.is_empty() {
                    return;
                }
            }
        }
        found.push(Mutation { what, resource, expression: site.expression.clone() });
    };
    let date = |site: &&Site| matches!(site.kind, Some(Primitive::Date | Primitive::DateTime | Primitive::Instant));
    let plain = |site: &&Site| site.kind.is_some_and(|kind| kind != Primitive::Xhtml);
    let last = |test: &dyn Fn(&&Site) -> bool| all.iter().rev().find(|site| test(site));
    change("wrong type", all.iter().find(plain), Some(json!({"wrong": "type"})));
    change("wrong type", last(&|site| site.kind.is_none()), Some(json!("text")));
    change("wrong type", last(&|site| site.kind == Some(Primitive::Boolean)), Some(json!("true")));
    change("wrong type", last(&|site| site.kind == Some(Primitive::String)), Some(json!(17)));
    change("bad code", all.iter().find(|site| site.bound), Some(json!("no-such-code")));
    change("bad code", last(&|site| site.bound), Some(json!("no-such-code")));
    change("bad date", all.iter().find(date), Some(json!("2024-02-30")));
    change("bad date", last(&|site| date(site)), Some(json!("yesterday")));
    change("missing", all.iter().find(|site| site.required), None);
    change("missing", last(&|site| site.required), None);
    found
}

#[test]
fn each_change_for_the_worse_to_an_example_is_found_at_its_place() {
    let Some(shared) = shared() else { return };
    let mut counts = std::collections::BTreeMap::new();
    let mut missed = Vec::new();
    examples(&shared, 40, &mut |name, _, resource| {
        for mutation in mutations(resource) {
            *counts.entry(mutation.what).or_insert(0) += 1;
            let issues = errors(&mutation.resource, Mode::Strict);
            // A deep element that is no object any more is named itself, not what was in it.
            if !issues.iter().any(|issue| issue.expression == mutation.expression) {
                missed.push(format!("{name}: {} at {}: {issues:?}", mutation.what, mutation.expression));
            }
        }
    });
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert!(counts.len() == 4 && counts.values().sum::<i32>() > 600, "{counts:?}");
}

#[test]
fn examples_keep_their_meaning_when_stored() {
    let Some(shared) = shared() else { return };
    examples(&shared, 8, &mut |name, text, resource| {
        let again = parse(resource.to_string().as_bytes(), &Limits::default()).unwrap();
        assert_eq!(&again, resource, "{name}");
        let kind = ResourceType::parse(resource["resourceType"].as_str().unwrap()).unwrap();
        let id = FhirId::parse("stored").unwrap();
        let stored = Unstamped::of(resource).stamped(kind, &id, 3, "2026-01-01T00:00:00Z".parse().unwrap());
        let (mut stored, mut sent) = (parse(&stored, &Limits::default()).unwrap(), resource.clone());
        for resource in [&mut stored, &mut sent] {
            let resource = resource.as_object_mut().unwrap();
            resource.shift_remove("id");
            if let Some(meta) = resource.get_mut("meta").and_then(Value::as_object_mut) {
                meta.retain(|name, _| !["versionId", "lastUpdated"].contains(&name.trim_start_matches('_')));
            }
            resource.retain(|name, value| name != "meta" || value.as_object().is_some_and(|meta| !meta.is_empty()));
        }
        assert_eq!(stored, sent, "{name}");
        // Another reader's view of both texts, numbers to the digit.
        let theirs = |text: &[u8]| serde_json::from_slice::<Value>(text).unwrap();
        assert_eq!(theirs(text), theirs(resource.to_string().as_bytes()), "{name}");
    });
}

/// All that a resource is found by: what the indexes hold, and the composites that a search asks the resource for.
fn found_in(r4: &Definitions, kind: ResourceType, resource: &Value) -> Vec<IndexValue> {
    let composites = r4.search_params(kind).iter().filter(|param| param.kind == ParamKind::Composite);
    let of =
        |id: u16| extract_one(r4, kind, id, resource).into_iter().map(move |value| IndexValue { param: id, value });
    extract(r4, kind, resource).into_iter().chain(composites.flat_map(|param| of(param.id))).collect()
}

/// What a parameter's expression leads to in an example is what a search by that value finds it by.
#[test]
fn examples_are_found_by_the_parameters_that_apply_to_them() {
    let Some(shared) = shared() else { return };
    let r4 = Definitions::r4();
    let mut tried = HashMap::new();
    examples(&shared, 40, &mut |name, _, resource| {
        let kind = ResourceType::parse(resource["resourceType"].as_str().unwrap()).unwrap();
        for IndexValue { param, value } in found_in(r4, kind, resource) {
            let Some(param) = r4.search_param_by_id(param) else { continue };
            let escaped = |text: &str| {
                let text = text.replace('\\', "\\\\").replace('$', "\\$").replace(',', "\\,").replace('|', "\\|");
                text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>()
            };
            let text = match &value {
                SearchValue::Token { system: TokenSystem::Uri(system), code } => {
                    format!("{}|{}", escaped(system), escaped(code))
                }
                SearchValue::Token { code, .. } => escaped(code),
                SearchValue::Text(text) => escaped(&text.exact),
                SearchValue::Uri(uri) => escaped(uri),
                SearchValue::Reference(ReferenceTarget::Local { kind, id, .. }) => format!("{}/{id}", kind.name()),
                _ => continue,
            };
            if text.len() > 3000 || text.is_empty() {
                continue;
            }
            let query = Query::parse(kind, &format!("{}={text}", param.code), Handling::Strict, r4)
                .unwrap_or_else(|error| panic!("{name}: {}={text}: {error}", param.code));
            let found = query.filters.iter().all(|filter| matches(r4, kind, resource, filter));
            assert!(found, "{name} is not found by {}={text}", param.code);
            *tried.entry(param.kind).or_insert(0) += 1;
        }
    });
    assert!(tried.len() >= 4 && tried.values().sum::<i32>() > 500, "{tried:?}");
}

/// Stored with others, an example is what the box answers to each search for what it holds: every index tells of it.
#[test]
fn examples_are_found_among_others_in_a_record() {
    let Some(shared) = shared() else { return };
    let (record, system) = (Searched::new(), Actor::system("test"));
    let mut stored = Vec::new();
    examples(&shared, 40, &mut |name, text, resource| {
        let kind = ResourceType::parse(resource["resourceType"].as_str().unwrap()).unwrap();
        let id = resource["id"].as_str().and_then(|id| FhirId::parse(id).ok());
        // A search of very large ones reads them all, again and again.
        let Some(id) = id.filter(|_| text.len() < 20_000) else { return };
        let change = Change::put(kind, id.clone(), resource.clone(), Condition::None, Mode::Lenient).unwrap();
        let why = record.why(audit::Action::Import);
        record.0.change_all_blocking(&system, why, vec![change], Transaction::IMPORT).unwrap();
        stored.push((name.to_owned(), kind, id, resource.clone()));
    });
    let r4 = Definitions::r4();
    let mut answers: HashMap<(ResourceType, String), BTreeSet<FhirId>> = HashMap::new();
    let mut tried: HashMap<&str, usize> = HashMap::new();
    for (name, kind, id, resource) in &stored {
        for IndexValue { param, value } in found_in(r4, *kind, resource) {
            let param = r4.search_param_by_id(param).unwrap();
            let Some(text) = asked_for(&value).filter(|text| text.len() < 3000) else { continue };
            // A message's header stands where a document's composition does, and is none.
            if matches!(&value, SearchValue::Reference(ReferenceTarget::Local { kind, .. }) if !param.targets.contains(*kind))
            {
                continue;
            }
            let query = format!("{}={text}&_count=10000", param.code);
            let found = answers.entry((*kind, query.clone())).or_insert_with(|| record.ids(&system, *kind, &query));
            assert!(found.contains(id), "{name} is not found by {kind}?{query}");
            *tried.entry(param.kind.name()).or_default() += 1;
        }
    }
    assert!(tried.len() >= 6 && answers.len() > 300, "{tried:?}");
    println!("{} examples, {} searches: {tried:?}", stored.len(), answers.len());
}

/// A record in memory.
struct Searched(Records);

impl Searched {
    fn new() -> Self {
        let ambient = Ambient::system();
        let limits = chartbox::record::Limits { page: 10_000, ..Default::default() };
        let limits = chartbox::record::Limits { search_time: std::time::Duration::from_secs(600), ..limits };
        Self(Records::new(Audit::new(Store::in_memory(), ambient), Reach::Clinic).limited(limits))
    }

    fn why(&self, action: audit::Action) -> Why {
        Why { action, purpose: audit::Purpose::Treat, detail: audit::Detail::none(), channel: Channel::Api }
    }

    fn ids(&self, actor: &Actor, kind: ResourceType, query: &str) -> BTreeSet<FhirId> {
        let parsed = Query::parse(kind, query, Handling::Strict, Definitions::r4());
        let parsed = parsed.unwrap_or_else(|error| panic!("{kind}?{query}: {error}"));
        let why = self.why(audit::Action::Search);
        let page = self.0.disclose_blocking(actor, why, |reading| reading.search(&parsed)).unwrap();
        page.matches.iter().map(|found| found.id.clone()).collect()
    }
}

/// A search for a value, as text.
fn asked_for(value: &SearchValue) -> Option<String> {
    let escaped = |text: &str| {
        let text = text.replace('\\', "\\\\").replace('$', "\\$").replace(',', "\\,").replace('|', "\\|");
        text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>()
    };
    let moment = |at: i64| chartbox::base::Timestamp::from_millisecond(at).ok().map(|at| format!("{at:.3}"));
    Some(match value {
        SearchValue::Token { system: TokenSystem::Uri(system), code } => {
            format!("{}|{}", escaped(system), escaped(code))
        }
        SearchValue::Token { code, .. } => escaped(code),
        SearchValue::Text(text) if !text.folded.trim().is_empty() => escaped(&text.exact),
        SearchValue::Uri(uri) => escaped(uri),
        SearchValue::Reference(ReferenceTarget::Local { kind, id }) => format!("{kind}/{id}"),
        SearchValue::Date(range) if range.start != i64::MIN => format!("ge{}", moment(range.start)?),
        SearchValue::Date(range) => format!("le{}", moment(range.end)?),
        SearchValue::Number(number) => number.to_string(),
        SearchValue::Quantity(quantity) if quantity.low.is_finite() && quantity.low == quantity.high => {
            match (&quantity.system, &quantity.code) {
                (Some(system), Some(code)) => format!("{}|{}|{}", quantity.low, escaped(system), escaped(code)),
                _ => quantity.low.to_string(),
            }
        }
        SearchValue::Composite(parts) => parts.iter().map(asked_for).collect::<Option<Vec<_>>>()?.join("$"),
        _ => return None,
    })
}

/// Cases for `tests/validators`: examples and mutations, and what is found in them here.
#[test]
fn cases_for_other_validators_are_written() {
    let Some(folder) = std::env::var_os("CHARTBOX_VALIDATORS").map(PathBuf::from) else { return };
    let Some(shared) = shared() else { return };
    let mut out = std::io::BufWriter::new(std::fs::File::create(folder.join("cases.ndjson")).unwrap());
    let mut line = |name: String, what: &str, expression: &str, resource: &Value| {
        let issues: Vec<_> =
            errors(resource, Mode::Strict).iter().map(|issue| json!([issue.expression, issue.text])).collect();
        let case = json!({"name": name, "what": what, "expression": expression, "ours": issues, "resource": resource});
        std::io::Write::write_all(&mut out, format!("{case}\n").as_bytes()).unwrap();
    };
    examples(&shared, 17, &mut |name, text, resource| {
        if text.len() > 100_000 {
            return;
        }
        line(name.to_owned(), "example", "", resource);
        for (at, mutation) in mutations(resource).into_iter().enumerate() {
            line(format!("{name}#{at}"), mutation.what, &mutation.expression, &mutation.resource);
        }
    });
}

/// One of `every` official examples that are valid, or all: its name, text and value.
fn examples(shared: &Path, every: usize, each: &mut dyn FnMut(&str, &[u8], &Value)) {
    let folder = unpack(&shared.join("data/examples/hl7.fhir.r4.examples-4.0.1.tar.xz"));
    let mut all = Vec::new();
    files(folder.path(), &mut all);
    all.retain(|path| !path.ends_with("package.json"));
    for path in all.iter().enumerate().filter(|(at, _)| everything() || at % every == 0).map(|(_, path)| path) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if !KNOWN_BAD.iter().any(|(bad, _)| *bad == name) {
            let text = std::fs::read(path).unwrap();
            each(name, &text, &read(path));
        }
    }
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
    let mut taken = HashMap::new();
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
fn a_parameter_finds_in_the_elements_that_a_search_reads_what_it_finds_in_the_whole_example() {
    let Some(shared) = shared() else { return };
    let r4 = Definitions::r4();
    let mut compared = 0;
    examples(&shared, 5, &mut |name, text, whole| {
        let kind = ResourceType::parse(whole["resourceType"].as_str().unwrap()).unwrap();
        let own = r4.search_params(kind).iter().chain(r4.common_search_params());
        for param in own.filter(|param| !param.expression.is_empty()) {
            let query = Query::parse(kind, &format!("{}:missing=false", param.code), Handling::Strict, r4);
            let Ok(query) = query else { continue };
            let part = Elements::asked_of(kind, &query.filters, &query.sort).read(text).unwrap();
            let found = extract_one(r4, kind, param.id, whole);
            assert_eq!(extract_one(r4, kind, param.id, &part), found, "{name} {}", param.code);
            compared += found.len();
        }
    });
    println!("compared {compared} values");
    assert!(compared > 1_000, "{compared}");
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
