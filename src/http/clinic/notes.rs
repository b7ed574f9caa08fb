//! Visit notes: begun, written by doctors and nurses, kept while they are typed, signed by a doctor, and added to.

use std::collections::BTreeMap;

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;

use super::chart::Opened;
use super::codes::Offer;
use super::entries::{author, instant, said, subject, today};
use super::notes_pages::{self as pages, Kept, NotePage, NoteRow, Notes, SignedNote, Theirs};
use super::{ctx, id_of, why};
use crate::access::Actor;
use crate::audit::{Action, Detail};
use crate::base::{AccountId, FhirId, Role};
use crate::care::chart::FRAME;
use crate::care::forms::{self, Draft};
use crate::care::note::{self, NoteError, NoteTyped, Open, PARTS, Pen, Saved, Step, VisitOf, phrases};
use crate::care::workflow::{Doing, Refused};
use crate::care::{Chart, Part, entries};
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, Ctx};
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::record::DocumentRow;
use crate::http::ui::{Faults, When, format, t};
use crate::record::{Page, RecordError, Stored, strict};

/// How many documents stand beside a note.
const BESIDE: usize = 12;
/// How many notes of a patient are listed.
const LISTED: usize = 200;

/// A note with everything that its page shows.
struct Read {
    opened: Opened,
    saved: Saved,
    version: u32,
    addenda: Vec<Value>,
    /// `DocumentReference/x` of the note itself.
    document: Option<String>,
    beside: Vec<DocumentRow>,
}

fn place(patient: &str, note: &str) -> String {
    format!("/patients/{patient}/notes/{note}")
}

