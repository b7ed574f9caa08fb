//! The gate before every handler: the body's limit, who is asking, whether the row lets them in, and that
//! an unsafe request comes from one of our own pages.
//!
//! An unsafe method by cookie needs two proofs: the browser says that the request comes from our own origin
//! (`Sec-Fetch-Site`, or `Origin` from browsers without it), and it carries the session's token, as the form
//! field `csrf` or the header `x-csrf-token`. A bearer token is no ambient authority and needs neither. A
//! request without a session (the sign-in form) needs the first only: there is nothing yet to bind a token to.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::House;
use super::api;
use super::arriving;
use super::done;
use super::forms;
use super::front::Peer;
use super::joined;
use super::meanwhile::is_meanwhile;
use super::respond::{Format, Refusal, Refused};
use super::routes::{Audience, BodyLimit, Entrance, Least, Route};
use super::session::{self, Credential, Links, Visit, Visitor};
use super::ui::Locale;
use super::unread::{self, Asks};
use super::uploaded::{self, Late, Received, Whose};
use crate::access::{Actor, Assurance};
use crate::audit;
use crate::care::forms::{Draft, Keeping, draft_place};
use crate::care::preferences;
use crate::identity::SessionRow;

/// What the gate of one row knows.
pub(super) struct Door {
    pub(super) house: House,
    pub(super) route: &'static Route,
    pub(super) entrance: Entrance,
}

/// The row that answered, for the log, the metrics and the form of a refusal.
#[derive(Clone)]
pub(super) struct Answered {
    pub(super) template: &'static str,
    pub(super) format: Format,
    /// Who asked, once that was known: a refusal's page has their name and places.
    pub(super) visit: Option<Visit>,
    /// What was asked for, or the page of the form that was sent: where one goes on after signing in, or loads again.
    pub(super) next: Option<String>,
    /// What became of the text of a form that came after its session had ended.
    pub(super) late: Option<Keeping>,
    /// What was typed into the form, until it is known whether it could be done.
    sent: Option<Draft>,
}

/// The header by which a script says that nobody asked for this: live updates.
const BY_ITSELF: &str = "x-by-itself";

/// The largest body that is read only to be dropped, in bytes.
const MOST_DROPPED: u64 = 64 << 20;

/// Where somebody chooses for whom they act. There the text of a form waits that was typed for somebody else.
pub(super) const CHOOSE: &str = "/my/acting";

/// How long a fresh second factor stands for a delicate act, in seconds.
const STEP_UP_SECONDS: i64 = 600;

/// Whether a page asks for it by itself, and nobody perhaps looks.
pub(super) fn is_by_itself(headers: &HeaderMap) -> bool {
    headers.contains_key(BY_ITSELF)
}

pub(super) async fn pass(door: Arc<Door>, request: Request) -> Response {
    let asks = asks(&request);
    let is_shown = *request.method() == Method::GET && door.route.format != Format::Fhir;
    let asked = is_shown.then(|| joined::plain(request.uri()));
    let mut answered = Answered {
        template: door.route.path,
        format: door.route.format,
        visit: None,
        next: asked.flatten(),
        late: None,
        sent: None,
    };
    let checked = check(&door, request, &mut answered).await;
    let mut response = match checked.map_err(|refusal| said_of_text(&door, refusal)) {
        Ok(request) => {
            let locale = answered.visit.as_ref().map_or_else(Locale::now, |visit| visit.locale);
            let asked = (request.method().clone(), request.uri().clone());
            match locale.within(of_joined(&door, asked, &answered)).await {
                Ok(None) => locale.within(handled(&door, request, &answered)).await,
                Ok(Some(led)) => led,
                Err(refusal) => refusal.into_response(),
            }
        }
        // What a page keeps by itself is kept after its session, too; the page then says that one has to sign in.
        Err(_) if answered.late == Some(Keeping::Kept) && door.route.path == forms::DRAFTS => {
            StatusCode::ACCEPTED.into_response()
        }
        Err(refusal) => refusal.into_response(),
    };
    let refused = response.extensions().get::<Refusal>().map(|refusal| refusal.kind);
    if let Some(shown) = meanwhile(&door, &mut answered, refused).await {
        response = shown;
    } else if let Some(shown) = page_gone(&door, &answered, refused).await {
        response = shown;
    }
    if let Some(visit) = answered.visit.as_ref() {
        let from = visit.origin().filter(|_| door.route.format == Format::Fhir);
        response = door.house.unread.counted(&visit.actor, from, asks, response);
    }
    response.extensions_mut().insert(answered);
    response
}

