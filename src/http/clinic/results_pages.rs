//! What the pages of results are filled with: entering, signing, holding.

use askama::Template;
use serde_json::Value;

use super::chart_pages::{Frame, ResultGroup, Section};
use super::entries_pages::label;
use crate::base::FhirId;
use crate::care::held::is_held;
use crate::care::results::{
    Described, Differs, FLAGS, ImportFault, Lies, ROWS, ReleaseTyped, Report, ResultTyped, Sure, asks_to_hold,
    is_signed, is_taken_back,
};
use crate::http::fill::{self, Ctx};
use crate::http::ui::record::{AllergyStatus, MedicineStatus, ReportSaid};
use crate::http::ui::{Cx, FaultSummary, Faults, Field, Flag, When, filters, page, t};

macro_rules! of_results {
    ($($name:ident)*) => {$(
        page!($name in Patients);
        impl $name {
            fn section(&self) -> Section {
                Section::Results
            }

            fn title(&self) -> String {
                t("chart-page-title").with("name", self.frame.who.plain()).with("page", Section::Results.word()).into()
            }
        }
    )*};
}
of_results!(NewResult ImportPage ReportPage ReportFilePage);

/// A result that is typed.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_result_new.html")]
pub struct NewResult {
    pub cx: Cx,
    pub frame: Frame,
    pub head: Vec<Field>,
    pub rows: Vec<Vec<Field>>,
    /// For doctors.
    pub release: Option<ReleaseChoice>,
    pub faults: Faults,
}

impl NewResult {
    /// What is wrong, the faults of a row together.
    fn said(&self) -> FaultSummary<'_> {
        (1_usize..)
            .zip(&ROWS)
            .fold(self.faults.summary(), |all, (n, row)| all.in_row(t("result-row").with("n", n), row))
    }
}

/// A laboratory's file.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_result_import.html")]
pub struct ImportPage {
    pub cx: Cx,
    pub frame: Frame,
    pub file: Field,
    /// Where the file does not say whose it is: what was said of that.
    pub sure: Option<Sure>,
    /// Of which text that is said.
    pub file_version: String,
    /// What may be here already.
    pub known: Vec<Known>,
    pub release: Option<ReleaseChoice>,
    pub faults: Faults,
}

/// A report of a file with the number of one that is here.
#[derive(Debug, Clone)]
pub struct Known {
    /// The name of the field.
    pub field: String,
    pub title: String,
    /// When each was, how it stands and what it says.
    pub here: String,
    pub file: String,
    /// The other one is in the file, too: this is the later of both.
    pub is_in_file: bool,
    /// Its laboratory withdrew it, and nothing of it is here.
    pub is_nowhere: bool,
    /// The file's is the older state.
    pub is_older: bool,
    /// Its laboratory withdrew it: it is no further one.
    pub is_withdrawn: bool,
    /// That the one here is held, until when and why, where it is.
    pub held: Option<String>,
    /// `version`, `further` or `leave`; empty where somebody has to say.
    pub chosen: String,
}

impl Known {
    /// What the two are, with what was said of it; else with what their times and states say.
    pub(super) fn of(new: &Report, old: &Report, (field, said): (String, &str), ctx: &Ctx) -> Self {
        let is_withdrawn = is_taken_back(&new.value);
        let lies = Lies::of(new, old, &ctx.zone);
        let guess = match lies {
            Lies::After => "version",
            Lies::Further => "further",
            Lies::Before | Lies::Unsaid => "",
        };
        let held = old.is_held().then(|| match old.held_until() {
            Some((reason, until)) => t("result-held-until")
                .with("date", When::at(until, &ctx.zone).long())
                .with("reason", reason)
                .to_string(),
            None if asks_to_hold(&old.value) => t("result-asks-to-hold").to_string(),
            None => t("result-held").to_string(),
        });
        let (here, file) = (values_of(old, ctx), values_of(new, ctx));
        Self {
            field,
            title: report_name(new),
            here: state_line(old, &differing(&here, &file), ctx),
            file: state_line(new, &differing(&file, &here), ctx),
            is_in_file: false,
            is_nowhere: false,
            is_older: lies == Lies::Before,
            is_withdrawn,
            held,
            chosen: if said.is_empty() { guess } else { said }.to_owned(),
        }
    }

