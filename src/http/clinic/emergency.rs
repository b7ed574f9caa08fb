//! Break-glass at the clinic: why, for how long, then the chart; and its end by hand.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::{ctx, id_of, why};
use crate::audit::{Action, Detail, Purpose};
use crate::base::FhirId;
use crate::care::emergency::{self, LONGEST, MINUTES, SHORTEST};
use crate::care::workflow::Doing;
use crate::fhir::ResourceType as R;
use crate::http::fill;
use crate::http::forms::Sent;
use crate::http::pages::page;
use crate::http::respond::{Refusal, Refused as No};
use crate::http::session::Visit;
use crate::http::sign_in::finished;
use crate::http::ui::record::Identity;
use crate::http::ui::{Cx, Faults, Field, When, filters, page as place, t};
use crate::record::{Declared, Why};

/// The form that opens a record in an emergency.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/emergency.html")]
pub struct EmergencyPage {
    pub cx: Cx,
    pub who: Identity,
    pub fields: Vec<Field>,
    pub faults: Faults,
}
place!(EmergencyPage in Patients);

/// Who a patient is, whose record is not open to who looks.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/closed.html")]
pub struct ClosedPage {
    pub cx: Cx,
    pub who: Identity,
}
place!(ClosedPage in Patients);

/// An emergency that goes on, as every page of the chart shows it.
#[derive(Debug, Clone)]
pub struct Running {
    pub until: When,
    /// The end as an instant, for the clock on the page.
    pub instant: String,
    pub reason: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::http) struct Typed {
    why: String,
    minutes: String,
}

async fn form(visit: &Visit, id: &FhirId, typed: &Typed, faults: Faults, mut cx: Cx) -> Result<Response, Refusal> {
    let looks = why(visit, Action::Listed, Detail::none());
    let found = visit.house.records.disclose(&visit.actor, looks, |reading| reading.read(R::Patient, id)).await?;
    let patient = serde_json::from_slice(&found.json).map_err(Refusal::internal)?;
    if cx.at.is_empty() {
        cx.at = format!("/patients/{id}/emergency");
    }
    let minutes = MINUTES.map(|n| (n.to_string(), t("emergency-minutes").with("n", n).to_string())).to_vec();
    let chosen = if typed.minutes.is_empty() { MINUTES[1].to_string() } else { typed.minutes.clone() };
    page(&EmergencyPage {
        who: fill::identity(&patient, &ctx(visit)),
        fields: vec![
            Field::area("why", t("emergency-why"), &typed.why, &faults).hint(t("emergency-why-hint")),
            Field::choice("minutes", t("emergency-how-long"), &chosen, minutes, &faults),
        ],
        faults,
        cx,
    })
}

/// `GET /patients/{id}/emergency`
pub(in crate::http) async fn ask(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let id = id_of(&id)?;
    let mut cx = visit.cx();
    let typed = visit.kept::<Typed>(&mut cx)?.unwrap_or_default();
    form(&visit, &id, &typed, Faults::none(), cx).await
}

fn because(visit: &Visit, action: Action, reason: &str) -> Why {
    Why { purpose: Purpose::Btg, ..why(visit, action, Detail::reason(reason)) }
}

/// `POST /patients/{id}/emergency`
pub(in crate::http) async fn declare(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Typed>,
) -> Result<Response, Refusal> {
    let id = id_of(&id)?;
    let Some(reason) = emergency::reason(&sent.typed.why) else {
        let mut faults = Faults::none();
        faults.add("why", t("emergency-no-why").with("least", SHORTEST).with("most", LONGEST));
        let page = form(&visit, &id, &sent.typed, faults, visit.cx()).await?;
        return Ok(finished(StatusCode::UNPROCESSABLE_ENTITY, page));
    };
    let account = visit.account.as_ref().ok_or(Refusal::new(No::NotSignedIn))?.id;
    let minutes = MINUTES.into_iter().find(|n| n.to_string() == sent.typed.minutes).unwrap_or(MINUTES[1]);
    let place = format!("/patients/{id}");
    let declared =
        Declared { id: FhirId::new(&visit.house.ambient), patient: id, reason: reason.as_str().into(), minutes };
    let doing = visit.doing(because(&visit, Action::BreakGlass, &reason), &sent, place.as_str());
    visit.settled(&sent, emergency::declare(doing, account, declared).await, &place).await
}

/// `POST /patients/{id}/emergency/end`
pub(in crate::http) async fn end(
    visit: Visit,
    Path(id): Path<String>,
    sent: Sent<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let id = id_of(&id)?;
    let account = visit.account.as_ref().ok_or(Refusal::new(No::NotSignedIn))?.id;
    let doing = Doing {
        records: &visit.house.records,
        actor: &visit.actor,
        why: Why { purpose: Purpose::Btg, ..why(&visit, Action::BreakGlassEnd, Detail::none()) },
        once: None,
    };
    visit.settled(&sent, emergency::end(doing, account, &id).await, &format!("/patients/{id}")).await
}
