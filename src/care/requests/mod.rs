//! What a patient may ask of the clinic about their record, and by when it answers.
//!
//! A request is a FHIR Task: `code` says what is asked, `description` is in the patient's words, `restriction.period.end` is
//! the day by which it is to be answered, a `note` holds the answer. Days are the clinic's: a request that came at 23:30 came
//! on that day.
//!
//! | asked for | days | one extension | source |
//! |---|---|---|---|
//! | a copy | 30 | 30 | 45 CFR 164.524(b)(2)(i) and (iii) |
//! | a correction | 60 | 30 | 45 CFR 164.526(b)(2)(i) and (ii) |
//! | an accounting of disclosures | 60 | 30 | 45 CFR 164.528(c)(1)(i) and (ii) |
//! | a restriction | 30 | 30 | no term in 45 CFR 164.522(a): the clinic's own |
//! | an answer about one access | 30 | 30 | no term in the rule: the clinic's own |
//!
//! An accounting goes back six years (45 CFR 164.528(a)(1)).

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use serde_json::{Value, json};

use crate::access::{AUDIENCE, CONFIDED};
use crate::base::{FhirId, ResourceRef, Role, Timestamp};
use crate::care::notify::{self, Notice, Whom};
use crate::care::workflow::{Doing, Done, Refused, carry_out};
use crate::fhir::search::{Handling, Query};
use crate::fhir::{Definitions, Mode, ResourceType};
use crate::record::{Change, Condition, RecordError};

/// The system of [`Kind`]'s codes, and of what its notes say.
pub const SYSTEM: &str = "urn:chartbox:request";
/// The most characters of a request, of an answer and of a reason.
pub const LONGEST: usize = 4_000;
/// How far back an accounting goes.
pub const ACCOUNTED_YEARS: i64 = 6;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Copy,
    Correction,
    Restriction,
    Accounting,
    /// Why somebody looked.
    Question,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Copy, Self::Correction, Self::Restriction, Self::Accounting, Self::Question];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Correction => "correction",
            Self::Restriction => "restriction",
            Self::Accounting => "accounting",
            Self::Question => "question",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Within how many days it is answered, by how many this may be extended once, and the rule; `None` where the term is
    /// the clinic's own.
    pub const fn term(self) -> (i64, i64, Option<&'static str>) {
        match self {
            Self::Copy => (30, 30, Some("45 CFR 164.524(b)(2)")),
            Self::Correction => (60, 30, Some("45 CFR 164.526(b)(2)")),
            Self::Accounting => (60, 30, Some("45 CFR 164.528(c)(1)")),
            Self::Restriction | Self::Question => (30, 30, None),
        }
    }

    /// Whether it may be about whoever acts for the patient: then it is not for them to read.
    const fn may_be_about_a_proxy(self) -> bool {
        matches!(self, Self::Restriction | Self::Question)
    }
}

/// How a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    /// Done as asked, or answered.
    Answered,
    /// With the reason in words.
    Declined,
    /// The patient took it back before it was answered.
    Withdrawn,
}

/// A request as it is read from its Task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub id: String,
    pub version: u32,
    pub kind: Kind,
    pub state: State,
    pub patient: FhirId,
    /// The patient's words.
    pub words: String,
    /// For a question: the access that it is about, as it was shown.
    pub about: Option<String>,
    /// For a question: the numbers of the log's entries.
    pub entries: Vec<u64>,
    /// Who asked.
    pub by: Option<String>,
    /// Who that is, where it is whoever acts for the patient.
    pub acting: Option<ResourceRef>,
    pub asked: Timestamp,
    /// The last day.
    pub due: Date,
    /// Why it takes longer.
    pub extended: Option<String>,
    pub answer: Option<String>,
    pub answered: Option<Timestamp>,
    /// Who answered.
    pub answered_by: Option<String>,
}

