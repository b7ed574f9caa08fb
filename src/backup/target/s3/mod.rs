//! A bucket on a server that speaks S3: Amazon's, another provider's, or the clinic's own.
//!
//! Four questions of its interface are enough: PUT, GET, DELETE and the list, each signed ([`sign`]). A file is one PUT, which is
//! there whole or not at all. The server is asked before whether there is one of this name, and told by `If-None-Match: *` to
//! replace none that comes meanwhile; one that does not heed that is no danger, since names are random and two writers do not
//! meet at one.
//!
//! What goes wrong for a moment (429, 500, 502, 503, 504, a connection that breaks) is tried again, with a wait that doubles.

mod answer;
mod credentials;
mod http;
mod place;
mod sign;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::http::{HeaderName, HeaderValue, Request};
use bytes::Bytes;
use http_body_util::Full;

use super::{Listed, Name, Put, Shelf, Target, TargetError};
use crate::base::Ambient;
use answer::{read_error, read_page};
use http::{Answer, Client, Trouble};
use sign::{Credentials, ToSign, query_text};

pub use place::S3Place;

/// How often something is tried that may work the next time. The wait before doubles each time, to half a minute in all.
const TRIES: u32 = 6;
const FIRST_WAIT: Duration = if cfg!(test) { Duration::from_millis(10) } else { Duration::from_millis(500) };
/// The most of what a server says besides files.
const WORDS: u64 = 4 << 20;
/// Files on one page of a list.
const PAGE: u32 = if cfg!(test) { 3 } else { 1000 };
/// More pages than this has no list of ours.
const MOST_PAGES: usize = 2000;

/// A folder in a bucket.
pub struct S3Target {
    place: S3Place,
    said: String,
    client: Client,
    credentials: Credentials,
    ambient: Ambient,
    /// Whether it ever answered: then it is worth waiting for.
    worked: AtomicBool,
    /// Whether the server knows `If-None-Match` for a PUT.
    conditional: AtomicBool,
}

/// A question to the server.
struct Question<'a> {
    method: &'static str,
    /// The key; empty for the bucket.
    key: &'a str,
    query: &'a [(&'static str, String)],
    headers: Vec<(&'static str, String)>,
    body: Bytes,
    /// The longest answer.
    most: u64,
}

impl<'a> Question<'a> {
    fn new(method: &'static str, key: &'a str) -> Self {
        Self { method, key, query: &[], headers: Vec::new(), body: Bytes::new(), most: WORDS }
    }
}

impl S3Target {
    /// Reads what it takes. The server is asked with the first question.
    pub fn open(place: &S3Place) -> Result<Self, TargetError> {
        Self::open_at(place, Ambient::system())
    }

    fn open_at(place: &S3Place, ambient: Ambient) -> Result<Self, TargetError> {
        let said = place.to_string();
        let not_set_up = |why| TargetError::NotSetUp { place: said.clone(), why };
        let server = place.server();
        let roots = if server.encrypted { Some(credentials::roots(place).map_err(not_set_up)?) } else { None };
        let credentials = credentials::credentials(place).map_err(not_set_up)?;
        let client = Client::new(server, roots).map_err(not_set_up)?;
        let (worked, conditional) = (AtomicBool::new(false), AtomicBool::new(true));
        Ok(Self { place: place.clone(), said, client, credentials, ambient, worked, conditional })
    }

    /// Asks, again where that may help. An answer that is no error of the server, or one that will stay.
    fn ask(&self, question: &Question<'_>) -> Result<Answer, TargetError> {
        let mut tried = 0;
        loop {
            let trouble = match self.ask_once(question) {
                Ok(answer) if !matches!(answer.status, 429 | 500 | 502 | 503 | 504) => {
                    self.worked.store(true, Ordering::Relaxed);
                    return Ok(answer);
                }
                Ok(answer) => match self.is_full(&answer) {
                    true => return Ok(answer),
                    false => Trouble::Broken(said(&answer)),
                },
                Err(trouble) => trouble,
            };
            let place = self.said.clone();
            let worked = self.worked.load(Ordering::Relaxed);
            let last = tried >= TRIES;
            match trouble {
                Trouble::Stranger(why) => return Err(TargetError::Stranger { place, why }),
                Trouble::TooLong => {
                    let why = "the server's answer is longer than it can be".into();
                    return Err(TargetError::Io { place, name: question.key.to_owned(), why });
                }
                Trouble::Unreachable(why) if !worked => return Err(TargetError::Gone { place, why }),
                Trouble::Unreachable(why) | Trouble::Broken(why) if last => {
                    return Err(match worked {
                        true => TargetError::Cut { place, why },
                        false => TargetError::Gone { place, why },
                    });
                }
                Trouble::Unreachable(_) | Trouble::Broken(_) => {}
            }
            std::thread::sleep(FIRST_WAIT * (1 << tried));
            tried += 1;
        }
    }

