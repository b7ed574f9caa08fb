//! What the clinic settles about itself: kinds of visit, opening hours, days off, notice, topics of messages. For those who
//! keep the calendar and for the health administrator. Nothing of a patient is read here.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::Weekday;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::settings_pages::{
    AwayRow, DayFields, HoursRow, Offered, Settings, SettingsForm, SettingsHours, TopicRow, VisitTypeRow,
};
use super::{id_of, why};
use crate::audit::{Action, Detail, Purpose};
use crate::base::FhirId;
use crate::care::clinic::{
    self, Away, Booking, Clinic, ClinicForm, Clinician, Hours, HoursForm, PersonRole, Pool, Problem, TopicForm,
    VisitTypeForm,
};
use crate::care::previsit::{self, BUILT, Built};
use crate::care::workflow::{Doing, Done, Never, Refused, carry_out};
use crate::fhir::ResourceType as R;
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Cx, Faults, Field, When, format, stands as stands_in_words, t};
use crate::record::{Change, Stored, Why};

/// The place of the settings of the clinic as a whole, where a person's have the id of their role.
const WHOLE: &str = "clinic";
/// The place of what is yet to be made.
const NEW: &str = "new";

fn looks(visit: &Visit) -> Why {
    Why { purpose: Purpose::HOperat, ..why(visit, Action::Read, Detail::none()) }
}

async fn read(visit: &Visit) -> Result<Clinic, Refusal> {
    Ok(visit.house.records.disclose(&visit.actor, looks(visit), Clinic::read).await?.into_inner())
}

/// One settings resource as it stands, and its version.
async fn one(visit: &Visit, kind: R, id: &FhirId) -> Result<(Value, u32), Refusal> {
    let found = visit.house.records.disclose(&visit.actor, looks(visit), |reading| reading.read(kind, id)).await?;
    let Stored { json, version, .. } = found.into_inner();
    Ok((serde_json::from_slice(&json).map_err(Refusal::internal)?, version))
}

/// Stores what was made, and goes back to the list.
async fn store<T>(visit: &Visit, sent: &Sent<T>, change: Change) -> Result<Response, Refusal> {
    let why = Why { action: Action::Settings, ..looks(visit) };
    let once = visit.once(sent, "/settings?done=saved");
    let doing = Doing { records: &visit.house.records, actor: &visit.actor, why, once };
    let done: Result<Done<()>, Refused<Never>> = carry_out(doing, vec![change], |_| Ok(())).await;
    visit.settled(sent, done, "/settings?done=saved").await
}

/// The version that the form was made with: somebody may have changed the resource since.
fn version(typed: &str) -> u32 {
    typed.parse().unwrap_or(0)
}

#[derive(Deserialize)]
pub(in crate::http) struct Asked {
    done: Option<String>,
}

/// `GET /settings`
pub(in crate::http) async fn settings(
    visit: Visit,
    axum::extract::Query(asked): axum::extract::Query<Asked>,
) -> Result<Response, Refusal> {
    let clinic = read(&visit).await?;
    let mut cx = visit.cx();
    if asked.done.is_some() {
        cx.done = Some(t("settings-saved").to_string());
    }
    let away = |list: &[Away]| list.iter().map(away_row).collect::<Vec<_>>();
    page(&Settings {
        visit_types: clinic.visit_types.iter().map(visit_type_row).collect(),
        topics: clinic.topics.iter().map(topic_row).collect(),
        hours: std::iter::once(HoursRow {
            id: WHOLE.to_owned(),
            name: t("settings-open").to_string(),
            week: week(&clinic.house.hours),
            away: away(&clinic.house.holidays),
        })
        .chain(clinic.clinicians.iter().flat_map(|one| {
            one.roles.iter().map(|role| HoursRow {
                id: role.id.to_string(),
                name: name_in(one, role),
                week: week(&role.hours),
                away: away(&role.away),
            })
        }))
        .collect(),
        notice: clinic.house.notice_hours,
        horizon: clinic.house.horizon_days,
        hold: clinic.house.hold_hours,
        reminder: clinic.house.reminder_hours,
        phone: clinic.house.phone.unwrap_or_default(),
        cx,
    })
}

