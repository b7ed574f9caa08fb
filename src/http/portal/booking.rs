//! Booking a visit oneself: which kind, with whom, when; changing it, calling it off, answering an offer.

use axum::extract::{Path, Query};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::{Date, Time};
use jiff::{Span, ToSpan};
use serde::Deserialize;
use serde_json::Value;

use super::booking_pages::{
    BookConfirm, BookKinds, BookRequest, BookTimes, DayTimes, FormState, Instead, KindRow, MyVisit, TimeLink,
};
use super::own::{Needs, Own};
use crate::access::Sensitivity;
use crate::audit::{Action, Detail};
use crate::base::{FhirId, ResourceRef, Role, Timestamp};
use crate::care::clinic::{Booking, Clinic, Clinician, VisitType};
use crate::care::notify::{Kind, Whom};
use crate::care::previsit;
use crate::care::schedule::{self, BookError, Hour, Slots, State, Taken, Wish};
use crate::care::workflow::{Doing, Done, Refused};
use crate::fhir::ResourceType as R;
use crate::http::fill;
use crate::http::forms::{Sent, Versioned};
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Cx, Faults, Field, Locale, When, t};
use crate::http::waiting::freed;
use crate::record::{Channel, Stored, Why};

/// How many days one page of free times shows.
const DAYS: i64 = 7;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Asked {
    kind: String,
    with: String,
    /// The first day that is shown.
    from: String,
    start: String,
}

/// What a free time is looked for.
enum For {
    /// A visit that nobody has booked yet.
    New,
    /// Another time for this one.
    Move(Moving),
}

/// The visit that gets another time.
struct Moving {
    id: FhirId,
    version: u32,
    /// When it is as long as it was not moved.
    start: Timestamp,
}

impl For {
    /// The page whose links choose a time, and where the choice is sent.
    fn address(&self) -> String {
        match self {
            Self::New => "/my/visits/book".to_owned(),
            Self::Move(one) => format!("/my/visits/{}/change", one.id),
        }
    }
}

impl Own {
    pub(super) async fn clinic(&self) -> Result<Clinic, Refusal> {
        Ok(self.open(Action::Read, Clinic::read).await?.into_inner())
    }

    /// One of the patient's own appointments.
    pub(super) async fn appointment(&self, id: &str) -> Result<(Value, u32, FhirId), Refusal> {
        let id = FhirId::parse(id).map_err(|_| Refusal::not_found())?;
        let found = self.open(Action::Read, |reading| reading.read(R::Appointment, &id)).await?.into_inner();
        let Stored { json, version, .. } = found;
        let value: Value = serde_json::from_slice(&json).map_err(Refusal::internal)?;
        if is_of(&value, &self.patient) { Ok((value, version, id)) } else { Err(Refusal::not_found()) }
    }

    pub(super) fn acts(&self, action: Action) -> Why {
        let detail = self.visit.told(Detail::none());
        Why { action, purpose: self.purpose(), detail, channel: Channel::Screen }
    }

    pub(super) fn doing<'a, T>(&'a self, action: Action, sent: &Sent<T>, place: &str) -> Doing<'a> {
        let once = self.visit.once(sent, place);
        Doing { records: &self.visit.house.records, actor: &self.actor, why: self.acts(action), once }
    }

    /// The field for what a visit is about; whoever sees nothing of the patient's health is not asked.
    pub(super) fn reason(&self, typed: &str, faults: &Faults) -> Option<Field> {
        let field = || Field::area("reason", t("book-reason"), typed, faults).optional().most(schedule::LONGEST);
        self.reads_record().then(|| field().hint(t("book-reason-hint")))
    }

    /// What was typed there.
    pub(super) fn said(&self, typed: &str, faults: &mut Faults) -> Option<String> {
        self.reads_record().then(|| faults.whole("reason", typed, schedule::LONGEST))
    }

    pub(super) fn today(&self) -> Date {
        self.visit.house.ambient.now().to_zoned(self.ctx.zone.clone()).date()
    }

    pub(super) fn when(&self, moment: Timestamp) -> When {
        When::at(moment, &self.ctx.zone)
    }
}

pub(super) fn name_of(kind: &VisitType) -> String {
    kind.name.in_language(Locale::now().code()).to_owned()
}

/// `GET /my/visits/book`
pub(in crate::http) async fn book(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Booking)?;
    let clinic = own.clinic().await?;
    let mut cx = own.plain_cx().await?;
    let kind = clinic.visit_type(&asked.kind).filter(|kind| kind.active && !cx.unseen);
    let Some(kind) = kind else { return kinds(cx, &clinic) };
    match kind.booking {
        Booking::ViewOnly => kinds(cx, &clinic),
        Booking::Request => {
            let typed = own.visit.kept::<Typed>(&mut cx)?.unwrap_or_default();
            request_page(&own, cx, &clinic, kind, &typed, Faults::none())
        }
        Booking::Instant => match asked.start.parse::<Timestamp>() {
            Ok(start) => {
                let with =
                    clinic.clinician(&asked.with).filter(|one| one.offers(&kind.id)).ok_or(Refusal::not_found())?;
                let typed = match own.visit.kept::<Typed>(&mut cx)? {
                    Some(typed) => typed,
                    // What was typed for a time that was taken meanwhile goes along to the next one.
                    None => own.visit.kept_at::<Typed>(&words_at(kind), &mut cx)?.unwrap_or_default(),
                };
                let said = Some((typed.reason.as_str(), &Faults::none()));
                page(&confirm((&own, &clinic), cx, kind, with, start, &For::New, said))
            }
            Err(_) => page(&times(&own, cx, &clinic, kind, &asked, &For::New)?),
        },
    }
}