/// The handler's answer. What a form did is said once.
async fn handled(door: &Door, request: Request, answered: &Answered) -> Response {
    let handler = |request| door.route.handled(request, door.house.clone());
    match door.route.format {
        Format::Page => {}
        Format::Fhir => return api::negotiate(request, handler).await,
        _ => return handler(request).await,
    }
    if request.method() == Method::POST {
        let response = handler(request).await;
        // Who signs in goes on where they were: nothing was done there now.
        let is_signed_in = answered.visit.as_ref().is_some_and(|visit| visit.session.is_some());
        return if is_signed_in { done::leads_there(response) } else { response };
    }
    // What a page asks for by itself leaves the words to whoever looks.
    let (request, taken) = match is_by_itself(request.headers()) {
        true => (request, None),
        false => done::said_once(request),
    };
    let mut response = handler(request).await;
    if let Some(taken) = taken {
        response.headers_mut().append(header::SET_COOKIE, taken);
    }
    response
}

fn asks(request: &Request) -> Asks {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD) || request.uri().path().ends_with("/_search");
    if reads { Asks::ToRead } else { Asks::ToChange }
}

/// The page of a form that was refused because of what somebody else did meanwhile, with what was typed.
async fn meanwhile(door: &Door, answered: &mut Answered, refused: Option<Refused>) -> Option<Response> {
    let sent = answered.sent.take().filter(|_| is_text(door))?;
    let (true, Some(visit), Some(at)) = (refused.is_some_and(is_meanwhile), &answered.visit, &answered.next) else {
        return None;
    };
    visit.meanwhile(at, sent).await.unwrap_or_else(|refusal| Some(refusal.into_response()))
}

/// Where somebody goes on whose kept words belong to a page that there is not, or not for them. Signing in leads to such a
/// page, too.
async fn page_gone(door: &Door, answered: &Answered, refused: Option<Refused>) -> Option<Response> {
    use Refused::{Gone, Never, NoRecord, NotFound, NotGranted};
    let is_gone = matches!(refused?, NotFound | Gone | Never | NoRecord | NotGranted(_));
    let visit = answered.visit.as_ref().filter(|_| is_gone && door.route.format == Format::Page)?;
    visit.page_gone().await.unwrap_or_else(|refusal| Some(refusal.into_response()))
}

/// The answer to what is asked of, or sent to, a record that was joined to another one.
async fn of_joined(
    door: &Door,
    (method, uri): (Method, Uri),
    answered: &Answered,
) -> Result<Option<Response>, Refusal> {
    let Some(visit) = answered.visit.as_ref().filter(|_| door.route.format == Format::Page) else { return Ok(None) };
    if method == Method::POST {
        let sent = answered.sent.clone().filter(|_| is_text(door));
        return joined::sent(visit, uri.path(), answered.next.as_deref(), sent).await;
    }
    joined::led(&door.house, &uri)
}

