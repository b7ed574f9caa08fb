//! A small HTTP/1.1 client that trusts one authority and keeps cookies.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    /// As text; what is none has gaps.
    pub body: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The token of the page's first form.
    pub fn csrf(&self) -> String {
        self.body.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }
}

pub struct Client {
    host: String,
    port: u16,
    tls: Option<Arc<ClientConfig>>,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Client {
    /// For an origin such as `https://chartbox-k3mf.local:8443`, at this machine.
    pub fn new(origin: &str, authority: &Path) -> Self {
        let (scheme, rest) = origin.split_once("://").unwrap();
        let (host, port) = rest.rsplit_once(':').unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            host: host.to_owned(),
            port: port.parse().unwrap(),
            tls: (scheme == "https").then(|| Arc::new(tls)),
            cookies: Mutex::default(),
        }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    /// A form, as a browser sends it.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encode = |text: &str| {
            text.bytes().fold(String::new(), |out, byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => out + &char::from(byte).to_string(),
                _ => out + &format!("%{byte:02X}"),
            })
        };
        let body: Vec<String> =
            fields.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
        self.send("POST", path, &headers, &body.join("&"))
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "host") {
            request += &format!("host: {}:{}\r\n", self.host, self.port);
        }
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request += &format!("cookie: {}\r\n", cookies.join("; "));
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        let answer = self.raw(format!("{request}\r\n{body}").as_bytes());
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (pair, rest) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            match rest.contains("Max-Age=0") {
                true => cookies.remove(name),
                false => cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    /// Sends bytes and reads until the other side closes.
    pub fn raw(&self, bytes: &[u8]) -> Answer {
        let socket = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut got = Vec::new();
        match &self.tls {
            Some(config) => {
                let name = ServerName::try_from(self.host.clone()).unwrap();
                let mut stream = StreamOwned::new(ClientConnection::new(config.clone(), name).unwrap(), socket);
                // A box that refuses may close before it has read everything; its answer counts.
                let _ = stream.write_all(bytes).and_then(|()| stream.flush());
                let _ = stream.read_to_end(&mut got);
            }
            None => {
                let mut stream = socket;
                let _ = stream.write_all(bytes);
                let _ = stream.read_to_end(&mut got);
            }
        }
        parse(&got)
    }

    /// Sends a head and then one piece again and again, as long as the other side listens. `None` when it closed
    /// before its answer could be read.
    pub fn stream(&self, head: &[u8], piece: &[u8], times: usize) -> Option<Answer> {
        let socket = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let name = ServerName::try_from(self.host.clone()).unwrap();
        let config = self.tls.clone().expect("an HTTPS listener");
        let mut stream = StreamOwned::new(ClientConnection::new(config, name).unwrap(), socket);
        stream.write_all(head).unwrap();
        let _ = (0..times).try_for_each(|_| stream.write_all(piece)).and_then(|()| stream.flush());
        let mut got = Vec::new();
        let _ = stream.read_to_end(&mut got);
        (!got.is_empty()).then(|| parse(&got))
    }

    /// Asks, and reads of the answer only what is asked for: the rest waits at the box, as on a slow line.
    pub fn download(&self, path: &str, headers: &[(&str, String)]) -> Download {
        let socket = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None);
        let socket = socket.unwrap();
        // Before the connection stands: the window that it begins with is made of it.
        rustix::net::sockopt::set_socket_recv_buffer_size(&socket, 16 << 10).unwrap();
        rustix::net::connect(&socket, &std::net::SocketAddrV4::new([127, 0, 0, 1].into(), self.port)).unwrap();
        let name = ServerName::try_from(self.host.clone()).unwrap();
        let config = self.tls.clone().expect("an HTTPS listener");
        let mut stream = StreamOwned::new(ClientConnection::new(config, name).unwrap(), TcpStream::from(socket));
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let host = self.authority();
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        Download { stream, got: Vec::new() }
    }

    /// The host and port, as in a `host` header.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Puts a cookie of another client into this one.
    pub fn take_cookies_of(&self, other: &Self) {
        *self.cookies.lock().unwrap() = other.cookies.lock().unwrap().clone();
    }

    pub fn cookie_names(&self) -> Vec<String> {
        self.cookies.lock().unwrap().keys().cloned().collect()
    }
}

/// An answer that is being read.
pub struct Download {
    stream: StreamOwned<ClientConnection, TcpStream>,
    got: Vec<u8>,
}

impl Download {
    /// Reads until there is this much of it, its head included.
    pub fn read(&mut self, bytes: usize) {
        let mut piece = [0; 4096];
        while self.got.len() < bytes {
            let count = self.stream.read(&mut piece).unwrap();
            assert!(count > 0, "it ended after {} bytes", self.got.len());
            self.got.extend_from_slice(&piece[..count]);
        }
    }

    /// The rest of it, and whether the box said that this is its end.
    pub fn rest(mut self) -> (Answer, End) {
        // A connection that breaks off leaves what came before.
        let _ = self.stream.read_to_end(&mut self.got);
        let end = if self.got.ends_with(b"\r\n0\r\n\r\n") { End::Whole } else { End::BrokenOff };
        (parse(&self.got), end)
    }
}

/// How a chunked answer ended (RFC 9112 §8): without its last chunk it is not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Whole,
    BrokenOff,
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(bytes)));
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let body = &bytes[end + 4..];
    let body = if chunked { unchunked(body) } else { body.to_vec() };
    // A compressed body is looked at by its headers alone.
    Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned(), bytes: body }
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(line) = body.windows(2).position(|part| part == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&body[..line]).unwrap(), 16).unwrap();
        let rest = &body[line + 2..];
        // What was cut off is shorter than it said.
        let end = size.min(rest.len());
        out.extend_from_slice(&rest[..end]);
        if size == 0 || end < size {
            break;
        }
        body = rest.get(end + 2..).unwrap_or_default();
    }
    out
}
