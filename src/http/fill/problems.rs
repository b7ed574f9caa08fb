//! Problems, allergies and medicines, and the frame that shows them on every page of a chart.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::amounts::notes;
use super::standing::caveats;
use super::{
    Ctx, as_written, called, code_words, concept, conditions, dose_of, due, ends, foreign, has_code, identity, list,
    named, owned, spoken, text, without_digits,
};
use crate::base::Timestamp;
use crate::care::Chart;
use crate::care::entries::{AllergyTo, is_current, is_no_entry, says_none, says_none_of_some, says_none_to};
use crate::care::medicine::{self, Asks};
use crate::care::prescribe::{self, NotTaking, Teller};
use crate::fhir::ResourceType;
use crate::http::clinic::chart_pages::Frame;
use crate::http::ui::record::{
    AllergyKind, AllergyLine, AllergyRow, AllergyStatus, Due, MedicineLine, MedicineRow, MedicineState, MedicineStatus,
    ProblemRow, Said, Severity,
};
use crate::http::ui::{Locale, State, Tone, When, t};

/// What stands on every page of a chart.
pub fn frame(chart: &Chart, why: Option<String>, ctx: &Ctx) -> Frame {
    let conditions = chart.of(ResourceType::Condition);
    let mut problems: Vec<String> = Vec::new();
    for row in problem_rows(conditions, ctx).0 {
        let doubt = row.doubt.map(|doubt| format!(" ({doubt})")).unwrap_or_default();
        let problem = format!("{}{doubt}", row.name.text);
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    Frame {
        who: identity(&chart.patient, ctx),
        other_number: None,
        allergies: allergies(chart.of(ResourceType::AllergyIntolerance), ctx),
        problems,
        medicines: medicines(chart, ctx),
        not_to_give: not_to_give(chart, ctx).into_iter().map(line_of).collect(),
        why,
        parts: Vec::new(),
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
        let name = ctx.said(condition, condition.get("code")).unwrap_or_else(|| named(None).as_str().into());
        if has_code(condition.get("verificationStatus"), "entered-in-error") || is_no_entry(condition) {
            continue;
        }
        let doubt = caveats(ResourceType::Condition, condition).join(", ");
        let row = ProblemRow {
            id: owned(condition, "/id").unwrap_or_default(),
            name,
            code: code_words(condition.get("code")),
            since: conditions::since(condition, ctx),
            since_said: conditions::since_said(condition),
            ended: ctx.first_when(condition, &["/abatementDateTime", "/abatementPeriod/end"]),
            details: conditions::details(condition),
            doubt: Some(doubt).filter(|doubt| !doubt.is_empty()),
            note: conditions::notes_said(condition).map(|text| Said { text, lang: foreign(condition) }),
        };
        if is_active_problem(condition) { active.push(row) } else { past.push(row) }
    }
    (active, past)
}

/// What is known of a patient's allergies: never asked, none, or which; the worst first.
pub fn allergies(resources: &[Value], ctx: &Ctx) -> AllergyStatus {
    let current: Vec<&Value> = resources.iter().filter(|allergy| is_current(allergy)).collect();
    let asked = current.iter().filter_map(|allergy| asked(allergy, ctx)).max_by_key(When::moment);
    let said = current.iter().filter(|allergy| !says_none(allergy));
    let mut list: Vec<AllergyLine> = said.map(|allergy| allergy_line(allergy, ctx)).collect();
    let is_none = |line: &AllergyLine| line.kind == AllergyKind::NoneToSome;
    // What there is, before that there is none to something.
    list.sort_by(|a, b| {
        is_none(a).cmp(&is_none(b)).then(b.severity.cmp(&a.severity)).then_with(|| a.substance.cmp(&b.substance))
    });
    let only_none = !list.is_empty() && list.iter().all(is_none);
    let not_asked = only_none.then(|| not_asked(&current, ctx)).flatten();
    // Before what there is not: nobody may read it as none at all.
    let list: Vec<AllergyLine> = not_asked.into_iter().chain(list).collect();
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

/// What nobody said anything of, where all that is said is that there is no allergy to something else.
fn not_asked(current: &[&Value], ctx: &Ctx) -> Option<AllergyLine> {
    let is_open = |what: &AllergyTo| !current.iter().any(|allergy| says_none_to(*what, allergy));
    let open: Vec<String> = AllergyTo::ALL.into_iter().filter(is_open).map(allergy_to).collect();
    let message = if ctx.sees_sealed { "allergies-not-asked" } else { "allergies-not-shown" };
    (!open.is_empty()).then(|| AllergyLine {
        kind: AllergyKind::NotAsked,
        substance: t(message).with("kinds", open.join(", ")).to_string(),
        reactions: Vec::new(),
        severity: None,
        doubt: None,
        since: None,
    })
}

fn allergy_to(what: AllergyTo) -> String {
    t(match what {
        AllergyTo::Medicines => "allergies-to-medicines",
        AllergyTo::Food => "allergies-to-food",
        AllergyTo::Surroundings => "allergies-to-surroundings",
    })
    .to_string()
}

fn asked_at(allergy: &Value, ctx: &Ctx) -> Option<jiff::civil::DateTime> {
    asked(allergy, ctx).map(|when| when.moment())
}

fn asked(allergy: &Value, ctx: &Ctx) -> Option<When> {
    ctx.when(allergy, "/recordedDate")
}

/// What it is to: as it is called, and the substances that its reactions name beside that.
pub fn substance_of(allergy: &Value, ctx: &Ctx) -> Option<String> {
    let called = ctx.called(allergy.get("code"));
    let is_said =
        |name: &String| called.as_ref().is_some_and(|called| called.to_lowercase().contains(&name.to_lowercase()));
    let mut names: Vec<String> =
        medicine::substances(allergy).into_iter().filter_map(|one| ctx.called(Some(one))).collect();
    names.retain(|name| !is_said(name));
    names.dedup();
    match (called, names.is_empty()) {
        (Some(called), true) => Some(called),
        (Some(called), false) => Some(format!("{called}: {}", names.join(", "))),
        (None, false) => Some(names.join(", ")),
        (None, true) => None,
    }
}

fn allergy_line(allergy: &Value, ctx: &Ctx) -> AllergyLine {
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
    let doubt = caveats(ResourceType::AllergyIntolerance, allergy).join(", ");
    AllergyLine {
        kind: if says_none_of_some(allergy) { AllergyKind::NoneToSome } else { AllergyKind::There },
        substance: named(substance_of(allergy, ctx)),
        reactions: manifestations,
        severity: worst.max(high),
        doubt: Some(doubt).filter(|doubt| !doubt.is_empty()),
        // The day on which it was written down is not the day on which it began.
        since: ctx.first_when(allergy, &["/onsetDateTime", "/onsetPeriod/start"]),
    }
}

/// All allergies: current ones, and those that are over, refuted or were mistakes.
pub fn allergy_rows(resources: &[Value], ctx: &Ctx) -> (Vec<AllergyRow>, Vec<AllergyRow>) {
    let (mut current, mut past) = (Vec::new(), Vec::new());
    for allergy in resources.iter().filter(|allergy| !says_none(allergy) && !is_no_entry(allergy)) {
        let line = allergy_line(allergy, ctx);
        let state =
            ["resolved", "inactive"].iter().find(|code| has_code(allergy.get("clinicalStatus"), code)).or_else(|| {
                ["entered-in-error", "refuted"].iter().find(|code| has_code(allergy.get("verificationStatus"), code))
            });
        // That it was ruled out is its state.
        let doubt = line.doubt.filter(|_| state.is_none_or(|code| *code != "refuted"));
        let row = AllergyRow {
            id: owned(allergy, "/id").unwrap_or_default(),
            line: AllergyLine { doubt, ..line },
            kind: kind_of_allergy(allergy),
            recorded: ctx.when(allergy, "/recordedDate"),
            by: called(allergy.get("recorder")).or_else(|| called(allergy.get("asserter"))),
            state: state.map(|code| t(allergy_state_message(code)).to_string()),
            note: notes_of_allergy(allergy).map(|text| Said { text, lang: foreign(allergy) }),
        };
        if is_current(allergy) { current.push(row) } else { past.push(row) }
    }
    current.sort_by_key(|row| (row.line.kind != AllergyKind::There, std::cmp::Reverse(row.line.severity)));
    (current, past)
}

/// All that somebody wrote of it and of its reactions.
fn notes_of_allergy(allergy: &Value) -> Option<String> {
    let reactions = list(allergy, "reaction").iter();
    let of_reactions = reactions.flat_map(|one| spoken(one, "description").into_iter().chain(notes(one)));
    let all: Vec<String> = notes(allergy).into_iter().chain(of_reactions).collect();
    (!all.is_empty()).then(|| all.join("\n"))
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
    let (current, past) = medicine_rows(chart, ctx);
    if current.is_empty() {
        let said = chart.of(ResourceType::MedicationStatement).iter().filter(|one| medicine::says_none(one));
        let days = ["/dateAsserted", "/effectiveDateTime", "/effectivePeriod/start"];
        return match (
            said.map(|one| ctx.first_when(one, &days)).max_by_key(|when| when.map(|when| when.moment())),
            past.is_empty(),
        ) {
            (Some(asked), _) => MedicineStatus::TakesNone { asked },
            (None, false) => MedicineStatus::NoneNow,
            (None, true) => MedicineStatus::NeverAsked,
        };
    }
    MedicineStatus::Takes { list: current.into_iter().map(line_of).collect(), checked: None }
}

fn line_of(row: MedicineRow) -> MedicineLine {
    MedicineLine { doubt: row.doubt(), dose: row.how, name: row.name }
}

/// What the record says is not to be given, newest first, and of which dose and why as far as that is known. None of it is
/// among the medicines.
pub fn not_to_give(chart: &Chart, ctx: &Ctx) -> Vec<MedicineRow> {
    let requests = chart.of(ResourceType::MedicationRequest).iter().filter(|one| medicine::is_not_to_be_given(one));
    requests
        .map(|request| {
            let row = row_of(request, chart.medications(), ctx);
            let of = row.how.map(|how| t("not-to-give-of").with("how", how).to_string());
            let reason = reason_of(request, chart.of(ResourceType::Condition));
            let why = reason.as_ref().map(|reason| t("not-to-give-why").with("reason", reason).to_string());
            let how: Vec<String> = of.into_iter().chain(why).collect();
            let how = (!how.is_empty()).then(|| how.join(", "));
            MedicineRow { how, reason, state: MedicineState::NotToGive, due: Due::Now, ..row }
        })
        .collect()
}

/// Medicines taken now, and those of before. One medicine prescribed again and again stands once, as its newest, and once more
/// where of another order of it something else is said; one that is taken now is none of before.
pub fn medicine_rows(chart: &Chart, ctx: &Ctx) -> (Vec<MedicineRow>, Vec<MedicineRow>) {
    let (mut current, mut past): (Vec<MedicineRow>, Vec<MedicineRow>) = (Vec::new(), Vec::new());
    let not_taken = prescribe::not_taking(chart.of(ResourceType::MedicationStatement).iter(), &ctx.zone);
    let word_on = |request: &Value| text(request, "/id").and_then(|id| not_taken.get(id)).and_then(state_by);
    let prescribed = chart.of(ResourceType::MedicationRequest).iter().filter_map(|request| {
        let mut row = prescribed(request, chart.medications(), ctx)?;
        row.doubts = doubts_of(request, chart, ctx);
        if row.state == MedicineState::Taking {
            row.state = word_on(request).unwrap_or(row.state);
        }
        Some(row)
    });
    let reported = chart
        .of(ResourceType::MedicationStatement)
        .iter()
        .filter(|one| !prescribe::goes_with(one, chart.of(ResourceType::MedicationRequest), chart.medications()))
        .filter_map(|statement| {
            let row = reported(statement, chart.medications(), ctx)?;
            Some(MedicineRow { doubts: doubts_of(statement, chart, ctx), ..row })
        });
    for row in prescribed.chain(reported) {
        use MedicineState::{NotTaking, NotTakingSaidFor, Paused, Reported, Taking, Unknown};
        let taken = matches!(row.state, Taking | Reported | Paused | NotTaking | NotTakingSaidFor | Unknown);
        let list = if taken { &mut current } else { &mut past };
        // That one order is not taken, is paused or in doubt says nothing of the other.
        let stands = |row: &MedicineRow| if row.state == Reported { Taking } else { row.state };
        let same = |other: &MedicineRow| {
            let said = |row: &MedicineRow| (stands(row), row.due, row.doubts.clone());
            other.name == row.name && other.how == row.how && said(other) == said(&row)
        };
        if !list.iter().any(same) {
            list.push(row);
        }
    }
    past.retain(|row| !current.iter().any(|now| now.name == row.name && now.how == row.how));
    // Of what is taken now by one order, another whose time is over or is to come says nothing new.
    let plain: Vec<(String, Option<String>)> =
        current.iter().filter(|row| row.doubt().is_none()).map(|row| (row.name.clone(), row.how.clone())).collect();
    let is_again = |row: &MedicineRow| plain.iter().any(|(name, how)| *name == row.name && *how == row.how);
    current.retain(|row| row.due == Due::Now || row.is_in_doubt() || !row.doubts.is_empty() || !is_again(row));
    (current, past)
}

/// What somebody reported as not taken, and that is no word on a prescription.
pub fn not_taken_rows(chart: &Chart, ctx: &Ctx) -> Vec<MedicineRow> {
    let all = chart.of(ResourceType::MedicationStatement).iter();
    all.filter(|one| is_reported_not_taken(one))
        .map(|one| MedicineRow {
            name: medicine_name(one, chart.medications()),
            how: dose_of(one, &ctx.zone),
            since: ctx.first_when(one, &["/dateAsserted", "/effectivePeriod/start", "/effectiveDateTime"]),
            until: None,
            state: MedicineState::NotTaking,
            due: Due::Now,
            doubts: Vec::new(),
            reason: why_not_taken(one),
            by: called(one.get("informationSource")),
        })
        .collect()
}

fn is_reported_not_taken(statement: &Value) -> bool {
    let says_so = text(statement, "/status") == Some("not-taken");
    says_so && prescribe::statement(statement).is_none() && !is_no_entry(statement)
}

fn why_not_taken(statement: &Value) -> Option<String> {
    let all = ["statusReason", "reasonCode"].into_iter().flat_map(|name| list(statement, name));
    let said: Vec<String> = all.filter_map(|one| concept(Some(one))).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// What else in the record says of a prescription or a statement that it may not be taken: that its prescription was ended or says
/// something else, and that somebody reported since that it is not taken.
pub fn doubts_of(medicine: &Value, chart: &Chart, ctx: &Ctx) -> Vec<String> {
    doubts_beside(medicine, not_taken_of(medicine, chart, ctx).as_ref(), chart, ctx)
}

fn doubts_beside(medicine: &Value, word: Option<&NotTaking>, chart: &Chart, ctx: &Ctx) -> Vec<String> {
    if !medicine::may_be_taken(medicine) {
        return Vec::new();
    }
    let is_statement = text(medicine, "/resourceType") == Some(ResourceType::MedicationStatement.name());
    let beside = is_statement.then(|| beside_prescription(medicine, chart, ctx)).flatten();
    beside.into_iter().chain(reported_not_taken(medicine, word, chart, ctx)).collect()
}

/// All that beside its status says of a medicine that it may not be taken now, each in words.
pub fn besides_of(medicine: &Value, chart: &Chart, ctx: &Ctx) -> Vec<String> {
    let word = not_taken_of(medicine, chart, ctx);
    let own = word.as_ref().filter(|word| word.is_of_patient() && medicine::may_be_taken(medicine));
    let said = own.map(not_taken_words).into_iter().chain(due(medicine, ctx).words());
    said.chain(doubts_beside(medicine, word.as_ref(), chart, ctx)).collect()
}

/// The same in English, of a summary that is made at this moment.
pub fn besides_in_english(medicine: &Value, chart: &Chart, zone: &TimeZone, now: Timestamp) -> Vec<String> {
    Locale::En.inside(|| besides_of(medicine, chart, &Ctx::of(zone.clone()).at(now)))
}

/// How what may be taken stands, where that is anything else than that it is: that it is not taken, is over or has not begun.
pub fn mark_besides(medicine: &Value, chart: &Chart, ctx: &Ctx) -> Option<State> {
    if !medicine::may_be_taken(medicine) {
        return None;
    }
    let word = not_taken_of(medicine, chart, ctx);
    if let Some(state) = word.as_ref().and_then(state_by) {
        return Some(state.mark());
    }
    if reported_not_taken(medicine, word.as_ref(), chart, ctx).is_some() {
        return Some(State::new("alert", Tone::Caution, t("medicine-reported-not-taken")));
    }
    let is_plain = matches!(state_of(medicine), MedicineState::Taking | MedicineState::Reported)
        || text(medicine, "/status") == Some("intended");
    due(medicine, ctx).mark().filter(|_| is_plain)
}

/// The newest word on a prescription, where that is that it is not taken.
fn not_taken_of(request: &Value, chart: &Chart, ctx: &Ctx) -> Option<NotTaking> {
    let id = text(request, "/id")?;
    let is_request = text(request, "/resourceType") == Some(ResourceType::MedicationRequest.name());
    let of_it =
        chart.of(ResourceType::MedicationStatement).iter().filter(|one| prescribe::of_prescription(one) == Some(id));
    is_request.then(|| prescribe::not_taking(of_it, &ctx.zone).remove(id)).flatten()
}

/// That somebody else than the patient reported it as not taken, with the prescription or since then by its name. `word` is the newest
/// on that prescription.
fn reported_not_taken(medicine: &Value, word: Option<&NotTaking>, chart: &Chart, ctx: &Ctx) -> Option<String> {
    if let Some(word) = word.filter(|word| !word.is_of_patient()) {
        return Some(not_taken_words(word));
    }
    let name = medicine_name(medicine, chart.medications());
    let since = ctx.first_when(medicine, &["/authoredOn", "/effectivePeriod/start", "/effectiveDateTime"]);
    let is_of_it = |row: &MedicineRow| {
        let is_later = row.since.zip(since).is_none_or(|(said, since)| said.last_day() >= since.day());
        is_later && row.name.to_lowercase() == name.to_lowercase()
    };
    let row = not_taken_rows(chart, ctx).into_iter().find(is_of_it)?;
    Some(reported_words(row.by.as_deref(), row.reason.as_deref()))
}

/// How a prescription stands by what was said of it, where that is the patient's own word or that of who acts for them.
pub fn state_by(word: &NotTaking) -> Option<MedicineState> {
    match word.by {
        Teller::Patient => Some(MedicineState::NotTaking),
        Teller::ForPatient => Some(MedicineState::NotTakingSaidFor),
        Teller::Other(_) => None,
    }
}

/// Who said that a prescription is not taken, and why.
pub fn not_taken_words(word: &NotTaking) -> String {
    match &word.by {
        Teller::Patient => match &word.reason {
            Some(reason) => t("refill-not-taken-because").with("reason", reason).to_string(),
            None => t("refill-not-taken").to_string(),
        },
        Teller::ForPatient => match &word.reason {
            Some(reason) => t("refill-not-taken-for-because").with("reason", reason).to_string(),
            None => t("refill-not-taken-for").to_string(),
        },
        Teller::Other(by) => reported_words(by.as_deref().map(without_digits).as_deref(), word.reason.as_deref()),
    }
}

fn reported_words(by: Option<&str>, reason: Option<&str>) -> String {
    match (by, reason) {
        (Some(by), Some(reason)) => t("medicine-reported-not-taken-by-why").with("by", by).with("reason", reason),
        (Some(by), None) => t("medicine-reported-not-taken-by").with("by", by),
        (None, Some(reason)) => t("medicine-reported-not-taken-why").with("reason", reason),
        (None, None) => t("medicine-reported-not-taken"),
    }
    .to_string()
}

/// That the prescription which a statement is of was ended, where it was, or asks for something else.
fn beside_prescription(statement: &Value, chart: &Chart, ctx: &Ctx) -> Option<String> {
    let of = prescribe::of_prescription(statement)?;
    let request = chart.of(ResourceType::MedicationRequest).iter().find(|one| text(one, "/id") == Some(of))?;
    if medicine::may_be_taken(request) {
        let name = |one: &Value| medicine_name(one, chart.medications());
        let how = dose_of(statement, &ctx.zone);
        let is_as_asked = how.is_none() || how == dose_of(request, &ctx.zone);
        return match name(statement).to_lowercase() == name(request).to_lowercase() {
            false => Some(t("medicine-prescribed-other").with("name", name(request)).to_string()),
            true if is_as_asked && due(statement, ctx) == due(request, ctx) => None,
            true => Some(t("medicine-prescribed-otherwise").to_string()),
        };
    }
    let when = prescribe::ended_at(request).and_then(|at| When::parse(at, &ctx.zone));
    Some(match when {
        Some(when) => t("medicine-of-ended-on").with("date", when.short()).to_string(),
        None => t("medicine-of-ended").to_string(),
    })
}

fn prescribed(request: &Value, along: &[Value], ctx: &Ctx) -> Option<MedicineRow> {
    let wrong = matches!(text(request, "/status"), Some("entered-in-error" | "cancelled")) || is_no_entry(request);
    (!wrong && Asks::of(request) == Asks::Give).then(|| row_of(request, along, ctx))
}

fn row_of(request: &Value, along: &[Value], ctx: &Ctx) -> MedicineRow {
    let due = due(request, ctx);
    let (since, until) = span_of_request(request, due, ctx);
    MedicineRow {
        name: medicine_name(request, along),
        how: dose_of(request, &ctx.zone),
        since,
        until,
        state: state_of(request),
        due,
        doubts: Vec::new(),
        reason: list(request, "reasonCode")
            .first()
            .and_then(|reason| concept(Some(reason)))
            .or_else(|| list(request, "reasonReference").first().and_then(|reason| called(Some(reason)))),
        by: called(request.get("requester")),
    }
}

/// From when until when a prescription is to be taken: of what has not begun, from the day on which it is to begin.
pub fn span_of_request(request: &Value, due: Due, ctx: &Ctx) -> (Option<When>, Option<When>) {
    let until = ends(request, ctx);
    match due {
        Due::Later(Some(begin)) => (Some(begin), until),
        Due::Over(end) => (ctx.when(request, "/authoredOn"), Some(end)),
        _ => (ctx.when(request, "/authoredOn"), until),
    }
}

/// How a prescription stands. What somebody only said they take is nobody's prescription.
pub fn state_of(request: &Value) -> MedicineState {
    match MedicineState::from_code(text(request, "/status").unwrap_or_default()) {
        MedicineState::Taking if medicine::is_reported(request) => MedicineState::Reported,
        state => state,
    }
}

fn reported(statement: &Value, along: &[Value], ctx: &Ctx) -> Option<MedicineRow> {
    if is_no_entry(statement) {
        return None;
    }
    let state = match text(statement, "/status").unwrap_or_default() {
        "active" | "intended" => MedicineState::Reported,
        "entered-in-error" | "not-taken" => return None,
        other => MedicineState::from_code(other),
    };
    Some(MedicineRow {
        name: medicine_name(statement, along),
        how: dose_of(statement, &ctx.zone),
        since: ctx.first_when(statement, &["/effectivePeriod/start", "/effectiveDateTime", "/dateAsserted"]),
        until: ctx.when(statement, "/effectivePeriod/end"),
        state,
        due: due(statement, ctx),
        doubts: Vec::new(),
        reason: list(statement, "reasonCode").first().and_then(|reason| concept(Some(reason))),
        by: called(statement.get("informationSource")),
    })
}

/// What a medicine is called: never nothing, or it would drop out of a list. `along` are the Medications that were read with
/// the resource.
pub fn medicine_name(resource: &Value, along: &[Value]) -> String {
    let of_concepts = || {
        let names: Vec<String> =
            medicine::concepts(resource, along).into_iter().filter_map(|one| concept(Some(one))).collect();
        (!names.is_empty()).then(|| names.join(" + "))
    };
    let shown = || called(resource.get("medicationReference"));
    of_concepts()
        .or_else(shown)
        .unwrap_or_else(|| t("medicine-not-named").with("place", medicine::place(resource)).to_string())
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ctx() -> Ctx {
        Ctx::of(TimeZone::UTC)
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
    fn an_allergy_that_is_not_confirmed_says_so_with_what_was_written_of_it() {
        let latex = json!({"code": {"text": "Latex"}, "verificationStatus": coded("unconfirmed"),
            "note": [{"text": "tolerated 2020"}], "reaction": [{"description": "itching", "note": [{"text": "mild"}]}]});
        let (current, _) = allergy_rows(std::slice::from_ref(&latex), &ctx());
        assert_eq!(current[0].line.rest(), ", not confirmed yet");
        assert_eq!(current[0].note.as_ref().map(|note| note.text.as_str()), Some("tolerated 2020\nitching\nmild"));
        for none in ["No known allergies", "NKA"] {
            let said = allergies(&[json!({"code": {"text": none}})], &ctx());
            assert!(matches!(said, AllergyStatus::NoneKnown { .. }), "{none}");
        }
        let medicines = allergies(&[json!({"code": {"text": "NKDA"}})], &ctx());
        assert!(matches!(medicines, AllergyStatus::Known { .. }), "of other things nothing is said");
    }

    #[test]
    fn of_two_orders_alike_one_that_is_not_taken_hides_no_other() {
        let order = |id: &str| {
            json!({"resourceType": "MedicationRequest", "id": id, "status": "active", "intent": "order",
                "medicationCodeableConcept": {"text": "Warfarin"}})
        };
        let not = json!({"status": "not-taken", "medicationCodeableConcept": {"text": "Warfarin"},
            "basedOn": [{"reference": "MedicationRequest/new"}], "dateAsserted": "2026-03-03",
            "informationSource": {"reference": "Patient/p"}});
        let all = vec![
            (ResourceType::MedicationRequest, vec![order("new"), order("old"), order("older")]),
            (ResourceType::MedicationStatement, vec![not]),
        ];
        let chart = Chart::holding(json!({"id": "p"}), all);
        let states: Vec<MedicineState> = medicine_rows(&chart, &ctx()).0.into_iter().map(|row| row.state).collect();
        assert_eq!(states, [MedicineState::NotTaking, MedicineState::Taking]);
    }

    #[test]
    fn a_paused_or_doubtful_order_hides_no_other_and_never_reads_as_taken() {
        let order = |id: &str, status: &str| {
            json!({"resourceType": "MedicationRequest", "id": id, "status": status, "intent": "order",
                "medicationCodeableConcept": {"text": "Warfarin"}})
        };
        let all = vec![order("a", "on-hold"), order("b", "unknown"), order("c", "active"), order("d", "active")];
        let chart = Chart::holding(json!({"id": "p"}), vec![(ResourceType::MedicationRequest, all)]);
        let (rows, _) = medicine_rows(&chart, &ctx());
        let said: Vec<Option<String>> = rows.iter().map(MedicineRow::how_taken).collect();
        let doubts = ["paused at the moment", "it is not known whether it is taken"].map(|said| Some(said.to_owned()));
        assert_eq!(said, [doubts.as_slice(), &[None]].concat());
        assert_eq!(rows.iter().filter(|row| row.is_to_take()).count(), 2);
    }

    #[test]
    fn what_another_program_says_of_a_prescription_stands_with_it_while_it_counts_and_by_itself_after() {
        let said = json!({"resourceType": "MedicationStatement", "id": "s", "status": "active",
            "medicationCodeableConcept": {"text": "Metformin 1 g"}, "basedOn": [{"reference": "MedicationRequest/r"}]});
        let states = |status: &str| -> Vec<MedicineState> {
            let order = json!({"resourceType": "MedicationRequest", "id": "r", "status": status, "intent": "order",
                "medicationCodeableConcept": {"text": "Metformin 1 g"}});
            let all = vec![
                (ResourceType::MedicationRequest, vec![order]),
                (ResourceType::MedicationStatement, vec![said.clone()]),
            ];
            let chart = Chart::holding(json!({"id": "p"}), all);
            medicine_rows(&chart, &ctx()).0.into_iter().map(|row| row.state).collect()
        };
        assert_eq!(states("active"), [MedicineState::Taking]);
        assert_eq!(states("stopped"), [MedicineState::Reported]);
    }

    fn named(name: &str, more: Value) -> Value {
        let mut one = json!({"resourceType": "MedicationRequest", "id": name, "status": "active", "intent": "order",
            "medicationCodeableConcept": {"text": name}, "dosageInstruction": [{"text": "1 a day"}]});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    }

    #[test]
    fn of_more_medicines_than_doses_have_a_place_for_each_doubt_is_said_all_the_same() {
        let mut all: Vec<Value> = (0..12).map(|n| named(&format!("Plain{n}"), json!({}))).collect();
        all.push(named("Warfarin", json!({"status": "on-hold", "statusReason": {"text": "bleeding"}})));
        all.push(named("Unknownst", json!({"status": "unknown"})));
        let word = json!({"resourceType": "MedicationStatement", "id": "s", "status": "not-taken",
            "basedOn": [{"reference": "MedicationRequest/Plain0"}], "informationSource": {"reference": "Patient/p"}});
        let both = vec![(ResourceType::MedicationRequest, all), (ResourceType::MedicationStatement, vec![word])];
        let frame = frame(&Chart::holding(json!({"id": "p"}), both), None, &ctx());
        let MedicineStatus::Takes { list, .. } = &frame.medicines else { panic!() };
        let lines: Vec<String> =
            frame.medicine_lines(list).into_iter().map(|(name, rest)| format!("{name}{rest}")).collect();
        assert!(frame.names_only(list) && lines.len() == 14 && lines.contains(&"Plain1".to_owned()), "{lines:?}");
        for said in [
            "Plain0 (not taken, says the patient)",
            "Warfarin (paused at the moment)",
            "Unknownst (it is not known whether it is taken)",
        ] {
            assert!(lines.iter().any(|line| line == said), "{said}: {lines:?}");
        }
    }

    fn on_29_november(requests: Vec<Value>, statements: Vec<Value>) -> (Vec<String>, Vec<MedicineRow>) {
        let ctx = Ctx { today: Some(jiff::civil::date(2026, 11, 29)), ..ctx() };
        let both = vec![(ResourceType::MedicationRequest, requests), (ResourceType::MedicationStatement, statements)];
        let chart = Chart::holding(json!({"id": "p"}), both);
        let lines = match frame(&chart, None, &ctx).medicines {
            MedicineStatus::Takes { list, .. } => list.iter().map(MedicineLine::whole).collect(),
            _ => Vec::new(),
        };
        (lines, medicine_rows(&chart, &ctx).0)
    }

    fn said_of(name: &str, more: Value) -> Value {
        let mut one = named(name, more);
        one["resourceType"] = json!("MedicationStatement");
        one["dosage"] = one["dosageInstruction"].take();
        one.as_object_mut().unwrap().remove("dosageInstruction");
        one
    }

    #[test]
    fn a_medicine_whose_time_is_over_or_has_not_begun_says_so_with_its_name() {
        let valid =
            |start: &str, end: &str| json!({"dispenseRequest": {"validityPeriod": {"start": start, "end": end}}});
        let requests = vec![
            named("Oldcourse", valid("2026-01-10", "2026-01-17")),
            named("Current", valid("2026-01-10", "2027-01-17")),
        ];
        let statements = vec![
            said_of("Ended", json!({"effectivePeriod": {"start": "2026-01-01", "end": "2026-06-01"}})),
            said_of("Coming", json!({"effectivePeriod": {"start": "2027-02-01"}})),
            said_of("Intended", json!({"status": "intended"})),
            said_of("Bounded", json!({"effectivePeriod": {"start": "2026-01-01", "end": "2027-06-01"}})),
        ];
        let (lines, rows) = on_29_november(requests, statements);
        assert_eq!(
            lines,
            [
                "Oldcourse, 1 a day (its time was over on 17 Jan 2026)",
                "Current, 1 a day",
                "Ended, 1 a day (its time was over on 1 Jun 2026)",
                "Coming, 1 a day (not begun yet: from 1 Feb 2027)",
                "Intended, 1 a day (not begun yet)",
                "Bounded, 1 a day",
            ]
        );
        let to_take: Vec<&str> = rows.iter().filter(|row| row.is_to_take()).map(|row| row.name.as_str()).collect();
        assert_eq!(to_take, ["Current", "Bounded"]);
        let of = |name: &str| rows.iter().find(|row| row.name == name).unwrap();
        assert_eq!(of("Coming").span(), "from 1 Feb 2027");
        assert_eq!(of("Ended").span(), "1 Jan 2026 to 1 Jun 2026");
        assert_eq!(of("Bounded").aside(), "not prescribed, until 1 Jun 2027");
        let again = vec![
            named("Current", valid("2025-01-01", "2025-06-01")),
            named("Current", valid("2026-11-01", "2027-02-01")),
        ];
        assert_eq!(on_29_november(again, vec![]).0, ["Current, 1 a day"], "a newer order of the same counts");
    }

    #[test]
    fn what_somebody_reported_as_not_taken_is_in_a_list_and_with_the_medicine_of_its_name() {
        let not = said_of(
            "Metformin",
            json!({"status": "not-taken", "dateAsserted": "2026-11-20",
            "statusReason": [{"text": "refuses"}], "informationSource": {"display": "Ann"}}),
        );
        let before = named("Metformin", json!({"authoredOn": "2026-01-01"}));
        let (lines, rows) = on_29_november(vec![before], vec![not.clone()]);
        assert_eq!(lines, ["Metformin, 1 a day (reported as not taken by Ann: refuses)"]);
        assert_eq!(rows.len(), 1);
        let since = named("Metformin", json!({"authoredOn": "2026-11-25"}));
        assert_eq!(on_29_november(vec![since], vec![not.clone()]).0, ["Metformin, 1 a day"], "prescribed after that");
        let chart = Chart::holding(json!({"id": "p"}), vec![(ResourceType::MedicationStatement, vec![not])]);
        let rows = not_taken_rows(&chart, &ctx());
        let row = &rows[0];
        assert_eq!(
            (row.name.as_str(), row.reason.as_deref(), row.by.as_deref()),
            ("Metformin", Some("refuses"), Some("Ann"))
        );
    }

    #[test]
    fn what_is_said_to_be_taken_of_a_prescription_that_was_ended_says_that_it_was() {
        let on = json!({"basedOn": [{"reference": "MedicationRequest/Metformin"}]});
        let stopped = named("Metformin", json!({"status": "stopped"}));
        let (lines, _) = on_29_november(vec![stopped], vec![said_of("Metformin 1 g", on.clone())]);
        assert_eq!(lines, ["Metformin 1 g, 1 a day (its prescription was ended)"]);
        let paused = named("Metformin", json!({"status": "on-hold"}));
        let (lines, _) = on_29_november(vec![paused], vec![said_of("Metformin", on)]);
        assert_eq!(lines, ["Metformin, 1 a day (paused at the moment)"], "it was not ended");
    }

    #[test]
    fn what_is_taken_otherwise_than_it_is_prescribed_stands_beside_its_prescription() {
        let lines = |name: &str, more: Value| {
            let mut said = said_of(name, json!({"basedOn": [{"reference": "MedicationRequest/Amoxicillin"}]}));
            said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let mut all = on_29_november(vec![named("Amoxicillin", json!({}))], vec![said]).0;
            assert_eq!(all.remove(0), "Amoxicillin, 1 a day");
            all
        };
        assert!(lines("Amoxicillin", json!({})).is_empty());
        assert_eq!(lines("Doxycycline", json!({})), ["Doxycycline, 1 a day (its prescription is of Amoxicillin)"]);
        assert_eq!(
            lines("Amoxicillin", json!({"dosage": [{"text": "half a day"}]})),
            ["Amoxicillin, half a day (its prescription says otherwise)"]
        );
        assert_eq!(
            lines("Amoxicillin", json!({"effectivePeriod": {"end": "2026-06-01"}})),
            ["Amoxicillin, 1 a day (its time was over on 1 Jun 2026, its prescription says otherwise)"]
        );
    }

    #[test]
    fn what_a_ward_says_is_not_taken_is_no_word_of_the_patient() {
        let word = |source: Value| {
            json!({"resourceType": "MedicationStatement", "id": "s", "status": "not-taken",
                "statusReason": [{"text": "tube blocked"}], "informationSource": source,
                "basedOn": [{"reference": "MedicationRequest/Metformin"}]})
        };
        let lines = |source: Value| on_29_november(vec![named("Metformin", json!({}))], vec![word(source)]).0;
        assert_eq!(lines(json!({"reference": "Patient/p"})), ["Metformin, 1 a day (not taken, says the patient)"]);
        let for_them = "Metformin, 1 a day (not taken, says who acts for the patient)";
        assert_eq!(lines(json!({"reference": "RelatedPerson/r"})), [for_them]);
        let by_ward = "Metformin, 1 a day (reported as not taken by Ward 3: tube blocked)";
        assert_eq!(lines(json!({"display": "Ward 3"})), [by_ward]);
        assert_eq!(lines(Value::Null), ["Metformin, 1 a day (reported as not taken: tube blocked)"]);
    }

    #[test]
    fn how_a_prescription_stands_says_also_what_others_say_of_it() {
        let ctx = Ctx { today: Some(jiff::civil::date(2026, 11, 29)), ..ctx() };
        let mark = |more: Value, statements: Vec<Value>| {
            let request = named("Metformin", more);
            let all = vec![(ResourceType::MedicationStatement, statements)];
            mark_besides(&request, &Chart::holding(json!({"id": "p"}), all), &ctx).map(|mark| mark.word.to_string())
        };
        let not = |more: Value| {
            vec![said_of("Metformin", json!({"status": "not-taken"}))]
                .into_iter()
                .map(move |mut one| {
                    one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                    one
                })
                .collect::<Vec<_>>()
        };
        let begins = json!({"dispenseRequest": {"validityPeriod": {"start": "2027-03-01"}}});
        assert_eq!(mark(json!({}), vec![]), None);
        assert_eq!(mark(begins, vec![]).as_deref(), Some("Not begun yet"));
        assert_eq!(mark(json!({}), not(json!({}))).as_deref(), Some("Reported as not taken"));
        let of_patient = json!({"basedOn": [{"reference": "MedicationRequest/Metformin"}],
            "informationSource": {"reference": "Patient/p"}});
        assert_eq!(mark(json!({}), not(of_patient.clone())).as_deref(), Some("Not taking it"));
        assert_eq!(mark(json!({"status": "stopped"}), not(of_patient)), None);
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
    fn none_of_one_kind_is_not_none_at_all_and_what_says_that_nobody_knows_is_no_entry() {
        let of = |system: &str, code: &str, text: &str| {
            json!({"resourceType": "AllergyIntolerance", "id": code,
            "code": {"coding": [{"system": system, "code": code}], "text": text}})
        };
        let food = of("http://snomed.info/sct", "429625007", "No known food allergy");
        let only = allergies(std::slice::from_ref(&food), &ctx());
        assert_eq!((only.there_are(), only.mark()), (0, "unknown"), "of medicines nobody was asked");
        let AllergyStatus::Known { list, .. } = only else { panic!() };
        let said: Vec<&str> = list.iter().map(|line| line.substance.as_str()).collect();
        assert_eq!(said, ["Nothing is shown of allergies to medicines, surroundings", "No known food allergy"]);
        let patient = Ctx { sees_sealed: true, ..ctx() };
        let AllergyStatus::Known { list, .. } = allergies(std::slice::from_ref(&food), &patient) else { panic!() };
        assert_eq!(list[0].substance, "Nothing is recorded of allergies to medicines, surroundings");
        let others = ["409137002", "428607008"].map(|code| of("http://snomed.info/sct", code, code));
        let all = [&[food.clone()][..], &others].concat();
        let none = allergies(&all, &ctx());
        assert_eq!((none.there_are(), none.mark()), (0, ""));
        let AllergyStatus::Known { list, .. } = none else { panic!() };
        assert_eq!(list.len(), 3, "of each it is said");
        let latex = json!({"code": {"text": "Latex"}});
        let both = allergies(&[food.clone(), latex], &ctx());
        assert_eq!((both.there_are(), both.mark()), (1, "allergy"));
        let AllergyStatus::Known { list, .. } = both else { panic!() };
        assert_eq!(list[0].substance, "Latex");
        let ips = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips";
        let nobody = of(ips, "no-allergy-info", "No information about allergies");
        assert!(matches!(allergies(std::slice::from_ref(&nobody), &ctx()), AllergyStatus::NeverAsked));
        assert!(allergy_rows(&[nobody], &ctx()).0.is_empty());
        let none = of(ips, "no-known-allergies", "No known allergies");
        assert!(matches!(allergies(&[none], &ctx()), AllergyStatus::NoneKnown { .. }));
        let class = json!({"code": {"text": "Allergy to drug"},
            "reaction": [{"substance": {"text": "Amoxicillin"}}, {"substance": {"text": "drug"}}]});
        assert_eq!(substance_of(&class, &ctx()).unwrap(), "Allergy to drug: Amoxicillin");
    }

    fn request(more: Value) -> Value {
        let mut one = json!({"resourceType": "MedicationRequest", "id": "r", "status": "active", "intent": "order",
            "medicationReference": {"reference": "Medication/1"}});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    }

    fn shown(requests: Vec<Value>, along: Vec<Value>) -> (Frame, Vec<MedicineRow>, Vec<MedicineRow>) {
        let chart = Chart::holding(json!({"id": "p"}), vec![(ResourceType::MedicationRequest, requests)]).along(along);
        let (current, past) = medicine_rows(&chart, &ctx());
        (frame(&chart, None, &ctx()), current, past)
    }

    #[test]
    fn a_medicine_that_is_named_elsewhere_or_nowhere_is_shown() {
        let digoxin = json!({"resourceType": "Medication", "id": "1", "code": {"text": "Digoxin 125 micrograms"}});
        let mut held = digoxin.clone();
        held["code"] = json!({"text": "Lithium 400 mg"});
        let contained = request(json!({"contained": [held], "medicationReference": {"reference": "#1"}}));
        let (_, current, _) = shown(vec![request(json!({})), contained], vec![digoxin]);
        let names: Vec<&str> = current.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["Digoxin 125 micrograms", "Lithium 400 mg"]);
        let (frame, current, _) = shown(vec![request(json!({}))], vec![]);
        assert_eq!(current[0].name, "Not named medicine (Medication/1)");
        let MedicineStatus::Takes { list, .. } = frame.medicines else { panic!() };
        assert_eq!(list[0].whole(), "Not named medicine (Medication/1)");
    }

    #[test]
    fn what_is_not_to_be_given_or_only_planned_is_no_medicine_and_the_first_is_said() {
        let of = |name: &str, more: Value| {
            let mut one = request(more);
            one["medicationCodeableConcept"] = json!({"text": name});
            one
        };
        let not = json!({"doNotPerform": true, "reasonCode": [{"text": "liver failure"}],
            "dosageInstruction": [{"text": "1 tablet twice a day"}]});
        let all = || {
            let plans = ["plan", "proposal", "option"].map(|intent| of("Planned", json!({"intent": intent})));
            let ended = of("Ended", json!({"doNotPerform": true, "status": "completed"}));
            plans.into_iter().chain([of("Amoxicillin", not.clone()), ended]).collect::<Vec<_>>()
        };
        let (frame, current, past) = shown(all(), vec![]);
        assert!(current.is_empty() && past.is_empty(), "{current:?} {past:?}");
        assert!(matches!(frame.medicines, MedicineStatus::NeverAsked), "nobody said that nothing is taken");
        let said: Vec<String> = frame.not_to_give.iter().map(MedicineLine::whole).collect();
        assert_eq!(said, ["Amoxicillin, this is said of: 1 tablet twice a day, because of: liver failure"]);
        let (frame, current, _) = shown([all(), vec![of("Ramipril", json!({}))]].concat(), vec![]);
        assert_eq!((current.len(), frame.not_to_give.len()), (1, 1));
    }

    #[test]
    fn a_medicine_of_which_nobody_knows_whether_it_is_taken_is_not_called_stopped() {
        let named = json!({"status": "unknown", "medicationCodeableConcept": {"text": "Methotrexate"},
            "dosageInstruction": [{"text": "Once a week"}]});
        let (frame, current, past) = shown(vec![request(named)], vec![]);
        assert!(past.is_empty() && current[0].state == MedicineState::Unknown);
        assert_eq!(current[0].state.mark().word.to_string(), "State unknown");
        let MedicineStatus::Takes { list, .. } = frame.medicines else { panic!() };
        assert!(list[0].whole().ends_with("(it is not known whether it is taken)"), "{}", list[0].whole());
        let chart = Chart::holding(
            json!({"id": "p"}),
            vec![(
                ResourceType::MedicationStatement,
                vec![json!({"resourceType": "MedicationStatement", "id": "s", "status": "unknown",
                    "medicationCodeableConcept": {"text": "Aspirin"}})],
            )],
        );
        assert_eq!(medicine_rows(&chart, &ctx()).0[0].state, MedicineState::Unknown);
    }

    fn statement(more: Value) -> Value {
        let mut one = json!({"resourceType": "MedicationStatement", "id": "s", "status": "active",
            "medicationCodeableConcept": {"text": "Amiodarone"}});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    }

    fn all_of(requests: Vec<Value>, statements: Vec<Value>) -> (MedicineStatus, Vec<MedicineRow>) {
        let both = vec![(ResourceType::MedicationRequest, requests), (ResourceType::MedicationStatement, statements)];
        let chart = Chart::holding(json!({"id": "p"}), both);
        (frame(&chart, None, &ctx()).medicines, medicine_rows(&chart, &ctx()).0)
    }

    #[test]
    fn what_is_taken_counts_after_its_prescription_and_what_a_patient_says_of_one_goes_with_it() {
        let over = || request(json!({"status": "completed", "medicationCodeableConcept": {"text": "Amiodarone"}}));
        let on = json!({"basedOn": [{"reference": "MedicationRequest/r"}]});
        let (_, taken) = all_of(vec![over()], vec![statement(on.clone())]);
        assert_eq!(
            taken.iter().map(|row| (row.name.as_str(), row.state)).collect::<Vec<_>>(),
            [("Amiodarone", MedicineState::Reported)]
        );
        let mut word = statement(on);
        word["informationSource"] = json!({"reference": "Patient/p"});
        assert!(all_of(vec![over()], vec![word]).1.is_empty());
    }

    #[test]
    fn what_a_patient_takes_on_their_own_is_taken_however_it_is_written_down() {
        let own = request(
            json!({"intent": "plan", "reportedBoolean": true, "medicationCodeableConcept": {"text": "Apixaban"}}),
        );
        let (_, taken) = all_of(vec![own], vec![]);
        assert_eq!((taken[0].name.as_str(), taken[0].state), ("Apixaban", MedicineState::Reported));
    }

    #[test]
    fn that_none_is_taken_is_said_by_somebody_or_not_at_all() {
        let none = |code: &str| {
            let coding = json!({"coding": [{"system": "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips", "code": code}]});
            statement(json!({"medicationCodeableConcept": coding, "effectiveDateTime": "2026-02-01"}))
        };
        assert!(matches!(
            all_of(vec![], vec![none("no-known-medications")]).0,
            MedicineStatus::TakesNone { asked: Some(_) }
        ));
        assert!(matches!(all_of(vec![], vec![none("no-medication-info")]).0, MedicineStatus::NeverAsked));
        let ended = |status: &str| all_of(vec![request(json!({"status": status}))], vec![]).0;
        assert!(matches!(ended("completed"), MedicineStatus::NoneNow));
        assert!(matches!(ended("entered-in-error"), MedicineStatus::NeverAsked));
        let (_, taken) = all_of(vec![request(json!({}))], vec![none("no-known-medications")]);
        assert_eq!(taken.len(), 1, "the answer is no medicine");
    }

    #[test]
    fn an_allergy_or_a_problem_without_a_code_is_shown() {
        let penicillin = json!({"reaction": [{"substance": {"text": "Penicillin G"}, "severity": "severe",
            "manifestation": [{"text": "anaphylaxis"}]}]});
        let nameless = json!({"reaction": [{"manifestation": [{"text": "rash"}]}]});
        let all = [penicillin, nameless];
        let AllergyStatus::Known { list, .. } = allergies(&all, &ctx()) else { panic!() };
        let names: Vec<&str> = list.iter().map(|line| line.substance.as_str()).collect();
        assert_eq!(names, ["Penicillin G", "Not named"]);
        assert_eq!(allergy_rows(&all, &ctx()).0.len(), 2);
        assert_eq!(problem_rows(&[json!({"note": [{"text": "see letter"}]})], &ctx()).0[0].name.text, "Not named");
    }
}
