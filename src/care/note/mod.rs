//! Visit notes: an Encounter with its measurements, and a Composition with what was said, found, thought and planned.
//!
//! | resource | while it is written | signed |
//! |---|---|---|
//! | `Composition` | `preliminary`, held from the patient | `final`, with its attester |
//! | `Encounter` | `in-progress` | `finished` |
//! | `Observation` | `final`: it was measured | the same |
//! | `Condition` | `provisional`, held | `confirmed` |
//! | `ServiceRequest` | `draft`, held | `active` |
//! | `Immunization` | `completed`: it was given | the same |
//! | `DocumentReference` | not there | the note as text, for whoever reads documents |
//! | `Provenance` | not there | who signed |
//!
//! Sections carry FHIR R4's document section codes (LOINC) and refer to what was made from the note. A note is changed by
//! its version: whoever saves over what somebody else saved meanwhile is shown both ([`merge`]). Signed, it is never changed; what is to
//! be added is a Composition that `appends` to it.

pub mod merge;
pub mod phrases;
mod text;
mod write;

pub use text::{narrative, plain_of};
pub use write::{BeginError, NoteError, Open, Pen, Saved, Step, Underway, VisitOf, append, discard, save, start};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::entries::VitalsTyped;

pub const LOINC: &str = "http://loinc.org";
/// LOINC: progress note.
pub const NOTE: &str = "11506-3";

/// The longest section, in characters.
pub const LONGEST: usize = 12_000;

/// A part of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The input's name.
    pub field: &'static str,
    pub loinc: &'static str,
    /// As the resource calls it.
    pub title: &'static str,
}

/// How deep sections are read that stand in one another.
const DEEPEST: usize = 8;

/// In the order of the note. Codes: FHIR R4 `doc-section-codes`.
pub const PARTS: [Part; 4] = [
    Part { field: "subjective", loinc: "61150-9", title: "Subjective" },
    Part { field: "objective", loinc: "61149-1", title: "Objective" },
    Part { field: "assessment", loinc: "51848-0", title: "Assessment" },
    Part { field: "plan", loinc: "18776-5", title: "Plan" },
];

/// What kinds of things are ordered.
pub const ORDERS: [(&str, &str, &str); 4] = [
    ("laboratory", "108252007", "Laboratory procedure"),
    ("imaging", "363679005", "Imaging"),
    ("referral", "3457005", "Patient referral"),
    ("other", "", ""),
];

/// The form of a note. The names of the inputs are the names of these fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NoteTyped {
    /// Why the patient came.
    pub reason: String,
    pub subjective: String,
    pub objective: String,
    pub assessment: String,
    pub plan: String,
    #[serde(flatten)]
    pub vitals: VitalsTyped,
    pub problem1: String,
    pub problem1_since: String,
    pub problem2: String,
    pub problem2_since: String,
    pub order1: String,
    pub order1_kind: String,
    pub order2: String,
    pub order2_kind: String,
    pub vaccine: String,
    pub vaccine_lot: String,
    pub vaccine_dose: String,
    /// The version that the page was made with.
    pub version: String,
    /// How each unit of [`merge::UNITS`] stood on it.
    pub seen: String,
    #[serde(flatten)]
    pub choices: merge::Choices,
    /// Which button.
    pub act: String,
    /// The template to insert.
    pub template: String,
    /// Where drafts stand that this page shows.
    pub from: String,
}

impl NoteTyped {
    /// The reason, a part, or a measurement.
    pub fn of(&self, field: &str) -> &str {
        match field {
            "reason" => &self.reason,
            _ if PARTS.iter().any(|part| part.field == field) => self.part(field),
            _ => self.vitals.of(field),
        }
    }

    fn put(&mut self, field: &str, text: String) {
        match field {
            "reason" => self.reason = text,
            _ if PARTS.iter().any(|part| part.field == field) => self.put_part(field, text),
            _ => self.vitals.put(field, text),
        }
    }

    /// What was typed of lines that have no name yet, and of nothing else: a day without its problem, a kind without its order,
    /// a lot or dose without its vaccine. A save stores no such line, and must not lose it.
    pub fn unfinished(&self) -> Option<Self> {
        let rest = |name: &str, rest: &str| if name.trim().is_empty() { rest.trim().to_owned() } else { String::new() };
        let kept = Self {
            problem1_since: rest(&self.problem1, &self.problem1_since),
            problem2_since: rest(&self.problem2, &self.problem2_since),
            order1_kind: rest(&self.order1, &self.order1_kind),
            order2_kind: rest(&self.order2, &self.order2_kind),
            vaccine_lot: rest(&self.vaccine, &self.vaccine_lot),
            vaccine_dose: rest(&self.vaccine, &self.vaccine_dose),
            ..Self::default()
        };
        (kept != Self::default()).then_some(kept)
    }

    /// This note as it stands stored in `version`, with these lines in its form that are not stored.
    #[must_use]
    pub fn with_unfinished(&self, version: u32, lines: Self) -> Self {
        Self {
            version: version.to_string(),
            reason: self.reason.clone(),
            subjective: self.subjective.clone(),
            objective: self.objective.clone(),
            assessment: self.assessment.clone(),
            plan: self.plan.clone(),
            vitals: self.vitals.clone(),
            ..lines
        }
    }

    pub fn part(&self, field: &str) -> &str {
        match field {
            "subjective" => &self.subjective,
            "objective" => &self.objective,
            "assessment" => &self.assessment,
            "plan" => &self.plan,
            _ => "",
        }
    }

