//! Signing, ending, and whether a paper still counts.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::check::{self, Finding, Proposal};
use super::facts::{Allergy, Facts, allergy, medication};
use super::order::{TOKEN, end_code, stopped};
use super::taking::of_prescription;
use super::{refill, taking, tasks};
use crate::base::{Ambient, FhirId, Timestamp};
use crate::care::formulary::{self, Formulary};
use crate::care::medicine::{self, Asks};
use crate::care::notify::{self, Kind, Notice, Whom};
use crate::care::within::{id_of, last_day, version_of};
use crate::care::workflow::{Checked, Doing, Done, Never, Refused, carry_out, told};
use crate::fhir::search::Query;
use crate::fhir::{Mode, ResourceType as R};
use crate::record::{Change, Condition, Inside, RecordError, Records, strict};

/// Why nothing was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    #[error("a warning appeared that nobody has answered for")]
    NewWarning,
    #[error("another formulary was loaded meanwhile")]
    OtherFormulary,
}

/// What the check is made of again, inside the writer.
#[derive(Debug, Clone)]
pub struct Signing {
    pub patient: FhirId,
    pub formulary: Option<Arc<Formulary>>,
    pub facts: Facts,
    pub proposal: Proposal,
    /// The keys of the warnings that were answered.
    pub answered: BTreeSet<String>,
}

/// The prescription in whose place the new one comes.
#[derive(Debug, Clone)]
pub struct Prior {
    pub request: Value,
    pub version: u32,
    /// `renewed` or `changed`.
    pub how: &'static str,
    /// The same in words, for the record.
    pub words: String,
}

/// The patient's request that a new prescription answers.
#[derive(Debug, Clone)]
pub struct Answered {
    pub task: Value,
    pub version: u32,
    /// The request whose question it answered.
    pub older: Option<Value>,
}

/// Everything that is written with one signature.
#[derive(Debug)]
pub struct Outcome {
    pub id: FhirId,
    pub request: Value,
    pub issues: Vec<(FhirId, Value)>,
    pub prior: Option<Prior>,
    pub refill: Option<Answered>,
    /// That the prescription in whose place it comes is not taken, and who has seen that.
    pub not_taken: Option<Seen>,
}

/// A patient's word that a medicine is not taken, and who looked at it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub task: Value,
    /// A FHIR Reference.
    pub by: Value,
}

impl Seen {
    fn change(self, now: Timestamp) -> Result<Change, RecordError> {
        let version = version_of(&self.task);
        taking::settled(self.task, version, &self.by, now)
    }
}

impl Outcome {
    fn changes(self, now: Timestamp) -> Result<Vec<Change>, RecordError> {
        let mut changes = vec![Change::create_as(R::MedicationRequest, self.id.clone(), self.request, Mode::Strict)?];
        for (id, issue) in self.issues {
            changes.push(Change::create_as(R::DetectedIssue, id, issue, Mode::Strict)?);
        }
        if let Some(prior) = self.prior {
            changes.push(ended(prior.request, prior.version, (prior.how, &prior.words), now)?);
        }
        if let Some(Answered { task, version, older }) = self.refill {
            let mut task = refill::answered(task, "completed", "", now);
            if let Some(members) = task.as_object_mut() {
                let made = json!({"reference": format!("MedicationRequest/{}", self.id)});
                members.insert("output".into(), json!([{"type": {"text": "prescription"}, "valueReference": made}]));
            }
            changes.push(tasks::put(task, version)?);
            changes.extend(older.map(|older| refill::settled(older, now)).transpose()?);
        }
        changes.extend(self.not_taken.map(|seen| seen.change(now)).transpose()?);
        Ok(changes)
    }
}

fn ended(request: Value, version: u32, (code, words): (&str, &str), now: Timestamp) -> Result<Change, RecordError> {
    let id = request.get("id").and_then(Value::as_str).and_then(|id| FhirId::parse(id).ok());
    let id = id.ok_or(RecordError::Damaged)?;
    let request = stopped(request, code, words, now);
    Change::put(R::MedicationRequest, id, request, Condition::Version(version), Mode::Lenient)
}

/// Signs, if every warning that there is now was answered.
pub async fn sign(doing: Doing<'_>, signing: Signing, outcome: Outcome) -> Result<Done<()>, Refused<SignError>> {
    let of = format!("patient={}", signing.patient);
    let queries =
        [strict(R::AllergyIntolerance, &of)?, strict(R::MedicationRequest, &of)?, strict(R::MedicationStatement, &of)?];
    let now = doing.records.audit().ambient().now();
    let (kind, about) = match outcome.refill.as_ref().and_then(|one| id_of(&one.task)) {
        Some(task) => (Kind::RefillAnswered, task),
        None => (Kind::MedicineChanged, outcome.id.clone()),
    };
    let notice = Notice::new(Whom::Patient(signing.patient.clone()), kind).about(about);
    let changes = outcome.changes(now)?;
    carry_out(doing, changes, move |inside| {
        hold(inside, &signing, &queries)?;
        Ok(notify::tell(inside, notice)?)
    })
    .await
}

