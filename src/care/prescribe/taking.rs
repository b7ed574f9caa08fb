//! What patients say of their medicines: that they do not take one, or take it again.
//!
//! What is said is a `MedicationStatement`. That the clinic should look at it is a `Task` for who prescribed it, or for every
//! clinician where that is not known: one for a prescription, until somebody has seen it, the prescription ends, or the
//! patient takes the word back.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::facts::is_same_medicine;
use super::tasks::{became, is_of, is_open, put, target, text};
use crate::base::{FhirId, ResourceRef, Role, Timestamp};
use crate::care::entries::{Author, annotation};
use crate::care::medicine::may_be_taken;
use crate::care::notify::{self, Kind, Notice, Whom};
use crate::care::within::{last_moment, list, version_of};
use crate::care::workflow::{Checked, Doing, Done, Never, Refused, carry_out, told};
use crate::fhir::{Mode, ResourceType as R};
use crate::record::{Change, Inside, RecordError, strict};

/// The system and code of the `Task` that tells the clinic.
pub const NOT_TAKEN: (&str, &str) = ("urn:chartbox:task", "not-taken");

/// Why nothing was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TakingError {
    #[error("that this medicine is not taken was said before, and the clinic has not looked at it yet")]
    SaidBefore,
    #[error("this medicine is not prescribed any more")]
    NotActive,
}

/// That a patient does not take a medicine, as it waits for the clinic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotTaken {
    pub id: String,
    pub patient: String,
    /// The MedicationRequest.
    pub prescription: String,
    /// When it was said; FHIR `dateTime`.
    pub said: Option<String>,
    pub reason: Option<String>,
    /// Who prescribed it.
    pub of: Option<String>,
    pub version: u32,
}

/// A Task as such a word, if it is one that waits.
pub fn not_taken_of(task: &Value) -> Option<NotTaken> {
    if !is_open(task) || !is_of(task, NOT_TAKEN) {
        return None;
    }
    let own = |pointer| text(task, pointer).map(str::to_owned);
    Some(NotTaken {
        id: own("/id")?,
        patient: target(task, "/for/reference", "Patient")?.to_owned(),
        prescription: target(task, "/focus/reference", "MedicationRequest")?.to_owned(),
        said: own("/authoredOn"),
        reason: own("/input/0/valueString"),
        of: own("/owner/reference"),
        version: version_of(task),
    })
}

/// The Task of this prescription that waits, among these.
pub fn waits_of<'a>(tasks: impl IntoIterator<Item = &'a Value>, prescription: &str) -> Option<&'a Value> {
    tasks.into_iter().find(|task| not_taken_of(task).is_some_and(|one| one.prescription == prescription))
}

fn task(request: &Value, (patient, of): (&FhirId, &str), reason: &str, now: &str) -> Value {
    let id = text(request, "/id").unwrap_or_default();
    let mut task = json!({
        "resourceType": "Task",
        "status": "requested",
        "intent": "proposal",
        "code": {"coding": [{"system": NOT_TAKEN.0, "code": NOT_TAKEN.1}], "text": "A medicine is not taken"},
        "focus": {"reference": format!("MedicationRequest/{id}")},
        "for": {"reference": format!("Patient/{patient}")},
        "authoredOn": now,
        "lastModified": now,
        "requester": {"reference": of},
    });
    if let Some(members) = task.as_object_mut() {
        if let Some(prescriber) = prescriber(request) {
            members.insert("owner".into(), json!({"reference": prescriber}));
        }
        if !reason.is_empty() {
            members.insert("input".into(), json!([{"type": {"text": "reason"}, "valueString": reason}]));
        }
    }
    task
}

fn prescriber(request: &Value) -> Option<&str> {
    text(request, "/requester/reference").filter(|by| by.starts_with("Practitioner/"))
}

