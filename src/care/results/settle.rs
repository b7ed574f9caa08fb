//! Storing, signing, holding and letting go. Each is one transaction, and the patient is told in it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::belongs::{belonging, whole};
use super::comment::comment;
use super::import::{house, known_inside};
use super::release_task::{for_another, is_for_another, is_of_unsigned, is_release, of_unsigned};
use super::take_back::withdrawn;
use super::{Arriving, RELEASE, Release, SIGNED, elsewhere, marks};
use crate::access::{Actor, ConsentRules, Sensitivity};
use crate::audit::{Action, Detail, Event, Purpose, TouchKind, Touched};
use crate::base::{FhirId, ResourceRef, Role, Timestamp};
use crate::care::consents::{self, Seen};
use crate::care::held::{hold, is_held, let_go};
use crate::care::note::Pen;
use crate::care::notify::{self, Kind, Notice, Whom};
use crate::care::within::text;
use crate::care::workflow::{Doing, Done, Refused, carry_out, told as no};
use crate::fhir::{Mode, ResourceType as R, samples};
use crate::record::{Change, Channel, Condition, RecordError, Records, Stored, Why, strict};

/// A report with all that belongs to it, and the tasks that would let it go.
#[derive(Debug, Clone)]
pub struct Report {
    pub id: FhirId,
    /// None for one that is new.
    pub version: Option<u32>,
    /// The labels of the report itself, whatever its values have.
    pub own: Sensitivity,
    pub value: Value,
    /// Of every level. Id, version (none for a new one), resource.
    pub results: Vec<(FhirId, Option<u32>, Value)>,
    pub pictures: Vec<(FhirId, u32, Value)>,
    /// What it refers to and what nobody reached: not here, not to be seen, or another patient's.
    pub apart: Vec<ResourceRef>,
    pub tasks: Vec<(FhirId, u32, Value)>,
}

/// What is done with a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// It is put into the record and waits for a doctor.
    Enter(Release),
    /// A doctor signs it, perhaps with a comment.
    Sign(Release, Option<String>),
    /// The patient may see it from now on.
    LetGo,
    /// It is held, or held longer.
    Hold { reason: String, until: Timestamp },
}

impl Act {
    /// Whether the patient sees nothing of it afterwards.
    fn holds(&self) -> bool {
        match self {
            Self::Enter(release) | Self::Sign(release, _) => *release != Release::Now,
            Self::LetGo => false,
            Self::Hold { .. } => true,
        }
    }
}

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResultError {
    #[error("it is signed already")]
    Signed,
    #[error("it was taken back as a mistake")]
    TakenBack,
    /// A hold that leaves out a part holds nothing.
    #[error(
        "a part of it is not here, not to be seen, or another patient's, so it cannot be held whole; nothing was changed"
    )]
    Apart,
    #[error("another report of its number came into the record meanwhile")]
    Meanwhile,
}

impl Report {
    /// Its pictures, each as it stands.
    pub fn pictures(&self) -> Vec<&Value> {
        self.pictures.iter().map(|(.., value)| value).collect()
    }

    /// One that is new. Where it does not say what it refers to, that is each of these.
    pub fn new(id: FhirId, mut value: Value, results: Vec<(FhirId, Option<u32>, Value)>) -> Self {
        if value.get("result").is_none() && !results.is_empty() {
            let refers = results.iter().map(|(id, ..)| json!({"reference": format!("Observation/{id}")}));
            put(&mut value, "result", refers.collect());
        }
        let own = Sensitivity::of_resource(&value);
        Self { id, version: None, own, value, results, pictures: Vec::new(), apart: Vec::new(), tasks: Vec::new() }
    }

