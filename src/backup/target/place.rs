//! Where a target is, as the configuration and the command line say it, and what it takes to reach it.
//!
//! A folder is a whole path. A server is `sftp://user@host:port/folder`, a bucket `s3://bucket/folder`; what else it takes
//! stands behind a `?`, as in `s3://clinic/box?endpoint=https://minio.clinic:9000&credentials=/etc/chartbox/s3`, or in the
//! target's own section of the configuration under the same names. No secret stands in a place: only where a secret lies.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::s3::{S3Place, S3Target};
use super::sftp::{SftpPlace, SftpTarget};
use super::{FolderTarget, Missing, Target, TargetError};

/// One place for backups.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    Folder(String),
    Sftp(Box<SftpPlace>),
    S3(Box<S3Place>),
    /// A target that a test made.
    #[cfg(test)]
    Injected(String),
}

/// What stands before the path of a credential that systemd hands in.
const HANDED_IN: &str = "systemd:";

impl Place {
    /// Reads a place. What is wrong with it is a clause: the end of a sentence that names it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().any(char::is_control) {
            return Err("a place's name has only letters that can be printed".to_owned());
        }
        if text.starts_with('/') {
            return Ok(Self::Folder(match text.trim_end_matches('/') {
                "" => "/".to_owned(),
                path => path.to_owned(),
            }));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(NEITHER.to_owned());
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut place = match scheme {
            "sftp" => Self::Sftp(Box::new(SftpPlace::parse(rest)?)),
            "s3" => Self::S3(Box::new(S3Place::parse(rest)?)),
            _ => return Err(NEITHER.to_owned()),
        };
        let options: Vec<(String, String)> =
            serde_urlencoded::from_str(query).map_err(|_| "what stands behind its \"?\" cannot be read".to_owned())?;
        options.iter().try_for_each(|(name, value)| place.set(name, value))?;
        Ok(place)
    }

    /// Sets what it takes to reach it.
    pub fn set(&mut self, option: &str, value: &str) -> Result<(), String> {
        match self {
            Self::Sftp(place) => place.set(option, value),
            Self::S3(place) => place.set(option, value),
            _ => Err(format!("a folder takes no {option}")),
        }
    }

    /// Opens it.
    pub fn open(&self, missing: Missing) -> Result<Arc<dyn Target>, TargetError> {
        Ok(match self {
            Self::Folder(path) => Arc::new(FolderTarget::open(path.as_ref(), missing)?),
            Self::Sftp(place) => Arc::new(SftpTarget::open(place, missing)?),
            Self::S3(place) => Arc::new(S3Target::open(place)?),
            #[cfg(test)]
            Self::Injected(name) => crate::backup::fixture::injected(name)
                .ok_or_else(|| TargetError::Gone { place: name.clone(), why: "no test made it".into() })?,
        })
    }

    /// Whether a disk of this machine says which place it is.
    pub const fn is_on_a_disk(&self) -> bool {
        !matches!(self, Self::Sftp(_) | Self::S3(_))
    }

    /// Asks its disk which place it is. That may hang, as long as the disk does.
    pub fn look(&self) -> Seen {
        use std::os::unix::fs::MetadataExt;
        let file = match self {
            Self::Folder(path) => std::fs::metadata(path).ok().map(|known| (known.dev(), known.ino())),
            #[cfg(test)]
            Self::Injected(name) => crate::backup::fixture::looked_at(name),
            _ => None,
        };
        Seen { whole: self.whole(), file }
    }

    /// The same place by its one name: a folder without links and turns. One that is not there yet lies where the next
    /// folder above it does. It hangs as [`Place::look`] does.
    pub fn whole(&self) -> String {
        let whole = match self {
            Self::Folder(path) => Path::new(path).ancestors().find_map(|above| {
                let rest = Path::new(path).strip_prefix(above).ok()?;
                // To join nothing would add a stroke.
                let whole = above.canonicalize().ok()?;
                Some(if rest.as_os_str().is_empty() { whole } else { whole.join(rest) })
            }),
            _ => None,
        };
        whole.map_or_else(|| self.to_string(), |path| path.display().to_string())
    }

    /// The word for programs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Sftp(_) => "sftp",
            Self::S3(_) => "s3",
            _ => "folder",
        }
    }

    /// As the configuration takes it: the place, and what it takes to reach it.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let options = match self {
            Self::Sftp(place) => place.options(),
            Self::S3(place) => place.options(),
            _ => Vec::new(),
        };
        std::iter::once(("place", self.to_string())).chain(options).collect()
    }
}

/// Which place a place is, as its disk said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its one name.
    pub whole: String,
    /// The disk and the folder on it, by their numbers.
    file: Option<(u64, u64)>,
}

impl Seen {
    /// As far as its name says it.
    pub fn by_name(place: &Place) -> Self {
        Self { whole: place.to_string(), file: None }
    }

    /// Whether the other lies in it.
    pub fn is_around(&self, other: &Self) -> bool {
        let (here, there) = (Path::new(&self.whole), Path::new(&other.whole));
        here != there && there.starts_with(here)
    }

