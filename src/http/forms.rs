//! Forms of workflows: sent once, never lost.
//!
//! A template puts `parts/sent.html` into the form; its handler takes a [`Sent`] and answers with [`Visit::once`] in hand
//! (see `care::forms`). The page that shows the form takes back a draft with [`Visit::kept`].

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::joined;
use super::meanwhile::{unmarked, words};
use super::open::pages::SentAlready;
use super::pages::page;
use super::respond::{Refusal, Refused};
use super::session::Visit;
use super::sign_in::finished;
use super::ui::{Cx, KeptOf, When};
use super::uploaded::Late;
use crate::base::ResourceRef;
use crate::care::forms::{self, Draft, DraftAt, FormKey, Keeping, Once, draft_place};
use crate::care::workflow::{self, Doing, Done};
use crate::record::Why;
use crate::store::StoreError;

/// Fields that are the form's own and no text of a person.
const OWN: [&str; 3] = ["csrf", "once", "at"];
/// The field that says what the record said in the others when the page was made.
pub(super) const STOOD: &str = "stood";
/// Where pages keep what is being typed.
pub(super) const DRAFTS: &str = "/drafts";
/// The longest address of a page with a form.
const LONGEST: usize = 2_000;

/// The version of what a page showed.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Versioned {
    pub version: u32,
}

/// A form that was sent: what was typed, and what its page put into it.
pub(super) struct Sent<T> {
    pub typed: T,
    /// What makes it this sending and no other: the page's own key, the address and the fields.
    pub key: Option<FormKey>,
    /// The page with the form.
    pub at: Option<String>,
    /// All of it as it came, for the question whether it is meant a second time.
    pub came: Came,
}

impl<T> Sent<T> {
    /// All fields as they came.
    pub fn fields(&self) -> Pairs {
        self.came.fields.clone()
    }

    /// Whether something was typed into this field.
    pub fn says(&self, name: &str) -> bool {
        self.came.fields.iter().any(|(field, value)| field == name && !value.trim().is_empty())
    }
}

/// A form as it came.
#[derive(Default)]
pub(super) struct Came {
    /// Where it was sent.
    path: String,
    fields: Vec<(String, String)>,
    /// The hash of its file.
    file: Option<[u8; 32]>,
    /// Whether it was sent as a form with a file is.
    multipart: bool,
}

impl Came {
    pub fn with_file(path: &str, fields: Vec<(String, String)>, file: Option<[u8; 32]>) -> Self {
        Self { path: path.to_owned(), fields, file, multipart: true }
    }

    /// What somebody said with it: the same words are the same key, whichever page they stood in.
    fn words(&self, acting: Option<&ResourceRef>) -> FormKey {
        let said = self.fields.iter().filter(|(name, _)| !ABOUT_THE_PAGE.contains(&name.as_str()));
        let mut said = serde_urlencoded::to_string(said.collect::<Vec<_>>()).unwrap_or_default().into_bytes();
        said.extend(self.file.iter().flatten());
        FormKey::of_words(&draft_place(acting, &self.path), &said)
    }

    /// Whether the person was asked, and means it.
    fn is_meant(&self) -> bool {
        self.fields.iter().any(|(name, value)| name == AGAIN && value == "1")
    }
}

/// Fields that say how the record stood when the page was made, and no word of the person.
const ABOUT_THE_PAGE: [&str; 8] = ["csrf", "once", "at", STOOD, "stand", "last", "version", AGAIN];
/// The field by which somebody says that they mean it a second time.
const AGAIN: &str = "again";

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
        let body = without_controls(&body);
        let typed = without(&body, |name| name == STOOD);
        let typed = serde_urlencoded::from_bytes(&typed).map_err(|_| Refusal::new(Refused::Malformed))?;
        let fields = serde_urlencoded::from_bytes(&body).map_err(|_| Refusal::new(Refused::Malformed))?;
        let (key, at) = (key_of(&path, &body), at_of(&body));
        Ok(Self { typed, key, at, came: Came { path, fields, file: None, multipart: false } })
    }
}

/// A form without the characters that nobody sees and no record may hold (FHIR R4 `string`): what is copied from a letter or a
/// PDF brings line and page breaks of its own along. Each is a space.
fn without_controls(body: &[u8]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((first, after)) = rest.split_first() {
        let (byte, after) = match (first, after) {
            (b'%', [high, low, after @ ..]) => match (char::from(*high).to_digit(16), char::from(*low).to_digit(16)) {
                (Some(high), Some(low)) => (Some(high * 16 + low), after),
                _ => (None, after),
            },
            (plain, after) => (Some(u32::from(*plain)), after),
        };
        let length = rest.len() - after.len();
        match byte.and_then(char::from_u32) {
            Some(hidden) if is_hidden(hidden) => clean.push(b'+'),
            _ if byte.is_none() => clean.push(*first),
            _ => clean.extend_from_slice(rest.get(..length).unwrap_or_default()),
        }
        rest = if byte.is_none() { rest.get(1..).unwrap_or_default() } else { after };
    }
    clean
}

