//! Which notices somebody wants by e-mail: a page of patients and of those who act for them. Off until they say yes.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;

use super::forms::Sent;
use super::mails::{self, Mailing};
use super::pages::page;
use super::portal::own::{Needs, Own};
use super::respond::{Refusal, Refused};
use super::session::Visit;
use super::ui::{Cx, filters, page, t};
use crate::audit::Action;
use crate::base::{AccountId, ResourceRef};
use crate::care::notify::Whom;
use crate::care::notify::mails::{Group, Wish, set_wish, wish};
use crate::care::workflow::Done;
use crate::fhir::ResourceType;

#[derive(Debug, Clone, Template)]
#[template(path = "portal/mail_wishes.html")]
pub struct MailWishes {
    pub cx: Cx,
    /// Where they go; none where the record has no address.
    pub address: Option<String>,
    /// Whether the clinic sends any.
    pub sends: bool,
    /// Code, words, and whether it is wanted.
    pub groups: Vec<(&'static str, String, bool)>,
}
page!(MailWishes in Elsewhere);

struct Mine {
    own: Own,
    account: AccountId,
    person: ResourceRef,
    reader: Whom,
}

impl Mine {
    fn of(visit: Visit) -> Result<Self, Refusal> {
        let account = visit.account.as_ref().ok_or(Refusal::new(Refused::NotSignedIn))?.id;
        let own = Own::of(visit, Needs::Acting)?;
        let person = match own.visit.actor.person() {
            Some(person) => person.clone(),
            None => ResourceRef::new("Patient", &own.patient).map_err(Refusal::internal)?,
        };
        let reader = Whom::Patient(own.patient.clone());
        Ok(Self { own, account, person, reader })
    }

    /// The kinds of letters that can reach them.
    fn groups(&self) -> Vec<Group> {
        let open = |group: &Group| self.own.reads_record() || matches!(group, Group::Reminders | Group::Visits);
        Group::ALL.into_iter().filter(open).collect()
    }

    async fn address(&self) -> Result<Option<String>, Refusal> {
        let kind = ResourceType::parse(self.person.type_name()).ok_or(Refusal::not_found())?;
        let found = self.own.open(Action::Read, |reading| reading.read(kind, &self.person.id())).await;
        // Somebody whose own entry is not theirs to see has no address here.
        let Ok(found) = found else { return Ok(None) };
        let person = serde_json::from_slice(&found.json).map_err(Refusal::internal)?;
        Ok(mails::address(&person))
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    done: String,
}

/// `GET /account/mail`
pub(super) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let mine = Mine::of(visit)?;
    let wished = wish(&mine.own.visit.house.store.read()?, &mine.reader, mine.account)?;
    let group = |group: Group| {
        let wanted = wished.as_ref().is_some_and(|wish| wish.has(group));
        (group.code(), t(&format!("mail-group-{}", group.code())).to_string(), wanted)
    };
    let sends = !matches!(mine.own.visit.house.mailing, Mailing::Off);
    let address = mine.address().await?;
    let mut cx = mine.own.plain_cx().await?;
    if asked.done == "saved" {
        cx.done = Some(t("mail-wishes-saved").to_string());
    }
    page(&MailWishes { address, sends, groups: mine.groups().into_iter().map(group).collect(), cx })
}

/// `POST /account/mail`: `want` is a code of each [`Group`] that is wanted.
pub(super) async fn save(visit: Visit, sent: Sent<Vec<(String, String)>>) -> Result<Response, Refusal> {
    let mine = Mine::of(visit)?;
    let wants = |group: &Group| sent.typed.iter().any(|(name, code)| name == "want" && code == group.code());
    let groups: Vec<Group> = mine.groups().into_iter().filter(wants).collect();
    let (reader, account) = (mine.reader.clone(), mine.account);
    let wish = Wish::new(&groups, mine.person.clone());
    mine.own.visit.house.store.write(move |tx| set_wish(tx, &reader, account, &wish)).await?;
    let place = "/account/mail?done=saved";
    mine.own.visit.went(&sent, Done::Now((), Vec::new()), place).await
}
