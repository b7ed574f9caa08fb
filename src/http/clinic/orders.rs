//! An order that is open is done, called off, or was a mistake, and one that was closed too early is opened again: on a page of its
//! own, so that the list of what is open is true.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::chart_pages::Section;
use super::entries::{author, instant, one, put};
use super::entries_pages::{self as pages, EntryPage};
use super::results::may_sign;
use super::{id_of, why};
use crate::audit::{Action, Detail};
use crate::care::entries::{self, Closes, LINE};
use crate::fhir::{Mode, ResourceType as R};
use crate::http::fill::{self, Ctx};
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::record::{OrderRow, OrderState};
use crate::http::ui::{Faults, Text, t};
use crate::record::{Change, Condition};

/// What a page about an order sends.
#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
pub(in crate::http) struct OrderSent {
    /// `save` for what the main button says, `off`, or `mistake`.
    act: String,
    note: String,
    version: String,
}

/// What may become of an order as it stands, by its main button; `None` where this person may do nothing with it.
fn main_act(state: OrderState, signs: bool) -> Option<Closes> {
    match state {
        OrderState::Open | OrderState::Paused | OrderState::Unknown => Some(Closes::Done),
        // That something is not to be done is never done.
        OrderState::Not => signs.then_some(Closes::CalledOff),
        OrderState::Done => Some(Closes::OpenAgain),
        OrderState::Ended => signs.then_some(Closes::OpenAgain),
    }
}

/// How an order stands; `None` of a draft, which is none yet, and of a mistake.
fn row_of(value: &Value, ctx: &Ctx) -> Option<OrderRow> {
    fill::orders(std::slice::from_ref(value), ctx).pop()
}

/// What stands over one that is no order yet, or a mistake, and what is said of it.
fn no_order(value: &Value, name: &str) -> (String, Text) {
    match fill::text(value, "/status") {
        Some("draft") => (t("order-title").with("name", name).to_string(), t("order-is-draft")),
        _ => (t("entry-over-title").with("name", name).to_string(), t("entry-over")),
    }
}

async fn asked(
    visit: &Visit,
    (id, order): (&str, &str),
    typed: Option<&OrderSent>,
    faults: Faults,
) -> Result<EntryPage, Refusal> {
    let (mut opened, value, version) = one(visit, id, R::ServiceRequest, order).await?;
    let Some(row) = row_of(&value, &opened.ctx) else {
        visit.over()?;
        let name = fill::concept(value.get("code")).unwrap_or_default();
        let (heading, said) = no_order(&value, &name);
        return Ok(EntryPage { heading, ..pages::over(opened, Section::Orders, &name, said) });
    };
    let kept = match typed {
        Some(_) => None,
        None => visit.kept::<OrderSent>(&mut opened.cx)?,
    };
    let note = typed.or(kept.as_ref()).map(|sent| sent.note.clone()).unwrap_or_default();
    let place = format!("/patients/{id}{}/{order}", Section::Orders.path());
    if opened.cx.at.is_empty() {
        opened.cx.at.clone_from(&place);
    }
    let when = row.when.map(|when| when.short());
    let state = (row.state != OrderState::Open).then(|| row.state.mark().word.to_string());
    let about: Vec<String> = row.kind.into_iter().chain(when).chain(row.by).chain(state).collect();
    let signs = may_sign(visit);
    let others = if signs { &[Closes::CalledOff, Closes::Mistake][..] } else { &[] };
    let main = main_act(row.state, signs);
    let others = others.iter().copied().filter(|act| main != Some(Closes::OpenAgain) && main != Some(*act));
    let acts = (main, others.collect());
    let page = pages::order(opened, (place, version), (&row.name.text, about.join(", ")), &note, acts, faults);
    Ok(EntryPage { said: row.notes, ..page })
}

/// `GET /patients/{id}/orders/{order}`
pub(in crate::http) async fn show(
    visit: Visit,
    Path((id, order)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    page(&asked(&visit, (&id, &order), None, Faults::none()).await?)
}

/// `POST /patients/{id}/orders/{order}`
pub(in crate::http) async fn close(
    visit: Visit,
    Path((id, order)): Path<(String, String)>,
    sent: Sent<OrderSent>,
) -> Result<Response, Refusal> {
    let (opened, value, _) = one(&visit, &id, R::ServiceRequest, &order).await?;
    let seen: u32 = sent.typed.version.parse().map_err(|_| Refusal::new(No::Malformed))?;
    let row = row_of(&value, &opened.ctx).ok_or(Refusal::new(No::Conflict))?;
    let closes = match sent.typed.act.as_str() {
        // Of another version, another act would be meant: the version that was seen is asked for below.
        "save" => main_act(row.state, may_sign(&visit)).ok_or(Refusal::new(No::Never))?,
        "off" if may_sign(&visit) => Closes::CalledOff,
        "mistake" if may_sign(&visit) => Closes::Mistake,
        "off" | "mistake" => return Err(Refusal::new(No::Never)),
        _ => return Err(Refusal::new(No::Malformed)),
    };
    let note = sent.typed.note.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut faults = Faults::none();
    if note.chars().count() > LINE {
        faults.add("note", t("entry-too-long").with("field", pages::label("note")).with("most", LINE));
    } else if note.is_empty() && closes != Closes::Done {
        // Whoever looked for it wants to know why it is not done.
        faults.add("note", t("entry-missing").with("field", pages::label("note")));
    }
    if !faults.is_empty() {
        let shown = page(&asked(&visit, (&id, &order), Some(&sent.typed), faults).await?)?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, shown));
    }
    let (patient, order) = (id_of(&id)?, id_of(&order)?);
    let value = entries::closed(value, closes, &note, &author(&visit), &instant(&visit));
    let change = Change::put(R::ServiceRequest, order, value, Condition::Version(seen), Mode::Strict)?;
    let place = format!("/patients/{patient}{}?done=changed", Section::Orders.path());
    let detail = if note.is_empty() { Detail::none() } else { Detail::reason(note) };
    put(&visit, &sent, vec![change], why(&visit, Action::Update, detail), &place).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_draft_was_not_taken_back() {
        let of = |status: &str| no_order(&json!({ "status": status }), "MRI").0;
        assert_eq!((of("draft").as_str(), of("entered-in-error").as_str()), ("Order: MRI", "Taken back: MRI"));
    }
}