fn away_row(away: &Away) -> AwayRow {
    AwayRow {
        why: away.why.clone(),
        first: When::Day(away.first),
        last: (away.first != away.last).then_some(When::Day(away.last)),
    }
}

fn visit_type_row(kind: &clinic::VisitType) -> VisitTypeRow {
    VisitTypeRow {
        id: kind.id.to_string(),
        name: kind.name.text.clone(),
        spanish: kind.name.translations.iter().find(|(code, _)| code == "es").map(|(_, text)| text.clone()),
        minutes: kind.minutes,
        booking: booking_word(kind.booking),
        active: kind.active,
    }
}

fn topic_row(topic: &clinic::Topic) -> TopicRow {
    TopicRow {
        id: topic.id.to_string(),
        name: topic.name.text.clone(),
        pool: pool_word(topic.pool),
        days: topic.answer_days,
        active: topic.active,
    }
}

pub(super) fn booking_word(booking: Booking) -> String {
    t(match booking {
        Booking::Instant => "booking-instant",
        Booking::Request => "booking-request",
        Booking::ViewOnly => "booking-view-only",
    })
    .to_string()
}

fn pool_word(pool: Pool) -> String {
    t(match pool {
        Pool::Reception => "pool-reception",
        Pool::Nurses => "pool-nurses",
        Pool::Doctors => "pool-doctors",
    })
    .to_string()
}

/// "Mon 08:40 to 12:00, 13:00 to 17:00" for each day that has hours.
fn week(hours: &Hours) -> Vec<(String, String)> {
    let days = (0..7).filter_map(|day| Weekday::from_monday_zero_offset(day).ok());
    let lines = days.filter_map(|day| {
        let spans: Vec<String> = hours
            .on(day)
            .map(|span| {
                let clock = |time: jiff::civil::Time| time.strftime("%H:%M").to_string();
                t("from-to").with("from", clock(span.from)).with("to", clock(span.to)).to_string()
            })
            .collect();
        (!spans.is_empty()).then(|| (format::weekday(day), spans.join(", ")))
    });
    lines.collect()
}

/// Faults as sentences; `named` is what the one field is called that may not stay empty.
fn faults(found: &[(&'static str, Problem)], named: &str) -> Faults {
    let mut faults = Faults::none();
    for (field, problem) in found {
        faults.add(field, sentence(*problem, named));
    }
    faults
}

fn sentence(problem: Problem, named: &str) -> String {
    match problem {
        Problem::Missing => t("settings-missing").with("field", t(named)),
        Problem::TooLong => t("settings-long"),
        Problem::Number(least, most) => t("settings-number").with("least", least).with("most", most),
        Problem::Time => t("settings-time"),
        Problem::Day => t("settings-day"),
        Problem::Choice => t("settings-choice"),
    }
    .to_string()
}

fn wrong(page: Result<Response, Refusal>) -> Result<Response, Refusal> {
    Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page?))
}

// ---- kinds of visit ----

#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
pub(in crate::http) struct VisitTypeTyped {
    name: String,
    spanish: String,
    minutes: String,
    booking: String,
    form: String,
    offered: String,
    version: String,
}

