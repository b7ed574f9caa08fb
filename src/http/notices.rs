//! Notices: the list, where each leads, and how many are unread.
//!
//! They hold nothing of a record, so looking at them is no look at one: what a notice leads to is opened there.

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};

use super::forms::Sent;
use super::pages::page;
use super::respond::{Refusal, Refused};
use super::session::Visit;
use super::ui::{Cx, When, filters, page, t};
use crate::access::Actor;
use crate::base::{FhirId, Role, Timestamp};
use crate::care::notify::{self, Kind, Told, Wanted, Whom};
use crate::record::{RecordError, Records};

/// One line of the list.
#[derive(Debug, Clone)]
pub struct NoticeRow {
    pub number: u64,
    pub sentence: String,
    pub when: When,
    pub is_read: bool,
}

macro_rules! notices_page {
    ($name:ident, $path:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, Clone, Template)]
        #[template(path = $path)]
        pub struct $name {
            pub cx: Cx,
            pub rows: Vec<NoticeRow>,
        }
        page!($name in Elsewhere);

        impl $name {
            fn has_unread(&self) -> bool {
                self.rows.iter().any(|row| !row.is_read)
            }
        }
    };
}

notices_page!(StaffNotices, "clinic/notices.html", "The notices of the clinic's staff.");
notices_page!(PatientNotices, "portal/notices.html", "The notices of patients and proxies.");

/// The sentence of a kind, in the language of the answer.
pub(super) fn sentence(kind: Kind) -> String {
    t(&format!("notice-kind-{}", kind.code())).to_string()
}

/// `GET /notices`
pub(super) async fn list(visit: Visit) -> Result<Response, Refusal> {
    let wanted = wanted(&visit)?.ok_or(Refusal::new(Refused::NotSignedIn))?;
    let found = newest(&visit, &wanted)?;
    let zone = &visit.house.front.face.zone;
    // Another's notices have sentences of their own where the patient's would speak to the reader.
    let to_proxy = visit.actor.role() == Some(Role::Proxy);
    let said = |kind: Kind| {
        let other = t(&format!("notice-kind-{}-other", kind.code()));
        if to_proxy && other.exists() { other.to_string() } else { sentence(kind) }
    };
    let row = |told: &Told| NoticeRow {
        number: told.number,
        sentence: said(told.kind),
        when: When::at(told.at, zone),
        is_read: told.is_read,
    };
    let (cx, rows) = (visit.cx(), found.iter().map(row).collect());
    if cx.is_patient_side() { page(&PatientNotices { cx, rows }) } else { page(&StaffNotices { cx, rows }) }
}

/// `GET /notices/{number}`: goes where it leads; it is read then.
pub(super) async fn open(visit: Visit, Path(number): Path<u64>) -> Result<Response, Refusal> {
    let wanted = wanted(&visit)?.ok_or(Refusal::new(Refused::NotSignedIn))?;
    let told = notify::find(&visit.house.store.read()?, &wanted, number)?.ok_or(Refusal::not_found())?;
    if !leads_somewhere(&visit, &told)? {
        return Err(Refusal::not_found());
    }
    let role = visit.actor.role().ok_or(Refusal::new(Refused::NotSignedIn))?;
    let place = place(told.kind, told.about.as_ref(), role);
    if !told.is_read {
        let account = wanted.account;
        visit.house.store.write(move |tx| notify::mark_read(tx, account, &[told])).await?;
    }
    Ok(Redirect::to(&place).into_response())
}

/// `POST /notices/read`: all that the list shows.
pub(super) async fn read_all(visit: Visit, sent: Sent<Vec<(String, String)>>) -> Result<Redirect, Refusal> {
    drop(sent);
    let wanted = wanted(&visit)?.ok_or(Refusal::new(Refused::NotSignedIn))?;
    let mut found = newest(&visit, &wanted)?;
    found.retain(|told| !told.is_read);
    visit.house.store.write(move |tx| notify::mark_read(tx, wanted.account, &found)).await?;
    Ok(Redirect::to("/notices"))
}

/// How many are unread; `None` for whoever has none. A page does not fail for want of a number.
pub(super) fn unread(visit: &Visit) -> Option<usize> {
    let count = || -> Result<Option<usize>, Refusal> {
        let Some(wanted) = wanted(visit)? else { return Ok(None) };
        Ok(Some(newest(visit, &wanted)?.iter().filter(|told| !told.is_read).count()))
    };
    count().unwrap_or_else(|_| {
        tracing::error!(target: "notices", "the notices could not be counted");
        None
    })
}

