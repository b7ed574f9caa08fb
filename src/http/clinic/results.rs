//! Results at the clinic: typed or taken from a file, signed, held or let go.

use std::collections::BTreeMap;

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::chart::{Opened, open};
use super::entries::{author, instant, said, subject, today};
use super::results_pages::{self as pages, ImportPage, Known, NewResult, ReportFilePage, ReportPage, Standing};
use super::{ctx, id_of, why};
use crate::access::Denied;
use crate::audit::{Action, Detail};
use crate::base::{FhirId, Role};
use crate::care::Chart;
use crate::care::chart::FRAME;
use crate::care::consents::Seen;
use crate::care::entries::Faults as Found;
use crate::care::held::is_held;
use crate::care::note::Pen;
use crate::care::results::{
    self, Act, Arriving, ImportFault, Lies, Release, ReleaseTyped, Report, ResultError, ResultTyped, Seals, Sure,
};
use crate::care::uploads;
use crate::care::workflow::{Doing, Refused};
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, Ctx};
use crate::http::forms::Sent;
use crate::http::kept_file::kept_file;
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Faults, Text, When, t};
use crate::record::{Reading, RecordError};

/// How many observations are looked through for the codes of tests that were typed by name.
const KNOWN: usize = 2_000;

pub(super) fn may_sign(visit: &Visit) -> bool {
    visit.actor.role() == Some(Role::Clinician)
}

fn doing<'a, T>(visit: &'a Visit, action: Action, detail: Detail, sent: &Sent<T>, place: &str) -> Doing<'a> {
    visit.doing(why(visit, action, detail), sent, place)
}

/// Whether and when the patient sees it; a nurse's waits for a doctor.
fn release(visit: &Visit, typed: &ReleaseTyped, faults: &mut Found) -> Release {
    if may_sign(visit) { typed.read(today(visit), &ctx(visit).zone, faults) } else { Release::WhenSigned }
}

fn reason_of(release: &Release) -> Detail {
    match release {
        Release::Later { reason, .. } => Detail::reason(reason.as_str()),
        _ => Detail::none(),
    }
}

// ---- by hand ----

fn release_of(typed: &ResultTyped) -> ReleaseTyped {
    ReleaseTyped {
        release: typed.of("release").to_owned(),
        hold_reason: typed.of("hold_reason").to_owned(),
        hold_until: typed.of("hold_until").to_owned(),
    }
}

fn blank_page(opened: Opened, visit: &Visit, typed: &ResultTyped, faults: Faults) -> NewResult {
    let Opened { mut cx, frame, .. } = opened;
    if cx.at.is_empty() {
        cx.at = format!("{}/results/new", frame.who.href());
    }
    NewResult {
        head: pages::head(typed, &faults),
        rows: pages::rows(typed, &faults),
        release: may_sign(visit).then(|| pages::release(&release_of(typed), &faults)),
        faults,
        frame,
        cx,
    }
}

/// `GET /patients/{id}/results/new`
pub(in crate::http) async fn blank(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let mut opened = open(&visit, &id, &[]).await?;
    let fresh = ResultTyped(BTreeMap::from([("taken".to_owned(), today(&visit).to_string())]));
    let typed = visit.kept::<ResultTyped>(&mut opened.cx)?.unwrap_or(fresh);
    page(&blank_page(opened, &visit, &typed, Faults::none()))
}

/// `POST /patients/{id}/results/new`
pub(in crate::http) async fn enter(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<ResultTyped>,
) -> Result<Response, Refusal> {
    let patient = id_of(&id)?;
    let parts = FRAME.iter().map(|kind| (*kind, crate::care::Part::<()>::All));
    let parts: Vec<_> = parts.chain([(R::Observation, crate::care::Part::Newest(KNOWN))]).collect();
    let looks = why(&visit, Action::Read, Detail::none());
    let chart =
        visit.house.records.disclose(&visit.actor, looks, |reading| Chart::read_parts(reading, &patient, parts));
    let opened = Opened::of(&visit, chart.await?.into_inner())?;
    let known = fill::codes(opened.chart.of(R::Observation));
    let (now, day) = (instant(&visit), today(&visit));
    let mut faults = Found::new();
    let release = release(&visit, &release_of(&sent.typed), &mut faults);
    let entered = results::enter(&sent.typed, patient.as_str(), &author(&visit), (&now, day), &known);
    let (report, tests) = match entered {
        Ok(entered) if faults.is_empty() => entered,
        other => {
            let all = other.err().unwrap_or_default().into_iter().chain(faults).collect();
            let page = page(&blank_page(opened, &visit, &sent.typed, said(all)))?;
            return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
        }
    };
    let ambient = &visit.house.ambient;
    let results = tests.into_iter().map(|test| (FhirId::new(ambient), None, test)).collect();
    let report = Report::new(FhirId::new(ambient), report, results);
    let place = format!("/patients/{patient}/results/reports/{}?done=entered", report.id);
    let doing = doing(&visit, Action::Create, reason_of(&release), &sent, &place);
    let pen = Pen { author: author(&visit), now: &now, today: day, ambient };
    // What a doctor types is under their name at once.
    let act = if may_sign(&visit) { Act::Sign(release, None) } else { Act::Enter(release) };
    match results::settle(doing, &patient, report, act, pen).await {
        Ok(done) => visit.went(&sent, done, &place).await,
        Err(Refused::Told(_)) => Err(Refusal::new(No::Conflict)),
        Err(Refused::Record(error)) => Err(error.into()),
    }
}