async fn check(door: &Door, request: Request, answered: &mut Answered) -> Result<Request, Refusal> {
    let limit = door.house.front.limits.body(door.route.body);
    let mut visitor = visitor(door, Asking::of(door, &request)).await?;
    visitor.at = answered.next.as_deref().map(Into::into);
    if door.route.format == Format::Page {
        visitor.joined = joined::way(&door.house, request.uri())?;
    }
    visitor.locale = language(&visitor, request.headers())?;
    let mut visit = Visit::from(visitor);
    answered.visit = Some(visit.clone());
    let mut request = match (limit_body(request, limit).await, door.route.body) {
        (Err(refusal), BodyLimit::Upload) if matches!(refusal.kind, Refused::TooLarge { .. }) => {
            return Err(uploaded::too_large());
        }
        (request, _) => request?,
    };
    let unsafe_method = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if unsafe_method && door.entrance.is_https() {
        from_our_own_origin(request.headers(), request.uri().authority().map(http::uri::Authority::as_str))?;
        if door.route.body == BodyLimit::Upload {
            if visit.session.is_none() {
                request = keep_late_upload(door, request, answered).await?;
            }
            // A stranger's file is not even read.
            admit(door, &visit).await?;
        }
        let mut stood = None;
        if let (Some(session), false) = (&visit.session, door.route.audience == Audience::Anyone) {
            request = match door.route.body {
                BodyLimit::Upload if !request.headers().contains_key("x-csrf-token") => {
                    match uploaded::received(request, session, &visit.actor, &door.house.uploads).await? {
                        Received::Good(request, at) => {
                            answered.next = at;
                            request
                        }
                        Received::Other(late) => return Err(keep_stale_upload(door, session, late, answered).await?),
                    }
                }
                _ => match carries_the_token(request, session, limit).await? {
                    Token::Good(request, bytes) => {
                        (answered.next, answered.sent) = forms::draft_in(&bytes, door.house.ambient.now()).unzip();
                        stood = answered.sent.as_ref().and_then(|sent| forms::stood_in(&sent.body)).map(Into::into);
                        *request
                    }
                    Token::Other(bytes) => return Err(keep_stale_form(door, session, &bytes, answered).await?),
                },
            };
        }
        if stood.is_some() {
            visit.stood = stood;
        }
        if visit.session.is_none() && is_text(door) && door.route.audience != Audience::Anyone {
            request = keep_late_form(door, request, limit, answered).await?;
        }
    }
    admit(door, &visit).await?;
    if !door.house.unread.has_room(&visit.actor) {
        read_and_drop(request).await;
        return Err(unread::too_much());
    }
    if matches!(door.route.body, BodyLimit::Resource | BodyLimit::Bundle) {
        request = at_its_turn(door, request, &mut visit, limit).await?;
    }
    request.extensions_mut().insert(visit);
    // The row's limit is the only one.
    DefaultBodyLimit::disable().apply(&mut request);
    Ok(request)
}