/// Whose notices a visitor reads.
fn wanted(visit: &Visit) -> Result<Option<Wanted>, Refusal> {
    let (Some(account), Some(_)) = (&visit.account, &visit.session) else { return Ok(None) };
    let Some(role) = visit.actor.role() else { return Ok(None) };
    let mut readers = vec![Whom::Account(account.id)];
    let mut kinds: fn(Kind) -> bool = |_| true;
    match role {
        Role::Patient => {
            let own = visit.actor.person().filter(|person| person.type_name() == "Patient");
            readers.extend(own.map(|person| Whom::Patient(person.id())));
        }
        // The one record that their pages show.
        Role::Proxy => {
            let grant = visit.house.records.may_act_for(&visit.actor)?.into_iter().next();
            let reads = grant.as_ref().is_some_and(|grant| grant.extent.reads_record());
            kinds = if reads { Kind::is_for_proxies } else { Kind::is_of_appointments };
            readers.extend(grant.map(|grant| Whom::Patient(grant.patient)));
        }
        _ => {
            readers.extend(visit.actor.person().cloned().map(Whom::Person));
            readers.push(Whom::Role(role));
        }
    }
    // A record may be older than the account that opens it: a patient hears of everything.
    let since = if role.is_staff() { account.created } else { Timestamp::UNIX_EPOCH };
    Ok(Some(Wanted { account: account.id, since, readers, kinds }))
}

/// A visitor's notices, the newest first.
fn newest(visit: &Visit, wanted: &Wanted) -> Result<Vec<Told>, Refusal> {
    let mut open = Vec::new();
    for told in notify::newest(&visit.house.store.read()?, wanted)? {
        if leads_somewhere(visit, &told)? {
            open.push(told);
        }
    }
    Ok(open)
}

/// Whether whoever is told may open what a notice is about: of what is sealed from them they do not hear that it came. To the
/// patient all that they are told of is open.
fn leads_somewhere(visit: &Visit, told: &Told) -> Result<bool, Refusal> {
    match &told.about {
        Some(about) if visit.actor.role() != Some(Role::Patient) => {
            Ok(may_open(&visit.house.records, &visit.actor, told.kind, about)?)
        }
        _ => Ok(true),
    }
}

