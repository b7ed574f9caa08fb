//! Looking for words inside one record, and several courses side by side.
//!
//! A search goes through what the record holds of each type, newest first and no more than the chart shows of it; only what
//! is found is opened, and the access log names nothing else.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use jiff::civil::DateTime;
use serde::Deserialize;
use serde_json::Value;

use super::chart::Opened;
use super::chart_pages::{Frame, Section};
use super::{id_of, why};
use crate::audit::{Action, Detail};
use crate::care::chart::FRAME;
use crate::care::{Chart, Part};
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, Found, Wanted};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::record::{AllergyStatus, MedicineStatus};
use crate::http::ui::{Cx, Series, filters, page as place, t};
use crate::record::Reading;

/// Types that are looked through.
const KINDS: [R; 13] = [
    R::Condition,
    R::AllergyIntolerance,
    R::MedicationRequest,
    R::MedicationStatement,
    R::Immunization,
    R::Procedure,
    R::Encounter,
    R::Composition,
    R::DocumentReference,
    R::DiagnosticReport,
    R::ServiceRequest,
    R::QuestionnaireResponse,
    R::Observation,
];
/// Of each type, so many finds are shown.
const MOST: usize = 20;
/// The longest search, in characters.
const LONGEST: usize = 100;
/// How many courses stand side by side.
const COURSES: usize = 8;

/// What was found in a record.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_search.html")]
pub struct SearchPage {
    pub cx: Cx,
    pub frame: Frame,
    pub query: String,
    pub found: Vec<Found>,
    /// There is more than is shown.
    pub more: bool,
}
place!(SearchPage in Patients);

impl SearchPage {
    fn section(&self) -> Section {
        Section::Search
    }

    fn title(&self) -> String {
        t("chart-page-title").with("name", self.frame.who.plain()).with("page", Section::Search.word()).into()
    }
}

/// Courses side by side.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_trends.html")]
pub struct Trends {
    pub cx: Cx,
    pub frame: Frame,
    /// Key, name, whether it is shown.
    pub all: Vec<(String, String, bool)>,
    pub shown: Vec<Series>,
    /// From when to when all of them reach.
    pub first: DateTime,
    pub last: DateTime,
}
place!(Trends in Patients);

impl Trends {
    fn section(&self) -> Section {
        Section::Trends
    }