/// A body with its turn.
async fn at_its_turn(door: &Door, request: Request, visit: &mut Visit, limit: usize) -> Result<Request, Refusal> {
    if request.body().size_hint().upper().is_some_and(|most| most <= arriving::LONG as u64) {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let (bytes, held) = door.house.bodies.whole(&visit.actor, body, limit).await?;
    visit.held = held.map(Arc::new);
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// What a request shows of who sends it.
struct Asking {
    credential: Credential,
    user_agent: Option<Box<str>>,
    origin: Option<IpAddr>,
    by_itself: bool,
}

impl Asking {
    /// A bearer token counts for FHIR only: no page is made for programs.
    fn of(door: &Door, request: &Request) -> Self {
        let headers = request.headers();
        let credential = match (door.entrance.is_https(), door.route.format) {
            (false, _) => Credential::None,
            (true, Format::Fhir) => match session::bearer(headers) {
                bearer @ Credential::Bearer(_) => bearer,
                _ => session::cookie(headers, door.entrance),
            },
            (true, _) => session::cookie(headers, door.entrance),
        };
        Self {
            credential,
            user_agent: headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).map(Into::into),
            origin: request.extensions().get::<Peer>().map(|peer| peer.ip),
            by_itself: is_by_itself(headers) || door.route.by_itself,
        }
    }
}

/// Finds out who is asking.
async fn visitor(door: &Door, asking: Asking) -> Result<Visitor, Refusal> {
    let listener = door.entrance.listener();
    let Asking { credential, user_agent, origin, by_itself } = asking;
    let mut visitor = Visitor {
        house: door.house.clone(),
        actor: Actor::anonymous(listener, origin),
        entrance: door.entrance,
        session: None,
        account: None,
        user_agent,
        at: None,
        stood: None,
        locale: Locale::En,
        links: Links::One,
        joined: None,
        held: None,
    };
    let identity = &door.house.identity;
    match credential {
        Credential::None => {}
        Credential::Cookie(secret) => {
            let read = door.house.store.read()?;
            if let Some((session, account)) = identity.session(&read, secret.expose(), listener)? {
                // What a page asks for by itself does not keep a session alive.
                if !by_itself {
                    identity.note_use(secret.expose(), &session).await?;
                }
                visitor.actor = Actor::from_session(&session, &account, listener, origin);
                visitor.session = Some(session);
                visitor.account = Some(account);
                // FHIR goes as far as the account's own person, as it does with a token.
                if door.route.format != Format::Fhir {
                    act(&mut visitor).await?;
                }
            }
        }
        Credential::Bearer(token) => {
            let read = door.house.store.read()?;
            // An unknown token is a failure without an account: counted, and written by the minute.
            let Some((row, account)) = identity.token(&read, token.expose())? else {
                let counted =
                    door.house.audit.write_essential(move |tx| tx.count_failure(origin, audit::Action::Authenticate));
                let ((), _) = counted.await?;
                return Ok(visitor);
            };
            identity.note_token_use(token.expose(), &row).await?;
            visitor.actor = Actor::from_token(&account, &row.scopes, listener, origin);
            visitor.account = Some(account);
        }
    }
    Ok(visitor)
}

/// Has the visitor look as whom their session chose, if that is still allowed. What was taken back ends here: the session then
/// looks as the account's own person again, and the forms of pages that it made before are good no more.
async fn act(visitor: &mut Visitor) -> Result<(), Refusal> {
    let house = visitor.house.clone();
    let (Some(session), Some(account)) = (&visitor.session, &visitor.account) else { return Ok(()) };
    let links = house.identity.links(&house.store.read()?, account)?;
    let own = account.person.as_ref();
    visitor.links = if links.iter().any(|link| Some(link.person()) != own) { Links::Several } else { Links::One };
    let Some(chosen) = &session.acting else { return Ok(()) };
    let actor = match links.iter().find(|link| link.person() == chosen) {
        Some(link) => house.records.acting_by(&visitor.actor, link)?,
        None => None,
    };
    match actor {
        Some(actor) => visitor.actor = actor,
        None => {
            visitor.links = Links::Ended;
            visitor.session = Some(house.identity.act_as(session, None).await?);
        }
    }
    Ok(())
}

/// The language that the browser asks for.
pub(super) fn asked_language(headers: &HeaderMap) -> Locale {
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    asked.map_or(Locale::En, Locale::wanted)
}

/// The language of the answer: what the account chose, else what the browser asks for. The staff's pages are in English.
fn language(visitor: &Visitor, headers: &HeaderMap) -> Result<Locale, Refusal> {
    match (visitor.actor.role(), &visitor.account) {
        _ if visitor.entrance == Entrance::Ops => Ok(Locale::En),
        (Some(role), _) if role.is_staff() => Ok(Locale::En),
        (Some(_), Some(account)) => {
            let chosen = preferences::of(&visitor.house.store.read()?, account.id)?.language;
            Ok(chosen.and_then(|code| Locale::from_code(&code)).unwrap_or_else(|| asked_language(headers)))
        }
        _ => Ok(asked_language(headers)),
    }
}

/// Somebody who wrote too much is not told to choose a smaller file.
fn said_of_text(door: &Door, refusal: Refusal) -> Refusal {
    match refusal.kind {
        Refused::TooLarge { .. } if is_text(door) => Refusal::new(Refused::LongText),
        _ => refusal,
    }
}

/// Whether what is sent there is the text of a form.
fn is_text(door: &Door) -> bool {
    door.route.format == Format::Page && door.route.body != BodyLimit::Upload
}

/// How much of a form is read where no cookie says whose it may be, in bytes, until its token does: as much as a form has that
/// is not a long one. A form begins with its token.
const MOST_OF_A_STRANGERS_FORM: usize = 64 << 10;

/// A form that was sent after its session had ended: its text is kept for its account, if its token shows that it is one of
/// that session's own pages. The page that it belongs to is where whoever signs in now goes on.
async fn keep_late_form(
    door: &Door,
    request: Request,
    limit: usize,
    answered: &mut Answered,
) -> Result<Request, Refusal> {
    let (parts, body) = request.into_parts();
    let by_cookie = ended_session(door, &parts.headers)?;
    let is_known = |beginning: &[u8]| match by_cookie {
        Some(_) => Ok(true),
        None => Ok(session_of(door, None, token_in(beginning))?.is_some()),
    };
    let bytes = match read_if_known(body, limit, is_known).await? {
        Beginning::OfAKnown(bytes) => bytes,
        Beginning::OfAStranger(bytes) => {
            answered.next = forms::at_of(&bytes);
            return Ok(Request::from_parts(parts, Body::empty()));
        }
    };
    let Some((at, draft)) = forms::draft_in(&bytes, door.house.ambient.now()) else {
        return Ok(Request::from_parts(parts, Body::from(bytes)));
    };
    match session_of(door, by_cookie, token_in(&bytes))? {
        Some(session) => kept_late(&door.house, &session, at, answered, |_| draft).await?,
        None => answered.next = Some(at),
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// A form of an earlier session, sent by whoever has signed in again meanwhile: in another window, say. It is not done, as
/// no form of another session is; its text is kept, if it is the same person's.
async fn keep_stale_form(
    door: &Door,
    session: &SessionRow,
    bytes: &[u8],
    answered: &mut Answered,
) -> Result<Refusal, Refusal> {
    let (before, refusal) = stale(door, session, token_in(bytes))?;
    let draft = forms::draft_in(bytes, door.house.ambient.now()).filter(|_| is_text(door));
    if let (Some(before), Some((at, draft))) = (before, draft) {
        kept_late(&door.house, &before, at, answered, |_| draft).await?;
    }
    Ok(turned_away(refusal, answered))
}

/// Whose form was of another record chooses that one first.
fn turned_away(refusal: Refusal, answered: &mut Answered) -> Refusal {
    if matches!(refusal.kind, Refused::OtherRecord) {
        answered.next = Some(CHOOSE.to_owned());
    }
    refusal
}

/// Of which session of this person a token is that is not this session's as it is now, and how its form is refused: an
/// earlier one, or this one as it looked at another record.
fn stale(door: &Door, session: &SessionRow, token: Option<&str>) -> Result<(Option<SessionRow>, Refusal), Refusal> {
    let read = door.house.store.read()?;
    if let (Some(token), Some(account)) = (token, door.house.identity.account(session.account)?) {
        let persons = door.house.identity.links(&read, &account)?.into_iter().map(|link| Some(link.person().clone()));
        let as_another = std::iter::once(None).chain(persons).map(|person| session.clone().acting_as(person));
        if let Some(other) = as_another.into_iter().find(|other| other.is_form_token(token)) {
            return Ok((Some(other), Refusal::new(Refused::OtherRecord)));
        }
    }
    let before = session_of(door, None, token)?.filter(|before| before.account == session.account);
    Ok((before, Refusal::new(Refused::NotOurForm)))
}

/// The longest form with a file that is read for its text where no cookie says whose it may be.
const MOST_OF_A_STRANGER: u64 = 256 << 10;

/// A late form with a file: its text is kept, and that a file has to be chosen again.
async fn keep_late_upload(door: &Door, request: Request, answered: &mut Answered) -> Result<Request, Refusal> {
    let by_cookie = ended_session(door, request.headers())?;
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if by_cookie.is_none() && length.is_none_or(|length| length > MOST_OF_A_STRANGER) {
        return Ok(request);
    }
    let from = request.extensions().get::<Peer>().map(|peer| peer.ip);
    let whose = by_cookie.as_ref().map_or(Whose::Stranger(from), |session| Whose::Account(session.account));
    let late = uploaded::late(request, whose, &door.house.uploads).await?;
    let nothing = Request::new(Body::empty());
    let Some(late) = late else { return Ok(nothing) };
    match session_of(door, by_cookie, Some(&late.token))? {
        Some(session) => keep_upload(door, &session, late, answered).await?,
        None => answered.next = Some(late.at),
    }
    Ok(nothing)
}

/// The same of a form of an earlier session.
async fn keep_stale_upload(
    door: &Door,
    session: &SessionRow,
    late: Option<Late>,
    answered: &mut Answered,
) -> Result<Refusal, Refusal> {
    let (before, refusal) = stale(door, session, late.as_ref().map(|late| late.token.as_str()))?;
    if let (Some(before), Some(late)) = (before, late) {
        keep_upload(door, &before, late, answered).await?;
    }
    Ok(turned_away(refusal, answered))
}

async fn keep_upload(door: &Door, session: &SessionRow, late: Late, answered: &mut Answered) -> Result<(), Refusal> {
    let (at, now) = (late.at.clone(), door.house.ambient.now());
    kept_late(&door.house, session, at, answered, |before| forms::late_draft(&late, before, now)).await
}

fn token_in(bytes: &[u8]) -> Option<&str> {
    let given = bytes.split(|byte| *byte == b'&').find_map(|pair| pair.strip_prefix(b"csrf="));
    given.and_then(|given| std::str::from_utf8(given).ok())
}

/// The ended session of which this is a form: the one whose cookie came along, or the one that its token names. A cookie is
/// gone where somebody signed out in another window, and it is another's where they signed in again.
fn session_of(door: &Door, by_cookie: Option<SessionRow>, token: Option<&str>) -> Result<Option<SessionRow>, Refusal> {
    let Some(token) = token else { return Ok(None) };
    if let Some(session) = by_cookie.filter(|session| session.is_form_token(token)) {
        return Ok(Some(session));
    }
    let house = &door.house;
    Ok(house.identity.ended_session_of_form(&house.store.read()?, token, door.entrance.listener())?)
}

/// The session that has ended, whose cookie came along.
fn ended_session(door: &Door, headers: &HeaderMap) -> Result<Option<SessionRow>, Refusal> {
    let Credential::Cookie(secret) = session::cookie(headers, door.entrance) else { return Ok(None) };
    let house = &door.house;
    Ok(house.identity.ended_session(&house.store.read()?, secret.expose(), door.entrance.listener())?)
}

/// Keeps what came late, made of what was kept before; `answered` says where it is found after signing in.
async fn kept_late(
    house: &House,
    session: &SessionRow,
    at: String,
    answered: &mut Answered,
    draft: impl FnOnce(Option<Draft>) -> Draft,
) -> Result<(), Refusal> {
    let account = session.account;
    let other = joined::page_that_goes_on(house, &at).unwrap_or_else(|| at.clone());
    let place = draft_place(session.acting.as_ref(), &other);
    let draft = draft(crate::care::forms::kept(&house.store.read()?, account, &place)?);
    let (at, draft) = joined::goes_on(house, at, draft)?;
    answered.late = Some(house.store.write(move |tx| crate::care::forms::keep(tx, account, place, &draft)).await?);
    answered.next = Some(if session.acting.is_some() { CHOOSE.to_owned() } else { at });
    Ok(())
}

/// Whether the row lets this visitor in. Who is turned away by role is written down before the answer.
async fn admit(door: &Door, visit: &Visit) -> Result<(), Refusal> {
    let refused = match verdict(door.route, &visit.actor, door.house.ambient.now()) {
        Ok(()) => return Ok(()),
        Err(refused) => refused,
    };
    if refused != Refused::NotSignedIn {
        let event = visit
            .event(audit::Action::Refused, audit::Purpose::SysAdmin)
            .outcome(audit::Outcome::Denied)
            .detail(audit::Detail::note(format!("{} {}", door.route.verb.name(), door.route.path)));
        let _ = door.house.audit.commit(vec![event]).await?;
    }
    Err(Refusal::new(refused))
}

fn verdict(route: &Route, actor: &Actor, now: crate::base::Timestamp) -> Result<(), Refused> {
    let signed_in = actor.account().is_some();
    match route.audience {
        Audience::Anyone => return Ok(()),
        _ if !signed_in => return Err(Refused::NotSignedIn),
        Audience::SignedIn => {}
        Audience::Roles(roles) => match actor.role() {
            Some(role) if roles.contains(&role) => {}
            _ => return Err(Refused::Never),
        },
    }
    let enough = match (route.least, actor.assurance()) {
        (Least::Password, _) => true,
        (Least::TwoFactors, Some(Assurance::TwoFactor | Assurance::SteppedUpAt(_))) => true,
        (Least::SteppedUp, Some(Assurance::SteppedUpAt(at))) => {
            (0..STEP_UP_SECONDS).contains(&now.duration_since(at).as_secs())
        }
        _ => false,
    };
    if enough { Ok(()) } else { Err(Refused::ProofNeeded) }
}

/// Reads a body only to drop it: a sender that is cut off while it writes never gets to read why.
async fn read_and_drop(request: Request) {
    drop_rest(request.into_body()).await;
}

async fn drop_rest(mut body: Body) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// Refuses a body that says it is too large, and stops reading one that does not say. What is somewhat too large is read
/// and dropped.
pub(super) async fn limit_body(request: Request, limit: usize) -> Result<Request, Refusal> {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if let Some(bytes) = announced.filter(|bytes| *bytes > limit as u64) {
        // Who asks before sending is told, and sends nothing.
        if bytes <= MOST_DROPPED && !request.headers().contains_key(header::EXPECT) {
            read_and_drop(request).await;
        }
        return Err(too_large(limit));
    }
    if request.body().is_end_stream() {
        return Ok(request);
    }
    Ok(request.map(|body| Body::new(Limited::new(body, limit))))
}

fn too_large(limit: usize) -> Refusal {
    let mib = limit / (1 << 20);
    let most = if mib == 0 { format!("{} KiB", limit >> 10) } else { format!("{mib} MiB") };
    Refusal::saying(
        Refused::TooLarge { most: limit as u64 },
        format!(
            "This is larger than the box takes here: {most} is the most. Nothing was kept. Send it in smaller parts."
        ),
    )
}

/// What the browser says of where an unsafe request comes from. Programs say nothing, and carry no cookie of
/// somebody who is looking at another page.
pub(super) fn from_our_own_origin(headers: &HeaderMap, authority: Option<&str>) -> Result<(), Refusal> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let ours = match (text(header::HeaderName::from_static("sec-fetch-site")), text(header::ORIGIN)) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            let host = authority.or_else(|| text(header::HOST)).unwrap_or_default();
            origin.strip_prefix("https://").is_some_and(|from| from.eq_ignore_ascii_case(host))
        }
        (None, None) => true,
    };
    if ours { Ok(()) } else { Err(Refusal::new(Refused::NotOurForm)) }
}