    /// Of the search for it ([`whole`]).
    pub fn of(found: &Stored, along: &[Stored]) -> Self {
        let value = found.value();
        let named = |one: &Stored| ResourceRef::new(one.kind.name(), &one.id).ok();
        let known: BTreeMap<ResourceRef, (u32, Value)> =
            along.iter().filter_map(|one| Some((named(one)?, (one.version, one.value())))).collect();
        let belonging = belonging(&value, |name| known.get(name).map(|(_, value)| value));
        let (mut results, mut pictures) = (Vec::new(), Vec::new());
        for (name, part) in belonging.parts {
            let version = known.get(&name).map_or(0, |(version, _)| *version);
            match name.type_name() == R::Observation.name() {
                true => results.push((name.id(), Some(version), part.clone())),
                false => pictures.push((name.id(), version, part.clone())),
            }
        }
        let tasks = along.iter().filter(|one| one.kind == R::Task);
        Self {
            id: found.id.clone(),
            version: Some(found.version),
            own: Sensitivity::of_resource(&value),
            results,
            pictures,
            apart: belonging.apart,
            tasks: tasks
                .map(|one| (one.id.clone(), one.version, one.value()))
                .filter(|(.., task)| is_release(task) && text(task, "/status") == "on-hold")
                .collect(),
            value,
        }
    }

    pub fn values(&self) -> Vec<Value> {
        self.results.iter().map(|(.., value)| value.clone()).collect()
    }

    /// Its values, each with the sample that it is of, also where the report alone says that.
    pub fn sampled(&self) -> Vec<Value> {
        let mut values = self.values();
        samples::of_reports(&mut values, std::slice::from_ref(&self.value));
        values
    }

    pub fn is_signed(&self) -> bool {
        super::is_signed(&self.value)
    }

    /// Whether it was taken back as a mistake.
    pub fn is_taken_back(&self) -> bool {
        super::is_taken_back(&self.value)
    }

    pub fn is_held(&self) -> bool {
        is_held(&self.value)
    }

    /// Why it is held and until when, as far as it is known.
    pub fn held_until(&self) -> Option<(String, Timestamp)> {
        let (.., task) = self.tasks.first()?;
        Some((text(task, "/statusReason/text").to_owned(), text(task, "/executionPeriod/start").parse().ok()?))
    }
}

pub(super) fn put(value: &mut Value, name: &str, element: Value) {
    if let Some(members) = value.as_object_mut() {
        members.insert(name.to_owned(), element);
    }
}

/// Does it, and tells whom it concerns.
pub async fn settle(
    doing: Doing<'_>,
    patient: &FhirId,
    report: Report,
    act: Act,
    pen: Pen<'_>,
) -> Result<Done<()>, Refused<ResultError>> {
    if report.is_taken_back() {
        return Err(Refused::Told(ResultError::TakenBack));
    }
    if matches!(act, Act::Sign(..)) && report.is_signed() {
        return Err(Refused::Told(ResultError::Signed));
    }
    if act.holds() && !report.apart.is_empty() {
        return Err(Refused::Told(ResultError::Apart));
    }
    let seals = Seals::of(doing.records, patient)?;
    let told = told(patient, &report, &act, &seals);
    let held = match act.holds() {
        true => BTreeSet::new(),
        false => elsewhere::has(doing.records, &report, |one| is_held(one) && !super::is_taken_back(one))?,
    };
    let changes = changes(patient, report, act, &pen, (&held, &seals))?;
    carry_out(doing, changes, move |inside| {
        for notice in told {
            notify::tell(inside, notice)?;
        }
        Ok(())
    })
    .await
}

/// In whose sight a file is put into the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    #[default]
    WhoTakesIt,
    /// The house does it for them, where something takes the place of what is sealed from them. Both are written down.
    House,
}

