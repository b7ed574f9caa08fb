//! Booking, moving, calling off, and what happens at the door.

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::taken::Blocks;
use super::{over, taken};
use crate::base::{FhirId, Timestamp};
use crate::care::clinic::{Clinic, Clinician, VisitType};
use crate::care::notify::{self, Kind, Notice, Whom};
use crate::care::uploads;
use crate::care::workflow::{Checked, Doing, Done, Refused, carry_out, told};
use crate::fhir::{Mode, ResourceType};
use crate::record::{Change, Condition, Inside};

/// Why a visit was not booked or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BookError {
    /// By whom it was booked before is this very patient: the id of that appointment.
    #[error("the patient has this very appointment already")]
    Already(String),
    #[error("somebody else has taken this time meanwhile")]
    Taken,
    #[error("the patient has another appointment at this time")]
    Twice,
    #[error("this time is over")]
    Past,
    #[error("nobody works at this time")]
    Closed,
    /// It was to lie over another visit.
    #[error("no other visit lies at this time")]
    NothingThere,
}

/// A time with somebody, for a patient, or for several together.
#[derive(Debug, Clone)]
pub struct Hour {
    pub patients: Vec<FhirId>,
    /// As in `Practitioner/a`.
    pub with: String,
    pub start: Timestamp,
    pub end: Timestamp,
    /// The appointment that is moved or accepted: its own time is not in its way.
    pub except: Option<FhirId>,
    /// So many hours an offer is held.
    pub hold_hours: u16,
    /// The reception says that it may lie over another: the reason stands in the Appointment ([`super::over`]) and in the
    /// access log. Then another has to be there. Beside one that has begun there is a time until this one would be over.
    pub over: bool,
}

impl Hour {
    fn check(&self, inside: &Inside<'_, '_, '_>) -> Checked<(), BookError> {
        let now = inside.now();
        if self.start <= now && !(self.over && self.end > now) {
            return told(BookError::Past);
        }
        let mut lies_over = false;
        let day = |moment: Timestamp| -> Date { moment.to_zoned(jiff::tz::TimeZone::UTC).date() };
        let patients: Vec<String> = self.patients.iter().map(|id| format!("Patient/{id}")).collect();
        for one in taken::inside(inside, &mut Blocks::default(), day(self.start), day(self.end))? {
            let own = self.except.as_ref().is_some_and(|own| own.as_str() == one.id);
            if own || !one.holds(now, self.hold_hours) {
                continue;
            }
            let is_of = |who: &String| one.meets(who, self.start, self.end);
            let (with, own) = (is_of(&self.with), patients.iter().any(is_of));
            if with && own && patients.iter().all(is_of) && one.start == self.start && !one.id.is_empty() {
                return told(BookError::Already(one.id));
            }
            if with && !self.over {
                return told(BookError::Taken);
            }
            if own {
                return told(BookError::Twice);
            }
            lies_over |= with;
        }
        if self.over && !lies_over { told(BookError::NothingThere) } else { Ok(()) }
    }
}

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    pub patient: &'a FhirId,
    pub kind: &'a VisitType,
    pub with: Option<&'a Clinician>,
    /// In the patient's or the clinic's words; reception never sees it.
    pub reason: Option<&'a str>,
}

/// The most characters of why a patient comes, or why a visit lies over another.
pub const LONGEST: usize = 500;

/// An appointment that stands.
pub fn appointment(wish: &Wish<'_>, start: Timestamp, status: &str, now: Timestamp) -> Value {
    let mut value = begun(wish, status, now);
    put_time(&mut value, start, wish.kind.minutes);
    value
}

/// One that a patient asks for, with when they can.
pub fn asked(wish: &Wish<'_>, periods: &[(Timestamp, Timestamp)], now: Timestamp) -> Value {
    let mut value = begun(wish, "proposed", now);
    let all: Vec<Value> =
        periods.iter().map(|(start, end)| json!({"start": start.to_string(), "end": end.to_string()})).collect();
    put(&mut value, "requestedPeriod", all.into());
    put(&mut value, "minutesDuration", json!(wish.kind.minutes));
    value
}

