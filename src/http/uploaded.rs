//! Forms that carry a file: `multipart/form-data` (RFC 7578), read once by the gate, in bounds, before any handler.
//!
//! The gate needs the form's token, which is a part of the body, so the body is read there. How many are read at once is
//! limited for the whole box, and how long one may take.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use bytes::Bytes;
use multer::{Constraints, Multipart, SizeLimit};
use serde::de::DeserializeOwned;

use super::forms::{Came, Sent, is_hidden, is_own, ours, words_of};
use super::respond::{Refusal, Refused};
use crate::access::Actor;
use crate::base::{AccountId, network_of};
use crate::care::forms::FormKey;
use crate::care::uploads::MOST_BYTES;
use crate::identity::SessionRow;
use crate::record::{Turn, Turns};

/// The largest form with a file: the file, and room for the fields and what stands between the parts.
pub(super) const MOST: usize = MOST_BYTES + (128 << 10);
/// The longest field that is no file, in bytes, and how many parts a form has at most.
const LONGEST_FIELD: u64 = 64 << 10;
const MOST_PARTS: usize = 16;
/// How long a form with a file may take to arrive and be answered: 10 MiB at half a megabit a second.
pub(super) const TIME: Duration = Duration::from_secs(180);
/// How long one waits for its place.
const WAIT: Duration = Duration::from_secs(20);
/// How long the text of a page whose session has ended may take, which comes without a good cookie.
const TIME_OF_A_STRANGER: Duration = Duration::from_secs(20);

/// How many files may be on their way in at once: each is held in memory until it is stored. Of one account it is one at a
/// time, and who is not signed in takes none of these places: whoever sends slowly keeps nobody else from sending.
#[derive(Clone)]
pub struct Room {
    files: Arc<Turns>,
    /// For what only has its text kept, of whom the cookie of an ended session names; and of whom nothing does. Neither takes
    /// the places of the other, and of each account or address there are few.
    late: Arc<Turns>,
    strangers: Arc<Turns>,
    /// How long one waits for a place.
    wait: Duration,
}

impl Room {
    const AT_ONCE: usize = 8;
    const LATE: usize = 8;
    const LATE_OF_EACH: usize = 2;

    pub fn new() -> Self {
        let late = || Arc::new(Turns::so_many(Self::LATE).of_each(Self::LATE_OF_EACH));
        Self { files: Arc::new(Turns::so_many(Self::AT_ONCE)), late: late(), strangers: late(), wait: WAIT }
    }

    /// A place for a file of somebody who is signed in, after those before it.
    async fn take(&self, actor: &Actor) -> Result<Turn, Refusal> {
        tokio::time::timeout(self.wait, self.files.take(actor)).await.map_err(|_| full())
    }

    fn take_late(&self, whose: &Whose) -> Result<Turn, Refusal> {
        let turn = match whose {
            Whose::Account(account) => self.late.at_once(account.to_string()),
            Whose::Stranger(address) => self.strangers.at_once(format!("{:?}", address.map(network_of))),
        };
        turn.ok_or_else(full)
    }
}

fn full() -> Refusal {
    Refusal::saying(Refused::Timeout, "Several files are arriving just now. Nothing was kept. Try again in a minute.")
}

impl Default for Room {
    fn default() -> Self {
        Self::new()
    }
}

/// Whose form comes after its session has ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose {
    /// Whom the cookie of that session names.
    Account(AccountId),
    /// From where somebody sends it of whom nothing is known.
    Stranger(Option<IpAddr>),
}

/// A form that was read.
#[derive(Clone)]
pub(super) struct Form {
    fields: Vec<(String, String)>,
    file: Option<File>,
    _room: Arc<Turn>,
}

/// A file as it came.
#[derive(Clone)]
pub(super) struct File {
    /// As the sender calls it.
    pub name: Option<String>,
    pub bytes: Bytes,
}

/// What came of a form with a file.
pub(super) enum Received {
    /// For the handler, and the page with the form.
    Good(Request, Option<String>),
    /// Its token is none of this session's: its text, if it names its page.
    Other(Option<Late>),
}

