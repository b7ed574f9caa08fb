//! What each fuzz target does with a text: it must never panic nor take long, and what it says must agree with itself, or
//! with somebody else's reading of the same text. The targets run these for hours; the tests run them on the seeds
//! and on some thousand changes of these.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use bytes::Bytes;
use chartbox::audit::layout;
use chartbox::audit::{Check, Checkpoint};
use chartbox::base::ResourceRef;
use chartbox::fhir::bundle::{self, Bundle, Identities};
use chartbox::fhir::fhirpath::{Budget, Node, Path, Setting};
use chartbox::fhir::json::{self, JsonErrorKind, Limits};
use chartbox::fhir::patch::Patch;
use chartbox::fhir::search::{
    Asked, CHAIN_DEPTH, Empty, Handling, Query, clinical_date, compartment_patients, decide, extract,
};
use chartbox::fhir::terminology::{self, Membership, Terminology};
use chartbox::fhir::{Definitions, Issue, Mode, ResourceType, validate};
use chartbox::identity::{AccountRow, Approval, SessionRow};
use chartbox::store::{Desc, Key, Record, Value as Stored};
use serde_json::Value;

/// Enough for what a seed can become; larger texts make the targets slow, not better.
const LIMITS: Limits = Limits { bytes: 64 << 10, depth: 64, values: 20_000 };

fn parsed(text: &[u8]) -> Option<Value> {
    json::parse(text, &LIMITS).ok()
}

fn is_right(issues: &[Issue]) -> bool {
    !issues.iter().any(Issue::is_error)
}

/// Our parser and serde's read the same, but for what ours refuses by intent.
pub fn json(text: &[u8]) {
    let theirs = serde_json::from_slice::<Value>(text);
    match (json::parse(text, &LIMITS), theirs) {
        (Ok(ours), Ok(theirs)) => {
            assert_eq!(ours, theirs);
            assert_eq!(json::parse(ours.to_string().as_bytes(), &LIMITS).unwrap(), ours, "written and read again");
        }
        (Ok(_), Err(theirs)) => panic!("serde refuses it: {theirs}"),
        (Err(ours), Ok(_)) => assert!(
            matches!(
                ours.kind,
                JsonErrorKind::Duplicate(_)
                    | JsonErrorKind::TooDeep { .. }
                    | JsonErrorKind::TooMany { .. }
                    | JsonErrorKind::TooLong { .. }
            ),
            "serde takes it: {ours}"
        ),
        (Err(ours), Err(_)) => {
            let before = text.iter().filter(|byte| **byte == b'\n').count();
            assert!(ours.line >= 1 && ours.line <= before + 1 && ours.column >= 1, "{ours:?}");
        }
    }
}

/// What the API does with a resource before it is stored.
pub fn resource(text: &[u8]) {
    let r4 = Definitions::r4();
    let Some(mut value) = parsed(text) else { return };
    let strict = validate(&value, r4, Mode::Strict);
    assert_eq!(strict, validate(&value, r4, Mode::Strict), "it says the same twice");
    let lenient = validate(&value, r4, Mode::Lenient);
    let _ = validate(&value, r4, Mode::Advice);
    assert!(!is_right(&strict) || is_right(&lenient), "the lenient refuse what the strict take");
    let kind = value.get("resourceType").and_then(Value::as_str).and_then(ResourceType::parse);
    let Some(kind) = kind else {
        assert!(!is_right(&strict), "something of no type is taken");
        return;
    };
    // An import indexes what it let through, too.
    if is_right(&lenient) {
        let found = extract(r4, kind, &value);
        assert_eq!(found.len(), extract(r4, kind, &value).len());
        let _ = (compartment_patients(r4, kind, &value), clinical_date(kind, &value));
        let own = bundle::OwnAddresses::new(["box.example".to_owned()]);
        bundle::own_references(&mut value, &own, r4);
        let again = value.clone();
        bundle::own_references(&mut value, &own, r4);
        assert_eq!(value, again, "references made relative stay so");
    }
}

