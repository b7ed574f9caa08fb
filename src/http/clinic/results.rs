//! Results at the clinic: typed or taken from a file, signed, held or let go.

use std::collections::{BTreeMap, BTreeSet};

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
    self, Act, Arriving, By, ImportFault, Lies, Release, ReleaseTyped, Report, ResultError, ResultTyped, Seals, Sure,
    Unasked,
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

    /// Whether it was said what this report of the file is beside something else than what this field is about: beside other versions
    /// than those that are here by now.
    fn was_said_of_another(&self, place: usize, field: &str) -> bool {
        let at = format!("_{place}_kind");
        let of_here = |one: &str| one.ends_with(&at) && !one.starts_with("file_") && !one.starts_with("nowhere_");
        let mut others = self.known.keys().filter(|one| *one != field && of_here(one));
        others.any(|one| !self.said_in(one).is_empty())
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
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    let opened = open(&visit, &id, &[]).await?;
    let mut sent = sent;
    let mut taking = Taking::of(&visit, &opened, &patient, &mut sent.typed).await?;
    if taking.faults.is_empty() {
        let place = place_of(&patient, &taking.arriving, (taking.reach, taking.older));
        let now = instant(&visit);
        let pen = Pen { author: author(&visit), now: &now, today: today(&visit), ambient: &visit.house.ambient };
        let doing = doing(&visit, Action::Import, reason_of(&taking.release), &sent, &place);
        let all = (std::mem::take(&mut taking.arriving), std::mem::take(&mut taking.seen));
        match results::enter_all(doing, &patient, all, (taking.release.clone(), taking.by), pen).await {
            Ok(done) => return visit.went(&sent, done, &place).await,
            // Somebody took one of these meanwhile: what it is beside that is asked.
            Err(Refused::Told(ResultError::Meanwhile) | Refused::Record(RecordError::VersionConflict { .. })) => {
                taking = Taking::of(&visit, &opened, &patient, &mut sent.typed).await?;
                if taking.faults.is_empty() {
                    return Err(Refusal::new(No::Conflict));
                }
            }
            Err(Refused::Told(_)) => return Err(Refusal::new(No::Conflict)),
            Err(Refused::Record(error)) => {
                let Some(said) = import_refused(&error) else { return Err(error.into()) };
                taking.faults.add("file", said);
            }
        }
    }
    // The same form, sent twice at the same moment: what it asks about is what the other one put there.
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
    let page = page(&import_page(opened, &visit, &sent.typed, taking.faults, taking.asks))?;
    Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page))
}

/// A file on its way into a record: what becomes of it, or why it is not taken as it is.
struct Taking {
    faults: Faults,
    asks: Asks,
    arriving: Vec<Arriving>,
    /// What is here of their numbers, each in the version that was read.
    seen: Vec<(FhirId, u32)>,
    release: Release,
    /// In whose sight it is put there.
    by: By,
    reach: Reach,
    older: Older,
}

impl Taking {
    async fn of(visit: &Visit, opened: &Opened, patient: &FhirId, typed: &mut ImportTyped) -> Result<Self, Refusal> {
        let mut found = Found::new();
        let release = release(visit, &typed.release, &mut found);
        let mut faults = said(found);
        let (now, ambient) = (instant(visit), &visit.house.ambient);
        let imported = results::import(&typed.file, &opened.chart.patient, typed.sure(), &now, ambient);
        let mut asks = Asks { whose: matches!(imported, Err(ImportFault::Whose(_))), known: Vec::new() };
        let arrived = match imported {
            Ok(reports) => arriving(visit, patient, reports, typed, &opened.ctx).await?,
            Err(fault) => Err(fault),
        };
        let arrived = arrived.unwrap_or_else(|fault| {
            faults.add("file", pages::import_fault(&fault));
            Arrived::default()
        });
        // What was asked is answered first: as was said of one half, the other one is.
        if !arrived.is_open && arrived.past_seals.is_refused(&release) {
            faults.add("file", t("import-not-yours"));
        }
        if let Some(said) = arrived.fault(may_sign(visit)).filter(|_| faults.of("file").is_none()) {
            faults.add("known", said);
        }
        // What is held here stays so unless somebody who has read that it is chooses otherwise.
        if let Some(standing) = arrived.held.filter(|_| arrived.is_open && typed.release.release != "hold") {
            typed.release = standing;
        }
        asks.known = arrived.known;
        let arriving = arrived.all;
        let seals = Seals::of(&visit.house.records, patient)?;
        let reach = Reach::of(&arriving, &seals);
        let mut stay = arriving.iter().filter(|one| one.stays());
        let asks_to_hold = stay.any(|one| results::asks_to_hold(&one.report().value));
        // What the laboratory holds is not let go by being taken over.
        match release {
            Release::Now if asks_to_hold => faults.add("file", t("import-asks-to-hold")),
            Release::WhenSigned if asks_to_hold && reach == Reach::Nobody => {
                faults.add("file", t("import-asks-to-hold-sealed"));
            }
            _ => {}
        }
        let by = if arrived.past_seals == PastSeals::None { By::WhoTakesIt } else { By::House };
        Ok(Self { faults, asks, arriving, seen: arrived.seen, release, by, reach, older: arrived.older })
    }
}