// ---- from a file ----

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct ImportTyped {
    file: String,
    sure: String,
    /// Of which text it was asked whose it is.
    file_version: String,
    #[serde(flatten)]
    release: ReleaseTyped,
    /// What each report is that may be here already: `version`, `further` or `leave`, by [`pages::known_field`].
    #[serde(flatten)]
    known: BTreeMap<String, String>,
}

impl ImportTyped {
    /// By what a text is known again.
    fn version_of(file: &str) -> String {
        let lines: Vec<&str> = file.trim().lines().collect();
        let hash = blake3::Hasher::new_derive_key("chartbox 2026-11 a file of a laboratory in a form")
            .update(lines.join("\n").as_bytes())
            .finalize();
        data_encoding::HEXLOWER.encode(hash.as_bytes().get(..8).unwrap_or_default())
    }

    /// Whether somebody said that it is this patient's. What was said of one text is not said of another.
    fn sure(&self) -> Sure {
        let of_this = self.file_version.is_empty() || self.file_version == Self::version_of(&self.file);
        if self.sure == "yes" && of_this { Sure::Yes } else { Sure::No }
    }

    /// What was said in this field of a report. What was said of one text is not said of another.
    fn said_in(&self, field: &str) -> &str {
        let said = self.known.get(field).map_or("", String::as_str);
        let of_this = self.file_version == Self::version_of(&self.file);
        if of_this && matches!(said, "version" | "further" | "leave") { said } else { "" }
    }
}

/// What the page of a file asks somebody to say.
#[derive(Default)]
struct Asks {
    whose: bool,
    known: Vec<Known>,
}

fn import_page(opened: Opened, visit: &Visit, typed: &ImportTyped, faults: Faults, asks: Asks) -> ImportPage {
    let Opened { mut cx, frame, .. } = opened;
    if cx.at.is_empty() {
        cx.at = format!("{}/results/import", frame.who.href());
    }
    ImportPage {
        file: pages::file(&typed.file, &faults),
        // What was said once stands with what is asked next: a box that is gone would say no.
        sure: match typed.sure() {
            Sure::Yes => Some(Sure::Yes),
            Sure::No => asks.whose.then_some(Sure::No),
        },
        file_version: ImportTyped::version_of(&typed.file),
        known: asks.known,
        release: may_sign(visit).then(|| pages::release(&typed.release, &faults)),
        faults,
        frame,
        cx,
    }
}

/// `GET /patients/{id}/results/import`
pub(in crate::http) async fn import_blank(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let mut opened = open(&visit, &id, &[]).await?;
    let typed = visit.kept::<ImportTyped>(&mut opened.cx)?.unwrap_or_default();
    page(&import_page(opened, &visit, &typed, Faults::none(), Asks::default()))
}

