//! What the pages of a chart are filled with. Every one carries the frame: who the patient is, allergies, problems and
//! medicines.

use askama::Template;

use super::emergency::Running;
use super::results_pages::Waiting;
use crate::http::fill::copied::CopyLine;
use crate::http::ui::record::{
    AllergyKind, AllergyRow, AllergyStatus, CalledOff, DayRow, DocumentRow, Identity, ImmunizationRow, MedicineLine,
    MedicineRow, MedicineStatus, OrderRow, Pages, ProblemRow, VisitRow,
};
use crate::http::ui::{Cx, Series, State, When, filters, page, t};

/// How many medicines the safety bar lists with their doses; of more, the names alone, and it says so.
const DOSED: usize = 12;

/// What never leaves the screen of a chart.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    pub who: Identity,
    /// A second number with its name, such as the health number.
    pub other_number: Option<(String, String)>,
    pub allergies: AllergyStatus,
    /// Active problems, the most important first.
    pub problems: Vec<String>,
    pub medicines: MedicineStatus,
    /// What the record says is not to be given.
    pub not_to_give: Vec<MedicineLine>,
    /// Why this chart may be open, in a sentence; stands on the page that was opened.
    pub why: Option<String>,
    /// Other records that are said to be of the same person, each with something of its own: where they are.
    pub parts: Vec<String>,
    /// The emergency in which it is open.
    pub emergency: Option<Running>,
}

impl Frame {
    pub(super) fn sections(&self) -> Vec<(Section, String, String)> {
        Section::ALL.iter().map(|s| (*s, format!("/patients/{}{}", self.who.id, s.path()), s.word())).collect()
    }

    pub(super) fn lines(&self) -> usize {
        let allergies = match &self.allergies {
            AllergyStatus::Known { list, .. } => list.len(),
            _ => 1,
        };
        let medicines = match &self.medicines {
            MedicineStatus::Takes { list, .. } => list.len().div_ceil(2),
            _ => 1,
        };
        allergies.max(self.problems.len().div_ceil(2)).max(medicines + self.not_to_give.len())
    }

    /// A bar so high that it would leave no room below when it stays.
    pub(super) fn tall(&self) -> bool {
        self.lines() > 9
    }

    /// "5 problems, 6 medicines: show all".
    pub(super) fn rest(&self) -> String {
        t("stay-rest").with("problems", self.problems.len()).with("medicines", self.medicine_count()).to_string()
    }

    pub(super) fn medicine_count(&self) -> usize {
        match &self.medicines {
            MedicineStatus::Takes { list, .. } => list.len(),
            _ => 0,
        }
    }

    /// Each name, and what stands behind it: of many none of the doses; what is in doubt says so all the same.
    pub(in crate::http) fn medicine_lines(&self, list: &[MedicineLine]) -> Vec<(String, String)> {
        let rest = if self.names_only(list) { MedicineLine::doubted } else { MedicineLine::rest };
        list.iter().map(|line| (line.name.clone(), rest(line))).collect()
    }

    pub(in crate::http) fn names_only(&self, list: &[MedicineLine]) -> bool {
        list.len() > DOSED
    }
}

/// The pages of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Section {
    Summary,
    Timeline,
    Results,
    Medicines,
    Problems,
    Allergies,
    Measurements,
    Immunizations,
    Visits,
    Notes,
    Documents,
    Orders,
    Trends,
    Search,
    Reported,
    Messages,
}

impl Section {
    /// Those of the chart's navigation. Messages are reached from the banner: they are the reception's too.
    pub const ALL: [Self; 15] = [
        Self::Summary,
        Self::Timeline,
        Self::Results,
        Self::Medicines,
        Self::Problems,
        Self::Allergies,
        Self::Measurements,
        Self::Immunizations,
        Self::Visits,
        Self::Notes,
        Self::Documents,
        Self::Orders,
        Self::Trends,
        Self::Search,
        Self::Reported,
    ];

