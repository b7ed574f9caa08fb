//! Sending a request and reading its answer: HTTP/1.1 over TLS, a few connections that are kept.
//!
//! Targets block and HTTP does not: each has a small runtime of its own, so that it works on any thread.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use super::place::Server;
use crate::base::said;

/// Until a connection stands.
const CONNECT: Duration = Duration::from_secs(20);
/// Until an answer is there whole, besides the time that its bytes take on a slow line.
const ANSWER: Duration = Duration::from_secs(90);
const SLOWEST_BYTES_A_SECOND: u64 = 8 << 10;
/// The kernel gives up a connection over which nothing arrives for so long.
const SILENT_MILLIS: u32 = 60_000;
/// Connections that are kept for the next request.
const KEPT: usize = 8;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// No connection.
    Unreachable(String),
    /// The server's certificate is not vouched for.
    Stranger(String),
    /// The connection broke, or nothing came in time.
    Broken(String),
    /// The answer is longer than it may be.
    TooLong,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub body: Bytes,
}

type Sending = SendRequest<Full<Bytes>>;

/// A way to one server.
pub struct Client {
    inner: Arc<Inner>,
    /// Until this is dropped.
    runtime: Option<Runtime>,
}

struct Inner {
    server: Server,
    tls: Option<Arc<ClientConfig>>,
    idle: Mutex<Vec<Sending>>,
}

impl Client {
    /// With the authorities that vouch for it, where it is encrypted.
    pub fn new(server: Server, roots: Option<RootCertStore>) -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = match roots {
            None => None,
            Some(roots) => {
                let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
                let config = config.map_err(|error| error.to_string())?;
                Some(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
            }
        };
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).thread_name("s3").enable_all().build();
        let runtime = runtime.map_err(|error| format!("no thread could be started ({error})"))?;
        let inner = Arc::new(Inner { server, tls, idle: Mutex::new(Vec::new()) });
        Ok(Self { inner, runtime: Some(runtime) })
    }

    pub fn server(&self) -> &Server {
        &self.inner.server
    }

    /// Sends a request and waits. An answer of more than `most` bytes is refused.
    pub fn send(&self, request: Request<Full<Bytes>>, most: u64) -> Result<Answer, Trouble> {
        let ended = || Trouble::Broken("the connection ended".into());
        let runtime = self.runtime.as_ref().ok_or_else(ended)?;
        let size = http_body::Body::size_hint(request.body()).exact().unwrap_or_default().max(most);
        let limit = ANSWER + Duration::from_secs(size / SLOWEST_BYTES_A_SECOND);
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let inner = self.inner.clone();
        runtime.spawn(async move {
            let late = || Trouble::Broken("the server did not answer in time".into());
            let answer = tokio::time::timeout(limit, inner.send(request, most)).await;
            // It is waited for until it is sent.
            let _ = tell.send(answer.unwrap_or_else(|_| Err(late())));
        });
        told.recv().unwrap_or_else(|_| Err(ended()))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Where blocking is not allowed, too.
            runtime.shutdown_background();
        }
    }
}

impl Inner {
    async fn send(&self, request: Request<Full<Bytes>>, most: u64) -> Result<Answer, Trouble> {
        // One that was kept may have ended meanwhile: then the request goes over a new one.
        while let Some(mut kept) = self.take_idle() {
            if kept.ready().await.is_err() {
                continue;
            }
            if let Ok(response) = kept.send_request(request.clone()).await {
                return self.read(response, kept, most).await;
            }
        }
        let mut sending = self.connect().await?;
        let response = sending.send_request(request).await.map_err(|error| broken(&error))?;
        self.read(response, sending, most).await
    }

    async fn read(&self, response: Response<Incoming>, sending: Sending, most: u64) -> Result<Answer, Trouble> {
        let (parts, body) = response.into_parts();
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let body = Limited::new(body, most).collect().await;
        let body = body.map_err(|error| match error.downcast_ref::<http_body_util::LengthLimitError>() {
            Some(_) => Trouble::TooLong,
            None => Trouble::Broken(error.to_string()),
        })?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT && !sending.is_closed() {
            idle.push(sending);
        }
        Ok(Answer { status: parts.status.as_u16(), body: body.to_bytes() })
    }

    fn take_idle(&self) -> Option<Sending> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    async fn connect(&self) -> Result<Sending, Trouble> {
        let work = async {
            let unreachable = |error: std::io::Error| Trouble::Unreachable(plain(&error));
            let stream =
                TcpStream::connect((self.server.host.as_str(), self.server.port)).await.map_err(unreachable)?;
            let _ = stream.set_nodelay(true);
            // Without it, a line that is cut is noticed after a quarter of an hour.
            let _ = rustix::net::sockopt::set_tcp_user_timeout(&stream, SILENT_MILLIS);
            let Some(tls) = &self.tls else { return handshake(stream).await };
            let name = ServerName::try_from(self.server.host.clone())
                .map_err(|_| Trouble::Unreachable("its name is none".into()))?;
            let connector = tokio_rustls::TlsConnector::from(tls.clone());
            let stream = connector.connect(name, stream).await.map_err(|error| {
                let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
                match cause {
                    Some(rustls::Error::InvalidCertificate(why)) => Trouble::Stranger(certificate(why)),
                    Some(other) => Trouble::Unreachable(format!("it does not speak TLS as it should: {other}")),
                    None => unreachable(error),
                }
            })?;
            handshake(stream).await
        };
        let late = || Trouble::Unreachable("it did not answer in time".into());
        tokio::time::timeout(CONNECT, work).await.unwrap_or_else(|_| Err(late()))
    }
}

async fn handshake(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Result<Sending, Trouble> {
    let (sending, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    // Whoever sends over it hears how it ends.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sending)
}

fn broken(error: &hyper::Error) -> Trouble {
    Trouble::Broken(match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    })
}

fn plain(error: &std::io::Error) -> String {
    let text = said(error);
    if text.contains("failed to lookup address") { "there is no server of this name".into() } else { text }
}

fn certificate(why: &rustls::CertificateError) -> String {
    use rustls::CertificateError as E;
    match why {
        // An authority of the same name and with another key is another one.
        E::UnknownIssuer | E::BadSignature => {
            "no authority that is known here vouches for its certificate; name the one that does as ca_file".into()
        }
        E::Expired | E::ExpiredContext { .. } => "its certificate has ended".into(),
        E::NotValidYet | E::NotValidYetContext { .. } => {
            "its certificate is not valid yet; is this clock right?".into()
        }
        E::NotValidForName | E::NotValidForNameContext { .. } => "its certificate is another server's".into(),
        other => format!("its certificate does not hold: {other}"),
    }
}