impl Request {
    /// `None` for any other Task.
    pub fn of(task: &Value) -> Option<Self> {
        let text = |at: &str| task.pointer(at).and_then(Value::as_str);
        let codings = task.pointer("/code/coding")?.as_array()?.iter();
        let ours = |one: &&Value| one.get("system").and_then(Value::as_str) == Some(SYSTEM);
        let kind = codings.filter(ours).find_map(|one| Kind::from_code(one.get("code")?.as_str()?))?;
        let state = match text("/status")? {
            "completed" => State::Answered,
            "rejected" => State::Declined,
            "cancelled" => State::Withdrawn,
            "entered-in-error" => return None,
            _ => State::Open,
        };
        let values = |code: &'static str| {
            let all = task.get("note").and_then(Value::as_array).into_iter().flatten();
            let is = move |one: &&Value| one.pointer("/extension/0/valueCode").and_then(Value::as_str) == Some(code);
            all.filter(is).filter_map(|one| one.get("text").and_then(Value::as_str)).map(str::to_owned)
        };
        let value = |code: &'static str| values(code).next_back();
        Some(Self {
            id: text("/id")?.to_owned(),
            version: text("/meta/versionId").and_then(|version| version.parse().ok()).unwrap_or(0),
            kind,
            state,
            patient: FhirId::parse(text("/for/reference")?.strip_prefix("Patient/")?).ok()?,
            words: text("/description").unwrap_or_default().to_owned(),
            about: value("about"),
            entries: values("entry").filter_map(|entry| entry.parse().ok()).collect(),
            by: text("/requester/display").map(str::to_owned),
            acting: text("/requester/reference")
                .and_then(|reference| ResourceRef::parse(reference).ok())
                .filter(|person| person.type_name() == ResourceType::RelatedPerson.name()),
            asked: text("/authoredOn")?.parse().ok()?,
            due: text("/restriction/period/end")?.get(..10)?.parse().ok()?,
            extended: value("extension"),
            answer: value("answer"),
            answered: text("/executionPeriod/end").and_then(|time| time.parse().ok()),
            answered_by: text("/owner/display").map(str::to_owned),
        })
    }

    /// The last day is over.
    pub fn is_overdue(&self, today: Date) -> bool {
        self.state == State::Open && today > self.due
    }

    /// How many days are left; below zero when it is overdue.
    pub fn days_left(&self, today: Date) -> i64 {
        today.until(self.due).map_or(0, |span| i64::from(span.get_days()))
    }
}

/// A request that is made now.
#[derive(Debug)]
pub struct Asked {
    pub kind: Kind,
    pub patient: FhirId,
    /// A reference to who asks, with the name.
    pub by: Value,
    pub words: String,
    /// For a question: the log's entries, and they in words.
    pub about: Option<(Vec<u64>, String)>,
    /// What is done in the moment when it is asked, such as a copy that is taken at once: the answer.
    pub at_once: Option<String>,
}

