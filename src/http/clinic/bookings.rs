//! Appointments at the desk: a new one, another time, who has arrived, and answers to those who asked.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::ToSpan;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::desk::{Booked, request_row};
use super::desk_pages::{Anyway, BookingNew, BookingPage, BookingRequest, BookingRequests};
use super::schedule::day_of;
use super::{ctx, id_of, why};
use crate::audit::{Action, Detail, Purpose};
use crate::base::{FhirId, Timestamp};
use crate::care::clinic::{Clinic, Clinician, VisitType};
use crate::care::notify::Kind;
use crate::care::schedule::{self, BookError, Despite, Hour, Slots, State, Wish};
use crate::care::workflow::Refused;
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, Ctx};
use crate::http::forms::{Pairs, Sent, ours, pairs_of};
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::record::AppointmentState;
use crate::http::ui::{Cx, Faults, Field, Text, When, t};
use crate::http::waiting::freed;
use crate::record::{Why, strict};

/// How many free times a list offers, and how far ahead it looks.
const TIMES: usize = 60;
const AHEAD: i64 = 14;
/// How many people a search at the desk shows.
const FOUND: usize = 8;
/// What comes along with an appointment: its patient, and what they said to times that they were offered.
const ALONG: &str = "_include=Appointment:patient&_revinclude=AppointmentResponse:appointment";
/// The most characters of a line to a patient for whom there is no time.
const LONGEST_LINE: usize = 300;
/// The most requests that are shown.
const MOST: usize = 200;

fn acts(visit: &Visit, action: Action, detail: Detail) -> Why {
    Why { purpose: Purpose::PatAdmin, ..why(visit, action, detail) }
}

/// One appointment with its patient and the clinic's settings, as one look.
struct Opened {
    clinic: Clinic,
    value: Value,
    version: u32,
    booked: Booked,
    id: FhirId,
}

impl Opened {
    async fn of(visit: &Visit, id: &str) -> Result<Self, Refusal> {
        let id = id_of(id)?;
        let looks = acts(visit, Action::Read, Detail::none());
        let query = strict(R::Appointment, &format!("_id={id}&{ALONG}"))?;
        let found = visit.house.records.disclose(&visit.actor, looks, |reading| {
            let appointment = reading.read(R::Appointment, &id)?;
            Ok(appointment.zip(Clinic::read(reading)?).zip(reading.search(&query)?))
        });
        let ((stored, clinic), page) = found.await?.into_inner();
        Ok(Self { clinic, value: stored.value(), version: stored.version, booked: Booked::of(&page), id })
    }

    fn kind(&self) -> Option<&VisitType> {
        schedule::kind_of(&self.value).and_then(|kind| self.clinic.visit_type(kind))
    }

    /// With whom of the clinic it is, also where it names one of their roles.
    fn with(&self) -> Option<&Clinician> {
        schedule::clinician_of(&self.value, &self.clinic)
    }

    fn minutes(&self) -> u16 {
        let own = self.value.get("minutesDuration").and_then(Value::as_u64).and_then(|n| u16::try_from(n).ok());
        own.or(self.kind().map(|kind| kind.minutes)).unwrap_or(20)
    }

