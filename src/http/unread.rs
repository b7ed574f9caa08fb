//! How many bytes of answers one account has in the box's memory: made, and not read yet. Who asks for much and reads nothing
//! is given no more, and takes it from nobody else. Who has no account is known by the address they come from.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use http_body::{Body as _, Frame, SizeHint};

use super::respond::{Refusal, Refused};
use crate::access::Actor;
use crate::base::AccountId;

/// The most bytes of one account: some answers of the largest size.
const MOST: usize = 128 << 20;
/// What is no longer is not counted.
const SMALL: u64 = 4 << 10;
/// How much of an answer is handed to its connection at once.
const PIECE: usize = 64 << 10;
/// After how many seconds to ask again: what nobody reads is given up after a minute.
const AGAIN: u32 = 10;

/// What an answer counts that is made while it is read: its next piece, and what that is made of.
const STREAM: usize = 16 << 20;

/// The most of those who came from one address without an account: a statement of what the box does is large.
const MOST_OF_STRANGERS: usize = 32 << 20;

/// Whose answers are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Whose {
    Account(AccountId),
    Strangers(IpAddr),
}

impl Whose {
    const fn most(self) -> usize {
        match self {
            Self::Account(_) => MOST,
            Self::Strangers(_) => MOST_OF_STRANGERS,
        }
    }
}

/// The unread answers of all accounts and strangers. Clones share it.
#[derive(Clone, Default)]
pub struct Unread(Arc<Mutex<HashMap<Whose, usize>>>);

impl Unread {
    fn count(&self, whose: Whose, change: impl FnOnce(usize) -> usize) -> usize {
        let mut of = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = change(of.get(&whose).copied().unwrap_or_default());
        if bytes == 0 {
            of.remove(&whose)
        } else {
            of.insert(whose, bytes)
        };
        bytes
    }

    fn place_of(&self, whose: Whose) -> Arc<Place> {
        Arc::new(Place { unread: self.clone(), whose, bytes: AtomicUsize::new(0) })
    }

    /// A place for an answer to this actor.
    pub(super) fn place(&self, actor: &Actor) -> Option<Arc<Place>> {
        actor.account().map(|account| self.place_of(Whose::Account(account)))
    }

    /// A place for an answer to this actor that is made while it is read, or that they have as many as may be. Taken before its
    /// first piece is made, and put into the answer's extensions; nothing for who has no account.
    pub(super) fn stream(&self, actor: &Actor) -> Result<Option<Arc<Place>>, Refusal> {
        let Some(place) = self.place(actor) else { return Ok(None) };
        if !place.has_room() {
            return Err(too_much());
        }
        place.takes(STREAM);
        Ok(Some(place))
    }

    /// Whether this actor may ask for more. Asked before a request is done: what was done is answered.
    pub(super) fn has_room(&self, actor: &Actor) -> bool {
        actor.account().is_none_or(|account| self.count(Whose::Account(account), |bytes| bytes) < MOST)
    }

    /// The answer, counted until it was read; refused, if it only tells what there is, where others wait to be read that are
    /// too many. `from` is where a stranger comes from whose answers are counted.
    pub(super) fn counted(&self, actor: &Actor, from: Option<IpAddr>, asks: Asks, mut response: Response) -> Response {
        let begun = response.extensions_mut().remove::<Arc<Place>>();
        let bytes = response.body().size_hint().exact();
        let place = match (begun, bytes.filter(|bytes| *bytes > SMALL)) {
            (Some(place), _) => place,
            (None, None) => return response,
            (None, Some(bytes)) => {
                let strange = || Some(self.place_of(Whose::Strangers(from?)));
                let Some(place) = self.place(actor).or_else(strange) else { return response };
                if asks == Asks::ToRead && !place.has_room() {
                    return too_much().into_response();
                }
                place.takes(usize::try_from(bytes).unwrap_or(usize::MAX));
                place
            }
        };
        response.map(|body| Body::new(Counted { body, rest: Bytes::new(), _place: place }))
    }
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    ToRead,
    /// Perhaps it changes something.
    ToChange,
}

/// What one answer takes, until it is dropped.
pub(super) struct Place {
    unread: Unread,
    whose: Whose,
    bytes: AtomicUsize,
}

impl Place {
    /// Whether whose it is may have more in memory.
    pub(super) fn has_room(&self) -> bool {
        self.unread.count(self.whose, |bytes| bytes) < self.whose.most()
    }

