//! An order that is open is done, called off, or was a mistake: on a page of its own, so that the list of what is open is true.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::chart_pages::Section;
use super::entries::{author, instant, one, put};
use super::entries_pages::{self as pages, EntryPage};
use super::results::may_sign;
use super::{id_of, why};
use crate::audit::{Action, Detail};
use crate::care::entries::{self, Closes, LINE};
use crate::fhir::{Mode, ResourceType as R};
use crate::http::fill;
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::record::OrderState;
use crate::http::ui::{Faults, t};
use crate::record::{Change, Condition};

/// What a page about an order sends.
#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
pub(in crate::http) struct OrderSent {
    /// `save` for done, `off`, or `mistake`.
    act: String,
    note: String,
    version: String,
}

async fn asked(
    visit: &Visit,
    (id, order): (&str, &str),
    typed: Option<&OrderSent>,
    faults: Faults,
) -> Result<EntryPage, Refusal> {
    let (mut opened, value, version) = one(visit, id, R::ServiceRequest, order).await?;
    let rows = fill::orders(std::slice::from_ref(&value), &opened.ctx);
    let row = rows.into_iter().find(|row| row.state == OrderState::Open).ok_or(Refusal::new(No::Gone))?;
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
    let about: Vec<String> = row.kind.into_iter().chain(when).chain(row.by).collect();
    Ok(pages::order(opened, (place, version), &row.name.text, about.join(", "), &note, may_sign(visit), faults))
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
    let (_, value, _) = one(&visit, &id, R::ServiceRequest, &order).await?;
    let seen: u32 = sent.typed.version.parse().map_err(|_| Refusal::new(No::Malformed))?;
    let closes = match sent.typed.act.as_str() {
        "save" => Closes::Done,
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