/// A narrative that is taken has nothing in it that could act, as a reader sees it that knows nothing of XHTML.
pub fn narrative(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let patient = serde_json::json!({"resourceType": "Patient", "text": {"status": "generated", "div": text}});
    if !is_right(&validate(&patient, Definitions::r4(), Mode::Strict)) {
        return;
    }
    // A comment ends at its first `-->`, and begins with nothing at which HTML would end it before.
    let mut parts = text.split("<!--");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        assert!(!part.starts_with('>') && !part.starts_with("->") && !part.contains("--!>"), "{part}");
        shown.push_str(part.split_once("-->").map_or("", |(_, rest)| rest));
    }
    for (at, _) in shown.match_indices('<') {
        let inside = shown[at + 1..].split('>').next().unwrap_or_default();
        let name: String = inside.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        let name = name.to_ascii_lowercase();
        assert!(
            !["script", "iframe", "object", "embed", "form", "input", "link", "meta", "base", "svg", "math", "style"]
                .contains(&name.as_str()),
            "<{name}> is taken"
        );
        let bare: String = inside.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
        let bare = bare.to_ascii_lowercase();
        for address in ["=\"javascript:", "='javascript:", "=\"vbscript:", "='vbscript:", "=\"data:text", "='data:text"]
        {
            assert!(!bare.contains(address), "{address} is taken");
        }
        // Attributes begin behind white space or a quote.
        let mut quote = None;
        let mut before = ' ';
        for (at, letter) in inside.char_indices() {
            match (quote, letter) {
                (None, '"' | '\'') => quote = Some(letter),
                (Some(open), _) if open == letter => quote = None,
                (None, _) if before.is_whitespace() || before == '"' || before == '\'' || before == '/' => {
                    let begins = inside[at..].get(..2).is_some_and(|two| two.eq_ignore_ascii_case("on"));
                    assert!(!begins, "an event is taken: {inside}");
                }
                _ => {}
            }
            before = letter;
        }
    }
}

/// Resources that searches and paths are tried on.
static SAMPLES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let samples = [
        r#"{"resourceType":"Patient","id":"p1","meta":{"lastUpdated":"2026-03-03T09:00:00Z","tag":[{"system":"urn:t","code":"a"}]},
            "identifier":[{"system":"urn:x","value":"1","type":{"coding":[{"code":"MR"}]}}],"active":true,
            "name":[{"family":"Müller","given":["Ada","B"]}],"birthDate":"1980-02-29","_birthDate":{"extension":[{"url":"u","valueDateTime":"1980-02-29T01:00:00Z"}]},
            "telecom":[{"system":"phone","value":"1"}],"address":[{"city":"Bern"}],"contact":[{"name":{"text":"x"}}],
            "managingOrganization":{"reference":"Organization/o1"},"link":[{"other":{"reference":"Patient/p2"},"type":"seealso"}]}"#,
        r##"{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}],"text":"BP"},
            "subject":{"reference":"Patient/p1"},"effectivePeriod":{"start":"2026-03-03","end":"2026-03-04T10:00:00+01:00"},
            "valueQuantity":{"value":1.20e2,"comparator":"<","unit":"mm","system":"http://unitsofmeasure.org","code":"mm[Hg]"},
            "component":[{"code":{"text":"c"},"valueInteger":3}],"contained":[{"resourceType":"Device","id":"d","status":"active"}],"device":{"reference":"#d"}}"##,
        r#"{"resourceType":"RiskAssessment","id":"r1","status":"final","subject":{"reference":"Group/g1"},"prediction":[{"probabilityDecimal":0.000012}]}"#,
    ];
    samples.iter().map(|text| json::parse(text.as_bytes(), &LIMITS).unwrap()).collect()
});

/// `Type?query`: understood the same when it is asked again as the answer's link says it.
pub fn search(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let (kind, query) = text.split_once('?').unwrap_or(("Observation", text));
    let Some(kind) = ResourceType::parse(kind) else { return };
    let r4 = Definitions::r4();
    let now = Some("2026-03-03T09:00:00Z".parse().unwrap());
    let own = bundle::OwnAddresses::new(["box.example".to_owned()]);
    let asked = |handling| Asked { handling, empty: Empty::LeftOut, now, own: Some(&own), chain_depth: CHAIN_DEPTH };
    let strict = Query::parse(kind, query, asked(Handling::Strict), r4);
    let lenient = Query::parse(kind, query, asked(Handling::Lenient), r4);
    let Ok(lenient) = lenient else {
        assert!(strict.is_err(), "the lenient refuse what the strict take");
        return;
    };
    let link = lenient.self_link();
    let again = Query::parse(kind, &link, asked(Handling::Strict), r4)
        .unwrap_or_else(|error| panic!("the link is not understood: {error}: {link}"));
    assert_eq!(again.filters, lenient.filters, "{link}");
    assert_eq!((&again.sort, &again.includes, &again.elements), (&lenient.sort, &lenient.includes, &lenient.elements));
    assert_eq!(again.self_link(), link);
    if let Ok(strict) = strict {
        assert_eq!(strict.filters, lenient.filters);
        assert!(strict.ignored.is_empty() && lenient.ignored.is_empty());
    }
    for sample in SAMPLES.iter() {
        let kind = sample["resourceType"].as_str().and_then(ResourceType::parse).unwrap();
        for filter in lenient.filters.iter().filter(|_| kind == lenient.kind) {
            let _ = decide(r4, kind, sample, filter);
        }
    }
}

