//! The chart's page of medicines: what is taken now, what waits, and what has been, with why each began and ended.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use serde_json::Value;

use super::chart::Opened;
use super::chart_pages::{Frame, Section};
use super::prescription_pages::stands;
use super::{id_of, why};
use crate::audit::{Action, Detail};
use crate::base::Role;
use crate::care::entries::is_no_entry;
use crate::care::medicine::{self, Asks};
use crate::care::prescribe::{self, Refill, Teller};
use crate::care::{Chart, chart};
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, Ctx};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::record::{AllergyStatus, Due, MedicineRow, MedicineState, MedicineStatus};
use crate::http::ui::{Cx, State, When, filters, page, t};
use crate::record::Reading;

/// One medicine of a list.
#[derive(Debug, Clone)]
pub struct Row {
    pub name: String,
    pub how: Option<String>,
    pub reason: Option<String>,
    pub span: String,
    pub by: Option<String>,
    pub state: State,
    /// What else is to be known: that the patient does not take it, and why.
    pub note: Option<String>,
    /// The prescription's page.
    pub href: Option<String>,
    pub renew: Option<String>,
}

/// Something that happened to a medicine.
#[derive(Debug, Clone)]
pub struct Event {
    pub when: When,
    pub word: String,
    pub name: String,
    /// How it was to be taken from then on.
    pub how: Option<String>,
    /// Why.
    pub text: Option<String>,
    pub by: Option<String>,
    pub href: Option<String>,
}

/// All medicines of a chart.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/medicines.html")]
pub struct MedicinesPage {
    pub cx: Cx,
    pub frame: Frame,
    /// What is not to be given.
    pub not_to_give: Vec<Row>,
    pub current: Vec<Row>,
    /// What is to be begun on a day to come.
    pub later: Vec<Row>,
    /// What somebody reported as not taken.
    pub not_taken: Vec<Row>,
    /// What is thought of, and prescribed by nobody yet.
    pub planned: Vec<Row>,
    pub past: Vec<Row>,
    pub history: Vec<Event>,
    /// Requests that wait: address and medicine.
    pub refills: Vec<(Option<String>, String)>,
    pub prescribe: Option<String>,
}
page!(MedicinesPage in Patients);

impl MedicinesPage {
    const SECTION: Section = Section::Medicines;

    fn section(&self) -> Section {
        Self::SECTION
    }

    fn title(&self) -> String {
        t("chart-page-title").with("name", self.frame.who.plain()).with("page", Self::SECTION.word()).into()
    }
}

/// `GET /patients/{id}/medicines`
pub(in crate::http) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let id = id_of(&id)?;
    let read = |reading: &mut Reading<'_>| {
        let kinds: Vec<R> = chart::FRAME.iter().copied().chain([R::Task]).collect();
        Chart::read(reading, &id, &kinds)
    };
    let why = why(&visit, Action::Read, Detail::none());
    let chart = visit.house.records.disclose(&visit.actor, why, read).await?;
    let Opened { cx, ctx, chart, frame } = Opened::of(&visit, chart.into_inner())?;
    let signs = visit.actor.role() == Some(Role::Clinician);
    let rows = Rows { chart: &chart, ctx: &ctx, base: format!("/patients/{id}"), signs, now: cx.now.datetime() };
    let Lists { current, later, mut past } = rows.lists();
    past.extend(rows.given_up());
    page(&MedicinesPage {
        history: rows.history(),
        refills: rows.refills(signs),
        prescribe: signs.then(|| format!("/patients/{id}/prescribe")),
        not_to_give: rows.apart(medicine::is_not_to_be_given, MedicineState::NotToGive),
        planned: rows.apart(medicine::is_planned, MedicineState::Planned),
        not_taken: rows.not_taken(),
        current,
        later,
        past,
        frame,
        cx,
    })
}

/// Why it is paused or was ended, as whoever did so said.
fn why_so(request: &Value) -> Option<String> {
    let is_so = !matches!(fill::text(request, "/status"), Some("active"));
    fill::concept(request.get("statusReason")).filter(|_| is_so)
}