async fn read(visit: &Visit, patient: &str, note: &str) -> Result<Read, Refusal> {
    let (patient, note) = (id_of(patient)?, id_of(note)?);
    let text = format!(
        "_id={note}&_include=Composition:encounter&_include=Composition:entry&_revinclude=Composition:related-ref\
         &_revinclude=DocumentReference:related"
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

// ---- the list, and beginning ----

/// `GET /patients/{id}/notes`
pub(in crate::http) async fn list(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let opened = super::chart::open(&visit, &id, &[R::Composition]).await?;
    let ctx = ctx(&visit);
    let mut rows: Vec<NoteRow> = Vec::new();
    for one in opened.chart.of(R::Composition).iter().take(LISTED) {
        let is_over = one.get("status").and_then(Value::as_str) == Some("entered-in-error");
        if is_over || note::appends_to(one).is_some() {
            continue;
        }
        let (by, when) = last_writer(one, &ctx);
        let text = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        rows.push(NoteRow {
            href: place(&opened.frame.who.id, &text("id")),
            title: text("title"),
            by,
            when,
            signed: note::is_signed(one),
        });
    }
    let (signed, open) = rows.into_iter().partition(|row| row.signed);
    page(&Notes { cx: opened.cx, frame: opened.frame, open, signed })
}

/// What of this day bears on a note that is about to be begun.
struct Begun {
    /// Notes that are being written, newest first.
    notes: Vec<Value>,
    appointments: Page,
    /// Visits that have begun on this day and are not over.
    visits: Vec<Stored>,
}

impl Begun {
    async fn read(visit: &Visit, patient: &FhirId) -> Result<Self, Refusal> {
        let (_, today) = pen(visit);
        let noon = today.at(12, 0, 0, 0).to_zoned(ctx(visit).zone).map_err(Refusal::internal)?;
        let (start, end) = format::day_bounds(&noon).ok_or_else(|| Refusal::internal("a day without bounds"))?;
        let of = |kind, more: &str| strict(kind, &format!("patient={patient}&date=ge{start}&date=lt{end}{more}"));
        let notes = strict(
            R::Composition,
            &format!("patient={patient}&status=preliminary&date=ge{today}&_sort=-date&_count=20"),
        )?;
        let appointments = of(R::Appointment, "&_count=10")?;
        let visits = of(R::Encounter, "&status=arrived,triaged,in-progress&_count=10")?;
        let looks = why(visit, Action::Read, Detail::none());
        let found = visit.house.records.disclose(&visit.actor, looks, |reading| {
            let notes = reading.search(&notes)?.zip(reading.search(&appointments)?);
            Ok(notes.zip(reading.search(&visits)?))
        });
        let ((notes, appointments), visits) = found.await?.into_inner();
        let of_today = |one: &Stored| began_on(&one.value(), today, &ctx(visit));
        let visits = visits.matches.into_iter().filter(of_today).collect();
        Ok(Self { notes: notes.matches.iter().map(Stored::value).collect(), appointments, visits })
    }

    /// The note that this person writes already.
    fn own(&self, me: &str) -> Option<&str> {
        let mine = |one: &&Value| {
            let all = one.get("author").and_then(Value::as_array).into_iter().flatten();
            all.into_iter().any(|one| one.get("reference").and_then(Value::as_str) == Some(me))
        };
        id_in(self.notes.iter().find(mine)?)
    }

    /// The visit that is meant: one with this person or of their appointment, or the only one.
    fn visit(&self, me: &str, appointment: Option<&str>) -> Option<&Stored> {
        let open = &self.visits;
        let refers = |one: &Value, list: &str, at: &str, to: &str| {
            let all = one.get(list).and_then(Value::as_array).into_iter().flatten();
            all.into_iter().any(|one| one.pointer(at).and_then(Value::as_str) == Some(to))
        };
        let meant = open.iter().find(|one| {
            let value = one.value();
            refers(&value, "participant", "/individual/reference", me)
                || appointment.is_some_and(|appointment| refers(&value, "appointment", "/reference", appointment))
        });
        meant.or(match open.as_slice() {
            [only] => Some(only),
            _ => None,
        })
    }

    /// The note that somebody else has begun of this visit.
    fn of_visit(&self, visit: &FhirId) -> Option<&str> {
        let of = |one: &&Value| {
            one.pointer("/encounter/reference").and_then(Value::as_str) == Some(format!("Encounter/{visit}").as_str())
        };
        id_in(self.notes.iter().find(of)?)
    }
}

/// A visit that nobody ever closed has no end, and so a search finds it on every later day.
fn began_on(visit: &Value, day: jiff::civil::Date, ctx: &Ctx) -> bool {
    ctx.when(visit, "/period/start").is_some_and(|start| start.day() == day)
}

fn id_in(value: &Value) -> Option<&str> {
    value.get("id").and_then(Value::as_str)
}

/// `POST /patients/{id}/notes`: leads to the note of this visit, begun now or before, by this person or by another.
pub(in crate::http) async fn begin(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let patient = id_of(&id)?;
    let looks = why(&visit, Action::Read, Detail::none());
    drop(visit.house.records.disclose(&visit.actor, looks, |reading| reading.read(R::Patient, &patient)).await?);
    let me = visit.actor.person().map(ToString::to_string).unwrap_or_default();
    let (mut appointment, mut of) = (None, VisitOf::New(FhirId::new(&visit.house.ambient)));
    if !me.is_empty() {
        let begun = Begun::read(&visit, &patient).await?;
        if let Some(note) = begun.own(&me) {
            return Ok(Redirect::to(&place(patient.as_str(), note)).into_response());
        }
        appointment = begun.appointments.matches.iter().find_map(|one| of_today(one, &me));
        if let Some(there) = begun.visit(&me, appointment.as_ref().map(|(reference, _)| reference.as_str())) {
            if let Some(note) = begun.of_visit(&there.id) {
                return Ok(Redirect::to(&format!("{}?done=begun", place(patient.as_str(), note))).into_response());
            }
            of = VisitOf::Begun(there.id.clone(), there.version, there.value());
        }
    }
    let note = FhirId::new(&visit.house.ambient);
    let to = place(patient.as_str(), note.as_str());
    let open = Open { patient: &patient, note, visit: of, appointment };
    let (now, today) = pen(&visit);
    let pen = Pen { author: author(&visit), now: &now, today, ambient: &visit.house.ambient };
    let doing = doing(&visit, Action::Create, &sent, &to);
    let done = note::start(doing, open, pen).await;
    visit.settled(&sent, done, &to).await
}

/// An appointment that takes place with this person, and why.
fn of_today(stored: &Stored, me: &str) -> Option<(String, Option<String>)> {
    let value = stored.value();
    let status = value.get("status").and_then(Value::as_str)?;
    let with_me = value
        .get("participant")?
        .as_array()?
        .iter()
        .any(|one| one.pointer("/actor/reference").and_then(Value::as_str) == Some(me));
    let reason = value.pointer("/reasonCode/0/text").and_then(Value::as_str).map(str::to_owned);
    (with_me && !matches!(status, "cancelled" | "noshow" | "entered-in-error" | "proposed"))
        .then(|| (format!("Appointment/{}", stored.id), reason))
}

fn doing<'a, T>(visit: &'a Visit, action: Action, sent: &Sent<T>, place: &str) -> Doing<'a> {
    Doing {
        records: &visit.house.records,
        actor: &visit.actor,
        why: why(visit, action, Detail::none()),
        once: visit.once(sent, place),
    }
}