/// Where nobody of the clinic would know of a visit, none is booked: whoever came would be expected by nobody. What was typed is
/// kept.
pub(super) async fn not_booked<T>(own: &Own, clinic: &Clinic, sent: &Sent<T>) -> Result<Option<Response>, Refusal> {
    let cx = own.plain_cx().await?;
    if !cx.unseen {
        return Ok(None);
    }
    if sent.says("reason") {
        own.visit.keep_sent(sent).await?;
    }
    Ok(Some(finished(StatusCode::CONFLICT, kinds(cx, clinic)?)))
}

fn kinds(cx: Cx, clinic: &Clinic) -> Result<Response, Refusal> {
    let is_bookable = |kind: &&VisitType| kind.active && !cx.unseen && clinic.offering(&kind.id).next().is_some();
    let rows = clinic.visit_types.iter().filter(is_bookable);
    let rows = rows.map(|kind| KindRow {
        href: (kind.booking != Booking::ViewOnly).then(|| format!("/my/visits/book?kind={}", kind.id)),
        name: name_of(kind),
        minutes: kind.minutes,
        how: t(match kind.booking {
            Booking::Instant => "book-how-instant",
            Booking::Request => "book-how-request",
            Booking::ViewOnly => "book-how-view-only",
        })
        .to_string(),
    });
    page(&BookKinds { rows: rows.collect(), phone: clinic.house.phone.clone(), cx })
}

/// Free times of a week, of everybody who offers the visit or of one of them.
fn times(
    own: &Own,
    cx: Cx,
    clinic: &Clinic,
    kind: &VisitType,
    asked: &Asked,
    what: &For,
) -> Result<BookTimes, Refusal> {
    let base = what.address();
    let now = own.visit.house.ambient.now();
    let today = own.today();
    let last = today.saturating_add(i64::from(clinic.house.horizon_days).days());
    let first = asked.from.parse::<Date>().unwrap_or(today).clamp(today, last);
    let end = first.saturating_add((DAYS - 1).days()).min(last);
    let taken = schedule::busy(&own.visit.house.records, first, end)?;
    let chosen = clinic.clinician(&asked.with);
    let offering: Vec<&Clinician> =
        clinic.offering(&kind.id).filter(|one| chosen.is_none_or(|chosen| chosen.person == one.person)).collect();
    let address = |with: &str, more: &str| format!("{base}?kind={}&with={with}{more}", kind.id);
    let mut days = Vec::new();
    let mut day = first;
    while day <= end {
        let mut links: Vec<(Timestamp, TimeLink)> = Vec::new();
        for with in &offering {
            let slots = Slots { clinic, with, minutes: kind.minutes, zone: &own.ctx.zone, taken: &taken, now };
            for start in schedule::free(slots, day) {
                // The same time with somebody else is one choice too many.
                if !links.iter().any(|(other, _)| *other == start) {
                    let href = address(with.person.id().as_str(), &format!("&start={start}"));
                    links.push((start, TimeLink { href, clock: clock(own, start), with: with.name.clone() }));
                }
            }
        }
        links.sort_by_key(|(start, _)| *start);
        days.push(DayTimes { day: When::Day(day), times: links.into_iter().map(|(_, link)| link).collect() });
        day = day.saturating_add(1.day());
    }
    let from = |day: Date| address(&asked.with, &format!("&from={day}"));
    let people = std::iter::once((address("", ""), t("book-anyone").to_string(), chosen.is_none())).chain(
        clinic.offering(&kind.id).map(|one| {
            let own = chosen.is_some_and(|chosen| chosen.person == one.person);
            (address(one.person.id().as_str(), ""), one.name.clone(), own)
        }),
    );
    Ok(BookTimes {
        kind: name_of(kind),
        minutes: kind.minutes,
        people: people.collect(),
        days,
        wait: matches!(what, For::New).then(|| {
            format!(
                "/my/visits/wait?kind={}&with={}",
                kind.id,
                chosen.map(|one| one.person.id().to_string()).unwrap_or_default()
            )
        }),
        instead: instead(own, &cx, what),
        before: (first > today).then(|| from(first.saturating_sub(DAYS.days()).max(today))),
        after: (end < last).then(|| from(end.saturating_add(1.day()))),
        cx,
    })
}

/// When the visit is that is moved, and the way back to it.
fn instead(own: &Own, cx: &Cx, what: &For) -> Option<Instead> {
    let For::Move(one) = what else { return None };
    let when = format!("{}, {}", own.when(one.start).heading(&cx.now), clock(own, one.start));
    Some(Instead { when, href: format!("/my/visits/{}", one.id) })
}

/// 02:30, and its distance from UTC where that reading of the clock comes twice.
fn clock(own: &Own, start: Timestamp) -> String {
    let zoned = start.to_zoned(own.ctx.zone.clone());
    let text = zoned.strftime("%H:%M").to_string();
    match own.ctx.zone.to_ambiguous_timestamp(zoned.datetime()).is_ambiguous() {
        true => format!("{text} (UTC{})", zoned.strftime("%:z")),
        false => text,
    }
}