    /// Two of the file, the later one beside the other. What leaves out one of them is chosen by somebody alone.
    pub(super) fn in_file(later: &Report, earlier: &Report, (field, said): (String, &str), ctx: &Ctx) -> Self {
        let all = Self::of(later, earlier, (field, said), ctx);
        Self { is_in_file: true, is_older: false, held: None, chosen: said.to_owned(), ..all }
    }

    /// One that its laboratory withdrew, and of which nothing is here.
    pub(super) fn nowhere(gone: &Report, (field, said): (String, &str), ctx: &Ctx) -> Self {
        Self {
            field,
            title: report_name(gone),
            here: String::new(),
            file: state_line(gone, &differing(&values_of(gone, ctx), &[]), ctx),
            is_in_file: false,
            is_nowhere: true,
            is_older: false,
            is_withdrawn: true,
            held: None,
            chosen: said.to_owned(),
        }
    }
}

/// The field that says what a report of a file, by its place there, is beside this one. What was said of one version says nothing of
/// the next: with it goes what [`versions`] says of all that are here.
pub(super) fn known_field(place: usize, old: &Report, versions: &str) -> String {
    format!("{}_{versions}_{place}_kind", old.id)
}

/// By what these reports are known again as they stand: each with its values, and with what would let it go.
pub(super) fn versions<'a>(reports: impl IntoIterator<Item = &'a Report>) -> String {
    let of = |id: &FhirId, version: u32| format!("{id}/{version}");
    let mut all: Vec<String> = Vec::new();
    for one in reports {
        all.push(of(&one.id, one.version.unwrap_or_default()));
        all.extend(one.results.iter().map(|(id, version, _)| of(id, version.unwrap_or_default())));
        all.extend(one.tasks.iter().map(|(id, version, _)| of(id, *version)));
    }
    all.sort();
    let hash = blake3::Hasher::new_derive_key("chartbox 2026-11 reports that are here beside a file")
        .update(all.join("\n").as_bytes())
        .finalize();
    data_encoding::HEXLOWER.encode(hash.as_bytes().get(..8).unwrap_or_default())
}

/// So many values tell two reports apart where fewer differ.
const TOLD: usize = 3;

/// What each says.
fn values_of(report: &Report, ctx: &Ctx) -> Vec<String> {
    fill::values_of(&report.sampled().iter().collect::<Vec<_>>(), ctx)
}

/// All of these values that the other report has not: one of the two may be left out. Behind them some of the others.
fn differing(own: &[String], others: &[String]) -> String {
    let (same, differ): (Vec<&str>, Vec<&str>) =
        own.iter().map(String::as_str).partition(|one| others.iter().any(|other| other == one));
    let told = differ.len().max(TOLD);
    differ.into_iter().chain(same).take(told).collect::<Vec<_>>().join(", ")
}

/// "20 Nov 2026 08:00, final: Troponin 8 ng/L".
fn state_line(report: &Report, told: &str, ctx: &Ctx) -> String {
    let values: Vec<&Value> = report.results.iter().map(|(.., one)| one).collect();
    let mut of = std::iter::once(&report.value).chain(values.iter().copied());
    let when = of.find_map(|one| {
        let all = ["/effectiveDateTime", "/effectiveInstant", "/effectivePeriod/start"];
        all.iter().find_map(|at| When::parse(fill::text(one, at)?, &ctx.zone))
    });
    let when = when.or_else(|| When::parse(fill::text(&report.value, "/issued")?, &ctx.zone));
    let state = fill::text(&report.value, "/status").map(fill::status_word);
    let line: Vec<String> = when.map(|when| when.short_time()).into_iter().chain(state).collect();
    let said = Some(told.to_owned()).filter(|told| !told.is_empty());
    [line.join(", ")].into_iter().chain(said).collect::<Vec<_>>().join(": ")
}

/// One report, to be signed, held or let go.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_report.html")]
pub struct ReportPage {
    pub cx: Cx,
    pub frame: Frame,
    pub report: String,
    pub version: u32,
    pub title: String,
    pub line: String,
    pub said: ReportSaid,
    /// Its results that are no values, in a sentence.
    pub left_out: Option<String>,
    /// How much it refers to that nobody can show here.
    pub apart: usize,
    /// The results that it only names.
    pub named_only: String,
    /// How many of its values the patient does not see, while they see it.
    pub held_elsewhere: usize,
    /// Who signed it.
    pub signed: Option<String>,
    pub is_held: bool,
    pub stands: Standing,
    /// Whether who looks may take it back.
    pub may_take_back: bool,
    pub held: Option<String>,
    /// Its laboratory asks not to show it before a doctor has spoken with the patient, and it is held.
    pub asks_to_hold: bool,
    pub groups: Vec<ResultGroup>,
    pub comment: Field,
    pub release: Option<ReleaseChoice>,
    pub faults: Faults,
}