// ---- the page ----

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Asked {
    tab: Option<String>,
    done: Option<String>,
}

/// `GET /patients/{id}/notes/{note}`
pub(in crate::http) async fn show(
    visit: Visit,
    Path((id, note)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let mut read = read(&visit, &id, &note).await?;
    read.opened.cx.done = match asked.done.as_deref() {
        Some("saved") => Some(t("note-done-saved").to_string()),
        Some("signed") => Some(t("note-done-signed").to_string()),
        Some("added") => Some(t("note-done-added").to_string()),
        Some("begun") => Some(t("note-done-begun").to_string()),
        _ => None,
    };
    let here = place(&id, &note);
    let mut drafts = drafts(&visit, &here)?;
    if note::is_signed(&read.saved.composition) {
        let kept = texts(&drafts, &read.opened.ctx);
        let typed = visit.kept::<AddendumTyped>(&mut read.opened.cx)?.unwrap_or_default();
        return signed(&visit, read, &typed.addendum, kept, Faults::none());
    }
    let stored = typed_of(&read.saved, read.version);
    // The draft of the tab that is asked for; else the newest that was typed into the note as it stands.
    let wanted = asked.tab.as_deref().map(|tab| format!("{here}?tab={tab}"));
    let fits = |(at, draft): &(String, Draft)| match &wanted {
        Some(wanted) if at == wanted => true,
        _ => parsed(draft).version == stored.version,
    };
    let at = drafts.iter().position(|one| wanted.as_ref() == Some(&one.0)).or_else(|| drafts.iter().position(fits));
    let mut typed = stored.clone();
    read.opened.cx.at = format!("{here}?tab={}", read.opened.cx.once);
    if let Some(at) = at {
        let (place, draft) = drafts.remove(at);
        let before = parsed(&draft);
        read.opened.cx.kept = Some(When::at(draft.at, &read.opened.ctx.zone));
        if before.version == stored.version {
            typed = NoteTyped { from: place.clone(), ..before };
        } else {
            // Somebody changed the note since: it is shown as it stands, and what was typed beside it.
            drafts.insert(0, (place, draft));
            read.opened.cx.kept = None;
        }
    }
    let others = drafts.iter().map(|(at, draft)| kept(at, draft, &read.opened.ctx)).collect();
    written(&visit, read, &typed, None, others, Faults::none())
}

/// What this account typed into this note and did not save, newest first.
fn drafts(visit: &Visit, here: &str) -> Result<Vec<(String, Draft)>, Refusal> {
    Ok(forms::kept_below(&visit.house.store.read()?, account(visit)?, here)?)
}

/// Their texts. The draft of an addendum has none of a note: it stands in its own form.
fn texts(drafts: &[(String, Draft)], ctx: &Ctx) -> Vec<Kept> {
    drafts.iter().map(|(at, draft)| kept(at, draft, ctx)).filter(|one| !one.parts.is_empty()).collect()
}

fn parsed(draft: &Draft) -> NoteTyped {
    serde_urlencoded::from_bytes(&draft.body).unwrap_or_default()
}

fn kept(at: &str, draft: &Draft, ctx: &Ctx) -> Kept {
    let typed = parsed(draft);
    let parts = PARTS.iter().map(|part| (pages::part_word(part.field), typed.part(part.field).to_owned()));
    Kept {
        at: at.to_owned(),
        when: When::at(draft.at, &ctx.zone),
        parts: parts.filter(|(_, text)| !text.trim().is_empty()).collect(),
    }
}

fn written(
    visit: &Visit,
    read: Read,
    typed: &NoteTyped,
    theirs: Option<Theirs>,
    others: Vec<Kept>,
    faults: Faults,
) -> Result<Response, Refusal> {
    let all = phrases_for(visit, &read)?;
    let shown: Vec<(String, String)> = all.iter().map(|(name, text)| (name.clone(), text.clone())).collect();
    let (by, when) = last_writer(&read.saved.composition, &read.opened.ctx);
    let made = pages::made(&read.saved);
    page(&NotePage {
        note: read.saved.id.to_string(),
        version: typed.version.clone(),
        from: typed.from.clone(),
        reason: pages::reason(&typed.reason, &faults),
        vitals: super::entries_pages::vitals(&typed.vitals, &faults),
        parts: pages::parts(typed, &faults),
        groups: pages::groups(typed, &Offer::of(visit, &typed.act)?, &faults),
        made,
        templates: templates(visit)?,
        phrases: shown,
        last: when.map(|when| {
            t("note-last").with("name", by).with("when", when.near_within(&read.opened.cx.now)).to_string()
        }),
        theirs,
        others,
        beside: read.beside,
        may_sign: may_sign(&visit.actor),
        faults,
        frame: read.opened.frame,
        cx: read.opened.cx,
    })
}

fn signed(visit: &Visit, mut read: Read, typed: &str, kept: Vec<Kept>, faults: Faults) -> Result<Response, Refusal> {
    let composition = &read.saved.composition;
    if read.opened.cx.at.is_empty() {
        read.opened.cx.at = place(&read.opened.frame.who.id, read.saved.id.as_str());
    }
    let ctx = &read.opened.ctx;
    let signature = |value: &Value| {
        let name = value.pointer("/attester/0/party/display").and_then(Value::as_str).unwrap_or_default();
        let when =
            value.pointer("/attester/0/time").and_then(Value::as_str).and_then(|text| When::parse(text, &ctx.zone));
        match when {
            Some(when) => t("note-signed-by").with("name", name).with("when", when.long_time()).to_string(),
            None => t("note-signed").to_string(),
        }
    };
    let stored = typed_of(&read.saved, read.version);
    let parts = PARTS.iter().map(|part| (pages::part_word(part.field), stored.part(part.field).to_owned()));
    let added = read.addenda.iter().map(|one| {
        let div = one.pointer("/section/0/text/div").and_then(Value::as_str).unwrap_or_default();
        (note::plain_of(div), signature(one))
    });
    page(&SignedNote {
        note: read.saved.id.to_string(),
        title: composition.get("title").and_then(Value::as_str).unwrap_or_default().to_owned(),
        when: When::parse(date(composition), &ctx.zone),
        signature: signature(composition),
        measured: pages::measured(&read.saved, ctx),
        parts: parts.filter(|(_, text)| !text.is_empty()).collect(),
        made: pages::made(&read.saved).into_iter().map(|row| (row.kind, row.text)).collect(),
        added: added.collect(),
        kept,
        addendum: pages::addendum(typed, &faults),
        may_sign: may_sign(&visit.actor),
        faults,
        frame: read.opened.frame,
        cx: read.opened.cx,
    })
}

// ---- writing ----

/// `POST /patients/{id}/notes/{note}`
pub(in crate::http) async fn write(
    visit: Visit,
    Path((id, note)): Path<(String, String)>,
    mut sent: Sent<NoteTyped>,
) -> Result<Response, Refusal> {
    let read = read(&visit, &id, &note).await?;
    let here = place(&id, &note);
    match sent.typed.act.as_str() {
        "template" => return insert_template(&visit, &read, sent, &here).await,
        act if Offer::is_asked(act) => return again(&visit, sent, &here).await,
        _ => {}
    }
    if sent.typed.act == "sign" && !may_sign(&visit.actor) {
        return Err(Refusal::new(No::Never));
    }
    let all = phrases_for(&visit, &read)?;
    for part in &PARTS {
        let text = phrases::expand(sent.typed.part(part.field), &all, &sent.typed.vitals);
        sent.typed.put_part(part.field, text);
    }
    if note::is_signed(&read.saved.composition) {
        return meanwhile(&visit, &id, &note, &sent).await;
    }
    if sent.typed.act == "discard" {
        let seen = sent.typed.version.parse().map_err(|_| Refusal::new(No::Malformed))?;
        let to = format!("/patients/{id}/notes");
        return match note::discard(doing(&visit, Action::Update, &sent, &to), read.saved, seen).await {
            Ok(done) => visit.went(&sent, done, &to).await,
            Err(Refused::Told(never)) => match never {},
            Err(Refused::Record(RecordError::VersionConflict { .. })) => meanwhile(&visit, &id, &note, &sent).await,
            Err(Refused::Record(error)) => Err(error.into()),
        };
    }
    let step = if sent.typed.act == "sign" { Step::Sign } else { Step::Save };
    let to = format!("{here}?done={}", if step == Step::Sign { "signed" } else { "saved" });
    let action = if step == Step::Sign { Action::Sign } else { Action::Update };
    let (now, today) = pen(&visit);
    let offer = Offer::of(&visit, "")?;
    let pen = Pen { author: author(&visit), now: &now, today, ambient: &visit.house.ambient };
    let doing = doing(&visit, action, &sent, &to);
    match note::save(doing, &id_of(&id)?, read.saved.clone(), &sent.typed, step, pen, offer.formulary()).await {
        Ok(done) => {
            let shown = sent.typed.from.clone();
            if shown.starts_with(&here) {
                visit.forget_draft(Some(&shown)).await?;
            }
            visit.went(&sent, done, &to).await
        }
        Err(Refused::Record(RecordError::VersionConflict { .. })) => meanwhile(&visit, &id, &note, &sent).await,
        Err(Refused::Record(error)) => Err(error.into()),
        Err(Refused::Told(error)) => {
            let faults = match error {
                NoteError::Faults(found) => said(found),
                NoteError::Empty => {
                    let mut faults = Faults::none();
                    faults.add("subjective", t("note-empty"));
                    faults
                }
            };
            let mut read = read;
            read.opened.cx.at = sent.at.clone().unwrap_or(here);
            let answer = written(&visit, read, &sent.typed, None, Vec::new(), faults)?;
            Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, answer))
        }
    }
}