fn confirm(
    (own, clinic): (&Own, &Clinic),
    mut cx: Cx,
    kind: &VisitType,
    with: &Clinician,
    start: Timestamp,
    what: &For,
    reason: Option<(&str, &Faults)>,
) -> BookConfirm {
    let action = what.address();
    if cx.at.is_empty() {
        cx.at = format!("/my/visits/book?kind={}&with={}&start={start}", kind.id, with.person.id());
    }
    let instead = instead(own, &cx, what);
    let (back, version) = match what {
        For::New => (format!("/my/visits/book?kind={}&with={}", kind.id, with.person.id()), None),
        For::Move(one) => (action.clone(), Some(one.version)),
    };
    let reason = reason.and_then(|(text, faults)| own.reason(text, faults));
    BookConfirm {
        title: t("book-with").with("kind", name_of(kind)).with("with", &with.name).to_string(),
        when: own.when(start).heading(&cx.now),
        clock: clock(own, start),
        minutes: kind.minutes,
        kind: kind.id.to_string(),
        with: with.person.id().to_string(),
        start: start.to_string(),
        reason,
        late: is_late(clinic, start, own.visit.house.ambient.now()).then_some(clinic.house.notice_hours),
        phone: clinic.house.phone.clone(),
        version,
        instead,
        action,
        back,
        cx,
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Typed {
    kind: String,
    with: String,
    start: String,
    reason: String,
    /// For a request: when.
    from: String,
    until: String,
    half: String,
    version: String,
}

/// When somebody can come, as it was typed.
pub(super) struct Wanted<'a> {
    pub from: &'a str,
    pub until: &'a str,
    pub half: &'a str,
}

impl Wanted<'_> {
    /// With whom, and when: the fields of a page on which somebody says what would suit them.
    pub fn fields(&self, clinic: &Clinic, kind: &VisitType, with: &str, faults: &Faults) -> Vec<Field> {
        let anyone = (String::new(), t("book-anyone").to_string());
        let offering = clinic.offering(&kind.id).map(|one| (one.person.id().to_string(), one.name.clone()));
        let people = std::iter::once(anyone).chain(offering).collect();
        vec![
            Field { required: false, ..Field::choice("with", t("book-whom"), with, people, faults) },
            Field::text("from", t("book-from"), self.from, faults).of_kind("date").narrow(),
            Field::text("until", t("book-until"), self.until, faults).of_kind("date").narrow(),
            Field::choice("half", t("book-half"), self.half, halves(), faults),
        ]
    }
}

/// Morning, afternoon, or either.
fn halves() -> Vec<(String, String)> {
    let half = |code: &str, word: &str| (code.to_owned(), t(word).to_string());
    vec![half("any", "half-any"), half("morning", "half-morning"), half("afternoon", "half-afternoon")]
}

fn request_page(
    own: &Own,
    mut cx: Cx,
    clinic: &Clinic,
    kind: &VisitType,
    typed: &Typed,
    faults: Faults,
) -> Result<Response, Refusal> {
    if cx.at.is_empty() {
        cx.at = format!("/my/visits/book?kind={}", kind.id);
    }
    let wanted = Wanted { from: &typed.from, until: &typed.until, half: &typed.half };
    let mut fields = wanted.fields(clinic, kind, &typed.with, &faults);
    fields.extend(own.reason(&typed.reason, &faults));
    page(&BookRequest { kind: kind.id.to_string(), name: name_of(kind), minutes: kind.minutes, fields, faults, cx })
}

/// Where the words for a visit are kept while no time for it is had.
fn words_at(kind: &VisitType) -> String {
    format!("/my/visits/book?kind={}", kind.id)
}

/// `POST /my/visits/book`
pub(in crate::http) async fn make(visit: Visit, sent: Sent<Typed>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Booking)?;
    let clinic = own.clinic().await?;
    if let Some(no) = not_booked(&own, &clinic, &sent).await? {
        return Ok(no);
    }
    let typed = &sent.typed;
    let kind = clinic.visit_type(&typed.kind).filter(|kind| kind.active).ok_or(Refusal::not_found())?;
    let id = FhirId::new(&own.visit.house.ambient);
    let place = format!("/my/visits/{id}?done=booked");
    let now = own.visit.house.ambient.now();
    let mut faults = Faults::none();
    let reason = own.said(&typed.reason, &mut faults);
    match kind.booking {
        Booking::ViewOnly => Err(Refusal::new(No::Never)),
        Booking::Request => {
            let wanted = Wanted { from: &typed.from, until: &typed.until, half: &typed.half };
            let periods = periods(&own, &clinic, &wanted, &mut faults);
            if !faults.is_empty() {
                let page = request_page(&own, own.plain_cx().await?, &clinic, kind, typed, faults)?;
                return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
            }
            if let Some(asks) = own.visit.asks_first(&sent).await? {
                return Ok(asks);
            }
            let with = clinic.clinician(&typed.with).filter(|one| one.offers(&kind.id));
            let wish = Wish { patient: &own.patient, kind, with, reason: reason.as_deref() };
            let value = schedule::asked(&wish, &periods, now);
            let place = format!("/my/visits/{id}?done=sent");
            let asked = vec![(Whom::Role(Role::Reception), Kind::BookingAsked)];
            let done = schedule::book(own.doing(Action::RequestMade, &sent, &place), id, value, None, asked).await;
            outcome(&own, &sent, done, &place, &clinic, kind, &For::New).await
        }
        Booking::Instant => {
            let (start, with) = chosen(&own, &clinic, kind, typed)?;
            if !faults.is_empty() {
                let said = Some((typed.reason.as_str(), &faults));
                let cx = own.plain_cx().await?;
                let page = page(&confirm((&own, &clinic), cx, kind, with, start, &For::New, said))?;
                return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
            }
            let wish = Wish { patient: &own.patient, kind, with: Some(with), reason: reason.as_deref() };
            let value = schedule::appointment(&wish, start, "booked", now);
            let hour = hour(&own, &clinic, kind, with, start, None);
            if !is_offered(&own, &clinic, kind, with, start)? {
                return taken(&own, &sent, &clinic, kind, not_offered(&own, start), &For::New).await;
            }
            let done = schedule::book(own.doing(Action::Book, &sent, &place), id, value, Some(hour), Vec::new()).await;
            outcome(&own, &sent, done, &place, &clinic, kind, &For::New).await
        }
    }
}

