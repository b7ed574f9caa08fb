//! What the machine has room for: a server of the same libraries that knows no patient, no rule and no search. It speaks TLS, answers
//! a read with bytes that it has, and puts an entry of a hash chain into a redb file for each request, durable before it answers,
//! as many together as wait. A create adds the resource and eight index rows.
//!
//! Machines differ, and one machine differs from day to day: what is measured of a box says most beside this. Prints two lines
//! and fails nothing; needs wrk. `scripts/bench` runs it; by itself: `cargo bench --bench bare`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::process::Command;
use std::sync::{Arc, mpsc};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::{get, post};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use redb::{Database, TableDefinition};
use tokio::sync::oneshot;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CHAIN: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("chain");
const RESOURCES: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("resources");
const INDEX: TableDefinition<'static, &[u8], ()> = TableDefinition::new("index");

/// As long as a patient's resource is, and an entry of the log.
const PATIENT: &[u8] = &[b'p'; 1_300];
const ENTRY: &[u8] = &[b'e'; 160];
const OBSERVATION: &str = r#"{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}],"text":"Heart rate"},"subject":{"reference":"Patient/s0"},"effectiveDateTime":"2026-03-03T09:00:00Z","valueQuantity":{"value":72,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"}}"#;
const INDEX_ROWS: u8 = 8;
/// How many requests are made durable together at most.
const TOGETHER: usize = 256;

/// A request that waits until it stands in the file.
struct Request {
    creates: Option<Bytes>,
    done: oneshot::Sender<()>,
}

type Writer = mpsc::Sender<Request>;

fn main() {
    let dir =
        tempfile::tempdir_in(std::env::var_os("CHARTBOX_BENCH_DIR").unwrap_or_else(|| std::env::temp_dir().into()))
            .unwrap();
    let database = Database::create(dir.path().join("bare.redb")).unwrap();
    let (writer, requests) = mpsc::channel();
    std::thread::spawn(move || keep(&database, &requests));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let url = runtime.block_on(serve(writer));
    let script = dir.path().join("create.lua");
    std::fs::write(&script, format!("wrk.method = \"POST\"\nwrk.body = [=[{OBSERVATION}]=]\n")).unwrap();
    let seconds = std::env::var("SECONDS_EACH").unwrap_or_else(|_| "3".into());
    load("a bare server of the same libraries, chained reads, 64 connections", &seconds, &[&format!("{url}/read")]);
    let create = ["-s", script.to_str().unwrap(), &format!("{url}/create")];
    load("a bare server of the same libraries, durable creates, 64 connections", &seconds, &create);
}

async fn serve(writer: Writer) -> String {
    let app = Router::new().route("/read", get(read)).route("/create", post(create)).with_state(writer);
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls_pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    let tls = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", socket.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = socket.accept().await {
            stream.set_nodelay(true).unwrap();
            let (tls, service) = (tls.clone(), TowerToHyperService::new(app.clone()));
            tokio::spawn(async move {
                if let Ok(stream) = tls.accept(stream).await {
                    // A connection that wrk ends in the middle is no fault.
                    let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
                }
            });
        }
    });
    url
}

async fn read(State(writer): State<Writer>) -> &'static [u8] {
    kept(&writer, None).await;
    PATIENT
}

async fn create(State(writer): State<Writer>, body: Bytes) -> Bytes {
    kept(&writer, Some(body.clone())).await;
    body
}

async fn kept(writer: &Writer, creates: Option<Bytes>) {
    let (done, kept) = oneshot::channel();
    writer.send(Request { creates, done }).unwrap();
    kept.await.unwrap();
}

/// Writes as many as wait, again and again.
fn keep(database: &Database, requests: &mpsc::Receiver<Request>) {
    let (mut number, mut last) = (0, [0; blake3::OUT_LEN]);
    while let Ok(first) = requests.recv() {
        let together: Vec<Request> = std::iter::once(first).chain(requests.try_iter().take(TOGETHER - 1)).collect();
        let mut transaction = database.begin_write().unwrap();
        transaction.set_quick_repair(true);
        {
            let mut chain = transaction.open_table(CHAIN).unwrap();
            let mut resources = transaction.open_table(RESOURCES).unwrap();
            let mut index = transaction.open_table(INDEX).unwrap();
            for request in &together {
                number += 1;
                last = *blake3::Hasher::new().update(&last).update(ENTRY).finalize().as_bytes();
                chain.insert(number, [ENTRY, &last].concat().as_slice()).unwrap();
                let Some(body) = &request.creates else { continue };
                resources.insert(number, body.as_ref()).unwrap();
                for row in 0..INDEX_ROWS {
                    let key = [[row].as_slice(), &number.to_be_bytes()].concat();
                    index.insert(key.as_slice(), ()).unwrap();
                }
            }
        }
        transaction.commit().unwrap();
        for request in together {
            // Whoever does not wait any more has ended.
            let _ = request.done.send(());
        }
    }
}

/// One line of the table.
fn load(what: &str, seconds: &str, more: &[&str]) {
    let duration = format!("-d{seconds}s");
    let answer = Command::new("wrk").args(["--latency", "-t2", "-c64", &duration]).args(more).output().expect("wrk");
    let text = String::from_utf8(answer.stdout).unwrap();
    let of = |name: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
        line.unwrap_or_default().trim().to_owned()
    };
    println!("{what:<70} {}/s, p50 {}, p99 {}", of("Requests/sec:"), of("50%"), of("99%"));
}
