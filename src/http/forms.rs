//! Forms of workflows: sent once, never lost.
//!
//! A template puts `parts/sent.html` into the form; its handler takes a [`Sent`] and answers with [`Visit::once`] in hand
//! (see `care::forms`). The page that shows the form takes back a draft with [`Visit::kept`].

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::respond::{Refusal, Refused};
use super::session::Visit;
use super::ui::{Cx, KeptOf, When};
use super::uploaded::Late;
use crate::care::forms::{self, Draft, DraftAt, FormKey, Once};
use crate::care::workflow::{self, Done};
use crate::store::StoreError;

/// Fields that are the form's own and no text of a person.
const OWN: [&[u8]; 3] = [b"csrf=", b"once=", b"at="];
/// The longest address of a page with a form.
const LONGEST: usize = 2_000;

/// A form that was sent: what was typed, and what its page put into it.
pub(super) struct Sent<T> {
    pub typed: T,
    /// What makes it this sending and no other: the page's own key, the address and the fields.
    pub key: Option<FormKey>,
    /// The page with the form.
    pub at: Option<String>,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Sent<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let path = request.uri().path().to_owned();
        let is_form = request
            .headers()
            .get(http::header::CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
        if !is_form {
            return Err(Refusal::new(Refused::Malformed));
        }
        let body = Bytes::from_request(request, state).await.map_err(|_| Refusal::new(Refused::Malformed))?;
        let typed = serde_urlencoded::from_bytes(&body).map_err(|_| Refusal::new(Refused::Malformed))?;
        Ok(Self { typed, key: key_of(&path, &body), at: at_of(&body) })
    }
}

fn key_of(path: &str, body: &[u8]) -> Option<FormKey> {
    let page = field(body, b"once=").and_then(|text| FormKey::parse(std::str::from_utf8(text).ok()?))?;
    Some(page.of(path, &text_of(body)))
}

/// The page with the form, if it is one of this box.
fn at_of(body: &[u8]) -> Option<String> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(body).ok()?;
    pairs.into_iter().find(|(name, _)| name == "at").map(|(_, at)| at).filter(|at| ours(at))
}

fn field<'a>(body: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    body.split(|byte| *byte == b'&').find_map(|pair| pair.strip_prefix(name))
}

/// The fields that somebody filled in.
fn text_of(body: &[u8]) -> Vec<u8> {
    let pairs = body.split(|byte| *byte == b'&').filter(|pair| !OWN.iter().any(|own| pair.starts_with(own)));
    pairs.collect::<Vec<_>>().join(&b'&')
}

/// A path of this box, and nothing that a browser could take for another host.
pub(super) fn ours(address: &str) -> bool {
    let plain = address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    plain && address.starts_with('/') && !address.starts_with("//") && address.len() <= LONGEST
}

/// A draft in a form's body, and the page that it belongs to. Only forms that name their page are kept: none of those that
/// carry a password does.
pub(super) fn draft_in(body: &[u8], now: crate::base::Timestamp) -> Option<(String, Draft)> {
    Some((at_of(body)?, Draft { body: text_of(body), at: now }))
}

/// The field by which a draft says that a file was chosen, which is not in it.
const FILE: &str = "had_file";

/// What is kept of a form with a file that came late. One that is nothing but a file takes nothing from the text that was
/// kept for the same page before.
pub(super) fn late_draft(late: &Late, before: Option<Draft>, now: crate::base::Timestamp) -> Draft {
    let text = match before {
        Some(before) if late.text.is_empty() => String::from_utf8(before.body).unwrap_or_default(),
        _ => late.text.clone(),
    };
    let file = late.file.then(|| format!("{FILE}=1"));
    let parts = [Some(text).filter(|text| !text.is_empty()), file];
    Draft { body: parts.into_iter().flatten().collect::<Vec<_>>().join("&").into_bytes(), at: now }
}

fn kept_of(body: &[u8]) -> KeptOf {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(body).unwrap_or_default();
    let had_file = pairs.iter().any(|(name, _)| name == FILE);
    let has_text = pairs.iter().any(|(name, value)| name != FILE && !value.trim().is_empty());
    match (had_file, has_text) {
        (false, _) => KeptOf::Text,
        (true, true) => KeptOf::TextWithoutFile,
        (true, false) => KeptOf::NothingButThatThereWasAFile,
    }
}

impl Visit {
    /// What makes this sending happen once, and the place that shows what it led to.
    pub(super) fn once<T>(&self, sent: &Sent<T>, place: impl Into<String>) -> Option<Once> {
        let account = self.account.as_ref()?.id;
        Some(Once { account, key: sent.key?, place: place.into() })
    }

    /// Where this very form led, if it was sent before: for a handler that looks at the record before it acts, and would
    /// find there what the first sending did.
    pub(super) fn led<T>(&self, sent: &Sent<T>) -> Result<Option<Response>, Refusal> {
        let (Some(account), Some(key)) = (&self.account, sent.key) else { return Ok(None) };
        let before = forms::outcome(&self.house.store.read()?, account.id, key)?;
        Ok(before.map(|before| Redirect::to(&before.place).into_response()))
    }

    /// The draft that this account left for the page that is asked for; the page then says so.
    pub(super) fn kept<T: DeserializeOwned>(&self, cx: &mut Cx) -> Result<Option<T>, Refusal> {
        let (Some(account), Some(at)) = (&self.account, &self.at) else { return Ok(None) };
        let at = self.draft_at(at);
        let Some(draft) = forms::kept(&self.house.store.read()?, account.id, &at)? else { return Ok(None) };
        let Ok(typed) = serde_urlencoded::from_bytes(&draft.body) else { return Ok(None) };
        cx.kept = Some(When::at(draft.at, &self.house.front.face.zone));
        cx.kept_of = kept_of(&draft.body);
        Ok(Some(typed))
    }