    /// What follows `/patients/<id>`.
    pub fn path(self) -> &'static str {
        match self {
            Self::Summary => "",
            Self::Timeline => "/timeline",
            Self::Results => "/results",
            Self::Medicines => "/medicines",
            Self::Problems => "/problems",
            Self::Allergies => "/allergies",
            Self::Measurements => "/measurements",
            Self::Immunizations => "/immunizations",
            Self::Visits => "/visits",
            Self::Notes => "/notes",
            Self::Documents => "/documents",
            Self::Orders => "/orders",
            Self::Trends => "/trends",
            Self::Search => "/search",
            Self::Reported => "/reported",
            Self::Messages => "/messages",
        }
    }

    pub fn word(self) -> String {
        t(match self {
            Self::Summary => "section-summary",
            Self::Timeline => "section-timeline",
            Self::Results => "section-results",
            Self::Medicines => "section-medicines",
            Self::Problems => "section-problems",
            Self::Allergies => "section-allergies",
            Self::Measurements => "section-measurements",
            Self::Immunizations => "section-immunizations",
            Self::Visits => "section-visits",
            Self::Notes => "section-notes",
            Self::Documents => "section-documents",
            Self::Orders => "section-orders",
            Self::Trends => "section-trends",
            Self::Search => "section-search",
            Self::Reported => "section-reported",
            Self::Messages => "nav-messages",
        })
        .to_string()
    }
}

macro_rules! chart_page {
    ($name:ident is $section:ident) => {
        page!($name in Patients);
        impl $name {
            const SECTION: Section = Section::$section;

            fn section(&self) -> Section {
                Self::SECTION
            }

            fn title(&self) -> String {
                t("chart-page-title").with("name", self.frame.who.plain()).with("page", Self::SECTION.word()).into()
            }
        }
    };
}

/// The first page of a chart.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_summary.html")]
pub struct Summary {
    pub cx: Cx,
    pub frame: Frame,
    /// What the patient is here for today, and how far they are.
    pub today: Option<(String, State)>,
    /// The next visits to come.
    pub coming: Vec<DayRow>,
    /// Blood pressure, pulse and the like, each with its course. Shown when there are any.
    pub vitals: Vec<Series>,
    pub problems: Vec<ProblemRow>,
    pub medicines: Vec<MedicineRow>,
    /// The newest results of each test, grouped; what needs a look first in a group.
    pub results: Vec<ResultGroup>,
    /// How many tests more there are.
    pub more: usize,
    /// The test whose trend is shown.
    pub chosen: Option<Series>,
    /// The newest entries.
    pub timeline: Vec<TimelineEntry>,
}
chart_page!(Summary is Summary);

impl Summary {
    /// When all of them were measured, where that was at one time.
    fn vitals_when(&self) -> Option<String> {
        let mut all = self.vitals.iter().filter_map(Series::latest).map(|reading| reading.when);
        let first = all.next()?;
        all.all(|when| when.moment() == first.moment()).then(|| first.near_within(&self.cx.now))
    }

    /// When one of them was: where they were not measured together, each says it.
    fn vital_when(&self, series: &Series) -> Option<String> {
        let when = series.latest()?.when;
        self.vitals_when().is_none().then(|| when.near_within(&self.cx.now))
    }

    fn outside(&self) -> String {
        if self.more == 0 {
            return outside_words(&self.results);
        }
        let all = || self.results.iter().flat_map(|group| &group.series);
        let outside = all().filter(|one| one.flag().is_some()).count();
        let message = if outside == 0 { "results-newest-inside" } else { "results-newest-outside" };
        let words = t(message).with("total", all().count()).with("outside", outside);
        t("results-and-more").with("words", words.to_string()).with("more", self.more).to_string()
    }

    fn chosen_key(&self) -> &str {
        self.chosen.as_ref().map_or("", |series| &series.key)
    }
}