/// Whether an older version of something in a file was left out without a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Older {
    #[default]
    None,
    LeftOut,
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
        let stay = || arriving.iter().filter(|one| one.stays()).map(Arriving::report);
        if stay().any(|one| seals.has_part_of_nobody(one)) {
            Self::Nobody
        } else if stay().any(|one| seals.seen(&one.value) != Seen::ByClinic) {
            Self::Some
        } else {
            Self::Clinic
        }
    }
}

/// What stands behind the word for what was done where an older version was left out.
const NEWER: &str = "-newer";

/// The word for what was done, and what is said besides.
pub(super) fn done_besides(done: &str) -> (&str, Option<String>) {
    match done.strip_suffix(NEWER) {
        Some(done) => (done, Some(t("result-done-newer").to_string())),
        None => (done, None),
    }
}

/// The page that shows what was taken from a file, and what it says of that.
fn place_of(patient: &FhirId, arriving: &[Arriving], (reach, older): (Reach, Older)) -> String {
    let are_withdrawn = !arriving.iter().any(Arriving::stays);
    let more = if older == Older::LeftOut && !are_withdrawn { NEWER } else { "" };
    let (of_one, of_all) = match (are_withdrawn, reach) {
        (true, _) => ("withdrawn", "removed"),
        (false, Reach::Nobody) => ("entered", "unread"),
        (false, Reach::Some) => ("entered", "sealed"),
        (false, Reach::Clinic) => ("entered", "added"),
    };
    match arriving {
        // What is sealed opens to nobody who has no leave for it.
        [one] if reach == Reach::Clinic && !results::is_sealed(one.report()) => {
            format!("/patients/{patient}/results/reports/{}?done={of_one}{more}", one.report().id)
        }
        _ => format!("/patients/{patient}/results?done={of_all}{more}"),
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
    /// Of one of these it was said beside what stood before.
    is_said_of_another: bool,
    /// Two of them were said to be the new version of one.
    is_twice: bool,
    /// What the new versions take the place of.
    placed: Vec<FhirId>,
    /// What was said of each report of the file beside which it stands, by the place of the report in the file.
    answers: BTreeMap<usize, (String, Report)>,
    /// How one of these is held.
    held: Option<ReleaseTyped>,
    past_seals: PastSeals,
    /// What is here of their numbers, each in the version that was read.
    seen: Vec<(FhirId, u32)>,
    older: Older,
}

impl Arrived {
    /// Why none of it is taken, where it is not.
    fn fault(&self, may_sign: bool) -> Option<Text> {
        let is_signed = |one: &&Arriving| matches!(one, Arriving::Withdrawn(report) if report.is_signed());
        let signed = self.all.iter().find(is_signed).filter(|_| !may_sign);
        match signed {
            _ if self.is_said_of_another => Some(t("import-known-meanwhile")),
            _ if self.is_open => Some(t("import-known")),
            _ if self.is_twice => Some(t("import-known-twice")),
            // On its page, too, it is taken back by who may sign.
            Some(one) => Some(t("import-withdrawn-signed").with("title", pages::report_name(one.report()))),
            None if self.all.is_empty() => Some(t("import-known-none")),
            None => None,
        }
    }

    /// The reports of a file, each with its place there, without the older versions among them. Where it is not certain that one
    /// takes the place of another, somebody is asked.
    fn each_once(
        &mut self,
        reports: Vec<Report>,
        typed: &ImportTyped,
        ctx: &Ctx,
    ) -> Result<(Vec<usize>, Vec<Report>), ImportFault> {
        let mut kept: Vec<(usize, Report)> = Vec::new();
        for (place, new) in reports.into_iter().enumerate() {
            let (certain, at) = beside(&new, &kept, &ctx.zone);
            let Some((first, old)) = at.and_then(|at| kept.get_mut(at)) else {
                kept.push((place, new));
                continue;
            };
            if let Some(lies) = certain {
                self.older = Older::LeftOut;
                *old = match lies {
                    Lies::Before => results::newer(old.clone(), new),
                    _ => results::newer(new, old.clone()),
                };
                continue;
            }
            let is_before = Lies::of(&new, old, &ctx.zone) == Lies::Before;
            let (later, earlier) = if is_before { (old.clone(), new) } else { (new, old.clone()) };
            let field = format!("file_{first}_{place}_kind");
            let said = typed.said_in(&field);
            self.known.push(Known::in_file(&later, &earlier, (field, said), ctx));
            self.is_open |= said.is_empty();
            match said {
                "version" => *old = results::newer(later, earlier),
                "leave" => *old = earlier,
                // It keeps its place in the file.
                _ if is_before => kept.push((place, earlier)),
                _ => kept.push((place, later)),
            }
        }
        results::whole_file(&kept.iter().map(|(_, one)| one).collect::<Vec<_>>())?;
        Ok(kept.into_iter().unzip())
    }

    /// One that its laboratory withdrew and of which nothing is here: what is to be done with it is to leave it out, and that is said.
    fn leave(&mut self, (place, gone): (usize, Report), typed: &ImportTyped, ctx: &Ctx) {
        let field = format!("nowhere_{place}_kind");
        let said = Some(typed.said_in(&field)).filter(|said| *said == "leave").unwrap_or_default();
        self.known.push(Known::nowhere(&gone, (field, said), ctx));
        self.is_open |= said.is_empty();
    }

    /// A report of the file by its place there, beside the one that is here of its number, and with what all of that number are by
    /// now ([`pages::versions`]).
    fn take(&mut self, (place, new): (usize, Report), old: Option<(Report, &str)>, typed: &ImportTyped, ctx: &Ctx) {
        let Some((old, versions)) = old else {
            self.is_said_of_another |= typed.was_said_of_another(place, "");
            return self.all.push(Arriving::of(new, None));
        };
        let field = pages::known_field(place, &old, versions);
        let is_of_another = typed.was_said_of_another(place, &field);
        // What is withdrawn is no further report.
        let said = match typed.said_in(&field) {
            "further" if results::is_taken_back(&new.value) => "",
            said => said,
        };
        self.is_said_of_another |= said.is_empty() && is_of_another;
        self.known.push(Known::of(&new, &old, (field, said), ctx));
        self.is_open |= said.is_empty();
        if !said.is_empty() {
            self.answers.insert(place / 2, (said.to_owned(), old.clone()));
        }
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

    /// A sealed report of the file beside one that is here and sealed from whoever takes it: nothing is asked of that, for the
    /// question would tell what is here. As was said of its other half, or as their dates and states say for certain.
    fn take_past_seal(
        &mut self,
        (place, new): (usize, Report),
        old: Report,
        may_sign: bool,
        zone: &jiff::tz::TimeZone,
    ) {
        let said = self.answers.get(&(place / 2)).map(|(said, half)| (said.as_str(), half));
        let old = match results::unasked(&new, &old, said, zone) {
            Unasked::InPlace if results::is_taken_back(&new.value) && old.is_signed() && !may_sign => {
                return self.past_seals = PastSeals::Refused;
            }
            Unasked::InPlace => Some(old),
            Unasked::Further => None,
            Unasked::Left => return,
            Unasked::Unsaid => return self.past_seals = PastSeals::Refused,
        };
        self.past_seals = self.past_seals.max(match &old {
            None => PastSeals::None,
            Some(old) if old.is_held() && !results::is_taken_back(&new.value) => PastSeals::OfHeld,
            Some(_) => PastSeals::Some,
        });
        self.all.push(Arriving::of(new, old));
    }

    /// All reports of the file, each with its place there and with the one that it is held against by its place among those that are
    /// here.
    fn take_all(
        &mut self,
        of_all: Vec<((usize, Report), Option<usize>)>,
        here: &Here,
        (typed, may_sign): (&ImportTyped, bool),
        ctx: &Ctx,
    ) -> Option<ImportFault> {
        // What is not sealed, and is not withdrawn, is none of what is sealed.
        let is_of_it = |new: &Report, at: usize| {
            !here.unseen.contains(&at) || results::is_sealed(new) || results::is_taken_back(&new.value)
        };
        let of_all = of_all.into_iter().map(|((place, new), pair)| {
            let pair = pair.filter(|at| is_of_it(&new, *at));
            ((place, new), pair)
        });
        let (past_seals, rest): (Vec<_>, Vec<_>) =
            of_all.partition(|(_, pair)| pair.is_some_and(|at| here.unseen.contains(&at)));
        let (nowhere, rest): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|((_, new), pair)| pair.is_none() && results::is_taken_back(&new.value));
        if let (true, true, Some(((_, gone), _))) = (rest.is_empty(), past_seals.is_empty(), nowhere.first()) {
            return Some(ImportFault::Withdrawn(pages::report_name(gone)));
        }
        for ((place, new), pair) in rest {
            let of_number = here.all.iter().enumerate().filter(|(at, _)| !here.unseen.contains(at));
            let versions = pages::versions(of_number.map(|(_, old)| old).filter(|old| results::may_be_one(&new, old)));
            let old = pair.and_then(|at| here.all.get(at)).cloned().map(|old| (old, versions.as_str()));
            self.take((place, new), old, typed, ctx);
        }
        for (of_file, _) in nowhere {
            self.leave(of_file, typed, ctx);
        }
        for (of_file, pair) in past_seals {
            let Some(old) = pair.and_then(|at| here.all.get(at)).cloned() else { continue };
            self.take_past_seal(of_file, old, may_sign, &ctx.zone);
        }
        None
    }
}

/// Whether something takes the place of what is sealed from whoever takes the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum PastSeals {
    #[default]
    None,
    Some,
    /// Of what is held from the patient: that is not let go by somebody who does not know of it.
    OfHeld,
    /// Nothing says for certain what it is beside that.
    Refused,
}