fn visit_type_page(mut cx: Cx, id: &str, typed: &VisitTypeTyped, faults: Faults) -> Result<Response, Refusal> {
    let none = (String::new(), t("visit-type-form-none").to_string());
    let forms = std::iter::once(none)
        .chain(BUILT.iter().map(|built| (built.code.to_owned(), built.title().to_owned())))
        .collect();
    let options = Booking::ALL.map(|one| (one.code().to_owned(), booking_word(one))).to_vec();
    let action = format!("/settings/visit-types/{id}");
    if cx.at.is_empty() {
        cx.at.clone_from(&action);
    }
    let fields = vec![
        Field::text("name", t("visit-type-name"), &typed.name, &faults),
        Field::text("spanish", t("settings-spanish"), &typed.spanish, &faults).optional(),
        Field::text("minutes", t("visit-type-minutes"), &typed.minutes, &faults).narrow().keyboard("numeric"),
        Field::choice("booking", t("visit-type-booking"), &typed.booking, options, &faults)
            .hint(t("visit-type-booking-hint")),
        Field { required: false, ..Field::choice("form", t("visit-type-form"), &typed.form, forms, &faults) }
            .hint(t("visit-type-form-hint")),
    ];
    page(&SettingsForm {
        title: t(if id == NEW { "visit-type-new" } else { "visit-type-change" }).to_string(),
        action,
        fields,
        offered: Some(Offered::of(&typed.offered, &faults)),
        version: typed.version.clone(),
        faults,
        cx,
    })
}

/// `GET /settings/visit-types/{id}`
pub(in crate::http) async fn visit_type(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let clinic = read(&visit).await?;
    let typed = if id == NEW {
        VisitTypeTyped {
            minutes: "20".into(),
            booking: Booking::Request.code().into(),
            offered: "yes".into(),
            ..Default::default()
        }
    } else {
        let kind = clinic.visit_type(&id).ok_or(Refusal::not_found())?;
        VisitTypeTyped {
            name: kind.name.text.clone(),
            spanish: kind.name.translation("es").unwrap_or_default().to_owned(),
            minutes: kind.minutes.to_string(),
            booking: kind.booking.code().to_owned(),
            form: BUILT
                .iter()
                .find(|built| kind.form.as_ref().is_some_and(|form| form.as_str() == built.id()))
                .map(|built| built.code.to_owned())
                .unwrap_or_default(),
            offered: if kind.active { "yes".into() } else { String::new() },
            version: kind.version.to_string(),
        }
    };
    let mut cx = visit.cx();
    let (typed, faults) = visit.again(&mut cx, typed, &["version"])?;
    visit_type_page(cx, &id, &typed, faults)
}

/// `POST /settings/visit-types/{id}`
pub(in crate::http) async fn save_visit_type(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<VisitTypeTyped>,
) -> Result<Response, Refusal> {
    let typed = &sent.typed;
    let (before, place) = before(&visit, R::HealthcareService, &id, &typed.version).await?;
    let form = VisitTypeForm {
        name: &typed.name,
        spanish: &typed.spanish,
        minutes: &typed.minutes,
        booking: &typed.booking,
        form: &typed.form,
        offered: !typed.offered.is_empty(),
    };
    if let Some(built) = Built::of(&typed.form) {
        previsit::have(&visit.house.records, built).await?;
    }
    match clinic::visit_type_change(before, form) {
        Ok(made) => store(&visit, &sent, clinic::change(R::HealthcareService, place, made)?).await,
        Err(found) => wrong(visit_type_page(visit.cx(), &id, typed, faults(&found, "visit-type-name"))),
    }
}

/// The resource that a form changes, with the version that the form was made with; nothing for a new one.
async fn before(
    visit: &Visit,
    kind: R,
    id: &str,
    typed: &str,
) -> Result<(Option<Value>, Option<(FhirId, u32)>), Refusal> {
    if id == NEW {
        return Ok((None, None));
    }
    let id = id_of(id)?;
    let (value, _) = one(visit, kind, &id).await?;
    Ok((Some(value), Some((id, version(typed)))))
}

// ---- topics ----

#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
pub(in crate::http) struct TopicTyped {
    name: String,
    spanish: String,
    pool: String,
    answer_days: String,
    offered: String,
    version: String,
}