/// `POST /patients/{id}/results/import`
pub(in crate::http) async fn import(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<ImportTyped>,
) -> Result<Response, Refusal> {
    let patient = id_of(&id)?;
    let opened = open(&visit, &id, &[]).await?;
    let (now, day) = (instant(&visit), today(&visit));
    let mut sent = sent;
    let mut found = Found::new();
    let release = release(&visit, &sent.typed.release, &mut found);
    let mut faults = said(found);
    let imported =
        results::import(&sent.typed.file, &opened.chart.patient, sent.typed.sure(), &now, &visit.house.ambient);
    let mut asks = Asks { whose: matches!(imported, Err(ImportFault::Whose(_))), known: Vec::new() };
    let asks_to_hold = imported.as_ref().is_ok_and(|all| results::asks_to_hold(all));
    let arrived = match imported {
        Ok(reports) => arriving(&visit, &patient, reports, &sent.typed, &opened.ctx).await?,
        Err(fault) => Err(fault),
    };
    let arriving = match arrived {
        Ok(arrived) => {
            if let Some(said) = arrived.fault(may_sign(&visit)) {
                faults.add("known", said);
            }
            // What is held here stays so unless somebody who has read that it is chooses otherwise.
            if let Some(standing) = arrived.held.filter(|_| arrived.is_open && sent.typed.release.release != "hold") {
                sent.typed.release = standing;
            }
            asks.known = arrived.known;
            arrived.all
        }
        Err(fault) => {
            faults.add("file", pages::import_fault(&fault));
            Vec::new()
        }
    };
    let seals = Seals::of(&visit.house.records, &patient)?;
    let reach = Reach::of(&arriving, &seals);
    // What the laboratory holds is not let go by being taken over.
    match release {
        Release::Now if asks_to_hold => faults.add("file", t("import-asks-to-hold")),
        Release::WhenSigned if asks_to_hold && reach == Reach::Nobody => {
            faults.add("file", t("import-asks-to-hold-sealed"));
        }
        _ => {}
    }
    if !faults.is_empty() {
        let page = page(&import_page(opened, &visit, &sent.typed, faults, asks))?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    }
    let place = place_of(&patient, &arriving, reach);
    let pen = Pen { author: author(&visit), now: &now, today: day, ambient: &visit.house.ambient };
    let doing = doing(&visit, Action::Import, reason_of(&release), &sent, &place);
    match results::enter_all(doing, &patient, arriving, release, pen).await {
        Ok(done) => visit.went(&sent, done, &place).await,
        Err(Refused::Told(_)) => Err(Refusal::new(No::Conflict)),
        Err(Refused::Record(error)) => {
            let Some(said) = import_refused(&error) else { return Err(error.into()) };
            let mut faults = Faults::none();
            faults.add("file", said);
            let page = page(&import_page(opened, &visit, &sent.typed, faults, asks))?;
            Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page))
        }
    }
}

/// Whom of the clinic all of what was taken from a file reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Clinic,
    /// A report of it only those whom the patient lets see it.
    Some,
    /// A part of it nobody.
    Nobody,
}

impl Reach {
    fn of(arriving: &[Arriving], seals: &Seals) -> Self {
        let stay = || arriving.iter().filter(|one| !matches!(one, Arriving::Withdrawn(_))).map(Arriving::report);
        if stay().any(|one| seals.has_part_of_nobody(one)) {
            Self::Nobody
        } else if stay().any(|one| seals.seen(&one.value) != Seen::ByClinic) {
            Self::Some
        } else {
            Self::Clinic
        }
    }
}

/// The page that shows what was taken from a file, and what it says of that.
fn place_of(patient: &FhirId, arriving: &[Arriving], reach: Reach) -> String {
    let is_withdrawn = |one: &Arriving| matches!(one, Arriving::Withdrawn(_));
    let (of_one, of_all) = match (arriving.iter().all(is_withdrawn), reach) {
        (true, _) => ("withdrawn", "removed"),
        (false, Reach::Nobody) => ("entered", "unread"),
        (false, Reach::Some) => ("entered", "sealed"),
        (false, Reach::Clinic) => ("entered", "added"),
    };
    match arriving {
        // What is sealed opens to nobody who has no leave for it.
        [one] if reach == Reach::Clinic => {
            format!("/patients/{patient}/results/reports/{}?done={of_one}", one.report().id)
        }
        _ => format!("/patients/{patient}/results?done={of_all}"),
    }
}

/// What is said of a file that could not be stored, where that is the file's: what was pasted stays on the page.
fn import_refused(error: &RecordError) -> Option<Text> {
    match error {
        RecordError::Invalid(issues) => {
            let first = issues.first().map(|issue| issue.text.to_string()).unwrap_or_default();
            Some(t("import-not-valid").with("issue", first))
        }
        RecordError::NotFound | RecordError::Denied(Denied::NotVisible | Denied::NeverForRole) => {
            Some(t("import-not-yours"))
        }
        _ => None,
    }
}

