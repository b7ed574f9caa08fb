use std::net::IpAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection};

use super::*;
use crate::base::{Ambient, ManualClock, Secret, SeededRandom, Timestamp};

const NOW: &str = "2026-03-03T09:00:00Z";

fn ambient() -> Ambient {
    Ambient::new(ManualClock::at(NOW.parse().unwrap()), SeededRandom::new(5))
}

fn host(name: &str) -> HostName {
    HostName::parse(name).unwrap()
}

fn a_box() -> Names {
    Names::Box { local: host("chartbox-k3mf.local"), others: vec![host("box.clinic.example")] }
}

#[derive(Debug)]
struct At(Timestamp);

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0.as_second().try_into().unwrap())))
    }
}

fn client(ca: &Ca, now: &str, versions: &[&'static rustls::SupportedProtocolVersion]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().to_vec().into()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_details(provider, Arc::new(At(now.parse().unwrap())))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec(), b"h2".to_vec()];
    Arc::new(config)
}

/// A handshake in memory: what the client says at its end.
fn shake(
    server: &Arc<rustls::ServerConfig>,
    client: Arc<ClientConfig>,
    name: &str,
) -> Result<ClientConnection, String> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(client, name).unwrap();
    let mut server = ServerConnection::new(server.clone()).unwrap();
    let mut wire = Vec::new();
    while client.is_handshaking() {
        wire.clear();
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut wire.as_slice()).unwrap();
        server.process_new_packets().map_err(|error| error.to_string())?;
        wire.clear();
        server.write_tls(&mut wire).unwrap();
        client.read_tls(&mut wire.as_slice()).unwrap();
        client.process_new_packets().map_err(|error| error.to_string())?;
    }
    Ok(client)
}

fn rustls_says(ca: &Ca, leaf: &Leaf, name: &str) -> Result<(), String> {
    let server = server_config(Certificates::new(leaf).unwrap()).unwrap();
    shake(&server, client(ca, NOW, rustls::ALL_VERSIONS), name).map(drop)
}

/// `None` where there is no `openssl` command.
fn openssl_says(ca: &Ca, leaf: &Leaf, name: &str) -> Option<Result<(), String>> {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (ca, leaf) = (file("ca.pem", ca.to_pem()), file("leaf.pem", leaf.chain_pem()));
    let check = if name.parse::<IpAddr>().is_ok() { "-verify_ip" } else { "-verify_hostname" };
    let now = NOW.parse::<Timestamp>().unwrap().as_second().to_string();
    let mut command = Command::new("openssl");
    command.args(["verify", "-x509_strict", "-attime", &now, check, name, "-CAfile"]).arg(ca).arg(leaf);
    match command.output() {
        Ok(output) if output.status.success() => Some(Ok(())),
        Ok(output) => Some(Err(String::from_utf8_lossy(&output.stderr).into_owned())),
        Err(_) => {
            eprintln!("skipped: no openssl command here");
            None
        }
    }
}

fn accepted(ca: &Ca, leaf: &Leaf, name: &str) {
    assert_eq!(rustls_says(ca, leaf, name), Ok(()), "{name}");
    if let Some(said) = openssl_says(ca, leaf, name) {
        assert_eq!(said, Ok(()), "{name}");
    }
}

fn refused_for_its_name(ca: &Ca, leaf: &Leaf, name: &str) {
    let said = rustls_says(ca, leaf, name).unwrap_err();
    assert!(said.contains("NameConstraintViolation") || said.contains("name constraint"), "{name}: {said}");
    if let Some(said) = openssl_says(ca, leaf, name) {
        let said = said.unwrap_err();
        assert!(said.contains("permitted subtree violation") || said.contains("excluded subtree violation"), "{said}");
    }
}

fn issue(ca: &Ca, key: &CaKey, name: &str) -> Leaf {
    match name.parse::<IpAddr>() {
        Ok(address) => ca.issue_for(key, &[], &[address], &ambient()),
        Err(_) => ca.issue_for(key, &[name.into()], &[], &ambient()),
    }
    .unwrap()
}

#[test]
fn the_box_is_accepted_by_its_names() {
    let (ca, key) = Ca::create(&a_box(), &ambient()).unwrap();
    let leaf = ca.issue(&key, &ambient()).unwrap();
    assert_eq!(leaf.hosts(), ["chartbox-k3mf.local", "box.clinic.example"]);
    for name in ["chartbox-k3mf.local", "box.clinic.example"] {
        accepted(&ca, &leaf, name);
    }
    assert!(rustls_says(&ca, &leaf, "other.local").is_err());
}