fn topic_page(mut cx: Cx, id: &str, typed: &TopicTyped, faults: Faults) -> Result<Response, Refusal> {
    let options = Pool::ALL.map(|one| (one.code().to_owned(), pool_word(one))).to_vec();
    let action = format!("/settings/topics/{id}");
    if cx.at.is_empty() {
        cx.at.clone_from(&action);
    }
    let fields = vec![
        Field::text("name", t("topic-name"), &typed.name, &faults).hint(t("topic-name-hint")),
        Field::text("spanish", t("settings-spanish"), &typed.spanish, &faults).optional(),
        Field::choice("pool", t("topic-pool"), &typed.pool, options, &faults),
        Field::text("answer_days", t("topic-days"), &typed.answer_days, &faults).narrow().keyboard("numeric"),
    ];
    page(&SettingsForm {
        title: t(if id == NEW { "topic-new" } else { "topic-change" }).to_string(),
        action,
        fields,
        offered: Some(Offered::of(&typed.offered, &faults)),
        version: typed.version.clone(),
        faults,
        cx,
    })
}

/// `GET /settings/topics/{id}`
pub(in crate::http) async fn topic(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let clinic = read(&visit).await?;
    let typed = if id == NEW {
        TopicTyped {
            pool: Pool::Doctors.code().into(),
            answer_days: "2".into(),
            offered: "yes".into(),
            ..Default::default()
        }
    } else {
        let topic = clinic.topic(&id).ok_or(Refusal::not_found())?;
        TopicTyped {
            name: topic.name.text.clone(),
            spanish: topic.name.translation("es").unwrap_or_default().to_owned(),
            pool: topic.pool.code().to_owned(),
            answer_days: topic.answer_days.to_string(),
            offered: if topic.active { "yes".into() } else { String::new() },
            version: topic.version.to_string(),
        }
    };
    let mut cx = visit.cx();
    let (typed, faults) = visit.again(&mut cx, typed, &["version"])?;
    topic_page(cx, &id, &typed, faults)
}

/// `POST /settings/topics/{id}`
pub(in crate::http) async fn save_topic(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<TopicTyped>,
) -> Result<Response, Refusal> {
    let typed = &sent.typed;
    let (before, place) = before(&visit, R::HealthcareService, &id, &typed.version).await?;
    let form = TopicForm {
        name: &typed.name,
        spanish: &typed.spanish,
        pool: &typed.pool,
        answer_days: &typed.answer_days,
        offered: !typed.offered.is_empty(),
    };
    match clinic::topic_change(before, form) {
        Ok(made) => store(&visit, &sent, clinic::change(R::HealthcareService, place, made)?).await,
        Err(found) => wrong(topic_page(visit.cx(), &id, typed, faults(&found, "topic-name"))),
    }
}

// ---- the clinic as a whole ----

#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
pub(in crate::http) struct ClinicTyped {
    notice_hours: String,
    horizon_days: String,
    hold_hours: String,
    reminder_hours: String,
    phone: String,
    version: String,
}

fn clinic_page(mut cx: Cx, typed: &ClinicTyped, faults: Faults) -> Result<Response, Refusal> {
    let action = "/settings/clinic".to_owned();
    if cx.at.is_empty() {
        cx.at.clone_from(&action);
    }
    let number = |name, label, hint, value: &str| {
        Field::text(name, t(label), value, &faults).hint(t(hint)).narrow().keyboard("numeric")
    };
    let fields = vec![
        number("notice_hours", "settings-notice", "settings-notice-hint", &typed.notice_hours),
        number("horizon_days", "settings-horizon", "settings-horizon-hint", &typed.horizon_days),
        number("hold_hours", "settings-hold", "settings-hold-hint", &typed.hold_hours),
        number("reminder_hours", "settings-reminder", "settings-reminder-hint", &typed.reminder_hours),
        Field::text("phone", t("settings-phone"), &typed.phone, &faults).optional().keyboard("tel"),
    ];
    let title = t("settings-rules").to_string();
    page(&SettingsForm { title, action, fields, offered: None, version: typed.version.clone(), faults, cx })
}