    fn status(&self) -> &str {
        self.value.get("status").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it can be put to another time.
    fn moves(&self) -> bool {
        matches!(self.status(), "booked" | "pending")
    }

    /// Free times of the next days, of whoever may be meant: value and words. All of each day, until there are enough.
    fn times(&self, visit: &Visit, ctx: &Ctx, from: jiff::civil::Date) -> Result<Vec<(String, String)>, Refusal> {
        let now = visit.house.ambient.now();
        let end = from.saturating_add(AHEAD.days());
        let taken = schedule::busy(&visit.house.records, from, end)?;
        let (own, named) = (self.with(), schedule::with_of(&self.value).is_some());
        let kind = self.kind().map(|kind| &kind.id);
        let people = self.clinic.clinicians.iter().filter(|one| match own {
            Some(own) => one.person == own.person,
            None => !named && kind.is_none_or(|kind| one.offers(kind)),
        });
        let people: Vec<&Clinician> = people.collect();
        let here = now.to_zoned(ctx.zone.clone());
        let mut times = Vec::new();
        let mut day = from;
        while day <= end && times.len() < TIMES {
            let mut today = Vec::new();
            for with in &people {
                let slots =
                    Slots { clinic: &self.clinic, with, minutes: self.minutes(), zone: &ctx.zone, taken: &taken, now };
                today.extend(schedule::free(slots, day).into_iter().map(|start| (start, *with)));
            }
            today.sort_by_key(|(start, _)| *start);
            times.extend(today.into_iter().map(|(start, with)| {
                // Without the year there is room for a name on a phone.
                let when = When::at(start, &ctx.zone).log_time(&here);
                (format!("{start}|{}", with.person.id()), format!("{when}, {}", with.name))
            }));
            day = day.saturating_add(1.day());
        }
        Ok(times)
    }

    /// The time that was chosen from such a list.
    fn chosen(&self, typed: &str) -> Option<(Timestamp, &Clinician)> {
        let (start, with) = typed.split_once('|')?;
        Some((start.parse().ok()?, self.clinic.clinician(with)?))
    }

    /// Any time, as it was typed; else what is wrong with it.
    fn typed(&self, ctx: &Ctx, typed: &TimeTyped) -> Result<(Timestamp, &Clinician), Text> {
        let read = || Some((typed.day.trim().parse().ok()?, typed.clock.trim().parse().ok()?));
        let at: Option<(jiff::civil::Date, jiff::civil::Time)> = read();
        let (at, with) = at.zip(self.clinic.clinician(&typed.with)).ok_or_else(|| t("booking-when-unread"))?;
        Ok((moment(at.0.to_datetime(at.1), &ctx.zone)?, with))
    }

    /// When and with whom it is, as the form for any time has it.
    fn stands(&self, ctx: &Ctx) -> TimeTyped {
        let start = self.value.get("start").and_then(Value::as_str).and_then(|start| start.parse::<Timestamp>().ok());
        TimeTyped {
            day: day_of(&self.value, ctx).map(|day| day.to_string()).unwrap_or_default(),
            clock: start.map(|start| super::grid::clock(start, ctx)).unwrap_or_default(),
            with: self.with().map(|with| with.person.id().to_string()).unwrap_or_default(),
            version: self.version,
            ..TimeTyped::default()
        }
    }

    fn hour(&self, start: Timestamp, with: &Clinician) -> Result<Hour, Refusal> {
        let patients: Vec<FhirId> = schedule::patients_of(&self.value).map(id_of).collect::<Result<_, _>>()?;
        if patients.is_empty() {
            return Err(Refusal::not_found());
        }
        Ok(Hour {
            patients,
            with: with.person.to_string(),
            start,
            end: start.checked_add(i64::from(self.minutes()).minutes()).unwrap_or(start),
            except: Some(self.id.clone()),
            hold_hours: self.clinic.house.hold_hours,
            over: false,
        })
    }
}

fn today(visit: &Visit, ctx: &Ctx) -> jiff::civil::Date {
    visit.house.ambient.now().to_zoned(ctx.zone.clone()).date()
}

/// What led to a visit's page.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Led {
    /// Set where somebody answered its request before.
    answered: String,
    /// Set where it was to be checked in, or moved, and somebody else was first.
    late: String,
}

impl Led {
    /// What is to be said first, to whom came too late.
    fn words(&self) -> Option<Text> {
        match (self.answered.as_str(), self.late.as_str()) {
            ("", "") => None,
            ("", "check-in") => Some(t("check-in-late")),
            ("", _) => Some(t("booking-move-late")),
            _ => Some(t("request-answered-meanwhile")),
        }
    }
}

/// Where a request leads that was answered before. Whoever was about to answer it too is told so.
fn answered_before(id: &FhirId) -> String {
    format!("/bookings/{id}?answered=1")
}

/// Where a form leads that has nothing to do any more, with what was typed into these fields of it over the visit's page.
async fn came_late(
    visit: &Visit,
    typed: Pairs,
    fields: &[&str],
    stands: &impl Serialize,
    place: String,
) -> Result<Response, Refusal> {
    visit.keep_elsewhere(typed, fields, stands, &place).await?;
    Ok(Redirect::to(&place).into_response())
}

/// The words of an answer to a request, which are of no use once somebody else has answered it.
const ANSWERED: [&str; 2] = ["over", "line"];

/// `GET /bookings/{id}`
pub(in crate::http) async fn show(
    visit: Visit,
    Path(id): Path<String>,
    Query(led): Query<Led>,
) -> Result<Response, Refusal> {
    let opened = Opened::of(&visit, &id).await?;
    let mut cx = visit.cx();
    if let Some(words) = led.words() {
        // What was typed is of another form: it stands over the page, and not in its fields.
        cx.trouble = Some(words.to_string());
        return shown(&visit, &opened, cx, Asks::Nothing);
    }
    if !opened.moves() {
        // Its page has no field for them: they stand over it, or where work begins.
        visit.over()?;
        return shown(&visit, &opened, cx, Asks::Nothing);
    }
    let (typed, faults) = visit.again(&mut cx, opened.stands(&ctx(&visit)), &["version"])?;
    // The draft may be of the list of free times, or of why it may lie over another, beside it.
    let asks = match opened.chosen(&typed.time).filter(|_| !typed.over.is_empty()) {
        Some((start, with)) => why_over(&visit, start, with, Despite::from_code(&typed.despite)),
        None => Asks::Nothing,
    };
    shown_with(&visit, &opened, cx, asks, (&typed, &faults))
}

fn shown(visit: &Visit, opened: &Opened, cx: Cx, asks: Asks) -> Result<Response, Refusal> {
    shown_with(visit, opened, cx, asks, (&opened.stands(&ctx(visit)), &Faults::none()))
}