impl PastSeals {
    fn is_refused(self, release: &Release) -> bool {
        self == Self::Refused || (self == Self::OfHeld && !matches!(release, Release::Later { .. }))
    }
}

/// The reports that are here of the numbers of a file.
#[derive(Default)]
struct Here {
    all: Vec<Report>,
    /// The places of those that are sealed from whoever takes the file: the house alone read them, and nothing is told of them.
    unseen: BTreeSet<usize>,
}

/// Beside which of those that are kept of its file a report stands that may be another version of it, by its place among them; and
/// how, where that is certain.
fn beside(new: &Report, kept: &[(usize, Report)], zone: &jiff::tz::TimeZone) -> (Option<Lies>, Option<usize>) {
    let alike = || kept.iter().enumerate().filter(|(_, (_, old))| results::may_be_one(new, old));
    let certain = alike().filter_map(|(at, (_, old))| {
        let after = results::is_surely_newer(new, old, zone).then_some(Lies::After);
        let before = || results::is_surely_newer(old, new, zone).then_some(Lies::Before);
        Some((after.or_else(before)?, at))
    });
    if let [(lies, at)] = certain.collect::<Vec<_>>().as_slice() {
        return (Some(*lies), Some(*at));
    }
    let is_further = |old: &Report| [Lies::of(new, old, zone), Lies::of(old, new, zone)] == [Lies::Further; 2];
    (None, alike().find(|(_, (_, old))| !is_further(old)).map(|(at, _)| at))
}