    /// Whether both are one place: the same folder, by a link or by a mount.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self.file, other.file) {
            (Some(one), Some(other)) => one == other,
            _ => self.whole == other.whole,
        }
    }
}

const NEITHER: &str =
    "a place is a folder, which begins with \"/\", an SFTP server, with \"sftp://\", or an S3 bucket, with \"s3://\"";

/// As a person would say it.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => f.write_str(path),
            Self::Sftp(place) => place.fmt(f),
            Self::S3(place) => place.fmt(f),
            #[cfg(test)]
            Self::Injected(name) => f.write_str(name),
        }
    }
}

/// A file that holds a secret or a key: by its whole path, or by its name among the credentials that systemd hands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretFile(String);

impl SecretFile {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let handed_in = text.strip_prefix(HANDED_IN).is_some_and(|name| !name.is_empty() && !name.contains('/'));
        if handed_in || text.starts_with('/') {
            return Ok(Self(text.to_owned()));
        }
        Err(format!("\"{text}\" is neither a file's whole path nor \"{HANDED_IN}\" and a credential's name"))
    }

    /// Where it lies now.
    pub(super) fn path(&self) -> Result<PathBuf, String> {
        let Some(name) = self.0.strip_prefix(HANDED_IN) else { return Ok(self.0.clone().into()) };
        let folder = std::env::var_os("CREDENTIALS_DIRECTORY")
            .ok_or_else(|| format!("systemd handed in no credentials to this program, so there is no {name}"))?;
        Ok(PathBuf::from(folder).join(name))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A host, in the letters of host names and addresses, that no program takes for an option.
pub(super) fn host(text: &str) -> Result<String, String> {
    let bare = text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(text);
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
    if bare.is_empty() || bare.len() > 255 || bare.starts_with('-') || !bare.chars().all(legal) {
        return Err(format!("\"{text}\" is no server's name or address"));
    }
    Ok(bare.to_owned())
}

/// A host with its port, if it has one.
pub(super) fn host_and_port(text: &str) -> Result<(String, Option<u16>), String> {
    let after_address = text.rfind(']').map_or(0, |at| at + 1);
    let (name, port) = match text.get(after_address..).and_then(|rest| rest.rfind(':')) {
        Some(at) => text.split_at(after_address + at),
        None => (text, ""),
    };
    let port = match port.strip_prefix(':') {
        None => None,
        Some(port) => Some(
            port.parse()
                .ok()
                .filter(|port| *port != 0)
                .ok_or_else(|| format!("\"{port}\" is no port: it is a number from 1 to 65535"))?,
        ),
    };
    Ok((host(name)?, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_and_says_no_more_than_where_it_is() {
        for (text, said) in [
            ("/media/usb/chartbox/", "/media/usb/chartbox"),
            ("/", "/"),
            ("sftp://nas.example/srv/box", "sftp://nas.example/srv/box"),
            (
                "sftp://backup@nas.example:2222/~/box/?key_file=/k&known_hosts=/h",
                "sftp://backup@nas.example:2222/~/box",
            ),
            ("sftp://[::1]:22/x", "sftp://[::1]:22/x"),
            ("s3://clinic-backups", "s3://clinic-backups"),
            (
                "s3://clinic/box/?endpoint=http%3A%2F%2F127.0.0.1%3A9000&credentials=systemd:s3&region=eu-west-1",
                "s3://clinic/box",
            ),
        ] {
            let place = Place::parse(text).unwrap();
            assert_eq!(place.to_string(), said);
            // What the configuration takes makes the same place.
            let settings = place.settings();
            let mut again = Place::parse(&settings[0].1).unwrap();
            for (option, value) in &settings[1..] {
                again.set(option, value).unwrap();
            }
            assert_eq!(again, place, "{text}");
        }
    }

    #[test]
    fn what_is_no_place_is_said_to_be_none() {
        for (text, part) in [
            ("usb", "a place is a folder"),
            ("/media/\u{1b}[31musb", "can be printed"),
            ("ftp://x/y", "a place is a folder"),
            ("sftp://-oProxyCommand=x/y", "no server's name"),
            ("sftp://a b/y", "no server's name"),
            ("sftp://-l@host/y", "no account's name"),
            ("sftp://user:password@host/y", "holds a password"),
            ("sftp://host:0/y", "no port"),
            ("sftp://host", "a folder"),
            ("sftp://host/../y", "..\""),
            ("sftp://host/y?password=x", "takes key_file"),
            ("sftp://host/y?key_file=key", "neither a file's whole path"),
            ("s3://AB/y", "no bucket's name"),
            ("s3://bucket/a b", "letters, digits"),
            ("s3://bucket/../x", "letters, digits"),
            ("s3://bucket?endpoint=http://minio.clinic:9000", "https://"),
            ("s3://bucket?endpoint=minio.clinic", "https://"),
            ("s3://bucket?endpoint=https://minio.clinic/path", "no path"),
            ("s3://bucket?style=other", "path"),
            ("s3://bucket?secret=x", "takes endpoint"),
        ] {
            let said = Place::parse(text).unwrap_err();
            assert!(said.contains(part), "{text}: {said}");
        }
    }
}
