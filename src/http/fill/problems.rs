//! Problems, allergies and medicines, and the frame that shows them on every page of a chart.

use serde_json::Value;

use super::{Ctx, as_written, called, code_words, concept, foreign, has_code, identity, list, number, owned, text};
use crate::care::Chart;
use crate::care::entries::{is_current, says_none};
use crate::fhir::ResourceType;
use crate::http::clinic::chart_pages::Frame;
use crate::http::ui::record::{
    AllergyLine, AllergyRow, AllergyStatus, MedicineLine, MedicineRow, MedicineState, MedicineStatus, ProblemRow, Said,
    Severity,
};
use crate::http::ui::{When, format, t};

/// What stands on every page of a chart.
pub fn frame(chart: &Chart, why: Option<String>, ctx: &Ctx) -> Frame {
    let conditions = chart.of(ResourceType::Condition);
    let mut problems: Vec<String> = Vec::new();
    for row in problem_rows(conditions, ctx).0 {
        if !problems.contains(&row.name.text) {
            problems.push(row.name.text);
        }
    }
    Frame {
        who: identity(&chart.patient, ctx),
        other_number: None,
        allergies: allergies(chart.of(ResourceType::AllergyIntolerance), ctx),
        problems,
        medicines: medicines(chart, ctx),
        why,
        emergency: None,
    }
}

/// Active, unless it says that it is over or was a mistake. Missing statuses count as active: a problem is not
/// hidden for want of a word.
pub fn is_active_problem(condition: &Value) -> bool {
    let over = ["resolved", "inactive", "remission"].iter().any(|code| has_code(condition.get("clinicalStatus"), code));
    let wrong = ["entered-in-error", "refuted"].iter().any(|code| has_code(condition.get("verificationStatus"), code));
    !over && !wrong && condition.get("abatementDateTime").is_none()
}

/// Active problems and those of before, newest first; mistakes are in neither.
pub fn problem_rows(conditions: &[Value], ctx: &Ctx) -> (Vec<ProblemRow>, Vec<ProblemRow>) {
    let (mut active, mut past) = (Vec::new(), Vec::new());
    for condition in conditions {
        let Some(name) = ctx.said(condition, condition.get("code")) else { continue };
        if has_code(condition.get("verificationStatus"), "entered-in-error") {
            continue;
        }
        let doubtful = ["unconfirmed", "provisional", "differential", "refuted"];
        let doubt = doubtful.iter().find(|code| has_code(condition.get("verificationStatus"), code));
        let row = ProblemRow {
            id: owned(condition, "/id").unwrap_or_default(),
            name,
            code: code_words(condition.get("code")),
            since: ctx.first_when(condition, &["/onsetDateTime", "/onsetPeriod/start", "/recordedDate"]),
            ended: ctx.first_when(condition, &["/abatementDateTime", "/abatementPeriod/end"]),
            doubt: doubt.map(|code| t(doubt_message(code)).to_string()),
            note: list(condition, "note")
                .iter()
                .find_map(|note| owned(note, "/text"))
                .map(|text| Said { text, lang: foreign(condition) }),
        };
        if is_active_problem(condition) { active.push(row) } else { past.push(row) }
    }
    (active, past)
}

fn doubt_message(code: &str) -> &'static str {
    match code {
        "provisional" => "doubt-provisional",
        "differential" => "doubt-differential",
        "refuted" => "doubt-refuted",
        _ => "doubt-unconfirmed",
    }
}

/// What is known of a patient's allergies: never asked, none, or which; the worst first.
pub fn allergies(resources: &[Value], ctx: &Ctx) -> AllergyStatus {
    let current: Vec<&Value> = resources.iter().filter(|allergy| is_current(allergy)).collect();
    let asked = current.iter().filter_map(|allergy| asked(allergy, ctx)).max_by_key(When::moment);
    let mut list: Vec<AllergyLine> =
        current.iter().filter(|allergy| !says_none(allergy)).filter_map(|allergy| allergy_line(allergy, ctx)).collect();
    list.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.substance.cmp(&b.substance)));
    match (list.is_empty(), current.iter().any(|allergy| says_none(allergy))) {
        (false, _) => AllergyStatus::Known { list, asked },
        (true, true) => {
            // The last who said so.
            let said = current.iter().max_by_key(|allergy| asked_at(allergy, ctx));
            AllergyStatus::NoneKnown {
                asked,
                by: said.and_then(|said| called(said.get("recorder")).or_else(|| called(said.get("asserter")))),
                id: said.and_then(|said| owned(said, "/id")).unwrap_or_default(),
            }
        }
        (true, false) => AllergyStatus::NeverAsked,
    }
}

