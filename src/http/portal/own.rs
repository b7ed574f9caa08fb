//! Whose record a patient's pages show: one's own, or that of somebody one acts for.

use axum::response::Response;
use serde_json::Value;

use super::looks;
use crate::access::{Actor, ConsentRules, ProxyExtent, Sensitivity};
use crate::audit::{Action, Detail, Purpose};
use crate::base::{FhirId, ResourceRef, Role};
use crate::care::consents::{self, Seen};
use crate::care::{Chart, withdraw};
use crate::fhir::ResourceType;
use crate::http::clinic::{formulary, ranges};
use crate::http::fill::{self, Ctx};
use crate::http::forms::{Sent, Versioned};
use crate::http::respond::{Refusal, Refused};
use crate::http::session::Visit;
use crate::http::ui::{Cx, Locale, Text, t};
use crate::record::{Channel, Disclosed, Reading, RecordError, Undisclosed, Why};

/// What a page asks of whoever acts for a patient. To patients themselves all of it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Needs {
    /// To act for them at all.
    Acting,
    /// To see the record.
    Reading,
    /// To add to the record, or to ask something of the clinic about it.
    Adding,
    /// To book and to write.
    Booking,
}

impl Needs {
    const fn met_by(self, extent: ProxyExtent) -> bool {
        match self {
            Self::Acting => true,
            Self::Reading => extent.reads_record(),
            Self::Adding => extent.adds(),
            Self::Booking => extent.books(),
        }
    }
}

/// What the pages need that are read in several languages. The staff write in English.
pub(in crate::http) fn read_in_own_language(visit: &Visit) -> Result<Ctx, Refusal> {
    let house = &visit.house;
    let mut ctx = Ctx::of(house.front.face.zone.clone()).at(house.ambient.now()).here(&house.front.face.clinic);
    // What is handed on must say how a value lies as the patient's own page does.
    ctx.ranges = ranges(visit)?;
    if Locale::now() != Locale::En {
        ctx.codes = formulary(house)?.map(|(formulary, _)| formulary);
    }
    Ok(ctx)
}

/// What is said once something was handed over that nobody of the clinic sees. What is sealed nobody sees without any consent.
fn kept_unseen(labels: Sensitivity) -> Text {
    t(if labels.is_sealed() { "unseen-kept-sealed" } else { "unseen-kept" })
}

/// A visitor with the record that is theirs to see.
pub(in crate::http) struct Own {
    pub visit: Visit,
    pub patient: FhirId,
    pub ctx: Ctx,
    /// Who asks, and for whom.
    pub actor: Actor,
    purpose: Purpose,
    /// How far they go who act for another.
    extent: ProxyExtent,
    /// What the patient's Consents say.
    consents: ConsentRules,
}

impl Own {
    pub(in crate::http) fn of(visit: Visit, needs: Needs) -> Result<Self, Refusal> {
        let actor = visit.actor.clone();
        let own = actor.person().filter(|person| person.type_name() == "Patient").map(ResourceRef::id);
        let (actor, patient, purpose, extent) = match (actor.role(), own) {
            (Some(Role::Patient), Some(patient)) => (actor, patient, Purpose::PatRqt, ProxyExtent::Full),
            _ => {
                let grants = visit.house.records.may_act_for(&actor)?;
                let grant = grants.into_iter().next().ok_or(Refusal::new(Refused::NoRecord))?;
                (actor.acting_for(grant.patient.clone()), grant.patient, Purpose::PwAtrny, grant.extent)
            }
        };
        let mut ctx = read_in_own_language(&visit)?;
        ctx.sees_sealed = purpose == Purpose::PatRqt;
        let consents = visit.house.records.consents_of(&patient)?;
        let own = Self { visit, patient, ctx, actor, purpose, extent, consents };
        own.needs(needs)?;
        Ok(own)
    }

    /// Says in words what whoever acts for a patient is not let do.
    pub(super) fn needs(&self, needs: Needs) -> Result<(), Refusal> {
        if needs.met_by(self.extent) { Ok(()) } else { Err(Refusal::new(Refused::NotGranted(self.extent))) }
    }

    /// Whether nobody of the clinic sees now what has these labels, nor what is asked, said or brought with it.
    pub(super) fn reaches_nobody(&self, labels: Sensitivity) -> bool {
        consents::seen(labels, &self.consents, &self.patient, self.visit.house.ambient.now()) == Seen::ByNobody
    }

    /// Whether nobody of the clinic sees this now, for what it is or for what a consent says.
    pub(super) fn is_unseen(&self, one: &Value) -> bool {
        self.reaches_nobody(Sensitivity::of_resource(one))
    }

    /// Whether this clinician sees now what has these labels.
    pub(super) fn is_seen_by(&self, person: &ResourceRef, labels: Sensitivity) -> bool {
        consents::is_seen_by(person, labels, &self.consents, &self.patient, self.visit.house.ambient.now())
    }

