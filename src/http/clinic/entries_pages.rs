//! The forms of a chart's lines, all of one shape.

use askama::Template;

use super::chart::Opened;
use super::chart_pages::{Frame, Section};
use super::codes::Offer;
use crate::care::entries::{AllergyTyped, CATEGORIES, Closes, ImmunizationTyped, ProblemTyped, VITALS, VitalsTyped};
use crate::care::formulary::List;
use crate::http::ui::record::{AllergyStatus, MedicineStatus};
use crate::http::ui::{Cx, Faults, Field, Text, filters, page, t};

/// A form of a chart.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_entry.html")]
pub struct EntryPage {
    pub cx: Cx,
    pub frame: Frame,
    pub section: Section,
    pub heading: String,
    pub about: Option<String>,
    /// What was written of it before, each a line.
    pub said: Vec<String>,
    /// Fields that stand beside each other, row by row.
    pub rows: Vec<Vec<Field>>,
    pub faults: Faults,
    /// Where the form goes.
    pub action: String,
    pub version: Option<u32>,
    /// The main button (none: there is nothing to send), and others: the value of `act` and its words.
    pub save: String,
    pub others: Vec<(&'static str, String)>,
    /// Where it is taken back.
    pub remove: Option<String>,
    /// The main button takes it back.
    pub takes_back: bool,
}
page!(EntryPage in Patients);

impl EntryPage {
    fn section(&self) -> Section {
        self.section
    }

    fn title(&self) -> String {
        t("chart-page-title").with("name", self.frame.who.plain()).with("page", &self.heading).into()
    }

    fn back(&self) -> String {
        format!("{}{}", self.frame.who.href(), self.section.path())
    }
}

/// What a page asks before it adds a substance or a problem.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AsksAgain {
    No,
    /// Whether it is to stand in the list twice.
    Twice,
    /// Whether it is to stand there though no prescription is compared with it.
    NotCompared,
}

/// What a field is called.
pub(super) fn label(field: &str) -> Text {
    t(match field {
        "name" | "problem1" | "problem2" => "entry-problem",
        "since" | "problem1_since" | "problem2_since" => "entry-since",
        "until" => "entry-until",
        "sure" => "entry-sure",
        "note" => "entry-note",
        "substance" => "entry-substance",
        "category" => "entry-category",
        "reaction" => "entry-reaction",
        "severity" => "entry-severity",
        "order1" | "order2" => "note-order",
        "order1_kind" | "order2_kind" => "note-order-kind",
        "subjective" => "note-subjective",
        "objective" => "note-objective",
        "assessment" => "note-assessment",
        "plan" => "note-plan",
        "addendum" => "note-addendum",
        "title" => "result-title",
        "taken" => "result-taken-on",
        "source" => "result-source",
        "comment" => "result-comment",
        "file" => "import-file",
        "hold_reason" => "release-hold-reason",
        "hold_until" => "release-hold-until",
        _ if field.starts_with("test") => "result-test",
        _ if field.starts_with("value") => "result-value",
        _ if field.starts_with("unit") => "result-unit",
        _ if field.starts_with("low") => "result-low",
        _ if field.starts_with("high") => "result-high",
        _ if field.starts_with("flag") => "result-flag",
        "vaccine" => "entry-vaccine",
        "when" => "entry-when",
        "dose" | "vaccine_dose" => "entry-dose",
        "lot" | "vaccine_lot" => "entry-lot",
        "site" => "entry-site",
        "given" => "entry-given",
        "reason" => "entry-reason",
        "systolic" => "entry-systolic",
        "diastolic" => "entry-diastolic",
        "pulse" => "entry-pulse",
        "temperature" => "entry-temperature",
        "oxygen" => "entry-oxygen",
        "breathing" => "entry-breathing",
        "weight" => "entry-weight",
        "height" => "entry-height",
        _ => "entry-glucose",
    })
}

/// Parts that the pages of this file share.
fn form(opened: Opened, section: Section, heading: Text, faults: Faults) -> EntryPage {
    let Opened { cx, frame, .. } = opened;
    let action = format!("{}{}/new", frame.who.href(), section.path());
    EntryPage {
        cx,
        frame,
        section,
        heading: heading.to_string(),
        about: None,
        said: Vec::new(),
        rows: Vec::new(),
        faults,
        action,
        version: None,
        save: t("entry-add").to_string(),
        others: Vec::new(),
        remove: None,
        takes_back: false,
    }
}

fn words(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(code, message)| ((*code).to_owned(), t(message).to_string())).collect()
}

/// The unit of a measurement, as it stands after a number; nothing for what has none.
pub(super) fn unit_after(field: &str) -> String {
    let of = VITALS.iter().find(|vital| vital.field == field || vital.second == Some(field));
    of.map(|vital| format!(" {}", vital.unit)).unwrap_or_default()
}