pub(super) fn begun(wish: &Wish<'_>, status: &str, now: Timestamp) -> Value {
    let stands = |answer: bool| if answer { "accepted" } else { "needs-action" };
    let both = status == "booked";
    let mut participants = vec![json!({
        "actor": {"reference": format!("Patient/{}", wish.patient)},
        "required": "required",
        "status": stands(both || matches!(status, "proposed" | "waitlist")),
    })];
    if let Some(with) = wish.with {
        let actor = json!({"reference": with.person.as_str(), "display": with.name});
        let status = stands(both || status == "pending");
        participants.push(json!({"actor": actor, "required": "required", "status": status}));
    }
    let service = json!({"reference": format!("HealthcareService/{}", wish.kind.id), "display": wish.kind.name.text});
    participants.push(json!({"actor": service, "required": "information-only", "status": "accepted"}));
    let mut value = json!({
        "resourceType": "Appointment",
        "status": status,
        "appointmentType": wish.kind.name.element("text"),
        "created": now.to_string(),
        "participant": participants,
    });
    let reason = wish.reason.unwrap_or_default().trim();
    if !reason.is_empty() {
        put(&mut value, "reasonCode", json!([{"text": reason}]));
    }
    if wish.kind.form.is_some() { tagged(value, FORM_ASKED) } else { value }
}

pub(super) fn put(value: &mut Value, name: &str, element: Value) {
    if let Some(members) = value.as_object_mut() {
        members.insert(name.to_owned(), element);
    }
}

fn put_time(value: &mut Value, start: Timestamp, minutes: u16) {
    let end = start.checked_add(i64::from(minutes).minutes()).unwrap_or(start);
    put(value, "start", json!(start.to_string()));
    put(value, "end", json!(end.to_string()));
    put(value, "minutesDuration", json!(minutes));
}

/// The appointment at another time, perhaps with somebody else.
#[must_use]
pub fn moved(mut appointment: Value, start: Timestamp, minutes: u16, with: &Clinician, status: &str) -> Value {
    put_time(&mut appointment, start, minutes);
    put(&mut appointment, "status", json!(status));
    over::take_away(&mut appointment);
    let goes_on = all_with(&appointment).any(|id| id == with.person.id().as_str())
        || roles_with(&appointment).any(|role| with.has_role(role));
    let patient = if status == "pending" { "needs-action" } else { "accepted" };
    if let Some(all) = appointment.get_mut("participant").and_then(Value::as_array_mut) {
        let is_staff = |one: &Value| refers(one, "Practitioner/") || refers(one, ROLE);
        // Where anybody would do, with whom an offer is stays open until it is taken.
        let named = all.iter().any(|one| is_staff(one) && one.get("required") != Some(&json!("optional")));
        let required = if status == "pending" && !named { "optional" } else { "required" };
        // Whoever is named by a role is not busy with what somebody else does now.
        all.retain(|one| !refers(one, "Practitioner/") && (goes_on || !refers(one, ROLE)));
        for one in all.iter_mut().filter(|one| refers(one, "Patient/")) {
            put(one, "status", json!(patient));
        }
        let actor = json!({"reference": with.person.as_str(), "display": with.name});
        let place = all.len().min(1);
        all.insert(place, json!({"actor": actor, "required": required, "status": "accepted"}));
    }
    appointment
}

fn refers(participant: &Value, kind: &str) -> bool {
    participant.pointer("/actor/reference").and_then(Value::as_str).is_some_and(|reference| reference.starts_with(kind))
}

fn actors<'a>(appointment: &'a Value, kind: &'static str) -> impl Iterator<Item = &'a str> {
    let all = appointment.get("participant").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|one| one.pointer("/actor/reference").and_then(Value::as_str))
        .filter_map(move |one| one.strip_prefix(kind))
        .map(|id| id.split_once("/_history/").map_or(id, |(id, _)| id))
}

fn actor<'a>(appointment: &'a Value, kind: &'static str) -> Option<&'a str> {
    actors(appointment, kind).next()
}

/// The ids of all patients whom it is for: of a visit of several, too.
pub fn patients_of(appointment: &Value) -> impl Iterator<Item = &str> {
    actors(appointment, "Patient/")
}

/// Whether it is a visit of several patients. To each of them the others stand in it without a name.
pub fn is_for_several(appointment: &Value) -> bool {
    let all = appointment.get("participant").and_then(Value::as_array).into_iter().flatten();
    // Without a name, and by no address: by an identifier, or as what is contained.
    let is_unnamed = |one: &Value| match one.pointer("/actor/reference").and_then(Value::as_str) {
        None => one.pointer("/actor/type").and_then(Value::as_str) == Some("Patient"),
        Some(reference) => reference.strip_prefix('#').is_some_and(|id| is_contained(appointment, "Patient", id)),
    };
    all.filter(|one| refers(one, "Patient/") || is_unnamed(one)).nth(1).is_some()
}