fn shown_with(
    visit: &Visit,
    opened: &Opened,
    mut cx: Cx,
    asks: Asks,
    (typed, faults): (&TimeTyped, &Faults),
) -> Result<Response, Refusal> {
    let ctx = ctx(visit);
    if cx.at.is_empty() {
        cx.at = format!("/bookings/{}", opened.id);
    }
    let text = |name: &str| opened.value.get(name).and_then(Value::as_str);
    let state = AppointmentState::from_code(opened.status());
    let when = text("start").and_then(|start| When::parse(start, &ctx.zone));
    let with = opened.with();
    let next = opened.next_states(visit.house.ambient.now());
    let times = if opened.moves() {
        let mut times = opened.times(visit, &ctx, today(visit, &ctx))?;
        times.truncate(TIMES);
        (!times.is_empty()).then(|| Field::choice("time", t("booking-other-time"), "", times, &Faults::none()))
    } else {
        None
    };
    let start = text("start").and_then(|start| start.parse::<Timestamp>().ok());
    let day = day_of(&opened.value, &ctx);
    let moves = opened.moves();
    let (anyway, other_day) = match asks {
        Asks::Nothing => (None, None),
        Asks::WhyOver(time, words, despite) => (Some((time, words, despite)), None),
        Asks::SureOf(day) => (None, Some(day)),
    };
    let any_time = if moves {
        let people = opened.clinic.clinicians.iter().map(|one| (one.person.id().to_string(), one.name.clone()));
        let stands = opened.stands(&ctx);
        // Where a form without these fields was sent, they stand as they are.
        let typed = if typed.day.is_empty() { &stands } else { typed };
        vec![
            Field::text("day", t("booking-day-of"), &typed.day, faults).of_kind("date").narrow(),
            Field::text("clock", t("col-time"), &typed.clock, faults).of_kind("time").narrow(),
            Field::choice("with", t("block-with"), &typed.with, people.collect(), faults),
        ]
    } else {
        Vec::new()
    };
    page(&BookingPage {
        schedule: (moves && day.is_some()).then(|| {
            format!("/schedule?day={}&move={}", day.map(|day| day.to_string()).unwrap_or_default(), opened.id)
        }),
        beside: start
            .zip(with)
            .filter(|_| moves)
            .map(|(start, with)| format!("/bookings/new?with={}&start={start}&over=1", with.person.id())),
        any_time,
        anyway: anyway.map(|(time, words, despite)| Anyway {
            time,
            words,
            despite: despite.code(),
            reason: over_field(&typed.over, despite, faults),
        }),
        other_day: other_day.map(|day| {
            let sentence = t("check-in-other-day").with("date", When::Day(day).long()).to_string();
            (day.to_string(), sentence)
        }),
        over: over_words(&opened.value),
        id: opened.id.to_string(),
        version: opened.version,
        patient: opened.booked.name(&opened.value, &ctx),
        patients: opened.booked.each(&opened.value, &ctx),
        when: when
            .map(|when| format!("{}, {}", when.heading(&cx.now), when.clock().unwrap_or_default()))
            .unwrap_or_default(),
        what: [
            opened.value.pointer("/appointmentType/text").and_then(Value::as_str).unwrap_or_default(),
            with.map_or("", |with| with.name.as_str()),
        ]
        .iter()
        .filter(|part| !part.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join(", "),
        next: next.iter().map(|state| (state.code(), state_word(*state))).collect(),
        times,
        state,
        cx,
    })
}

fn over_field(typed: &str, despite: Despite, faults: &Faults) -> Field {
    let label = if despite == Despite::Hours { "booking-closed" } else { "booking-over" };
    Field::text("over", t(label), typed, faults).hint(t("booking-over-hint")).most(schedule::LONGEST)
}

impl Opened {
    /// What it can become. Nobody has failed to come before the visit began.
    fn next_states(&self, now: Timestamp) -> Vec<State> {
        let start = self.value.get("start").and_then(Value::as_str).and_then(|start| start.parse::<Timestamp>().ok());
        let begun = start.is_none_or(|start| start <= now);
        let all = next_states(self.status()).iter().copied();
        all.filter(|state| begun || *state != State::DidNotCome).collect()
    }
}

fn next_states(status: &str) -> &'static [State] {
    match status {
        "booked" => &[State::Arrived, State::DidNotCome, State::Cancelled],
        "pending" | "proposed" | "waitlist" => &[State::Cancelled],
        "arrived" => &[State::InRoom, State::Done, State::Expected],
        "checked-in" => &[State::Done, State::Arrived],
        "fulfilled" => &[State::InRoom],
        "noshow" => &[State::Expected, State::Arrived],
        _ => &[],
    }
}

