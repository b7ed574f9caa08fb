//! The waiting list: who waits for a time is offered one as soon as it is free.
//!
//! Somebody who waits is an `Appointment` of status `waitlist` whose `requestedPeriod` says when they can. An offer is the
//! same appointment as `pending`, with a time that is held for the hours that the clinic settled. When it is declined, or
//! those hours are over, it waits again, and an `AppointmentResponse` says which time it was, so that the same one is not
//! offered twice; who has let the fewest offers go, and of these who has waited longest, comes first. Whom nobody of the clinic sees
//! now, by a seal or by their own consent, waits on and is offered nothing: nobody would expect them.
//!
//! [`round`] looks at everything there is and does what is due. It needs no memory of its own: whatever frees a time, a
//! visit called off in the API or working hours that were changed, the next round finds it.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::book::{
    Hour, State, Wish, change, has_tag, ids_of, kind_of, moved, patient_of, periods, roles_with, tagged, to_patients,
    with_of, with_status,
};
use super::free::{Slots, free};
use super::taken::{Blocks, busy_beside};
use super::{begun, put};
use crate::access::Actor;
use crate::audit::{Action, Detail, Purpose};
use crate::base::{FhirId, Role, Timestamp};
use crate::care::clinic::{Clinic, Clinician, of_resources, that_go_on};
use crate::care::consents::{self, Seen};
use crate::care::notify::{self, Kind, Notice, Whom};
use crate::care::workflow::{Doing, Done, Never, Refused, carry_out};
use crate::fhir::{Mode, ResourceType};
use crate::record::{Change, Channel, Condition, RecordError, Records, Why, strict};

/// The tag of an appointment that came from the waiting list, through its whole life.
pub const LISTED: (&str, &str) = ("urn:chartbox:appointment", "waiting-list");
/// A time that begins sooner than this is no offer: nobody could come.
const LEAD_HOURS: i64 = 2;
/// How many days ahead times are looked for.
const AHEAD_DAYS: i64 = 40;

/// Somebody who waits, with when they can.
pub fn waits(wish: &Wish<'_>, periods: &[(Timestamp, Timestamp)], now: Timestamp) -> Value {
    let mut value = begun(wish, "waitlist", now);
    let all: Vec<Value> =
        periods.iter().map(|(start, end)| json!({"start": start.to_string(), "end": end.to_string()})).collect();
    put(&mut value, "requestedPeriod", all.into());
    put(&mut value, "minutesDuration", json!(wish.kind.minutes));
    tagged(value, LISTED)
}

/// Whether an appointment came from the waiting list.
pub fn is_listed(appointment: &Value) -> bool {
    has_tag(appointment, LISTED)
}

/// Until when an offer is held; `None` for what is no offer.
pub fn offer_ends(appointment: &Value, hold_hours: u16) -> Option<Timestamp> {
    let text = |pointer: &str| appointment.pointer(pointer).and_then(Value::as_str);
    if text("/status")? != "pending" {
        return None;
    }
    let made: Timestamp = text("/meta/lastUpdated")?.parse().ok()?;
    let start: Timestamp = text("/start")?.parse().ok()?;
    Some(made.checked_add(i64::from(hold_hours).hours()).unwrap_or(start).min(start))
}

/// An appointment without the time that was offered: as it was before.
fn without_time(mut appointment: Value, status: &str) -> Value {
    put(&mut appointment, "status", json!(status));
    let Some(members) = appointment.as_object_mut() else { return appointment };
    members.shift_remove("start");
    members.shift_remove("end");
    if let Some(all) = members.get_mut("participant").and_then(Value::as_array_mut) {
        // With whom the offer was, where anybody would do.
        let anybody = |one: &Value| one.get("required").and_then(Value::as_str) == Some("optional");
        all.retain(|one| !anybody(one));
        for one in all {
            let reference = one.pointer("/actor/reference").and_then(Value::as_str).unwrap_or_default();
            let answer = if reference.starts_with("Practitioner/") { "needs-action" } else { "accepted" };
            put(one, "status", json!(answer));
        }
    }
    appointment
}

/// What became of an offer: declined by the patient, or never answered.
fn response(appointment: &Value, id: &FhirId, answer: &str) -> Option<Value> {
    let text = |name: &str| appointment.get(name).and_then(Value::as_str);
    Some(json!({
        "resourceType": "AppointmentResponse",
        "appointment": {"reference": format!("Appointment/{id}")},
        "start": text("start")?,
        "end": text("end")?,
        "actor": {"reference": format!("Patient/{}", patient_of(appointment)?)},
        "participantStatus": answer,
    }))
}