fn asked_at(allergy: &Value, ctx: &Ctx) -> Option<jiff::civil::DateTime> {
    asked(allergy, ctx).map(|when| when.moment())
}

fn asked(allergy: &Value, ctx: &Ctx) -> Option<When> {
    ctx.when(allergy, "/recordedDate")
}

fn allergy_line(allergy: &Value, ctx: &Ctx) -> Option<AllergyLine> {
    let reactions = list(allergy, "reaction");
    let mut manifestations: Vec<String> = Vec::new();
    for manifestation in reactions.iter().flat_map(|reaction| list(reaction, "manifestation")) {
        match ctx.called(Some(manifestation)) {
            Some(name) if !manifestations.contains(&name) => manifestations.push(name),
            _ => {}
        }
    }
    let worst = reactions.iter().filter_map(|reaction| Severity::from_code(text(reaction, "/severity")?)).max();
    let high = text(allergy, "/criticality").and_then(Severity::from_code);
    Some(AllergyLine {
        substance: ctx.called(allergy.get("code"))?,
        reactions: manifestations,
        severity: worst.max(high),
        // The day on which it was written down is not the day on which it began.
        since: ctx.first_when(allergy, &["/onsetDateTime", "/onsetPeriod/start"]),
    })
}

/// All allergies: current ones, and those that are over, refuted or were mistakes.
pub fn allergy_rows(resources: &[Value], ctx: &Ctx) -> (Vec<AllergyRow>, Vec<AllergyRow>) {
    let (mut current, mut past) = (Vec::new(), Vec::new());
    for allergy in resources.iter().filter(|allergy| !says_none(allergy)) {
        let Some(line) = allergy_line(allergy, ctx) else { continue };
        let state =
            ["resolved", "inactive"].iter().find(|code| has_code(allergy.get("clinicalStatus"), code)).or_else(|| {
                ["entered-in-error", "refuted"].iter().find(|code| has_code(allergy.get("verificationStatus"), code))
            });
        let row = AllergyRow {
            id: owned(allergy, "/id").unwrap_or_default(),
            line,
            kind: kind_of_allergy(allergy),
            recorded: ctx.when(allergy, "/recordedDate"),
            by: called(allergy.get("recorder")).or_else(|| called(allergy.get("asserter"))),
            state: state.map(|code| t(allergy_state_message(code)).to_string()),
        };
        if is_current(allergy) { current.push(row) } else { past.push(row) }
    }
    current.sort_by_key(|row| std::cmp::Reverse(row.line.severity));
    (current, past)
}

fn kind_of_allergy(allergy: &Value) -> Option<String> {
    let category = list(allergy, "category").first().and_then(Value::as_str);
    let message = match (text(allergy, "/type"), category) {
        (_, Some("medication")) => "allergy-kind-medication",
        (_, Some("food")) => "allergy-kind-food",
        (_, Some("environment")) => "allergy-kind-environment",
        (_, Some("biologic")) => "allergy-kind-biologic",
        (Some("intolerance"), _) => "allergy-kind-intolerance",
        (Some("allergy"), _) => "allergy-kind-allergy",
        _ => return None,
    };
    Some(t(message).to_string())
}

fn allergy_state_message(code: &str) -> &'static str {
    match code {
        "resolved" => "allergy-resolved",
        "inactive" => "allergy-inactive",
        "refuted" => "allergy-refuted",
        _ => "allergy-mistake",
    }
}

