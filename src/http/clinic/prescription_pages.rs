//! What the pages of one prescription are filled with.

use askama::Template;
use serde_json::Value;

use super::chart_pages::{Frame, Section};
use crate::care::Chart;
use crate::care::prescribe::{self, Standing};
use crate::http::fill::{self, Ctx, dosage};
use crate::http::ui::paper::Paper;
use crate::http::ui::record::{AllergyStatus, MedicineState, MedicineStatus};
use crate::http::ui::{Cx, Faults, Field, State, Svg, Tone, When, filters, page, t};

/// What a prescription says, line by line.
#[derive(Debug, Clone)]
pub struct Fact {
    pub label: String,
    pub value: String,
    pub on_paper: bool,
}

/// A warning that was answered when it was signed.
#[derive(Debug, Clone)]
pub struct Warned {
    pub text: String,
    pub answer: String,
    pub by: Option<String>,
    pub when: Option<When>,
}

/// What a patient says who does not take it.
#[derive(Debug, Clone)]
pub struct NotTakenPart {
    pub said: String,
    pub when: Option<When>,
    /// The version of what waits in the inbox until somebody has seen it.
    pub waits: Option<u32>,
}

/// One prescription.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/prescription.html")]
pub struct PrescriptionPage {
    pub cx: Cx,
    pub frame: Frame,
    pub id: String,
    pub version: u32,
    pub name: String,
    pub state: State,
    /// That this is no prescription: it says not to give it, or only plans it.
    pub no_order: Option<State>,
    /// Why it ended.
    pub ended: Option<String>,
    pub facts: Vec<Fact>,
    pub warned: Vec<Warned>,
    pub renew: Option<String>,
    pub change: Option<String>,
    pub prior: Option<String>,
    pub next: Option<String>,
    /// Whether there is a paper of it.
    pub papers: bool,
    /// That the patient says they do not take it.
    pub not_taken: Option<NotTakenPart>,
    pub stop: Option<Vec<Field>>,
    pub faults: Faults,
}
page!(PrescriptionPage in Patients);

impl PrescriptionPage {
    fn section(&self) -> Section {
        Section::Medicines
    }

    fn title(&self) -> String {
        t("rx-one-title").with("name", self.frame.who.plain()).to_string()
    }

    fn base(&self) -> String {
        format!("/patients/{}/prescriptions/{}", self.frame.who.id, self.id)
    }
}

/// Letters that the PDF's font lacks.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/prescription_no_paper.html")]
pub struct NoPaper {
    pub cx: Cx,
    pub frame: Frame,
    pub letters: String,
    pub sheet: String,
}
page!(NoPaper in Patients);

impl NoPaper {
    fn section(&self) -> Section {
        Section::Medicines
    }

    fn title(&self) -> String {
        t("rx-one-title").with("name", self.frame.who.plain()).to_string()
    }
}

/// The paper as a page.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/prescription_sheet.html")]
pub struct Sheet {
    pub cx: Cx,
    pub paper: Paper,
    pub qr: Option<Svg>,
    pub back: String,
}
page!(Sheet in Patients);

/// What became of it, as a shape and a word.
pub(super) fn mark(standing: Standing) -> State {
    let (shape, tone, word) = match standing {
        Standing::Active => ("full", Tone::Accent, "rx-state-active"),
        Standing::Paused => ("clock", Tone::Caution, "rx-state-paused"),
        Standing::Renewed => ("check", Tone::Dim, "rx-state-renewed"),
        Standing::Changed => ("check", Tone::Dim, "rx-state-changed"),
        Standing::Stopped => ("cross", Tone::Dim, "rx-state-stopped"),
        Standing::Over => ("check", Tone::Dim, "rx-state-over"),
        Standing::Unknown => ("alert", Tone::Caution, "medicine-unknown"),
    };
    State::new(shape, tone, t(word))
}

/// How a prescription stands, by all that the record says of it. That it may be handed out no more does not end what is taken.
pub(super) fn stands(request: &Value, chart: &Chart, ctx: &Ctx, today: jiff::civil::Date) -> State {
    let is_active = fill::text(request, "/status") == Some("active");
    fill::mark_besides(request, chart, ctx).unwrap_or_else(|| match prescribe::standing(request, today, &ctx.zone) {
        _ if fill::state_of(request) == MedicineState::Reported => MedicineState::Reported.mark(),
        Standing::Over if is_active => mark(Standing::Active),
        standing => mark(standing),
    })
}

/// Whether another product may be handed out instead, where it says so, and why not.
fn substitution(request: &Value) -> Option<String> {
    let said = match is_not_to_be_replaced(request) {
        true => Some(t("rx-no-substitution").to_string()),
        false => fill::concept(request.pointer("/substitution/allowedCodeableConcept")),
    };
    let why = fill::concept(request.pointer("/substitution/reason"));
    said.map(|said| why.map_or_else(|| said.clone(), |why| format!("{said}: {why}")))
}

/// Whether no other product may be handed out (FHIR R4, MedicationRequest.substitution; `N` of v3-substanceAdminSubstitution).
pub(super) fn is_not_to_be_replaced(request: &Value) -> bool {
    let coded = request.pointer("/substitution/allowedCodeableConcept/coding").and_then(Value::as_array);
    let is_none = |coding: &Value| fill::text(coding, "/code") == Some("N");
    request.pointer("/substitution/allowedBoolean").and_then(Value::as_bool) == Some(false)
        || coded.is_some_and(|all| all.iter().any(is_none))
}

/// The lines of a prescription.
pub(super) fn facts_of(request: &Value, conditions: &[Value], ctx: &Ctx) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |label: &str, value: Option<String>, on_paper: bool| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.push(Fact { label: t(label).to_string(), value, on_paper });
        }
    };
    add("rx-fact-how", fill::dose_of(request, &ctx.zone), true);
    add("rx-fact-route", fill::owned(request, "/dosageInstruction/0/route/text"), true);
    let quantity = fill::number(request, "/dispenseRequest/quantity/value").map(|quantity| {
        let unit = |name: &str| fill::text(request, &format!("/dispenseRequest/quantity/{name}"));
        dosage::units(quantity, unit("unit").or_else(|| unit("code")).unwrap_or_default())
    });
    add("rx-fact-quantity", quantity, true);
    let repeats = fill::number(request, "/dispenseRequest/numberOfRepeatsAllowed");
    let refills = repeats.map(|n| match n as i64 {
        0 => t("rx-fact-refills-none").to_string(),
        n => t("rx-fact-refills-n").with("n", n).to_string(),
    });
    add("rx-fact-refills", refills, true);
    add("rx-fact-substitution", substitution(request), true);
    add("rx-fact-reason", fill::reason_of(request, conditions), false);
    add("rx-fact-note", Some(fill::notes(request).join("\n")), false);
    add("rx-fact-written", ctx.when(request, "/authoredOn").map(|when| when.long_time()), false);
    add("rx-fact-by", fill::called(request.get("requester")), false);
    let until = ctx.when(request, "/dispenseRequest/validityPeriod/end").map(|when| when.long());
    add("rx-fact-until", until, true);
    facts
}