/// The reports of a file, each beside the one that is here of the same number. Where a part of that is not to be seen by this person,
/// nothing is taken: beside it a second one would stand. What is sealed as a whole is a report of its own: with it the house goes on
/// by itself.
async fn arriving(
    visit: &Visit,
    patient: &FhirId,
    reports: Vec<Report>,
    typed: &ImportTyped,
    ctx: &Ctx,
) -> Result<Result<Arrived, ImportFault>, Refusal> {
    let mut arrived = Arrived::default();
    let (of_file, reports) = match arrived.each_once(reports, typed, ctx) {
        Ok(all) => all,
        Err(fault) => return Ok(Err(fault)),
    };
    let ambient = &visit.house.ambient;
    let (mut here, mut known): (Here, Vec<Vec<usize>>) = (Here::default(), Vec::new());
    let mut whole = Vec::new();
    for (place, mut new) in of_file.into_iter().zip(reports) {
        let Some(places) = known_here(visit, patient, &new, &mut here).await? else {
            return Ok(Err(ImportFault::Unseen));
        };
        let of_it: Vec<&Report> = places.into_iter().filter_map(|at| here.all.get(at)).collect();
        results::seal_as(&mut new, &of_it, &ctx.zone);
        whole.push((place, new));
    }
    let (of_file, reports): (Vec<usize>, Vec<Report>) = results::apart(whole, ambient).into_iter().unzip();
    for new in &reports {
        let Some(places) = known_here(visit, patient, new, &mut here).await? else {
            return Ok(Err(ImportFault::Unseen));
        };
        known.push(places);
    }
    let pairs = results::paired(&reports, &known, &here.all, &ctx.zone);
    let also = results::withdrawn_too(&reports, (&known, &pairs), &here.all);
    let also =
        also.into_iter().filter_map(|(at, old)| Some(((of_file.get(at)? + 1, reports.get(at)?.clone()), Some(old))));
    let also: Vec<((usize, Report), Option<usize>)> = also.collect();
    let of_all = of_file.into_iter().zip(reports).zip(pairs).chain(also).collect();
    if let Some(fault) = arrived.take_all(of_all, &here, (typed, may_sign(visit)), ctx) {
        return Ok(Err(fault));
    }
    arrived.all = results::still_apart(std::mem::take(&mut arrived.all), ambient);
    arrived.seen = here.all.into_iter().map(|old| (old.id, old.version.unwrap_or_default())).collect();
    Ok(Ok(arrived))
}

