//! `chartbox key add --credential`: a key that systemd seals and hands in at the start.
//!
//! `systemd-creds` does the sealing, as root, in this process: the running box has no right to. With a TPM the credential is
//! sealed to it and to PCR 7, the state of Secure Boot; without one by systemd's host key, which lies on the same disk and is
//! said so. The sealed file is read back before anything of the box is changed.
//!
//! What is told is what was done: which of the two it is, and which registers of the TPM hold it, stands in the sealed file itself (systemd,
//! `src/shared/creds-util.h` and `creds-util.c`): 16 bytes that name the kind, four lengths of 4 bytes, the nonce, filled up to a multiple
//! of 8; then, with a TPM, the registers as a mask of 8 bytes. Being held by register 7 is worth nothing where the firmware never
//! wrote to it, which systemd says as it seals, or where Secure Boot is off, so that any system leaves the same in it.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

use data_encoding::BASE64;
use serde_json::Value;

use super::changed;
use super::order::{Given, Order};
use crate::app::AppError;
use crate::app::keys::CREDENTIAL;
use crate::base::{Ambient, Secret};
use crate::cli::place::Reach;
use crate::cli::{Failure, Out, field};
use crate::crypto::{KeyMaterial, Seal};

/// Where chartbox-key.service finds it.
pub(super) const PLACE: &str = "/etc/credstore.encrypted/chartbox-key";

/// The first bytes of a credential that the host key seals.
const BY_HOST_KEY: [u8; 16] =
    [0x5a, 0x1c, 0x6a, 0x86, 0xdf, 0x9d, 0x40, 0x96, 0xb1, 0xd5, 0xa6, 0x5e, 0x08, 0x62, 0xf1, 0x9a];
/// The same by a TPM, and by both.
const BY_TPM: [u8; 16] =
    [0x0c, 0x7c, 0xc0, 0x7b, 0x11, 0x76, 0x45, 0x91, 0x9c, 0x4b, 0x0b, 0xea, 0x08, 0xbc, 0x20, 0xfe];
const BY_BOTH: [u8; 16] =
    [0x93, 0xa8, 0x94, 0x09, 0x48, 0x74, 0x44, 0x90, 0x90, 0xca, 0xf2, 0xfc, 0x93, 0xca, 0xb5, 0x53];

/// The TPM's register for the state of Secure Boot.
const SECURE_BOOT_REGISTER: u64 = 1 << 7;

/// Names another TPM than the machine's, to systemd and so to this.
const OTHER_TPM: &str = "SYSTEMD_TPM2_DEVICE";

/// What a sealed key is held by, and what it lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    by: Seal,
    lacks: Option<Lack>,
}

/// Why the TPM gives the key to any system that is started on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lack {
    /// It was not sealed to the register.
    Register,
    /// The firmware does not write to the register.
    Measured,
    SecureBoot,
}

impl Lack {
    const fn said(self) -> &'static str {
        match self {
            Self::Register => "The key is not held by the state of Secure Boot",
            Self::Measured => "The firmware does not tell the TPM the state of Secure Boot",
            Self::SecureBoot => "Secure Boot is off",
        }
    }

    const fn remedy(self) -> &'static str {
        match self {
            Self::Register => "remove this slot and add it again.",
            Self::Measured => {
                "switch the TPM and Secure Boot on in the firmware, then remove this slot and add it again."
            }
            Self::SecureBoot => "switch Secure Boot on, then remove this slot and add it again.",
        }
    }
}

pub(super) fn add(out: &mut Out, reach: &Reach, json: bool, to: &Path) -> Result<(), Failure> {
    if to.exists() {
        return Err(Failure::failed(format!(
            "{} is there already, and nothing was changed. If it is of an earlier slot, remove that slot and the file first.",
            to.display()
        )));
    }
    let material = KeyMaterial::generate(&Ambient::system());
    let (sealed, words) = seal(&material.text())?;
    let held = held_by(&sealed, says_unenforced(&words), secure_boot())?;
    let by = held.by;
    if unseal(&sealed)?.expose().trim() != material.text().expose().trim() {
        return Err(Failure::failed("the sealed key does not read back as it was; nothing was changed"));
    }
    // The file first: a slot whose key is nowhere would be a lie, a file without its slot opens nothing.
    write(to, &sealed)?;
    let order = Order::Add { key: Given::credential(&material), seal: Some(by) };
    let answer = match changed(reach, order) {
        Ok(answer) => answer,
        Err(failure) => {
            // It opens nothing.
            let _ = std::fs::remove_file(to);
            return Err(failure);
        }
    };
    if json {
        let mut answer = answer;
        if let Value::Object(members) = &mut answer {
            members.insert("file".into(), Value::String(to.display().to_string()));
            members.insert("seal".into(), serde_json::to_value(by).map_err(anyhow::Error::from)?);
        }
        return out.json(&answer);
    }
    told(out, &answer, held, to)
}