/// Why a time cannot be had.
fn not_offered(own: &Own, start: Timestamp) -> BookError {
    if start <= own.visit.house.ambient.now() { BookError::Past } else { BookError::Taken }
}

fn chosen<'a>(
    _: &Own,
    clinic: &'a Clinic,
    kind: &VisitType,
    typed: &Typed,
) -> Result<(Timestamp, &'a Clinician), Refusal> {
    let start = typed.start.parse::<Timestamp>().map_err(|_| Refusal::new(No::Malformed))?;
    let with = clinic.clinician(&typed.with).filter(|one| one.offers(&kind.id)).ok_or(Refusal::not_found())?;
    Ok((start, with))
}

/// Whether the clinic would show this time now. A time that nobody was shown is not booked, whoever sends it.
fn is_offered(
    own: &Own,
    clinic: &Clinic,
    kind: &VisitType,
    with: &Clinician,
    start: Timestamp,
) -> Result<bool, Refusal> {
    let day = start.to_zoned(own.ctx.zone.clone()).date();
    let last = own.today().saturating_add(i64::from(clinic.house.horizon_days).days());
    if day > last {
        return Ok(false);
    }
    // What is taken is asked in the writer; here only hours and days off count.
    let none: &[Taken] = &[];
    let now = own.visit.house.ambient.now();
    let slots = Slots { clinic, with, minutes: kind.minutes, zone: &own.ctx.zone, taken: none, now };
    Ok(schedule::free(slots, day).contains(&start))
}

fn hour(
    own: &Own,
    clinic: &Clinic,
    kind: &VisitType,
    with: &Clinician,
    start: Timestamp,
    except: Option<FhirId>,
) -> Hour {
    let length: Span = i64::from(kind.minutes).minutes();
    Hour {
        patients: vec![own.patient.clone()],
        with: with.person.to_string(),
        start,
        end: start.checked_add(length).unwrap_or(start),
        except,
        hold_hours: clinic.house.hold_hours,
        over: false,
    }
}

/// How many days somebody names at once: a month.
const NAMED: i64 = 31;

/// The last day that can be named with this first one. What goes beyond is said, and not left out.
fn latest(from: Date, horizon: Date) -> Date {
    from.saturating_add((NAMED - 1).days()).min(horizon)
}

/// The half days on which a patient can come, as moments.
pub(super) fn periods(
    own: &Own,
    clinic: &Clinic,
    typed: &Wanted<'_>,
    faults: &mut Faults,
) -> Vec<(Timestamp, Timestamp)> {
    let (from, until) = (typed.from.parse::<Date>(), typed.until.parse::<Date>());
    let today = own.today();
    let last = today.saturating_add(i64::from(clinic.house.horizon_days).days());
    let from = from.ok().filter(|from| (today..=last).contains(from));
    let until = until.ok().filter(|until| from.is_none_or(|from| *until >= from));
    let latest = latest(from.unwrap_or(today), last);
    if from.is_none() {
        faults.add("from", t("book-from-wrong").with("last", When::Day(last).long()));
    }
    match until {
        None => faults.add("until", t("book-until-wrong")),
        // Too late it is after a first day.
        Some(until) if until > latest && from.is_some() => {
            faults.add("until", t("book-until-late").with("last", When::Day(latest).long()));
        }
        Some(_) => {}
    }
    let noon = Time::constant(12, 0, 0, 0);
    let (opens, closes) = match typed.half {
        "morning" => (Time::constant(7, 0, 0, 0), noon),
        "afternoon" => (noon, Time::constant(19, 0, 0, 0)),
        _ => (Time::constant(7, 0, 0, 0), Time::constant(19, 0, 0, 0)),
    };
    let (Some(from), Some(until)) = (from, until.filter(|until| *until <= latest)) else { return Vec::new() };
    let mut periods = Vec::new();
    let mut day = from;
    while day <= until {
        let moment = |time: Time| day.to_datetime(time).to_zoned(own.ctx.zone.clone()).ok().map(|at| at.timestamp());
        periods.extend(moment(opens).zip(moment(closes)));
        day = day.saturating_add(1.day());
    }
    periods
}

async fn outcome(
    own: &Own,
    sent: &Sent<Typed>,
    done: Result<Done<()>, Refused<BookError>>,
    place: &str,
    clinic: &Clinic,
    kind: &VisitType,
    what: &For,
) -> Result<Response, Refusal> {
    match done {
        Ok(done) => {
            own.visit.forget_draft(Some(&words_at(kind))).await?;
            own.visit.went(sent, done, place).await
        }
        // It is their own: sent again after "Back", say.
        Err(Refused::Told(BookError::Already(id))) if matches!(what, For::New) => {
            own.visit.forget_draft(sent.at.as_deref()).await?;
            Ok(Redirect::to(&format!("/my/visits/{id}?done=already")).into_response())
        }
        Err(Refused::Told(error)) => taken(own, sent, clinic, kind, error, what).await,
        Err(Refused::Record(error)) => Err(error.into()),
    }
}