    fn title(&self) -> String {
        t("chart-page-title").with("name", self.frame.who.plain()).with("page", Section::Trends.word()).into()
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Asked {
    q: String,
}

/// Whether every word is somewhere in the texts of a resource.
fn matching(all: &[Value], words: Words<'_>) -> Vec<usize> {
    let fits = |value: &Value| {
        let text = fill::words_of(value, words.along);
        words.words.split_whitespace().all(|word| text.contains(word))
    };
    all.iter().enumerate().filter(|(_, value)| fits(value)).map(|(at, _)| at).take(MOST + 1).collect()
}

/// What is looked for.
#[derive(Clone, Copy)]
struct Words<'a> {
    /// Small letters, separated by spaces.
    words: &'a str,
    /// The Medications that prescriptions refer to.
    along: &'a [Value],
}

/// Whether every chart's page reads all of this type: then it is looked through there, with what it refers to.
fn is_in_frame(kind: R) -> bool {
    matches!(kind, R::MedicationRequest | R::MedicationStatement)
}

/// `GET /patients/{id}/search`
pub(in crate::http) async fn search(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let patient = id_of(&id)?;
    let query: String = asked.q.trim().chars().take(LONGEST).collect();
    let words = fill::folded(&query);
    let looks = why(&visit, Action::Search, Detail::search(query.as_str()));
    let looks = if query.is_empty() { why(&visit, Action::Read, Detail::none()) } else { looks };
    let found = visit.house.records.disclose(&visit.actor, looks, |reading: &mut Reading<'_>| {
        let frame = Chart::read(reading, &patient, FRAME)?;
        let kinds = KINDS.iter().filter(|kind| !words.trim().is_empty() && !is_in_frame(**kind));
        let looked = Words { words: &words, along: &[] };
        let parts = kinds.map(|kind| (*kind, Part::Chosen(looked, matching as crate::record::Choose<Words<'_>>)));
        Ok(frame.zip(Chart::read_parts(reading, &patient, parts)?))
    });
    let (chart, hits) = found.await?.into_inner();
    let opened = Opened::of(&visit, chart)?;
    let base = opened.frame.who.href();
    let (mut rows, mut more) = (Vec::new(), false);
    for kind in KINDS {
        let medicines: Vec<Value>;
        let of = match is_in_frame(kind) && !words.trim().is_empty() {
            true => {
                let all = opened.chart.of(kind);
                let looked = Words { words: &words, along: opened.chart.medications() };
                medicines = matching(all, looked).into_iter().filter_map(|at| all.get(at).cloned()).collect();
                medicines.as_slice()
            }
            false => hits.of(kind),
        };
        more |= of.len() > MOST;
        let own = of.iter().filter(|one| !is_of_note(one, hits.of(R::Composition))).take(MOST);
        rows.extend(own.filter_map(|one| fill::found(kind, one, &opened.chart, &base, &opened.ctx)));
    }
    page(&SearchPage { cx: opened.cx, frame: opened.frame, query, found: rows, more })
}

/// Whether it is the document that a found note was kept as: one thing is found once.
fn is_of_note(one: &Value, notes: &[Value]) -> bool {
    let related = one.pointer("/context/related").and_then(Value::as_array).into_iter().flatten();
    let mut related = related.filter_map(|one| one.get("reference")?.as_str()?.strip_prefix("Composition/"));
    related.any(|id| notes.iter().any(|note| note.get("id").and_then(Value::as_str) == Some(id)))
}

/// `GET /patients/{id}/trends`
pub(in crate::http) async fn trends(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let Opened { cx, ctx, chart, frame } = super::chart::open(&visit, &id, &[R::Observation]).await?;
    let mut all = fill::series_of(chart.of(R::Observation), Wanted::All, &ctx);
    all.retain(Series::has_trend);
    all.sort_by_key(|series| series.name.to_lowercase());
    let wanted: Vec<&str> =
        asked.iter().filter(|(name, _)| name == "show").map(|(_, key)| key.as_str()).take(COURSES).collect();
    let is_shown = |key: &str| wanted.contains(&key);
    let rows = all.iter().map(|one| (one.key.clone(), one.name.clone(), is_shown(&one.key))).collect();
    let shown: Vec<Series> = all.into_iter().filter(|one| is_shown(&one.key)).collect();
    let moments = || shown.iter().flat_map(Series::numbers).map(|one| one.when.moment());
    let now = cx.now.datetime();
    let (first, last) = (moments().min().unwrap_or(now), moments().max().unwrap_or(now));
    page(&Trends { cx, frame, all: rows, shown, first, last })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_note_and_the_document_of_it_are_found_once() {
        let notes = [json!({"resourceType": "Composition", "id": "n"})];
        let kept = |note: &str| json!({"context": {"related": [{"reference": format!("Composition/{note}")}]}});
        assert!(is_of_note(&kept("n"), &notes));
        assert!(!is_of_note(&kept("m"), &notes) && !is_of_note(&json!({"content": []}), &notes));
    }

    #[test]
    fn every_word_must_be_there_and_codes_and_ids_do_not_count() {
        let all = [
            json!({"resourceType": "Condition", "id": "asthma-1", "code": {"text": "High blood pressure"}}),
            json!({"resourceType": "Condition", "code": {"text": "Asthme \u{e0} l\u{2019}effort", "coding": [{"system": "http://asthma"}]}}),
        ];
        let at = |query: &str| matching(&all, Words { words: &fill::folded(query), along: &[] });
        assert_eq!(at("blood HIGH"), [0]);
        assert_eq!(at("asthma"), Vec::<usize>::new());
        assert_eq!(at("asthme a"), [1]);
        assert_eq!(at("condition"), Vec::<usize>::new());
        let refers =
            [json!({"resourceType": "MedicationRequest", "medicationReference": {"reference": "Medication/1"}})];
        let digoxin = [json!({"resourceType": "Medication", "id": "1", "code": {"text": "Digoxin"}})];
        assert_eq!(matching(&refers, Words { words: "digoxin", along: &digoxin }), [0]);
    }
}
