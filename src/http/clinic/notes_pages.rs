//! What the pages of visit notes are filled with.

use std::collections::BTreeMap;

use askama::Template;
use serde_json::Value;

use super::chart::Opened;
use super::chart_pages::{Frame, Section};
use super::codes::Offer;
use super::entries_pages::label;
use crate::care::entries::{VITALS, vital_of};
use crate::care::formulary::List;
use crate::care::note::merge::{self, Unit, UnitKind};
use crate::care::note::{NoteTyped, ORDERS, PARTS, Saved};
use crate::fhir::ResourceType as R;
use crate::http::fill::{self, Ctx};
use crate::http::ui::record::{AllergyLine, AllergyStatus, DocumentRow, MedicineStatus};
use crate::http::ui::{Cx, Faults, Field, Text, When, filters, page, t};

/// A note that is being written.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_note.html")]
pub struct NotePage {
    pub cx: Cx,
    pub frame: Frame,
    pub note: String,
    pub version: String,
    pub seen: String,
    pub from: String,
    pub reason: Field,
    pub vitals: Vec<Field>,
    pub parts: Vec<Field>,
    /// What another program wrote beside and within the parts: it is signed with them.
    pub apart: Vec<(String, String)>,
    /// New problems, orders, an immunization.
    pub groups: Vec<Group>,
    /// What was made from it already.
    pub made: Vec<Made>,
    pub templates: Vec<String>,
    pub phrases: Vec<(String, String)>,
    /// Between which a measurement can be true: input, lowest, highest.
    pub bounds: Vec<(&'static str, f64, f64)>,
    pub last: Option<String>,
    pub theirs: Option<Theirs>,
    pub others: Vec<Kept>,
    pub blanks: Blanks,
    pub beside: Vec<DocumentRow>,
    /// Where the form is read that the patient returned before the visit.
    pub form: Option<String>,
    pub may_sign: bool,
    pub faults: Faults,
}
page!(NotePage in Patients);

/// A signed note with what was added to it.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_note_signed.html")]
pub struct SignedNote {
    pub cx: Cx,
    pub frame: Frame,
    pub note: String,
    pub title: String,
    pub when: Option<When>,
    pub signature: String,
    pub measured: Vec<String>,
    pub parts: Vec<(String, String)>,
    pub made: Vec<(String, String)>,
    pub added: Vec<(String, String)>,
    /// Where the form is read that the patient returned before the visit.
    pub form: Option<String>,
    pub kept: Vec<Kept>,
    pub blanks: Blanks,
    pub addendum: Field,
    pub may_sign: bool,
    /// It counts no more.
    pub is_taken_back: bool,
    pub faults: Faults,
}
page!(SignedNote in Patients);

/// All notes of a patient.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/chart_notes.html")]
pub struct Notes {
    pub cx: Cx,
    pub frame: Frame,
    pub open: Vec<NoteRow>,
    pub signed: Vec<NoteRow>,
    /// Those that lie in the record as documents: written elsewhere, or before this box.
    pub elsewhere: Vec<DocumentRow>,
}
page!(Notes in Patients);

macro_rules! of_notes {
    ($($name:ident)*) => {$(
        impl $name {
            fn section(&self) -> Section {
                Section::Notes
            }

            fn title(&self) -> String {
                t("chart-page-title").with("name", self.frame.who.plain()).with("page", Section::Notes.word()).into()
            }
        }
    )*};
}
of_notes!(NotePage SignedNote Notes);

/// One note in a list.
#[derive(Debug, Clone)]
pub struct NoteRow {
    pub href: String,
    pub title: String,
    pub by: String,
    pub when: Option<When>,
    pub signed: bool,
}

/// Fields that belong together.
#[derive(Debug, Clone)]
pub struct Group {
    pub title: String,
    pub about: Option<Text>,
    pub fields: Vec<Field>,
    /// A button of its own: the value of `act` and its words.
    pub act: Option<(&'static str, String)>,
}

/// Something that was made from a note.
#[derive(Debug, Clone)]
pub struct Made {
    pub kind: String,
    pub text: String,
    /// Its codes, or that it has none; nothing for what needs none.
    pub code: Option<String>,
    /// As in `Condition/x`.
    pub reference: String,
}

/// What somebody else saved meanwhile.
#[derive(Debug, Clone)]
pub struct Theirs {
    pub headline: String,
    /// What both changed.
    pub open: Vec<Clash>,
    /// What only they changed, and stands in the form now.
    pub taken: Vec<(String, String)>,
}

/// What two people wrote differently, and the input by which one says what stands.
#[derive(Debug, Clone)]
pub struct Clash {
    pub choice: &'static str,
    pub word: String,
    pub theirs: String,
    pub mine: String,
    /// Both can stand, one after the other.
    pub both: bool,
}

/// Whether blanks that nobody filled in are asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Blanks {
    #[default]
    None,
    Asked,
}

impl Blanks {
    pub(super) fn are_asked(self) -> bool {
        self == Self::Asked
    }
}

/// What was typed and not saved.
#[derive(Debug, Clone)]
pub struct Kept {
    pub at: String,
    pub when: When,
    pub parts: Vec<(String, String)>,
}

impl Kept {
    /// Whether it can be put into the form of the note.
    pub(super) fn has_a_tab(&self) -> bool {
        self.at.contains("?tab=")
    }
}

/// What was typed into a note and stands nowhere in it, each with its label: a part, a measurement, a line of what would be
/// made from it.
pub(super) fn apart(typed: &NoteTyped, stored: &NoteTyped, made: &[Made]) -> Vec<(String, String)> {
    let units = merge::typed_apart(typed, stored).into_iter();
    let units = units.map(|unit| (unit_word(unit), merge::text(typed, unit)));
    let kind = |code: &str| if code.is_empty() { String::new() } else { order_word(code) };
    let lines = [
        ("problem1", vec![typed.problem1.clone(), typed.problem1_since.clone()]),
        ("problem2", vec![typed.problem2.clone(), typed.problem2_since.clone()]),
        ("order1", vec![typed.order1.clone(), kind(&typed.order1_kind)]),
        ("order2", vec![typed.order2.clone(), kind(&typed.order2_kind)]),
        ("vaccine", vec![typed.vaccine.clone(), typed.vaccine_lot.clone(), typed.vaccine_dose.clone()]),
    ];
    let lines = lines.into_iter().filter_map(|(field, values)| {
        let name = values.first().map(|name| name.trim().to_owned()).unwrap_or_default();
        if !name.is_empty() && made.iter().any(|one| one.text == name) {
            return None;
        }
        let said: Vec<&str> = values.iter().map(|value| value.trim()).filter(|value| !value.is_empty()).collect();
        (!said.is_empty()).then(|| (label(field).to_string(), said.join(", ")))
    });
    units.chain(lines).collect()
}

/// What a unit of a note is called.
pub(super) fn unit_word(unit: &Unit) -> String {
    match unit.name {
        "reason" => t("note-reason").to_string(),
        "pressure" => t("blood-pressure").to_string(),
        name => label(name).to_string(),
    }
}

pub(super) fn clash(unit: &'static Unit, mine: &NoteTyped, theirs: &NoteTyped) -> Clash {
    Clash {
        choice: unit.choice,
        word: unit_word(unit),
        theirs: merge::text(theirs, unit),
        mine: merge::text(mine, unit),
        both: unit.kind == UnitKind::Words,
    }
}

/// That it is still to be said what stands.
pub(super) fn unsettled(open: &[&'static Unit]) -> Faults {
    let mut faults = Faults::none();
    for unit in open {
        faults.add(unit.choice, t("note-unsettled").with("part", unit_word(unit)));
    }
    faults
}

/// Which parts have blanks.
pub(super) fn blanks(parts: &[&'static str]) -> Faults {
    let mut faults = Faults::none();
    for part in parts {
        faults.add(part, t("note-blank").with("part", label(part)));
    }
    faults
}

pub(super) fn reason(typed: &str, faults: &Faults) -> Field {
    Field::text("reason", t("note-reason"), typed, faults).optional().bare()
}

pub(super) fn parts(typed: &NoteTyped, faults: &Faults) -> Vec<Field> {
    PARTS
        .iter()
        .map(|part| {
            Field::area(part.field, t(part_message(part.field)), typed.part(part.field), faults).optional().bare()
        })
        .collect()
}

fn part_message(field: &str) -> &'static str {
    match field {
        "subjective" => "note-subjective",
        "objective" => "note-objective",
        "assessment" => "note-assessment",
        _ => "note-plan",
    }
}

pub(super) fn addendum(typed: &str, faults: &Faults) -> Field {
    Field::area("addendum", t("note-addendum"), typed, faults)
}

/// Lines for what can be made from a note.
pub(super) fn groups(typed: &NoteTyped, offer: &Offer, faults: &Faults) -> Vec<Group> {
    let line = |name, value: &str| Field::text(name, label(name), value, faults).optional().bare();
    let kinds = |name, value: &str| {
        let unsaid = (String::new(), t("entry-not-said").to_string());
        let options =
            std::iter::once(unsaid).chain(ORDERS.map(|(code, ..)| (code.to_owned(), order_word(code)))).collect();
        Field::choice(name, label(name), value, options, faults).optional().bare()
    };
    let problem = |name, value: &str| offer.field(List::Problems, line(name, value));
    let order = |name, value: &str| offer.field(List::Orders, line(name, value));
    let listed = |title, list, fields| Group {
        title: t(title).to_string(),
        about: offer.about(list),
        fields,
        act: offer.button(list),
    };
    vec![
        listed(
            "note-problems",
            List::Problems,
            vec![
                problem("problem1", &typed.problem1),
                line("problem1_since", &typed.problem1_since).narrow(),
                problem("problem2", &typed.problem2),
                line("problem2_since", &typed.problem2_since).narrow(),
            ],
        ),
        listed(
            "note-orders",
            List::Orders,
            vec![
                order("order1", &typed.order1),
                kinds("order1_kind", &typed.order1_kind),
                order("order2", &typed.order2),
                kinds("order2_kind", &typed.order2_kind),
            ],
        ),
        Group {
            title: t("note-vaccine").to_string(),
            about: None,
            fields: vec![
                line("vaccine", &typed.vaccine),
                line("vaccine_lot", &typed.vaccine_lot).narrow(),
                line("vaccine_dose", &typed.vaccine_dose).narrow().keyboard("numeric"),
            ],
            act: None,
        },
    ]
}

fn order_word(code: &str) -> String {
    t(match code {
        "laboratory" => "order-laboratory",
        "imaging" => "order-imaging",
        "referral" => "order-referral",
        _ => "order-other",
    })
    .to_string()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn is_over(value: &Value) -> bool {
    text(value, "/status") == "entered-in-error"
        || text(value, "/verificationStatus/coding/0/code") == "entered-in-error"
}

/// Problems, orders and immunizations of a note.
pub(super) fn made(saved: &Saved) -> Vec<Made> {
    let rows = saved.entries.iter().filter(|(.., value)| !is_over(value)).filter_map(|(kind, id, _, value)| {
        let code = || fill::code_words(value.get("code")).unwrap_or_else(|| t("not-coded").to_string());
        let (word, pointer, code) = match kind {
            R::Condition => ("note-made-problem", "/code/text", Some(code())),
            R::ServiceRequest => ("note-made-order", "/code/text", Some(code())),
            R::Immunization => ("note-made-vaccine", "/vaccineCode/text", None),
            _ => return None,
        };
        let text = text(value, pointer).to_owned();
        Some(Made { kind: t(word).to_string(), text, code, reference: format!("{kind}/{id}") })
    });
    rows.collect()
}

/// The measurements of a note, in words, and what lies outside what is usual.
pub(super) fn measured(saved: &Saved, ctx: &Ctx) -> Vec<String> {
    let observations = || saved.entries.iter().filter(|(kind, ..)| *kind == R::Observation).map(|(.., value)| value);
    let typed = crate::care::entries::typed_of(observations());
    let words = VITALS.iter().filter(|vital| !typed.of(vital.field).is_empty()).map(|vital| {
        let value = match vital.second {
            Some(second) => format!("{}/{}", typed.of(vital.field), typed.of(second)),
            None => typed.of(vital.field).to_owned(),
        };
        let name = if vital.second.is_some() { t("blood-pressure") } else { label(vital.field) };
        let one = observations().find(|one| vital_of(one) == Some(vital));
        let flag = one.and_then(|one| fill::flag(one, ctx)).map(|flag| format!(", {}", flag.word()));
        format!("{name} {value} {}{}", vital.unit, flag.unwrap_or_default())
    });
    words.collect()
}

/// Phrases that the house knows for this patient. Of what is sealed from whoever writes they say nothing, nor that there is none.
pub(super) fn known(opened: &Opened) -> BTreeMap<String, String> {
    let frame = &opened.frame;
    let allergies = match &frame.allergies {
        AllergyStatus::Known { list, .. } => {
            let line = |line: &AllergyLine| format!("{}{}", line.headline(), line.rest());
            list.iter().map(line).collect::<Vec<_>>().join("; ")
        }
        AllergyStatus::NoneKnown { .. } => t("phrase-no-allergies").to_string(),
        _ => t("phrase-unknown").to_string(),
    };
    let medicines = match &frame.medicines {
        MedicineStatus::Takes { list, .. } => list.iter().map(|line| line.whole()).collect::<Vec<_>>().join("; "),
        MedicineStatus::TakesNone { .. } => t("phrase-takes-none").to_string(),
        MedicineStatus::NoneNow => t("phrase-none").to_string(),
        _ => t("phrase-unknown").to_string(),
    };
    let problems = if frame.problems.is_empty() { t("phrase-none").to_string() } else { frame.problems.join("; ") };
    let vitals: String = VITALS
        .iter()
        .map(|vital| match vital.second {
            Some(second) => format!("[{} {{{}}}/{{{second}}} {}. ]", vital.name, vital.field, vital.unit),
            None => format!("[{} {{{}}} {}. ]", vital.name, vital.field, vital.unit),
        })
        .collect();
    let pairs = [
        ("name", frame.who.plain()),
        ("born", frame.who.born_words(&opened.cx)),
        ("today", When::Day(opened.cx.now.date()).long()),
        ("allergies", allergies),
        ("medicines", medicines),
        ("problems", problems),
        ("bp", t("phrase-bp").to_string()),
        ("vitals", vitals),
    ];
    pairs.into_iter().map(|(name, text)| (name.to_owned(), text)).collect()
}