/// `GET /settings/clinic`
pub(in crate::http) async fn clinic(visit: Visit) -> Result<Response, Refusal> {
    let house = read(&visit).await?.house;
    let typed = ClinicTyped {
        notice_hours: house.notice_hours.to_string(),
        horizon_days: house.horizon_days.to_string(),
        hold_hours: house.hold_hours.to_string(),
        reminder_hours: house.reminder_hours.to_string(),
        phone: house.phone.unwrap_or_default(),
        version: house.version.to_string(),
    };
    let mut cx = visit.cx();
    let (typed, faults) = visit.again(&mut cx, typed, &["version"])?;
    clinic_page(cx, &typed, faults)
}

/// `POST /settings/clinic`
pub(in crate::http) async fn save_clinic(visit: Visit, sent: Sent<ClinicTyped>) -> Result<Response, Refusal> {
    let typed = &sent.typed;
    let (before, place) = house(&visit, &typed.version).await?;
    let form = ClinicForm {
        notice_hours: &typed.notice_hours,
        horizon_days: &typed.horizon_days,
        hold_hours: &typed.hold_hours,
        reminder_hours: &typed.reminder_hours,
        phone: &typed.phone,
    };
    match clinic::clinic_change(before, &visit.house.front.face.clinic, form) {
        Ok(made) => store(&visit, &sent, clinic::change(R::HealthcareService, place, made)?).await,
        Err(found) => wrong(clinic_page(visit.cx(), typed, faults(&found, "settings-phone"))),
    }
}

async fn house(visit: &Visit, typed: &str) -> Result<(Option<Value>, Option<(FhirId, u32)>), Refusal> {
    match read(visit).await?.house.id {
        None => Ok((None, None)),
        Some(id) => {
            let (value, _) = one(visit, R::HealthcareService, &id).await?;
            Ok((Some(value), Some((id, version(typed)))))
        }
    }
}

// ---- hours and days off ----

/// Whose hours a place names: name, hours, days off, version.
fn whose(clinic: &Clinic, id: &str) -> Option<(String, Hours, Vec<Away>, u32)> {
    if id == WHOLE {
        let house = &clinic.house;
        return Some((t("settings-open").to_string(), house.hours.clone(), house.holidays.clone(), house.version));
    }
    let (one, role) = clinic.clinicians.iter().find_map(|one| Some((one, one.role(id)?)))?;
    Some((name_in(one, role), role.hours.clone(), role.away.clone(), role.version))
}

/// "Dr D Corvin, Dermatology": with what the role is called where they have several, and with its number where that tells it from no
/// other.
fn name_in(one: &Clinician, role: &PersonRole) -> String {
    if one.roles.len() < 2 {
        return one.name.clone();
    }
    let name = role.called.iter().fold(one.name.clone(), |name, called| format!("{name}, {called}"));
    let mut alike = one.roles.iter().filter(|other| other.called == role.called);
    match alike.position(|other| other.id == role.id) {
        Some(0) if alike.next().is_none() => name,
        at => t("settings-role-nth").with("name", name).with("n", at.unwrap_or_default() + 1).to_string(),
    }
}

async fn of_place(visit: &Visit, id: &str, typed: &str) -> Result<(R, Option<Value>, Option<(FhirId, u32)>), Refusal> {
    if id == WHOLE {
        let (value, place) = house(visit, typed).await?;
        return Ok((R::HealthcareService, value, place));
    }
    let id = id_of(id)?;
    let (value, _) = one(visit, R::PractitionerRole, &id).await?;
    Ok((R::PractitionerRole, Some(value), Some((id, version(typed)))))
}

type Pairs = Vec<(String, String)>;