/// Writes down that a patient does not take a medicine, for the reason in `not`, or takes it again. `waits` is the Task by
/// which the clinic was told before and that nobody has looked at yet.
pub async fn taking_again(
    doing: Doing<'_>,
    request: &Value,
    (patient, of): (&FhirId, &str),
    not: Option<&str>,
    waits: Option<&Value>,
) -> Result<Done<()>, Refused<TakingError>> {
    let ambient = doing.records.audit().ambient();
    let (now, id) = (ambient.now(), text(request, "/id").unwrap_or_default());
    let reason = not.unwrap_or_default().trim();
    let said = said(request, (patient, of), not.map(|_| reason), &now.to_string());
    let mut changes = vec![Change::create(R::MedicationStatement, said, Mode::Strict)?];
    let prescribed = strict(R::MedicationRequest, &format!("_id={id}&status=active"))?;
    // Of one that ended meanwhile it would be said to nobody's use.
    let is_active = move |inside: &mut Inside<'_, '_, '_>| -> Checked<(), TakingError> {
        let there: fn(&Value) -> Option<()> = |_| Some(());
        if inside.glimpse(&prescribed, there)?.is_empty() { told(TakingError::NotActive) } else { Ok(()) }
    };
    if not.is_none() {
        changes.extend(waits.map(|task| put(became(task.clone(), "cancelled", now), version_of(task))).transpose()?);
        return carry_out(doing, changes, is_active).await;
    }
    let open = strict(R::Task, &format!("focus=MedicationRequest/{id}&status=requested"))?;
    let task = task(request, (patient, of), reason, &now.to_string());
    changes.push(Change::create_as(R::Task, FhirId::new(ambient), task, Mode::Strict)?);
    let whom = prescriber(request).and_then(|by| ResourceRef::parse(by).ok());
    let whom = whom.map_or(Whom::Role(Role::Clinician), Whom::Person);
    let notice = Notice::new(whom, Kind::MedicineNotTaken);
    carry_out(doing, changes, move |inside: &mut Inside<'_, '_, '_>| -> Checked<(), TakingError> {
        is_active(inside)?;
        let waiting: fn(&Value) -> Option<()> = |task| not_taken_of(task).map(drop);
        if !inside.glimpse(&open, waiting)?.is_empty() {
            return told(TakingError::SaidBefore);
        }
        Ok(notify::tell(inside, notice)?)
    })
    .await
}

fn said(request: &Value, (patient, of): (&FhirId, &str), not: Option<&str>, now: &str) -> Value {
    let id = text(request, "/id").unwrap_or_default();
    let mut value = json!({
        "resourceType": "MedicationStatement",
        "status": if not.is_some() { "not-taken" } else { "active" },
        "subject": {"reference": format!("Patient/{patient}")},
        "basedOn": [{"reference": format!("MedicationRequest/{id}")}],
        "effectiveDateTime": now,
        "dateAsserted": now,
        "informationSource": {"reference": of},
    });
    if let Some(members) = value.as_object_mut() {
        for name in ["medicationCodeableConcept", "medicationReference"] {
            members.extend(request.get(name).map(|medicine| (name.to_owned(), medicine.clone())));
        }
        if let Some(reason) = not.filter(|reason| !reason.is_empty()) {
            members.insert("statusReason".into(), json!([{"text": reason}]));
        }
    }
    value
}

/// A clinician has seen it, or done something about the prescription: it waits no more.
pub(super) fn settled(task: Value, version: u32, by: &Value, now: Timestamp) -> Result<Change, RecordError> {
    let mut task = became(task, "completed", now);
    if let Some(members) = task.as_object_mut() {
        members.insert("owner".into(), by.clone());
    }
    put(task, version)
}

/// Somebody of the clinic has seen that a medicine is not taken, and it stays prescribed as it is.
pub async fn see(doing: Doing<'_>, task: Value, version: u32, by: &Value) -> Result<Done<()>, Refused<Never>> {
    let change = settled(task, version, by, doing.records.audit().ambient().now())?;
    carry_out(doing, vec![change], |_| Ok(())).await
}

/// What a patient, or who acts for them, says of a prescription, and the day: `true` when they do not take it. That something
/// is taken which a prescription asked for is the patient's word only where it says so: of another program's it is a medicine
/// that counts by itself, also after the prescription.
pub fn statement(statement: &Value) -> Option<(&str, bool, Option<&str>)> {
    let of = of_prescription(statement)?;
    let not = match text(statement, "/status")? {
        "not-taken" => true,
        "active" if is_of_patient(statement) => false,
        _ => return None,
    };
    Some((of, not, text(statement, "/dateAsserted")))
}

/// The id of the prescription that a statement is of, if it says so, whichever version it names.
pub fn of_prescription(statement: &Value) -> Option<&str> {
    let to = statement.get("basedOn")?.as_array()?.iter().filter_map(|one| text(one, "/reference"));
    let of = to.filter_map(|to| to.strip_prefix("MedicationRequest/")).next()?;
    Some(of.split_once("/_history/").map_or(of, |(id, _)| id))
}