/// Whether a character is none that is written with.
pub(super) const fn is_hidden(one: char) -> bool {
    matches!(one, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}')
}

fn key_of(path: &str, body: &[u8]) -> Option<FormKey> {
    let page = field(body, b"once=").and_then(|text| FormKey::parse(std::str::from_utf8(text).ok()?))?;
    Some(page.of(path, &text_of(body)))
}

/// The page with the form, if it is one of this box.
pub(super) fn at_of(body: &[u8]) -> Option<String> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(body).ok()?;
    pairs.into_iter().find(|(name, _)| name == "at").map(|(_, at)| at).filter(|at| ours(at))
}

fn field<'a>(body: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    body.split(|byte| *byte == b'&').find_map(|pair| pair.strip_prefix(name))
}

/// The fields that somebody filled in.
fn text_of(body: &[u8]) -> Vec<u8> {
    without(body, is_own)
}

/// The other fields.
fn without(body: &[u8], is_one: impl Fn(&str) -> bool) -> Vec<u8> {
    let pairs = body.split(|byte| *byte == b'&').filter(|pair| {
        let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
        pair.len() == name.len() || !std::str::from_utf8(name).is_ok_and(&is_one)
    });
    pairs.collect::<Vec<_>>().join(&b'&')
}

/// What a form says that stood in its fields.
pub(super) fn stood_in(body: &[u8]) -> Option<String> {
    pairs_of(body).into_iter().find(|(name, _)| name == STOOD).map(|(_, stood)| stood)
}

/// Whether a field is the form's own.
pub(super) fn is_own(name: &str) -> bool {
    OWN.contains(&name)
}

