//! Accepting connections, and letting them finish when the box stops.

use std::net::IpAddr;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::crowd::{Crowd, Place};
use super::front::Peer;
use super::heard::Heard;
use super::listener::Bound;
use super::{Front, Limits};

/// How long running requests may take to finish once the box stops.
const DRAIN: Duration = Duration::from_secs(10);

/// What a listener answers with, exchangeable while it runs: a locked box answers with the unlock page, and
/// with everything once it is open.
#[derive(Clone)]
pub struct Live(Arc<RwLock<Arc<(Front, Router)>>>);

impl Live {
    pub fn new(front: Front, router: Router) -> Self {
        Self(Arc::new(RwLock::new(Arc::new((front, router)))))
    }

    pub fn replace(&self, front: Front, router: Router) {
        *self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new((front, router));
    }

    fn now(&self) -> Arc<(Front, Router)> {
        self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

/// The signal to stop. Clones hear the same.
#[derive(Clone)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::channel(false).0))
    }
}

impl Stop {
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Returns when the box is to stop.
    pub async fn stopped(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|stop| *stop).await;
    }
}

/// A listener that answers.
pub struct Serving(JoinHandle<()>);

impl Serving {
    /// Starts to answer, until `stop`; then running requests have ten seconds.
    pub fn start(bound: Bound, live: Live, tls: Option<Arc<rustls::ServerConfig>>, limits: Limits, stop: Stop) -> Self {
        Self(tokio::spawn(accept(bound, live, tls.map(TlsAcceptor::from), limits, stop)))
    }

    /// Waits until every connection is done or was cut.
    pub async fn finished(self) {
        let _ = self.0.await;
    }
}

async fn accept(bound: Bound, live: Live, tls: Option<TlsAcceptor>, limits: Limits, stop: Stop) {
    let crowd = Crowd::new(&limits);
    let mut connections = JoinSet::new();
    let stopped = stop.stopped();
    tokio::pin!(stopped);
    loop {
        let (socket, from) = tokio::select! {
            () = &mut stopped => break,
            // A connection that ended; a panic in it has been logged.
            Some(_) = connections.join_next() => continue,
            accepted = bound.socket.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file handles, or a client that went away: the listener itself is well.
                    tracing::warn!(target: "http", listener = bound.entrance.name(), %error, "a connection could not be taken");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let peer = Peer { entrance: bound.entrance, ip: plain(from.ip()) };
        let Ok(place) = crowd.enter(peer.ip) else {
            live.now().0.metrics.turned_away(peer.entrance);
            tracing::debug!(target: "http", listener = peer.entrance.name(), "a connection found no place");
            continue;
        };
        let (live, tls, stop) = (live.clone(), tls.clone(), stop.clone());
        connections.spawn(async move { connection(socket, peer, place, live, tls, limits, stop).await });
    }
    drop(bound);
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, finished).await.is_err() {
        tracing::warn!(target: "http", "some requests did not finish in time and were cut");
    }
}

/// IPv4 that came in by a dual-stack socket, as IPv4.
const fn plain(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

async fn connection(
    socket: TcpStream,
    peer: Peer,
    place: Place,
    live: Live,
    tls: Option<TlsAcceptor>,
    limits: Limits,
    stop: Stop,
) {
    let _ = socket.set_nodelay(true);
    // Whoever takes nothing of what is sent, or is gone, is cut by the kernel.
    let unread = u32::try_from(limits.idle.as_millis()).unwrap_or(u32::MAX);
    let _ = rustix::net::sockopt::set_tcp_user_timeout(&socket, unread);
    let _counted = live.now().0.metrics.connection(peer.entrance);
    let Some(tls) = tls else {
        return talk(socket, Protocol::Http1, peer, &place, live, limits, stop).await;
    };
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(limits.header, tls.accept(socket)) => shaken,
        () = place.guest().told_to_leave() => return,
        () = stop.stopped() => return,
    };
    match shaken {
        Ok(Ok(stream)) => {
            let protocol = match stream.get_ref().1.alpn_protocol() {
                Some(b"h2") => Protocol::Http2,
                _ => Protocol::Http1,
            };
            talk(stream, protocol, peer, &place, live, limits, stop).await;
        }
        Ok(Err(error)) => {
            tracing::debug!(target: "http", listener = peer.entrance.name(), %error, "a TLS handshake failed");
        }
        Err(_) => tracing::debug!(target: "http", listener = peer.entrance.name(), "a TLS handshake took too long"),
    }
}

/// Agreed in the handshake, so that nothing has to be guessed from the first bytes.
#[derive(Clone, Copy)]
enum Protocol {
    Http1,
    Http2,
}

/// How many requests a connection has at a time, and how much of each body waits there until it is read.
const STREAMS: u32 = 32;
const UNREAD: u32 = 64 << 10;

/// How many headers are read, and how many bytes of address and headers: a little more than `front` takes, so that what is too
/// long is refused in words. What is longer still, no HTTP, or an address of more than 64 KiB, hyper answers itself before anybody
/// here sees it: 431, 400 or 414, without a body, and the connection ends.
pub(super) const READ_HEADERS: usize = 80;
pub(super) const READ_HEAD: usize = 88 << 10;