fn is_contained(resource: &Value, kind: &str, id: &str) -> bool {
    let is = |one: &Value, name: &str, text: &str| one.get(name).and_then(Value::as_str) == Some(text);
    let mut all = resource.get("contained").and_then(Value::as_array).into_iter().flatten();
    all.any(|one| is(one, "resourceType", kind) && is(one, "id", id))
}

/// Whether a time was offered that is this patient's alone to take or not.
pub fn may_answer(appointment: &Value) -> bool {
    appointment.get("status").and_then(Value::as_str) == Some("pending") && !is_for_several(appointment)
}

/// The ids of those whom it is for.
pub(super) fn ids_of(appointment: &Value) -> Vec<FhirId> {
    let mut all: Vec<FhirId> = Vec::new();
    for id in patients_of(appointment).filter_map(|id| FhirId::parse(id).ok()) {
        if !all.contains(&id) {
            all.push(id);
        }
    }
    all
}

/// When whoever asks can come, from when to when each time.
pub fn periods(appointment: &Value) -> Vec<(Timestamp, Timestamp)> {
    let all = appointment.get("requestedPeriod").and_then(Value::as_array).into_iter().flatten();
    let moment = |one: &Value, name: &str| one.get(name)?.as_str()?.parse().ok();
    all.filter_map(|one| Some((moment(one, "start")?, moment(one, "end")?))).collect()
}

/// The ids of all Practitioners who take part.
pub fn all_with(appointment: &Value) -> impl Iterator<Item = &str> {
    actors(appointment, "Practitioner/")
}

/// How references to a PractitionerRole begin.
const ROLE: &str = "PractitionerRole/";

/// The ids of all PractitionerRoles that take part.
pub fn roles_with(appointment: &Value) -> impl Iterator<Item = &str> {
    actors(appointment, ROLE)
}

/// With whom of the clinic it is, by themselves or in one of their roles.
pub fn clinician_of<'a>(appointment: &Value, clinic: &'a Clinic) -> Option<&'a Clinician> {
    let in_role = || roles_with(appointment).find_map(|role| clinic.clinicians.iter().find(|one| one.has_role(role)));
    with_of(appointment).and_then(|with| clinic.clinician(with)).or_else(in_role)
}

/// The id of the patient whom it is for; the first of several.
pub fn patient_of(appointment: &Value) -> Option<&str> {
    actor(appointment, "Patient/")
}

/// The id of the Practitioner with whom it is.
pub fn with_of(appointment: &Value) -> Option<&str> {
    actor(appointment, "Practitioner/")
}

/// The id of the kind of visit.
pub fn kind_of(appointment: &Value) -> Option<&str> {
    actor(appointment, "HealthcareService/")
}

/// The time that an appointment asks for or has.
pub fn hour_of(appointment: &Value, clinic: &Clinic) -> Option<Hour> {
    let taken = taken::of_all(appointment)?;
    let id = appointment.get("id").and_then(Value::as_str).and_then(|id| FhirId::parse(id).ok());
    Some(Hour {
        patients: Some(ids_of(appointment)).filter(|all| !all.is_empty())?,
        with: match clinician_of(appointment, clinic) {
            Some(one) => one.person.to_string(),
            None => format!("Practitioner/{}", with_of(appointment)?),
        },
        start: taken.start,
        end: taken.end,
        except: id,
        hold_hours: clinic.house.hold_hours,
        over: false,
    })
}

/// The tag of an appointment whose form came back. It says nothing of what stands in the form, so that the desk may know.
pub const FORM_RETURNED: (&str, &str) = ("urn:chartbox:appointment", "form-returned");

/// The tag of an appointment whose returned form a doctor or nurse has read.
pub const FORM_SEEN: (&str, &str) = ("urn:chartbox:appointment", "form-seen");

/// The tag of an appointment to whose kind a form belonged when it was booked.
pub const FORM_ASKED: (&str, &str) = ("urn:chartbox:appointment", "form-asked");

/// Whether a form belongs to the visit.
pub fn asks_form(appointment: &Value) -> bool {
    has_tag(appointment, FORM_ASKED)
}

/// Whether the form that belongs to the visit came back.
pub fn has_returned_form(appointment: &Value) -> bool {
    has_tag(appointment, FORM_RETURNED)
}

/// Whether a form came back that nobody has read yet.
pub fn has_form_to_see(appointment: &Value) -> bool {
    has_returned_form(appointment) && !has_tag(appointment, FORM_SEEN)
}

