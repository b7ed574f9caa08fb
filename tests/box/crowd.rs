//! Many connections that say nothing: nobody else waits for them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::process::{Place, file};

/// A connection from this address of the loopback to a port there.
fn from(source: &str, port: u16) -> TcpStream {
    use rustix::net::{AddressFamily, SocketAddrV4, SocketType};
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    rustix::net::bind(&socket, &SocketAddrV4::new(source.parse().unwrap(), 0)).unwrap();
    rustix::net::connect(&socket, &SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, port)).unwrap();
    TcpStream::from(socket)
}

/// One request over plain HTTP from this address. `None` when it was cut, or not answered in half a minute.
fn asked(source: &str, port: u16) -> Option<String> {
    let mut stream = from(source, port);
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: box\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    (!answer.is_empty()).then_some(answer)
}

fn port(url: &str) -> u16 {
    url.rsplit(':').next().unwrap().parse().unwrap()
}

#[test]
fn whoever_opens_connections_by_the_thousand_keeps_nobody_else_out() {
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let all = rustix::process::Rlimit { current: files.maximum, maximum: files.maximum };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, all).unwrap();
    let place = Place::made(&[]);
    // So long that nobody is served because a silent connection timed out.
    let config = file(place.home(), "config.toml", "[limits]\nheader_seconds = 120\nidle_seconds = 3600\n");
    let running = place.serve_with(&["--config", &config]);
    let (clinic, ops) = (port(&running.url("clinic")), port(&running.url("ops")));

    // From one address, half of them at a listener that waits for a handshake.
    let silent: Vec<TcpStream> =
        (0..2600).map(|at| from("127.0.0.9", if at % 2 == 0 { clinic } else { ops })).collect();
    assert!(asked("127.0.0.10", ops).is_some(), "another address");
    assert!(asked("127.0.0.9", ops).is_some(), "the same address");
    assert_eq!(running.client("clinic").get("/sign-in").status, 200);
    drop(silent);

    // From many, until every place is taken several times over.
    let silent: Vec<TcpStream> =
        (0..2000).map(|at| from(&format!("127.0.1.{}", 1 + at % 20), if at % 2 == 0 { clinic } else { ops })).collect();
    assert!(asked("127.0.2.1", ops).is_some());
    assert_eq!(running.client("clinic").get("/sign-in").status, 200);
    let metrics = running.client("ops").get("/metrics").body;
    let open = |listener: &str| {
        let name = format!("chartbox_http_connections{{listener=\"{listener}\"}} ");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&name)).unwrap();
        line.parse::<usize>().unwrap()
    };
    assert!(open("ops") <= 1024 + 20 && open("clinic") <= 1024 + 20, "{} {}", open("ops"), open("clinic"));
    drop(silent);
    assert!(running.stop().0);
}

#[test]
fn a_connection_that_asks_for_nothing_is_closed_in_its_time() {
    let place = Place::made(&[]);
    let config = file(place.home(), "config.toml", "[limits]\nheader_seconds = 1\n");
    let running = place.serve_with(&["--config", &config]);
    for listener in ["clinic", "ops"] {
        let mut silent = from("127.0.0.1", port(&running.url(listener)));
        silent.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let ended = silent.read(&mut [0; 64]);
        let closed = match &ended {
            Ok(count) => *count == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        };
        assert!(closed, "{listener}: {ended:?}");
    }
}