#[test]
fn the_authority_vouches_for_no_bank_and_no_address() {
    let (ca, key) = Ca::create(&a_box(), &ambient()).unwrap();
    for name in ["bank.example", "chartbox-zzzz.local", "localhost", "192.168.1.1", "127.0.0.1", "::1", "fe80::1"] {
        refused_for_its_name(&ca, &issue(&ca, &key, name), name);
    }
    // One wrong name spoils a leaf that also has a right one.
    let hosts = ["chartbox-k3mf.local".to_owned(), "bank.example".to_owned()];
    let mixed = ca.issue_for(&key, &hosts, &[], &ambient()).unwrap();
    refused_for_its_name(&ca, &mixed, "chartbox-k3mf.local");
}

#[test]
fn a_demo_vouches_for_this_machine_only() {
    let (ca, key) = Ca::create(&Names::Demo, &ambient()).unwrap();
    let leaf = ca.issue(&key, &ambient()).unwrap();
    for name in ["localhost", "127.0.0.1", "::1"] {
        accepted(&ca, &leaf, name);
    }
    accepted(&ca, &issue(&ca, &key, "127.0.0.7"), "127.0.0.7");
    for name in ["bank.example", "192.168.1.1", "::2", "chartbox-k3mf.local"] {
        refused_for_its_name(&ca, &issue(&ca, &key, name), name);
    }
}

#[test]
fn the_authority_signs_leaves_and_no_other_authority() {
    let (ca, _) = Ca::create(&a_box(), &ambient()).unwrap();
    let (_, parsed) = x509_parser::parse_x509_certificate(ca.der()).unwrap();
    let constraints = parsed.name_constraints().unwrap().unwrap();
    assert!(constraints.critical);
    assert_eq!(constraints.value.excluded_subtrees.as_ref().unwrap().len(), 2);
    let basic = parsed.basic_constraints().unwrap().unwrap();
    assert!(basic.critical && basic.value.ca);
    assert_eq!(basic.value.path_len_constraint, Some(0));
    let usage = parsed.key_usage().unwrap().unwrap();
    assert!(usage.critical && usage.value.key_cert_sign() && !usage.value.digital_signature());
    let days = (ca.not_after().unwrap().as_second() - NOW.parse::<Timestamp>().unwrap().as_second()) / 86400;
    assert_eq!(days, 3653);
    let subject = parsed.subject().to_string();
    assert_eq!(subject, "CN=Chartbox chartbox-k3mf.local");
}

#[test]
fn authority_and_leaf_read_back_from_pem() {
    let (ca, key) = Ca::create(&a_box(), &ambient()).unwrap();
    let read = Ca::from_pem(&ca.to_pem()).unwrap();
    assert_eq!((read.der(), read.names(), read.fingerprint()), (ca.der(), &a_box(), ca.fingerprint()));
    let leaf = read.issue(&CaKey::from_pem(key.expose_pem().clone()), &ambient()).unwrap();
    let again = Leaf::from_pem(&leaf.chain_pem(), leaf.key_pem().clone()).unwrap();
    assert_eq!(again.fingerprint(), leaf.fingerprint());
    assert!(again.covers(&a_box()) && !again.covers(&Names::Demo));
    let more = Names::Box { local: host("chartbox-k3mf.local"), others: vec![host("new.example")] };
    assert!(!again.covers(&more));
    accepted(&ca, &again, "chartbox-k3mf.local");
    let (demo, _) = Ca::create(&Names::Demo, &ambient()).unwrap();
    assert_eq!(Ca::from_pem(&demo.to_pem()).unwrap().names(), &Names::Demo);
}

#[test]
fn wrong_files_are_named() {
    let (ca, key) = Ca::create(&a_box(), &ambient()).unwrap();
    let one = ca.issue(&key, &ambient()).unwrap();
    let other = ca.issue(&key, &ambient()).unwrap();
    let read = |chain: &str, key: &str| Leaf::from_pem(chain, Secret::new(key.into())).map(drop);
    assert_eq!(read(&one.chain_pem(), other.key_pem().expose()), Err(TlsError::KeyOfAnother));
    assert_eq!(read(&one.chain_pem(), "nonsense"), Err(TlsError::NotAKey));
    assert!(matches!(read("", one.key_pem().expose()), Err(TlsError::NotACertificate { .. })));
    assert!(matches!(Ca::from_pem("nonsense"), Err(TlsError::NotACertificate { .. })));
    // A leaf is no authority of ours: it has no constraints.
    assert!(matches!(Ca::from_pem(&one.chain_pem()), Err(TlsError::NotACertificate { .. })));
    let wrong_key = CaKey::from_pem(Secret::new("nonsense".into()));
    assert_eq!(ca.issue(&wrong_key, &ambient()).map(drop), Err(TlsError::NotAKey));
}