fn outside_words(groups: &[ResultGroup]) -> String {
    let all = groups.iter().flat_map(|group| &group.series);
    let (total, outside) = all.fold((0, 0), |(n, out), s| (n + 1, out + usize::from(s.flag().is_some())));
    match outside {
        0 => t("results-all-inside").with("total", total).to_string(),
        _ => t("results-some-outside").with("total", total).with("outside", outside).to_string(),
    }
}

/// Tests that were made together, or belong together.
#[derive(Debug, Clone)]
pub struct ResultGroup {
    /// What it is: a report's name, or "Other results".
    pub title: String,
    pub when: Option<When>,
    pub source: Option<String>,
    pub series: Vec<Series>,
}

impl ResultGroup {
    pub(super) fn line(&self) -> String {
        let parts = [Some(self.title.clone()), self.when.map(|when| when.short()), self.source.clone()];
        parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

/// All results, one of them with its course.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_results.html")]
pub struct Results {
    pub cx: Cx,
    pub frame: Frame,
    pub groups: Vec<ResultGroup>,
    pub chosen: Option<Series>,
    /// Reports that nobody has signed, or that the patient does not see.
    pub waiting: Vec<Waiting>,
    pub off: Vec<CalledOff>,
}
chart_page!(Results is Results);

impl Results {
    fn outside(&self) -> String {
        outside_words(&self.groups)
    }

    fn chosen_key(&self) -> &str {
        self.chosen.as_ref().map_or("", |series| &series.key)
    }
}

/// All measurements, one of them with its course.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_measurements.html")]
pub struct Measurements {
    pub cx: Cx,
    pub frame: Frame,
    pub groups: Vec<ResultGroup>,
    pub chosen: Option<Series>,
}
chart_page!(Measurements is Measurements);

impl Measurements {
    fn chosen_key(&self) -> &str {
        self.chosen.as_ref().map_or("", |series| &series.key)
    }
}

/// The whole course of a record, newest first.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_timeline.html")]
pub struct Timeline {
    pub cx: Cx,
    pub frame: Frame,
    /// Which kind is shown; none for all.
    pub show: Option<TimelineKind>,
    pub entries: Vec<TimelineEntry>,
    pub pages: Pages,
    /// The first and the last day that is shown, as typed.
    pub from: String,
    pub to: String,
}
chart_page!(Timeline is Timeline);

impl Timeline {
    fn tabs(&self) -> Vec<(String, String, bool)> {
        let base = format!("/patients/{}/timeline", self.frame.who.id);
        let all = (base.clone(), t("timeline-all").to_string(), self.show.is_none());
        let kinds = TimelineKind::ALL
            .iter()
            .map(|kind| (format!("{base}?show={}", kind.code()), kind.words(), self.show == Some(*kind)));
        std::iter::once(all).chain(kinds).collect()
    }
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct TimelineEntry {
    pub when: When,
    /// The time in words, where nobody gave a date: "as a child".
    pub when_said: Option<String>,
    pub kind: TimelineKind,
    pub title: String,
    pub text: Option<String>,
    /// Who, or from where.
    pub by: Option<String>,
    pub href: Option<String>,
}

/// What an entry of the timeline is; its mark has a shape of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimelineKind {
    Visit,
    Order,
    Result,
    Procedure,
    Immunization,
    Letter,
    /// What stands in no other list: a warning, the family's history, what was handed out.
    Other,
}

impl TimelineKind {
    pub const ALL: [Self; 7] =
        [Self::Visit, Self::Order, Self::Result, Self::Procedure, Self::Immunization, Self::Letter, Self::Other];

    /// The value of `show` in the address.
    pub fn code(self) -> &'static str {
        match self {
            Self::Visit => "visit",
            Self::Order => "order",
            Self::Result => "result",
            Self::Procedure => "procedure",
            Self::Immunization => "immunization",
            Self::Letter => "letter",
            Self::Other => "other",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    fn words(self) -> String {
        t(match self {
            Self::Visit => "timeline-visits",
            Self::Order => "timeline-orders",
            Self::Result => "timeline-results",
            Self::Procedure => "timeline-procedures",
            Self::Immunization => "timeline-immunizations",
            Self::Letter => "timeline-letters",
            Self::Other => "timeline-others",
        })
        .to_string()
    }

    fn word(self) -> String {
        t(match self {
            Self::Visit => "timeline-visit",
            Self::Order => "timeline-order",
            Self::Result => "timeline-result",
            Self::Procedure => "timeline-procedure",
            Self::Immunization => "timeline-immunization",
            Self::Letter => "timeline-letter",
            Self::Other => "timeline-other",
        })
        .to_string()
    }
}

/// All problems: active, and of before.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_problems.html")]
pub struct Problems {
    pub cx: Cx,
    pub frame: Frame,
    pub active: Vec<ProblemRow>,
    pub past: Vec<ProblemRow>,
}
chart_page!(Problems is Problems);

/// All allergies and intolerances.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_allergies.html")]
pub struct Allergies {
    pub cx: Cx,
    pub frame: Frame,
    pub rows: Vec<AllergyRow>,
    /// Resolved, refuted, entered in error.
    pub past: Vec<AllergyRow>,
}
chart_page!(Allergies is Allergies);

impl Allergies {
    /// Whether somebody may still say that there is none at all.
    pub fn may_say_none(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|row| row.line.kind != AllergyKind::There)
    }
}

/// All immunizations, newest first.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_immunizations.html")]
pub struct Immunizations {
    pub cx: Cx,
    pub frame: Frame,
    pub rows: Vec<ImmunizationRow>,
}
chart_page!(Immunizations is Immunizations);

/// All visits, newest first.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_visits.html")]
pub struct Visits {
    pub cx: Cx,
    pub frame: Frame,
    /// Those to come, the next first.
    pub coming: Vec<DayRow>,
    /// Planned, with or without a day.
    pub planned: Vec<VisitRow>,
    pub rows: Vec<VisitRow>,
    pub pages: Pages,
}
chart_page!(Visits is Visits);

/// What was ordered, the open first.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_orders.html")]
pub struct Orders {
    pub cx: Cx,
    pub frame: Frame,
    pub open: Vec<OrderRow>,
    /// Done, or called off.
    pub past: Vec<OrderRow>,
}
chart_page!(Orders is Orders);

/// All documents, newest first.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_documents.html")]
pub struct Documents {
    pub cx: Cx,
    pub frame: Frame,
    pub rows: Vec<DocumentRow>,
    pub pages: Pages,
}
chart_page!(Documents is Documents);

/// What the patient, or who acts for them, brought.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_reported.html")]
pub struct Reported {
    pub cx: Cx,
    pub frame: Frame,
    pub rows: Vec<ReportedRow>,
    pub pages: Pages,
}
chart_page!(Reported is Reported);

#[derive(Debug, Clone)]
pub struct ReportedRow {
    pub line: CopyLine,
    /// Where it can be read in full.
    pub href: Option<String>,
    pub to_see: bool,
    /// The patient took it back.
    pub withdrawn: bool,
}

/// One document that lies in the record as a file.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_file.html")]
pub struct KeptFile {
    pub cx: Cx,
    pub frame: Frame,
    pub id: String,
    /// Which of the document's files it is, as the end of an address.
    pub query: String,
    pub row: DocumentRow,
    pub note: Option<String>,
    /// A `data:` address.
    pub preview: Option<String>,
    /// The patient took it back.
    pub withdrawn: bool,
    /// The version that is to be marked as seen.
    pub to_see: Option<u32>,
    pub seen: Option<String>,
}
chart_page!(KeptFile is Documents);

impl KeptFile {
    fn line(&self) -> String {
        let parts = [self.row.kind.clone(), self.row.when.map(|when| when.short()), self.row.by.clone()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// One document's text.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_document.html")]
pub struct Document {
    pub cx: Cx,
    pub frame: Frame,
    pub row: DocumentRow,
    pub text: String,
}
chart_page!(Document is Documents);

impl Document {
    /// "Letter, 24 Feb 2026, Dr R Adeyemi-Strand": what is known.
    fn line(&self) -> String {
        let parts = [self.row.kind.clone(), self.row.when.map(|when| when.short()), self.row.by.clone()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// Forms that came back before visits.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_forms.html")]
pub struct ReturnedForms {
    pub cx: Cx,
    pub frame: Frame,
    pub rows: Vec<ReturnedForm>,
}
chart_page!(ReturnedForms is Reported);

/// One of them, with its answers.
#[derive(Debug, Clone)]
pub struct ReturnedForm {
    pub id: String,
    pub when: Option<When>,
    /// Which visit it is for.
    pub visit: Option<String>,
    /// Who answered, where it was somebody who acts for the patient.
    pub by: Option<String>,
    /// Nobody has said yet that they have read it.
    pub to_see: bool,
    /// Question and answer.
    pub answers: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::care::Chart;
    use crate::fhir::ResourceType as R;
    use crate::http::fill::{self, Ctx};
    use crate::http::pages::sample;
    use serde_json::{Value, json};

    #[test]
    fn whoever_may_not_see_all_of_a_record_is_not_told_that_there_is_nothing() {
        let page = |allergies: Vec<Value>, told: Vec<Value>| {
            let all = vec![(R::AllergyIntolerance, allergies), (R::MedicationStatement, told)];
            let chart = Chart::holding(json!({"resourceType": "Patient", "id": "p"}), all);
            let frame = fill::frame(&chart, None, &Ctx::of(jiff::tz::TimeZone::UTC));
            Immunizations { cx: sample::cx(None), frame, rows: vec![] }.render().unwrap()
        };
        let empty = page(vec![], vec![]);
        for id in ["never-asked-more", "none-recorded", "immunizations-none"] {
            assert!(empty.contains(&t(id).to_string()), "{id}");
        }
        for said in ["Never asked", "None recorded", "No immunizations recorded"] {
            assert!(!empty.contains(said), "{said}");
        }
        let aside = |page: &str| page.matches(&t("sealed-aside").to_string()).count();
        let none = |code: &str| json!({"code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]}});
        assert_eq!(aside(&empty), 0, "it says so in words of its own");
        assert_eq!(aside(&page(vec![none("716186003")], vec![])), 2, "in the bar, and where the bar is not in sight");
        assert_eq!(aside(&page(vec![none("409137002")], vec![])), 1);
    }

    #[test]
    fn an_empty_page_of_a_chart_says_that_what_is_sealed_is_left_out() {
        let chart = Chart::holding(json!({"resourceType": "Patient", "id": "p"}), vec![]);
        let frame = || fill::frame(&chart, None, &Ctx::of(jiff::tz::TimeZone::UTC));
        let pages = || Pages { newer: None, older: None };
        let cx = || sample::cx(None);
        let now = cx().now.datetime();
        let trends = super::super::search::Trends {
            cx: cx(),
            frame: frame(),
            all: vec![],
            shown: vec![],
            first: now,
            last: now,
        };
        let reported = Reported { cx: cx(), frame: frame(), rows: vec![], pages: pages() };
        let (open, signed, elsewhere) = (vec![], vec![], vec![]);
        let notes = super::super::notes_pages::Notes { cx: cx(), frame: frame(), open, signed, elsewhere };
        let timeline = |from: &str| Timeline {
            cx: cx(),
            frame: frame(),
            show: None,
            entries: vec![],
            pages: pages(),
            from: from.to_owned(),
            to: String::new(),
        };
        let says = |page: &str, id: &str| page.contains(&t(id).to_string());
        let all = [
            trends.render(),
            reported.render(),
            notes.render(),
            timeline("").render(),
            timeline("2026-11-01").render(),
        ];
        let all = all.map(Result::unwrap);
        assert!(all.iter().all(|page| says(page, "sealed-aside")));
        assert_eq!([&all[3], &all[4]].map(|page| says(page, "timeline-none")), [true, false]);
        assert!(says(&all[4], "timeline-none-such"), "of another time there may be something");
    }
}