/// What is looked for in place of a time that is not to be had: first with the same clinician in that week, then with anybody in it,
/// then with anybody from today on.
fn instead_of(typed: &Typed, day: Option<Date>, kind: &VisitType) -> [Asked; 3] {
    let from = day.map(|day| day.to_string()).unwrap_or_default();
    [(typed.with.clone(), from.clone()), (String::new(), from), (String::new(), String::new())]
        .map(|(with, from)| Asked { kind: kind.id.to_string(), with, from, start: String::new() })
}

/// The time went meanwhile: the free ones again, for what they were looked for, with what happened above them. What was typed
/// stands in the form of the next one.
async fn taken(
    own: &Own,
    sent: &Sent<Typed>,
    clinic: &Clinic,
    kind: &VisitType,
    error: BookError,
    what: &For,
) -> Result<Response, Refusal> {
    if sent.says("reason") {
        own.visit.keep_sent_for(sent, &words_at(kind)).await?;
    }
    let mut cx = own.plain_cx().await?;
    cx.trouble = Some(
        t(match (what, error) {
            (For::New, BookError::Twice) => "book-twice",
            (For::New, BookError::Past) => "book-past",
            (For::New, _) => "book-taken",
            (For::Move(_), BookError::Twice | BookError::Already(_)) => "move-twice",
            (For::Move(_), BookError::Past) => "move-past",
            (For::Move(_), _) => "move-taken",
        })
        .to_string(),
    );
    let day = sent.typed.start.parse::<Timestamp>().ok().map(|start| start.to_zoned(own.ctx.zone.clone()).date());
    let [first, then @ ..] = instead_of(&sent.typed, day, kind);
    let mut shown = times(own, cx.clone(), clinic, kind, &first, what)?;
    for asked in then {
        if shown.is_full() {
            shown = times(own, cx.clone(), clinic, kind, &asked, what)?;
        }
    }
    Ok(finished(StatusCode::CONFLICT, page(&shown)?))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Shown {
    done: String,
    from: String,
    with: String,
    start: String,
}

/// What a patient may do with an appointment by themselves.
struct May {
    /// When it is.
    start: Timestamp,
    /// Until this moment.
    until: Timestamp,
    now: bool,
}

fn may_change(own: &Own, clinic: &Clinic, value: &Value) -> Option<May> {
    let start: Timestamp = value.get("start")?.as_str()?.parse().ok()?;
    let until = last_change(clinic, start)?;
    let open = value.get("status").and_then(Value::as_str) == Some("booked") && !schedule::is_for_several(value);
    open.then(|| May { start, until, now: !is_late(clinic, start, own.visit.house.ambient.now()) })
}

/// Until when a visit that begins then can be changed here.
fn last_change(clinic: &Clinic, start: Timestamp) -> Option<Timestamp> {
    start.checked_sub(i64::from(clinic.house.notice_hours).hours()).ok()
}

/// Whether it is too late to change such a visit here; whoever books one is told so before.
fn is_late(clinic: &Clinic, start: Timestamp, now: Timestamp) -> bool {
    last_change(clinic, start).is_none_or(|until| until <= now)
}

/// Whether a visit is this patient's, alone or with others.
fn is_of(value: &Value, patient: &FhirId) -> bool {
    schedule::patients_of(value).any(|id| id == patient.as_str())
}

/// The message that says how an appointment stands (FHIR R4, `appointmentstatus`).
fn state_word(status: &str) -> &'static str {
    match status {
        "proposed" => "visit-asked",
        "waitlist" => "visit-waits",
        "pending" => "visit-offered",
        "booked" => "visit-booked",
        "cancelled" => "appointment-cancelled",
        "noshow" => "appointment-did-not-come",
        "fulfilled" => "appointment-done",
        "arrived" | "checked-in" => "appointment-arrived",
        "entered-in-error" => "visit-in-error",
        _ => "appointment-not-confirmed",
    }
}

/// With whom a visit is who sees nothing of it, though others at the clinic do: what the patient believes them to know they do not.
pub(super) fn shut_to(own: &Own, visit: &Value, clinic: &Clinic) -> Option<String> {
    let labels = Sensitivity::of_resource(visit);
    let with = schedule::clinician_of(visit, clinic).filter(|one| !own.is_seen_by(&one.person, labels))?;
    (!own.reaches_nobody(labels)).then(|| with.name.clone())
}

/// Whether something comes of it still: whoever has it waits for a time, or for the day.
fn is_open(status: &str) -> bool {
    matches!(status, "proposed" | "waitlist" | "pending" | "booked" | "arrived" | "checked-in")
}

/// How one stands that nobody of the clinic sees: nobody answers.
fn unseen_word(status: &str) -> &'static str {
    match status {
        "proposed" => "visits-asked",
        "pending" => "visit-was-offered",
        other => state_word(other),
    }
}

/// Whether it says that somebody of the clinic does something.
fn promises(done: &str) -> bool {
    matches!(
        done,
        "book-asked-done"
            | "book-declined-done"
            | "book-offer-ended"
            | "wait-done"
            | "wait-declined-done"
            | "wait-offer-ended"
    )
}

/// What was done to come here, while it is so still: the address stays in a window in which nothing else happens.
fn done_word(done: &str, status: &str, (value, patient): (&Value, &FhirId)) -> Option<&'static str> {
    match (done, status) {
        ("booked", "booked") => Some("book-done"),
        ("moved", "booked") => Some("book-moved"),
        ("already", "booked") => Some("book-already"),
        ("sent", "proposed") => Some("book-asked-done"),
        ("cancelled", "cancelled") => Some("book-cancelled-done"),
        ("form", _) if previsit::has_returned(value, patient.as_str()) => Some("visit-form-done"),
        ("waiting", "waitlist") => Some("wait-done"),
        // The next time that is free may be offered at once.
        ("declined", "waitlist" | "pending") => Some("wait-declined-done"),
        ("declined", "proposed") => Some("book-declined-done"),
        ("ended", "waitlist") => Some("wait-offer-ended"),
        // Of the reception's offer the reception looks further; whoever reads it may not have seen that it ended.
        ("ended", "proposed") => Some("book-offer-ended"),
        _ => None,
    }
}