/// What is known of a patient's medicines now.
fn medicines(chart: &Chart, ctx: &Ctx) -> MedicineStatus {
    let (current, _) = medicine_rows(chart, ctx);
    let any = !chart.of(ResourceType::MedicationRequest).is_empty()
        || !chart.of(ResourceType::MedicationStatement).is_empty();
    if current.is_empty() {
        return if any { MedicineStatus::TakesNone { asked: None } } else { MedicineStatus::NeverAsked };
    }
    let line = |row: MedicineRow| MedicineLine { dose: row.how_taken(), name: row.name };
    let list = current.into_iter().map(line).collect();
    MedicineStatus::Takes { list, checked: None }
}

/// Medicines taken now, and those of before. One medicine prescribed again and again stands once, as its newest;
/// one that is taken now is none of before.
pub fn medicine_rows(chart: &Chart, ctx: &Ctx) -> (Vec<MedicineRow>, Vec<MedicineRow>) {
    let (mut current, mut past): (Vec<MedicineRow>, Vec<MedicineRow>) = (Vec::new(), Vec::new());
    let not_taken = crate::care::prescribe::not_taking(chart.of(ResourceType::MedicationStatement).iter());
    let prescribed = chart.of(ResourceType::MedicationRequest).iter().filter_map(|request| {
        let mut row = prescribed(request, ctx)?;
        if row.state == MedicineState::Taking && text(request, "/id").is_some_and(|id| not_taken.contains_key(id)) {
            row.state = MedicineState::NotTaking;
        }
        Some(row)
    });
    let reported = chart.of(ResourceType::MedicationStatement).iter().filter_map(|statement| reported(statement, ctx));
    for row in prescribed.chain(reported) {
        use MedicineState::{NotTaking, Paused, Reported, Taking};
        let taken = matches!(row.state, Taking | Reported | Paused | NotTaking);
        let list = if taken { &mut current } else { &mut past };
        if !list.iter().any(|other| other.name == row.name && other.how == row.how) {
            list.push(row);
        }
    }
    past.retain(|row| !current.iter().any(|now| now.name == row.name && now.how == row.how));
    (current, past)
}

fn prescribed(request: &Value, ctx: &Ctx) -> Option<MedicineRow> {
    if matches!(text(request, "/status"), Some("entered-in-error" | "cancelled"))
        || text(request, "/intent") == Some("proposal")
    {
        return None;
    }
    Some(MedicineRow {
        name: medicine_name(request)?,
        how: list(request, "dosageInstruction").first().and_then(dosage),
        since: ctx.when(request, "/authoredOn"),
        until: ctx.when(request, "/dispenseRequest/validityPeriod/end"),
        state: MedicineState::from_code(text(request, "/status").unwrap_or_default()),
        reason: list(request, "reasonCode")
            .first()
            .and_then(|reason| concept(Some(reason)))
            .or_else(|| list(request, "reasonReference").first().and_then(|reason| called(Some(reason)))),
        by: called(request.get("requester")),
    })
}

fn reported(statement: &Value, ctx: &Ctx) -> Option<MedicineRow> {
    // What a patient says of a prescription stands with the prescription.
    if crate::care::prescribe::statement(statement).is_some() {
        return None;
    }
    let state = match text(statement, "/status")? {
        "active" | "intended" => MedicineState::Reported,
        "completed" => MedicineState::Finished,
        "entered-in-error" | "not-taken" => return None,
        "on-hold" => MedicineState::Paused,
        _ => MedicineState::Stopped,
    };
    Some(MedicineRow {
        name: medicine_name(statement)?,
        how: list(statement, "dosage").first().and_then(dosage),
        since: ctx.first_when(statement, &["/effectivePeriod/start", "/effectiveDateTime", "/dateAsserted"]),
        until: ctx.when(statement, "/effectivePeriod/end"),
        state,
        reason: list(statement, "reasonCode").first().and_then(|reason| concept(Some(reason))),
        by: called(statement.get("informationSource")),
    })
}

pub fn medicine_name(resource: &Value) -> Option<String> {
    concept(resource.get("medicationCodeableConcept")).or_else(|| called(resource.get("medicationReference")))
}