/// Somebody saved or signed meanwhile: both texts are shown, and this one is kept until it is saved or thrown away.
async fn meanwhile(visit: &Visit, id: &str, note: &str, sent: &Sent<NoteTyped>) -> Result<Response, Refusal> {
    let mut read = read(visit, id, note).await?;
    let at = sent.at.clone().unwrap_or_else(|| place(id, note));
    let body = serde_urlencoded::to_string(&sent.typed).map_err(Refusal::internal)?.into_bytes();
    let (account, draft, kept_at) = (account(visit)?, Draft { body, at: visit.house.ambient.now() }, at.clone());
    visit.house.store.write(move |tx| forms::keep(tx, account, kept_at, &draft)).await?;
    read.opened.cx.at = at;
    let (name, when) = last_writer(&read.saved.composition, &read.opened.ctx);
    let when = when.map(|when| when.near_within(&read.opened.cx.now)).unwrap_or_default();
    if note::is_signed(&read.saved.composition) {
        read.opened.cx.trouble = Some(t("note-signed-meanwhile").with("name", name).with("when", when).to_string());
        let drafts = drafts(visit, &place(id, note))?;
        let kept = drafts.iter().map(|(at, draft)| kept(at, draft, &read.opened.ctx)).collect();
        return Ok(finished(StatusCode::CONFLICT, signed(visit, read, "", kept, Faults::none())?));
    }
    let stored = typed_of(&read.saved, read.version);
    let parts = PARTS.iter().filter(|part| stored.part(part.field).trim() != sent.typed.part(part.field).trim());
    let theirs = Theirs {
        headline: t("note-meanwhile").with("name", name).with("when", when).to_string(),
        parts: parts.map(|part| (pages::part_word(part.field), stored.part(part.field).to_owned())).collect(),
    };
    // To save now is to save over what was just shown.
    let typed = NoteTyped { version: stored.version, ..sent.typed.clone() };
    Ok(finished(StatusCode::CONFLICT, written(visit, read, &typed, Some(theirs), Vec::new(), Faults::none())?))
}