fn state_word(state: State) -> String {
    t(match state {
        State::Expected => "booking-do-expected",
        State::Arrived => "booking-do-arrived",
        State::InRoom => "booking-do-in-room",
        State::Done => "booking-do-done",
        State::DidNotCome => "booking-do-noshow",
        State::Cancelled => "booking-do-cancel",
    })
    .to_string()
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct StateTyped {
    state: String,
    version: u32,
    /// Where the button stood.
    back: String,
    /// The day of a visit that is not today's, where somebody said that it is meant.
    other_day: String,
}

/// `POST /bookings/{id}/state`
pub(in crate::http) async fn set_state(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<StateTyped>,
) -> Result<Response, Refusal> {
    let opened = Opened::of(&visit, &id).await?;
    let state = State::from_code(&sent.typed.state)
        .filter(|state| opened.next_states(visit.house.ambient.now()).contains(state));
    // It is as far as it was asked to be, or further: somebody else pressed first.
    let Some(state) = state else { return Ok(Redirect::to(&back(&sent.typed.back, &opened.id)).into_response()) };
    let other_day = day_of(&opened.value, &ctx(&visit)).filter(|day| state == State::Arrived && *day != visit.today());
    if let Some(day) = other_day.filter(|day| sent.typed.other_day != day.to_string()) {
        let page = shown(&visit, &opened, visit.cx(), Asks::SureOf(day))?;
        return Ok(finished(StatusCode::CONFLICT, page));
    }
    let action = match state {
        State::Cancelled => Action::Cancel,
        State::Arrived | State::InRoom => Action::CheckIn,
        _ => Action::Update,
    };
    let place = back(&sent.typed.back, &opened.id);
    let value = schedule::with_status(opened.value, state, false);
    let doing = visit.doing(acts(&visit, action, Detail::none()), &sent, &place);
    let tell = match state {
        State::Cancelled => schedule::to_patients(&value, Kind::VisitCancelled),
        _ => Vec::new(),
    };
    let done = schedule::change(doing, opened.id, sent.typed.version, value, None, tell).await;
    if state == State::Cancelled {
        freed(&visit.house).await;
    }
    visit.settled(&sent, done, &place).await
}

fn back(typed: &str, id: &FhirId) -> String {
    if typed == "day" { "/today".to_owned() } else { format!("/bookings/{id}") }
}

#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
pub(in crate::http) struct TimeTyped {
    /// A free time and with whom, as `start|with`.
    time: String,
    /// Or any time, as somebody types it.
    day: String,
    clock: String,
    with: String,
    /// Why it may lie over another, or outside hours.
    over: String,
    /// What was in the way when the reason was asked for ([`Despite`]).
    despite: String,
    version: u32,
    /// The calendar that it was moved in.
    back: String,
    /// What to do with a request: `book` it, `offer` it, or `decline`.
    answer: String,
    /// What the patient reads with it that there is no time.
    line: String,
}

/// `POST /bookings/{id}/move`
pub(in crate::http) async fn move_it(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<TimeTyped>,
) -> Result<Response, Refusal> {
    let opened = Opened::of(&visit, &id).await?;
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    if !opened.moves() {
        let place = format!("/bookings/{}?late=move", opened.id);
        return came_late(&visit, sent.fields(), &["over"], &TimeTyped::default(), place).await;
    }
    let typed = &sent.typed;
    let chosen = match typed.time.is_empty() {
        false => Ok(opened.chosen(&typed.time).ok_or(Refusal::new(No::Malformed))?),
        true => opened.typed(&ctx(&visit), typed),
    };
    let (start, with) = match chosen {
        Ok(chosen) => chosen,
        Err(wrong) => {
            let mut cx = visit.cx();
            cx.trouble = Some(wrong.to_string());
            let page = shown_with(&visit, &opened, cx, Asks::Nothing, (typed, &Faults::none()))?;
            return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
        }
    };
    let mut faults = Faults::none();
    let over = faults.whole("over", &typed.over, schedule::LONGEST);
    if !faults.is_empty() {
        let asks = why_over(&visit, start, with, Despite::from_code(&typed.despite));
        let page = shown_with(&visit, &opened, visit.cx(), asks, (typed, &faults))?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    }
    let hour = opened.hour(start, with)?;
    let is_open = schedule::is_open(&opened.clinic, with, &ctx(&visit).zone, hour.start, hour.end);
    if over.is_empty() && !is_open {
        let mut cx = visit.cx();
        cx.trouble = Some(told(&BookError::Closed));
        let asks = why_over(&visit, start, with, Despite::Hours);
        let page = shown_with(&visit, &opened, cx, asks, (typed, &Faults::none()))?;
        return Ok(finished(StatusCode::CONFLICT, page));
    }
    let place = match typed.back.starts_with("/schedule?") && ours(&typed.back) {
        true => typed.back.clone(),
        false => format!("/bookings/{}", opened.id),
    };
    let moves = async |because: Because| {
        let value = schedule::moved(opened.value.clone(), start, opened.minutes(), with, opened.status());
        let (value, hour) = (because.on(value), Hour { over: because.lies_over(), ..hour.clone() });
        let doing = visit.doing(acts(&visit, Action::Book, because.noted()), &sent, &place);
        let tell = schedule::to_patients(&value, Kind::VisitChanged);
        schedule::change(doing, opened.id.clone(), typed.version, value, Some(hour), tell).await
    };
    let because = Because::of(&over, &typed.despite);
    let done = match moves(because.clone()).await {
        Err(Refused::Told(BookError::NothingThere)) => moves(because.of_nothing_there(is_open)).await,
        done => done,
    };
    match done {
        Err(Refused::Told(error)) => {
            let mut cx = visit.cx();
            cx.trouble = Some(told(&error));
            // Over another visit it may lie, if somebody says why; with two at a time nobody is.
            let asks =
                if error == BookError::Taken { why_over(&visit, start, with, Despite::Another) } else { Asks::Nothing };
            let page = shown_with(&visit, &opened, cx, asks, (typed, &Faults::none()))?;
            Ok(finished(StatusCode::CONFLICT, page))
        }
        other => {
            freed(&visit.house).await;
            visit.settled(&sent, other, &place).await
        }
    }
}

/// When a clock shows it; of an hour that it shows twice, the first time. In the night in which clocks go forward one is not there.
fn moment(at: jiff::civil::DateTime, zone: &TimeZone) -> Result<Timestamp, Text> {
    match schedule::gap_at(at, zone) {
        Some(_) => Err(t("booking-when-gap")),
        None => zone.to_timestamp(at).map_err(|_| t("booking-when-unread")),
    }
}

/// Why a visit may stand where it stands: the words that somebody gave, and despite what.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Because {
    words: String,
    /// `None` where no reason is needed.
    despite: Option<Despite>,
}