fn hold(inside: &mut Inside<'_, '_, '_>, signing: &Signing, queries: &[Query; 3]) -> Checked<(), SignError> {
    let kept = formulary::current(inside.rows())?;
    if kept != signing.formulary.as_ref().map(|formulary| formulary.hash) {
        return told(SignError::OtherFormulary);
    }
    let [allergies, requests, statements] = queries;
    let of_allergy: fn(&Value) -> Option<Allergy> = allergy;
    let whole: fn(&Value) -> Option<Value> = |one| Some(one.clone());
    let (mut requests, mut statements) = (inside.glimpse(requests, whole)?, inside.glimpse(statements, whole)?);
    statements.retain(medicine::may_be_taken);
    // Of what is over only that on which something is said.
    let is_said_of = |one: &Value| {
        let id = one.get("id").and_then(Value::as_str);
        id.is_some() && statements.iter().any(|said| of_prescription(said) == id)
    };
    requests.retain(|one| medicine::may_be_taken(one) || medicine::is_not_to_be_given(one) || is_said_of(one));
    let ids: BTreeSet<&str> = requests
        .iter()
        .chain(&statements)
        .filter_map(|one| medicine::refers(one)?.strip_prefix("Medication/"))
        .collect();
    let along = match ids.is_empty() {
        true => Vec::new(),
        false => {
            let ids = ids.into_iter().collect::<Vec<_>>().join(",");
            inside.glimpse(&strict(R::Medication, &format!("_id={ids}"))?, medication)?
        }
    };
    let facts = signing.facts.again(inside.glimpse(allergies, of_allergy)?, &requests, statements, &along);
    let findings: Vec<Finding> = check::check(signing.formulary.as_deref(), &facts, &signing.proposal);
    if check::missing(&findings, &signing.answered).is_empty() { Ok(()) } else { told(SignError::NewWarning) }
}

/// Ends a prescription, if it is the version that was seen still. That the patient did not take it is seen with it.
pub async fn stop(
    doing: Doing<'_>,
    (request, version): (Value, u32),
    (code, words): (&str, &str),
    not_taken: Option<Seen>,
) -> Result<Done<()>, Refused<Never>> {
    let patient = request.pointer("/subject/reference").and_then(Value::as_str);
    let patient = patient.and_then(|to| to.strip_prefix("Patient/")).and_then(|id| FhirId::parse(id).ok());
    let about = id_of(&request).ok_or(RecordError::Damaged)?;
    let notice = Notice::new(Whom::Patient(patient.ok_or(RecordError::Damaged)?), Kind::MedicineChanged).about(about);
    let now = doing.records.audit().ambient().now();
    let mut changes = vec![ended(request, version, (code, words), now)?];
    changes.extend(not_taken.map(|seen| seen.change(now)).transpose()?);
    carry_out(doing, changes, move |inside| Ok(notify::tell(inside, notice)?)).await
}

/// A secret for a paper: 128 random bits, in letters that are read out and typed without mistakes.
pub fn new_token(ambient: &Ambient) -> String {
    data_encoding::BASE32_NOPAD.encode(&ambient.bytes::<16>()).to_ascii_lowercase()
}

/// Whether a text can be such a secret.
pub fn may_be_token(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|byte| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte))
}

/// What anybody with the paper may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// FHIR `dateTime`.
    pub issued: String,
    pub state: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Active,
    Paused,
    Renewed,
    Changed,
    Stopped,
    Over,
    /// Nobody knows: it may be taken.
    Unknown,
}

/// Whether a prescription can be ended: it counts, is paused, or nobody knows.
pub fn is_in_use(request: &Value) -> bool {
    matches!(request.get("status").and_then(Value::as_str), Some("active" | "on-hold" | "unknown"))
}

/// Whether it can be renewed or changed: what is not to be given, or only planned, is not what anything comes in place of.
pub fn is_renewable(request: &Value) -> bool {
    is_in_use(request) && Asks::of(request) == Asks::Give
}

/// What became of a prescription on this day of this clock: what is over may be handed out no more.
pub fn standing(request: &Value, today: Date, zone: &TimeZone) -> Standing {
    let status = request.get("status").and_then(Value::as_str).unwrap_or_default();
    let end = request.pointer("/dispenseRequest/validityPeriod/end").and_then(Value::as_str);
    let over = end.and_then(|end| last_day(end, zone)).is_some_and(|end| end < today);
    match (status, end_code(request)) {
        (_, Some("renewed")) => Standing::Renewed,
        (_, Some("changed")) => Standing::Changed,
        ("active", _) if over => Standing::Over,
        ("active", _) => Standing::Active,
        ("on-hold", _) => Standing::Paused,
        ("completed", _) => Standing::Over,
        ("stopped" | "cancelled" | "entered-in-error" | "draft", _) => Standing::Stopped,
        _ => Standing::Unknown,
    }
}

/// What is known of a paper; `None` where there is no such prescription. It is asked by nobody in particular, and says nothing
/// of anybody: so it leaves no entry.
pub fn verify(records: &Records, token: &str, today: Date, zone: &TimeZone) -> Result<Option<Verified>, RecordError> {
    if !may_be_token(token) {
        return Ok(None);
    }
    let query = strict(R::MedicationRequest, &format!("identifier={TOKEN}|{token}"))?;
    let pick: fn(&Value) -> Option<(String, Value)> = |request| {
        // What asks nobody to give anything is no prescription.
        if Asks::of(request) != Asks::Give {
            return None;
        }
        // Status, why it ended, and until when: no name and no medicine.
        let mut bare = serde_json::Map::new();
        for name in ["status", "statusReason"] {
            bare.extend(request.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        if let Some(end) = request.pointer("/dispenseRequest/validityPeriod/end") {
            bare.insert("dispenseRequest".into(), json!({"validityPeriod": {"end": end}}));
        }
        Some((request.get("authoredOn")?.as_str()?.to_owned(), Value::Object(bare)))
    };
    let found = records.glimpse(&query, pick)?;
    // A secret that two have is nobody's.
    let mut found = found.into_iter();
    Ok(match (found.next(), found.next()) {
        (Some((issued, request)), None) => Some(Verified { issued, state: standing(&request, today, zone) }),
        _ => None,
    })
}