/// Whether a form carries the token of the session that sends it.
enum Token {
    /// The request as it came, and the form in it.
    Good(Box<Request>, Bytes),
    /// It is none of this session's: its body.
    Other(Bytes),
}

/// Compares the token in the header or in the form with the session's.
async fn carries_the_token(request: Request, session: &SessionRow, limit: usize) -> Result<Token, Refusal> {
    let same = |given: &[u8]| std::str::from_utf8(given).is_ok_and(|token| session.is_form_token(token));
    if let Some(given) = request.headers().get("x-csrf-token") {
        let good = same(given.as_bytes());
        return if good {
            Ok(Token::Good(Box::new(request), Bytes::new()))
        } else {
            Err(Refusal::new(Refused::NotOurForm))
        };
    }
    let is_form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if !is_form {
        return Err(Refusal::new(Refused::NotOurForm));
    }
    let (parts, body) = request.into_parts();
    let bytes = read(body, limit).await?;
    // The token is base64url: a form never encodes it.
    if token_in(&bytes).is_some_and(|token| session.is_form_token(token)) {
        let request = Request::from_parts(parts, Body::from(bytes.clone()));
        return Ok(Token::Good(Box::new(request), bytes));
    }
    Ok(Token::Other(bytes))
}

/// A form as far as it was read.
enum Beginning {
    /// All of it.
    OfAKnown(Bytes),
    /// Nothing says whose it is: the rest was dropped.
    OfAStranger(Bytes),
}