/// Whether a statement needs no row of its own: it is of a prescription that counts, and says of what is taken, how and until when
/// nothing that the prescription does not say. The patient's word on a prescription stands with it also when it is over. `along`
/// are the Medications that were read with them.
pub fn goes_with<'a>(statement: &Value, requests: impl IntoIterator<Item = &'a Value>, along: &[Value]) -> bool {
    let Some(of) = of_prescription(statement) else { return false };
    let request = requests.into_iter().find(|one| text(one, "/id") == Some(of));
    let says_the_same =
        |request: &Value| says_as_much(statement, request) && is_same_medicine(statement, request, along);
    match text(statement, "/status") {
        Some("active") if is_of_patient(statement) => request.map_or(is_bare_word(statement), says_the_same),
        Some("active" | "intended") => request.is_some_and(|request| may_be_taken(request) && says_the_same(request)),
        _ => false,
    }
}

/// Whether it is what a patient says of a prescription, and nothing beside that it is taken.
fn is_bare_word(said: &Value) -> bool {
    statement(said).is_some() && says_as_much(said, &Value::Null)
}

/// Whether a statement has no dose, reason or note and no time that its prescription has not.
fn says_as_much(statement: &Value, request: &Value) -> bool {
    let is_within = |name: &str| list(statement, name).iter().all(|one| list(request, name).contains(one));
    let (doses, asked) = (list(statement, "dosage"), list(request, "dosageInstruction"));
    let end = text(statement, "/effectivePeriod/end");
    let start = text(statement, "/effectivePeriod/start").or_else(|| text(statement, "/effectiveDateTime"));
    let said = text(statement, "/dateAsserted").or_else(|| text(statement, "/meta/lastUpdated"));
    let is_to_come = start.zip(said).is_some_and(|(start, said)| is_after(start, said));
    let is_dosed_alike = doses.is_empty()
        || doses.len() == asked.len() && doses.iter().zip(asked).all(|(one, other)| is_part_of(one, other));
    let ends_alike = end.is_none() || end == text(request, "/dispenseRequest/validityPeriod/end");
    is_dosed_alike && ends_alike && !is_to_come && ["note", "statusReason"].into_iter().all(is_within)
}

/// Whether the one says nothing that the other does not say as well.
fn is_part_of(one: &Value, other: &Value) -> bool {
    match one.as_object() {
        Some(members) => members.iter().all(|(name, member)| other.get(name) == Some(member)),
        None => one == other,
    }
}

/// The statement once somebody of the clinic wrote down that what it says is not taken any more. It ended then at the latest.
#[must_use]
pub fn no_longer_taken(mut statement: Value, reason: &str, by: &Author<'_>, now: &str) -> Value {
    let Some(members) = statement.as_object_mut() else { return statement };
    members.insert("status".into(), "stopped".into());
    members.insert("statusReason".into(), json!([{"text": reason}]));
    let mut notes = members.get("note").and_then(Value::as_array).cloned().unwrap_or_default();
    notes.push(annotation(reason, by, now));
    members.insert("note".into(), notes.into());
    let mut period = members.get("effectivePeriod").and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(since) = members.get("effectiveDateTime") {
        period.insert("start".into(), since.clone());
    }
    // A Period ends after it began (FHIR R4, per-1): what had not begun has no time.
    let not_begun = period.get("start").and_then(Value::as_str).is_some_and(|start| is_after(start, now));
    let has_ended = period.get("end").and_then(Value::as_str).is_some_and(|end| !is_after(end, now));
    if !not_begun && !has_ended {
        period.insert("end".into(), now.into());
        members.remove("effectiveDateTime");
        members.insert("effectivePeriod".into(), period.into());
    }
    statement
}

/// Whether a `dateTime` is after an instant: a day, a month or a year as it is written.
fn is_after(time: &str, now: &str) -> bool {
    match (time.parse::<Timestamp>(), now.parse::<Timestamp>()) {
        (Ok(time), Ok(now)) => time > now,
        _ => now.get(..time.len()).is_some_and(|now| time > now),
    }
}

fn is_of_patient(statement: &Value) -> bool {
    teller(statement).is_of_patient()
}

/// That a medicine is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotTaking {
    /// The id of the MedicationStatement.
    pub statement: String,
    pub reason: Option<String>,
    /// The day; FHIR `dateTime`.
    pub said: Option<String>,
    pub by: Teller,
}

