//! A real browser that trusts the box's authority, and what it then takes from it. Skipped where there is no Chromium or
//! no `certutil` (Debian: `chromium`, `libnss3-tools`).

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::base::Ambient;

const OWN: &str = "chartbox-k3mf.local";
const GREETING: &str = "the box itself";

/// A server that shows one leaf to whoever connects, and greets. Ends with the test program.
fn serve(leaf: &Leaf) -> u16 {
    let config = server_config(Certificates::new(leaf).unwrap()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            std::thread::spawn(move || {
                let mut stream = rustls::StreamOwned::new(connection, stream);
                // A browser that refuses the certificate ends here.
                if matches!(stream.read(&mut [0; 4096]), Ok(read) if read > 0) {
                    let length = GREETING.len();
                    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n");
                    let _ = write!(stream, "{head}Connection: close\r\n\r\n{GREETING}");
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                }
            });
        }
    });
    port
}

/// A home folder whose browser trusts the authority. `None` where `certutil` is not here.
fn trusting(ca: &Ca) -> Option<TempDir> {
    let home = tempfile::tempdir().unwrap();
    let (database, file) = (home.path().join(".pki/nssdb"), home.path().join("ca.pem"));
    std::fs::create_dir_all(&database).unwrap();
    std::fs::write(&file, ca.to_pem()).unwrap();
    let database = format!("sql:{}", database.display());
    let run = |arguments: &[&str]| Command::new("certutil").args(["-d", &database]).args(arguments).output();
    let made = run(&["-N", "--empty-password"]).ok()?;
    assert!(made.status.success(), "{made:?}");
    let added = run(&["-A", "-t", "C,,", "-n", "box", "-i", file.to_str().unwrap()]).unwrap();
    assert!(added.status.success(), "{added:?}");
    Some(home)
}

/// What a browser with this home says of `https://NAME/`, when the name leads to this port: the page, or what it has
/// against it.
fn shown(home: &Path, name: &str, port: u16) -> Option<String> {
    let mut command = Command::new("chromium");
    command.env("HOME", home).env_remove("XDG_CONFIG_HOME").env_remove("XDG_DATA_HOME");
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-http2",
        "--disable-quic",
        "--no-first-run",
    ]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    // The page goes to standard output; why there is none, to the log.
    command.args(["--dump-dom", "--enable-logging=stderr"]);
    command.arg(format!("--user-data-dir={}", home.join("profile").display()));
    command.arg(format!("--host-resolver-rules=MAP {name}:443 127.0.0.1:{port}"));
    let output = command.arg(format!("https://{name}/")).output().ok()?;
    Some(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn a_browser_that_trusts_the_authority_takes_the_box_and_no_bank_and_no_address() {
    let ambient = Ambient::system();
    let names = Names::Box { local: HostName::parse(OWN).unwrap(), others: vec![] };
    let (ca, key) = Ca::create(&names, &ambient).unwrap();
    let own = serve(&ca.issue(&key, &ambient).unwrap());
    let bank = serve(&ca.issue_for(&key, &["bank.example".into()], &[], &ambient).unwrap());
    let router = serve(&ca.issue_for(&key, &[], &["192.168.1.1".parse().unwrap()], &ambient).unwrap());
    let look = |name: &str, port| {
        let home = trusting(&ca)?;
        shown(home.path(), name, port)
    };
    let Some(taken) = look(OWN, own) else {
        eprintln!("skipped: no chromium or no certutil here");
        return;
    };
    assert!(taken.contains(GREETING), "its own name: {taken}");
    for (name, port) in [("bank.example", bank), ("192.168.1.1", router)] {
        let refused = look(name, port).unwrap();
        assert!(!refused.contains(GREETING), "{name} was shown");
        assert!(refused.contains("ERR_CERT_INVALID"), "{name}: {refused}");
    }
    // The browser looked at the trust that it was given: without it, the box itself is a stranger.
    let stranger = tempfile::tempdir().unwrap();
    let refused = shown(stranger.path(), OWN, own).unwrap();
    assert!(refused.contains("ERR_CERT_AUTHORITY_INVALID"), "{refused}");
}
