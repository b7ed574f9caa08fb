//! Where a bucket is, and what it takes to reach it.

use std::fmt;

use super::super::place::{SecretFile, host_and_port};

/// How a bucket is named to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// As the first step of the path: what servers of one's own take.
    Path,
    /// Before the server's name: what Amazon wants.
    Host,
}

/// `s3://bucket/folder`, and what it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Place {
    bucket: String,
    /// Without `/` at its ends; empty for the bucket itself.
    folder: String,
    endpoint: Option<Endpoint>,
    region: Option<String>,
    style: Option<Style>,
    credentials: Option<SecretFile>,
    ca_file: Option<SecretFile>,
}

/// A server that speaks S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub encrypted: bool,
    pub host: String,
    pub port: Option<u16>,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    pub encrypted: bool,
    pub host: String,
    pub port: u16,
    /// As the `Host` header has it.
    pub authority: String,
    /// Before a key: `/bucket/` or `/`.
    pub base: String,
    pub region: String,
}

const DEFAULT_REGION: &str = "us-east-1";

impl S3Place {
    pub fn parse(rest: &str) -> Result<Self, String> {
        let (bucket, folder) = rest.split_once('/').unwrap_or((rest, ""));
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if !(3..=63).contains(&bucket.len())
            || !bucket.chars().all(legal)
            || !bucket.starts_with(ends)
            || bucket.contains("..")
        {
            return Err(format!(
                "\"{bucket}\" is no bucket's name: small letters, digits, \"-\" and \".\", 3 to 63 of them"
            ));
        }
        let folder = folder.trim_matches('/');
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
        let step = |step: &str| step != "." && step != ".." && !step.is_empty() && step.chars().all(legal);
        if !folder.is_empty() && (folder.len() > 500 || !folder.split('/').all(step)) {
            return Err(
                "its folder takes letters, digits, \"-\", \"_\", \".\" and \"~\", and \"/\" between them".into()
            );
        }
        let (bucket, folder) = (bucket.to_owned(), folder.to_owned());
        Ok(Self { bucket, folder, endpoint: None, region: None, style: None, credentials: None, ca_file: None })
    }

    pub fn set(&mut self, option: &str, value: &str) -> Result<(), String> {
        match option {
            "endpoint" => self.endpoint = Some(Endpoint::parse(value)?),
            "region" => {
                let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
                if value.is_empty() || value.len() > 40 || !value.chars().all(legal) {
                    return Err(format!("\"{value}\" is no region, such as \"eu-central-1\""));
                }
                self.region = Some(value.to_owned());
            }
            "style" => {
                self.style = Some(match value {
                    "path" => Style::Path,
                    "host" => Style::Host,
                    _ => return Err(format!("style takes \"path\" or \"host\", not \"{value}\"")),
                });
            }
            "credentials" => self.credentials = Some(SecretFile::parse(value)?),
            "ca_file" => self.ca_file = Some(SecretFile::parse(value)?),
            other => {
                return Err(format!(
                    "an S3 bucket takes endpoint, region, style, credentials and ca_file, not {other}"
                ));
            }
        }
        Ok(())
    }

    pub fn options(&self) -> Vec<(&'static str, String)> {
        let style = self.style.map(|style| if style == Style::Path { "path" } else { "host" }.to_owned());
        let all = [
            ("endpoint", self.endpoint.as_ref().map(ToString::to_string)),
            ("region", self.region.clone()),
            ("style", style),
            ("credentials", self.credentials.as_ref().map(|file| file.as_str().to_owned())),
            ("ca_file", self.ca_file.as_ref().map(|file| file.as_str().to_owned())),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    pub fn credentials(&self) -> Option<&SecretFile> {
        self.credentials.as_ref()
    }

    pub fn ca_file(&self) -> Option<&SecretFile> {
        self.ca_file.as_ref()
    }

    /// The key of a file.
    pub fn key(&self, path: &str) -> String {
        if self.folder.is_empty() { path.to_owned() } else { format!("{}/{path}", self.folder) }
    }

    /// Where requests go. Without an endpoint, to Amazon.
    pub fn server(&self) -> Server {
        let region = self.region.clone().unwrap_or_else(|| DEFAULT_REGION.to_owned());
        let (endpoint, usual) = match &self.endpoint {
            Some(endpoint) => (endpoint.clone(), Style::Path),
            None => {
                let host = format!("s3.{region}.amazonaws.com");
                // A certificate for *.s3… does not cover a name with another point in it.
                let style = if self.bucket.contains('.') { Style::Path } else { Style::Host };
                (Endpoint { encrypted: true, host, port: None }, style)
            }
        };
        let (host, base) = match self.style.unwrap_or(usual) {
            Style::Path => (endpoint.host.clone(), format!("/{}/", self.bucket)),
            Style::Host => (format!("{}.{}", self.bucket, endpoint.host), "/".to_owned()),
        };
        let bracketed = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let authority = endpoint.port.map_or_else(|| bracketed.clone(), |port| format!("{bracketed}:{port}"));
        let port = endpoint.port.unwrap_or(if endpoint.encrypted { 443 } else { 80 });
        Server { encrypted: endpoint.encrypted, host, port, authority, base, region }
    }
}

impl Endpoint {
    /// `https://host:port`. Without encryption it stays on this machine.
    fn parse(text: &str) -> Result<Self, String> {
        let wanted =
            || format!("\"{text}\" is no endpoint: it begins with \"https://\", and has no path behind the server");
        let (encrypted, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(wanted()),
        };
        let rest = rest.trim_end_matches('/');
        if rest.contains(['/', '?', '#', '@']) {
            return Err(wanted());
        }
        let (host, port) = host_and_port(rest)?;
        let address: Result<std::net::IpAddr, _> = host.parse();
        if !encrypted && host != "localhost" && !address.is_ok_and(|address| address.is_loopback()) {
            return Err(format!(
                "\"{text}\" is not encrypted, which is for this machine only: use an endpoint that begins with \"https://\""
            ));
        }
        Ok(Self { encrypted, host, port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.encrypted { "https://" } else { "http://" })?;
        match self.host.contains(':') {
            true => write!(f, "[{}]", self.host)?,
            false => f.write_str(&self.host)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Display for S3Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.bucket)?;
        if self.folder.is_empty() { Ok(()) } else { write!(f, "/{}", self.folder) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_go_to_amazon_or_to_the_endpoint_in_the_style_of_each() {
        let of = |rest: &str, options: &[(&str, &str)]| {
            let mut place = S3Place::parse(rest).unwrap();
            options.iter().for_each(|(name, value)| place.set(name, value).unwrap());
            let server = place.server();
            (server.authority, server.port, server.base, place.key("packs/x"))
        };
        let is = |authority: &str, port, base: &str, key: &str| (authority.into(), port, base.into(), key.into());
        assert_eq!(of("clinic", &[]), is("clinic.s3.us-east-1.amazonaws.com", 443, "/", "packs/x"));
        assert_eq!(
            of("clinic.org/box", &[("region", "eu-west-1")]),
            is("s3.eu-west-1.amazonaws.com", 443, "/clinic.org/", "box/packs/x")
        );
        let minio = ("endpoint", "https://minio.clinic:9000");
        assert_eq!(of("clinic", &[minio]), is("minio.clinic:9000", 9000, "/clinic/", "packs/x"));
        assert_eq!(of("clinic", &[minio, ("style", "host")]), is("clinic.minio.clinic:9000", 9000, "/", "packs/x"));
        assert_eq!(of("clinic", &[("endpoint", "http://[::1]:81")]), is("[::1]:81", 81, "/clinic/", "packs/x"));
    }
}