    /// Where a draft of this page is kept, as the session looks at it.
    fn draft_at(&self, at: &str) -> DraftAt {
        forms::draft_place(self.session.as_ref().and_then(|session| session.acting.as_ref()), at)
    }

    /// The form was done: its draft is of no use any more.
    pub(super) async fn forget_draft(&self, at: Option<&str>) -> Result<(), Refusal> {
        let (Some(account), Some(at)) = (&self.account, at.map(|at| self.draft_at(at))) else { return Ok(()) };
        let account = account.id;
        if forms::kept(&self.house.store.read()?, account, &at)?.is_some() {
            self.house.store.write(move |tx| forms::take_away(tx, account, &at)).await?;
        }
        Ok(())
    }

    /// Goes where a form led, now or before.
    pub(super) async fn went<P, T>(&self, sent: &Sent<P>, done: Done<T>, place: &str) -> Result<Response, Refusal> {
        self.forget_draft(sent.at.as_deref()).await?;
        let place = match &done {
            Done::Now(..) => place,
            Done::Before(before) => before,
        };
        Ok(Redirect::to(place).into_response())
    }

    /// The same, or why it was not done. Whoever has a page of their own for what they were told looks at that first.
    pub(super) async fn settled<P, T, E: std::error::Error>(
        &self,
        sent: &Sent<P>,
        done: Result<Done<T>, workflow::Refused<E>>,
        place: &str,
    ) -> Result<Response, Refusal> {
        match done {
            Ok(done) => self.went(sent, done, place).await,
            Err(workflow::Refused::Told(_)) => Err(Refusal::new(Refused::Conflict)),
            Err(workflow::Refused::Record(error)) => Err(error.into()),
        }
    }
}

/// `POST /drafts`: a page keeps what is being typed, or what stands in it when the session is about to end.
pub(super) async fn keep(visit: Visit, body: Bytes) -> Result<StatusCode, Refusal> {
    let account = visit.account.as_ref().ok_or(Refusal::new(Refused::NotSignedIn))?.id;
    let Some((at, draft)) = draft_in(&body, visit.house.ambient.now()) else {
        return Err(Refusal::new(Refused::Malformed));
    };
    let at = visit.draft_at(&at);
    visit.house.store.write(move |tx| forms::keep(tx, account, at, &draft)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /drafts/discard`: the person wants the empty form.
pub(super) async fn discard(visit: Visit, sent: Sent<Vec<(String, String)>>) -> Result<Redirect, Refusal> {
    visit.forget_draft(sent.at.as_deref()).await?;
    Ok(Redirect::to(sent.at.as_deref().unwrap_or("/")))
}

/// Takes away old outcomes and drafts. To be called now and then.
pub async fn sweep(store: &crate::store::Store, ambient: &crate::base::Ambient) -> Result<(), StoreError> {
    let now = ambient.now();
    store
        .write(move |tx| {
            forms::outcomes_swept(tx, now)?;
            forms::drafts_swept(tx, now).map(drop)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;

    #[test]
    fn a_draft_holds_the_text_and_nothing_of_the_session() {
        let body = b"csrf=abc&once=def&at=%2Fmy%2Fvisits%2Fbook%3Ftype%3D1&why=knee+pain&day=2026-03-03";
        let (at, draft) = draft_in(body, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(
            (at.as_str(), draft.body.as_slice()),
            ("/my/visits/book?type=1", &b"why=knee+pain&day=2026-03-03"[..])
        );
        for other in ["at=https%3A%2F%2Fbank.example&a=b", "at=%2F%2Fbank.example", "a=b"] {
            assert!(draft_in(other.as_bytes(), Timestamp::UNIX_EPOCH).is_none(), "{other}");
        }
    }

    #[test]
    fn of_a_late_form_with_a_file_the_text_is_kept_and_that_there_was_a_file() {
        let late = |text: &str, file| Late { at: "/my/documents/new".into(), text: text.into(), file };
        let kept = |late: &Late, before: Option<&str>| {
            let before = before.map(|body| Draft { body: body.as_bytes().to_vec(), at: Timestamp::UNIX_EPOCH });
            String::from_utf8(late_draft(late, before, Timestamp::UNIX_EPOCH).body).unwrap()
        };
        assert_eq!(kept(&late("title=X-ray", true), Some("title=old")), "title=X-ray&had_file=1");
        assert_eq!(kept(&late("", true), Some("text=half+a+word")), "text=half+a+word&had_file=1");
        assert_eq!(kept(&late("", true), None), "had_file=1");
        assert_eq!(kept(&late("title=X-ray", false), None), "title=X-ray");
        assert_eq!(kept_of(b"title=X-ray&had_file=1"), KeptOf::TextWithoutFile);
        assert_eq!(kept_of(b"title=&had_file=1"), KeptOf::NothingButThatThereWasAFile);
        assert_eq!(kept_of(b"title=had_file"), KeptOf::Text);
    }

    #[test]
    fn the_same_form_sent_twice_is_one_and_another_of_the_page_is_not() {
        let body =
            |csrf: &str, field: &str| format!("csrf={csrf}&once=AAAAAAAAAAAAAAAAAAAAAA&at=%2Fa&x={field}").into_bytes();
        let key = |path: &str, csrf: &str, field: &str| key_of(path, &body(csrf, field)).unwrap();
        assert_eq!(key("/a", "one", "1"), key("/a", "two", "1"));
        assert_ne!(key("/a", "one", "1"), key("/a", "one", "2"));
        assert_ne!(key("/a", "one", "1"), key("/b", "one", "1"));
        assert_eq!(key_of("/a", b"x=1"), None);
    }
}
