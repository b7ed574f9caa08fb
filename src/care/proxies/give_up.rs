//! Giving up what one was let do: whoever acts for a patient may stop, however far they were let.
//!
//! No role that acts for another changes who may act. So the house takes the permission back, as when the patient does, and an
//! entry beside its own says who decided it.

use serde_json::Value;

use super::{MOST, revoke_with};
use crate::access::Actor;
use crate::audit::{Action, Detail, Event, Purpose, TouchKind, Touched};
use crate::care::forms::Once;
use crate::care::workflow::{Doing, Done, Never, Refused};
use crate::fhir::ResourceType;
use crate::identity::Link;
use crate::record::{Channel, RecordError, Records, Why};

/// Ends it. `actor` acts by this link now.
pub async fn give_up(
    records: &Records,
    actor: &Actor,
    link: &Link,
    detail: Detail,
    once: Option<Once>,
) -> Result<Done<()>, Refused<Never>> {
    let patient = actor.acts_for().filter(|_| actor.person() == Some(link.person())).ok_or(RecordError::NotFound)?;
    if !records.may_act_for(actor)?.iter().any(|grant| grant.patient == *patient) {
        return Err(RecordError::NotFound.into());
    }
    let house = Actor::system("proxy-gives-up");
    let why = |action| {
        let detail = Detail::none();
        Why { action, purpose: Purpose::HOperat, detail, channel: Channel::Screen }
    };
    let found = records.disclose(&house, why(Action::Read), |reading| {
        let related = reading.read(ResourceType::RelatedPerson, &link.person().id())?;
        Ok(related.zip(reading.of_patient(patient, ResourceType::Consent, MOST)?))
    });
    let (related, consents) = found.await?.into_inner();
    let consents: Vec<Value> = consents.found.iter().map(|one| one.value()).collect();
    let touched = Touched::new(Some(patient.clone()), TouchKind::Changed, vec![link.person().clone()]);
    let event = Event::new(actor.to_ref(), Action::ProxyRevoke, Purpose::PwAtrny)
        .session(actor.session())
        .origin(actor.origin())
        .detail(detail)
        .touching(&[touched]);
    let doing = Doing { records, actor: &house, why: why(Action::ProxyRevoke), once };
    let link = link.clone();
    revoke_with(doing, patient, &related.value(), &consents, move |inside| {
        inside.append(event)?;
        Ok(link.forget(inside.rows())?)
    })
    .await
}