/// What the page says of it, and what was noted with it.
fn lines(said: impl IntoIterator<Item = String>, medicine: &Value) -> Option<String> {
    let all: Vec<String> = said.into_iter().chain(fill::notes(medicine)).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// "3 Mar 2024 to 2 May 2026", as far as it is known; of what has not begun, from when.
fn span(due: Due, both: (Option<When>, Option<When>)) -> String {
    match both {
        (Some(since), Some(until)) => t("from-to").with("from", since.short()).with("to", until.short()),
        (Some(since), None) if matches!(due, Due::Later(Some(_))) => t("dose-from").with("date", since.short()),
        (Some(since), None) => t("since").with("date", since.short()),
        (None, Some(until)) => t("until").with("date", until.short()),
        (None, None) => t("date-unknown"),
    }
    .to_string()
}

/// The lists of what was prescribed or reported.
#[derive(Debug, Default)]
struct Lists {
    current: Vec<Row>,
    later: Vec<Row>,
    past: Vec<Row>,
}

impl Lists {
    fn take(&mut self, row: Row, open: bool, due: Due) {
        match due {
            _ if !open => self.past.push(row),
            Due::Later(_) => self.later.push(row),
            _ => self.current.push(row),
        }
    }
}

struct Rows<'a> {
    chart: &'a Chart,
    ctx: &'a Ctx,
    base: String,
    signs: bool,
    now: jiff::civil::DateTime,
}