impl ImportPage {
    fn is_sure(&self) -> bool {
        self.sure == Some(Sure::Yes)
    }

    /// Whether it asks something of this text.
    fn asks(&self) -> bool {
        self.sure.is_some() || !self.known.is_empty()
    }
}

impl ReportPage {
    fn is_taken_back(&self) -> bool {
        self.stands == Standing::TakenBack
    }

    /// No test is chosen on this page.
    fn chosen_key(&self) -> &str {
        ""
    }
}

/// A file of a report that is plain text.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_report_file.html")]
pub struct ReportFilePage {
    pub cx: Cx,
    pub frame: Frame,
    /// What it is called.
    pub file: String,
    /// The report.
    pub back: String,
    pub text: String,
}

/// Whether a report counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Stands,
    /// It was a mistake: nothing of it counts.
    TakenBack,
}

/// One thing that waits.
#[derive(Debug, Clone)]
pub struct Waiting {
    pub href: String,
    pub title: String,
    pub line: String,
    pub held: bool,
}

/// When the patient may see a result.
#[derive(Debug, Clone)]
pub struct ReleaseChoice {
    pub now: bool,
    pub hold: bool,
    pub reason: Field,
    pub until: Field,
}

pub(super) fn release(typed: &ReleaseTyped, faults: &Faults) -> ReleaseChoice {
    ReleaseChoice {
        now: typed.release != "hold",
        hold: typed.release == "hold",
        reason: Field::text("hold_reason", label("hold_reason"), &typed.hold_reason, faults).optional().bare(),
        until: Field::text("hold_until", label("hold_until"), &typed.hold_until, faults)
            .optional()
            .bare()
            .of_kind("date")
            .narrow(),
    }
}

/// The same, where nothing is chosen until somebody has.
pub(super) fn release_unchosen(typed: &ReleaseTyped, faults: &Faults) -> ReleaseChoice {
    ReleaseChoice { now: typed.release == "now", ..release(typed, faults) }
}

pub(super) fn comment(typed: &str, faults: &Faults) -> Field {
    Field::area("comment", label("comment"), typed, faults).optional().hint(t("result-comment-hint"))
}

pub(super) fn file(typed: &str, faults: &Faults) -> Field {
    Field::area("file", label("file"), typed, faults).hint(t("import-file-hint"))
}

pub(super) fn head(typed: &ResultTyped, faults: &Faults) -> Vec<Field> {
    vec![
        Field::text("title", label("title"), typed.of("title"), faults),
        Field::text("taken", label("taken"), typed.of("taken"), faults).of_kind("date").narrow(),
        Field::text("source", label("source"), typed.of("source"), faults).optional(),
    ]
}

pub(super) fn rows(typed: &ResultTyped, faults: &Faults) -> Vec<Vec<Field>> {
    let flags: Vec<(String, String)> = FLAGS.iter().map(|code| ((*code).to_owned(), flag_word(code))).collect();
    ROWS.iter()
        .map(|row| {
            let line =
                |field: &'static str| Field::text(field, label(field), typed.of(field), faults).optional().bare();
            let [test, value, unit, low, high, flag] = *row;
            vec![
                line(test),
                line(value).narrow(),
                line(unit).narrow(),
                line(low).narrow().keyboard("decimal"),
                line(high).narrow().keyboard("decimal"),
                Field::choice(flag, label(flag), typed.of(flag), flags.clone(), faults).optional().bare(),
            ]
        })
        .collect()
}

fn flag_word(code: &str) -> String {
    match (code, Flag::from_code(code)) {
        ("", _) => t("flag-by-range").to_string(),
        (_, Some(flag)) => flag.word().to_string(),
        _ => t("flag-normal").to_string(),
    }
}

/// What a report is called.
pub(super) fn report_name(report: &Report) -> String {
    fill::named(fill::concept(report.value.get("code")))
}