/// The template's words behind what stands there, as a draft, and the page again.
async fn insert_template(
    visit: &Visit,
    read: &Read,
    mut sent: Sent<NoteTyped>,
    here: &str,
) -> Result<Response, Refusal> {
    let wanted = sent.typed.template.clone();
    let account = account(visit)?;
    let store = visit.house.store.read()?;
    let find = |owner| -> Result<Option<[Box<str>; 4]>, Refusal> {
        let all = phrases::of(&store, owner)?;
        Ok(all.into_iter().find_map(|(name, phrase)| match phrase {
            phrases::Phrase::Template(parts) if name == wanted => Some(parts),
            _ => None,
        }))
    };
    let found = match find(account)? {
        Some(found) => Some(found),
        None => find(phrases::CLINIC)?,
    };
    let all = phrases_for(visit, read)?;
    for (part, text) in PARTS.iter().zip(found.into_iter().flatten()) {
        let before = sent.typed.part(part.field).trim_end().to_owned();
        let text = phrases::expand(&text, &all, &sent.typed.vitals);
        let gap = if before.is_empty() || text.is_empty() { "" } else { "\n" };
        sent.typed.put_part(part.field, format!("{before}{gap}{text}"));
    }
    sent.typed.act.clear();
    again(visit, sent, here).await
}