/// Reads a form that is no longer than [`MOST_OF_A_STRANGERS_FORM`], and all of a longer one if its beginning says whose it is.
async fn read_if_known(
    mut body: Body,
    limit: usize,
    is_known: impl Fn(&[u8]) -> Result<bool, Refusal>,
) -> Result<Beginning, Refusal> {
    let mut bytes = BytesMut::new();
    let mut known = false;
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|error| unfinished(&error, limit))?.into_data() {
            bytes.extend_from_slice(&data);
        }
        if !known && bytes.len() > MOST_OF_A_STRANGERS_FORM {
            known = is_known(&bytes)?;
            if !known {
                bytes.truncate(MOST_OF_A_STRANGERS_FORM);
                drop_rest(body).await;
                return Ok(Beginning::OfAStranger(bytes.freeze()));
            }
        }
    }
    Ok(Beginning::OfAKnown(bytes.freeze()))
}

pub(super) async fn read(body: Body, limit: usize) -> Result<Bytes, Refusal> {
    body.collect().await.map(http_body_util::Collected::to_bytes).map_err(|error| unfinished(&error, limit))
}

pub(super) fn unfinished(error: &(dyn std::error::Error + 'static), limit: usize) -> Refusal {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return too_large(limit);
        }
        cause = error.source();
    }
    Refusal::saying(Refused::Malformed, "The request ended before all of it was sent. Nothing was changed.")
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::{StreamExt as _, stream};

    use super::*;
    use crate::care::{messages, own, previsit, requests};
    use crate::http::Limits;
    use crate::http::routes::{TABLE, Verb};

    const PIECE: usize = 8 << 10;

    /// So many bytes in pieces, and how many of them were asked for.
    fn form(pieces: usize) -> (Body, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let all = stream::iter(0..pieces).map(move |_| {
            count.fetch_add(PIECE, Ordering::SeqCst);
            Ok::<_, Infallible>(Bytes::from(vec![b'a'; PIECE]))
        });
        (Body::from_stream(all), asked)
    }

    #[tokio::test]
    async fn of_a_strangers_long_form_nothing_is_held_but_its_beginning() {
        let limit = 2 << 20;
        let (body, asked) = form(200);
        let Ok(Beginning::OfAStranger(bytes)) = read_if_known(body, limit, |_| Ok(false)).await else {
            panic!("nobody knows whose it is")
        };
        assert_eq!(bytes.len(), MOST_OF_A_STRANGERS_FORM);
        assert_eq!(asked.load(Ordering::SeqCst), 200 * PIECE, "it is dropped, so that the answer is read");
        let (body, _) = form(200);
        let told = AtomicUsize::new(0);
        let known = |beginning: &[u8]| {
            told.store(beginning.len(), Ordering::SeqCst);
            Ok(true)
        };
        let Ok(Beginning::OfAKnown(bytes)) = read_if_known(body, limit, known).await else {
            panic!("it is somebody's")
        };
        assert_eq!(bytes.len(), 200 * PIECE);
        assert_eq!(told.load(Ordering::SeqCst), MOST_OF_A_STRANGERS_FORM + PIECE, "it is asked as soon as it is long");
        let (body, _) = form(8);
        let short = read_if_known(body, limit, |_| Ok(false)).await;
        assert!(matches!(short, Ok(Beginning::OfAKnown(bytes)) if bytes.len() == 8 * PIECE), "a short one is read");
    }

    #[test]
    fn every_text_of_a_patient_is_taken_whatever_letters_it_is_written_in() {
        // An emoji is four bytes, each of them three on the way. Beside the text there is the form's own.
        let most = |characters: usize| characters * 12 + 2_000;
        let answers = |built: &previsit::Built| {
            let form = previsit::Form::of(&built.questionnaire()).unwrap();
            form.questions.iter().filter(|one| one.kind == previsit::Kind::Lines).count() * previsit::LONGEST
        };
        let forms = previsit::BUILT.iter().map(answers).max().unwrap();
        for (path, characters) in [
            ("/my/history/new", own::LONGEST_HISTORY),
            ("/my/visits/{id}/form", forms),
            ("/my/messages/{id}", messages::LONGEST),
            ("/my/requests/new", requests::LONGEST),
            ("/my/measurements/new", own::LONGEST_NOTE),
        ] {
            let route = TABLE.iter().find(|route| route.verb == Verb::Post && route.path == path).unwrap();
            assert!(Limits::default().body(route.body) >= most(characters), "{path}");
        }
    }
}