pub(super) fn import_fault(fault: &ImportFault) -> String {
    match fault {
        ImportFault::NoReport => t("import-no-report"),
        ImportFault::Others(kinds) => t("import-others").with("kinds", kinds),
        ImportFault::SomebodyElse(Some(name)) => t("import-somebody-else").with("name", name),
        ImportFault::SomebodyElse(None) => t("import-somebody-unnamed"),
        ImportFault::Missing(title) => t("import-missing").with("title", title),
        ImportFault::Whose(about) => {
            let about = about.iter().map(about_whom);
            return about.chain([t("import-whose").to_string()]).collect::<Vec<_>>().join(" ");
        }
        ImportFault::OfAnother(title) => t("import-of-another").with("title", title),
        ImportFault::Withdrawn(title) => t("import-withdrawn").with("title", title),
        ImportFault::Unseen => t("import-not-yours"),
        ImportFault::Later(title) => t("import-later").with("title", title),
        ImportFault::TooMany => t("import-too-many"),
        ImportFault::Unread => t("import-unread"),
    }
    .to_string()
}

/// Whom the file is about beside whose record it is, and what is not the same.
fn about_whom(about: &Described) -> String {
    let said = t("import-whose-about").with("file", &about.file).with("here", &about.here).to_string();
    let word = |differs: &Differs| {
        t(match differs {
            Differs::Name => "import-differs-name",
            Differs::Family => "import-differs-family",
            Differs::Given => "import-differs-given",
            Differs::Born => "import-differs-born",
            Differs::Sex => "import-differs-sex",
            Differs::Number => "import-differs-number",
        })
        .to_string()
    };
    let all: Vec<String> = about.differs.iter().map(word).collect();
    match all.is_empty() {
        true => said,
        false => format!("{said} {}", t("import-whose-differs").with("what", all.join(", "))),
    }
}

/// The results of a report that are no values: nobody should wonder where one went.
pub(super) fn left_out(results: &[Value]) -> Option<String> {
    let is = |one: &&Value| matches!(fill::text(one, "/status"), Some("entered-in-error" | "cancelled" | "registered"));
    let named = |one: &Value| {
        let name = fill::named(fill::concept(one.get("code")));
        // Why there is no value: "haemolysed".
        let notes: Vec<String> = fill::list(one, "note").iter().filter_map(|note| fill::spoken(note, "text")).collect();
        if notes.is_empty() { name } else { format!("{name} ({})", notes.join("; ")) }
    };
    let names: Vec<String> = results.iter().filter(is).map(named).collect();
    (!names.is_empty()).then(|| t("report-left-out").with("names", names.join(", ")).to_string())
}

/// "24 Feb 2026, Northmoor Laboratory".
pub(super) fn line(report: &Value, ctx: &Ctx) -> String {
    let text = |pointer: &str| report.pointer(pointer).and_then(Value::as_str);
    let when = ["/effectiveDateTime", "/effectivePeriod/start", "/issued"]
        .iter()
        .find_map(|pointer| When::parse(text(pointer)?, &ctx.zone))
        .map(|when| When::Day(when.day()).short());
    let by = text("/performer/0/display").map(str::to_owned);
    when.into_iter().chain(by).collect::<Vec<_>>().join(", ")
}

/// Reports of the last weeks that nobody has signed, and all that the patient does not see.
pub(super) fn waiting(reports: &[Value], base: &str, ctx: &Ctx) -> Vec<Waiting> {
    let text = |one: &Value, pointer: &str| one.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let open = reports.iter().filter(|one| {
        let unsigned = !is_signed(one) && matches!(text(one, "/status").as_str(), "preliminary" | "partial");
        (unsigned || is_held(one)) && text(one, "/status") != "entered-in-error"
    });
    open.map(|one| Waiting {
        href: format!("{base}/results/reports/{}", text(one, "/id")),
        title: fill::named(fill::concept(one.get("code"))),
        line: line(one, ctx),
        held: is_held(one),
    })
    .collect()
}