/// The reports of a file on their way into the record.
#[derive(Default)]
struct Arrived {
    all: Vec<Arriving>,
    /// Those that may be here already.
    known: Vec<Known>,
    /// Of one of these nobody said what it is.
    is_open: bool,
    /// Two of them were said to be the new version of one.
    is_twice: bool,
    /// What the new versions take the place of.
    placed: Vec<FhirId>,
    /// How one of these is held.
    held: Option<ReleaseTyped>,
}

impl Arrived {
    /// Why none of it is taken, where it is not.
    fn fault(&self, may_sign: bool) -> Option<Text> {
        let is_signed = |one: &&Arriving| matches!(one, Arriving::Withdrawn(report) if report.is_signed());
        let signed = self.all.iter().find(is_signed).filter(|_| !may_sign);
        match signed {
            _ if self.is_open => Some(t("import-known")),
            _ if self.is_twice => Some(t("import-known-twice")),
            // On its page, too, it is taken back by who may sign.
            Some(one) => Some(t("import-withdrawn-signed").with("title", pages::report_name(one.report()))),
            None if self.all.is_empty() => Some(t("import-known-none")),
            None => None,
        }
    }

    /// The reports of a file, each with its place there, without the older versions among them. Where nothing tells two apart,
    /// somebody is asked.
    fn each_once(
        &mut self,
        reports: Vec<Report>,
        typed: &ImportTyped,
        ctx: &Ctx,
    ) -> Result<(Vec<usize>, Vec<Report>), ImportFault> {
        let mut kept: Vec<(usize, Report)> = Vec::new();
        for (place, new) in reports.into_iter().enumerate() {
            let same = kept.iter_mut().find_map(|(first, old)| {
                let lies = results::may_be_one(&new, old).then(|| Lies::of(&new, old, &ctx.zone));
                lies.filter(|lies| *lies != Lies::Further).map(|lies| (*first, old, lies))
            });
            let Some((first, old, lies)) = same else {
                kept.push((place, new));
                continue;
            };
            let field = format!("file_{first}_{place}_kind");
            let said = match lies {
                Lies::After => "version",
                Lies::Before => "older",
                Lies::Further | Lies::Unsaid => typed.said_in(&field),
            };
            if lies == Lies::Unsaid {
                self.known.push(Known { is_in_file: true, ..Known::of(&new, old, (field, said), ctx) });
                self.is_open |= said.is_empty();
            }
            match said {
                "version" => *old = results::newer(new, old.clone()),
                "older" => *old = results::newer(old.clone(), new),
                "leave" => {}
                _ => kept.push((place, new)),
            }
        }
        results::whole_file(&kept.iter().map(|(_, one)| one).collect::<Vec<_>>())?;
        Ok(kept.into_iter().unzip())
    }

    /// A report of the file by its place there, beside the one that is here of its number.
    fn take(&mut self, (place, new): (usize, Report), old: Option<Report>, typed: &ImportTyped, ctx: &Ctx) {
        let Some(old) = old else { return self.all.push(Arriving::of(new, None)) };
        let field = pages::known_field(place, &old);
        // What is withdrawn is no further report.
        let said = match typed.said_in(&field) {
            "further" if results::is_taken_back(&new.value) => "",
            said => said,
        };
        self.known.push(Known::of(&new, &old, (field, said), ctx));
        self.is_open |= said.is_empty();
        if said == "leave" {
            return;
        }
        if said == "version" {
            self.is_twice |= self.placed.contains(&old.id);
            self.placed.push(old.id.clone());
        }
        if old.is_held() && self.held.is_none() {
            let standing = ReleaseTyped::standing(&old, &ctx.zone);
            self.held = Some(ReleaseTyped { release: "hold".to_owned(), ..standing });
        }
        self.all.push(Arriving::of(new, Some(old).filter(|_| said != "further")));
    }
}