fn told(out: &mut Out, answer: &Value, held: Held, to: &Path) -> Result<(), Failure> {
    let by = held.by;
    let slot = field(answer, "slot");
    out.line(format!("Slot {slot}: credential, {}, in {}.", by.said(), to.display()))?;
    match by {
        Seal::HostKey => {
            out.line("This machine has no TPM that systemd can use, so the key that seals the credential lies on the same disk.")?;
            out.line(
                "A stolen disk can be read. With a TPM switched on in the firmware, remove this slot and add it again.",
            )?;
        }
        Seal::TpmUnbound => {
            let lack = held.lacks.unwrap_or(Lack::SecureBoot);
            out.line(format!("A disk without this machine opens nothing. {}, so the TPM gives the", lack.said()))?;
            out.line(format!("key to any system that is started on this machine: {}", lack.remedy()))?;
        }
        Seal::TpmBound => {
            out.line("A disk without this machine opens nothing. When Secure Boot is switched or its keys change (a firmware update")?;
            out.line("can do that), the TPM keeps the key, the box starts locked, and you add this slot anew.")?;
        }
    }
    match field(answer, "weaker").as_array() {
        Some(weaker) if !weaker.is_empty() => {
            let commands: Vec<String> = weaker.iter().map(|slot| format!("chartbox key remove {slot}")).collect();
            out.line("")?;
            out.line("The weakest way to unlock counts. What to do next:")?;
            out.line("  systemctl restart chartbox-key chartbox")?;
            out.line("  chartbox key status                    it should say: by the credential")?;
            commands.iter().try_for_each(|command| out.line(format!("  {command}")))
        }
        _ => {
            out.line("")?;
            out.line("Try it: systemctl restart chartbox-key chartbox; then `chartbox key status` should say: by the credential.")
        }
    }
}

/// Seals to the TPM where there is one, else by the host key. Answers with the sealed bytes, and with what was said meanwhile.
fn seal(text: &Secret<String>) -> Result<(Vec<u8>, String), Failure> {
    let name = format!("--name={CREDENTIAL}");
    let with: &[&str] = if has_tpm() { &["--with-key=tpm2", "--tpm2-pcrs=7"] } else { &["--with-key=host"] };
    let arguments: Vec<&str> = ["encrypt", &name].into_iter().chain(with.iter().copied()).chain(["-", "-"]).collect();
    run(&arguments, text.expose().as_bytes())
}

fn unseal(sealed: &[u8]) -> Result<Secret<String>, Failure> {
    let name = format!("--name={CREDENTIAL}");
    let opened = zeroize::Zeroizing::new(run(&["decrypt", &name, "-", "-"], sealed)?.0);
    Ok(Secret::new(String::from_utf8_lossy(&opened).into_owned()))
}

/// What holds a sealed key, by its own bytes, by what systemd said of the register, and by the firmware's word.
fn held_by(sealed: &[u8], unenforced: bool, secure_boot: bool) -> Result<Held, Failure> {
    let strange = || Failure::failed("systemd-creds wrote something that is no credential of a known kind");
    let text: Vec<u8> = sealed.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes = BASE64.decode(&text).map_err(|_| strange())?;
    if bytes.starts_with(&BY_HOST_KEY) {
        return Ok(Held { by: Seal::HostKey, lacks: None });
    }
    if !bytes.starts_with(&BY_TPM) && !bytes.starts_with(&BY_BOTH) {
        return Err(strange());
    }
    let registers = registers(&bytes).ok_or_else(strange)?;
    let lacks = match () {
        () if registers & SECURE_BOOT_REGISTER == 0 => Some(Lack::Register),
        () if unenforced => Some(Lack::Measured),
        () if !secure_boot => Some(Lack::SecureBoot),
        () => None,
    };
    Ok(Held { by: if lacks.is_some() { Seal::TpmUnbound } else { Seal::TpmBound }, lacks })
}