/// Who signed a report.
pub(super) fn signer(report: &Value) -> String {
    let all = report.get("resultsInterpreter").and_then(Value::as_array);
    let last = all.and_then(|all| all.last()).and_then(|one| one.get("display")).and_then(Value::as_str);
    t("result-signed-by").with("name", last.unwrap_or_default()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn two_reports_of_one_number_are_told_apart_and_what_is_held_says_so() {
        let of = |id: &str, value: i32, time: &str, more: Value| {
            let test = json!({"resourceType": "Observation", "status": "final", "code": {"text": "Troponin"},
                "effectiveDateTime": time, "valueQuantity": {"value": value, "unit": "ng/L"}});
            let mut report = json!({"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "Troponin"},
                "effectiveDateTime": time});
            report.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let parsed = |text: &str| FhirId::parse(text).unwrap();
            Report::new(parsed(id), report, vec![(parsed("v"), None, test)])
        };
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let here = of("old", 8, "2026-11-20T08:00:00Z", json!({}));
        let later = of("new", 80, "2026-11-20T11:00:00Z", json!({}));
        let known =
            |new: &Report, old: &Report, said: &str| Known::of(new, old, (known_field(0, old, "v"), said), &ctx);
        let asked = known(&later, &here, "");
        assert_eq!((asked.field.as_str(), asked.chosen.as_str()), ("old_v_0_kind", "further"));
        assert_eq!(asked.here, "20 Nov 2026 08:00, final: Troponin 8 ng/L");
        assert_eq!(asked.file, "20 Nov 2026 11:00, final: Troponin 80 ng/L");
        assert_eq!(known(&later, &here, "version").chosen, "version", "somebody said so");
        let older = of("new", 7, "2026-11-20T08:00:00Z", json!({"status": "preliminary"}));
        let asked = known(&older, &here, "");
        assert!(asked.is_older && asked.chosen.is_empty() && asked.held.is_none());
        let corrected = of("new", 9, "2026-11-20T09:00:00Z", json!({"status": "corrected"}));
        assert!(known(&corrected, &here, "").chosen.is_empty(), "its time may be what was corrected");
        let elsewhen = of("new", 9, "2026-11-20T09:00:00Z", json!({"status": "entered-in-error"}));
        assert!(known(&elsewhen, &here, "").chosen.is_empty());
        let held = json!({"meta": {"security": [{"code": "NOPAT"}]}});
        let held = of("old", 8, "2026-11-20T08:00:00Z", held);
        let withdrawn = of("new", 8, "2026-11-20T08:00:00Z", json!({"status": "entered-in-error"}));
        let asked = known(&withdrawn, &held, "");
        assert!(asked.is_withdrawn && asked.chosen == "version");
        assert_eq!(asked.held, Some(t("result-held").to_string()));
    }

    #[test]
    fn what_a_laboratory_asks_to_hold_is_not_chosen_to_be_shown_before_somebody_chose() {
        let chosen = |typed: &str, unchosen: bool| {
            let typed = ReleaseTyped { release: typed.into(), ..ReleaseTyped::default() };
            let all = Faults::none();
            let choice = if unchosen { release_unchosen(&typed, &all) } else { release(&typed, &all) };
            (choice.now, choice.hold)
        };
        assert_eq!([chosen("", false), chosen("hold", false)], [(true, false), (false, true)]);
        let all = ["", "now", "hold"].map(|typed| chosen(typed, true));
        assert_eq!(all, [(false, false), (true, false), (false, true)]);
    }

    #[test]
    fn of_many_values_those_that_differ_are_told_first() {
        let own = |last: &str| ["FBC1 1", "FBC2 2", "FBC3 3", "FBC4 4", last].map(str::to_owned);
        assert_eq!(differing(&own("FBC5 5"), &own("FBC5 500")), "FBC5 5, FBC1 1, FBC2 2");
        assert_eq!(differing(&own("FBC5 500"), &own("FBC5 5")), "FBC5 500, FBC1 1, FBC2 2");
        assert_eq!(differing(&own("FBC5 5"), &[]), own("FBC5 5").join(", "), "what may be left out is read whole");
    }

    #[test]
    fn whose_a_file_is_is_asked_with_what_it_says() {
        let about = Described {
            file: "Berta Serialson, 3 March 1960".into(),
            here: "Sam Serialson, 3 March 1960".into(),
            differs: vec![Differs::Given],
        };
        let asked = import_fault(&ImportFault::Whose(Some(about)));
        assert!(asked.starts_with(
            "The file is about Berta Serialson, 3 March 1960. This record is of Sam Serialson, 3 March 1960. \
             Not the same: given name. It is not certain"
        ));
        assert!(import_fault(&ImportFault::Whose(None)).starts_with("It is not certain"));
    }
}