impl Because {
    fn of(words: &str, despite: &str) -> Self {
        Self { words: words.to_owned(), despite: (!words.is_empty()).then(|| Despite::from_code(despite)) }
    }

    /// The same where no other visit lies at that time, any more or at all: it is a reason only where nobody works then.
    fn of_nothing_there(&self, is_open: bool) -> Self {
        Self { despite: (!is_open && !self.words.is_empty()).then_some(Despite::Hours), ..self.clone() }
    }

    /// Whether the visit may lie over another.
    fn lies_over(&self) -> bool {
        self.despite == Some(Despite::Another)
    }

    /// The appointment with the reason, where there is one.
    fn on(&self, value: Value) -> Value {
        match self.despite {
            Some(despite) => schedule::over(value, &self.words, despite),
            None => value,
        }
    }

    /// The access log keeps it as a note: the reasons in it are read by patients.
    fn noted(&self) -> Detail {
        if self.despite.is_some() { Detail::note(self.words.as_str()) } else { Detail::none() }
    }
}

/// Asks why a visit may stand at this time.
fn why_over(visit: &Visit, start: Timestamp, with: &Clinician, despite: Despite) -> Asks {
    let when = When::at(start, &ctx(visit).zone).short_time();
    Asks::WhyOver(format!("{start}|{}", with.person.id()), format!("{when}, {}", with.name), despite)
}

/// Why a visit stands where it does, in words.
pub(super) fn over_words(appointment: &Value) -> Option<String> {
    schedule::over_of(appointment).map(|(reason, despite)| {
        let words = if despite == Despite::Hours { "booking-closed-because" } else { "booking-over-because" };
        t(words).with("reason", reason).to_string()
    })
}

/// What a page asks before it does what was wanted.
enum Asks {
    Nothing,
    /// Why the visit may stand there: the time, its words, and what is in its way.
    WhyOver(String, String, Despite),
    /// Whether who has arrived is here for a visit of this day, which is not today.
    SureOf(jiff::civil::Date),
}

fn told(error: &BookError) -> String {
    t(match error {
        BookError::Already(_) => "desk-already",
        BookError::Twice => "desk-twice",
        BookError::Past => "desk-past",
        BookError::Closed => "desk-closed",
        _ => "desk-taken",
    })
    .to_string()
}

