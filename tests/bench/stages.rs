//! Where the time of a request goes: what one core needs for each part of it, one part at a time.
//!
//! Prints a table and fails nothing. `scripts/bench` runs it; by itself: `cargo bench --bench stages`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::hint::black_box;
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Instant;

use chartbox::access::{Actor, Reach};
use chartbox::audit::{self, Audit, Detail, Event, Purpose, TouchKind, Touched};
use chartbox::base::{AccountId, ActorRef, Ambient, FhirId, ResourceRef, Role};
use chartbox::crypto::Root;
use chartbox::fhir::{Definitions, Mode, ResourceType, json, validate};
use chartbox::identity::{AccountKind, AccountRow, AccountState, Listener, UserName};
use chartbox::record::{Body, Change, Channel, Condition, Records, Transaction, Why};
use chartbox::store::{Store, StoreOptions};

const ROUNDS: usize = 5;

const PATIENT: &str = r#"{"resourceType":"Patient","id":"p1","name":[{"family":"Brandvold","given":["Ann"]}],"birthDate":"1967-05-09",
    "identifier":[{"system":"urn:chartbox:clinic-number","value":"001 000"}],"telecom":[{"system":"phone","value":"555 0100"}]}"#;
const OBSERVATION: &str = r#"{"resourceType":"Observation","status":"final","subject":{"reference":"Patient/p1"},
    "code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}],"text":"Heart rate"},"effectiveDateTime":"2026-03-03T09:00:00Z",
    "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],
    "valueQuantity":{"value":72,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"}}"#;

fn main() {
    println!("{:<64} {:>10}", "where the time goes, one core, median of 5", "µs");
    let limits = json::Limits::default();
    let parsed = || json::parse(OBSERVATION.as_bytes(), &limits).unwrap();
    let value = parsed();
    row("parse: the JSON of an Observation", 20_000, || drop(black_box(parsed())));
    let check = row("check: its elements, bindings and invariants", 5_000, || {
        assert!(validate(black_box(&value), Definitions::r4(), Mode::Strict).is_empty());
    });
    let body = micros(5_000, || {
        drop(black_box(Body::new(ResourceType::Observation, value.clone(), Mode::Strict).map_err(drop)));
    });
    print("index: its keys, and the text to be stored", (body - check).max(0.0));
    in_memory();
    on_disk();
    tls();
}

/// The policy, the look-up and the log's entry, without a disk.
fn in_memory() {
    let ambient = Ambient::system();
    let audit = Audit::new(Store::in_memory(), ambient.clone());
    let records = Records::new(audit.clone(), Reach::Clinic);
    let value = serde_json::from_str(PATIENT).unwrap();
    let id = FhirId::parse("p1").unwrap();
    let change = Change::put(ResourceType::Patient, id.clone(), value, Condition::None, Mode::Strict).unwrap();
    let system = Actor::system("bench");
    let made = records.change_all_blocking(&system, why(audit::Action::Import), vec![change], Transaction::IMPORT);
    drop(made.unwrap());
    let account = AccountRow {
        id: AccountId::new(&ambient),
        user_name: UserName::parse("somebody").unwrap(),
        display_name: "X".into(),
        kind: AccountKind::Person(Role::Clinician),
        state: AccountState::Enabled,
        person: None,
        must_change_password: false,
        created: ambient.now(),
    };
    let clinician = Actor::from_token(&account, &[], Listener::Clinic, None);
    let entry = row("log: an entry of the access log, without a disk", 5_000, || {
        let _ = black_box(audit.commit_blocking(vec![event()]).unwrap());
    });
    let whole = micros(5_000, || {
        let read = records.disclose_blocking(&clinician, why(audit::Action::Read), |reading| {
            reading.read(ResourceType::Patient, &id)
        });
        drop(black_box(read.unwrap()));
    });
    print("policy: the grant, the look-up and the disclosure", (whole - entry).max(0.0));
}

fn why(action: audit::Action) -> Why {
    Why { action, purpose: Purpose::Treat, detail: Detail::none(), channel: Channel::Api }
}

fn event() -> Event {
    let touched = Touched::new(
        Some(FhirId::parse("p1").unwrap()),
        TouchKind::SentOut,
        vec![ResourceRef::new("Patient", &FhirId::parse("p1").unwrap()).unwrap()],
    );
    Event::new(ActorRef::anonymous(), audit::Action::Read, Purpose::Treat).touching(&[touched])
}

/// What the disk adds, alone and shared.
fn on_disk() {
    let folder = tempfile::tempdir_in(std::env::var_os("CHARTBOX_BENCH_DIR").unwrap_or_else(|| ".".into())).unwrap();
    let ambient = Ambient::system();
    let key = Root::generate(&ambient).page_key(0);
    let store = Store::create(&folder.path().join("store"), key, &StoreOptions::throwaway(), &ambient).unwrap();
    let audit = Audit::new(store, ambient);
    let commit = |entries: usize| {
        let _ = audit.commit_blocking((0..entries).map(|_| event()).collect()).unwrap();
    };
    row("commit: one entry, waited for, on the disk", 200, || commit(1));
    let of_64 = micros(200, || commit(64));
    print("commit: an entry of 64 in one group", of_64 / 64.0);
}

/// One request and its answer, sealed and opened by the server's side.
fn tls() {
    let names = vec!["localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let key = rustls_pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut server = rustls::ServerConnection::new(Arc::new(server)).unwrap();
    let mut client = rustls::ClientConnection::new(Arc::new(client), "localhost".try_into().unwrap()).unwrap();
    while server.is_handshaking() || client.is_handshaking() {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut wire.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        wire.clear();
        server.write_tls(&mut wire).unwrap();
        client.read_tls(&mut wire.as_slice()).unwrap();
        client.process_new_packets().unwrap();
    }
    let (request, answer) = ([b'r'; 300], [b'a'; 1_500]);
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let mut took = 0.0;
        for _ in 0..5_000 {
            let (mut wire, mut plain) = (Vec::new(), [0; 2_000]);
            client.writer().write_all(&request).unwrap();
            client.write_tls(&mut wire).unwrap();
            let begun = Instant::now();
            server.read_tls(&mut wire.as_slice()).unwrap();
            server.process_new_packets().unwrap();
            assert_eq!(server.reader().read(&mut plain).unwrap(), request.len());
            server.writer().write_all(&answer).unwrap();
            wire.clear();
            server.write_tls(&mut wire).unwrap();
            took += begun.elapsed().as_secs_f64();
            client.read_tls(&mut wire.as_slice()).unwrap();
            client.process_new_packets().unwrap();
            assert_eq!(client.reader().read(&mut plain).unwrap(), answer.len());
        }
        best = best.min(took / 5_000.0 * 1e6);
    }
    print("TLS: a request of 300 bytes opened, an answer of 1,500 sealed", best);
}

fn print(what: &str, micros: f64) {
    println!("{what:<64} {micros:>10.1}");
}

fn row(what: &str, times: usize, each: impl FnMut()) -> f64 {
    let took = micros(times, each);
    print(what, took);
    took
}

/// Microseconds of one turn: the median of a few rounds of many.
fn micros(times: usize, mut each: impl FnMut()) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            (0..times).for_each(|_| each());
            begun.elapsed().as_secs_f64() * 1e6 / times as f64
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}