    pub(super) fn takes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.unread.count(self.whose, |all| all.saturating_add(bytes));
    }

    pub(super) fn gives_back(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.unread.count(self.whose, |all| all.saturating_sub(bytes));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let bytes = *self.bytes.get_mut();
        self.unread.count(self.whose, |all| all.saturating_sub(bytes));
    }
}

pub(super) fn too_much() -> Refusal {
    let text =
        "Answers to you wait to be read, as many as may. Read those, or close their connections; then ask again.";
    Refusal::saying(Refused::Throttled { seconds: AGAIN }, text)
}

/// A body in pieces: of one that is handed over whole nobody knows when it was read.
struct Counted {
    body: Body,
    rest: Bytes,
    _place: Arc<Place>,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(frame) => return Poll::Ready(Some(Ok(frame))),
                },
                other => return Poll::Ready(other),
            }
        }
        let most = PIECE.min(self.rest.len());
        let piece = self.rest.split_to(most);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.body.size_hint();
        hint.exact().map_or(hint, |bytes| SizeHint::with_exact(bytes + self.rest.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http_body_util::BodyExt as _;

    use super::*;
    use crate::base::{Ambient, ManualClock, Role, SeededRandom};
    use crate::identity::{AccountKind, AccountRow, AccountState, UserName};

    #[tokio::test]
    async fn who_reads_nothing_is_given_no_more_and_others_are() {
        let ambient = Ambient::new(ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap()), SeededRandom::new(1));
        let [one, other] = ["one", "other"].map(|name| {
            Actor::job_of(&AccountRow {
                id: AccountId::new(&ambient),
                user_name: UserName::parse(name).unwrap(),
                display_name: name.into(),
                kind: AccountKind::Person(Role::Clinician),
                state: AccountState::Enabled,
                person: None,
                must_change_password: false,
                created: ambient.now(),
            })
        });
        let unread = Unread::default();
        let large = || Response::new(Body::from(vec![b'x'; MOST / 2]));
        let answers =
            [unread.counted(&one, None, Asks::ToRead, large()), unread.counted(&one, None, Asks::ToRead, large())];
        assert!(answers.iter().all(|one| one.status().is_success()));
        assert_eq!(unread.counted(&one, None, Asks::ToRead, large()).status(), 429);
        assert_eq!(unread.counted(&one, None, Asks::ToRead, Response::new(Body::from("small"))).status(), 200);
        assert_eq!(unread.counted(&other, None, Asks::ToRead, large()).status(), 200);
        assert!(!unread.has_room(&one) && unread.has_room(&other));
        assert_eq!(
            unread.counted(&one, None, Asks::ToChange, large()).status(),
            200,
            "what was done is not called refused"
        );
        // Strangers from one address have less, and none of it is anybody else's.
        let stranger = Actor::anonymous(crate::access::Listener::Clinic, None);
        let [here, there] = ["192.0.2.7", "192.0.2.8"].map(|text| Some(text.parse().unwrap()));
        let held = unread.counted(&stranger, here, Asks::ToRead, large());
        assert_eq!(unread.counted(&stranger, here, Asks::ToRead, large()).status(), 429);
        assert_eq!(unread.counted(&stranger, there, Asks::ToRead, large()).status(), 200);
        assert_eq!(unread.counted(&stranger, None, Asks::ToRead, large()).status(), 200, "what is no FHIR");
        drop(held);
        // What was read, and what nobody will read, takes nothing.
        let [first, second] = answers;
        let mut body = first.into_body();
        let mut read = 0;
        while let Some(frame) = body.frame().await {
            let piece = frame.unwrap().into_data().unwrap();
            assert!(piece.len() <= PIECE);
            read += piece.len();
        }
        drop(body);
        assert_eq!(read, MOST / 2);
        assert_eq!(unread.counted(&one, None, Asks::ToRead, large()).status(), 200);
        drop(second);
        assert!(unread.0.lock().unwrap().is_empty());
        // What is made while it is read has no length, and counts until its end.
        let endless = || {
            let place = unread.stream(&one).ok()?;
            let mut response =
                Response::new(Body::from_stream(futures_util::stream::pending::<Result<Bytes, Infallible>>()));
            response.extensions_mut().insert(place.unwrap());
            Some(unread.counted(&one, None, Asks::ToRead, response))
        };
        let answers: Vec<_> = std::iter::from_fn(endless).take(2 * MOST / STREAM).collect();
        assert_eq!(answers.len(), MOST / STREAM);
        assert!(unread.stream(&other).is_ok() && unread.stream(&stranger).unwrap().is_none());
        drop(answers);
        assert!(unread.0.lock().unwrap().is_empty());
    }
}