/// The Task of a request.
pub fn task(asked: Asked, now: Timestamp, zone: &TimeZone) -> Value {
    let Asked { kind, patient, by, words, about, at_once } = asked;
    let (days, ..) = kind.term();
    let is_patients_own = by.get("reference").and_then(Value::as_str).is_some_and(|who| who.starts_with("Patient/"));
    let mut notes = Vec::new();
    if let Some((entries, about)) = about {
        notes.extend(entries.iter().map(|entry| noted("entry", &entry.to_string(), now)));
        notes.push(noted("about", &about, now));
    }
    let mut task = json!({
        "resourceType": "Task",
        "status": if at_once.is_some() { "completed" } else { "requested" },
        "intent": "order",
        "code": {"coding": [{"system": SYSTEM, "code": kind.code()}]},
        "for": {"reference": format!("Patient/{patient}")},
        "authoredOn": now.to_string(),
        "lastModified": now.to_string(),
        "requester": by,
        "restriction": {"period": {"end": after(day_of(now, zone), days).to_string()}},
    });
    let Some(members) = task.as_object_mut() else { return task };
    let mut labels = Vec::new();
    // It is between who asks and who answers: whoever else works here may be whom the question is about.
    if kind == Kind::Question {
        labels.push(json!({"system": AUDIENCE, "code": CONFIDED}));
    }
    // Who answers reads it whatever its labels are.
    if is_patients_own && kind.may_be_about_a_proxy() {
        labels.push(json!({"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}));
    }
    if !labels.is_empty() {
        members.insert("meta".into(), json!({"security": labels}));
    }
    if !words.is_empty() {
        members.insert("description".into(), words.into());
    }
    if let Some(answer) = at_once {
        notes.push(noted("answer", &answer, now));
        members.insert("executionPeriod".into(), json!({"start": now.to_string(), "end": now.to_string()}));
    }
    if !notes.is_empty() {
        members.insert("note".into(), notes.into());
    }
    task
}

/// What is said of a request, as a note: `input` and `output` of a Task carry what is clinical in others, and whoever answers
/// requests gets neither of them.
fn noted(code: &str, text: &str, now: Timestamp) -> Value {
    json!({"extension": [{"url": SYSTEM, "valueCode": code}], "time": now.to_string(), "text": text})
}

fn day_of(moment: Timestamp, zone: &TimeZone) -> Date {
    moment.to_zoned(zone.clone()).date()
}

fn after(day: Date, days: i64) -> Date {
    let span: Span = days.days();
    day.saturating_add(span)
}

/// What becomes of an open request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Answer(String),
    Decline(String),
    /// More time, once, with the reason that the patient reads.
    Extend(String),
}

/// Why a step is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotNow {
    #[error("the request was answered already")]
    Answered,
    #[error("the time was extended once already, and cannot be again")]
    Extended,
    #[error("the time that may be extended is over")]
    Overdue,
}

/// The Task after a step of who answers for it.
pub fn stepped(mut task: Value, step: &Step, by: &Value, now: Timestamp, zone: &TimeZone) -> Result<Value, NotNow> {
    let request = Request::of(&task).filter(|request| request.state == State::Open).ok_or(NotNow::Answered)?;
    let today = day_of(now, zone);
    let (status, note) = match step {
        Step::Answer(text) => ("completed", noted("answer", text, now)),
        Step::Decline(text) => ("rejected", noted("answer", text, now)),
        Step::Extend(_) if request.extended.is_some() => return Err(NotNow::Extended),
        Step::Extend(_) if request.is_overdue(today) => return Err(NotNow::Overdue),
        Step::Extend(text) => ("in-progress", noted("extension", text, now)),
    };
    let Some(members) = task.as_object_mut() else { return Err(NotNow::Answered) };
    let notes = members.entry("note").or_insert_with(|| json!([]));
    if let Some(notes) = notes.as_array_mut() {
        notes.push(note);
    }
    members.insert("status".into(), status.into());
    members.insert("lastModified".into(), now.to_string().into());
    members.insert("owner".into(), by.clone());
    match step {
        Step::Extend(_) => {
            let due = after(request.due, request.kind.term().1);
            members.insert("restriction".into(), json!({"period": {"end": due.to_string()}}));
        }
        Step::Answer(_) | Step::Decline(_) => {
            let period = json!({"start": request.asked.to_string(), "end": now.to_string()});
            members.insert("executionPeriod".into(), period);
        }
    }
    Ok(task)
}

/// Stores a new request under `id`.
pub async fn make(doing: Doing<'_>, id: FhirId, task: Value) -> Result<Done<()>, Refused<NotNow>> {
    let kind = Request::of(&with_id(&task, &id)).filter(|request| request.state == State::Open).map(|one| one.kind);
    let change = Change::create_as(ResourceType::Task, id.clone(), task, Mode::Strict)?;
    carry_out(doing, vec![change], move |inside| {
        let told = match kind {
            Some(Kind::Question) => notify::Kind::AccessQuestioned,
            Some(_) => notify::Kind::RequestMade,
            // Done at once: nobody has to do anything.
            None => return Ok(()),
        };
        let notice = Notice::new(Whom::Role(Role::HealthAdmin), told).about(id);
        notify::tell(inside, notice).map_err(RecordError::from)?;
        Ok(())
    })
    .await
}

/// Stores a request's next version, if it is the version that was seen still: of two answers the second is none.
pub async fn change(doing: Doing<'_>, id: FhirId, version: u32, task: Value) -> Result<Done<()>, Refused<NotNow>> {
    let request = Request::of(&with_id(&task, &id));
    let change = Change::put(ResourceType::Task, id.clone(), task, Condition::Version(version), Mode::Strict)?;
    carry_out(doing, vec![change], move |inside| {
        if let Some(request) = request {
            let told = match request.kind {
                Kind::Question => notify::Kind::AccessAnswered,
                _ => notify::Kind::RequestAnswered,
            };
            let notice = Notice::new(Whom::Patient(request.patient), told).about(id);
            notify::tell(inside, notice).map_err(RecordError::from)?;
        }
        Ok(())
    })
    .await
}

/// The Task as it will be read.
fn with_id(task: &Value, id: &FhirId) -> Value {
    let mut task = task.clone();
    if let Some(members) = task.as_object_mut() {
        members.insert("id".into(), id.as_str().into());
    }
    task
}

/// All requests that are open, or the last that are not any more.
pub fn query(state: State) -> Result<Query, RecordError> {
    let codes: Vec<String> = Kind::ALL.iter().map(|kind| format!("{SYSTEM}|{}", kind.code())).collect();
    let status = match state {
        State::Open => "requested,in-progress&_sort=_lastUpdated&_count=500",
        State::Answered | State::Declined | State::Withdrawn => {
            "completed,rejected,cancelled&_sort=-_lastUpdated&_count=50"
        }
    };
    let text = format!("code={}&status={status}&_include=Task:patient", codes.join(","));
    Query::parse(ResourceType::Task, &text, Handling::Strict, Definitions::r4())
        .map_err(|error| RecordError::UnsupportedSearch(error.to_string()))
}

/// When the time begins of which an accounting tells.
pub fn accounted_from(asked: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    asked.to_zoned(zone.clone()).checked_sub(ACCOUNTED_YEARS.years()).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Sensitivity;

    fn zone() -> TimeZone {
        TimeZone::get("America/New_York").unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn made(kind: Kind, now: &str) -> Value {
        let by = json!({"reference": "Patient/p1", "display": "Halina"});
        let asked = Asked {
            kind,
            patient: FhirId::parse("p1").unwrap(),
            by,
            words: "Please".into(),
            about: None,
            at_once: None,
        };
        let mut task = task(asked, at(now), &zone());
        task["id"] = json!("t1");
        task
    }

    fn request(task: &Value) -> Request {
        Request::of(task).unwrap()
    }

    #[test]
    fn each_request_has_its_term_counted_in_the_clinic_s_days() {
        // 23:30 in New York is the next day in UTC: it came on the third.
        let due = |kind| request(&made(kind, "2026-03-04T04:30:00Z")).due.to_string();
        assert_eq!(due(Kind::Copy), "2026-04-02");
        assert_eq!(due(Kind::Correction), "2026-05-02");
        assert_eq!(due(Kind::Accounting), "2026-05-02");
        assert_eq!(due(Kind::Restriction), "2026-04-02");
    }

    #[test]
    fn a_request_is_overdue_when_its_last_day_is_over() {
        let request = request(&made(Kind::Copy, "2026-03-03T12:00:00Z"));
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert!(!request.is_overdue(day("2026-04-02")));
        assert!(request.is_overdue(day("2026-04-03")));
        assert_eq!((request.days_left(day("2026-04-02")), request.days_left(day("2026-04-03"))), (0, -1));
    }

    #[test]
    fn time_is_extended_once_with_a_reason_and_not_when_it_is_over() {
        let by = json!({"reference": "Practitioner/a", "display": "Ada"});
        let step = Step::Extend("The archive is moving".into());
        let task = made(Kind::Copy, "2026-03-03T12:00:00Z");
        let late = stepped(task.clone(), &step, &by, at("2026-04-03T12:00:00Z"), &zone());
        assert_eq!(late, Err(NotNow::Overdue));
        let longer = stepped(task, &step, &by, at("2026-03-20T12:00:00Z"), &zone()).unwrap();
        let read = request(&longer);
        assert_eq!(
            (read.due.to_string().as_str(), read.extended.as_deref()),
            ("2026-05-02", Some("The archive is moving"))
        );
        assert_eq!(read.state, State::Open);
        assert_eq!(stepped(longer, &step, &by, at("2026-03-21T12:00:00Z"), &zone()), Err(NotNow::Extended));
    }

    #[test]
    fn a_request_is_answered_once() {
        let by = json!({"reference": "Practitioner/a", "display": "Ada"});
        for (step, state) in
            [(Step::Answer("Done".into()), State::Answered), (Step::Decline("It is right".into()), State::Declined)]
        {
            let task = made(Kind::Correction, "2026-03-03T12:00:00Z");
            let answered = stepped(task, &step, &by, at("2026-03-04T12:00:00Z"), &zone()).unwrap();
            let read = request(&answered);
            assert_eq!((read.state, read.answered_by.as_deref()), (state, Some("Ada")));
            assert_eq!(read.answered, Some(at("2026-03-04T12:00:00Z")));
            assert_eq!(stepped(answered, &step, &by, at("2026-03-05T12:00:00Z"), &zone()), Err(NotNow::Answered));
        }
    }

    #[test]
    fn a_question_names_each_access_that_it_is_about() {
        let asked = Asked {
            kind: Kind::Question,
            patient: FhirId::parse("p1").unwrap(),
            by: json!({"reference": "Patient/p1"}),
            words: "x".into(),
            about: Some((vec![7, 5], "Dr A opened 3 results".into())),
            at_once: None,
        };
        let mut task = task(asked, at("2026-03-03T12:00:00Z"), &zone());
        task["id"] = json!("t1");
        let request = Request::of(&task).unwrap();
        assert_eq!((request.entries, request.about.as_deref()), (vec![7, 5], Some("Dr A opened 3 results")));
    }

    #[test]
    fn a_question_is_confided_whoever_asks_it_and_what_the_patient_asks_is_kept_from_who_acts_for_them() {
        let of = |kind, by: &str| {
            let patient = FhirId::parse("p1").unwrap();
            let by = json!({ "reference": by });
            let asked = Asked { kind, patient, by, words: "x".into(), about: None, at_once: None };
            Sensitivity::of_resource(&task(asked, at("2026-03-03T12:00:00Z"), &zone()))
        };
        assert_eq!(of(Kind::Question, "Patient/p1"), Sensitivity::RESTRICTED.confided());
        assert_eq!(of(Kind::Question, "RelatedPerson/r"), Sensitivity::NORMAL.confided());
        assert_eq!(of(Kind::Restriction, "Patient/p1"), Sensitivity::RESTRICTED);
        assert_eq!(of(Kind::Restriction, "RelatedPerson/r"), Sensitivity::NORMAL);
        for other in [Kind::Copy, Kind::Correction, Kind::Accounting] {
            assert_eq!(of(other, "Patient/p1"), Sensitivity::NORMAL, "{other:?}");
        }
    }

    #[test]
    fn a_task_is_r4_and_another_task_is_no_request() {
        for kind in Kind::ALL {
            let asked = Asked {
                kind,
                patient: FhirId::parse("p1").unwrap(),
                by: json!({"reference": "Patient/p1"}),
                words: "x".into(),
                about: Some((vec![7, 5], "Dr A opened 3 results".into())),
                at_once: (kind == Kind::Copy).then(|| "Taken".into()),
            };
            let task = task(asked, at("2026-03-03T12:00:00Z"), &zone());
            Change::create(ResourceType::Task, task, Mode::Strict).unwrap();
        }
        assert_eq!(Request::of(&json!({"resourceType": "Task", "id": "x", "status": "requested"})), None);
        assert!(query(State::Open).is_ok() && query(State::Answered).is_ok());
    }
}
