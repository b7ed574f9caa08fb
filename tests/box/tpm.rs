//! A key that a TPM holds: `systemd-creds` with a TPM in software, as it goes with one in a machine.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::process::{Place, file, printed};

/// swtpm, until it is dropped.
struct Tpm {
    child: Child,
    port: u16,
    state: tempfile::TempDir,
}

impl Tpm {
    /// `None` where a part of it is not there.
    fn start() -> Option<Self> {
        Self::over(tempfile::tempdir().unwrap())
    }

    /// Turned off and on again: what was measured is forgotten, and what it keeps is there.
    fn restarted(mut self) -> Option<Self> {
        let state = std::mem::replace(&mut self.state, tempfile::tempdir().unwrap());
        drop(self);
        Self::over(state)
    }

    fn over(state: tempfile::TempDir) -> Option<Self> {
        let mut tpm: Option<Self> = None;
        for _ in 0..20 {
            let port = two_ports();
            let on = |port: u16| format!("type=tcp,port={port},bindaddr=127.0.0.1");
            let started = Command::new("swtpm")
                .args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear"])
                .arg("--tpmstate")
                .arg(format!("dir={}", state.path().display()))
                .args(["--server", &on(port), "--ctrl", &on(port + 1)])
                .stdin(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            let Ok(mut child) = started else {
                eprintln!("not tried: swtpm is not there");
                return None;
            };
            // It ends at once where another has taken a port meanwhile.
            std::thread::sleep(std::time::Duration::from_millis(300));
            if child.try_wait().unwrap().is_none() {
                tpm = Some(Self { child, port, state });
                break;
            }
        }
        let tpm = tpm.expect("a TPM in software starts");
        for _ in 0..20 {
            if tpm.works() {
                return Some(tpm);
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        eprintln!("not tried: systemd-creds cannot use a TPM in software here (libtss2-tcti-swtpm0)");
        None
    }

    /// What firmware does that measures something else than before: `TPM2_PCR_Extend` of register 7.
    fn measure(&self, what: [u8; 32]) {
        let mut command = vec![0x80, 0x02, 0, 0, 0, 65, 0, 0, 0x01, 0x82, 0, 0, 0, 7];
        // An empty password.
        command.extend([0, 0, 0, 9, 0x40, 0, 0, 9, 0, 0, 0, 0, 0]);
        command.extend([0, 0, 0, 1, 0, 0x0b]);
        command.extend(what);
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(&command).unwrap();
        let mut answer = [0; 10];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer[6..], [0; 4], "it measured");
    }

    fn works(&self) -> bool {
        let sealed = self.command("systemd-creds").args(["encrypt", "--with-key=tpm2", "--name=x", "-", "-"]).output();
        sealed.is_ok_and(|sealed| sealed.status.success())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("SYSTEMD_TPM2_DEVICE", format!("swtpm:host=127.0.0.1,port={}", self.port)).stdin(Stdio::null());
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

/// A free port whose next one is free, too: there swtpm takes its orders.
fn two_ports() -> u16 {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = first.local_addr().unwrap().port();
        if port.checked_add(1).is_some_and(|next| TcpListener::bind(("127.0.0.1", next)).is_ok()) {
            return port;
        }
    }
}

/// The sheet's words typed back, without which no other key is added.
fn confirmed(place: &Place) {
    let words = place.printed.lines().filter(|line| line.len() > 3 && &line[1..3] == ". ");
    let sheet = file(place.home(), "sheet", &words.fold(String::new(), |text, line| text + line + "\n"));
    printed(&["key", "sheet", "--confirm", "--sheet", &sheet, "--dir", place.dir()]);
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
    confirmed(&place);
    let sealed = place.home().join("credstore/chartbox-key");
    let said = tpm.chartbox(&["key", "add", "--credential", "--to", sealed.to_str().unwrap(), "--dir", place.dir()]);
    let said = String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    // Nothing writes to the registers of this TPM: that is told, and not called bound.
    assert!(said.contains("does not tell the TPM the state of Secure Boot"), "{said}");
    printed(&["key", "remove", "2", "--yes", "--dir", place.dir()]);
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

#[test]
fn a_machine_that_starts_another_way_does_not_get_the_key_from_its_tpm() {
    let Some(tpm) = Tpm::start() else { return };
    let place = Place::made(&[]);
    confirmed(&place);
    let sealed = place.home().join("credstore/chartbox-key");
    let made = tpm.chartbox(&["key", "add", "--credential", "--to", sealed.to_str().unwrap(), "--dir", place.dir()]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let handed = place.home().join("handed");
    assert!(unsealed(&tpm, &sealed, &handed));
    std::fs::remove_file(&handed).unwrap();
    // Another system was started, or Secure Boot was turned off: the register says something else.
    tpm.measure([7; 32]);
    assert!(!unsealed(&tpm, &sealed, &handed) && !handed.exists());
    let Some(tpm) = tpm.restarted() else { return };
    assert!(unsealed(&tpm, &sealed, &handed), "started as before, it is as before");
}