/// Puts the reports of one file into the record: all of them or none. They wait for a doctor. One that was here before is put in
/// its place, and one that its laboratory withdrew is taken back. `seen` are the reports of their numbers that whoever takes the file
/// was asked about, each in its version: where there is another by now, nothing is done.
pub async fn enter_all(
    doing: Doing<'_>,
    patient: &FhirId,
    (arriving, seen): (Vec<Arriving>, Vec<(FhirId, u32)>),
    (release, by): (Release, By),
    pen: Pen<'_>,
) -> Result<Done<()>, Refused<ResultError>> {
    let act = Act::Enter(release);
    let seals = Seals::of(doing.records, patient)?;
    let mut hear: Vec<(bool, Notice)> = Vec::new();
    let mut all: Vec<Change> = Vec::new();
    let stay = arriving.iter().filter(|one| one.stays()).map(Arriving::report);
    let asked: Vec<(FhirId, Value)> = stay.map(|one| (one.id.clone(), one.value.clone())).collect();
    for one in arriving {
        let is_sealed = Sensitivity::of_resource(&one.report().value).is_sealed();
        let (changed, told) = entered(doing.records, patient, one, &act, (&pen, &seals))?;
        all.extend(changed);
        hear.extend(told.into_iter().map(|notice| (is_sealed, notice)));
    }
    let notices = once_each(hear);
    let patient = patient.clone();
    let event = (by == By::House).then(|| decided(&doing, &patient));
    let house = house();
    let actor = if by == By::House { &house } else { doing.actor };
    carry_out(Doing { actor, ..doing }, all, move |inside| {
        event.map_or(Ok(()), |event| inside.append(event))?;
        for (own, report) in &asked {
            for id in known_inside(inside, &patient, report)? {
                let version = inside.version(R::DiagnosticReport, &id)?;
                let is_seen = seen.iter().any(|(one, at)| *one == id && Some(*at) == version);
                if id != *own && !is_seen {
                    return no(ResultError::Meanwhile);
                }
            }
        }
        notices.into_iter().try_for_each(|notice| Ok(notify::tell(inside, notice)?))
    })
    .await
}

/// The entry of who took a file that the house put into the record.
fn decided(doing: &Doing<'_>, patient: &FhirId) -> Event {
    let reference = ResourceRef::new(R::Patient.name(), patient).ok();
    let touched = Touched::new(Some(patient.clone()), TouchKind::Changed, reference.into_iter().collect());
    Event::new(doing.actor.to_ref(), doing.why.action, doing.why.purpose)
        .session(doing.actor.session())
        .origin(doing.actor.origin())
        .detail(doing.why.detail.clone())
        .touching(&[touched])
}

/// The patient hears of a file once: of a report that is not sealed where there is one, so that who acts for them hears, too.
fn once_each(mut hear: Vec<(bool, Notice)>) -> Vec<Notice> {
    hear.sort_by_key(|(is_sealed, _)| *is_sealed);
    let mut notices: Vec<Notice> = Vec::new();
    for (_, notice) in hear {
        let is_same = |one: &Notice| {
            (&one.to, one.kind) == (&notice.to, notice.kind)
                && (one.about == notice.about || notice.kind.is_for_patients())
        };
        if !notices.iter().any(is_same) {
            notices.push(notice);
        }
    }
    notices
}

