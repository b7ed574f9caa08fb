//! Adding what one measured, and telling one's own history.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::measurements_pages::{HistoryNew, MeasureKinds, MeasureNew, Sure};
use super::own::{Needs, Own};
use super::own_pages::{MeasuredRow, Measurements, Standing};
use super::record::{Turn, turned};
use crate::audit::Action;
use crate::base::FhirId;
use crate::care::own::{
    self, HISTORIES, LONGEST_HISTORY, LONGEST_NOTE, MEASURES, Measure, Typed as Given, Which, Wrong,
};
use crate::fhir::ResourceType as R;
use crate::http::fill;
use crate::http::fill::copied::{CopyLine, measured as in_words};
use crate::http::forms::{Sent, Versioned};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::{Cx, Faults, Field, format, plain, t};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Asked {
    kind: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Typed {
    kind: String,
    value: String,
    second: String,
    unit: String,
    day: String,
    time: String,
    note: String,
    /// The value and the day that were asked about and stand.
    sure: String,
}

impl Typed {
    fn given(&self) -> Given<'_> {
        Given {
            value: &self.value,
            second: &self.second,
            unit: &self.unit,
            day: &self.day,
            time: &self.time,
            note: &self.note,
        }
    }

    /// What makes a confirmation this value's and no other's.
    fn exactly(&self) -> String {
        format!("{}|{}|{}|{}", self.value.trim(), self.second.trim(), self.unit, self.day)
    }
}

pub(super) fn word_of(measure: &Measure) -> String {
    t(match measure.code {
        "pressure" => "measure-pressure",
        "pulse" => "measure-pulse",
        "weight" => "measure-weight",
        "height" => "measure-height",
        "temperature" => "measure-temperature",
        "oxygen" => "measure-oxygen",
        _ => "measure-glucose",
    })
    .to_string()
}

/// `GET /my/measurements/new?kind=…`
pub(in crate::http) async fn blank(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Adding)?;
    let mut cx = own.plain_cx().await?;
    let Some(measure) = Measure::from_code(&asked.kind) else {
        let rows = MEASURES.iter().map(|measure| (measure.code, word_of(measure)));
        return page(&MeasureKinds { rows: rows.collect(), cx });
    };
    let now = own.visit.house.ambient.now().to_zoned(own.ctx.zone.clone());
    let typed = own.visit.kept::<Typed>(&mut cx)?.unwrap_or_else(|| Typed {
        day: now.date().to_string(),
        time: now.strftime("%H:%M").to_string(),
        ..Typed::default()
    });
    page(&form(cx, measure, &typed, Faults::none(), None))
}

fn form(mut cx: Cx, measure: &'static Measure, typed: &Typed, faults: Faults, sure: Option<Sure>) -> MeasureNew {
    cx.at = format!("/my/measurements/new?kind={}", measure.code);
    let mut fields = Vec::new();
    let number =
        |name, label: &str, value: &str| Field::text(name, t(label), value, &faults).keyboard("decimal").narrow();
    if measure.is_pressure() {
        fields.push(number("value", "measure-upper", &typed.value));
        fields.push(number("second", "measure-lower", &typed.second));
    } else {
        fields.push(number("value", "measure-value", &typed.value));
    }
    let units: Vec<(String, String)> =
        measure.units.iter().map(|(unit, _)| (unit.ucum.to_owned(), unit.shown.to_owned())).collect();
    if units.len() > 1 {
        fields.push(Field::choice("unit", t("measure-unit"), &typed.unit, units.clone(), &faults).asked());
    }
    fields.push(Field::text("day", t("measure-day"), &typed.day, &faults).of_kind("date").narrow());
    fields.push(Field::text("time", t("measure-time"), &typed.time, &faults).of_kind("time").narrow());
    let note = Field::area("note", t("measure-note"), &typed.note, &faults).optional().hint(t("measure-note-hint"));
    fields.push(note.most(LONGEST_NOTE));
    let unit = if units.len() == 1 { units.first().map(|(_, shown)| shown.clone()) } else { None };
    MeasureNew { kind: measure.code, title: word_of(measure), unit, fields, sure, faults, cx }
}