/// The text of a form's fields, as a draft keeps it.
pub(super) fn words_of(fields: &[(String, String)]) -> String {
    let text: Vec<_> = fields.iter().filter(|(name, _)| !is_own(name)).collect();
    serde_urlencoded::to_string(text).unwrap_or_default()
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

/// A form's fields as they came.
pub(super) type Pairs = Vec<(String, String)>;

pub(super) fn pairs_of(body: &[u8]) -> Pairs {
    serde_urlencoded::from_bytes(body).unwrap_or_default()
}

pub(super) fn kept_of(body: &[u8]) -> KeptOf {
    let pairs = pairs_of(body);
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
        Some(Once { account, key: sent.key?, words: Some(sent.came.words(self.acting())), place: place.into() })
    }

    /// What this visitor does by a form, once.
    pub(super) fn doing<T>(&self, why: Why, sent: &Sent<T>, place: impl Into<String>) -> Doing<'_> {
        Doing { records: &self.house.records, actor: &self.actor, why, once: self.once(sent, place) }
    }

    /// As whom the session looks, where that was chosen.
    fn acting(&self) -> Option<&ResourceRef> {
        self.session.as_ref().and_then(|session| session.acting.as_ref())
    }

    /// Whether the very same was sent a moment ago, from a page that was loaded before: after "Back" the browser puts the
    /// words into a new page. Then whoever sends is asked first; the same file is never sent twice.
    pub(super) async fn asks_first<T>(&self, sent: &Sent<T>) -> Result<Option<Response>, Refusal> {
        let Some(account) = self.account.as_ref().map(|account| account.id) else { return Ok(None) };
        let (read, now) = (self.house.store.read()?, self.house.ambient.now());
        let is_this = sent.key.map(|key| forms::outcome(&read, account, key)).transpose()?.flatten().is_some();
        if is_this || sent.came.is_meant() {
            return Ok(None);
        }
        let before = forms::same_before(&read, account, sent.came.words(self.acting()), now)?;
        let Some(before) = before else { return Ok(None) };
        self.forget_draft(sent.at.as_deref()).await?;
        if sent.came.file.is_some() {
            return Ok(Some(Redirect::to(&before.place).into_response()));
        }
        let shown = page(&SentAlready {
            cx: Cx { at: sent.at.clone().unwrap_or_default(), ..self.cx() },
            when: When::at(before.at, &self.house.front.face.zone),
            place: before.place.into(),
            action: sent.came.path.clone(),
            multipart: sent.came.multipart,
            fields: sent.came.fields.iter().filter(|(name, _)| !is_own(name)).cloned().collect(),
        })?;
        Ok(Some(finished(StatusCode::CONFLICT, shown)))
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
        match &self.at {
            Some(at) => self.kept_at(at, cx),
            None => Ok(None),
        }
    }

    /// The same of another page, whose words this one takes over.
    pub(super) fn kept_at<T: DeserializeOwned>(&self, at: &str, cx: &mut Cx) -> Result<Option<T>, Refusal> {
        let Some(draft) = self.draft_of(at)? else { return Ok(None) };
        let (pairs, _) = unmarked(pairs_of(&draft.body));
        // Of a form that is nothing but buttons there is nothing to stand in it again.
        if words(&pairs).is_empty() {
            return Ok(None);
        }
        let text = serde_urlencoded::to_string(&pairs).map_err(Refusal::internal)?;
        let Ok(typed) = serde_urlencoded::from_str(&text) else { return Ok(None) };
        cx.kept = Some(When::at(draft.at, &self.house.front.face.zone));
        cx.kept_of = kept_of(&draft.body);
        Ok(Some(typed))
    }

    /// The draft as it is kept for the page that is asked for.
    pub(super) fn draft_here(&self) -> Result<Option<Draft>, Refusal> {
        self.at.as_deref().map_or(Ok(None), |at| self.draft_of(at))
    }

    pub(super) fn draft_of(&self, at: &str) -> Result<Option<Draft>, Refusal> {
        let Some(account) = &self.account else { return Ok(None) };
        Ok(forms::kept(&self.house.store.read()?, account.id, &self.draft_at(at))?)
    }

    /// Keeps what was sent and could not be done.
    pub(super) async fn keep_sent<T>(&self, sent: &Sent<T>) -> Result<(), Refusal> {
        match &sent.at {
            Some(at) => self.keep_sent_for(sent, at).await,
            None => Ok(()),
        }
    }

    /// The same, for another page than the one that it was sent from.
    pub(super) async fn keep_sent_for<T>(&self, sent: &Sent<T>, at: &str) -> Result<(), Refusal> {
        let Some(account) = &self.account else { return Ok(()) };
        let body = words_of(&sent.came.fields).into_bytes();
        let (account, at, draft) = (account.id, self.draft_at(at), Draft { body, at: self.house.ambient.now() });
        all_kept(self.house.store.write(move |tx| forms::keep(tx, account, at, &draft)).await?)
    }

    /// Where a draft of this page is kept, as the session looks at it: a page of a joined record is one of the record that
    /// goes on.
    pub(super) fn draft_at(&self, at: &str) -> DraftAt {
        let other = joined::page_that_goes_on(&self.house, at);
        draft_place(self.acting(), other.as_deref().unwrap_or(at))
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
    let (at, draft) = joined::goes_on(&visit.house, at, draft)?;
    let at = visit.draft_at(&at);
    all_kept(visit.house.store.write(move |tx| forms::keep(tx, account, at, &draft)).await?)?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is too long to be kept is refused: nobody goes on as if it were.
pub(super) fn all_kept(keeping: Keeping) -> Result<(), Refusal> {
    match keeping {
        Keeping::Kept => Ok(()),
        Keeping::TooLong => Err(Refusal::new(Refused::TooLarge { most: forms::LONGEST_DRAFT as u64 })),
    }
}

/// `POST /drafts/discard`: the person wants the empty form.
pub(super) async fn discard(visit: Visit, sent: Sent<Vec<(String, String)>>) -> Result<Redirect, Refusal> {
    let at = sent.at.as_deref();
    // Words without a page stand where somebody's work begins, unless there are others of that page.
    let begins = at.is_some_and(|at| visit.begins_at(at));
    let gone = begins && visit.draft_of(at.unwrap_or_default())?.is_none();
    visit.forget_draft(if gone { Some(forms::PAGE_GONE) } else { at }).await?;
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
    fn what_nobody_sees_in_a_text_becomes_a_space_and_all_else_stays() {
        let clean = |text: &str| String::from_utf8(without_controls(text.as_bytes())).unwrap();
        assert_eq!(clean("a=one%0Btwo%0cthree%00%1F%7f&b=%0D%0A%09"), "a=one+two+three+++&b=%0D%0A%09");
        for same in ["a=%C3%BC%25%20&b=%zz%", "a=%0", "at=%2Fmy&x=\u{fc}", ""] {
            assert_eq!(clean(same), same);
        }
        assert_eq!(clean("a=b\u{b}c"), "a=b+c");
    }

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
        let late = |text: &str, file| {
            let (token, at) = (String::new(), "/my/documents/new".into());
            Late { token, at, text: text.into(), file }
        };
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