/// The patient does not take the time that was offered, and still wants one: who waited waits again, and who asked for a time
/// stands with the reception again, which is told.
pub async fn decline(
    doing: Doing<'_>,
    id: FhirId,
    version: u32,
    appointment: Value,
) -> Result<Done<()>, Refused<Never>> {
    let answered = response(&appointment, &id, "declined").ok_or(RecordError::NotFound)?;
    let listed = is_listed(&appointment);
    let back = without_time(appointment, if listed { "waitlist" } else { "proposed" });
    let changes = vec![
        Change::put(ResourceType::Appointment, id.clone(), back, Condition::Version(version), Mode::Strict)?,
        Change::create(ResourceType::AppointmentResponse, answered, Mode::Strict)?,
    ];
    carry_out(doing, changes, move |inside| {
        if !listed {
            notify::tell(inside, Notice::new(Whom::Role(Role::Reception), Kind::BookingAsked).about(id))?;
        }
        Ok(())
    })
    .await
}

/// The request as one for which the clinic has no time, with a line to the patient where there is one.
#[must_use]
pub fn not_offered(appointment: Value, line: &str) -> Value {
    let mut over = with_status(appointment, State::Cancelled, false);
    let line = line.trim();
    if let Some(reason) = over.get_mut("cancelationReason").filter(|_| !line.is_empty()) {
        put(reason, "text", json!(line));
    }
    over
}

/// What the clinic wrote to a patient for whose request it had no time: nothing where it wrote nothing, and `None` for what is
/// no such request.
pub fn not_offered_of(appointment: &Value) -> Option<Option<&str>> {
    let text = |pointer: &str| appointment.pointer(pointer).and_then(Value::as_str);
    let asked = appointment.get("requestedPeriod").is_some() && appointment.get("start").is_none();
    let by_clinic = text("/cancelationReason/coding/0/code") == Some("prov");
    (asked && by_clinic && text("/status") == Some("cancelled")).then(|| text("/cancelationReason/text"))
}

/// Somebody who waits, without who it is.
#[derive(Debug, Clone)]
struct Waiting {
    id: FhirId,
    kind: String,
    with: Option<String>,
    roles: Vec<String>,
    periods: Vec<(Timestamp, Timestamp)>,
    since: String,
}

impl Waiting {
    /// Whether somebody is with whom they want to be; anybody, where they named nobody.
    fn is_for(&self, who: &Clinician) -> bool {
        match &self.with {
            Some(with) => who.person.id().as_str() == with,
            None => self.roles.is_empty() || self.roles.iter().any(|role| who.has_role(role)),
        }
    }
}

fn waiting(appointment: &Value) -> Option<Waiting> {
    Some(Waiting {
        id: FhirId::parse(appointment.get("id")?.as_str()?).ok()?,
        kind: kind_of(appointment)?.to_owned(),
        with: with_of(appointment).map(str::to_owned),
        roles: roles_with(appointment).map(str::to_owned).collect(),
        periods: periods(appointment),
        since: appointment.get("created").and_then(Value::as_str).unwrap_or_default().to_owned(),
    })
}

/// An offer, without whom it was made to.
struct Offer {
    id: FhirId,
    value: Value,
}

fn offer(appointment: &Value) -> Option<Offer> {
    let id = FhirId::parse(appointment.get("id")?.as_str()?).ok()?;
    let of = |name: &str| appointment.get(name).cloned().unwrap_or_default();
    // Status and times decide; the rest is left where it is.
    let value = json!({"status": of("status"), "start": of("start"), "meta": of("meta"),
        "requestedPeriod": of("requestedPeriod")});
    Some(Offer { id, value })
}

/// What a round did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    /// Appointments that now have an offer.
    pub offered: Vec<FhirId>,
    /// Offers that ended without an answer.
    pub ended: Vec<FhirId>,
    /// Those whose last day has passed.
    pub over: Vec<FhirId>,
}