/// Who said something of a medicine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Teller {
    Patient,
    /// Who acts for the patient. It counts as their word; the words say who said it.
    ForPatient,
    /// Somebody else, by name where one is known.
    Other(Option<String>),
}

impl Teller {
    fn is_of_patient(&self) -> bool {
        matches!(self, Self::Patient | Self::ForPatient)
    }
}

impl NotTaking {
    /// Whether it is the patient's own word, or that of who acts for them.
    pub fn is_of_patient(&self) -> bool {
        self.by.is_of_patient()
    }
}

/// Who said what a statement says.
pub fn teller(statement: &Value) -> Teller {
    match text(statement, "/informationSource/reference") {
        Some(by) if by.starts_with("Patient/") => Teller::Patient,
        Some(by) if by.starts_with("RelatedPerson/") => Teller::ForPatient,
        _ => Teller::Other(text(statement, "/informationSource/display").map(str::to_owned)),
    }
}

/// What a statement says of a prescription.
struct Word<'a> {
    /// When it was said, and when that was written.
    at: (Option<Timestamp>, Option<Timestamp>),
    not: bool,
    statement: &'a Value,
}

/// The prescriptions of which the newest word is that they are not taken. What is known to the day was said at its end on this
/// clock; of one moment the one that was written last counts.
pub fn not_taking<'a>(statements: impl Iterator<Item = &'a Value>, zone: &TimeZone) -> BTreeMap<String, NotTaking> {
    let moment = |one: &Value, pointer| text(one, pointer).and_then(|said| last_moment(said, zone));
    let mut newest: BTreeMap<&str, Word<'_>> = BTreeMap::new();
    for one in statements {
        let Some((of, not, _)) = statement(one) else { continue };
        let written = moment(one, "/meta/lastUpdated");
        let at = (moment(one, "/dateAsserted").or(written), written);
        if newest.get(of).is_none_or(|before| before.at <= at) {
            newest.insert(of, Word { at, not, statement: one });
        }
    }
    newest
        .into_iter()
        .filter(|(_, word)| word.not)
        .map(|(of, Word { statement: one, .. })| {
            let own = |pointer| text(one, pointer).map(str::to_owned);
            let reason = own("/statusReason/0/text").or_else(|| own("/statusReason/0/coding/0/display"));
            let statement = own("/id").unwrap_or_default();
            (of.to_owned(), NotTaking { statement, reason, said: own("/dateAsserted"), by: teller(one) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_taken_any_more_ended_at_the_latest_when_somebody_wrote_so() {
        let now = "2026-11-29T21:00:00Z";
        let ended = |when: Value| {
            let mut one = json!({"status": "active"});
            one.as_object_mut().unwrap().extend(when.as_object().unwrap().clone());
            let one = no_longer_taken(one, "stopped by the hospital", &Author { person: None, name: "Ann" }, now);
            assert_eq!(
                (&one["status"], &one["statusReason"][0]["text"]),
                (&json!("stopped"), &json!("stopped by the hospital"))
            );
            assert_eq!(one["note"][0]["authorString"], json!("Ann"));
            (one["effectivePeriod"].clone(), one.get("effectiveDateTime").cloned())
        };
        let period = |when: Value| json!({"effectivePeriod": when});
        for (before, after) in [
            (json!({}), json!({"end": now})),
            (json!({"effectiveDateTime": "2026-01-01"}), json!({"start": "2026-01-01", "end": now})),
            (period(json!({"start": "2026"})), json!({"start": "2026", "end": now})),
            (period(json!({"start": "2026-01-01", "end": "2027-01-01"})), json!({"start": "2026-01-01", "end": now})),
            (period(json!({"end": "2026-06-01"})), json!({"end": "2026-06-01"})),
            (period(json!({"start": "2027-02-01"})), json!({"start": "2027-02-01"})),
        ] {
            assert_eq!(ended(before.clone()), (after, None), "{before}");
        }
        let later = json!({"effectiveDateTime": "2026-11-29T21:00:01Z"});
        assert_eq!(ended(later.clone()), (Value::Null, Some(later["effectiveDateTime"].clone())));
    }

    fn statement_of(id: &str, more: Value) -> Value {
        let mut one = json!({"resourceType": "MedicationStatement", "id": id, "status": "active",
            "basedOn": [{"reference": "MedicationRequest/r"}], "medicationCodeableConcept": {"text": "Amoxicillin 500 mg"}});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    }

    #[test]
    fn what_says_another_medicine_dose_note_or_time_than_its_prescription_does_not_go_with_it() {
        let dose = json!([{"text": "1 three times a day", "timing": {"repeat": {"frequency": 3}}}]);
        let request = json!({"resourceType": "MedicationRequest", "id": "r", "status": "active", "intent": "order",
            "medicationCodeableConcept": {"text": "Amoxicillin 500 mg"}, "dosageInstruction": dose});
        let goes = |more: Value| goes_with(&statement_of("s", more), [&request], &[]);
        for (more, along) in [
            (json!({}), true),
            (json!({"medicationCodeableConcept": {"text": "AMOXICILLIN 500 mg"}}), true),
            (json!({"dosage": [{"text": "1 three times a day"}]}), true),
            (json!({"effectivePeriod": {"start": "2026-11-01"}, "dateAsserted": "2026-11-20"}), true),
            (json!({"medicationCodeableConcept": {"text": "Doxycycline 100 mg"}}), false),
            (json!({"dosage": [{"text": "half a one once a day"}]}), false),
            (json!({"dosage": [{"text": "1 three times a day"}, {"text": "then 1 a day"}]}), false),
            (json!({"note": [{"text": "vomits from more"}]}), false),
            (json!({"statusReason": [{"text": "the pharmacy had no other"}]}), false),
            (json!({"effectivePeriod": {"start": "2026-01-01", "end": "2026-06-01"}}), false),
            (json!({"effectiveDateTime": "2026-12-01", "dateAsserted": "2026-11-20"}), false),
        ] {
            assert_eq!(goes(more.clone()), along, "{more}");
            let mut of_patient = more.clone();
            of_patient["informationSource"] = json!({"reference": "Patient/p"});
            assert_eq!(goes(of_patient), along, "{more}");
        }
    }

    #[test]
    fn of_words_in_several_zones_the_later_counts() {
        let patient = json!({"reference": "Patient/p"});
        let word = |id: &str, status: &str, said: &str, written: &str| {
            statement_of(
                id,
                json!({"status": status, "dateAsserted": said, "informationSource": patient,
                "meta": {"lastUpdated": written}, "statusReason": [{"text": "tremor"}]}),
            )
        };
        let is_not = |said: [(&str, &str, &str); 2]| {
            let all = said.map(|(status, said, written)| word(status, status, said, written));
            let both = [not_taking(all.iter(), &TimeZone::UTC), not_taking(all.iter().rev(), &TimeZone::UTC)];
            assert_eq!(both[0], both[1], "in either order");
            both[0].contains_key("r")
        };
        let (early, late) = ("2026-11-30T02:00:00Z", "2026-11-30T03:00:00Z");
        // 29 November, 20:00 UTC.
        assert!(is_not([("active", "2026-11-30T09:00:00+13:00", early), ("not-taken", "2026-11-30T02:09:00Z", late)]));
        assert!(is_not([("active", "2026-11-30T12:00:00Z", early), ("not-taken", "2026-11-30T08:00:00-05:00", late)]));
        assert!(!is_not([("active", "2026-11-30T08:00:00-05:00", early), ("not-taken", "2026-11-30T12:00:00Z", late)]));
        assert!(is_not([("active", "2026-11-30T12:00:00Z", late), ("not-taken", "2026-11-30", early)]), "by its end");
        assert!(is_not([("active", "2026-11-30", early), ("not-taken", "2026-11-30", late)]), "the one written last");
        assert!(!is_not([("active", "2026-11-30", late), ("not-taken", "2026-11-30", early)]));
    }

    #[test]
    fn that_something_is_not_taken_is_the_word_of_whoever_said_it() {
        let said = |source: Value| {
            let one = statement_of("s", json!({"status": "not-taken", "informationSource": source}));
            not_taking([&one].into_iter(), &TimeZone::UTC).remove("r").unwrap().by
        };
        assert_eq!(said(json!({"reference": "Patient/p"})), Teller::Patient);
        assert_eq!(said(json!({"reference": "RelatedPerson/m"})), Teller::ForPatient);
        assert_eq!(said(json!({"display": "Ward 3"})), Teller::Other(Some("Ward 3".into())));
        assert_eq!(said(Value::Null), Teller::Other(None));
    }
}