    fn ask_once(&self, question: &Question<'_>) -> Result<Answer, Trouble> {
        let server = self.client.server();
        let path = match question.key {
            // The bucket itself, named as a step of the path, has none behind it.
            "" if server.base.len() > 1 => server.base.trim_end_matches('/').to_owned(),
            key => format!("{}{key}", server.base),
        };
        let to_sign = ToSign {
            method: question.method,
            authority: &server.authority,
            path: &path,
            query: question.query,
            headers: question.headers.clone(),
            payload: &question.body,
        };
        let headers = sign::sign(&to_sign, &self.credentials, &server.region, self.ambient.now());
        let query = query_text(question.query);
        let uri = if query.is_empty() { path } else { format!("{path}?{query}") };
        let bad = || Trouble::Unreachable("a request to it cannot be written".into());
        let mut request = Request::builder()
            .method(question.method)
            .uri(uri)
            .body(Full::new(question.body.clone()))
            .map_err(|_| bad())?;
        let host = HeaderValue::from_str(&server.authority).map_err(|_| bad())?;
        request.headers_mut().insert(::http::header::HOST, host);
        for (name, value) in headers {
            let mut value = HeaderValue::from_str(&value).map_err(|_| bad())?;
            value.set_sensitive(name == "authorization" || name == "x-amz-security-token");
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
        self.client.send(request, question.most)
    }

    fn is_full(&self, answer: &Answer) -> bool {
        let full = ["QuotaExceeded", "XMinioStorageFull", "StorageFull", "InsufficientStorage", "NotEnoughSpace"];
        answer.status == 507 || code(answer).is_some_and(|code| full.iter().any(|word| code.contains(word)))
    }

    /// What an answer that is not what was asked for means.
    fn wrong(&self, name: &dyn ToString, answer: &Answer) -> TargetError {
        let place = self.said.clone();
        if self.is_full(answer) {
            return TargetError::Full { place };
        }
        let code = code(answer).unwrap_or_default();
        match (code.as_str(), answer.status) {
            ("NoSuchBucket", _) => TargetError::Gone { place, why: "there is no bucket of this name".into() },
            ("InvalidAccessKeyId", _) => {
                TargetError::Refused { place, why: "the server does not know its access key".into() }
            }
            ("SignatureDoesNotMatch", _) => {
                TargetError::Refused { place, why: "the secret access key does not fit the access key".into() }
            }
            ("ExpiredToken" | "InvalidToken" | "TokenRefreshRequired", _) => {
                TargetError::Refused { place, why: "its credentials have ended".into() }
            }
            ("RequestTimeTooSkewed", _) => TargetError::Refused {
                place,
                why: "this machine's clock and the server's differ by more than a quarter of an hour".into(),
            },
            ("AuthorizationHeaderMalformed" | "PermanentRedirect" | "IllegalLocationConstraintException", _)
            | (_, 301 | 307) => {
                TargetError::NotSetUp { place, why: "the bucket is in another region: set region".into() }
            }
            ("AccessDenied" | "AllAccessDisabled" | "AccountProblem", _) | (_, 401 | 403) => {
                TargetError::Denied { place, why: "its credentials do not permit it".into() }
            }
            _ => TargetError::Io { place, name: name.to_string(), why: said(answer) },
        }
    }

    fn missing(&self, name: &Name) -> TargetError {
        TargetError::Missing { place: self.said.clone(), name: name.clone() }
    }

    fn length(&self, name: &Name) -> TargetError {
        TargetError::Length { place: self.said.clone(), name: name.clone() }
    }

    fn key(&self, name: &Name) -> String {
        self.place.key(&name.to_string())
    }

    /// Whether a file is there, by its first byte: the answer to a HEAD would not say what is wrong.
    fn has(&self, name: &Name) -> Result<bool, TargetError> {
        let key = self.key(name);
        let headers = vec![("range", "bytes=0-0".into())];
        let answer = self.ask(&Question { headers, ..Question::new("GET", &key) })?;
        match answer.status {
            // An empty file has no first byte.
            200 | 206 | 416 => Ok(true),
            404 if code(&answer).is_none_or(|code| code != "NoSuchBucket") => Ok(false),
            _ => Err(self.wrong(name, &answer)),
        }
    }

    /// Whether what is there is what was sent: an answer may have been lost.
    fn put_before(&self, name: &Name, bytes: &[u8]) -> Result<Put, TargetError> {
        match self.get(name, bytes.len() as u64) {
            Ok(read) if read == bytes => Ok(Put::New),
            Ok(_) | Err(TargetError::Length { .. }) => Ok(Put::There),
            Err(error) => Err(error),
        }
    }
}

/// The server's word for an error.
fn code(answer: &Answer) -> Option<String> {
    read_error(std::str::from_utf8(&answer.body).ok()?).map(|(code, _)| code)
}

/// What a server said, for a line of ours.
fn said(answer: &Answer) -> String {
    let read = std::str::from_utf8(&answer.body).ok().and_then(read_error);
    let text = match read {
        Some((code, message)) => format!("{code}: {message}"),
        None => format!("the server answered with status {}", answer.status),
    };
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    line.trim().trim_end_matches('.').to_owned()
}

impl Target for S3Target {
    fn place(&self) -> &str {
        &self.said
    }