/// Whether somebody may open what a notice of this kind is about, as far as a kind is about anything that may be kept from them.
pub(super) fn may_open(records: &Records, actor: &Actor, kind: Kind, about: &FhirId) -> Result<bool, RecordError> {
    if kind.about().is_empty() {
        return Ok(true);
    }
    for of in kind.about() {
        if records.may_read(actor, *of, about)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where a notice leads. A kind whose page needs an id that is not there leads to the page of all of them.
fn place(kind: Kind, about: Option<&FhirId>, role: Role) -> String {
    let with = |base: &str| about.map_or_else(|| base.to_owned(), |id| format!("{base}/{id}"));
    let start = super::ui::start_of(role);
    match kind {
        Kind::VisitBooked
        | Kind::VisitChanged
        | Kind::VisitCancelled
        | Kind::VisitNotOffered
        | Kind::VisitReminder
        | Kind::VisitOffered
        | Kind::WaitlistOffer => with("/my/visits"),
        Kind::MessageNew => with("/my/messages"),
        Kind::PatientWrote => about.map_or_else(|| "/inbox".to_owned(), |id| format!("/messages/{id}")),
        Kind::ResultReleased | Kind::ResultTakenBack => "/my/results".into(),
        Kind::RefillAnswered | Kind::MedicineChanged => "/my/medicines".into(),
        // Not the file itself: whoever follows a notice wants to read it.
        Kind::DocumentNew => about.map_or_else(|| "/my/documents".to_owned(), |id| format!("/my/documents/{id}/about")),
        Kind::EmergencyAccess => "/my/who-looked".into(),
        Kind::BookingAsked => with("/booking-requests"),
        Kind::EmergencyToReview => "/emergency-access".into(),
        Kind::ResultToSign | Kind::MedicineNotTaken => "/inbox".into(),
        Kind::RefillAsked => about.map_or_else(|| "/inbox".to_owned(), |id| format!("/refills/{id}")),
        Kind::RequestAnswered | Kind::AccessAnswered => with("/my/requests"),
        Kind::ShareOpened | Kind::ShareEnded => "/my/share".into(),
        Kind::ProxyChanged if role == Role::Patient => "/my/people".into(),
        Kind::RequestMade | Kind::AccessQuestioned => with("/requests"),
        _ => start.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::access::Reach;
    use crate::audit::{Action, Audit, Detail, Purpose};
    use crate::base::{AccountId, Ambient, ManualClock, ResourceRef, SeededRandom};
    use crate::fhir::{Mode, ResourceType};
    use crate::http::routes::{TABLE, Verb};
    use crate::http::ui::Locale;
    use crate::identity::{AccountKind, AccountRow, AccountState, UserName};
    use crate::record::{Change, Channel, Condition, Transaction, Why};
    use crate::store::Store;

    #[test]
    fn every_kind_has_its_sentence_in_every_language() {
        for kind in Kind::ALL {
            let said = Locale::ALL.map(|locale| locale.inside(|| sentence(*kind)));
            assert!(said.iter().all(|said| said.ends_with('.')) && said[0] != said[1], "{kind:?}: {said:?}");
        }
    }

    #[tokio::test]
    async fn who_acts_for_a_patient_does_not_hear_that_something_sealed_came() {
        let ambient = Ambient::new(ManualClock::at(Timestamp::UNIX_EPOCH), SeededRandom::new(5));
        let records = Records::new(Audit::new(Store::in_memory(), ambient.clone()), Reach::Clinic);
        let subject = json!({"reference": "Patient/p"});
        let medicine = |labels: Value| {
            json!({"resourceType": "MedicationRequest", "meta": {"security": labels}, "status": "active", "intent": "order",
                "medicationCodeableConcept": {"text": "x"}, "subject": subject})
        };
        let visit = |labels: Value| {
            json!({"resourceType": "Appointment", "meta": {"security": labels}, "status": "booked",
                "start": "2026-12-02T08:40:00Z", "end": "2026-12-02T09:00:00Z",
                "participant": [{"actor": subject, "status": "accepted"}]})
        };
        let all = [
            ("p", json!({"resourceType": "Patient"})),
            ("r", json!({"resourceType": "RelatedPerson", "active": true, "patient": subject})),
            ("open", medicine(json!([]))),
            ("hiv", medicine(json!([{"code": "HIV"}]))),
            ("visit", visit(json!([]))),
            ("therapy", visit(json!([{"code": "PSY"}]))),
        ];
        let changes = all.into_iter().map(|(id, value)| {
            let kind = ResourceType::parse(value["resourceType"].as_str().unwrap()).unwrap();
            let mut value = value;
            value["id"] = json!(id);
            if value.pointer("/meta/security").is_some_and(|labels| labels == &json!([])) {
                value.as_object_mut().unwrap().shift_remove("meta");
            }
            Change::put(kind, FhirId::parse(id).unwrap(), value, Condition::None, Mode::Strict).unwrap()
        });
        let detail = Detail::none();
        let why = Why { action: Action::Import, purpose: Purpose::Treat, detail, channel: Channel::Screen };
        records.change_all(&Actor::system("test"), why, changes.collect(), Transaction::IMPORT).await.unwrap();
        let account = AccountRow {
            id: AccountId::new(&ambient),
            user_name: UserName::parse("signe").unwrap(),
            display_name: "Signe".into(),
            kind: AccountKind::Person(Role::Proxy),
            state: AccountState::Enabled,
            person: Some(ResourceRef::parse("RelatedPerson/r").unwrap()),
            must_change_password: false,
            created: ambient.now(),
        };
        let hears = |kind: Kind, about: &str| {
            may_open(&records, &Actor::job_of(&account), kind, &FhirId::parse(about).unwrap()).unwrap()
        };
        assert!(hears(Kind::MedicineChanged, "open") && !hears(Kind::MedicineChanged, "hiv"));
        assert!(!hears(Kind::ResultReleased, "gone"), "nor of what is there no more");
        let of_visits = [
            Kind::VisitBooked,
            Kind::VisitChanged,
            Kind::VisitCancelled,
            Kind::VisitNotOffered,
            Kind::VisitReminder,
            Kind::VisitOffered,
            Kind::WaitlistOffer,
        ];
        for kind in of_visits {
            assert!(hears(kind, "visit") && !hears(kind, "therapy"), "{kind:?}");
        }
        assert!(hears(Kind::EmergencyAccess, "gone"), "of which nothing is kept from them");
        assert!(!hears(Kind::RefillAsked, "gone"), "nor does the clinic of a request that it may not open");
    }

    #[test]
    fn every_kind_leads_to_a_page() {
        let there = |place: &str| TABLE.iter().any(|route| route.verb == Verb::Get && route.fits(place));
        let id = FhirId::parse("a").unwrap();
        for kind in Kind::ALL {
            let role = if kind.is_for_patients() { Role::Patient } else { Role::Clinician };
            for about in [None, Some(&id)] {
                let place = place(*kind, about, role);
                assert!(there(&place), "{kind:?} leads to {place}");
                assert_eq!(place.starts_with("/my"), kind.is_for_patients(), "{kind:?} leads to {place}");
            }
        }
    }
}