#[test]
fn nothing_prints_a_private_key() {
    let (ca, key) = Ca::create(&a_box(), &ambient()).unwrap();
    let leaf = ca.issue(&key, &ambient()).unwrap();
    let printed = format!("{key:?} {leaf:?} {ca:?}");
    assert!(!printed.contains("PRIVATE"), "{printed}");
    assert!(key.expose_pem().expose().contains("PRIVATE KEY"));
}

#[test]
fn a_leaf_is_renewed_with_thirty_days_left() {
    let (ca, key) = Ca::create(&a_box(), &ambient()).unwrap();
    let leaf = ca.issue(&key, &ambient()).unwrap();
    let now: Timestamp = NOW.parse().unwrap();
    let state =
        |days: i64, seconds: i64| leaf.state(Timestamp::from_second(now.as_second() + days * 86400 + seconds).unwrap());
    assert_eq!(state(0, 0), LeafState::Fresh);
    assert_eq!(state(60, -1), LeafState::Fresh);
    assert_eq!(state(60, 0), LeafState::Due);
    assert_eq!(state(90, -1), LeafState::Due);
    assert_eq!(state(90, 0), LeafState::Expired);
    assert_eq!(state(-2, 0), LeafState::ClockIsBehind);
    let server = server_config(Certificates::new(&leaf).unwrap()).unwrap();
    let later = client(&ca, "2026-06-02T00:00:00Z", rustls::ALL_VERSIONS);
    assert!(shake(&server, later, "chartbox-k3mf.local").unwrap_err().contains("expired"));
}

#[test]
fn a_leaf_never_outlives_its_authority() {
    let (ca, key) = Ca::create(&a_box(), &ambient()).unwrap();
    let late = Timestamp::from_second(ca.not_after().unwrap().as_second() - 86400).unwrap();
    let leaf = ca.issue(&key, &Ambient::new(ManualClock::at(late), SeededRandom::new(1))).unwrap();
    assert_eq!(leaf.not_after(), ca.not_after().unwrap());
}

#[test]
fn a_leaf_is_exchanged_while_serving() {
    let (ca, key) = Ca::create(&a_box(), &ambient()).unwrap();
    let (one, two) = (ca.issue(&key, &ambient()).unwrap(), ca.issue(&key, &ambient()).unwrap());
    let certificates = Certificates::new(&one).unwrap();
    let server = server_config(certificates.clone()).unwrap();
    let shown = || {
        let done = shake(&server, client(&ca, NOW, rustls::ALL_VERSIONS), "chartbox-k3mf.local").unwrap();
        CertFingerprint::of(&done.peer_certificates().unwrap()[0])
    };
    assert_eq!(shown(), one.fingerprint());
    certificates.replace(&two).unwrap();
    assert_eq!(shown(), two.fingerprint());
    assert_ne!(one.fingerprint(), two.fingerprint());
}

#[test]
fn http_2_comes_first_and_both_tls_versions_are_spoken() {
    let (ca, key) = Ca::create(&a_box(), &ambient()).unwrap();
    let server = server_config(Certificates::new(&ca.issue(&key, &ambient()).unwrap()).unwrap()).unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let done = shake(&server, client(&ca, NOW, &[version]), "chartbox-k3mf.local").unwrap();
        assert_eq!(done.protocol_version(), Some(version.version));
        assert_eq!(done.alpn_protocol(), Some(&b"h2"[..]));
    }
}

#[test]
fn the_profile_carries_the_certificate_and_stays_the_same() {
    let (ca, _) = Ca::create(&a_box(), &ambient()).unwrap();
    let profile = String::from_utf8(ca.mobileconfig()).unwrap();
    let start = profile.find("<data>").unwrap() + "<data>".len();
    let data = &profile[start..profile.find("</data>").unwrap()];
    assert_eq!(data_encoding::BASE64.decode(data.as_bytes()).unwrap(), ca.der());
    assert!(profile.contains("com.apple.security.root") && profile.contains("Chartbox chartbox-k3mf.local"));
    assert_eq!(Ca::from_pem(&ca.to_pem()).unwrap().mobileconfig(), profile.as_bytes());
}