// ---- a new one ----

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct NewAsked {
    with: String,
    start: String,
    q: String,
    patient: String,
    /// Set where it is known that the time is taken.
    over: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct NewTyped {
    with: String,
    start: String,
    patient: String,
    kind: String,
    /// Why it may lie over another, or outside hours.
    over: String,
    /// As in [`TimeTyped`].
    despite: String,
    /// The time is known to be taken: the reason is asked for at once.
    taken: String,
}

/// `GET /bookings/new`
pub(in crate::http) async fn blank(visit: Visit, Query(asked): Query<NewAsked>) -> Result<Response, Refusal> {
    let mut cx = visit.cx();
    let typed = NewTyped {
        with: asked.with,
        start: asked.start,
        patient: asked.patient,
        taken: asked.over,
        ..NewTyped::default()
    };
    let typed = visit.kept::<NewTyped>(&mut cx)?.filter(|kept| kept.patient == typed.patient).unwrap_or(typed);
    new_page(&visit, cx, &typed, asked.q.trim(), Faults::none()).await
}

async fn new_page(
    visit: &Visit,
    mut cx: Cx,
    typed: &NewTyped,
    query: &str,
    faults: Faults,
) -> Result<Response, Refusal> {
    let ctx = ctx(visit);
    let looks = acts(visit, Action::Read, Detail::none());
    let clinic = visit.house.records.disclose(&visit.actor, looks, Clinic::read).await?.into_inner();
    let with = clinic.clinician(&typed.with).ok_or(Refusal::not_found())?;
    let start = typed.start.parse::<Timestamp>().map_err(|_| Refusal::not_found())?;
    let taken = if typed.taken.is_empty() { "" } else { "&over=1" };
    let base = format!("/bookings/new?with={}&start={}{taken}", typed.with, typed.start);
    if cx.at.is_empty() {
        cx.at = format!("{base}&patient={}", typed.patient);
    }
    let mut people = Vec::new();
    if !query.is_empty() {
        let looks = acts(visit, Action::Search, Detail::search(query));
        let found = visit.house.records.disclose(&visit.actor, looks, |reading| reading.find_patients(query, FOUND));
        people = found
            .await?
            .iter()
            .filter(|hit| hit.person.active)
            .map(|hit| {
                let row = fill::directory_row(&hit.person, &ctx);
                let words = format!("{}, {}", row.who.formal(), row.who.born_date());
                (format!("{base}&patient={}", row.who.id), words)
            })
            .collect();
    }
    let patient = match FhirId::parse(&typed.patient) {
        Ok(id) => {
            let looks = acts(visit, Action::Read, Detail::none());
            let found =
                visit.house.records.disclose(&visit.actor, looks, |reading| reading.read(R::Patient, &id)).await?;
            Some((id.to_string(), fill::identity(&found.value(), &ctx).plain()))
        }
        Err(_) => None,
    };
    let kinds: Vec<(String, String)> = clinic
        .visit_types
        .iter()
        .filter(|kind| kind.active && with.offers(&kind.id))
        .map(|kind| {
            (kind.id.to_string(), format!("{}, {}", kind.name.text, t("minutes-short").with("n", kind.minutes)))
        })
        .collect();
    let mut fields = vec![Field::choice("kind", t("visit-type-name"), &typed.kind, kinds, &faults)];
    if faults.of("over").is_some() || !typed.over.is_empty() || !typed.taken.is_empty() {
        fields.push(over_field(&typed.over, Despite::from_code(&typed.despite), &faults));
    }
    page(&BookingNew {
        when: format!("{}, {}", When::at(start, &ctx.zone).short_time(), with.name),
        with: typed.with.clone(),
        start: typed.start.clone(),
        taken: !typed.taken.is_empty(),
        despite: Despite::from_code(&typed.despite).code(),
        query: query.to_owned(),
        people,
        patient,
        fields,
        faults,
        cx,
    })
}

/// `POST /bookings/new`
pub(in crate::http) async fn make(visit: Visit, sent: Sent<NewTyped>) -> Result<Response, Refusal> {
    let typed = &sent.typed;
    let looks = acts(&visit, Action::Read, Detail::none());
    let clinic = visit.house.records.disclose(&visit.actor, looks, Clinic::read).await?.into_inner();
    let with = clinic.clinician(&typed.with).ok_or(Refusal::not_found())?;
    let kind = clinic.visit_type(&typed.kind).ok_or(Refusal::not_found())?;
    let patient = id_of(&typed.patient)?;
    let start = typed.start.parse::<Timestamp>().map_err(|_| Refusal::new(No::Malformed))?;
    let now = visit.house.ambient.now();
    let mut faults = Faults::none();
    let over = faults.whole("over", &typed.over, schedule::LONGEST);
    if !faults.is_empty() {
        let page = new_page(&visit, visit.cx(), typed, "", faults).await?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    }
    let hour = Hour {
        patients: vec![patient.clone()],
        with: with.person.to_string(),
        start,
        end: start.checked_add(i64::from(kind.minutes).minutes()).unwrap_or(start),
        except: None,
        hold_hours: clinic.house.hold_hours,
        over: false,
    };
    let is_open = schedule::is_open(&clinic, with, &ctx(&visit).zone, hour.start, hour.end);
    if over.is_empty() && !is_open {
        faults.add("over", told(&BookError::Closed));
        let typed = NewTyped { despite: Despite::Hours.code().to_owned(), ..sent.typed };
        let page = new_page(&visit, visit.cx(), &typed, "", faults).await?;
        return Ok(finished(StatusCode::CONFLICT, page));
    }
    let wish = Wish { patient: &patient, kind, with: Some(with), reason: None };
    let id = FhirId::new(&visit.house.ambient);
    let place = format!("/bookings/{id}");
    let books = async |because: Because| {
        let value = because.on(schedule::appointment(&wish, start, "booked", now));
        let hour = Hour { over: because.lies_over(), ..hour.clone() };
        let doing = visit.doing(acts(&visit, Action::Book, because.noted()), &sent, &place);
        let tell = schedule::to_patients(&value, Kind::VisitBooked);
        schedule::book(doing, id.clone(), value, Some(hour), tell).await
    };
    let because = Because::of(&over, &typed.despite);
    let done = match books(because.clone()).await {
        Err(Refused::Told(BookError::NothingThere)) => books(because.of_nothing_there(is_open)).await,
        done => done,
    };
    match done {
        Err(Refused::Told(error)) => {
            let mut faults = Faults::none();
            let field = if error == BookError::Taken { "over" } else { "kind" };
            faults.add(field, told(&error));
            let typed = NewTyped { despite: Despite::Another.code().to_owned(), ..sent.typed };
            let page = new_page(&visit, visit.cx(), &typed, "", faults).await?;
            Ok(finished(StatusCode::CONFLICT, page))
        }
        other => visit.settled(&sent, other, &place).await,
    }
}

// ---- those who asked ----

/// `GET /booking-requests`
pub(in crate::http) async fn requests(visit: Visit) -> Result<Response, Refusal> {
    let ctx = ctx(&visit);
    let query = strict(R::Appointment, &format!("status=proposed&_count={MOST}&{ALONG}"))?;
    let looks = acts(&visit, Action::Listed, Detail::none());
    let found = visit.house.records.disclose(&visit.actor, looks, |reading| reading.search(&query)).await?;
    let booked = Booked::of(&found);
    let mut rows: Vec<_> = booked.iter().map(|(one, _)| request_row(&booked, one, &ctx)).collect();
    rows.reverse();
    page(&BookingRequests { cx: visit.cx(), rows })
}

/// `GET /booking-requests/{id}`
pub(in crate::http) async fn request(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let opened = Opened::of(&visit, &id).await?;
    if let Some(draft) = visit.draft_here()?.filter(|_| opened.status() != "proposed") {
        visit.forget_draft(visit.at.as_deref()).await?;
        let (place, typed) = (answered_before(&opened.id), pairs_of(&draft.body));
        return came_late(&visit, typed, &ANSWERED, &TimeTyped::default(), place).await;
    }
    request_page(&visit, &opened, visit.cx(), &TimeTyped::default(), Faults::none())
}

fn request_page(
    visit: &Visit,
    opened: &Opened,
    mut cx: Cx,
    typed: &TimeTyped,
    faults: Faults,
) -> Result<Response, Refusal> {
    if opened.status() != "proposed" {
        return Ok(Redirect::to(&format!("/bookings/{}", opened.id)).into_response());
    }
    let ctx = ctx(visit);
    if cx.at.is_empty() {
        cx.at = format!("/booking-requests/{}", opened.id);
    }
    let wanted = periods(&opened.value);
    let first = opened.value.pointer("/requestedPeriod/0/start").and_then(Value::as_str);
    let first = first.and_then(|text| When::parse(text, &ctx.zone));
    let first = first.or_else(|| wanted.first().map(|(start, _)| When::at(*start, &ctx.zone))).map(|when| when.day());
    let from = first.unwrap_or_else(|| today(visit, &ctx)).max(today(visit, &ctx));
    let mut times = fitting_first(opened.times(visit, &ctx, from)?, &wanted);
    times.truncate(TIMES);
    page(&BookingRequest {
        row: request_row(&opened.booked, &opened.value, &ctx),
        id: opened.id.to_string(),
        version: opened.version,
        none: times.is_empty(),
        times: Field::choice("time", t("request-time"), &typed.time, times, &faults),
        any_time: {
            let people = opened.clinic.clinicians.iter().map(|one| (one.person.id().to_string(), one.name.clone()));
            let own = opened.stands(&ctx).with;
            let with = if typed.with.is_empty() { &own } else { &typed.with };
            let mut fields = vec![
                Field::text("day", t("booking-day-of"), &typed.day, &faults).of_kind("date").narrow().optional().bare(),
                Field::text("clock", t("col-time"), &typed.clock, &faults).of_kind("time").narrow().optional().bare(),
                Field::choice("with", t("block-with"), with, people.collect(), &faults).optional().bare(),
            ];
            if faults.of("over").is_some() || !typed.over.is_empty() {
                fields.push(over_field(&typed.over, Despite::from_code(&typed.despite), &faults).optional().bare());
            }
            fields
        },
        despite: Despite::from_code(&typed.despite).code(),
        line: Field::text("line", t("request-line-to"), &typed.line, &faults)
            .optional()
            .hint(t("request-line-to-hint"))
            .most(LONGEST_LINE),
        faults,
        cx,
    })
}

/// When somebody can come. Another program asks for one time, and not for days.
fn periods(value: &Value) -> Vec<(Timestamp, Timestamp)> {
    let all = schedule::periods(value);
    if all.is_empty() { schedule::time_of(value).into_iter().collect() } else { all }
}

/// Free times as they are offered to who asked: what fits first and named so, then what comes after the first time that was asked
/// for.
fn fitting_first(mut times: Vec<(String, String)>, wanted: &[(Timestamp, Timestamp)]) -> Vec<(String, String)> {
    let start = |code: &str| code.split('|').next().and_then(|text| text.parse::<Timestamp>().ok());
    let fits =
        |code: &str| start(code).is_some_and(|start| wanted.iter().any(|(from, to)| *from <= start && start < *to));
    let asked = wanted.iter().map(|(from, _)| *from).min();
    times.sort_by_key(|(code, _)| (!fits(code), start(code) < asked));
    for (code, words) in &mut times {
        if fits(code) {
            *words = t("request-fits").with("time", &*words).to_string();
        }
    }
    times
}

/// `POST /booking-requests/{id}`: book it, offer a time, or decline.
pub(in crate::http) async fn answer(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<TimeTyped>,
) -> Result<Response, Refusal> {
    let opened = Opened::of(&visit, &id).await?;
    let typed = &sent.typed;
    let place = "/booking-requests";
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    if opened.status() != "proposed" {
        let place = answered_before(&opened.id);
        return came_late(&visit, sent.fields(), &ANSWERED, &TimeTyped::default(), place).await;
    }
    let why = acts(&visit, Action::RequestAnswered, Detail::none());
    if typed.answer == "decline" {
        let mut faults = Faults::none();
        let line = faults.whole("line", &typed.line, LONGEST_LINE);
        if !faults.is_empty() {
            let page = request_page(&visit, &opened, visit.cx(), typed, faults)?;
            return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
        }
        let value = schedule::not_offered(opened.value, &line);
        let tell = schedule::to_patients(&value, Kind::VisitNotOffered);
        let done = schedule::change(visit.doing(why, &sent, place), opened.id, typed.version, value, None, tell).await;
        return visit.settled(&sent, done, place).await;
    }
    // A day that was typed goes before the list, of which some time is always chosen.
    let chosen = match typed.day.trim() {
        "" => opened.chosen(&typed.time).ok_or_else(|| t("booking-when-unread")),
        _ => opened.typed(&ctx(&visit), typed),
    };
    let mut faults = Faults::none();
    let over = faults.whole("over", &typed.over, schedule::LONGEST);
    if let Err(wrong) = &chosen {
        faults.add(if typed.day.trim().is_empty() { "time" } else { "clock" }, wrong.to_string());
    }
    let (Ok((start, with)), true) = (chosen, faults.is_empty()) else {
        let page = request_page(&visit, &opened, visit.cx(), typed, faults)?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    };
    let status = if typed.answer == "book" { "booked" } else { "pending" };
    let hour = opened.hour(start, with)?;
    let is_open = schedule::is_open(&opened.clinic, with, &ctx(&visit).zone, hour.start, hour.end);
    if over.is_empty() && !is_open {
        faults.add("over", told(&BookError::Closed));
        let typed = TimeTyped { despite: Despite::Hours.code().to_owned(), ..sent.typed };
        return Ok(finished(StatusCode::CONFLICT, request_page(&visit, &opened, visit.cx(), &typed, faults)?));
    }
    let answers = async |because: Because| {
        let value = schedule::moved(opened.value.clone(), start, opened.minutes(), with, status);
        let (value, hour) = (because.on(value), Hour { over: because.lies_over(), ..hour.clone() });
        let doing = visit.doing(acts(&visit, Action::RequestAnswered, because.noted()), &sent, place);
        let kind = if status == "booked" { Kind::VisitBooked } else { Kind::VisitOffered };
        let tell = schedule::to_patients(&value, kind);
        schedule::change(doing, opened.id.clone(), typed.version, value, Some(hour), tell).await
    };
    let because = Because::of(&over, &typed.despite);
    let done = match answers(because.clone()).await {
        Err(Refused::Told(BookError::NothingThere)) => answers(because.of_nothing_there(is_open)).await,
        done => done,
    };
    match done {
        Err(Refused::Told(error)) => {
            let mut faults = Faults::none();
            let typed_any = !typed.day.trim().is_empty();
            let field = match error {
                BookError::Taken if typed_any => "over",
                _ if typed_any => "clock",
                _ => "time",
            };
            faults.add(field, told(&error));
            let typed = TimeTyped { despite: Despite::Another.code().to_owned(), ..sent.typed };
            Ok(finished(StatusCode::CONFLICT, request_page(&visit, &opened, visit.cx(), &typed, faults)?))
        }
        other => visit.settled(&sent, other, place).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_time_that_no_clock_shows_is_refused_and_not_moved() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = |typed: &str| moment(typed.parse().unwrap(), &zone).map(|at| at.to_string());
        assert_eq!(at("2027-03-28T02:30").map_err(|no| no.to_string()), Err(t("booking-when-gap").to_string()));
        assert_eq!(at("2027-03-28T03:30").ok().as_deref(), Some("2027-03-28T01:30:00Z"));
        assert_eq!(at("2027-10-31T02:30").ok().as_deref(), Some("2027-10-31T00:30:00Z"));
    }

    #[test]
    fn a_reason_is_of_what_is_in_the_way() {
        let value = || json!({"start": "2026-12-15T09:00:00Z"});
        let over = Because::of("a first visit", "another");
        assert!(over.lies_over());
        assert_eq!(schedule::over_of(&over.on(value())), Some(("a first visit", Despite::Another)));
        let closed = over.of_nothing_there(false);
        assert_eq!(schedule::over_of(&closed.on(value())), Some(("a first visit", Despite::Hours)));
        let open = over.of_nothing_there(true);
        assert_eq!((open.on(value()), open.noted()), (value(), Detail::none()), "nothing is in the way");
        assert!(!closed.lies_over() && !open.lies_over() && !Because::of("", "another").lies_over());
    }

    #[test]
    fn the_time_that_another_program_asks_for_stands_first_and_what_comes_after_it_next() {
        let asked = json!({"status": "proposed", "start": "2026-12-15T09:00:00Z", "end": "2026-12-15T09:20:00Z"});
        let times = |codes: &[&str]| {
            let times = codes.iter().map(|code| (format!("2026-12-15T{code}:00Z|d"), (*code).to_owned())).collect();
            fitting_first(times, &periods(&asked)).into_iter().map(|(_, words)| words).collect::<Vec<_>>()
        };
        assert_eq!(times(&["08:20", "08:40", "09:00", "09:20"]), ["09:00 (fits)", "09:20", "08:20", "08:40"]);
        assert_eq!(times(&["08:40", "09:20"]), ["09:20", "08:40"], "what is next, where it is not free");
        let days = json!({"start": "2026-12-15T09:00:00Z",
            "requestedPeriod": [{"start": "2026-12-16T07:00:00Z", "end": "2026-12-16T19:00:00Z"}]});
        assert_eq!(periods(&days).len(), 1, "days that are named go before it");
        assert!(periods(&json!({})).is_empty());
    }
}