/// Ends offers whose hours are over, and offers what is free to who waits for it.
pub async fn round(records: &Records, zone: &TimeZone) -> Result<Round, RecordError> {
    let mut round = Round::default();
    let now = records.audit().ambient().now();
    let open = records.glimpse(&strict(ResourceType::Appointment, "status=pending")?, offer)?;
    let list = strict(ResourceType::Appointment, "status=waitlist")?;
    if open.is_empty() && records.glimpse(&list, waiting)?.is_empty() {
        return Ok(round);
    }
    let clinic = settled(records, zone, now)?;
    for one in open {
        let over = offer_ends(&one.value, clinic.house.hold_hours).is_some_and(|ends| ends <= now);
        let asked = one.value.get("requestedPeriod").is_some_and(Value::is_array);
        if over && asked && end_offer(records, &one.id, clinic.house.hold_hours, now).await? {
            round.ended.push(one.id);
        }
    }
    let mut all = Vec::new();
    for one in records.glimpse(&list, waiting)? {
        if one.periods.iter().all(|(_, end)| *end <= now) {
            if end_waiting(records, &one.id).await? {
                round.over.push(one.id);
            }
            continue;
        }
        let passed = passed_up(records, &one.id)?;
        all.push((passed.len(), one, passed));
    }
    all.sort_by(|(a, one, _), (b, other, _)| (a, &one.since, &one.id).cmp(&(b, &other.since, &other.id)));
    let mut blocks = Blocks::default();
    for (_, one, passed) in all {
        if offer_first((records, &mut blocks), &clinic, zone, &one, &passed, now).await? {
            round.offered.push(one.id);
        }
    }
    Ok(round)
}

fn settled(records: &Records, zone: &TimeZone, now: Timestamp) -> Result<Clinic, RecordError> {
    let whole: fn(&Value) -> Option<Value> = |one| Some(one.clone());
    let services = records.glimpse(&strict(ResourceType::HealthcareService, "")?, whole)?;
    let roles = records.glimpse(&strict(ResourceType::PractitionerRole, "")?, whole)?;
    let today = now.to_zoned(zone.clone()).date();
    Ok(of_resources(&services, &that_go_on(roles, today)))
}

/// The times that were offered before and not taken.
fn passed_up(records: &Records, id: &FhirId) -> Result<Vec<Timestamp>, RecordError> {
    let start: fn(&Value) -> Option<Timestamp> = |one| one.get("start")?.as_str()?.parse().ok();
    records.glimpse(&strict(ResourceType::AppointmentResponse, &format!("appointment=Appointment/{id}"))?, start)
}

/// Whether somebody of the clinic sees this appointment, by what all say whose it is.
fn is_seen(records: &Records, id: &FhirId, now: Timestamp) -> Result<bool, RecordError> {
    let (labels, said) = records.consents_on(ResourceType::Appointment, id)?;
    Ok(said.iter().all(|(patient, rules)| consents::seen(labels, rules, patient, now) != Seen::ByNobody))
}

/// The first time that fits and is free is offered. False where there is none, and where nobody of the clinic would expect the patient.
async fn offer_first(
    (records, blocks): (&Records, &mut Blocks),
    clinic: &Clinic,
    zone: &TimeZone,
    one: &Waiting,
    passed: &[Timestamp],
    now: Timestamp,
) -> Result<bool, RecordError> {
    let Some(kind) = clinic.visit_type(&one.kind).filter(|kind| kind.active) else { return Ok(false) };
    let earliest = now.checked_add(LEAD_HOURS.hours()).unwrap_or(now);
    let today = now.to_zoned(zone.clone()).date();
    let ahead = AHEAD_DAYS.min(i64::from(clinic.house.horizon_days));
    let taken = busy_beside(records, blocks, today, today.saturating_add(ahead.days()))?;
    let mut times: Vec<(Timestamp, &Clinician)> = Vec::new();
    for day in days(one, zone, today, today.saturating_add(ahead.days())) {
        for with in clinic.offering(&kind.id).filter(|who| one.is_for(who)) {
            let slots = Slots { clinic, with, minutes: kind.minutes, zone, taken: &taken, now };
            let fits = free(slots, day).into_iter().filter(|start| {
                *start >= earliest
                    && !passed.contains(start)
                    && one.periods.iter().any(|(from, to)| from <= start && start < to)
            });
            times.extend(fits.map(|start| (start, with)));
        }
    }
    times.sort_by_key(|(start, with)| (*start, with.name.clone()));
    // An hour that nobody of the clinic would know of is held from whoever else could have it.
    if times.is_empty() || !is_seen(records, &one.id, now)? {
        return Ok(false);
    }
    for (start, with) in times {
        let Some((value, version)) = opened(records, &one.id).await? else { return Ok(false) };
        if value.get("status").and_then(Value::as_str) != Some("waitlist") {
            return Ok(false);
        }
        let patients = ids_of(&value);
        if patients.is_empty() {
            return Ok(false);
        }
        let hour = Hour {
            patients,
            with: with.person.to_string(),
            start,
            end: start.checked_add(i64::from(kind.minutes).minutes()).unwrap_or(start),
            except: Some(one.id.clone()),
            hold_hours: clinic.house.hold_hours,
            over: false,
        };
        let value = moved(value, start, kind.minutes, with, "pending");
        let actor = actor();
        let doing = Doing { records, actor: &actor, why: why(Action::RequestAnswered), once: None };
        let tell = to_patients(&value, Kind::WaitlistOffer);
        match change(doing, one.id.clone(), version, value, Some(hour), tell).await {
            Ok(_) => return Ok(true),
            // Somebody was quicker: the next time.
            Err(Refused::Told(_)) => {}
            // The patient did something meanwhile.
            Err(Refused::Record(RecordError::VersionConflict { .. } | RecordError::Gone | RecordError::NotFound)) => {
                return Ok(false);
            }
            Err(Refused::Record(error)) => return Err(error),
        }
    }
    Ok(false)
}

