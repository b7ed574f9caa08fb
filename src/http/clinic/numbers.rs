//! The numbers that a patient is known by, and correcting or ending one: at the desk, in a chart, and by who looks after requests.
//! No clinical word stands on it.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::correct::{acts, patient};
use super::numbers_pages::{NumberRow, Numbers};
use super::{ctx, id_of};
use crate::audit::{Action, Detail};
use crate::care::check_in::Seen;
use crate::care::correct::LONGEST_REASON;
use crate::care::numbers::{self, Act, LONGEST, NumberError, Standing};
use crate::care::workflow::Refused;
use crate::http::fill::{self, Ctx};
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Cx, Faults, Field, t};

/// The field that says how the patient stood when the page was made.
const VERSIONS: [&str; 1] = ["version"];

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::http) struct Typed {
    /// Which number, by [`numbers::key_of`].
    which: String,
    /// What it is.
    value: String,
    reason: String,
    /// `correct`, `end` or `again`.
    act: String,
    version: u32,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Asked {
    done: String,
}

/// `GET /patients/{id}/numbers`
pub(in crate::http) async fn form(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let patient = patient(&visit, &id_of(&id)?).await?;
    let mut cx = visit.cx();
    cx.done = match asked.done.as_str() {
        "corrected" => Some(t("numbers-corrected").to_string()),
        "ended" => Some(t("numbers-ended").to_string()),
        "again" => Some(t("numbers-counts-again").to_string()),
        _ => None,
    };
    let stands = Typed { version: patient.version, ..Typed::default() };
    let (typed, faults) = visit.again(&mut cx, stands, &VERSIONS)?;
    shown(&visit, cx, &patient, &typed, faults)
}

fn shown(visit: &Visit, mut cx: Cx, patient: &Seen, typed: &Typed, faults: Faults) -> Result<Response, Refusal> {
    if cx.at.is_empty() {
        cx.at = format!("/patients/{}/numbers", patient.id);
    }
    let ctx = ctx(visit);
    let today = Some(visit.today());
    let clinics = numbers::of_the_clinic(&patient.value, today).map(numbers::key_of);
    let kind = |one: &Value| match clinics == Some(numbers::key_of(one)) {
        true => t("numbers-kind-clinic").to_string(),
        false => kind_of(one),
    };
    let kind = &kind;
    let of = |standing: Standing| {
        let all = numbers::numbers(&patient.value).filter(move |one| numbers::standing(one, today) == standing);
        all.map(move |one| (numbers::key_of(one), words_of(one, &kind(one))))
    };
    let ended = of(Standing::Ended).map(|(key, words)| (key, t("numbers-of-before").with("number", words).to_string()));
    let (open, ended): (Vec<_>, Vec<_>) = (of(Standing::Counts).collect(), ended.collect());
    let (has_open, has_ended) = (!open.is_empty(), !ended.is_empty());
    let all: Vec<(String, String)> = open.into_iter().chain(ended).collect();
    // The record says nothing of what is asked here.
    let alone = |field: Field| Field { now: None, ..field };
    page(&Numbers {
        who: fill::identity(&patient.value, &ctx),
        rows: numbers::numbers(&patient.value)
            .map(|one| NumberRow { kind: kind(one), ..row(one, today, &ctx) })
            .collect(),
        has_open,
        has_ended,
        fields: match all.is_empty() {
            true => Vec::new(),
            false => vec![
                alone(Field::choice("which", t("numbers-which"), &typed.which, all, &faults).asked()),
                alone(Field::text("value", t("numbers-value"), &typed.value, &faults))
                    .hint(t("numbers-value-hint"))
                    .most(LONGEST)
                    .optional()
                    .bare(),
                alone(Field::text("reason", t("correct-reason"), &typed.reason, &faults))
                    .hint(t("numbers-reason-hint"))
                    .most(LONGEST_REASON),
            ],
        },
        version: typed.version,
        faults,
        cx,
    })
}

fn row(number: &Value, today: Option<Date>, ctx: &Ctx) -> NumberRow {
    let until = || match ctx.when(number, "/period/end") {
        Some(when) => t("numbers-ended-on").with("date", when.short()).to_string(),
        None => t("numbers-ended-once").to_string(),
    };
    let is_limited = number.pointer("/period/end").is_some();
    NumberRow {
        kind: kind_of(number),
        value: fill::owned(number, "/value").unwrap_or_default(),
        from: from_of(number),
        state: match numbers::standing(number, today) {
            Standing::Counts if !is_limited => String::new(),
            Standing::Counts | Standing::Ended => until(),
            Standing::OfTheBox => t("numbers-of-the-box").to_string(),
        },
    }
}

/// "Insurance number 12-34, Northern Mutual".
fn words_of(number: &Value, kind: &str) -> String {
    let value = fill::owned(number, "/value").unwrap_or_default();
    let from = from_of(number).map(|from| format!(", {from}")).unwrap_or_default();
    format!("{kind} {value}{from}")
}

/// What sort of number it is; HL7's codes (v2-0203) in words where nobody wrote them.
fn kind_of(number: &Value) -> String {
    let written = number.get("type").filter(|kind| fill::text(kind, "/coding/0/display").is_some());
    if let Some(written) = fill::owned(number, "/type/text").or_else(|| fill::concept(written)) {
        return written;
    }
    t(match fill::text(number, "/type/coding/0/code") {
        Some("MR") => "numbers-kind-record",
        Some("SS" | "NI" | "NIIP") => "numbers-kind-state",
        Some("MB" | "SN" | "MC" | "MA") => "numbers-kind-insurance",
        Some("DL") => "numbers-kind-driver",
        Some("PPN") => "numbers-kind-passport",
        _ => "numbers-kind-other",
    })
    .to_string()
}

/// Who gave it; of one of which nothing says what it is, the name of its list.
fn from_of(number: &Value) -> Option<String> {
    let of_list = || fill::owned(number, "/system").filter(|_| number.get("type").is_none());
    fill::called(number.get("assigner")).or_else(of_list)
}

/// `POST /patients/{id}/numbers`
pub(in crate::http) async fn change(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Typed>,
) -> Result<Response, Refusal> {
    if let Some(before) = visit.led(&sent)? {
        return Ok(before);
    }
    let patient = patient(&visit, &id_of(&id)?).await?;
    let (act, mut faults) = read(&sent.typed, &patient.value, visit.today());
    let typed = &sent.typed;
    let Some(act) = act.filter(|_| faults.is_empty()) else {
        let page = shown(&visit, visit.cx(), &patient, typed, faults)?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    };
    let at = format!("/patients/{}/numbers", patient.id);
    let today = visit.today();
    let stays = || numbers::put_into(patient.value.clone(), &typed.which, &act, today) == patient.value;
    if patient.version == typed.version && stays() {
        visit.forget_draft(sent.at.as_deref()).await?;
        return Ok(Redirect::to(&at).into_response());
    }
    let done = match act {
        Act::Correct(_) => "corrected",
        Act::End(_) => "ended",
        Act::Again => "again",
    };
    let place = format!("{at}?done={done}");
    let detail = Detail::reason(typed.reason.trim());
    let doing = visit.doing(acts(&visit, Action::Update, detail), &sent, place.as_str());
    let seen = Seen { version: typed.version, ..patient.clone() };
    match numbers::change(doing, seen, &typed.which, act, today).await {
        Err(Refused::Told(NumberError::Taken)) => {
            faults.add("value", t("numbers-taken"));
            let page = shown(&visit, visit.cx(), &patient, typed, faults)?;
            Ok(finished(StatusCode::CONFLICT, page))
        }
        Err(Refused::Record(error)) => Err(error.into()),
        Ok(done) => visit.went(&sent, done, &place).await,
    }
}

/// What was asked for, and what is wrong with it.
fn read(typed: &Typed, patient: &Value, today: Date) -> (Option<Act>, Faults) {
    let mut faults = Faults::none();
    let value = faults.whole("value", &typed.value, LONGEST);
    let act = match typed.act.as_str() {
        "correct" => Some(Act::Correct(value.clone())),
        "end" => Some(Act::End(today)),
        "again" => Some(Act::Again),
        _ => None,
    };
    let is_clinics =
        |one: &Value| numbers::of_the_clinic(patient, Some(today)).is_some_and(|own| std::ptr::eq(own, one));
    let is_there = |act: &Act| numbers::find(patient, &typed.which, act, today).is_some();
    match act.as_ref().and_then(|act| numbers::find(patient, &typed.which, act, today)) {
        Some(one) if matches!(act, Some(Act::End(_))) && is_clinics(one) => faults.add("which", t("numbers-not-ended")),
        Some(_) => {}
        None if is_there(&Act::Again) => faults.add("which", t("numbers-ended-already")),
        None if is_there(&Act::End(today)) => faults.add("which", t("numbers-counts-already")),
        None => faults.add("which", t("numbers-which-missing")),
    }
    match &act {
        Some(Act::Correct(_)) if value.is_empty() || value.chars().any(char::is_control) => {
            faults.add("value", t("numbers-value-missing"));
        }
        // What was typed would be lost without a word.
        Some(Act::End(_) | Act::Again) if !value.is_empty() => faults.add("value", t("numbers-value-besides")),
        _ => {}
    }
    if faults.whole("reason", &typed.reason, LONGEST_REASON).is_empty() {
        faults.add("reason", t("numbers-reason-missing"));
    }
    (act, faults)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_is_said_with_what_it_is_and_what_is_missing_is_named() {
        let patient = json!({"id": "p", "identifier": [{"type": {"coding": [{"code": "MB"}]}, "value": "12-34",
            "assigner": {"display": "Northern Mutual"}}]});
        let one = &patient["identifier"][0];
        assert_eq!(words_of(one, &kind_of(one)), "Insurance number 12-34, Northern Mutual");
        let today = "2026-03-03".parse().unwrap();
        let typed = |act: &str, value: &str, reason: &str| Typed {
            which: numbers::key_of(one),
            act: act.into(),
            value: value.into(),
            reason: reason.into(),
            version: 1,
        };
        let (act, faults) = read(&typed("correct", " 12-43 ", "card shown"), &patient, today);
        assert!(faults.is_empty() && act == Some(Act::Correct("12-43".into())));
        assert!(read(&typed("end", "", "left them"), &patient, today).1.is_empty());
        let faults_of = |typed: &Typed, patient: &Value| {
            read(typed, patient, today).1.all().iter().map(|(field, _)| *field).collect::<Vec<_>>()
        };
        let nothing = Typed { which: "x".into(), ..typed("correct", "", "") };
        assert_eq!(faults_of(&nothing, &patient), ["which", "value", "reason"]);
        assert_eq!(faults_of(&typed("end", "12-43", "left them"), &patient), ["value"], "what was typed is not lost");
        assert_eq!(faults_of(&typed("again", "", "it counts"), &patient), ["which"], "it counts already");
        let ended = numbers::put_into(patient.clone(), &numbers::key_of(one), &Act::End(today), today);
        assert_eq!(read(&typed("again", "", "card shown"), &ended, today).0, Some(Act::Again));
        assert!(read(&typed("again", "", "card shown"), &ended, today).1.is_empty());
        assert_eq!(faults_of(&typed("correct", "12-43", "card shown"), &ended), ["which"]);
        let own = json!({"identifier": [{"type": {"coding": [{"code": "MR"}]}, "value": "12-34"}]});
        let which = numbers::key_of(&own["identifier"][0]);
        let of_own = |act: &str, value: &str| Typed { which: which.clone(), ..typed(act, value, "card shown") };
        assert_eq!(faults_of(&of_own("end", ""), &own), ["which"], "the record is called by it");
        assert!(faults_of(&of_own("correct", "12-43"), &own).is_empty());
    }
}