fn value<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn typed_hours(pairs: &Pairs) -> HoursForm {
    HoursForm(DAYS.map(|day| {
        [1, 2].map(|n| {
            (value(pairs, &format!("{day}{n}-from")).to_owned(), value(pairs, &format!("{day}{n}-to")).to_owned())
        })
    }))
}

/// The fields of a week's form.
fn pairs_of_hours(HoursForm(days): &HoursForm, version: u32) -> Pairs {
    let mut pairs = vec![("version".to_owned(), version.to_string())];
    for (code, spans) in DAYS.iter().zip(days) {
        for (n, (from, to)) in (1..).zip(spans) {
            pairs.push((format!("{code}{n}-from"), from.clone()));
            pairs.push((format!("{code}{n}-to"), to.clone()));
        }
    }
    pairs
}

fn shown_hours(hours: &Hours) -> HoursForm {
    let days = [0, 1, 2, 3, 4, 5, 6].map(|day| Weekday::from_monday_zero_offset(day).unwrap_or(Weekday::Monday));
    HoursForm(days.map(|day| {
        let mut spans = hours.on(day);
        let clock = |time: jiff::civil::Time| time.strftime("%H:%M").to_string();
        let mut next = || spans.next().map_or_else(Default::default, |span| (clock(span.from), clock(span.to)));
        [next(), next()]
    }))
}

struct HoursPage<'a> {
    id: &'a str,
    name: String,
    form: HoursForm,
    away: Vec<Away>,
    version: String,
    faults: Faults,
    /// What was typed for a day off: why, first, last.
    off: [String; 3],
}

fn hours_page(mut cx: Cx, shown: HoursPage<'_>) -> Result<Response, Refusal> {
    if cx.at.is_empty() {
        cx.at = format!("/settings/hours/{}", shown.id);
    }
    let HoursPage { id, name, form, away, version, faults, off: [why, first, last] } = shown;
    let HoursForm(days) = form;
    let days = days.into_iter().zip(DAYS).enumerate().map(|(at, (spans, code))| DayFields {
        word: format::weekday(
            Weekday::from_monday_zero_offset(i8::try_from(at).unwrap_or(0)).unwrap_or(Weekday::Monday),
        ),
        code,
        fault: faults.of(&format!("{code}1")).or(faults.of(&format!("{code}2"))).map(str::to_owned),
        now: day_now(code, &spans, &faults),
        spans,
    });
    let off = vec![
        Field::text("why", t("away-why"), &why, &faults).hint(t("away-why-hint")),
        Field::text("first", t("away-first"), &first, &faults).of_kind("date").narrow(),
        Field::text("last", t("away-last"), &last, &faults).of_kind("date").narrow().optional(),
    ];
    page(&SettingsHours {
        action: format!("/settings/hours/{id}"),
        away_action: format!("/settings/away/{id}"),
        days: days.collect(),
        away: away.iter().map(away_row).collect(),
        off,
        name,
        version,
        faults,
        cx,
    })
}

/// A day's hours as they stand now, where others were typed.
fn day_now(code: &str, spans: &[(String, String); 2], faults: &Faults) -> Option<String> {
    let (mut stands, mut differs) = (Vec::new(), false);
    for (n, (from, to)) in (1..).zip(spans) {
        let mut now = |end: &str, typed: &String| {
            let now = faults.now(&format!("{code}{n}-{end}"), typed);
            differs |= now.is_some();
            now.unwrap_or(typed).to_owned()
        };
        let (from, to) = (now("from", from), now("to", to));
        if !from.is_empty() || !to.is_empty() {
            stands.push(t("from-to").with("from", from).with("to", to).to_string());
        }
    }
    differs.then(|| stands_in_words(&stands.join(", ")))
}