fn faults_of(measure: &Measure, wrong: &[Wrong]) -> Faults {
    let mut faults = Faults::none();
    let field = |which: Which| if which == Which::Value { "value" } else { "second" };
    for one in wrong {
        match one {
            // Of a pressure it has to be a whole one, and somebody is told so at once.
            Wrong::NoNumber(which) if measure.is_pressure() => faults.add(field(*which), t("measure-not-whole")),
            Wrong::NoNumber(which) => faults.add(field(*which), t("measure-no-number")),
            Wrong::Ambiguous(which) => faults.add(field(*which), t("measure-ambiguous")),
            Wrong::Impossible(which, least, most) => {
                let said = t("measure-impossible").with("least", format::number(*least));
                faults.add(field(*which), said.with("most", format::number(*most)));
            }
            Wrong::NotWhole(which) => faults.add(field(*which), t("measure-not-whole")),
            Wrong::UpsideDown => faults.add("value", t("measure-upside-down")),
            Wrong::Unit => faults.add("unit", t("measure-no-unit")),
            Wrong::Day => faults.add("day", t("measure-no-day")),
            Wrong::Time => faults.add("time", t("measure-no-time")),
            Wrong::Ahead => faults.add("day", t("measure-ahead")),
            Wrong::BeforeBirth => faults.add("day", t("measure-before-birth")),
        }
    }
    faults
}

/// `POST /my/measurements/new`
pub(in crate::http) async fn take(visit: Visit, sent: Sent<Typed>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Adding)?;
    let typed = &sent.typed;
    let measure = Measure::from_code(&typed.kind).ok_or(Refusal::not_found())?;
    let again = |cx, faults, sure| {
        Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page(&form(cx, measure, typed, faults, sure))?))
    };
    let now = own.visit.house.ambient.now();
    let patient = own.open(Action::Read, |reading| reading.read(R::Patient, &own.patient)).await?.value();
    let (measured, mut faults) = match own::measured(measure, &typed.given(), own::born(&patient), now, &own.ctx.zone) {
        Ok(measured) => (Some(measured), Faults::none()),
        Err(wrong) => (None, faults_of(measure, &wrong)),
    };
    let note = faults.whole("note", &typed.note, LONGEST_NOTE);
    let Some(measured) = measured.filter(|_| faults.is_empty()) else {
        return again(own.plain_cx().await?, faults, None);
    };
    if (measured.seldom || measured.old) && typed.sure != typed.exactly() {
        let sure = Sure { exactly: typed.exactly(), seldom: measured.seldom, old: measured.old };
        return again(own.plain_cx().await?, Faults::none(), Some(sure));
    }
    let id = FhirId::new(&own.visit.house.ambient);
    let place = format!("/my/results?done={}", measure.code);
    let value = own::observation(&measured, &own.patient, &own.as_author(), &note);
    let done = own::keep(own.doing(Action::Create, &sent, &place), id, value).await;
    own.visit.settled(&sent, done, &place).await
}

/// `GET /my/measurements`: what one added oneself, newest first, the withdrawn too.
pub(in crate::http) async fn list(
    visit: Visit,
    Query(turn): Query<Turn>,
    Query(shown): Query<Shown>,
) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Reading)?;
    let chart = own.chart(&[R::Observation]).await?;
    let mut rows: Vec<MeasuredRow> = Vec::new();
    for one in chart.of(R::Observation) {
        let state = Standing::of(R::Observation, one);
        if state != Standing::Others {
            let id = one.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            let line = in_words(one, &own.ctx);
            let what = plain_name(one).unwrap_or_else(|| line.what.clone());
            rows.push(MeasuredRow { id, line: CopyLine { what, ..line }, state });
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.line.when.map(|when| when.moment())));
    let (rows, pages) = turned(rows, turn, "/my/measurements");
    let mut cx = own.cx(&chart);
    cx.at = "/my/measurements".to_owned();
    cx.done = (shown.done == "withdrawn").then(|| t("withdraw-done").to_string());
    page(&Measurements { cx, rows, pages })
}