/// An expression is refused when it is parsed, or has a bounded evaluation.
pub fn fhirpath(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let Ok(path) = Path::parse(text) else { return };
    assert_eq!(Path::parse(text).unwrap(), path);
    let _ = Path::parse_for(text, "Patient");
    for sample in SAMPLES.iter() {
        let setting = Setting { resource: sample, root: sample, model: Definitions::r4() };
        let once = path.verdict(Node::resource(sample), setting, &Budget::steps(20_000));
        let twice = path.verdict(Node::resource(sample), setting, &Budget::steps(20_000));
        assert_eq!(once, twice, "it says the same twice");
    }
}

/// `[resource, patch]`.
pub fn patch(text: &[u8]) {
    let Some(Value::Array(mut both)) = parsed(text) else { return };
    let (Some(patch), Some(resource), None) = (both.pop(), both.pop(), both.pop()) else { return };
    let Ok(patch) = Patch::parse(&patch) else { return };
    match patch.apply(&resource) {
        Ok(changed) => {
            let text = changed.to_string();
            let deep = Limits { depth: 200, bytes: usize::MAX, values: usize::MAX };
            assert_eq!(json::parse(text.as_bytes(), &deep).unwrap(), changed, "what it makes is JSON");
            let _ = validate(&changed, Definitions::r4(), Mode::Strict);
        }
        Err(error) => {
            let issue = error.issue("Patient");
            assert!(issue.text.ends_with("Nothing was changed."), "{issue:?}");
        }
    }
}

/// A bundle's entries in their order, each rewritten to the ids that the box would give.
pub fn bundle(text: &[u8]) {
    let r4 = Definitions::r4();
    let Some(value) = parsed(text) else { return };
    let Ok(mut bundle) = Bundle::parse(value) else { return };
    let order = bundle.order();
    assert_eq!(order.iter().copied().collect::<BTreeSet<_>>(), (0..bundle.entries.len()).collect(), "each once");
    let mut known = Identities::default();
    for (at, entry) in bundle.entries.iter_mut().enumerate() {
        let kind = entry.resource.as_ref().and_then(|value| value.get("resourceType")).and_then(Value::as_str);
        let kind = kind.and_then(ResourceType::parse).map_or("Basic", ResourceType::name).to_owned();
        let becomes = ResourceRef::parse(&format!("{kind}/fuzz-{at}")).unwrap();
        let _ = (entry.target.url(), entry.own_ref());
        if let Some(url) = &entry.full_url {
            known.insert(url.clone(), becomes);
        }
        for text in entry.resource.iter_mut().flat_map(|value| bundle::conditional_references(value, r4)) {
            known.insert(text, ResourceRef::parse("Patient/fuzz-found").unwrap());
        }
    }
    for entry in &mut bundle.entries {
        let Some(resource) = &mut entry.resource else { continue };
        let issues = bundle::rewrite_references(resource, entry.full_url.as_deref(), &known, r4);
        let once = resource.clone();
        let again = bundle::rewrite_references(resource, entry.full_url.as_deref(), &known, r4);
        if !text.windows(5).any(|window| window == b"fuzz-") {
            assert_eq!((resource, again), (&mut once.clone(), issues), "what was rewritten stays so");
        }
        assert!(bundle::conditional_references(&mut once.clone(), r4).is_empty(), "all were looked up");
    }
}

/// A value set that somebody sent: what it is expanded to is in it.
pub fn terminology(text: &[u8]) {
    let Some(value) = parsed(text) else { return };
    let Some(set) = terminology::ValueSet::from_json(&value) else { return };
    let r4 = Terminology::r4();
    if let Ok(codes) = r4.expand(&set) {
        for coding in codes.iter().take(20) {
            let found = r4.has(&set, Some(&coding.system), &coding.code);
            assert!(matches!(found, Membership::In(_) | Membership::Unknown(_)), "{} is not found in it", coding.code);
        }
    }
    let _ = r4.has(&set, None, "x");
}