/// The days on which somebody can come, of those that are looked at.
fn days(one: &Waiting, zone: &TimeZone, first: Date, last: Date) -> Vec<Date> {
    let day = |moment: Timestamp| moment.to_zoned(zone.clone()).date();
    let mut all: Vec<Date> = Vec::new();
    for (from, to) in &one.periods {
        let (mut at, end) = (day(*from).max(first), day(*to).min(last));
        while at <= end {
            all.push(at);
            at = at.saturating_add(1.day());
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn actor() -> Actor {
    Actor::system("waiting-list")
}

fn why(action: Action) -> Why {
    Why { action, purpose: Purpose::PatAdmin, detail: Detail::none(), channel: Channel::Screen }
}

async fn opened(records: &Records, id: &FhirId) -> Result<Option<(Value, u32)>, RecordError> {
    let actor = actor();
    let read = records.disclose(&actor, why(Action::Read), |reading| reading.read(ResourceType::Appointment, id));
    match read.await {
        Ok(found) => {
            let value = serde_json::from_slice(&found.json).map_err(|_| RecordError::Damaged)?;
            Ok(Some((value, found.version)))
        }
        Err(RecordError::Gone | RecordError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes changes of the house, unless the appointment changed meanwhile.
async fn changed(records: &Records, action: Action, changes: Vec<Change>) -> Result<bool, RecordError> {
    let actor = actor();
    let doing = Doing { records, actor: &actor, why: why(action), once: None };
    let done: Result<Done<()>, Refused<Never>> = carry_out(doing, changes, |_| Ok(())).await;
    match done {
        Ok(_) => Ok(true),
        Err(Refused::Record(RecordError::VersionConflict { .. } | RecordError::Gone | RecordError::NotFound)) => {
            Ok(false)
        }
        Err(Refused::Record(error)) => Err(error),
        Err(Refused::Told(never)) => match never {},
    }
}

/// The hours of an offer are over: who waited waits again, who asked for a time stands with the reception again.
async fn end_offer(records: &Records, id: &FhirId, hold_hours: u16, now: Timestamp) -> Result<bool, RecordError> {
    let Some((value, version)) = opened(records, id).await? else { return Ok(false) };
    if offer_ends(&value, hold_hours).is_none_or(|ends| ends > now) {
        return Ok(false);
    }
    let listed = is_listed(&value);
    let mut changes = Vec::new();
    if let Some(unanswered) = response(&value, id, "needs-action").filter(|_| listed) {
        changes.push(Change::create(ResourceType::AppointmentResponse, unanswered, Mode::Strict)?);
    }
    let back = without_time(value, if listed { "waitlist" } else { "proposed" });
    changes.push(Change::put(ResourceType::Appointment, id.clone(), back, Condition::Version(version), Mode::Strict)?);
    changed(records, Action::Update, changes).await
}

/// The last day on which somebody could come has passed.
async fn end_waiting(records: &Records, id: &FhirId) -> Result<bool, RecordError> {
    let Some((value, version)) = opened(records, id).await? else { return Ok(false) };
    if value.get("status").and_then(Value::as_str) != Some("waitlist") {
        return Ok(false);
    }
    let over = with_status(value, State::Cancelled, false);
    let put = Change::put(ResourceType::Appointment, id.clone(), over, Condition::Version(version), Mode::Strict)?;
    changed(records, Action::Cancel, vec![put]).await
}