fn builder(protocol: Protocol, limits: Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    let mut http1 = builder.http1();
    http1.timer(TokioTimer::new()).header_read_timeout(limits.header).max_buf_size(READ_HEAD).max_headers(READ_HEADERS);
    // What a stream may have in its connection's buffers is counted for nobody: it is little.
    let mut http2 = builder.http2();
    http2.timer(TokioTimer::new()).max_header_list_size(u32::try_from(READ_HEAD).unwrap_or(u32::MAX));
    http2.max_concurrent_streams(STREAMS).max_send_buf_size(16 << 10);
    // The connection has room for all of them: bodies that wait for their turn stop no other on its way in.
    http2.initial_stream_window_size(UNREAD).initial_connection_window_size(STREAMS * UNREAD);
    match protocol {
        Protocol::Http1 => builder.http1_only(),
        Protocol::Http2 => builder.http2_only(),
    }
}

async fn talk<S>(stream: S, protocol: Protocol, peer: Peer, place: &Place, live: Live, limits: Limits, stop: Stop)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let builder = builder(protocol, limits);
    let guest = place.guest();
    let asking = guest.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let now = live.now();
        let runs = asking.runs();
        async move {
            let (front, router) = &*now;
            let answer = super::front::answer(front, router.clone(), peer, request.map(Body::new)).await;
            drop(runs);
            answer
        }
    });
    let stream = TokioIo::new(Heard::new(stream, guest.clone()));
    let serving = builder.serve_connection(stream, service).into_owned();
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => Some(ended),
        () = guest.told_to_leave() => return,
        // Both say goodbye first, and let a request finish that was just sent.
        () = stop.stopped() => None,
        () = guest.overstays(&limits) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            serving.as_mut().graceful_shutdown();
            match tokio::time::timeout(DRAIN, serving).await {
                Ok(ended) => ended,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(target: "http", listener = peer.entrance.name(), %error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use bytes::Bytes;
    use http_body_util::{BodyExt as _, Full};

    use super::*;

    /// What `front` refuses in words gets to it; what does not is what the statement names.
    #[tokio::test]
    async fn what_is_a_little_too_long_is_read_and_what_is_longer_still_has_no_answer_in_words() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

        use super::super::front::{LONGEST_ADDRESS, LONGEST_HEAD, MOST_HEADERS};

        let answer = async |address: usize, headers: usize, each: usize| {
            let (mut near, far) = tokio::io::duplex(256 << 10);
            let service = service_fn(async |_: Request<Incoming>| {
                Ok::<_, Infallible>(hyper::Response::new(Full::new(Bytes::from_static(b"in words"))))
            });
            let serving =
                builder(Protocol::Http1, Limits::default()).serve_connection(TokioIo::new(far), service).into_owned();
            let serving = tokio::spawn(serving);
            let mut text = format!("GET /{} HTTP/1.1\r\nconnection: close\r\n", "a".repeat(address - 1));
            for number in 1..headers {
                text += &format!("x-{number}: {}\r\n", "a".repeat(each));
            }
            text += "\r\n";
            let _ = near.write_all(text.as_bytes()).await;
            let mut answer = Vec::new();
            let _ = near.read_to_end(&mut answer).await;
            let _ = serving.await;
            let answer = String::from_utf8(answer).unwrap();
            (answer.get(9..12).unwrap_or_default().to_owned(), answer.ends_with("in words"))
        };
        let read = ("200".to_owned(), true);
        assert_eq!(answer(60 << 10, 5, 10).await, read, "an address of more than {LONGEST_ADDRESS} bytes");
        assert_eq!(answer(10, READ_HEADERS, 10).await, read, "more than {MOST_HEADERS} headers");
        assert_eq!(answer(10, 5, 16 << 10).await, read, "more than {LONGEST_HEAD} bytes of them");
        assert_eq!(answer(66 << 10, 5, 10).await, ("414".to_owned(), false));
        assert_eq!(answer(10, READ_HEADERS + 1, 10).await, ("431".to_owned(), false));
        assert_eq!(answer(10, 10, 16 << 10).await, ("431".to_owned(), false));
    }

    #[tokio::test]
    async fn bodies_that_wait_to_be_read_stop_no_other_of_their_connection() {
        const SIZE: usize = 1 << 20;
        let (near, far) = tokio::io::duplex(64 << 10);
        let service = service_fn(async |request: Request<Incoming>| {
            if request.uri().path() == "/waits" {
                std::future::pending::<()>().await;
            }
            let whole = request.into_body().collect().await.map(|body| body.to_bytes().len());
            Ok::<_, Infallible>(hyper::Response::new(whole.unwrap_or_default().to_string()))
        });
        let serving =
            builder(Protocol::Http2, Limits::default()).serve_connection(TokioIo::new(far), service).into_owned();
        tokio::spawn(serving);
        let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(near));
        let (mut send, connection) = handshake.await.unwrap();
        tokio::spawn(connection);
        let post = |path: &str| {
            let body = Full::new(Bytes::from(vec![b' '; SIZE]));
            Request::post(format!("http://box.example{path}")).body(body).unwrap()
        };
        for _ in 1..STREAMS {
            send.ready().await.unwrap();
            tokio::spawn(send.send_request(post("/waits")));
        }
        // Until all of them have sent what they may.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let answer = tokio::time::timeout(Duration::from_secs(20), send.send_request(post("/reads"))).await;
        let read = answer.unwrap().unwrap().into_body().collect().await.unwrap().to_bytes();
        assert_eq!(read, SIZE.to_string().as_bytes());
    }
}
