//! A key that a TPM holds: `systemd-creds` with a TPM in software, as it goes with one in a machine.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::process::{Place, file, printed};

/// swtpm, until it is dropped.
struct Tpm {
    child: Child,
    device: String,
    _state: tempfile::TempDir,
}

impl Tpm {
    /// `None` where a part of it is not there.
    fn start() -> Option<Self> {
        let state = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let started = Command::new("swtpm")
            .args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear"])
            .arg("--tpmstate")
            .arg(format!("dir={}", state.path().display()))
            .args(["--server", &format!("type=tcp,port={port},bindaddr=127.0.0.1")])
            .args(["--ctrl", &format!("type=unixio,path={}", state.path().join("ctrl").display())])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = started else {
            eprintln!("not tried: swtpm is not there");
            return None;
        };
        let tpm = Self { child, device: format!("swtpm:host=127.0.0.1,port={port}"), _state: state };
        for _ in 0..100 {
            if tpm.works() {
                return Some(tpm);
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        eprintln!("not tried: systemd-creds cannot use a TPM in software here (libtss2-tcti-swtpm0)");
        None
    }

    fn works(&self) -> bool {
        let sealed = self.command("systemd-creds").args(["encrypt", "--with-key=tpm2", "--name=x", "-", "-"]).output();
        sealed.is_ok_and(|sealed| sealed.status.success())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("SYSTEMD_TPM2_DEVICE", &self.device).stdin(Stdio::null());
        command
    }

    fn chartbox(&self, arguments: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_chartbox")).args(arguments).output().unwrap()
    }
}

impl Drop for Tpm {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What unseals it at the start, as chartbox-key.service does.
fn unsealed(tpm: &Tpm, sealed: &Path, to: &Path) -> bool {
    let mut command = tpm.command("systemd-creds");
    command.args(["decrypt", "--name=chartbox-key"]).args([sealed, to]);
    command.output().unwrap().status.success()
}

#[test]
fn a_tpm_holds_the_key_opens_the_box_and_keeps_the_key_from_another_machine() {
    let Some(tpm) = Tpm::start() else { return };
    let place = Place::made(&[]);
    let sheet: String = place
        .printed
        .lines()
        .filter(|line| line.len() > 3 && &line[1..3] == ". ")
        .fold(String::new(), |text, line| text + line + "\n");
    let sheet = file(place.home(), "sheet", &sheet);
    printed(&["key", "sheet", "--confirm", "--sheet", &sheet, "--dir", place.dir()]);
    let sealed = place.home().join("credstore/chartbox-key");
    let said = tpm.chartbox(&["key", "add", "--credential", "--to", sealed.to_str().unwrap(), "--dir", place.dir()]);
    let said = String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    // Nothing writes to the registers of this TPM: that is told, and not called bound.
    assert!(said.contains("does not tell the TPM the state of Secure Boot"), "{said}");
    printed(&["key", "remove", "2", "--dir", place.dir()]);
    let handed = place.home().join("handed");
    std::fs::create_dir(&handed).unwrap();
    assert!(unsealed(&tpm, &sealed, &handed.join("chartbox-key")));
    let status = |folder: &Path| {
        let mut command = tpm.command(env!("CARGO_BIN_EXE_chartbox"));
        command.args(["key", "status", "--dir", place.dir()]).env("CREDENTIALS_DIRECTORY", folder);
        command.output().unwrap()
    };
    let opened = status(&handed);
    let said = String::from_utf8_lossy(&opened.stdout).into_owned();
    assert!(opened.status.success() && said.contains("by the credential") && said.contains("TPM"), "{said}");
    // Another machine's TPM does not unseal it: what is handed in then is nothing, and the box waits for a person.
    let Some(other) = Tpm::start() else { return };
    let nothing = place.home().join("nothing");
    std::fs::create_dir(&nothing).unwrap();
    assert!(!unsealed(&other, &sealed, &nothing.join("chartbox-key")));
    assert_eq!(status(&nothing).status.code(), Some(4));
}
