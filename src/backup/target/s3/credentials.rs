//! Reading what a server knows the box by, and which authorities vouch for the server.
//!
//! Credentials are a file of the form that Amazon's own tools and most servers hand out, of which the first profile counts:
//!
//! ```text
//! [default]
//! aws_access_key_id = …
//! aws_secret_access_key = …
//! ```

use std::os::unix::fs::PermissionsExt;

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::S3Place;
use super::sign::Credentials;
use crate::base::Secret;
use crate::base::said;

/// No credentials file is longer.
const MOST: u64 = 64 << 10;

/// Where systems keep the authorities that they trust.
const SYSTEM_ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The credentials of a place: from its file, or from the environment as Amazon's tools have it. What is wrong is a clause.
pub fn credentials(place: &S3Place) -> Result<Credentials, String> {
    let Some(file) = place.credentials() else { return of_environment() };
    let path = file.path()?;
    let unread =
        |error: std::io::Error| format!("its credentials {} cannot be read ({})", path.display(), said(&error));
    let known = std::fs::metadata(&path).map_err(unread)?;
    if known.len() > MOST || !known.is_file() {
        return Err(format!("{} is no file of credentials", path.display()));
    }
    if known.permissions().mode() & 0o007 != 0 {
        return Err(format!("others may read its credentials: run chmod 600 {}", path.display()));
    }
    let text = Secret::new(std::fs::read_to_string(&path).map_err(unread)?);
    parse(text.expose()).ok_or_else(|| {
        format!("{} has no aws_access_key_id and aws_secret_access_key in its first part", path.display())
    })
}

fn of_environment() -> Result<Credentials, String> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (Some(id), Some(secret)) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) else {
        return Err("it lacks credentials, a file with the access key".into());
    };
    Ok(Credentials { id, secret: Secret::new(secret), token: variable("AWS_SESSION_TOKEN").map(Secret::new) })
}

fn parse(text: &str) -> Option<Credentials> {
    let (mut id, mut secret, mut token) = (None, None, None);
    let mut parts = 0;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            parts += 1;
            if parts > 1 {
                break;
            }
        }
        let Some((name, value)) = line.split_once('=') else { continue };
        let value = value.trim().to_owned();
        match name.trim() {
            "aws_access_key_id" => id = Some(value),
            "aws_secret_access_key" => secret = Some(Secret::new(value)),
            "aws_session_token" => token = Some(Secret::new(value)),
            _ => {}
        }
    }
    // It goes into a header.
    let id = id.filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic()))?;
    let fits = |secret: &Secret<String>| !secret.expose().is_empty();
    Some(Credentials { id, secret: secret.filter(fits)?, token: token.filter(fits) })
}

/// The authorities that vouch for the server: those of `ca_file` alone, or those that this system trusts.
pub fn roots(place: &S3Place) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let (named, paths) = match place.ca_file() {
        Some(file) => (true, vec![file.path()?]),
        None => (false, SYSTEM_ROOTS.iter().map(Into::into).collect()),
    };
    for path in paths {
        match std::fs::read(&path) {
            Ok(pem) => {
                let read: Vec<_> = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect();
                roots.add_parsable_certificates(read);
                if !roots.is_empty() {
                    return Ok(roots);
                }
                if named {
                    return Err(format!("its ca_file {} holds no certificate", path.display()));
                }
            }
            Err(error) if named => {
                return Err(format!("its ca_file {} cannot be read ({})", path.display(), said(&error)));
            }
            Err(_) => {}
        }
    }
    Err("this system trusts no certificate authority: install the package ca-certificates, or name a ca_file".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_part_of_a_file_counts() {
        let read =
            parse("# x\n[default]\naws_access_key_id=ID\naws_secret_access_key = s/e=c \n[b]\naws_access_key_id=B\n");
        let read = read.unwrap();
        assert_eq!((read.id.as_str(), read.secret.expose().as_str(), read.token.is_none()), ("ID", "s/e=c", true));
        assert!(!format!("{read:?}").contains("s/e=c"));
        for bad in [
            "",
            "aws_access_key_id=ID",
            "aws_access_key_id=\naws_secret_access_key=x",
            "[a]\n[b]\naws_access_key_id=I\naws_secret_access_key=x",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("s3");
        let mut place = S3Place::parse("bucket").unwrap();
        place.set("credentials", path.to_str().unwrap()).unwrap();
        assert!(credentials(&place).unwrap_err().contains("cannot be read"));
        std::fs::write(&path, "aws_access_key_id=ID\naws_secret_access_key=x\n").unwrap();
        let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        mode(0o644);
        assert!(credentials(&place).unwrap_err().contains("chmod 600"));
        mode(0o640);
        assert_eq!(credentials(&place).unwrap().id, "ID");
        std::fs::write(&path, "nothing").unwrap();
        assert!(credentials(&place).unwrap_err().contains("aws_access_key_id"));
    }
}