/// The registers that a credential of a TPM is sealed to.
fn registers(bytes: &[u8]) -> Option<u64> {
    let nonce = u32::from_le_bytes(*bytes.get(24..)?.first_chunk()?);
    let begins = 32_usize.checked_add(nonce as usize)?.checked_next_multiple_of(8)?;
    Some(u64::from_le_bytes(*bytes.get(begins..)?.first_chunk()?))
}

/// Whether systemd said that the registers hold nothing, so that being sealed to them is nothing either.
fn says_unenforced(words: &str) -> bool {
    words.contains("unenforced") || words.contains("not enforced")
}

/// Whether systemd can use a TPM here: firmware, driver and libraries.
fn has_tpm() -> bool {
    if std::env::var_os(OTHER_TPM).is_some() {
        return true;
    }
    let asked = Command::new("systemd-creds").arg("has-tpm2").stdin(Stdio::null()).output();
    asked.is_ok_and(|answer| answer.status.success())
}

/// Whether Secure Boot is on, by the firmware's own word (UEFI 2.10, section 3.3; 4 bytes of attributes, then the value).
fn secure_boot() -> bool {
    let variable = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    std::fs::read(variable).is_ok_and(|bytes| bytes.get(4) == Some(&1))
}

fn run(arguments: &[&str], input: &[u8]) -> Result<(Vec<u8>, String), Failure> {
    let missing = |error: std::io::Error| {
        Failure::failed(format!(
            "systemd-creds cannot be run ({error}): a credential takes systemd 250 or later. Nothing was changed."
        ))
    };
    let mut child = Command::new("systemd-creds")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(missing)?;
    if let Some(mut to) = child.stdin.take() {
        // A program that does not read says why itself.
        let _ = to.write_all(input);
    }
    let done = child.wait_with_output().map_err(missing)?;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    if done.status.success() {
        return Ok((done.stdout, said));
    }
    let why = said.lines().last().unwrap_or("it did not say why").trim();
    Err(Failure::failed(format!("systemd-creds did not seal the key: {why}. Run this as root. Nothing was changed.")))
}

fn write(to: &Path, sealed: &[u8]) -> Result<(), Failure> {
    if let Some(folder) = to.parent() {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(AppError::file(folder, "made"))?;
    }
    let open = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    let wrote = open.and_then(|mut file| file.write_all(sealed).and_then(|()| file.sync_all()));
    Ok(wrote.map_err(AppError::file(to, "written"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What systemd 252 wrote with a TPM, up to the sealed object: sealed to register 7 of the SHA-256 bank.
    const OF_A_TPM: &str =
        "DHzAexF2RZGcSwvqCLwg/iAAAAABAAAADAAAABAAAABXJX097x7Rr6L8a0MA\nAAAAgAAAAAAAAAALACMA8AAAACAAAAAAngAg8Xu/";

    #[test]
    fn what_holds_a_key_is_read_from_its_own_bytes_and_what_it_lacks_is_told() {
        let of = |sealed: &[u8], unenforced, secure_boot| held_by(sealed, unenforced, secure_boot).unwrap();
        let tpm = OF_A_TPM.as_bytes();
        assert_eq!(of(tpm, false, true), Held { by: Seal::TpmBound, lacks: None });
        assert_eq!(of(tpm, false, false), Held { by: Seal::TpmUnbound, lacks: Some(Lack::SecureBoot) });
        assert_eq!(of(tpm, true, true), Held { by: Seal::TpmUnbound, lacks: Some(Lack::Measured) });
        let text: Vec<u8> = tpm.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let mut bytes = BASE64.decode(&text).unwrap();
        assert_eq!(registers(&bytes), Some(SECURE_BOOT_REGISTER));
        bytes[48] = 0;
        let no_register = Held { by: Seal::TpmUnbound, lacks: Some(Lack::Register) };
        assert_eq!(of(BASE64.encode(&bytes).as_bytes(), false, true), no_register);
        let host = [&BY_HOST_KEY[..], &[0; 40]].concat();
        assert_eq!(of(BASE64.encode(&host).as_bytes(), true, true), Held { by: Seal::HostKey, lacks: None });
        for bad in ["!".to_owned(), BASE64.encode(&[7; 60]), BASE64.encode(&bytes[..50]), BASE64.encode(&BY_TPM)] {
            assert!(held_by(bad.as_bytes(), false, true).is_err(), "{bad}");
        }
        assert!(says_unenforced("PCR policy effectively unenforced!") && !says_unenforced(""));
    }
}
