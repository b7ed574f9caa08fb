//! How many bytes of answers one account has in the box's memory: made, and not read yet. Who asks for much and reads nothing
//! is given no more, and takes it from nobody else.

use std::collections::HashMap;
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

/// The unread answers of all accounts. Clones share it.
#[derive(Clone, Default)]
pub struct Unread(Arc<Mutex<HashMap<AccountId, usize>>>);

impl Unread {
    fn count(&self, account: AccountId, change: impl FnOnce(usize) -> usize) -> usize {
        let mut of = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = change(of.get(&account).copied().unwrap_or_default());
        if bytes == 0 {
            of.remove(&account)
        } else {
            of.insert(account, bytes)
        };
        bytes
    }

    /// A place for an answer to this actor. Who has no account is given small answers only.
    pub(super) fn place(&self, actor: &Actor) -> Option<Arc<Place>> {
        let account = actor.account()?;
        Some(Arc::new(Place { unread: self.clone(), account, bytes: AtomicUsize::new(0) }))
    }

    /// Whether this actor may ask for more. Asked before a request is done: what was done is answered.
    pub(super) fn has_room(&self, actor: &Actor) -> bool {
        actor.account().is_none_or(|account| self.count(account, |bytes| bytes) < MOST)
    }

    /// The answer, counted until it was read; refused, if it only tells what there is, where others wait to be read that are
    /// too many.
    pub(super) fn counted(&self, actor: &Actor, asks: Asks, mut response: Response) -> Response {
        let begun = response.extensions_mut().remove::<Arc<Place>>();
        let Some(bytes) = response.body().size_hint().exact().filter(|bytes| *bytes > SMALL) else { return response };
        let place = match begun {
            Some(place) => place,
            None => {
                let Some(place) = self.place(actor) else { return response };
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
    account: AccountId,
    bytes: AtomicUsize,
}

impl Place {
    /// Whether its account may have more in memory.
    pub(super) fn has_room(&self) -> bool {
        self.unread.count(self.account, |bytes| bytes) < MOST
    }

    pub(super) fn takes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.unread.count(self.account, |all| all.saturating_add(bytes));
    }

    pub(super) fn gives_back(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.unread.count(self.account, |all| all.saturating_sub(bytes));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let bytes = *self.bytes.get_mut();
        self.unread.count(self.account, |all| all.saturating_sub(bytes));
    }
}

pub(super) fn too_much() -> Refusal {
    let text = "Answers to this account wait to be read, as many as may. Read those, or close their connections; then ask again.";
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
        let answers = [unread.counted(&one, Asks::ToRead, large()), unread.counted(&one, Asks::ToRead, large())];
        assert!(answers.iter().all(|one| one.status().is_success()));
        assert_eq!(unread.counted(&one, Asks::ToRead, large()).status(), 429);
        assert_eq!(unread.counted(&one, Asks::ToRead, Response::new(Body::from("small"))).status(), 200);
        assert_eq!(unread.counted(&other, Asks::ToRead, large()).status(), 200);
        assert!(!unread.has_room(&one) && unread.has_room(&other));
        assert_eq!(unread.counted(&one, Asks::ToChange, large()).status(), 200, "what was done is not called refused");
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
        assert_eq!(unread.counted(&one, Asks::ToRead, large()).status(), 200);
        drop(second);
        assert!(unread.0.lock().unwrap().is_empty());
    }
}