/// Reads the form of a request, checks its token, and leaves it for the handler. Anything else that is sent here is no form
/// of ours.
pub(super) async fn received(
    request: Request,
    session: &SessionRow,
    actor: &Actor,
    room: &Room,
) -> Result<Received, Refusal> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Ok(boundary) = multer::parse_boundary(kind) else { return Err(Refusal::new(Refused::NotOurForm)) };
    let held = room.take(actor).await?;
    let (mut parts, body) = request.into_parts();
    let (fields, file) = read(body, boundary).await?;
    if !field(&fields, "csrf").is_some_and(|token| session.is_form_token(token)) {
        return Ok(Received::Other(Late::of(&fields, file.is_some())));
    }
    let at = field(&fields, "at").filter(|at| ours(at)).map(str::to_owned);
    parts.extensions.insert(Form { fields, file, _room: Arc::new(held) });
    Ok(Received::Good(Request::from_parts(parts, Body::empty()), at))
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The form of a page whose session has ended: its text and whether a file came with it. The file itself is not kept: it was
/// sent by somebody who is not signed in.
pub(super) async fn late(request: Request, whose: Whose, room: &Room) -> Result<Option<Late>, Refusal> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Ok(boundary) = multer::parse_boundary(kind) else { return Ok(None) };
    let _held = room.take_late(&whose)?;
    let read = read(request.into_body(), boundary);
    let time = match whose {
        Whose::Account(_) => TIME,
        Whose::Stranger(_) => TIME_OF_A_STRANGER,
    };
    let (fields, file) = tokio::time::timeout(time, read).await.map_err(|_| Refusal::new(Refused::Timeout))??;
    Ok(Late::of(&fields, file.is_some()))
}

/// What is kept of a form that came late, if its token is good for that.
pub(super) struct Late {
    pub token: String,
    /// The page with the form.
    pub at: String,
    /// The fields, `application/x-www-form-urlencoded`.
    pub text: String,
    pub file: bool,
}

impl Late {
    fn of(fields: &[(String, String)], file: bool) -> Option<Self> {
        let at = field(fields, "at").filter(|at| ours(at))?.to_owned();
        let token = field(fields, "csrf")?.to_owned();
        Some(Self { token, at, text: words_of(fields), file })
    }
}

async fn read(body: Body, boundary: String) -> Result<(Vec<(String, String)>, Option<File>), Refusal> {
    let size = SizeLimit::new().whole_stream(MOST as u64).per_field(LONGEST_FIELD).for_field("file", MOST_BYTES as u64);
    let constraints = Constraints::new().size_limit(size);
    let mut form = Multipart::with_constraints(body.into_data_stream(), boundary, constraints);
    let (mut fields, mut file) = (Vec::new(), None);
    while let Some(field) = form.next_field().await.map_err(refused)? {
        if fields.len() >= MOST_PARTS {
            return Err(Refusal::new(Refused::Malformed));
        }
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            let called = field.file_name().map(str::to_owned);
            let bytes = field.bytes().await.map_err(refused)?;
            if !bytes.is_empty() || called.as_deref().is_some_and(|name| !name.is_empty()) {
                file = Some(File { name: called, bytes });
            }
        } else {
            let text = field.text().await.map_err(refused)?;
            fields.push((name, text.replace(is_hidden, " ")));
        }
    }
    Ok((fields, file))
}

fn refused(error: multer::Error) -> Refusal {
    use multer::Error as E;
    match error {
        E::FieldSizeExceeded { .. } | E::StreamSizeExceeded { .. } => too_large(),
        E::StreamReadFailed(cause) if cause.to_string().contains("length limit") => too_large(),
        E::IncompleteStream | E::IncompleteHeaders | E::IncompleteFieldData { .. } | E::StreamReadFailed(_) => {
            Refusal::saying(
                Refused::Malformed,
                "The file ended before all of it was sent. Nothing was kept. Send it again.",
            )
        }
        _ => Refusal::new(Refused::Malformed),
    }
}

pub(super) fn too_large() -> Refusal {
    let most = MOST_BYTES >> 20;
    let text = format!(
        "This file is larger than the box takes: {most} MB is the most. Nothing was kept. A photo taken with \"medium\" size fits."
    );
    Refusal::saying(Refused::TooLarge { most: MOST_BYTES as u64 }, text)
}