impl Rows<'_> {
    /// What was prescribed, and what was said not to be given.
    fn requests(&self) -> impl Iterator<Item = &Value> {
        self.chart.of(R::MedicationRequest).iter().filter(|one| {
            let wrong = matches!(fill::text(one, "/status"), Some("entered-in-error" | "draft"));
            !wrong && Asks::of(one) != Asks::Perhaps
        })
    }

    /// What is no medicine of the patient, in a list of its own.
    fn apart(&self, belongs: fn(&Value) -> bool, state: MedicineState) -> Vec<Row> {
        let all = self.chart.of(R::MedicationRequest).iter().filter(|one| belongs(one));
        all.map(|one| self.no_medicine(one, state)).collect()
    }

    /// What was not to be given, and is not said to be so any more.
    fn given_up(&self) -> Vec<Row> {
        let over = |one: &&Value| Asks::of(one) == Asks::NotToGive && !medicine::is_not_to_be_given(one);
        let row = |one: &Value| Row {
            note: Some(t("history-not-to-give-ended").to_string()),
            ..self.no_medicine(one, MedicineState::NotToGive)
        };
        self.requests().filter(over).map(row).collect()
    }

    fn no_medicine(&self, request: &Value, state: MedicineState) -> Row {
        let how = fill::dose_of(request, &self.ctx.zone);
        let how = match state {
            MedicineState::NotToGive => how.map(|how| t("not-to-give-of").with("how", how).to_string()),
            _ => how,
        };
        let since = self.ctx.when(request, "/authoredOn");
        Row {
            name: fill::medicine_name(request, self.chart.medications()),
            how,
            reason: fill::reason_of(request, self.chart.of(R::Condition)),
            span: since.map_or_else(
                || t("date-unknown").to_string(),
                |since| t("since").with("date", since.short()).to_string(),
            ),
            by: fill::called(request.get("requester")),
            state: state.mark(),
            note: lines([], request),
            href: self.href(request),
            renew: None,
        }
    }

    fn href(&self, request: &Value) -> Option<String> {
        Some(format!("{}/prescriptions/{}", self.base, fill::text(request, "/id")?))
    }

    fn lists(&self) -> Lists {
        let mut lists = Lists::default();
        let not_taken = prescribe::not_taking(self.chart.of(R::MedicationStatement).iter(), &self.ctx.zone);
        for request in self.requests().filter(|one| Asks::of(one) == Asks::Give && !is_no_entry(one)) {
            let name = fill::medicine_name(request, self.chart.medications());
            // One whose time is over is taken all the same until somebody ends it.
            let open = medicine::may_be_taken(request);
            let due = fill::due(request, self.ctx);
            let id = fill::text(request, "/id").unwrap_or_default();
            // What others say is among the doubts.
            let word = not_taken.get(id).filter(|word| open && word.is_of_patient());
            let note = word.map(|word| {
                let day = word.said.as_deref().and_then(|day| When::parse(day, &self.ctx.zone)).map(|day| day.short());
                let note =
                    if word.by == Teller::Patient { "medicine-not-taken-note" } else { "medicine-not-taken-note-for" };
                let base = t(note).with("date", day.unwrap_or_default()).to_string();
                word.reason.as_ref().map_or_else(|| base.clone(), |reason| format!("{base} {reason}"))
            });
            let said = note.or_else(|| why_so(request)).into_iter().chain(self.besides(request, due));
            let row = Row {
                name,
                how: fill::dose_of(request, &self.ctx.zone),
                reason: fill::reason_of(request, self.chart.of(R::Condition)),
                span: span(due, fill::span_of_request(request, due, self.ctx)),
                by: fill::called(request.get("requester")),
                state: stands(request, self.chart, self.ctx, self.now.date()),
                note: lines(said, request),
                href: self.href(request),
                renew: (open && self.signs).then(|| format!("{}/prescribe?renew={id}", self.base)),
            };
            lists.take(row, open, due);
        }
        let reported = Chart::of(self.chart, R::MedicationStatement).iter();
        for statement in reported.filter(|one| !is_no_entry(one)) {
            let status = fill::text(statement, "/status").unwrap_or_default();
            if self.goes_along(statement) || matches!(status, "entered-in-error" | "not-taken") {
                continue;
            }
            let open = medicine::may_be_taken(statement);
            let due = fill::due(statement, self.ctx);
            let since =
                self.ctx.first_when(statement, &["/effectivePeriod/start", "/effectiveDateTime", "/dateAsserted"]);
            let besides = fill::mark_besides(statement, self.chart, self.ctx);
            let state = besides.unwrap_or_else(|| match status {
                "active" | "intended" => MedicineState::Reported.mark(),
                other => MedicineState::from_code(other).mark(),
            });
            let row = Row {
                name: fill::medicine_name(statement, self.chart.medications()),
                how: fill::dose_of(statement, &self.ctx.zone),
                reason: fill::list(statement, "reasonCode").first().and_then(|one| fill::concept(Some(one))),
                span: span(due, (since, self.ctx.when(statement, "/effectivePeriod/end"))),
                by: fill::called(statement.get("informationSource")),
                state,
                note: lines(self.besides(statement, due), statement),
                href: fill::text(statement, "/id").filter(|_| open).map(|id| format!("{}/medicines/{id}", self.base)),
                renew: None,
            };
            lists.take(row, open, due);
        }
        lists
    }

    /// Whether the row of its prescription says what a statement says.
    fn goes_along(&self, statement: &Value) -> bool {
        prescribe::goes_with(statement, self.chart.of(R::MedicationRequest), self.chart.medications())
    }

    /// What else says of it that it may not be taken now, each in words.
    fn besides(&self, medicine: &Value, due: Due) -> impl Iterator<Item = String> {
        due.words().into_iter().chain(fill::doubts_of(medicine, self.chart, self.ctx))
    }

    /// What somebody reported as not taken.
    fn not_taken(&self) -> Vec<Row> {
        let row = |row: MedicineRow| Row {
            span: row.since.map_or_else(|| t("date-unknown").to_string(), |when| when.short()),
            state: row.state.mark(),
            note: row.reason.map(|reason| t("medicine-reported-not-taken-why").with("reason", reason).to_string()),
            name: row.name,
            how: row.how,
            reason: None,
            by: row.by,
            href: None,
            renew: None,
        };
        fill::not_taken_rows(self.chart, self.ctx).into_iter().map(row).collect()
    }

    /// What began, changed and ended, newest first.
    fn history(&self) -> Vec<Event> {
        let mut all = Vec::new();
        for request in self.requests() {
            let name = fill::medicine_name(request, self.chart.medications());
            let by = fill::called(request.get("requester"));
            if let Some(when) = self.ctx.when(request, "/authoredOn") {
                let prior = request.get("priorPrescription").is_some();
                let before = fill::text(request, "/priorPrescription/reference").and_then(|to| {
                    self.requests()
                        .find(|one| fill::text(one, "/id").is_some_and(|id| to == format!("MedicationRequest/{id}")))
                });
                let changed = before.and_then(prescribe::end_code) == Some("changed");
                let word = match (prior, changed) {
                    _ if Asks::of(request) == Asks::NotToGive => "history-not-to-give",
                    (true, true) => "history-changed",
                    (true, false) => "history-renewed",
                    _ => "history-started",
                };
                let how = fill::dose_of(request, &self.ctx.zone).map(|how| match Asks::of(request) {
                    Asks::NotToGive => t("not-to-give-of").with("how", how).to_string(),
                    _ => how,
                });
                all.push(Event {
                    when,
                    word: t(word).to_string(),
                    name: name.clone(),
                    how,
                    text: fill::reason_of(request, self.chart.of(R::Condition)),
                    by: by.clone(),
                    href: self.href(request),
                });
            }
            // Of what was ended elsewhere, the end of its time is the nearest that is known, else when it came here.
            let over =
                self.ctx.when(request, "/dispenseRequest/validityPeriod/end").filter(|end| end.moment() < self.now);
            let at = prescribe::ended_at(request).and_then(|at| When::parse(at, &self.ctx.zone)).or(over);
            let ended = matches!(fill::text(request, "/status"), Some("stopped" | "cancelled"));
            let replaced = matches!(prescribe::end_code(request), Some("renewed" | "changed"));
            if let (true, false, Some(when)) = (ended, replaced, at.or(self.ctx.when(request, "/meta/lastUpdated"))) {
                let text = fill::owned(request, "/statusReason/text");
                let reason = text.or_else(|| Some(t("history-no-reason").to_string()));
                all.push(Event {
                    when,
                    word: t(match Asks::of(request) {
                        Asks::NotToGive => "history-not-to-give-ended",
                        _ => "history-stopped",
                    })
                    .to_string(),
                    name,
                    how: None,
                    text: reason,
                    by: None,
                    href: self.href(request),
                });
            }
        }
        let statements = self.chart.of(R::MedicationStatement).iter();
        all.extend(statements.filter_map(|one| self.ended(one)));
        for statement in self.chart.of(R::MedicationStatement) {
            let Some((_, not, _)) = prescribe::statement(statement) else { continue };
            // What is taken beside what was prescribed was not given up before.
            if !not && !self.goes_along(statement) {
                continue;
            }
            let Some(when) = self.ctx.first_when(statement, &["/dateAsserted", "/meta/lastUpdated"]) else { continue };
            all.push(Event {
                when,
                word: t(if not { "history-not-taking" } else { "history-taking-again" }).to_string(),
                name: fill::medicine_name(statement, self.chart.medications()),
                how: None,
                text: fill::owned(statement, "/statusReason/0/text"),
                by: match prescribe::teller(statement) {
                    Teller::Patient => Some(t("history-by-patient").to_string()),
                    Teller::ForPatient => Some(t("history-for-patient").to_string()),
                    Teller::Other(by) => by,
                },
                href: None,
            });
        }
        all.sort_by_key(|event| std::cmp::Reverse(event.when.moment()));
        all
    }

    /// That what somebody reported was ended, with who wrote it down.
    fn ended(&self, statement: &Value) -> Option<Event> {
        if fill::text(statement, "/status") != Some("stopped") || prescribe::statement(statement).is_some() {
            return None;
        }
        let note = fill::list(statement, "note").last();
        let by = note
            .and_then(|note| fill::called(note.get("authorReference")).or_else(|| fill::owned(note, "/authorString")));
        Some(Event {
            when: self.ctx.first_when(statement, &["/effectivePeriod/end", "/meta/lastUpdated"])?,
            word: t("history-stopped").to_string(),
            name: fill::medicine_name(statement, self.chart.medications()),
            how: None,
            text: fill::list(statement, "statusReason").first().and_then(|one| fill::concept(Some(one))),
            by,
            href: None,
        })
    }

    /// Refills that wait: where they are answered, for who may, and of which medicine.
    fn refills(&self, may_answer: bool) -> Vec<(Option<String>, String)> {
        let open = self.chart.of(R::Task).iter().filter(|task| prescribe::is_open(task));
        open.filter_map(prescribe::refill_of)
            .map(|Refill { id, prescription, .. }| {
                let of = |one: &&Value| fill::text(one, "/id") == Some(prescription.as_str());
                let prescribed = self.chart.of(R::MedicationRequest).iter().find(of);
                let name = prescribed.map(|one| fill::medicine_name(one, self.chart.medications()));
                (may_answer.then(|| format!("/refills/{id}")), name.unwrap_or_default())
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with_rows(requests: Vec<Value>, statements: Vec<Value>, check: impl FnOnce(&Rows<'_>)) {
        let now = jiff::civil::date(2026, 11, 29).at(21, 0, 0, 0);
        let ctx = Ctx { today: Some(now.date()), ..Ctx::of(jiff::tz::TimeZone::UTC) };
        let all = vec![(R::MedicationRequest, requests), (R::MedicationStatement, statements)];
        let chart = Chart::holding(json!({"id": "p"}), all);
        check(&Rows { chart: &chart, ctx: &ctx, base: "/patients/p".into(), signs: true, now });
    }

    fn said(name: &str, more: Value) -> Value {
        let mut one = json!({"resourceType": "MedicationStatement", "id": name, "status": "active",
            "medicationCodeableConcept": {"text": name}});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    }

    fn shown<'r>(rows: &'r [Row]) -> Vec<(&'r str, &'r str, &'r str, &'r str)> {
        let of = |row: &'r Row| {
            let note = row.note.as_deref().unwrap_or_default();
            (row.name.as_str(), row.span.as_str(), row.state.word.as_str(), note)
        };
        rows.iter().map(of).collect()
    }

    #[test]
    fn what_is_over_or_has_not_begun_is_in_no_list_as_taken_now() {
        let order = json!({"resourceType": "MedicationRequest", "id": "r", "status": "active", "intent": "order",
            "authoredOn": "2026-01-10", "medicationCodeableConcept": {"text": "Course"},
            "dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {"start": "2026-01-10", "end": "2026-01-20"}}}}]});
        let statements = vec![
            said("Ended", json!({"effectivePeriod": {"start": "2026-01-01", "end": "2026-06-01"}})),
            said("Coming", json!({"effectivePeriod": {"start": "2027-02-01"}})),
        ];
        with_rows(vec![order], statements, |rows| {
            let Lists { current, later, past } = rows.lists();
            let over = "Its time is over";
            assert_eq!(
                shown(&current),
                [
                    ("Course", "10 Jan 2026 to 20 Jan 2026", over, "Its time was over on 20 Jan 2026"),
                    ("Ended", "1 Jan 2026 to 1 Jun 2026", over, "Its time was over on 1 Jun 2026"),
                ]
            );
            let coming = ("Coming", "from 1 Feb 2027", "Not begun yet", "Not begun yet: from 1 Feb 2027");
            assert_eq!((shown(&later), past.len()), (vec![coming], 0));
        });
    }

    #[test]
    fn the_list_and_the_course_say_who_said_what_is_not_taken_and_what_is_taken_otherwise() {
        let order = json!({"resourceType": "MedicationRequest", "id": "r", "status": "active", "intent": "order",
            "authoredOn": "2026-11-01", "medicationCodeableConcept": {"text": "Metformin"}});
        let on = |more: Value| {
            let mut one = said("Metformin", json!({"basedOn": [{"reference": "MedicationRequest/r"}]}));
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            one
        };
        let not = |source: Value| {
            on(json!({"status": "not-taken", "dateAsserted": "2026-11-20", "informationSource": source,
                "statusReason": [{"text": "tube blocked"}]}))
        };
        with_rows(vec![order.clone()], vec![not(json!({"display": "Ward 3"}))], |rows| {
            let why = "Reported as not taken by Ward 3: tube blocked";
            let current = rows.lists().current;
            assert_eq!(shown(&current), [("Metformin", "since 1 Nov 2026", "Reported as not taken", why)]);
            assert_eq!(rows.history()[0].by.as_deref(), Some("Ward 3"));
        });
        with_rows(vec![order.clone()], vec![not(json!({"reference": "Patient/p"}))], |rows| {
            let why = "The patient said so on 20 Nov 2026. tube blocked";
            assert_eq!(shown(&rows.lists().current), [("Metformin", "since 1 Nov 2026", "Not taking it", why)]);
        });
        let half = on(json!({"dosage": [{"text": "half a tablet"}], "note": [{"text": "vomits from more"}]}));
        with_rows(vec![order], vec![on(json!({})), half], |rows| {
            let notes: Vec<Option<String>> = rows.lists().current.into_iter().map(|row| row.note).collect();
            assert_eq!(notes, [None, Some("Its prescription says otherwise; vomits from more".to_owned())]);
        });
    }

    #[test]
    fn what_a_patient_takes_beside_a_prescription_that_ended_is_ended_by_the_clinic_and_was_never_begun_again() {
        let order = json!({"resourceType": "MedicationRequest", "id": "r", "status": "stopped", "intent": "order",
            "medicationCodeableConcept": {"text": "Simvastatin"}});
        let word = |name: &str| {
            said(
                name,
                json!({"basedOn": [{"reference": "MedicationRequest/r"}], "dateAsserted": "2026-11-20",
                "informationSource": {"reference": "Patient/p"}}),
            )
        };
        with_rows(vec![order], vec![word("Clarithromycin"), word("Simvastatin")], |rows| {
            let current = rows.lists().current;
            let all: Vec<_> = current.iter().map(|row| (row.name.as_str(), row.href.as_deref())).collect();
            assert_eq!(all, [("Clarithromycin", Some("/patients/p/medicines/Clarithromycin"))]);
            let again = rows.history().into_iter().filter(|event| event.word == "Taking it again");
            assert_eq!(again.map(|event| event.name).collect::<Vec<_>>(), ["Simvastatin"]);
        });
    }

    #[test]
    fn what_is_reported_as_not_taken_has_a_row_and_what_was_ended_stands_in_the_course() {
        let not = json!({"status": "not-taken", "dateAsserted": "2026-11-20", "statusReason": [{"text": "refuses"}]});
        let ended = json!({"status": "stopped", "statusReason": [{"text": "stopped by the hospital"}],
            "effectivePeriod": {"start": "2026-01-01", "end": "2026-11-29T20:00:00Z"},
            "note": [{"text": "stopped by the hospital", "authorString": "Ann"}]});
        with_rows(vec![], vec![said("Metformin", not), said("Amiodarone", ended)], |rows| {
            let why = "Reported as not taken: refuses";
            assert_eq!(shown(&rows.not_taken()), [("Metformin", "20 Nov 2026", "Not taking it", why)]);
            let Lists { current, later, past } = rows.lists();
            assert_eq!((current.len(), later.len(), past.len()), (0, 0, 1));
            assert_eq!(past[0].span, "1 Jan 2026 to 29 Nov 2026");
            let events = rows.history();
            let [event] = events.as_slice() else { panic!("{events:?}") };
            let event = (event.when.short(), event.word.as_str(), event.text.as_deref(), event.by.as_deref());
            assert_eq!(event, ("29 Nov 2026".into(), "Stopped", Some("stopped by the hospital"), Some("Ann")));
        });
    }
}