/// Entries, side lists, details and checkpoints of the access log, by the first byte.
pub fn audit(text: &[u8]) {
    let Some((which, bytes)) = text.split_first() else { return };
    match which % 4 {
        0 => {
            if let Ok(entry) = layout::read_entry(bytes) {
                let mut again = Vec::new();
                layout::put_entry(&mut again, &entry);
                assert_eq!(again, bytes, "an entry has one encoding");
            }
        }
        1 => {
            let mut skimmed = Vec::new();
            let whole =
                layout::skim_chunk(bytes, |one| skimmed.push((one.patient.clone(), one.resources, one.continued)));
            if let Ok(records) = layout::read_chunk(bytes) {
                let read: Vec<_> = records
                    .iter()
                    .map(|(part, continued)| {
                        (part.patient.clone(), u16::try_from(part.resources.len()).unwrap(), *continued)
                    })
                    .collect();
                assert!(whole.is_ok());
                assert_eq!(read, skimmed, "skimmed as it is read");
            }
        }
        2 => {
            if let Ok(detail) = layout::read_detail(bytes) {
                let written = layout::detail_bytes(&detail);
                assert!(layout::read_detail(&written).is_ok(), "what is written is read");
            }
        }
        _ => {
            let _ = std::str::from_utf8(bytes).map(Checkpoint::parse);
        }
    }
}

/// Stored records and keys, by the first byte.
pub fn codec(text: &[u8]) {
    fn record<T: Record + Stored>(bytes: &[u8]) {
        if let Ok(value) = T::from_stored(Bytes::copy_from_slice(bytes)) {
            let written = value.to_stored().unwrap();
            let again = T::from_stored(written.clone().into()).unwrap();
            assert_eq!(again.to_stored().unwrap(), written, "written and read again");
        }
    }
    fn key<K: Key>(bytes: &[u8]) {
        if let Ok(value) = K::from_bytes(bytes) {
            assert_eq!(value.to_bytes(), bytes, "a key has one encoding");
        }
    }
    let Some((which, bytes)) = text.split_first() else { return };
    match which % 6 {
        0 => record::<Check>(bytes),
        1 => record::<Approval>(bytes),
        2 => record::<AccountRow>(bytes),
        3 => record::<SessionRow>(bytes),
        4 => key::<(u64, Desc<String>, Option<u32>)>(bytes),
        _ => key::<(Option<Vec<u8>>, Desc<i64>, String)>(bytes),
    }
}

/// A formulary is read or refused with lines that are there; what is read finds only medicines that it has, and passes
/// nothing without a rule.
pub fn formulary(text: &[u8]) {
    use chartbox::care::formulary::{Limits, ReadError, read};
    use chartbox::care::prescribe::{Chosen, Facts, Proposal, Verdict, check};
    let limits = Limits { bytes: 64 << 10, rows: 2_000, ..Limits::default() };
    let formulary = match read(text, &limits) {
        Ok(formulary) => formulary,
        Err(ReadError::Lines { faults, .. }) => {
            let lines = text.iter().filter(|byte| **byte == b'\n').count() + 1;
            assert!(!faults.is_empty() && faults.len() <= limits.faults);
            assert!(faults.iter().all(|fault| (1..=lines).contains(&fault.line)), "{faults:?}");
            assert!(faults.windows(2).all(|two| two[0].line <= two[1].line));
            return;
        }
        Err(_) => return,
    };
    assert_eq!(read(text, &limits).unwrap().hash, formulary.hash);
    for medicine in formulary.medicines.iter().take(20) {
        assert!(formulary.medicine(&medicine.id).is_some());
        let found = formulary.find(&medicine.name, 5);
        assert!(found.medicines.len() <= 5);
        let proposal = Proposal {
            medicine: Chosen::Listed(medicine.id.clone()),
            once: Some(1.0),
            times: Some(1.0),
            route: medicine.routes.first().map(|route| route.code.clone()),
            replaces: None,
        };
        let found = check(Some(&formulary), &Facts::default(), &proposal);
        assert!(!found.is_empty());
        assert!(found.iter().all(|one| one.verdict != Verdict::Passed || !one.rules.is_empty()));
    }
}