/// `GET /my/visits/{id}`
pub(in crate::http) async fn show(
    visit: Visit,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Acting)?;
    let (value, version, id) = own.appointment(&id).await?;
    let clinic = own.clinic().await?;
    let mut cx = own.plain_cx().await?;
    let status = value.get("status").and_then(Value::as_str).unwrap_or_default();
    let labels = Sensitivity::of_resource(&value);
    let start = value.get("start").and_then(Value::as_str).and_then(|start| start.parse::<Timestamp>().ok());
    let now = own.visit.house.ambient.now();
    let stands = is_open(status) && start.is_none_or(|start| now <= start);
    let unseen = own.reaches_nobody(labels) && stands;
    let done = done_word(&shown.done, status, (&value, &own.patient));
    cx.done = done.filter(|word| !unseen || !promises(word)).map(|word| match word {
        "visit-form-done" => own.handed_under(labels, t(word).to_string()),
        _ => t(word).to_string(),
    });
    let kind = schedule::kind_of(&value).and_then(|kind| clinic.visit_type(kind));
    let with = schedule::clinician_of(&value, &clinic);
    let name = kind.map_or_else(|| t("coming-visit").to_string(), name_of);
    // What is another patient's, too, is not one person's to move or cancel.
    let is_for_several = schedule::is_for_several(&value);
    let may = may_change(&own, &clinic, &value);
    let asked = value.get("requestedPeriod").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let day = |place: Option<&Value>, name: &str| {
        place.and_then(|one| one.get(name)).and_then(Value::as_str).and_then(|text| When::parse(text, &own.ctx.zone))
    };
    let wanted = day(asked.first(), "start").zip(day(asked.last(), "end")).map(|(first, last)| {
        t("visit-wanted-days")
            .with("from", When::Day(first.day()).long())
            .with("to", When::Day(last.day()).long())
            .to_string()
    });
    let not_offered = schedule::not_offered_of(&value);
    let ends = schedule::offer_ends(&value, clinic.house.hold_hours);
    let over = ends.is_some_and(|ends| ends <= now);
    let offered = schedule::may_answer(&value) && !unseen && !over;
    page(&MyVisit {
        title: match with {
            Some(with) => t("book-with").with("kind", name).with("with", &with.name).to_string(),
            None => name,
        },
        when: start.map(|start| format!("{}, {}", own.when(start).heading(&cx.now), clock(&own, start))),
        wanted: if start.is_none() { wanted } else { None },
        reason: fill::concept(value.pointer("/reasonCode/0")),
        state: match not_offered {
            Some(_) if status == "cancelled" => t("visit-not-offered").to_string(),
            _ if over => t("visit-offer-over").to_string(),
            _ if unseen => t(unseen_word(status)).to_string(),
            _ => t(state_word(status)).to_string(),
        },
        unseen,
        shut_to: shut_to(&own, &value, &clinic).filter(|_| stands),
        over,
        offered,
        offered_to_several: is_for_several && status == "pending" && !over,
        late: start.filter(|start| offered && is_late(&clinic, *start, now)).map(|_| clinic.house.notice_hours),
        held: ends.filter(|_| !over).map(|ends| own.when(ends).long_time()),
        listed: status == "pending" && schedule::is_listed(&value),
        waits: status == "waitlist",
        asked: status == "proposed",
        not_offered: not_offered.map(|line| line.map(str::to_owned)),
        again: kind
            .filter(|kind| kind.active && kind.booking != Booking::ViewOnly)
            .map(|kind| format!("/my/visits/book?kind={}", kind.id)),
        cancelled: status == "cancelled",
        form: match kind.is_some_and(|kind| kind.form.is_some()) && matches!(status, "booked" | "arrived") {
            // It can be read also once the visit is over.
            _ if previsit::has_returned(&value, own.patient.as_str()) => FormState::Sent,
            // Nobody would read it.
            true if unseen => FormState::None,
            true => FormState::Open,
            false => FormState::None,
        },
        reads: own.reads_record(),
        calendar: status == "booked" && !unseen,
        can_cancel: !is_for_several
            && (may.as_ref().is_some_and(|may| may.now) || matches!(status, "proposed" | "pending" | "waitlist")),
        for_several: is_for_several && matches!(status, "proposed" | "pending" | "waitlist" | "booked"),
        can_move: may.as_ref().is_some_and(|may| may.now && !unseen)
            && kind.is_some_and(|kind| kind.booking == Booking::Instant),
        until: may.as_ref().map(|may| own.when(may.until).long_time()),
        too_late: may.is_some_and(|may| !may.now),
        phone: clinic.house.phone.clone(),
        id: id.to_string(),
        version,
        cx,
    })
}

