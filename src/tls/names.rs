//! What a certificate may be for.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::TlsError;

/// A DNS name in lower case: labels of letters, digits and hyphens (RFC 1123 §2.1), at least two, at most 253 characters.
/// Never an address, a wildcard or `localhost`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(Box<str>);

impl HostName {
    pub fn parse(text: &str) -> Result<Self, TlsError> {
        let name = text.trim_end_matches('.').to_ascii_lowercase();
        let label = |label: &str| {
            let inner = label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            (1..=63).contains(&label.len()) && inner && !label.starts_with('-') && !label.ends_with('-')
        };
        let last_is_a_word = name.rsplit('.').next().is_some_and(|last| last.bytes().any(|b| b.is_ascii_lowercase()));
        let top_is_local_host = name == "localhost" || name.ends_with(".localhost");
        if name.len() > 253
            || !name.contains('.')
            || !name.split('.').all(label)
            || !last_is_a_word
            || top_is_local_host
        {
            return Err(TlsError::NotAHostName);
        }
        Ok(Self(name.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl FromStr for HostName {
    type Err = TlsError;
    fn from_str(text: &str) -> Result<Self, TlsError> {
        Self::parse(text)
    }
}
impl TryFrom<String> for HostName {
    type Error = TlsError;
    fn try_from(text: String) -> Result<Self, TlsError> {
        Self::parse(&text)
    }
}
impl From<HostName> for String {
    fn from(name: HostName) -> Self {
        name.0.into()
    }
}

/// The names of one box: what its authority permits and its leaf carries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Names {
    /// A real box: its `.local` name, and those that the clinic listed. No address.
    Box { local: HostName, others: Vec<HostName> },
    /// A demo: this machine under its own name for itself, `localhost`, 127.0.0.1 and ::1.
    Demo,
}

impl Names {
    /// The first is the one to show.
    pub fn hosts(&self) -> Vec<&str> {
        match self {
            Self::Box { local, others } => {
                let mut hosts = vec![local.as_str()];
                for other in others {
                    if !hosts.contains(&other.as_str()) {
                        hosts.push(other.as_str());
                    }
                }
                hosts
            }
            Self::Demo => vec!["localhost"],
        }
    }

    /// Addresses that the leaf carries beside the names.
    pub fn addresses(&self) -> Vec<IpAddr> {
        match self {
            Self::Box { .. } => Vec::new(),
            Self::Demo => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        }
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hosts().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_is_a_name() {
        for (text, name) in [
            ("chartbox-k3mf.local", "chartbox-k3mf.local"),
            ("Box.Clinic.Example.", "box.clinic.example"),
            ("xn--zrich-kva.example", "xn--zrich-kva.example"),
        ] {
            assert_eq!(HostName::parse(text).unwrap().as_str(), name);
        }
        let long = format!("{}.example", "a.".repeat(130));
        for bad in [
            "",
            "box",
            "localhost",
            "a.localhost",
            "192.168.1.1",
            "[::1]",
            "fe80::1",
            "*.example.com",
            "a..b",
            "-a.example",
            "a-.example",
            "a b.example",
            "z\u{fc}rich.example",
            "a_b.example",
            ".example",
            "https://a.example",
            &long,
        ] {
            assert_eq!(HostName::parse(bad), Err(TlsError::NotAHostName), "{bad}");
        }
    }

    #[test]
    fn a_name_listed_twice_counts_once() {
        let host = |name| HostName::parse(name).unwrap();
        let names = Names::Box { local: host("a.local"), others: vec![host("b.example"), host("a.local")] };
        assert_eq!(names.hosts(), ["a.local", "b.example"]);
    }
}