/// What a prescription is for: as it says, or as the problem is called that it names.
pub fn reason_of(request: &Value, conditions: &[Value]) -> Option<String> {
    let named = list(request, "reasonReference").first();
    let of_chart = || {
        let id = text(named?, "/reference")?.strip_prefix("Condition/")?;
        concept(conditions.iter().find(|one| text(one, "/id") == Some(id))?.get("code"))
    };
    let written = || list(request, "reasonCode").first().and_then(|one| concept(Some(one)));
    called(named).or_else(of_chart).or_else(written)
}

/// The same for a reader whose language may not be the clinic's: the problem's name as the lists of codes translate it.
pub fn reason_said(request: &Value, conditions: &[Value], ctx: &Ctx) -> Option<Said> {
    let written = Said { text: reason_of(request, conditions)?, lang: foreign(request) };
    let named = list(request, "reasonReference").first().and_then(|one| text(one, "/reference"));
    let of_chart = named.and_then(|named| {
        let id = named.strip_prefix("Condition/")?;
        let found = conditions.iter().find(|one| text(one, "/id") == Some(id))?;
        // It may have been called otherwise when it was the reason.
        let then = called(list(request, "reasonReference").first());
        let same = then.is_none() || then == as_written(found.get("code"));
        ctx.said(found, found.get("code")).filter(|_| same)
    });
    Some(of_chart.unwrap_or(written))
}

/// How a prescription or a statement says to take it.
pub fn dose_of(resource: &Value) -> Option<String> {
    let name = if resource.get("dosageInstruction").is_some() { "dosageInstruction" } else { "dosage" };
    list(resource, name).first().and_then(dosage)
}

