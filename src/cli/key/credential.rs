//! `chartbox key add --credential`: a key that systemd seals and hands in at the start.
//!
//! `systemd-creds` does the sealing, as root, in this process: the running box has no right to. With a TPM the credential is
//! sealed to it and to PCR 7, the state of Secure Boot; without one by systemd's host key, which lies on the same disk and is
//! said so. The sealed file is read back before anything of the box is changed. Which of the two it is stands in its first
//! 16 bytes (systemd, `src/shared/creds-util.h`: `CRED_AES256_GCM_BY_HOST`), so that what is told is what was done.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

use data_encoding::BASE64;
use serde_json::Value;

use super::order::{Given, Order};
use crate::app::AppError;
use crate::app::keys::CREDENTIAL;
use crate::base::{Ambient, Secret};
use crate::cli::order::Order as BoxOrder;
use crate::cli::place::Reach;
use crate::cli::{Failure, Out, field};
use crate::crypto::{KeyMaterial, Seal};

/// Where chartbox-key.service finds it.
pub(super) const PLACE: &str = "/etc/credstore.encrypted/chartbox-key";

/// The first bytes of a credential that the host key seals.
const BY_HOST_KEY: [u8; 16] =
    [0x5a, 0x1c, 0x6a, 0x86, 0xdf, 0x9d, 0x40, 0x96, 0xb1, 0xd5, 0xa6, 0x5e, 0x08, 0x62, 0xf1, 0x9a];

pub(super) fn add(out: &mut Out, reach: &Reach, json: bool, to: &Path) -> Result<(), Failure> {
    if to.exists() {
        return Err(Failure::failed(format!(
            "{} is there already, and nothing was changed. If it is of an earlier slot, remove that slot and the file first.",
            to.display()
        )));
    }
    let material = KeyMaterial::generate(&Ambient::system());
    let sealed = seal(&material.text())?;
    let by = sealed_by(&sealed)?;
    if unseal(&sealed)?.expose().trim() != material.text().expose().trim() {
        return Err(Failure::failed("the sealed key does not read back as it was; nothing was changed"));
    }
    // The file first: a slot whose key is nowhere would be a lie, a file without its slot opens nothing.
    write(to, &sealed)?;
    let order = Order::Add { key: Given::credential(&material), seal: Some(by) };
    let answer = match reach.order(BoxOrder::Key(order)) {
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
    told(out, &answer, by, to)
}

fn told(out: &mut Out, answer: &Value, by: Seal, to: &Path) -> Result<(), Failure> {
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
            out.line("A disk without this machine opens nothing. Secure Boot is off, so the TPM gives the key to any system that is")?;
            out.line("started on this machine: switch Secure Boot on, then remove this slot and add it again.")?;
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

/// Seals to the TPM where there is one, else by the host key.
fn seal(text: &Secret<String>) -> Result<Vec<u8>, Failure> {
    let name = format!("--name={CREDENTIAL}");
    let with: &[&str] = if has_tpm() { &["--with-key=tpm2", "--tpm2-pcrs=7"] } else { &["--with-key=host"] };
    let arguments: Vec<&str> = ["encrypt", &name].into_iter().chain(with.iter().copied()).chain(["-", "-"]).collect();
    run(&arguments, text.expose().as_bytes())
}

fn unseal(sealed: &[u8]) -> Result<Secret<String>, Failure> {
    let name = format!("--name={CREDENTIAL}");
    let opened = zeroize::Zeroizing::new(run(&["decrypt", &name, "-", "-"], sealed)?);
    Ok(Secret::new(String::from_utf8_lossy(&opened).into_owned()))
}

/// What sealed it, by its own first bytes.
fn sealed_by(sealed: &[u8]) -> Result<Seal, Failure> {
    let text: Vec<u8> = sealed.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes =
        BASE64.decode(&text).map_err(|_| Failure::failed("systemd-creds wrote something that is no credential"))?;
    Ok(if bytes.starts_with(&BY_HOST_KEY) {
        Seal::HostKey
    } else if secure_boot() {
        Seal::TpmBound
    } else {
        Seal::TpmUnbound
    })
}

/// Whether systemd can use a TPM here: firmware, driver and libraries.
fn has_tpm() -> bool {
    let asked = Command::new("systemd-creds").arg("has-tpm2").stdin(Stdio::null()).output();
    asked.is_ok_and(|answer| answer.status.success())
}

/// Whether Secure Boot is on, by the firmware's own word (UEFI 2.10, section 3.3; 4 bytes of attributes, then the value).
fn secure_boot() -> bool {
    let variable = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    std::fs::read(variable).is_ok_and(|bytes| bytes.get(4) == Some(&1))
}

fn run(arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, Failure> {
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
    if done.status.success() {
        return Ok(done.stdout);
    }
    let said = String::from_utf8_lossy(&done.stderr);
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

    #[test]
    fn the_host_key_is_told_from_a_tpm_by_the_first_bytes() {
        let of = |head: &[u8]| {
            let text = BASE64.encode(&[head, &[0; 40]].concat());
            let (one, two) = text.split_at(20);
            sealed_by(format!("{one}\n{two}\n").as_bytes()).unwrap()
        };
        assert_eq!(of(&BY_HOST_KEY), Seal::HostKey);
        assert!(matches!(of(&[0x0c; 16]), Seal::TpmBound | Seal::TpmUnbound));
        assert!(sealed_by(b"!").is_err());
    }
}