    pub fn put_part(&mut self, field: &str, text: String) {
        match field {
            "subjective" => self.subjective = text,
            "objective" => self.objective = text,
            "assessment" => self.assessment = text,
            "plan" => self.plan = text,
            _ => {}
        }
    }
}

/// The section of a Composition for a part.
pub fn section<'a>(composition: &'a Value, part: &Part) -> Option<&'a Value> {
    let sections = composition.get("section")?.as_array()?;
    sections.iter().find(|one| one.pointer("/code/coding/0/code").and_then(Value::as_str) == Some(part.loinc))
}

/// The sections of another program's that are no part of a note here.
pub fn other_sections(composition: &Value) -> impl Iterator<Item = &Value> {
    let sections = composition.get("section").and_then(Value::as_array).into_iter().flatten();
    let ours: Vec<&Value> = PARTS.iter().filter_map(|part| section(composition, part)).collect();
    sections.filter(move |one| !ours.iter().any(|own| std::ptr::eq(*own, *one)))
}

/// What those say, and the sections within a part of a note: how each is called, and its text, with those within it.
pub fn other_texts(composition: &Value) -> Vec<(String, String)> {
    fn walk(section: &Value, depth: usize, into: &mut Vec<(String, String)>) {
        let text = |at: &str| section.pointer(at).and_then(Value::as_str);
        let said = text("/text/div").map(plain_of).unwrap_or_default();
        if !said.trim().is_empty() {
            let called = text("/title").or_else(|| text("/code/text")).or_else(|| text("/code/coding/0/display"));
            into.push((called.unwrap_or_default().to_owned(), said));
        }
        let within = section.get("section").and_then(Value::as_array).into_iter().flatten();
        if depth > 0 {
            within.for_each(|one| walk(one, depth - 1, into));
        }
    }
    let mut all = Vec::new();
    for own in PARTS.iter().filter_map(|part| section(composition, part)) {
        let within = own.get("section").and_then(Value::as_array).into_iter().flatten();
        within.for_each(|one| walk(one, DEEPEST - 1, &mut all));
    }
    other_sections(composition).for_each(|one| walk(one, DEEPEST, &mut all));
    all
}

/// What a section refers to.
pub fn entries_of(section: Option<&Value>) -> impl Iterator<Item = &str> {
    let entries = section.and_then(|section| section.get("entry")).and_then(Value::as_array);
    entries.into_iter().flatten().filter_map(|entry| entry.get("reference").and_then(Value::as_str))
}

/// The text of a part.
pub fn part_text(composition: &Value, part: &Part) -> String {
    let div = section(composition, part).and_then(|section| section.pointer("/text/div")).and_then(Value::as_str);
    div.map(plain_of).unwrap_or_default()
}

/// Whether nobody may change it any more.
pub fn is_signed(composition: &Value) -> bool {
    crate::access::is_signed(crate::fhir::ResourceType::Composition, composition)
}

/// Whether it was thrown away, or was a mistake.
pub fn is_taken_back(composition: &Value) -> bool {
    composition.get("status").and_then(Value::as_str) == Some("entered-in-error")
}

/// Whether it is a note of ours, and whether it adds to another one.
pub fn appends_to(composition: &Value) -> Option<&str> {
    let relations = composition.get("relatesTo")?.as_array()?;
    let appends = relations.iter().find(|one| one.get("code").and_then(Value::as_str) == Some("appends"))?;
    appends.pointer("/targetReference/reference").and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_another_program_wrote_beside_the_parts_of_a_note_is_read_with_what_stands_within_it() {
        let text = |words: &str| json!({"status": "generated", "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{words}</div>")});
        let composition = json!({"section": [
            {"code": {"coding": [{"system": LOINC, "code": "61150-9"}]}, "text": text("ours"),
                "section": [{"title": "Nested", "text": text("in ours")}]},
            {"title": "Medicines", "text": text("stop warfarin"), "section": [{"code": {"text": "Within"}, "text": text("more")}]},
            {"title": "Empty"}]});
        let all = other_texts(&composition);
        let all: Vec<(&str, &str)> = all.iter().map(|(title, text)| (title.as_str(), text.trim())).collect();
        assert_eq!(all, [("Nested", "in ours"), ("Medicines", "stop warfarin"), ("Within", "more")]);
    }

    #[test]
    fn a_line_without_its_name_is_kept_and_one_with_a_name_is_done() {
        let typed = NoteTyped {
            plan: "Rest".into(),
            problem1: "Gout".into(),
            problem1_since: "2021".into(),
            problem2_since: "yesterday".into(),
            vaccine_lot: "A1".into(),
            vaccine_dose: "two".into(),
            ..NoteTyped::default()
        };
        let rest = typed.unfinished().unwrap();
        assert_eq!((rest.problem1_since.as_str(), rest.problem2_since.as_str()), ("", "yesterday"));
        assert_eq!((rest.vaccine_lot.as_str(), rest.vaccine_dose.as_str()), ("A1", "two"));
        let again = typed.with_unfinished(4, rest);
        assert_eq!((again.version.as_str(), again.plan.as_str(), again.problem1.as_str()), ("4", "Rest", ""));
        assert_eq!(NoteTyped { vaccine: "Influenza".into(), ..typed }.unfinished().unwrap().vaccine_lot, "");
        assert_eq!(
            NoteTyped {
                plan: "Rest".into(),
                order1: "X-ray".into(),
                order1_kind: "imaging".into(),
                ..NoteTyped::default()
            }
            .unfinished(),
            None
        );
    }
}