/// A form with a file, as a handler takes it.
pub(super) struct Uploaded<T> {
    pub sent: Sent<T>,
    pub file: Option<File>,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Uploaded<T> {
    type Rejection = Refusal;

    async fn from_request(mut request: Request, _: &S) -> Result<Self, Refusal> {
        let form = request.extensions_mut().remove::<Form>().ok_or(Refusal::new(Refused::Malformed))?;
        let Form { fields, file, .. } = form;
        let text = serde_urlencoded::to_string(&fields).map_err(|_| Refusal::new(Refused::Malformed))?;
        let typed = serde_urlencoded::from_str(&text).map_err(|_| Refusal::new(Refused::Malformed))?;
        let field = |name: &str| field(&fields, name);
        let mut filled = Vec::new();
        for (name, value) in fields.iter().filter(|(name, _)| !is_own(name)) {
            filled.extend_from_slice(name.as_bytes());
            filled.extend_from_slice(value.as_bytes());
        }
        let hash = file.as_ref().map(|file| *blake3::hash(&file.bytes).as_bytes());
        filled.extend(hash.iter().flatten());
        let key = field("once").and_then(FormKey::parse).map(|page| page.of(request.uri().path(), &filled));
        let at = field("at").filter(|at| ours(at)).map(str::to_owned);
        let came = Came::with_file(request.uri().path(), fields, hash);
        Ok(Self { sent: Sent { typed, key, at, came }, file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(file: &[u8]) -> Vec<u8> {
        let mut body = b"--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nabc\r\n--x\r\nContent-Disposition: form-data; \
            name=\"file\"; filename=\"a.png\"\r\nContent-Type: text/html\r\n\r\n"
            .to_vec();
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--x--\r\n");
        body
    }

    async fn status(body: Vec<u8>) -> Result<usize, u16> {
        match read(Body::from(body), "x".into()).await {
            Ok((_, file)) => Ok(file.map_or(0, |file| file.bytes.len())),
            Err(refusal) => Err(refusal.status().as_u16()),
        }
    }

    #[tokio::test]
    async fn a_file_within_bounds_is_read_and_one_cut_off_or_too_large_is_refused() {
        assert_eq!(status(body(b"abc")).await, Ok(3));
        assert_eq!(status(body(&vec![7; MOST_BYTES + 1])).await, Err(413));
        let whole = body(&vec![7; 1000]);
        for cut in [whole.len() - 4, whole.len() / 2, 60, 10] {
            assert_eq!(status(whole[..cut].to_vec()).await, Err(400), "{cut}");
        }
        let parts = b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n".repeat(MOST_PARTS + 1);
        assert_eq!(status([parts, b"--x--\r\n".to_vec()].concat()).await, Err(400));
        let long = [
            b"--x\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n".to_vec(),
            vec![b'a'; (64 << 10) + 1],
            b"\r\n--x--\r\n".to_vec(),
        ];
        assert_eq!(status(long.concat()).await, Err(413));
    }

    #[tokio::test]
    async fn of_each_account_one_file_comes_in_at_a_time_and_strangers_take_no_place_of_theirs() {
        let room = Room { wait: Duration::from_millis(1), ..Room::new() };
        let actor = |at: usize| Actor::system(&at.to_string());
        let stranger = |at: u8| Whose::Stranger(Some(IpAddr::from([192, 0, 2, at])));
        let mut late: Vec<_> = (0..Room::LATE_OF_EACH).map(|_| room.take_late(&stranger(1)).unwrap()).collect();
        assert_eq!(room.take_late(&stranger(1)).err().unwrap().status().as_u16(), 503, "of one address there are few");
        let others = (Room::LATE_OF_EACH..Room::LATE).map(|at| stranger(u8::try_from(at).unwrap()));
        late.extend(others.map(|other| room.take_late(&other).unwrap()));
        assert!(room.take_late(&stranger(99)).is_err());
        // Whom a cookie names has other places, and no more than their own.
        let account = Whose::Account(AccountId::new(&crate::base::Ambient::system()));
        late.extend((0..Room::LATE_OF_EACH).map(|_| room.take_late(&account).unwrap()));
        assert!(room.take_late(&account).is_err());
        let mut held = vec![room.take(&actor(0)).await.unwrap()];
        assert_eq!(room.take(&actor(0)).await.err().unwrap().status().as_u16(), 503, "their own, for a while");
        for at in 1..Room::AT_ONCE {
            held.push(room.take(&actor(at)).await.unwrap());
        }
        assert!(room.take(&actor(99)).await.is_err());
        drop((held, late));
        assert!(room.take(&actor(0)).await.is_ok() && room.take_late(&stranger(1)).is_ok());
    }
}