/// Whether an appointment has this tag: system and code.
pub(super) fn has_tag(appointment: &Value, tag: (&str, &str)) -> bool {
    uploads::is_tagged(appointment, tag)
}

/// The appointment, or another resource, with this tag.
#[must_use]
pub fn tagged(mut resource: Value, tag: (&str, &str)) -> Value {
    if !has_tag(&resource, tag)
        && let Some(members) = resource.as_object_mut()
        && let Value::Object(meta) = members.entry("meta").or_insert_with(|| json!({}))
        && let Value::Array(tags) = meta.entry("tag").or_insert_with(|| json!([]))
    {
        tags.push(json!({"system": tag.0, "code": tag.1}));
    }
    resource
}

/// The appointment without this tag.
#[must_use]
pub fn without_tag(mut appointment: Value, (system, code): (&str, &str)) -> Value {
    let is = |tag: &Value, name: &str, wanted: &str| tag.get(name).and_then(Value::as_str) == Some(wanted);
    if let Some(tags) = appointment.pointer_mut("/meta/tag").and_then(Value::as_array_mut) {
        tags.retain(|tag| !(is(tag, "system", system) && is(tag, "code", code)));
    }
    appointment
}

/// How far a visit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Expected,
    Arrived,
    InRoom,
    Done,
    DidNotCome,
    Cancelled,
}

impl State {
    pub const ALL: [Self; 6] =
        [Self::Expected, Self::Arrived, Self::InRoom, Self::Done, Self::DidNotCome, Self::Cancelled];

    /// FHIR R4 `appointmentstatus`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Expected => "booked",
            Self::Arrived => "arrived",
            Self::InRoom => "checked-in",
            Self::Done => "fulfilled",
            Self::DidNotCome => "noshow",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// The appointment in another state.
#[must_use]
pub fn with_status(mut appointment: Value, state: State, by_patient: bool) -> Value {
    put(&mut appointment, "status", json!(state.code()));
    if state == State::Expected
        && let Some(all) = appointment.get_mut("participant").and_then(Value::as_array_mut)
    {
        for one in all {
            put(one, "status", json!("accepted"));
            // With whom it is was open while it was an offer.
            if refers(one, "Practitioner/") {
                put(one, "required", json!("required"));
            }
        }
    }
    if state == State::Cancelled {
        let code = if by_patient { "pat" } else { "prov" };
        let system = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason";
        put(&mut appointment, "cancelationReason", json!({"coding": [{"system": system, "code": code}]}));
    } else if let Some(members) = appointment.as_object_mut() {
        members.shift_remove("cancelationReason");
    }
    appointment
}

/// Who is told of a booking, and what.
pub type Tell = Vec<(Whom, Kind)>;

/// Every patient of an appointment, to be told.
pub fn to_patients(appointment: &Value, kind: Kind) -> Tell {
    ids_of(appointment).into_iter().map(|id| (Whom::Patient(id), kind)).collect()
}

/// Asks what must hold, and tells who is to be told.
fn settle(inside: &mut Inside<'_, '_, '_>, hour: Option<&Hour>, id: &FhirId, tell: Tell) -> Checked<(), BookError> {
    if let Some(hour) = hour {
        hour.check(inside)?;
    }
    for (whom, kind) in tell {
        notify::tell(inside, Notice::new(whom, kind).about(id.clone()))?;
    }
    Ok(())
}

/// Stores a new appointment under `id`, if its time is free; one without a time always.
pub async fn book(
    doing: Doing<'_>,
    id: FhirId,
    appointment: Value,
    hour: Option<Hour>,
    tell: Tell,
) -> Result<Done<()>, Refused<BookError>> {
    let change = Change::create_as(ResourceType::Appointment, id.clone(), appointment, Mode::Strict)?;
    carry_out(doing, vec![change], move |inside| settle(inside, hour.as_ref(), &id, tell)).await
}

/// Stores a new version of an appointment, if it is the version that was seen still, and its time is free where it has a
/// new one.
pub async fn change(
    doing: Doing<'_>,
    id: FhirId,
    version: u32,
    appointment: Value,
    hour: Option<Hour>,
    tell: Tell,
) -> Result<Done<()>, Refused<BookError>> {
    let condition = Condition::Version(version);
    let change = Change::put(ResourceType::Appointment, id.clone(), appointment, condition, Mode::Strict)?;
    carry_out(doing, vec![change], move |inside| settle(inside, hour.as_ref(), &id, tell)).await
}