/// What it is called where its course stands.
fn plain_name(observation: &Value) -> Option<String> {
    let codings = fill::list(observation.get("code")?, "coding");
    codings.iter().find_map(|coding| plain::name(fill::text(coding, "/code")?)).map(|name| name.to_string())
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Shown {
    done: String,
}

/// `POST /my/measurements/{id}/withdraw`
pub(in crate::http) async fn withdraw(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Versioned>,
) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Adding)?;
    own.withdraw(R::Observation, &id, &sent, "/my/measurements?done=withdrawn").await
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Told {
    kind: String,
    words: String,
}

fn history_word(code: &str) -> String {
    t(match code {
        "family" => "history-family",
        "social" => "history-social",
        _ => "history-past",
    })
    .to_string()
}

fn history_form(mut cx: Cx, told: &Told, faults: Faults) -> HistoryNew {
    cx.at = "/my/history/new".to_owned();
    let kinds = HISTORIES.iter().map(|(code, ..)| ((*code).to_owned(), history_word(code))).collect();
    HistoryNew {
        kind: Field::choice("kind", t("history-kind"), &told.kind, kinds, &faults).asked(),
        words: Field::area("words", t("history-words"), &told.words, &faults)
            .hint(t("history-words-hint"))
            .most(LONGEST_HISTORY),
        faults,
        cx,
    }
}

/// `GET /my/history/new`
pub(in crate::http) async fn blank_history(visit: Visit) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Adding)?;
    let mut cx = own.plain_cx().await?;
    let told = own.visit.kept::<Told>(&mut cx)?.unwrap_or_default();
    page(&history_form(cx, &told, Faults::none()))
}

/// `POST /my/history/new`
pub(in crate::http) async fn take_history(visit: Visit, sent: Sent<Told>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Adding)?;
    let told = &sent.typed;
    let mut faults = Faults::none();
    if !HISTORIES.iter().any(|(code, ..)| *code == told.kind) {
        faults.add("kind", t("history-kind-missing"));
    }
    if faults.whole("words", &told.words, LONGEST_HISTORY).is_empty() {
        faults.add("words", t("history-words-missing"));
    }
    if !faults.is_empty() {
        let page = page(&history_form(own.plain_cx().await?, told, faults))?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    }
    let now = own.visit.house.ambient.now();
    let value = own::history(&told.kind, &told.words, &own.patient, &own.as_author(), now);
    let value = value.ok_or(Refusal::not_found())?;
    let id = FhirId::new(&own.visit.house.ambient);
    let place = "/my/results?done=history";
    let done = own::keep(own.doing(Action::Create, &sent, place), id, value).await;
    own.visit.settled(&sent, done, place).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_writes_no_number_is_told_what_this_measurement_takes() {
        let told = |code: &str| {
            let measure = Measure::from_code(code).unwrap();
            faults_of(measure, &[Wrong::NoNumber(Which::Value)]).of("value").map(str::to_owned).unwrap()
        };
        assert_eq!(told("pressure"), "A blood pressure is two whole numbers, such as 120 and 80.");
        assert_eq!(told("weight"), "Write a number, such as 81.4.");
    }

    #[test]
    fn what_was_added_is_called_as_its_course_is() {
        let one = serde_json::json!({"code": {"coding": [{"code": "15074-8"}], "text": "Glucose"}});
        assert_eq!(plain_name(&one).as_deref(), Some("Blood sugar"));
        assert_eq!(plain_name(&serde_json::json!({"code": {"text": "Glucose"}})), None);
    }
}