/// A date of FHIR as the form asks for it: 14.03.2021, 03.2021 or 2021.
fn as_hinted(date: &str) -> String {
    let digits = |part: &str, n: usize| part.len() == n && part.bytes().all(|byte| byte.is_ascii_digit());
    match date.split('-').collect::<Vec<_>>().as_slice() {
        [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2) => format!("{day}.{month}.{year}"),
        [year, month] if digits(year, 4) && digits(month, 2) => format!("{month}.{year}"),
        _ => date.to_owned(),
    }
}

pub(super) fn problem(
    opened: Opened,
    typed: &ProblemTyped,
    known: Option<(&str, u32)>,
    offer: &Offer,
    (faults, asks): (Faults, AsksAgain),
) -> EntryPage {
    let heading = if known.is_some() { t("entry-problem-change") } else { t("entry-problem-new") };
    let sure = words(&[("confirmed", "entry-confirmed"), ("provisional", "entry-provisional")]);
    let date = |name, value: &str| {
        Field::text(name, label(name), &as_hinted(value), &faults).optional().hint(t("entry-date-hint")).narrow()
    };
    let name = Field::text("name", label("name"), &typed.name, &faults);
    let about = offer.about(List::Problems);
    // What the list says of these words goes before what it is.
    let name = offer.field(List::Problems, Field { hint: about, ..name });
    let rows = vec![
        vec![name],
        vec![date("since", &typed.since), date("until", &typed.until)],
        vec![Field::choice("sure", label("sure"), &typed.sure, sure, &faults)],
        vec![Field::text("note", label("note"), &typed.note, &faults).optional()],
    ];
    let mut page = EntryPage { rows, ..form(opened, Section::Problems, heading, faults) };
    page.about = Some(t("entry-sealed-apart").to_string());
    if let Some((id, version)) = known {
        page.action = format!("{}{}/{id}", page.frame.who.href(), Section::Problems.path());
        page.version = Some(version);
        page.save = t("entry-save").to_string();
        page.about = Some(t("entry-resolve-about").to_string());
        page.remove = Some(format!("{}/remove", page.action));
    }
    if asks == AsksAgain::Twice {
        page.others = vec![("again", t("entry-problem-again").to_string())];
    }
    page.others.splice(0..0, offer.button(List::Problems));
    page
}

/// A problem as its form shows it.
pub(super) fn hinted(problem: ProblemTyped) -> ProblemTyped {
    ProblemTyped { since: as_hinted(&problem.since), until: as_hinted(&problem.until), ..problem }
}

pub(super) fn allergy(
    opened: Opened,
    typed: &AllergyTyped,
    offer: &Offer,
    faults: Faults,
    asks: AsksAgain,
) -> EntryPage {
    let kind = |code: &str| {
        let message = match code {
            "medication" => "allergy-kind-medication",
            "food" => "allergy-kind-food",
            "environment" => "allergy-kind-environment",
            _ => "allergy-kind-biologic",
        };
        (code.to_owned(), t(message).to_string())
    };
    let unsaid = (String::new(), t("entry-not-said").to_string());
    let substance = Field::text("substance", label("substance"), &typed.substance, &faults);
    let kinds = std::iter::once(unsaid.clone()).chain(CATEGORIES.map(kind)).collect();
    let severities = std::iter::once(unsaid)
        .chain(words(&[("mild", "severity-mild"), ("moderate", "severity-moderate"), ("severe", "severity-severe")]))
        .collect();
    let rows = vec![
        vec![offer.field(List::Allergens, Field { hint: offer.about(List::Allergens), ..substance })],
        vec![Field::choice("category", label("category"), &typed.category, kinds, &faults).optional()],
        vec![
            Field::text("reaction", label("reaction"), &typed.reaction, &faults).optional(),
            Field::choice("severity", label("severity"), &typed.severity, severities, &faults).optional(),
        ],
        vec![
            Field::text("since", label("since"), &as_hinted(&typed.since), &faults)
                .optional()
                .hint(t("entry-date-hint"))
                .narrow(),
        ],
    ];
    let known = matches!(opened.frame.allergies, AllergyStatus::Known { .. });
    let again = match asks {
        AsksAgain::No => None,
        AsksAgain::Twice => Some(("again", t("entry-allergy-again").to_string())),
        AsksAgain::NotCompared => Some(("written", t("entry-allergy-written").to_string())),
    };
    let mut page = EntryPage { rows, ..form(opened, Section::Allergies, t("entry-allergy-new"), faults) };
    page.about = Some(t("entry-sealed-apart").to_string());
    let none = (!known).then(|| ("none", t("entry-none-known-add").to_string()));
    page.others = offer.button(List::Allergens).into_iter().chain(again).chain(none).collect();
    page
}