/// Which reports of the record bear a number of this one and its name, by their places among those that were read; none where a part
/// of one is not to be seen by this person.
async fn known_here(
    visit: &Visit,
    patient: &FhirId,
    new: &Report,
    here: &mut Here,
) -> Result<Option<Vec<usize>>, Refusal> {
    let records = &visit.house.records;
    let mut places = Vec::new();
    for id in results::known_as(records, patient, &new.value)? {
        if let Some(at) = here.all.iter().position(|old| old.id == id) {
            places.push(at);
            continue;
        }
        let old = match read(visit, patient.as_str(), id.as_str()).await {
            Ok((_, old)) if results::has_unseen_part(records, patient, &old)? => return Ok(None),
            Ok((_, old)) => old,
            Err(refusal) if matches!(refusal.kind, No::NotFound | No::Gone) => {
                let looks = why(visit, Action::Read, Detail::none());
                let Some(old) = results::sealed_whole(records, looks, patient, &id).await? else { return Ok(None) };
                here.unseen.insert(here.all.len());
                old
            }
            Err(refusal) => return Err(refusal),
        };
        places.push(here.all.len());
        here.all.push(old);
    }
    Ok(Some(places))
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
    let (done, besides) = asked.done.as_deref().map(done_besides).unzip();
    opened.cx.done = match done {
        Some("entered") => Some(t("result-done-entered").to_string()),
        Some("withdrawn") => Some(t("result-done-withdrawn").to_string()),
        Some("signed") => Some(t("result-done-signed").to_string()),
        Some("released") => Some(t("result-done-released").to_string()),
        Some("held") => Some(t("result-done-held").to_string()),
        _ => None,
    };
    if let (Some(done), Some(Some(besides))) = (&mut opened.cx.done, besides) {
        *done = format!("{done} {besides}");
    }
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
    let values: Vec<Value> = report.sampled().into_iter().chain(results::contained(&report.value)).collect();
    // What is signed is each value, and not the newest of each test.
    let series = fill::each_of(&values, &opened.ctx);
    let pictures = report.pictures();
    let waits_again = results::waits_again(&visit.house.records, report)?;
    let words = if waits_again { "result-held-again" } else { "result-held-until" };
    let held = report.held_until().map(|(reason, until)| {
        t(words).with("date", When::at(until, &opened.ctx.zone).long()).with("reason", reason).to_string()
    });
    // Until somebody has chosen, nothing is chosen that its laboratory asks not to do.
    let asks_to_hold = report.is_held() && !report.is_taken_back() && results::asks_to_hold(&report.value);
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
        asks_to_hold,
        groups: fill::groups(series),
        comment: pages::comment(&typed.comment, &faults),
        release: (may_sign(visit) && !report.is_taken_back()).then(|| match asks_to_hold {
            true => pages::release_unchosen(&typed.release, &faults),
            false => pages::release(&typed.release, &faults),
        }),
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
    if let Some(led) = visit.led(&sent)? {
        return Ok(led);
    }
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
    let mut faults = said(found);
    let signs = !matches!(typed.act.as_str(), "hold" | "release");
    if signs && chosen.release.is_empty() && report.is_held() && results::asks_to_hold(&report.value) {
        faults.add("release", t("release-not-chosen"));
    }
    if !faults.is_empty() && typed.act != "release" {
        let page = report_page(&visit, opened, &report, typed, faults)?;
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
        Err(Refused::Told(_) | Refused::Record(RecordError::VersionConflict { .. })) => match visit.led(&sent)? {
            Some(led) => Ok(led),
            None => Err(Refusal::new(No::Conflict)),
        },
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
            let known = said.iter().map(|(place, said)| (format!("old_v_{place}_kind"), (*said).to_owned())).collect();
            ImportTyped { file: "{}".into(), file_version: version.into(), known, ..ImportTyped::default() }
        };
        let this = ImportTyped::version_of("{}");
        let arrive = |typed: &ImportTyped, status: &str| {
            let mut arrived = Arrived::default();
            for place in [0, 1] {
                arrived.take(
                    (place, report(status, 11)),
                    Some((report("final", 8), "v")),
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
    fn what_was_said_beside_one_version_is_asked_anew_beside_the_next() {
        let report = |id: &str, version: u32, value: Value| {
            let id = FhirId::parse(id).unwrap();
            Report { version: Some(version), ..Report::new(id, value, Vec::new()) }
        };
        let stands =
            |version: u32, meta: Value| report("old", version, serde_json::json!({"status": "final", "meta": meta}));
        let arrive = |typed: &ImportTyped, old: Option<Report>| {
            let mut arrived = Arrived::default();
            let versions = pages::versions(old.as_ref());
            let new = report("new", 0, serde_json::json!({"status": "corrected"}));
            let old = old.map(|old| (old, versions.as_str()));
            arrived.take((2, new), old, typed, &Ctx::of(jiff::tz::TimeZone::UTC));
            arrived
        };
        let field = |old: &Report| pages::known_field(2, old, &pages::versions([old]));
        let typed = |field: String| ImportTyped {
            file: "{}".into(),
            file_version: ImportTyped::version_of("{}"),
            known: [(field, "version".to_owned())].into(),
            ..ImportTyped::default()
        };
        let shown = stands(1, Value::Null);
        let said = typed(field(&shown));
        let taken = arrive(&said, Some(shown.clone()));
        assert!(!taken.is_open && taken.fault(true).is_none());
        // Somebody took another version meanwhile, which is held.
        let held = serde_json::json!({"security": [{"code": "NOPAT"}]});
        let asked = arrive(&said, Some(stands(2, held)));
        assert!(asked.is_open && asked.held.is_some() && asked.known[0].chosen == "version");
        assert_eq!(asked.fault(true).unwrap().to_string(), t("import-known-meanwhile").to_string());
        // So it is where a value alone changed, or what would let it go.
        let mut value = shown.clone();
        value.results.push((FhirId::parse("v").unwrap(), Some(1), Value::Null));
        let changed = Report { results: vec![(FhirId::parse("v").unwrap(), Some(2), Value::Null)], ..value.clone() };
        assert!(arrive(&typed(field(&value)), Some(changed)).is_open);
        let task = Report { tasks: vec![(FhirId::parse("t").unwrap(), 1, Value::Null)], ..shown.clone() };
        assert!(arrive(&said, Some(task)).is_open);
        // What is not there any more was said of nothing; the next time nothing is asked.
        assert!(arrive(&said, None).fault(true).is_some());
        assert!(arrive(&typed("file_0_2_kind".to_owned()), None).fault(true).is_none());
        assert_eq!(pages::versions([&shown, &value]), pages::versions([&value, &shown]));
    }

    #[test]
    fn a_half_that_is_sealed_from_who_takes_a_file_goes_with_the_other_and_nothing_is_asked_of_it() {
        let hiv = || serde_json::json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]});
        let report = |id: &str, status: &str, meta: Value, more: Value| {
            let mut value = serde_json::json!({"resourceType": "DiagnosticReport", "status": status, "code": {"text": "Panel"},
                "identifier": [{"system": "urn:lab", "value": "C1"}], "effectiveDateTime": "2026-11-24T08:00:00Z", "meta": meta});
            value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Report { version: Some(1), ..Report::new(FhirId::parse(id).unwrap(), value, Vec::new()) }
        };
        let plain = || serde_json::json!({});
        let here = |sealed: Report| Here {
            all: vec![report("p", "final", Value::Null, plain()), sealed],
            unseen: BTreeSet::from([1]),
        };
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let of_half = |here: &Here, said: &str, all: Vec<((usize, Report), Option<usize>)>, may_sign: bool| {
            let field = pages::known_field(1, &here.all[0], &pages::versions([&here.all[0]]));
            let known = [(field, said.to_owned())].into();
            let file_version = ImportTyped::version_of("{}");
            let typed = ImportTyped { file: "{}".into(), file_version, known, ..ImportTyped::default() };
            let mut arrived = Arrived::default();
            assert!(arrived.take_all(all, here, (&typed, may_sign), &ctx).is_none());
            arrived
        };
        let halves = |status: &str| {
            vec![
                ((0, report("ns", status, hiv(), plain())), Some(1)),
                ((1, report("np", status, Value::Null, plain())), Some(0)),
            ]
        };
        let ids = |arrived: &Arrived| {
            let mut all: Vec<String> = arrived.all.iter().map(|one| one.report().id.to_string()).collect();
            all.sort();
            all.join(" ")
        };
        let sealed = |more: Value| report("s", "final", hiv(), more);
        let both = here(sealed(plain()));
        let asked = of_half(&both, "", halves("corrected"), true);
        assert!(asked.is_open && asked.known.len() == 1, "of the sealed one nothing is asked");
        let taken = of_half(&both, "version", halves("corrected"), true);
        assert_eq!((ids(&taken).as_str(), taken.past_seals), ("p s", PastSeals::Some));
        let taken = of_half(&both, "further", halves("final"), true);
        assert_eq!((ids(&taken).as_str(), taken.past_seals), ("np ns", PastSeals::None));
        assert_eq!(ids(&of_half(&both, "leave", halves("corrected"), true)), "");
        // What is not sealed alone goes on beside the one that is not.
        let alone = || vec![((1, report("np", "corrected", Value::Null, plain())), Some(0))];
        let taken = of_half(&both, "version", alone(), true);
        assert_eq!((ids(&taken).as_str(), taken.past_seals), ("p", PastSeals::None));
        let new = vec![((1, report("np", "final", Value::Null, plain())), Some(1))];
        let taken = of_half(&both, "", new, true);
        assert_eq!((ids(&taken).as_str(), taken.is_open), ("np", false), "none of what is sealed");
        // What is held is let go by nobody who does not know of it, and what is signed is withdrawn by a doctor.
        let held = serde_json::json!({"meta": {"security": [hiv()["security"][0], {"code": "NOPAT"}]}});
        let taken = of_half(&here(sealed(held)), "version", halves("corrected"), true);
        let until = "2026-12-04T07:00:00Z".parse().unwrap();
        let later = Release::Later { reason: "x".into(), until };
        assert_eq!(
            [Release::Now, Release::WhenSigned, later].map(|one| taken.past_seals.is_refused(&one)),
            [true, true, false]
        );
        let (system, code) = results::SIGNED;
        let tag =
            serde_json::json!({"meta": {"security": hiv()["security"], "tag": [{"system": system, "code": code}]}});
        let gone = || vec![((0, report("g", "entered-in-error", Value::Null, plain())), Some(1))];
        assert_eq!(of_half(&here(sealed(tag.clone())), "", gone(), false).past_seals, PastSeals::Refused);
        let taken = of_half(&here(sealed(tag)), "", gone(), true);
        assert!(taken.past_seals == PastSeals::Some && matches!(taken.all.as_slice(), [Arriving::Withdrawn(_)]));
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
    fn of_two_samples_under_one_number_both_stand_or_somebody_says_which_does_not() {
        let report = |own: &str, status: &str, hour: u32, value: i32| {
            let day = "2026-11-27";
            let test = serde_json::json!({"resourceType": "Observation", "status": "final", "code": {"text": "Troponin"},
                "effectiveDateTime": day, "valueInteger": value});
            let report = serde_json::json!({"resourceType": "DiagnosticReport", "status": status,
                "code": {"text": "Troponin"}, "identifier": [{"system": "urn:lab", "value": "D1"}],
                "effectiveDateTime": day, "issued": format!("{day}T{hour:02}:00:00Z")});
            let id = |text: &str| FhirId::parse(text).unwrap();
            Report::new(id(own), report, vec![(id(&format!("{own}-v")), None, test)])
        };
        let (first, second) = (|| report("a", "final", 9, 12), || report("b", "final", 13, 480));
        let taken = |all: Vec<Report>, said: &str| {
            let known = [("file_0_1_kind".to_owned(), said.to_owned())].into();
            let file_version = ImportTyped::version_of("{}");
            let typed = ImportTyped { file: "{}".into(), file_version, known, ..ImportTyped::default() };
            let mut arrived = Arrived::default();
            let (_, all) = arrived.each_once(all, &typed, &Ctx::of(jiff::tz::TimeZone::UTC)).unwrap();
            let values = all.iter().flat_map(|one| &one.results).map(|(.., one)| one["valueInteger"].as_i64().unwrap());
            (values.collect::<Vec<_>>(), arrived)
        };
        for (both, in_order) in [(vec![first(), second()], [12, 480]), (vec![second(), first()], [480, 12])] {
            let (values, arrived) = taken(both.clone(), "");
            assert!(arrived.is_open && arrived.older == Older::None && values == in_order);
            let [asked] = arrived.known.as_slice() else { panic!() };
            assert!(asked.is_in_file && asked.chosen.is_empty(), "nothing is chosen before somebody has");
            assert!(asked.here.contains("12") && asked.file.contains("480"), "the later one beside the earlier");
            let (values, arrived) = taken(both.clone(), "further");
            assert!(!arrived.is_open && values == in_order);
            assert_eq!(taken(both.clone(), "version").0, [480]);
            assert_eq!(taken(both, "leave").0, [12], "the later one is left out");
        }
        // Withdrawn and reissued: whichever stands first in the file, somebody reads both.
        let gone = || report("w", "entered-in-error", 9, 99);
        for both in [vec![gone(), second()], vec![second(), gone()]] {
            let (_, arrived) = taken(both.clone(), "");
            assert!(arrived.is_open && arrived.known[0].file.contains("480") && !arrived.known[0].is_withdrawn);
            assert_eq!(taken(both, "version").0, [480]);
        }
        let mut moment = [report("p", "preliminary", 9, 12), report("f", "final", 13, 12)];
        for one in &mut moment {
            let time = Value::from("2026-11-27T08:00:00Z");
            (one.value["effectiveDateTime"], one.results[0].2["effectiveDateTime"]) = (time.clone(), time);
        }
        let (values, arrived) = taken(moment.into(), "");
        assert!(values == [12] && !arrived.is_open && arrived.older == Older::LeftOut);
    }

    #[test]
    fn one_that_is_withdrawn_and_was_never_here_is_left_out_of_its_file_by_who_reads_that() {
        let value = serde_json::json!({"status": "entered-in-error", "code": {"text": "Zinc"}});
        let gone = || Report::new(FhirId::parse("g").unwrap(), value.clone(), Vec::new());
        let left = |said: &str| {
            let known = [("nowhere_4_kind".to_owned(), said.to_owned())].into();
            let file_version = ImportTyped::version_of("{}");
            let typed = ImportTyped { file: "{}".into(), file_version, known, ..ImportTyped::default() };
            let mut arrived = Arrived::default();
            arrived.leave((4, gone()), &typed, &Ctx::of(jiff::tz::TimeZone::UTC));
            assert!(arrived.known[0].is_nowhere && arrived.known[0].title == "Zinc" && arrived.all.is_empty());
            arrived.is_open
        };
        assert_eq!([left(""), left("version"), left("further"), left("leave")], [true, true, true, false]);
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
        let place = |all: &[Arriving]| place_of(&id("p"), all, (Reach::of(all, &seals), Older::None));
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
        assert_eq!(place_of(&id("p"), &all, (Reach::Some, Older::None)), "/patients/p/results?done=sealed");
        let newer = |all: &[Arriving]| place_of(&id("p"), all, (Reach::Clinic, Older::LeftOut));
        assert_eq!(newer(&[new()]), "/patients/p/results/reports/r?done=entered-newer");
        assert_eq!(newer(&[gone()]), "/patients/p/results/reports/r?done=withdrawn");
        assert_eq!(done_besides("added-newer").0, "added");
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