/// `POST /my/visits/{id}/cancel`
pub(in crate::http) async fn cancel(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Versioned>,
) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Booking)?;
    if let Some(led) = own.visit.led(&sent)? {
        return Ok(led);
    }
    let (value, _, id) = own.appointment(&id).await?;
    let clinic = own.clinic().await?;
    let status = value.get("status").and_then(Value::as_str).unwrap_or_default().to_owned();
    let open = matches!(status.as_str(), "proposed" | "pending" | "waitlist") && !schedule::is_for_several(&value);
    if !open && !may_change(&own, &clinic, &value).is_some_and(|may| may.now) {
        return Ok(Redirect::to(&format!("/my/visits/{id}")).into_response());
    }
    let place = format!("/my/visits/{id}?done=cancelled");
    // With whom it was learns of it; a wish that had no time yet is nobody's to know.
    let named = || ResourceRef::parse(&format!("Practitioner/{}", schedule::with_of(&value)?)).ok();
    let with = schedule::clinician_of(&value, &clinic).map(|one| one.person.clone()).or_else(named);
    let tell = with.filter(|_| !open).map(|with| (Whom::Person(with), Kind::VisitCalledOff)).into_iter().collect();
    let value = schedule::with_status(value, State::Cancelled, true);
    let doing = own.doing(Action::Cancel, &sent, &place);
    let done = schedule::change(doing, id, sent.typed.version, value, None, tell).await;
    freed(&own.visit.house).await;
    own.visit.settled(&sent, done, &place).await
}

/// `POST /my/visits/{id}/accept`: the time that was offered is taken.
pub(in crate::http) async fn accept(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Versioned>,
) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Booking)?;
    if let Some(led) = own.visit.led(&sent)? {
        return Ok(led);
    }
    let (value, _, id) = own.appointment(&id).await?;
    if !schedule::may_answer(&value) {
        return Ok(Redirect::to(&format!("/my/visits/{id}")).into_response());
    }
    let clinic = own.clinic().await?;
    if let Some(no) = not_booked(&own, &clinic, &sent).await? {
        return Ok(no);
    }
    if own.is_unseen(&value) {
        return Ok(Redirect::to(&format!("/my/visits/{id}")).into_response());
    }
    // An offer that is over is over, also before the box noticed.
    if schedule::offer_ends(&value, clinic.house.hold_hours).is_none_or(|ends| ends <= own.visit.house.ambient.now()) {
        freed(&own.visit.house).await;
        return Ok(Redirect::to(&format!("/my/visits/{id}?done=ended")).into_response());
    }
    let place = format!("/my/visits/{id}?done=booked");
    let hour = schedule::hour_of(&value, &clinic);
    let value = schedule::with_status(value, State::Expected, true);
    let doing = own.doing(Action::Book, &sent, &place);
    let done = schedule::change(doing, id, sent.typed.version, value, hour, Vec::new()).await;
    own.visit.settled(&sent, done, &place).await
}

/// `GET /my/visits/{id}/change`: another time.
pub(in crate::http) async fn choose_change(
    visit: Visit,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Booking)?;
    let (value, version, id) = own.appointment(&id).await?;
    let clinic = own.clinic().await?;
    let kind = schedule::kind_of(&value).and_then(|kind| clinic.visit_type(kind));
    let kind = kind.filter(|kind| kind.booking == Booking::Instant);
    let may = may_change(&own, &clinic, &value).filter(|may| may.now);
    let Some((kind, may)) = kind.zip(may) else {
        return Ok(Redirect::to(&format!("/my/visits/{id}")).into_response());
    };
    let cx = own.plain_cx().await?;
    if cx.unseen {
        return kinds(cx, &clinic);
    }
    // Sealed by itself: its page says so.
    if own.is_unseen(&value) {
        return Ok(Redirect::to(&format!("/my/visits/{id}")).into_response());
    }
    let what = For::Move(Moving { id, version, start: may.start });
    match shown.start.parse::<Timestamp>() {
        Ok(start) => {
            let with = clinic.clinician(&shown.with).filter(|one| one.offers(&kind.id)).ok_or(Refusal::not_found())?;
            page(&confirm((&own, &clinic), cx, kind, with, start, &what, None))
        }
        Err(_) => {
            let asked = Asked { kind: kind.id.to_string(), with: shown.with, from: shown.from, start: String::new() };
            page(&times(&own, cx, &clinic, kind, &asked, &what)?)
        }
    }
}

/// `POST /my/visits/{id}/change`
pub(in crate::http) async fn change(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Typed>,
) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Booking)?;
    if let Some(led) = own.visit.led(&sent)? {
        return Ok(led);
    }
    let (value, now_at, id) = own.appointment(&id).await?;
    let clinic = own.clinic().await?;
    if let Some(no) = not_booked(&own, &clinic, &sent).await? {
        return Ok(no);
    }
    let typed = &sent.typed;
    let kind = schedule::kind_of(&value).and_then(|kind| clinic.visit_type(kind));
    let kind = kind.filter(|kind| kind.booking == Booking::Instant).ok_or(Refusal::not_found())?;
    let may = may_change(&own, &clinic, &value).filter(|may| may.now);
    let Some(may) = may.filter(|_| !own.is_unseen(&value)) else {
        return Ok(Redirect::to(&format!("/my/visits/{id}")).into_response());
    };
    let what = For::Move(Moving { id: id.clone(), version: now_at, start: may.start });
    let (start, with) = chosen(&own, &clinic, kind, typed)?;
    if !is_offered(&own, &clinic, kind, with, start)? {
        return taken(&own, &sent, &clinic, kind, not_offered(&own, start), &what).await;
    }
    let place = format!("/my/visits/{id}?done=moved");
    let hour = hour(&own, &clinic, kind, with, start, Some(id.clone()));
    let value = schedule::moved(value, start, kind.minutes, with, "booked");
    let doing = own.doing(Action::Book, &sent, &place);
    let version = typed.version.parse().unwrap_or(0);
    let done = schedule::change(doing, id, version, value, Some(hour), Vec::new()).await;
    freed(&own.visit.house).await;
    outcome(&own, &sent, done, &place, &clinic, kind, &what).await
}