    /// Whether all of these are seen by everybody of the clinic who treats the patient, and so is what would be added to them.
    pub(super) fn is_seen_by_all<'a>(&self, all: impl IntoIterator<Item = &'a Value>) -> bool {
        let now = self.visit.house.ambient.now();
        let mut labels = all.into_iter().map(Sensitivity::of_resource).chain([Sensitivity::NORMAL]);
        labels.all(|one| consents::is_seen_by_all(one, &self.consents, &self.patient, now))
    }

    /// Whether one of these is sealed and nobody of the clinic sees it now.
    pub(in crate::http) fn has_unseen<'a>(&self, all: impl IntoIterator<Item = &'a Value>) -> bool {
        let mut labels = all.into_iter().map(Sensitivity::of_resource).filter(|labels| labels.is_sealed());
        labels.any(|labels| self.reaches_nobody(labels))
    }

    /// What is said once something was handed to the clinic: that nobody there sees it, where that is so.
    pub(super) fn handed(&self, words: String) -> String {
        self.handed_under(Sensitivity::NORMAL, words)
    }

    /// The same of what has these labels, for it goes to something that is sealed.
    pub(super) fn handed_under(&self, labels: Sensitivity, words: String) -> String {
        if self.reaches_nobody(labels) { kept_unseen(labels).to_string() } else { words }
    }

    /// Reads what a page shows, as one entry of the log.
    pub(in crate::http) async fn open<T>(
        &self,
        action: Action,
        read: impl FnOnce(&mut Reading<'_>) -> Result<Undisclosed<T>, RecordError>,
    ) -> Result<Disclosed<T>, Refusal> {
        let detail = self.visit.told(Detail::none());
        let why = Why { action, purpose: self.purpose, detail, channel: Channel::Screen };
        Ok(self.visit.house.records.disclose(&self.actor, why, read).await?)
    }

    pub(super) async fn chart(&self, kinds: &[ResourceType]) -> Result<Chart, Refusal> {
        let found = self.open(Action::Read, |reading| Chart::read(reading, &self.patient, kinds)).await?;
        Ok(found.into_inner())
    }

    pub(in crate::http) const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The context of a page that shows nothing of the chart. A proxy's page says whose record it is.
    pub(in crate::http) async fn plain_cx(&self) -> Result<Cx, Refusal> {
        let mut cx = self.visit.cx();
        cx.unseen = self.reaches_nobody(Sensitivity::NORMAL);
        if self.acts_for_another() {
            let found = self.open(Action::Read, |reading| reading.read(ResourceType::Patient, &self.patient)).await?;
            let patient = serde_json::from_slice(&found.json).map_err(Refusal::internal)?;
            if let Some(viewer) = &mut cx.viewer {
                viewer.for_whom = Some(fill::identity(&patient, &self.ctx).plain());
            }
        }
        Ok(cx)
    }

    /// Takes back something that the patient, or who acts for them, added.
    pub(super) async fn withdraw(
        &self,
        kind: ResourceType,
        id: &str,
        sent: &Sent<Versioned>,
        place: &str,
    ) -> Result<Response, Refusal> {
        let id = FhirId::parse(id).map_err(|_| Refusal::not_found())?;
        let found = self.open(Action::Read, |reading| reading.read(kind, &id)).await?;
        let value = found.value();
        let of = ["/subject/reference", "/for/reference"].iter().find_map(|at| value.pointer(at)?.as_str());
        if of != Some(format!("Patient/{}", self.patient).as_str()) {
            return Err(Refusal::not_found());
        }
        if let Some(before) = self.visit.led(sent)? {
            return Ok(before);
        }
        let now = self.visit.house.ambient.now();
        let doing = self.doing(Action::Withdraw, sent, place);
        let done = withdraw::withdraw(doing, kind, id, sent.typed.version, value, now).await;
        self.visit.settled(sent, done, place).await
    }

    /// Whether the record is open, and not its appointments alone.
    pub(in crate::http) const fn reads_record(&self) -> bool {
        self.extent.reads_record()
    }

    pub(super) fn reader(&self) -> looks::Reader {
        looks::Reader { account: self.actor.account(), is_own: !self.acts_for_another() }
    }

    /// What a mark that something was seen here is of: the thing, or where the patient sees it for themselves, the thing as this
    /// reader has seen it.
    pub(super) fn seen_as(&self, of: &str) -> Result<String, Refusal> {
        Ok(match (self.sees_for_the_patient()?, self.actor.account()) {
            (false, Some(account)) => format!("{of} {account}"),
            _ => of.to_owned(),
        })
    }

    /// Whether what is looked at here counts as seen by the patient: where they have an account, only what they open with it.
    pub(super) fn sees_for_the_patient(&self) -> Result<bool, Refusal> {
        Ok(!self.acts_for_another() || !self.visit.house.identity.has_account(&self.patient)?)
    }

    /// Whether this is somebody else's record.
    pub(super) fn acts_for_another(&self) -> bool {
        self.purpose == Purpose::PwAtrny
    }

    /// The page's context. A proxy's page says whose record it is.
    pub(super) fn cx(&self, chart: &Chart) -> Cx {
        let mut cx = self.visit.cx();
        cx.shortened = fill::shortened(chart);
        cx.unseen = self.reaches_nobody(Sensitivity::NORMAL);
        if self.acts_for_another()
            && let Some(viewer) = &mut cx.viewer
        {
            viewer.for_whom = Some(fill::identity(&chart.patient, &self.ctx).plain());
        }
        cx
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_sealed_no_consent_is_said_to_refuse_it() {
        for locale in Locale::ALL {
            locale.inside(|| {
                let (refused, sealed) =
                    (kept_unseen(Sensitivity::NORMAL).to_string(), kept_unseen(Sensitivity::MENTAL_HEALTH).to_string());
                assert!(refused.contains("consent") && !sealed.contains("consent"), "{sealed}");
                assert!(sealed.contains("sealed") || sealed.contains("reservad"), "{sealed}");
            });
        }
    }
}