/// What becomes of one report of a file, and who hears of it.
fn entered(
    records: &Records,
    patient: &FhirId,
    arriving: Arriving,
    act: &Act,
    (pen, seals): (&Pen<'_>, &Seals),
) -> Result<(Vec<Change>, Vec<Notice>), RecordError> {
    let (report, gone) = match arriving {
        Arriving::New(report) => (report, Vec::new()),
        Arriving::InPlace { report, gone } => (report, gone),
        Arriving::Withdrawn(report) => return withdrawn(records, patient, report, pen),
    };
    let held = match act.holds() {
        true => BTreeSet::new(),
        false => elsewhere::has(records, &report, |one| is_held(one) && !super::is_taken_back(one))?,
    };
    let hear = told(patient, &report, act, seals);
    let mut all = super::take_back::gone(records, &report, gone)?;
    all.extend(changes(patient, report, act.clone(), pen, (&held, seals))?);
    Ok((all, hear))
}

/// Whom of the clinic a patient lets see what is sealed.
pub struct Seals {
    patient: FhirId,
    rules: ConsentRules,
    now: Timestamp,
}

impl Seals {
    pub fn of(records: &Records, patient: &FhirId) -> Result<Self, RecordError> {
        let (rules, now) = (records.consents_of(patient)?, records.audit().ambient().now());
        Ok(Self { patient: patient.clone(), rules, now })
    }

    /// By whom of the clinic it is seen now.
    pub fn seen(&self, one: &Value) -> Seen {
        let labels = Sensitivity::of_resource(one);
        match labels.is_sealed() {
            true => consents::seen(labels, &self.rules, &self.patient, self.now),
            false => Seen::ByClinic,
        }
    }

    /// Whether a part of a report waits for nobody: nobody who might sign or let it go sees that part, or the report.
    fn is_of_nobody(&self, report: &Value, part: &Value) -> bool {
        [report, part].into_iter().any(|one| self.seen(one) == Seen::ByNobody)
    }

    /// Whether there is a part of it that waits for nobody.
    pub fn has_part_of_nobody(&self, report: &Report) -> bool {
        let is = |part: &Value| self.is_of_nobody(&report.value, part);
        is(&report.value) || report.results.iter().any(|(.., part)| is(part))
    }
}

/// Who hears of it.
fn told(patient: &FhirId, report: &Report, act: &Act, seals: &Seals) -> Vec<Notice> {
    let seen = || Notice::new(Whom::Patient(patient.clone()), Kind::ResultReleased).about(report.id.clone());
    // Nobody looks in vain for what none of them sees.
    let waits = || {
        let is_seen = seals.seen(&report.value) != Seen::ByNobody;
        is_seen.then(|| Notice::new(Whom::Role(Role::Clinician), Kind::ResultToSign).about(report.id.clone()))
    };
    let was_seen = report.version.is_some() && !report.is_held();
    match act {
        Act::Enter(release) => {
            let is_seen = match release {
                Release::Now => true,
                Release::WhenSigned => seals.has_part_of_nobody(report),
                Release::Later { .. } => false,
            };
            is_seen.then(seen).into_iter().chain(waits()).collect()
        }
        Act::Sign(Release::Now, _) | Act::LetGo if !was_seen => vec![seen()],
        _ => Vec::new(),
    }
}

/// `held_elsewhere` are results and pictures that another report holds: they stay so. What would wait for a doctor, and no doctor
/// sees, is the patient's at once.
fn changes(
    patient: &FhirId,
    report: Report,
    act: Act,
    pen: &Pen<'_>,
    (held_elsewhere, seals): (&BTreeSet<ResourceRef>, &Seals),
) -> Result<Vec<Change>, RecordError> {
    let Report { id, version, mut value, results, pictures, tasks, .. } = report;
    let mut changes = Vec::new();
    let signs = matches!(act, Act::Sign(..));
    let held = act.holds();
    let waits = act == Act::Enter(Release::WhenSigned);
    let of_report = value.clone();
    let kept = |value: Value| {
        let is_held = held && !(waits && seals.is_of_nobody(&of_report, &value));
        if is_held { hold(value) } else { let_go(value) }
    };
    let part = |kind, id: &FhirId, value: Value| {
        let stays = held_elsewhere.contains(&elsewhere::named(kind, id)?);
        Ok::<_, RecordError>(if stays { hold(value) } else { kept(value) })
    };
    if matches!(act, Act::Enter(_)) {
        marks::put(&mut value, marks::ENTERED);
    }
    // Who lets it go has done what the laboratory asked for, or answers for it.
    if !held {
        marks::take_off(&mut value, marks::ASKS_TO_HOLD);
    }
    if let Act::Sign(_, said) = &act {
        sign(&mut value, pen);
        if let Some(said) = said {
            comment(&mut value, said, pen);
        }
    }
    for (id, version, mut one) in results {
        if signs && text(&one, "/status") == "preliminary" {
            put(&mut one, "status", "final".into());
        }
        let one = part(R::Observation, &id, one)?;
        changes.push(match version {
            Some(version) => Change::put(R::Observation, id, one, Condition::Version(version), Mode::Strict)?,
            None => Change::create_as(R::Observation, id, one, Mode::Strict)?,
        });
    }
    for (id, version, one) in pictures {
        let one = part(R::Media, &id, one)?;
        changes.push(Change::put(R::Media, id, one, Condition::Version(version), Mode::Strict)?);
    }
    let is_signed = super::is_signed(&value);
    let value = kept(value);
    changes.push(match version {
        Some(version) => {
            Change::put(R::DiagnosticReport, id.clone(), value, Condition::Version(version), Mode::Strict)?
        }
        None => Change::create_as(R::DiagnosticReport, id.clone(), value, Mode::Strict)?,
    });
    if signs {
        let proof = provenance(patient, &id, pen);
        let proof = if held { hold(proof) } else { proof };
        changes.push(Change::create_as(R::Provenance, FhirId::new(pen.ambient), proof, Mode::Strict)?);
    }
    // What was decided before is decided anew, by whoever decides. Until then it stands, and is not about what came since.
    let (stand, end): (Vec<_>, Vec<_>) = tasks.into_iter().partition(|_| waits);
    for (task, version, one) in stand.into_iter().filter(|(.., one)| !is_for_another(one)) {
        let one = for_another(one, pen);
        changes.push(Change::put(R::Task, task, one, Condition::Version(version), Mode::Strict)?);
    }
    for (task, version, mut one) in end {
        let status = if held { "cancelled" } else { "completed" };
        put(&mut one, "status", status.into());
        put(&mut one, "lastModified", pen.now.into());
        changes.push(Change::put(R::Task, task, kept(one), Condition::Version(version), Mode::Strict)?);
    }
    let later = match act {
        Act::Enter(Release::Later { reason, until })
        | Act::Sign(Release::Later { reason, until }, _)
        | Act::Hold { reason, until } => Some((reason, until)),
        _ => None,
    };
    if let Some((reason, until)) = later {
        let task = task(patient, &id, &reason, until, pen);
        let task = hold(if is_signed { task } else { of_unsigned(task) });
        changes.push(Change::create_as(R::Task, FhirId::new(pen.ambient), task, Mode::Strict)?);
    }
    Ok(changes)
}

fn sign(report: &mut Value, pen: &Pen<'_>) {
    if matches!(text(report, "/status"), "preliminary" | "registered" | "partial") {
        put(report, "status", "final".into());
    }
    let inside = report.get_mut("contained").and_then(Value::as_array_mut).into_iter().flatten();
    for one in inside.filter(|one| text(one, "/resourceType") == R::Observation.name()) {
        if text(one, "/status") == "preliminary" {
            put(one, "status", "final".into());
        }
    }
    let before = report.get("resultsInterpreter").and_then(Value::as_array).cloned().unwrap_or_default();
    let me = pen.author.reference();
    put(report, "resultsInterpreter", before.into_iter().filter(|one| *one != me).chain([me.clone()]).collect());
    marks::put(report, SIGNED);
}

fn task(patient: &FhirId, report: &FhirId, reason: &str, until: Timestamp, pen: &Pen<'_>) -> Value {
    json!({
        "resourceType": "Task",
        "status": "on-hold",
        "statusReason": {"text": reason},
        "intent": "order",
        "code": {"coding": [{"system": RELEASE.0, "code": RELEASE.1}], "text": "Let the patient see a result"},
        "focus": {"reference": format!("DiagnosticReport/{report}")},
        "for": {"reference": format!("Patient/{patient}")},
        "executionPeriod": {"start": until.to_string()},
        "authoredOn": pen.now,
        "requester": pen.author.reference(),
    })
}

fn provenance(patient: &FhirId, report: &FhirId, pen: &Pen<'_>) -> Value {
    let who = pen.author.reference();
    let kind = json!({"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.5"});
    let role = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type", "code": "verifier"}]});
    json!({
        "resourceType": "Provenance",
        "target": [
            {"reference": format!("DiagnosticReport/{report}")},
            {"reference": format!("Patient/{patient}")},
        ],
        "recorded": pen.now,
        "agent": [{"type": role, "who": who}],
        "signature": [{"type": [kind], "when": pen.now, "who": who}],
    })
}

/// The most results that one run lets go; the next run goes on.
const MOST: usize = 50;

/// Lets go what was held until now. Answers with how many reports that were.
pub async fn release_due(records: &Records) -> Result<usize, RecordError> {
    let actor = Actor::system("job:release");
    let ambient = records.audit().ambient().clone();
    let now = Timestamp::from_second(ambient.now().as_second()).unwrap_or_default();
    let due = strict(R::Task, &format!("status=on-hold&code={}|{}&period=lt{now}", RELEASE.0, RELEASE.1))?;
    let pick: fn(&Value) -> Option<(ResourceRef, ResourceRef, bool)> = |task| {
        if !is_release(task) || is_for_another(task) {
            return None;
        }
        let named = |at: &str| ResourceRef::parse(task.pointer(at)?.as_str()?).ok();
        let focus = named("/focus/reference").filter(|focus| focus.type_name() == R::DiagnosticReport.name())?;
        Some((focus, named("/for/reference")?, is_of_unsigned(task)))
    };
    let found = records.glimpse(&due, pick)?;
    let mut gone = 0;
    for (focus, patient, is_of_unsigned) in found {
        // What cannot be let go takes nobody's place.
        if gone == MOST {
            break;
        }
        // What was decided of a signed version says nothing of one that nobody signed.
        if !is_of_unsigned && lost_its_signature(records, &focus.id())? {
            continue;
        }
        let query = whole(&focus.id())?;
        let why = |action| Why { action, purpose: Purpose::Treat, detail: Detail::none(), channel: Channel::Screen };
        let page = match records.disclose(&actor, why(Action::Read), |reading| reading.search(&query)).await {
            Ok(page) => page.into_inner(),
            // One that is too large keeps no other waiting.
            Err(error @ (RecordError::TooMuchAlong(_) | RecordError::TooDeep(_))) => {
                tracing::error!(target: "jobs", %error, report = %focus.id(), "a held result could not let itself go");
                continue;
            }
            Err(error) => return Err(error),
        };
        let Some(report) = page.matches.first() else { continue };
        let report = Report::of(report, &page.included);
        let text = now.to_string();
        let author = crate::care::entries::Author { person: None, name: "Chartbox" };
        let pen = Pen { author, now: &text, today: now.to_zoned(jiff::tz::TimeZone::UTC).date(), ambient: &ambient };
        let doing = Doing { records, actor: &actor, why: why(Action::Release), once: None };
        match settle(doing, &patient.id(), report, Act::LetGo, pen).await {
            Ok(_) => gone += 1,
            // Somebody decided about it just now: what they said stands.
            Err(Refused::Record(RecordError::VersionConflict { .. }) | Refused::Told(_)) => {}
            Err(Refused::Record(error)) => return Err(error),
        }
    }
    Ok(gone)
}

/// Whether a report is unsigned in the version that stands, and was signed in one before.
fn lost_its_signature(records: &Records, report: &FhirId) -> Result<bool, RecordError> {
    let signed: fn(&Value) -> Option<bool> = |version| Some(super::is_signed(version));
    let versions = records.glimpse_versions(R::DiagnosticReport, report, signed)?;
    Ok(versions.first() == Some(&false) && versions.contains(&true))
}

/// Whether what a doctor decided of a result, to hold it until a day, was about another version: then it does not let itself go
/// on that day.
pub fn waits_again(records: &Records, report: &Report) -> Result<bool, RecordError> {
    let is_decided = report.is_held() && !report.is_signed() && !report.tasks.is_empty();
    let is = |so: fn(&Value) -> bool| report.tasks.iter().any(|(.., task)| so(task));
    // What was decided when nobody had signed lost no signature since.
    Ok(is_decided && (is(is_for_another) || (!is(is_of_unsigned) && lost_its_signature(records, &report.id)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Reach;
    use crate::audit::Audit;
    use crate::base::{AccountId, Ambient, ManualClock, SeededRandom};
    use crate::care::entries::Author;
    use crate::care::notify::Wanted;
    use crate::record::Transaction;
    use crate::store::Store;

    const TWO_DAYS: std::time::Duration = std::time::Duration::from_secs(2 * 86_400);

    fn why(action: Action) -> Why {
        Why { action, purpose: Purpose::Treat, detail: Detail::none(), channel: Channel::Screen }
    }

    fn told_to(records: &Records, patient: &FhirId) -> Vec<Kind> {
        let wanted = Wanted {
            account: AccountId::from_bytes([1; 16]),
            since: Timestamp::UNIX_EPOCH,
            readers: vec![Whom::Patient(patient.clone())],
            kinds: |_| true,
        };
        let told = notify::newest(&records.audit().read().unwrap(), &wanted).unwrap();
        told.into_iter().map(|one| one.kind).collect()
    }

    #[test]
    fn of_a_file_the_patient_hears_once_and_of_what_is_not_sealed_where_there_is_any() {
        let id = |text: &str| FhirId::parse(text).unwrap();
        let released = |of: &str| Notice::new(Whom::Patient(id("p")), Kind::ResultReleased).about(id(of));
        let waits = |of: &str| Notice::new(Whom::Role(Role::Clinician), Kind::ResultToSign).about(id(of));
        let hear = vec![(true, released("hiv")), (true, waits("hiv")), (false, released("a")), (false, released("b"))];
        assert_eq!(once_each(hear), [released("a"), waits("hiv")]);
        assert_eq!(once_each(vec![(true, released("hiv"))]), [released("hiv")]);
    }

    #[test]
    fn what_lies_in_a_report_is_signed_with_it() {
        let mut report = json!({"status": "preliminary", "contained": [
            {"resourceType": "Observation", "status": "preliminary"}, {"resourceType": "Observation", "status": "cancelled"}]});
        let ambient = Ambient::system();
        let author = Author { person: None, name: "Dr A" };
        let pen = Pen { author, now: "2026-03-03T09:00:00Z", today: "2026-03-03".parse().unwrap(), ambient: &ambient };
        sign(&mut report, &pen);
        let states = ["/status", "/contained/0/status", "/contained/1/status"].map(|at| text(&report, at).to_owned());
        assert_eq!(states, ["final", "final", "cancelled"]);
    }

    #[tokio::test]
    async fn a_held_result_lets_itself_go_on_its_day_and_the_patient_is_told_then() {
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let ambient = Ambient::new(clock.clone(), SeededRandom::new(5));
        let records = Records::new(Audit::new(Store::in_memory(), ambient.clone()), Reach::Clinic);
        let (actor, patient) = (Actor::system("test"), FhirId::parse("p1").unwrap());
        let person = json!({"resourceType": "Patient", "id": "p1", "name": [{"family": "Brandvold"}]});
        let change = Change::put(R::Patient, patient.clone(), person, Condition::None, Mode::Strict).unwrap();
        records.change_all(&actor, why(Action::Import), vec![change], Transaction::IMPORT).await.unwrap();

        let subject = json!({"reference": "Patient/p1"});
        let test = json!({"resourceType": "Observation", "status": "preliminary", "code": {"text": "TSH"}, "subject": subject,
            "valueQuantity": {"value": 9.8}});
        let value = json!({"resourceType": "DiagnosticReport", "status": "preliminary", "code": {"text": "Thyroid"}, "subject": subject});
        let report = Report::new(FhirId::new(&ambient), value, vec![(FhirId::new(&ambient), None, test)]);
        let author = Author { person: None, name: "Dr A" };
        let pen = Pen { author, now: "2026-03-03T09:00:00Z", today: "2026-03-03".parse().unwrap(), ambient: &ambient };
        let doing = Doing { records: &records, actor: &actor, why: why(Action::Sign), once: None };
        let later = Release::Later { reason: "in person".into(), until: "2026-03-05T07:00:00Z".parse().unwrap() };
        assert!(matches!(settle(doing, &patient, report, Act::Sign(later, None), pen).await, Ok(Done::Now(..))));

        let of = |kind, query: &str, pick: fn(&Value) -> Option<(String, bool)>| {
            records.glimpse(&strict(kind, query).unwrap(), pick).unwrap()
        };
        let pick: fn(&Value) -> Option<(String, bool)> = |one| Some((text(one, "/status").to_owned(), is_held(one)));
        let kinds = [R::DiagnosticReport, R::Observation, R::Task];
        let state = || kinds.map(|kind| of(kind, "_lastUpdated=ge2000", pick).swap_remove(0));
        let say = |states: [(&str, bool); 3]| states.map(|(status, held)| (status.to_owned(), held));
        assert_eq!(release_due(&records).await.unwrap(), 0, "its day has not come");
        assert_eq!(state(), say([("final", true), ("final", true), ("on-hold", true)]));
        assert!(told_to(&records, &patient).is_empty());
        clock.advance(TWO_DAYS);
        assert_eq!(release_due(&records).await.unwrap(), 1);
        assert_eq!(release_due(&records).await.unwrap(), 0, "it is let go once");
        assert_eq!(state(), say([("final", false), ("final", false), ("completed", false)]));
        assert_eq!(told_to(&records, &patient), [Kind::ResultReleased]);
    }
}
