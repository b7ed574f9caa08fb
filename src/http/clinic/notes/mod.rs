//! Visit notes: begun, written by doctors and nurses, kept while they are typed, signed by a doctor, and added to.

mod addenda;
mod begin;
mod list;
mod show;
mod write;

pub(in crate::http) use addenda::add;
pub(in crate::http) use begin::begin;
pub(in crate::http) use list::list;
pub(in crate::http) use show::show;
pub(in crate::http) use write::write;

use std::collections::BTreeMap;

use serde_json::Value;

use super::chart::Opened;
use super::entries::{doing, instant, subject, today};
use super::notes_pages as pages;
use super::{id_of, why};
use crate::access::Actor;
use crate::audit::{Action, Detail};
use crate::base::{AccountId, FhirId, Role};
use crate::care::chart::FRAME;
use crate::care::note::{self, NoteTyped, PARTS, Saved, phrases};
use crate::care::{Chart, Part, entries, previsit};
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, Ctx};
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::ui::When;
use crate::http::ui::record::DocumentRow;
use crate::record::{Page, strict};

/// How many documents stand beside a note.
const BESIDE: usize = 12;
/// A note with everything that its page shows.
struct Read {
    opened: Opened,
    saved: Saved,
    version: u32,
    addenda: Vec<Value>,
    /// `DocumentReference/x` of the note itself.
    document: Option<String>,
    beside: Vec<DocumentRow>,
    /// Where the form is read that the patient returned before the visit.
    form: Option<String>,
}

fn place(patient: &str, note: &str) -> String {
    format!("/patients/{patient}/notes/{note}")
}

async fn read(visit: &Visit, patient: &str, note: &str) -> Result<Read, Refusal> {
    let (patient, note) = (id_of(patient)?, id_of(note)?);
    let text = format!(
        "_id={note}&_include=Composition:encounter&_include=Composition:entry&_revinclude=Composition:related-ref\
         &_include:iterate=Encounter:appointment&_revinclude=DocumentReference:related"
    );
    let query = strict(R::Composition, &text)?;
    let parts = FRAME.iter().map(|kind| (*kind, Part::<()>::All)).chain([(R::DocumentReference, Part::Newest(BESIDE))]);
    let looks = why(visit, Action::Read, Detail::none());
    let found = visit.house.records.disclose(&visit.actor, looks, |reading| {
        let chart = Chart::read_parts(reading, &patient, parts)?;
        // Read by its id first: what is not there is refused, and the refusal is written down.
        Ok(chart.zip(reading.read(R::Composition, &note)?).zip(reading.search(&query)?))
    });
    let ((chart, stored), page) = found.await?.into_inner();
    let composition = stored.value();
    if subject(&composition) != Some(format!("Patient/{patient}").as_str()) {
        return Err(Refusal::not_found());
    }
    let opened = Opened::of(visit, chart)?;
    let beside = fill::documents(opened.chart.of(R::DocumentReference), patient.as_str(), "/patients", &opened.ctx);
    Ok(sorted(opened, composition, stored.version, note, beside, &page))
}

/// What came along, by what it is to the note.
fn sorted(
    opened: Opened,
    composition: Value,
    version: u32,
    note: FhirId,
    beside: Vec<DocumentRow>,
    page: &Page,
) -> Read {
    let own = format!("Composition/{note}");
    let mut read = Read {
        opened,
        saved: Saved { id: note, composition, encounter: None, entries: Vec::new() },
        version,
        addenda: Vec::new(),
        document: None,
        beside,
        form: None,
    };
    let visit = read.saved.composition.pointer("/encounter/reference").and_then(Value::as_str).map(str::to_owned);
    for one in &page.included {
        let value = one.value();
        let reference = format!("{}/{}", one.kind, one.id);
        match one.kind {
            R::Encounter if Some(&reference) == visit.as_ref() => {
                read.saved.encounter = Some((one.id.clone(), one.version, value));
            }
            R::Composition if note::appends_to(&value) == Some(own.as_str()) => read.addenda.push(value),
            R::DocumentReference => read.document = Some(reference),
            R::Appointment => {
                let who = &read.opened.frame.who;
                let form = previsit::answers_of_one(&value, &who.id).map(|form| format!("/forms#form-{form}"));
                read.form = form.map(|form| format!("{}{form}", who.href()));
            }
            _ if PARTS.iter().any(|part| refers(&read.saved.composition, part, &reference)) => {
                read.saved.entries.push((one.kind, one.id.clone(), one.version, value));
            }
            _ => {}
        }
    }
    read.addenda.sort_by(|a, b| date(a).cmp(date(b)));
    read
}

fn refers(composition: &Value, part: &note::Part, reference: &str) -> bool {
    note::entries_of(note::section(composition, part)).any(|one| one == reference)
}

fn date(value: &Value) -> &str {
    value.get("date").and_then(Value::as_str).unwrap_or_default()
}

/// Who wrote last, and when.
fn last_writer(composition: &Value, ctx: &Ctx) -> (String, Option<When>) {
    let name = composition.get("author").and_then(Value::as_array).and_then(|all| all.last());
    let name = name.and_then(|one| one.get("display")).and_then(Value::as_str).unwrap_or_default().to_owned();
    (name, When::parse(date(composition), &ctx.zone))
}

/// The form as the stored note fills it.
fn typed_of(saved: &Saved, version: u32) -> NoteTyped {
    let mut typed = NoteTyped { version: version.to_string(), ..NoteTyped::default() };
    for part in &PARTS {
        typed.put_part(part.field, note::part_text(&saved.composition, part));
    }
    if let Some((.., encounter)) = &saved.encounter {
        typed.reason = encounter.pointer("/reasonCode/0/text").and_then(Value::as_str).unwrap_or_default().to_owned();
    }
    let observations = saved.entries.iter().filter(|(kind, ..)| *kind == R::Observation).map(|(.., value)| value);
    typed.vitals = entries::typed_of(observations);
    typed.seen = note::merge::marks(&typed);
    typed
}

fn pen(visit: &Visit) -> (String, jiff::civil::Date) {
    (instant(visit), today(visit))
}

fn account(visit: &Visit) -> Result<AccountId, Refusal> {
    Ok(visit.account.as_ref().ok_or(Refusal::new(No::NotSignedIn))?.id)
}

fn may_sign(actor: &Actor) -> bool {
    actor.role() == Some(Role::Clinician)
}

/// All phrases by name: what the house knows of the patient, then the clinic's, then one's own, the later before the earlier.
fn phrases_for(visit: &Visit, read: &Read) -> Result<BTreeMap<String, String>, Refusal> {
    let mut all = pages::known(&read.opened);
    let store = visit.house.store.read()?;
    for owner in [phrases::CLINIC, account(visit)?] {
        for (name, phrase) in phrases::of(&store, owner)? {
            if let phrases::Phrase::Text(text) = phrase {
                all.insert(name, text.into());
            }
        }
    }
    Ok(all)
}

fn templates(visit: &Visit) -> Result<Vec<String>, Refusal> {
    let store = visit.house.store.read()?;
    let mut names: Vec<String> = Vec::new();
    for owner in [account(visit)?, phrases::CLINIC] {
        for (name, phrase) in phrases::of(&store, owner)? {
            if matches!(phrase, phrases::Phrase::Template(_)) && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Ok(names)
}