pub(super) fn immunization(opened: Opened, typed: &ImmunizationTyped, faults: Faults) -> EntryPage {
    let given = words(&[
        ("here", "entry-given-here"),
        ("elsewhere", "entry-given-elsewhere"),
        ("not-given", "entry-not-given"),
    ]);
    let line = |name, value: &str| Field::text(name, label(name), value, &faults).optional();
    let rows = vec![
        vec![Field::text("vaccine", label("vaccine"), &typed.vaccine, &faults)],
        vec![
            Field::text("when", label("when"), &as_hinted(&typed.when), &faults).hint(t("entry-date-hint")).narrow(),
            Field::choice("given", label("given"), &typed.given, given, &faults).asked(),
        ],
        vec![
            line("dose", &typed.dose).narrow().keyboard("numeric"),
            line("lot", &typed.lot).narrow(),
            line("site", &typed.site),
        ],
        vec![line("reason", &typed.reason).hint(t("entry-not-given-hint"))],
    ];
    EntryPage { rows, ..form(opened, Section::Immunizations, t("entry-immunization-new"), faults) }
}

/// The inputs of measurements, in rows.
pub(super) fn vitals(typed: &VitalsTyped, faults: &Faults) -> Vec<Field> {
    let mut fields = Vec::new();
    for vital in &VITALS {
        for name in std::iter::once(vital.field).chain(vital.second) {
            let label = t("entry-with-unit").with("name", label(name)).with("unit", vital.unit);
            fields
                .push(Field::text(name, label, typed.of(name), faults).optional().narrow().keyboard("decimal").bare());
        }
    }
    fields
}

pub(super) fn measurements(opened: Opened, typed: &VitalsTyped, faults: Faults) -> EntryPage {
    let rows = vec![vitals(typed, &faults)];
    EntryPage { rows, ..form(opened, Section::Measurements, t("entry-measurements-new"), faults) }
}

pub(super) fn removal(
    opened: Opened,
    section: Section,
    (place, version): (String, u32),
    name: &str,
    typed: &str,
    faults: Faults,
) -> EntryPage {
    let rows = vec![vec![Field::text("reason", label("reason"), typed, &faults).hint(t("entry-remove-hint"))]];
    let mut page = EntryPage { rows, ..form(opened, section, t("entry-remove").with("name", name), faults) };
    page.action = place;
    page.version = Some(version);
    page.save = t("entry-take-back").to_string();
    page.takes_back = true;
    page.about = Some(t("entry-remove-about").to_string());
    page
}

/// An entry that counts no more, or not yet: what it is, and what is to be known of it.
pub(super) fn over(opened: Opened, section: Section, name: &str, said: Text) -> EntryPage {
    let mut page = form(opened, section, t("entry-over-title").with("name", name), Faults::none());
    page.about = Some(said.to_string());
    page.save = String::new();
    page
}

/// A medicine that is taken and that nobody here prescribed: that it is not taken any more.
pub(super) fn reported(
    opened: Opened,
    (place, version): (String, u32),
    (name, how): (&str, Option<String>),
    typed: &str,
    faults: Faults,
) -> EntryPage {
    let rows = vec![vec![Field::text("reason", label("reason"), typed, &faults).hint(t("reported-end-hint"))]];
    let heading = t("reported-end").with("name", name);
    let mut page = EntryPage { rows, ..form(opened, Section::Medicines, heading, faults) };
    page.action = place;
    page.version = Some(version);
    page.about = how;
    page.save = t("reported-end-save").to_string();
    page
}

/// The same of one that is not taken any more.
pub(super) fn reported_over(opened: Opened, name: &str) -> EntryPage {
    let mut page = form(opened, Section::Medicines, t("reported-ended").with("name", name), Faults::none());
    page.about = Some(t("reported-over").to_string());
    page.save = String::new();
    page
}

/// What becomes of an order: by the main button, and by others. Without a main button it is only shown.
pub(super) fn order(
    opened: Opened,
    (place, version): (String, u32),
    (name, about): (&str, String),
    note: &str,
    (main, others): (Option<Closes>, Vec<Closes>),
    faults: Faults,
) -> EntryPage {
    let (word, hint) = match main {
        Some(Closes::OpenAgain) => ("order-do-again", "order-again-hint"),
        Some(Closes::CalledOff) => ("order-do-off", "order-note-hint"),
        _ => ("order-do-done", "order-note-hint"),
    };
    let field = Field::text("note", label("note"), note, &faults).hint(t(hint));
    // Only what is done needs no reason.
    let field = if matches!(main, None | Some(Closes::Done)) { field.optional() } else { field };
    let rows = vec![vec![field]];
    let mut page = EntryPage { rows, ..form(opened, Section::Orders, t("order-title").with("name", name), faults) };
    page.action = place;
    page.version = Some(version);
    page.about = Some(about).filter(|about| !about.is_empty());
    page.save = main.map(|_| t(word).to_string()).unwrap_or_default();
    page.others = others.into_iter().filter_map(other).collect();
    page
}

/// What a lesser button sends and says.
fn other(act: Closes) -> Option<(&'static str, String)> {
    match act {
        Closes::CalledOff => Some(("off", t("order-do-off").to_string())),
        Closes::Mistake => Some(("mistake", t("order-do-mistake").to_string())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_stands_in_the_form_as_its_hint_says() {
        for (stored, shown) in
            [("2021-03-14", "14.03.2021"), ("2021-03", "03.2021"), ("2021", "2021"), ("spring", "spring"), ("", "")]
        {
            assert_eq!(as_hinted(stored), shown);
        }
    }
}