/// `GET /my/visits/{id}/visit.ics`
pub(in crate::http) async fn calendar(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Acting)?;
    let (value, version, id) = own.appointment(&id).await?;
    let times = schedule::takes_time(&value).ok_or(Refusal::not_found())?;
    let face = &own.visit.house.front.face;
    let summary = t("ics-summary").with("clinic", &face.clinic).to_string();
    let now = own.visit.house.ambient.now();
    let uid = format!("{id}@{}", face.host);
    let text = schedule::calendar(&uid, version, &summary, &face.clinic, times, now);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"visit.ics\"")),
    ];
    Ok((headers, text).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_said_only_while_it_is_so() {
        let (value, patient) = (serde_json::json!({"resourceType": "Appointment"}), FhirId::parse("p").unwrap());
        let done_word = |done, status| done_word(done, status, (&value, &patient));
        for (done, so) in
            [("booked", "booked"), ("sent", "proposed"), ("waiting", "waitlist"), ("cancelled", "cancelled")]
        {
            assert!(done_word(done, so).is_some(), "{done}");
            for other in
                ["booked", "proposed", "waitlist", "cancelled", "fulfilled"].into_iter().filter(|one| *one != so)
            {
                assert_eq!(done_word(done, other), None, "{done} {other}");
            }
        }
        assert_eq!(done_word("form", "booked"), None);
    }

    #[test]
    fn an_offer_that_ended_says_so_whoever_made_it() {
        let (value, patient) = (serde_json::json!({"resourceType": "Appointment"}), FhirId::parse("p").unwrap());
        let ended = |status| done_word("ended", status, (&value, &patient));
        assert_eq!((ended("waitlist"), ended("proposed")), (Some("wait-offer-ended"), Some("book-offer-ended")));
        assert_eq!(ended("booked"), None);
    }

    #[test]
    fn of_what_nobody_sees_nothing_is_promised() {
        for status in ["proposed", "waitlist", "pending", "booked"] {
            assert!(is_open(status), "{status}");
            for locale in Locale::ALL {
                let said = locale.inside(|| t(unseen_word(status)).to_string());
                for promise in ["reception", "ecepción", "offers", "ofrece"] {
                    assert!(!said.contains(promise), "{said}");
                }
            }
        }
        assert!(!is_open("cancelled") && !is_open("fulfilled") && !is_open("noshow"));
        assert!(promises("book-asked-done") && promises("wait-done") && !promises("book-cancelled-done"));
    }

    #[test]
    fn a_visit_for_several_is_a_visit_of_each() {
        let value = |patients: &[&str]| {
            let of = |who: &&str| serde_json::json!({"actor": {"reference": format!("Patient/{who}")}});
            serde_json::json!({"status": "pending", "participant": patients.iter().map(of).collect::<Vec<_>>()})
        };
        let is_of = |all: &[&str], one: &str| is_of(&value(all), &FhirId::parse(one).unwrap());
        assert!(is_of(&["p", "q/_history/2"], "p") && is_of(&["p", "q/_history/2"], "q") && !is_of(&["p"], "q"));
    }

    #[test]
    fn a_time_within_the_notice_cannot_be_changed_here_once_it_is_booked() {
        let clinic = crate::care::clinic::of_resources(&[], &[]);
        assert_eq!(clinic.house.notice_hours, 24);
        let is_late = |now: &str| is_late(&clinic, "2026-03-03T09:00:00Z".parse().unwrap(), now.parse().unwrap());
        assert!(!is_late("2026-03-02T08:59:59Z") && is_late("2026-03-02T09:00:00Z"));
        for n in [1, 24] {
            assert!(t("book-late").with("n", n).to_string().contains(&format!("{n} hour")));
        }
    }

    #[test]
    fn only_who_is_here_has_arrived() {
        let arrived = |status: &str| state_word(status) == "appointment-arrived";
        assert!(arrived("arrived") && arrived("checked-in"));
        for other in ["entered-in-error", "booked", "proposed", "noshow", "something else"] {
            assert!(!arrived(other), "{other}");
        }
        assert!(t(state_word("entered-in-error")).exists());
    }

    #[test]
    fn in_place_of_a_time_that_went_the_same_clinician_and_week_come_first() {
        let kind = VisitType {
            id: FhirId::parse("visit").unwrap(),
            version: 1,
            name: crate::care::clinic::Name { text: "Visit".into(), translations: Vec::new() },
            minutes: 20,
            booking: Booking::Instant,
            form: None,
            active: true,
        };
        let typed = Typed { with: "ann".into(), start: "2026-12-11T09:00:00Z".into(), ..Typed::default() };
        let of = |day| instead_of(&typed, day, &kind).map(|asked| (asked.with, asked.from, asked.start));
        let asked = |with: &str, from: &str| (with.to_owned(), from.to_owned(), String::new());
        assert_eq!(
            of(Some(Date::constant(2026, 12, 11))),
            [asked("ann", "2026-12-11"), asked("", "2026-12-11"), asked("", "")]
        );
        assert_eq!(of(None)[0], asked("ann", ""));
    }

    #[test]
    fn so_many_days_are_named_at_once_and_none_beyond_the_horizon() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert_eq!(latest(day("2026-11-30"), day("2027-05-30")), day("2026-12-30"));
        assert_eq!(latest(day("2026-11-30"), day("2026-12-05")), day("2026-12-05"));
    }
}