/// The reports of a file, each beside the one that is here of the same number. Where a part of that is not to be seen by this person,
/// nothing is taken: beside it a second one would stand.
async fn arriving(
    visit: &Visit,
    patient: &FhirId,
    reports: Vec<Report>,
    typed: &ImportTyped,
    ctx: &Ctx,
) -> Result<Result<Arrived, ImportFault>, Refusal> {
    let records = &visit.house.records;
    let mut arrived = Arrived::default();
    let (of_file, reports) = match arrived.each_once(reports, typed, ctx) {
        Ok(all) => all,
        Err(fault) => return Ok(Err(fault)),
    };
    let (mut here, mut known): (Vec<Report>, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
    for new in &reports {
        let mut places = Vec::new();
        for id in results::known_as(records, patient, &new.value)? {
            if let Some(at) = here.iter().position(|old| old.id == id) {
                places.push(at);
                continue;
            }
            let old = match read(visit, patient.as_str(), id.as_str()).await {
                Ok((_, old)) => old,
                Err(refusal) if matches!(refusal.kind, No::NotFound | No::Gone) => return Ok(Err(ImportFault::Unseen)),
                Err(refusal) => return Err(refusal),
            };
            if results::has_unseen_part(records, patient, &old)? {
                return Ok(Err(ImportFault::Unseen));
            }
            places.push(here.len());
            here.push(old);
        }
        known.push(places);
    }
    let pairs = results::paired(&reports, &known, &here, &ctx.zone);
    for ((place, new), pair) in of_file.into_iter().zip(reports).zip(pairs) {
        let old = pair.and_then(|at| here.get(at)).cloned();
        if old.is_none() && results::is_taken_back(&new.value) {
            return Ok(Err(ImportFault::Withdrawn(pages::report_name(&new))));
        }
        arrived.take((place, new), old, typed, ctx);
    }
    Ok(Ok(arrived))
}

// ---- one report ----

pub(super) async fn read(visit: &Visit, patient: &str, report: &str) -> Result<(Opened, Report), Refusal> {
    let (patient, report) = (id_of(patient)?, id_of(report)?);
    let query = results::whole(&report)?;
    let looks = why(visit, Action::Read, Detail::none());
    let found = visit.house.records.disclose(&visit.actor, looks, |reading| {
        let chart = Chart::read(reading, &patient, FRAME)?;
        Ok(chart.zip(reading.read(R::DiagnosticReport, &report)?).zip(reading.search(&query)?))
    });
    let ((chart, stored), page) = found.await?.into_inner();
    if subject(&stored.value()) != Some(format!("Patient/{patient}").as_str()) {
        return Err(Refusal::not_found());
    }
    let opened = Opened::of(visit, chart)?;
    Ok((opened, Report::of(&stored, &page.included)))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Asked {
    done: Option<String>,
}

/// `GET /patients/{id}/results/reports/{report}`
pub(in crate::http) async fn show(
    visit: Visit,
    Path((id, report)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let (mut opened, report) = read(&visit, &id, &report).await?;
    opened.cx.done = match asked.done.as_deref() {
        Some("entered") => Some(t("result-done-entered").to_string()),
        Some("withdrawn") => Some(t("result-done-withdrawn").to_string()),
        Some("signed") => Some(t("result-done-signed").to_string()),
        Some("released") => Some(t("result-done-released").to_string()),
        Some("held") => Some(t("result-done-held").to_string()),
        _ => None,
    };
    let fresh =
        || SettleTyped { release: ReleaseTyped::standing(&report, &ctx(&visit).zone), ..SettleTyped::default() };
    let mut typed = visit.kept::<SettleTyped>(&mut opened.cx)?.unwrap_or_else(fresh);
    // Of a report that is signed by now the page has no comment to write: what was typed stands over it.
    if report.is_signed() && !typed.comment.trim().is_empty() {
        (typed, opened.cx.kept) = (fresh(), None);
    }
    report_page(&visit, opened, &report, &typed, Faults::none())
}

fn report_page(
    visit: &Visit,
    mut opened: Opened,
    report: &Report,
    typed: &SettleTyped,
    faults: Faults,
) -> Result<Response, Refusal> {
    let own = format!("{}/results/reports/{}", opened.frame.who.href(), report.id);
    if opened.cx.at.is_empty() {
        opened.cx.at.clone_from(&own);
    }
    let values: Vec<Value> =
        report.results.iter().map(|(.., value)| value.clone()).chain(results::contained(&report.value)).collect();
    // What is signed is each value, and not the newest of each test.
    let series = fill::each_of(&values, &opened.ctx);
    let pictures = report.pictures();
    let waits_again = results::waits_again(&visit.house.records, report)?;
    let words = if waits_again { "result-held-again" } else { "result-held-until" };
    let held = report.held_until().map(|(reason, until)| {
        t(words).with("date", When::at(until, &opened.ctx.zone).long()).with("reason", reason).to_string()
    });
    let text = |pointer: &str| report.value.pointer(pointer).and_then(Value::as_str);
    page(&ReportPage {
        report: report.id.to_string(),
        version: report.version.unwrap_or_default(),
        title: text("/code/text").or(text("/code/coding/0/display")).unwrap_or_default().to_owned(),
        line: pages::line(&report.value, &opened.ctx),
        said: fill::report_said(&report.value, &pictures, &own, &opened.ctx),
        left_out: pages::left_out(&values).filter(|_| !report.is_taken_back()),
        apart: report.apart.len() + results::contained_of_others(&report.value),
        named_only: results::named_only(&report.value).join(", "),
        held_elsewhere: match report.is_held() || report.is_taken_back() {
            true => 0,
            false => report.results.iter().filter(|(.., one)| is_held(one)).count(),
        },
        signed: report.is_signed().then(|| pages::signer(&report.value)),
        is_held: report.is_held(),
        stands: if report.is_taken_back() { Standing::TakenBack } else { Standing::Stands },
        may_take_back: !report.is_taken_back() && (may_sign(visit) || !report.is_signed()),
        held,
        groups: fill::groups(series),
        comment: pages::comment(&typed.comment, &faults),
        release: (may_sign(visit) && !report.is_taken_back()).then(|| pages::release(&typed.release, &faults)),
        faults,
        frame: opened.frame,
        cx: opened.cx,
    })
}

/// `GET /patients/{id}/results/reports/{report}/files/{file}`: text as a page, everything else as a file to keep.
pub(in crate::http) async fn file(
    visit: Visit,
    Path((id, report, at)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let (opened, report) = read(&visit, &id, &report).await?;
    let (attachment, title) = fill::report_file(&report, &at).ok_or_else(Refusal::not_found)?;
    if let Some(file) = fill::attachment_in(attachment) {
        let Some(text) = file.text() else { return Ok(kept_file(&title, &file.content_type, file.bytes)) };
        let back = format!("{}/results/reports/{}", opened.frame.who.href(), report.id);
        return page(&ReportFilePage { cx: opened.cx, frame: opened.frame, file: title, back, text });
    }
    let binary = fill::binary_in(attachment).ok_or_else(Refusal::not_found)?;
    let why = why(&visit, Action::Download, Detail::none());
    let read = |reading: &mut Reading<'_>| Ok(reading.read(R::Binary, &binary)?.map(|one| one.value()));
    let binary = visit.house.records.disclose(&visit.actor, why, read).await?;
    let bytes = uploads::bytes_of(&binary).ok_or_else(Refusal::not_found)?;
    Ok(kept_file(&title, fill::text(attachment, "/contentType").unwrap_or_default(), bytes))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct SettleTyped {
    version: String,
    /// `sign`, `release` or `hold`.
    act: String,
    comment: String,
    #[serde(flatten)]
    release: ReleaseTyped,
}

/// `POST /patients/{id}/results/reports/{report}`
pub(in crate::http) async fn settle(
    visit: Visit,
    Path((id, shown)): Path<(String, String)>,
    sent: Sent<SettleTyped>,
) -> Result<Response, Refusal> {
    let (opened, mut report) = read(&visit, &id, &shown).await?;
    if !may_sign(&visit) {
        return Err(Refusal::new(No::Never));
    }
    let typed = &sent.typed;
    let mut found = Found::new();
    let chosen = match (typed.act.as_str(), typed.release.release.as_str()) {
        ("hold", _) => ReleaseTyped { release: "hold".into(), ..typed.release.clone() },
        // Nobody chose: to sign is not to let go.
        (_, "") => ReleaseTyped::standing(&report, &ctx(&visit).zone),
        _ => typed.release.clone(),
    };
    let release = release(&visit, &chosen, &mut found);
    let comment = typed.comment.trim().replace("\r\n", "\n");
    if comment.chars().count() > 2_000 {
        found.push(("comment", crate::care::entries::Fault::TooLong { most: 2_000 }));
    }
    if !found.is_empty() && typed.act != "release" {
        let page = report_page(&visit, opened, &report, typed, said(found))?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    }
    let detail = reason_of(&release);
    let (act, action, done) = match (typed.act.as_str(), release) {
        ("release", _) => (Act::LetGo, Action::Release, "released"),
        ("hold", Release::Later { reason, until }) => (Act::Hold { reason, until }, Action::Update, "held"),
        (_, release) => (Act::Sign(release, (!comment.is_empty()).then_some(comment)), Action::Sign, "signed"),
    };
    report.version = Some(sent.typed.version.parse().map_err(|_| Refusal::new(No::Malformed))?);
    let patient = id_of(&id)?;
    let place = format!("/patients/{patient}/results/reports/{}?done={done}", report.id);
    let now = instant(&visit);
    let pen = Pen { author: author(&visit), now: &now, today: today(&visit), ambient: &visit.house.ambient };
    let doing = doing(&visit, action, detail, &sent, &place);
    match results::settle(doing, &patient, report, act, pen).await {
        Ok(done) => visit.went(&sent, done, &place).await,
        Err(Refused::Told(ResultError::Apart)) => {
            let (opened, report) = read(&visit, &id, &shown).await?;
            let mut faults = Faults::none();
            faults.add("hold_reason", t("report-not-held-whole"));
            let page = report_page(&visit, opened, &report, &sent.typed, faults)?;
            Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page))
        }
        Err(Refused::Told(_) | Refused::Record(RecordError::VersionConflict { .. })) => Err(Refusal::new(No::Conflict)),
        Err(Refused::Record(error)) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_a_file_is_is_said_of_one_text_and_of_no_other() {
        let typed = |file: &str, asked: &str, sure: &str| {
            let typed = ImportTyped { file: file.into(), sure: sure.into(), ..ImportTyped::default() };
            ImportTyped { file_version: asked.into(), ..typed }.sure()
        };
        let of = ImportTyped::version_of("{\n}");
        assert_eq!(typed("{\r\n}\r\n", &of, "yes"), Sure::Yes, "a browser ends lines in its own way");
        assert_eq!((typed("{\n}", &of, ""), typed("[\n]", &of, "yes")), (Sure::No, Sure::No));
        assert_eq!(typed("{}", "", "yes"), Sure::Yes);
    }

    #[test]
    fn what_a_report_is_was_said_of_one_text_and_two_are_not_the_new_version_of_one() {
        let id = |text: &str| FhirId::parse(text).unwrap();
        let report = |status: &str, hour: u32| {
            let value =
                serde_json::json!({"status": status, "effectiveDateTime": format!("2026-11-20T{hour:02}:00:00Z")});
            Report::new(id("old"), value, Vec::new())
        };
        let typed = |said: &[(usize, &str)], version: &str| {
            let known = said.iter().map(|(place, said)| (format!("old_{place}_kind"), (*said).to_owned())).collect();
            ImportTyped { file: "{}".into(), file_version: version.into(), known, ..ImportTyped::default() }
        };
        let this = ImportTyped::version_of("{}");
        let arrive = |typed: &ImportTyped, status: &str| {
            let mut arrived = Arrived::default();
            for place in [0, 1] {
                arrived.take(
                    (place, report(status, 11)),
                    Some(report("final", 8)),
                    typed,
                    &Ctx::of(jiff::tz::TimeZone::UTC),
                );
            }
            (arrived.is_open, arrived.is_twice, arrived.all.len())
        };
        let both = [(0, "version"), (1, "further")];
        assert_eq!(arrive(&typed(&both, &this), "final"), (false, false, 2));
        for other in [ImportTyped::version_of("[]"), String::new()] {
            assert!(arrive(&typed(&both, &other), "final").0, "it was said of another text");
        }
        assert_eq!(arrive(&typed(&[(0, "leave"), (1, "version")], &this), "final"), (false, false, 1));
        assert_eq!(arrive(&typed(&[(0, "leave"), (1, "leave")], &this), "final"), (false, false, 0));
        assert!(arrive(&typed(&[(0, "version"), (1, "version")], &this), "final").1);
        assert!(arrive(&typed(&both, &this), "entered-in-error").0, "what is withdrawn is no further one");
    }

    #[test]
    fn of_two_versions_in_one_file_one_is_taken_and_where_nothing_tells_them_apart_it_is_asked() {
        let report = |own: &str, status: &str, more: Value| {
            let mut value = serde_json::json!({"resourceType": "DiagnosticReport", "status": status, "code": {"text": "Zed"},
                "identifier": [{"system": "urn:lab", "value": "X2"}], "effectiveDateTime": "2026-11-20T08:00:00Z"});
            value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Report::new(FhirId::parse(own).unwrap(), value, Vec::new())
        };
        let plain = || serde_json::json!({});
        let (early, late) = (|| report("a", "preliminary", plain()), || report("b", "final", plain()));
        let further = || report("c", "final", serde_json::json!({"effectiveDateTime": "2026-11-20T11:00:00Z"}));
        let taken = |all: Vec<Report>, said: &[(&str, &str)]| {
            let known = said.iter().map(|(field, said)| ((*field).to_owned(), (*said).to_owned())).collect();
            let file_version = ImportTyped::version_of("{}");
            let typed = ImportTyped { file: "{}".into(), file_version, known, ..ImportTyped::default() };
            let mut arrived = Arrived::default();
            let (places, all) = arrived.each_once(all, &typed, &Ctx::of(jiff::tz::TimeZone::UTC)).unwrap();
            let states: Vec<String> = all.iter().map(|one| one.value["status"].as_str().unwrap().to_owned()).collect();
            (places, states.join(" "), arrived.is_open)
        };
        assert_eq!(taken(vec![early(), late()], &[]), (vec![0], "final".into(), false));
        assert_eq!(taken(vec![late(), early()], &[]), (vec![0], "final".into(), false));
        assert_eq!(taken(vec![early(), further(), late()], &[]), (vec![0, 1], "final final".into(), false));
        assert_eq!(taken(vec![late(), late()], &[]), (vec![0, 1], "final final".into(), true));
        for (said, places) in [("version", vec![0]), ("leave", vec![0]), ("further", vec![0, 1])] {
            let (taken, _, is_open) = taken(vec![late(), late()], &[("file_0_1_kind", said)]);
            assert_eq!((taken, is_open), (places, false), "{said}");
        }
    }

    #[test]
    fn what_a_doctor_signed_is_withdrawn_by_a_doctor() {
        let id = FhirId::parse("old").unwrap();
        let (system, code) = results::SIGNED;
        let signed = serde_json::json!({"code": {"text": "Iron"}, "meta": {"tag": [{"system": system, "code": code}]}});
        let arrived = |value: Value| Arrived {
            all: vec![Arriving::Withdrawn(Report::new(id.clone(), value, Vec::new()))],
            ..Arrived::default()
        };
        let said = arrived(signed.clone()).fault(false).unwrap().to_string();
        assert!(said.contains("“Iron”") && said.contains("doctor"), "{said}");
        assert!(arrived(signed).fault(true).is_none());
        assert!(arrived(serde_json::json!({})).fault(false).is_none());
    }

    #[test]
    fn what_a_laboratory_withdrew_is_not_said_to_be_in_the_record() {
        let id = |text: &str| FhirId::parse(text).unwrap();
        let report = |meta: Value| Report::new(id("r"), serde_json::json!({"meta": meta}), Vec::new());
        let (new, gone) = (|| Arriving::New(report(Value::Null)), || Arriving::Withdrawn(report(Value::Null)));
        let records = {
            let ambient = crate::base::Ambient::system();
            let audit = crate::audit::Audit::new(crate::store::Store::in_memory(), ambient);
            crate::record::Records::new(audit, crate::access::Reach::Clinic)
        };
        let seals = Seals::of(&records, &id("p")).unwrap();
        let place = |all: &[Arriving]| place_of(&id("p"), all, Reach::of(all, &seals));
        assert_eq!(place(&[new()]), "/patients/p/results/reports/r?done=entered");
        assert_eq!(place(&[gone()]), "/patients/p/results/reports/r?done=withdrawn");
        assert_eq!(place(&[gone(), new()]), "/patients/p/results?done=added");
        assert_eq!(place(&[gone(), gone()]), "/patients/p/results?done=removed");
        let sealed = report(serde_json::json!({"security": [{"code": "HIV"}]}));
        assert_eq!(
            place(&[new(), Arriving::New(sealed.clone())]),
            "/patients/p/results?done=unread",
            "nobody may see it"
        );
        assert_eq!(place(&[Arriving::Withdrawn(sealed.clone()), new()]), "/patients/p/results?done=added");
        let all = [Arriving::New(sealed)];
        assert_eq!(place_of(&id("p"), &all, Reach::Some), "/patients/p/results?done=sealed");
    }

    #[test]
    fn a_file_that_is_not_ones_to_store_is_refused_in_words_and_a_fault_of_the_box_is_none_of_the_file() {
        for error in [RecordError::NotFound, Denied::NotVisible.into(), Denied::NeverForRole.into()] {
            assert!(import_refused(&error).unwrap().to_string().contains("sealed from you"), "{error}");
        }
        assert!(import_refused(&RecordError::Invalid(Vec::new())).is_some());
        for error in [RecordError::Damaged, Denied::Undecided.into(), RecordError::VersionConflict { current: 2 }] {
            assert!(import_refused(&error).is_none(), "{error}");
        }
    }
}