/// `GET /settings/hours/{id}`
pub(in crate::http) async fn hours(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let clinic = read(&visit).await?;
    let (name, hours, away, version) = whose(&clinic, &id).ok_or(Refusal::not_found())?;
    let mut cx = visit.cx();
    let (pairs, faults) = visit.again(&mut cx, pairs_of_hours(&shown_hours(&hours), version), &["version"])?;
    // The page has a form for the week and one for days off, and its draft is of one of them.
    let week = pairs.iter().any(|(name, _)| name.ends_with("-from"));
    let form = if week { typed_hours(&pairs) } else { shown_hours(&hours) };
    let off = ["why", "first", "last"].map(|field| value(&pairs, field).to_owned());
    hours_page(cx, HoursPage { id: &id, name, form, away, version: version.to_string(), faults, off })
}

/// `POST /settings/hours/{id}`
pub(in crate::http) async fn save_hours(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Pairs>,
) -> Result<Response, Refusal> {
    let version = value(&sent.typed, "version").to_owned();
    let (kind, before, place) = of_place(&visit, &id, &version).await?;
    let form = typed_hours(&sent.typed);
    match clinic::hours_change(before, &visit.house.front.face.clinic, &form) {
        Ok(made) => store(&visit, &sent, clinic::change(kind, place, made)?).await,
        Err(found) => {
            let (name, _, away, _) = whose(&read(&visit).await?, &id).ok_or(Refusal::not_found())?;
            let faults = faults(&found, "settings-hours");
            wrong(hours_page(
                visit.cx(),
                HoursPage { id: &id, name, form, away, version, faults, off: Default::default() },
            ))
        }
    }
}

/// `POST /settings/away/{id}`: one more day off, or one taken away.
pub(in crate::http) async fn save_away(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Pairs>,
) -> Result<Response, Refusal> {
    let version = value(&sent.typed, "version").to_owned();
    let (name, hours, mut away, _) = whose(&read(&visit).await?, &id).ok_or(Refusal::not_found())?;
    let (kind, before, place) = of_place(&visit, &id, &version).await?;
    let gone = value(&sent.typed, "remove");
    if gone.is_empty() {
        let off = ["why", "first", "last"].map(|field| value(&sent.typed, field).to_owned());
        let [why, first, last] = &off;
        match Away::typed(why, first, last) {
            Ok(one) => away.push(one),
            Err(found) => {
                let (form, faults) = (shown_hours(&hours), faults(&found, "away-why"));
                return wrong(hours_page(visit.cx(), HoursPage { id: &id, name, form, away, version, faults, off }));
            }
        }
    } else {
        let place: usize = gone.parse().map_err(|_| Refusal::not_found())?;
        if place >= away.len() {
            return Err(Refusal::not_found());
        }
        away.remove(place);
    }
    away.sort_by_key(|one| one.first);
    let made = clinic::away_change(before, &visit.house.front.face.clinic, &away);
    store(&visit, &sent, clinic::change(kind, place, made)?).await
}

/// `GET /settings/away/{id}`: where a form that was sent twice, or a draft, leads back to.
pub(in crate::http) async fn away(_: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    Ok(Redirect::to(&format!("/settings/hours/{}", id_of(&id)?)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_roles_of_somebody_are_told_apart() {
        let role = |id: &str, called: Option<&str>| {
            json!({"id": id, "code": called.map(|text| json!([{"text": text}])),
                "practitioner": {"reference": "Practitioner/d", "display": "Dr D"}})
        };
        let names = |roles: &[Value]| {
            let clinic = clinic::of_resources(&[], roles);
            let one = &clinic.clinicians[0];
            one.roles.iter().map(|role| name_in(one, role)).collect::<Vec<_>>()
        };
        assert_eq!(names(&[role("a", None)]), ["Dr D"]);
        assert_eq!(names(&[role("a", Some("Dermatology")), role("b", None)]), ["Dr D, Dermatology", "Dr D"]);
        assert_eq!(names(&[role("a", None), role("b", None)]), ["Dr D, role 1", "Dr D, role 2"]);
    }
}
