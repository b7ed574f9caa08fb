//! The units that run the box under systemd, as systemd itself judges them. Where there is none, that is said.

use std::path::Path;
use std::process::{Command, Output};

const UNITS: [&str; 2] = ["chartbox.service", "chartbox-key.service"];

fn analyze(arguments: &[&str], units: &[String]) -> Option<Output> {
    let done = Command::new("systemd-analyze").args(arguments).args(units).output();
    done.inspect_err(|error| eprintln!("not tried: systemd-analyze: {error}")).ok()
}

/// The units with a program that is there, and without a manual that is installed with the package.
fn units(folder: &Path) -> Vec<String> {
    let written = UNITS.map(|name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd").join(name);
        let text = std::fs::read_to_string(path).unwrap();
        let kept = text.lines().filter(|line| !line.starts_with("Documentation="));
        let here = kept.map(|line| line.replace("/usr/bin/chartbox", "/bin/true") + "\n").collect::<String>();
        let to = folder.join(name);
        std::fs::write(&to, here).unwrap();
        to.to_str().unwrap().to_owned()
    });
    written.into()
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units_and_little_that_they_leave_open() {
    let folder = tempfile::tempdir().unwrap();
    let units = units(folder.path());
    let Some(verified) = analyze(&["verify"], &units) else { return };
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(verified.status.success() && said.trim().is_empty(), "{said}");
    // In tenths: the box is at 1.6 of 10, the key's unit at 2.7.
    for (unit, most) in units.iter().zip(["--threshold=20", "--threshold=30"]) {
        let Some(judged) = analyze(&["security", "--offline=true", most], std::slice::from_ref(unit)) else { return };
        assert!(judged.status.success(), "{unit}: {}", String::from_utf8_lossy(&judged.stdout));
    }
}

#[test]
fn the_key_arrives_where_the_box_looks_for_it() {
    let read = |path: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let (key, program) = (read("systemd/chartbox-key.service"), read("src/app/keys.rs"));
    assert!(program.contains("\"/run/chartbox-key\"") && program.contains("CREDENTIAL: &str = \"chartbox-key\""));
    assert!(key.contains("RuntimeDirectory=chartbox-key\n") && key.contains("RuntimeDirectoryMode=0700\n"));
    assert!(key.contains("/run/chartbox-key/chartbox-key\n"), "{key}");
    let service = read("systemd/chartbox.service");
    // A key that does not come must leave the box locked, not stopped.
    assert!(service.contains("Wants=network-online.target chartbox-key.service\n"));
    assert!(!service.contains("Requires=") && !service.contains("LoadCredential"));
}