    fn put(&self, name: &Name, bytes: &[u8]) -> Result<Put, TargetError> {
        // Not every server that is told to replace nothing heeds it.
        if self.has(name)? {
            return Ok(Put::There);
        }
        let key = self.key(name);
        let mut question = Question::new("PUT", &key);
        question.body = Bytes::copy_from_slice(bytes);
        if self.conditional.load(Ordering::Relaxed) {
            question.headers = vec![("if-none-match", "*".into())];
            let answer = self.ask(&question)?;
            match answer.status {
                200 | 201 | 204 => return Ok(Put::New),
                // Two at one time: the one that the server took is there.
                412 | 409 => return self.put_before(name, bytes),
                501 => self.conditional.store(false, Ordering::Relaxed),
                400 if code(&answer).is_some_and(|code| code == "NotImplemented" || code == "InvalidArgument") => {
                    self.conditional.store(false, Ordering::Relaxed);
                }
                _ => return Err(self.wrong(name, &answer)),
            }
            question.headers.clear();
        }
        let answer = self.ask(&question)?;
        match answer.status {
            200 | 201 | 204 => Ok(Put::New),
            _ => Err(self.wrong(name, &answer)),
        }
    }

    fn get(&self, name: &Name, most: u64) -> Result<Vec<u8>, TargetError> {
        let key = self.key(name);
        let question = Question { most: most.max(WORDS), ..Question::new("GET", &key) };
        let answer = self.ask(&question)?;
        match answer.status {
            200 if answer.body.len() as u64 <= most => Ok(answer.body.into()),
            200 => Err(self.length(name)),
            404 if code(&answer).is_none_or(|code| code != "NoSuchBucket") => Err(self.missing(name)),
            _ => Err(self.wrong(name, &answer).of_reading(name)),
        }
    }

    fn get_range(&self, name: &Name, offset: u64, len: usize) -> Result<Vec<u8>, TargetError> {
        let Some(end) = offset.checked_add(len as u64).filter(|end| *end > offset) else {
            return if len == 0 { Ok(Vec::new()) } else { Err(self.length(name)) };
        };
        let key = self.key(name);
        let question = Question {
            headers: vec![("range", format!("bytes={offset}-{}", end - 1))],
            most: (len as u64).max(WORDS),
            ..Question::new("GET", &key)
        };
        let answer = self.ask(&question)?;
        match answer.status {
            206 if answer.body.len() == len => Ok(answer.body.into()),
            // A server that does not know ranges gives the whole.
            200 => {
                let from = usize::try_from(offset).unwrap_or(usize::MAX);
                let range = from.checked_add(len).and_then(|end| answer.body.get(from..end));
                range.map(<[u8]>::to_vec).ok_or_else(|| self.length(name))
            }
            206 | 416 => Err(self.length(name)),
            404 if code(&answer).is_none_or(|code| code != "NoSuchBucket") => Err(self.missing(name)),
            _ => Err(self.wrong(name, &answer).of_reading(name)),
        }
    }

    fn list(&self, shelf: Shelf) -> Result<Vec<Listed>, TargetError> {
        let prefix = match self.place.key(shelf.path()) {
            prefix if prefix.is_empty() || prefix.ends_with('/') => prefix,
            prefix => format!("{prefix}/"),
        };
        let mut all = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut query = vec![("list-type", "2".to_owned()), ("delimiter", "/".into()), ("prefix", prefix.clone())];
            query.push(("max-keys", PAGE.to_string()));
            query.extend(next.take().map(|token| ("continuation-token", token)));
            let answer = self.ask(&Question { query: &query, ..Question::new("GET", "") })?;
            if answer.status != 200 {
                return Err(self.wrong(&shelf.path(), &answer).of_reading(&shelf.said()));
            }
            let page = std::str::from_utf8(&answer.body).ok().and_then(|text| read_page(text, shelf, &prefix));
            let strange = || TargetError::Io {
                place: self.said.clone(),
                name: shelf.path().to_owned(),
                why: "the server's list makes no sense".into(),
            };
            let page = page.ok_or_else(strange)?;
            all.extend(page.files);
            match page.next {
                Some(token) => next = Some(token),
                None => return Ok(all),
            }
        }
        let why = "the server's list does not end".into();
        Err(TargetError::Io { place: self.said.clone(), name: shelf.path().to_owned(), why })
    }

    fn delete(&self, name: &Name) -> Result<(), TargetError> {
        let answer = self.ask(&Question::new("DELETE", &self.key(name)))?;
        match answer.status {
            200 | 202 | 204 => Ok(()),
            404 if code(&answer).is_none_or(|code| code != "NoSuchBucket") => Ok(()),
            _ => Err(self.wrong(name, &answer)),
        }
    }

    fn sync(&self) -> Result<(), TargetError> {
        // A PUT that was answered is durable.
        Ok(())
    }
}