/// What was typed, as a draft, and the page again.
async fn again(visit: &Visit, mut sent: Sent<NoteTyped>, here: &str) -> Result<Response, Refusal> {
    let account = account(visit)?;
    sent.typed.template.clear();
    let at = sent.at.clone().filter(|at| at.starts_with(here)).unwrap_or_else(|| here.to_owned());
    let body = serde_urlencoded::to_string(&sent.typed).map_err(Refusal::internal)?.into_bytes();
    let draft = Draft { body, at: visit.house.ambient.now() };
    let kept_at = at.clone();
    visit.house.store.write(move |tx| forms::keep(tx, account, kept_at, &draft)).await?;
    Ok(Redirect::to(&at).into_response())
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

// ---- addenda ----

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct AddendumTyped {
    addendum: String,
}

/// `POST /patients/{id}/notes/{note}/addenda`
pub(in crate::http) async fn add(
    visit: Visit,
    Path((id, note)): Path<(String, String)>,
    sent: Sent<AddendumTyped>,
) -> Result<Response, Refusal> {
    let read = read(&visit, &id, &note).await?;
    if !may_sign(&visit.actor) {
        return Err(Refusal::new(No::Never));
    }
    if !note::is_signed(&read.saved.composition) {
        return Err(Refusal::new(No::Conflict));
    }
    let to = format!("{}?done=added", place(&id, &note));
    let (now, today) = pen(&visit);
    let pen = Pen { author: author(&visit), now: &now, today, ambient: &visit.house.ambient };
    let doing = doing(&visit, Action::Sign, &sent, &to);
    let all = phrases_for(&visit, &read)?;
    let text = phrases::expand(&sent.typed.addendum, &all, &entries::VitalsTyped::default());
    match note::append(doing, &id_of(&id)?, &id_of(&note)?, read.document.as_deref(), &text, pen).await {
        Ok(done) => visit.went(&sent, done, &to).await,
        Err(Refused::Record(error)) => Err(error.into()),
        Err(Refused::Told(error)) => {
            let faults = match error {
                NoteError::Faults(found) => said(found),
                NoteError::Empty => {
                    let mut faults = Faults::none();
                    faults.add("addendum", t("note-no-addendum"));
                    faults
                }
            };
            let answer = signed(&visit, read, &sent.typed.addendum, Vec::new(), faults)?;
            Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, answer))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_of_another_day_that_was_never_closed_is_not_todays() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let day = "2026-03-03".parse().unwrap();
        let visit = |start: &str| serde_json::json!({"status": "in-progress", "period": {"start": start}});
        assert!(began_on(&visit("2026-03-03T09:40:00Z"), day, &ctx));
        assert!(!began_on(&visit("2025-03-03T09:40:00Z"), day, &ctx));
        assert!(!began_on(&serde_json::json!({"status": "in-progress"}), day, &ctx));
    }
}