/// How to take it: as written, else from its parts. `2 tablets, 3 times a day, as needed`.
fn dosage(dosage: &Value) -> Option<String> {
    if let Some(words) = super::dosage::ours(dosage) {
        return Some(words);
    }
    if let Some(words) = owned(dosage, "/patientInstruction").or_else(|| owned(dosage, "/text")) {
        return Some(super::without_tag(&words));
    }
    let mut parts = Vec::new();
    let dose = list(dosage, "doseAndRate").first();
    if let Some(value) = dose.and_then(|dose| number(dose, "/doseQuantity/value")) {
        let unit = dose.and_then(|dose| owned(dose, "/doseQuantity/unit"));
        // "1" alone could be a tablet or a number of times.
        parts.push(match unit {
            Some(unit) => format!("{} {unit}", format::number(value)),
            None => t("dose-bare").with("n", format::number(value)).to_string(),
        });
    }
    if let (Some(times), Some(period), Some(unit)) = (
        number(dosage, "/timing/repeat/frequency"),
        number(dosage, "/timing/repeat/period"),
        text(dosage, "/timing/repeat/periodUnit"),
    ) {
        parts.push(frequency(times, period, unit));
    }
    if dosage.get("asNeededBoolean") == Some(&Value::Bool(true)) {
        parts.push(t("dose-when-needed").to_string());
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

pub(super) fn frequency(times: f64, period: f64, unit: &str) -> String {
    let message = match unit {
        "h" => "dose-every-hours",
        "wk" => "dose-every-weeks",
        "mo" => "dose-every-months",
        _ => "dose-every-days",
    };
    // Whole numbers choose the words; "every 1.5 days" is rare and is said with its digits.
    let whole = |value: f64| (value.fract() == 0.0 && value.abs() < 1e6).then_some(value as i64);
    let text = t(message);
    let text = match whole(times) {
        Some(times) => text.with("times", times),
        None => text.with("times", format::number(times)),
    };
    match whole(period) {
        Some(period) => text.with("period", period).to_string(),
        None => text.with("period", format::number(period)).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::ui::Locale;
    use serde_json::json;

    fn ctx() -> Ctx {
        Ctx::of(jiff::tz::TimeZone::UTC)
    }

    fn coded(code: &str) -> Value {
        json!({"coding": [{"code": code}]})
    }

    #[test]
    fn never_asked_none_known_and_known_are_three_things() {
        assert!(matches!(allergies(&[], &ctx()), AllergyStatus::NeverAsked));
        let none = json!({"code": coded("716186003"), "recordedDate": "2026-01-02"});
        assert!(matches!(
            allergies(std::slice::from_ref(&none), &ctx()),
            AllergyStatus::NoneKnown { asked: Some(_), .. }
        ));
        let latex =
            json!({"code": {"text": "Latex"}, "reaction": [{"severity": "mild", "manifestation": [{"text": "rash"}]}]});
        let penicillin = json!({"code": {"text": "Penicillin"}, "criticality": "high"});
        let AllergyStatus::Known { list, .. } = allergies(&[none, latex, penicillin], &ctx()) else { panic!() };
        let names: Vec<_> = list.iter().map(|line| line.substance.as_str()).collect();
        assert_eq!(names, ["Penicillin", "Latex"], "the worst first");
        let written = json!({"code": {"text": "Eggs"}, "recordedDate": "2026-01-02"});
        let AllergyStatus::Known { list, .. } = allergies(&[written], &ctx()) else { panic!() };
        assert!(list[0].since.is_none(), "nobody said when it began");
    }

    #[test]
    fn an_allergy_is_said_in_the_readers_language_where_the_record_or_the_clinics_file_has_it() {
        let in_spanish = crate::care::clinic::translation("es", "Cacahuetes");
        let peanuts = json!({"code": {"text": "Peanuts", "_text": {"extension": [in_spanish]}}, "criticality": "high",
            "reaction": [{"manifestation": [{"coding": [{"code": "1", "display": "Hives",
                "_display": {"extension": [crate::care::clinic::translation("es-ES", "Urticaria")]}}]}]}]});
        let typed = json!({"code": {"text": "Penicillins"}});
        let unknown = json!({"code": {"text": "Strawberries"}});
        let file = crate::care::formulary::read(crate::care::demo::FORMULARY.as_bytes(), &Default::default()).unwrap();
        let ctx = Ctx { codes: Some(std::sync::Arc::new(file)), ..ctx() };
        let said = |locale: Locale| {
            let all = [peanuts.clone(), typed.clone(), unknown.clone()];
            let AllergyStatus::Known { list, .. } = locale.inside(|| allergies(&all, &ctx)) else { panic!() };
            list.into_iter().map(|line| [vec![line.substance], line.reactions].concat().join(" ")).collect::<Vec<_>>()
        };
        assert_eq!(said(Locale::Es), ["Cacahuetes Urticaria", "Penicilinas", "Strawberries"]);
        assert_eq!(said(Locale::En), ["Peanuts Hives", "Penicillins", "Strawberries"]);
    }

    #[test]
    fn a_refuted_or_resolved_allergy_is_not_current() {
        let refuted = json!({"code": {"text": "Eggs"}, "verificationStatus": coded("refuted")});
        let resolved = json!({"code": {"text": "Milk"}, "clinicalStatus": coded("resolved")});
        let all = [refuted, resolved];
        assert!(matches!(allergies(&all, &ctx()), AllergyStatus::NeverAsked));
        assert_eq!(allergy_rows(&all, &ctx()).1.len(), 2);
    }

    #[test]
    fn problems_are_active_unless_they_say_otherwise() {
        let asthma = json!({"code": {"text": "Asthma"}});
        let flu = json!({"code": {"text": "Flu"}, "clinicalStatus": coded("resolved")});
        let mistake = json!({"code": {"text": "Gout"}, "verificationStatus": coded("entered-in-error")});
        let (active, past) = problem_rows(&[asthma, flu, mistake], &ctx());
        assert_eq!((active.len(), past.len(), active[0].name.text.as_str()), (1, 1, "Asthma"));
    }

    #[test]
    fn a_dose_is_said_as_written_else_from_its_parts() {
        assert_eq!(dosage(&json!({"text": "One at night"})).unwrap(), "One at night");
        let parts = json!({"timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": {"value": 0.5, "unit": "mg"}}]});
        assert_eq!(dosage(&parts).unwrap(), format!("0.5 mg, {}", frequency(2.0, 1.0, "d")));
        assert_eq!(dosage(&json!({})), None);
    }
}
